"""What MLflow's clients say of git and of environments becomes nodes of lineage: commits, uncommitted changes, files that pin packages."""

import hashlib
import os
import subprocess
import sys
import time
import warnings

import mlflow
import pytest
from conftest import api
from mlflow.genai.git_versioning import disable_git_model_versioning
from sklearn.linear_model import LogisticRegression

pytestmark = pytest.mark.tailrace_only(reason="MLflow has no graph of lineage")

TRAIN = """
import mlflow
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.1)
    print(run.info.run_id)
"""
UPSTREAM = """query ($id: ID!) { lineage(id: $id, direction: upstream, depth: 5) {
  nodes { id kind label } edges { from to relation } } }"""


def git(folder, *words):
    subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit, whose remote has a token in its URL; the working directory of the test."""
    git(tmp_path, "init", "--initial-branch", "main")
    (tmp_path / "train.py").write_text(TRAIN)
    git(tmp_path, "add", "train.py")
    git(tmp_path, "-c", "user.name=ada", "-c", "user.email=ada@example.org", "commit", "-m", "first")
    git(tmp_path, "remote", "add", "origin", "https://ada:a-secret@git.example.org/team/penguins.git")
    head = subprocess.run(["git", "-C", tmp_path, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return tmp_path, head.stdout.strip()


def graphql(query, **variables):
    answer = api("POST", "graphql", prefix="/", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def edges_when(node, fits):
    """Edges of what a node rests on, as soon as they are as they should be."""
    for _ in range(100):
        try:
            graph = graphql(UPSTREAM, id=node)["lineage"]
            edges = {(e["from"], e["relation"], e["to"]) for e in graph["edges"]}
            if fits(edges):
                return edges, graph["nodes"]
        except AssertionError:
            pass  # it is not drawn yet
        time.sleep(0.2)
    raise AssertionError(f"lineage of {node} is not as it should be")


def test_a_run_of_a_script_rests_on_its_commit(repository, experiment):
    folder, commit = repository
    script = str(folder / "train.py")
    env = {**os.environ, "MLFLOW_EXPERIMENT_ID": experiment.experiment_id}
    ran = subprocess.run([sys.executable, script], env=env, check=True, capture_output=True, text=True)
    run = f"run_{ran.stdout.strip().splitlines()[-1]}"
    whole = f"code:https://git.example.org/team/penguins.git@{commit}"
    program = f"code:{script}@{commit}"
    edges, nodes = edges_when(run, lambda edges: (run, "ran", program) in edges)
    assert (program, "part_of", whole) in edges
    assert "a-secret" not in str(nodes)


def test_a_git_versioned_model_rests_on_its_commit_and_its_uncommitted_changes(repository, experiment):
    folder, commit = repository
    whole = f"code:https://git.example.org/team/penguins.git@{commit}"
    with open(folder / "train.py", "a") as file:
        file.write("print('changed')\n")
    with mlflow.genai.enable_git_model_versioning() as context:
        model, diff = context.active_model, context.info.diff
    node = f"lgm_{model.model_id[2:]}"
    changes = f"diff:{hashlib.sha256(diff.encode()).hexdigest()}"
    edges, nodes = edges_when(node, lambda edges: (node, "built_with", changes) in edges)
    assert (changes, "changes", whole) in edges
    assert "changed')" not in str(nodes) and "a-secret" not in str(nodes)
    # The same commit with other changes is the same model for MLflow, which updates its tags.
    with open(folder / "train.py", "a") as file:
        file.write("print('once more')\n")
    with mlflow.genai.enable_git_model_versioning() as context:
        assert context.active_model.model_id == model.model_id
        again = f"diff:{hashlib.sha256(context.info.diff.encode()).hexdigest()}"
    assert again != changes
    edges_when(node, lambda edges: {(node, "built_with", changes), (node, "built_with", again)} <= edges)


def test_a_registered_model_is_locked_by_its_environment_files(experiment, unique):
    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    name = unique("model")
    with mlflow.start_run(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info = mlflow.sklearn.log_model(fitted, name="m", registered_model_name=name, pip_requirements=["scikit-learn"])
    node = f"lgm_{info.model_id[2:]}"
    query = "query ($id: ID!) { impactOf(id: $id) { nodes { id kind } } }"
    edges_when(node, lambda edges: len(edges) > 0)
    versions = []
    for _ in range(100):
        versions = [n["id"] for n in graphql(query, id=node)["impactOf"]["nodes"] if n["kind"] == "model_version"]
        if versions:
            break
        time.sleep(0.2)
    pins = hashlib.sha256(open(f"{mlflow.artifacts.download_artifacts(info.model_uri)}/requirements.txt", "rb").read()).hexdigest()
    edges, nodes = edges_when(versions[0], lambda edges: (versions[0], "locked_by", f"lockfile:{pins}") in edges)
    assert (f"lockfile:{pins}", "stored_as", pins) in edges
    labels = {n["label"] for n in nodes if n["kind"] == "lockfile"}
    assert {"requirements.txt", "conda.yaml", "python_env.yaml"} <= labels
