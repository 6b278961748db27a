"""The forms of a DICOM result, and which pairs can have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from coconet_med.choices import DicomForm, one_of
from coconet_med.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from coconet_med.source import Source
    from coconet_med.steps.prepare import PreparedPair
    from coconet_med.windowing.window import Window

Form = DicomForm
#: Forms that hold the fused luminance instead of colors.
GRAY = ("gray", "navigation")


def check_form(form: str, anatomy: Source) -> None:
    """Refuse a form that an anatomy cannot have.

    Raises:
        OptionError: unknown ``form``.
        WriteError: the form is an MR object, and the anatomy is none.
    """
    one_of("--dicom-form", form, get_args(Form))
    if form != "sc" and anatomy.modality != "MR":
        raise WriteError(f"--dicom-form {form} makes an MR object, but the anatomy is {anatomy.modality}; use sc")


def refuse_signed(form: str, function: Source, window: Window) -> None:
    """Refuse gray for a map of both signs.

    Raises:
        WriteError: values of both signs would look alike.
    """
    if form in GRAY and window.signed:
        raise WriteError(
            f"--dicom-form {form}: in gray the values of both signs of {function.name} would look alike; write the "
            "form sc or enhanced, or fuse with --window 0 HIGH"
        )


def accepts(form: str) -> Callable[[PreparedPair], None]:
    """What refuses a pair that a DICOM result of this form cannot be made of, for ``accept`` of ``fuse``."""

    def check(pair: PreparedPair) -> None:
        check_form(form, pair.anatomy)
        if form in GRAY:  # windows are found while the images are aligned, where nobody has to know them before
            refuse_signed(form, pair.function, pair.windows[1])

    return check
