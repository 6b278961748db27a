"""Every name of Slicer, Qt and CTK that the extension uses: which the core proves, and which only the desktop can.

    .venv-slicer-5.12.4.0-py311/bin/python tests/slicer/desktop_names.py

Names of code (``slicer.app.userSettings``, ``qt.QTimer``, ``DICOMLib.DICOMUtils``) and classes of the ``.ui`` file.

The core is asked without our stand-ins; what it has, the tests run.  The rest a person with the desktop must try:
``slicer_module/CHECKLIST.md`` asks for exactly those, which tests/slicer/test_checklist.py holds.
"""

from __future__ import annotations

import ast
import inspect
import xml.etree.ElementTree as ET
from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "slicer_module" / "PETMRFusion"

#: Packages that the desktop brings; of ``slicer`` the core has a part.
ROOTS = ("slicer", "qt", "ctk", "DICOMLib", "SampleData")

#: Deepest names that are distinguished: slicer.app.userSettings, not what is called on its result.
DEPTH = 3


def names_used() -> set[str]:
    """Dotted names in the code of the extension that runs in Slicer, and classes of its .ui file."""
    found: set[str] = set()
    for file in MODULE.rglob("*.py"):
        if "Scripts" in file.parts:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and id(node) not in inner:
                found.add(_dotted(node))
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ROOTS:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "importlib.import_module"):
                texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                owner = ast.unparse(node.args[0]) if ast.unparse(node.func) == "getattr" else ""
                found |= {f"{owner}.{text}" if owner else text for text in texts[:1]}
    for widget in ET.parse(MODULE / "Resources" / "UI" / "PETMRFusion.ui").getroot().iter("widget"):
        kind = widget.get("class", "")
        found.add({"qMRML": f"slicer.{kind}", "ctk": f"ctk.{kind}"}.get(_prefix(kind), f"qt.{kind}"))
    kept = {".".join(name.split(".")[:DEPTH]) for name in found if name.split(".")[0] in ROOTS}
    return {name for name in kept if "." in name}


def _prefix(kind: str) -> str:
    return next((prefix for prefix in ("qMRML", "ctk") if kind.startswith(prefix)), "")


def _dotted(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def in_core(name: str) -> bool:
    """Whether the core has a name; asked in a process without stand-ins."""
    import slicer

    root, *rest = name.split(".")
    if root != "slicer":
        return False
    thing: object = slicer
    for part in rest:
        if part == "mrmlScene":
            thing = slicer.vtkMRMLScene  # the scene is an instance of it
            continue
        if not hasattr(thing, part):
            return False
        thing = getattr(thing, part)
    return not (inspect.isfunction(thing) and _needs_desktop(thing))


def _needs_desktop(function: object) -> bool:
    """Whether a function of ``slicer.util`` is there, but calls the application, Qt, or what only the desktop has."""
    source = inspect.getsource(function)
    return any(part in source for part in ("slicer.app", "import app", "qt.", "import qt", "slicer.packaging"))


def main() -> None:
    """Print both lists."""
    used = sorted(names_used())
    proved = [name for name in used if in_core(name)]
    print(f"The core proves {len(proved)} of {len(used)} names; only the desktop can prove:")
    print("\n".join(name for name in used if name not in proved))


if __name__ == "__main__":
    main()
