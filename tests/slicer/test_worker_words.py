"""Messages of the core have no words of a command line."""

from __future__ import annotations

from pathlib import Path


def test_messages_of_the_core_have_no_words_of_a_command_line():
    """Every message of the parts that the worker calls, in the words of the panel."""
    import ast

    from worker_words import panel_words

    core = Path(__file__).parents[2] / "coconet_med"
    parts = ("align", "pair", "windowing", "engines", "transform_files", "fusion.py", "model.py", "slices.py", "dicom")
    seen = 0
    for part in parts:
        for file in [core / part] if part.endswith(".py") else sorted((core / part).glob("*.py")):
            nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
            within = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in nodes:
                if id(node) in within:
                    continue
                pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
                text = "".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in pieces)
                if "--" in text and isinstance(node, ast.JoinedStr | ast.Constant) and " " in text:
                    seen += 1
                    assert "--" not in panel_words(text), text
    assert seen > 20
    assert panel_words("look alike (--register never)") == "look alike"
    assert panel_words("a.nii: is in color; give LOW HIGH") == "a.nii: is in color; type a window"
