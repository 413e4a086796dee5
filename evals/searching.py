"""Questions in, ranked pages out, as JSON lines: the plug for other people's evaluations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from evals.corpora import Opened
from evals.runner import paths
from knowledge import relevance
from knowledge.errors import Misuse
from knowledge.ports import Embedder
from knowledge.search import search

DOCUMENTS: Final = 50
PAIR: Final = 2


def results(lines: Iterable[str], *, corpus: Opened, embedder: Embedder) -> Iterator[str]:
    """For each line {"id", "text"} a line {"id", "docs", "scores", "confidence"}, best document first.

    Raises Misuse naming the line that is not a question.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            values = _question(line, number)
            ranked = _ranked(values["text"], _earlier(values, number), corpus, embedder)
            yield json.dumps({"id": values["id"], **ranked}, ensure_ascii=False)


def _ranked(text: str, earlier: Sequence[str], corpus: Opened, embedder: Embedder) -> dict[str, Any]:
    found = search(text, earlier=earlier, index=corpus.index, embedder=embedder, lessons=corpus.lessons)
    docs = paths(found.pages)[:DOCUMENTS]
    scores = {page.path: page.score for page in reversed(found.pages)}
    return {
        "docs": docs,
        "scores": [round(scores[path], 6) for path in docs],
        "confidence": round(relevance.confidence(found.evidence), 6),
    }


def _question(line: str, number: int) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Misuse(f'standard input, line {number}: is not JSON; write {{"id": …, "text": …}}.') from error
    if not isinstance(values, dict) or "id" not in values or not isinstance(values.get("text"), str):
        raise Misuse(f'standard input, line {number}: has no "id" or no "text"; write {{"id": …, "text": …}}.')
    return values


def _earlier(values: dict[str, Any], number: int) -> list[str]:
    """What the asker said before, from a history of [role, text] pairs."""
    history = values.get("history") or []
    pairs = isinstance(history, list) and all(
        isinstance(turn, list) and len(turn) == PAIR and all(isinstance(part, str) for part in turn) for turn in history
    )
    if not pairs:
        raise Misuse(f'standard input, line {number}: "history" is no list of [role, text]; write [["user", …], …].')
    return [text for role, text in history if role == "user"]
