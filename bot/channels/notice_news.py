"""Proposes a notice in the sheriffs' channel when alike questions rise; with one tap it is pinned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.channels import teams_activities as wire
from bot.channels.cards.notices import proposal_card
from bot.channels.teams_thread import Outbox, Place
from bot.noticing import Notices
from bot.support.handoff import Refused
from bot.support.notices import Proposal
from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NoticeNews:
    """Where there is no channel of sheriffs, the page alone shows the proposal."""

    notices: Notices
    outbox: Outbox
    place: Place
    refresh: Callable[[], None] = lambda: None  # the open pages

    def sweep(self) -> Proposal | None:
        """Look once; a proposal is stored before it is told, so that nobody proposes it twice."""
        found = self.notices.look()
        if found is None:
            return None
        self.refresh()
        if self.place.conversation:
            try:
                self.outbox.post(self.place.reference(), wire.card_activity(proposal_card(found)))
            except (Refused, Unavailable) as error:  # the desk's page has it
                log.warning("notice_not_proposed_in_teams", reason=str(error))
        return found
