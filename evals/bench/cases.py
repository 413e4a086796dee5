"""Validation on cases of other people: what is accepted, which line is told, and how that compares with a peer.

A folder of cases holds `dev/*.jsonl`, one case a line: `id`, `suite`, `schema` (a path in the folder), `text` or `b64`,
`lang`, `expect` (accept, reject, flag or any), `lines` (the true ones, from 1), `kind` and `detail`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from evals.bench.checkers import Answer, Told, Worker
from knowledge.errors import Misuse

HINTED: Final = frozenset({"typo_key", "missing_required"})  # kinds whose right key is known
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Case:
    """One file with what is known about it."""

    id: str
    suite: str
    schema: Path
    name: str
    content: bytes
    expect: str
    lines: frozenset[int]  # where it is wrong, or what is to be flagged
    key: str  # the key that the first error should name; "" when none is known

    @classmethod
    def of(cls, row: dict[str, Any], folder: Path) -> Case:
        """The case in a row. Raises KeyError or ValueError when the row is none."""
        binary = "b64" in row
        content = base64.b64decode(row["b64"]) if binary else row["text"].encode("utf-8", "surrogatepass")
        return cls(
            id=row["id"],
            suite=row["suite"],
            schema=folder / row["schema"],
            name="case.json" if row.get("lang") == "json" else "case.yaml",
            content=content,
            expect=row["expect"],
            lines=frozenset(row.get("lines") or ()),
            key=row["detail"]["fix"] if row.get("kind") in HINTED else "",
        )


@dataclass(slots=True)
class Tally:
    """Counts over the cases of one suite."""

    files: int = 0
    seconds: float = 0.0
    crashes: int = 0
    counts: dict[str, list[int]] = field(default_factory=dict)  # of each column: how many, and of how many

    def count(self, column: str, value: float, of: int = 1) -> None:
        done = self.counts.setdefault(column, [0, 0])
        done[0] += int(value)
        done[1] += of

    def share(self, column: str) -> float | None:
        """The share of a column, or errors a file; None when nothing counts for it."""
        done, of = self.counts.get(column, (0, 0))
        return done / of if of else None

    def add(self, case: Case, answer: Answer) -> None:
        """Count one answer to one case."""
        self.files += 1
        self.seconds += answer.seconds
        errors = [told for told in answer.told if told.error]
        if answer.crashed:
            self.crashes += 1
        if case.expect == "accept":
            self.count("FR", bool(errors))
        elif case.expect == "flag":
            self.count("flag", any(told.line in case.lines for told in answer.told))
        elif case.expect == "reject":
            self.count("FA", not errors and not answer.crashed)
            self._add_place(case, errors)

    def _add_place(self, case: Case, errors: Sequence[Told]) -> None:
        first = errors[0] if errors else Told(0, "", error=True)
        if case.lines:
            self.count("L1", first.line in case.lines)
            self.count("L1±1", any(abs(first.line - line) <= 1 for line in case.lines))
            if errors:
                self.count("errors", len(errors))
        if case.key:
            named = re.search(rf"(?<![\w-]){re.escape(case.key)}(?![\w-])", first.message)
            self.count("hint", named is not None)


def load(folder: Path) -> list[Case]:
    """All cases of a folder. Raises Misuse, naming file and line, when there are none or one is unusable."""
    files = sorted((folder / "dev").glob("*.jsonl"))
    if not files:
        raise Misuse(f"{folder}: there are no cases; they are lines of {folder}/dev/*.jsonl")
    return [case for file in files for case in _read(file, folder)]


def _read(file: Path, folder: Path) -> Iterator[Case]:
    for number, line in enumerate(file.read_text("utf-8").split("\n"), 1):
        if line.strip():
            try:
                yield Case.of(json.loads(line), folder)
            except (KeyError, TypeError, ValueError) as error:
                raise Misuse(f"{file}:{number}: not a case: {error}") from error


def score(cases: Iterable[Case], checker: str) -> dict[str, Tally]:
    """The counts of each suite and of all, for one of the checkers."""
    tallies: dict[str, Tally] = {}
    with Worker(checker) as worker:
        for case in cases:
            answer = worker.ask(case.schema, case.name, case.content)
            for suite in (case.suite, ALL):
                tallies.setdefault(suite, Tally()).add(case, answer)
    return dict(sorted(tallies.items(), key=lambda item: (item[0] == ALL, item[0])))
