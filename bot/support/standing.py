"""What waits at one moment, in numbers: what every replica says alike, since it is counted in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Standing:
    open_cases: Mapping[str, int]  # by state; states without any are in it
    oldest: datetime | None  # when the oldest open case was opened
    tickets_pending: int  # open cases that have no ticket yet
    dead_letters: int  # cases of which the ticket system refuses something
    news_waiting: int  # events that somebody outside has yet to hear of
    messages_waiting: int  # that a channel was told have arrived, and that are not answered
