"""The model registry through its client: models, versions, aliases, stages."""

import mlflow
import pytest
from mlflow import MlflowException


@pytest.fixture
def source(experiment):
    """A run that has a folder to register versions from."""
    with mlflow.start_run() as run:
        mlflow.log_text("x", "model/MLmodel")
    return {"source": f"{run.info.artifact_uri}/model", "run_id": run.info.run_id}


@pytest.fixture
def name(client, unique):
    return client.create_registered_model(unique("model"), tags={"team": "blue"}, description="first").name


def code_of(call, *args, **more):
    with pytest.raises(MlflowException) as error:
        call(*args, **more)
    return error.value.error_code


def test_the_life_of_a_registered_model(client, name, unique):
    got = client.get_registered_model(name)
    assert (got.description, got.tags) == ("first", {"team": "blue"})
    assert got.creation_timestamp <= got.last_updated_timestamp
    assert client.update_registered_model(name, "second").description == "second"
    client.set_registered_model_tag(name, "team", "red")
    client.set_registered_model_tag(name, "gone", "x")
    client.delete_registered_model_tag(name, "gone")
    client.delete_registered_model_tag(name, "never")  # nothing happens
    assert client.get_registered_model(name).tags == {"team": "red"}
    new_name = unique("renamed")
    client.rename_registered_model(name, new_name)  # the client drops the answer
    assert client.get_registered_model(new_name).tags == {"team": "red"}
    assert code_of(client.get_registered_model, name) == "RESOURCE_DOES_NOT_EXIST"
    client.delete_registered_model(new_name)
    assert code_of(client.get_registered_model, new_name) == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.delete_registered_model, new_name) == "RESOURCE_DOES_NOT_EXIST"


def test_refused_names(client, name, unique):
    assert code_of(client.create_registered_model, name) == "RESOURCE_ALREADY_EXISTS"
    other = client.create_registered_model(unique("other")).name
    assert code_of(client.rename_registered_model, other, name) == "RESOURCE_ALREADY_EXISTS"
    for bad in ["", "a/b", "a:b"]:
        assert code_of(client.create_registered_model, bad) == "INVALID_PARAMETER_VALUE"


def test_the_life_of_a_version(client, name, source):
    made = client.create_model_version(name, **source, tags={"k": "v"}, description="one")
    got = client.get_model_version(name, "1")
    assert (made.name, str(made.version), made.status) == (name, "1", "READY")
    assert (got.source, got.run_id, got.description, got.tags) == (source["source"], source["run_id"], "one", {"k": "v"})
    assert got.current_stage == "None"
    assert client.update_model_version(name, "1", "two").description == "two"
    client.set_model_version_tag(name, "1", "k", "w")
    client.set_model_version_tag(name, "1", "gone", "x")
    client.delete_model_version_tag(name, "1", "gone")
    assert client.get_model_version(name, "1").tags == {"k": "w"}
    assert client.get_model_version_download_uri(name, "1") == source["source"]
    assert code_of(client.get_model_version, name, "2") == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.create_model_version, f"{name}-none", **source) == "RESOURCE_DOES_NOT_EXIST"


def test_numbers_are_never_used_again(client, name, source):
    numbers = [int(client.create_model_version(name, **source).version) for _ in range(3)]
    client.delete_model_version(name, "3")
    client.delete_model_version(name, "1")
    numbers.append(int(client.create_model_version(name, **source).version))
    assert numbers == [1, 2, 3, 4]
    assert code_of(client.get_model_version, name, "3") == "RESOURCE_DOES_NOT_EXIST"
    assert sorted(int(found.version) for found in client.search_model_versions(f"name = '{name}'")) == [2, 4]
    with pytest.raises(MlflowException, match="not found"):
        client.update_model_version(name, "3", "x")


def test_aliases(client, name, source):
    for _ in range(2):
        client.create_model_version(name, **source)
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "stable", "1")
    client.set_registered_model_alias(name, "champion", "2")
    assert int(client.get_model_version_by_alias(name, "champion").version) == 2
    assert {alias: int(version) for alias, version in client.get_registered_model(name).aliases.items()} == {"champion": 2, "stable": 1}
    assert client.get_model_version(name, "2").aliases == ["champion"]
    client.delete_registered_model_alias(name, "champion")
    client.delete_registered_model_alias(name, "champion")  # nothing happens
    assert code_of(client.get_model_version_by_alias, name, "champion") == "INVALID_PARAMETER_VALUE"
    client.delete_model_version(name, "1")
    assert client.get_registered_model(name).aliases == {}
    for bad in ["latest", "v7", "a b"]:
        assert code_of(client.set_registered_model_alias, name, bad, "2") == "INVALID_PARAMETER_VALUE"
    assert code_of(client.set_registered_model_alias, name, "x", "9") == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.filterwarnings("ignore")
def test_stages(client, name, source):
    for _ in range(3):
        client.create_model_version(name, **source)
    assert client.transition_model_version_stage(name, "1", "production").current_stage == "Production"
    client.transition_model_version_stage(name, "2", "Staging")
    latest = {found.current_stage: int(found.version) for found in client.get_latest_versions(name)}
    assert latest == {"Production": 1, "Staging": 2, "None": 3}
    assert [int(found.version) for found in client.get_latest_versions(name, ["Production"])] == [1]
    assert client.get_latest_versions(name, ["Archived"]) == []
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    stages = [client.get_model_version(name, number).current_stage for number in "123"]
    assert stages == ["Archived", "Production", "None"]
    client.transition_model_version_stage(name, "2", "None")
    assert code_of(client.transition_model_version_stage, name, "1", "Shelf") == "INVALID_PARAMETER_VALUE"
    assert code_of(client.transition_model_version_stage, name, "9", "Staging") == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.get_latest_versions, name, ["Shelf"]) == "INVALID_PARAMETER_VALUE"


@pytest.mark.tailrace_only(reason="MLflow answers 500 to archive_existing_versions with a stage that nothing is archived for")
@pytest.mark.filterwarnings("ignore")
def test_archiving_for_the_wrong_stage(client, name, source):
    client.create_model_version(name, **source)
    assert code_of(client.transition_model_version_stage, name, "1", "None", True) == "INVALID_PARAMETER_VALUE"


def test_searching_models(client, unique):
    mark = unique("m")
    names = [f"{mark}-{letter}" for letter in "abcDE"]
    for name in names:
        client.create_registered_model(name, tags={"first": name[-1]})

    def search(question, **more):
        return "".join(found.name[-1] for found in client.search_registered_models(question, **more))

    mine = f"name LIKE '{mark}-%'"
    assert sorted(search(mine)) == sorted("abcDE")
    assert search(f"name = '{mark}-b'") == "b"
    assert search(f"name ILIKE '{mark}-d'") == "D" and search(f"name LIKE '{mark}-d'") == ""
    assert search(f"{mine} AND tags.first = 'c'") == "c"
    assert search(f"{mine} AND tags.first != 'c'", order_by=["name DESC"]) == "baED"
    assert search(mine, order_by=["name ASC"]) == "DEabc"
    assert search(mine, order_by=["last_updated_timestamp DESC"], max_results=5)[0] == "E"
    pages, token = [], None
    while True:
        page = client.search_registered_models(mine, max_results=2, order_by=["name ASC"], page_token=token)
        pages.append("".join(found.name[-1] for found in page))
        token = page.token
        if not token:
            break
    assert pages == ["DE", "ab", "c"]
    assert code_of(client.search_registered_models, "colour = 'x'") == "INVALID_PARAMETER_VALUE"
    assert code_of(client.search_registered_models, order_by=["creation_timestamp DESC"]) == "INVALID_PARAMETER_VALUE"


def test_searching_versions(client, name, source, unique):
    other = client.create_registered_model(unique("other")).name
    for number in range(1, 6):
        client.create_model_version(name, **source, tags={"even": str(number % 2 == 0)})
    client.create_model_version(other, **source)

    def search(question, **more):
        return [int(found.version) for found in client.search_model_versions(question, **more)]

    mine = f"name = '{name}'"
    assert search(mine, order_by=["version_number ASC"]) == [1, 2, 3, 4, 5]
    assert search(f"{mine} AND version_number > 3", order_by=["version_number DESC"]) == [5, 4]
    assert search(f"{mine} AND tags.even = 'True'", order_by=["version_number ASC"]) == [2, 4]
    assert search(f"{mine} AND source_path = '{source['source']}'", max_results=2, order_by=["version_number"]) == [1, 2]
    by_run = client.search_model_versions(f"run_id = '{source['run_id']}'")
    assert sorted({found.name for found in by_run}) == sorted([name, other])
    assert len(client.search_model_versions(f"run_id IN ('{source['run_id']}', '{'0' * 32}')")) == 6
    seen, token = [], None
    while True:
        page = client.search_model_versions(mine, max_results=2, order_by=["version_number ASC"], page_token=token)
        seen.append([int(found.version) for found in page])
        token = page.token
        if not token:
            break
    assert seen == [[1, 2], [3, 4], [5]]
    assert code_of(client.search_model_versions, "colour = 'x'") == "INVALID_PARAMETER_VALUE"


def test_copying_a_version(client, name, source, unique):
    made = client.create_model_version(name, **source)
    target = unique("copy")
    copied = client.copy_model_version(f"models:/{name}/{made.version}", target)
    assert (copied.name, int(copied.version)) == (target, 1)
    assert client.get_model_version(target, "1").run_id == source["run_id"]
    assert client.get_model_version_download_uri(target, "1") == source["source"]
