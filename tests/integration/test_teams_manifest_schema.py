"""The manifest of the Teams app and its languages, judged by Microsoft's own schemas (npm @microsoft/app-manifest)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from bot.channels.teams_manifest import LANGUAGES, localisation, manifest
from tests.unit.test_teams_package import settings_with

NODE = Path(__file__).resolve().parent.parent / "node"
SCHEMAS = NODE / "node_modules/@microsoft/app-manifest/build/json-schemas/teams/v1.19"

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not SCHEMAS.is_dir(), reason="Microsoft's schemas are missing: install npm, then `make test`"),
]


def complaints(schema: str, content: Any) -> list[str]:
    judge = Draft4Validator(json.loads((SCHEMAS / f"MicrosoftTeams{schema}.schema.json").read_text()))
    return [f"{'.'.join(str(step) for step in e.absolute_path)}: {e.message}" for e in judge.iter_errors(content)]


@pytest.mark.parametrize("hear_all", [True, False])
def test_microsofts_schema_accepts_the_manifest(hear_all: bool) -> None:
    assert complaints("", manifest(settings_with(hear_all=hear_all))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_microsofts_schema_accepts_each_language(language: str) -> None:
    assert complaints(".Localization", localisation(manifest(settings_with(), language))) == []


def test_the_manifest_says_the_version_of_the_schema_that_judges_it() -> None:
    content = manifest(settings_with())
    schema = json.loads((SCHEMAS / "MicrosoftTeams.schema.json").read_text())

    assert content["manifestVersion"] == schema["properties"]["manifestVersion"]["const"]  # draft-04 knows no const
    assert f"v{content['manifestVersion']}/" in content["$schema"]


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a name that is too long": (lambda m: m["name"].update(short="x" * 31), "name.short"),
    "no icons": (lambda m: m.pop("icons"), "'icons' is a required property"),
    "a bot without an id": (lambda m: m["bots"][0].pop("botId"), "'botId' is a required property"),
    "an unknown scope": (lambda m: m["bots"][0]["scopes"].append("planet"), "bots.0.scopes.3"),
    "eleven commands": (lambda m: m["bots"][0]["commandLists"][0]["commands"].extend([{}] * 3), "commandLists.0"),
    "a long command": (lambda m: m["bots"][0]["commandLists"][1]["commands"][0].update(title="x" * 33), "title"),
    "an unknown key": (lambda m: m.update(bot=[]), "'bot' was unexpected"),
    "an id that is no GUID": (lambda m: m.update(id="sheriff"), "id: 'sheriff' does not match"),
    "an unknown kind of permission": (
        lambda m: m["authorization"]["permissions"]["resourceSpecific"][0].update(type="application"),
        "resourceSpecific.0.type",
    ),
    "an extension's command without a title": (
        lambda m: m["composeExtensions"][0]["commands"][1].pop("title"),
        "'title' is a required property",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_judge_refuses_a_manifest_with(fault: str) -> None:
    spoil, told = FAULTS[fault]
    content = copy.deepcopy(manifest(settings_with()))

    spoil(content)

    assert any(told in complaint for complaint in complaints("", content))


def test_the_judge_of_languages_refuses_what_is_too_long_unknown_or_missing() -> None:
    words = localisation(manifest(settings_with(), "fr"))
    missing = {key: text for key, text in words.items() if key != "name.full"}

    assert complaints(".Localization", {**words, "description.short": "x" * 81})
    assert complaints(".Localization", {**words, "bots[0].name": "x"})
    assert complaints(".Localization", missing)
