"""A resumed training remembers what it knew."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")


def test_a_resumed_training_still_says_that_no_epoch_was_better(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from ignite.engine import Engine

    from coconet_med.bundle.session import Session

    net = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def trained(epochs: int, best: float, *, resume: bool) -> str:
        """What is said by a training whose best figure is ``best`` after all ``epochs``; it began with 0.8."""
        trainer, evaluator = Engine(lambda *_: None), Engine(lambda *_: None)
        trainer.data_loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(1)))
        trainer.state.max_epochs, trainer.state.epoch_length = epochs, 1
        evaluator.state.best_metric, evaluator.state.best_metric_epoch = 0.8, 1
        evaluator.run = lambda *_: None
        plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
        Session(
            trainer=trainer, evaluator=evaluator, network=net, optimizer=optimizer, lr_scheduler=plan, handlers=(),
            ckpt_dir=tmp_path, resume=resume, baseline=True,
        ).begin()  # fmt: skip
        (tmp_path / "model.pt").touch()
        trainer.add_event_handler("EPOCH_STARTED", lambda: setattr(evaluator.state, "best_metric", best))
        trainer.run([0], max_epochs=epochs, epoch_length=1)
        return capsys.readouterr().err

    assert "no epoch was better" in trained(1, 0.8, resume=False)
    assert "no epoch was better" in trained(2, 0.8, resume=True)
    assert "no epoch was better" not in trained(3, 0.9, resume=True)
