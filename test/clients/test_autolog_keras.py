"""Autologging of Keras 3, and the metrics of the machine while a run goes on."""

import time

import keras
import mlflow
import numpy as np
import pytest


@pytest.fixture
def autolog():
    mlflow.keras.autolog(silent=True)
    yield
    mlflow.keras.autolog(disable=True, silent=True)


def test_training_epochs(experiment, client, autolog):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(64, 4)).astype("float32")
    y = (X.sum(axis=1) > 0).astype("int32")
    model = keras.Sequential([keras.Input([4]), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, optimizer=keras.optimizers.Adam(0.05), metrics=["accuracy"])
    with mlflow.start_run() as run:
        history = model.fit(X, y, batch_size=16, epochs=3, validation_data=(X, y), verbose=0)
    mlflow.flush_async_logging()
    run_id = run.info.run_id
    got = client.get_run(run_id)
    assert (got.data.params["epochs"], got.data.params["batch_size"]) == ("3", "16")
    assert got.data.params["optimizer_name"] == "adam"
    for key in ["loss", "accuracy", "val_loss"]:
        points = sorted(client.get_metric_history(run_id, key), key=lambda point: point.step)
        assert [point.step for point in points] == [0, 1, 2]
        assert [point.value for point in points] == pytest.approx(history.history[key])
        assert got.data.metrics[key] == pytest.approx(history.history[key][-1])
    assert "Dense" in mlflow.artifacts.load_text(f"{got.info.artifact_uri}/model_summary.txt")
    [data] = got.inputs.dataset_inputs
    assert {tag.key: tag.value for tag in data.tags}["mlflow.data.context"] == "train"
    [output] = got.outputs.model_outputs
    logged = mlflow.get_logged_model(output.model_id)
    assert "loss" in {metric.key for metric in logged.metrics}
    loaded = mlflow.keras.load_model(f"models:/{output.model_id}")
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)


def test_system_metrics(experiment, client):
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    try:
        with mlflow.start_run(log_system_metrics=True) as run:
            time.sleep(2.5)
    finally:
        mlflow.set_system_metrics_sampling_interval(None)
        mlflow.set_system_metrics_samples_before_logging(None)
    metrics = client.get_run(run.info.run_id).data.metrics
    assert 0 < metrics["system/system_memory_usage_percentage"] < 100
    assert metrics["system/cpu_utilization_percentage"] >= 0
    points = client.get_metric_history(run.info.run_id, "system/system_memory_usage_megabytes")
    steps = [point.step for point in points]
    assert len(steps) >= 2 and steps == list(range(len(steps)))
