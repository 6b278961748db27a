"""Values read are the stored ones times their own slope, whatever the object and the compression."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, save, set_pixels, stored_values
from encoders import ENCODERS, RLE, jpeg_2000
from pydicom.encaps import encapsulate, generate_frames

from coconet_med.dicom.pixels import stream_size
from coconet_med.errors import ReadError
from coconet_med.readers import limits, read
from coconet_med.readers.dicom import read_series

JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"


def _values(path, role="anatomy", **options):
    return sitk.GetArrayFromImage(read_series(path, role, **options).image)


def test_signed_values_and_intercepts_are_kept(tmp_path):
    stored = stored_values(low=-2000, high=2000)
    classic(tmp_path, "CT", values=stored, signed=True)
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored - 1024)
    assert source.units == "HU"


def test_unused_high_bits_do_not_reach_the_values(tmp_path):
    stored = stored_values(high=4096)

    def overlay(ds, k):
        set_pixels(ds, stored[k] | 0xF000)
        ds.BitsStored, ds.HighBit = 12, 11

    classic(tmp_path, values=stored, edit=overlay)
    np.testing.assert_array_equal(_values(tmp_path), stored)


@pytest.mark.parametrize("bits", [10, 12, 13, 14])
@pytest.mark.parametrize("upper", ["zeros", "overlay"])
def test_the_sign_is_that_of_the_bits_stored(tmp_path, bits, upper):
    """Whatever lies above them: dcm2niix takes 16 bits of any but 12 (findings/stored-bits.sh)."""
    stored = stored_values(low=-500, high=500)
    marked = np.zeros_like(stored)
    marked[:, 2:5, 3:8] = upper == "overlay"

    def edit(ds, k):
        set_pixels(ds, (stored[k] & ((1 << bits) - 1)) | (marked[k] << bits), bits=bits)
        ds.PixelRepresentation = 1

    classic(tmp_path, "CT", values=stored, edit=edit)
    np.testing.assert_array_equal(_values(tmp_path), stored - 1024)


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.filterwarnings("ignore:The .big-endian. transfer syntax")
def test_every_lossless_transfer_syntax_gives_the_same_values(tmp_path, kind):
    stored = classic(tmp_path, finish=ENCODERS[kind])
    np.testing.assert_array_equal(_values(tmp_path), stored)


@pytest.mark.parametrize("kind", ["RLE", "JPEG-LS", "JPEG lossless"])
def test_signed_compressed_values_keep_their_sign(tmp_path, kind):
    stored = stored_values(low=-3000, high=3000)
    classic(tmp_path, values=stored, signed=True, finish=ENCODERS[kind])
    np.testing.assert_array_equal(_values(tmp_path), stored)


def _in_floats(ds, k):
    ds.FloatPixelData = bytes(4 * ds.Rows * ds.Columns)
    del ds.PixelData


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda ds, k: delattr(ds, "PixelData"), "has no pixel data"),
        (_in_floats, "holds floating-point pixels"),
        (lambda ds, k: setattr(ds, "PixelData", ds.PixelData[:60]), "damaged or truncated"),
        (lambda ds, k: setattr(ds, "RescaleSlope", "0"), "RescaleSlope is 0"),
        (lambda ds, k: delattr(ds, "RescaleSlope") if k == 2 else None, "have no Rescale Slope"),
        (
            lambda ds, k: setattr(ds, "Units", "GML" if k == 2 else "BQML"),
            r"Units=BQML \(5 images\), Units=GML \(1 image\)",
        ),
        (lambda ds, k: setattr(ds, "Rows", 65000), "Rows x Columns is 65000"),
        (lambda ds, k: setattr(ds, "NumberOfFrames", "2147483647"), "voxels; expected 1 to"),
        (lambda ds, k: setattr(ds, "RescaleSlope", "1e300"), "exceed 1e30"),
    ],
)
def test_values_that_cannot_be_trusted_are_refused(tmp_path, edit, message):
    classic(tmp_path, "PT", slopes=[2.0] * 6, edit=edit)
    with pytest.raises(ReadError, match=message):
        read_series(tmp_path, "function")


def test_decoders_do_not_log_tracebacks_on_the_way_to_a_refusal(tmp_path, caplog):
    def cut(ds, path):
        ENCODERS["RLE"](ds, path)
        frame = next(generate_frames(ds.PixelData, number_of_frames=1))
        ds.PixelData = encapsulate([frame[:150]])
        save(ds, path, RLE)

    classic(tmp_path, finish=cut)
    caplog.clear()
    with pytest.raises(ReadError, match="damaged or truncated"):
        read_series(tmp_path, "anatomy")
    assert caplog.records == []


def test_a_code_stream_larger_than_its_header_is_refused_before_decoding(tmp_path):
    """A decompression bomb says small in the header and large in the stream."""

    def bomb(ds, path):
        jpeg_2000(ds, path)
        data = path.read_bytes()
        at = data.index(b"\xff\x4f\xff\x51") + 8
        path.write_bytes(data[:at] + (60000).to_bytes(4, "big") * 2 + data[at + 8 :])

    classic(tmp_path, finish=bomb)
    with pytest.raises(ReadError, match="compressed image is 60000 x 60000, the header says 10 x 12"):
        read_series(tmp_path, "anatomy")


def test_deflated_data_may_not_grow_without_bound(tmp_path, monkeypatch):
    classic(tmp_path, finish=ENCODERS["deflate"])
    with pytest.raises(ReadError, match=r"deflated bytes grow beyond .* GiB; --max-memory GIB allows more"):
        read(tmp_path, "anatomy", max_memory=500 / 2**30)
    monkeypatch.setattr(limits, "FREE_BYTES", 200)
    monkeypatch.setattr(limits, "LARGEST_GROWTH", 0.2)
    with pytest.raises(ReadError, match="deflated bytes grow beyond"):
        read_series(tmp_path, "anatomy")
    assert read(tmp_path, "anatomy", max_memory=0.1).image.GetSize() == (12, 10, 6)


def test_the_intercept_of_a_pet_is_applied_and_reported(tmp_path):
    stored = classic(tmp_path, "PT", slopes=[2.0] * 6, edit=lambda ds, k: setattr(ds, "RescaleIntercept", "-50"))
    source = read_series(tmp_path, "function", suv="never")
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), 2.0 * stored - 50)
    reported = [w for w in source.warnings if "Intercept" in w]
    assert reported == [
        "Rescale Intercept of a PET is -50, where DICOM has 0: it was added to the values, and SUV has it"
    ]


def test_an_unknown_transfer_syntax_is_named(tmp_path):
    classic(tmp_path, finish=lambda ds, path: _raw(ds, path, "1.2.840.10008.1.2.4.100"))
    with pytest.raises(ReadError, match=r"MPEG2.* cannot be decoded"):
        read_series(tmp_path, "anatomy")


def _raw(ds, path, syntax):
    ds.PixelData = encapsulate([b"\0\0"])
    ds["PixelData"].is_undefined_length = True
    save(ds, path, syntax)


def test_size_is_read_from_a_jpeg_marker():
    sof = (
        b"\xff\xd8"
        + b"\xff\xe0\x00\x04ab"
        + b"\xff\xc3\x00\x0b\x0c"
        + (300).to_bytes(2, "big")
        + (200).to_bytes(2, "big")
    )
    assert stream_size(sof + b"\0" * 8) == (300, 200)
    assert stream_size(b"\x01\0\0\0") is None


def test_decay_factors_that_contradict_the_times_are_reported(tmp_path):
    def edit(ds, k):
        ds.DecayFactor = "1.4" if k == 2 else "1.0"
        ds.RescaleIntercept = "5" if k == 2 else "0"

    classic(tmp_path / "one", "PT", edit=edit)
    warnings = " ".join(read_series(tmp_path / "one", "function", suv="never").warnings)
    assert "slices of one time state Decay Factors from 1 to 1.4: their values, and SUV, may be off by 40 %" in warnings
    assert "Rescale Intercept of a PET is 5 in 1 of 6 images" in warnings

    def beds(ds, k):
        ds.AcquisitionTime, ds.FrameReferenceTime = f"11{10 * (k // 3):02d}00", str(600000 * (k // 3))
        ds.DecayFactor = "1.4" if k // 3 else "1.0"

    classic(tmp_path / "beds", "PT", edit=beds)
    assert not [w for w in read_series(tmp_path / "beds", "function", suv="never").warnings if "Decay" in w]
