"""What stands above a legend."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from coconet_med.report.units import figure, units_of


@pytest.mark.parametrize(
    ("units", "signed", "intent", "said"),
    [
        ("SUVbw", False, 0, "SUVbw"),
        ("relative", False, 0, "relative uptake"),
        ("relative", True, 5, "z"),
        ("relative", True, 0, "value"),
    ],
)
def test_units_are_those_of_the_window_or_what_its_values_are(units, signed, intent, said) -> None:
    result = SimpleNamespace(
        window=SimpleNamespace(units=units, signed=signed),
        function=SimpleNamespace(details={"nifti_intent": intent} if intent else {}),
    )
    assert said in units_of(result)


def test_numbers_are_in_plain_digits() -> None:
    said = [figure(value) for value in (0.123456, 2.5, 15624.7, -12345.6)]
    assert said == ["0.123", "2.5", "15625", "-12346"]
