"""A result in a notebook: a small still card, and a live view through ipyniivue (extra ``notebook``)."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from coconet_med.errors import OptionError, installs
from coconet_med.viewer.page import RESEARCH_USE, embedded_text

if TYPE_CHECKING:
    import SimpleITK as sitk

    from coconet_med.result import FusionResult

#: Height of a panel of the card in pixels, and its quality as JPEG: the card is kept with the notebook.
_PANEL, _QUALITY = 150, 82


def card_html(result: FusionResult) -> str:
    """The card of a result: pictures, legend, and what a reader must know; under 150 kB, without any script."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(result.picture(height=_PANEL)).save(buffer, "JPEG", quality=_QUALITY)
    picture = base64.b64encode(buffer.getvalue()).decode("ascii")
    size = " x ".join(map(str, result.color.GetSize()))
    window = f"{result.window.low:g} to {result.window.high:g} {result.window.units}"
    moved = f"registered: {result.alignment.moved_reason}" if result.alignment.registered else "not moved"
    facts = {
        "images": f"{result.anatomy.name} and {result.function.name}, {size}",
        "uptake shown": f"{window} ({result.window.chosen})",
        "alignment": moved,
        "strength, lightness": f"{result.strength:g}, {result.lightness:g}",
    }
    rows = "".join(f"<tr><th>{name}</th><td>{embedded_text(value)}</td></tr>" for name, value in facts.items())
    warnings = "".join(f"<li>{embedded_text(warning)}</li>" for warning in result.warnings)
    listed = f"<details open><summary>warnings</summary><ul>{warnings}</ul></details>" if warnings else ""
    alt = "anatomy, function and fusion, with the legend"
    return (
        f'<div><img alt="{alt}" style="max-width: 100%" src="data:image/jpeg;base64,{picture}">'
        f"<table>{rows}</table>{listed}<small>{RESEARCH_USE}; <code>result.view()</code> shows it live</small></div>"
    )


def live_view(result: FusionResult, *, height: int = 480) -> Any:
    """Planes of a result with sliders, as a widget (ipywidgets); changes are mixed by :func:`mix_again` in the kernel.

    NiiVue shows one image at a time: the colors of a fusion exactly, which it would change in an overlay.

    Args:
        result: what to show.
        height: of the planes in pixels.

    Returns:
        A box of widgets with one attribute more, ``result``: the fusion as it is shown.

    Raises:
        OptionError: the extra is not installed.
    """
    try:
        import ipyniivue
        import ipywidgets as widgets
    except ImportError as error:
        raise OptionError(f"result.view() needs the notebook extra: {installs('notebook')}") from error
    from coconet_med.color.colormaps import COLORMAPS
    from coconet_med.steps.mix_again import mix_again

    planes = ipyniivue.NiiVue(height=height, is_radiological_convention=not result.anatomy.planar)
    picture = widgets.ToggleButtons(options=["fused", "anatomy", "uptake"], description="picture")
    maps = [name for name, colormap in COLORMAPS.items() if (colormap.kind == "diverging") == result.window.signed]
    lazy = {"continuous_update": False}
    strength = widgets.FloatSlider(value=result.strength, min=0, max=1, step=0.05, description="strength", **lazy)
    lightness = widgets.FloatSlider(value=result.lightness, min=0, max=1, step=0.05, description="lightness", **lazy)
    least = 0.0 if result.window.signed else result.window.low
    threshold = widgets.FloatSlider(
        value=result.threshold or least, min=least, max=result.window.high,
        step=(result.window.high - least) / 100, description="threshold", **lazy,
    )  # fmt: skip
    colors = widgets.Dropdown(options=maps, value=result.colormap or maps[0], description="color map")
    mixing = [strength, lightness, threshold, colors]
    if result.field is None or result.colormap is None:
        for control in mixing:
            control.disabled = True
    box = widgets.VBox([picture, widgets.HBox(mixing[:2]), widgets.HBox(mixing[2:]), planes])
    box.result = result

    def mix(_: object) -> None:
        box.result = mix_again(
            result,
            strength=strength.value,
            lightness=lightness.value,
            threshold=threshold.value if threshold.value > least else 0,
            colormap=colors.value,
        )
        show(None)

    def show(_: object) -> None:
        image = {"fused": box.result.color, "anatomy": result.anatomy.image, "uptake": result.uptake}[picture.value]
        window = {"anatomy": result.anatomy_window, "uptake": result.window}.get(picture.value)
        limits = {"cal_min": window.low, "cal_max": window.high} if window else {}
        planes.load_volumes([{"data": nifti_bytes(image), "name": f"{picture.value}.nii", **limits}])

    for control in mixing:
        control.observe(mix, names="value")
    picture.observe(show, names="value")
    show(None)
    return box


def nifti_bytes(image: sitk.Image) -> bytes:
    """An image as an uncompressed NIfTI file in memory; colors as RGB24."""
    import nibabel as nib
    import numpy as np
    import SimpleITK as sitk

    from coconet_med.geometry import affine_of

    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    values = sitk.GetArrayFromImage(image)
    if image.GetNumberOfComponentsPerPixel() == 3:
        values = values.view(np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))[..., 0]
    file = nib.Nifti1Image(values.T, affine_of(image))
    file.header.set_xyzt_units("mm")
    return file.to_bytes()
