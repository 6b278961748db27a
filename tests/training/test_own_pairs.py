"""A user's own cases: paired by name, prepared as ``fuse`` does, split by person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from PIL import Image

from coconet_med.errors import FusionError, ReadError
from coconet_med.phantom import head_phantom

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')

from coconet_med.training.own_pairs import find_pairs, in_both_parts, slices_of_pairs


def _touch(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("anatomy", "function"),
    [
        (("a.nii.gz", "b.nii"), ("a.nii.gz", "b.nii.gz")),
        (("sub-01_T1w.nii.gz", "sub-02_T1w.nii.gz"), ("sub-02_pet.nii.gz", "sub-01_pet.nii.gz")),
        (("x_1.png", "x_2.png"), ("x_1.png", "x_2.png")),
    ],
)
def test_studies_are_paired_by_their_names(tmp_path: Path, anatomy: tuple[str, ...], function: tuple[str, ...]):
    studies = find_pairs(_touch(tmp_path / "mri", *anatomy), _touch(tmp_path / "pet", *function))
    assert len(studies) == 2
    for study in studies:
        assert all(Path(study[key]).name.startswith(study["name"]) for key in ("anatomy", "function"))


@pytest.mark.parametrize(
    ("anatomy", "function", "words"),
    [
        (("a_1.nii", "b_1.nii"), ("a_2.nii",), r"b_1\.nii: has no partner"),
        (("a_T1.nii", "a_T2.nii"), ("a_pet.nii",), "several images of one case"),
        ((), ("a.nii",), "no image there"),
    ],
)
def test_what_cannot_be_paired_is_named(
    tmp_path: Path, anatomy: tuple[str, ...], function: tuple[str, ...], words: str
):
    folders = _touch(tmp_path / "mri", *anatomy), _touch(tmp_path / "pet", *function)
    with pytest.raises(ReadError, match=words):
        find_pairs(*folders)
    with pytest.raises(ReadError, match="no such folder"):
        find_pairs(tmp_path / "nowhere", folders[1])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("own")
    for kind in ("mri", "pet"):
        (root / kind).mkdir()
    for seed in range(2):
        head = head_phantom(spacing=8.0, pet_spacing=8.0, seed=seed)
        sitk.WriteImage(head.t1, str(root / "mri" / f"sub-{seed}_T1w.nii.gz"))
        sitk.WriteImage(head.pet, str(root / "pet" / f"sub-{seed}_pet.nii.gz"))
    return root / "mri", root / "pet"


def test_slices_are_those_that_fuse_shows_the_network(folders: tuple[Path, Path]):
    from coconet_med import fuse
    from coconet_med.model import Model

    seen = []

    class Engine:
        name, device, version = "torch", "cpu", "1"

        def run(self, image: np.ndarray) -> np.ndarray:
            seen.append(image)
            return image[:, :1]

    studies = find_pairs(*folders)[:1]
    pairs = slices_of_pairs(studies, register="never")
    fuse(studies[0]["anatomy"], studies[0]["function"], register="never", model=Model("", Path(), "", Engine(), {}))
    shown = {image.tobytes() for batch in seen for image in batch.astype(np.float16)}
    assert len(pairs) > 10
    assert all(torch.stack([p.anatomy, p.function]).numpy().tobytes() in shown for p in pairs)
    assert {p.person for p in pairs} == {"sub-0"}


def test_what_was_prepared_is_kept_for_the_next_run(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    studies = find_pairs(*folders)
    first = slices_of_pairs(studies, register="never", cache=tmp_path)
    monkeypatch.setattr("coconet_med.transforms.reading.prepare_pair", lambda *_, **__: pytest.fail("read again"))
    again = slices_of_pairs(studies, register="never", cache=tmp_path)
    assert all(torch.equal(a.function, b.function) for a, b in zip(first, again, strict=True))


def test_a_study_that_cannot_be_read_is_named(tmp_path: Path, folders: tuple[Path, Path]):
    broken = tmp_path / "mri"
    broken.mkdir()
    (broken / "sub-0_T1w.nii.gz").write_bytes(b"not an image")
    study = {"anatomy": str(broken / "sub-0_T1w.nii.gz"), "function": find_pairs(*folders)[0]["function"]}
    with pytest.raises(FusionError, match=r"^case sub-0: .*sub-0_T1w"):
        slices_of_pairs([study | {"name": "sub-0"}])


def test_color_is_taken_for_visible_pictures_only(tmp_path: Path):
    rgb = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
    for kind, array in (("visible", rgb), ("infrared", rgb[..., 0])):
        (tmp_path / kind).mkdir()
        Image.fromarray(array).save(tmp_path / kind / "1.png")
    studies = find_pairs(tmp_path / "visible", tmp_path / "infrared")
    with pytest.raises(ReadError, match="in color"):
        slices_of_pairs(studies)
    (pair,) = slices_of_pairs(studies, color_anatomy=True)
    luminance = rgb @ np.array((0.299, 0.587, 0.114)) / 255
    np.testing.assert_allclose(pair.anatomy.float().numpy(), luminance, atol=1e-3)


def test_a_person_in_both_parts_is_found():
    names = ["sub-01_ses-1", "sub-01_ses-2", "sub-02_ses-1", "sub-02_ses-2"]
    assert in_both_parts(names, 3) == ["sub-02"]
    assert in_both_parts(names, 2) == in_both_parts(["case_1", "case_2"], 1) == []
