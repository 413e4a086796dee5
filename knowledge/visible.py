"""Text as a person sees it: without characters that show nothing, turn the line round or steer a terminal.

What joins letters stays where it joins: the joiners of Arabic and Indic scripts, of emoji families and flags, and one
variation selector after a character that has variants. Anywhere else the same characters only hide something.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]")
_SUSPECT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SUBDIVISION_FLAG: Final = re.compile("\U0001f3f4(?:\U000e0067\U000e0062[\U000e0061-\U000e007a]{3}\U000e007f)")
_JOINER, _NON_JOINER = "\u200d", "\u200c"
_SPACES: Final = {"\u2028": " ", "\u2029": " ", "\u2800": " ", "\u3164": " ", "\x0b": " ", "\x0c": " ", "\x85": " "}
_ARABIC: Final = range(0x0600, 0x0900)
_INDIC: Final = range(0x0900, 0x0E00)


def visible(text: str) -> str:
    """The text without what cannot be seen; the number of its lines stays."""
    if not _SUSPECT.search(text):
        return text
    text = _ANSI.sub("", text)
    flags = {place for found in _SUBDIVISION_FLAG.finditer(text) for place in range(*found.span())}
    return _SUSPECT.sub(lambda found: _kept(text, found.start(), found[0], is_flag=found.start() in flags), text)


def hides(text: str) -> int:
    """How many characters of the text cannot be seen and would carry a message: tags, and selectors in a row."""
    flags = {place for found in _SUBDIVISION_FLAG.finditer(text) for place in range(*found.span())}
    return sum(1 for found in _SUSPECT.finditer(text) if found[0] >= "\U000e0000" and found.start() not in flags)


def spelt_in_tags(text: str) -> str:
    """What the tag characters of a text spell, letter by letter; "" without any."""
    return "".join(chr(ord(c) - 0xE0000) for c in text if "\U000e0020" <= c <= "\U000e007e")


def _kept(text: str, at: int, character: str, *, is_flag: bool) -> str:
    before = text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    if is_flag:
        return character
    if character in {_JOINER, _NON_JOINER}:
        return character if _joins(before, after, emoji=character == _JOINER) else ""
    if "\ufe00" <= character <= "\ufe0f":
        return character if before and (_is_symbol(before) or before in "#*0123456789") else ""
    if "\U000e0100" <= character <= "\U000e01ef":
        return character if before and unicodedata.name(before, "").startswith("CJK") else ""
    return _SPACES.get(character, "")


def _joins(before: str, after: str, *, emoji: bool) -> bool:
    if not before or not after:
        return False
    if _is_complex(before) and (_is_complex(after) or after.isspace()):
        return True
    pictures = _is_symbol(before) or "\ufe00" <= before <= "\ufe0f" or "\U0001f3fb" <= before <= "\U0001f3ff"
    return emoji and pictures and _is_symbol(after)


def _is_complex(character: str) -> bool:
    """A letter of a script that joins: Arabic and its neighbours, Devanagari to Sinhala."""
    return ord(character) in _ARABIC or ord(character) in _INDIC


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) in {"So", "Sk", "Sm"} or character in "©®‼⁉™♀♂⚕"
