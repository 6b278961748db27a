"""Smooth pixels, compressed by GDCM."""

from __future__ import annotations

from pathlib import Path

import gdcm
import numpy as np
import pydicom
from dicom_phantom import save


def smooth(bits: int) -> np.ndarray:
    """Stored values (6, 32, 40) that rise and fall gently, as lossy compression expects, over most of their range."""
    k, j, i = np.mgrid[:6, :32, :40]
    return np.rint((0.5 + 0.4 * np.sin(j / 9 + k) * np.cos(i / 11)) * (2 ** min(bits, 14) - 1)).astype(np.uint16)


def compress(name: str, bits: int):
    def finish(ds: pydicom.Dataset, path: Path) -> None:
        if bits == 8:
            ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype("u1").tobytes()
            ds.BitsAllocated = 8
        ds.BitsStored, ds.HighBit = bits, bits - 1
        save(ds, path)
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(path))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.SetFileName(str(path))
        assert writer.Write()

    return finish
