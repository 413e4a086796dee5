"""Parts of HTML that a browser shows to nobody: left out, so that no page says to Sheriff what it says to no reader."""

from __future__ import annotations

import re
from typing import Any, Final

from ingestion.readers.page import code_mask
from ingestion.readers.pairs import pairs

_INVISIBLE: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*+0?(?:\.0+)?\s*(?:;|!|%|$)"
    r"|font-size\s*:\s*+[01]?(?:\.\d+)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)|(?<!-)\b(?:max-)?(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|!|$)"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|top|right|bottom|margin-left)\s*:\s*-\d{3,}"
    r"|clip(?:-path)?\s*:\s*(?:rect\(\s*0|inset\(\s*(?:50|100)%)|transform\s*:\s*scale\(\s*0"
    r"|(?<!-)\bcolor\s*:\s*(?:transparent|white|#f{3}\b|#f{6}\b|#fefefe|#fdfdfd|snow|ivory|rgba?\(\s*25[0-5]\s*,\s*25[0-5]\s*,\s*25[0-5]"
    r"|rgba\([^)]{0,100},\s*0(?:\.0+)?\s*\)|hsl\([^)]{0,100}100%\s*\))",
    re.IGNORECASE,
)
_BACKGROUND: Final = re.compile(r"background(?:-color)?\s*:\s*+(?!white|#fff|transparent|none)", re.IGNORECASE)
_FOR_NOBODY: Final = frozenset(
    {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "d-none", "hidden", "is-hidden", "invisible"}
)
_RULE: Final = re.compile(r"(?<![^{}])([^{}]+)\{([^{}]*)\}")
_NAMED: Final = re.compile(r"[.#]-?[A-Za-z_][\w-]*")
_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr"})
_STYLE: Final = re.compile(r"<style\b[^>]{0,500}>", re.IGNORECASE), re.compile("</style", re.IGNORECASE)
_OPENING: Final = re.compile(r"<(?P<tag>[a-zA-Z][\w-]*)(?P<attributes>(?:\s[^<>]*)?)(?P<ends>/?)>")
_TAG: Final = re.compile(r"<(?P<closes>/?)(?P<tag>[a-zA-Z][\w-]*)[^<>]*>")
_ATTRIBUTE: Final = re.compile(r"([\w-]+)\s*(?:=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")


def remove(tree: Any) -> None:
    """Take what cannot be seen out of a parsed page."""
    named = {name for style in tree.css("style") for name in _hidden_names(style.text())}
    for node in tree.css("[style], [hidden], [aria-hidden=true], [class], [id], font[color], comment"):
        attributes = node.attributes
        if node.tag not in {"html", "body", "main", "article"} and _is_hidden(attributes, named):
            node.decompose()


def blanked(text: str) -> str:
    """Markdown without the HTML in it that cannot be seen; no line moves, and code stays as it is."""
    if "<" not in text:
        return text
    named = {
        name
        for start, end in pairs(_STYLE[0], lambda _: _STYLE[1], text)
        for name in _hidden_names(text[start.end() : end.start()])
    }
    kept: list[str] = []
    place = _Place(text)
    ends: dict[int, int] | None = None
    at = 0
    while found := _OPENING.search(text, at):
        at = found.end()
        place.move(found.start())
        if place.is_code or not _opens_hidden(found, named):
            continue
        ends = _ends(text) if ends is None else ends
        at = ends.get(found.end()) or _paragraph_end(text, found.end())
        kept += [text[place.taken : found.start()], "\n" * text.count("\n", found.start(), at)]
        place.leave_out(at)
    return "".join(kept) + text[place.taken :]


class _Place:
    """A place in a text that moves on: its line, and whether it is in code there."""

    def __init__(self, text: str) -> None:
        self.taken = 0  # where what was left out last ends
        self._text = text
        self._mask = code_mask(text.split("\n"))
        self._at = self._line = self._quotes = 0

    @property
    def is_code(self) -> bool:
        return self._mask[self._line] or self._quotes % 2 == 1

    def move(self, at: int) -> None:
        feeds = self._text.count("\n", self._at, at)
        start = self._text.rfind("\n", self._at, at) + 1 if feeds else self._at
        self._quotes = (0 if feeds else self._quotes) + self._text.count("`", start, at)
        self._line += feeds
        self._at = at

    def leave_out(self, end: int) -> None:
        """Move over what is left out: only its line feeds count."""
        feeds = self._text.count("\n", self._at, end)
        self._quotes = 0 if feeds else self._quotes
        self._line += feeds
        self._at = self.taken = end


def _opens_hidden(found: re.Match[str], named: set[str]) -> bool:
    inside = found["attributes"]
    if not inside or found["ends"] or inside.endswith("/") or found["tag"].lower() in _VOID:
        return False
    attributes = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(inside)}
    return bool(attributes) and _is_hidden(attributes, named)


def _is_hidden(attributes: Any, named: set[str]) -> bool:
    style = attributes.get("style") or ""
    if "hidden" in attributes or (attributes.get("aria-hidden") or "").lower() == "true":
        return True
    if (attributes.get("color") or "").lower() in {"white", "#fff", "#ffffff", "transparent"}:
        return True
    if _INVISIBLE.search(style) and not ("color" in style and _BACKGROUND.search(style) and not _gone(style)):
        return True
    names = {f".{name}" for name in (attributes.get("class") or "").split()} | {f"#{attributes.get('id') or ''}"}
    return bool(names & named) or bool({name[1:] for name in names if name[0] == "."} & _FOR_NOBODY)


def _gone(style: str) -> bool:
    """Hidden by more than the colour of its letters."""
    return bool(_INVISIBLE.search(re.sub(r"(?<!-)\bcolor\s*:[^;]*", "", style)))


def _hidden_names(style: str) -> set[str]:
    """Classes and ids that a style sheet hides."""
    return {
        name
        for selectors, rules in _RULE.findall(style)
        if _INVISIBLE.search(rules) and not (_BACKGROUND.search(rules) and not _gone(rules))
        for name in _NAMED.findall(selectors)
    }


def _ends(text: str) -> dict[int, int]:
    """Where each element ends that is closed, by where its opening tag ends."""
    ends: dict[int, int] = {}
    still_open: dict[str, list[int]] = {}
    for found in _TAG.finditer(text):
        same = still_open.setdefault(found["tag"].lower(), [])
        if not found["closes"]:
            same.append(found.end())
        elif same:
            ends[same.pop()] = found.end()
    return ends


def _paragraph_end(text: str, start: int) -> int:
    """Where an element ends that is never closed."""
    blank = text.find("\n\n", start)
    return len(text) if blank < 0 else blank
