"""How much lightness should colors take for their room?  H and findings with other upper ends of the map ``uptake``.

    python benchmarks/color_room.py DATA [--every 3] [--study ANATOMY PET]... [--room UPTAKE END TOP]...

``DATA`` is a folder of slice pairs (``val/``, ``colour_tables.csv``); ``--study`` adds two volumes or DICOM folders.
White anatomy is shown with luminance 1 where there is no uptake, ``END`` at an uptake of ``UPTAKE`` (of the window),
and ``TOP`` at full uptake.  The fused luminance under the colors is the same for all.
``benchmarks/detectability.py`` is the other side: what an observer sees of lesions in the colors of the package.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from timing import report  # beside this file

from coconet_med import fuse, load_model
from coconet_med.color import compose, decode
from coconet_med.color.colormaps import COLORMAPS
from coconet_med.quality import Row, Table, evaluate_pair, evaluate_volume
from coconet_med.quality.atlas import read_atlas
from coconet_med.slices import slicing_of_source

SETS = ("mri-pet", "mri-spect", "mri-ct")
SHOWN = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "Q_MRI", "spots_lost", "foci_lost", "rho_uptake", "uptake_mae")
ROOMS = ((0.25, 0.96, 0.975), (0.25, 0.89, 0.9), (0.12, 0.89, 0.9), (0.08, 0.89, 0.9), (0.06, 0.89, 0.9))


def named(room: tuple[float, float, float]) -> str:
    """The map ``uptake`` with another upper end, known to ``compose`` and ``decode`` by the name that is returned."""
    uptake, end, top = room
    name = f"{end:g} at {uptake:g}, {top:g}"
    COLORMAPS[name] = replace(COLORMAPS["uptake"], name=name, brightest=((0, 1), (uptake, end), (1, top)))
    return name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="light", help="light or a path of weights")
    parser.add_argument("--every", type=int, default=1, help="take every so many slices")
    parser.add_argument("--study", nargs=2, action="append", default=[], metavar=("ANATOMY", "PET"))
    parser.add_argument("--room", nargs=3, type=float, action="append", metavar=("UPTAKE", "END", "TOP"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    model, rows = load_model(arguments.model), []
    maps = [named(tuple(room)) for room in arguments.room or ROOMS]
    for group in SETS:
        for pair in islice(read_atlas(arguments.data, split="val", sets=[group]), 0, None, arguments.every):
            result = fuse(pair.anatomy, pair.uptake, window=(0, 1), model=model)
            lightness = sitk.GetArrayFromImage(result.luminance)
            for name in maps:
                values = evaluate_pair(
                    pair.anatomy.astype(float),
                    255 * pair.uptake,
                    compose(lightness, pair.uptake, colormap=name),
                    uptake=pair.uptake,
                    decode=partial(decode, colormap=name),
                    ct=group == "mri-ct",
                )
                rows.append(Row(pair.case, values, method=name, group=group, person=pair.person))
    for anatomy, function in arguments.study:
        result = fuse(anatomy, function, model=model)
        slicing = slicing_of_source(result.anatomy)
        light, uptake, lightness = (
            slicing.stack(values)
            for values in (
                result.anatomy_window.apply(sitk.GetArrayFromImage(result.anatomy.image)),
                result.window.apply(sitk.GetArrayFromImage(result.uptake)),
                sitk.GetArrayFromImage(result.luminance),
            )
        )
        for name in maps:
            values = evaluate_volume(
                255 * light,
                255 * np.abs(uptake),
                compose(lightness, uptake, colormap=name),
                uptake=uptake,
                decode=partial(decode, colormap=name),
                spacing=slicing.spacing(result.anatomy.image)[1:],
            )
            rows.append(Row(anatomy, values, method=name, group=Path(anatomy).name, person=anatomy))
    means = Table(rows).means()
    table = [(row.group, row.method, *(row.values.get(name, float("nan")) for name in SHOWN)) for row in means]
    report(("set", "white ends at", *SHOWN), table, arguments.json, maps=len(maps))


if __name__ == "__main__":
    main()
