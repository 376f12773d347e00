"""search_runs into pandas: the grammar, orders, views and pages."""

import math

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowException
from mlflow.entities import Metric, Param, RunTag, ViewType

RUNS = [
    {"name": "a", "metrics": {"acc": 0.9, "n": 1}, "params": {"model": "Tree", "only": "a"}, "tags": {"kind": "One"}},
    {"name": "b", "metrics": {"acc": 0.5, "n": 2}, "params": {"model": "tree_2"}, "tags": {"kind": "two"}},
    {"name": "c", "metrics": {"acc": math.nan, "n": 3}, "params": {"model": "C+W"}, "tags": {}},
    {"name": "d", "metrics": {"n": 4}, "params": {"model": "L'Hosp"}, "tags": {"odd key": "x"}},
    {"name": "e", "metrics": {"acc": -math.inf, "n": 5}, "params": {}, "tags": {"kind": "three"}},
]


@pytest.fixture
def ids(experiment, client):
    """Five runs, a to e, started a second apart."""
    made = {}
    for second, run in enumerate(RUNS):
        run_id = client.create_run(experiment.experiment_id, start_time=1_000_000 + second, run_name=run["name"]).info.run_id
        client.log_batch(
            run_id,
            [Metric(key, value, 1, 0) for key, value in run["metrics"].items()],
            [Param(*pair) for pair in run["params"].items()],
            [RunTag(*pair) for pair in run["tags"].items()],
        )
        client.set_terminated(run_id, "FAILED" if run["name"] == "b" else "FINISHED")
        made[run["name"]] = run_id
    return made


def found(question="", **more):
    return "".join(mlflow.search_runs(filter_string=question, **more).get("tags.mlflow.runName", []))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("", "edcba"),
        ("metrics.acc > 0.4", "ba"),
        ("metrics.acc>=0.9", "a"),
        ("metric.n != 3 and metrics.n < 5", "dba"),
        ("params.model = 'Tree'", "a"),
        ("params.model != 'Tree'", "dcb"),
        ("params.model LIKE 'tree%'", "b"),
        ("params.model ILIKE 'tree%'", "ba"),
        ("params.model LIKE 'tree_2'", "b"),
        ("params.model LIKE 'C+W'", "c"),
        ('params.model = "L\'Hosp"', "d"),
        ("params.only IS NULL", "edcb"),
        ("params.only IS NOT NULL", "a"),
        ("tags.kind != 'two'", "ea"),
        ("tags.kind IS NULL", "dc"),
        ("tags.`odd key` = 'x'", "d"),
        ('tag."odd key" ILIKE \'X\'', "d"),
        ("attributes.status = 'FAILED'", "b"),
        ("status != 'FAILED'", "edca"),
        ("run_name = 'c'", "c"),
        ("attributes.run_name LIKE '%'", "edcba"),
        ("attribute.start_time >= 1000003", "ed"),
        ("created < 1000001", "a"),
        ("metrics.n > 1 AND params.model ILIKE '%tree%' AND tags.kind = 'two' AND status = 'FAILED'", "b"),
        ("metrics.never > 0", ""),
    ],
)
def test_filters(ids, question, expected):
    assert found(question) == expected


def test_filters_by_run_ids(ids):
    assert found(f"run_id = '{ids['c']}'") == "c"
    assert found(f"run_id IN ('{ids['a']}', '{ids['d']}')") == "da"
    assert found(f"run_id NOT IN ('{ids['a']}', '{ids['d']}')") == "ecb"


def test_filters_by_data_sets(experiment):
    for name, context in [("train-set", "training"), ("eval-set", "evaluation")]:
        data = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2, len(name)]}), name=name)
        with mlflow.start_run(run_name=name[0]):
            mlflow.log_input(data, context=context)
    assert found("datasets.name = 'train-set'") == "t"
    assert found("dataset.name LIKE '%-set'") == "et"
    assert found(f"datasets.digest = '{data.digest}'") == "e"
    assert found("datasets.context = 'training'") == "t"
    assert found("datasets.name IN ('eval-set', 'none')") == "e"
    assert found("datasets.name = 'eval-set' AND datasets.context = 'training'") == ""


def test_orders(ids):
    assert found(order_by=["metrics.acc ASC"]) == "ebacd"  # -inf first; nan after every number; missing last
    assert found(order_by=["metrics.acc DESC"]) == "abecd"
    assert found(order_by=["metrics.n aSc"]) == "abcde"
    assert found(order_by=["params.model ASC"])[-1] == "e"
    assert found(order_by=["tags.kind DESC"]) == "beadc"
    assert found(order_by=["attributes.start_time ASC"]) == "abcde"
    assert found(order_by=["attributes.status ASC", "metrics.n DESC"]) == "bedca"
    assert found(order_by=["tags.noSuchTag"]) == "edcba"


def test_views(ids):
    mlflow.delete_run(ids["c"])
    assert found() == "edba"
    assert found(run_view_type=ViewType.DELETED_ONLY) == "c"
    assert found(run_view_type=ViewType.ALL) == "edcba"


def test_the_data_frame(ids, experiment):
    frame = mlflow.search_runs(experiment_names=[experiment.name], max_results=3)
    assert list(frame.run_id) == [ids["e"], ids["d"], ids["c"]]
    assert set(frame.columns) >= {"run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time", "metrics.n"}
    assert list(frame["metrics.n"]) == [5.0, 4.0, 3.0]
    assert frame["metrics.acc"][0] == -np.finfo(float).max or frame["metrics.acc"][0] == -math.inf
    assert math.isnan(frame["metrics.acc"][1]) and pd.isna(frame["params.model"][0])
    runs = mlflow.search_runs(search_all_experiments=True, filter_string=f"run_id = '{ids['a']}'", output_format="list")
    assert [run.info.run_id for run in runs] == [ids["a"]]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("metrics.acc > 1 OR metrics.acc < 0", "Invalid clause"),
        ("metrics.acc > 1 AND (metrics.n < 0)", "Invalid clause"),
        ("params.model ~ 'a'", "Invalid"),
        ("params.model > 'a'", "Invalid comparator"),
        ("m.acc >= 0.94", "Invalid entity type"),
        ("acc >= 0.94", "Invalid attribute key"),
        ("metrics.acc = '5'", "Expected numeric value type for metric"),
        ("params.model = 5", "Expected a quoted string value for param"),
        ("params.model = LR", "value is either not quoted or unidentified quote types"),
        ("a = 'x'; b = 'y'", "Search filter contained multiple expression"),
        ("metrics.acc IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params"),
    ],
)
def test_refused_questions(experiment, question, words):
    with pytest.raises(MlflowException) as error:
        mlflow.search_runs(filter_string=question)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    assert words in error.value.message


def test_refused_orders_and_tokens(experiment, client):
    for order in ["metrics.acc ACS", "metrics.A != 1"]:
        with pytest.raises(MlflowException, match="Invalid order"):
            mlflow.search_runs(order_by=[order])
    with pytest.raises(MlflowException, match="Invalid page token"):
        client.search_runs([experiment.experiment_id], page_token="not a token")
    with pytest.raises(MlflowException, match="Invalid value 123456789 for parameter 'max_results' supplied"):
        client.search_runs([experiment.experiment_id], max_results=123456789)


def test_pages_while_runs_are_added(experiment, client):
    made = [client.create_run(experiment.experiment_id, start_time=1000 + n).info.run_id for n in range(18)]
    pages, token = [], None
    while True:
        page = client.search_runs([experiment.experiment_id], max_results=4, order_by=["start_time ASC"], page_token=token)
        pages.append([run.info.run_id for run in page])
        if not page.token:
            break
        token = page.token
        client.create_run(experiment.experiment_id, start_time=900_000 + len(pages))
    seen = sum(pages, [])
    assert len(pages) > 4 and all(len(page) <= 4 for page in pages)
    assert len(set(seen)) == len(seen)
    assert seen[:18] == made


@pytest.mark.tailrace_only(reason="MLflow pages by offset, and shows rows again when newer ones come first")
def test_pages_newest_first_while_runs_are_added(experiment, client):
    made = [client.create_run(experiment.experiment_id, start_time=1000 + n).info.run_id for n in range(18)]
    seen, token = [], None
    while True:
        page = client.search_runs([experiment.experiment_id], max_results=4, page_token=token)
        seen += [run.info.run_id for run in page]
        if not page.token:
            break
        token = page.token
        client.create_run(experiment.experiment_id, start_time=900_000 + len(seen))
    assert seen == made[::-1]
