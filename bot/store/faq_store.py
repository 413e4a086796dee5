"""Entries on their way into the FAQ: drafted once for a case, edited and decided by one reviewer at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.messages import Person
from bot.store.outcomes import outcomes
from bot.store.tables import faq_drafts
from bot.store.turn_log import Clock, utc_now
from bot.support.faq_drafts import DraftState, FaqDraft, FaqEntry
from bot.support.overtaken import Overtaken
from knowledge.errors import Misuse


class FaqStore:
    """Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    def add(self, case_id: str, by: Person, entry: FaqEntry, *, source: str, file: str, asked: str) -> FaqDraft:
        """Store a draft; of a case that has one, that one."""
        values = {"case_id": case_id, "at": self._clock(), "by_id": by.id, "by_name": by.name, "asked": asked}
        more = {"state": DraftState.DRAFTED, "entry": asdict(entry), "target": {"source": source, "file": file}}
        try:
            with self._writes.begin() as connection:
                connection.execute(faq_drafts.insert().values(proof={}, **values, **more))
        except IntegrityError:
            pass  # drafted before
        found = self.of_case(case_id)
        if found is None:
            raise Misuse(f"The draft of {case_id} was taken away just now. Draft it again.")
        return found

    def get(self, number: int) -> FaqDraft:
        """Raises Misuse when there is none."""
        found = self._select(faq_drafts.c.number == number)
        if not found:
            raise Misuse(f"There is no draft {number}. The page “FAQ” lists them.")
        return found[0]

    def of_case(self, case_id: str) -> FaqDraft | None:
        return next(iter(self._select(faq_drafts.c.case_id == case_id)), None)

    def all(self, *states: DraftState, limit: int = 200) -> Sequence[FaqDraft]:
        """Those in these states, the newest first."""
        return self._select(faq_drafts.c.state.in_(states), limit=limit)

    def undrafted(self, since: datetime) -> Sequence[str]:
        """Ids of cases that were resolved since then, and that their sheriff wants here; the newest first."""
        return [outcome.case_id for outcome in reversed(outcomes(self._engine, since)) if outcome.for_faq]

    def unfinished(self, before: datetime) -> Sequence[FaqDraft]:
        """Those that were approved before, and whose question was not asked again."""
        approved = (faq_drafts.c.state == DraftState.APPROVED, faq_drafts.c.decided_at < before)
        return [draft for draft in self._select(*approved, limit=1_000) if not draft.proof]

    def decide(
        self,
        number: int,
        by: Person,
        state: DraftState,
        *,
        seen: int | None = None,
        entry: FaqEntry | None = None,
    ) -> FaqDraft:
        """Approve or dismiss a draft, once. Raises Overtaken when a colleague has, or has edited it since `seen`."""
        known = self.get(number)
        version = known.version if seen is None else seen
        open_ = faq_drafts.update().where(
            faq_drafts.c.number == number,
            faq_drafts.c.version == version,
            faq_drafts.c.state == DraftState.DRAFTED,
        )
        values: dict[str, Any] = {"state": state, "version": version + 1, "decided_by": by.name}
        values |= {"entry": asdict(entry)} if entry else {}
        with self._writes.begin() as connection:
            done = connection.execute(open_.values(decided_at=self._clock(), **values)).rowcount == 1
        if not done:
            now = self.get(number)
            what = f"has {now.state.value} it" if now.state is not DraftState.DRAFTED else "has it again"
            raise Overtaken(f"{now.decided_by or now.by} {what}. Nothing was changed by you; what you wrote is below.")
        return self.get(number)

    def reopen(self, number: int) -> None:
        """What could not be written waits for a reviewer again."""
        self._set(number, state=DraftState.DRAFTED, decided_by="", version=self.get(number).version + 1)

    def written(self, number: int, *, patch: str, written: str) -> None:
        self._set(number, patch=patch, written=written)

    def prove(self, number: int, proof: Mapping[str, Any]) -> None:
        """What came of asking the original question again."""
        self._set(number, proof=dict(proof))

    def _set(self, number: int, **values: Any) -> None:
        with self._writes.begin() as connection:
            connection.execute(faq_drafts.update().where(faq_drafts.c.number == number).values(**values))

    def _select(self, *where: sa.ColumnElement[bool], limit: int = 1) -> Sequence[FaqDraft]:
        query = sa.select(faq_drafts).where(*where).order_by(faq_drafts.c.number.desc()).limit(limit)
        with self._engine.connect() as connection:
            return tuple(_draft(row) for row in connection.execute(query).mappings())


def _draft(row: sa.RowMapping) -> FaqDraft:
    entry = row["entry"]
    return FaqDraft(
        number=row["number"],
        case_id=row["case_id"],
        at=row["at"],
        by=row["by_name"],
        state=DraftState(row["state"]),
        entry=FaqEntry(entry["id"], entry["question"], entry["answer"], tuple(entry["phrasings"])),
        source=row["target"]["source"],
        file=row["target"]["file"],
        asked=row["asked"],
        patch=row["patch"],
        written=row["written"],
        proof=row["proof"],
        version=row["version"],
        decided_by=row["decided_by"],
    )
