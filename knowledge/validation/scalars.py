"""What a plain scalar means in YAML 1.2 (core schema), and where YAML 1.1 readers see something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Scalar = None | bool | int | float | str

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INT: Final = re.compile(r"[-+]?[0-9]+\Z")
_BASED: Final = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NUMERIC_START: Final = frozenset("0123456789+-.")
# Python refuses to read longer integers, and no configuration needs them.
MAX_DIGITS: Final = 4000
MAX_TRAP: Final = 40

_NORWAY: Final = {
    **{w: "true" for word in ("yes", "on") for w in (word, word.title(), word.upper())},
    **{w: "false" for word in ("no", "off") for w in (word, word.title(), word.upper())},
}
_SEXAGESIMAL: Final = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+\Z")
_OCTAL: Final = re.compile(r"[-+]?0[0-7]+\Z")
_UNDERSCORED: Final = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*\Z")
_TRAILING_ZERO: Final = re.compile(r"[0-9]+\.[0-9]*0\Z")


@dataclass(frozen=True, slots=True)
class Trap:
    """A plain scalar that people and programs read differently."""

    message: str
    why: str
    wants_text: bool  # no trap when the schema asks for a number here: the number is what was meant


def meaning(plain: str) -> Scalar:
    """The value of an unquoted scalar by the YAML 1.2 core schema; text when no rule fits."""
    if plain in _WORDS:
        return _WORDS[plain]
    if plain[0] not in _NUMERIC_START:
        return plain
    if len(plain) <= MAX_DIGITS:
        if _INT.match(plain):
            return int(plain)
        if _BASED.match(plain):
            return int(plain, 0)
    return float(plain) if _FLOAT.match(plain) else plain


def trap(plain: str) -> Trap | None:
    """The YAML 1.1 trap in an unquoted value, if there is one."""
    if plain in _NORWAY:
        return Trap(
            f"“{plain}” is text here, and {_NORWAY[plain]} for programs that read YAML 1.1",
            f'Write "{plain}" for the text, or {_NORWAY[plain]} for the truth value.',
            wants_text=False,
        )
    if not plain or plain[0] not in _NUMERIC_START or len(plain) > MAX_TRAP:
        return None
    return next((make(plain) for pattern, make in _NUMBER_TRAPS if pattern.match(plain)), None)


def _dropped_zero(plain: str) -> Trap:
    return Trap(f"{plain} is the number {float(plain):g}", "Without quotes YAML drops the last zero.", wants_text=True)


def _octal(plain: str) -> Trap:
    return Trap(
        f"{plain} is the number {int(plain)}, and {int(plain, 8)} for programs that read YAML 1.1",
        "A leading zero meant octal in YAML 1.1; in YAML 1.2 octal is written 0o17.",
        wants_text=False,
    )


def _sexagesimal(plain: str) -> Trap:
    return Trap(
        f"{plain} is text here, and a number in base 60 for programs that read YAML 1.1",
        "Quotes make it text everywhere.",
        wants_text=False,
    )


def _underscored(plain: str) -> Trap:
    return Trap(
        f"{plain} is text here, and the number {plain.replace('_', '')} for programs that read YAML 1.1",
        "YAML 1.2 has no underscores in numbers.",
        wants_text=False,
    )


_NUMBER_TRAPS: Final[tuple[tuple[re.Pattern[str], Callable[[str], Trap]], ...]] = (
    (_TRAILING_ZERO, _dropped_zero),
    (_OCTAL, _octal),
    (_SEXAGESIMAL, _sexagesimal),
    (_UNDERSCORED, _underscored),
)
