"""What people may change on the rota, and the rota that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import Person
from bot.support import rota_changes as rules
from bot.support.cases import NotPossible
from bot.support.fairness import loads, shares
from bot.support.rota import TEAM, Rota, Why
from bot.support.rota_alarms import alarms
from bot.support.rota_changes import ChangeKind, Draft, Kept, RotaChange, rota_of
from bot.support.rota_file import read_rota
from bot.support.swaps import FieldFault, Stretch, SwapState, remind_at
from tests.rotas import ANA, BO, DAN, EVE, ROTA, paris, rotas

NOW = paris(2026, 1, 7, 12)  # in Ana's week
BY = Person("ana", "Ana")
BOS = Stretch(paris(2026, 1, 12, 9), paris(2026, 1, 19, 9))
DANS = Stretch(paris(2026, 1, 19, 9), paris(2026, 1, 26, 9))
ANAS = Stretch(paris(2026, 1, 26, 9), paris(2026, 2, 2, 9))


class Desk:
    """Stores changes as the database does."""

    def __init__(self, base: Rota = ROTA) -> None:
        self.base = base
        self.changes: list[RotaChange] = []

    @property
    def kept(self) -> Kept:
        return rota_of(self.base, self.changes)

    def do(self, rule: Callable[..., Draft], *given: object, at: datetime = NOW, **named: object) -> int:
        draft = rule(self.kept, *given, **named)
        self.changes.append(RotaChange(len(self.changes) + 1, at, BY, draft.kind, draft.data))
        return len(self.changes)

    def on(self, *parts: int) -> str:
        return self.kept.rota.sheriff_on(paris(*parts)).name


@pytest.fixture
def desk() -> Desk:
    return Desk()


# ---- overrides and absences ----


def test_an_override_holds_and_says_who_entered_it(desk: Desk) -> None:
    desk.do(rules.add_override, "dan", Stretch(paris(2026, 1, 8, 13), paris(2026, 1, 9, 9)), now=NOW)

    assert (desk.on(2026, 1, 8, 12), desk.on(2026, 1, 8, 13), desk.on(2026, 1, 9, 9)) == ("Ana", "Dan", "Ana")
    assert [(o.by, o.made) for o in desk.kept.rota.overrides] == [("Ana", NOW)]


def test_an_override_is_replaced_and_removed(desk: Desk) -> None:
    desk.do(rules.add_override, "dan", Stretch(paris(2026, 1, 8), paris(2026, 1, 9)), now=NOW)
    desk.do(rules.add_override, "bo", Stretch(paris(2026, 1, 9), paris(2026, 1, 10)), now=NOW, replaces="e1")

    assert (desk.on(2026, 1, 8, 12), desk.on(2026, 1, 9, 12)) == ("Ana", "Bo")

    desk.do(rules.remove, "e2")

    assert desk.on(2026, 1, 9, 12) == "Ana"
    with pytest.raises(NotPossible, match="not there any more"):
        rules.remove(desk.kept, "e2")


def test_an_override_of_the_file_is_taken_back_and_the_file_stays_as_it_is() -> None:
    text = "start: 2026-01-05\nmembers: [{id: ana, name: Ana}, {id: bo, name: Bo}]\n"
    base = read_rota(text + "overrides: [{from: 2026-01-08, until: 2026-01-09, member: bo}]\n")
    desk = Desk(base)
    label = base.overrides[0].id

    desk.do(rules.remove, label)

    assert desk.kept.rota.overrides == ()
    assert desk.kept.base.overrides[0].id == label


def test_the_whole_team_may_cover(desk: Desk) -> None:
    desk.do(rules.add_override, "team", Stretch(paris(2026, 1, 8), paris(2026, 1, 9)), now=NOW)

    assert desk.kept.rota.sheriff_on(paris(2026, 1, 8, 12)) == TEAM
    assert alarms(desk.kept, NOW) == []


def test_an_absence_moves_the_duty_and_ends(desk: Desk) -> None:
    desk.do(rules.add_absence, "ana", Stretch(paris(2026, 1, 8), paris(2026, 1, 9)), now=NOW)

    assert (desk.on(2026, 1, 8, 12), desk.on(2026, 1, 9)) == ("Bo", "Ana")

    desk.do(rules.remove, "e1")

    assert desk.on(2026, 1, 8, 12) == "Ana"


@pytest.mark.parametrize(
    ("member", "stretch", "field", "sentence"),
    [
        ("zoe", Stretch(paris(2026, 1, 8), paris(2026, 1, 9)), "member", "zoe is not in the rota. Choose one of: Ana"),
        ("", Stretch(paris(2026, 1, 8), paris(2026, 1, 9)), "member", "Nobody is not in the rota"),
        ("bo", Stretch(paris(2026, 1, 9), paris(2026, 1, 9)), "ends", "The end is not after the start"),
        ("bo", Stretch(paris(2026, 1, 1), paris(2026, 1, 2)), "ends", "over already"),
        ("bo", Stretch(paris(2026, 1, 8), paris(2027, 2, 9)), "ends", "longer than a year"),
        ("dan", Stretch(paris(2026, 1, 8), paris(2026, 1, 9)), "member", "Dan is away from Thu 08 Jan 00:00"),
    ],
)
def test_a_refusal_names_the_field(desk: Desk, member: str, stretch: Stretch, field: str, sentence: str) -> None:
    desk.do(rules.add_absence, "dan", Stretch(paris(2026, 1, 8), paris(2026, 1, 9)), now=NOW)

    with pytest.raises(FieldFault, match=sentence) as caught:
        rules.add_override(desk.kept, member, stretch, now=NOW)

    assert caught.value.field == field


# ---- swaps ----


def test_a_swap_moves_the_duty_only_when_it_is_accepted(desk: Desk) -> None:
    number = desk.do(rules.ask_swap, "bo", "dan", BOS, DANS, now=NOW)

    assert (desk.on(2026, 1, 12, 9), desk.on(2026, 1, 19, 9)) == ("Bo", "Dan")

    desk.do(rules.answer_swap, number, "dan", accept=True, now=NOW)

    assert (desk.on(2026, 1, 12, 9), desk.on(2026, 1, 19, 9)) == ("Dan", "Bo")
    assert desk.kept.rota.shift_at(paris(2026, 1, 12, 9)).why is Why.SWAP
    assert desk.kept.swaps[0].state(NOW) is SwapState.ACCEPTED


def test_days_may_be_swapped_and_duty_given_without_return(desk: Desk) -> None:
    tuesday = Stretch(paris(2026, 1, 13, 9), paris(2026, 1, 14, 9))
    number = desk.do(rules.ask_swap, "bo", "ana", tuesday, None, now=NOW)
    desk.do(rules.answer_swap, number, "ana", accept=True, now=NOW)

    assert [desk.on(2026, 1, day, 12) for day in (12, 13, 14)] == ["Bo", "Ana", "Bo"]


@pytest.mark.parametrize("end", ["declined", "withdrawn", "lapsed"])
def test_a_swap_that_is_not_accepted_changes_nothing(desk: Desk, end: str) -> None:
    number = desk.do(rules.ask_swap, "bo", "dan", BOS, DANS, now=NOW)
    later = NOW
    if end == "declined":
        desk.do(rules.answer_swap, number, "dan", accept=False, now=NOW)
    elif end == "withdrawn":
        desk.do(rules.withdraw_swap, number, "bo", now=NOW)
    else:
        later = BOS.starts

    assert desk.kept.swaps[0].state(later).value == end
    assert desk.kept.rota.overrides == ()
    with pytest.raises(NotPossible, match="swap"):
        rules.answer_swap(desk.kept, number, "dan", accept=True, now=later)


def test_only_who_was_asked_answers_and_only_who_asked_withdraws(desk: Desk) -> None:
    number = desk.do(rules.ask_swap, "bo", "dan", BOS, DANS, now=NOW)

    with pytest.raises(NotPossible, match="Only Dan can answer this"):
        rules.answer_swap(desk.kept, number, "bo", accept=True, now=NOW)
    with pytest.raises(NotPossible, match="Only Bo can withdraw this"):
        rules.withdraw_swap(desk.kept, number, "dan", now=NOW)
    with pytest.raises(NotPossible, match="There is no swap 9"):
        rules.answer_swap(desk.kept, 9, "dan", accept=True, now=NOW)


@pytest.mark.parametrize(
    ("asker", "other", "gives", "takes", "sentence"),
    [
        ("bo", "bo", BOS, DANS, "Bo cannot swap with Bo"),
        ("bo", "dan", ANAS, DANS, "Bo does not have the duty in all of that time"),
        ("bo", "dan", BOS, ANAS, "Dan does not have the duty"),
        ("ana", "bo", Stretch(paris(2026, 1, 5, 9), paris(2026, 1, 12, 9)), BOS, "has begun already"),
        ("bo", "dan", Stretch(BOS.ends, BOS.starts), None, "The end is not after the start"),
        ("zoe", "dan", BOS, None, "zoe is not in the rota"),
        ("bo", "eve", BOS, None, "Eve is away"),
    ],
)
def test_what_cannot_be_swapped_is_refused(
    asker: str, other: str, gives: Stretch, takes: Stretch | None, sentence: str
) -> None:
    desk = Desk(replace(ROTA, members=(ANA, BO, DAN, EVE)))
    desk.do(rules.add_absence, "eve", Stretch(paris(2026, 1, 14), paris(2026, 1, 15)), now=NOW)
    if gives is ANAS or takes is ANAS:  # in a rota of four it is Eve's
        gives, takes = (Stretch(paris(2026, 2, 2, 9), paris(2026, 2, 9, 9)) if s is ANAS else s for s in (gives, takes))

    with pytest.raises(FieldFault, match=sentence):
        rules.ask_swap(desk.kept, asker, other, gives, takes, now=NOW)


def test_the_same_is_not_asked_twice_while_it_waits(desk: Desk) -> None:
    desk.do(rules.ask_swap, "bo", "dan", BOS, DANS, now=NOW)

    with pytest.raises(FieldFault, match="has been asked this already"):
        rules.ask_swap(desk.kept, "bo", "dan", BOS, DANS, now=NOW)


def test_a_swap_cannot_be_accepted_when_the_duty_has_moved_meanwhile(desk: Desk) -> None:
    number = desk.do(rules.ask_swap, "bo", "dan", BOS, DANS, now=NOW)
    desk.do(rules.add_override, "ana", Stretch(paris(2026, 1, 13), paris(2026, 1, 14)), now=NOW)

    with pytest.raises(FieldFault, match="Bo does not have the duty in all of that time"):
        rules.answer_swap(desk.kept, number, "dan", accept=True, now=NOW)


def test_the_other_one_is_reminded_in_working_hours_before_it_lapses(desk: Desk) -> None:
    desk.do(rules.ask_swap, "bo", "dan", BOS, DANS, now=NOW)
    late = Stretch(paris(2026, 1, 8, 12), paris(2026, 1, 9))
    desk.do(rules.ask_swap, "ana", "dan", late, None, now=NOW)

    assert remind_at(desk.kept.swaps[0], ROTA) == paris(2026, 1, 9, 9)
    assert remind_at(desk.kept.swaps[1], ROTA) is None


def test_an_accepted_swap_is_taken_back_whole(desk: Desk) -> None:
    number = desk.do(rules.ask_swap, "bo", "dan", BOS, DANS, now=NOW)
    desk.do(rules.answer_swap, number, "dan", accept=True, now=NOW)
    desk.do(rules.remove, f"s{number}")

    assert (desk.on(2026, 1, 12, 9), desk.on(2026, 1, 19, 9)) == ("Bo", "Dan")


# ---- the text instead of the file ----

TEXT = "timezone: Europe/Paris\nstart: 2026-01-05\nmembers:\n  - {id: ana, name: Ana}\n  - {id: dan, name: Dan}\n"


def test_a_text_is_stored_only_when_it_is_a_rota(desk: Desk) -> None:
    kept = replace(desk.kept, text=TEXT)

    assert rules.write_base(kept, TEXT.replace("\n", "\r\n") + "backup: next\r\n", path=Path("rota.yaml")) == Draft(
        ChangeKind.BASE, {"text": f"{TEXT}backup: next\n"}
    )
    wrong = TEXT.replace("Paris", "Pari").replace("2026-01-05", "soon")
    with pytest.raises(FieldFault, match=r"Line 1: unknown timezone 'Europe/Pari'.*\n.*Line 2: start 'soon'"):
        rules.write_base(kept, wrong, path=Path("rota.yaml"))
    with pytest.raises(FieldFault, match="Nothing differs"):
        rules.write_base(kept, f"{TEXT}\n", path=Path("rota.yaml"))
    with pytest.raises(NotPossible, match="The file holds already"):
        rules.drop_base(kept)


def test_entries_of_who_left_the_rota_hold_nothing_and_are_told(desk: Desk) -> None:
    desk.do(rules.add_override, "bo", Stretch(paris(2026, 1, 8), paris(2026, 1, 9)), now=NOW)
    desk.base = read_rota(TEXT)

    assert desk.on(2026, 1, 8, 12) == "Ana"
    assert [a.partition(",")[0] for a in alarms(desk.kept, NOW)] == ["bo is not in the rota any more"]
    assert alarms(desk.kept, paris(2026, 1, 10)) == []
    desk.do(rules.remove, "e1")
    assert alarms(desk.kept, NOW) == []


# ---- alarms ----


def test_an_empty_rota_is_an_alarm() -> None:
    empty = rota_of(replace(ROTA, members=()), ())

    [told] = alarms(empty, NOW)
    assert told.startswith("The rota is empty: it has no members. Cases go to the whole team. Add members")
    assert alarms(replace(empty, problems=("broken",)), NOW) == ["broken"]


def test_a_time_in_which_all_are_away_is_an_alarm_two_weeks_before(desk: Desk) -> None:
    for member in ("ana", "bo", "dan"):
        desk.do(rules.add_absence, member, Stretch(paris(2026, 1, 20), paris(2026, 1, 21)), now=NOW)

    assert alarms(desk.kept, paris(2026, 1, 5)) == []
    [told] = alarms(desk.kept, NOW)
    assert told.startswith("Nobody will be on duty from Tue 20 Jan 00:00 to Wed 21 Jan 00:00: Dan is away")
    [told] = alarms(desk.kept, paris(2026, 1, 20, 12))
    assert told.startswith("Nobody is on duty until Wed 21 Jan 00:00")


# ---- fairness ----


def test_duty_is_counted_in_days_and_working_hours_with_overrides_and_swaps(desk: Desk) -> None:
    desk.do(rules.add_override, "dan", Stretch(paris(2026, 1, 13, 9), paris(2026, 1, 14, 9)), now=NOW)
    number = desk.do(rules.ask_swap, "dan", "ana", DANS, ANAS, now=NOW)
    desk.do(rules.answer_swap, number, "ana", accept=True, now=NOW)

    counted = loads(desk.kept.rota, paris(2026, 1, 12, 9), paris(2026, 2, 2, 9))

    assert {m.name: (load.days, load.hours) for m, load in counted.items()} == {
        "Bo": (6, 36),
        "Dan": (8, 54),
        "Ana": (7, 45),
    }


def test_shares_list_every_member_and_time_without_anybody() -> None:
    rota = replace(ROTA, holidays={date(2026, 1, 8): "closed"})
    found = shares(rota, paris(2026, 1, 12, 9), weeks=1)

    assert [(s.member.name, s.past.hours, s.planned.hours) for s in found] == [
        ("Ana", 36, 0),
        ("Bo", 0, 45),
        ("Dan", 0, 0),
    ]
    assert [s.member for s in shares(replace(ROTA, members=()), NOW, weeks=1)] == [TEAM]


@settings(deadline=None)
@given(rotas(), st.integers(1, 8))
def test_the_days_of_all_add_up_to_the_whole_time(rota: Rota, weeks: int) -> None:
    now = datetime(2026, 5, 4, 10, tzinfo=UTC)

    found = shares(rota, now, weeks=weeks)

    assert sum(s.planned.days for s in found) == pytest.approx(7 * weeks, abs=1 / 24)  # a change of the clocks
    assert sum(s.past.hours for s in found) == pytest.approx(
        rota.working.between(rota.local(now) - timedelta(weeks=weeks), now) / timedelta(hours=1)
    )
