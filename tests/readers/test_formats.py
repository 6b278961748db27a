"""Formats beside NIfTI-1: the same voxel at the same place, or the way to a format that is read."""

from __future__ import annotations

import base64
import gzip
import shutil
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import GeometryError, ReadError
from coconet_med.readers import read, volumes
from coconet_med.readers.files import files_of

RNG = np.random.default_rng(5)
PLACE = np.array([[-1.92, 0.56, 0, 80], [0.56, 1.92, 0, -70], [0, 0, 3.0, -50], [0, 0, 0, 1]])

#: A MINC 2 volume of 4 x 3 x 5 voxels made with h5py (no image of anybody): start -10, -20, -30, step 1.5, 2, 3 mm,
#: x along (0.8, 0.6, 0), y along (-0.6, 0.8, 0), a range of its own for each slice.
MINC = (
    "c-rk*L2MI86rJ_j$=Zp*U>B^a60Q`fR_mb9=D?xCMomyEwIM2~@-1w=i?hOBTkCZcI3W(GMQYV!i+X9LNJvOkkBCcAxo|=BR#f$X"
    "#04%@)Jsthq%%8z)-#iAaKJ_&&-dZ)%>F-rcKqJoKeJyg%$-Q5-b^7PhJoTJgLv5lDNc)RcK-}$4fL0wuf<ru7Tn82|2`OBwmbdV"
    "{5-MVl!V23kf7Q?N=8u@=8rECU4=Ho)18=T*L2+4^!tZrkc7+1bH<Ir?}AR-D~bN_`zR^STghnSx5)BkLbS7-rtNl|mfN9i$35E$"
    "bknTc9G++TjC*SF<QzdT%bNvV<b{l5CA-T5OXIZNPWG1v?!2MiV=52y@<0Lfw@K0NLZ@xkFyYUGUIWc|dvup^X&%r++!e>gJRswk"
    "&1)kq+U55^{EYZMo0$;ps?c6bk47GlpO@wV6qyH<s64>u0mjSk(lXwFpF_s4%<E^p$J$x-9#i=3;g_8nRK??iuucu@%^~6UKE!>p"
    "zd!umD2nq|GTQiMIL&88JGSo%^mNm4`TpsqxhCPexXb<6FB#Ea#<7y9Jg|?hna0|Nu#P%rHo4B=?l@P`Ca@jpkHumdeSgtRqHCFh"
    ")H5!`nFM5LXdGV~sA0Qxe`V{qEN(pXI|}_{D2M$zzUlcSUlqzQ(+ZlMK(m|Dew@m&TN%hqnL~ir@SH2NV|~x^;>D?**DuW1Z|`i!"
    "aC##*dKkO^)1|q^R5o6^xBlqj)qijPc;%bFPyBuzS$}?Q+`joo>A+u!E4fcDoI5+N9g1DQyng(L-^}jQyZ@c}`JZ)hq>VCMRA5y>"
    "Pl28VeGK$mMKN575+zEMD0z9(tJ@M#x7lsfcim=GCeaG?@5lamWI3K)^PQHvTx)e4*Y2==Yt(p}2K6fv^!Bn*o`f9-sWT1y>$;9l"
    "Vr20!F>Zd%ru=-Vz&<!u_RqI%up@pc&d)V{XVqTDvbC-y{;Q_vSm1Yn^ZWGU#g7WO=yfgAvkJt@{Gws=^|ZnKgXqLR&H0Dl!63Bk"
    "N9OIg^}sL5`FVD|+b}&gU2eV*&-TcufnQdh@8|Sp0m~8igxrfu*UM};br(;~=hkbC8>fbEdBHjTUV2WU4{Cps8_51dAISb>_STE>"
    "1PzTR9|ZF7*Q?(Xd0g(Tlj6x}@FYJFo+Jjslc^Wv$&>Q1c*6Jrd{I1k<#{q8op-@JbWK3JF5x$-Kjc+7r11=1y#>7bP~ueu=93Jb"
    "2d{I>vuqD>&y(Yxhkn;C(a+i?_EnqA15Tvgg-S~6@4SnhPhERw=en-I&UZ`wor@XojY_>+h5v6d$S<oHkk+zix^=s+yuywpW7`e>"
    "pjGMNo#LZ|;m)Op03Qa2kFHBBY)kg5wVLgQ?F)Vh&d>L{_IA9E$_I6?)om|>K>iW=l^32fzJ*Wuz%*)oqIpz3C?ZmRKSlFsYzvRb"
    ")zVOK@$%MV?X_5s{{gvM9IF"
)


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


@pytest.mark.parametrize("axes", ["LIA", "RAS", "PSR"])
@pytest.mark.parametrize("name", ["a.mgz", "a.mgh"])
def test_freesurfer_volumes_lie_where_nibabel_puts_them(tmp_path: Path, axes: str, name: str) -> None:
    toward = dict(zip("LAS", PLACE[:3, :3].T, strict=True))
    toward |= {opposite: -toward[one] for one, opposite in ("LR", "AP", "SI")}
    affine, values = PLACE.copy(), array()
    affine[:3, :3] = np.stack([toward[axis] for axis in axes], axis=1)
    image = nib.MGHImage(values, affine.astype(np.float32))
    (tmp_path / name).write_bytes(gzip.compress(image.to_bytes()) if name == "a.mgz" else image.to_bytes())
    source = read(tmp_path / name, "anatomy")
    expected = image.affine @ [1, 4, 2, 1]
    assert "".join(nib.aff2axcodes(image.affine)) == axes
    assert source.image[1, 4, 2] == values[1, 4, 2]
    assert np.allclose(lies_at(source.image, (1, 4, 2)), expected[:3], atol=1e-3)


def test_a_freesurfer_volume_of_several_frames_is_refused(tmp_path: Path) -> None:
    nib.MGHImage(array((4, 5, 6, 3)), PLACE.astype(np.float32)).to_filename(tmp_path / "a.mgz")
    with pytest.raises(ReadError, match=r"is 4-D \(4 x 5 x 6 x 3\)"):
        read(tmp_path / "a.mgz", "function")


def test_minc_2_lies_where_its_own_world_says(tmp_path: Path) -> None:
    (tmp_path / "a.mnc").write_bytes(zlib.decompress(base64.b85decode(MINC)))
    source = read(tmp_path / "a.mnc", "anatomy")
    cosines = np.array([[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]])
    at = (np.array([-10, -20, -30]) + np.array([3, 1, 2]) * [1.5, 2, 3]) @ cosines  # RAS, by the format's definition
    assert np.allclose(lies_at(source.image, (3, 1, 2)), at, atol=1e-6)
    stored = np.random.default_rng(0).integers(0, 255, (4, 3, 5))
    low, high = np.array([0, 1, 2, 3.0]), np.array([10, 20, 30, 40.0])
    expected = low[2] + stored[2, 1, 3] / 255 * (high[2] - low[2])
    assert source.image[3, 1, 2] == pytest.approx(expected, rel=1e-5)


def test_a_simpleitk_that_turned_minc_itself_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    volumes._minc_is_turned.cache_clear()
    assert volumes._minc_is_turned() is False  # of SimpleITK 2.5.7
    for origin, turned in (((-1, -2, 3), True), ((0, 0, 0), None)):
        image = sitk.Image(2, 2, 2, sitk.sitkUInt8)
        image.SetOrigin(origin)
        volumes._minc_is_turned.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(volumes.sitk, "ReadImage", lambda *_, image=image, **__: image)
            if turned is None:
                with pytest.raises(ReadError, match="unexpected place"):
                    volumes._minc_is_turned()
            else:
                assert volumes._minc_is_turned() is turned
    volumes._minc_is_turned.cache_clear()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.mnc", b"CDF\x01" + b"\0" * 50, "MINC 1 .*mincconvert -2"),
        ("a+orig.HEAD", b"type = string-attribute", "AFNI .*3dAFNItoNIFTI"),
        ("a+orig.BRIK", b"\0" * 9, "AFNI .*3dAFNItoNIFTI"),
        ("a.v", b"MATRIX72v" + b"\0" * 90, "ECAT 7 .*DICOM"),
        ("a.mif", b"mrtrix image", "MRtrix .*mrconvert"),
        ("a.par", b"# === DATA", "Philips PAR/REC .*parrec2nii"),
    ],
)
def test_a_format_that_is_not_read_is_refused_with_the_way_out(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=words):
        read(tmp_path / name, "function")


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


def test_transparent_colors_are_laid_on_black(tmp_path: Path) -> None:
    rgba = np.zeros((3, 4, 5), [("R", "u1"), ("G", "u1"), ("B", "u1"), ("A", "u1")])
    rgba["R"], rgba["A"], rgba["A"][1, 1, 1] = 200, 255, 51
    nib.Nifti1Image(rgba, np.eye(4)).to_filename(tmp_path / "a.nii.gz")
    source = read(tmp_path / "a.nii.gz", "function")
    assert source.color[0, 0, 0] == (200, 0, 0)
    assert source.color[1, 1, 1] == (40, 0, 0)
    assert any("put on black" in warning for warning in source.warnings)


def _with_unit(path: Path, line: bytes) -> Path:
    key = b"kinds:" if path.suffix == ".nrrd" else b"ElementSpacing"
    path.write_bytes(path.read_bytes().replace(key, line + b"\n" + key, 1))
    return path


@pytest.mark.parametrize(
    ("suffix", "line", "factor"),
    [
        (".nrrd", b'space units: "um" "um" "um"', 1e-3),
        (".nrrd", b'space units: "microns" "microns" "microns"', 1e-3),
        (".nrrd", b'space units: "cm" "cm" "cm"', 10),
        (".nrrd", b'space units: "m" "m" "m"', 1e3),
        (".nrrd", b'space units: "" "" ""', 1),
        (".mha", b"DistanceUnits = um", 1e-3),
        (".mha", b"DistanceUnits = cm", 10),
        (".mha", b"DistanceUnits = ?", 1),
    ],
)
def test_units_of_nrrd_and_metaimage_are_obeyed(tmp_path: Path, suffix: str, line: bytes, factor: float) -> None:
    image = sitk.GetImageFromArray(array())
    image.SetSpacing((2 / factor, 2.5 / factor, 3 / factor))
    image.SetOrigin((-10 / factor, 20 / factor, 30 / factor))
    image.SetDirection((0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1))
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(image, str(path))
    source = read(_with_unit(path, line), "anatomy")
    assert np.allclose(source.image.GetSpacing(), (2, 2.5, 3))
    at = np.array(image.TransformIndexToPhysicalPoint((1, 2, 3))) * factor
    assert np.allclose(source.image.TransformIndexToPhysicalPoint((1, 2, 3)), at)
    assert bool(source.warnings) == (factor != 1)


def test_a_unit_that_is_not_known_is_taken_as_mm_and_said(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(array()), str(tmp_path / "a.nrrd"))
    source = read(_with_unit(tmp_path / "a.nrrd", b'space units: "furlong" "furlong" "furlong"'), "anatomy")
    assert source.image.GetSpacing() == (1, 1, 1)
    assert "'furlong' is not known" in source.warnings[0]


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (b"space: right-anterior-superior", ""),
        (b"space: LPS", ""),
        (b"space: left-posterior-superior-time", ""),
        (b"space: scanner-xyz", "its space is 'scanner-xyz'"),
        (b"space: 3D-right-handed", "its space is '3d-right-handed'"),
        (b"space dimension: 3", "its header names no space"),
    ],
)
def test_an_nrrd_whose_axes_name_no_side_of_the_patient_is_said(tmp_path: Path, space: bytes, words: str) -> None:
    path = tmp_path / "a.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(array()), str(path))
    start = path.read_bytes()
    if b"time" not in space:
        path.write_bytes(start.replace(b"space: left-posterior-superior", space))
        assert path.read_bytes() != start or space in start
    notes = " ".join(read(path, "function").warnings)
    assert ("left and right are a guess" in notes) == bool(words)
    assert words in notes


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nAnatomicalOrientation = RAI", ""),
        (b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nAnatomicalOrientation = LPS", ""),
        (b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nAnatomicalOrientation = ???", ""),
        (b"TransformMatrix = -1 0 0 0 -1 0 0 0 1\nAnatomicalOrientation = LPI", ""),
        (b"TransformMatrix = -1 0 0 0 -1 0 0 0 1\nAnatomicalOrientation = RAI", ""),
        (b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nAnatomicalOrientation = LAI", "says LAI, its TransformMatrix RAI"),
        (b"Offset = 0 0 0", "its header has no TransformMatrix"),
        (b"AnatomicalOrientation = RAI", ""),
    ],
)
def test_a_metaimage_whose_orientations_disagree_or_are_missing_is_said(
    tmp_path: Path, lines: bytes, words: str
) -> None:
    head = b"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n" + lines
    head += b"\nElementSpacing = 2 2 2\nDimSize = 5 4 3\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n"
    path = tmp_path / "a.mha"
    path.write_bytes(head + np.arange(60, dtype="<f4").tobytes())
    notes = " ".join(read(path, "function").warnings)
    assert words in notes
    assert bool(notes) == bool(words)


def test_the_intensity_function_of_metaimage_is_applied(tmp_path: Path) -> None:
    stored = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    path = tmp_path / "a.mha"
    sitk.WriteImage(sitk.GetImageFromArray(stored), str(path))
    lines = b"ElementToIntensityFunctionSlope = 0.5\nElementToIntensityFunctionOffset = 3"
    source = read(_with_unit(path, lines), "function")
    assert np.array_equal(sitk.GetArrayViewFromImage(source.image), 0.5 * stored + 3)
    assert "0.5 x + 3) was applied" in source.warnings[0]
    with pytest.raises(ReadError, match="makes no values"):
        read(_with_unit(path, b"ElementToIntensityFunctionSlope = 0"), "function")


def test_a_quantized_nrrd_is_said_to_be_one(tmp_path: Path) -> None:
    stored = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    sitk.WriteImage(sitk.GetImageFromArray(stored), str(tmp_path / "a.nrrd"))
    source = read(_with_unit(tmp_path / "a.nrrd", b"old min: 0\nold max: 25000"), "function")
    assert np.array_equal(sitk.GetArrayViewFromImage(source.image), stored)
    assert "values from 0 to 25000 (old min, old max)" in source.warnings[0]


def test_a_head_of_four_meters_is_refused_in_every_format(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(array())
    image.SetSpacing((600, 600, 600))
    for suffix in (".nrrd", ".mha"):
        sitk.WriteImage(image, str(tmp_path / f"a{suffix}"))
        with pytest.raises(GeometryError, match="no body is: its header names no unit of length"):
            read(tmp_path / f"a{suffix}", "anatomy")
    image.SetSpacing((0.03, 0.03, 0.03))
    sitk.WriteImage(image, str(tmp_path / "b.nrrd"))
    with pytest.raises(GeometryError, match="no body is: its header gives lengths in mm"):
        read(_with_unit(tmp_path / "b.nrrd", b'space units: "mm" "mm" "mm"'), "anatomy")


def test_a_dicomdir_stands_for_its_folder(tmp_path: Path) -> None:
    import pydicom

    series = tmp_path / "medium" / "series"
    series.mkdir(parents=True)
    for k in range(5):
        sitk.WriteImage(_slice(k), str(series / f"{k}.dcm"))
    for path in series.iterdir():
        ds = pydicom.dcmread(path)
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", "1.2.4", "1.2.5"
        ds.save_as(path)
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.FileSetID, ds.DirectoryRecordSequence = "DISC", []
    ds.file_meta.MediaStorageSOPClassUID = pydicom.uid.MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.6"
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.save_as(tmp_path / "medium" / "DICOMDIR", enforce_file_format=True)
    by_folder, by_index = (read(tmp_path / "medium" / end, "anatomy") for end in ("", "DICOMDIR"))
    assert by_index.image.GetSize() == (6, 7, 5)
    assert by_index.sha256 == by_folder.sha256
    assert set(files_of(tmp_path / "medium" / "DICOMDIR")) == set(files_of(tmp_path / "medium"))


def _slice(k: int) -> sitk.Image:
    image = sitk.GetImageFromArray(array((1, 7, 6), np.int16))
    image.SetOrigin((0, 0, 2.0 * k))
    for tag, value in {
        "0008|0016": "1.2.840.10008.5.1.4.1.1.4",
        "0008|0060": "MR",
        "0020|0032": f"0\\0\\{2 * k}",
        "0020|0037": "1\\0\\0\\0\\1\\0",
        "0020|0013": str(k),
    }.items():
        image.SetMetaData(tag, value)
    return image


def test_the_pair_of_the_cases_is_read() -> None:
    path = Path(__file__).parents[3] / "shared" / "cases" / "files" / "ras.hdr"
    if not path.is_file():
        pytest.skip("the shared cases are not here")
    source = read(path, "anatomy")
    assert np.allclose(lies_at(source.image, (7, 8, 9)), (nib.load(path).affine @ [7, 8, 9, 1])[:3], atol=1e-3)


def test_what_is_not_this_formats_voxel_file_is_no_part_of_it(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(array()), str(tmp_path / "a.mhd"))
    shutil.copy(tmp_path / "a.raw", tmp_path / "a.txt")
    assert [path.name for path in files_of(tmp_path / "a.mhd")] == ["a.mhd", "a.raw"]
