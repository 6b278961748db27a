"""Options are declared once and refused before any image is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from coconet_med.color.colormaps import COLORMAPS
from coconet_med.errors import OptionError
from coconet_med.options import FuseOptions, check_dicom_output, frame_number, parse_threshold


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"labels": "aseg.mgz"}, "--labels aseg.mgz: is where --reference finds its region"),
        ({"names": "names.tsv"}, "--names names.tsv: are those of a segmentation"),
        ({"register": "maybe"}, "--register maybe: choose auto, always or never"),
        ({"plane": "oblique"}, "--plane oblique: choose"),
        ({"strength": 1.5}, "strength 1.5: give a number from 0"),
        ({"lightness": -0.1}, "--lightness -0.1: give a number from 0"),
        ({"color": "own"}, "--color own: choose map or source"),
        ({"affine": "both"}, "--affine both: choose"),
        ({"max_memory": 0.0}, "--max-memory 0: give a positive number"),
        ({"transform": "a.tfm", "landmarks": ("a", "b")}, "give one of the two"),
        ({"dynamic": "last"}, "--dynamic last: give mean"),
        ({"dynamic": True}, "--dynamic True: give mean"),
        ({"contours_over": "pet"}, "--contours-over pet: choose anatomy or fused"),
        ({"transform_direction": "back"}, "--transform-direction back: choose stated or reverse"),
        ({"anatomy_kind": "PT"}, "--anatomy PT: choose MR or CT"),
        ({"function_kind": "MR"}, "--function MR: choose PT, NM or CT"),
        ({"colormap": "jet"}, "unknown color map 'jet': choose one of uptake,"),
        ({"timezone": "CET"}, "--timezone CET: give an offset from UTC"),
    ],
)
def test_what_no_pair_can_take_is_refused_by_name(given, words) -> None:
    with pytest.raises(OptionError, match=words):
        FuseOptions(**given).validate()


def test_options_are_taken_by_name_and_the_rest_is_left() -> None:
    taken = FuseOptions.taken_from({"strength": 0.5, "output": "a.nii", "select": ("EchoTime=90",)})
    assert taken == FuseOptions(strength=0.5, select=("EchoTime=90",))
    assert taken.validate() is taken
    assert taken.for_readers() == {"select": ("EchoTime=90",)}
    assert FuseOptions(dynamic=3).for_readers() == {"dynamic": 3}


@pytest.mark.parametrize(("text", "found"), [("2.5", (2.5, False)), ("40%", (40.0, True)), (0, (0.0, False))])
def test_a_threshold_is_a_number_or_a_share_of_the_maximum(text, found) -> None:
    assert parse_threshold(text) == found


@pytest.mark.parametrize("text", ["-1", "101%", "nan", "hot"])
def test_what_is_no_threshold_is_refused(text) -> None:
    with pytest.raises(OptionError, match="--threshold"):
        parse_threshold(text)


def test_a_frame_is_mean_or_a_number() -> None:
    assert (frame_number("mean"), frame_number("12")) == ("mean", 12)
    for text in ("-1", "²", "1.0"):
        with pytest.raises(OptionError, match="--dynamic"):
            frame_number(text)


def test_dicom_is_made_of_dicom_alone(tmp_path: Path) -> None:
    plain = tmp_path / "t1.nii.gz"
    plain.write_bytes(b"x")
    with pytest.raises(OptionError, match=r"-o OUT: asks for DICOM, but .* has no DICOM headers"):
        check_dicom_output(plain, "sc", dicom=True, target="-o OUT")
    with pytest.raises(OptionError, match="--dicom-legend margin: is for DICOM results"):
        check_dicom_output(plain, "sc", dicom=False, target="-o a.nii", legend="margin")
    check_dicom_output(tmp_path, "gray", dicom=True, target="-o OUT")


def test_editors_know_the_words_that_are_taken() -> None:
    types = get_type_hints(FuseOptions)
    words = {name: _words(kind) for name, kind in types.items() if _words(kind)}
    assert words == {
        "register": {"auto", "always", "never"},
        "transform_direction": {"stated", "reverse"},
        "plane": {"auto", "axial", "coronal", "sagittal"},
        "colormap": {"auto", *COLORMAPS},
        "color": {"map", "source"},
        "contours_over": {"anatomy", "fused"},
        "affine": {"auto", "sform", "qform"},
        "anatomy_kind": {"MR", "CT"},
        "function_kind": {"PT", "NM", "CT"},
        "dynamic": {"mean"},
    }


def _words(kind: Any) -> set[str]:
    if get_origin(kind) is Literal:
        return set(get_args(kind))
    return {word for part in get_args(kind) for word in _words(part)}
