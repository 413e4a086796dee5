from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.support.rota import TEAM, Member, Rota
from bot.support.rota_file import read_rota
from knowledge import bundled
from knowledge.errors import Misuse

PARIS = ZoneInfo("Europe/Paris")
ANA, BO, DAN = Member("ana", "Ana"), Member("bo", "Bo"), Member("dan", "Dan")
ROTA = Rota(zone=PARIS, start=date(2026, 1, 5), members=(ANA, BO, DAN))
TEXT = """\
timezone: Europe/Paris
handover: {weekday: monday, time: "09:00"}
start: 2026-01-05
members:
  - {id: ana, name: Ana, email: ana@example.org}
  - {id: bo, name: Bo}
"""


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)  # type: ignore[misc, arg-type]


def test_the_week_changes_hands_at_nine_on_monday() -> None:
    assert ROTA.sheriff_on(paris(2026, 1, 12, 8, 59)) == ANA
    assert ROTA.sheriff_on(paris(2026, 1, 12, 9, 0)) == BO


def test_before_the_start_the_order_runs_backwards() -> None:
    assert ROTA.sheriff_on(paris(2026, 1, 5, 8, 59)) == DAN


@pytest.mark.parametrize(
    ("monday", "utc_hour"),
    [((2027, 3, 22), 8), ((2027, 3, 29), 7), ((2027, 10, 25), 7), ((2027, 11, 1), 8)],
)
def test_nine_stays_nine_when_the_clocks_change(monday: tuple[int, int, int], utc_hour: int) -> None:
    handover = datetime(*monday, utc_hour, tzinfo=UTC)

    before, after = ROTA.shift_at(handover - timedelta(seconds=1)), ROTA.shift_at(handover)

    assert before.member != after.member
    assert (before.ends, after.starts.hour) == (after.starts, 9)


@given(st.integers(min_value=0, max_value=15 * 365 * 24 * 60))
def test_at_every_moment_exactly_one_shift_holds_and_the_next_one_joins_it(minutes: int) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    shift = ROTA.shift_at(moment)
    following = ROTA.next_shift(moment)

    assert shift.starts.timestamp() <= moment.timestamp() < shift.ends.timestamp()
    assert shift.member == ROTA.sheriff_on(moment)
    assert (following.starts, following.starts.hour) == (shift.ends, 9)
    assert following.member != shift.member


def test_an_override_cuts_a_shift_in_two() -> None:
    rota = read_rota(TEXT + "overrides: [{from: 2026-01-06T13:00, until: 2026-01-07T09:00, member: bo}]\n")

    cover = rota.shift_at(paris(2026, 1, 6, 20, 0))

    assert (cover.member.name, cover.is_override) == ("Bo", True)
    assert (cover.starts, cover.ends) == (paris(2026, 1, 6, 13), paris(2026, 1, 7, 9))
    assert rota.shift_at(paris(2026, 1, 6, 9)).ends == paris(2026, 1, 6, 13)
    assert rota.shift_at(paris(2026, 1, 8)).starts == paris(2026, 1, 7, 9)
    assert rota.next_shift(paris(2026, 1, 6, 9)).starts == paris(2026, 1, 6, 13)


def test_of_two_overlapping_overrides_the_later_one_in_the_file_wins() -> None:
    rota = read_rota(
        TEXT
        + "overrides:\n  - {from: 2026-01-06, until: 2026-01-09, member: bo}\n"
        + "  - {from: 2026-01-07, until: 2026-01-08, member: team}\n"
    )

    assert rota.sheriff_on(paris(2026, 1, 6, 12)).name == "Bo"
    assert rota.sheriff_on(paris(2026, 1, 7, 12)) is TEAM
    assert rota.sheriff_on(paris(2026, 1, 7, 12)).is_team


def test_without_members_nobody_is_on_duty() -> None:
    empty = Rota(zone=PARIS, start=date(2026, 1, 5))

    assert empty.sheriff_on(paris(2026, 1, 6)) is TEAM
    assert empty.backup_on(paris(2026, 1, 6)) is TEAM


@pytest.mark.parametrize(("backup", "name"), [("previous", "Dan"), ("next", "Bo"), ("bo", "Bo"), ("ana", "Dan")])
def test_the_back_up_is_somebody_else(backup: str, name: str) -> None:
    rota = Rota(zone=PARIS, start=date(2026, 1, 5), members=(ANA, BO, DAN), backup=backup)

    assert rota.backup_on(paris(2026, 1, 6)).name == name


def test_alone_in_the_rota_the_team_backs_up_and_the_next_shift_is_ones_own() -> None:
    rota = Rota(zone=PARIS, start=date(2026, 1, 5), members=(ANA,))

    assert rota.backup_on(paris(2026, 1, 6)) is TEAM
    assert rota.next_shift(paris(2026, 1, 6)).starts == paris(2026, 1, 12, 9)


def test_the_coming_weeks_are_listed_in_turn() -> None:
    weeks = list(ROTA.weeks(paris(2026, 1, 7), 4))

    assert [w.member.name for w in weeks] == ["Ana", "Bo", "Dan", "Ana"]
    assert weeks[1].starts == paris(2026, 1, 12, 9)


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (paris(2026, 11, 25, 10, 36), paris(2026, 11, 25, 11, 16)),
        (paris(2026, 11, 25, 17, 50), paris(2026, 11, 26, 9, 30)),
        (paris(2026, 11, 27, 17, 50), paris(2026, 11, 30, 9, 30)),
        (paris(2026, 11, 28, 12, 0), paris(2026, 11, 30, 9, 40)),
        (paris(2026, 11, 25, 3, 0), paris(2026, 11, 25, 9, 40)),
        (paris(2026, 11, 25, 17, 20), paris(2026, 11, 25, 18, 0)),
    ],
)
def test_a_reply_is_due_after_forty_minutes_of_working_time(moment: datetime, due: datetime) -> None:
    assert ROTA.after_working(moment, timedelta(minutes=40)) == due


def test_a_working_day_is_nine_hours_long_even_over_a_weekend() -> None:
    assert ROTA.after_working(paris(2026, 11, 27, 9), timedelta(hours=20)) == paris(2026, 12, 1, 11)


def test_members_are_found_by_id_or_name() -> None:
    assert ROTA.member("BO") == ROTA.member("bo") == BO
    assert ROTA.member("Chloe") is None


def test_the_bundled_rota_reads_as_written() -> None:
    rota = read_rota(bundled.ROTA)

    assert [m.name for m in rota.members] == ["Ana", "Bo", "Dan", "Eve"]
    assert (rota.zone.key, rota.handover, rota.handover_day) == ("Europe/Paris", time(9), "monday")
    assert rota.sheriff_on(paris(2026, 1, 5, 9)).name == "Ana"


def test_a_time_that_yaml_would_read_as_a_number_is_a_time() -> None:
    assert read_rota(TEXT.replace('"09:00"', "10:30")).handover == time(10, 30)


def test_override_times_with_an_offset_are_moved_into_the_zone() -> None:
    rota = read_rota(TEXT + "overrides: [{from: '2026-01-06T12:00+00:00', until: '2026-01-06T13:00Z', member: bo}]\n")

    assert rota.overrides[0].starts == paris(2026, 1, 6, 13)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("Europe/Paris", "Europe/Pariss", "line 1: unknown timezone 'Europe/Pariss'"),
        ('"09:00"', '"25:00"', "line 2: '25:00' is not a time of day"),
        ('"09:00"', "9", "line 2: '9' is not a time of day"),
        ("monday", "moonday", "line 2: unknown weekday 'moonday'"),
        ("2026-01-05", "2026-01-06", "line 3: 2026-01-06 is a tuesday, but hand-over is on monday"),
        ("2026-01-05", "soon", "line 3: start 'soon' is not a date"),
        ("start: 2026-01-05\n", "", "start is missing"),
        ("id: bo", "id: ana", "line 6: member 'ana' is listed twice"),
        ("name: Bo", "name: ''", "line 6: a member needs an id and a name"),
        ("members:", "member:", "line 4: unknown key 'member'"),
        ("{id: bo, name: Bo}", "bo", "line 6: keys are expected here"),
        ("{weekday: monday, ", "{day: monday, ", "line 2: unknown key 'day'"),
        ("timezone: Europe/Paris", "timezone: [Europe/Paris]", "line 1: a single value is expected here"),
        ("timezone: Europe/Paris", "timezone: [", "line 1: The bracket “[” is not closed"),
    ],
)
def test_a_fault_names_file_line_and_remedy(old: str, new: str, sentence: str) -> None:
    assert old in TEXT

    with pytest.raises(Misuse) as caught:
        read_rota(TEXT.replace(old, new))

    assert str(caught.value).startswith("rota.yaml")
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("overrides: [{from: 2026-01-06, until: 2026-01-07, member: zoe}]", "unknown member 'zoe' in an override"),
        ("overrides: [{from: 2026-01-07, until: 2026-01-06, member: bo}]", "until is not after from"),
        ("overrides: [{from: 2026-01-07, member: bo}]", "an override needs from, until and member"),
        ("overrides: [{from: now, until: 2026-01-07, member: bo}]", "'now' is not a time"),
        ("overrides: bo", "a list is expected here"),
        ("backup: zoe", "backup 'zoe' is not a member"),
        ("working_hours: {days: [], from: '09:00'}", "working_hours leave no time"),
        ("working_hours: {from: '18:00', until: '09:00'}", "working_hours leave no time"),
    ],
)
def test_faults_in_optional_parts_are_named_too(more: str, sentence: str) -> None:
    with pytest.raises(Misuse, match="line 7") as caught:
        read_rota(TEXT + more)

    assert sentence in str(caught.value)


def test_optional_parts_may_be_left_empty() -> None:
    rota = read_rota(TEXT + "overrides:\nworking_hours: {days: [sat], from: '10:00', until: '12:00'}\n")

    assert rota.overrides == ()
    assert rota.next_working(paris(2026, 1, 5, 9)) == paris(2026, 1, 10, 10)


@pytest.mark.parametrize("members", ["members: []", "members:"])
def test_a_rota_without_members_is_refused(members: str) -> None:
    with pytest.raises(Misuse, match=r"members is empty\. List at least one"):
        read_rota(f"start: 2026-01-05\n{members}\n")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Misuse, match="the file is empty"):
        read_rota("")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"absent\.yaml: the rota cannot be read \(No such file"):
        read_rota(tmp_path / "absent.yaml")


def test_a_binary_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "rota.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(Misuse, match="it is not UTF-8 text"):
        read_rota(tmp_path / "rota.yaml")


@given(st.text(max_size=200))
def test_any_text_is_a_rota_or_a_misuse(text: str) -> None:
    with suppress(Misuse):
        read_rota(text)
