"""Where the bundle's configs take their weights from."""

from __future__ import annotations

from pathlib import Path

#: Files of the bundle by the name of the network; others are called as it is.
_FILES = {"light": "model.pt"}


def weights_of(bundle_root: str, model: str) -> str:
    """The file with the weights of ``model``: the bundle's own, or where it has none those that the package brings.

    A copy of the repository has no weights in the bundle; ``bundles/tools/take_weights.py`` would put there the very
    files of the package.

    Args:
        bundle_root: folder of the bundle.
        model: name of the network, one of ``coconet_med.network``.

    Returns:
        Path of the file; the bundle's where there is none at all, so that the error names the place to fill.
    """
    from coconet_med.model import WEIGHTS

    own = Path(bundle_root) / "models" / _FILES.get(model, f"{model}.pt")
    packaged = WEIGHTS / f"{model}.pt"
    if own.is_file() or not packaged.is_file():
        return str(own)
    print(f"{own}: not there; taking the weights of the package, {packaged}")
    return str(packaged)
