"""How fast the channel lets us speak: sends to one conversation wait for their turn, in order; none is dropped."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

# Sends and updates of one bot in one conversation: so many within so many seconds (Microsoft's published limits).
LIMITS: Final = ((7, 1.0), (8, 2.0), (60, 30.0), (1_800, 3_600.0))
LONGEST: Final = 30.0  # seconds that a turn is held, whatever the channel asks for: a person waits for it
_MOST: Final = max(count for count, _ in LIMITS)
_REMEMBERED: Final = max(seconds for _, seconds in LIMITS)
_TIDIED_EVERY: Final = 60.0  # seconds


@dataclass(slots=True)
class _Conversation:
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST))  # when, oldest first
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # whoever waits holds it; the others stand in line
    held_until: float = -math.inf  # what the channel itself has asked for

    def opens(self) -> float:
        """When our own windows let one more through."""
        ends = (self.sent[-count] + seconds for count, seconds in LIMITS if len(self.sent) >= count)
        return max(ends, default=-math.inf)


class TooSoonError(Exception):
    """Nothing may be sent to the conversation for longer than the caller waits."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not before {seconds:.0f} s")
        self.seconds = seconds


class Pace:
    """Sliding windows per conversation. The clock counts seconds from any moment and never goes back."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._conversations: dict[str, _Conversation] = {}
        self._tidied = now()

    async def admit(self, conversation: str, *, at_most: float | None = None) -> None:
        """Return when one more may be sent, and count it.

        With `at_most` whoever would wait longer is told so by TooSoonError, and nothing is counted. Without, what the
        channel asked for is kept for `LONGEST` seconds: somebody looks at the conversation and waits.
        """
        self._tidy()
        ours = self._conversations.setdefault(conversation, _Conversation())
        self._refuse_if_later(ours, at_most)
        cut = self._now() + LONGEST if at_most is None else math.inf
        async with ours.turn:
            while (pause := max(ours.opens(), min(ours.held_until, cut)) - self._now()) > 0:
                self._refuse_if_later(ours, at_most)
                await self._sleep(pause)
            ours.sent.append(self._now())

    def hold(self, conversation: str, seconds: float) -> None:
        """Let nothing through for so long, as the channel asks."""
        ours = self._conversations.setdefault(conversation, _Conversation())
        ours.held_until = max(ours.held_until, self._now() + seconds)

    def _refuse_if_later(self, ours: _Conversation, at_most: float | None) -> None:
        pause = max(ours.opens(), ours.held_until) - self._now()
        if at_most is not None and pause > at_most:
            raise TooSoonError(pause)

    def free(self, conversation: str) -> int:
        """How many may be sent at once without waiting."""
        ours, now = self._conversations.get(conversation, _Conversation()), self._now()
        if ours.held_until > now:
            return 0
        left = (count - sum(moment > now - seconds for moment in ours.sent) for count, seconds in LIMITS)
        return max(0, min(left))

    def known(self) -> int:
        """How many conversations are remembered."""
        return len(self._conversations)

    def _tidy(self) -> None:
        """Forget conversations in which nothing was sent for as long as the longest window."""
        now = self._now()
        if now - self._tidied < _TIDIED_EVERY:
            return
        self._tidied = now
        idle = [
            name
            for name, one in self._conversations.items()
            if not one.turn.locked() and one.held_until <= now and (not one.sent or now - one.sent[-1] >= _REMEMBERED)
        ]
        for name in idle:
            del self._conversations[name]
