"""Formats beside NIfTI-1: the same voxel at the same place, or the way to a format that is read."""

from __future__ import annotations

import base64
import gzip
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import FusionError, ReadError
from coconet_med.fusion import fuse
from coconet_med.readers import read, volumes

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
        ("a.nii.zst", b"\x28\xb5\x2f\xfd", "Zstandard.*zstd -d"),
        ("a.func.gii", b"<?xml", "GIFTI .*give the volume"),
        ("a.par", b"# === DATA", "Philips PAR/REC .*parrec2nii"),
    ],
)
def test_a_format_that_is_not_read_is_refused_with_the_way_out(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=words):
        read(tmp_path / name, "function")


def test_transparent_colors_are_laid_on_black(tmp_path: Path) -> None:
    rgba = np.zeros((3, 4, 5), [("R", "u1"), ("G", "u1"), ("B", "u1"), ("A", "u1")])
    rgba["R"], rgba["A"], rgba["A"][1, 1, 1] = 200, 255, 51
    nib.Nifti1Image(rgba, np.eye(4)).to_filename(tmp_path / "a.nii.gz")
    source = read(tmp_path / "a.nii.gz", "function")
    assert source.color[0, 0, 0] == (200, 0, 0)
    assert source.color[1, 1, 1] == (40, 0, 0)
    assert any("put on black" in warning for warning in source.warnings)


def test_an_empty_path_is_not_the_current_folder() -> None:
    with pytest.raises(ReadError, match="the path of an image is empty"):
        read("", "anatomy")
    for function in (None, "", "pet.nii.gz"):
        with pytest.raises(FusionError, match="is empty, which would mean the current folder"):
            fuse("", function)
