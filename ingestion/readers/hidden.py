"""Parts of HTML that a browser shows to nobody: left out, so that no page says to Sheriff what it says to no reader."""

from __future__ import annotations

import re
from typing import Any, Final

from ingestion.readers.page import code_mask

_INVISIBLE: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0?(?:\.0+)?\s*(?:;|!|%|$)"
    r"|font-size\s*:\s*[01]?(?:\.\d+)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)|(?<!-)\b(?:max-)?(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|!|$)"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|top|right|bottom|margin-left)\s*:\s*-\d{3,}"
    r"|clip(?:-path)?\s*:\s*(?:rect\(\s*0|inset\(\s*(?:50|100)%)|transform\s*:\s*scale\(\s*0"
    r"|(?<!-)\bcolor\s*:\s*(?:transparent|white|#f{3}\b|#f{6}\b|#fefefe|#fdfdfd|snow|ivory|rgba?\(\s*25[0-5]\s*,\s*25[0-5]\s*,\s*25[0-5]"
    r"|rgba\([^)]*,\s*0(?:\.0+)?\s*\)|hsl\([^)]*100%\s*\))",
    re.IGNORECASE,
)
_BACKGROUND: Final = re.compile(r"background(?:-color)?\s*:\s*(?!\s*(?:white|#fff|transparent|none))", re.IGNORECASE)
_FOR_NOBODY: Final = frozenset(
    {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "d-none", "hidden", "is-hidden", "invisible"}
)
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_NAMED: Final = re.compile(r"[.#]-?[A-Za-z_][\w-]*")
_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr"})
_OPENING: Final = re.compile(r"<(?P<tag>[a-zA-Z][\w-]*)(?P<attributes>(?:\s+[^<>]*?)?)\s*(?P<ends>/?)>", re.DOTALL)
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
    lines = text.split("\n")
    mask = code_mask(lines)
    named = {
        name
        for style in re.findall(r"<style\b[^>]*>(.*?)</style", text, re.DOTALL | re.IGNORECASE)
        for name in _hidden_names(style)
    }
    at = 0
    while found := _OPENING.search(text, at):
        at = found.end()
        if mask[text.count("\n", 0, found.start())] or _in_code_span(text, found.start()):
            continue
        attributes = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(found["attributes"])}
        if not attributes or found["tag"].lower() in _VOID or found["ends"] or not _is_hidden(attributes, named):
            continue
        end = _end(text, found["tag"], found.end())
        text = text[: found.start()] + "\n" * text.count("\n", found.start(), end) + text[end:]
        at = found.start()
        if len(mask) != text.count("\n") + 1:
            break
    return text


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


def _end(text: str, tag: str, start: int) -> int:
    """Where the element ends that was opened before `start`; the paragraph's end for one that is never closed."""
    depth = 1
    for found in re.finditer(rf"<(/?){re.escape(tag)}\b[^<>]*>", text[start:], re.IGNORECASE):
        depth += -1 if found[1] else 1
        if depth == 0:
            return start + found.end()
    blank = text.find("\n\n", start)
    return len(text) if blank < 0 else blank


def _in_code_span(text: str, at: int) -> bool:
    line = text.rfind("\n", 0, at) + 1
    return text.count("`", line, at) % 2 == 1
