"""Files and words that nobody would write: every parser gives a value or says in a sentence what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.configuration import read_configuration
from bot.desks.signing import is_signed, is_signed_by_hub
from bot.glossary_file import read_glossary
from bot.intents import understand
from bot.messages import Incoming, Person
from bot.replay.asked import read as read_questions
from bot.sections import FileSettings
from bot.support.holidays import read_holidays
from bot.support.ledger import number_of as gap_number
from bot.support.notices import end_of
from bot.support.rota_file import check_rota
from bot.support.wishes import number_of as wish_number
from evals.questions import read as read_set
from ingestion.readers import front_matter, json_schema
from ingestion.sources.faq_editing import NewEntry, ids_in, with_entry
from knowledge import bundled
from knowledge.errors import SheriffError

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SCHEMA = FileSettings.model_json_schema()
_FAQ = next(bundled.FAQ.glob("*.yaml")).read_text("utf-8")
_ROTA = bundled.ROTA.read_text("utf-8")
_SEEDS = (
    _FAQ,
    _ROTA,
    "---\ntitle: x\nowner: y\n---\n# A\n",
    "sources: [{name: docs, path: docs}]\nserver: {port: 1}\n",
    '{"question": "q", "id": "a"}\n',
    "- {id: q1, text: how, gold: [a.md]}\n",
    "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n",
    "terms: {jor: [job orchestrator]}\n",
    "a: &a [*a, *a]\n<<: *a\n? [x]\n: y\n",
    "!!python/object:os.system [x]\n%YAML 9.9\n---\n",
    "4h", "90 min", "18:00", "2026-11-27T18:00", "GAP-12", "FR-7",
)  # fmt: skip
_ODD = st.one_of(
    st.sampled_from(
        ["\t", "\x00", "\ud800", "\u2028", "'", '"', ": ", "- ", "{", "[", "&a", "*a", "|", "\r", "9" * 400]
    ),
    st.text(max_size=5),
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A sound text with a piece taken out, repeated or put in."""
    text = draw(st.sampled_from(_SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 60)))
        text = text[:start] + draw(_ODD) + text[start if draw(st.booleans()) else end :]
    return text


def _file(parse: Callable[[Path], Any], name: str) -> Callable[[str, Path], Any]:
    def of(text: str, folder: Path) -> Any:
        path = folder / name
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        return parse(path)

    return of


def _text(parse: Callable[[str], Any]) -> Callable[[str, Path], Any]:
    return lambda text, _folder: parse(text)


def _decoded(text: str) -> str:
    """As it comes out of a file."""
    return text.encode("utf-8", "replace").decode()


def _schema(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = {"type": text, "properties": {text: {"enum": [text], "$ref": text}}, "$defs": {text: True}}
    return json_schema.read(value, name="x") if isinstance(value, dict) else None


def _signed(text: str) -> bool:
    headers = {"x-sheriff-timestamp": text, "x-sheriff-signature": text, "x-hub-signature-256": text}
    found = is_signed("s", headers, text.encode("utf-8", "replace"), now=NOW)
    return found or is_signed_by_hub("s", text, text.encode("utf-8", "replace"))


PARSERS: dict[str, Callable[[str, Path], Any]] = {
    "sheriff.yaml": _file(lambda path: read_configuration(path, SCHEMA), "sheriff.yaml"),
    "glossary": _file(read_glossary, "glossary.yaml"),
    "rota": _text(check_rota),
    "holidays": _file(read_holidays, "h.ics"),
    "questions of a replay": _file(lambda path: read_questions(path, most=10), "q.jsonl"),
    "question set": _file(lambda path: read_set([path]), "set.yaml"),
    "question set, JSON lines": _file(lambda path: read_set([path]), "set.jsonl"),
    "front matter": _text(front_matter.split),
    "JSON schema": _text(_schema),
    "FAQ ids": _text(lambda text: ids_in(_decoded(text))),
    "FAQ file": _text(lambda text: with_entry(_decoded(text), NewEntry("new", "Q?", "A.\n\nB: c", ("p",)))),
    "end of a notice": _text(lambda text: end_of(text, NOW, ZoneInfo("Europe/Paris"))),
    "number of a gap": _text(gap_number),
    "number of a wish": _text(wish_number),
    "intent": _text(lambda text: understand(Incoming("1", "web", "c", Person("k", "K"), text))),
}


def _fault(parse: Callable[[str, Path], Any], text: str, folder: Path) -> str | None:
    """What it says is wrong; anything but an error of ours is not caught."""
    try:
        parse(text, folder)
    except SheriffError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_gives_a_value_or_a_sentence(name: str, tmp_path: Path) -> None:
    @settings(max_examples=60, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(text=damaged())
    def try_it(text: str) -> None:
        said = _fault(PARSERS[name], text, tmp_path)

        assert said is None or (said.strip() and "Traceback" not in said)

    try_it()


def test_no_text_is_signed_by_chance(tmp_path: Path) -> None:
    @settings(max_examples=60, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(text=damaged())
    def try_it(text: str) -> None:
        assert not _signed(text)

    try_it()
