"""Readers: the text of a file → a Page. `READERS` says which reader takes which suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ingestion.readers import asciidoc, html, markdown, plain
from ingestion.readers.page import Page

READER_VERSION: Final = 4  # raise it when a reader gives other sections for the same text

Reader = Callable[[str, str], Page]
READERS: Final[Mapping[str, Reader]] = {
    ".md": markdown.read,
    ".mdx": markdown.read,
    ".markdown": markdown.read,
    ".adoc": asciidoc.read,
    ".asciidoc": asciidoc.read,
    ".asc": asciidoc.read,
    ".html": html.read,
    ".htm": html.read,
    ".txt": plain.read,
    ".rst": plain.read,
    ".text": plain.read,
}
