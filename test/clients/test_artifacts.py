"""Artifacts: texts, folders, figures, tables, large and odd files."""

import hashlib
import json
import os

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
import seaborn
from conftest import api, as_written, error_of
from mlflow.artifacts import download_artifacts, load_dict, load_image, load_text
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

# Not here: `?`, `#` and `%41`, which MLflow's own client sends unquoted, so that what follows is lost on the way.
ODD_NAMES = ["with space.txt", "ünï ☃.txt", "a+b.txt", "a&b=c.txt", "100%.txt", "(1) [x] 'q'.txt", ".hidden", "x,y=z@1!.txt"]


@pytest.fixture
def run(experiment):
    with mlflow.start_run() as run:
        yield run.info


def paths(client, run, path=None):
    return [(item.path, item.is_dir, item.file_size) for item in client.list_artifacts(run.run_id, path)]


def test_files_and_folders(run, client, tmp_path):
    folder = tmp_path / "out"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "one.txt").write_text("one")
    (folder / "deep" / "two.txt").write_text("two2")
    (folder / "deep" / "deeper" / "three.bin").write_bytes(bytes(range(256)))
    mlflow.log_artifact(folder / "one.txt")
    mlflow.log_artifact(folder / "one.txt", "copies/of")
    mlflow.log_artifacts(folder, "all")
    assert paths(client, run) == [("all", True, None), ("copies", True, None), ("one.txt", False, 3)]
    assert paths(client, run, "copies/of") == [("copies/of/one.txt", False, 3)]
    assert paths(client, run, "all") == [("all/deep", True, None), ("all/one.txt", False, 3)]
    assert paths(client, run, "all/deep") == [("all/deep/deeper", True, None), ("all/deep/two.txt", False, 4)]
    assert paths(client, run, "nowhere") == []
    got = download_artifacts(run_id=run.run_id, artifact_path="all")
    assert open(os.path.join(got, "deep", "deeper", "three.bin"), "rb").read() == bytes(range(256))
    assert open(download_artifacts(f"runs:/{run.run_id}/all/deep/two.txt")).read() == "two2"
    everything = download_artifacts(run_id=run.run_id, dst_path=str(tmp_path / "everything"))
    assert sorted(os.listdir(everything)) == ["all", "copies", "one.txt"]


def test_texts_dictionaries_images(run):
    mlflow.log_text("hello ☃\n", "notes/hello.txt")
    mlflow.log_dict({"a": [1, 2], "ü": None}, "config.json")
    mlflow.log_dict({"a": {"b": 1}}, "config.yaml")
    plt.imsave("pixels.png", [[0.0, 1.0], [1.0, 0.0]])
    mlflow.log_artifact("pixels.png")
    at = run.artifact_uri
    assert load_text(f"{at}/notes/hello.txt") == "hello ☃\n"
    assert load_dict(f"{at}/config.json") == {"a": [1, 2], "ü": None}
    assert "b: 1" in load_text(f"{at}/config.yaml")
    assert load_image(f"{at}/pixels.png").size == (2, 2)
    mlflow.log_text("replaced", "notes/hello.txt")
    assert load_text(f"{at}/notes/hello.txt") == "replaced"


def test_images_by_step(run, client):
    for step in range(2):
        mlflow.log_image(np.full((4, 4, 3), step, dtype=np.uint8), key="sample", step=step)
    mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), "one.png")
    mlflow.flush_artifact_async_logging()  # images by key are sent from a queue of the client
    images = [path for path, _, _ in paths(client, run, "images")]
    assert len([path for path in images if path.endswith(".png")]) == 2
    assert load_image(f"{run.artifact_uri}/one.png").size == (4, 4)


def test_figures_of_matplotlib_and_seaborn(run):
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [3, 1, 2])
    mlflow.log_figure(figure, "plots/line.png")
    mlflow.log_figure(figure, "plots/line.svg")
    scatter = seaborn.scatterplot(pd.DataFrame({"x": [1, 2], "y": [2, 1]}), x="x", y="y")
    mlflow.log_figure(scatter.get_figure(), "plots/scatter.png")
    grid = seaborn.pairplot(pd.DataFrame({"x": [1, 2, 3], "y": [2, 1, 3]}))
    mlflow.log_figure(grid.figure, "plots/pairs.png")
    plt.close("all")
    for name in ["line", "scatter", "pairs"]:
        assert min(load_image(f"{run.artifact_uri}/plots/{name}.png").size) > 100
    assert "<svg" in load_text(f"{run.artifact_uri}/plots/line.svg")


def test_tables(run):
    mlflow.log_table({"question": ["a", "b"], "score": [1, 2]}, artifact_file="eval/table.json")
    mlflow.log_table(pd.DataFrame({"question": ["c"], "score": [3]}), artifact_file="eval/table.json")
    one = mlflow.load_table("eval/table.json", run_ids=[run.run_id])
    assert (list(one.question), list(one.score)) == (["a", "b", "c"], [1, 2, 3])
    found = mlflow.load_table("eval/table.json", extra_columns=["run_id"])
    assert set(found.run_id) == {run.run_id}
    tag = json.loads(mlflow.get_run(run.run_id).data.tags["mlflow.loggedArtifacts"])
    assert tag == [{"path": "eval/table.json", "type": "table"}]


def test_odd_names_and_an_empty_file(run, client, tmp_path):
    for name in ODD_NAMES:
        (tmp_path / name).write_text(name)
        mlflow.log_artifact(tmp_path / name, "odd dir+ü")
    mlflow.log_text("", "empty.txt")
    assert sorted(path for path, _, _ in paths(client, run, "odd dir+ü")) == sorted(f"odd dir+ü/{name}" for name in ODD_NAMES)
    for name in ODD_NAMES:
        got = client.download_artifacts(run.run_id, f"odd dir+ü/{name}")
        assert open(got).read() == name
    assert {path: size or 0 for path, _, size in paths(client, run)}["empty.txt"] == 0  # MLflow leaves a zero out
    assert os.path.getsize(client.download_artifacts(run.run_id, "empty.txt")) == 0


def test_200_mb_up_and_down(run, tmp_path):
    file, block, digest = tmp_path / "large.bin", os.urandom(1 << 20), hashlib.sha256()
    with open(file, "wb") as out:
        for n in range(200):
            part = n.to_bytes(4) + block[4:]
            out.write(part)
            digest.update(part)
    mlflow.log_artifact(file)
    got = download_artifacts(run_id=run.run_id, artifact_path="large.bin", dst_path=str(tmp_path / "back"))
    assert os.path.getsize(got) == 200 << 20
    assert hashlib.file_digest(open(got, "rb"), "sha256").digest() == digest.digest()
    file.unlink()
    os.unlink(got)


def test_deleting(run, client):
    mlflow.log_text("x", "keep/a.txt")
    mlflow.log_text("x", "drop/b.txt")
    mlflow.log_text("x", "drop/c/d.txt")
    repository = get_artifact_repository(run.artifact_uri)
    repository.delete_artifacts("drop/b.txt")
    assert paths(client, run, "drop") == [("drop/c", True, None)]
    repository.delete_artifacts("drop")
    assert [path for path, _, _ in paths(client, run)] == ["keep"]
    with pytest.raises(Exception):
        client.download_artifacts(run.run_id, "drop/b.txt")
    with pytest.raises(Exception):
        mlflow.artifacts.load_text(f"{run.artifact_uri}/never.txt")


HOSTILE = ["../x", "%2e%2e/x", "%2e%2e%2fx", "a/..%2f..%2fx", "%252e%252e%252fx", "a/../../x", "%2fetc%2fpasswd", "//etc/passwd"]


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths_are_refused(path):
    for method in ["GET", "PUT", "DELETE"]:
        status, _ = as_written(method, f"/api/2.0/mlflow-artifacts/artifacts/{path}", b"x" if method == "PUT" else None)
        assert 300 <= status < 500, (method, path, status)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "%2e%2e/x"])
def test_hostile_folders_are_refused(run, client, path):
    with pytest.raises(requests.HTTPError, match="Invalid path"):
        client.list_artifacts(run.run_id, path)
    answer = api("GET", "artifacts/list", params={"run_id": run.run_id, "path": path})
    assert (*error_of(answer), answer.json()["message"]) == (400, "INVALID_PARAMETER_VALUE", "Invalid path")


def test_artifact_requests_of_a_browser(run):
    mlflow.log_text("<b>hi</b>", "page.html")
    answer = api("GET", "get-artifact", prefix="/", params={"run_id": run.run_id, "path": "page.html"})
    assert (answer.status_code, answer.text) == (200, "<b>hi</b>")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    listed = api("GET", "artifacts/list", params={"run_id": run.run_id}).json()
    assert listed == {"root_uri": run.artifact_uri, "files": [{"path": "page.html", "is_dir": False, "file_size": 9}]}
