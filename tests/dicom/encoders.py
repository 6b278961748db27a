"""DICOM files in each lossless transfer syntax, by the libraries that write them."""

from __future__ import annotations

import io

import numpy as np
import pydicom
from dicom_phantom import save
from pydicom.encaps import encapsulate

RLE, JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"


def big_endian(ds, path):
    ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    save(ds, path, pydicom.uid.ExplicitVRBigEndian)


def compress(syntax, plugin):
    def finish(ds, path):
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        ds.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
        save(ds, path, syntax)

    return finish


def jpeg_2000(ds, path):
    from PIL import Image

    stream = io.BytesIO()
    picture = Image.fromarray(np.frombuffer(ds.PixelData, "<u2").reshape(ds.Rows, ds.Columns))
    picture.save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    ds.PixelData = encapsulate([stream.getvalue()])
    ds["PixelData"].is_undefined_length = True
    save(ds, path, JPEG_2000)


def jpeg_lossless(ds, path):
    import gdcm

    save(ds, path)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(path))
    assert writer.Write()


ENCODERS = {
    "implicit": lambda ds, path: save(ds, path, pydicom.uid.ImplicitVRLittleEndian),
    "big endian": big_endian,
    "deflate": lambda ds, path: save(ds, path, pydicom.uid.DeflatedExplicitVRLittleEndian),
    "RLE": compress(RLE, "pydicom"),
    "JPEG-LS": compress(JPEG_LS, "pyjpegls"),
    "JPEG 2000": jpeg_2000,
    "JPEG lossless": jpeg_lossless,
}
