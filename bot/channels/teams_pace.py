"""How fast the channel lets us speak: sends to one conversation wait for their turn, in order; none is dropped."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

# Sends and updates of one bot in one conversation: so many within so many seconds (Microsoft's published limits).
LIMITS: Final = ((7, 1.0), (8, 2.0), (60, 30.0), (1_800, 3_600.0))
_MOST: Final = max(count for count, _ in LIMITS)
_REMEMBERED: Final = max(seconds for _, seconds in LIMITS)
_TIDIED_EVERY: Final = 60.0  # seconds


@dataclass(slots=True)
class _Conversation:
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST))  # when, oldest first
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # whoever waits holds it; the others stand in line

    def pause(self, now: float) -> float:
        """Seconds until one more may be sent; 0 when it may be now."""
        ends = (self.sent[-count] + seconds for count, seconds in LIMITS if len(self.sent) >= count)
        return max(0.0, max(ends, default=now) - now)


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

    async def admit(self, conversation: str) -> None:
        """Return when one more may be sent, and count it."""
        self._tidy()
        ours = self._conversations.setdefault(conversation, _Conversation())
        async with ours.turn:
            while (pause := ours.pause(self._now())) > 0:
                await self._sleep(pause)
            ours.sent.append(self._now())

    def free(self, conversation: str) -> int:
        """How many may be sent at once without waiting."""
        ours, now = self._conversations.get(conversation, _Conversation()), self._now()
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
            if not one.turn.locked() and (not one.sent or now - one.sent[-1] >= _REMEMBERED)
        ]
        for name in idle:
            del self._conversations[name]
