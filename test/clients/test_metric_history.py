"""Metric histories: long ones, out of order, and logged in the background."""

import time

import mlflow
import pytest
from conftest import api, error_of
from mlflow import MlflowException
from mlflow.entities import Metric, Param

POINTS = 30_000


def test_a_history_of_30000_points(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    for first in range(0, POINTS, 1000):
        client.log_batch(run_id, [Metric("loss", n / 7, 1_000_000 + n, n) for n in range(first, first + 1000)])
    history = client.get_metric_history(run_id, "loss")
    assert len(history) == POINTS
    assert [point.step for point in history] == list(range(POINTS))
    assert [point.value for point in history] == [n / 7 for n in range(POINTS)]
    assert history[12].timestamp == 1_000_012
    assert client.get_run(run_id).data.metrics["loss"] == (POINTS - 1) / 7


def test_steps_out_of_order(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    for timestamp, step, value in [(30, 5, 0.5), (10, 1, 0.1), (20, 3, 0.3), (40, 2, 0.2), (20, 3, 0.4)]:
        client.log_metric(run_id, "m", value, timestamp=timestamp, step=step)
    client.log_metric(run_id, "m", 0.1, timestamp=10, step=1)  # a replay changes nothing
    history = [(point.timestamp, point.step, point.value) for point in client.get_metric_history(run_id, "m")]
    assert history == [(10, 1, 0.1), (20, 3, 0.3), (20, 3, 0.4), (30, 5, 0.5), (40, 2, 0.2)]
    assert client.get_run(run_id).data.metrics["m"] == 0.5  # the highest step wins


def test_same_step_the_later_timestamp_wins(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.log_metric(run_id, "m", 9.0, timestamp=100, step=0)
    client.log_metric(run_id, "m", 1.0, timestamp=200, step=0)
    client.log_metric(run_id, "m", 5.0, timestamp=50, step=0)
    client.log_metric(run_id, "negative", 2.0, timestamp=1, step=-3)
    metrics = client.get_run(run_id).data.metrics
    assert metrics == {"m": 1.0, "negative": 2.0}
    assert client.get_metric_history(run_id, "negative")[0].step == -3


def test_no_history(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    assert client.get_metric_history(run_id, "never") == []


def test_logging_in_the_background(experiment, client):
    with mlflow.start_run() as run:
        pending = []
        for step in range(60):
            pending.append(mlflow.log_metrics({"loss": 60.0 - step, "acc": step / 60}, step=step, synchronous=False))
            mlflow.log_metric("single", step, step=step, synchronous=False)
        mlflow.log_params({"p": 1, "q": 2}, synchronous=False)
        mlflow.set_tags({"t": "x"}, synchronous=False)
        for operation in pending:
            operation.wait()
        mlflow.flush_async_logging()
    data = client.get_run(run.info.run_id).data
    assert data.metrics == {"loss": 1.0, "acc": 59 / 60, "single": 59.0}
    assert (data.params, data.tags["t"]) == ({"p": "1", "q": "2"}, "x")
    assert sorted(point.step for point in client.get_metric_history(run.info.run_id, "loss")) == list(range(60))


def test_points_without_a_step(experiment, client):
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
        time.sleep(0.005)
        mlflow.log_metric("m", 2)
    assert [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, "m")] == [(0, 1.0), (0, 2.0)]
    assert client.get_run(run.info.run_id).data.metrics["m"] == 2.0


def test_batches_larger_than_a_request(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.log_batch(run_id, [Metric(f"m{n}", n, 1, 0) for n in range(2001)], [Param(f"p{n}", str(n)) for n in range(201)])
    data = client.get_run(run_id).data
    assert data.metrics == {f"m{n}": n for n in range(2001)}
    assert data.params == {f"p{n}": str(n) for n in range(201)}


def test_refused_batches(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    with pytest.raises(MlflowException) as error:
        client.log_batch(run_id, params=[Param("twice", "a"), Param("twice", "b")])
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    metrics = [{"key": f"m{n}", "value": n, "timestamp": 1, "step": 0} for n in range(1001)]
    assert error_of(api("POST", "runs/log-batch", json={"run_id": run_id, "metrics": metrics})) == (400, "INVALID_PARAMETER_VALUE")
    data = client.get_run(run_id).data
    assert (data.metrics, data.params) == ({}, {})
