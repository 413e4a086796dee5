"""The buttons of a swap in Teams: who was asked accepts or declines; everybody else is told who can."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.cards import Card, duty_card
from bot.channels.duty_words import swap_words
from bot.messages import Person
from bot.store.rota_book import RotaBook
from bot.store.turn_log import Clock
from bot.support.rota_changes import Draft, Kept, answer_swap, swap_of
from knowledge.errors import Misuse

ACCEPT, DECLINE = "swap_accept", "swap_decline"
_MOST_DIGITS = 10  # of a swap's number
VERBS = frozenset({ACCEPT, DECLINE})


@dataclass(frozen=True, slots=True)
class SwapButtons:
    book: RotaBook
    clock: Clock

    def press(self, verb: str, swap: object, by: Person | None) -> Card:
        """The card that takes the place of the request. `by` is the member of the rota who pressed, None for a
        stranger. Raises Misuse when nothing was changed."""
        if by is None:
            raise Misuse("Only the members of the rota can do that. Ask to be added to rota.yaml, with teams_id.")
        number = int(str(swap)) if str(swap).isdecimal() and len(str(swap)) < _MOST_DIGITS else 0

        def rule(kept: Kept) -> Draft:
            return answer_swap(kept, number, by.id, accept=verb == ACCEPT, now=self.clock())

        self.book.record(rule, by=by)
        kept = self.book.now()
        found = swap_of(kept, number)
        return duty_card(f"{found.other.name} has {found.answer.value} the swap", swap_words(found, kept.rota))
