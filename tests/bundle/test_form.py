"""The bundle as MONAI's tools see it, its bad input, and the forms in which it is published.  All in one process."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_cases import BUNDLE, ROOT, Place, make_place

from coconet_med.errors import FusionError, GeometryError, ReadError
from coconet_med.model import WEIGHTS

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


pytestmark = [
    pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning"),  # MONAI: trust configs before you run them
    pytest.mark.filterwarnings("ignore:No hash value provided:UserWarning"),  # MONAI passes none for its own schema
]


SCHEMA = ROOT.parent / "shared" / "tools" / "meta_schema_20240725.json"


STUDY = ROOT.parent / "shared" / "data" / "dicom" / "sts_003"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("form"))


def _infer(place: Place, **keys: Any) -> None:
    """The inference config, run in this process."""
    from monai.bundle import ConfigWorkflow

    workflow = ConfigWorkflow(
        config_file=str(place.bundle / "configs" / "inference.json"),
        workflow_type="infer",
        logging_file=False,
        bundle_root=str(place.bundle),
        device="cpu",
        **{"dataset_dir": str(place.data), "output_dir": str(place.work / "form"), **keys},
    )
    workflow.initialize()
    workflow.run()


def _reason(error: BaseException | None) -> FusionError:
    """The error of the package behind those of MONAI."""
    while error is not None and not isinstance(error, FusionError):
        error = error.__cause__ or error.__context__
    assert error is not None
    return error


def test_the_configs_have_what_a_workflow_must_have(place: Place) -> None:
    from monai.bundle import ConfigWorkflow

    for kind, names in (("infer", ["inference"]), ("train", ["train"]), ("train", ["train", "evaluate"])):
        workflow = ConfigWorkflow(
            config_file=[str(place.bundle / "configs" / f"{name}.json") for name in names],
            meta_file=str(place.bundle / "configs" / "metadata.json"),
            logging_file=str(place.bundle / "configs" / "logging.conf"),
            workflow_type=kind,
            bundle_root=str(place.bundle),
            dataset_dir=str(place.data),
            output_dir=str(place.work / "kept"),
        )
        workflow.initialize()
        assert workflow.check_properties() == []


def test_everything_that_the_configs_name_is_of_this_package_or_of_its_libraries(place: Place) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (place.bundle / "configs").glob("*.json"))
    prefixes = set(re.findall(r'"_target_": "([a-z_]+)\.', text))
    assert prefixes == {"coconet_med", "torch"}


@pytest.mark.parametrize("kind", ["inference", "train"])
def test_load_returns_the_network_with_its_weights(place: Place, kind: str) -> None:
    import torch
    from monai.bundle import load

    network = load("coconet_fusion", bundle_dir=str(place.bundle.parent), workflow_type=kind, device="cpu")
    weights = torch.load(place.bundle / "models" / "model.pt", weights_only=True)
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())


def test_the_network_takes_and_gives_what_the_metadata_says(place: Place) -> None:
    from monai.bundle import verify_net_in_out

    verify_net_in_out(
        net_id="network_def",
        meta_file=str(place.bundle / "configs" / "metadata.json"),
        config_file=str(place.bundle / "configs" / "inference.json"),
        device="cpu",
    )


def test_the_metadata_fit_the_schema_of_monai(place: Place) -> None:
    pytest.importorskip("jsonschema", reason='verify_metadata needs jsonschema: pip install ".[monai]"')
    if not SCHEMA.is_file():
        pytest.skip("no copy of the schema in ../shared/tools; the tests do not download it")
    from monai.bundle import verify_metadata

    copy = shutil.copy(SCHEMA, place.work / "schema.json")
    verify_metadata(meta_file=str(place.bundle / "configs" / "metadata.json"), filepath=copy)


def test_the_version_is_that_of_the_package_and_in_the_changelog() -> None:
    from coconet_med import __version__

    metadata = json.loads((BUNDLE / "configs" / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["version"] == metadata["required_packages_version"]["coconet-med"] == __version__
    assert metadata["version"] in metadata["changelog"]


def test_the_figures_are_those_of_the_card_of_the_weights_that_are_shipped() -> None:
    import coconet_med

    card = json.loads((Path(coconet_med.__file__).parent / "models" / "light.json").read_text(encoding="utf-8"))
    metadata = json.loads((BUNDLE / "configs" / "metadata.json").read_text(encoding="utf-8"))
    page = (BUNDLE / "docs" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (MRI-\w+) \| .*? \| .*? \| (.*) \|$", page, flags=re.MULTILINE))
    names = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "Q_MRI", "rho_uptake")
    assert {figures["set"] for figures in card["figures"]} == {name.lower() for name in rows}
    for figures in card["figures"]:
        stated = [float(value) for value in rows[figures["set"].upper()].split(" | ")]
        assert stated == pytest.approx([figures[name] for name in names], abs=0.00051), figures["set"]
        key = "val_fidelity_" + figures["set"].replace("-", "_")
        assert metadata["eval_metrics"][key] == pytest.approx(figures["H"], abs=0.00051)


def test_an_empty_folder_is_an_error_instead_of_no_output(place: Place, tmp_path: Path) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - MONAI wraps it
        _infer(place, dataset_dir=str(tmp_path))
    assert isinstance(_reason(caught.value), ReadError)
    assert "no pair found" in str(_reason(caught.value))


def test_an_unpaired_file_is_an_error(place: Place, tmp_path: Path) -> None:
    shutil.copytree(place.data, tmp_path / "data")
    (tmp_path / "data" / "case-1.1" / "pet.nii.gz").unlink()
    with pytest.raises(Exception) as caught:  # noqa: PT011
        _infer(place, dataset_dir=str(tmp_path / "data"))
    assert "case-1.1" in str(_reason(caught.value))


def test_grids_without_overlap_are_an_error(place: Place, tmp_path: Path) -> None:
    import nibabel as nib

    shutil.copytree(place.data / "case-1.0", tmp_path / "data" / "far")
    path = tmp_path / "data" / "far" / "pet.nii.gz"
    file = nib.load(path)
    affine = file.affine.copy()
    affine[:3, 3] += 1000
    nib.save(nib.Nifti1Image(np.asarray(file.dataobj), affine), path)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        _infer(place, dataset_dir=str(tmp_path / "data"), register="never")
    assert isinstance(_reason(caught.value), GeometryError)


def test_weights_of_another_width_are_an_error(place: Place) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        _infer(place, model="full", weights=str(place.bundle / "models" / "model.pt"))
    assert "size mismatch" in str(caught.value.__cause__)


@pytest.mark.parametrize("config", ["inference", "train"])
def test_the_name_of_a_network_chooses_its_weights(place: Place, config: str, tmp_path: Path) -> None:
    from monai.bundle import ConfigParser

    for name, file in (("light", "model.pt"), ("published", "published.pt")):
        parser = ConfigParser.load_config_file(place.bundle / "configs" / f"{config}.json")
        resolved = ConfigParser({**parser, "bundle_root": "B", "model": name})
        chosen = resolved.get_parsed_content("weights")
        assert Path(chosen) == (WEIGHTS / "light.pt" if name == "light" else Path("B/models", file))  # B has none
        own = tmp_path / "models" / file
        own.parent.mkdir(exist_ok=True)
        own.write_bytes(b"")
        resolved = ConfigParser({**parser, "bundle_root": str(tmp_path), "model": name})
        assert resolved.get_parsed_content("weights") == str(own)


def test_a_copy_without_weights_fuses_with_those_of_the_package(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import SimpleITK as sitk

    from coconet_med import fuse, load_model

    released, hidden = (place.bundle / "models" / name for name in ("model.pt", "hidden.pt"))
    released.rename(hidden)
    try:
        _infer(
            place,
            dataset_dir=str(place.data),
            anatomy="*.0/mri.nii.gz",
            function="*.0/pet.nii.gz",
            output_dir=str(tmp_path),
        )
    finally:
        hidden.rename(released)
    assert f"{released}: not there; taking the weights of the package" in capsys.readouterr().out
    images = [place.data / "case-1.0" / name for name in ("mri.nii.gz", "pet.nii.gz")]
    expected = fuse(*images, model=load_model("light", engine="torch", device="cpu")).luminance

    (written,) = tmp_path.glob("*_luminance.nii.gz")
    got = sitk.GetArrayFromImage(sitk.ReadImage(str(written)))
    assert np.abs(got - sitk.GetArrayFromImage(expected)).max() < 1e-4


def test_a_nan_voxel_does_not_spread_and_a_second_run_replaces_the_first(place: Place) -> None:
    import nibabel as nib

    for _ in range(2):
        _infer(place, dataset_dir=str(place.data))
    fused = nib.load(place.work / "form" / "case-1.1_luminance.nii.gz")
    assert np.isfinite(np.asarray(fused.dataobj)).all()
    assert len(list((place.work / "form").iterdir())) == 4


def test_a_folder_of_dicom_studies_is_read_by_our_own_reader(place: Place, tmp_path: Path) -> None:
    if not STUDY.is_dir():
        pytest.skip("no real DICOM study in ../shared/data/dicom")
    import nibabel as nib
    import SimpleITK as sitk

    from coconet_med import fuse, load_model

    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / STUDY.name).symlink_to(STUDY)
    _infer(place, dataset_dir=str(tmp_path / "studies"), output_dir=str(tmp_path / "out"))
    found = np.asarray(nib.load(tmp_path / "out" / f"{STUDY.name}_luminance.nii.gz").dataobj).T
    result = fuse(STUDY, model=load_model(place.bundle / "models" / "model.pt", engine="torch", device="cpu"))
    assert np.abs(sitk.GetArrayFromImage(result.luminance) - found).max() < 1 / 255


def _tool(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    script = ROOT / "bundles" / "tools" / f"{name}.py"
    return subprocess.run([sys.executable, script, *map(str, arguments)], capture_output=True, encoding="utf-8")


def test_released_weights_get_into_the_bundle_unless_they_are_others(place: Place, tmp_path: Path) -> None:
    from hashlib import sha256

    names = ("light.pt", "light.onnx")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    card = {"files": {name: {"sha256": sha256(name.encode()).hexdigest()} for name in names}}
    (tmp_path / "light.json").write_text(json.dumps(card), encoding="utf-8")
    target = tmp_path / "bundle"
    shutil.copytree(place.bundle, target)
    done = _tool("take_weights", "light", "--source", tmp_path, "--bundle", target)
    assert done.returncode == 0, done.stderr
    assert (target / "models" / "model.onnx").read_bytes() == b"light.onnx"
    assert (target / "models" / "model.pt").read_bytes() == b"light.pt"
    (tmp_path / "light.pt").write_bytes(b"others")
    done = _tool("take_weights", "light", "--source", tmp_path, "--bundle", target)
    assert done.returncode == 1
    assert "is not the file" in done.stderr


def test_the_published_forms_are_complete(place: Place, tmp_path: Path) -> None:
    import yaml

    bundle = tmp_path / "bundles" / "coconet_fusion"
    shutil.copytree(place.bundle, bundle)
    refused = _tool("publish", "huggingface", "--out", tmp_path / "hf", "--bundle", bundle)
    assert refused.returncode == 1
    assert "models/model.onnx missing" in refused.stderr
    (bundle / "models" / "model.onnx").write_bytes(b"weights")
    zoo = ("--out", tmp_path / "zoo", "--weights-url", "https://example.org/weights", "--bundle", bundle)
    for done in (
        _tool("publish", "zoo", *zoo),
        _tool("publish", "huggingface", "--out", tmp_path / "hf", "--bundle", bundle),
    ):
        assert done.returncode == 0, done.stderr
    made = tmp_path / "zoo" / "coconet_fusion"
    assert not list(made.rglob("*.pt")) + list(made.rglob("*.onnx"))
    entries = yaml.safe_load((made / "large_files.yml").read_text(encoding="utf-8"))["large_files"]
    assert [entry["path"] for entry in entries] == ["models/model.pt", "models/model.onnx"]
    assert entries[1]["url"] == "https://example.org/weights/model.onnx"
    page = (tmp_path / "hf" / "coconet_fusion" / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load(page.split("---")[1])["license"] == "apache-2.0"
    assert (tmp_path / "hf" / "coconet_fusion" / "models" / "model.pt").is_file()
