"""Cases whose truth is known: how answers to them are counted."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from evals.bench.cases import ALL, Case, Tally, load, score
from evals.bench.checkers import PEER, SHERIFF, Answer, Told, by_peer, by_sheriff
from knowledge.errors import Misuse

SCHEMA = {"type": "object", "properties": {"port": {"type": "integer"}}, "required": ["port"]}


def row(**changed: Any) -> dict[str, Any]:
    return {"id": "a", "suite": "s", "schema": "schemas/port.json", "text": "port: 1\n", "expect": "accept"} | changed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        row(),
        row(id="b", text="port: x\n", expect="reject", lines=[1]),
        row(id="c", text="a: 1\nprot: 1\n", expect="reject", lines=[2], kind="typo_key", detail={"fix": "port"}),
        row(id="d", suite="t", text="port: 1\non: no\n", expect="flag", lines=[2]),
        row(id="e", suite="t", b64=base64.b64encode(b"port: \xff\n").decode(), expect="reject"),
        row(id="f", suite="t", text="port: 1\nx: [" + "[" * 200_000, expect="any"),
    ]
    (tmp_path / "dev").mkdir()
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "port.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    (tmp_path / "dev" / "s.jsonl").write_text("".join(json.dumps(line) + "\n" for line in rows), encoding="utf-8")
    return tmp_path


def test_each_suite_is_counted_and_all_of_them_last(folder: Path) -> None:
    tallies = score(load(folder), SHERIFF)

    assert list(tallies) == ["s", "t", ALL]
    assert [tallies[ALL].share(column) for column in ("FA", "FR", "L1", "hint", "flag", "errors")] == [0, 0, 1, 1, 1, 1]
    assert (tallies[ALL].files, tallies[ALL].crashes) == (6, 0)


def test_a_peer_that_dies_is_counted_and_started_anew(folder: Path) -> None:
    cases = load(folder)

    tallies = score([*cases, *cases[:1]], PEER)

    assert tallies[ALL].files == 7
    assert tallies["s"].share("FR") == 0


def test_both_say_the_same_of_a_plain_fault(folder: Path) -> None:
    schema = folder / "schemas" / "port.json"

    ours, theirs = (check(schema, "case.yaml", b"a: 1\nport: x\n") for check in (by_sheriff, by_peer))

    assert [told.line for told in ours] == [told.line for told in theirs] == [2]
    assert [told.line for told in by_peer(schema, "case.yaml", b"a: [\n")] == [2]


def test_a_case_is_counted_by_its_first_error() -> None:
    case = Case("a", "s", Path("x"), "case.yaml", b"", "reject", frozenset({3}), "port")
    tally = Tally()

    tally.add(case, Answer([Told(1, "odd", error=False), Told(4, "did you mean port?", error=True)], 0.5))
    tally.add(case, Answer((), 0.5, crashed=True))

    assert [tally.share(column) for column in ("FA", "L1", "L1±1", "hint", "errors")] == [0, 0, 0.5, 0.5, 1]
    assert (tally.crashes, tally.seconds, tally.share("flag")) == (1, 1.0, None)


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "a"}'])
def test_a_line_that_is_no_case_is_named(folder: Path, line: str) -> None:
    (folder / "dev" / "s.jsonl").write_text(f"\n{line}\n", encoding="utf-8")

    with pytest.raises(Misuse, match=r"s\.jsonl:2: not a case"):
        load(folder)


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"there are no cases"):
        load(tmp_path)
