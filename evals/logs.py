"""A log of earlier questions, each with whether it was one that gets answered here."""

from __future__ import annotations

import json
from pathlib import Path

from knowledge.errors import Misuse

TOO_FEW = "a log teaches with at least 5 questions that were answered and 5 that were not"
WANTED = 'write {"text": …, "answered": true or false}'


def read(file: Path) -> list[tuple[str, bool]]:
    """The questions of a JSONL file; a row of a question set counts as answered when it has gold.

    Raises Misuse naming the line that is not a question, or the file that cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{file}: cannot be read ({error}). Name a JSONL file of earlier questions.") from error
    return [_row(line, f"{file}, line {number}") for number, line in enumerate(lines, start=1) if line.strip()]


def _row(line: str, place: str) -> tuple[str, bool]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{place}: is not JSON; {WANTED}.") from error
    if not isinstance(values, dict) or not isinstance(values.get("text"), str) or not values["text"].strip():
        raise Misuse(f'{place}: has no "text"; {WANTED}.')
    answered = values.get("answered", bool(values.get("gold") or values.get("gold_prefix")))
    if not isinstance(answered, bool):
        raise Misuse(f'{place}: "answered" is neither true nor false; {WANTED}.')
    return values["text"], answered
