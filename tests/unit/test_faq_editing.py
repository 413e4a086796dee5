"""A new entry in a FAQ file: everything else in the file stays as it is, whatever the words."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sources.faq_editing import NewEntry, as_file, ids_in, with_entry
from knowledge import bundled
from knowledge.errors import Misuse

ENTRY = NewEntry("new-one", "Why: is it so?", "Set `a: b`.\n\n- first\n- second", ("one # two", "- three"), ("a.md#b",))
FILES = sorted(bundled.FAQ.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_of_a_bundled_file_stays_and_the_entry_comes_last(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    edited = with_entry(text, ENTRY)

    assert edited.startswith(text.rstrip("\n"))
    assert ids_in(edited) == ids_in(text) | {"new-one"}
    assert yaml.safe_load(edited)["entries"][-1]["answer"].strip() == ENTRY.answer


@pytest.mark.parametrize(
    "text",
    [
        "# top\nentries:\n- id: a\n  question: q\n  answer: x  # why\n\n# the end\n",
        "entries:\n    - id: a\n      question: q\n      answer: |\n        x\n        # no comment\nowner: me\n",
        "entries:\r\n  - id: a\r\n    question: q\r\n    answer: x\r\n",
        "entries:\n  - {id: a, question: q, answer: x}",
        "entries: []  # nothing yet\nowner: me\n",
        "component: x\nentries:\n",
        "entries:\n  - id: a\n    question: q\n    answer: x\n\n  - id: b\n    question: r\n    answer: y\n# z\no: m\n",
    ],
)
def test_comments_line_ends_and_what_follows_stay(text: str) -> None:
    edited = with_entry(text, ENTRY)

    kept = [line for line in text.splitlines() if line.strip() and not line.startswith("entries:")]
    left = iter(edited.splitlines())
    assert all(line in left for line in kept)  # in their order
    assert yaml.safe_load(edited)["entries"][-1]["question"] == ENTRY.question
    assert ("\r\n" in text) == ("\r\n" in edited)
    assert edited.replace("\r\n", "").count("\r") == 0


@pytest.mark.parametrize("text", ["entries: [{id: a}]\n", "a: [\n", "- a\n", "questions: []\n", ""])
def test_what_cannot_be_edited_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(Misuse, match=r"by hand|Mend it"):
        with_entry(text, ENTRY)


def test_an_id_that_is_there_is_refused() -> None:
    with pytest.raises(Misuse, match="another id"):
        with_entry("entries:\n- id: new-one\n  question: q\n  answer: a\n", ENTRY)


@settings(deadline=None)
@given(st.text(min_size=1), st.text(min_size=1), st.lists(st.text(min_size=1), max_size=3))
def test_any_words_come_back_as_they_were_or_are_refused(question: str, answer: str, phrasings: list[str]) -> None:
    entry = NewEntry("x", " ".join(question.split()) or "q", answer, [" ".join(p.split()) or "p" for p in phrasings])
    before = "entries:\n  - id: a\n    question: q\n    answer: x\n"

    try:
        edited = with_entry(before, entry)
    except Misuse:
        return

    assert [each["id"] for each in yaml.safe_load(edited)["entries"]] == ["a", "x"]


def test_a_file_of_its_own_has_all_entries() -> None:
    assert ids_in(as_file([ENTRY], comment="from cases")) == {"new-one"}
    assert ids_in(as_file([], comment="from cases")) == frozenset()
