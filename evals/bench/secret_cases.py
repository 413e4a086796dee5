"""Cases of secrets and of what only looks like one, read from files of patterns that no scanner fires on."""

from __future__ import annotations

import hashlib
import random
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import Misuse

CASES = Path(__file__).parents[2] / "tests/corpora/redaction"
_HEX = "0123456789abcdef"
_LETTERS: Mapping[str, str] = {
    "A": string.ascii_letters + string.digits,
    "a": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "h": _HEX,
    "H": _HEX.upper(),
    "b": string.ascii_letters + string.digits + "+/",
    "d": string.digits,
    "l": string.ascii_letters,
}
_PART = re.compile(r"\\(?P<set>[AaUhHbdlP])\{(?P<length>\d+)\}|\\z")
_FRAME = re.compile(r"-----|BEGIN|PRIVATE|BLOCK")
_SECRET = re.compile(r"⟦([^⟧]*)⟧")


@dataclass(frozen=True, slots=True)
class SecretCase:
    """A message and the secrets in it, none for one that has to stay as it is."""

    name: str
    text: str
    secrets: Sequence[str]
    held_out: bool


def read_cases(file: Path) -> list[SecretCase]:
    """The cases of a file in order. Raises Misuse when it is not there."""
    if not file.is_file():
        raise Misuse(f"There is no file {file}. Run from a checkout, or name the folder of cases with --cases.")
    parts = re.split(r"(?m)^=== (.+)\n", file.read_text(encoding="utf-8"))[1:]
    return [_made(name, text) for name, text in zip(parts[::2], parts[1::2], strict=True)]


def is_left(secret: str, text: str) -> bool:
    """Whether a telling piece of a secret still stands in the text."""
    pieces = [piece for piece in re.split(r"\s+|\\n", secret) if len(piece) >= 4 and not _FRAME.search(piece)]
    return any(piece in text for piece in pieces or [secret])


def _made(name: str, pattern: str) -> SecretCase:
    digest = hashlib.sha256(name.encode()).digest()
    dice = random.Random(digest)  # noqa: S311 - nothing is kept safe by it
    text = _PART.sub(lambda part: _letters(part, dice), pattern.removesuffix("\n"))
    return SecretCase(name, _SECRET.sub(r"\1", text), tuple(_SECRET.findall(text)), bool(digest[0] % 2))


def _letters(part: re.Match[str], dice: random.Random) -> str:
    if part["set"] is None:
        return "\u200b"
    length = int(part["length"])
    if part["set"] == "P":
        return _password(length, dice)
    letters = "".join(dice.choice(_LETTERS[part["set"]]) for _ in range(length))
    return letters if length < 10 or part["set"] in "dl" else _with_digit(letters, dice)


def _with_digit(letters: str, dice: random.Random) -> str:
    place = dice.randrange(1, len(letters) - 1)
    return letters[:place] + dice.choice("23456789") + letters[place + 1 :]


def _password(length: int, dice: random.Random) -> str:
    """Letters of all kinds and one sign, as generators make them."""
    of: Sequence[Callable[[], str]] = (
        lambda: dice.choice(string.ascii_lowercase),
        lambda: dice.choice(string.ascii_uppercase),
        lambda: dice.choice(string.digits),
    )
    letters = [of[place % 3 if place < 3 else dice.randrange(3)]() for place in range(length)]
    letters[length // 2] = dice.choice("!_-+*.")
    return "".join(letters)
