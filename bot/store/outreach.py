"""The steps by which desk, sheriff and asker hear of a stored event. Each may run twice: it looks before it acts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.landmarks import Landmark, passed
from bot.store.case_store import CaseStore
from bot.store.turn_log import Clock
from bot.support import handoff
from bot.support.cases import UNTAKEN, Case, Change, Event, EventKind, NotPossible
from bot.support.duplicates import followed, once
from bot.support.handoff import (
    ASKER_HEARS,
    EARLIER,
    HEARD_OUTSIDE,
    LATELY,
    SHERIFF_HEARS,
    STARTS_HAND_OVER,
    Desk,
    Notification,
    Notifier,
    Refused,
    Role,
)
from bot.support.rota import TEAM, Duty, Member
from bot.support.transitions import (
    dead_letter,
    is_from_desk,
    name_sheriff,
    note,
    record_ticket,
    refused,
    since_hand_over,
)
from knowledge.errors import DeskRefused, Unavailable

log = structlog.get_logger(__name__)
_ENDS_TICKET = frozenset({EventKind.RESOLVED, EventKind.CLOSED, EventKind.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Later:
    """Why a step must be tried again."""

    why: str
    after: float = 0.0  # seconds for which the other side asks to be left alone


Step = Callable[[int], Later | None]  # takes an event's number; None when it is done


class Outreach:
    """What happens outside when something has happened to a case."""

    def __init__(
        self,
        store: CaseStore,
        *,
        desk: Desk,
        notifier: Notifier,
        rota: Duty,
        clock: Clock,
        spread: Callable[[], None] = lambda: None,
    ) -> None:
        """`spread` is called when what was said in one case has been said in those that are linked to it, too."""
        self._store = store
        self._spread_told = spread
        self._desk = desk
        self._notifier = notifier
        self._rota = rota
        self._clock = clock
        self._running = 0
        self._lock = threading.Lock()

    def steps_for(self, event: Event) -> Sequence[tuple[str, Step]]:
        """Names and steps, in order; the same for one event for ever."""
        if event.kind in STARTS_HAND_OVER:
            return (
                ("name sheriff", self.name_sheriff),
                ("open ticket", self.open_ticket),
                ("tell sheriff", self.tell_sheriff),
                ("tell asker", self.tell_asker),
            )
        if event.kind in {EventKind.TICKET_CLOSED, EventKind.TICKET_GONE}:  # the ticket itself need not hear of it
            return (("pass on", self.pass_on),)
        if event.kind == EventKind.TICKET_RETRIED:
            return (
                ("open ticket", self.open_ticket),
                ("rewrite ticket", self.rewrite_ticket),
                ("tell asker", self.tell_asker),
            )
        return (("write ticket", self.write_ticket), ("pass on", self.pass_on))

    def name_sheriff(self, number: int) -> None:
        """Write down who is on duty; an untaken case goes with the rota."""
        now = self._clock()
        member = self._rota.sheriff_on(now)
        named = "" if member.is_team else member.name
        with self._at_work():
            self._store.record(self._case(number)[0].id, lambda case: name_sheriff(case, at=now, sheriff=named))
            passed(Landmark.SHERIFF_NAMED)

    def open_ticket(self, number: int) -> Later | None:
        with self._at_work():
            case, _ = self._case(number)
            if not case.is_open:
                return None
            try:
                passed(Landmark.TICKET_WANTED)
                earlier = self._store.earlier(case, within=LATELY, limit=EARLIER)
                ticket = self._desk.open(case, assignee=case.sheriff or TEAM.name, earlier=earlier)
                passed(Landmark.TICKET_OPENED)
                change = partial(record_ticket, at=self._clock(), ticket=ticket.number, url=ticket.url)
                case = self._store.record(case.id, change)
                passed(Landmark.TICKET_STORED)
                if not case.is_open:  # withdrawn or solved while the desk was working
                    self._desk.close(ticket.number, resolution=f"The case is {case.state.value}.")
            except DeskRefused as error:
                self._dead_letter(case.id, number, error)
            except Unavailable as error:
                return Later(str(error), error.after)
        return None

    def tell_sheriff(self, number: int) -> Later | None:
        with self._at_work():
            case, event = self._case(number)
            if not case.is_open or _happened(case, EventKind.SHERIFF_TOLD):
                return None
            member = self._member(case)
            text = handoff.for_sheriff(case, event)
            told = Notification(f"{number}/sheriff", Role.SHERIFF, member, case, event, text)
            passed(Landmark.SHERIFF_CALLED)
            problem = self._tell(told, EventKind.SHERIFF_TOLD)
            passed(Landmark.NOTIFICATION_STORED)
            return problem

    def tell_asker(self, number: int) -> Later | None:
        """Who was answered without a ticket number hears of it here; for others it stands in the reply. Nor does the
        asker know yet of what somebody did in the ticket system."""
        with self._at_work():
            case, event = self._case(number)
            if not case.is_open or _happened(case, EventKind.ASKER_TOLD):
                return None
            late = _happened(case, EventKind.TICKET_PENDING) and (case.ticket or dead_letter(case) is not None)
            if is_from_desk(event):
                text = handoff.for_asker(case, event)
            elif late:
                text = handoff.standing(case, self._rota, now=self._clock())
            else:
                return None
            news = Notification(f"{number}/asker", Role.ASKER, _asker(case), case, event, text)
            return self._tell(news, EventKind.ASKER_TOLD)

    def write_ticket(self, number: int) -> Later | None:
        """Bring the ticket up to date; a case without one has nothing to write to yet."""
        with self._at_work():
            case, event = self._case(number)
            if not case.ticket:
                return None
            try:
                said = event.text or f"{event.kind.replace('_', ' ')} by {event.actor}"
                self._desk.comment(case.ticket, said, author=event.actor, key=str(number))
                if event.kind in _ENDS_TICKET and not case.is_open:
                    self._desk.close(case.ticket, resolution=case.resolution or said)
            except DeskRefused as error:
                self._dead_letter(case.id, number, error)
            except Unavailable as error:
                return Later(str(error), error.after)
        return None

    def rewrite_ticket(self, number: int) -> Later | None:
        """Write again what the desk refused, into a ticket in the place of a lost one all; what it has already is not
        written twice."""
        case, _ = self._case(number)
        failed = {e.data.get("event") for e in case.events if e.kind == EventKind.TICKET_FAILED}
        lost = any(e.kind == EventKind.TICKET_GONE for e in case.events)
        told = [stored for stored in self._store.events_of(case.id) if stored.event.kind in HEARD_OUTSIDE]
        for stored in told:
            wanted = stored.number in failed or (lost and stored.number < number)
            if wanted and ("write ticket", self.write_ticket) in self.steps_for(stored.event):
                problem = self.write_ticket(stored.number)
                if problem:
                    return problem
        return None

    def pass_on(self, number: int) -> Later | None:
        """Tell the other side: the asker what the sheriff did, the sheriff what the asker did. Whoever asked the same
        hears it too."""
        with self._at_work():
            case, event = self._case(number)
            self._spread(number, case, event)
            told: list[Notification] = []
            if event.kind in ASKER_HEARS:
                text = handoff.for_asker(case, event)
                told.append(Notification(f"{number}/asker", Role.ASKER, _asker(case), case, event, text))
            knows = event.kind == EventKind.HANDED_ON or _happened(case, EventKind.SHERIFF_TOLD)
            own = event.actor == case.sheriff and event.actor != case.asker.name  # two people may have one name
            if event.kind in SHERIFF_HEARS and not own and knows:
                text = handoff.for_sheriff(case, event)
                told.append(Notification(f"{number}/sheriff", Role.SHERIFF, self._member(case), case, event, text))
            problems = (self._tell(notification, None) for notification in told)
            return next(filter(None, problems), None)

    def _spread(self, number: int, master: Case, event: Event) -> None:
        """Let what was said and done in a case that others are linked to happen in those as well, once."""
        follow = followed(master, event)
        if follow is None:
            return
        for case in [case for case in self._store.followers(master.id) if case.is_open]:
            with suppress(NotPossible):  # its asker withdrew it just now
                self._store.record(case.id, partial(once, rule=follow, of=number, at=self._clock()))
            self._spread_told()

    def say_why(self, number: int, reason: str, next_try: str) -> None:
        """Let asker and desk page see why there is no ticket yet, and when the next try is."""
        text = f"{reason} {next_try}"
        with self._at_work():
            case, event = self._case(number)
            if event.kind not in STARTS_HAND_OVER or case.ticket or not case.is_open:
                return
            if all(e.text != text for e in since_hand_over(case)):
                said = partial(note, kind=EventKind.TICKET_PENDING, at=self._clock(), text=text)
                self._store.record(case.id, said)

    def finish(self, number: int) -> None:
        passed(Landmark.DELIVERY_DONE)
        self._store.heard(number)

    def remind(self, number: int, count: int) -> bool:
        """Tell the next one that nobody has taken the case; False when there is nothing to remind of any more."""
        with self._at_work():
            case, event = self._case(number)
            if case.state not in UNTAKEN or since_hand_over(case)[0] != event:
                return False
            role = Role.BACKUP if count == 1 else Role.TEAM
            member = self._rota.backup_on(self._clock()) if role is Role.BACKUP else TEAM
            text = handoff.reminder(case, role)
            self._tell(Notification(f"{number}/remind-{count}", role, member, case, event, text), EventKind.REMINDED)
        return True

    def wait_until_idle(self, *, timeout: float) -> None:
        """Let steps under way finish; what does not is taken up again later."""
        deadline = time.monotonic() + timeout
        while self._running and time.monotonic() < deadline:
            time.sleep(0.02)

    def _tell(self, notification: Notification, kind: EventKind | None) -> Later | None:
        """Deliver, and write down that it was (as `kind`, if given), with the place; returns why not yet, or None.

        Who cannot be reached for good is written down as not told, and of an asker the sheriff hears it.
        """
        try:
            where = self._notifier.tell(notification)
        except Unavailable as error:
            return Later(str(error), error.after)
        except Refused as error:
            where = error.elsewhere
            problem = self._dead_end(notification, str(error))
            if problem:
                return problem
        if kind is EventKind.SHERIFF_TOLD:
            passed(Landmark.SHERIFF_NOTIFIED)
        if where and kind is not None:
            self._note(notification, kind, notification.key, f"{notification.to.name} was told {where}.")
        return None

    def _dead_end(self, notification: Notification, why: str) -> Later | None:
        """Write down that somebody was not told, and tell the sheriff when it is the asker; returns why not yet."""
        said = f"{notification.to.name} was not told {why}."
        case = self._note(notification, EventKind.NOT_TOLD, f"{notification.key}/not told", said)
        log.warning("not_told", case=case.id, role=notification.role.value, reason=why)
        if notification.role is not Role.ASKER:
            return None
        told = replace(notification, key=f"{notification.key}/not told", role=Role.SHERIFF, to=self._member(case))
        try:
            self._notifier.tell(replace(told, case=case, text=f"{case.label}: {said} Reach the person another way."))
        except Unavailable as error:
            return Later(str(error), error.after)
        except Refused as error:
            log.warning("not_told", case=case.id, role=Role.SHERIFF.value, reason=str(error))
        return None

    def _note(self, notification: Notification, kind: EventKind, key: str, said: str) -> Case:
        """Write it down, once per key."""

        def noted(case: Case) -> Change:
            if any(e.data.get("key") == key for e in case.events):
                return Change(case)
            return note(case, kind, at=self._clock(), text=said[:1].upper() + said[1:], data={"key": key})

        return self._store.record(notification.case.id, noted)

    def _dead_letter(self, case_id: str, number: int, error: DeskRefused) -> None:
        """Keep what will not work however often it is tried, where people see it."""
        self._store.record(case_id, partial(refused, at=self._clock(), number=number, reason=str(error)))

    def _case(self, number: int) -> tuple[Case, Event]:
        stored = self._store.event(number)
        case = self._store.get(stored.case_id) if stored else None
        if stored is None or case is None:
            raise LookupError(f"event {number} is not stored")
        return case, stored.event

    def _member(self, case: Case) -> Member:
        """The person on the case; somebody outside the rota is known by name only."""
        if not case.sheriff:
            return TEAM
        return self._rota.member(case.sheriff) or Member(case.sheriff, case.sheriff)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1


def _happened(case: Case, kind: EventKind) -> bool:
    return any(e.kind == kind for e in since_hand_over(case))


def _asker(case: Case) -> Member:
    return Member(case.asker.id, case.asker.name)
