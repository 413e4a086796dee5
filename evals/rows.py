"""A question set as rows that people review: read, changed and written back without losing what is unknown here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.files import rewrite
from evals.questions import State
from knowledge.errors import Misuse

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a .jsonl file, in order. Each has a text for an id."""

    file: Path
    rows: list[Row]

    def row(self, id_: str) -> Row | None:
        return next((row for row in self.rows if row["id"] == id_), None)

    def waiting(self) -> list[Row]:
        return [row for row in self.rows if state(row) is State.PROPOSED]

    def count(self, wanted: State) -> int:
        return sum(state(row) is wanted for row in self.rows)

    def save(self) -> None:
        rewrite(self.file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows))


def read(file: Path, *, may_be_new: bool = False) -> Rows:
    """The rows of a file; none when it does not exist and may be new. Raises Misuse as file:line with the remedy."""
    if file.suffix.lower() in {".yaml", ".yml"}:
        raise Misuse(f"{file}: rows are kept as JSON lines. Name a .jsonl file.")
    if may_be_new and not file.exists():
        return Rows(file, [])
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Misuse(f"{file}: there is no such file. `sheriff-evals add-from-cases --out {file}` makes it.") from error
    except UnicodeDecodeError as error:
        raise Misuse(f"{file}: is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise Misuse(f"{file}: cannot be read ({error.strerror}). Name a file that may be read.") from error
    return Rows(file, list(_rows(file, text)))


def state(row: Row) -> State:
    return State(row.get("state", State.ACCEPTED))


def _rows(file: Path, text: str) -> Iterator[Row]:
    ids: set[str] = set()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            row = _row(line, f"{file}:{number}")
            if row["id"] in ids:
                raise Misuse(f"{file}:{number}: the id {row['id']!r} stands there twice. Give it another one.")
            ids.add(row["id"])
            yield row


def _row(line: str, place: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{place}: is not JSON. Write one object a line.") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("id"), str):
        raise Misuse(f'{place}: is not an object with an "id" and a "text".')
    if row.get("state", State.ACCEPTED) not in set(State):
        raise Misuse(f'{place}: "state" is {row["state"]!r}. Write one of {", ".join(State)}.')
    return row
