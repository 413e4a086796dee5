"""From a page to a Document: its hash and its address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import PurePosixPath

from knowledge.model import Document, Kind, Section

# Generators publish these under a name without suffix; an .html or .txt file is published as it is.
GENERATED = frozenset({".md", ".mdx", ".markdown", ".adoc", ".asciidoc", ".asc", ".rst"})


def document(
    *,
    source: str,
    path: str,
    title: str,
    kind: Kind,
    sections: Sequence[Section],
    url: str = "",
    updated: str = "",
    owner: str = "",
    component: str = "",
    phrasings: Sequence[str] = (),
) -> Document:
    """A Document with the hash of all it says."""
    said = [title, kind, [asdict(section) for section in sections], url, updated, owner, component, list(phrasings)]
    return Document(
        source=source,
        path=path,
        title=title,
        kind=kind,
        sections=tuple(sections),
        content_hash=hashlib.sha256(json.dumps(said).encode()).hexdigest(),
        url=url,
        updated=updated,
        owner=owner,
        component=component,
        phrasings=tuple(phrasings),
    )


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
