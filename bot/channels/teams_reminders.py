"""Asks once, after a while, whether an answer or a resolution helped. Silence counts as unknown, never as helped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from bot.channels import teams_activities as wire
from bot.channels.cards.reminders import follow_up_card, reminder_card
from bot.channels.security import is_loopback
from bot.channels.teams_manifest import host_of
from bot.channels.teams_thread import Outbox
from bot.store.case_store import CaseStore
from bot.store.posts import Posts
from bot.store.turn_log import Clock
from bot.support.cases import Case, CaseState, EventKind
from bot.support.handoff import Refused
from knowledge.errors import Unavailable

REMINDER, FOLLOW_UP = "reminder", "follow-up"  # the purposes of the posts
TOO_LATE = timedelta(days=3)  # after that a reminder is only noise: the server was down, or it was just switched on
_AT_ONCE = 200  # cases looked at in one sweep
_OFFERED = frozenset({"answered", "hinted"})


@dataclass(frozen=True, slots=True)
class Reminders:
    """Which answers nobody said anything about."""

    cases: CaseStore
    posts: Posts
    outbox: Outbox
    clock: Clock
    after: timedelta  # of silence; 0: nobody is reminded
    here_only: bool = False  # without an app id only channels on this machine, such as an emulator, are reached

    def sweep(self) -> int:
        """Remind of every case that is due, each once in a state; returns how many. Safe with several replicas."""
        if not self.after:
            return 0
        due = [(case, REMINDER) for case in self._due(CaseState.ANSWERED) if case.outcome in _OFFERED]
        due += [(case, FOLLOW_UP) for case in self._due(CaseState.RESOLVED)]
        return sum(self._reminded(case, purpose) for case, purpose in due)

    def _due(self, state: CaseState) -> Iterator[Case]:
        """Those of which nobody has heard since they came into the state."""
        until = self.clock() - self.after
        for listed in self.cases.changed(state, since=until - TOO_LATE, before=until, limit=_AT_ONCE):
            case = self.cases.get(listed.id) if listed.channel == "teams" and self._is_in_reach(listed) else None
            if case and (state is CaseState.RESOLVED or all(event.kind != EventKind.RATED for event in case.events)):
                yield case

    def _is_in_reach(self, case: Case) -> bool:
        if not case.reference:
            return False
        return not self.here_only or is_loopback(host_of(str(case.reference.get("serviceUrl") or "")))

    def _reminded(self, case: Case, purpose: str) -> bool:
        if not self.posts.claim(case.id, purpose, case.conversation):
            return False
        card = reminder_card(case) if purpose == REMINDER else follow_up_card(case)
        try:
            activity = self.outbox.post(case.reference, wire.card_activity(card))
        except Refused:
            activity = ""  # asked for ever in vain: it counts as done
        except Unavailable:
            self.posts.abandon(case.id, purpose)
            return False
        self.posts.posted(case.id, purpose, activity)
        return bool(activity)
