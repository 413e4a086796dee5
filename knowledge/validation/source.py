"""Text or bytes in, trees that know their lines out, with everything that is wrong before any schema."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from knowledge.validation import scalars
from knowledge.validation.compose import MAX_FOUND, Document, compose, tight_comment
from knowledge.validation.diagnostics import Diagnostic, Edit, Severity, SourceFile
from knowledge.validation.fixes import apply_edits
from knowledge.validation.layout import odd_space_fault, odd_space_lines
from knowledge.validation.pasted import fenced_blocks, looks_like_yaml, split_bare
from knowledge.validation.syntax import REPAIRED_CHARACTERS, Repair, explain
from knowledge.validation.text import SourceText, decode
from knowledge.validation.tree import MappingNode, Node, ScalarNode, SequenceNode, children, path_text

__all__ = ["Parsed", "fenced_blocks", "looks_like_yaml", "parse", "split_bare"]

_COMMENT_IN_BRACKETS = re.compile(r"[,\[{]#")
_COMMENT = re.compile(r"(?:^|[ \t])#")
_VERSION = re.compile(r"%YAML[ \t]+\d+\.\d+(?:[ \t]+#.*|[ \t]*)$")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as read: its text, its documents if it is YAML, and the YAML faults found on the way."""

    source: SourceText
    documents: Sequence[Document]
    diagnostics: Sequence[Diagnostic]
    repairs: Sequence[Repair] = ()  # of a text that does not parse: what would make it parse, the likeliest first

    @property
    def readable(self) -> bool:
        """Whether the documents are whole, so that a schema can be asked about them."""
        return bool(self.documents)


def parse(file: SourceFile) -> Parsed:
    """Read a file; whatever its content, the outcome is a value."""
    source, found = decode(file)
    if any(d.severity is Severity.ERROR for d in found):
        return Parsed(source, (), found)
    composed = compose(source)
    if composed.stopped:
        return Parsed(source, (), [*found, *composed.diagnostics])
    if composed.error is not None:
        explanation = explain(source, composed.error)
        return Parsed(source, (), [*found, explanation.diagnostic], explanation.repairs)
    odd = _odd_spaces(source, composed.documents)
    if odd:
        small = len(source.text) <= REPAIRED_CHARACTERS
        repairs = (Repair(odd, apply_edits(source.text, odd.edits)),) if small else ()
        return Parsed(source, (), [*found, odd], repairs)
    found += _directives(source)
    found += _tight_comments(source, composed.documents)
    traps = (trap for root in _roots(composed.documents) for trap in _traps(source, root))
    return Parsed(source, composed.documents, [*found, *composed.diagnostics, *islice(traps, MAX_FOUND)])


def _odd_spaces(source: SourceText, documents: Sequence[Document]) -> Diagnostic | None:
    """Odd spaces in front of a key are part of the key, and the file still parses."""
    lines = set(odd_space_lines(source))
    if not lines:
        return None
    for document in documents:
        for _, node in _scalars(document.root, ()) if document.root else ():
            if not node.plain:
                lines -= set(range(node.start.line + 2, node.end.line + 2))
    return odd_space_fault(source, sorted(lines)) if lines else None


def _directives(source: SourceText) -> Iterator[Diagnostic]:
    """Lines that start like %YAML where YAML 1.2 takes none, or with more on them than a version."""
    if "%YAML" not in source.text:
        return
    before = ""
    for number, line in enumerate(source.lines, 1):
        wrong = line.startswith(("%YAML ", "%YAML\t")) and (before or not _VERSION.match(line))
        # Without a document after it the line is the end of a text that runs over several lines.
        if wrong and source.line(number + 1).startswith("---"):
            yield Diagnostic(
                "YAML001",
                Severity.ERROR,
                source.name,
                source.line_span(number),
                "A %YAML line stands here that cannot be one",
                why="It holds a version and nothing else, and a document that stands before it ends with `...`.",
            )
        if line.strip() and not line.startswith(("#", "%")):
            before = "" if line.startswith("...") else line


def _tight_comments(source: SourceText, documents: Sequence[Document]) -> Iterator[Diagnostic]:
    """Comments directly behind a comma or an opening bracket, which the parser takes for comments."""
    places = [found.end() - 1 for found in _COMMENT_IN_BRACKETS.finditer(source.text)]
    if not places:
        return
    written = sorted((node.start.index, node.end.index) for root in _roots(documents) for node in _every_scalar(root))
    for place in places:
        before = bisect_right(written, (place, len(source.text) + 1)) - 1
        inside = before >= 0 and place < written[before][1]
        line = source.text[source.text.rfind("\n", 0, place) + 1 : place]
        if not inside and not _COMMENT.search(line):
            yield tight_comment(source, *source.position(place))
            return


def _roots(documents: Sequence[Document]) -> Iterator[Node]:
    return (document.root for document in documents if document.root is not None)


def _every_scalar(node: Node) -> Iterator[ScalarNode]:
    """Scalars as keys and as values."""
    if isinstance(node, ScalarNode):
        yield node
    for child in children(node):
        yield from _every_scalar(child)


def _traps(source: SourceText, root: Node) -> Iterator[Diagnostic]:
    for path, node in _scalars(root, ()):
        if node.plain and (found := scalars.trap(node.text)):
            fix = f'"{node.text}"'
            yield Diagnostic(
                "YAML005",
                Severity.WARNING,
                source.name,
                node.span,
                found.message,
                path=path_text(path),
                why=found.why,
                suggestion=fix,
                edits=(Edit(node.span, fix),),
            )


def _scalars(node: Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], ScalarNode]]:
    """Scalars in value position with their paths, in order; the depth was limited when the tree was made."""
    if isinstance(node, ScalarNode):
        yield path, node
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.items):
            yield from _scalars(item, (*path, index))
    elif isinstance(node, MappingNode):
        for entry in node.entries:
            yield from _scalars(entry.value, (*path, entry.name))
