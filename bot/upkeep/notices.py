"""`sheriff notice`: pin, list and end known issues from a shell; a running server shows them with the next question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot import knowledge_wiring, store_wiring
from bot.messages import Person
from bot.noticing import Notices
from bot.settings import Settings
from bot.support.likeness import Likeness
from bot.support.notices import Notice
from bot.support.rota import Duty
from knowledge.errors import Misuse


def add_command(
    settings: Settings, title: str, until: str, *, text: str, questions: Sequence[str], case: str, by: str
) -> None:
    """Pin a notice and print it. Raises Misuse for one without a title, an end in the past, or an unknown member."""
    with _opened(settings) as (notices, rota):
        pinned = notices.pin(title, _acting(rota, by), until, text=text, questions=questions, case=case)
        print(f"{_line(pinned, rota)}\nQuestions about it see it from now on.")


def list_command(settings: Settings, *, output: str) -> None:
    """Print the notices that hold now."""
    if output not in {"text", "json"}:
        raise Misuse(f"--format {output}: choose text or json.")
    with _opened(settings) as (notices, rota):
        active = notices.store.active()
        if output == "json":
            print(json.dumps([_as_json(notice) for notice in active], ensure_ascii=False, indent=2))
        elif active:
            print("\n".join(_line(notice, rota) for notice in active))
        else:
            print("No issue is known. `sheriff notice add TITLE --until 4h` pins one.")


def end_command(settings: Settings, number: int, *, by: str) -> None:
    """End a notice now. Raises Misuse when it has ended, or is unknown."""
    with _opened(settings) as (notices, rota):
        ended = notices.end(number, _acting(rota, by))
        print(f"Notice {ended.number} has ended: {ended.title}")


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Notices, Duty]]:
    with store_wiring.opened_store(settings) as store:
        rota = store.rota(settings.rota)
        likeness = Likeness(knowledge_wiring.embedder(settings).embed)  # loads nothing until texts are compared
        yield Notices(store.notices, store.cases, likeness, clock=store_wiring.now, zone=rota.zone), rota


def _acting(rota: Duty, by: str) -> Person:
    if not by:
        return Person("operator", "Operator")
    member = rota.member(by)
    if member is None:
        raise Misuse(f"{by} is not in the rota. Name one of: {', '.join(m.name for m in rota.members)}.")
    return Person(member.id, member.name)


def _line(notice: Notice, rota: Duty) -> str:
    return f"{notice.number}  {notice.title}  (until {rota.local(notice.ends):%a %d %b %H:%M}, pinned by {notice.by})"


def _as_json(notice: Notice) -> dict[str, object]:
    return {
        "number": notice.number,
        "title": notice.title,
        "text": notice.text,
        "by": notice.by,
        "at": notice.at.isoformat(),
        "until": notice.ends.isoformat(),
        "questions": list(notice.questions),
        "case": notice.case_id,
    }
