"""The rota as it holds now: its file, with the changes that people stored on top. Implements `rota.Duty`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from bot.messages import Person
from bot.store.tables import rota_changes
from bot.store.turn_log import Clock, utc_now
from bot.support.broadcast import Broadcast, Update
from bot.support.cases import NotPossible
from bot.support.rota import Member, Rota, Shift
from bot.support.rota_changes import ChangeKind, Draft, Kept, RotaChange, base_change, rota_of
from bot.support.rota_file import check_rota, first_fault, text_of
from knowledge.errors import Misuse, Unavailable

log = structlog.get_logger(__name__)
_TRIES = 5  # when others store at the same time
EMPTY = Rota(zone=ZoneInfo("UTC"), start=date(2026, 1, 5))  # nobody is on duty: cases go to the team


class Overtaken(NotPossible):
    """Somebody else has changed the rota since it was looked at."""

    def __init__(self, by: str) -> None:
        super().__init__(f"{by} changed the rota while this was open. Nothing was stored, your entries are kept.")


@dataclass(frozen=True, slots=True)
class _Base:
    """What the file says, or what it said before somebody broke it."""

    rota: Rota
    text: str
    problems: tuple[str, ...] = ()


class RotaBook:
    """Safe to use from any thread and from several processes. File and changes are looked at anew at each use, so an
    edit of either holds at once; a file that breaks while Sheriff runs leaves the rota as it was, loudly."""

    def __init__(
        self,
        engine: sa.Engine,
        file: Path,
        *,
        clock: Clock = utc_now,
        broadcast: Broadcast | None = None,
    ) -> None:
        self.file = file
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock
        self._broadcast = broadcast
        self._read: tuple[object, _Base] | None = None  # with what the file looked like
        self._kept: tuple[object, Kept] | None = None

    # What holds

    def now(self) -> Kept:
        """The rota with everything that was stored. While the database does not answer, as it was."""
        base, stamp = self._base()
        try:
            version = self._version()
        except Unavailable as error:
            log.warning("rota_as_it_was", reason=str(error))
            return self._kept[1] if self._kept else replace(rota_of(base.rota, ()), text=base.text)
        before = self._kept
        if before is not None and before[0] == (stamp, version):
            return before[1]
        kept = self._fold(base, self.changes())
        self._kept = ((stamp, version), kept)
        if before is not None:  # changed here, by another process, or in the file
            self.refresh_pages()
        return kept

    def changes(self) -> Sequence[RotaChange]:
        """All that was stored, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(rota_changes).order_by(rota_changes.c.number)).mappings()
            return [_change_of(row) for row in rows]

    # What people change

    def record(self, decide: Callable[[Kept], Draft], *, by: Person, seen: int | None = None) -> RotaChange:
        """Store what a rule allows on the rota as it is. `seen` is the version that the person looked at.

        Raises Overtaken when the rota has another version by now, and what `decide` raises. Without `seen` the rule
        alone decides, again if somebody else was faster.
        """
        for _ in range(_TRIES):
            kept = self.now()
            if seen is not None and kept.version != seen:
                raise Overtaken(kept.changes[-1].by.name if kept.changes else "Somebody")
            draft = decide(kept)
            change = RotaChange(kept.version + 1, self._clock(), by, draft.kind, draft.data)
            if self._stored(change):
                self.now()
                return change
        raise NotPossible("Others change the rota at this moment. Try again.")

    def refresh_pages(self) -> None:
        """Tell pages that are open in this process to read again."""
        if self._broadcast is not None:
            self._broadcast.publish(Update(0, "", "rota", "rota"))

    # As others see it (rota.Duty)

    @property
    def rota(self) -> Rota:
        return self.now().rota

    @property
    def zone(self) -> ZoneInfo:
        return self.rota.zone

    @property
    def members(self) -> Sequence[Member]:
        return self.rota.members

    def sheriff_on(self, moment: datetime) -> Member:
        return self.rota.sheriff_on(moment)

    def shift_at(self, moment: datetime) -> Shift:
        return self.rota.shift_at(moment)

    def next_shift(self, moment: datetime) -> Shift:
        return self.rota.next_shift(moment)

    def backup_on(self, moment: datetime) -> Member:
        return self.rota.backup_on(moment)

    def member(self, id_or_name: str) -> Member | None:
        return self.rota.member(id_or_name)

    def local(self, moment: datetime) -> datetime:
        return self.rota.local(moment)

    def is_working(self, moment: datetime) -> bool:
        return self.rota.is_working(moment)

    def next_working(self, moment: datetime) -> datetime:
        return self.rota.next_working(moment)

    def after_working(self, moment: datetime, length: timedelta) -> datetime:
        return self.rota.after_working(moment, length)

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        return self.rota.working_between(start, end)

    # How it is put together

    def _base(self) -> tuple[_Base, object]:
        """What the file says; read only when it looks different."""
        try:
            found = self.file.stat()
            stamp: object = (found.st_mtime_ns, found.st_size)
        except OSError as error:
            stamp = error.errno
        if self._read is None or self._read[0] != stamp:
            last = self._read[1] if self._read else None
            self._read = (stamp, self._reading(last))
        return self._read[1], self._read[0]

    def _reading(self, last: _Base | None) -> _Base:
        problem, text = "", ""
        try:
            text = text_of(self.file)
            checked = check_rota(text, self.file)
            if checked.rota is not None:
                return _Base(
                    checked.rota, text, tuple(f"{self.file}: {d.message}" for d in checked.warnings if _matters(d.code))
                )
            problem = first_fault(checked)
        except Misuse as error:
            problem = str(error)
        log.error("rota_broken", reason=problem)
        if last is not None and last.rota.members:
            return _Base(last.rota, last.text, (f"The rota cannot be read any more, and holds as it was: {problem}",))
        return _Base(EMPTY, text, (f"The rota cannot be used: {problem} Until then cases go to the whole team.",))

    def _fold(self, base: _Base, changes: Sequence[RotaChange]) -> Kept:
        edited = base_change(changes)
        rota, text, problems = base.rota, base.text, base.problems
        if edited is not None:
            text = str(edited.data["text"])
            checked = check_rota(text, self.file)
            if checked.rota is None:  # what was valid when it was stored, by the rules of another version
                problems = (f"The rota that {edited.by.name} wrote cannot be used: {first_fault(checked)}",)
            else:
                rota, problems = checked.rota, ()
        return replace(rota_of(rota, changes), text=text, edited=edited, problems=problems)

    def file_text(self) -> str:
        """What stands in the file now; "" when it cannot be read."""
        try:
            return text_of(self.file)
        except Misuse:
            return ""

    def _version(self) -> int:
        with self._engine.connect() as connection:
            return connection.execute(sa.select(sa.func.max(rota_changes.c.number))).scalar() or 0

    def _stored(self, change: RotaChange) -> bool:
        """False when somebody else has stored that version."""
        values = {
            "number": change.number,
            "at": change.at,
            "by_id": change.by.id[:255],
            "by_name": change.by.name[:255],
            "kind": change.kind.value,
            "data": dict(change.data),
        }
        try:
            with self._writes.begin() as connection:
                connection.execute(rota_changes.insert().values(values))
        except IntegrityError:
            return False
        return True


def _matters(code: str) -> bool:
    """Warnings about style do not: that a calendar of holidays cannot be read does."""
    return code.startswith("SCH")


def _change_of(row: sa.RowMapping) -> RotaChange:
    by = Person(row["by_id"], row["by_name"])
    return RotaChange(row["number"], row["at"], by, ChangeKind(row["kind"]), row["data"])
