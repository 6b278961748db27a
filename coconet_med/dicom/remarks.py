"""What a series says of itself that its pixels do not show, and whoever looks at them should know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.nm import assumed_step
from coconet_med.dicom.series import OWN_MANUFACTURER, Series, name_files

if TYPE_CHECKING:
    from coconet_med.dicom.series import Instance

#: Transfer syntaxes that always lose something: JPEG baseline and extended.
LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
#: Dates of acquisition that differ by more than this are not of one examination.
ONE_SCAN = timedelta(days=1)


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
    if series.modality == "NM" and (step := assumed_step(series.header)):
        found.append(
            f"it states no Spacing Between Slices: slices were taken as {step:g} mm apart (Slice Thickness), the way "
            "that rows x columns point; look whether the head is up and as high as it should be"
        )
    if series.modality in ("PT", "NM") and (lossy := [one for one in series.instances if compressed_with_loss(one)]):
        ratio = headers.number(lossy[0].header, "LossyImageCompressionRatio")
        how = f"with loss (1:{ratio:g})" if ratio else "with loss"
        found.append(
            f"its pixels were compressed {how}, so values and SUV are not quite those that were measured "
            f"({name_files(one.path for one in lossy)})"
        )
    days = sorted({day for one in series.instances if (day := _day(one)) is not None})
    if days and days[-1] - days[0] > ONE_SCAN:
        found.append(
            f"its images were acquired from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}: two examinations in one series, "
            "or dates that were moved file by file (de-identification), and times that hang on them are wrong"
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


def compressed_with_loss(instance: Instance) -> bool:
    """Whether the header says that its pixels were once compressed with loss, or its transfer syntax always does so."""
    stated = headers.text(instance.header, "LossyImageCompression").strip() == "01"
    return stated or instance.transfer_syntax in LOSSY


def burned_in(instances: Iterable[Instance]) -> list[Instance]:
    """The files whose header says that their pixels hold text that may identify the patient."""
    return [one for one in instances if _says(one, "BurnedInAnnotation", "YES")]


def _day(instance: Instance) -> datetime | None:
    return headers.parse_datetime(headers.text(instance.facts, "AcquisitionDate").strip(), "00")


def _says(instance: Instance, keyword: str, word: str) -> bool:
    return headers.text(instance.header, keyword).strip().upper() == word
