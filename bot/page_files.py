"""Pages in folders: a new section put into the file of its page, as a patch that `git apply` takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

from bot.faq_files import patch_of, work_tree
from ingestion.sources import FolderSource, Source
from knowledge import blocks

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_DEEPEST = 6


def with_section(sources: Sequence[Source], document: str, place: str, section: str) -> str:
    """A patch that adds a section to a page, as part of the section that `place` names, else at the end.

    `document` is a source's name and a path, `place` the headings that lead there, joined by " › "; the section begins
    with a heading, which gets the level of its surroundings. "" for a page that is no Markdown file in a folder here.
    """
    file = _file(sources, document)
    if file is None:
        return ""
    try:
        before = file.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return ""
    root = _root(file.parent)
    name = file.resolve().relative_to(root).as_posix() if root else document.partition(":")[2]
    return patch_of(name, before, _inserted(before, place, section))


@cache
def _root(folder: Path) -> Path | None:
    return work_tree(folder / "page.md")


def _file(sources: Sequence[Source], document: str) -> Path | None:
    name, _, path = document.partition(":")
    for source in sources:
        if isinstance(source, FolderSource) and source.name == name and path.endswith(".md"):
            file = source.folder / path
            inside = file.resolve().is_relative_to(source.folder.resolve())
            return file if inside and file.is_file() else None
    return None


def _inserted(text: str, place: str, section: str) -> str:
    headings = list(_headings(text))
    wanted = place.rpartition(" › ")[2].casefold()
    at = next((n for n, (_, level, title) in enumerate(headings) if level > 1 and title == wanted), None)
    lines = text.split("\n")
    if at is None:
        level, end = 2, len(lines)
    else:
        level = headings[at][1] + 1
        end = next((line for line, deep, _ in headings[at + 1 :] if deep < level), len(lines))
    title, _, body = section.partition("\n")
    added = f"{'#' * min(level, _DEEPEST)} {title.lstrip('# ')}\n{body}".rstrip().split("\n")
    above = "\n".join(lines[:end]).rstrip("\n").split("\n")
    below = lines[end:] if end < len(lines) else []
    return "\n".join([*above, "", *added, "", *below]) if below else "\n".join([*above, "", *added, ""])


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """Line (from 0), level and words of each heading."""
    matter = _FRONT_MATTER.match(text)
    blank = "\n" * matter[0].count("\n") + text[matter.end() :] if matter else text
    tokens = MarkdownIt("commonmark").parse(blank)
    for opening, words in pairwise(tokens):
        if opening.type == "heading_open" and opening.map:
            plain = " ".join(blocks.clean(words.content).replace("`", "").split())
            yield opening.map[0], int(opening.tag[1]), plain.casefold()
