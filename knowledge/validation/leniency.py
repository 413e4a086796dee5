"""What YAML 1.2 allows and the parser, made for YAML 1.1, refuses: the change to the text that lets it read on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import yaml
from yaml import tokens


class Change(NamedTuple):
    """Characters to put in the place of others, as the parser must see them."""

    start: int
    end: int
    new: str
    literal: bool = False  # `new` is text and not syntax
    anchor: bool = False  # `new` is the name of an anchor


class Stop(NamedTuple):
    """Where the parser stopped in a text, and where what it was reading there begins."""

    text: str
    at: int
    context: int


_NAME: Final = re.compile(r"[^\s,\[\]{}]+")
_NAME_WITH_COLON: Final = re.compile(r"(?:^|(?<=[\s,\[{]))[&*](?P<name>[^\s,\[\]{}]*:[^\s,\[\]{}]*)(?=\s|\Z)")
_AFTER_PLAIN_COLON: Final = re.compile(r":[^\s,\[\]{}]")
_DIRECTIVE: Final = re.compile(
    r"(?P<version>%YAML[ \t]+1\.[0-9]+)[ \t]*(?:[ \t]#.*)?$|%(?!(?:TAG|YAML)[ \t])\w", re.MULTILINE
)
_TO_DOCUMENT: Final = re.compile(r"(?:%.*\n|[ \t]*#.*\n|[ \t]*\n)+---(?=\s|\Z)")
_ROOT_BLOCK: Final = re.compile(
    r"(?:\A|\n)(?:---[ \t]+)?(?:![^ \t\n]*[ \t]+)?[|>][-+]?(?:[ \t]+#.*|[ \t]*)\n(?:[ \t]*\n)*\Z"
)
_DOCUMENT_MARK: Final = re.compile(r"^(?:---|\.\.\.)(?=\s|\Z)", re.MULTILINE)
_ENDED: Final = re.compile(r"(?:\A|\n)\.\.\.(?:[ \t]+#.*|[ \t]*)\n(?:#.*\n|[ \t]*\n)*\Z")
_STARTS: Final = (
    *(tokens.ScalarToken, tokens.AnchorToken, tokens.TagToken, tokens.AliasToken),
    *(tokens.FlowMappingStartToken, tokens.FlowSequenceStartToken),
)
_OPENING: Final = (tokens.FlowMappingStartToken, tokens.FlowSequenceStartToken)
_CLOSING: Final = (tokens.FlowMappingEndToken, tokens.FlowSequenceEndToken)
_BETWEEN: Final = (tokens.FlowEntryToken, tokens.ValueToken, tokens.KeyToken)
_INDICATOR: Final = re.compile(r"(?P<outer>[ ]*)(?:[-?:][ \t]+)*[-?:][ \t]*\Z")
_COLLECTION: Final = re.compile(r"[-?:](?:\s|\Z)|&|!|[^#\"'\[{|>]*?:(?:\s|\Z)|[\"'].*[\"'][ \t]*:(?:\s|\Z)")


def changes_for(error: yaml.MarkedYAMLError, text: str) -> Sequence[Change]:
    """The changes that let the parser read past this error; none when YAML 1.2 refuses the text as well.

    The marks of the error count in this text."""
    if error.problem_mark is None:
        return ()
    at = error.problem_mark.index
    stop = Stop(text, at, error.context_mark.index if error.context_mark else at)
    make = next((make for words, make in _KNOWN if words in (error.problem or "")), None)
    return list(make(stop)) if make else ()


def _tab_in_block(stop: Stop) -> Iterator[Change]:
    """A tab that begins the text of a block."""
    text, at, context = stop
    header = text[_line_start(text, context) : context]
    if text[at : at + 1] == "\t" and at - _line_start(text, at) > len(header) - len(header.lstrip(" ")):
        yield Change(at, at + 1, "\t", literal=True)


def _tab_between(stop: Stop) -> Iterator[Change]:
    """A tab on a line that says nothing, between an indicator and its text, or deeper than any indentation."""
    text, at, _ = stop
    if text[at : at + 1] != "\t":
        return
    start, end = _line_start(text, at), _line_end(text, at)
    before, rest = text[start:at], text[at:end].lstrip(" \t")
    if not before.strip() and rest[:1] in ("", "#"):
        yield Change(start, end - len(rest), "")
    elif not _COLLECTION.match(rest) and (_INDICATOR.match(before) or _deeper(before, text[:start])):
        yield Change(at, end - len(rest), " ")


def _deeper(indent: str, above: str) -> bool:
    """Whether spaces alone put a line below the key on the last line before it.

    Before the first word of a document anything may stand that is no key."""
    lines = reversed(above.split("\n")[:-1])
    parent = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "---")
    if indent.strip(" "):
        return False
    if parent.startswith(("---", "%", "...")):
        return True
    return parent.rstrip().endswith(":") and len(indent) > len(parent) - len(parent.lstrip(" -"))


def _colon_first(stop: Stop) -> Iterator[Change]:
    """A plain text that starts with a colon, in brackets."""
    if _AFTER_PLAIN_COLON.match(stop.text, stop.at):
        yield Change(stop.at, stop.at + 1, ":", literal=True)


def _space_after(stop: Stop) -> Iterator[Change]:
    """A key without a value, directly before a bracket or comma."""
    yield Change(stop.at + 1, stop.at + 1, " ")


def _space_before(stop: Stop) -> Iterator[Change]:
    """A tag directly before a bracket."""
    if stop.text[stop.at : stop.at + 1] in (",", "]", "}"):
        yield Change(stop.at, stop.at, " ")


def _anchor(stop: Stop) -> Iterator[Change]:
    """A name with other letters than those of ASCII; a text that starts with a star sets none."""
    name = _NAME.match(stop.text, stop.context + 1)
    if name and f"&{name[0]}" in stop.text:
        yield Change(stop.context + 1, name.end(), name[0], anchor=True)


def _anchor_with_colon(stop: Stop) -> Iterator[Change]:
    """A name with a colon in it, which both sets and repeats a value."""
    line = stop.text[_line_start(stop.text, stop.at) : _line_end(stop.text, stop.at)]
    found = _NAME_WITH_COLON.search(line)
    if found and all(f"{sign}{found['name']}" in stop.text for sign in "&*"):
        for use in re.finditer(rf"(?<=[&*]){re.escape(found['name'])}(?=\s|\Z)", stop.text):
            yield Change(use.start(), use.end(), found["name"], anchor=True)


def _directive(stop: Stop) -> Iterator[Change]:
    """A directive that is to be ignored, or a version to come."""
    start = _line_start(stop.text, stop.context)
    found = _DIRECTIVE.match(stop.text, start)
    if not found or not _TO_DOCUMENT.match(stop.text, start):
        yield from _root_block(stop.text, start)
    elif found["version"]:
        yield Change(start, found.end("version"), "%YAML 1.2")
    else:
        yield Change(start, start + 1, "#")


def _document(stop: Stop) -> Iterator[Change]:
    """A document without `---` after one that has ended, or a block of text without indentation."""
    if _ENDED.search(stop.text[: stop.at]):
        yield Change(stop.at, stop.at, "--- \n")
    else:
        yield from _root_block(stop.text, stop.at)


def _root_block(text: str, at: int) -> Iterator[Change]:
    if at != _line_start(text, at) or not _ROOT_BLOCK.search(text[:at]):
        return
    mark = _DOCUMENT_MARK.search(text, at)
    end = mark.start() if mark else len(text)
    yield Change(at, end, re.sub(r"^(?=.)", " ", text[at:end], flags=re.MULTILINE))


def _long_key(stop: Stop) -> Iterator[Change]:
    """A key in braces that runs over several lines, or stands on another line than its colon."""
    if stop.text[stop.at : stop.at + 1] == ":":
        start = _key_before(stop.text[stop.context : stop.at])
        if start is not None:
            yield Change(stop.context + start, stop.context + start, "? ")


def _key_before(braces: str) -> int | None:
    """Where the key starts whose colon comes next; None when what stands last in the braces is no key."""
    opened: list[int | None] = []  # of each open bracket: where the key in it starts
    fresh = True
    loader = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
    try:
        for token in yaml.scan(braces, Loader=loader):
            kind = type(token)
            if kind in _STARTS and fresh and opened:
                opened[-1] = token.start_mark.index
            if kind in _OPENING:
                opened.append(None)
            elif kind in _CLOSING:
                opened.pop()
            elif kind in _BETWEEN and opened:
                opened[-1] = None
            fresh = kind in _OPENING or kind is tokens.FlowEntryToken or (fresh and kind not in _STARTS)
    except yaml.YAMLError:
        return None
    return opened[-1] if len(opened) == 1 else None


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return end if end >= 0 else len(text)


_KNOWN: Final[tuple[tuple[str, Callable[[Stop], Iterator[Change]]], ...]] = (
    ("tab character where", _tab_in_block),
    ("tab character that violates", _tab_between),
    ("cannot start any token", _tab_between),
    ("expected node content", _colon_first),
    ("unexpected ':'", _space_after),
    ("expected alphabetic or numeric", _anchor),
    ("mapping values are not allowed", _anchor_with_colon),
    ("expected key", _anchor_with_colon),
    ("expected whitespace or line break", _space_before),
    ("directive name", _directive),
    ("incompatible YAML document", _directive),
    ("expected <document start>", _document),
    ("expected ',' or '}'", _long_key),
)
