"""Lineage told to others: what a receiver of OpenLineage gets is read by OpenLineage's own client, and written by it again without loss."""

import json
import os
import pkgutil
import queue
import shutil
import subprocess
import threading
import types
import typing
from enum import Enum
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from uuid import UUID

import attr
import mlflow
import openlineage.client.generated as generated
import pandas as pd
import pytest
from conftest import TOKEN, URL, api
from openlineage.client import OpenLineageClient, event_v2
from openlineage.client.generated.base import BaseFacet
from openlineage.client.serde import Serde
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport

ROOT = Path(__file__).parents[2]
MODULES = [import_module(f"{generated.__name__}.{module.name}") for module in pkgutil.iter_modules(generated.__path__)]
FACETS = {
    cls._get_schema(): cls
    for module in MODULES
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, BaseFacet)
}
EVENTS = {cls._get_schema(): cls for cls in (event_v2.RunEvent, event_v2.JobEvent, event_v2.DatasetEvent)}

pytestmark = pytest.mark.tailrace_only(reason="MLflow knows nothing of OpenLineage")


def read(kind, value):
    """JSON as an object of the client's classes, which refuse what they don't know."""
    if value is None:
        return None
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return read(next(arg for arg in args if arg is not type(None)), value)
    if origin is list:
        return [read(args[0], item) for item in value]
    if origin is dict:
        return {key: read(args[1], item) for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, BaseFacet) and type(value) is dict:
        kind = FACETS[value["_schemaURL"]]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return read_object(kind, value) if attr.has(kind) else value


def read_object(cls, value):
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in attr.fields(cls)}
    assert set(value) <= set(fields), f"{cls.__name__} does not know {set(value) - set(fields)}"
    given = {
        field.name.lstrip("_"): read(hints[name], value[name]) if name in value else None
        for name, field in fields.items()
        if field.init and (name in value or field.default is not attr.NOTHING)
    }
    return cls(**given)


def read_event(body):
    """An event as the client has it; it comes to the same when the client writes it."""
    event = read_object(EVENTS[body["schemaURL"]], body)
    assert json.loads(Serde.to_json(event)) == body
    return event


@pytest.fixture
def receiver():
    """Where events arrive: `url`, and `calls`, a queue of (headers, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.calls.put((dict(self.headers), json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.calls = queue.Queue()
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def graphql(query, **variables):
    answer = api("POST", "graphql", prefix="/", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.fixture
def hook(receiver, unique):
    """A webhook that sends everything there is to the receiver."""
    create = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id authorized } userErrors { message } } }"
    wanted = {"name": unique("lineage"), "url": f"{receiver.url}/api/v1/lineage", "form": "OPENLINEAGE", "types": ["*"]}
    made = graphql(create, input={**wanted, "bearerToken": "the-api-key"})["createWebhook"]
    assert made["userErrors"] == [] and made["webhook"]["authorized"]
    yield made["webhook"]
    graphql("mutation ($id: ID!) { deleteWebhook(webhookId: $id) { userErrors { message } } }", id=made["webhook"]["id"])


def train(experiment, unique):
    """A run of an unmodified MLflow client, with data, a model and one that was registered of it: its id, and the model's name."""
    name = unique("model")
    with mlflow.start_run(experiment_id=experiment.experiment_id, tags={"team": "blue"}) as run:
        data = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]}), name="points", targets="y")
        mlflow.log_input(data, context="training")
        mlflow.log_params({"depth": 3, "rate": 0.1})
        with mlflow.start_run(nested=True, experiment_id=experiment.experiment_id) as child:
            mlflow.log_metric("loss", 0.5)
        client = mlflow.MlflowClient()
        client.create_registered_model(name)
        client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)
    return run.info.run_id, child.info.run_id, name


def events_of(receiver, ends, seconds=30):
    """What arrives, as the client has it, until every one of these runs has ended; with the bodies as they came."""
    got, waiting = [], set(ends)
    while waiting:
        headers, body = receiver.calls.get(timeout=seconds)
        assert headers["Authorization"] == "Bearer the-api-key"
        assert headers["Content-Type"] == "application/json"
        got.append(read_event(body))
        if isinstance(got[-1], event_v2.RunEvent) and got[-1].eventType.value in ("COMPLETE", "FAIL", "ABORT"):
            waiting.discard(got[-1].run.runId)
    return got


def test_a_run_is_delivered_and_read_back(experiment, hook, receiver, unique):
    run_id, child_id, model = train(experiment, unique)
    ids = [str(UUID(run_id)), str(UUID(child_id))]
    got = events_of(receiver, ids)
    of_run = [event for event in got if isinstance(event, event_v2.RunEvent)]
    for run in ids:
        types_of = [event.eventType.value for event in of_run if event.run.runId == run]
        assert (types_of.count("START"), types_of.count("COMPLETE")) == (1, 1)
    start, end = ([event for event in of_run if event.run.runId == ids[0] and event.eventType.value == kind][0] for kind in ("START", "COMPLETE"))
    assert start.run.runId == end.run.runId == ids[0]
    assert (start.job.namespace, start.job.name) == (end.job.namespace, end.job.name)
    assert end.job.name == f"experiment/{experiment.name}"
    assert [data.name for data in end.inputs] == ["logged_dataset/points"]
    assert [data.name for data in end.outputs] == [f"model/{model}"]
    assert {item.key: item.value for item in end.run.facets["executionParameters"].parameters} == {"depth": "3", "rate": "0.1"}
    assert ("team", "blue", "USER") in [(tag.key, tag.value, tag.source) for tag in end.run.facets["tags"].tags]
    child = next(event for event in of_run if event.run.runId == ids[1])
    assert child.run.facets["parent"].run.runId == ids[0]


def test_a_run_that_fails_says_so(experiment, hook, receiver):
    with pytest.raises(ZeroDivisionError), mlflow.start_run(experiment_id=experiment.experiment_id) as run:
        _ = 1 / 0
    *_, end = events_of(receiver, [str(UUID(run.info.run_id))])
    assert end.eventType.value == "FAIL"
    assert end.run.facets["errorMessage"].message == "the run has failed"


def test_a_test_of_the_webhook(hook, receiver):
    tested = "mutation ($id: ID!) { testWebhook(input: { webhookId: $id }) { delivered userErrors { message } } }"
    assert graphql(tested, id=hook["id"])["testWebhook"] == {"delivered": True, "userErrors": []}
    _, body = receiver.calls.get(timeout=10)
    assert read_event(body).eventType.value == "OTHER"


def exported(tmp_path):
    """What the command line exports, an event a line."""
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [str(node) if node.exists() else shutil.which("node"), str(ROOT / "bin" / "tailrace.mjs"), "lineage", "export", "--format", "openlineage"]
    env = {**os.environ, "TAILRACE_URL": URL, "TAILRACE_TOKEN": TOKEN, "XDG_CONFIG_HOME": str(tmp_path)}
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_an_export_is_taken_to_another_backend(experiment, hook, receiver, unique, tmp_path):
    run_id, child_id, model = train(experiment, unique)
    ids = {str(UUID(run_id)), str(UUID(child_id))}
    told = {event.run.runId: event for event in events_of(receiver, ids) if isinstance(event, event_v2.RunEvent)}
    lines = exported(tmp_path)
    ours = [line for line in lines if line.get("run", {}).get("runId") in ids]
    assert sorted(line["eventType"] for line in ours) == ["COMPLETE", "COMPLETE", "START", "START"]
    for line in ours:
        assert (line["job"]["namespace"], line["job"]["name"]) == (told[line["run"]["runId"]].job.namespace, told[line["run"]["runId"]].job.name)
    assert f"model/{model}" in [line.get("dataset", {}).get("name") for line in lines]
    config = HttpConfig(url=receiver.url, auth=ApiKeyTokenProvider({"apiKey": "of-another"}))
    other = OpenLineageClient(transport=HttpTransport(config))
    for line in lines:
        other.emit(read_event(line))
    other.close()
    for line in lines:
        headers, body = next_of(receiver, "Bearer of-another")
        assert headers["Content-Type"] == "application/json"
        tags = body.get("run", {}).get("facets", {}).get("tags", {}).get("tags", [])
        # The client adds its own version, and changes nothing else.
        tags[:] = [tag for tag in tags if tag["source"] != "OPENLINEAGE_CLIENT"]
        assert body == line


def next_of(receiver, authorization):
    """The next call of this sender; what a webhook still sends is passed over."""
    while True:
        headers, body = receiver.calls.get(timeout=10)
        if headers["Authorization"] == authorization:
            return headers, body
