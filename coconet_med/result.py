"""What :func:`coconet_med.fuse` returns: the fused images, and all that is known about how they came about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import SimpleITK as sitk

    from coconet_med.align import Alignment
    from coconet_med.blending.field import Field
    from coconet_med.sheets.contours import Contours
    from coconet_med.source import Source
    from coconet_med.windowing.window import Window


#: Whose colors a result has where they are not those of a map.
Kept = Literal["anatomy", "function", "gray"]


@dataclass(frozen=True)
class FusionResult:
    """The fused image of one pair.

    Attributes:
        color: RGB ``uint8`` image on the anatomical grid (2-D for pictures).
        anatomy: the anatomical source.
        function: the functional source.
        alignment: how the functional image came onto the anatomical grid.
        anatomy_window: anatomical values that became 0 and 1.
        window: functional values that became 0 and 1.
        colormap: color map through which uptake can be read back, or ``None`` where the colors of an unknown palette
            were kept.
        kept: whose colors were kept instead; ``None`` where a color map was applied.
        strength: weight of the fusion against the anatomy alone.
        lightness: weight of the fused lightness against the gray of the anatomy itself.
        contours: lines of equal uptake that were drawn instead of the colors, or on them.
        threshold: uptake, in units, below which only the anatomy is shown; ``None`` where all is shown.
        plane: plane of the slices that the network saw.
        field: by which the sources were mixed, for mixing them again without the network
            (:func:`coconet_med.fusion.mix_again`); ``None`` for networks that give no field.
        provenance: software, model, libraries.
        kept_luminance: the luminance, unless the volume is large and can be mixed again by its field.
        warnings: what the user should know before trusting the picture.
    """

    color: sitk.Image
    anatomy: Source
    function: Source
    alignment: Alignment
    anatomy_window: Window
    window: Window
    colormap: str | None
    strength: float
    plane: str
    provenance: dict[str, Any]
    warnings: tuple[str, ...] = ()
    field: Field | None = None
    kept: Kept | None = None
    lightness: float = 1.0
    threshold: float | None = None
    contours: Contours | None = None
    kept_luminance: sitk.Image | None = None

    @cached_property
    def luminance(self) -> sitk.Image:
        """Fused luminance before coloring, ``float32`` in [0, 1]; of a large volume made when it is first asked for."""
        from coconet_med.steps.mix_again import luminance_of

        return luminance_of(self) if self.kept_luminance is None else self.kept_luminance

    @cached_property
    def uptake(self) -> sitk.Image:
        """The functional image on the anatomical grid, in its own units; of a large volume made when asked for."""
        return self.alignment.function[:, :, 0] if self.anatomy.planar else self.alignment.function

    def read_uptake(self) -> np.ndarray:
        """Uptake decoded from the colors alone, in units: (k, j, i), or (rows, columns) for pictures.

        What a reader with the legend can know; values outside the window come back as its limits.

        Raises:
            OptionError: the colors are those of an unknown palette or of lines, or there are none.
        """
        import SimpleITK as sitk

        from coconet_med.errors import OptionError

        if self.colormap is None:
            why = "uptake cannot be read from colors of an unknown palette"
            raise OptionError(f"{self.function.name}: {why}; give its palette when fusing")
        if self.contours is not None:
            msg = f"{self.function.name}: uptake cannot be read between contour lines; leave contours out"
            raise OptionError(msg)
        rgb = sitk.GetArrayViewFromImage(self.color)
        return self.window.restore(self.decoded(rgb))

    def decoded(self, rgb: np.ndarray) -> np.ndarray:
        """Uptake in [0, 1] (signed maps: [-1, 1]) of colors of this result (..., 3); 0 where nothing of it is shown."""
        from coconet_med.color import decode
        from coconet_med.color.look import scaled_threshold, unfaded

        shown = decode(rgb, colormap=self.colormap or "gray", strength=self.strength)
        return shown if self.threshold is None else unfaded(shown, scaled_threshold(self.threshold, self.window))

    @property
    def without_data(self) -> float:
        """Share of the voxels of the picture that lie beyond the functional field of view, 0 to 1."""
        import SimpleITK as sitk

        return float(np.mean(sitk.GetArrayViewFromImage(self.alignment.inside) == 0))

    def sidecar(self, files: Mapping[str, Path] | None = None) -> dict[str, Any]:
        """All that the JSON side-car says: sources with sha256, model, window, units, transform, warnings.

        No time of day: the same inputs, options and versions give the same file.

        Args:
            files: the files of the result by what they hold (``"color"``, ``"uptake"``, ...), whose voxels are named.
        """
        from coconet_med.writers.sidecar import sidecar

        return sidecar(self, files)

    def picture(self, *, height: int = 320) -> np.ndarray:
        """Anatomy, uptake and fusion side by side with the legend, RGB ``uint8``; three planes for a volume.

        Args:
            height: of one panel in pixels.
        """
        from coconet_med.report.overview import overview

        return overview(self, height=height)

    def save(
        self,
        path: str | Path,
        *,
        luminance: bool = False,
        uptake: bool = False,
        transform: bool = False,
        overwrite: bool = False,
        **dicom: Any,
    ) -> list[Path]:
        """Write the result; whole or not at all.

        Args:
            path: its suffix decides the format: ``.nii``, ``.nii.gz``, ``.nrrd``, ``.mha``, ``.png``; without suffix a
                folder of DICOM files (for DICOM inputs).
            luminance: also write the fused luminance.
            uptake: also write the functional image on the anatomical grid.
            transform: also write the transform from the anatomy to the function, as ITK ``.tfm``, and beside a DICOM
                result of two DICOM series as a Spatial Registration object.
            overwrite: replace what is there.
            dicom: further options of :func:`coconet_med.writers.dicom.write_dicom`.

        Returns:
            The paths written, the JSON side-car last.

        Raises:
            WriteError: the format is unknown, something is there already, or the place cannot be written.
        """
        from coconet_med.writers import write

        extras = {"luminance": luminance, "uptake": uptake, "transform": transform}
        return write(self, Path(path), overwrite=overwrite, **extras, **dicom)

    def mosaic(self, path: str | Path, *, plane: str = "auto", slices: int = 24, overwrite: bool = False) -> Path:
        """Write slices side by side, with places, sides, a scale bar and the legend: PNG, JPEG, TIFF, or pages of PDF.

        Args:
            path: its suffix decides the format.
            plane: ``"auto"`` (the one that the network saw), ``"axial"``, ``"coronal"`` or ``"sagittal"``.
            slices: how many, evenly spaced over the anatomy.
            overwrite: replace what is there.

        Raises:
            WriteError: the format is unknown, something is there already, or the place cannot be written.
            OptionError: the result is a picture.
        """
        from coconet_med.sheets.save import write_mosaic

        return write_mosaic(self, Path(path), plane=plane, slices=slices, overwrite=overwrite)

    def rotation(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the maximum projection of the uptake, turning about the axis of the body: GIF, or MP4 by ffmpeg.

        Raises:
            WriteError: another format, no ffmpeg, something is there already, or the place cannot be written.
            OptionError: the result is a picture.
        """
        from coconet_med.sheets.save import write_rotation

        return write_rotation(self, Path(path), overwrite=overwrite)

    def _repr_html_(self) -> str:
        """What a notebook shows of a result: a small still card."""
        from coconet_med.viewer.notebook import card_html

        return card_html(self)

    def view(self, *, height: int = 480) -> Any:
        """A live view for notebooks (extra ``notebook``): planes, and sliders whose changes are mixed in the kernel.

        For the browser there is ``coconet-med view``, which does more.

        Raises:
            OptionError: the extra is not installed.
        """
        from coconet_med.viewer.notebook import live_view

        return live_view(self, height=height)

    def report(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write a self-contained HTML page: pictures, legend, quality figures, warnings, provenance.

        Raises:
            WriteError: something is there already, or the place cannot be written.
        """
        from coconet_med.report import write_report

        return write_report(self, Path(path), overwrite=overwrite)
