"""What Tailrace answers where MLflow answers otherwise: sign-in, and what it doesn't serve."""

import io

import mlflow
import pandas as pd
import pytest
from conftest import TOKEN, api, error_of
from mlflow import MlflowClient, MlflowException

NO_SIGN_IN = "MLflow's server asks nobody to sign in unless its basic-auth app is started"


@pytest.mark.tailrace_only(reason=NO_SIGN_IN)
def test_basic_authentication(monkeypatch):
    assert api("GET", "experiments/get?experiment_id=0", auth=("anyone", TOKEN)).status_code == 200
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "anyone")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", TOKEN)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    assert MlflowClient().get_experiment("0").name == "Default"


@pytest.mark.tailrace_only(reason=NO_SIGN_IN)
def test_wrong_tokens(monkeypatch):
    for headers in [{"Authorization": "Bearer wrong"}, {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}, {"Authorization": ""}]:
        answer = api("GET", "experiments/get", params={"experiment_id": "0"}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "wrong")
    with pytest.raises(MlflowException) as error:
        MlflowClient().get_experiment("0")
    assert error.value.get_http_status_code() == 401
    assert api("GET", "health", prefix="/", headers={"Authorization": "Bearer wrong"}).status_code == 200


@pytest.mark.tailrace_only(reason="MLflow serves traces, its gateway, and multipart uploads")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/3.0/mlflow/traces", {}),
        ("POST", "/api/3.0/mlflow/traces/search", {}),
        ("GET", "/api/3.0/mlflow/gateway/endpoints/list", None),
        ("POST", "/api/2.0/mlflow-artifacts/mpu/create/0/x/artifacts/file", {"path": "file", "num_parts": 2}),
    ],
)
def test_what_is_not_served(method, path, body):
    assert error_of(api(method, path, prefix="", json=body)) == (501, "NOT_IMPLEMENTED")


@pytest.mark.tailrace_only(reason="MLflow answers 200 to the deletion of a name that is a NUL")
def test_a_nul_in_a_path():
    for method in ["GET", "PUT", "DELETE"]:
        assert api(method, "/api/2.0/mlflow-artifacts/artifacts/%00", prefix="", data=b"x").status_code == 400


@pytest.mark.tailrace_only(reason="MLflow has no histories as Parquet")
def test_whole_histories_as_parquet(experiment):
    with mlflow.start_run() as run:
        for step in range(5):
            mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step / 10}, step=step)
        mlflow.log_metric("odd", float("nan"), step=7)
    answer = api("GET", f"/v1/runs/run_{run.info.run_id}/metrics.parquet", prefix="")
    table = pd.read_parquet(io.BytesIO(answer.content))
    assert list(table.columns) == ["run_id", "key", "step", "timestamp", "value"]
    assert table[table.key == "loss"].value.tolist() == [1 / (step + 1) for step in range(5)]
    assert table[table.key == "acc"].step.tolist() == [0, 1, 2, 3, 4]
    assert table[table.key == "odd"].value.isna().tolist() == [True]
    assert str(table.timestamp.dtype).startswith("datetime64")
    only = pd.read_parquet(io.BytesIO(api("GET", f"/v1/runs/run_{run.info.run_id}/metrics.parquet", prefix="", params={"key": "acc"}).content))
    assert set(only.key) == {"acc"}
