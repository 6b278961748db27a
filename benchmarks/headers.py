"""What the check of the alignment finds: wrong headers, turned heads, and its false alarms on pairs that lie right.

Each functional image gets every one of the 48 orders and directions of axes (46 can be seen: left and right alone
cannot be distinguished), and rotations of 10 degrees about six axes; the check is that of ``--register auto`` for files
without a frame of reference.

    python benchmarks/headers.py --data DATA
    python benchmarks/headers.py            # generated images only

``DATA`` is the developers' data folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import permutations, product
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from bodies import body_phantom
from registration import head, real
from timing import table

from coconet_med.align.decision import decide
from coconet_med.align.grid import field_center
from coconet_med.align.mirrored import wrong_header
from coconet_med.align.plausibility import foreground, foreground_center
from coconet_med.align.prepared import Pair
from coconet_med.geometry import direction_matrix
from coconet_med.source import Source

Images = tuple[sitk.Image, sitk.Image]


def cases(data: Path | None) -> Iterator[tuple[str, Callable[[], Images]]]:
    for seed, (function, t2) in enumerate((("pet", 0), ("spect", 0), ("pet", 1), ("pet", 0))):
        name = f"head {seed}, {'T2' if t2 else 'T1'} {function.upper()}"
        yield name, lambda seed=seed, function=function, t2=t2: head(seed, function, bool(t2))
    for part, contrast in (("thigh", "mr"), ("abdomen", "ct")):
        yield f"{part}, {contrast.upper()} PET", lambda p=part, c=contrast: body_phantom(p, contrast=c)
    if data is None:
        return
    spm = {name: next((data / "volumes" / "spm").glob(f"{name}.nii*")) for name in ("T1", "T2", "PD", "PET", "SPECT")}
    for anatomy, function in (("T1", "PET"), ("T1", "SPECT"), ("T2", "PET"), ("PD", "SPECT")):
        yield f"SPM, {anatomy} {function}", lambda a=spm[anatomy], f=spm[function]: real(a, f)
    for number, function in ((41, "pet"), (40, "spect")):
        files = [next((data / "volumes").glob(f"aanlib_{number}_{kind}.nii*")) for kind in ("mri", function)]
        yield f"atlas {number}, MRI {function.upper()}", lambda files=files: real(*files)
    folder = data / "dicom" / "sts_003"
    for anatomy in ("MR_T1", "CT"):
        yield f"STS thigh, {anatomy[:2]} PET", lambda a=folder / anatomy, f=folder / "PET": real(a, f)


def with_axes(image: sitk.Image, axes: np.ndarray, center: np.ndarray) -> sitk.Image:
    """The image with a header that mirrors, permutes or turns it about a world point."""
    result = sitk.Image(image)
    result.SetDirection((axes @ direction_matrix(image)).ravel().tolist())
    result.SetOrigin((center + axes @ (np.array(image.GetOrigin()) - center)).tolist())
    return result


def said(anatomy: sitk.Image, function: sitk.Image) -> tuple[bool, str]:
    """Whether a registration is wanted, and words about a wrong header."""
    pair = Pair.of(anatomy, function)
    given = pair.plausibility(sitk.Transform(3, sitk.sitkIdentity))
    wanted, _, notes = decide(pair, given, Source(anatomy, "anatomy"), Source(function, "function"), "auto", False)
    header = next((note for note in notes if "orientation" in note), "")
    # Bodies that hardly meet are registered; what comes out is looked at then.
    return wanted, header or (wrong_header(pair) if wanted and given.problems else "")


def main(given: argparse.Namespace) -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    rows, total = [], np.zeros(4, int)
    orders = [
        (list(order), np.array(signs)) for order in permutations(range(3)) for signs in product((1.0, -1.0), repeat=3)
    ]
    for name, make in cases(given.data):
        anatomy, function = make()
        wanted, header = said(anatomy, function)
        named = mirrored = seen = 0
        for order, signs in orders[:: given.every]:
            axes = np.eye(3)[order] * signs[:, None]
            found = bool(said(anatomy, with_axes(function, axes, field_center(function)))[1])
            if np.array_equal(np.abs(axes), np.eye(3)) and signs[1] > 0 and signs[2] > 0:
                mirrored += found
            else:
                seen, named = seen + 1, named + found
        turned = 0
        center = foreground_center(foreground(function))
        for axis, sign in product(range(3), (1, -1)):
            versor = sitk.VersorTransform()
            versor.SetRotation(np.eye(3)[axis].tolist(), sign * np.radians(10.0))
            elsewhere = with_axes(function, np.array(versor.GetMatrix()).reshape(3, 3), center)
            turned += said(anatomy, elsewhere)[0]
        alarm = "registers" if wanted else "names a header" if header else "none"
        rows.append((name, alarm, f"{named} of {seen}", f"{mirrored}", f"{turned} of 6"))
        print(*rows[-1], sep=" | ", flush=True)
        total += (wanted or bool(header), named, seen, turned)
    rows.append(("all", str(total[0]), f"{total[1]} of {total[2]}", "", f"{total[3]} of {6 * len(rows)}"))
    columns = (
        "images",
        "false alarm as they are",
        "wrong headers named",
        "left-right named",
        "turned by 10 degrees found",
    )
    print(table(columns, rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every n-th header only")
    main(parser.parse_args())
