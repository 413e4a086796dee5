"""Which sources to read: named on the command line, configured, remembered from before, or bundled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bot import deployments
from bot.faq_files import LOCAL, local_file
from bot.sections import PlatformSettings, SourceSettings
from bot.settings import Settings
from ingestion.chunking import Size, chunk
from ingestion.sources import FaqSource, FolderSource, SchemaSource, Source, read_all
from knowledge import bundled
from knowledge.errors import Misuse
from knowledge.model import Chunk, Document
from knowledge.validation import codes

_WHOLE = Size(100_000, 100_000)  # a page in one piece
_SOURCES = "sources.json"  # in the home folder: which folders were named on the command line


def sources(settings: Settings, folders: Sequence[Path] = (), *, base_url: str = "") -> list[Source]:
    """What to read: the folders named on the command line; else the configured sources; else what this home was last
    built from by name; else the bundled example platform."""
    return [_allowing(source, settings.policy.allowed_pages) for source in _found(settings, folders, base_url)]


def _allowing(source: Source, pages: Sequence[str]) -> Source:
    """The source with the pages that may speak to an assistant."""
    if isinstance(source, FolderSource | FaqSource | SchemaSource):
        return replace(source, allowed=tuple(pages))
    return source


def _found(settings: Settings, folders: Sequence[Path], base_url: str) -> list[Source]:
    if not folders and not settings.sources:
        folders, base_url = _remembered_sources(settings.home)
    if not folders:
        _refuse_twins(settings.all_sources)
        own = code_pages(settings.platform.schemas, settings.platform.pages)
        return [*map(_configured, settings.all_sources), *_learnt(settings.home), own]
    if base_url and not re.match(r"https?://\S+$", base_url):
        raise Misuse(f"--base-url {base_url}: write the whole address, https://…")
    found: list[Source] = []
    names: set[str] = set()
    for folder in folders:
        found += _everything_in(folder, _unused(_slug(folder), names), base_url)
    return [*found, *_learnt(settings.home)]


def code_page(document_id: str) -> list[Chunk]:
    """The page about a code, whether it is indexed or not; empty for another document."""
    source, _, path = document_id.partition(":")
    code = path.removesuffix(".md")
    if source != codes.SOURCE or code not in codes.known():
        return []
    folder = FolderSource(codes.SOURCE, bundled.DIAGNOSTICS, include=(f"{code}.md",))
    documents = [document for document in read_all(folder) if isinstance(document, Document)]
    return [part for document in documents for part in chunk(document, count=len, size=_WHOLE)]


def remember_sources(home: Path, folders: Sequence[Path], base_url: str) -> None:
    """So that a later `sheriff serve` or plain `sheriff ingest` of this home reads the same folders again."""
    kept = {"folders": [str(folder.resolve()) for folder in folders], "base_url": base_url}
    (home / _SOURCES).write_text(json.dumps(kept, indent=2), encoding="utf-8")


def reads_bundled(settings: Settings) -> bool:
    """Whether the bundled example platform is what questions are answered from."""
    return not settings.sources and not _remembered_sources(settings.home)[0]


def remembered_address(home: Path) -> str:
    """Where the pages open that were named on the command line; "" without one."""
    return _remembered_sources(home)[1]


def strange_rota(settings: Settings) -> str:
    """What to say when the people of the example have the duty for somebody else's documentation; "" otherwise."""
    if settings.rota != bundled.ROTA or reads_bundled(settings):
        return ""
    return (
        "The duty is with the people of the example platform, and nobody reads what they are told. "
        "Name a YAML file of your own with `rota:` in sheriff.yaml."
    )


def named(settings: Settings) -> PlatformSettings:
    """What the platform is called: with other documentation than the bundled, not by the bundled one's names."""
    if reads_bundled(settings):
        return settings.platform
    neutral = {"name": "your platform", "docs": "the documentation", "examples": ()}
    given = settings.platform.model_fields_set
    return settings.platform.model_copy(update={key: value for key, value in neutral.items() if key not in given})


def _remembered_sources(home: Path) -> tuple[Sequence[Path], str]:
    try:
        kept = json.loads((home / _SOURCES).read_text(encoding="utf-8"))
        return [Path(folder) for folder in kept["folders"]], str(kept["base_url"])
    except FileNotFoundError:
        return (), ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misuse(f"{home / _SOURCES} cannot be read. Remove it, or run `sheriff ingest DIR` again.") from error


def code_pages(schemas: Path, pages: Path | None) -> Source:
    """The pages about codes, except where the platform has a page of its own."""
    explained = deployments.explained_by(schemas, pages)
    own = tuple(f"{code}.md" for code in codes.known() if code not in explained)
    return FolderSource(codes.SOURCE, bundled.DIAGNOSTICS, include=own)


def _refuse_twins(settings: Sequence[SourceSettings]) -> None:
    names = [source.name for source in settings]
    for own in (codes.SOURCE, LOCAL):
        if own in names:
            raise Misuse(f"A source is named {own}, as Sheriff's own pages are. Rename it in sheriff.yaml.")
    for name in names:
        if names.count(name) > 1:
            raise Misuse(f"Two sources are named {name}. Give each its own name in sheriff.yaml.")


def _learnt(home: Path) -> Iterator[Source]:
    """Entries from resolved cases that no FAQ has yet."""
    if local_file(home).exists():
        yield FaqSource(LOCAL, local_file(home), owner="platform team")


def _configured(source: SourceSettings) -> Source:
    match source.kind:
        case "faq":
            return FaqSource(source.name, source.path, base_url=source.base_url, owner=source.owner)
        case "schemas":
            return SchemaSource(source.name, source.path)
        case _:
            return FolderSource(source.name, source.path, base_url=source.base_url, owner=source.owner)


def _everything_in(folder: Path, name: str, base_url: str) -> Iterator[Source]:
    if not folder.exists():
        raise Misuse(f"{folder}: no such folder. Check the path.")
    if not folder.is_dir():
        raise Misuse(f"{folder}: not a folder. Name the folder that holds the pages.")
    yield FolderSource(name, folder, base_url=base_url)
    for number, file in enumerate(sorted(p for p in folder.rglob("*.y*ml") if _is_faq(p)), start=1):
        yield FaqSource(f"{name}-faq-{number}", file, base_url=base_url)
    if any(folder.rglob("*.schema.json")):
        yield SchemaSource(f"{name}-schemas", folder)


def _is_faq(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return re.search(rb"(?m)^entries:\s*$", head) is not None and b"question:" in head


def _slug(folder: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "docs"


def _unused(name: str, names: set[str]) -> str:
    number = 2
    chosen = name
    while chosen in names:
        chosen = f"{name}-{number}"
        number += 1
    names.add(chosen)
    return chosen
