"""AsciiDoc pages as Markdown: headings, anchors, listings, lists, tables; no includes, as their files are pages too."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingestion.readers.asciidoc_inline import inline
from ingestion.readers.asciidoc_tables import Table
from ingestion.readers.page import Outline, Page, title_from_path

ATTRIBUTE = re.compile(r"^:(!?[\w-]+!?):(?:\s+(.*))?$")
CONDITION = re.compile(r"^(?:ifdef|ifndef|ifeval|endif)::\S*?\[(.*)\]\s*$")
DIRECTIVE = re.compile(r"^(?:include|toc|leveloffset)::.*$")
HEADING = re.compile(r"^(={1,6}|#{1,6})\s+(\S.*?)(?:\s+\1)?$")
ANCHOR = re.compile(r"^\[(?:\[([^\],]+)(?:,[^\]]*)?\]|#([\w:.{}-]+).*|.*?\bid\s*=\s*[\"']?([^\"',\]]+)[\"']?.*)\]$")
BLOCK_ATTRIBUTES = re.compile(r"^\[[^\]\[]*(?:\[[^\]]*\][^\]]*)?\]$")
TITLE = re.compile(r"^\.([^\s.].*)$")
LISTING = re.compile(r"^(-{4,}|\.{4,}|`{3,})(.*)$")
COMMENT_BLOCK = re.compile(r"^/{4,}$")
DELIMITER = re.compile(r"^(?:={4,}|\*{4,}|_{4,}|\+{4,}|--)$")
TABLE = re.compile(r"^[|!,:]={3,}$")
ITEM = re.compile(r"^\s*([*.-]|\*{2,6}|\.{2,6}|\d+\.)\s+(\S.*)$")
TERM = re.compile(r"^\s*(\S.*?)(:{2,4}|;;)(?:\s+(.*))?$")
CALLOUT = re.compile(r"^<(\d+|\.)>\s+(.*)$")
ADMONITION = re.compile(r"^(NOTE|TIP|IMPORTANT|WARNING|CAUTION):\s+(.*)$")
STYLE = re.compile(r"^\[(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\b.*\]$")
LANGUAGE = re.compile(r"\[(?:source|listing)?\s*,\s*([\w+-]+)")
CODE_STYLE = re.compile(r"\[(?:source|listing|literal)\b|\[,\s*\w")
QUOTED_NAME = re.compile(r"(?<![\w\\])(_{1,2}|\*{1,2})(?![_*])([\w<>.-]+?)\1(?!\w)")
LONGEST_ATTRIBUTES = 2_000  # characters before a block
BLANK = ""  # ends a listing that has no delimiters
STEP = 3  # of a list level: enough under "1. ", and not yet code under "- "


def read(text: str, path: str) -> Page:
    """The page's title and sections; any text is a page."""
    reader = _Reader(Outline())
    for number, line in enumerate(text.split("\n"), start=1):
        reader.take(line.rstrip(), number)
    reader.end()
    return Page(title=reader.outline.title or title_from_path(path), sections=reader.outline.sections())


@dataclass(slots=True)
class _Reader:
    """One line after the other; what is open (listing, comment, table) takes the line first."""

    outline: Outline
    attributes: dict[str, str] = field(default_factory=dict)
    pending: str = ""  # block attributes for what comes next
    anchor: str = ""
    closing: str | None = None  # the line that ends the open listing
    fence: str = "```"
    quotes: bool = False
    comment: str = ""
    table: Table | None = None
    depth: int = 0  # of the open list
    callout: int = 0  # number of the last remark on a listing
    attached: bool = False  # a "+" joined the next block to the open list item

    def take(self, line: str, number: int) -> None:
        if self.comment:
            self.comment = "" if line == self.comment else self.comment
        elif self.closing is not None:
            self._listing_line(line)
        elif self.table is not None:
            self._table_line(line)
        elif CODE_STYLE.search(self.pending) and self._begins_bare_listing(line):
            self._bare_listing(line)
        elif len(line) > LONGEST_ATTRIBUTES or not self._invisible(line):
            self._visible(line, number)

    def end(self) -> None:
        if self.closing is not None:
            self._listing_line(self.closing)
        if self.table is not None:
            self._end_table()

    def _invisible(self, line: str) -> bool:
        """Lines that say something about others, or nothing to the reader."""
        if COMMENT_BLOCK.match(line):
            self.comment = line
            return True
        if found := ATTRIBUTE.match(line):
            self.attributes[found[1]] = found[2] or ""
            return True
        if found := CONDITION.match(line):
            if found[1]:
                self._text(found[1])
            return True
        if found := ANCHOR.match(line):
            self.anchor = self._anchor(found[1] or found[2] or found[3])
        if found := STYLE.match(line):
            self._write(f"**{found[1].capitalize()}:**")
        if BLOCK_ATTRIBUTES.match(line):
            self.pending = f"{self.pending}{line}"[-LONGEST_ATTRIBUTES:]
            return True
        if DIRECTIVE.match(line):
            self.pending = ""
            return True
        return bool(DELIMITER.match(line) or (line.startswith("//") and line[2:3] != "/"))

    def _visible(self, line: str, number: int) -> None:
        if found := HEADING.match(line):
            self._heading(len(found[1]), found[2], number)
        elif TABLE.match(line):
            self.table = Table(self.pending)
            self.pending = ""
        elif found := LISTING.match(line):
            self._open_listing(found[1], found[2])
        elif line == "+":
            self.attached = True
            self.outline.write("")
        elif not line:
            self.outline.write("")
        else:
            self._text(line)

    def _heading(self, level: int, words: str, number: int) -> None:
        self.depth, self.attached = 0, False
        if "[discrete" in self.pending or "[float" in self.pending:
            self.outline.write(f"**{inline(words, self.attributes)}**")
        else:
            text = inline(words, self.attributes).replace("**", "").replace("`", "")
            self.outline.heading(level, text, line=number, anchor=self.anchor)
        self.anchor = self.pending = ""

    def _text(self, line: str) -> None:
        if found := TITLE.match(line):
            self.depth = 0 if not self.attached else self.depth
            self._write(f"**{self._inline(found[1])}**")
            self.outline.write("")
            return
        self.pending = ""
        if found := ITEM.match(line):
            self._item(found[1], found[2])
        elif found := CALLOUT.match(line):
            self.callout = int(found[1]) if found[1].isdigit() else self.callout + 1
            self._write(f"- <{self.callout}> {self._inline(found[2])}")
        elif found := ADMONITION.match(line):
            self._write(f"**{found[1].capitalize()}:** {self._inline(found[2])}")
        elif (found := TERM.match(line)) and not line.startswith(("http", "image:")):
            self.depth, self.attached = 1, False
            self.outline.write(f"- {_strong(self._inline(found[1]))}: {self._inline(found[3] or '')}".rstrip())
        else:
            self._write(self._inline(line.strip()))

    def _item(self, mark: str, words: str) -> None:
        self.attached = False
        self.depth = 1 if mark == "-" or mark[0].isdigit() else len(mark)
        sign = "1." if mark[0] == "." or mark[0].isdigit() else "-"
        self.outline.write(f"{' ' * STEP * (self.depth - 1)}{sign} {self._inline(words)}")

    def _write(self, text: str) -> None:
        self.outline.write(self._indent() + text)

    def _indent(self) -> str:
        return " " * STEP * self.depth if self.attached else ""

    def _begins_bare_listing(self, line: str) -> bool:
        """Whether a block that was announced as code begins here without the usual rule of dashes."""
        if line == "--":
            return True
        marks = (LISTING, TABLE, DELIMITER, COMMENT_BLOCK, HEADING, TITLE, CONDITION, DIRECTIVE, BLOCK_ATTRIBUTES)
        return line not in {"", "+"} and not line.startswith("//") and not any(mark.match(line) for mark in marks)

    def _bare_listing(self, line: str) -> None:
        self._open_listing(line if line == "--" else BLANK, "")
        if line != "--":
            self._listing_line(line)

    def _open_listing(self, mark: str, language: str) -> None:
        found = LANGUAGE.search(self.pending)
        named = found[1] if found else language.strip() if mark.startswith("`") else ""
        self.closing, self.quotes = mark, "quotes" in self.pending
        self.fence = "~~~~" if mark.startswith("````") else "```"
        self.pending, self.callout = "", 0
        self.outline.write(f"{self._indent()}{self.fence}{named}")

    def _listing_line(self, line: str) -> None:
        joins = self.closing == BLANK and line == "+"
        if line == self.closing or joins:
            self.outline.write(self._indent() + self.fence)
            self.closing = None
            self.attached |= joins
        elif not DIRECTIVE.match(line) and not CONDITION.match(line):
            # A fence inside a listing would end ours.
            shown = line.replace("```", "'''") if self.fence == "```" else line
            if self.quotes:
                shown = QUOTED_NAME.sub(r"\2", shown)
            self.outline.write((self._indent() + shown).rstrip())

    def _table_line(self, line: str) -> None:
        if TABLE.match(line):
            self._end_table()
        elif self.table is not None and not line.startswith("//") and not CONDITION.match(line):
            self.table.add(self._inline(line))

    def _end_table(self) -> None:
        if self.table is not None:
            self.outline.write("")
            for row in self.table.markdown():
                self._write(row)
            self.outline.write("")
        self.table = None

    def _inline(self, text: str) -> str:
        return inline(text, self.attributes)

    def _anchor(self, name: str) -> str:
        """`ref-x-{context}` opens x when nobody says what the context is."""
        known = re.sub(r"\{(\w[\w-]*)\}", lambda found: self.attributes.get(found[1], found[0]), name)
        return re.sub(r"[-_]?\{[^}]*\}", "", known).strip("'\" ")


def _strong(text: str) -> str:
    return text if text.startswith(("`", "**")) else f"**{text}**"
