"""Text as it may be read by somebody who looks through disguises: letters of other scripts, gaps, digits for letters,
and codes such as base64. Only for looking at: what is answered and stored is the text itself."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from knowledge.visible import spelt_in_tags, visible

MOST: Final = 40_000  # characters that are looked at
_DEPTH: Final = 2  # a code in a code is read, a third one is not
_LOOK_ALIKE: Final = str.maketrans(
    "аеорсухіјѕһԁԛԝѵкмнтвАВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοινρτυχκıɡɩ’‘“”«»–—",
    'aeopcyxijshdqwvkmhtbABEKMHOPCTYXIJSABEZHIKMNOPTYXaoivptuxkigi\'\'""""--',
)
_DIGITS: Final = str.maketrans("013457@$|!", "oieastasii")
_MARKUP: Final = re.compile(
    r"\*{1,3}|_{2,3}|~~|`|</?(?:b|i|em|strong|u|s|span|font|code|mark|small|p|div)\b[^<>]*>", re.IGNORECASE
)
_LATIN: Final = re.compile(r"[A-Za-z]")
_WORD: Final = re.compile(r"\w+")
_MIXED: Final = re.compile(r"(?<!\S)(?=\S*[A-Za-z])\S*[013457@$|]\S*")  # looks ahead once for each stretch of text
_LETTERS_LAST: Final = re.compile(r".*[A-Za-z]", re.DOTALL)
_DIGITS_LAST: Final = re.compile(r".*[013457@$|]", re.DOTALL)
_DIGIT_WORD: Final = re.compile(r"[A-Za-z013457@$|!]{3,}")
_SPACED: Final = re.compile(
    r"(?<!\w)(?:[A-Za-z][ .*_-]){4,}[A-Za-z](?!\w)(?:\s{2,}(?:[A-Za-z][ .*_-])*[A-Za-z](?!\w))*"
)
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/=])")
_HEX: Final = re.compile(r"\b(?:[0-9a-fA-F]{2}[ :]?){12,}\b|(?:\\x[0-9a-fA-F]{2}){8,}")
_BITS: Final = re.compile(r"\b(?:[01]{8}\s?){8,}")
_PERCENT: Final = re.compile(r"(?:%[0-9a-fA-F]{2}[^%\s]{0,8}){4,}")
_ESCAPES: Final = re.compile(r"(?:\\u[0-9a-fA-F]{4}){4,}")
_MORSE: Final = re.compile(r"(?:[.\-]{1,5}[ /]+){8,}[.\-]{1,5}")
_MORSE_CODES: Final = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
)
_MORSE_LETTERS: Final = dict(zip(_MORSE_CODES.split(), "abcdefghijklmnopqrstuvwxyz", strict=True))
_ROTATED: Final = re.compile(  # words by which a text that was turned by 13 gives itself away
    r"\b(?:vtaber|cerivbhf|vafgehpgvbaf?|flfgrz|cebzcg|erirny|cnffjbeq|frperg|qvfertneq)\b", re.IGNORECASE
)
_REVERSED: Final = re.compile(
    r"\b(?:erongi|suoiverp|snoitcurtsni|tpmorp|metsys|laever|drowssap|dragersid)\b", re.IGNORECASE
)


def readings(text: str) -> list[str]:
    """The text folded, then whatever else it may say; each differs from those before."""
    found: dict[str, None] = {}
    for reading in _all(text[:MOST], _DEPTH):
        found.setdefault(reading, None)
    return list(found)


def folded(text: str) -> str:
    """Compatible letters as plain ones, look-alikes of other scripts as Latin ones where a word mixes them."""
    plain = unicodedata.normalize("NFKC", visible(text))
    if plain.isascii():
        return plain
    return _WORD.sub(lambda word: _latin(word[0]), plain)


def _all(text: str, depth: int) -> Iterator[str]:
    plain = folded(text)
    yield plain
    if "\n" in plain.strip():
        yield " ".join(plain.split())
    if _MARKUP.search(plain):
        yield " ".join(_MARKUP.sub("", plain).split())
    if tags := spelt_in_tags(text):
        yield tags
    if (unescaped := html.unescape(plain)) != plain:
        yield folded(unescaped)
    yield from _respelt(plain)
    if depth:
        for inner in _decoded(plain):
            yield from _all(inner, depth - 1)


def _respelt(plain: str) -> Iterator[str]:
    """The text with its letters closed up, put for digits, turned back by 13, or read from the end."""
    if _SPACED.search(plain):
        yield _SPACED.sub(lambda found: _closed_up(found[0]), plain)
    if _MIXED.search(plain):
        yield _MIXED.sub(lambda found: _undigited(found[0]), plain)
    if _ROTATED.search(plain):
        yield codecs.decode(plain, "rot13")
    if _REVERSED.search(plain):
        yield plain[::-1]


def _undigited(mixed: str) -> str:
    """ "pl34s3-1gn0r3" → "please-ignore"; a part after which no letter or no digit stands is left as it is."""
    last = min(len(end[0]) - 1 for kind in (_LETTERS_LAST, _DIGITS_LAST) if (end := kind.match(mixed)))
    return _DIGIT_WORD.sub(lambda word: word[0].translate(_DIGITS) if word.start() <= last else word[0], mixed)


def _closed_up(spaced: str) -> str:
    """ "i g n o r e  a l l" → "ignore all"."""
    return " ".join(re.sub(r"[ .*_-](?=\w)", "", word) for word in re.split(r"\s{2,}", spaced))


def _latin(word: str) -> str:
    if word.isascii():
        return word
    mixed = _LATIN.search(word)
    changed = word.translate(_LOOK_ALIKE)
    return changed if mixed or changed.isascii() else word


def _decoded(text: str) -> Iterator[str]:
    """What codes in the text say, as far as it is text."""
    for found in _BASE64.finditer(text):
        code = found[0].rstrip("=").replace("-", "+").replace("_", "/")
        yield from _as_text(_bytes_of(code + "=" * (-len(code) % 4)))
    for found in _HEX.finditer(text):
        digits = re.sub(r"[^0-9a-fA-F]|\\x", "", found[0].replace("\\x", ""))
        yield from _as_text(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    for found in _BITS.finditer(text):
        digits = "".join(found[0].split())
        yield from _as_text(bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits) - 7, 8)))
    if _PERCENT.search(text):
        yield unquote(text, errors="ignore")
    for found in _ESCAPES.finditer(text):
        yield "".join(chr(int(code, 16)) for code in re.findall(r"\\u([0-9a-fA-F]{4})", found[0]))
    for found in _MORSE.finditer(text):
        words = found[0].replace("/", "  ").split("  ")
        yield " ".join("".join(_MORSE_LETTERS.get(code, "") for code in word.split()) for word in words)


def _bytes_of(code: str) -> bytes:
    try:
        return base64.b64decode(code, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _as_text(raw: bytes) -> Iterator[str]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return
    letters = sum(character.isalpha() or character.isspace() for character in text)
    if len(text) >= 8 and letters >= 0.75 * len(text):
        yield text
