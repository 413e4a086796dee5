"""Inline AsciiDoc as inline Markdown: links, cross references, strong text, attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping

KNOWN = {
    "nbsp": " ",
    "zwsp": "",
    "empty": "",
    "sp": " ",
    "lt": "<",
    "gt": ">",
    "amp": "&",
    "plus": "+",
    "asterisk": "*",
}
REFERENCE = re.compile(r"\{([a-zA-Z][\w-]*)\}")
XREF = re.compile(r"xref:([^\s\[]{1,1000})\[((?:[^\]\\]|\\.){0,1000})\]")
CROSS = re.compile(r"<<([^<>,]{1,1000})(?:,\s*([^<>]{0,1000}))?>>")
LINK = re.compile(r"(?:link:)?(?P<target>(?:https?://|mailto:)[^\s\[\]<>]+)\[(?P<words>(?:[^\]\\]|\\.){0,1000})\]")
OTHER_LINK = re.compile(r"link:(?:\+\+)?([^\s\[]{1,1000}?)(?:\+\+)?\[((?:[^\]\\]|\\.){0,1000})\]")
IMAGE = re.compile(r"image::?[^\s\[]{0,1000}\[([^\],\]]{0,1000})[^\]]{0,1000}\]")
MACRO = re.compile(r"(?:kbd|btn|menu|pass|footnote|stem):[^\s\[]{0,1000}\[([^\]]{0,1000})\]")
ANCHOR = re.compile(r"\[\[[^\[\]]{0,300}\]\]")
ROLE = re.compile(r"\[\.?[\w-]+\](?=[#*_`])")
HIGHLIGHT = re.compile(r"(?<![\w#])#([^#\s][^#\n]{0,1000}?)#(?![\w#])")
STRONG = re.compile(r"(?<![\w*`])\*(?=[^\s*])([^*\n]{0,1000}[^\s*])\*(?![\w*])")
LITERAL = re.compile(r"`\+(.{1,1000}?)\+`")
CODE = re.compile(r"(`[^`\n]+`)")
UNKNOWN = re.compile(r"\{([A-Za-z][a-z0-9]*(?:[A-Z]\w*|(?:-\w+)+)|[A-Z]\w*[a-z]\w*)\}")
WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|-")
LONGEST = 100_000  # characters that a line may become
BREAK = re.compile(r"\s\+$")


def inline(text: str, attributes: Mapping[str, str]) -> str:
    """One line of AsciiDoc as Markdown; what is not known stays as it is."""
    text = _expanded(text, attributes)
    text = LITERAL.sub(r"`\1`", text)
    # Split keeps code at the odd places: only what stands between is marked up.
    pieces = CODE.split(_links(BREAK.sub("", text)))
    pieces[::2] = [_marks(piece) for piece in pieces[::2]]
    return "".join(pieces)


def _expanded(text: str, attributes: Mapping[str, str]) -> str:
    """The text with the values of attributes; without, where they would make it longer than any line."""
    size = len(text) + sum(len(_value(found, attributes)) for found in REFERENCE.finditer(text))
    if size > LONGEST and size > 2 * len(text):
        return text
    return REFERENCE.sub(lambda found: _value(found, attributes), text)


def _value(found: re.Match[str], attributes: Mapping[str, str]) -> str:
    return attributes.get(found[1], KNOWN.get(found[1], found[0]))


def _links(text: str) -> str:
    text = LINK.sub(lambda found: _link(found["target"], found["words"]), text)
    text = XREF.sub(lambda found: _words(found[2]) or _name(found[1]), text)
    text = OTHER_LINK.sub(lambda found: _words(found[2]) or _name(found[1]), text)
    text = CROSS.sub(lambda found: (found[2] or _name(found[1])).strip(), text)
    return MACRO.sub(r"\1", IMAGE.sub(r"\1", text))


def _marks(text: str) -> str:
    text = ROLE.sub("", ANCHOR.sub("", UNKNOWN.sub(lambda found: WORD_START.sub(" ", found[1]), text)))
    return STRONG.sub(r"**\1**", HIGHLIGHT.sub(r"\1", text))


def _link(target: str, words: str) -> str:
    shown = _words(words)
    return f"[{shown}]({target})" if shown else target


def _words(text: str) -> str:
    """Link text without "^" (open elsewhere) and attributes after it."""
    return re.split(r",\s*\w+=", text.replace("\\]", "]"))[0].strip().removesuffix("^").strip('"')


def _name(target: str) -> str:
    """Words for a reference without text: its identifier, or the file's name."""
    identifier = target.rsplit("#", 1)[-1] or target.split("#", 1)[0]
    identifier = identifier.rsplit("/", 1)[-1].removesuffix(".adoc")
    identifier = re.sub(r"^(?:assembly|proc|con|ref)-(?=\w+-)", "", identifier)  # the kind of page, not its name
    return re.sub(r"[-_]?\{[^}]*\}|-str$", "", identifier).replace("-", " ").replace("_", " ").strip()
