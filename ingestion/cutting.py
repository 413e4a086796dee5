"""Markdown cut into pieces that may be put into one chunk or another without breaking anything.

A piece is a paragraph, a list item, a table or a code block. One that is too long is cut further: code by lines with
its fences repeated, tables by rows with their header repeated, text between sentences, then lines, then words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from ingestion.readers.markdown_html import blocks

Cost = Callable[[str], int]

SENTENCE_END = re.compile(r"(?<=[.!?:])[)\"'*_`]*\s+(?=\S)")
LINE_END = re.compile(r"\n+")
WORD_END = re.compile(r"\s+")
FENCE_LINE = re.compile(r"^(?P<prefix>(?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*)(?P<fence>`{3,}|~{3,})")
HEADER_SHARE = 2  # a header is repeated only while it takes less than half of the room
LEAD = re.compile(r":(?:\*\*|__)?$|^\*\*[^\n]+\*\*$")  # a sentence with a colon, or a title in bold
CONTAINERS = frozenset({"bullet_list", "ordered_list", "list_item", "blockquote"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Text with what it costs and the white space that stood after it."""

    text: str
    gap: str
    cost: int
    leads: bool = False  # it introduces the next piece: "Run these commands:"
    is_code: bool = False  # an indented code block, whose margin is meant


def pieces(markdown: str, *, most: int, cost: Cost) -> list[Piece]:
    """The text in order, none above `most`; joined, nothing but repeated headers and fences is new."""
    lines = markdown.split("\n")
    tree = SyntaxTreeNode(blocks().parse(markdown))
    found: list[Piece] = []
    for node, start, end in _spans(tree.children, 0, len(lines)):
        found += _Cutter(lines, most, cost).cut(node, start, end)
    return [piece for piece in found if piece.text]


def _spans(nodes: Sequence[SyntaxTreeNode], start: int, end: int) -> Iterator[tuple[SyntaxTreeNode | None, int, int]]:
    """Each node with its lines and those up to the next node, so that no line is left out."""
    placed = [node for node in nodes if node.map]
    if not placed:
        yield None, start, end
        return
    for position, node in enumerate(placed):
        first = start if position == 0 else _first_line(node)
        last = _first_line(placed[position + 1]) if position + 1 < len(placed) else end
        yield node, first, last


def _first_line(node: SyntaxTreeNode) -> int:
    return node.map[0] if node.map else 0


@dataclass(frozen=True, slots=True)
class _Cutter:
    lines: Sequence[str]
    most: int
    cost: Cost

    def cut(self, node: SyntaxTreeNode | None, start: int, end: int) -> Iterator[Piece]:
        kind = node.type if node else "text"
        whole = self._piece("\n".join(self.lines[start:end]), kind)
        if node and kind in ("bullet_list", "ordered_list"):
            for child, first, last in _spans(node.children, start, end):
                yield from self.cut(child, first, last)
        elif whole.cost <= self.most:
            yield whole
        elif node and kind in CONTAINERS and any(child.map for child in node.children):
            for child, first, last in _spans(node.children, start, end):
                yield from self.cut(child, first, last)
        elif kind == "fence":
            yield from self._code(start, end)
        elif kind == "table":
            yield from self._table(start, end)
        elif kind == "code_block":
            yield from self._text(whole, (LINE_END, WORD_END), is_code=True)
        else:
            yield from self._text(whole, (SENTENCE_END, LINE_END, WORD_END))

    def _piece(self, raw: str, kind: str) -> Piece:
        text = raw.rstrip()
        return Piece(
            text,
            gap=f"{raw[len(text) :]}\n",
            cost=self.cost(text),
            leads=kind in ("paragraph", "heading") and bool(LEAD.search(text)),
            is_code=kind == "code_block",
        )

    def _text(self, whole: Piece, ends: Sequence[re.Pattern[str]], *, is_code: bool = False) -> Iterator[Piece]:
        """Text at the first kind of end that makes it fit, then at the next kind; at last between characters."""
        if whole.cost <= self.most:
            yield whole
        elif not ends:
            yield from self._characters(whole)
        else:
            for part in _split(whole, ends[0]):
                sized = Piece(part.text, part.gap, self.cost(part.text), is_code=is_code)
                yield from self._text(sized, ends[1:], is_code=is_code)

    def _characters(self, whole: Piece) -> Iterator[Piece]:
        half = len(whole.text) // 2
        if not half:
            yield whole
            return
        for text, gap in ((whole.text[:half], ""), (whole.text[half:], whole.gap)):
            part = Piece(text, gap, self.cost(text), is_code=whole.is_code)
            yield from self._characters(part) if part.cost > self.most else (part,)

    def _code(self, start: int, end: int) -> Iterator[Piece]:
        """A fenced block in several, each with its fences."""
        opening = self.lines[start]
        found = FENCE_LINE.match(opening)
        if found is None or self.cost(opening) * HEADER_SHARE > self.most:
            yield from self._text(self._piece("\n".join(self.lines[start:end]), "text"), (LINE_END, WORD_END))
            return
        body, gap = self._body(start, end, found["fence"])
        # Under a list mark the code goes on at the same column, without the mark.
        prefix = re.sub(r"[^\s>]", " ", found["prefix"])
        again, closing = prefix + opening[found.start("fence") :], prefix + found["fence"]
        room = max(1, self.most - self.cost(opening) - self.cost(closing))
        for number, group in enumerate(self._groups(body, room)):
            text = "\n".join([again if number else opening, *group, closing])
            yield Piece(text, gap, self.cost(text))

    def _body(self, start: int, end: int, fence: str) -> tuple[list[str], str]:
        """Lines between the fences, and the white space after the block; a block may lack its closing fence."""
        body = list(self.lines[start + 1 : end])
        blank = 0
        while body and not body[-1].strip(" \t>"):
            body.pop()
            blank += 1
        if body and body[-1].strip(" \t>").startswith(fence) and not body[-1].strip(" \t>").strip(fence[0]):
            body.pop()
        return body, "\n" * (blank + 1)

    def _table(self, start: int, end: int) -> Iterator[Piece]:
        """A table in several, each with the header."""
        whole = self._piece("\n".join(self.lines[start:end]), "table")
        rows = whole.text.split("\n")
        header, body = rows[:2], rows[2:]
        costly = self.cost("\n".join(header)) * HEADER_SHARE > self.most
        room = self.most - (0 if costly else self.cost("\n".join(header)))
        if costly or any(self.cost(row) > room for row in body):
            yield from self._text(whole, (LINE_END, WORD_END))
            return
        for group in self._groups(body, room):
            text = "\n".join([*header, *group])
            yield Piece(text, whole.gap, self.cost(text))

    def _groups(self, lines: Sequence[str], room: int) -> Iterator[list[str]]:
        """Lines put together up to the room; a longer line is broken."""
        group: list[str] = []
        left = room
        for line in self._broken(lines, room):
            price = self.cost(line)
            if group and price > left:
                yield group
                group, left = [], room
            group.append(line)
            left -= price
        if group:
            yield group

    def _broken(self, lines: Sequence[str], room: int) -> Iterator[str]:
        for line in lines:
            if self.cost(line) <= room:
                yield line
            else:
                narrow = _Cutter(self.lines, room, self.cost)
                yield from _packed(narrow._text(Piece(line, "", self.cost(line)), (WORD_END,)), room)


def _packed(parts: Iterator[Piece], room: int) -> Iterator[str]:
    line, left = "", room
    for part in parts:
        if line and part.cost > left:
            yield line.rstrip()
            line, left = "", room
        line += part.text + part.gap
        left -= part.cost
    if line:
        yield line.rstrip()


def _split(piece: Piece, end: re.Pattern[str]) -> Iterator[Piece]:
    """The piece after each end; the white space stays with the part before it."""
    at = 0
    for found in end.finditer(piece.text):
        raw = piece.text[at : found.end()]
        text = raw.rstrip()
        yield Piece(text, raw[len(text) :], 0)
        at = found.end()
    yield Piece(piece.text[at:], piece.gap, 0)
