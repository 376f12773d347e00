"""What the tests share: an experiment of their own, the client, raw requests, and the marker of the few things that MLflow does differently."""

import http.client
import itertools
import os
import uuid
from urllib.parse import urlsplit

import mlflow
import pytest
import requests
from mlflow import MlflowClient

URL = os.environ["MLFLOW_TRACKING_URI"]
TOKEN = os.environ.get("MLFLOW_TRACKING_TOKEN", "")
AGAINST_MLFLOW = os.environ.get("CLIENTS_AGAINST") == "mlflow"

collect_ignore = [
    *([] if os.environ.get("CLIENTS_LIGHTNING") else ["test_lightning.py"]),
    *([] if os.environ.get("CLIENTS_S3") else ["test_s3.py"]),
]


def pytest_collection_modifyitems(items):
    for item in items:
        marker = item.get_closest_marker("tailrace_only")
        if marker and AGAINST_MLFLOW:
            item.add_marker(pytest.mark.skip(reason=f"Tailrace only: {marker.kwargs['reason']}"))


@pytest.fixture(autouse=True)
def at_home(tmp_path, monkeypatch):
    """A working directory of its own, and nothing left over for the next test."""
    monkeypatch.chdir(tmp_path)
    yield
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def unique():
    """Makes names that no other test and no other run of the suite uses."""
    part, numbers = uuid.uuid4().hex[:10], itertools.count(1)
    return lambda what="x": f"{what}-{part}-{next(numbers)}"


@pytest.fixture
def experiment(request, unique):
    return mlflow.set_experiment(unique(request.node.name))


@pytest.fixture
def client():
    return MlflowClient()


def api(method, path, prefix="/api/2.0/mlflow/", **options):
    """One raw request, as a client in another language sends it."""
    headers = dict(options.pop("headers", {}))
    if TOKEN and "Authorization" not in headers and "auth" not in options:
        headers["Authorization"] = f"Bearer {TOKEN}"
    return requests.request(method, f"{URL}{prefix}{path}", headers=headers, timeout=60, **options)


def as_written(method, path, body=None):
    """A request whose path nobody tidies up on the way (requests resolves `..` and `%2e` itself): status and body."""
    connection = http.client.HTTPConnection(urlsplit(URL).netloc, timeout=60)
    connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {})
    answer = connection.getresponse()
    got = answer.status, answer.read()
    connection.close()
    return got


def error_of(answer):
    """Status and code of an error; its body has exactly what clients read."""
    body = answer.json()
    assert isinstance(body["message"], str) and body["message"]
    return answer.status_code, body["error_code"]
