"""What a written text may keep: the code decides, by what stands in the passages it cites."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge import blocks
from knowledge.citing import Cited, cite_all
from knowledge.claims import MARK as CLAIM_MARK
from knowledge.claims import Claim, claims
from knowledge.model import Passage
from knowledge.opposing import Said
from knowledge.wording import content_words, letters, stem

SUPPORT = 0.4  # share of a sentence's content words that the cited passages must have: a paraphrase keeps more
_FEW_WORDS = 4  # shorter sentences say too little to be measured
_BARE_ANSWERS = frozenset(content_words("yes no not never always both neither none nothing correct true false"))
_MARKS = re.compile(r"[\[【]\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*(?:†[^\]】]*)?[\]】](?:\([^()\n]*\))?")
_DEFINITION = re.compile(r"^(\s*(?:[-*+>]\s*)*\[\d+\]):", re.MULTILINE)
_SPAN = r"(?<!`)(?P<ticks>`+)(?!`)(?P<span>.+?)(?<!`)(?P=ticks)(?!`)"
_MARK = re.compile(r"\[(\d{1,3})\]")
_CODE_SPAN = re.compile(_SPAN, re.DOTALL)
_FENCED = r"^ *(?P<fence>`{3,}|~{3,})[^\n]*\n(?P<lines>.*?)(?:^ *(?P=fence)[`~]*[ \t]*$|\Z)"
_FENCE = re.compile(_FENCED, re.DOTALL | re.MULTILINE)
_CODE_OR_PROSE = re.compile(rf"(?P<code>{_FENCED}|{_SPAN})|(?P<prose>.)", re.DOTALL | re.MULTILINE)
_NAME = re.compile(
    r"\bv\d+(?:\.\d+)+(?:-[\w.]*\w)?"  # v1.18.0
    r"|%[\w-]+%"  # %namespace%
    r"|(?<![\w-])--?[A-Za-z][\w-]+"  # --dry-run
    r"|\b[A-Za-z][\w-]+(?:[.:][\w-]{2,})+\b"  # quota.partitions
    r"|\b[A-Z]{2,}[-_ ]?\d+\b"  # ORA-01017
    r"|\b[A-Za-z]\w*_\w+\b"  # retention_ms
    r"|\b[a-z]+[A-Z]\w*\b"  # replicaCount
    r"|(?<![\w/])/\w[\w.-]*(?:/[\w.-]+)*"  # /etc/hosts
    r"|\b[\w.-]+(?:/[\w.-]+){2,}"  # prod/eu/kafka.yaml
    r"|(?<!\w)@\w[\w.-]*"  # @anna
)
_PROPER_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")  # within a sentence
_DONE = "opened|created|filed|raised|notified|informed|contacted|escalated|forwarded|assigned|paged|alerted|asked|told"
_REPORT = re.compile(
    rf"\bI(?:['’](?:ve|ll|m|d)| have| will| am| can| could| did| just| (?:{_DONE}))\b"
    rf"|\b(?:we|we['’]ve|we have|sheriff|sheriff has) (?:just |already |now )?(?:{_DONE})\b"
    rf"|\b(?:tickets?|cases?|issues?|incidents?|requests?|sheriff|team|owners?|maintainers?|engineers?|support)"
    rf"(?: [A-Z]+-\d+)? (?:has|have|was|were|will)(?: already| now| just)?(?: been| be)? (?:{_DONE})\b"
    rf"|\b(?:is|are|am) (?:currently |now )?on[- ](?:duty|call)\b"
    rf"|\bon[- ](?:duty|call) (?:now |today |this week )?is\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ORDINAL = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.|\bmailto:", re.IGNORECASE)
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())  # noqa: SIM905
}


@dataclass(frozen=True, slots=True)
class Grounded:
    """A text that may be shown, or the reasons why it may not."""

    cited: Cited
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.faults


def check(text: str, passages: Sequence[Passage]) -> Grounded:
    """The text with its marks renumbered and everything that could lead astray taken out.

    Marks of passages that were not given are dropped; so are links, images, HTML and addresses that no cited passage
    has. The text holds if each of its claims cites a passage, and every name, number, piece of code and most words of
    every sentence occur in what the claim cites, which says nowhere the opposite.
    """
    text, used = _renumbered(_harmless(text), len(passages))
    cited = [passages[number - 1] for number in used]
    known = _known_addresses_only(text, cited)
    invented = ["an address is in no cited passage"] if known != text.strip() else []
    text = known
    faults = tuple(dict.fromkeys([*invented, *_faults(text, cited)]))
    if blocks.leads_away(text):
        # Taking parts out can leave what reads as a link again: no such text is worth mending.
        return Grounded(Cited("", cite_all(cited)), (*faults, "a link is left over"))
    return Grounded(Cited(text, cite_all(cited)), faults)


class _Sources:
    """Cited passages, folded for comparing."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        whole = "\n".join(f"{passage.chunk.place}\n{passage.body}" for passage in passages)
        self.text = _folded(whole)
        self.tokens = {token.lower() for token in _TOKEN.findall(whole)}
        self.letters = letters(whole)
        self.numbers = {_plain_number(number) for number in _NUMBER.findall(whole)}
        self.numbers |= {value for word, value in _NUMBER_WORDS.items() if word in self.tokens}
        self.words = set(content_words(whole))
        self.said = Said([passage.body for passage in passages])

    def has_name(self, name: str) -> bool:
        """Written so in a passage, or, as `quota.partitions` for nested keys, all its parts are there."""
        if _folded(name) in self.text:
            return True
        parts = [part.lower() for part in _TOKEN.findall(name)]
        return bool(parts) and all(part in self.tokens for part in parts)

    def has_code(self, code: str) -> bool:
        """As `has_name`; of a command also each word after the one before it: it may not be put together anew."""
        if not self.has_name(code):
            return False
        words = code.replace("\\\n", " ").split()
        if len(words) < 2 or ":" in code or "=" in code:
            return True
        return all(_folded(f"{one} {two}") in self.text for one, two in pairwise(words))

    def has_word(self, word: str) -> bool:
        return word.lower() in self.tokens or stem(word.lower()) in self.words or word.lower() in self.letters


def _faults(text: str, cited: Sequence[Passage]) -> Iterator[str]:
    if not _in_prose(_MARK, lambda _: " ", text).strip():
        yield "the text is empty"
    elif not _MARK.search(_without_code(text)):
        yield "the text cites nothing"
    else:
        for claim in claims(_in_prose(_MARK, lambda match: f"⟦{match[1]}⟧", text)):
            yield from _unfounded(claim, cited)


def _unfounded(claim: Claim, cited: Sequence[Passage]) -> Iterator[str]:
    """What the passages that a claim names do not say."""
    if not claim.marks:
        yield f"no passage is named for {claim.text[:80]!r}"
        return
    sources = _Sources([cited[number - 1] for number in claim.marks])
    bare = CLAIM_MARK.sub(" ", claim.text)
    prose = _without_code(bare)
    yield from _unknown_code(bare, sources)
    yield from _unknown_names(prose, sources)
    yield from _reports(prose, sources)
    yield from _strange(bare, sources)
    for sentence in claim.sentences():
        said = CLAIM_MARK.sub(" ", sentence)
        yield from _unsupported(said, sources)
        yield from sources.said.opposes(said)


def _unknown_code(text: str, sources: _Sources) -> Iterator[str]:
    examples = [match.group("lines") for match in _FENCE.finditer(text)]
    lines = [line.strip() for example in examples for line in example.replace("\\\n", " ").splitlines()]
    spans = [match.group("span").strip() for match in _CODE_SPAN.finditer(_FENCE.sub("", text))]
    for code in (*spans, *lines):
        if _TOKEN.search(code) and not sources.has_code(code):
            yield f"{code!r} is in no cited passage"
        yield from sources.said.misassigns(code)


def _unknown_names(prose: str, sources: _Sources) -> Iterator[str]:
    for name in _NAME.findall(prose):
        if not sources.has_name(name) and letters(name) not in sources.letters:
            yield f"{name!r} is in no cited passage"
    for number in _NUMBER.findall(_ORDINAL.sub("", _NAME.sub(" ", prose))):
        if _plain_number(number) not in sources.numbers:
            yield f"the number {number} is in no cited passage"
    for name in _PROPER_NAME.findall(prose):
        if not sources.has_word(name):
            yield f"the name {name} is in no cited passage"


def _reports(prose: str, sources: _Sources) -> Iterator[str]:
    """What only the program may say: that something was done, and who is on duty."""
    for match in _REPORT.finditer(prose):
        if _folded(match.group()) not in sources.text:
            yield f"{match.group()!r} reports what only the program knows"


def _strange(claim: str, sources: _Sources) -> Iterator[str]:
    """A claim of a few words, none of which the passages have: "Hacked!"."""
    words = set(content_words(claim)) - _BARE_ANSWERS
    if words and len(words) < _FEW_WORDS and not any(word in sources.words or word in sources.tokens for word in words):
        yield f"no cited passage says {claim.strip()[:80]!r}"


def _unsupported(sentence: str, sources: _Sources) -> Iterator[str]:
    words = content_words(sentence)
    if len(words) >= _FEW_WORDS and sum(word in sources.words for word in words) / len(words) < SUPPORT:
        yield f"no cited passage says {sentence.strip()[:80]!r}"


# ---- making harmless ----


def _harmless(text: str) -> str:
    """Marks in one form, prose without links, images and HTML; our own marks survive the cleaning."""
    text = _in_prose(_MARKS, lambda match: "".join(f"⟦{n}⟧" for n in re.findall(r"\d+", match.group(1))), text)
    text = blocks.clean(text) if text.strip() else ""
    return _DEFINITION.sub(r"\1", re.sub(r"⟦(\d+)⟧", r"[\1]", text)).strip()


def _renumbered(text: str, count: int) -> tuple[str, list[int]]:
    """Marks of given passages in order of first use, from 1; others dropped. Code keeps its brackets."""
    used: list[int] = []

    def renumber(match: re.Match[str]) -> str:
        number = int(match.group(1))
        if not 1 <= number <= count:
            return ""
        if number not in used:
            used.append(number)
        return f"[{used.index(number) + 1}]"

    return _in_prose(_MARK, renumber, text), used


def _known_addresses_only(text: str, cited: Sequence[Passage]) -> str:
    """Addresses stand in code spans by now; one that no cited passage has goes."""
    known = _folded("\n".join(passage.body for passage in cited))

    def keep(match: re.Match[str]) -> str:
        code = match.group("span")
        harmless = "\n" in code or not _ADDRESS.search(code) or _folded(code) in known
        return match.group() if harmless else ""

    return _CODE_SPAN.sub(keep, text).strip()


def _in_prose(pattern: re.Pattern[str], change: Callable[[re.Match[str]], str], text: str) -> str:
    """Substitute outside code only."""
    parts: list[str] = []
    prose: list[str] = []
    for match in _CODE_OR_PROSE.finditer(text):
        if match.group("code") is None:
            prose.append(match.group("prose"))
        else:
            parts += [pattern.sub(change, "".join(prose)), match.group("code")]
            prose = []
    return "".join([*parts, pattern.sub(change, "".join(prose))])


def _without_code(prose: str) -> str:
    return _CODE_SPAN.sub(" ", _FENCE.sub(" ", prose))


def _folded(text: str) -> str:
    return " ".join(text.lower().split())


def _plain_number(number: str) -> str:
    return number.replace(",", "")
