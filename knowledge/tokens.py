"""How many tokens a text costs a language model, without ever reaching for the network.

tiktoken downloads a vocabulary on first use, and deletes and downloads again one whose checksum is wrong. So the file
is read here, from the folder the caller names, and only if it is the published one. Without it `estimate` is used: it
counts more than there are, so that a prompt never grows past its budget.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.model import Passage

if TYPE_CHECKING:
    from tiktoken import Encoding


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A published encoding: its file in tiktoken's cache (the SHA-1 of its address), and how text is cut before."""

    file: str
    sha256: str
    pattern: str


_CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
    r"|\s+(?!\S)|\s"
)
_O200K = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
VOCABULARIES = {
    "cl100k_base": Vocabulary(
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        _CL100K,
    ),
    "o200k_base": Vocabulary(
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        _O200K,
    ),
}

_PIECE = re.compile(r"[A-Za-z]+|\s+|[^\sA-Za-z]+")
_INDENTATION = re.compile(r"\n*  *\Z|\n+\Z")
_WORDLIKE = re.compile(r"(?:[A-Z]?[a-z]+)\Z")
_VOWELS = re.compile(r"[aeiouy]", re.IGNORECASE)
_CUT_MARK = "\n…"


@dataclass(frozen=True, slots=True)
class Budget:
    """The room for one prompt, and the encoding it is measured in."""

    limit: int = 6000
    encoding: str = "o200k_base"
    cache: Path | None = None  # the folder tiktoken keeps its vocabularies in; None: estimate

    def count(self, text: str) -> int:
        return count(text, encoding=self.encoding, cache=self.cache)

    def without(self, texts: Iterable[str]) -> Budget:
        """What is left after these texts."""
        return replace(self, limit=max(0, self.limit - sum(self.count(text) for text in texts)))


STANDARD = Budget()


def count(text: str, *, encoding: str = "o200k_base", cache: Path | None = None) -> int:
    """Tokens of a text: exact if the vocabulary is in `cache`, else an estimate that errs upwards."""
    vocabulary = VOCABULARIES.get(encoding)
    if cache is None or vocabulary is None:
        return estimate(text)
    exact = _load(cache / vocabulary.file, vocabulary)
    return estimate(text) if exact is None else len(exact.encode_ordinary(text))


def estimate(text: str) -> int:
    """More tokens than cl100k_base and o200k_base need, for any text met so far.

    Each byte is at most one token: that is the proven bound, used for everything unlike a word. For words, digits and
    indentation it is lower by measurement: no text of 826 pages of documentation, 1,917 YAML files and 2,400 random
    ones (letters, base64, hex, punctuation, Unicode) came out too low; twice the truth is usual, four times for bytes.
    """
    return bool(text) + sum(_cost(match) for match in _PIECE.finditer(text))


def fit(passages: Sequence[Passage], budget: Budget) -> list[Passage]:
    """The passages that fit, best first: whole sections while there is room, else the piece that was found.

    If not even the first piece fits, as much of it as does, in whole lines.
    """
    kept: list[Passage] = []
    left = budget.limit
    for passage in passages:
        for form in dict.fromkeys((passage, replace(passage, section=""))):
            cost = budget.count(form.body)
            if cost <= left:
                kept.append(form)
                left -= cost
                break
    if kept or not passages:
        return kept
    return [_shortened(passages[0], budget)]


def _shortened(passage: Passage, budget: Budget) -> Passage:
    lines: list[str] = []
    left = budget.limit - budget.count(_CUT_MARK)
    for line in passage.body.splitlines(keepends=True):
        left -= budget.count(line)
        if left < 0:
            break
        lines.append(line)
    return replace(passage, section="".join(lines).rstrip() + _CUT_MARK)


def _cost(match: re.Match[str]) -> int:
    piece = match.group()
    if piece == " ":
        return 0  # begins the next word's token
    if _INDENTATION.match(piece):
        return 2 + len(piece) // 8
    if _WORDLIKE.match(piece) and len(_VOWELS.findall(piece)) * 4 >= len(piece):
        return 1 + (len(piece) + 1) // 4 if len(piece) <= 14 else len(piece)
    return len(piece.encode())


@lru_cache(maxsize=4)
def _load(file: Path, vocabulary: Vocabulary) -> Encoding | None:
    """The encoding, or None when its file is missing, unreadable or not the published one."""
    from tiktoken import Encoding

    try:
        content = file.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != vocabulary.sha256:
        return None
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, content.splitlines())}
    return Encoding(file.name, pat_str=vocabulary.pattern, mergeable_ranks=ranks, special_tokens={})
