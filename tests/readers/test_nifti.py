"""NIfTI in all its forms: pairs, versions, byte orders, and colors."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import GeometryError, ReadError
from coconet_med.readers import read

RNG = np.random.default_rng(5)


PLACE = np.array([[-1.92, 0.56, 0, 80], [0.56, 1.92, 0, -70], [0, 0, 3.0, -50], [0, 0, 0, 1]])


def array(shape=(5, 6, 7), kind=np.float32) -> np.ndarray:
    return RNG.integers(0, 200, shape).astype(kind)


def lies_at(image: sitk.Image, voxel: tuple[int, ...]) -> np.ndarray:
    return np.array(image.TransformIndexToPhysicalPoint(voxel)) * (-1, -1, 1)


def test_a_pair_is_read_by_either_of_its_names(tmp_path: Path) -> None:
    values = array()
    nib.Nifti1Pair(values, PLACE).to_filename(tmp_path / "a.hdr")
    for name in ("a.hdr", "a.img"):
        source = read(tmp_path / name, "anatomy")
        assert source.image[1, 2, 3] == values[1, 2, 3]
        assert np.allclose(lies_at(source.image, (1, 2, 3)), (PLACE @ [1, 2, 3, 1])[:3], atol=1e-4)
        assert [path.name for path in source.files] == ["a.hdr", "a.img"]
    (tmp_path / "a.img").unlink()
    with pytest.raises(ReadError, match=r"a\.img is no file beside it"):
        read(tmp_path / "a.hdr", "anatomy")


def test_analyze_and_interfile_say_what_they_are(tmp_path: Path) -> None:
    nib.AnalyzeImage(array(kind=np.int16), PLACE).to_filename(tmp_path / "a.hdr")
    with pytest.raises(ReadError, match=r"Analyze 7\.5, which does not say which side is left"):
        read(tmp_path / "a.img", "anatomy")
    (tmp_path / "a.hdr").write_text("!INTERFILE :=\n" + " " * 400, encoding="utf-8")
    with pytest.raises(ReadError, match="is Interfile"):
        read(tmp_path / "a.hdr", "anatomy")


@pytest.mark.parametrize("make", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("order", ["<", ">"])
def test_both_versions_and_byte_orders_of_nifti(tmp_path: Path, make: type, order: str) -> None:
    values = array(kind=np.dtype(f"{order}i2"))
    make(values, PLACE, make.header_class(endianness=order)).to_filename(tmp_path / "a.nii")
    source = read(tmp_path / "a.nii", "anatomy")
    assert source.image[4, 5, 6] == values[4, 5, 6]
    assert np.allclose(lies_at(source.image, (4, 5, 6)), (PLACE @ [4, 5, 6, 1])[:3], atol=1e-4)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
@pytest.mark.parametrize("intent", [1007, 2003])
def test_colors_in_a_fifth_dimension_are_colors(tmp_path: Path, kind: type, intent: int) -> None:
    rgb = array((4, 5, 6, 1, 3)).astype(kind)
    image = nib.Nifti1Image(rgb, PLACE)
    image.header["intent_code"] = intent
    image.to_filename(tmp_path / "a.nii.gz")
    source = read(tmp_path / "a.nii.gz", "function")
    assert source.color is not None
    assert source.color[1, 2, 3] == tuple(rgb[1, 2, 3, 0])
    assert np.allclose(lies_at(source.color, (1, 2, 3)), (PLACE @ [1, 2, 3, 1])[:3], atol=1e-4)


def test_colors_of_fractions_are_rounded_and_displacements_refused(tmp_path: Path) -> None:
    field = RNG.normal(0, 3, (4, 5, 6, 1, 3)).astype(np.float32)
    for name, values in (("field", field), ("picture", np.abs(field) * 20)):
        image = nib.Nifti1Image(values, PLACE)
        image.header["intent_code"] = 1007
        image.to_filename(tmp_path / f"{name}.nii.gz")
    with pytest.raises(ReadError, match="displacements"):
        read(tmp_path / "field.nii.gz", "function")
    assert "rounded" in read(tmp_path / "picture.nii.gz", "function").warnings[-1]


def test_the_pair_of_the_cases_is_read() -> None:
    path = Path(__file__).parents[3] / "shared" / "cases" / "files" / "ras.hdr"
    if not path.is_file():
        pytest.skip("the shared cases are not here")
    source = read(path, "anatomy")
    assert np.allclose(lies_at(source.image, (7, 8, 9)), (nib.load(path).affine @ [7, 8, 9, 1])[:3], atol=1e-3)


def test_cifti_is_called_so(tmp_path: Path) -> None:
    """CIFTI-2 is NIfTI-2 by its form; its values lie along a surface."""
    image = nib.Nifti2Image(array((1, 1, 1, 1, 2, 30)), np.eye(4))
    image.header["intent_code"] = 3006  # scalars of grayordinates
    nib.save(image, tmp_path / "a.dscalar.nii")
    with pytest.raises(ReadError, match="is CIFTI, values along a surface"):
        read(tmp_path / "a.dscalar.nii", "function")


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("codes", [(0, 1), (0, 0), (1, 0)])
def test_voxels_without_a_size_are_refused_where_no_sform_has_one(tmp_path: Path, kind, codes) -> None:
    image, path = kind(array(), PLACE), tmp_path / "a.nii"
    image.header["sform_code"], image.header["qform_code"] = codes
    nib.save(kind(image.dataobj, None, image.header), path)
    raw, place = bytearray(path.read_bytes()), image.header.template_dtype.fields["pixdim"]
    at = place[1] + 3 * place[0].base.itemsize  # pixdim[3], the size along k
    raw[at : at + place[0].base.itemsize] = bytes(place[0].base.itemsize)
    path.write_bytes(raw)
    if codes[0]:
        assert read(path, "anatomy").image.GetSpacing()[2] == pytest.approx(3)
    else:
        with pytest.raises(GeometryError, match="no size along k"):
            read(path, "anatomy")


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("shape", [(5, 6, 7), (5, 6, 7, 2)])
@pytest.mark.parametrize("slope", [np.inf, -np.inf])
def test_an_infinite_slope_is_no_slope_of_uptake(tmp_path: Path, kind, shape: tuple[int, ...], slope: float) -> None:
    """nibabel, ITK and FSL take it for none, without a word."""
    path = tmp_path / "a.nii"
    nib.save(kind(array(shape, np.int16), PLACE), path)
    (tmp_path / "a.json").write_text('{"Units": "Bq/mL", "FrameDuration": [1, 1]}', encoding="utf-8")
    raw, place = bytearray(path.read_bytes()), kind.header_class.template_dtype.fields["scl_slope"]
    raw[place[1] : place[1] + place[0].itemsize] = np.array(slope, place[0]).tobytes()
    path.write_bytes(raw)
    with pytest.raises(ReadError, match=r"its scl_slope, by which stored numbers become values, is -?inf, so its"):
        read(path, "function")
    if len(shape) == 3:
        assert "scl_slope" in read(path, "anatomy").warnings[0]
