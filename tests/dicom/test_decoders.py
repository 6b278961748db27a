"""Every transfer syntax that the documents name, by each of its decoders; and what is said where none can."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, save, stored_values
from gdcm_cases import compress, smooth

from coconet_med.dicom import decoders, pixels
from coconet_med.dicom.decoders import DECODERS, NATIVE, SIMPLEITK, installed
from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series

#: UID, GDCM's name, bits stored, and the largest error of a stored value: none where nothing is lost.
SYNTAXES = [
    ("1.2.840.10008.1.2.5", "RLELossless", 16, 0),
    ("1.2.840.10008.1.2.4.50", "JPEGBaselineProcess1", 8, 60),
    ("1.2.840.10008.1.2.4.51", "JPEGExtendedProcess2_4", 8, 60),
    ("1.2.840.10008.1.2.4.51", "JPEGExtendedProcess2_4", 12, 900),
    ("1.2.840.10008.1.2.4.57", "JPEGLosslessProcess14", 16, 0),
    ("1.2.840.10008.1.2.4.70", "JPEGLosslessProcess14_1", 16, 0),
    ("1.2.840.10008.1.2.4.80", "JPEGLSLossless", 16, 0),
    ("1.2.840.10008.1.2.4.81", "JPEGLSNearLossless", 12, 10),
    ("1.2.840.10008.1.2.4.90", "JPEG2000Lossless", 16, 0),
    ("1.2.840.10008.1.2.4.91", "JPEG2000", 12, 900),
]


#: Decoders that cannot do a syntax although they can do its kind.
CANNOT = {("JPEGExtendedProcess2_4", 12): ("pillow", "gdcm")}


def values(folder: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(read_series(folder, "anatomy").image)


@pytest.mark.parametrize(("syntax", "name", "bits", "loss"), SYNTAXES)
def test_each_transfer_syntax_is_read(tmp_path, syntax, name, bits, loss):
    stored = classic(tmp_path, values=smooth(bits), finish=compress(name, bits))
    assert {pydicom.dcmread(path).file_meta.TransferSyntaxUID for path in tmp_path.iterdir()} == {syntax}
    found = values(tmp_path)
    assert np.abs(found - stored).max() <= loss
    assert np.corrcoef(found.ravel(), stored.ravel())[0, 1] > 0.995


@pytest.mark.parametrize(("syntax", "name", "bits", "loss"), SYNTAXES)
def test_each_decoder_by_itself_gives_the_values_that_the_first_gives(tmp_path, syntax, name, bits, loss):
    stored = classic(tmp_path, values=smooth(bits), finish=compress(name, bits))
    file = sorted(tmp_path.iterdir())[2]
    able = [plugin for plugin in installed(syntax) if plugin not in CANNOT.get((name, bits), ())]
    assert able
    planes = [decoders.decode(decoders.dataset(file, syntax), [0], plugin)[0] for plugin in able]
    for plane in planes:
        assert np.abs(plane.astype(float) - stored[2]).max() <= loss
        assert np.abs(plane.astype(int) - planes[0].astype(int)).max() <= (1 if loss else 0)


@pytest.mark.parametrize("name", ["JPEGLSLossless", "JPEG2000Lossless", "JPEGBaselineProcess1"])
def test_where_one_decoder_fails_the_next_is_tried(tmp_path, monkeypatch, name):
    bits, loss = (8, 60) if "Baseline" in name else (16, 0)
    stored = classic(tmp_path, values=smooth(bits), finish=compress(name, bits))
    real = pixels.decode

    def fails(ds, indices, plugin):
        if plugin in ("pyjpegls", "pillow"):
            raise RuntimeError("not this one")
        return real(ds, indices, plugin)

    monkeypatch.setattr(pixels, "decode", fails)
    assert np.abs(values(tmp_path) - stored).max() <= loss


def test_frames_of_one_file_keep_their_order_where_the_second_decoder_does_them(tmp_path):
    classic(tmp_path, values=smooth(12), finish=compress("JPEGExtendedProcess2_4", 12))
    found = values(tmp_path)  # only SimpleITK (or pylibjpeg) decodes 12 bits
    assert np.abs(found - smooth(12)).max() < 900


def _shorten(path: Path, keep: float) -> None:
    ds = pydicom.dcmread(path)
    (stream,) = pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=1)
    ds.PixelData = pydicom.encaps.encapsulate([stream[: int(keep * len(stream)) // 2 * 2]])
    ds.save_as(path)


@pytest.mark.parametrize("name", ["JPEGLSLossless", "JPEGLosslessProcess14_1", "JPEGExtendedProcess2_4"])
def test_a_stream_cut_short_is_damaged(tmp_path, name):
    bits = 12 if "Extended" in name else 16
    classic(tmp_path, values=smooth(bits), finish=compress(name, bits))
    _shorten(sorted(tmp_path.iterdir())[0], 0.5)
    with pytest.raises(ReadError, match="damaged or truncated"):
        values(tmp_path)


def test_a_sound_stream_that_nobody_can_decode_is_not_called_damaged(tmp_path, monkeypatch):
    classic(tmp_path, values=smooth(12), finish=compress("JPEGExtendedProcess2_4", 12))
    monkeypatch.setitem(DECODERS, "1.2.840.10008.1.2.4.51", ("pillow", "gdcm"))
    with pytest.raises(ReadError, match=r"no installed decoder can decode its JPEG Extended.*pillow: .*gdcm: .*pip"):
        read_series(tmp_path, "anatomy")


#: (n * n) % 4000 for n from 0 to 119, in 10 rows, by OpenJPH (reversible): no other library here writes such streams.
HIGH_THROUGHPUT = base64.b85decode(
    "|4;u>04YEK0000C0000A00000000000000C0000A0000000000009pH0sl|{2mk^A000XAQUDA90ssL31q1{@0smY86Cj9?kdTm&"
    "kdTm&kdTmwh=~7W02crOPjF>!N>E53R%LP^FfKASE;BCwkN^q*00000{s000lfVEb+w%nnbN~Rr024p}6F>kH044qc2Xp|!@B@c*"
    "08RJ<2Xp|y024p}6Tkoy0L|3_3v>XQO|}5SGyui^0ta*ezyKDU00CV90961VQO1IJp!oB&hVcj`<`IFtm;j5HIQVaS-u?h%1A8_A"
    "F`DNQzW`AEl>op1E}8%VcJKfS@c#h;6e2(X^5g@M4-g<A03C^Z0P+C@(Eb3Q{ePrF0HQ<?t-SyrA3uJ4e0+R-e0+TPxu2VfpI@_?"
    "{K7T+g<trEUvSs!``Ul~)EWH(+kXJo009mo1_(egzW|>1yyxBI01jaOV*wa?0RPz"
)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.203"])
def test_high_throughput_jpeg_2000_is_read_where_its_decoder_is_installed(tmp_path, syntax):
    pytest.importorskip("openjpeg", reason="needs: pip install pylibjpeg pylibjpeg-openjpeg")
    expected = (np.arange(120) ** 2 % 4000).reshape(10, 12)

    def finish(ds, path):
        ds.PixelData = pydicom.encaps.encapsulate([HIGH_THROUGHPUT])
        ds["PixelData"].is_undefined_length = True
        save(ds, path, syntax)

    classic(tmp_path, finish=finish)
    assert installed(syntax) == ("pylibjpeg",)
    np.testing.assert_array_equal(values(tmp_path), np.broadcast_to(expected, (6, 10, 12)))


def test_a_syntax_whose_decoder_is_not_installed_says_what_to_install(tmp_path, monkeypatch):
    syntax = "1.2.840.10008.1.2.4.201"
    monkeypatch.setattr(pixels, "installed", lambda syntax: ())

    def relabel(ds, path):
        compress("JPEG2000Lossless", 16)(ds, path)
        made = pydicom.dcmread(path)
        made.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        made.save_as(path)

    classic(tmp_path, values=stored_values(), finish=relabel)
    with pytest.raises(ReadError, match="pip install pylibjpeg pylibjpeg-openjpeg"):
        read_series(tmp_path, "anatomy")


def test_the_documents_name_the_decoders_that_are_tried():
    text = (Path(__file__).parents[2] / "docs" / "dicom.md").read_text(encoding="utf-8")
    names = {"pydicom": "pydicom", "pylibjpeg": "pylibjpeg", "pillow": "Pillow", "gdcm": "GDCM"}
    names |= {"pyjpegls": "pyjpegls", SIMPLEITK: "SimpleITK"}
    for syntax, plugins in DECODERS.items():
        end = syntax.removeprefix("1.2.840.10008.1.2")
        if end in (".4.202", ".4.203"):
            continue
        rows = [row for row in text.splitlines() if f"`{end}`" in row or f"`.1.2{end}`" in row]
        assert any(re.search(", ".join(names[one] for one in plugins), row) for row in rows), syntax
    assert all(f"`.1.2{syntax.removeprefix('1.2.840.10008.1.2')}`" in text for syntax in NATIVE)


def test_dicom_is_held_to_the_limit_of_memory_and_to_its_bytes(tmp_path, monkeypatch):
    from coconet_med.readers import limits, read

    classic(tmp_path, values=smooth(16), finish=compress("JPEG2000Lossless", 16))
    with pytest.raises(ReadError, match=r"32 x 40 x 6 voxels, .* --max-memory 0\.1 allows it"):
        read(tmp_path, "anatomy", max_memory=1e-5)
    monkeypatch.setattr(limits, "FREE_BYTES", 2**10)
    monkeypatch.setattr(limits, "LARGEST_GROWTH", 1)
    with pytest.raises(ReadError, match="would grow from"):
        read(tmp_path, "anatomy")
