"""What a series says of itself that its pixels do not show, and whoever looks at them should know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.series import OWN_MANUFACTURER, Series, name_files

if TYPE_CHECKING:
    from coconet_med.dicom.series import Instance


def remarks(series: Series) -> list[str]:
    """Warnings about a series whose images are this program's own, carry names in their pixels, or show a phantom.

    None of them is refused: a study is never fused from the first kind unasked, and the others may be meant.
    """
    found = []
    if headers.text(series.header, "Manufacturer").strip() == OWN_MANUFACTURER:
        found.append(
            f"series {series.describe()} is a result of this program, which shows uptake already: fuse the images that "
            "it was made of"
        )
    if burned := burned_in(series.instances):
        found.append(
            f"Burned In Annotation (0028,0301) is YES ({name_files(one.path for one in burned)}): text in the pixels "
            "is taken for anatomy or uptake, and may name the patient in the result as well"
        )
    if test := [one.path for one in series.instances if _says(one, "QualityControlImage", "YES")]:
        found.append(
            f"Quality Control Image (0028,0300) is YES ({name_files(test)}): a phantom or test image, it seems"
        )
    return found


def burned_in(instances: Iterable[Instance]) -> list[Instance]:
    """The files whose header says that their pixels hold text that may identify the patient."""
    return [one for one in instances if _says(one, "BurnedInAnnotation", "YES")]


def _says(instance: Instance, keyword: str, word: str) -> bool:
    return headers.text(instance.header, keyword).strip().upper() == word
