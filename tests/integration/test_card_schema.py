"""Every card of ours, judged by Microsoft's own renderer (npm adaptivecards, version 1.5)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.card_samples import CARDS

NODE = Path(__file__).resolve().parent.parent / "node"

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        not (shutil.which("node") and (NODE / "node_modules" / "adaptivecards").is_dir()),
        reason="node and its modules are missing: install node and npm, then `make test`",
    ),
]


@pytest.fixture(scope="module")
def judged() -> dict[str, list[str]]:
    """What the renderer has against each card, by its name."""
    return dict(zip(CARDS, complaints(*CARDS.values()), strict=True))


def complaints(*cards: dict[str, Any]) -> list[list[str]]:
    done = subprocess.run(
        ["node", "validate-cards.js"], cwd=NODE, input=json.dumps(cards), capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("name", CARDS)
def test_the_official_renderer_has_nothing_against_our_card(judged: dict[str, list[str]], name: str) -> None:
    assert judged[name] == []


FIELD = {"type": "Input.Text", "id": "text", "label": "Text"}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"body": [{"type": "TextBlok", "text": "x"}]}, "Unknown element type"),
        ({"body": [{"type": "TextBlock", "text": "x", "color": "#ff0000"}]}, "Invalid value"),
        ({"actions": [{"type": "Action.Dance", "title": "x"}]}, "Unknown action type"),
        ({"body": [FIELD, FIELD]}, "Duplicate Id"),
    ],
)
def test_the_judge_is_not_blind(changes: dict[str, Any], complaint: str) -> None:
    found = complaints({**CARDS["state"], **changes})[0]

    assert any(complaint in each for each in found)
