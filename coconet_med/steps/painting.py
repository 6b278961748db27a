"""Color and luminance of a pair, made batch by batch of slices, by the network or by the field it gave before."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import SimpleITK as sitk

from coconet_med.color import compose, luma, ycbcr_compose
from coconet_med.color.look import Look, cut_off, hatched
from coconet_med.inference import Fusion
from coconet_med.source import Source, writable

if TYPE_CHECKING:
    from coconet_med.align import Alignment, Guess
    from coconet_med.blending.field import Field
    from coconet_med.engines import Engine
    from coconet_med.result import Kept
    from coconet_med.slices import Slicing
    from coconet_med.windowing.window import Window


class Pictures(NamedTuple):
    """What is painted.

    Attributes:
        color: RGB ``uint8`` on the anatomical grid.
        luminance: ``float32`` on the anatomical grid; ``None`` of a large volume with a field, by which it can be mixed
            again (:func:`luminance_again`).
        field: that the sources were mixed by; ``None`` for networks that give none.
    """

    color: sitk.Image
    luminance: sitk.Image | None
    field: Field | None


def paint(
    anatomy: Source,
    function: Source,
    alignment: Alignment | Guess,
    windows: tuple[Window, Window],
    slicing: Slicing,
    look: Look,
    kept: Kept | None,
    *,
    engine: Engine | None = None,
    field: Field | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Color and luminance on the anatomical grid.

    Args:
        anatomy: gives the grid.
        function: for its colors, where they are kept, and its field of view.
        alignment: how they lie; has the functional image on the anatomical grid.
        windows: of the two.
        slicing: the slices that the network sees.
        look: color map, strength, lightness and threshold.
        kept: whose colors the result has, if not those of a map.
        engine: runs the network.
        field: of an earlier run, in place of the network.
        progress: called with (slices done, all slices).
    """
    way = _Way(anatomy, function, alignment, windows, slicing, look, engine, field)
    color = _new(anatomy, sitk.sitkVectorUInt8, 3)
    # What can be made again is kept only where it is small: memory for large volumes is short.
    mixable = field is not None or getattr(engine, "gives_field", False)
    luminance = None if mixable and not alignment.resampled.kept else _new(anatomy, sitk.sitkFloat32, 1)
    colors = slicing.stack(writable(color))
    lights = None if luminance is None else slicing.stack(writable(luminance))
    picture = slicing.stack(_picture(anatomy, function, alignment, look.strength, kept)) if kept else None
    with closing(way.slices(progress)) as slices:
        for where, light, uptake in slices:
            if lights is not None:
                lights[where] = light
            if picture is None:
                colors[where] = compose(light, uptake, colormap=look.colormap, strength=look.strength)
            else:
                colors[where] = ycbcr_compose(light, picture[where])
    return Pictures(color, luminance, way.fusion.field)


def luminance_again(
    anatomy: Source,
    function: Source,
    alignment: Alignment,
    windows: tuple[Window, Window],
    slicing: Slicing,
    look: Look,
    *,
    field: Field,
) -> sitk.Image:
    """The luminance that :func:`paint` gives, and did not keep, by its field; arguments as there."""
    luminance = _new(anatomy, sitk.sitkFloat32, 1)
    lights = slicing.stack(writable(luminance))
    for where, light, _ in _Way(anatomy, function, alignment, windows, slicing, look, None, field).slices():
        lights[where] = light
    return luminance


class _Way:
    """The slices of a pair on their way through network, field and look; arguments as of :func:`paint`."""

    def __init__(
        self,
        anatomy: Source,
        function: Source,
        alignment: Alignment | Guess,
        windows: tuple[Window, Window],
        slicing: Slicing,
        look: Look,
        engine: Engine | None,
        field: Field | None,
    ) -> None:
        self._look = look
        self._resampled = alignment.resampled.stack(slicing)
        planar = anatomy.planar or function.planar
        self._cut = not planar and cut_off(function.image, anatomy.image, alignment.transform)
        self.fusion = Fusion(
            sitk.GetArrayViewFromImage(anatomy.image),
            self._resampled,
            slicing=slicing,
            engine=engine,
            spacing=None if anatomy.planar else slicing.spacing(anatomy.image),
            windows=windows,
            field=field,
        )

    def slices(
        self, progress: Callable[[int, int], None] | None = None
    ) -> Generator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Numbers of some slices, their luminance, and the uptake that is colored."""
        look = self._look
        with closing(self.fusion.batches(progress)) as batches:
            for batch in batches:
                light, uptake = look.light(batch.anatomy, batch.fused, batch.function), look.uptake(batch.function)
                if self._cut and (no_data := ~self._resampled.inside(batch.where)).any():
                    # Beyond the functional field of view nothing is known: what stands there is not "no uptake".
                    light = np.where(no_data, hatched(batch.anatomy, no_data), light)
                    uptake = np.where(no_data, np.float32(0), uptake)
                yield batch.where, light, uptake


def _picture(
    anatomy: Source, function: Source, alignment: Alignment | Guess, strength: float, kept: Kept
) -> np.ndarray:
    """The picture whose colors are kept, on the anatomical grid, (k, j, i, 3); all black for gray."""
    if kept == "gray":
        return np.zeros((*anatomy.image.GetSize()[::-1], 3), np.uint8)
    own = anatomy.color if kept == "anatomy" else function.color
    assert own is not None  # or its colors were not kept
    if kept == "anatomy":
        return sitk.GetArrayFromImage(own)
    brought = sitk.Resample(own, anatomy.image, alignment.transform, sitk.sitkLinear, 0)
    picture = sitk.GetArrayFromImage(brought if not anatomy.planar else own)
    if strength == 1:
        return picture
    # Chroma fades with the strength as in compose.
    gray = np.rint(luma(picture))[..., None]
    return np.clip(np.rint(gray + strength * (picture - gray)), 0, 255).astype(np.uint8)


def _new(anatomy: Source, pixel: int, components: int) -> sitk.Image:
    image = sitk.Image(anatomy.image.GetSize(), pixel, components)
    image.CopyInformation(anatomy.image)
    return image


def flat(image: sitk.Image, anatomy: Source) -> sitk.Image:
    """A picture comes back as the 2-D image that went in."""
    return image[:, :, 0] if anatomy.planar else image
