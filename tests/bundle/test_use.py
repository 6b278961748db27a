"""What users of the bundle do in Python, and what its training is told of persons and feature spaces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')

import torch
from bundle_cases import BUNDLE, write_weights

from coconet_med.bundle import objective as module
from coconet_med.bundle.datalist import split_pairs
from coconet_med.bundle.objective import Objective
from coconet_med.bundle.patches import TellPersond
from coconet_med.errors import OptionError
from coconet_med.network import CoCoNet, build_network

pytestmark = pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import shutil

    copy = tmp_path_factory.mktemp("use") / BUNDLE.name
    shutil.copytree(BUNDLE, copy, ignore=shutil.ignore_patterns("models"))
    (copy / "models").mkdir()
    write_weights(copy / "models" / "model.pt")
    return copy


def test_the_example_of_the_readme_gives_what_fuse_computes(bundle: Path):
    page = (BUNDLE / "docs" / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names: dict = {}
    exec(block.replace("PARENT_OF_BUNDLE", bundle.parent.as_posix()), names)
    net = build_network("light")
    net.load_state_dict(torch.load(bundle / "models" / "model.pt", weights_only=True))
    with torch.no_grad():
        expected, trained = net.eval()(names["image"]), net.train()(names["image"])
    torch.testing.assert_close(names["pred"].cpu(), expected, atol=1e-4, rtol=0)
    assert (trained - expected).abs().max() > 0.01  # what .eval() is for


def test_a_resumed_training_still_says_that_no_epoch_was_better(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from ignite.engine import Engine

    from coconet_med.bundle.session import Session

    net = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def trained(epochs: int, best: float, *, resume: bool) -> str:
        """What is said by a training whose best figure is ``best`` after all ``epochs``; it began with 0.8."""
        trainer, judge = Engine(lambda *_: None), Engine(lambda *_: None)
        trainer.data_loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(1)))
        trainer.state.max_epochs, trainer.state.epoch_length = epochs, 1
        judge.state.best_metric, judge.state.best_metric_epoch = 0.8, 1
        judge.run = lambda *_: None
        plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
        Session(
            trainer=trainer, evaluator=judge, network=net, optimizer=optimizer, lr_scheduler=plan, handlers=(),
            ckpt_dir=tmp_path, resume=resume, baseline=True,
        ).begin()  # fmt: skip
        (tmp_path / "model.pt").touch()
        trainer.add_event_handler("EPOCH_STARTED", lambda: setattr(judge.state, "best_metric", best))
        trainer.run([0], max_epochs=epochs, epoch_length=1)
        return capsys.readouterr().err

    assert "no epoch was better" in trained(1, 0.8, resume=False)
    assert "no epoch was better" in trained(2, 0.8, resume=True)
    assert "no epoch was better" not in trained(3, 0.9, resume=True)


def test_loading_weights_of_another_width_fails(bundle: Path):
    from monai.bundle import load

    with pytest.raises(RuntimeError, match=r"only \d+ of \d+ tensors fit"):
        load(BUNDLE.name, bundle_dir=str(bundle.parent), net_override={"name": "full"}, device="cpu")


def test_a_mixture_of_weights_is_refused_and_whole_ones_are_not():
    wide, narrow = CoCoNet(width=4), CoCoNet(width=2)
    mixed = wide.state_dict() | {k: v for k, v in narrow.state_dict().items() if v.shape == wide.state_dict()[k].shape}
    with pytest.raises(RuntimeError, match="another kind or width"):
        wide.load_state_dict(mixed)
    wide.load_state_dict(wide.state_dict())
    wide.load_state_dict(CoCoNet(width=4).state_dict())


def test_slices_say_whom_they_show_and_negatives_are_of_others(monkeypatch: pytest.MonkeyPatch):
    pairs = split_pairs([{"id": one} for one in ("a_1", "a_2", "b_1", "c_1", "d_1", "e_1")], "train")
    assert [pair["person"] for pair in pairs] == ["a", "a", "b", "c", "d"]
    labels = torch.stack(
        [TellPersond("label")({"label": torch.rand(2, 32, 32), "person": p["person"]})["label"] for p in pairs]
    )
    assert labels.shape == (5, 3, 32, 32)
    seen = []
    objective = Objective(contrast=1.0)
    forward = objective.contrast.forward
    monkeypatch.setattr(
        objective.contrast, "forward", lambda f, i, **k: seen.append((i.shape[1], k["persons"])) or forward(f, i, **k)
    )
    assert torch.isfinite(objective(torch.rand(5, 1, 32, 32), labels))
    ((channels, persons),) = seen
    assert channels == 2
    assert persons[0] == persons[1]
    assert len(set(persons)) == 4


def test_the_feature_space_of_the_objective_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    torch.save(CoCoNet(width=2).state_dict(), tmp_path / "net.pt")
    assert Objective(contrast=1.0, space="branch", space_path=str(tmp_path / "net.pt")).contrast.space.name == "branch"
    assert Objective(contrast=1.0).contrast.space.name == "gabor"
    with pytest.raises(OptionError, match="choose vgg19"):
        Objective(contrast=1.0, space="none")
    assert module.Objective(space="none").contrast is None


def test_the_training_says_nothing_of_the_affine_of_each_slice(bundle: Path, tmp_path: Path):
    """MONAI calls the affine of a slice without its axis ill-posed; warnings are errors here."""
    from bundle_cases import write_pairs
    from monai.bundle import ConfigParser

    write_pairs(tmp_path)
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "train.json"))
    parser.update({"bundle_root": str(bundle), "dataset_dir": str(tmp_path), "size": 32, "slices_per_case": 2})
    chain = parser.get_parsed_content("train#preprocessing")
    made = chain(split_pairs(parser.get_parsed_content("pairs"), "train")[0])
    assert [one["image"].shape for one in made] == [(2, 32, 32)] * 2
    assert [one["label"].shape for one in made] == [(3, 32, 32)] * 2
