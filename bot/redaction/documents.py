"""Secrets in YAML and JSON by the keys over them: scalars of every style, aliases, pairs of name and value, lists.

Works on what parses: a stretch with a fault is read up to the fault and again after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.redaction.keys import Hint, Trust, hint_of
from bot.redaction.spans import Found
from bot.redaction.verdict import holds
from bot.redaction.wordlists import words

_MOST_FAULTS = 60  # of one text, after which its rest is left to the search by lines
_DEEPEST = 100  # brackets in brackets
_FENCE = re.compile(r"^[ \t>]*(?:```|~~~)")
_KEY_LINE = re.compile(
    r"[ \t]*(?:- +|\? +)*(?:[\"'][^\"'\n]{1,120}[\"']|[^\s#:\[\]{}\"'-][^:\n\[\]{}\"]{0,80}|<<)[ \t]*:(?:[ \t\r]|$)"
)
_OTHER_LINE = re.compile(r"[ \t]*(?:#|$|- |-$|[?:] |---|\.\.\.|[\[{\]}])|[ \t]+\S")
_BREAKS = {ord(c): " " for c in "\r\x85\u2028\u2029\x0b\x0c\x1c\x1d\x1e\ufeff\ufffe\uffff"}
_PREFIX = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]*\n?[ \t]*)+")
_NEXT_KEY = re.compile(r"[ \t]*:(?:\s|\Z)")
_POINTING_TAGS = re.compile(
    r"!(?:secret|env|ref|getatt|sub|importvalue|reference|vault|include|keyvault|akv|ssm|file|var|join)", re.IGNORECASE
)
_NAME_KEYS = words("documents", "name_keys")
_VALUE_KEYS = words("documents", "value_keys")
_VALUE_CHILDREN = words("documents", "value_children")
_OPEN_IN_SECRETS = words("documents", "open_in_secrets")


@dataclass(slots=True)
class _Node:
    """A scalar with its place, a list, or a mapping."""

    start: int = 0
    end: int = 0
    text: str | None = None
    tag: str = ""
    items: list[_Node] = field(default_factory=list)
    entries: list[tuple[_Node, _Node]] = field(default_factory=list)
    is_plain: bool = False

    @property
    def key(self) -> str:
        return (self.text or "").strip()


def by_document(text: str) -> Iterator[Found]:
    """Places of secrets under keys, in a folded text with YAML or JSON anywhere in it."""
    text = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text.translate(_BREAKS))
    for start, end in _stretches(text):
        yield from _in_stretch(text, start, end)


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """What looks like YAML or JSON: fenced blocks, and lines in a row of which the first is a key, a list or a bracket."""
    place, begun, fenced = 0, -1, False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\n")
        if _FENCE.match(bare):
            if begun >= 0:
                yield begun, place
            fenced, begun = not fenced, -1 if fenced else place + len(line)
        elif not fenced:
            is_key = bool(_KEY_LINE.match(bare))
            if begun < 0 and (is_key or re.match(r"[ \t]*(?:- \S|\? \S|[\[{]|---)", bare)):
                begun = place
            elif begun >= 0 and not is_key and not _OTHER_LINE.match(bare):
                yield begun, place
                begun = -1
        place += len(line)
    if begun >= 0:
        yield begun, place


def _in_stretch(text: str, start: int, end: int) -> Iterator[Found]:
    if _is_deep(text[start:end]):
        return
    for _ in range(_MOST_FAULTS):
        roots, stopped = _read(text[start:end])
        for root in roots:
            for found in _walk(root):
                yield Found(found.start + start, found.end + start, found.kind)
        if stopped < 0:
            return
        lines = text[start:end].split("\n")
        skip = max(stopped + 1, 1)
        while skip < len(lines) and (not lines[skip].strip() or lines[skip][0] in " \t"):
            skip += 1
        if skip >= len(lines):
            skip = stopped + 1
        if skip >= len(lines):
            return
        start += sum(len(line) + 1 for line in lines[:skip])


def _is_deep(text: str) -> bool:
    """Brackets in brackets in brackets cost the parser the square of their depth; nobody writes that many."""
    depth = 0
    for bracket in re.finditer(r"[\[{\]}]", text):
        depth = depth + 1 if bracket[0] in "[{" else max(0, depth - 1)
        if depth > _DEEPEST:
            return True
    return False


def _read(text: str) -> tuple[list[_Node], int]:
    """The documents, and the line of the fault; -1 for none. An alias is the node that it stands for."""
    begins = [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n"), len(text) + 1]
    tree = _Tree(text, begins)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            tree.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return tree.roots, mark.line if mark else len(begins)
    except (yaml.YAMLError, ValueError):
        return tree.roots, len(begins)
    return tree.roots, -1


class _Tree:
    """The nodes of a text, put together from the parser's events."""

    def __init__(self, text: str, begins: list[int]) -> None:
        self.roots: list[_Node] = []
        self._text = text
        self._begins = begins
        self._anchors: dict[str, _Node] = {}
        self._open: list[tuple[_Node, list[_Node]]] = []  # a collection and the key that waits for its value

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._open.pop()
        elif isinstance(event, yaml.AliasEvent):
            self._put(self._anchors.get(event.anchor or "") or _Node(text=""))
        elif isinstance(event, yaml.NodeEvent):
            node = self._node(event)
            if event.anchor:
                self._anchors[event.anchor] = node
            self._put(node)
            if node.text is None:
                self._open.append((node, []))

    def _node(self, event: yaml.NodeEvent) -> _Node:
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(self._text, event, self._place(event.start_mark), self._place(event.end_mark))
        return _Node(tag="map" if isinstance(event, yaml.MappingStartEvent) else "seq")

    def _put(self, node: _Node) -> None:
        if not self._open:
            self.roots.append(node)
            return
        parent, waiting = self._open[-1]
        if parent.tag != "map":
            parent.items.append(node)
        elif waiting:
            parent.entries.append((waiting.pop(), node))
        else:
            waiting.append(node)

    def _place(self, mark: Any) -> int:
        line = self._begins[min(int(mark.line), len(self._begins) - 1)]
        return min(line + int(mark.column), len(self._text))


def _scalar(text: str, event: yaml.ScalarEvent, start: int, end: int) -> _Node:
    prefix = _PREFIX.match(text, start, end)
    start = prefix.end() if prefix and (event.anchor or event.tag) else start
    if event.style in {"|", ">"}:
        line = text.find("\n", start, end)
        start = end if line < 0 else line + 1
        body = text[start:end]
        start += len(body) - len(body.lstrip())
    elif event.style in {'"', "'"}:
        start, end = start + 1, end - 1
    end = start + len(text[start:end].rstrip()) if event.style not in {'"', "'"} else end
    line = text.rfind("\n", start, end)
    if not event.style and line > 0 and _NEXT_KEY.match(text, end):
        end = start + len(text[start:line].rstrip())  # a fault of indentation: its last line is the next key
        return _Node(start, end, " ".join(text[start:end].split()), event.tag or "", is_plain=True)
    return _Node(start, end, event.value, event.tag or "", is_plain=not event.style)


def _walk(root: _Node) -> Iterator[Found]:
    """Every secret below; a node that several aliases reach is looked at once for each hint it is reached with."""
    todo: list[tuple[_Node, Hint | None]] = [(root, None)]
    seen: set[tuple[int, Hint | None]] = set()
    while todo:
        node, hint = todo.pop()
        if (id(node), hint) in seen:
            continue
        seen.add((id(node), hint))
        if node.text is not None:
            yield from _judged(node, hint)
        elif node.tag == "seq":
            todo += [(item, hint) for item in node.items]
        else:
            yield from _pairs(node)
            todo += list(_children(node, hint))


def _judged(node: _Node, hint: Hint | None) -> Iterator[Found]:
    if hint is None or node.end <= node.start or node.text is None or _POINTING_TAGS.match(node.tag):
        return
    if holds(node.text, hint, whole=True):
        yield Found(node.start, node.end, hint.kind)


def _children(node: _Node, hint: Hint | None) -> Iterator[tuple[_Node, Hint | None]]:
    data = _secret_data(node)
    for key, value in node.entries:
        if id(value) in data:
            yield from ((child, _declared(name.key)) for name, child in value.entries)
            continue
        own = hint_of(key.key) if key.text is not None and len(key.key) < 120 else None
        if own is None and hint is not None:
            own = _handed_down(key.key, hint)
        yield value, own


def _handed_down(key: str, hint: Hint) -> Hint | None:
    """What a secret key says of the entries below it: all of "passwords:", only the value of "password:"."""
    if key.lower() in _VALUE_CHILDREN:
        return hint
    if key.lower() in _SETTINGS | _OPEN_IN_SECRETS:
        return None
    return Hint(hint.kind, Trust.LIKELY if hint.kind == "password" else Trust.LOOKS)


_SETTINGS = words("documents", "settings")


def _pairs(node: _Node) -> Iterator[Found]:
    """`name: DB_PASSWORD` with `value: …`, in either order."""
    named = [value.key for key, value in node.entries if key.key.lower() in _NAME_KEYS and value.text]
    hints = [hint for hint in (hint_of(name) for name in named if len(name) < 120) if hint]
    if not hints:
        return
    for key, value in node.entries:
        if key.key.lower() in _VALUE_KEYS and value.text is not None:
            yield from _judged(value, hints[0])


def _secret_data(node: _Node) -> set[int]:
    """The `data` and `stringData` of a Kubernetes Secret."""
    kind = next((value.key for key, value in node.entries if key.key == "kind"), "")
    if kind.lower() != "secret":
        return set()
    return {
        id(value) for key, value in node.entries if key.key.lower() in {"data", "stringdata"} and value.tag == "map"
    }


def _declared(key: str) -> Hint | None:
    """What stands in a Kubernetes Secret is one, but for what everybody may know."""
    if key.lower() in _OPEN_IN_SECRETS or key.lower().endswith((".crt", "username", "user", "host", "port")):
        return None
    known = hint_of(key)
    return Hint(known.kind if known else "secret", Trust.SURE)
