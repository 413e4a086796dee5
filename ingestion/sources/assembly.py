"""What a Document needs beside its text: a hash and an address."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import PurePosixPath

from knowledge.model import Document
from knowledge.visible import visible

# Generators publish these under a name without suffix; an .html or .txt file is published as it is.
GENERATED = frozenset({".md", ".mdx", ".markdown", ".adoc", ".asciidoc", ".asc", ".rst"})


def hashed(document: Document) -> Document:
    """The document as it can be seen, with the hash of all that is indexed of it."""
    document = replace(
        document,
        title=visible(document.title),
        sections=tuple(
            replace(section, headings=tuple(map(visible, section.headings)), text=visible(section.text))
            for section in document.sections
        ),
        phrasings=tuple(map(visible, document.phrasings)),
    )
    said = [
        document.title,
        document.kind,
        [(section.headings, section.anchor, section.text) for section in document.sections],
        document.url,
        document.updated,
        document.owner,
        document.component,
        document.phrasings,
    ]
    return replace(document, content_hash=hashlib.sha256(json.dumps(said).encode()).hexdigest())


def address(base_url: str, path: str) -> str:
    """Where a page opens: base_url with {path} or {page} filled in, or the page's name without suffix after it.

    {path} is the path with its suffix, as code hosts want it; {page} is without, as documentation sites want it.
    """
    if not base_url:
        return ""
    page = _page(path)
    if "{path}" in base_url or "{page}" in base_url:
        return base_url.replace("{path}", path).replace("{page}", page)
    return f"{base_url.rstrip('/')}/{page}"


def _page(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.suffix.lower() not in GENERATED:
        return path
    if parts.stem.lower() in {"index", "_index", "readme"}:
        return "" if parts.parent == PurePosixPath() else f"{parts.parent}/"
    return str(parts.with_suffix(""))
