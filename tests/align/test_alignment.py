"""The functional image comes onto the anatomical grid at its own place in the world, or is refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from formula_head import CENTER, grid, head, painted, sources, t1, world_points

from coconet_med.align import Alignment, align
from coconet_med.errors import GeometryError, OptionError, RegistrationError
from coconet_med.source import Source


def turn(*degrees: float) -> np.ndarray:
    euler = sitk.Euler3DTransform()
    euler.SetRotation(*np.radians(degrees))
    return np.array(euler.GetMatrix()).reshape(3, 3)


def pet(moved_by: sitk.Transform | None = None, *, seed: int = 0) -> sitk.Image:
    """FDG-like: 2.5 x 2.5 x 3 mm, 6 mm blur, 3 % noise; ``moved_by`` takes a head point to where this scan has it."""
    image = grid((72, 84, 64), (2.5, 2.5, 3.0), center=CENTER if moved_by is None else moved_by.TransformPoint(CENTER))
    points = world_points(image)
    if moved_by is not None:
        matrix = np.array(moved_by.GetMatrix()).reshape(3, 3)
        points = (points - np.array(moved_by.TransformPoint((0.0, 0.0, 0.0)))) @ matrix  # inverse of a rotation
    blurred = sitk.GetArrayFromImage(
        sitk.DiscreteGaussian(painted(image, head(points, metabolic=True)), (6.0 / 2.355) ** 2)
    )
    return painted(image, blurred + np.random.default_rng(seed).normal(0, 0.12, blurred.shape))


def rigid(degrees=(0.0, 0.0, 0.0), shift=(0.0, 0.0, 0.0)) -> sitk.Euler3DTransform:
    transform = sitk.Euler3DTransform(CENTER.tolist(), *np.radians(degrees).tolist())
    transform.SetTranslation([float(s) for s in shift])
    return transform


def surface_error(found: Alignment, truth: sitk.Transform) -> float:
    """Largest distance in mm between found and true places of points on the head's surface."""
    directions = np.random.default_rng(1).normal(size=(200, 3))
    points = CENTER + directions / np.linalg.norm(directions / np.array([72, 90, 80]), axis=1, keepdims=True)
    pairs = ((found.transform.TransformPoint(p), truth.TransformPoint(p)) for p in points.tolist())
    return max(float(np.linalg.norm(np.subtract(a, b))) for a, b in pairs)


GRIDS = {
    "rotated": grid((40, 44, 36), (3.0, 3.0, 3.0), turn(0, 0, 90)),
    "flipped": grid((40, 44, 36), (3.0, 3.0, 3.0), np.diag([-1.0, -1.0, 1.0])),
    "left-handed": grid((40, 44, 36), (3.0, 3.0, 3.0), np.diag([-1.0, 1.0, 1.0])),
    "sagittal": grid((40, 44, 36), (3.0, 3.0, 3.0), [[0, 0, 1], [1, 0, 0], [0, -1, 0]]),
    "oblique": grid((40, 44, 36), (3.0, 3.0, 3.0), turn(12, -7, 20)),
    "anisotropic": grid((50, 30, 24), (2.0, 4.0, 5.0), turn(5, 0, -9)),
}


@pytest.mark.parametrize("name", GRIDS)
def test_a_marker_stays_at_its_world_point(name):
    reference = grid((52, 56, 50), (2.0, 2.2, 2.5), turn(-4, 6, 10))
    marker = np.array([17.0, -31.0, 22.0])
    distance = ((world_points(GRIDS[name]) - marker) ** 2).sum(axis=-1)
    function = painted(GRIDS[name], np.exp(-distance / (2 * 8.0**2)))
    result = align(*sources(reference, function), register="never")
    weights = sitk.GetArrayFromImage(result.function).astype(float)
    found = (world_points(result.function) * weights[..., None]).sum(axis=(0, 1, 2)) / weights.sum()
    assert result.function.GetSize() == reference.GetSize()
    assert result.function.GetDirection() == reference.GetDirection()
    assert np.linalg.norm(found - marker) < 0.1


def test_a_mirrored_copy_of_a_volume_aligns_to_the_same_voxels(anatomy):
    mirrored = sitk.Flip(anatomy, (True, False, False))
    mirrored = sitk.PermuteAxes(mirrored, (1, 0, 2))
    result = align(*sources(anatomy, mirrored), register="never")
    np.testing.assert_allclose(
        sitk.GetArrayViewFromImage(result.function), sitk.GetArrayViewFromImage(anatomy), atol=1e-3
    )


def test_a_known_displacement_is_recovered(anatomy):
    truth = rigid((6.0, -5.0, 6.0), (10.0, -9.0, 6.0))
    result = align(*sources(anatomy, pet(truth)), register="always")
    assert result.registered
    assert surface_error(result, truth) < 0.5
    assert result.mutual_information_after > result.mutual_information_before
    assert result.offset_mm == pytest.approx(np.sqrt(10**2 + 9**2 + 6**2), abs=1.0)
    assert result.angle_deg == pytest.approx(9.9, abs=0.5)
    point = np.array([10.0, 5.0, -7.0, 1.0])
    np.testing.assert_allclose(
        (result.matrix @ point)[:3], result.transform.TransformPoint(point[:3].tolist()), atol=1e-9
    )


def test_a_second_run_gives_the_same_bits(anatomy):
    function = pet(rigid((3.0, 0.0, 2.0), (8.0, 0.0, 4.0)))
    first, second = (align(*sources(anatomy, function), register="always") for _ in range(2))
    assert first.summary() == second.summary()
    assert np.array_equal(sitk.GetArrayViewFromImage(first.function), sitk.GetArrayViewFromImage(second.function))


@pytest.mark.parametrize("slices", [5, 9, 30])
def test_a_slab_of_few_slices_is_registered_as_a_whole_head_is(slices):
    truth = rigid(shift=(9.0, -6.0, 0.0))
    found = align(*sources(t1((80, 98, slices)), pet(truth)), register="always")
    assert found.registered
    assert surface_error(found, truth) < 3.0


def test_auto_keeps_affines_that_fit_and_registers_those_that_do_not(anatomy):
    kept = align(*sources(anatomy, pet()))
    assert not kept.registered
    assert kept.offset_mm == 0.0
    assert kept.warnings == ()
    near = rigid((0.0, 0.0, 4.0), (0.0, 25.0, 0.0))
    moved = align(*sources(anatomy, pet(near)))
    assert moved.registered
    assert surface_error(moved, near) < 0.5
    assert "registered" in moved.warnings[0]


def test_one_frame_of_reference_is_trusted_but_a_better_place_is_reported(anatomy):
    fits = align(*sources(anatomy, pet(), ("1.2", "1.2")))
    assert (fits.registered, fits.warnings) == (False, ())
    displaced = align(*sources(anatomy, pet(rigid(shift=(0, 25, 0))), ("1.2", "1.2")))
    assert not displaced.registered
    assert "fits" in displaced.warnings[0]
    assert "--register always" in displaced.warnings[0]


def test_two_frames_of_reference_are_registered_or_refused(anatomy):
    truth = rigid(shift=(200.0, -90.0, 400.0))
    pair = sources(anatomy, pet(truth), ("1.2", "1.3"))
    found = align(*pair)
    assert found.registered
    assert surface_error(found, truth) < 0.5
    with pytest.raises(GeometryError, match=r"different DICOM frames of reference.*--register auto"):
        align(*pair, register="never")
    nearby = align(*sources(anatomy, pet(), ("1.2", "1.3")), register="never", force=True)
    assert "no header confirms" in nearby.warnings[0]


def test_fields_of_view_that_do_not_meet_are_refused(anatomy):
    pair = sources(anatomy, pet(rigid(shift=(0.0, 0.0, 500.0))))
    with pytest.raises(GeometryError, match=r"do not overlap: .*\(5, -20, 530\).*\(5, -20, 30\).* 500 mm apart"):
        align(*pair, register="never")


def test_a_registration_beyond_30_degrees_is_refused_unless_forced(anatomy):
    truth = rigid((0.0, 0.0, 40.0))
    pair = sources(anatomy, pet(truth))
    with pytest.raises(RegistrationError, match="degrees"):
        align(*pair, register="always")
    forced = align(*pair, register="always", force=True)
    assert surface_error(forced, truth) < 0.5
    assert any("degrees" in warning for warning in forced.warnings)


def test_images_without_common_structure_are_refused(anatomy):
    noise = painted(grid((24, 24, 24), (7.0, 7.0, 7.0)), np.random.default_rng(0).normal(size=(24, 24, 24)))
    with pytest.raises(RegistrationError, match="no structure in common"):
        align(*sources(anatomy, noise), register="always")
    constant = painted(noise, np.ones((24, 24, 24)))
    with pytest.raises(RegistrationError, match="constant"):
        align(*sources(anatomy, constant), register="always")
    assert align(*sources(anatomy, constant)).warnings


def test_a_stopped_progress_ends_the_registration(anatomy):
    def stop(fraction: float, message: str) -> None:
        if fraction > 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        align(*sources(anatomy, pet(rigid(shift=(9, 0, 0)))), register="always", progress=stop)


def test_progress_rises_from_zero(anatomy):
    reported: list[float] = []
    align(*sources(anatomy, pet()), register="always", progress=lambda fraction, message: reported.append(fraction))
    assert reported[0] == 0.0
    assert reported == sorted(reported)
    assert 0.85 < reported[-1] <= 1.0


def test_voxels_that_are_not_finite_do_not_spoil_the_registration(anatomy):
    truth = rigid(shift=(12.0, 0.0, 0.0))
    values = sitk.GetArrayFromImage(pet(truth))
    values[:, :4] = np.nan
    values[0, 40, 40] = np.inf
    assert surface_error(align(*sources(anatomy, painted(pet(truth), values)), register="always"), truth) < 0.5


def test_one_slice_covers_its_slab_and_nothing_else(anatomy):
    slice_ = painted(grid((60, 70, 1), (2.5, 2.5, 5.0)), np.full((1, 70, 60), 7.0))
    result = align(*sources(anatomy, slice_))
    inside = sitk.GetArrayFromImage(result.inside) > 0
    z = world_points(anatomy)[..., 2]
    assert np.abs(z[inside] - CENTER[2]).max() <= 2.5
    assert inside[np.abs(z - CENTER[2]) < 2.4].any()
    assert 0.0 < result.coverage < 0.1
    values = sitk.GetArrayFromImage(result.function)
    assert np.all(values[inside] == 7.0)
    assert np.all(values[~inside] == 0.0)
    assert result.background == 0.0
    assert "too few slices" in result.warnings[0]
    real = painted(slice_, head(world_points(slice_), metabolic=True))
    with pytest.raises(RegistrationError, match="fewer than 5 slices"):
        align(*sources(anatomy, real), register="always")


def test_beyond_the_field_of_view_of_a_ct_is_air(anatomy):
    ct = painted(grid((20, 20, 20), (3.0, 3.0, 3.0)), np.full((20, 20, 20), 40.0))
    result = align(Source(anatomy, "t1"), Source(ct, "ct", units="HU"), register="never")
    values = sitk.GetArrayFromImage(result.function)
    inside = sitk.GetArrayFromImage(result.inside) > 0
    assert set(np.unique(values[inside])) == {40.0}
    assert set(np.unique(values[~inside])) == {-1000.0}


def test_an_unknown_mode_is_refused(anatomy):
    with pytest.raises(OptionError, match="auto, always or never"):
        align(*sources(anatomy, anatomy), register="sometimes")
