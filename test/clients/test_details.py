"""Words, limits and corners: what MLflow's own tests of a server ask, besides what clients do all day."""

from urllib.parse import quote

import mlflow
import pytest
from conftest import api, as_written, error_of
from mlflow import MlflowException
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

INVALID = (400, "INVALID_PARAMETER_VALUE")
MISSING = (404, "RESOURCE_DOES_NOT_EXIST")
AJAX = "/ajax-api/2.0/mlflow/"


@pytest.fixture
def run_id(experiment, client):
    return client.create_run(experiment.experiment_id).info.run_id


@pytest.fixture
def name(client, unique):
    return client.create_registered_model(unique("model")).name


def refused(answer, words, error=INVALID):
    assert error_of(answer) == error
    assert words in answer.json()["message"]


# Requests


def test_a_number_is_shown_as_it_was_written():
    body = '{"name": "x", "artifact_location": 9.0}'
    answer = api("POST", "experiments/create", data=body, headers={"Content-Type": "application/json"})
    refused(answer, "Invalid value 9.0 for parameter 'artifact_location' supplied")


def test_errors_have_a_class():
    body = api("GET", "runs/get", params={"run_id": "0" * 32}).json()
    assert (body["sqlstate"], body["error_class"]) == ("KAM00", "RESOURCE_NOT_FOUND")
    with pytest.raises(MlflowException) as error:
        mlflow.get_experiment("a")
    assert (error.value.sqlstate, error.value.error_class) == ("KAM00", "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(("most", "words"), [(0, "It must be a positive integer"), (1_000_000, "It must be at most 50000")])
def test_the_size_of_a_page(most, words):
    refused(api("POST", "experiments/search", json={"max_results": most}), f"Invalid value {most} for parameter 'max_results' supplied. {words}")


@pytest.mark.parametrize("path", ["/model-versions/get-artifact", "//model-versions/get-artifact"])
def test_a_path_is_looked_at_first(path):
    status, body = as_written("GET", f"{path}?name=none&version=1&path={quote('../path', safe='')}")
    assert (status, b'"Invalid path"' in body) == (400, True)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "Request must specify run_uuid."),
        ({"run_uuid": "x"}, "Request must specify path."),
        ({"run_uuid": "x", "path": "../test.txt"}, "Invalid path"),
        ({"run_uuid": "x", "path": "test.txt"}, "Request must specify data."),
    ],
)
def test_uploads_from_the_page(params, words):
    refused(api("POST", "upload-artifact", prefix=AJAX, params=params), words)


# Experiments and runs


def test_the_trash_twice(experiment, client):
    body = {"experiment_id": experiment.experiment_id}
    words = f"No Experiment with id={experiment.experiment_id} exists"
    refused(api("POST", "experiments/restore", json=body), words, MISSING)
    client.delete_experiment(experiment.experiment_id)
    refused(api("POST", "experiments/delete", json=body), words, MISSING)
    made = api("POST", "logged-models", json=body)
    refused(made, f"The experiment {experiment.experiment_id} must be in the 'active' state")


def test_lengths_are_in_characters(experiment, client):
    longest = "😀" * 20_000
    client.set_experiment_tag(experiment.experiment_id, "long", longest)
    assert client.get_experiment(experiment.experiment_id).tags["long"] == longest
    with pytest.raises(MlflowException, match="exceeds the maximum length of 20000"):
        client.set_experiment_tag(experiment.experiment_id, "long", longest + "x")


def test_a_location_with_a_query(client, unique):
    key = client.create_experiment(unique("query"), artifact_location="s3://bucket/root?creds=mine")
    run = client.create_run(key).info
    assert run.artifact_uri == f"s3://bucket/root/{run.run_id}/artifacts?creds=mine"


def test_a_run_leaves_its_parent(experiment, client, run_id):
    child = client.create_run(experiment.experiment_id, tags={"mlflow.parentRunId": run_id}).info.run_id
    client.delete_tag(child, "mlflow.parentRunId")
    assert "mlflow.parentRunId" not in client.get_run(child).data.tags
    with pytest.raises(MlflowException, match="No tag with name: mlflow.parentRunId"):
        client.delete_tag(child, "mlflow.parentRunId")


def test_a_data_set_is_described_once(client, run_id):
    for source, tag in [("one", "a"), ("two", "b")]:
        client.log_inputs(run_id, [DatasetInput(Dataset("set", "digest", "local", source), [InputTag(tag, tag)])])
    [got] = client.get_run(run_id).inputs.dataset_inputs
    assert (got.dataset.source, [tag.key for tag in got.tags]) == ("one", ["a"])


def test_the_json_of_a_logged_model(run_id):
    for model, words in [(123, "Invalid value 123 for parameter 'model_json' supplied"), ("m123", "Malformed model info"), ("{}", "missing mandatory fields")]:
        refused(api("POST", "runs/log-model", json={"run_id": run_id, "model_json": model}), words)


@pytest.mark.parametrize(
    ("question", "words"),
    [({"filter": "metrics.a ~= 1.0"}, "Invalid comparator"), ({"order_by": ["`metrics.A`"]}, "Invalid entity type")],
)
def test_odd_questions(experiment, question, words):
    refused(api("POST", "runs/search", json={"experiment_ids": [experiment.experiment_id], **question}), words)


# Histories for charts


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"run_ids": []}, "Missing value for required parameter 'run_ids'."),
        ({"run_ids": [f"id{n}" for n in range(101)]}, "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids."),
        ({"run_ids": ["x"], "max_results": 0}, "max_results must be between 1 and 2500"),
        ({"run_ids": ["x"], "start_step": 1, "end_step": 0}, "end_step must be greater than start_step."),
    ],
)
def test_refused_intervals(params, words):
    refused(api("GET", "metrics/get-history-bulk-interval", prefix=AJAX, params={"metric_key": "m", **params}), words)


def sampled(runs, most, **more):
    query = {"run_ids": runs, "metric_key": "m", "max_results": most, **more}
    return api("GET", "metrics/get-history-bulk-interval", prefix=AJAX, params=query).json().get("metrics", [])


def test_sampled_points_are_evenly_spread(experiment, client, run_id):
    other = client.create_run(experiment.experiment_id).info.run_id
    client.log_batch(run_id, [Metric("m", step, 1, step) for step in range(10)])
    client.log_batch(other, [Metric("m", step, 1, step) for step in range(23)])
    steps = lambda *args, **more: [(["a", "b"][metric["run_id"] == other], metric["step"]) for metric in sampled(*args, **more)]
    assert steps([run_id], 5) == [("a", step) for step in [0, 2, 4, 6, 9]]
    assert steps([run_id], 1) == [("a", 9)]
    assert steps([run_id], 100) == [("a", step) for step in range(10)]
    assert steps([run_id], 5, start_step=3, end_step=6) == [("a", step) for step in [3, 4, 5, 6]]
    assert steps([other, run_id], 5) == [("b", step) for step in [0, 5, 10, 15, 22]] + [("a", step) for step in [0, 2, 4, 6, 9]]


def test_many_points_of_one_step_are_sampled_too(client, run_id):
    for first in range(0, 3000, 1000):
        client.log_batch(run_id, [Metric("m", n, 1000 + n, 0) for n in range(first, first + 1000)])
    values = [metric["value"] for metric in sampled([run_id], 100)]
    assert (len(values), values[0], values[1], values[-1]) == (100, 0, 30, 2999)


# Artifacts


@pytest.mark.parametrize(
    ("file", "kind"),
    [("a.txt", "text/plain"), ("b.pkl", "application/octet-stream"), ("c.png", "image/png"), ("d.pdf", "application/pdf"), ("MLmodel", "text/plain")],
)
def test_types_of_files(client, run_id, file, kind):
    client.log_text(run_id, "", f"out/{file}")
    path = client.get_run(run_id).info.artifact_uri.removeprefix("mlflow-artifacts:/")
    for answer in [
        api("GET", "get-artifact", prefix="/", params={"run_id": run_id, "path": f"out/{file}"}),
        api("GET", f"{path}/out/{file}", prefix="/api/2.0/mlflow-artifacts/artifacts/", headers={"Accept": "text/html"}),
    ]:
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Content-Disposition"] == f"attachment; filename={file}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


# Registry and webhooks


def test_copies_of_a_version_of_an_unknown_run(client, name, unique):
    made = {"run_id": "run_id_1", "description": "dummy", "tags": {"hello": "world"}, "run_link": "link"}
    client.create_model_version(name, "s3://bucket/model", **made)
    for number in [1, 2]:
        client.copy_model_version(f"models:/{name}/{number}", name)
    got = client.get_model_version(name, "3")
    assert (got.source, got.run_id, got.description, got.tags, got.run_link) == (f"models:/{name}/2", "run_id_1", "dummy", {"hello": "world"}, "link")
    assert client.get_model_version_download_uri(name, "3") == "s3://bucket/model"
    assert [int(found.version) for found in client.search_model_versions(f"name = '{name}' AND run_id LIKE 'run_id%'")] == [3, 2, 1]


def test_what_a_version_does_not_say_is_empty(client, name):
    client.create_model_version(name, "s3://bucket/model")
    version = api("GET", "model-versions/get", params={"name": name, "version": "1"}).json()["model_version"]
    assert (version["description"], version["run_id"], version["run_link"]) == ("", "", "")


@pytest.mark.filterwarnings("ignore")
def test_a_move_and_what_it_archives_have_one_time(client, name):
    for number in ["1", "2"]:
        client.create_model_version(name, "s3://bucket/model")
        client.transition_model_version_stage(name, number, "Staging", archive_existing_versions=True)
    old, new = (client.get_model_version(name, number) for number in ["1", "2"])
    assert (old.current_stage, new.current_stage) == ("Archived", "Staging")
    assert old.last_updated_timestamp == new.last_updated_timestamp


@pytest.mark.parametrize(
    ("members", "words"),
    [("()", "but got empty list"), ("(,)", "but got ill-formed list"), ("('a',,'b')", "but got ill-formed list"), ("(1,2)", "but got different type in list")],
)
def test_lists_that_are_none(members, words):
    refused(api("GET", "model-versions/search", params={"filter": f"run_id IN {members}"}), words)


def test_orders_that_are_none():
    refused(api("GET", "model-versions/search", params={"order_by": ["name ASC", "run_id DESC"]}), "Invalid attribute key 'run_id'")
    refused(api("GET", "registered-models/search", params={"order_by": ["creation_timestamp DESC"]}), "Invalid order by key 'creation_timestamp'")


def test_webhooks_of_one_name(client, unique):
    name = unique("hook")
    ids = {client.create_webhook(name, "https://example.com/x", ["model_version.created"]).webhook_id for _ in range(2)}
    assert len(ids) == 2
    for webhook_id in ids:
        client.delete_webhook(webhook_id)
