"""What clients in other languages send: Java and R, and whoever writes requests by hand."""

import json
import math
import re

import pytest
from conftest import api, error_of


@pytest.fixture
def run_id(experiment, client):
    return client.create_run(experiment.experiment_id).info.run_id


def test_everything_as_a_string(experiment, client):
    """R sends every value as a string."""
    key = experiment.experiment_id
    made = api("POST", "runs/create", json={"experiment_id": key, "user_id": "r", "start_time": "123"}).json()["run"]
    run_id = made["info"]["run_id"]
    assert (made["info"]["start_time"], made["info"]["user_id"]) == (123, "r")
    metric = {"run_id": run_id, "run_uuid": run_id, "key": "m", "value": "0.5", "timestamp": "123", "step": "1"}
    assert api("POST", "runs/log-metric", json=metric).json() == {}
    batch = {"run_id": run_id, "metrics": [{"key": "n", "value": "NaN", "timestamp": "5", "step": "2"}]}
    assert api("POST", "runs/log-batch", json=batch).json() == {}
    assert api("POST", "runs/update", json={"run_id": run_id, "status": "FINISHED", "end_time": "456"}).status_code == 200
    got = client.get_run(run_id)
    assert (got.info.status, got.info.end_time, got.data.metrics["m"]) == ("FINISHED", 456, 0.5)
    assert math.isnan(got.data.metrics["n"])
    assert client.get_metric_history(run_id, "m")[0].step == 1
    found = api("POST", "runs/search", json={"experiment_ids": [key], "max_results": "10", "run_view_type": "ACTIVE_ONLY"})
    assert [run["info"]["run_id"] for run in found.json()["runs"]] == [run_id]


@pytest.mark.tailrace_only(reason="MLflow refuses the strings that its R client sends for archive_existing_versions")
def test_stages_with_strings(client, unique):
    name = client.create_registered_model(unique("model")).name
    for _ in range(2):
        client.create_model_version(name, "s3://bucket/model")
    for number, flag in [("1", "true"), ("2", "TRUE")]:
        body = {"name": name, "version": number, "stage": "Production", "archive_existing_versions": flag}
        answer = api("POST", "model-versions/transition-stage", json=body)
        assert answer.json()["model_version"]["current_stage"] == "Production"
    assert client.get_model_version(name, "1").current_stage == "Archived"


def test_both_names_of_a_run(run_id):
    """Java sends both; old clients run_uuid alone."""
    for body in [{"run_id": run_id, "run_uuid": run_id}, {"run_uuid": run_id}]:
        assert api("POST", "runs/set-tag", json={**body, "key": "t", "value": "v"}).json() == {}
        info = api("GET", "runs/get", params=body).json()["run"]["info"]
        assert info["run_id"] == info["run_uuid"] == run_id


def test_searches_and_histories_without_a_number(experiment, client, run_id):
    for step in range(30):
        client.log_metric(run_id, "m", step, timestamp=1, step=step)
    history = api("GET", "metrics/get-history", params={"run_id": run_id, "run_uuid": run_id, "metric_key": "m"}).json()
    assert [metric["step"] for metric in history["metrics"]] == list(range(30))
    assert not history.get("next_page_token")
    runs = api("POST", "runs/search", json={"experiment_ids": [experiment.experiment_id]}).json()["runs"]
    assert [run["info"]["run_id"] for run in runs] == [run_id]
    page = api("GET", "metrics/get-history", params={"run_id": run_id, "metric_key": "m", "max_results": 20}).json()
    assert len(page["metrics"]) == 20
    query = {"run_id": run_id, "metric_key": "m", "max_results": 20, "page_token": page["next_page_token"]}
    rest = api("GET", "metrics/get-history", params=query).json()
    assert [metric["step"] for metric in rest["metrics"]] == list(range(20, 30))


@pytest.mark.tailrace_only(reason="MLflow 3.17 refuses a search for experiments without max_results")
def test_searches_of_experiments_without_a_number():
    assert api("GET", "experiments/search").json()["experiments"]
    assert api("POST", "experiments/search", json={}).json()["experiments"]


def test_searches_of_the_registry_without_a_number(client, unique):
    name = client.create_registered_model(unique("model")).name
    client.create_model_version(name, "s3://bucket/model")
    query = {"filter": f"name = '{name}'"}
    assert len(api("GET", "registered-models/search", params=query).json()["registered_models"]) == 1
    assert len(api("GET", "model-versions/search", params=query).json()["model_versions"]) == 1


def test_bodies_of_another_kind(run_id, client):
    double = json.dumps(json.dumps({"run_id": run_id, "key": "t", "value": "double"}))
    assert api("POST", "runs/set-tag", data=double, headers={"Content-Type": "application/json"}).status_code == 200
    assert client.get_run(run_id).data.tags["t"] == "double"
    extra = {"run_id": run_id, "key": "t", "value": "more", "unknown_field": {"a": 1}}
    assert api("POST", "runs/set-tag", json=extra).status_code == 200
    body = json.dumps({"run_id": run_id, "key": "t", "value": "plain"})
    assert api("POST", "runs/set-tag", data=body.encode()).status_code == 400  # no Content-Type
    assert api("POST", "runs/set-tag", data=body.encode(), headers={"Content-Type": "text/plain"}).status_code == 400
    charset = {"Content-Type": "application/json; charset=utf-8"}
    assert api("POST", "runs/set-tag", data=body.encode(), headers=charset).status_code == 200
    assert client.get_run(run_id).data.tags["t"] == "plain"


def test_repeated_parameters(client, unique, run_id):
    name = client.create_registered_model(unique("model")).name
    client.create_model_version(name, "s3://bucket/model")
    query = {"name": name, "stages": ["Production", "None"]}
    latest = api("GET", "registered-models/get-latest-versions", params=query).json()["model_versions"]
    assert [(found["version"], found["current_stage"]) for found in latest] == [("1", "None")]
    mark = unique("order")
    made = {client.create_experiment(f"{mark}-{n}"): n for n in range(3)}
    query = {"filter": f"name LIKE '{mark}%'", "order_by": ["name DESC", "experiment_id ASC"], "max_results": 2}
    found = api("GET", "experiments/search", params=query).json()
    assert [made[item["experiment_id"]] for item in found["experiments"]] == [2, 1] and found["next_page_token"]
    client.log_metric(run_id, "m", 1, timestamp=1)
    query = {"run_id": [run_id, run_id], "metric_key": "m"}
    bulk = api("GET", "metrics/get-history-bulk", prefix="/ajax-api/2.0/mlflow/", params=query)
    assert {metric["run_id"] for metric in bulk.json()["metrics"]} == {run_id}


def test_numbers_in_answers(run_id):
    api("POST", "runs/log-metric", json={"run_id": run_id, "key": "m", "value": "NaN", "timestamp": 9007199254740991, "step": 3})
    answer = api("GET", "metrics/get-history", params={"run_id": run_id, "metric_key": "m"})
    [metric] = answer.json()["metrics"]
    assert metric.pop("run_id", run_id) == run_id
    assert metric == {"key": "m", "value": "NaN", "timestamp": 9007199254740991, "step": 3}


def test_errors():
    assert error_of(api("GET", "runs/get", params={"run_id": "0" * 32})) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert error_of(api("POST", "experiments/create", json={"name": "Default"})) == (400, "RESOURCE_ALREADY_EXISTS")
    assert error_of(api("POST", "runs/log-metric", json={"run_id": "x", "key": "m", "timestamp": 1})) == (400, "INVALID_PARAMETER_VALUE")
    missing = api("POST", "experiments/create", json={})
    assert "Missing value for required parameter 'name'" in missing.json()["message"]
    wrong = api("POST", "runs/log-metric", json={"run_id": "x", "key": "m", "value": "abc", "timestamp": 1})
    assert error_of(wrong) == (400, "INVALID_PARAMETER_VALUE")
    assert "for parameter 'value' supplied" in wrong.json()["message"]
    assert api("GET", "no-such-thing").status_code == 404


@pytest.mark.parametrize("prefix", ["/api/2.0/mlflow/", "/ajax-api/2.0/mlflow/"])
def test_both_prefixes(prefix, experiment):
    answer = api("GET", "experiments/get", prefix=prefix, params={"experiment_id": experiment.experiment_id})
    assert answer.json()["experiment"]["name"] == experiment.name


def test_health_and_version():
    health = api("GET", "health", prefix="/")
    assert (health.status_code, health.text) == (200, "OK")
    assert re.fullmatch(r"3\.\d+\.\d+\S*", api("GET", "version", prefix="/").text)
    for prefix in ["/api/3.0/mlflow/", "/ajax-api/3.0/mlflow/"]:
        info = api("GET", "server-info", prefix=prefix).json()
        assert isinstance(info["workspaces_enabled"], bool) and "store_type" in info
