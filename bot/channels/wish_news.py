"""Tells voters what became of what they want: in Teams by itself, elsewhere on their page. Once each, not in bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels import teams_activities as wire
from bot.channels.security import is_loopback
from bot.channels.teams_manifest import host_of
from bot.channels.teams_thread import Outbox
from bot.store.request_news import RequestNews, Waiting
from bot.store.request_store import RequestStore
from bot.support.handoff import Refused
from bot.support.wishes import FeatureRequest, Happened, Voter, WishEvent
from bot.wording import of_state, quoted
from knowledge.errors import Unavailable

ON_THE_PAGE = "on the page"
NOTHING_NEW = "nothing new"  # what was changed was changed back before anybody heard of it


@dataclass(frozen=True, slots=True)
class WishNews:
    """What is due goes out; one message for all that a person has to hear, one for all of a conversation."""

    requests: RequestStore
    news: RequestNews
    outbox: Outbox
    base_url: str = ""
    refresh: Callable[[str], None] = lambda _: None  # the open pages of a person, by id
    here_only: bool = False  # without an app id only channels on this machine, such as an emulator, are reached

    def sweep(self) -> int:
        """Tell everybody who is due; returns how many were told in Teams. Safe in several processes."""
        together: dict[tuple[str, tuple[int, ...]], list[tuple[Waiting, Voter]]] = {}
        for waiting in self.news.due():
            if not self.news.claim(waiting):
                continue
            voter = self._reached(waiting)
            if not any(lines_of(waiting.events, self.requests)):
                self.news.told(waiting, place=NOTHING_NEW)
            elif voter is None:
                self.news.told(waiting, place=ON_THE_PAGE)
                self.refresh(waiting.voter)
            else:
                place = str(_conversation(voter).get("id", ""))
                together.setdefault((place, tuple(e.number for e in waiting.events)), []).append((waiting, voter))
        return sum(self._tell(told) for told in together.values())

    def _tell(self, told: Sequence[tuple[Waiting, Voter]]) -> int:
        waiting, voter = told[0]
        lines = lines_of(waiting.events, self.requests)
        if _conversation(voter).get("conversationType") != "personal":
            names = ", ".join(quoted(each.person.name, most=60)[1:-1] for _, each in told)
            lines = [f"{names}: what you want has moved.", *lines]
        more = [f"[All requests]({self.base_url}/requests)"] if self.base_url else []
        try:
            self.outbox.post(voter.reference, wire.text_activity("\n\n".join([*lines, *more])))
        except Refused:
            self._settle(told, ON_THE_PAGE)  # the bot was taken out of the conversation
            return 0
        except Unavailable:
            for each, _ in told:
                self.news.abandon(each)
            return 0
        self._settle(told, "in Teams")
        return len(told)

    def _settle(self, told: Sequence[tuple[Waiting, Voter]], place: str) -> None:
        for each, _ in told:
            self.news.told(each, place=place)

    def _reached(self, waiting: Waiting) -> Voter | None:
        """The voter, if Teams reaches the person: in a chat of two rather than among others."""
        known = [voter for voter in self.requests.reached(waiting.voter) if self._is_in_reach(voter.reference)]
        known.sort(key=lambda voter: _conversation(voter).get("conversationType") != "personal")
        return known[0] if known else None

    def _is_in_reach(self, reference: Mapping[str, Any]) -> bool:
        if not reference.get("conversation"):
            return False
        return not self.here_only or is_loopback(host_of(str(reference.get("serviceUrl") or "")))


def lines_of(events: Sequence[Happened], requests: RequestStore) -> list[str]:
    """One line for each request that is not what the voter knew, as it stands now; Markdown."""
    known: dict[int, Happened] = {}
    for event in events:
        known.setdefault(event.request, event)
    found = ((first, requests.get(number)) for number, first in known.items())
    return [_line(wish, requests) for first, wish in found if wish is not None and _is_news(first, wish)]


def _is_news(first: Happened, wish: FeatureRequest) -> bool:
    return first.kind is not WishEvent.STATE or first.data.get("from") != wish.state.value


def _line(wish: FeatureRequest, requests: RequestStore) -> str:
    kept = requests.get(wish.master) if wish.master else None
    if kept is None:
        return f"{wish.label} {quoted(wish.text)} {of_state(wish)}."
    now = f"is counted with {kept.label} {quoted(kept.text)} now; that one {of_state(kept)}"
    return f"{wish.label} {quoted(wish.text)} {now}."


def _conversation(voter: Voter) -> Mapping[str, Any]:
    found = voter.reference.get("conversation")
    return found if isinstance(found, dict) else {}
