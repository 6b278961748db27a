"""Units of length, sform and qform: what is read, what is said, and where a result lies for other programs."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from nifti_cases import PLACE, moved, world, write

import coconet_med
from coconet_med.errors import GeometryError, OptionError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom
from coconet_med.readers import read
from coconet_med.writers.volumes import write_volume

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(("broken", "taken"), [("qform", "sform"), ("sform", "qform")])
def test_a_form_of_no_finite_numbers_is_not_taken_and_not_handed_on(tmp_path: Path, broken: str, taken: str) -> None:
    path = write(tmp_path / "a.nii", PLACE, PLACE, (1, 1))
    raw = bytearray(path.read_bytes())
    at = 268 if broken == "qform" else 292  # qoffset_x, and srow_x[3]
    raw[at : at + 4] = np.float32(np.nan).tobytes()
    path.write_bytes(raw)
    source = read(path, "anatomy")
    assert (
        f"its {broken} holds values that are no finite numbers (NaN, infinity); the {taken} was taken"
        in source.warnings[0]
    )
    write_volume(source.image, tmp_path / "b.nii", forms=source.forms)
    for form in (nib.load(tmp_path / "b.nii").get_sform(), nib.load(tmp_path / "b.nii").get_qform()):
        np.testing.assert_allclose(form, PLACE, atol=1e-3)


def test_an_sform_of_zeros_gives_way_to_the_qform(tmp_path: Path) -> None:
    """nibabel issue 624: sform code 1, all its rows zero."""
    path = write(tmp_path / "a.nii", PLACE, PLACE, (1, 1))
    raw = bytearray(path.read_bytes())
    raw[280:328] = bytes(48)  # srow_x, srow_y, srow_z
    path.write_bytes(raw)
    source = read(path, "anatomy")
    assert "its sform is singular (voxel size 0, 0, 0 mm); the qform was taken" in source.warnings[0]
    assert np.allclose(world(source.image), (PLACE @ [3, 4, 5, 1])[:3], atol=1e-4)


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1e-3), ("mm", 1), ("micron", 1e3), ("unknown", 1)])
def test_a_voxel_lies_where_the_unit_of_its_file_puts_it(tmp_path: Path, unit: str, factor: float) -> None:
    stored = np.diag((factor, factor, factor, 1)) @ PLACE
    source = read(write(tmp_path / "a.nii.gz", stored, stored, (1, 1), unit=unit), "anatomy")
    assert np.allclose(world(source.image), (PLACE @ [3, 4, 5, 1])[:3], atol=1e-4)
    assert np.allclose(world(source.image), world(sitk.ReadImage(str(tmp_path / "a.nii.gz"))), atol=1e-4)
    assert bool(source.warnings) == (unit in ("meter", "micron"))
    assert all("nibabel does not convert" in warning for warning in source.warnings)


@pytest.mark.parametrize("unit", ["meter", "micron"])
def test_a_result_lies_on_an_mri_in_another_unit(tmp_path: Path, unit: str) -> None:
    factor = {"meter": 1e-3, "micron": 1e3}[unit]
    stored = np.diag((factor, factor, factor, 1)) @ PLACE
    source = read(write(tmp_path / "a.nii", stored, stored, (2, 2), unit=unit), "anatomy")
    write_volume(source.image, tmp_path / "b.nii", forms=source.forms)
    mri, result = (sitk.ReadImage(str(tmp_path / name)) for name in ("a.nii", "b.nii"))
    assert np.allclose(world(mri), world(result), atol=1e-4)
    assert nib.load(tmp_path / "b.nii").header.get_xyzt_units()[0] == "mm"


@pytest.mark.parametrize(
    ("unit", "size", "words"),
    [("unknown", 1e3, "name no unit"), ("mm", 1e-3, "say mm"), ("micron", 1, "say micron"), ("meter", 1, "say meter")],
)
def test_a_size_that_no_body_has_is_refused_with_the_unit(tmp_path: Path, unit: str, size: float, words: str) -> None:
    stored = np.diag((size, size, size, 1)) @ PLACE
    with pytest.raises(GeometryError, match=f"mm large, and no body is: its xyzt_units {words}"):
        read(write(tmp_path / "a.nii", stored, stored, (1, 1), unit=unit), "anatomy")


@pytest.mark.parametrize("codes", [pair for pair in product(range(5), repeat=2) if pair != (0, 0)])
def test_a_result_lies_on_its_mri_in_every_program_whatever_the_codes(tmp_path: Path, codes: tuple[int, int]) -> None:
    other = moved(PLACE, 0, 25, 0)
    source = read(write(tmp_path / "a.nii", PLACE, other, codes), "anatomy")
    expected = PLACE if codes[0] else other  # as nibabel
    assert np.allclose(world(source.image), (expected @ [3, 4, 5, 1])[:3], atol=1e-4)
    write_volume(source.image, tmp_path / "b.nii", forms=source.forms)
    ours, mri = (nib.load(tmp_path / name) for name in ("b.nii", "a.nii"))
    assert np.allclose(ours.affine, mri.affine, atol=1e-4)
    itk = [world(sitk.ReadImage(str(tmp_path / name))) for name in ("a.nii", "b.nii")]
    assert np.allclose(*itk, atol=1e-4)
    if all(codes):
        (warning,) = source.warnings
        assert "25 mm apart; the sform was taken" in warning
        agree = np.allclose(itk[0], (PLACE @ [3, 4, 5, 1])[:3], atol=1e-4)
        assert ("ITK and 3D Slicer take the sform" in warning) == agree  # what is said is what SimpleITK does
        assert ("ITK and 3D Slicer the qform" in warning) != agree
        assert source.details["affine"]["apart_mm"] == pytest.approx(25, abs=1e-3)
    else:
        assert source.warnings == ()


def test_a_file_without_orientation_gives_a_result_without_one(tmp_path: Path) -> None:
    source = read(write(tmp_path / "a.nii", PLACE, PLACE, (0, 0)), "anatomy")
    assert "left and right are a guess" in source.warnings[0]
    write_volume(source.image, tmp_path / "b.nii", forms=source.forms)
    assert np.allclose(nib.load(tmp_path / "a.nii").affine, nib.load(tmp_path / "b.nii").affine)
    itk = [sitk.ReadImage(str(tmp_path / name)) for name in ("a.nii", "b.nii")]
    assert np.allclose(world(itk[0]), world(itk[1]), atol=1e-4)


def test_forms_that_differ_by_less_than_half_a_voxel_pass_in_silence_and_are_both_kept(tmp_path: Path) -> None:
    source = read(write(tmp_path / "a.nii", PLACE, moved(PLACE, 0.9, 0, 0), (2, 1)), "anatomy")
    assert source.warnings == ()
    assert source.details == {}
    write_volume(source.image, tmp_path / "b.nii", forms=source.forms)
    header = nib.load(tmp_path / "b.nii").header
    assert np.allclose(header.get_qform(), moved(PLACE, 0.9, 0, 0), atol=1e-4)
    assert (header["sform_code"], header["qform_code"]) == (2, 1)
    far = read(write(tmp_path / "c.nii", PLACE, moved(PLACE, 1.1, 0, 0), (2, 1)), "anatomy")
    assert "1.1 mm apart" in far.warnings[0]


def test_a_turn_is_measured_at_the_corners(tmp_path: Path) -> None:
    turned = PLACE.copy()
    turned[:3, :3] = turned[:3, :3] @ np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
    source = read(write(tmp_path / "a.nii", PLACE, turned, (2, 1)), "function")
    corner = np.array([6, 7, 8, 1])
    apart = np.linalg.norm(((PLACE - turned) @ corner)[:3])
    assert source.details["affine"]["apart_mm"] == pytest.approx(apart, abs=1e-2)
    assert "result" not in source.warnings[0]  # that of the function does not place the result


@pytest.mark.parametrize("choice", ["sform", "qform"])
def test_the_form_that_is_asked_for_is_taken(tmp_path: Path, choice: str) -> None:
    other = moved(PLACE, 0, 0, -12)
    source = read(write(tmp_path / "a.nii", PLACE, other, (3, 1)), "anatomy", affine=choice)
    expected = {"sform": PLACE, "qform": other}[choice]
    assert np.allclose(world(source.image), (expected @ [3, 4, 5, 1])[:3], atol=1e-4)
    assert f"the {choice} was taken, as asked for" in source.warnings[0]
    with pytest.raises(OptionError, match="choose auto, sform or qform"):
        read(tmp_path / "a.nii", "anatomy", affine="best")


def test_mirrored_forms_are_refused_until_one_is_chosen(tmp_path: Path) -> None:
    mirror = PLACE @ np.diag((-1, 1, 1, 1))
    path = write(tmp_path / "a.nii", mirror, PLACE, (1, 1))
    with pytest.raises(GeometryError, match=r"mirror images, so that left is right .*--affine sform or --affine qform"):
        read(path, "anatomy")
    for choice, expected in (("sform", mirror), ("qform", PLACE)):
        source = read(path, "anatomy", affine=choice)
        assert np.allclose(world(source.image), (expected @ [3, 4, 5, 1])[:3], atol=1e-4)
        assert f"carries the {choice} alone" in source.warnings[0]
        write_volume(source.image, tmp_path / "b.nii", forms=source.forms)
        header = nib.load(tmp_path / "b.nii").header
        assert np.allclose(header.get_sform(), expected, atol=1e-4)
        assert np.allclose(header.get_qform(), expected, atol=1e-4)


def test_a_sheared_sform_points_to_a_qform_that_is_not(tmp_path: Path) -> None:
    sheared = PLACE.copy()
    sheared[0, 1] += 0.3
    path = write(tmp_path / "a.nii", sheared, PLACE, (2, 1))
    with pytest.raises(GeometryError, match=r"sheared by .*--affine qform"):
        read(path, "anatomy")
    source = read(path, "anatomy", affine="qform")
    assert np.allclose(world(source.image), (PLACE @ [3, 4, 5, 1])[:3], atol=1e-4)
    assert "carries the qform alone" in source.warnings[0]
    write_volume(source.image, tmp_path / "b.nii", forms=source.forms)
    assert read(tmp_path / "b.nii", "anatomy").warnings == ()


def test_the_whole_fusion_lies_on_its_mri_in_both_families(
    tmp_path: Path, head: HeadPhantom, mean_model: Model
) -> None:
    sitk.WriteImage(head.t1, str(tmp_path / "q.nii.gz"))
    given = nib.load(tmp_path / "q.nii.gz")
    array = np.asarray(given.dataobj)
    write(tmp_path / "t1.nii.gz", moved(given.affine, 0, 4, 0), given.affine, (2, 1), array=array)
    result = coconet_med.fuse(tmp_path / "t1.nii.gz", head.pet, model=mean_model, register="never")
    assert any("4 mm apart" in warning for warning in result.warnings)
    result.save(tmp_path / "fused.nii.gz", uptake=True, luminance=True)
    for name in ("fused.nii.gz", "fused_uptake.nii.gz", "fused_luminance.nii.gz"):
        assert np.allclose(nib.load(tmp_path / name).affine, nib.load(tmp_path / "t1.nii.gz").affine, atol=1e-4)
        places = [sitk.ReadImage(str(tmp_path / each)).GetOrigin() for each in (name, "t1.nii.gz")]
        assert np.allclose(*places, atol=1e-3)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_what_is_written_says_that_it_is_in_millimeters(tmp_path: Path, suffix: str) -> None:
    image = read(write(tmp_path / "a.nii", PLACE, PLACE, (1, 1)), "anatomy").image
    path = tmp_path / f"b{suffix}"
    write_volume(image, path)
    said = {".nrrd": b'space units: "mm" "mm" "mm"\n', ".mha": b"DistanceUnits = mm\n"}.get(suffix)
    if said:
        assert said in path.read_bytes()[:1000]
    else:
        assert nib.load(path).header.get_xyzt_units()[0] == "mm"
    back = read(path, "anatomy")
    assert back.warnings == ()
    assert np.allclose(world(back.image), world(image), atol=1e-4)


def test_a_pipeline_of_monai_keeps_the_forms_of_its_anatomy(tmp_path: Path) -> None:
    pytest.importorskip("monai")
    from coconet_med.bundle.saving import VolumeWriter
    from coconet_med.transforms.metatensor import to_tensor

    source = read(write(tmp_path / "a.nii", PLACE, moved(PLACE, 0, 25, 0), (2, 1)), "anatomy")
    tensor = to_tensor(source)
    writer = VolumeWriter(output_dtype=np.float32)
    writer.set_data_array(tensor.numpy())
    writer.set_metadata(tensor.meta | {"affine": tensor.affine})
    writer.write(tmp_path / "b.nii", verbose=False)
    itk = [world(sitk.ReadImage(str(tmp_path / name))) for name in ("a.nii", "b.nii")]
    assert np.allclose(*itk, atol=1e-4)
    assert np.allclose(nib.load(tmp_path / "a.nii").affine, nib.load(tmp_path / "b.nii").affine, atol=1e-4)


def test_voxels_hundreds_of_times_as_long_as_wide_are_refused(tmp_path):
    """Two axes in mm and one in m, or an affine with an axis that is nearly gone."""
    path = tmp_path / "x.nii.gz"
    values = np.random.default_rng(0).random((8, 8, 8), np.float32)
    nib.save(nib.Nifti1Image(values, np.diag([8.0, 8.0, 0.008, 1.0])), path)
    with pytest.raises(GeometryError, match=r"its voxels would be 8 x 8 x 0\.008 mm large, and no scanner makes such"):
        read(path, "anatomy")
    nib.save(nib.Nifti1Image(values[..., :1], np.diag([1.0, 1.0, 300.0, 1.0])), path)  # one slice has no step
    assert read(path, "anatomy").image.GetSize() == (8, 8, 1)


def test_voxel_sizes_beside_an_sform_that_stands_alone_are_held_against_it(tmp_path: Path) -> None:
    """nibabel issue 668: set_zooms changes pixdim and not the sform; FSL goes by pixdim."""
    path = write(tmp_path / "a.nii", PLACE, PLACE, (1, 0))
    assert read(path, "anatomy").warnings == ()
    raw = bytearray(path.read_bytes())
    raw[80:92] = np.array([1, 1, 1], "<f4").tobytes()
    path.write_bytes(raw)
    source = read(path, "anatomy")
    assert "its voxels are 1 x 1 x 1 mm by pixdim and 2 x 2 x 3 mm by the sform, which was taken" in source.warnings[0]
    assert np.allclose(source.image.GetSpacing(), (2, 2, 3), atol=1e-5)
    raw[80:92] = np.array([2.0001, 2, 3.0001], "<f4").tobytes()
    path.write_bytes(raw)
    assert read(path, "anatomy").warnings == ()
    raw[84:88] = np.array([np.nan], "<f4").tobytes()
    path.write_bytes(raw)
    source = read(path, "anatomy")
    assert "no finite numbers; those of the sform were taken" in source.warnings[0]
    assert np.allclose(source.image.GetSpacing(), (2, 2, 3), atol=1e-5)
