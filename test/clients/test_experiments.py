"""Experiments: their life, their tags, and the search for them."""

import mlflow
import pytest
from mlflow import MlflowException
from mlflow.entities import ViewType


def names(found):
    return [experiment.name for experiment in found]


def test_set_experiment_creates_once(unique):
    name = unique("exp")
    assert mlflow.get_experiment_by_name(name) is None
    first = mlflow.set_experiment(name)
    assert mlflow.set_experiment(name).experiment_id == first.experiment_id
    assert mlflow.set_experiment(experiment_id=first.experiment_id).name == name
    got = mlflow.get_experiment_by_name(name)
    assert (got.experiment_id, got.lifecycle_stage) == (first.experiment_id, "active")
    assert got.creation_time <= got.last_update_time
    assert got.artifact_location.startswith("mlflow-artifacts:/")
    with pytest.raises(MlflowException, match="already exists") as error:
        mlflow.create_experiment(name)
    assert error.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_the_default_experiment():
    assert mlflow.get_experiment("0").name == "Default"


def test_names_of_any_kind(unique):
    for name in [unique("with space/and slash"), unique("ünïcode ☃"), unique("100% 'quoted'")]:
        created = mlflow.create_experiment(name)
        assert mlflow.get_experiment_by_name(name).experiment_id == created


def test_renaming_deleting_restoring(experiment, client, unique):
    key, new_name = experiment.experiment_id, unique("renamed")
    with mlflow.start_run() as run:
        pass
    client.rename_experiment(key, new_name)
    assert client.get_experiment(key).name == new_name
    assert client.get_experiment_by_name(experiment.name) is None
    client.delete_experiment(key)
    assert client.get_experiment(key).lifecycle_stage == "deleted"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="deleted experiment"):
        mlflow.set_experiment(new_name)
    with pytest.raises(MlflowException) as error:
        client.create_experiment(new_name)
    assert error.value.error_code == "RESOURCE_ALREADY_EXISTS"
    client.restore_experiment(key)
    assert client.get_experiment(key).lifecycle_stage == "active"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"


def test_tags(experiment, client):
    mlflow.set_experiment_tags({"team": "blue", "year": 2026})
    client.set_experiment_tag(experiment.experiment_id, "team", "red")
    mlflow.set_experiment_tag("gone", "x")
    client.delete_experiment_tag(experiment.experiment_id, "gone")
    tags = client.get_experiment(experiment.experiment_id).tags
    assert (tags["team"], tags["year"]) == ("red", "2026") and "gone" not in tags
    with pytest.raises(MlflowException) as error:
        client.delete_experiment_tag(experiment.experiment_id, "never")
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_unknown_ids(client):
    with pytest.raises(MlflowException, match="No Experiment with id=987654321 exists") as error:
        client.get_experiment("987654321")
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_search_by_name_tag_and_stage(client, unique):
    mark = unique("mark")
    ids = {}
    for kind in ["Abc", "ab", "a"]:
        ids[kind] = client.create_experiment(f"{kind}-{mark}", tags={"mark": mark, **({"kind": kind} if kind != "a" else {})})
    marked = f"tags.mark = '{mark}'"

    def search(filter_string, **more):
        return [name.removesuffix(f"-{mark}") for name in names(mlflow.search_experiments(filter_string=filter_string, **more))]

    assert search(marked) == ["a", "ab", "Abc"]  # newest first
    assert search(f"{marked} AND name LIKE 'a%'") == ["a", "ab"]
    assert search(f"{marked} AND name ILIKE 'a%'") == ["a", "ab", "Abc"]
    assert search(f"name = 'ab-{mark}'") == ["ab"]
    assert search(f"{marked} AND name != 'ab-{mark}'") == ["a", "Abc"]
    assert search(f"{marked} AND tags.kind != 'ab'") == ["Abc"]
    assert search(f"{marked} AND tags.kind IS NULL") == ["a"]
    assert search(f"{marked} AND tags.kind IS NOT NULL") == ["ab", "Abc"]
    assert search(f"{marked} AND creation_time > 0 AND last_update_time < 1") == []
    assert search(marked, order_by=["name ASC"]) == ["Abc", "a", "ab"]
    assert search(marked, order_by=["name DESC"]) == ["ab", "a", "Abc"]
    assert search(marked, order_by=["experiment_id"]) == ["Abc", "ab", "a"]
    client.delete_experiment(ids["ab"])
    assert search(marked) == ["a", "Abc"]
    assert search(marked, view_type=ViewType.DELETED_ONLY) == ["ab"]
    assert search(marked, view_type=ViewType.ALL, order_by=["creation_time ASC", "experiment_id ASC"]) == ["Abc", "ab", "a"]


def test_paging(client, unique):
    mark = unique("page")
    expected = [f"{mark}-{n}" for n in range(7)]
    for name in expected:
        client.create_experiment(name)
    query = {"filter_string": f"name LIKE '{mark}-%'", "order_by": ["name ASC"], "max_results": 3}
    pages, token = [], None
    while True:
        page = client.search_experiments(page_token=token, **query)
        pages.append(names(page))
        token = page.token
        if not token:
            break
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sum(pages, []) == expected
    assert names(mlflow.search_experiments(filter_string=query["filter_string"], order_by=["name ASC"])) == expected


def test_bad_questions(client):
    for question in ["name = 5", "colour = 'x'", "name LIKE 'a' OR name LIKE 'b'"]:
        with pytest.raises(MlflowException) as error:
            client.search_experiments(filter_string=question)
        assert error.value.error_code == "INVALID_PARAMETER_VALUE"
