"""ONNX models that scikit-learn made, logged by an unmodified client, and measured by the platform on data that it holds."""

import hashlib
import time

import mlflow
import mlflow.onnx
import pandas as pd
import pytest
from conftest import api
from mlflow.models import infer_signature
from onnx import numpy_helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

pytestmark = pytest.mark.tailrace_only(reason="MLflow's server measures no models")

OF_MLFLOW = {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "model.onnx"}
EVALUATION = "id state reason version { measured { key value } example scan { formats { name unsafe } } }"
# What every onnxruntime of these years reads.
OPSET = {"": 19, "ai.onnx.ml": 3}


def graphql(query, **variables):
    answer = api("POST", "graphql", prefix="/", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


def mutate(field, kind, selection, **given):
    query = f"mutation ($input: {kind}!) {{ {field}(input: $input) {{ {selection} userErrors {{ code message field }} }} }}"
    payload = graphql(query, input=given)[field]
    return payload


def when(ask, fits):
    for _ in range(300):
        found = ask()
        if fits(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"it did not come: {found}")


@pytest.fixture(scope="module")
def iris():
    frame = load_iris(as_frame=True)
    data = frame.data.rename(columns=lambda name: name.replace(" (cm)", "").replace(" ", "_"))
    species = pd.Series([frame.target_names[at] for at in frame.target], name="species")
    return train_test_split(data, species, test_size=0.3, random_state=7, stratify=species)


@pytest.fixture(scope="module")
def held_out(iris):
    """The test part, as a checked version of a data set of the platform."""
    _, x, _, y = iris
    csv = x.assign(species=y).to_csv(index=False).encode()
    sha = hashlib.sha256(csv).hexdigest()
    sent = api("PUT", f"v1/blobs/{sha}", prefix="/", data=csv, headers={"Content-Type": "application/octet-stream"})
    assert sent.status_code < 300, sent.text
    dataset = mutate("createDataset", "CreateDatasetInput", "dataset { id }", name=f"iris-{time.time_ns()}")["dataset"]
    made = mutate("createDatasetVersion", "CreateDatasetVersionInput", "datasetVersion { id }", datasetId=dataset["id"], blob=sha, format="CSV")
    read = "query ($id: ID!) { datasetVersion(id: $id) { id state reason } }"
    version = when(lambda: graphql(read, id=made["datasetVersion"]["id"])["datasetVersion"], lambda v: v["state"] != "PENDING")
    assert version["state"] == "VALIDATED", version
    return version["id"]


def registered(unique, model, **log):
    """Registers an ONNX model as its flavour does, and gives the version's id once its files were looked at."""
    name = unique("onnx")
    with mlflow.start_run():
        mlflow.onnx.log_model(model, name="model", registered_model_name=name, pip_requirements=["onnx"], **log)
    read = "query ($name: String!) { models(where: { name: $name }) { edges { node { id } } } }"
    model_id = graphql(read, name=name)["models"]["edges"][0]["node"]["id"]
    read = "query ($id: ID!) { modelVersions(where: { modelId: $id }) { edges { node { id scan { outcome formats { name } } } } } }"
    first = lambda: graphql(read, id=model_id)["modelVersions"]["edges"][0]["node"]
    return when(first, lambda version: version["scan"])["id"]


def evaluated(version, **on):
    payload = mutate("evaluateModelVersion", "EvaluateModelVersionInput", f"evaluation {{ {EVALUATION} }}", versionId=version, **on)
    assert payload["userErrors"] == [], payload
    read = f"query ($id: ID!) {{ node(id: $id) {{ ... on ModelEvaluation {{ {EVALUATION} }} }} }}"
    return when(lambda: graphql(read, id=payload["evaluation"]["id"])["node"], lambda e: e["state"] != "REQUESTED")


def figures(evaluation):
    return {each["key"]: each["value"] for each in evaluation["version"]["measured"]}


@pytest.mark.parametrize("zipmap", [True, False])
def test_a_classifier_is_measured_as_scikit_learn_measures_it(experiment, unique, iris, held_out, zipmap):
    x, x_test, y, y_test = iris
    fitted = LogisticRegression(max_iter=500).fit(x, y)
    model = to_onnx(fitted, x.to_numpy("float32")[:1], options={"zipmap": zipmap}, target_opset=OPSET)
    version = registered(unique, model, signature=infer_signature(x, fitted.predict(x)))
    evaluation = evaluated(version, datasetVersionId=held_out, label="species")
    assert evaluation["state"] == "DONE", evaluation
    found, said = figures(evaluation), fitted.predict(x_test)
    assert found["test_rows"] == len(x_test)
    assert found["test_accuracy"] == pytest.approx(accuracy_score(y_test, said))
    assert found["test_f1_macro"] == pytest.approx(f1_score(y_test, said, average="macro"))
    assert found["test_recall/virginica"] == pytest.approx(((said == "virginica") & (y_test == "virginica")).sum() / (y_test == "virginica").sum())
    assert evaluation["version"]["example"]["inputs"]["X"] == pytest.approx(x_test.iloc[0].tolist())


def test_a_regression_is_measured_in_the_unit_of_its_label(experiment, unique, iris, held_out):
    x, x_test, _, _ = iris
    features, target = ["sepal_length", "sepal_width", "petal_length"], "petal_width"
    fitted = LinearRegression().fit(x[features], x[target])
    model = to_onnx(fitted, x[features].to_numpy("float32")[:1], target_opset=OPSET)
    version = registered(unique, model, signature=infer_signature(x[features], fitted.predict(x[features])))
    evaluation = evaluated(version, datasetVersionId=held_out, label=target)
    assert evaluation["state"] == "DONE", evaluation
    found, said = figures(evaluation), fitted.predict(x_test[features])
    assert found["test_mae"] == pytest.approx(mean_absolute_error(x_test[target], said), rel=1e-4)
    assert found["test_r2"] == pytest.approx(r2_score(x_test[target], said), rel=1e-4)


def test_what_does_not_fit_is_told(experiment, unique, iris, held_out):
    x, _, y, _ = iris
    fitted = LogisticRegression(max_iter=500).fit(x, y)
    version = registered(unique, to_onnx(fitted, x.to_numpy("float32")[:1], target_opset=OPSET), input_example=x.iloc[:1])
    read = "query ($id: ID!) { node(id: $id) { ... on ModelVersion { example } } }"
    assert graphql(read, id=version)["node"]["example"]["dataframe_split"]["data"] == x.iloc[:1].to_numpy().tolist()
    ask = lambda **on: mutate("evaluateModelVersion", "EvaluateModelVersionInput", "evaluation { id }", versionId=version, **on)["userErrors"][0]
    assert ask()["field"] == "datasetVersionId"
    assert ask(datasetVersionId=held_out)["field"] == "label"
    wrong = ask(datasetVersionId=held_out, label="kind")
    assert (wrong["code"], wrong["field"]) == ("BAD_INPUT", "label")
    assert "petal_width" in wrong["message"]
    assert ask(datasetVersionId="dsv_0", label="species")["code"] == "NOT_FOUND"
    failed = evaluated(version, datasetVersionId=held_out, label="petal_width")
    assert failed["state"] == "FAILED", failed
    assert figures(failed) == {}


def test_weights_beside_the_model_are_the_models_own(experiment, unique, iris, held_out):
    """MLflow's client keeps large weights in a file beside model.onnx unless it is told otherwise."""
    x, x_test, y, y_test = iris
    fitted = MLPClassifier((64,), max_iter=800, random_state=1).fit(x, y)
    model = to_onnx(fitted, x.to_numpy("float32")[:1], options={"zipmap": False}, target_opset=OPSET)
    for tensor in model.graph.initializer:  # only raw bytes are moved out
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))
    version = registered(unique, model)
    read = "query ($id: ID!) { node(id: $id) { ... on ModelVersion { files { name } } } }"
    names = [each["name"] for each in graphql(read, id=version)["node"]["files"]]
    assert len([name for name in names if name not in OF_MLFLOW]) > 0, names
    evaluation = evaluated(version, datasetVersionId=held_out, label="species")
    assert evaluation["state"] == "DONE", evaluation
    assert figures(evaluation)["test_accuracy"] == pytest.approx(accuracy_score(y_test, fitted.predict(x_test)))
