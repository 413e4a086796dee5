"""`sheriff tidy` and `sheriff forget`: what is deleted by age, and what is deleted because of whose it is."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from bot.messages import Person
from bot.settings import Settings
from bot.store.forgetting import Footprint, as_words, footprint, forget, people
from bot.store.opening import Store
from bot.store.tidying import expired, remove
from bot.store_wiring import opened_store
from bot.support.rota_file import read_rota
from knowledge.errors import Failure, Misuse


def tidy_command(settings: Settings, *, days: int | None, dry_run: bool, now: datetime) -> None:
    """Delete ended cases that nothing has happened to for so long, and say how many."""
    age = timedelta(days=days) if days else settings.retention
    if age is None:
        raise Misuse("Nothing says how long cases are kept. Set policy.retention_days, or give --days.")
    before = now - age
    with opened_store(settings) as store:
        due = expired(store.engine, before=before)
        if not dry_run:
            remove(store.engine, due)
    ended = f"that ended and were last touched before {before:%Y-%m-%d %H:%M} UTC"
    print(f"{len(due):,} cases {ended} {'would be' if dry_run else 'were'} deleted.")


def forget_command(settings: Settings, wanted: str, *, yes: bool) -> None:
    """Take a person out of all that is stored, after asking. Raises Misuse when it is not clear who is meant."""
    with opened_store(settings) as store:
        found = footprint(store.engine, _person(store, wanted))
        if found.open:
            labels = ", ".join(found.open)
            raise Failure(f"{found.person.name} still waits for {labels}. Resolve or withdraw that first, then forget.")
        if found.is_empty:
            raise Failure(f"Nothing is stored of {wanted}.")
        print("\n".join(_plan(found)))
        if not (yes or _agreed()):
            print("Nothing was changed.")
            return
        forget(store.engine, found)
    print(f"{found.person.name} is forgotten. By hand: {_left(settings, found)}.")


def _person(store: Store, wanted: str) -> Person:
    found = people(store.engine, wanted)
    if not found:
        raise Failure(f"Nothing is stored of {wanted}. Give the name as the desk shows it, or the id of the channel.")
    if len(found) > 1:
        ids = ", ".join(person.id for person in found)
        raise Misuse(f"Several people are called {wanted}. Name one by id: {ids}.")
    return found[0]


def _plan(found: Footprint) -> list[str]:
    counts = ", ".join(f"{count:,} {words}" for words, count in as_words(found).items())
    return [
        f"Stored of {found.person.name} ({found.person.id}): {counts}.",
        "Removed: what they asked and were answered, what was said in these cases, tickets' texts, votes, replies.",
        "Kept without the name: that there was a case, when, about which component, its cause and its resolution.",
    ]


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Misuse("Nobody is here to be asked. Add --yes when you are sure.")
    return input("This cannot be undone. Forget them? [y/N] ").strip().lower() in {"y", "yes"}


def _left(settings: Settings, found: Footprint) -> str:
    parts = ["backups made before", "messages and cards in Teams"]
    if settings.desk.kind != "sqlite" and found.tickets:
        parts.append(f"tickets {', '.join(found.tickets)}")
    if read_rota(settings.rota).member(found.person.name):
        parts.append(f"the rota in {settings.rota}")
    return "; ".join(parts)
