"""The steps by which desk, sheriff and asker hear of a stored event. Each may run twice: it looks before it acts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from bot.landmarks import Landmark, passed
from bot.store.case_store import CaseStore
from bot.store.turn_log import Clock
from bot.support import handoff
from bot.support.cases import UNTAKEN, Case, Change, Event, EventKind
from bot.support.handoff import ASKER_HEARS, SHERIFF_HEARS, STARTS_HAND_OVER, Desk, Notification, Notifier, Role
from bot.support.rota import TEAM, Member, Rota
from bot.support.transitions import name_sheriff, note, record_ticket, since_hand_over
from knowledge.errors import Unavailable

Step = Callable[[int], str]  # takes an event's number; "" when it is done, else why it must be tried again
_ENDS_TICKET = frozenset({EventKind.RESOLVED, EventKind.CLOSED, EventKind.WITHDRAWN})


class Outreach:
    """What happens outside when something has happened to a case."""

    def __init__(self, store: CaseStore, *, desk: Desk, notifier: Notifier, rota: Rota, clock: Clock) -> None:
        self._store = store
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
        return (("write ticket", self.write_ticket), ("pass on", self.pass_on))

    def name_sheriff(self, number: int) -> str:
        """Write down who is on duty; an untaken case goes with the rota."""
        now = self._clock()
        member = self._rota.sheriff_on(now)
        named = "" if member.is_team else member.name
        with self._at_work():
            self._store.record(self._case(number)[0].id, lambda case: name_sheriff(case, at=now, sheriff=named))
            passed(Landmark.SHERIFF_NAMED)
        return ""

    def open_ticket(self, number: int) -> str:
        with self._at_work():
            case, _ = self._case(number)
            if not case.is_open:
                return ""
            try:
                passed(Landmark.TICKET_WANTED)
                ticket = self._desk.open(case, assignee=case.sheriff or TEAM.name)
                passed(Landmark.TICKET_OPENED)
                change = partial(record_ticket, at=self._clock(), ticket=ticket.number, url=ticket.url)
                case = self._store.record(case.id, change)
                passed(Landmark.TICKET_STORED)
                if not case.is_open:  # withdrawn or solved while the desk was working
                    self._desk.close(ticket.number, resolution=f"The case is {case.state.value}.")
            except Unavailable as error:
                return str(error)
        return ""

    def tell_sheriff(self, number: int) -> str:
        with self._at_work():
            case, event = self._case(number)
            if not case.is_open or _happened(case, EventKind.SHERIFF_TOLD):
                return ""
            member = self._member(case)
            text = handoff.for_sheriff(case, event)
            told = Notification(f"{number}/sheriff", Role.SHERIFF, member, case, event, text)
            passed(Landmark.SHERIFF_CALLED)
            problem = self._tell(told, EventKind.SHERIFF_TOLD)
            passed(Landmark.NOTIFICATION_STORED)
            return problem

    def tell_asker(self, number: int) -> str:
        """Only who was answered without a ticket number hears of it here; for others it stands in the reply."""
        with self._at_work():
            case, event = self._case(number)
            late = _happened(case, EventKind.TICKET_PENDING) and not _happened(case, EventKind.ASKER_TOLD)
            if not (late and case.ticket and case.is_open):
                return ""
            text = handoff.standing(case, self._rota, now=self._clock())
            told = Notification(f"{number}/asker", Role.ASKER, _asker(case), case, event, text)
            return self._tell(told, EventKind.ASKER_TOLD)

    def write_ticket(self, number: int) -> str:
        """Bring the ticket up to date; a case without one has nothing to write to yet."""
        with self._at_work():
            case, event = self._case(number)
            if not case.ticket:
                return ""
            try:
                said = event.text or f"{event.kind.replace('_', ' ')} by {event.actor}"
                self._desk.comment(case.ticket, said, author=event.actor, key=str(number))
                if event.kind in _ENDS_TICKET and not case.is_open:
                    self._desk.close(case.ticket, resolution=case.resolution or said)
            except Unavailable as error:
                return str(error)
        return ""

    def pass_on(self, number: int) -> str:
        """Tell the other side: the asker what the sheriff did, the sheriff what the asker did."""
        with self._at_work():
            case, event = self._case(number)
            told: list[Notification] = []
            if event.kind in ASKER_HEARS:
                text = handoff.for_asker(case, event)
                told.append(Notification(f"{number}/asker", Role.ASKER, _asker(case), case, event, text))
            knows = event.kind == EventKind.HANDED_ON or _happened(case, EventKind.SHERIFF_TOLD)
            if event.kind in SHERIFF_HEARS and case.sheriff != event.actor and knows:
                text = handoff.for_sheriff(case, event)
                told.append(Notification(f"{number}/sheriff", Role.SHERIFF, self._member(case), case, event, text))
            try:
                for notification in told:
                    self._notifier.tell(notification)
            except Unavailable as error:
                return str(error)
        return ""

    def say_why(self, number: int, reason: str, next_try: str) -> str:
        """Let asker and desk page see why there is no ticket yet, and when the next try is."""
        text = f"{reason} {next_try}"
        with self._at_work():
            case, event = self._case(number)
            if event.kind not in STARTS_HAND_OVER or case.ticket or not case.is_open:
                return ""
            if all(e.text != text for e in since_hand_over(case)):
                said = partial(note, kind=EventKind.TICKET_PENDING, at=self._clock(), text=text)
                self._store.record(case.id, said)
        return ""

    def finish(self, number: int) -> str:
        passed(Landmark.DELIVERY_DONE)
        self._store.heard(number)
        return ""

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

    def _tell(self, notification: Notification, kind: EventKind) -> str:
        """Deliver, and write down that it was, with the place; an unreachable person is not written down as told."""
        try:
            where = self._notifier.tell(notification)
        except Unavailable as error:
            return str(error)
        if kind is EventKind.SHERIFF_TOLD:
            passed(Landmark.SHERIFF_NOTIFIED)
        if where:
            data = {"key": notification.key}
            said = f"{notification.to.name} was told {where}."

            def told(case: Case) -> Change:
                known = any(e.data.get("key") == notification.key for e in case.events)
                return (
                    Change(case)
                    if known
                    else note(case, kind, at=self._clock(), text=said[:1].upper() + said[1:], data=data)
                )

            self._store.record(notification.case.id, told)
        return ""

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
