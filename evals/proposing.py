"""What `add-from-cases` does: rows from the cases of a Sheriff, for a person to review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from bot import settings as configured
from bot import store_wiring
from bot.settings import Settings
from bot.store.case_store import CaseStore
from bot.support.cases import Case, CaseState
from bot.telemetry import configure_logging
from evals import rows
from evals.proposals import Kind, Proposal, pages_of, propose
from evals.questions import State
from evals.rows import Row, Rows
from ingestion import generations, manifest
from knowledge.errors import Misuse
from knowledge.model import Kind as DocumentKind

BATCH: Final = 500
STATES: Final = tuple(set(CaseState) - {CaseState.ANSWERED, CaseState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the proposals."""

    new: int = 0
    completed: int = 0  # waiting rows whose gold became known
    known: int = 0
    alike: int = 0  # ask the same as another row


def add_command(out: Path, *, home: Path | None, config: Path | None) -> None:
    """Add a row for each case that teaches something; rows that are there already stay as people left them."""
    configure_logging("error")
    settings = configured.load(config, home=home)
    kept = rows.read(out, may_be_new=True)
    _require_database(settings)
    with store_wiring.opened_store(settings) as store:
        cases = list(_cases(store.cases))
    pages = pages_of([*_indexed(settings), *((c.path, c.url) for case in cases for c in case.citations)])
    proposals = [found for case in cases if (found := propose(case, pages))]
    added = add(kept, proposals)
    kept.save()
    print(_told(len(cases), proposals, added, kept))


def add(kept: Rows, proposals: Sequence[Proposal]) -> Added:
    """Put the proposals into the rows: never twice, and never over what a person decided."""
    count: Counter[str] = Counter()
    texts = {_plain(row["text"]) for row in kept.rows}
    for found in sorted(proposals, key=lambda p: (p.gold is None, list(Kind).index(p.kind), p.asked, p.id)):
        before = kept.row(found.id)
        if before is not None:
            fits = rows.state(before) is State.PROPOSED and before.get("gold") is None and found.gold is not None
            if fits:
                before |= {"gold": list(found.gold or ()), "kind": str(found.kind), "why": found.why}
            count["completed" if fits else "known"] += 1
        elif _plain(found.text) in texts:
            count["alike"] += 1
        else:
            kept.rows.append(_row(found))
            texts.add(_plain(found.text))
            count["new"] += 1
    return Added(**count)


def _row(found: Proposal) -> Row:
    row: dict[str, Any] = {
        "id": found.id,
        "text": found.text,
        "gold": list(found.gold) if found.gold is not None else None,
        "kind": str(found.kind),
        "component": found.component,
        "state": str(State.PROPOSED),
        "why": found.why,
        "asked": found.asked,
    }
    return row | ({"ticket": found.ticket} if found.ticket else {})


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(" ?!.")


def _require_database(settings: Settings) -> None:
    """Opening would make an empty database where there is none."""
    if settings.database_url.get_secret_value():
        return
    file = Path(sa.make_url(settings.database).database or "")
    if not file.is_file():
        raise Misuse(f"{settings.home}: no cases are kept there ({file} is missing). Name your Sheriff's --home.")


def _cases(store: CaseStore) -> Iterator[Case]:
    """Cases that were more than answered, oldest first, with their events."""
    ids: dict[str, None] = {}
    while batch := store.list(states=STATES, limit=BATCH, offset=len(ids)):
        before = len(ids)
        ids |= dict.fromkeys(case.id for case in batch)
        if len(ids) == before:
            break
    for id_ in reversed(list(ids)):
        if case := store.get(id_):
            yield case


def _indexed(settings: Settings) -> Iterator[tuple[str, str]]:
    """Path and address of what is indexed, pages before FAQ entries that open the same one; none without an index."""
    from knowledge.adapters.chroma_index import ChromaIndex

    generation = generations.current(settings.home)
    held = manifest.read(generation) if generation else None
    if generation is None or held is None:
        return
    index = ChromaIndex.open(generation)
    try:
        first = [chunks[0] for id_ in held.documents if (chunks := index.document(id_))]
    finally:
        index.close()
    for chunk in sorted(first, key=lambda chunk: chunk.kind is not DocumentKind.PAGE):
        yield chunk.path, chunk.url


def _told(cases: int, proposals: Sequence[Proposal], added: Added, kept: Rows) -> str:
    kinds = Counter(found.kind for found in proposals)
    lines = [f"{cases} cases looked at: " + ", ".join(f"{kinds[kind]} {kind}" for kind in Kind)]
    lines.append(
        f"{added.new} new in {kept.file}, {added.completed} with a gold now, {added.known} known already, "
        f"{added.alike} that ask the same as another row"
    )
    if waiting := len(kept.waiting()):
        lines.append(f"{waiting} wait for a person: sheriff-evals review {kept.file}")
    return "\n".join(lines)
