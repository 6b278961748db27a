"""The card of a case is plain JSON and holds what the page shows."""

from __future__ import annotations

import json

from coconet_med.report.card import card_of


def test_a_card_is_json_with_pictures_measures_and_facts(result) -> None:
    card = json.loads(json.dumps(card_of(result, case_id="sub-01", panel=64)))
    assert card["id"] == "sub-01"
    assert [cut["plane"] for cut in card["cuts"]] == ["axial", "coronal", "sagittal"]
    assert all(uri.startswith("data:image/") for cut in card["cuts"] for uri in cut["panels"].values())
    assert 0 <= card["measures"]["fused"]["H"] <= 1
    assert card["facts"]["Registration"].startswith("not moved: ")
    assert card["facts"]["Fusion"].startswith("model average (000000000000), onnx on cpu")
    assert card["size"] == list(result.color.GetSize())
