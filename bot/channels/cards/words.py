"""Text as a card shows it: what people wrote stays what they wrote, whatever a card's Markdown would make of it."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from bot.addresses import is_web_address

_FSI, _PDI = "\u2068", "\u2069"  # what stands between them has a direction of its own
_JOINER = "\u2060"  # no width, no line break
_STEERING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # marks that force a direction
_GONE = {n: None for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in "\n\t"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PICTURES: dict[int, str] = {
    **{n: chr(0x2400 + n) for n in range(0x20) if n != 0x0A},
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    0x7F: "\u2421",
    0x09: "\u00a0" * 4,
}
PHONE = 32  # characters of a line on a phone
_UNBROKEN = re.compile(r"(?<=[^\s\u200b]{24})[^\s]")
_MENTION = re.compile(r"<(?=\s*/?\s*at\b)", re.IGNORECASE)
_FUNCTION = re.compile(r"\{\{(?=\s*(?:DATE|TIME)\b)", re.IGNORECASE)
_SPECIAL = re.compile(r"[\\`*\[\]~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|!(?=\[)|<(?=[A-Za-z/!?])")
_LINE_MARK = re.compile(r"(?m)^([ \t]*)([-+>#=]|\d{1,9}(?=[.)])|(?<=[ \t])(?=\S))")
_CODE_SPAN = re.compile(r"(?<!`)(`{1,9})(?!`)(.{1,500}?)(?<!`)\1(?!`)")
_IMAGE = re.compile(r"!\[([^\]\n]{0,300})\](?:\([^)\n]{0,900}\)|\[[^\]\n]{0,300}\])?")
_LINK = re.compile(r"\[([^\]\n]{0,300})\]\([ ]?<?((?:[^()\s<>]|\([^()\s]{0,300}\)){0,900})>?[^)\n]{0,300}\)")
_MARKS = re.compile(r"(?m)`|\*\*|^[ \t]{0,9}(?:#{1,6}[ \t]|>[ \t]?)+")
_AUTOLINK = re.compile(r"<([a-z][a-z0-9+.-]{1,30}:[^\s<>]*)>", re.IGNORECASE)
_DEFINITION = re.compile(r"(?m)^ {0,3}\[[^\]\n]+\]:\s*\S+.*$")


def tidy(text: str) -> str:
    """Without control characters, halves of characters and marks that turn the direction of the text around them.

    A mention or a date function of the card stays the letters it is written with."""
    text = _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.translate(_GONE).translate(_STEERING)
    return _FUNCTION.sub(f"{{{_JOINER}{{", _MENTION.sub(f"<{_JOINER}", text))


def line_of(text: str) -> str:
    """The same on one line."""
    return " ".join(tidy(text).split())


def literal(text: str) -> str:
    """Markdown that shows the text as it is: no link, list, mention, picture or emphasis comes of it."""
    return _LINE_MARK.sub(_marked_off, _SPECIAL.sub(r"\\\g<0>", tidy(text)))


def name(text: str, *, width: int = 60) -> str:
    """A name, label or place within a line of other facts, on one line and with its own direction."""
    return isolated(literal(shortened(line_of(text), width)))


def isolated(text: str) -> str:
    """Right-to-left words do not carry the facts beside them along."""
    return f"{_FSI}{text}{_PDI}" if any(map(_is_rtl_letter, text)) else text


def spoken(text: str) -> str:
    """A sentence of ours with quoted tokens: `these` become bold, anything else is shown as it is."""
    pieces, at = [], 0
    for span in _CODE_SPAN.finditer(text):
        pieces += [literal(text[at : span.start()]), bold(span[2])]
        at = span.end()
    return "".join([*pieces, literal(text[at:])])


def bold(code: str) -> str:
    shown = literal(code.strip())
    return f"**{shown}**" if shown else code


def prose(markdown: str) -> str:
    """Markdown of an answer or notice as a card knows it: bold, lists, and links that lead to a web page.

    Headings become bold lines, quotes lose their mark, code its backticks, pictures leave their words."""
    text = _DEFINITION.sub("", tidy(markdown)).strip()
    text = _AUTOLINK.sub(r"\1", _IMAGE.sub(r"\1", text)).replace("![", "!\\[")
    return "\n".join(_flat(line) for line in text.splitlines())


def plain(markdown: str) -> str:
    """On one line and without marks, for places that know none."""
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", tidy(markdown)))
    return " ".join(_MARKS.sub("", text).split())


def link(words: str, address: str) -> str:
    """Markdown of a link, `words` being Markdown; only the words when the address is no web page."""
    if not is_web_address(address):
        return words
    return f"[{words}]({quote(address, safe=_SAFE)})"


_SAFE = "/:?#@!$&'*+,;=%~"  # in addresses; brackets, quotes and spaces would end the link


def code(text: str, *, wide: bool | None = None) -> str:
    """Code in a monospace run: spaces that a card does not fold, control characters as their pictures.

    A `wide` line, by itself one that is longer than a phone's, may be broken at single spaces and within long words."""
    text = _SURROGATE.sub("\ufffd", text).translate(_PICTURES).translate(_STEERING)
    return "\n".join(_code_line(line, wide) for line in _MENTION.sub(f"<{_JOINER}", text).split("\n"))


def _code_line(line: str, wide: bool | None) -> str:
    if not (len(line) > PHONE if wide is None else wide):
        return line.replace(" ", "\u00a0")
    unfolded = re.sub(r"^ +| {2,}", lambda spaces: "\u00a0" * len(spaces[0]), line)
    return _UNBROKEN.sub(lambda word: f"\u200b{word[0]}", unfolded)


def has_long_word(text: str) -> bool:
    """Whether a word is too long for a line, so that it has to be broken where it does not want to be."""
    return any(len(word) > PHONE for word in text.split())


def shortened(text: str, width: int) -> str:
    """At most `width` characters, cut at a word where one ends near, with "…"."""
    if len(text) <= width:
        return text
    cut = text[: _whole(text, max(width - 1, 0))]
    space = max(cut.rfind(" "), cut.rfind("\n"))
    if space >= width // 2:
        cut = cut[:space]
    return cut.rstrip(" ,;:\\") + "…"


def is_rtl(text: str) -> bool:
    """Whether most letters are written from right to left, code aside."""
    prose_only = re.sub(r"(?ms)^```.*?^```|`[^`\n]*`|https?://\S+", "", text)
    letters = [unicodedata.bidirectional(sign) for sign in prose_only if sign.isalpha()]
    return 2 * sum(kind in {"R", "AL"} for kind in letters) > len(letters)


def _whole(text: str, end: int) -> int:
    """The nearest place before `end` that is not within a sign written with several characters."""
    start = end
    while start > 0 and (_continues(text[start]) or text[start - 1] == "\u200d"):
        start -= 1
    return start or end


def _continues(sign: str) -> bool:
    return sign == "\u200d" or "\U0001f3fb" <= sign <= "\U0001f3ff" or unicodedata.category(sign).startswith("M")


def _flat(line: str) -> str:
    line = re.sub(r"^#{1,6}\s+(.*?)\s*#*$", r"**\1**", line)
    line = re.sub(r"^(?:>\s?)+", "", line)
    in_bold = "**" in line
    pieces, at = [], 0
    for span in _CODE_SPAN.finditer(line):
        before = line[at : span.start()]
        pieces += [_linked(before), literal(span[2]) if in_bold else bold(span[2])]
        at = span.end()
    return "".join([*pieces, _linked(line[at:])])


def _linked(text: str) -> str:
    return _LINK.sub(lambda found: link(found[1], found[2]), text)


def _marked_off(found: re.Match[str]) -> str:
    """The start of a line without the meaning that Markdown gives it: an item, a heading, a quotation, code."""
    indent, mark = "\u00a0" * len(found[1]), found[2]
    return f"{indent}{mark}\\" if mark.isdigit() else f"{indent}\\{mark}" if mark else indent


def _is_rtl_letter(sign: str) -> bool:
    return unicodedata.bidirectional(sign) in {"R", "AL"}
