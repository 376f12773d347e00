"""Logged models: words, limits and corners that MLflow's own tests of a server ask."""

import time

import pytest
from conftest import api, error_of
from mlflow import MlflowException
from mlflow.entities import LoggedModelStatus, Metric


@pytest.fixture
def key(experiment):
    return experiment.experiment_id


@pytest.fixture
def two(client, key):
    """Two models, and what each reached on two data sets."""
    ids = []
    for name in ["one", "two"]:
        ids.append(client.create_logged_model(key, name=name).model_id)
        time.sleep(0.002)
    run_id = client.create_run(key).info.run_id
    values = [(ids[0], "d1", 0.9), (ids[0], "d2", 0.8), (ids[1], "d1", 0.8), (ids[1], "d2", 0.9)]
    client.log_batch(
        run_id,
        [Metric("acc", value, n + 1, 0, model_id=model, dataset_name=data, dataset_digest=f"{data}!") for n, (model, data, value) in enumerate(values)],
    )
    return ids


def names(client, key, **question):
    return [model.name for model in client.search_logged_models([key], **question)]


def test_ready_and_failed(client, key):
    model_id = client.create_logged_model(key).model_id
    for status in [LoggedModelStatus.READY, LoggedModelStatus.FAILED, LoggedModelStatus.READY]:
        assert client.finalize_logged_model(model_id, status).status == status
        assert client.get_logged_model(model_id).status == status


def test_no_name_is_a_made_up_one(client, key):
    assert client.create_logged_model(key, name="").name


def test_versions_are_listed_in_a_tag(client, key, unique):
    name = client.create_registered_model(unique("model")).name
    model = client.create_logged_model(key)
    listed = []
    for number in [1, 2]:
        client.create_model_version(name, model.artifact_location, model_id=model.model_id)
        listed.append(f'{{"name": "{name}", "version": {number}}}')
        assert client.get_logged_model(model.model_id).tags["mlflow.modelVersions"] == f"[{', '.join(listed)}]"


def test_orders_by_a_metric_of_a_data_set(client, key, two):
    order = lambda **on: names(client, key, order_by=[{"field_name": "metrics.acc", **on}])
    assert order(dataset_name="d1", dataset_digest="d1!") == order(dataset_name="d1") == order(dataset_digest="d1!") == ["two", "one"]
    assert order(dataset_name="d2", dataset_digest="d2!") == order(dataset_digest="d2!") == ["one", "two"]


def test_models_that_were_measured_on_a_data_set(client, key, two):
    client.create_logged_model(key, name="never")
    on = lambda digest: names(client, key, datasets=[{"dataset_name": "d1", "dataset_digest": digest}])
    assert (on("d1!"), on("other")) == (["two", "one"], [])
    asked = {"filter_string": "metrics.acc > 0.85", "datasets": [{"dataset_name": "d1", "dataset_digest": "d1!"}]}
    assert names(client, key, **asked) == ["one"]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Foo", "Invalid filter string: 'Foo'. Expected a list of comparisons separated by 'AND'"),
        ("name = 'foo' OR name = 'bar'", "Invalid filter string"),
        ("foo.bar = 'a'", "Invalid entity type: 'foo'. Expected one of ['attributes', 'metrics', 'params', 'tags']."),
        ("name > 'foo'", "Invalid comparison operator for attributes.name: '>'. Expected one of ('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN')."),
        ("metrics.foo LIKE 0", "Invalid comparison operator for metrics.foo: 'LIKE'. Expected one of ('<', '<=', '>', '>=', '=', '!=')."),
    ],
)
def test_refused_questions(client, key, question, words):
    with pytest.raises(MlflowException) as error:
        client.search_logged_models([key], filter_string=question)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    assert words in error.value.message


def test_nowhere_to_look():
    answer = api("POST", "logged-models/search", json={})
    assert error_of(answer) == (400, "INVALID_PARAMETER_VALUE")
    assert "Missing value for required parameter 'experiment_ids'" in answer.json()["message"]


def test_a_token_is_of_one_search(client, key, unique, two):
    token = client.search_logged_models([key], max_results=1).token
    assert names(client, key, page_token=token) == ["one"]
    elsewhere = client.create_experiment(unique("elsewhere"))
    with pytest.raises(MlflowException, match="Experiment IDs in the page token do not match"):
        client.search_logged_models([elsewhere], page_token=token)
    with pytest.raises(MlflowException, match="Filter string in the page token does not match"):
        client.search_logged_models([key], filter_string="name = 'one'", page_token=token)
    with pytest.raises(MlflowException, match="Order by in the page token does not match"):
        client.search_logged_models([key], order_by=[{"field_name": "creation_time"}], page_token=token)
