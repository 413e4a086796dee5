"""AsciiDoc tables as Markdown tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# A bar starts a cell; before it may stand how many columns it spans, its alignment and its style: 2+^.>a|
CELL = re.compile(r"(?:(?<=\s)|^)(?:(\d+)(?:\.\d+)?([+*]))?[<^>]?(?:\.[<^>])?[adehlmsv]?(?<!\\)\|")
COLUMNS = re.compile(r"cols\s*=\s*\"?([^\"\]]+)\"?")
REPEATED = re.compile(r"^(\d+)\*")


@dataclass(slots=True)
class Table:
    """The rows of one table, cell by cell."""

    attributes: str
    _cells: list[str] = field(default_factory=list)
    _first_line: int = 0  # cells on the first line that has any
    _blank_after_first: bool = False

    def add(self, line: str) -> None:
        """Take the next line between the |=== marks."""
        starts = list(CELL.finditer(line))
        if not starts:
            if self._cells and line.strip():
                self._cells[-1] = f"{self._cells[-1]} {line.strip()}".strip()
            self._blank_after_first |= bool(self._cells) and not line.strip() and len(self._cells) == self._first_line
            return
        if leading := line[: starts[0].start()].strip():
            before = self._cells.pop() if self._cells else ""
            self._cells.append(f"{before} {leading}".strip())
        for position, start in enumerate(starts):
            end = starts[position + 1].start() if position + 1 < len(starts) else len(line)
            self._cells += [line[start.end() : end].strip()] + [""] * (_extra(start) if start[2] == "+" else 0)
        self._first_line = self._first_line or len(self._cells)

    def markdown(self) -> list[str]:
        """The lines of the Markdown table; its first row is the header, as Markdown has no table without."""
        width = self._width()
        rows = [self._cells[at : at + width] for at in range(0, len(self._cells), width)]
        lines: list[str] = []
        for position, row in enumerate(rows):
            lines.append(f"| {' | '.join(_escaped(row + [''] * (width - len(row))))} |")
            if position == 0:
                lines.append(f"|{' --- |' * width}")
        return lines

    def _width(self) -> int:
        found = COLUMNS.search(self.attributes)
        if not found:
            return max(1, min(1000, self._first_line))
        columns = [column.strip() for column in re.split("[,;]", found[1]) if column.strip()]
        repeated = (REPEATED.match(column) for column in columns)
        # A thousand columns are enough for anyone, and a typing error asks for more.
        return max(1, min(1000, sum(int(r[1][:4]) if r else 1 for r in repeated)))


def _extra(start: re.Match[str]) -> int:
    return min(50, int(start[1][:3]) - 1) if start[1] and start[1][0] != "0" else 0


def _escaped(cells: Sequence[str]) -> list[str]:
    return [cell.replace("\\|", "|").replace("|", "\\|") for cell in cells]
