"""Why a text does not parse: supposed causes are repaired and parsed again, and the one that helps is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import yaml

from knowledge.validation.diagnostics import Diagnostic, Severity
from knowledge.validation.fixes import apply_edits
from knowledge.validation.parser import error_line
from knowledge.validation.repairs import certain, supposed
from knowledge.validation.text import SourceText
from knowledge.validation.trouble import Trouble

MAX_TRIES = 60
MAX_REPAIRS = 6  # enough for the schema to choose between
TRIED_CHARACTERS = 2_000_000  # of repaired text that is parsed again in all: keeps a large broken file quick
REPAIRED_CHARACTERS = 100_000  # up to this size the schema chooses between repairs
NOWHERE = 1 << 30

_IN_WORDS = (
    (r"mapping values are not allowed", "A second “: ” stands where no key can be"),
    (r"did not find expected key", "Expected a key here"),
    (r"did not find expected '-' indicator", "Expected a list element, “- …”, here"),
    (r"could not find expected ':'", "Expected “:” after a key"),
    (r"block sequence entries are not allowed", "A list element may not stand here"),
    (r"block mapping entries are not allowed|block collections", "A key may not stand here"),
    (r"did not find expected ',' or '(.)'", "Expected “,” or “{0}” here"),
    (r"did not find expected <document start>", "The document has ended before this line"),
    (r"did not find expected node content", "Expected a value here"),
    (r"found unknown escape character", "Unknown escape after a backslash in double quotes"),
    (r"did not find expected hexdecimal number", "The escape in this text lacks hexadecimal digits"),
    (r"found undefined tag handle", "This tag uses a short form that no %TAG line declares"),
    (r"found duplicate %YAML|found duplicate %TAG", "This directive is given twice"),
    (r"found incompatible YAML document|unknown directive", "This directive is not known"),
    (r"found a tab character", "A tab stands where only spaces may"),
    (r"found character that cannot start any token", "This character may not start a value unless quoted"),
)


@dataclass(frozen=True, slots=True)
class Repair:
    """A supposed cause, and the whole text without it, which parses."""

    diagnostic: Diagnostic
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The likeliest cause of a syntax error; `repairs` are all causes whose removal mends the file."""

    diagnostic: Diagnostic
    repairs: Sequence[Repair] = ()


def explain(source: SourceText, error: yaml.YAMLError) -> Explanation:
    """Why the parser refused the text."""
    trouble = Trouble.of(source, error)
    best: Diagnostic | None = None
    best_reach = trouble.line
    repairs: list[Repair] = []
    tries = min(MAX_TRIES, 1 + TRIED_CHARACTERS // max(len(source.text), 1))
    for guess in islice(_guesses(trouble), tries):
        repaired = apply_edits(source.text, guess.edits)
        reach = _reach(repaired) if guess.edits else 0
        if reach == NOWHERE and len(source.text) <= REPAIRED_CHARACTERS:
            repairs.append(Repair(guess, repaired))
        if reach > max(best_reach, guess.span.line):
            best, best_reach = guess, reach
        if len(repairs) == MAX_REPAIRS:
            break
    return Explanation(best or next(certain(trouble), None) or _plain(trouble), tuple(repairs))


def _guesses(trouble: Trouble) -> Iterator[Diagnostic]:
    yield from certain(trouble)
    yield from supposed(trouble)


def _reach(text: str) -> int:
    stopped = error_line(text)
    return NOWHERE if stopped is None else stopped


def _plain(trouble: Trouble) -> Diagnostic:
    message = "The text cannot be read as YAML from here on"
    for pattern, words in _IN_WORDS:
        if found := re.search(pattern, trouble.problem):
            message = words.format(*found.groups())
            break
    why = f"It belongs to what starts on line {trouble.context_line}." if trouble.context_line < trouble.line else ""
    span = trouble.source.span(trouble.line, trouble.column)
    return Diagnostic("YAML001", Severity.ERROR, trouble.source.name, span, message, why=why)
