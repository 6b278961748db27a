"""Each list of words that an option takes is written out once."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from coconet_med import choices
from coconet_med.errors import OptionError

PACKAGE = Path(choices.__file__).parent


def test_a_word_that_is_not_taken_is_named_with_those_that_are() -> None:
    for value in ("c", None, 1):
        with pytest.raises(OptionError, match=f"^--x {value}: choose a or b$"):
            choices.one_of("--x", value, ("a", "b"))
    choices.one_of("--x", "b", ("a", "b"))


def test_no_other_module_lists_the_words_again() -> None:
    words = {get_args(kind): name for name, kind in vars(choices).items() if get_args(kind)}
    assert len(words) >= 9
    again = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if path.name != "choices.py" and isinstance(node, (ast.Tuple, ast.List)):
                found = tuple(getattr(one, "value", None) for one in node.elts)
                if len(found) > 2 and found in words:
                    again.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {words[found]}")
    assert not again
