"""JSON is read whole or not at all; a key that stands twice with two values is no JSON that can be understood."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import coconet_med
from coconet_med.system.json_file import load_json, parse_json

PACKAGE = Path(coconet_med.__file__).parent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"dose": 200, "dose": 100}', r'^the key "dose" stands twice in it, with 200 and 100; keep the right one$'),
        ('[{"a": {"b": true, "b": 1}}]', 'the key "b" stands twice in it, with true and 1;'),
        ('{"a": [1], "a": {"b": 2}}', r'with \[1\] and {"b": 2};'),
        ('{"a\\u0000": 1, "a\\u0000": "\\u001b[31m\\u202e"}', r'"a\\u0000" .* with 1 and "\\u001b\[31m\\u202e";'),
        (f'{{"a": 1, "a": "{"x" * 500}"}}', 'with 1 and "x{58}…;'),
        ("{,}", r"it is not JSON \(.*, line 1, column 2\); mend it"),
        ("[" * 100000, "nested too deep"),
        (f"[{'1' * 5000}]", "Exceeds the limit"),
    ],
)
def test_what_cannot_be_understood_is_said(text, words):
    with pytest.raises(ValueError, match=words) as error:
        parse_json(text)
    assert str(error.value).isprintable()


def test_a_key_twice_with_one_value_is_read():
    text = '{"a": 1, "a": 1.0, "b": {"x": [NaN], "y": 2}, "b": {"y": 2, "x": [NaN]}, "c": 1}'
    assert list(parse_json(text)) == ["a", "b", "c"]
    assert parse_json('[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]


def test_encodings_of_other_programs_are_read(tmp_path):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "a.json").write_text(json.dumps({"a": "Gerät"}, ensure_ascii=False), encoding=encoding)
        assert load_json(tmp_path / "a.json") == {"a": "Gerät"}
    with pytest.raises(ValueError, match="No such file or directory; check the path"):
        load_json(tmp_path / "none.json")


#: What reads JSON by itself: files that no person writes.
OUR_OWN = {
    "batch/fingerprint.py": "what it has just written",
    "batch/records.py": "records of a batch, in its work folder",
    "commands/installation.py": "the card of the installed weights",
    "dicom/rescue.py": "orders to its own process",
    "errors.py": "metadata of the installed package",
    "model.py": "the card of weights, whose sha256 is checked",
    "pacs/state.py": "the state of a watcher",
    "pacs/words.py": "an answer of a server, for a message",
    "report/batch_page.py": "cards of a batch, in its work folder",
    "system/json_file.py": "itself",
}


def test_json_of_users_is_read_in_one_place():
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("json.load", "json.loads"):
                found.add(path.relative_to(PACKAGE).as_posix())
    assert found == set(OUR_OWN)
