"""Autologging of PyTorch Lightning; collected with `--lightning` only."""

import lightning
import mlflow
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset


class Line(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(x)

    def training_step(self, batch, _):
        x, y = batch
        loss = torch.nn.functional.mse_loss(self(x), y)
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


@pytest.fixture
def autolog():
    mlflow.pytorch.autolog(silent=True)
    yield
    mlflow.pytorch.autolog(disable=True, silent=True)


def test_training_epochs(experiment, client, autolog):
    torch.manual_seed(0)
    x = torch.randn(64, 2)
    data = DataLoader(TensorDataset(x, x.sum(dim=1, keepdim=True)), batch_size=16)
    trainer = lightning.Trainer(max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
    with mlflow.start_run() as run:
        trainer.fit(Line(), data)
    mlflow.flush_async_logging()
    run_id = run.info.run_id
    got = client.get_run(run_id)
    assert (got.info.status, got.data.tags["Mode"]) == ("FINISHED", "training")
    assert (got.data.params["epochs"], got.data.params["optimizer_name"]) == ("3", "SGD")
    points = sorted(client.get_metric_history(run_id, "train_loss"), key=lambda point: point.step)
    assert [point.step for point in points] == [0, 1, 2]
    assert points[0].value > points[2].value == got.data.metrics["train_loss"]
    assert "Linear" in mlflow.artifacts.load_text(f"{got.info.artifact_uri}/model_summary.txt")
    [output] = got.outputs.model_outputs
    loaded = mlflow.pytorch.load_model(f"models:/{output.model_id}")
    assert loaded(x).shape == (64, 1)
