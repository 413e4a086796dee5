"""Logs of earlier questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals import logs
from knowledge.errors import Misuse


def test_a_row_says_whether_it_was_answered_or_has_gold(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(
        '{"text": "a", "answered": true}\n\n{"text": "b", "answered": false}\n'
        '{"text": "c", "gold": ["x.md"]}\n{"text": "d"}\n',
        encoding="utf-8",
    )

    assert logs.read(file) == [("a", True), ("b", False), ("c", True), ("d", False)]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{", "is not JSON"),
        ("[]", 'has no "text"'),
        ('{"text": " "}', 'has no "text"'),
        ('{"text": "a", "answered": "yes"}', '"answered" is neither true nor false'),
    ],
)
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str, named: str) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(f'{{"text": "a"}}\n{line}\n', encoding="utf-8")

    with pytest.raises(Misuse, match=f"line 2: {named}"):
        logs.read(file)
    with pytest.raises(Misuse, match="cannot be read"):
        logs.read(tmp_path / "gone.jsonl")
