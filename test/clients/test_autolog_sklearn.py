"""Autologging of scikit-learn."""

import mlflow
import pytest
import sklearn.metrics
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split


@pytest.fixture
def autolog():
    mlflow.sklearn.autolog(silent=True)
    yield
    mlflow.sklearn.autolog(disable=True, silent=True)


def paths(client, run_id, path=None):
    return {item.path for item in client.list_artifacts(run_id, path)}


def test_a_plain_fit(experiment, client, autolog):
    X, y = load_iris(return_X_y=True, as_frame=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    with mlflow.start_run() as run:
        model = LogisticRegression(max_iter=200, C=0.5).fit(X_train, y_train)
        predicted = model.predict(X_test)
        sklearn.metrics.accuracy_score(y_test, predicted)
    mlflow.flush_async_logging()
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED"
    assert (got.data.params["C"], got.data.params["max_iter"]) == ("0.5", "200")
    assert got.data.tags["estimator_name"] == "LogisticRegression"
    assert 0.9 < got.data.metrics["training_accuracy_score"] <= 1
    assert [name for name in got.data.metrics if name.startswith("accuracy_score") and "X_test" in name]
    assert {"estimator.html", "training_confusion_matrix.png", "metric_info.json"} <= paths(client, run.info.run_id)
    assert [item.dataset.name for item in got.inputs.dataset_inputs] == ["dataset", "dataset"]
    [output] = got.outputs.model_outputs
    logged = mlflow.get_logged_model(output.model_id)
    assert (str(logged.status), logged.source_run_id) == ("READY", run.info.run_id)
    assert logged.params["C"] == "0.5"
    assert "training_accuracy_score" in {metric.key for metric in logged.metrics}
    loaded = mlflow.sklearn.load_model(f"models:/{output.model_id}")
    assert list(loaded.predict(X_test)) == list(predicted)
    assert list(mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict(X_test)) == list(predicted)


def test_a_grid_search_with_children(experiment, client, autolog):
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(LogisticRegression(max_iter=200), {"C": [0.1, 1.0]}, cv=2)
    with mlflow.start_run() as run:
        search.fit(X, y)
    mlflow.flush_async_logging()
    parent = client.get_run(run.info.run_id)
    assert parent.data.params["best_C"] == str(search.best_params_["C"])
    assert parent.data.metrics["best_cv_score"] == pytest.approx(search.best_score_)
    assert "cv_results.csv" in paths(client, run.info.run_id)
    children = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'", order_by=["params.C ASC"])
    assert list(children["params.C"]) == ["0.1", "1.0"]
    assert list(children["status"]) == ["FINISHED", "FINISHED"]
    assert list(children["metrics.mean_test_score"]) == pytest.approx(list(search.cv_results_["mean_test_score"]))
