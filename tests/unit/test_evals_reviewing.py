from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals import proposing, questions, reviewing, rows
from evals.proposals import Kind, Proposal
from evals.proposing import Added
from evals.reviewing import Decisions
from evals.rows import Rows
from knowledge.errors import Misuse


def proposal(id_: str, gold: tuple[str, ...] | None = ("a.md",), *, text: str = "") -> Proposal:
    return Proposal(id_, text or f"question {id_}?", gold, Kind.RESOLVED, "kafka", "because", "2026-11-25", "SUP-1")


@pytest.fixture
def kept(tmp_path: Path) -> Rows:
    found = rows.read(tmp_path / "cases.jsonl", may_be_new=True)
    proposing.add(found, [proposal("one"), proposal("two", None), proposal("three", ())])
    found.save()
    return found


def answers(*lines: str) -> Callable[[str], str]:
    left = list(lines)

    def ask(_: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    return ask


def states(kept: Rows) -> dict[str, Any]:
    return {row["id"]: (row["state"], row["gold"]) for row in rows.read(kept.file).rows}


def test_a_second_time_nothing_is_added(kept: Rows) -> None:
    before = kept.file.read_text()

    added = proposing.add(kept, [proposal("one", ("other.md",)), proposal("two", None), proposal("three", ())])
    kept.save()

    assert added == Added(known=3)
    assert kept.file.read_text() == before


def test_gold_that_became_known_completes_a_waiting_row_only(kept: Rows) -> None:
    reviewing.decide(kept, Decisions(drop=["two"]))
    dropped = proposing.add(kept, [proposal("two", ("b.md",))])
    proposing.add(kept, [proposal("four", None)])

    completed = proposing.add(kept, [proposal("four", ("b.md",))])

    assert (dropped, completed) == (Added(known=1), Added(completed=1))
    assert (kept.row("four") or {})["gold"] == ["b.md"]


def test_the_same_question_of_another_case_is_one_row(kept: Rows) -> None:
    asked = [proposal("five", text="Question  ONE"), proposal("six", text="new"), proposal("seven", text="New?")]

    assert proposing.add(kept, asked) == Added(new=1, alike=2)


def test_a_run_asks_what_was_accepted(kept: Rows) -> None:
    reviewing.review_command(kept.file, Decisions(["one", "two"], ["three"], {"two": ("b.md",)}, {"one": "how?"}))

    found = questions.read_sets([kept.file])

    assert [(q.id, q.text, q.gold) for q in found.questions] == [
        ("one", "how?", ("a.md",)),
        ("two", "question two?", ("b.md",)),
    ]
    assert found.waiting == 0


@pytest.mark.parametrize(
    ("decisions", "reason"),
    [
        (Decisions(accept=["two"]), "two: no gold yet"),
        (Decisions(accept=["gone"]), r"no row gone. Waiting: one, three, two\."),
        (Decisions(accept=["one"], drop=["one"]), "both accepted and dropped"),
        (Decisions(text={"one": " "}), "the question is empty"),
    ],
)
def test_a_decision_that_cannot_be_changes_nothing(kept: Rows, decisions: Decisions, reason: str) -> None:
    before = kept.file.read_text()

    with pytest.raises(Misuse, match=reason):
        reviewing.review_command(kept.file, decisions)

    assert kept.file.read_text() == before


def test_in_conversation_each_decision_is_kept_at_once(kept: Rows) -> None:
    told: list[str] = []

    reviewing.converse(kept, ask=answers("?", "a", "d", "a", "g", "b.md, ./c.md", "a"), tell=told.append)

    assert states(kept) == {
        "one": ("accepted", ["a.md"]),
        "three": ("dropped", []),
        "two": ("accepted", ["b.md", "c.md"]),
    }
    assert "Type one of a, g, t, d, s, q." in told
    assert reviewing.NO_GOLD in told
    assert any("no page answers it" in line for line in told)


def test_who_leaves_keeps_what_was_decided(kept: Rows) -> None:
    reviewing.converse(kept, ask=answers("t", "better words", "a", "s"), tell=lambda _: None)

    assert states(kept)["one"] == ("accepted", ["a.md"])
    assert states(kept)["three"][0] == "proposed"
    assert rows.read(kept.file).rows[0]["text"] == "better words"


def test_none_answers_is_said_with_a_dash_or_an_empty_gold(kept: Rows) -> None:
    assert reviewing.golds(["a=x.md,y.md", "b=", "c=-", "a=z.md"]) == {"a": ("x.md", "y.md", "z.md"), "b": (), "c": ()}
    with pytest.raises(Misuse, match="write ID="):
        reviewing.golds(["x.md"])


def test_what_is_not_known_here_stays_in_the_row(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text('{"id": "a", "text": "x", "gold": [], "state": "proposed", "mine": {"b": 1}}\n')

    reviewing.review_command(file, Decisions(accept=["a"]))

    assert json.loads(file.read_text()) == {"id": "a", "text": "x", "gold": [], "state": "accepted", "mine": {"b": 1}}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.jsonl", "{}\n", r"a\.jsonl:1: is not an object with"),
        ("a.jsonl", "\n{\n", r"a\.jsonl:2: is not JSON"),
        ("a.jsonl", '{"id": "a", "text": "x", "state": "done"}', r"a\.jsonl:1: \"state\" is 'done'"),
        ("a.jsonl", '{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}', r"a\.jsonl:2: the id 'a' stands there twice"),
        ("a.yaml", "", "Name a .jsonl file"),
    ],
)
def test_a_file_that_cannot_be_reviewed_is_told(tmp_path: Path, name: str, text: str, reason: str) -> None:
    file = tmp_path / name
    file.write_text(text)

    with pytest.raises(Misuse, match=reason):
        rows.read(file)


def test_a_missing_file_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="add-from-cases --out"):
        rows.read(tmp_path / "gone.jsonl")
