"""What an alignment says of itself."""

from __future__ import annotations

import json

import numpy as np
import SimpleITK as sitk

from coconet_med.align.result import Alignment


def test_the_matrix_takes_a_point_where_the_transform_takes_it_and_the_summary_is_json() -> None:
    transform = sitk.Euler3DTransform((1.0, 2.0, 3.0), 0.1, -0.2, 0.3, (4.0, 5.0, 6.0))
    image = sitk.Image(2, 2, 2, sitk.sitkFloat32)
    found = Alignment(image, image, transform, True, 0.9, 0.8, 7.0, 21.0, 0.3, 0.5, "because", ("a warning",))
    point = (10.0, -20.0, 30.0)
    np.testing.assert_allclose((found.matrix @ [*point, 1.0])[:3], transform.TransformPoint(point))
    reported = json.loads(json.dumps(found.summary()))
    assert reported["reason"] == "because"
    assert reported["warnings"] == ["a warning"]
    assert "given" not in reported
