"""What people do to a case, the same from every channel: each call stores what happened and sees that others hear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bot.messages import Person
from bot.redaction import redact
from bot.store.case_store import CaseStore
from bot.store.turn_log import Clock
from bot.support import transitions
from bot.support.cases import Case, Cause, Change, NotPossible
from bot.support.handoff import standing
from bot.support.rota import Duty
from bot.support.severity import CaseSeverity


class Delivers(Protocol):
    """`bot.workflows.Workflows`, as far as casework needs it."""

    def hand_over(self, case_id: str, *, wait: float = 2.0) -> Case:
        """See to it that a person hears of the case; it comes back with its ticket if that was there in time."""

    def push(self, case_id: str) -> object:
        """Start on what nobody has heard of this case."""


class Casework:
    """Every operation may be repeated: the second time changes nothing, or is refused with a sentence (NotPossible).

    Secrets leave what people write before it is stored or told to anybody."""

    def __init__(self, store: CaseStore, *, workflows: Delivers, rota: Duty, clock: Clock) -> None:
        self._store = store
        self._workflows = workflows
        self._rota = rota
        self._clock = clock

    # What Sheriff and the asker do

    def hand_over(self, case_id: str, *, wait: float = 2.0) -> Case:
        """Sheriff has no sure answer: the duty sheriff is asked. Returns the case with its ticket if the desk answers
        within `wait` seconds."""
        return self._ask(case_id, "Sheriff", wait)

    def ask_sheriff(self, case_id: str, by: Person, *, wait: float = 2.0) -> Case:
        """The asker wants a person, whatever Sheriff answered."""
        return self._ask(case_id, by.name, wait)

    def withdraw(self, case_id: str, by: Person) -> Case:
        """No need any more: nobody is to work on it."""
        return self._change(case_id, lambda case: transitions.withdraw(case, by=by.name, at=self._clock()))

    def solved(self, case_id: str, by: Person) -> Case:
        """That solved it."""
        return self._change(case_id, lambda case: transitions.solved(case, by=by.name, at=self._clock()))

    def rate(self, case_id: str, by: Person, *, helpful: bool, reason: str = "") -> Case:
        """A thumb up or down on the answer, kept with the case."""

        def rated(case: Case) -> Change:
            return transitions.rate(case, by=by.name, at=self._clock(), helpful=helpful, reason=reason)

        return self._store.record(case_id, rated)

    def add_details(self, case_id: str, by: Person, text: str) -> Case:
        """The asker adds something; on a resolved case this reopens it."""
        said = redact(text).text
        return self._change(
            case_id, lambda case: transitions.add_details(case, by=by.name, at=self._clock(), text=said)
        )

    def reopen(self, case_id: str, by: Person, text: str = "") -> Case:
        said = redact(text).text
        return self._change(case_id, lambda case: transitions.reopen(case, by=by.name, at=self._clock(), text=said))

    # What the sheriff does

    def take(self, case_id: str, by: Person) -> Case:
        return self._change(case_id, lambda case: transitions.take(case, by=by.name, at=self._clock()))

    def reply(self, case_id: str, by: Person, text: str) -> Case:
        """Words for the asker; takes the case if nobody has."""
        said = redact(text).text
        return self._change(case_id, lambda case: transitions.reply(case, by=by.name, at=self._clock(), text=said))

    def ask_for_details(self, case_id: str, by: Person, text: str) -> Case:
        """The case then waits for the asker."""
        said = redact(text).text

        def asked(case: Case) -> Change:
            return transitions.ask_for_details(case, by=by.name, at=self._clock(), text=said)

        return self._change(case_id, asked)

    def resolve(self, case_id: str, by: Person, cause: Cause, resolution: str, *, faq: bool = False) -> Case:
        """The resolution goes to the asker, and to who asks next; with `faq` it is noted for the FAQ."""
        said = redact(resolution).text

        def resolved(case: Case) -> Change:
            at = self._clock()
            return transitions.resolve(case, by=by.name, at=at, cause=cause, resolution=said, faq=faq)

        return self._change(case_id, resolved)

    def set_severity(self, case_id: str, by: Person, severity: CaseSeverity) -> Case:
        """Moves what is due."""
        return self._change(
            case_id, lambda case: transitions.set_severity(case, by=by.name, at=self._clock(), severity=severity)
        )

    def link(self, case_id: str, by: Person, *, to: str) -> Case:
        """The case asks the same as another one, which is worked on for both. Raises NotPossible when that one is
        unknown, has ended or is itself linked; a case that others are linked to takes them along."""
        master = self._store.get(to)
        if master is None:
            raise NotPossible(f"There is no case {to} to link to.")

        def linked(case: Case) -> Change:
            return transitions.link_to(case, master, by=by.name, at=self._clock())

        case = self._change(case_id, linked)
        for follower in self._store.followers(case_id):
            if follower.is_open:
                self._change(follower.id, linked)
        return case

    def attach(self, case_id: str, by: Person, *, to: str) -> Case:
        """The asker has the trouble of another case, which is worked on for this one, too. Raises NotPossible."""
        master = self._store.get(to)
        if master is None:
            raise NotPossible(f"There is no case {to} to attach to.")
        case = self._store.record(case_id, lambda case: transitions.ask_sheriff(case, by=by.name, at=self._clock()))
        if not case.master:
            self._store.record(case_id, lambda case: transitions.link_to(case, master, by=by.name, at=self._clock()))
        return self._workflows.hand_over(case_id, wait=0)

    def unlink(self, case_id: str, by: Person) -> Case:
        """The case is worked on by itself again."""
        return self._change(case_id, lambda case: transitions.unlink(case, by=by.name, at=self._clock()))

    def hand_to(self, case_id: str, by: Person, member: str) -> Case:
        """Give the case to another member, by id or name."""
        known = self._rota.member(member)
        if known is None:
            names = ", ".join(m.name for m in self._rota.members)
            raise NotPossible(f"{member or 'Nobody'} is not in the rota. Hand it to one of: {names}.")

        def handed(case: Case) -> Change:
            return transitions.hand_to(case, by=by.name, at=self._clock(), member=known.name)

        return self._change(case_id, handed)

    def retry_ticket(self, case_id: str, by: Person) -> Case:
        """What the ticket system refused is tried again: somebody has set it right."""
        return self._change(case_id, lambda case: transitions.retry_ticket(case, by=by.name, at=self._clock()))

    # Sentences

    def duty_sentence(self) -> str:
        """Who is on duty, until when, and whether anybody works now."""
        now = self._clock()
        shift = self._rota.shift_at(now)
        until = f"until {self._rota.local(shift.ends):%a %d %b, %H:%M} ({self._rota.zone.key})"
        if shift.member.is_team:
            who = f"Nobody is on duty {until}; cases go to the whole team."
        else:
            who = f"{shift.member.name} is on duty {until}."
        if self._rota.is_working(now):
            return who
        return f"{who} Working hours start {self._rota.local(self._rota.next_working(now)):%a %H:%M}."

    def standing(self, case: Case) -> str:
        """Where a handed-over case stands, for its asker: only what has really happened."""
        return standing(case, self._rota, now=self._clock())

    def _ask(self, case_id: str, by: str, wait: float) -> Case:
        self._store.record(case_id, lambda case: transitions.ask_sheriff(case, by=by, at=self._clock()))
        return self._workflows.hand_over(case_id, wait=wait)

    def _change(self, case_id: str, rule: Callable[[Case], Change]) -> Case:
        case = self._store.record(case_id, rule)
        self._workflows.push(case_id)
        return case
