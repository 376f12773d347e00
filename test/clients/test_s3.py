"""With blobs in S3: what the client sends to the store and fetches from it itself, having asked the server where."""

import hashlib
import os

import mlflow
import numpy as np
import pytest
import requests
from mlflow.artifacts import download_artifacts
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
from sklearn.linear_model import LinearRegression

from conftest import URL, api

MIB = 2**20


@pytest.fixture
def run(experiment):
    with mlflow.start_run() as run:
        yield run.info


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch):
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(6 * MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * MIB))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(4 * MIB))


@pytest.fixture
def through_the_server(monkeypatch):
    """Paths of files whose bytes went through the server, each with its method."""
    seen = []
    real = requests.Session.request

    def watched(session, method, url, **options):
        if url.startswith(f"{URL}/api/2.0/mlflow-artifacts/artifacts/"):
            seen.append((method, url.rsplit("/", 1)[-1]))
        return real(session, method, url, **options)

    monkeypatch.setattr(requests.Session, "request", watched)
    return seen


def write(name, size):
    with open(name, "wb") as file:
        file.write(os.urandom(size))
    return digest(name)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def test_a_large_file_goes_and_comes_past_the_server(run, client, through_the_server):
    sent = write("large.bin", 17 * MIB + 3)
    mlflow.log_artifact("large.bin", "deep/er")
    mlflow.log_artifact("large.bin")
    assert through_the_server == []
    assert [(file.path, file.file_size) for file in client.list_artifacts(run.run_id)] == [("deep", None), ("large.bin", 17 * MIB + 3)]
    for path in ["deep/er/large.bin", "large.bin"]:
        assert digest(download_artifacts(f"{run.artifact_uri}/{path}", dst_path="down")) == sent
    assert through_the_server == []


def test_a_small_file_goes_through_the_server_and_comes_past_it(run, through_the_server):
    sent = write("small.bin", 1000)
    mlflow.log_artifact("small.bin")
    open("empty.txt", "w").close()
    mlflow.log_artifact("empty.txt")
    assert digest(download_artifacts(f"{run.artifact_uri}/small.bin", dst_path="down")) == sent
    assert os.path.getsize(download_artifacts(f"{run.artifact_uri}/empty.txt", dst_path="down")) == 0
    assert {method for method, _ in through_the_server} == {"PUT"}


def test_who_wants_none_of_it_gets_everything_through_the_server(run, monkeypatch, through_the_server):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "false")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "false")
    sent = write("large.bin", 7 * MIB)
    mlflow.log_artifact("large.bin")
    assert digest(download_artifacts(f"{run.artifact_uri}/large.bin", dst_path="down")) == sent
    assert [method for method, _ in through_the_server if method in ("PUT", "GET")] == ["PUT", "GET"]


def test_a_part_that_fails_leaves_no_artifact(run, client, monkeypatch):
    def broken(credential, local_file, size, start_byte):
        raise OSError("the cable was pulled")

    monkeypatch.setattr(HttpArtifactRepository, "_upload_part", staticmethod(broken))
    write("large.bin", 12 * MIB)
    with pytest.raises(Exception, match="Failed to upload at least one part"):
        mlflow.log_artifact("large.bin")
    assert client.list_artifacts(run.run_id) == []


def test_a_model_by_its_alias(run, client, unique):
    model = LinearRegression().fit(np.arange(8).reshape(-1, 1), np.arange(8) * 2.0)
    name = unique("direct")
    mlflow.sklearn.log_model(model, name="model", registered_model_name=name)
    client.set_registered_model_alias(name, "best", 1)
    loaded = mlflow.sklearn.load_model(f"models:/{name}@best")
    assert loaded.predict([[4.0]])[0] == pytest.approx(8.0)


def test_presigned_urls(run, client):
    where = {"run_id": run.run_id, "path": "put/here.txt"}
    upload = api("POST", "artifacts/presigned-upload-url", json=where).json()
    assert requests.put(upload["presigned_url"], data=b"past the server", headers=upload.get("headers"), timeout=60).ok
    assert [file.path for file in client.list_artifacts(run.run_id, "put")] == ["put/here.txt"]
    down = api("POST", "artifacts/presigned-download-url", json=where).json()
    assert down["file_size"] == 15
    assert requests.get(down["presigned_url"], timeout=60).content == b"past the server"
