"""`sheriff export`: cases as JSON lines, for other programs and for keeping."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.settings import Settings
from bot.store.case_store import CaseStore
from bot.store_wiring import opened_store
from bot.support.cases import Case
from knowledge.errors import Misuse


def export_command(settings: Settings, *, since: str, target: Path | None) -> None:
    """Write a line for each case that changed since then, oldest first, to a file or standard output."""
    changed = _moment(since) if since else None
    with opened_store(settings) as store:
        made_up = store.demonstration.get() is not None
        lines = exported(store.cases, since=changed, demonstration=made_up)
        if target is None:
            for line in lines:
                print(line)
            return
        count = 0
        with target.open("w", encoding="utf-8") as file:
            for count, line in enumerate(lines, start=1):  # noqa: B007 - the last number is the count
                file.write(f"{line}\n")
    print(f"{count:,} cases written to {target}.", file=sys.stderr)


def exported(cases: CaseStore, *, since: datetime | None, demonstration: bool = False) -> Iterator[str]:
    """One line of JSON a case, with all its events; docs/operator-guide.md describes the fields."""
    mark = {"demonstration": True} if demonstration else {}
    for case in cases.walk(since=since):
        yield json.dumps(mark | _as_json(case), ensure_ascii=False)


def _as_json(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "state": case.state.value,
        "question": case.question,
        "asker": {"id": case.asker.id, "name": case.asker.name},
        "channel": case.channel,
        "opened": case.opened.isoformat(),
        "updated": case.updated.isoformat(),
        "outcome": case.outcome,
        "answer": case.answer,
        "confidence": case.confidence,
        "citations": [asdict(citation) for citation in case.citations],
        "component": case.component,
        "sheriff": case.sheriff,
        "ticket": case.ticket,
        "ticket_url": case.ticket_url,
        "cause": case.cause.value if case.cause else "",
        "resolution": case.resolution,
        "severity": case.severity.value,
        "application": case.application,
        "master": case.master,
        "events": [
            {"at": event.at.isoformat(), "kind": str(event.kind), "actor": event.actor, "text": event.text}
            for event in case.events
        ],
    }


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"--since {text}: write a day or a moment: 2026-11-01, or 2026-11-01T09:00+01:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
