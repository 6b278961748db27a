"""How much of the fusion's lightness?  What each share of it keeps of both sources, and how many findings it loses.

    python benchmarks/lightness.py DATA [--share 1 0.85 0.7 0.5]

``DATA`` is a folder of slice pairs (``val/``, ``colour_tables.csv``).  With a share of 1 a picture has the fused
lightness, with 0 that of the MRI; colors are the same.  Colors and means over persons are
those of ``coconet-med evaluate``.
``benchmarks/detectability.py --lightness`` is the other side: what an observer sees of lesions of known place.
"""

from __future__ import annotations

import argparse
from functools import partial
from itertools import islice
from pathlib import Path

import SimpleITK as sitk
from timing import report  # beside this file

from coconet_med import fuse, load_model
from coconet_med.color import decode
from coconet_med.quality import Row, Table, evaluate_pair
from coconet_med.quality.atlas import read_atlas
from coconet_med.steps.mix_again import mix_again

SETS = ("mri-pet", "mri-spect", "mri-ct")
SHOWN = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "Q_MRI", "spots_lost", "foci_lost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="light", help="light or a path of weights")
    parser.add_argument("--share", type=float, nargs="+", default=[1.0, 0.85, 0.7, 0.5])
    parser.add_argument("--every", type=int, default=1, help="take every so many slices")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    model, rows = load_model(arguments.model), []
    read_back = partial(decode, colormap="uptake")
    for group in SETS:
        for pair in islice(read_atlas(arguments.data, split="val", sets=[group]), 0, None, arguments.every):
            ct = group == "mri-ct"
            result = fuse(pair.anatomy, pair.uptake, window=(0, 1), model=model, colormap="uptake")
            for share in arguments.share:
                rgb = sitk.GetArrayFromImage(mix_again(result, lightness=share).color)
                values = evaluate_pair(
                    pair.anatomy.astype(float), 255 * pair.uptake, rgb, uptake=pair.uptake, decode=read_back, ct=ct
                )
                rows.append(Row(pair.case, values, method=f"{share:g}", group=group, person=pair.person))
    means = Table(rows).means()
    table = [(row.group, row.method, *(row.values.get(name, float("nan")) for name in SHOWN)) for row in means]
    report(("set", "lightness", *SHOWN), table, arguments.json, slices=len(rows) // len(arguments.share))


if __name__ == "__main__":
    main()
