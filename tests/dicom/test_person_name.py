"""Whether two spellings of a name can be one person's."""

from __future__ import annotations

import pytest

from coconet_med.dicom.person_name import known_name, names_differ


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("MÜLLER^Anna Maria^^Dr.", "mueller, anna-maria", False),
        ("Yamada^Tarou=山田^太郎", "YAMADA^TAROU", False),
        ("Smith^J", "Smith^John", False),
        ("Smith^John", "Smith^Jane", True),
        ("Meyer^Eva", "Maier^Eva", True),
        ("ANON 12", "Smith^John", False),
        ("", "Smith^John", False),
    ],
)
def test_names_are_compared_as_people_write_them(one, other, differ) -> None:
    assert names_differ(known_name(one), known_name(other)) is differ
    assert names_differ(known_name(other), known_name(one)) is differ


@pytest.mark.parametrize("text", ["Anonymous", "REMOVED^BY", "patient^x", "TEST", "AB1234", "^^^"])
def test_placeholders_and_codes_are_nobodys_names(text) -> None:
    assert known_name(text) == ""
