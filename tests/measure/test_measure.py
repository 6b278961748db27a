"""Numbers of regions agree with scikit-image and with IBSI's definition of the peak; colors give uptake back."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from skimage.measure import regionprops

import coconet_med
from coconet_med.color.readback import read_back
from coconet_med.commands.main import main
from coconet_med.errors import FusionError, GeometryError, OptionError, ReadError
from coconet_med.measure import measure_regions, read_labels
from coconet_med.measure.names import freesurfer_names
from coconet_med.measure.peak import RADIUS_MM, sphere_means
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.writers.volumes import write_volume


def like(values: np.ndarray, image: sitk.Image) -> sitk.Image:
    made = sitk.GetImageFromArray(values)
    made.CopyInformation(image)
    return made


@pytest.fixture(scope="module")
def labels(head: HeadPhantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Quarters of the brain by FreeSurfer's numbers, on the grid of the T1."""
    body = sitk.GetArrayViewFromImage(head.t1) > 20
    values = np.zeros(body.shape, np.int16)
    k, j, i = np.indices(body.shape)
    middle = [n // 2 for n in body.shape]
    for number, part in (
        (8, k < middle[0]),
        (17, i < middle[2]),
        (53, j < middle[1]),
        (1005, (k > middle[0]) & (j > middle[1])),
    ):
        values[body & part & (values == 0)] = number
    path = tmp_path_factory.mktemp("labels") / "aparc+aseg.nii.gz"
    write_volume(like(values, head.t1), path)
    return path


def test_figures_agree_with_scikit_image(head: HeadPhantom, labels: Path) -> None:
    found = read_labels(labels)
    uptake = sitk.Resample(head.pet, head.t1, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)
    hot, gray = (sitk.GetArrayFromImage(image).astype(np.float64) for image in (uptake, head.t1))
    rows = {row.label: row for row in measure_regions(found, uptake, head.t1)}
    props = {p.label: p for p in regionprops(sitk.GetArrayFromImage(found.grid), np.stack([hot, gray], -1))}
    assert set(rows) == set(props) == {8, 17, 53, 1005}
    for label, row in rows.items():
        prop = props[label]
        mean, top, spread = (np.array(v) for v in (prop.intensity_mean, prop.intensity_max, prop.intensity_std))
        mine = [(row.uptake_mean, row.anatomy_mean), (row.uptake_max, row.anatomy_max), (row.uptake_sd, row.anatomy_sd)]
        np.testing.assert_allclose(mine, [mean, top, spread], rtol=1e-6)
        assert row.voxels == prop.num_pixels
        assert row.volume_ml == pytest.approx(prop.num_pixels * 0.064)  # voxels of 4 mm
        assert row.covered == 1


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.5, 2.5, 4.0)])
def test_the_peak_is_the_highest_mean_of_a_sphere_of_1_ml(spacing) -> None:
    rng = np.random.default_rng(4)
    values = rng.random((9, 12, 15))
    valid = rng.random(values.shape) > 0.1
    means = sphere_means(values, spacing, valid=valid)
    points = np.stack(np.meshgrid(*(np.arange(n) for n in values.shape), indexing="ij"), -1) * spacing[::-1]
    for at in [(0, 0, 0), (4, 6, 7), (8, 11, 14), (3, 0, 9)]:
        near = (np.linalg.norm(points - points[at], axis=-1) <= RADIUS_MM) & valid
        assert means[at] == pytest.approx(values[near].mean(), rel=1e-9)
    assert 4 / 3 * np.pi * RADIUS_MM**3 == pytest.approx(1000)


def test_what_lies_beyond_the_functional_field_is_not_counted(head: HeadPhantom, labels: Path) -> None:
    half = head.pet[:, :, : head.pet.GetSize()[2] // 2]
    rows = measure_regions(read_labels(labels), half + 5.0, head.t1)
    assert any(0 < row.covered < 1 for row in rows)
    assert all(row.uptake_mean >= 5 for row in rows if row.covered)
    empty = [row for row in rows if not row.covered]
    assert all(np.isnan(row.uptake_mean) for row in empty)
    far = sitk.Image(half)
    far.SetOrigin((900.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match="no region lies"):
        measure_regions(read_labels(labels), far)


def test_the_command_writes_a_table_with_names_and_suvr(pair, labels: Path, tmp_path: Path, capsys) -> None:
    table, facts, ratio = tmp_path / "t.csv", tmp_path / "t.json", tmp_path / "suvr.nii.gz"
    main_ends(
        [
            "measure",
            *map(str, pair),
            "--labels",
            str(labels),
            "--register",
            "never",
            "--quiet",
            "--csv",
            str(table),
            "--json",
            str(facts),
            "--reference",
            "Left-Cerebellum-Cortex",
            "--suvr-map",
            str(ratio),
        ]
    )
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [row["name"] for row in rows] == [
        "Left-Cerebellum-Cortex",
        "Left-Hippocampus",
        "Right-Hippocampus",
        "ctx-lh-cuneus",
    ]
    assert float(rows[0]["suvr"]) == pytest.approx(1, abs=1e-6)
    known = json.loads(facts.read_text(encoding="utf-8"))
    assert known["reference"]["mean"] == pytest.approx(float(rows[0]["uptake_mean"]), rel=1e-6)
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(ratio)))
    mask = read_labels(labels).mask(17)
    assert values[mask].mean() == pytest.approx(float(rows[1]["suvr"]), rel=1e-5)
    assert "Left-Hippocampus" in capsys.readouterr().out


def test_a_fusion_can_be_of_suvr(pair, labels: Path, mean_model: Model) -> None:
    plain = coconet_med.fuse(*pair, register="never", model=mean_model)
    mask = read_labels(labels).mask(8)
    mean = float(sitk.GetArrayFromImage(plain.uptake)[mask].mean())
    # The same window in both units: its robust top is rounded to a readable number in each.
    window = plain.window.low / mean, plain.window.high / mean
    result = coconet_med.fuse(*pair, register="never", model=mean_model, reference="8", labels=labels, window=window)
    assert sitk.GetArrayFromImage(result.uptake)[mask].mean() == pytest.approx(1, abs=1e-5)
    assert result.window.units == "SUVR"
    told = result.sidecar()["sources"]["function"]["details"]["reference"]
    assert told["mean"] == pytest.approx(sitk.GetArrayFromImage(plain.uptake)[mask].mean(), rel=1e-5)
    assert np.abs(sitk.GetArrayFromImage(result.color).astype(int) - sitk.GetArrayFromImage(plain.color)).max() <= 2


@pytest.mark.parametrize(
    ("reference", "error", "words"),
    [
        ("Cerebellum", OptionError, "no label of"),
        ("99", OptionError, "no label of"),
        ("none.nii.gz", OptionError, "is no"),
    ],
)
def test_a_reference_that_is_not_there_is_named(pair, labels: Path, mean_model, reference, error, words) -> None:
    with pytest.raises(error, match=words):
        coconet_med.fuse(*pair, register="never", model=mean_model, reference=reference, labels=labels)


def test_names_come_from_freesurfer_a_bids_table_or_numbers(head: HeadPhantom, labels: Path, tmp_path: Path) -> None:
    assert freesurfer_names()[2035] == "ctx-rh-insula"
    assert freesurfer_names()[4024] == "wm-rh-precentral"
    values = np.zeros(sitk.GetArrayViewFromImage(head.t1).shape, np.int16)
    values[10:20] = 2
    path = tmp_path / "sub-1_dseg.nii.gz"
    write_volume(like(values, head.t1), path)
    assert read_labels(path).names == {}
    path.with_name("sub-1_dseg.tsv").write_text("index\tname\n2\tTumor\n", encoding="utf-8")
    assert read_labels(path).names == {2: "Tumor"}
    (tmp_path / "lut.txt").write_text("# LUT\n7 Left-X 1 2 3 0\n", encoding="utf-8")
    with pytest.raises(OptionError, match="names none"):
        read_labels(path, names=tmp_path / "lut.txt")
    write_volume(head.pet, tmp_path / "pet.nii.gz")
    with pytest.raises(ReadError, match="no segmentation"):
        read_labels(tmp_path / "pet.nii.gz")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_uptake_is_read_from_colors_within_the_error_that_is_told(
    pair, mean_model: Model, tmp_path: Path, suffix
) -> None:
    result = coconet_med.fuse(*pair, register="never", model=mean_model)
    result.save(tmp_path / f"fused{suffix}", uptake=True)
    found = read_back(tmp_path / f"fused{suffix}")
    truth = np.clip(sitk.GetArrayFromImage(result.uptake), result.window.low, result.window.high)
    seen = sitk.GetArrayFromImage(result.color).max(axis=-1) > 0
    off = np.abs(sitk.GetArrayFromImage(found.uptake) - truth)[seen]
    assert off.max() <= found.error_max * 1.001
    assert off.mean() <= found.error_mean
    assert found.error_mean < 0.02 * (result.window.high - result.window.low)
    assert found.foreign == 0
    (tmp_path / "fused.json").rename(tmp_path / "elsewhere.json")
    with pytest.raises(ReadError, match="--colormap NAME and --window"):
        read_back(tmp_path / f"fused{suffix}")
    again = read_back(tmp_path / f"fused{suffix}", colormap="uptake", window=(result.window.low, result.window.high))
    assert np.array_equal(sitk.GetArrayFromImage(again.uptake), sitk.GetArrayFromImage(found.uptake))


def test_a_picture_is_read_and_an_overview_refused(pair, mean_model: Model, tmp_path: Path) -> None:
    coconet_med.fuse(*slice_pair(64), model=mean_model).save(tmp_path / "flat.png")
    main_ends(["read", str(tmp_path / "flat.png"), "-o", str(tmp_path / "uptake.tiff")])
    assert sitk.ReadImage(str(tmp_path / "uptake.tiff")).GetSize() == (64, 64)
    coconet_med.fuse(*pair, register="never", model=mean_model).save(tmp_path / "all.png")
    with pytest.raises(ReadError, match="overview of a volume"):
        read_back(tmp_path / "all.png")


def test_a_fused_volume_is_measured_by_its_colors_or_by_the_uptake_beside_it(
    pair, labels, mean_model, tmp_path
) -> None:
    result = coconet_med.fuse(*pair, register="never", model=mean_model)
    result.save(tmp_path / "fused.nii.gz")
    means = []
    for extra in ({}, {"uptake": True, "overwrite": True}):
        result.save(tmp_path / "fused.nii.gz", **extra) if extra else None
        main_ends(
            [
                "measure",
                str(tmp_path / "fused.nii.gz"),
                "--labels",
                str(labels),
                "--json",
                str(tmp_path / "t.json"),
                "--overwrite",
            ]
        )
        told = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
        means.append(np.array([row["uptake_mean"] for row in told["regions"]]))
        assert told["regions"][0]["anatomy_mean"] is None
    assert told["read_from"] == "fused_uptake.nii.gz"
    np.testing.assert_allclose(means[0], means[1], atol=0.03 * (result.window.high - result.window.low))


def test_labels_of_another_frame_of_reference_are_told_of(head: HeadPhantom, labels: Path) -> None:
    from dataclasses import replace

    from coconet_med.measure.labels import other_frame
    from coconet_med.source import Source

    seg = replace(read_labels(labels), frame_of_reference="1.2.3")
    assert "another DICOM frame of reference" in other_frame(seg, Source(head.t1, "T1", frame_of_reference="1.2.4"))[0]
    assert other_frame(seg, Source(head.t1, "T1", frame_of_reference="1.2.3")) == ()
    assert other_frame(seg, Source(head.t1, "T1")) == ()


def test_too_many_images_are_refused(pair, labels) -> None:
    with pytest.raises(SystemExit) as end:
        main(["measure", *map(str, pair), str(pair[0]), "--labels", str(labels)])
    assert end.value.code == 2
    assert issubclass(ReadError, FusionError)


def main_ends(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert not end.value.code
