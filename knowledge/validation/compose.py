"""From text to trees: one pass over the parser's events, safe for any depth, any anchor and any tag."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from knowledge.validation.diagnostics import Diagnostic, Edit, Severity, Span
from knowledge.validation.hints import nearest
from knowledge.validation.parser import Readable, parser, tries
from knowledge.validation.scalars import meaning
from knowledge.validation.text import SourceText
from knowledge.validation.tree import (
    AliasNode,
    Entry,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    children,
    resolved,
)

MAX_DEPTH: Final = 100
MAX_EXPANDED: Final = 10_000
MAX_VALUES: Final = 200_000
MAX_DOCUMENTS: Final = 10_000
MAX_FOUND: Final = 1_000  # diagnostics of one file; nobody reads more
MAX_COMPARED: Final = 200  # anchors that a wrong name is compared with, the nearest above
_CORE: Final = "tag:yaml.org,2002:"
_KNOWN_TAGS: Final = frozenset(
    _CORE + name
    for name in (
        *("str", "int", "float", "bool", "null", "map", "seq"),
        *("binary", "timestamp", "set", "omap", "pairs", "merge", "value"),
    )
)
_TIGHT_HEADER: Final = re.compile(r"[|>][-+0-9]*#")


@dataclass(slots=True)
class Document:
    """One document of a file; root is None when nothing is written in it."""

    root: Node | None
    line: int


@dataclass(slots=True)
class Composed:
    documents: list[Document] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    error: yaml.YAMLError | None = None  # why the parser stopped; the documents before are whole
    stopped: bool = False  # a limit was hit: what is there must not be expanded


def compose(source: SourceText) -> Composed:
    """Parse the text; a syntax error is handed back, not raised."""
    readable = Readable(source.text)
    for _ in range(tries(source.text)):
        composer = _Composer(source, readable)
        try:
            composer.run()
        except _Limit as limit:
            composer.result.diagnostics.append(limit.diagnostic)
            composer.result.stopped = True
        except yaml.YAMLError as error:
            composer.result.error = error
            if readable.tolerate(error):
                continue
        break
    return composer.result


class _Limit(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def _span(event: Any) -> Span:
    start, end = event.start_mark, event.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


class _Composer:
    def __init__(self, source: SourceText, readable: Readable) -> None:
        self.source = source
        self.readable = readable
        self.restored = readable.restored
        self.parser = parser(readable.text)
        self.result = Composed()
        self.document = Document(None, 1)
        self.stack: list[MappingNode | SequenceNode] = []
        self.keys: list[Node | None] = []  # of each open mapping: the key that waits for its value
        self.anchors: dict[str, Node] = {}
        self.open_anchors: set[int] = set()
        self.sizes: dict[int, int] = {}

    def run(self) -> None:
        make: dict[type, Callable[[Any], Node]] = {
            ScalarEvent: self._scalar,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
        }
        other: dict[type, Callable[[Any], None]] = {
            MappingStartEvent: self._open,
            SequenceStartEvent: self._open,
            DocumentStartEvent: self._start_document,
            DocumentEndEvent: self._end_document,
        }
        count = 0
        get = self._placed if self.readable.changed else self.parser.get_event
        while (kind := type(event := get())) is not StreamEndEvent:
            if maker := make.get(kind):
                count += 1
                if count > MAX_VALUES:
                    raise _Limit(
                        self._diagnostic(
                            "YAML006", event, f"More than {MAX_VALUES:,} keys and values in one file", "Split the file."
                        )
                    )
                self._attach(maker(event))
            elif kind in other:
                other[kind](event)

    def _placed(self) -> Any:
        """The next event, its marks where they are in the text as it was written."""
        event = self.parser.get_event()
        event.start_mark = self.readable.place(event.start_mark)
        event.end_mark = self.readable.place(event.end_mark)
        if name := self.readable.names.get(getattr(event, "anchor", None) or ""):
            event.anchor = name
        return event

    def _start_document(self, event: Any) -> None:
        if len(self.result.documents) >= MAX_DOCUMENTS:
            raise _Limit(
                self._diagnostic(
                    "YAML006", event, f"More than {MAX_DOCUMENTS:,} documents in one file", "Split the file."
                )
            )
        self.document = Document(None, event.start_mark.line + 1)
        self.anchors = {}

    def _end_document(self, _: Any) -> None:
        self.result.documents.append(self.document)

    def _scalar(self, event: Any) -> ScalarNode:
        text = self.restored(event.value)
        style = event.style
        plain = not style and event.implicit[0]
        node = ScalarNode(
            event.start_mark, event.end_mark, text, plain, meaning(text) if plain else text, style in ("|", ">")
        )
        if (style or text == "-") and not self._full:
            self._check_end(node, style)
        if event.tag is not None:
            self._check_tag(event, node)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _check_end(self, node: Node, style: str | None) -> None:
        """What YAML 1.2 refuses and the parser, made for 1.1, lets pass."""
        text = self.source.text
        if not style:
            self._strict(
                node.span,
                "A dash alone is no value",
                "Inside brackets a list needs no dashes; a text needs quotes.",
                '"-"',
            )
        elif style not in "|>":
            if text[node.end.index : node.end.index + 1] == "#":
                self._tight_comment(node.end.line, node.end.column)
            if node.end.line > node.start.line:
                self._check_quoted(node)
        elif style in "|>" and (found := _TIGHT_HEADER.match(text, node.start.index)):
            self._tight_comment(node.start.line, node.start.column + len(found[0]) - 1)

    def _check_flow(self, node: MappingNode | SequenceNode) -> None:
        if self.source.text[node.end.index : node.end.index + 1] == "#":
            self._tight_comment(node.end.line, node.end.column)
        column = self._column_above() if node.end.line > node.start.line else None
        if column is None:
            return
        for child in children(node):
            if child.start.line > node.start.line and self._indent(child.start.line) <= column:
                why = f"The list or map in brackets starts on line {node.start.line + 1}, so its lines are deeper."
                fix = " " * (column + 2 - child.start.column)
                self._strict(child.span, "This line is not indented deeper than its key", why, fix, insert=True)
                return

    def _check_quoted(self, node: Node) -> None:
        """Lines of a quoted text have to be deeper than what they belong to."""
        column = self._column_above()
        if column is None:
            return
        for number in range(node.start.line + 1, node.end.line + 1):
            if self.source.lines[number].strip() and self._indent(number) <= column:
                why = f"The text in quotes starts on line {node.start.line + 1}, so its lines are deeper."
                span = self.source.line_span(number + 1)
                self._strict(
                    span, "This line is not indented deeper than its key", why, " " * (column + 2), insert=True
                )
                return

    def _column_above(self) -> int | None:
        """The column from 0 of the key or dash that a value on several lines belongs to; None in brackets."""
        parent, key = (self.stack[-1], self.keys[-1]) if self.stack else (None, None)
        if parent is None or parent.flow:
            return None
        if isinstance(parent, SequenceNode):
            return parent.start.column
        return key.start.column if key is not None else None

    def _indent(self, line: int) -> int:
        text = self.source.lines[line]
        return len(text) - len(text.lstrip(" "))

    def _tight_comment(self, line: int, column: int) -> None:
        self._tell(tight_comment(self.source, line + 1, column + 1))

    def _strict(self, span: Span, message: str, why: str, fix: str, *, insert: bool = False) -> None:
        place = Span(span.line, span.column, span.line, span.column) if insert else span
        self._tell(_refused(self.source.name, span, message, why, Edit(place, fix)))

    def _open(self, event: Any) -> None:
        mapping = type(event) is MappingStartEvent
        kind = MappingNode if mapping else SequenceNode
        node = kind(event.start_mark, event.end_mark, flow=bool(event.flow_style))
        if event.tag is not None:
            self._check_tag(event, node)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self.open_anchors.add(id(node))
        self.stack.append(node)
        self.keys.append(None)
        if len(self.stack) > MAX_DEPTH:
            raise _Limit(
                self._diagnostic(
                    "YAML006", event, f"Nested more than {MAX_DEPTH} levels deep", "No schema goes so deep."
                )
            )

    def _close(self, event: Any) -> Node:
        node = self.stack.pop()
        self.keys.pop()
        self.open_anchors.discard(id(node))
        last = _last(node)
        # The end event of a block stands at the next token, lines below its last word.
        node.end = event.end_mark if node.flow or last is None else last.end
        if node.flow:
            self._check_flow(node)
        if isinstance(node, MappingNode) and len(node.entries) > 1:
            self._check_duplicates(node)
        if self.anchors:  # what was closed before any was set is in nothing that an alias repeats
            self._measure(node, event)
        return node

    @property
    def _full(self) -> bool:
        return len(self.result.diagnostics) >= MAX_FOUND

    def _tell(self, diagnostic: Diagnostic) -> None:
        if not self._full:
            self.result.diagnostics.append(diagnostic)

    def _attach(self, node: Node) -> None:
        parent = self.stack[-1] if self.stack else None
        if parent is None:
            self.document.root = node
        elif isinstance(parent, SequenceNode):
            parent.items.append(node)
        elif (key := self.keys[-1]) is None:
            self.keys[-1] = node
        else:
            parent.entries.append(Entry(key, node))
            self.keys[-1] = None

    def _alias(self, event: Any) -> AliasNode:
        name = event.anchor
        target = self.anchors.get(name)
        if target is not None and id(target) in self.open_anchors:
            self._report("YAML006", event, f"“*{name}” stands inside what it repeats", "That would never end.")
            target = None
        elif target is None:
            guess = None if self._full else nearest(name, islice(reversed(self.anchors), MAX_COMPARED))
            self._report(
                "YAML008",
                event,
                f"No anchor “&{name}” is set before this line" + (f". Did you mean `*{guess}`?" if guess else ""),
                f"“*{name}” repeats a value that was marked &{name} further up; a text with a star needs quotes.",
                f"*{guess}" if guess else f'"*{name}"',
            )
        return AliasNode(event.start_mark, event.end_mark, name, target)

    def _check_tag(self, event: Any, node: Node) -> None:
        tag = event.tag
        if tag == "!":
            if isinstance(node, ScalarNode):
                node.plain, node.value = False, node.text
            return
        if tag in _KNOWN_TAGS:
            self._apply_core(event, node, tag.removeprefix(_CORE))
            return
        foreign = tag.startswith(_CORE)
        shown = "!!" + tag.removeprefix(_CORE) if foreign else tag
        guess = nearest(tag, _KNOWN_TAGS) if foreign else None
        hint = f". Did you mean `!!{guess.removeprefix(_CORE)}`?" if guess else ""
        self._report(
            "YAML008",
            event,
            f"Unknown tag “{shown}”{hint}",
            "A tag asks a program to build something; here the value is read as it is written.",
            f"!!{guess.removeprefix(_CORE)}" if guess else "leave the tag out",
            severity=Severity.ERROR if foreign else Severity.WARNING,
            length=len(shown),
        )

    def _apply_core(self, event: Any, node: Node, name: str) -> None:
        if not isinstance(node, ScalarNode):
            return
        wanted: dict[str, tuple[type, ...]] = {
            "int": (int,),
            "float": (int, float),
            "bool": (bool,),
            "null": (type(None),),
        }
        if name not in wanted:
            node.plain, node.value = False, node.text
            return
        node.value = meaning(node.text)
        if type(node.value) not in wanted[name]:
            self._report("YAML008", event, f"“{node.text}” is no value for the tag !!{name}", "", length=len(name) + 2)

    def _check_duplicates(self, node: MappingNode) -> None:
        seen: dict[str, Entry] = {}
        reported = False
        for entry in node.entries:
            name = entry.name
            first = seen.setdefault(name, entry)
            named = isinstance(resolved(entry.key), ScalarNode)  # other keys are told apart by what they hold
            if first is entry or entry.merge or reported or not named:
                continue
            # A forgotten dash repeats several keys of one element: the first of them says it all.
            reported = True
            line = first.key.start.line + 1
            self._tell(
                Diagnostic(
                    "YAML003",
                    Severity.ERROR,
                    self.source.name,
                    resolved(entry.key).span if not isinstance(entry.key, AliasNode) else entry.key.span,
                    f"“{name}” is already set on line {line}",
                    why="A key may stand once in a map; most programs would keep this one and drop the other silently.",
                    suggestion="delete one of the two, or start a new list element with “- ”",
                )
            )

    def _measure(self, node: Node, event: Any) -> None:
        size = 1 + sum(self._size(child) for child in children(node))
        self.sizes[id(node)] = size
        written = node.end.index - node.start.index
        if size > MAX_EXPANDED + written:
            raise _Limit(
                self._diagnostic(
                    "YAML006",
                    event,
                    f"Aliases expand to more than {MAX_EXPANDED:,} values",
                    "A short file that grows like this stops every program that reads it.",
                )
            )

    def _size(self, node: Node) -> int:
        if isinstance(node, AliasNode):
            return self._size(node.target) if node.target is not None else 1
        return self.sizes.get(id(node), 1)

    def _report(
        self,
        code: str,
        event: Any,
        message: str,
        why: str,
        suggestion: str = "",
        *,
        severity: Severity = Severity.ERROR,
        length: int | None = None,
    ) -> None:
        self._tell(self._diagnostic(code, event, message, why, suggestion, severity=severity, length=length))

    def _diagnostic(
        self,
        code: str,
        event: Any,
        message: str,
        why: str,
        suggestion: str = "",
        *,
        severity: Severity = Severity.ERROR,
        length: int | None = None,
    ) -> Diagnostic:
        span = _span(event)
        if length is not None:
            span = self.source.span(span.line, span.column, length)
        edits: tuple[Edit, ...] = ()
        if suggestion and suggestion[0] in '*"' and code == "YAML008":
            edits = (Edit(span, suggestion),)
        return Diagnostic(code, severity, self.source.name, span, message, why=why, suggestion=suggestion, edits=edits)


def tight_comment(source: SourceText, line: int, column: int) -> Diagnostic:
    """What is wrong with a comment directly behind something else; line and column from 1 are those of its #."""
    span = source.span(line, column)
    message = "A comment needs a space before its #"
    return _refused(source.name, span, message, "Directly behind something else # starts no comment.", Edit(span, " #"))


def _refused(name: str, span: Span, message: str, why: str, edit: Edit) -> Diagnostic:
    """What YAML 1.2 refuses and the parser, made for 1.1, lets pass."""
    fix = edit.text.strip()
    return Diagnostic("YAML001", Severity.ERROR, name, span, message, why=why, suggestion=fix, edits=(edit,))


def _last(node: MappingNode | SequenceNode) -> Node | None:
    if isinstance(node, MappingNode):
        return node.entries[-1].value if node.entries else None
    return node.items[-1] if node.items else None
