"""Settings: JSON holds them, names only what differs, and is refused where it is wrong."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from coconet_med.errors import OptionError
from coconet_med.model import NAMES, WEIGHTS
from coconet_med.training.preservation import PreservationWeights
from coconet_med.training.settings import Settings, read_settings


def test_a_file_names_only_what_differs(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text(
        '{"steps": 7, "sizes": [64], "preservation": {"harmonic": 2}, "contrast": {"weight": 1}}', encoding="utf-8"
    )
    made = read_settings(path, seed=3, model=None)
    assert (made.steps, made.sizes, made.seed, made.model) == (7, (64,), 3, "light")
    assert made.preservation == PreservationWeights(harmonic=2)
    assert made.all_steps == 7 + made.contrast.steps


def test_what_is_written_can_be_read_again(tmp_path: Path):
    path = tmp_path / "settings.json"
    made = Settings(steps=9, sizes=(64, 48), group_weights={"mri-ct": 0.5})
    path.write_text(made.to_json(), encoding="utf-8")
    assert read_settings(path) == made


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not readable"),
        ("[1]", "it holds no JSON object"),
        ('{"steps": 3, "steps": 4}', 'the key "steps" stands twice in it, with 3 and 4'),
        ('{"stepps": 3}', "stepps is not a setting"),
        ('{"preservation": {"edge": 1}}', "preservation: edge is not a setting"),
        ('{"steps": "many"}', "steps is 'many'"),
        ('{"steps": 0}', "steps 0"),
        ('{"model": "huge"}', "choose full, light"),
        ('{"sizes": [8]}', "from 16 pixels"),
        ('{"frozen_norm": 2.0}', "shares from 0 to 1"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str):
    path = tmp_path / "settings.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OptionError, match=words):
        read_settings(path)


def test_a_training_without_any_loss_is_refused():
    with pytest.raises(OptionError, match="every loss"):
        Settings(base=0.0, preservation=PreservationWeights(*[0.0] * len(fields(PreservationWeights))))


def test_the_losses_of_the_released_models_are_the_defaults():
    """Whoever changes a default changes what a retraining gives: say so in the cards and here."""
    made = json.loads(Settings().to_json())
    for name in (name for name in NAMES if (WEIGHTS / f"{name}.json").is_file()):
        released = json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8"))["settings"]
        for key in ("base", "preservation", "contrast", "steadiness", "augmentation"):
            reported = made[key]
            if isinstance(reported, dict):  # a card knows no setting that came after it
                reported = {part: reported[part] for part in released[key]}
            assert released[key] == reported, f"{name}: {key}"


def test_every_settings_file_of_the_page_is_one(tmp_path: Path):
    """docs/training.md: the table of what differs."""
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    shown = [text for text in re.findall(r"^\|[^`]*`(.*)` \|$", page, flags=re.MULTILINE) if '"' in text]
    assert len(shown) == 5
    path = tmp_path / "settings.json"
    for text in shown:
        path.write_text(text if text.startswith("{") else f"{{{text}}}", encoding="utf-8")
        assert read_settings(path) != Settings()


def test_the_page_shows_how_to_have_the_paper_alone(tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    path = tmp_path / "settings.json"
    path.write_text(re.search(r"the paper's stage 1 alone \| `(.*)` \|", page)[1], encoding="utf-8")
    made = read_settings(path)
    assert made.base == 20
    assert not any(asdict(made.preservation).values())
    assert made.steadiness.weight == made.contrast.weight == 0
