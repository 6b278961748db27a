"""A small view of a result, for a report: coarser voxels in 8 bits, packed as text of at most 1.5 MB.

The page mixes them as it mixes a whole study, so every control works; colors are those of a fusion at this resolution,
not the voxels of the file, and the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.blending.blocks import averaged, stretched
from coconet_med.color.look import no_data_kinds
from coconet_med.slices import Slicing
from coconet_med.viewer.content import content_of, described, slicing_for
from coconet_med.viewer.page import packed

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Most characters of a strip.
MOST = 1_500_000

#: Voxels with which the first try is made: about what the limit holds.
_VOXELS = 1.2e6

#: A window may be moved so far beyond its limits: that much of the values is kept.
_BEYOND = 0.25


def strip_of(result: FusionResult, *, most: int = MOST, foci: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The strip of a result, plain JSON types: ``document`` and ``parts`` (packed text by name).

    Args:
        result: of :func:`coconet_med.fuse`.
        most: characters that the parts may take together.
        foci: of :func:`coconet_med.viewer.foci.list_foci`, to be listed.
    """
    steps = _first_steps(result)
    while True:
        strip = _reduced(result, steps)
        if sum(map(len, strip["parts"].values())) <= most:
            break
        _coarsen(steps, result)
    if foci is not None:
        at = [[int(v // n) for v, n in zip(focus["voxel"], steps, strict=True)] for focus in foci]
        strip["document"]["foci"] = [focus | {"voxel": voxel} for focus, voxel in zip(foci, at, strict=True)]
    return strip


def _first_steps(result: FusionResult) -> list[int]:
    """Voxels along i, j, k that become one."""
    size = np.array(result.anatomy.image.GetSize(), float)
    steps = [1, 1, 1]
    while np.prod(np.ceil(size / steps)) > _VOXELS:
        _coarsen(steps, result)
    return steps


def _coarsen(steps: list[int], result: FusionResult) -> None:
    """One step more along the axis whose voxels are then the smallest."""
    spacing, size = result.anatomy.image.GetSpacing(), result.anatomy.image.GetSize()
    wider = [s * (n + 1) if count > n else np.inf for s, n, count in zip(spacing, steps, size, strict=True)]
    steps[int(np.argmin(wider))] += 1


def _reduced(result: FusionResult, steps: list[int]) -> dict[str, Any]:
    content = content_of(result)
    document, blocks = dict(content.document), steps[::-1]
    slicing = slicing_for(result)
    size = [-(-count // n) for count, n in zip(document["size"], steps, strict=True)]
    affine = np.array(document["affine"])
    affine[:3, 3] += affine[:3, :3] @ ((np.array(steps) - 1) / 2)
    affine[:3, :3] *= steps
    document |= {
        "size": size,
        "spacing": [s * n for s, n in zip(document["spacing"], steps, strict=True)],
        "affine": affine.tolist(),
    }
    del document["crc"]
    parts: dict[str, np.ndarray] = {}
    stored: dict[str, dict[str, float]] = {}
    if "color" in content.parts:
        parts["color"] = np.ascontiguousarray(_picked(content.parts["color"], blocks))
    for name, of in (("anatomy", "anatomy"), ("uptake", "uptake")):
        limits = _limits(document[of])
        values = _averaged(np.asarray(content.parts[name], np.float32), blocks)
        parts[name], stored[name] = _in_8_bits(values, *limits)
    if "nodata" in content.parts:
        parts["nodata"] = _no_data(content.parts["nodata"], blocks, slicing)
    if result.field is not None and "field" in content.parts:
        field = _field(content.parts["field"], result.field.grid.block, slicing, document, steps, result)
        parts["field"], stored["field"] = _in_8_bits(field, float(field.min()), float(field.max()))
        document["block"] = [2, 2]
        document["tops"] = _tops(parts, stored, slicing, document)
    described_parts = {name: about | stored.get(name, {}) for name, about in described(parts).items()}
    text = {name: "".join(packed(part, level=6)) for name, part in parts.items()}
    return {"document": document | {"parts": described_parts, "coarse": True}, "parts": text}


def _limits(source: dict[str, Any]) -> tuple[float, float]:
    low, high = source["window"]
    more = _BEYOND * (high - low)
    return max(low - more, source["range"][0]), min(high + more, max(source["range"][1], high))


def _in_8_bits(values: np.ndarray, low: float, high: float) -> tuple[np.ndarray, dict[str, float]]:
    """Steps between two limits, and the limits."""
    high = high if high > low else low + 1.0
    steps = np.rint((np.clip(values, low, high) - low) / (high - low) * 255)
    return steps.astype(np.uint8), {"low": low, "high": high}


def _averaged(values: np.ndarray, blocks: list[int]) -> np.ndarray:
    """Means of blocks along k, j, i; the last values repeat where a block is not full."""
    fill = [(0, -count % n) for count, n in zip(values.shape, blocks, strict=True)]
    values = np.pad(values, fill, mode="edge")
    k, j, i = (count // n for count, n in zip(values.shape, blocks, strict=True))
    return values.reshape(k, blocks[0], j, blocks[1], i, blocks[2]).mean(axis=(1, 3, 5), dtype=np.float32)


def _picked(values: np.ndarray, blocks: list[int]) -> np.ndarray:
    """One voxel of each block, near its middle."""
    for axis, (n, count) in enumerate(zip(blocks, values.shape[:3], strict=True)):
        at = np.minimum(np.arange(-(-count // n)) * n + n // 2, count - 1)
        values = values.take(at, axis)
    return values


def _no_data(kinds: np.ndarray, blocks: list[int], slicing: Slicing) -> np.ndarray:
    beyond = np.ascontiguousarray(_picked(kinds, blocks) > 0)
    out = np.zeros(beyond.shape, np.uint8)
    stack = slicing.stack(out)
    stack[...] = no_data_kinds(slicing.stack(beyond))
    return out


def _field(
    values: np.ndarray,
    block: tuple[int, int],
    slicing: Slicing,
    document: dict[str, Any],
    steps: list[int],
    result: FusionResult,
) -> np.ndarray:
    """The field over coarser slices, each of its values for 2 x 2 of their pixels."""
    along = [steps[2 - axis] for axis in slicing.order]  # of slices, rows, columns
    full = [result.anatomy.image.GetSize()[2 - axis] for axis in slicing.order]
    count = [document["size"][2 - axis] for axis in slicing.order]
    flipped = 0 in slicing.flips
    out = np.empty((count[0], 3, -(-count[1] // 2), -(-count[2] // 2)), np.float32)
    for number in range(count[0]):
        # Blocks begin where the image's axis does, which may be the stack's end.
        index = count[0] - 1 - number if flipped else number
        inside = np.arange(index * along[0], min((index + 1) * along[0], full[0]))
        mean = values[full[0] - 1 - inside if flipped else inside].mean(axis=0, dtype=np.float32)
        for channel, plane in enumerate(mean):
            fine = stretched(plane, block, (full[1], full[2]))
            for axis in (1, 2):
                fine = np.flip(fine, axis - 1) if axis in slicing.flips else fine
            coarse = averaged(np.ascontiguousarray(fine), along[1:])
            for axis in (1, 2):
                coarse = np.flip(coarse, axis - 1) if axis in slicing.flips else coarse
            out[number, channel] = averaged(np.ascontiguousarray(coarse), (2, 2))
    return out


def _tops(
    parts: dict[str, np.ndarray], stored: dict[str, dict[str, float]], slicing: Slicing, document: dict[str, Any]
) -> list[list[float]]:
    """Largest values of each slice; of a signed map of its size."""
    found = []
    for name in ("anatomy", "uptake"):
        low, high = stored[name]["low"], stored[name]["high"]
        values = low + slicing.stack(parts[name]) / 255.0 * (high - low)
        if name == "uptake" and document["uptake"]["signed"]:
            values = np.abs(values)
        found.append(values.max(axis=(1, 2)).tolist())
    return found
