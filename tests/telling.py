"""A process that looks once, for each moment it is given, whether the rota has something to tell.

Run it as `python -m tests.telling DATABASE ROTA REPLICA`: moments come line by line (ISO 8601), and each is answered
with a line of JSON: the titles of the cards that it has posted. It is ready when it has printed the first one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.channels.duty_news import DutyNews
from bot.channels.teams_thread import Place
from bot.store.opening import open_store


@dataclass
class _Printed:
    """An outbox that keeps the titles of what is posted."""

    titles: list[str] = field(default_factory=list)

    def post(self, reference: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        del reference
        self.titles.append(message["attachments"][0]["content"]["body"][0]["text"])
        return "sent"

    def update(self, reference: Mapping[str, Any], activity: str, message: Mapping[str, Any]) -> None:
        raise AssertionError("nothing is updated")

    def say(self) -> None:
        print(json.dumps(self.titles), flush=True)
        self.titles.clear()


@dataclass
class _Given:
    """The clock of this process."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def main(database: str, rota: str, replica: str) -> None:
    clock = _Given(datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
    store = open_store(database, clock=clock, replica=replica)
    store.replicas.enter()
    outbox = _Printed()
    place = Place("19:sheriffs@thread.tacv2", "https://smba.example", "28:bot")
    news = DutyNews(store.rota(Path(rota)), store.news, store.cases, outbox, place, clock)
    outbox.say()
    for line in sys.stdin:
        clock.now = datetime.fromisoformat(line.strip())
        news.sweep()
        outbox.say()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
