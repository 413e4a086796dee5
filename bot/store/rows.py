"""Cases and events as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from bot.messages import Person
from bot.support.cases import Case, CaseState, Cause, Event
from bot.support.severity import CaseSeverity
from knowledge.model import Citation

_CITATION_FIELDS = frozenset(f.name for f in fields(Citation))


def row_of(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "state": case.state.value,
        "question": case.question,
        "asker_id": case.asker.id,
        "asker_name": case.asker.name,
        "channel": case.channel,
        "conversation": case.conversation,
        "opened": case.opened,
        "updated": case.updated,
        "outcome": case.outcome,
        "answer": case.answer,
        "confidence": case.confidence,
        "citations": [asdict(c) for c in case.citations],
        "component": case.component,
        "sheriff": case.sheriff,
        "ticket": case.ticket or None,  # NULL, because "" would have to be unique
        "ticket_url": case.ticket_url,
        "cause": case.cause.value if case.cause else None,
        "resolution": case.resolution,
        "severity": case.severity.value,
        "application": case.application,
        "master": case.master,
        "reference": dict(case.reference),
        "searched": _searched(case),
    }


def case_of(row: Mapping[str, Any] | sa.RowMapping, events: Sequence[Event] = ()) -> Case:
    return Case(
        id=row["id"],
        state=CaseState(row["state"]),
        question=row["question"],
        asker=Person(row["asker_id"], row["asker_name"]),
        channel=row["channel"],
        conversation=row["conversation"],
        opened=row["opened"],
        updated=row["updated"],
        outcome=row["outcome"],
        answer=row["answer"],
        confidence=row["confidence"],
        citations=tuple(_citation(c) for c in row["citations"]),
        component=row["component"],
        sheriff=row["sheriff"],
        ticket=row["ticket"] or "",
        ticket_url=row["ticket_url"],
        cause=Cause(row["cause"]) if row["cause"] else None,
        resolution=row["resolution"],
        severity=CaseSeverity(row["severity"]),
        application=row["application"],
        master=row["master"],
        reference=row["reference"],
        events=tuple(events),
    )


def row_of_event(case_id: str, event: Event) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "at": event.at,
        "kind": str(event.kind),
        "actor": event.actor,
        "text": event.text,
        "data": dict(event.data),
    }


def event_of(row: sa.RowMapping) -> Event:
    return Event(row["at"], row["kind"], row["actor"], row["text"], row["data"])


def _citation(stored: Mapping[str, Any]) -> Citation:
    """Fields that a newer Sheriff added are left out, so that going back a version still shows the case."""
    return Citation(**{key: value for key, value in stored.items() if key in _CITATION_FIELDS})


def _searched(case: Case) -> str:
    who = (case.ticket, case.id, case.asker.name, case.component, case.application)
    parts = (*who, case.question, case.resolution, case.answer)
    return "\n".join(part for part in parts if part).casefold()
