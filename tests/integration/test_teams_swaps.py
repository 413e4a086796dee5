"""Swaps in Teams: the card with its buttons, who may press them, and who is on duty then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.channels.cards import duty_card
from bot.channels.duty_words import on_duty, swap_words
from bot.channels.teams_commands import Commands
from bot.channels.teams_swaps import SwapButtons
from bot.messages import Person
from bot.store.rota_book import RotaBook
from bot.support import rota_changes as rules
from bot.support.swaps import Stretch
from tests.fakes import notices_of, wishes_of
from tests.integration.test_teams_desk import ANA, BO, EVE, Office, office, running
from tests.rotas import paris
from tests.teams_bot import NOW, clock

__all__ = ["office", "running"]

ROTA = """\
timezone: Europe/Paris
start: 2026-11-23
members:
  - {id: ana, name: Ana, teams_id: aad-ana}
  - {id: bo, name: Bo}
"""
GIVES = Stretch(paris(2026, 12, 7, 9), paris(2026, 12, 14, 9))  # Ana's


@pytest.fixture
def book(office: Office, tmp_path: Path) -> RotaBook:
    (tmp_path / "rota.yaml").write_text(ROTA)
    book = office.store.rota(tmp_path / "rota.yaml")
    office.channel.talk.swaps = SwapButtons(book, clock)
    book.record(lambda kept: rules.ask_swap(kept, "ana", "bo", GIVES, None, now=NOW), by=Person("ana", "Ana"))
    return book


def shown(card: dict[str, Any]) -> str:
    return " ".join(block.get("text", "") for block in card["body"]).replace("\\", "")


def test_a_waiting_swap_has_two_buttons_that_name_it() -> None:
    card = duty_card("Ana asks Bo to swap", "Ana gives …", swap=7)

    assert [(a["title"], a["data"]) for a in card["actions"]] == [
        ("Accept", {"verb": "swap_accept", "v": 1, "swap": 7}),
        ("Decline", {"verb": "swap_decline", "v": 1, "swap": 7}),
    ]
    assert "actions" not in duty_card("Bo has accepted the swap", "Ana gives …")


def test_who_was_asked_accepts_and_the_duty_moves(office: Office, book: RotaBook) -> None:
    card = office.press("swap_accept", BO, swap=1)

    assert shown(card).startswith("Bo has accepted the swap Ana gives Mon 07 Dec 09:00 – Mon 14 Dec 09:00")
    assert book.sheriff_on(paris(2026, 12, 8)).name == "Bo"


def test_a_second_press_changes_nothing(office: Office, book: RotaBook) -> None:
    office.press("swap_decline", BO, swap=1)

    assert "Bo has declined this swap" in shown(office.press("swap_accept", BO, swap=1))
    assert book.sheriff_on(paris(2026, 12, 8)).name == "Ana"


@pytest.mark.parametrize(
    ("who", "swap", "sentence"),
    [
        (ANA, 1, "Only Bo can answer this"),
        (EVE, 1, "Only the members of the rota can do that"),
        (BO, 9, "There is no swap 9"),
        (BO, "x", "There is no swap 0"),
        (BO, None, "There is no swap 0"),
    ],
)
def test_nobody_else_does_and_no_other_swap(
    office: Office, book: RotaBook, who: dict[str, str], swap: object, sentence: str
) -> None:
    assert sentence in shown(office.press("swap_accept", who, swap=swap))
    assert len(book.changes()) == 1


def test_who_is_on_duty_says_why_it_is_somebody_else(office: Office, book: RotaBook) -> None:
    away = Stretch(paris(2026, 11, 24), paris(2026, 11, 26))
    book.record(lambda kept: rules.add_absence(kept, "ana", away, now=NOW), by=Person("ana", "Ana"))
    commands = Commands(
        office.store.cases, office.casework, wishes_of(office.store), notices_of(office.store, clock), book, clock
    )

    card = commands.roster()

    assert shown(card).startswith("Bo (for Ana, who is away) is on duty Until Thu 26 Nov, 00:00 (Europe/Paris)")


def test_nobody_is_nobody_and_a_swap_is_said_in_a_sentence(office: Office, book: RotaBook) -> None:
    away = Stretch(paris(2026, 11, 24), paris(2026, 11, 25))
    for member in ("ana", "bo"):
        book.record(lambda kept, who=member: rules.add_absence(kept, who, away, now=NOW), by=Person("ana", "Ana"))
    commands = Commands(
        office.store.cases, office.casework, wishes_of(office.store), notices_of(office.store, clock), book, clock
    )

    assert on_duty(book.shift_at(NOW)) == ""
    assert shown(commands.roster()).startswith("Nobody is on duty Until Wed 25 Nov, 00:00")
    [swap] = book.now().swaps
    assert swap_words(swap, book.rota).endswith("and takes nothing in return.")
