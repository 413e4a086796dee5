"""Where a sentence says the opposite of what a passage says in the same words: a "not", another row, another unit.

Only what is plain is reported: a paraphrase that keeps half of the words of a sentence is nobody's opposite.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from knowledge import blocks
from knowledge.blocks import Form
from knowledge.wording import STOPWORDS, content_words

_ALIKE = 0.65  # share of the words of a clause that another has, from which on they speak about the same
_FEW = 2  # shorter clauses say too little to contradict
# Where a clause ends.
_ENDS = r"[;:()|]|,\s|\s[–—-]\s|\b(?:but|while|whereas|because|unless|until|although|however|so that|if|when)\b"
_PART = re.compile(_ENDS, re.IGNORECASE)
_CLAUSE = re.compile(rf"{_ENDS}|\b(?:and|then|or)\b", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:not(?!\s+only)|never|cannot|nobody|none|neither|nor|no(?!\s+(?:later|more|longer|less|fewer)\s+than)|unable)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_UN = {  # a word and its opposite: whichever stands there counts as a "not" on the other
    **dict.fromkeys(("disable", "disabled", "disables"), "enable"),
    **dict.fromkeys(("forbidden", "prohibited", "disallowed", "denied"), "allowed"),
    **dict.fromkeys(("unsupported",), "supported"),
    **dict.fromkeys(("impossible",), "possible"),
    **dict.fromkeys(("optional",), "required"),
    **dict.fromkeys(("manually", "manual"), "automatic"),
    **dict.fromkeys(("invalid",), "valid"),
    **dict.fromkeys(("excluded", "excludes", "exclude"), "include"),
    **dict.fromkeys(("decrease", "decreases", "decreased"), "increase"),
    **dict.fromkeys(("unencrypted",), "encrypted"),
    **dict.fromkeys(("unlimited",), "limited"),
}
_WORD = re.compile(r"[^\W\d_]+")
_AT_LEAST = re.compile(r"\b(?:at least|minimum|no (?:less|fewer|earlier) than|or more)\b", re.IGNORECASE)
_AT_MOST = re.compile(r"\b(?:at most|up to|maximum|no (?:more|later|longer) than|or less|or fewer)\b", re.IGNORECASE)
_UNITS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "week"),
    **dict.fromkeys(("month", "months"), "month"),
    **dict.fromkeys(("year", "years"), "year"),
    **dict.fromkeys(("%", "percent"), "%"),
    **{
        unit.lower(): unit.lower()[0] + "b" for unit in ("KB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB", "Mi", "Gi")
    },
}
_KNOWN_UNITS = frozenset(_UNITS.values())
_A_THING = "thing"  # "96 partitions"
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)  # noqa: SIM905
}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_MEASURED = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)*)[ -]?(?:(?:working|calendar|business) )?(%|[A-Za-z]+\b)?")
_NAME_END = re.compile(r"[|:]")
_TOKENS = re.compile(r"[\w%][\w.%-]*(?<![.-])")
_ASSIGNED = re.compile(r"([A-Za-z][\w-]*)[\"'`]?\s*[:=]\s*[\"'`]?([\w.%+-]*[\w%])")


@dataclass(frozen=True, slots=True)
class _Clause:
    words: frozenset[str]
    negative: bool
    bound: int  # -1 at most, 1 at least, 0 neither


@dataclass(frozen=True, slots=True)
class _Row:
    name: frozenset[str]  # words of the first cell, of an item up to its colon
    words: frozenset[str]


class Said:
    """What passages say, made ready to be compared with."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._blocks = [block for text in texts for block in blocks.blocks(text)]
        self._whole = "\n".join(block.text for block in self._blocks)

    def opposes(self, sentence: str) -> Iterator[str]:
        """Why a sentence cannot be meant by these passages."""
        yield from self._other_units(sentence)
        for part in _CLAUSE.split(sentence):
            yield from self._other_words(part)
            yield from self._opposite(part)

    def misassigns(self, code: str) -> Iterator[str]:
        """Keys of an example that get a value which no line or sentence of the passages has beside them."""
        for key, value in _ASSIGNED.findall(code):
            name, wanted = _shown(key), _shown(value)
            lines = [line for line in self._lines if name in line]
            if lines and any(wanted in line for line in self._lines) and not any(wanted in line for line in lines):
                yield f"no cited passage sets {key} to {value}"

    @cached_property
    def _lines(self) -> list[frozenset[str]]:
        """The words of each line of code, sentence, item and row."""
        return [frozenset(_TOKENS.findall(piece.lower())) for piece in self._pieces()]

    def _pieces(self) -> Iterator[str]:
        for block in self._blocks:
            for line in block.text.splitlines() if block.form is not Form.PARAGRAPH else [block.text]:
                yield from [line] if block.form is Form.CODE else blocks.sentences(line)

    @cached_property
    def _clauses(self) -> list[_Clause]:
        """Statements as a whole and in parts; a question states nothing."""
        prose = (block.text for block in self._blocks if block.form is not Form.CODE)
        stated = [sentence for text in prose for sentence in blocks.sentences(text) if not sentence.endswith("?")]
        return [
            _clause(part)
            for sentence in stated
            for part in {sentence, *_PART.split(sentence), *_CLAUSE.split(sentence)}
        ]

    @cached_property
    def _rows(self) -> list[list[_Row]]:
        """The rows of each table and list."""
        found = (_rows_of(block) for block in self._blocks)
        return [[_named(row) for row in rows] for rows in found if len(rows) > 1]

    @cached_property
    def _measures(self) -> set[tuple[str, str]]:
        return set(_measured(self._whole))

    def _other_units(self, sentence: str) -> Iterator[str]:
        for number, unit in _measured(sentence):
            found = {known for value, known in self._measures if value == number}
            if unit in _KNOWN_UNITS and unit not in found and found - {""}:
                yield f"{number} {unit} stands in no cited passage with that unit"

    def _other_words(self, part: str) -> Iterator[str]:
        """The number of one row said of another: "gold" with the days of "silver"."""
        words = _words(part)
        numbers = {word for word in words if word[0].isdigit()}
        for rows in self._rows if numbers else ():
            for number in numbers:
                having = [row for row in rows if number in row.words]
                others = [row for row in rows if number not in row.words]
                named = _own(words, others, having)
                is_other = named and not _own(words, having, others)
                is_quoted = any(len(words & row.words) >= _ALIKE * len(words) for row in having)
                if having and is_other and not is_quoted and not self._told(number, named):
                    yield f"the number {number} belongs to another row"

    def _told(self, number: str, words: Collection[str]) -> bool:
        """Whether a sentence or an example outside the rows has the number beside these words."""
        elsewhere = (block for block in self._blocks if not _rows_of(block))
        pieces = (
            piece
            for block in elsewhere
            for piece in ([block.text] if block.form is Form.CODE else blocks.sentences(block.text))
        )
        return any(number in row and row >= set(words) for row in map(_words, pieces))

    def _opposite(self, part: str) -> Iterator[str]:
        said = _clause(part)
        if len(said.words) < _FEW:
            return
        same = [clause for clause in self._clauses if _alike(said.words, clause.words)]
        if same and all(clause.negative is not said.negative for clause in same):
            yield f"a cited passage says the opposite of {part.strip()[:80]!r}"
        bounds = {clause.bound for clause in same}
        if said.bound and bounds == {-said.bound}:
            yield f"a cited passage limits the other way round: {part.strip()[:80]!r}"


def _shown(token: str) -> str:
    return token.lower().rstrip(".-")


def _clause(text: str) -> _Clause:
    negations = len(_NOT.findall(text))
    said = []
    for word in _WORD.findall(text.lower().replace("n't", "")):
        negations += word in _UN
        said.append(_UN.get(word, word))
    bound = bool(_AT_LEAST.search(text)) - bool(_AT_MOST.search(text))
    return _Clause(frozenset(content_words(" ".join(said))), negations % 2 == 1, bound)


def _alike(said: Collection[str], clause: Collection[str]) -> bool:
    if len(clause) < _FEW:
        return False
    shared = len(set(said) & set(clause))
    return shared >= _ALIKE * len(said) and shared >= _ALIKE * len(clause)


def _measured(text: str) -> Iterator[tuple[str, str]]:
    """Numbers with their unit; "" when nothing is counted there, as in a cell or beside a key."""
    for number, word in _MEASURED.findall(_NUMBER_WORD.sub(lambda match: _NUMBER_WORDS[match.group().lower()], text)):
        unit = word.lower()
        counts_nothing = not unit or unit in STOPWORDS or unit == "per"
        yield number.replace(",", ""), _UNITS.get(unit, "" if counts_nothing else _A_THING)


def _rows_of(block: blocks.Block) -> Sequence[str]:
    if block.form is Form.TABLE:
        return block.text.splitlines()[2:]
    return block.items


def _words(text: str) -> frozenset[str]:
    numbers = (number for number, _ in _measured(text))
    return frozenset((*(word for word in content_words(text) if not word[0].isdigit()), *numbers))


def _named(row: str) -> _Row:
    return _Row(_words(_NAME_END.split(row.strip("| "))[0]), _words(row))


def _own(words: Collection[str], some: Sequence[_Row], rest: Sequence[_Row]) -> set[str]:
    """Those of the words that name some rows, and none of the rest; numbers left out."""
    own = set().union(*(row.name for row in some)) - set().union(*(row.name for row in rest))
    return {word for word in words if not word[0].isdigit() and word in own}
