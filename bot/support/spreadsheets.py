"""What people wrote as cells of a CSV file and of a Markdown table: it is shown, and does nothing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what spreadsheets take for the beginning of a formula
_MARKUP = re.compile(r"[\\`*_{}\[\]<>()#+!|~&-]")


def cell(value: object) -> object:
    """A value that no spreadsheet runs: text that looks like a formula begins with an apostrophe. Numbers stay."""
    if not isinstance(value, str):
        return value
    text = value.replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip(" \ufeff\u00a0").startswith(_FORMULA) else text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The rows under their head, with line ends as RFC 4180 has them."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    return file.getvalue()


def markdown(value: object) -> str:
    """Text as Markdown that shows it on one line and is neither link, table, mark-up nor HTML."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(str(value).split()))


def as_markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *([markdown(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
