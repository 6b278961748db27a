"""The bundle as users run it: each command of its README, from another folder, offline, on the CPU."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')
pytest.importorskip("fire", reason='the command line of monai.bundle needs fire: pip install ".[monai]"')

from bundle_cases import Place, make_place, readme_commands

pytestmark = [
    pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning"),  # MONAI: trust configs before you run them
    pytest.mark.filterwarnings("ignore:.torch.jit.load. is:DeprecationWarning"),  # what bundles still export to
]

COMMANDS = readme_commands()
SMALL = ("--epochs", "1", "--val_interval", "1", "--size", "64", "--slices_per_case", "2")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def fused(place: Place) -> Path:
    """The folder with the results of the inference command."""
    done = place.run(COMMANDS["Inference"])
    assert done.returncode == 0, done.stdout[-3000:]
    return place.work / "out"


def test_the_readme_has_the_commands_that_are_tested_here() -> None:
    assert list(COMMANDS) == [
        "Inference",
        "Fine-tuning from the released weights",
        "Training from random weights",
        "Evaluation",
        "Several GPUs, or several processes on the CPU",
        "Several GPUs, or several processes on the CPU (2)",
        "Export to TorchScript and ONNX",
        "Export to TorchScript and ONNX (2)",
    ]


def test_inference_writes_two_files_for_each_case(fused: Path) -> None:
    names = {f"case-1.{n}_{what}.nii.gz" for n in (0, 1) for what in ("fused", "luminance")}
    assert {path.name for path in fused.iterdir() if path.is_file()} == names


@pytest.mark.parametrize("case", ["case-1.0", "case-1.1"])
def test_fuse_with_each_engine_gives_the_voxels_of_the_bundle(
    place: Place, fused: Path, exported: Path, case: str
) -> None:
    import nibabel as nib
    import SimpleITK as sitk

    from coconet_med import fuse, load_model

    files = {what: nib.load(fused / f"{case}_{what}.nii.gz") for what in ("fused", "luminance")}
    luminance = np.asarray(files["luminance"].dataobj).T
    picture = np.asarray(files["fused"].dataobj)
    color = np.stack([picture[channel] for channel in "RGB"], axis=-1).transpose(2, 1, 0, 3).astype(int)
    assert luminance.std() > 0.01
    assert np.isfinite(luminance).all()
    assert np.allclose(files["fused"].affine, nib.load(place.data / case / "mri.nii.gz").affine, atol=1e-5)
    pair = place.data / case / "mri.nii.gz", place.data / case / "pet.nii.gz"
    engines = {"torch": place.bundle / "models" / "model.pt", "onnx": exported, "openvino": exported}
    for engine, weights in engines.items():
        if engine == "openvino":
            pytest.importorskip("openvino", reason="the two other engines agree; openvino is not installed")
        model = load_model(weights, engine=engine, device="cpu", threads=1)
        result = fuse(*pair, model=model)
        assert np.abs(sitk.GetArrayFromImage(result.luminance) - luminance).max() < 1 / 255, engine
        # Half a gray level of lightness, which bfloat16 may cost, is up to two steps of one of the colors.
        allowed = 2 if model.provenance()["precision"] == "mixed" else 1
        assert np.abs(sitk.GetArrayFromImage(result.color).astype(int) - color).max() <= allowed, engine


def test_fine_tuning_starts_from_the_weights_of_the_bundle_and_leaves_them_alone(place: Place) -> None:
    released = (place.bundle / "models" / "model.pt").read_bytes()
    done = place.run(
        COMMANDS["Fine-tuning from the released weights"], *SMALL, "--output_dir", str(place.work / "tuned")
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Restored all variables" in done.stdout
    assert (place.bundle / "models" / "model.pt").read_bytes() == released
    (events,) = (place.work / "tuned").glob("events.out.tfevents.*")  # of training and validation together
    assert _scalars(events) >= {"train_loss", "val_fidelity", "rho_lp"}
    from coconet_med import load_model

    for name in ("model.pt", "model_last.pt"):  # what training leaves is what --model takes
        assert load_model(place.work / "tuned" / "models" / name, engine="torch", device="cpu").engine.name == "torch"


def test_a_short_training_is_judged_resumed_and_not_mistaken_for_the_next(place: Place) -> None:
    import torch

    out = place.work / "short"
    command, few = COMMANDS["Fine-tuning from the released weights"], ("--size", "64", "--slices_per_case", "2")
    # A training of two epochs that ends after the first, which is no multiple of the two between judgments.
    ended = ("--epochs", "2", "--train#trainer#max_epochs", "1")
    done = place.run(command, *few, *ended, "--output_dir", str(out))
    assert done.returncode == 0, done.stdout[-3000:]
    last = (out / "models" / "model_last.pt").read_bytes()
    assert done.stdout.count("Metrics -- ") == 2  # of the weights that it began with, and of those after the epoch
    assert "\npreparing cases\n" in done.stdout
    assert "validating\n" in done.stdout
    kept = torch.load(out / "models" / "checkpoint.pt", weights_only=True)
    assert kept["epoch"] == 1
    assert kept["optimizer"]["state"]
    done = place.run(
        command, *few, "--epochs", "2", "--val_interval", "1", "--resume", "True", "--output_dir", str(out)
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Epoch[2] Metrics" in done.stdout
    assert "Epoch[1] Metrics" not in done.stdout
    after = torch.load(out / "models" / "checkpoint.pt", weights_only=True)
    assert after["epoch"] == 2
    steps = [next(iter(one["optimizer"]["state"].values()))["step"] for one in (kept, after)]
    assert steps[1] == 2 * steps[0]
    assert after["best"] >= kept["best"]
    # The resumed training is the one that was never cut, up to the rounding of sums: 1e-5 in any weight.
    done = place.run(command, *few, "--epochs", "2", "--output_dir", str(place.work / "whole"))
    assert done.returncode == 0, done.stdout[-3000:]
    whole = torch.load(place.work / "whole" / "models" / "checkpoint.pt", weights_only=True)
    began = torch.load(place.bundle / "models" / "model.pt", weights_only=True)
    for name, weights in whole["model"].items():
        assert torch.allclose(weights.float(), after["model"][name].float(), rtol=0, atol=1e-5), name
    learned = max(float((w - began[n]).abs().max()) for n, w in whole["model"].items() if w.is_floating_point())
    assert learned > 1e-4  # so that equality says something
    done = place.run(command, *few, "--epochs", "2", "--resume", "True", "--output_dir", str(out))
    assert done.returncode == 1
    assert re.search(r"^error: .* has 2 epochs already; raise --epochs above that to go on$", done.stdout, re.MULTILINE)
    done = place.run(command, *few, "--epochs", "1", "--output_dir", str(out), "--learning_rate", "0.01")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "its files are now in earlier-1" in done.stdout
    assert (out / "models" / "model_last.pt").read_bytes() != last
    assert {path.name for path in (out / "models" / "earlier-1").iterdir()} == {
        *("model.pt", "model_last.pt", "checkpoint.pt")
    }


def test_a_missing_data_folder_is_one_readable_line(place: Place) -> None:
    done = place.run(COMMANDS["Fine-tuning from the released weights"], "--dataset_dir", "nowhere")
    assert done.returncode == 1
    assert "error: nowhere: no such folder; set dataset_dir to the folder of the pairs\n" in done.stdout
    assert "Traceback" not in done.stdout


def test_training_from_random_weights_takes_the_contrast_too(place: Place) -> None:
    out = ("--output_dir", str(place.work / "new"), "--loss#contrast", "0.1")
    done = place.run(COMMANDS["Training from random weights"], *SMALL, *out)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Restored all variables" not in done.stdout
    assert re.search(r"train_loss: \d", done.stdout)


def test_evaluation_reports_each_case_and_the_mean(place: Place) -> None:
    done = place.run(COMMANDS["Evaluation"])
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"Metrics -- .*val_fidelity: 0\.\d", done.stdout)
    table = (place.work / "out" / "val_fidelity_raw.csv").read_text(encoding="utf-8")
    assert "case-1.0" in table
    assert "case-1.1" in table


@pytest.mark.parametrize("which", [name for name in COMMANDS if name.startswith("Several")])
def test_two_processes_train_and_evaluate_on_the_cpu(place: Place, which: str) -> None:
    more = () if which.endswith("(2)") else SMALL
    for attempt in range(2):
        out = place.work / f"several-{len(more)}-{attempt}"
        done = place.run(COMMANDS[which], *more, "--output_dir", str(out))
        # Seldom a thread of torch's gloo outlives its process, which then aborts after
        # all work is done: that one end, and no other, is given a second try.
        if "terminate called without an active exception" not in done.stdout:
            break
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.count("Metrics -- ") == (1 if which.endswith("(2)") else 2)  # training begins with one
    assert len(list(out.glob("events.out.tfevents.*"))) == (0 if which.endswith("(2)") else 1)


def test_the_torchscript_export_is_the_network(place: Place) -> None:
    import torch

    done = place.run(COMMANDS["Export to TorchScript and ONNX"])
    assert done.returncode == 0, done.stdout[-3000:]
    _assert_same(place, torch.jit.load(place.work / "model.ts"))


def test_the_onnx_export_is_the_network(place: Place) -> None:
    import onnxruntime
    import torch

    done = place.run(COMMANDS["Export to TorchScript and ONNX (2)"])
    assert done.returncode == 0, done.stdout[-3000:]
    session = onnxruntime.InferenceSession(place.work / "model.onnx", providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    _assert_same(place, lambda image: torch.from_numpy(session.run(None, {name: image.numpy()})[0]))


@pytest.fixture(scope="module")
def exported(place: Place) -> Path:
    """The weights of the bundle as ONNX of any size, as a release makes it."""
    import torch

    from coconet_med.network import build_network
    from coconet_med.training.export import export_onnx

    net = build_network("light")
    net.load_state_dict(torch.load(place.bundle / "models" / "model.pt", weights_only=True))
    export_onnx(net, place.work / "any.onnx")
    return place.work / "any.onnx"


def _scalars(events: Path) -> set[str]:
    """Names of the figures in an event file."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(events))
    found.Reload()
    return set(found.Tags()["scalars"])


def _assert_same(place: Place, other: object) -> None:
    import torch
    from monai.bundle import load

    image = torch.rand(1, 2, 256, 256, generator=torch.Generator().manual_seed(1))
    network = load("coconet_fusion", bundle_dir=str(place.bundle.parent), workflow_type="inference", device="cpu")
    with torch.inference_mode():
        assert torch.allclose(other(image), network.eval()(image), atol=1e-4)  # type: ignore[operator]
