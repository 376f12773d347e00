"""`tailrace import mlflow` from a real MLflow server of its own: what MlflowClient reads is the same on both sides."""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import Metric, ViewType
from sklearn.linear_model import LogisticRegression

from conftest import AGAINST_MLFLOW, TOKEN, URL

pytestmark = pytest.mark.skipif(AGAINST_MLFLOW, reason="imports into Tailrace")
ROOT = Path(__file__).parents[2]
MARKS = "tailrace.import."


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A server with sqlite, filled once."""
    home = tmp_path_factory.mktemp("mlflow-source")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_TRACKING")}
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--workers", "1"]
    command += ["--artifacts-destination", f"{home}/artifacts", "--host", "127.0.0.1", "--port", str(port)]
    with open(home / "log", "w") as log:
        server = subprocess.Popen(command, cwd=home, env={**env, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if requests.get(f"{url}/health", timeout=5).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.2)
        before = mlflow.get_tracking_uri()
        token = os.environ.pop("MLFLOW_TRACKING_TOKEN", None)
        mlflow.set_tracking_uri(url)
        fill(MlflowClient(url))
        mlflow.set_tracking_uri(before)
        if token is not None:
            os.environ["MLFLOW_TRACKING_TOKEN"] = token
        yield url
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the imports remember what is done."""
    return tmp_path_factory.mktemp("import")


def fill(client):
    for n in range(3):
        experiment = mlflow.set_experiment(f"import {n}")
        client.set_experiment_tag(experiment.experiment_id, "team", f"t{n}")
        for r in range(2):
            fill_parent(client, n, r)
    fill_registry(client)
    with mlflow.start_run(run_name="failed") as run:
        pass
    client.set_terminated(run.info.run_id, "FAILED", 1_900_000_000_000)
    with mlflow.start_run(run_name="gone") as run:
        mlflow.log_metric("x", 1)
    client.delete_run(run.info.run_id)
    gone = client.create_experiment("import gone")
    client.log_metric(client.create_run(gone).info.run_id, "m", 1.0)
    client.delete_experiment(gone)


def fill_parent(client, n, r):
    with mlflow.start_run(run_name=f"parent {n}.{r}", tags={"kind": "sweep"}):
        mlflow.log_params({f"p{i}": i / 3 for i in range(20)})
        for child in range(1 + r % 2):
            with mlflow.start_run(run_name=f"child {child}", nested=True) as run:
                now = int(time.time() * 1000)
                for at in range(0, 3000 if r == 1 else 1000, 1000):
                    points = [Metric("loss", math.exp(-s / 500), now + s, s) for s in range(at, at + 1000)]
                    client.log_batch(run.info.run_id, metrics=points)
                mlflow.log_metrics({"acc": 0.5 + child, "odd": float("nan"), "big": float("inf")})
        figure, axes = plt.subplots()
        axes.plot([1, 2, 3])
        mlflow.log_figure(figure, f"plots/deep/figure {r}.png")
        plt.close(figure)
        mlflow.log_text("hällo\n" * 1000, "notes/ü 100%.txt")
        mlflow.log_text("", "empty.txt")
        mlflow.log_input(mlflow.data.from_numpy(np.random.rand(10, 2), targets=np.arange(10)), context="training")


def fill_registry(client):
    with mlflow.start_run(run_name="trainer") as run:
        x = np.random.rand(100, 3)
        model = LogisticRegression().fit(x, x[:, 0] > 0.5)
        for v in range(3):
            info = mlflow.sklearn.log_model(model, name=f"clf{v}", registered_model_name="import churn", params={"C": 1}, pip_requirements=[])
            mlflow.log_metric("val", 0.9 + v / 100, model_id=info.model_id, step=v)
    client.delete_model_version("import churn", "2")
    source = f"runs:/{run.info.run_id}/other"
    client.create_model_version("import churn", source, run_id=run.info.run_id, tags={"t": "1"}, description="a version")
    client.set_registered_model_alias("import churn", "champion", "3")
    client.set_registered_model_alias("import churn", "old", "1")
    client.transition_model_version_stage("import churn", "3", "Production")
    client.transition_model_version_stage("import churn", "1", "Staging")
    client.update_registered_model("import churn", "who leaves")
    client.set_registered_model_tag("import churn", "owner", "ada")


def bring(source, folder, *flags, code=0):
    """One import, with the state file of a folder; answers its report."""
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [str(node) if node.exists() else shutil.which("node"), str(ROOT / "bin" / "tailrace.mjs"), "import", "mlflow"]
    command += ["--url", source, "--json", *flags]
    env = {**os.environ, "TAILRACE_URL": URL, "TAILRACE_TOKEN": TOKEN, "MLFLOW_TRACKING_TOKEN": ""}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stderr + done.stdout
    return json.loads(done.stdout)


def experiments(client):
    found = client.search_experiments(view_type=ViewType.ALL, filter_string="name LIKE 'import%'")
    return {one.name: one for one in found}


def runs(client, experiment):
    return client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=1000)


def shown(client, run, names):
    """All that a run shows, without what must differ: ids, and the marks of the import."""
    tags = {k: v for k, v in run.data.tags.items() if not k.startswith(MARKS) and k != "mlflow.parentRunId"}
    parent = run.data.tags.get("mlflow.parentRunId")
    histories = {
        key: [(m.step, m.timestamp, repr(m.value).replace("inf", "1.7976931348623157e+308")) for m in client.get_metric_history(run.info.run_id, key)]
        for key in run.data.metrics
    }
    info = run.info
    return {
        "info": (info.run_name, info.status, info.start_time, info.end_time, info.user_id, info.lifecycle_stage),
        "params": run.data.params,
        "tags": tags,
        "parent": parent and names[parent],
        "histories": {key: sorted(points) for key, points in histories.items()},
        "datasets": [(d.dataset.name, d.dataset.digest, [(t.key, t.value) for t in d.tags]) for d in run.inputs.dataset_inputs],
        "outputs": len(run.outputs.model_outputs) if run.outputs else 0,
    }


def files(client, run_id, path=None):
    found = {}
    for file in client.list_artifacts(run_id, path):
        found.update(files(client, run_id, file.path) if file.is_dir else {file.path: file.file_size or 0})
    return found


def compare(there, here):
    theirs, ours = experiments(there), experiments(here)
    assert set(theirs) == set(ours)
    count = 0
    for name, experiment in theirs.items():
        assert experiment.lifecycle_stage == ours[name].lifecycle_stage
        assert experiment.tags.items() <= ours[name].tags.items()
        left = runs(there, experiment)
        right = {run.data.tags[f"{MARKS}run_id"]: run for run in runs(here, ours[name])}
        assert {run.info.run_id for run in left} == set(right)
        their_names = {run.info.run_id: run.info.run_name for run in left}
        our_names = {run.info.run_id: run.info.run_name for run in right.values()}
        for run in left:
            other = right[run.info.run_id]
            assert shown(there, run, their_names) == shown(here, other, our_names)
            assert files(there, run.info.run_id) == files(here, other.info.run_id)
            count += 1
    return count


def test_everything_is_there_twice_is_once(source, folder):
    there, here = MlflowClient(source, source), MlflowClient()
    report = bring(source, folder)
    assert report["complete"] and report["counts"]["runs"]["made"] == 19
    assert {run["made"] for run in bring(source, folder)["counts"].values()} == {0}
    # a lost state file makes nothing twice
    (folder / "elsewhere").mkdir()
    again = bring(source, folder / "elsewhere")
    assert {again["counts"][kind]["made"] for kind in ("experiments", "runs", "files", "loggedModels", "models", "versions")} == {0}
    assert compare(there, here) == report["counts"]["runs"]["made"]


def test_registry(source, folder):
    there, here = MlflowClient(source, source), MlflowClient()
    bring(source, folder)  # changes nothing, unless this test runs alone
    theirs, ours = there.get_registered_model("import churn"), here.get_registered_model("import churn")
    assert (ours.description, ours.aliases) == (theirs.description, theirs.aliases)
    assert theirs.tags.items() <= ours.tags.items()
    left = {v.version: v for v in there.search_model_versions("name='import churn'")}
    right = {v.version: v for v in here.search_model_versions("name='import churn'")}
    assert set(map(int, left)) == set(map(int, right)) == {1, 3, 4}
    for number, version in right.items():
        other = left[type(next(iter(left)))(number)]
        assert (version.current_stage, version.description or "") == (other.current_stage, other.description or "")
        assert here.get_run(version.run_id).data.tags[f"{MARKS}run_id"] == other.run_id
    model = mlflow.sklearn.load_model("models:/import churn@champion")
    assert model.predict(np.random.rand(2, 3)).shape == (2,)
    logged = {m.name: m for m in here.search_logged_models([here.get_experiment_by_name("import 2").experiment_id])}
    assert set(logged) == {"clf0", "clf1", "clf2"}
    original = there.search_logged_models([there.get_experiment_by_name("import 2").experiment_id])
    for model in original:
        points = sorted((m.key, m.step, m.value) for m in model.metrics)
        assert points and points == sorted((m.key, m.step, m.value) for m in logged[model.name].metrics)
        assert logged[model.name].params == model.params


def test_what_grew_is_added(source, folder):
    there, here = MlflowClient(source, source), MlflowClient()
    bring(source, folder)
    experiment = there.get_experiment_by_name("import 0")
    run = there.create_run(experiment.experiment_id, run_name="late")
    for n in range(2):
        there.log_metric(run.info.run_id, "m", n, step=n, timestamp=1000 + n)
        report = bring(source, folder)
        assert report["complete"]
        ours = here.search_runs([here.get_experiment_by_name("import 0").experiment_id], f"tags.`{MARKS}run_id` = '{run.info.run_id}'")
        assert [p.value for p in here.get_metric_history(ours[0].info.run_id, "m")] == list(range(n + 1))
        assert ours[0].info.status == "RUNNING"
    there.set_terminated(run.info.run_id)
