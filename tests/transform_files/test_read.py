"""Transforms of other programs move the functional image where they say, or are refused; ours are read by others."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from transform_cases import close, sources, tfm

from coconet_med.errors import GeometryError, ReadError
from coconet_med.transform_files import read_transform


@pytest.mark.parametrize("name", ["x.tfm", "x.h5", "x.mat", "x.txt"])
def test_an_itk_or_slicer_transform_goes_from_the_anatomy_to_the_function(moved, move, tmp_path, name):
    close(read_transform(tfm(move, tmp_path / name), *sources(moved)).matrix, move)


def test_a_composite_of_linear_transforms_is_taken_and_a_deformation_refused(moved, move, tmp_path):
    half = sitk.AffineTransform(np.eye(3).ravel().tolist(), (5.0, 0.0, 0.0))
    rest = sitk.AffineTransform(move[:3, :3].ravel().tolist(), (move[:3, 3] - move[:3, :3] @ [5.0, 0.0, 0.0]).tolist())
    sitk.WriteTransform(sitk.CompositeTransform([rest, half]), str(tmp_path / "both.h5"))
    close(read_transform(tmp_path / "both.h5", *sources(moved)).matrix, move)
    field = sitk.DisplacementFieldTransform(sitk.Image([8, 8, 8], sitk.sitkVectorFloat64, 3))
    sitk.WriteTransform(field, str(tmp_path / "field.h5"))
    with pytest.raises(GeometryError, match="not linear"):
        read_transform(tmp_path / "field.h5", *sources(moved))


@pytest.mark.parametrize(
    ("text", "name", "error", "words"),
    [
        ("", "x.tfm", ReadError, "is empty"),
        ("hello", "x.tfm", ReadError, "cannot be read as an ITK"),
        ("hello", "x.lta", ReadError, "no complete LTA"),
        ("hello", "x.xfm", ReadError, "no transform that is read"),
        ("MNI Transform File\n\nTransform_Type = Linear;\n", "x.xfm", ReadError, "itk_convert_xfm IN.xfm OUT.tfm"),
        (
            '(Transform "EulerTransform")\n(TransformParameters 0 0 0 1 2 3)\n',
            "x.txt",
            ReadError,
            "parameters of elastix",
        ),
        ("sub\n6\n6\n0.15\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\nround\n", "x.dat", ReadError, "tkregister2 --noedit"),
        ("1 0 0 0\n0 1 0 0\n0 0 0 0\n0 0 0 1\n", "x.mat", GeometryError, "singular"),
        ("-1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", "x.mat", GeometryError, "mirrors"),
    ],
)
def test_what_is_no_transform_is_named(moved, tmp_path, text, name, error, words):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error, match=words):
        read_transform(tmp_path / name, *sources(moved))
