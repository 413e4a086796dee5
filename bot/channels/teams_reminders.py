"""Asks once, after a while, whether an answer helped. Who stays silent is counted as unknown, never as helped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from bot.channels import teams_activities as wire
from bot.channels.cards.reminders import reminder_card
from bot.channels.security import is_loopback
from bot.channels.teams_manifest import host_of
from bot.channels.teams_thread import Outbox
from bot.store.case_store import CaseStore
from bot.store.posts import Posts
from bot.store.turn_log import Clock
from bot.support.cases import Case, CaseState, EventKind
from bot.support.handoff import Refused
from knowledge.errors import Unavailable

REMINDER = "reminder"  # the purpose of the post
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
        """Remind of every case that is due, each once in its life; returns how many. Safe with several replicas."""
        return sum(self._reminded(case) for case in self._due()) if self.after else 0

    def _due(self) -> Iterator[Case]:
        now = self.clock()
        recent = self.cases.list(states=(CaseState.ANSWERED,), since=now - self.after - TOO_LATE, limit=_AT_ONCE)
        for listed in recent:
            if listed.channel != "teams" or listed.outcome not in _OFFERED or listed.updated > now - self.after:
                continue
            case = self.cases.get(listed.id)
            if case and self._is_in_reach(case) and all(event.kind != EventKind.RATED for event in case.events):
                yield case

    def _is_in_reach(self, case: Case) -> bool:
        if not case.reference:
            return False
        return not self.here_only or is_loopback(host_of(str(case.reference.get("serviceUrl") or "")))

    def _reminded(self, case: Case) -> bool:
        if not self.posts.claim(case.id, REMINDER, case.conversation):
            return False
        try:
            activity = self.outbox.post(case.reference, wire.card_activity(reminder_card(case)))
        except Refused:
            activity = ""  # asked for ever in vain: it counts as done
        except Unavailable:
            self.posts.abandon(case.id, REMINDER)
            return False
        self.posts.posted(case.id, REMINDER, activity)
        return bool(activity)
