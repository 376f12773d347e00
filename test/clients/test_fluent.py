"""The fluent API: runs, metrics, parameters, tags."""

import math

import mlflow
import pytest
from mlflow import MlflowException


def test_a_run_from_start_to_end(experiment):
    with mlflow.start_run(run_name="first", tags={"team": "blue"}, description="a **try**") as run:
        mlflow.log_param("lr", 0.01)
        mlflow.log_params({"depth": 3, "name": "tree"})
        mlflow.log_metric("loss", 1.5, step=1)
        mlflow.log_metrics({"loss": 0.5, "acc": 0.75}, step=2)
        mlflow.set_tag("stage", "draft")
        mlflow.set_tags({"a": "1", "b": ""})
        assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"
    got = mlflow.get_run(run.info.run_id)
    assert got.info.experiment_id == experiment.experiment_id
    assert (got.info.run_name, got.info.status, got.info.lifecycle_stage) == ("first", "FINISHED", "active")
    assert got.info.start_time <= got.info.end_time
    assert got.info.artifact_uri.startswith("mlflow-artifacts:/")
    assert got.data.params == {"lr": "0.01", "depth": "3", "name": "tree"}
    assert got.data.metrics == {"loss": 0.5, "acc": 0.75}
    tags = got.data.tags
    assert (tags["team"], tags["stage"], tags["a"], tags["b"]) == ("blue", "draft", "1", "")
    assert (tags["mlflow.runName"], tags["mlflow.note.content"]) == ("first", "a **try**")
    assert tags["mlflow.source.type"] == "LOCAL"


def test_nested_runs(experiment):
    with mlflow.start_run() as parent:
        children = []
        for depth in range(3):
            with mlflow.start_run(nested=True, run_name=f"child-{depth}") as child:
                mlflow.log_param("depth", depth)
                children.append(child.info.run_id)
    parent_id = parent.info.run_id
    assert all(mlflow.get_parent_run(child).info.run_id == parent_id for child in children)
    found = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{parent_id}'")
    assert sorted(found.run_id) == sorted(children)
    assert sorted(found["params.depth"]) == ["0", "1", "2"]


def test_nan_and_infinite_values(experiment, client):
    with mlflow.start_run() as run:
        mlflow.log_metric("nan", math.nan)
        mlflow.log_metrics({"up": math.inf, "down": -math.inf, "small": 5e-324, "big": 1.5e308})
    metrics = mlflow.get_run(run.info.run_id).data.metrics
    assert math.isnan(metrics["nan"])
    assert metrics["up"] > 1e308 and metrics["down"] < -1e308  # MLflow gives the largest double back
    assert (metrics["small"], metrics["big"]) == (5e-324, 1.5e308)
    assert math.isnan(client.get_metric_history(run.info.run_id, "nan")[0].value)


def test_parameters_never_change(experiment):
    with mlflow.start_run() as run:
        mlflow.log_param("p", "1")
        mlflow.log_param("p", 1)
        with pytest.raises(MlflowException, match="Changing param values is not allowed") as error:
            mlflow.log_param("p", "2")
        assert error.value.error_code == "INVALID_PARAMETER_VALUE"
        mlflow.log_params({"p": "1", "q": "x"})
        with pytest.raises(MlflowException, match="Changing param values is not allowed"):
            mlflow.log_params({"q": "y"})
    assert mlflow.get_run(run.info.run_id).data.params == {"p": "1", "q": "x"}


def test_tags_are_replaced_and_deleted(experiment, client):
    with mlflow.start_run() as run:
        mlflow.set_tag("t", "one")
        mlflow.set_tag("t", "two")
        mlflow.set_tag("gone", "x")
        mlflow.delete_tag("gone")
        with pytest.raises(MlflowException) as error:
            mlflow.delete_tag("never")
        assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    tags = client.get_run(run.info.run_id).data.tags
    assert tags["t"] == "two" and "gone" not in tags


def test_long_and_odd_texts_come_back(experiment, client):
    long, odd = "x" * 6000, "ünï ☃ 'quoted' \"twice\" \\ \n%_"
    with mlflow.start_run() as run:
        mlflow.log_params({"long": long, "odd": odd, "a/b c.d-e_f": "key"})
        mlflow.set_tag("odd", odd)
        with pytest.raises(MlflowException) as error:
            mlflow.log_metric("no#hash", 1)
        assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    data = client.get_run(run.info.run_id).data
    assert data.params == {"long": long, "odd": odd, "a/b c.d-e_f": "key"}
    assert data.tags["odd"] == odd


def test_renaming_a_run(experiment, client):
    with mlflow.start_run(run_name="old") as run:
        mlflow.set_tag("mlflow.runName", "by tag")
        assert client.get_run(run.info.run_id).info.run_name == "by tag"
    client.update_run(run.info.run_id, name="by update")
    got = client.get_run(run.info.run_id)
    assert (got.info.run_name, got.data.tags["mlflow.runName"]) == ("by update", "by update")
    with mlflow.start_run() as unnamed:
        pass
    assert client.get_run(unnamed.info.run_id).info.run_name


def test_resuming_a_run_by_its_id(experiment, client):
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1, step=1)
    with mlflow.start_run(run_id=run.info.run_id) as again:
        assert again.info.run_id == run.info.run_id
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("m", 2, step=2)
    got = client.get_run(run.info.run_id)
    assert (got.info.status, got.data.metrics) == ("FINISHED", {"m": 2.0})


def test_ends_of_runs(experiment, client):
    with pytest.raises(RuntimeError):
        with mlflow.start_run() as failed:
            raise RuntimeError("no luck")
    mlflow.start_run()
    killed = mlflow.active_run().info.run_id
    mlflow.end_run("KILLED")
    assert client.get_run(failed.info.run_id).info.status == "FAILED"
    assert client.get_run(killed).info.status == "KILLED"
    scheduled = client.create_run(experiment.experiment_id)
    client.set_terminated(scheduled.info.run_id, "FINISHED", end_time=scheduled.info.start_time + 5)
    assert client.get_run(scheduled.info.run_id).info.end_time == scheduled.info.start_time + 5


def test_deleting_and_restoring_a_run(experiment, client):
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    mlflow.delete_run(run.info.run_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    assert mlflow.search_runs().empty
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        client.log_metric(run.info.run_id, "m", 2)
    client.restore_run(run.info.run_id)
    client.log_metric(run.info.run_id, "m", 3, step=3)
    assert list(mlflow.search_runs()["metrics.m"]) == [3.0]


def test_an_unknown_run(experiment, client):
    with pytest.raises(MlflowException, match="not found") as error:
        client.get_run("0" * 32)
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"
