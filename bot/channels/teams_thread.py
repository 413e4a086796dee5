"""Cases in the sheriffs' channel of Teams: one card each, posted once and updated in place, with news in its thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from bot.channels import story
from bot.channels import teams_activities as wire
from bot.channels.cards import Card, CaseFacts, case_card
from bot.channels.inbox import alike, askers_of_the_same
from bot.store.case_store import CaseStore
from bot.store.posts import CASE_CARD, Posts
from bot.store.turn_log import Claimed, Clock, TurnLog
from bot.support.cases import UNTAKEN, Case, EventKind
from bot.support.clocks import DEFAULTS, Clocks, Goal
from bot.support.handoff import Notification, Refused, Role
from bot.support.rota import Duty
from bot.support.severity import CaseSeverity
from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)
_SPOKEN = frozenset({EventKind.REPLIED, EventKind.DETAILS_ASKED, EventKind.DETAILS_ADDED, EventKind.RESOLVED})
_LATEST = 3


class Outbox(Protocol):
    """How messages reach a conversation from outside of a turn."""

    def post(self, reference: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        """Send; returns the message's id. Raises Unavailable when it may be tried again, Refused when not."""

    def update(self, reference: Mapping[str, Any], activity: str, message: Mapping[str, Any]) -> None:
        """Put a message in the place of an earlier one. Raises as `post` does."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the sheriffs are told; without a conversation, nowhere."""

    conversation: str = ""
    service_url: str = ""
    bot: str = ""  # the bot's id in that channel

    def reference(self, thread: str = "") -> dict[str, Any]:
        """By which a message begins a thread in the channel, or goes into one."""
        name = f"{self.conversation};messageid={thread}" if thread else self.conversation
        return {
            "conversation": {"id": name, "isGroup": True, "conversationType": "channel"},
            "bot": {"id": self.bot},
            "channelId": "msteams",
            "serviceUrl": self.service_url,
        }


@dataclass(frozen=True, slots=True)
class CaseThreads:
    """What sheriffs see of each case in Teams."""

    place: Place
    outbox: Outbox
    cases: CaseStore
    posts: Posts
    deliveries: TurnLog
    rota: Duty
    clock: Clock
    goals: Mapping[CaseSeverity, Goal] = field(default_factory=lambda: DEFAULTS)
    acknowledge: timedelta = timedelta(minutes=30)  # of working time, until somebody else is told
    base_url: str = ""

    def tell(self, notification: Notification) -> str:
        """`Notifier`: a new case gets its card, once; later news goes into its thread, and the card is renewed."""
        if not self.place.conversation:
            return ""
        case = self.cases.get(notification.case.id) or notification.case
        if notification.role is Role.ASKER:
            self._refresh(case)
            return ""
        if not self._begun(case, notification):
            self._add(case, notification)
            self._refresh(case)
        return "in Teams"

    def card(self, case: Case) -> Card:
        """The case as the sheriffs see it now."""
        others = [member.name for member in self.rota.members if member.name != case.sheriff]
        return case_card(case, facts=self._facts(case), members=others, base_url=self.base_url)

    def _begun(self, case: Case, notification: Notification) -> bool:
        """Whether the case's card, and with it the thread, was posted just now."""
        if not self.posts.claim(case.id, CASE_CARD, self.place.conversation):
            return False
        try:
            message = wire.card_activity(wire.calling(self.card(case), notification.to, "this is yours."))
            activity = self.outbox.post(self.place.reference(), message)
        except (Unavailable, Refused):
            self.posts.abandon(case.id, CASE_CARD)
            raise
        self.posts.posted(case.id, CASE_CARD, activity)
        return True

    def _add(self, case: Case, notification: Notification) -> None:
        """Put the news into the thread, once."""
        post = self.posts.of_case(case.id, CASE_CARD)
        if post is None:
            raise Unavailable(f"The card of {case.label} is being posted.")
        key = f"teams-thread:{notification.key}"
        if not isinstance(self.deliveries.claim(key), Claimed):
            return
        try:
            self.outbox.post(self.place.reference(post.activity), wire.text_activity(notification.text))
        except (Unavailable, Refused):
            self.deliveries.abandon(key)
            raise
        self.deliveries.finish(key, "sent")

    def _refresh(self, case: Case) -> None:
        """Show the case as it is now; a card that was deleted keeps nobody from hearing the news."""
        post = self.posts.of_case(case.id, CASE_CARD)
        if post is None:
            return
        try:
            self.outbox.update(self.place.reference(), post.activity, wire.card_activity(self.card(case)))
        except Refused as error:
            log.warning("teams_card_not_renewed", case=case.id, reason=str(error))

    def _facts(self, case: Case) -> CaseFacts:
        handed = story.handed_over_at(case)
        due = escalation = ""
        if story.first_reply_is_due(case):
            due = f"reply due {self._at(Clocks(self.rota, self.goals).first_response(case, self.clock()).due)}"
        if case.state in UNTAKEN:
            backup, told = self.rota.backup_on(handed), self.rota.after_working(handed, self.acknowledge)
            escalation = f"{backup.name[:1].upper()}{backup.name[1:]} is told at {self._at(told)} if nobody takes it."
        earlier = [(c.label, c.ticket_url, c.resolution) for c in alike(case, self.cases, most=2)]
        said = [(event.actor, event.text) for event in case.events if event.kind in _SPOKEN]
        also = [each.asker.name for found in askers_of_the_same(case, self.cases) for each in found]
        return CaseFacts(due=due, escalation=escalation, similar=earlier, latest=said[-_LATEST:], also=also)

    def _at(self, moment: datetime) -> str:
        local, today = self.rota.local(moment), self.rota.local(self.clock())
        return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%a %H:%M}"

    def case_in(self, conversation: str) -> str:
        """The case whose thread in the sheriffs' channel a conversation is; "" for any other."""
        channel, _, thread = conversation.partition(";messageid=")
        if not thread or channel != self.place.conversation:
            return ""
        return self.posts.case_of(channel, thread)

    def is_here(self, conversation: str) -> bool:
        """Whether a conversation is the sheriffs' channel, or a thread in it."""
        return bool(self.place.conversation) and conversation.partition(";")[0] == self.place.conversation
