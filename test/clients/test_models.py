"""Models: logged, registered, loaded by version and alias; logged models as things of their own."""

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.5]})
y = np.array([1.0, 2.0, 3.0])


@pytest.fixture(scope="module")
def model():
    return LinearRegression().fit(X, y)


def log(model, name="model", **more):
    # the requirements are named, so that MLflow does not start a process to find them out
    return mlflow.sklearn.log_model(model, name=name, pip_requirements=["scikit-learn"], **more)


def test_log_register_alias_load(experiment, client, model, unique):
    name = unique("model")
    with mlflow.start_run() as run:
        info = log(model, signature=infer_signature(X, y), input_example=X.head(2))
    assert info.model_uri.startswith("models:/m-")
    assert [column.name for column in mlflow.models.get_model_info(info.model_uri).signature.inputs] == ["a", "b"]
    version = mlflow.register_model(info.model_uri, name)
    assert (version.name, str(version.version), version.status) == (name, "1", "READY")
    assert version.run_id == run.info.run_id
    client.set_registered_model_alias(name, "champion", version.version)
    expected = list(model.predict(X))
    for uri in [f"models:/{name}@champion", f"models:/{name}/1", f"models:/{name}/latest", info.model_uri, f"runs:/{run.info.run_id}/model"]:
        assert list(mlflow.pyfunc.load_model(uri).predict(X)) == expected, uri
        assert list(mlflow.sklearn.load_model(uri).predict(X)) == expected, uri
    saved = mlflow.pyfunc.load_model(f"models:/{name}/1")
    assert saved.metadata.get_input_schema().input_names() == ["a", "b"]
    assert len(saved.input_example) == 2
    with pytest.raises(MlflowException):
        saved.predict(pd.DataFrame({"wrong": [1.0]}))
    got = client.get_model_version(name, "1")
    assert got.aliases == ["champion"]
    assert mlflow.artifacts.download_artifacts(client.get_model_version_download_uri(name, "1"))


def test_registering_while_logging(experiment, client, model, unique):
    name = unique("model")
    for expected in [1, 2]:
        with mlflow.start_run() as run:
            info = log(model, registered_model_name=name)
        assert int(info.registered_model_version) == expected
        assert client.get_model_version(name, str(expected)).run_id == run.info.run_id
    [latest] = client.get_latest_versions(name)
    assert int(latest.version) == 2
    tagged = mlflow.get_logged_model(info.model_id).tags
    assert name in tagged["mlflow.modelVersions"]


def test_registering_by_the_uri_of_a_run(experiment, client, model, unique):
    with mlflow.start_run() as run:
        log(model)
    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", unique("model"), tags={"from": "run"})
    got = client.get_model_version(version.name, version.version)
    assert (got.run_id, got.tags["from"]) == (run.info.run_id, "run")
    assert list(mlflow.sklearn.load_model(f"models:/{version.name}/1").predict(X)) == list(model.predict(X))


def test_a_python_model_with_files(experiment, tmp_path):
    class Adder(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            self.number = int(open(context.artifacts["number"]).read())

        def predict(self, context, model_input: list[int]) -> list[int]:
            return [value + self.number for value in model_input]

    (tmp_path / "number.txt").write_text("40")
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            name="adder", python_model=Adder(), artifacts={"number": str(tmp_path / "number.txt")}, pip_requirements=[]
        )
    assert mlflow.pyfunc.load_model(info.model_uri).predict([2, 3]) == [42, 43]


def test_the_life_of_a_logged_model(experiment, client, model):
    with mlflow.start_run() as run:
        mlflow.log_metric("before", 0.25, step=7)
        mlflow.log_metric("other", 0.5, step=6)
        info = log(model, params={"depth": 3}, tags={"team": "blue"}, model_type="regressor", step=7)
        assert mlflow.last_logged_model().model_id == info.model_id
        mlflow.log_metric("rmse", 0.5, step=1, model_id=info.model_id)
        mlflow.log_metrics({"rmse": 0.125}, step=2, model_id=info.model_id)
    got = mlflow.get_logged_model(info.model_id)
    assert (got.name, got.model_type, str(got.status)) == ("model", "regressor", "READY")
    assert (got.experiment_id, got.source_run_id) == (experiment.experiment_id, run.info.run_id)
    assert got.artifact_location.startswith("mlflow-artifacts:/")
    assert (got.params, got.tags["team"]) == ({"depth": "3"}, "blue")
    # log_model links what the run has at the very step of the model
    assert {(metric.key, metric.step, metric.value) for metric in got.metrics} == {("before", 7, 0.25), ("rmse", 1, 0.5), ("rmse", 2, 0.125)}
    [output] = client.get_run(run.info.run_id).outputs.model_outputs
    assert (output.model_id, output.step) == (info.model_id, 7)
    assert client.get_run(run.info.run_id).data.metrics["rmse"] == 0.125
    mlflow.set_logged_model_tags(info.model_id, {"team": "red", "x": "1"})
    mlflow.delete_logged_model_tag(info.model_id, "x")
    tags = mlflow.get_logged_model(info.model_id).tags
    assert tags["team"] == "red" and "x" not in tags
    client.delete_logged_model(info.model_id)
    with pytest.raises(MlflowException) as error:
        mlflow.get_logged_model(info.model_id)
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_models_without_files(experiment):
    external = mlflow.create_external_model(name="elsewhere", model_type="remote", params={"url": "x"})
    assert (external.name, external.params["url"]) == ("elsewhere", "x")
    made = mlflow.initialize_logged_model(name="pending", tags={"a": "b"})
    assert str(mlflow.get_logged_model(made.model_id).status) == "PENDING"
    mlflow.finalize_logged_model(made.model_id, "FAILED")
    assert str(mlflow.get_logged_model(made.model_id).status) == "FAILED"
    with pytest.raises(MlflowException) as error:
        mlflow.initialize_logged_model(name="no/slash")
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"


def test_searching_logged_models(experiment, client):
    data = mlflow.data.from_pandas(X, name="eval")
    ids = {}
    with mlflow.start_run():
        for name, rmse in [("one", 0.3), ("two", 0.1), ("three", 0.2), ("four", None)]:
            ids[name] = mlflow.initialize_logged_model(name=name, params={"kind": name[0]}, tags={"length": str(len(name))}).model_id
            if rmse:
                mlflow.log_metric("rmse", rmse, model_id=ids[name], dataset=data if name == "one" else None)

    def names(**query):
        return [found.name for found in mlflow.search_logged_models(output_format="list", **query)]

    assert names() == ["four", "three", "two", "one"]  # newest first
    assert names(filter_string="metrics.rmse < 0.25") == ["three", "two"]
    assert names(filter_string="params.kind = 't' AND tags.length = '5'") == ["three"]
    assert names(filter_string="name LIKE 't%'") == ["three", "two"]
    assert names(filter_string="attributes.name IN ('one', 'four')") == ["four", "one"]
    assert names(filter_string=f"model_id = '{ids['two']}'") == ["two"]
    assert names(filter_string="metrics.rmse > 0", datasets=[{"dataset_name": "eval", "dataset_digest": data.digest}]) == ["one"]
    order = [{"field_name": "metrics.rmse", "ascending": True}]
    assert names(order_by=order) == ["two", "three", "one", "four"]
    assert names(order_by=[{"field_name": "name", "ascending": False}], max_results=2) == ["two", "three"]
    frame = mlflow.search_logged_models(filter_string="name = 'one'")
    assert list(frame.model_id) == [ids["one"]]
    pages, token = [], None
    while True:
        page = client.search_logged_models([experiment.experiment_id], order_by=order, max_results=3, page_token=token)
        pages.append([found.name for found in page])
        token = page.token
        if not token:
            break
    assert pages == [["two", "three", "one"], ["four"]]
    with pytest.raises(MlflowException) as error:
        names(filter_string="wrong.x = 1")
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
