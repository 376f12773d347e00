"""Data sets as inputs of runs."""

import json

import mlflow
import numpy as np
import pandas as pd


def test_inputs_with_context_and_tags(experiment, client):
    frame = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]}), source="data/train.csv", name="train", targets="y")
    array = mlflow.data.from_numpy(np.arange(6).reshape(3, 2), targets=np.array([0, 1, 0]), name="held-out")
    with mlflow.start_run() as run:
        mlflow.log_input(frame, context="training", tags={"split": "80"})
        mlflow.log_input(array, context="evaluation")
        mlflow.log_input(array, context="evaluation")  # a second time: one input
    inputs = {item.dataset.name: item for item in client.get_run(run.info.run_id).inputs.dataset_inputs}
    assert sorted(inputs) == ["held-out", "train"]
    got = inputs["train"]
    assert (got.dataset.digest, got.dataset.source_type) == (frame.digest, "local")
    assert json.loads(got.dataset.source)["uri"] == "data/train.csv"
    assert json.loads(got.dataset.schema) == {"mlflow_colspec": frame.schema.to_dict()}
    assert json.loads(got.dataset.profile) == {"num_rows": 2, "num_elements": 4}
    assert {tag.key: tag.value for tag in got.tags} == {"mlflow.data.context": "training", "split": "80"}
    assert {tag.key: tag.value for tag in inputs["held-out"].tags} == {"mlflow.data.context": "evaluation"}
    assert json.loads(inputs["held-out"].dataset.profile)["features_shape"] == [3, 2]
    assert mlflow.data.get_source(got.dataset).uri == "data/train.csv"


def test_many_at_once(experiment, client):
    sets = [mlflow.data.from_pandas(pd.DataFrame({"x": [n]}), name=f"part-{n}") for n in range(3)]
    with mlflow.start_run() as run:
        mlflow.log_inputs(sets, contexts=["a", "b", "c"], tags_list=[None, {"k": "v"}, None])
    got = client.get_run(run.info.run_id).inputs.dataset_inputs
    contexts = {item.dataset.name: {tag.key: tag.value for tag in item.tags} for item in got}
    assert contexts["part-0"] == {"mlflow.data.context": "a"}
    assert contexts["part-1"] == {"mlflow.data.context": "b", "k": "v"}


def test_the_same_data_set_in_two_runs(experiment):
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2, 3]}), name="shared")
    other = mlflow.data.from_pandas(pd.DataFrame({"x": [4]}), name="shared")
    for name, logged in [("one", data), ("two", data), ("three", other)]:
        with mlflow.start_run(run_name=name):
            mlflow.log_input(logged, context="training")

    def found(question):
        return sorted(mlflow.search_runs(filter_string=question)["tags.mlflow.runName"])

    assert found("datasets.name = 'shared'") == ["one", "three", "two"]
    assert found(f"datasets.name = 'shared' AND datasets.digest = '{data.digest}'") == ["one", "two"]


def test_a_metric_of_a_data_set(experiment, client):
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1]}), name="eval")
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="m")
        mlflow.log_metric("acc", 0.75, dataset=data, model_id=model.model_id)
    [metric] = mlflow.get_logged_model(model.model_id).metrics
    assert (metric.key, metric.value, metric.dataset_name, metric.dataset_digest) == ("acc", 0.75, "eval", data.digest)
    assert metric.run_id == run.info.run_id
