"""From text to trees: one pass over the parser's events, safe for any depth, any anchor and any tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
from knowledge.validation.scalars import meaning
from knowledge.validation.text import SourceText
from knowledge.validation.tree import (
    AliasNode,
    Entry,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    is_merge,
    resolved,
)

MAX_DEPTH: Final = 100
MAX_EXPANDED: Final = 10_000
_CORE: Final = "tag:yaml.org,2002:"
_KNOWN_TAGS: Final = frozenset(
    _CORE + name for name in "str int float bool null map seq binary timestamp set omap pairs merge value".split()
)
# Allowed by YAML 1.2 (the line separators are no line breaks there), refused or misread by a YAML 1.1 parser.
_UNREADABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


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
    composer = _Composer(source)
    try:
        composer.run()
    except yaml.YAMLError as error:
        composer.result.error = error
    except _Limit as limit:
        composer.result.diagnostics.append(limit.diagnostic)
        composer.result.stopped = True
    return composer.result


def error_line(text: str) -> tuple[int, int] | None:
    """Line and column from 0 where parsing stops; None when the text parses."""
    parser = _parser(_readable(text)[0])
    try:
        while not isinstance(parser.get_event(), StreamEndEvent):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return (mark.line, mark.column) if mark else (0, 0)
    except yaml.YAMLError:
        return 0, 0
    return None


def _parser(text: str) -> Any:
    if yaml.__with_libyaml__:
        return yaml.cyaml.CParser(text)
    return _PurePython(text)


class _PurePython(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)


def _readable(text: str) -> tuple[str, dict[int, str]]:
    odd = set(_UNREADABLE.findall(text))
    if not odd:
        return text, {}
    free = (chr(point) for point in range(0xE000, 0xF8FF) if chr(point) not in text)
    stand_in = dict(zip(sorted(odd), free, strict=False))
    return text.translate(str.maketrans(stand_in)), {ord(new): old for old, new in stand_in.items()}


class _Limit(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def _span(event: Any) -> Span:
    start, end = event.start_mark, event.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


class _Composer:
    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.result = Composed()
        readable, self.originals = _readable(source.text)
        self.parser = _parser(readable)
        self.stack: list[MappingNode | SequenceNode] = []
        self.keys: list[Node | None] = []  # of each open mapping: the key that waits for its value
        self.anchors: dict[str, Node] = {}
        self.open_anchors: set[int] = set()
        self.sizes: dict[int, int] = {}

    def run(self) -> None:
        get = self.parser.get_event
        document: Document | None = None
        while True:
            event = get()
            kind = type(event)
            if kind is ScalarEvent:
                node: Node = self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._open(event)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                node = self._close(event)
            elif kind is AliasEvent:
                node = self._alias(event)
            elif kind is DocumentStartEvent:
                document = Document(None, event.start_mark.line + 1)
                self.anchors = {}
                continue
            elif kind is DocumentEndEvent:
                self.result.documents += [document] if document else []
                document = None
                continue
            elif kind is StreamEndEvent:
                return
            else:
                continue
            if self.stack:
                self._attach(node)
            elif document:
                document.root = node

    def _scalar(self, event: ScalarEvent) -> ScalarNode:
        text = event.value.translate(self.originals) if self.originals else event.value
        style = event.style
        plain = not style and event.implicit[0]
        node = ScalarNode(
            event.start_mark, event.end_mark, text, plain, meaning(text) if plain else text, style in ("|", ">")
        )
        if event.tag is not None:
            self._check_tag(event, node)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

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
        if isinstance(node, MappingNode):
            self._check_duplicates(node)
        self._measure(node, event)
        return node

    def _attach(self, node: Node) -> None:
        parent = self.stack[-1]
        if isinstance(parent, SequenceNode):
            parent.items.append(node)
        elif (key := self.keys[-1]) is None:
            self.keys[-1] = node
        else:
            parent.entries.append(Entry(key, node))
            self.keys[-1] = None

    def _alias(self, event: AliasEvent) -> AliasNode:
        name = event.anchor
        target = self.anchors.get(name)
        if target is not None and id(target) in self.open_anchors:
            self._report("YAML006", event, f"“*{name}” stands inside what it repeats", "That would never end.")
            target = None
        elif target is None:
            guess = nearest(name, self.anchors)
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
            if first is entry or is_merge(entry) or reported:
                continue
            # A forgotten dash repeats several keys of one element: the first of them says it all.
            reported = True
            line = first.key.start.line + 1
            self.result.diagnostics.append(
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
        size = 1 + sum(self._size(child) for child in _children(node))
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
        self.result.diagnostics.append(
            self._diagnostic(code, event, message, why, suggestion, severity=severity, length=length)
        )

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
        edits = ()
        if suggestion and suggestion[0] in '*"' and code == "YAML008":
            edits = (Edit(span, suggestion),)
        return Diagnostic(code, severity, self.source.name, span, message, why=why, suggestion=suggestion, edits=edits)


def _last(node: MappingNode | SequenceNode) -> Node | None:
    if isinstance(node, MappingNode):
        return node.entries[-1].value if node.entries else None
    return node.items[-1] if node.items else None


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, SequenceNode):
        yield from node.items
    elif isinstance(node, MappingNode):
        for entry in node.entries:
            yield entry.key
            yield entry.value
