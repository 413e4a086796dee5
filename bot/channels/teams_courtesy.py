"""What a person hears who writes faster than Sheriff reads: a polite line now and then, and no case."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bot.channels.rates import Buckets, Rate

_TOLD = Rate(6, 1)  # lines a minute: a flood must not be answered by a flood


@dataclass(slots=True)
class Courtesy:
    """One person’s messages and buttons in Teams, counted together with what the person does on the pages."""

    messages: Buckets
    told: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self.told = Buckets(_TOLD, self.messages.now)

    def wait(self, person: str) -> float:
        """0.0 when the next message is read, else the seconds until one is."""
        return self.messages.take(person)

    def is_to_be_told(self, person: str) -> bool:
        """Whether to say so now; it was said otherwise a moment ago."""
        return not self.told.take(person)


def polite(wait: float) -> str:
    """What is said to a message that is not read."""
    return (
        "You are asking faster than I can read, so I left this message out. What came before it is not lost. "
        f"Send it again in {max(1, math.ceil(wait))} s."
    )
