"""Do both images lie in one space, or one in that of a template (MNI, Talairach) and the other in the person's own?

Heads of template and person overlap well, so that nothing in the voxels shows the mistake, and a rigid registration
cannot mend it: a template differs in size and shape.  Headers and names tell: the codes of a NIfTI affine (nifti1.h:
3 Talairach, 4 MNI, 5 another template; 1 the scanner), and the BIDS entity ``space``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coconet_med.geometry import NiftiForms
    from coconet_med.source import Source

#: NIfTI codes of template spaces, and that of the scanner; 2 ("aligned to something") tells nothing.
TEMPLATES = {3: "Talairach", 4: "MNI", 5: "a template"}
SCANNER = 1
#: Labels of ``space`` that are templates (BIDS 1.10, appendix "Image-based coordinate systems"), by how they begin.
_TEMPLATE_LABEL = re.compile(
    r"mni|icbm|tal(airach)?$|nihpd|oasis|uncinfant|ixi549|fsaverage|fslr|dartel|sri24|spm|template|whs|atlas",
    re.IGNORECASE,
)


def space_warnings(first: Source, second: Source) -> tuple[str, ...]:
    """A warning where one of two images is in a template's space and the other is not, or in that of another one.

    Args:
        first: the anatomy.
        second: the functional image, or a segmentation.
    """
    labels = _space(first), _space(second)
    templates = [label if label and _TEMPLATE_LABEL.match(label) else "" for label in labels]
    if templates[0].lower() != templates[1].lower():
        said = [f"space-{label}" if label else "no template" for label in templates]
        return (_words(first, said[0], second, said[1], "their names say"),)
    codes = _code(first), _code(second)
    if any(templates) or not all(codes) or (codes[0] in TEMPLATES) == (codes[1] in TEMPLATES):
        return ()
    if not {SCANNER} & {*codes}:
        return ()
    words = [
        f"{TEMPLATES[code]} (code {code})" if code in TEMPLATES else f"the scanner (code {code})" for code in codes
    ]
    return (_words(first, words[0], second, words[1], "their NIfTI headers say"),)


def _words(first: Source, one: str, second: Source, other: str, who: str) -> str:
    return (
        f"{first.name} and {second.name} may lie in different spaces: {who} {one} and {other}; if so, one of them is "
        "warped to a template, and places do not correspond: give both in one space"
    )


def _space(source: Source) -> str:
    """The BIDS entity ``space`` (or ``tpl``, of a template itself) of the only file of a source, or ``""``."""
    names = {path.name.partition(".")[0] for path in source.files}
    found = re.search(r"(?:^|_)(?:space|tpl)-([a-zA-Z0-9+]+)(?=_|$)", names.pop()) if len(names) == 1 else None
    return found.group(1) if found else ""


def _code(source: Source) -> int:
    """The code of the affine that was taken; 0 where a source has none."""
    forms: NiftiForms | None = source.forms
    if forms is None:
        return 0
    return forms.sform_code or forms.qform_code
