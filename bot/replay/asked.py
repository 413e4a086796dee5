"""The questions to ask again: stored ones, or those of a file; each distinct one once, as it was redacted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.redaction import redact
from bot.store.case_store import CaseStore
from bot.support.cases import Case
from knowledge.errors import Misuse, TooLarge

_ASKED = frozenset({"answered", "hinted", "unanswered"})
_MOST_BYTES = 64_000_000
_MOST_CASES = 200_000
_LONGEST = 2_000  # characters of a question


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, by how many, and where it is written that they said had solved it."""

    text: str
    askers: int = 1
    solved_by: frozenset[str] = frozenset()  # places: document id, "#" and anchor


def place(document_id: str, anchor: str) -> str:
    """A heading of a page, as two indexes call it alike."""
    return f"{document_id}#{anchor}"


def stored(cases: CaseStore, *, since: datetime, most: int) -> Sequence[Question]:
    """What was asked since then, the most asked first. Raises Misuse when that is nothing."""
    found = [_of_case(case) for case in cases.list(since=since, limit=_MOST_CASES) if case.outcome in _ASKED]
    if not found:
        raise Misuse(f"Nothing was asked since {since:%Y-%m-%d}. Name more weeks, or a file: --questions FILE.")
    return _distinct(found, most)


def read(file: Path, *, most: int) -> Sequence[Question]:
    """What an export of `sheriff export` holds, or a text with a question on each line.

    Raises Misuse naming the line that is neither, and when there is no question at all.
    """
    try:
        size, content = file.stat().st_size, ""
        if size > _MOST_BYTES:
            raise TooLarge(f"{file} has {size / 1e6:.0f} MB; at most {_MOST_BYTES / 1e6:.0f} are read. Cut it.")
        content = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Misuse(f"{file} is not UTF-8 (byte {error.start + 1}). Save it as UTF-8.") from error
    except OSError as error:
        raise Misuse(f"{file}: {error.strerror}. Name a file of questions.") from error
    lines = [(number, line) for number, line in enumerate(content.splitlines(), start=1) if line.strip()]
    is_json = file.suffix.lower() in {".jsonl", ".ndjson"} or (bool(lines) and lines[0][1].lstrip().startswith("{"))
    found = list(_of_json(file, lines) if is_json else _of_text(lines))
    if not found:
        raise Misuse(f"{file} holds no question. Write one on each line, or an export: sheriff export -o FILE.jsonl.")
    return _distinct(found, most)


_Asked = tuple[str, str, frozenset[str]]  # text, who, and what solved it


def _of_case(case: Case) -> _Asked:
    handed_over = bool(case.ticket or case.sheriff)
    cited = frozenset(place(c.document_id, c.anchor) for c in case.citations)
    return case.question, case.asker.id, cited if case.state == "closed" and not handed_over else frozenset()


def _of_json(file: Path, lines: Iterable[tuple[int, str]]) -> Iterator[_Asked]:
    for number, line in lines:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Misuse(
                f"{file}, line {number}: is no JSON. Write an object with a “question” on each line."
            ) from error
        if not isinstance(values, dict) or not isinstance(values.get("question"), str):
            raise Misuse(f"{file}, line {number}: has no “question”. Write an object with one on each line.")
        if values.get("outcome", "answered") in _ASKED and values["question"].strip():
            yield _of_values(values)


def _of_values(values: Mapping[str, Any]) -> _Asked:
    asker, cited = values.get("asker"), values.get("citations")
    who = str(asker.get("id", "")) if isinstance(asker, dict) else ""
    solved = values.get("state") == "closed" and not (values.get("ticket") or values.get("sheriff"))
    places = [c for c in cited if isinstance(c, dict)] if isinstance(cited, list) and solved else []
    at = frozenset(place(str(c.get("document_id", "")), str(c.get("anchor", ""))) for c in places)
    return redact(values["question"]).text, who, at


def _of_text(lines: Iterable[tuple[int, str]]) -> Iterator[_Asked]:
    for _, line in lines:
        if not line.lstrip().startswith("#"):
            yield redact(line.strip()).text, "", frozenset()


def _distinct(found: Iterable[_Asked], most: int) -> Sequence[Question]:
    askers: dict[str, set[str]] = {}
    questions: dict[str, Question] = {}
    for text, who, solved in found:
        key = " ".join(text.casefold().split()).rstrip(" ?!.")
        if not key:
            continue
        askers.setdefault(key, set()).add(who)
        known = questions.setdefault(key, Question(text[:_LONGEST].strip()))
        questions[key] = replace(known, solved_by=known.solved_by | solved)
    counted = [replace(question, askers=len(askers[key])) for key, question in questions.items()]
    return sorted(counted, key=lambda question: -question.askers)[:most]
