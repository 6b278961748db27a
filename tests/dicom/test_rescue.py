"""Decoding in a process of its own."""

from __future__ import annotations

from dicom_phantom import classic
from gdcm_cases import compress, smooth


def test_a_decoder_that_ends_its_process_ends_not_ours(tmp_path, monkeypatch):
    from coconet_med.dicom import rescue

    classic(tmp_path, values=smooth(16), finish=compress("JPEGLSLossless", 16))
    job = rescue.Job(sorted(tmp_path.iterdir())[0], "1.2.840.10008.1.2.4.80", (0,))
    monkeypatch.setattr(rescue.sys, "executable", "/bin/false")
    assert rescue.decode_apart({3: job}, "gdcm") == {3: "the decoder ended its process (1)"}
