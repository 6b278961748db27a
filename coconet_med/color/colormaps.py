"""The color maps that users choose from, by name; what one is: :mod:`coconet_med.color.colormap`."""

from __future__ import annotations

from typing import Literal

from coconet_med.color.colormap import Colormap, Knots
from coconet_med.errors import OptionError

ColormapName = Literal["uptake", "ember", "ct", "diverging", "hot", "hot-metal", "pet", "rainbow", "gray"]
#: What users choose: ``"auto"`` is by what the function is.
ColormapChoice = Literal["auto"] | ColormapName

_OVERLAY: Knots = ((0.0, 0.0), (0.06, 0.25), (0.12, 0.5), (1.0, 0.5))

_MAPS = (
    Colormap(
        name="uptake",
        description="Lightness is anatomy; hue runs gray, blue, violet, rose, red, orange, gold with uptake (default).",
        cost="With red-green color blindness, none and middling uptake look alike: use ember.",
        kind="hue",
        colors=(
            (0.00, (20, 150, 255)),
            (0.14, (50, 120, 255)),
            (0.28, (105, 82, 255)),
            (0.42, (185, 57, 205)),
            (0.56, (240, 50, 100)),
            (0.71, (255, 75, 30)),
            (0.86, (255, 140, 0)),
            (1.00, (255, 205, 0)),
        ),
        chroma=((0, 0), (0.08, 0.06), (0.2, 0.145), (0.28, 0.175), (0.42, 0.195), (0.56, 0.23), (0.71, 0.33), (1, 0.4)),
        darkest=((0, 0), (0.3, 0.025), (1, 0.055)),
        # Lower, and lesions of the uptake are seen better, edges of the MRI worse (docs/color.md).
        brightest=((0, 1), (0.08, 0.89), (1, 0.9)),
    ),
    Colormap(
        name="ember",
        description="Lightness is anatomy; gray, rose, red, orange, yellow: in order with red-green color blindness.",
        cost="Fewer distinguishable steps; in dark tissue the upper ones look alike with red-green color blindness.",
        kind="hue",
        colors=(
            (0.00, (235, 110, 170)),
            (0.25, (255, 80, 130)),
            (0.50, (255, 60, 50)),
            (0.75, (255, 130, 0)),
            (1.00, (255, 220, 0)),
        ),
        chroma=((0, 0), (0.1, 0.08), (0.3, 0.18), (0.6, 0.32), (1, 0.42)),
        darkest=((0, 0), (0.3, 0.025), (1, 0.06)),
        brightest=((0, 1), (0.25, 0.96), (1, 0.975)),
    ),
    Colormap(
        name="ct",
        description="For CT: soft tissue stays nearly gray, bone turns amber; lightness is the fusion.",
        cost="Made for bone: soft tissue differs little in color.",
        kind="hue",
        colors=((0.0, (190, 200, 90)), (0.5, (235, 195, 60)), (1.0, (255, 135, 30))),
        chroma=((0, 0), (0.4, 0.04), (0.7, 0.13), (1, 0.28)),
        darkest=((0, 0), (0.4, 0.04), (1, 0.14)),  # bone is black on MRI: it needs a floor to be seen at all
        brightest=((0, 1), (0.4, 0.97), (1, 0.94)),
    ),
    Colormap(
        name="diverging",
        description="For values of both signs: below 0 slate to blue, above 0 brown to orange and gold; 0 is gray.",
        cost="Fewer steps on each side; with red-green color blindness the upper third of either side looks alike.",
        kind="diverging",
        # Angles and lengths of both sides: steps as even as may be in OKLab, at five luminances, while its blue-yellow
        # axis moves one way on each side with protanopia and deuteranopia, too (Machado et al. 2009).
        colors=(
            (0.00, (255, 82, 30)),
            (0.25, (255, 78, 46)),
            (0.50, (242, 94, 0)),
            (0.75, (196, 117, 0)),
            (1.00, (161, 135, 0)),
        ),
        chroma=((0, 0), (0.1, 0.045), (0.3, 0.14), (0.6, 0.235), (1, 0.4)),
        darkest=((0, 0), (0.3, 0.025), (1, 0.055)),
        brightest=((0, 1), (0.25, 0.96), (1, 0.975)),
        below=Colormap(
            name="below",
            description="",
            cost="",
            kind="hue",
            colors=(
                (0.00, (19, 158, 255)),
                (0.25, (30, 152, 255)),
                (0.50, (57, 139, 255)),
                (0.75, (76, 129, 255)),
                (1.00, (119, 107, 255)),
            ),
            chroma=((0, 0), (0.1, 0.038), (0.3, 0.11), (0.6, 0.19), (1, 0.325)),
            darkest=((0, 0), (0.3, 0.025), (1, 0.055)),
            brightest=((0, 1), (0.25, 0.95), (1, 0.88)),  # a bright blue has little room for color
        ),
    ),
    Colormap(
        name="hot",
        description="Classic: black, red, yellow, white over the gray anatomy.",
        cost="Halves the contrast of anatomy; its white top, over gray anatomy, reads as no uptake.",
        kind="classic",
        colors=((0.0, (0, 0, 0)), (0.375, (255, 0, 0)), (0.75, (255, 255, 0)), (1.0, (255, 255, 255))),
        opacity=_OVERLAY,
    ),
    Colormap(
        name="hot-metal",
        description="Classic: black, blue, purple, red, orange, yellow, white over the gray anatomy.",
        cost="Halves the contrast of anatomy; its white top, over gray anatomy, reads as no uptake.",
        kind="classic",
        colors=(
            (0.0, (0, 0, 0)),
            (0.2, (0, 0, 130)),
            (0.4, (130, 0, 130)),
            (0.6, (230, 40, 20)),
            (0.75, (255, 140, 0)),
            (0.9, (255, 230, 60)),
            (1.0, (255, 255, 255)),
        ),
        opacity=_OVERLAY,
    ),
    Colormap(
        name="pet",
        description="Classic, like the DICOM PET palette: black, teal, purple, orange, white over the gray anatomy.",
        cost="Halves the contrast of anatomy; its white top, over gray anatomy, reads as no uptake.",
        kind="classic",
        colors=(
            (0.0, (0, 0, 0)),
            (0.25, (0, 128, 128)),
            (0.5, (128, 0, 255)),
            (0.75, (255, 128, 0)),
            (1.0, (255, 255, 255)),
        ),
        opacity=_OVERLAY,
    ),
    Colormap(
        name="rainbow",
        description="Classic: black, violet, blue, cyan, green, yellow, red over the gray anatomy.",
        cost="Halves the contrast of anatomy; brightness rises and falls along the scale: false edges, no order.",
        kind="classic",
        colors=(
            (0.0, (0, 0, 0)),
            (0.1, (80, 0, 130)),
            (0.25, (0, 0, 255)),
            (0.42, (0, 255, 255)),
            (0.58, (0, 255, 0)),
            (0.78, (255, 255, 0)),
            (1.0, (255, 0, 0)),
        ),
        opacity=_OVERLAY,
    ),
    Colormap(
        name="gray",
        description="No color: the fused luminance alone.",
        cost="Uptake cannot be read back; only the network's lightness speaks of it.",
        kind="gray",
    ),
)

#: All color maps by name; the first is the default.
COLORMAPS: dict[str, Colormap] = {colormap.name: colormap for colormap in _MAPS}


def get_colormap(name: str) -> Colormap:
    """The color map of that name.

    Raises:
        OptionError: if there is none; the message lists the names.
    """
    if name not in COLORMAPS:
        msg = f"unknown color map {name!r}: choose one of {', '.join(COLORMAPS)}"
        raise OptionError(msg)
    return COLORMAPS[name]
