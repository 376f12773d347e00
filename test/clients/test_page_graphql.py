"""The GraphQL that MLflow's own page asks."""

import math

import pytest
from conftest import api
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric


def ask(query, name="asked", **variables):
    answer = api("POST", "graphql", prefix="/", json={"query": query, "operationName": name, "variables": variables})
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
def run(experiment, client):
    return client.create_run(experiment.experiment_id, run_name="first")


def test_an_echo():
    assert ask('query asked {test(inputString: "abc") { output }}') == {"data": {"test": {"output": "abc"}}, "errors": None}


def test_an_experiment(experiment):
    query = "query asked($id: String) {mlflowGetExperiment(input: {experimentId: $id}) { experiment { name lifecycleStage } apiError { code } }}"
    got = ask(query, id=experiment.experiment_id)["data"]["mlflowGetExperiment"]
    assert got == {"experiment": {"name": experiment.name, "lifecycleStage": "active"}, "apiError": None}


def test_a_run_with_what_hangs_on_it(experiment, client, run, unique):
    run_id, name = run.info.run_id, client.create_registered_model(unique("model")).name
    client.log_batch(run_id, [Metric("good", 0.5, 1, 2), Metric("none", math.nan, 2, 2)])
    client.create_model_version(name, "s3://bucket/model", run_id)
    query = """query asked @component(name: "Test") { mlflowGetRun(input: {runId: "%s"}) { run {
        info { runName status endTime } data { metrics { key value timestamp step } } experiment { name } modelVersions { name version }
    } } }"""
    got = ask(query % run_id)
    assert got["errors"] is None
    found = got["data"]["mlflowGetRun"]["run"]
    assert found["info"] == {"runName": "first", "status": "RUNNING", "endTime": "0"}
    assert sorted(found["data"]["metrics"], key=lambda metric: metric["key"]) == [
        {"key": "good", "value": 0.5, "timestamp": "1", "step": "2"},
        {"key": "none", "value": None, "timestamp": "2", "step": "2"},
    ]
    assert (found["experiment"], found["modelVersions"]) == ({"name": experiment.name}, [{"name": name, "version": "1"}])


def test_searches_of_runs(experiment, client, run):
    second = client.create_run(experiment.experiment_id, start_time=run.info.start_time + 1)
    expected = [{"info": {"runId": made.info.run_id}, "modelVersions": []} for made in [second, run]]
    for kind in ["mutation", "query"]:
        query = '%s asked { mlflowSearchRuns(input: { experimentIds: ["%s"] }) { runs { info { runId } modelVersions { name } } nextPageToken } }'
        got = ask(query % (kind, experiment.experiment_id))["data"]["mlflowSearchRuns"]
        assert got == {"runs": expected, "nextPageToken": ""}


def test_a_history(client, run):
    client.log_batch(run.info.run_id, [Metric("m", step, 7, step) for step in range(10)])
    query = 'query asked { mlflowGetMetricHistoryBulkInterval(input: {runIds: ["%s"], metricKey: "m"}) { metrics { key timestamp value runId } } }'
    got = ask(query % run.info.run_id)["data"]["mlflowGetMetricHistoryBulkInterval"]["metrics"]
    assert got == [{"key": "m", "timestamp": "7", "value": value, "runId": run.info.run_id} for value in range(10)]


def test_artifacts(client, run):
    for path in ["test.txt", "folder/test.txt"]:
        client.log_text(run.info.run_id, "hello world", path)
    query = """fragment Files on MlflowListArtifactsResponse { files { path isDir fileSize } }
        query asked($id: String) { all: mlflowListArtifacts(input: {runId: $id}) { ...Files } in: mlflowListArtifacts(input: {runId: $id, path: "folder"}) { ...Files } }"""
    got = ask(query, id=run.info.run_id)["data"]
    assert sorted(got["all"]["files"], key=lambda file: file["path"]) == [
        {"path": "folder", "isDir": True, "fileSize": "0"},
        {"path": "test.txt", "isDir": False, "fileSize": "11"},
    ]
    assert got["in"]["files"] == [{"path": "folder/test.txt", "isDir": False, "fileSize": "11"}]


def test_data_sets(experiment, client, run):
    sets = [DatasetInput(Dataset("one", "1", "s", "x"), []), DatasetInput(Dataset("two", "2", "s", "x"), [InputTag("mlflow.data.context", "training")])]
    client.log_inputs(run.info.run_id, sets)
    query = 'mutation asked { mlflowSearchDatasets(input: {experimentIds: ["%s"]}) { datasetSummaries { name digest context } } }'
    got = ask(query % experiment.experiment_id)["data"]["mlflowSearchDatasets"]["datasetSummaries"]
    assert sorted(got, key=lambda found: found["name"]) == [
        {"name": "one", "digest": "1", "context": ""},
        {"name": "two", "digest": "2", "context": "training"},
    ]


FIELD = '{mlflowGetExperiment(input: {experimentId: "123"}) {'


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{" + " ".join(f'key{n}: test(inputString: "abc") {{ output }}' for n in range(12)) + "}", "GraphQL queries should have at most 10 root fields"),
        (FIELD + " ".join(f"e{n}: experiment {{ name }}" for n in range(12)) + "}}", "queries should have at most 10 aliases"),
        (FIELD + "experiment {" * 12 + "name" + "}" * 14, "Query exceeds maximum depth of 10"),
        (FIELD + " ".join(f"f{n} {{ name }}" for n in range(1002)) + "}}", "Query exceeds maximum total selections of 1000"),
        (FIELD + "nothing }}", "Cannot query field"),
    ],
)
def test_refused_queries(query, words):
    got = ask(f"query asked {query}")
    assert got["data"] is None and words in got["errors"][0]


def test_what_is_not_there():
    got = ask('query asked {mlflowGetRun(input: {runId: "%s"}) { run { info { runId } } }}' % ("0" * 32))
    assert got["data"] == {"mlflowGetRun": None}
    assert got["errors"] == [f"Run with id={'0' * 32} not found"]
