"""A CT is shown in the window of what is on it."""

from __future__ import annotations

import pytest
import SimpleITK as sitk
from ct_cases import ct_of

from coconet_med.windowing.ct import CT_WINDOWS, content_of
from coconet_med.windowing.window import window_for


@pytest.mark.parametrize(
    ("part", "name"), [("head", "brain"), ("thighs", "soft-tissue"), ("chest", "lung"), ("wrist", "bone")]
)
@pytest.mark.parametrize("role", ["anatomy", "function"])
def test_a_ct_is_shown_in_the_window_of_what_is_on_it(part: str, name: str, role: str) -> None:
    source = ct_of(part)
    window = window_for(source, sitk.GetArrayViewFromImage(source.image), role)  # type: ignore[arg-type]
    assert (window.low, window.high) == CT_WINDOWS[name]
    assert window.chosen == f"CT {name} window"
    assert window.reason


def test_a_skull_cut_open_is_a_head_only_where_the_header_says_so() -> None:
    from dataclasses import replace

    content = replace(content_of(ct_of("head")), brain=0.1)
    assert content.window()[0] == "soft-tissue"
    assert replace(content, part="HEAD").window()[0] == "brain"
    assert replace(content, part="HEADNECK").window()[0] == "soft-tissue"
    assert replace(content_of(ct_of("thighs")), part="HEAD").window()[0] == "soft-tissue"
