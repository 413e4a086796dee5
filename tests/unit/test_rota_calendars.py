"""Holidays that come in as iCal, and the schedule that goes out as iCal; both read by the icalendar library."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from bot.support.holidays import bundled_calendars, calendar_path, read_holidays
from bot.support.rota import TEAM, Absence, Override, Rota
from bot.support.rota_feed import AHEAD, PAST, feed
from bot.support.rota_file import check_rota, read_rota
from knowledge.errors import Misuse
from tests.rotas import BO, ROTA, moments, paris, rotas

NOW = paris(2026, 1, 7, 12)


def calendar(*events: str) -> str:
    inside = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{event}\r\nEND:VEVENT\r\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{inside}END:VCALENDAR\r\n"


def days(tmp_path: Path, *events: str) -> dict[date, str]:
    file = tmp_path / "holidays.ics"
    file.write_text(calendar(*events), encoding="utf-8")
    return dict(read_holidays(file).days)


# ---- holidays ----


@pytest.mark.parametrize(
    ("event", "closed"),
    [
        ("DTSTART;VALUE=DATE:20261225", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227", ["2026-12-24", "2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20261224\r\nDURATION:P2D", ["2026-12-24", "2026-12-25"]),
        ("DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;COUNT=2", ["2026-05-01", "2027-05-01"]),
        ("DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;UNTIL=20270601", ["2026-05-01", "2027-05-01"]),
        ("DTSTART;VALUE=DATE:20261126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2", ["2026-11-26", "2027-11-25"]),
        (
            "DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;COUNT=3\r\nEXDATE;VALUE=DATE:20270501",
            ["2026-05-01", "2028-05-01"],
        ),
        ("DTSTART;VALUE=DATE:20260501\r\nRDATE;VALUE=DATE:20260504", ["2026-05-01", "2026-05-04"]),
        ("DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED", []),
        ("DTSTART:20261225T090000Z\r\nDTEND:20261225T100000Z", []),
        ("DTSTART:20261225T090000Z\r\nDTEND;VALUE=DATE:20261226", []),
        ("DTSTART;VALUE=DATE:20260501\r\nDTSTART;VALUE=DATE:20260502", []),
        ("DTSTART:soon", []),
        ("SUMMARY:never", []),
        ("DTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=SECONDLY", []),
    ],
)
def test_whole_days_of_a_calendar_are_closed(tmp_path: Path, event: str, closed: list[str]) -> None:
    assert sorted(d.isoformat() for d in days(tmp_path, event)) == closed


def test_a_day_keeps_the_name_it_has_in_the_calendar(tmp_path: Path) -> None:
    assert days(tmp_path, "DTSTART;VALUE=DATE:20261225\r\nSUMMARY:Noël") == {date(2026, 12, 25): "Noël"}


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR\r\n", "<html></html>"])
def test_what_is_no_calendar_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "holidays.ics"
    file.write_text(text)

    with pytest.raises(Misuse, match=r"holidays\.ics: not an iCal calendar .* Export it as \.ics once more"):
        read_holidays(file)


def test_a_missing_calendar_names_the_bundled_ones(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="one of the bundled calendars: france, germany, united-states"):
        read_holidays(tmp_path / "absent.ics")


@pytest.mark.parametrize(
    ("name", "day", "title"),
    [
        ("france", date(2027, 5, 6), "Ascension"),
        ("france", date(2040, 7, 14), "Fête nationale"),
        ("germany", date(2026, 4, 3), "Karfreitag"),
        ("united-states", date(2026, 11, 26), "Thanksgiving"),
        ("united-states", date(2027, 5, 31), "Memorial Day"),
    ],
)
def test_bundled_calendars_know_fixed_and_moving_days(name: str, day: date, title: str) -> None:
    assert read_holidays(calendar_path(name, Path())).days[day] == title


def test_every_bundled_calendar_is_read_whole() -> None:
    assert [read_holidays(calendar_path(name, Path())).skipped for name in bundled_calendars()] == [0, 0, 0]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["DTSTART;VALUE=DATE:20260501", "RRULE:FREQ=DAILY", "RRULE:X", "DTEND:1"])).map(
        "\r\n".join
    )
)
def test_any_text_is_a_calendar_or_a_misuse(tmp_path: Path, text: str) -> None:
    file = tmp_path / "any.ics"
    for content in (text, calendar(text)):
        file.write_text(content, encoding="utf-8")
        with suppress(Misuse):
            read_holidays(file)


BASE = "timezone: Europe/Paris\nstart: 2026-01-05\nmembers: [{id: ana, name: Ana}]\n"


def test_a_rota_names_calendars_and_single_days(tmp_path: Path) -> None:
    (tmp_path / "ours.ics").write_text(calendar("DTSTART;VALUE=DATE:20260612\r\nSUMMARY:Team day"))
    days = "holidays:\n  - france\n  - ours.ics\n  - {date: 2026-12-24, until: 2026-12-26, name: Between the years}\n"

    checked = check_rota(BASE + days, tmp_path / "rota.yaml")

    assert checked.rota is not None
    assert checked.report.diagnostics == []
    closed = checked.rota.holidays
    assert [closed[date(2026, *day)] for day in ((7, 14), (6, 12), (12, 26))] == [
        "Fête nationale",
        "Team day",
        "Between the years",
    ]


def test_a_calendar_that_cannot_be_read_is_a_warning_and_people_are_on_duty_all_the_same(tmp_path: Path) -> None:
    checked = check_rota(f"{BASE}holidays: [absent.ics]\n", tmp_path / "rota.yaml")

    assert checked.rota is not None
    assert [(d.span.line, d.message.partition(":")[0]) for d in checked.warnings] == [(4, "no holidays are read")]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("{date: soon}", "date 'soon' is not a date"),
        ("{name: Christmas}", "a closed day needs its date"),
        ("{date: 2026-12-24, until: 2026-12-23}", "until is not within a year after date"),
        ("{dat: 2026-12-24}", "unknown key 'dat'"),
    ],
)
def test_a_wrong_day_is_named(entry: str, sentence: str) -> None:
    with pytest.raises(Misuse, match=f"line 4: {sentence}"):
        read_rota(f"{BASE}holidays: [{entry}]\n")


# ---- the feed ----


def events(rota: Rota, now: datetime = NOW) -> list[tuple[date, date, str, str]]:
    """First day, day after the last, title and UID of each event, as another program reads them."""
    read = Calendar.from_ical(feed(rota, now, host="sheriff.example", name="Sheriff"))
    return [(e["dtstart"].dt, e["dtend"].dt, str(e["summary"]), str(e["uid"])) for e in read.walk("VEVENT")]


def test_the_feed_is_valid_all_day_and_transparent() -> None:
    read = Calendar.from_ical(feed(ROTA, NOW, host="sheriff.example", name="Sheriff of Meridian"))
    found = read.walk("VEVENT")

    assert (str(read["version"]), str(read["x-wr-calname"])) == ("2.0", "Sheriff of Meridian")
    assert len(found) == (PAST + AHEAD) // timedelta(weeks=1) + 1
    assert {str(e["transp"]) for e in found} == {"TRANSPARENT"}
    assert all(type(e["dtstart"].dt) is type(e["dtend"].dt) is date for e in found)
    assert all(not e.errors and e["dtstamp"].dt == NOW for e in found)


def test_the_day_of_a_hand_over_is_of_the_one_who_comes() -> None:
    of_ana = next(e for e in events(ROTA) if e[0] == date(2026, 1, 5))

    assert of_ana == (date(2026, 1, 5), date(2026, 1, 12), "Sheriff: Ana", "duty-20260105T080000Z@sheriff.example")


def test_an_override_within_a_day_has_that_day() -> None:
    rota = replace(ROTA, overrides=[Override(paris(2026, 1, 8, 13), paris(2026, 1, 8, 17), BO)])

    assert [e[:3] for e in events(rota) if date(2026, 1, 5) <= e[0] < date(2026, 1, 12)] == [
        (date(2026, 1, 5), date(2026, 1, 8), "Sheriff: Ana"),
        (date(2026, 1, 8), date(2026, 1, 9), "Sheriff: Bo"),
        (date(2026, 1, 8), date(2026, 1, 12), "Sheriff: Ana"),
    ]


def test_an_event_keeps_its_uid_when_the_duty_moves_and_time_goes_on() -> None:
    absent = replace(ROTA, absences=[Absence(paris(2026, 1, 12), paris(2026, 1, 20), BO)])

    before = {uid: title for *_, title, uid in events(ROTA)}
    after = {uid: title for *_, title, uid in events(absent, NOW + timedelta(days=3))}

    moved = "duty-20260112T080000Z@sheriff.example"
    assert (before[moved], after[moved]) == ("Sheriff: Bo", "Sheriff: Dan")
    assert {k for k in before.keys() & after.keys() if before[k] != after[k]} == {moved}


def test_nobody_is_shown_as_nobody() -> None:
    assert {title for *_, title, _ in events(replace(ROTA, members=()))} == {"Sheriff: Nobody"}
    assert TEAM.name not in feed(replace(ROTA, members=()), NOW, host="h", name="n").decode().split("DESCRIPTION")[0]


@settings(deadline=None, max_examples=25)
@given(rotas(), moments)
def test_every_day_shows_who_has_the_duty_at_its_end_and_no_uid_comes_twice(rota: Rota, now: datetime) -> None:
    found = events(rota, now)

    assert len({uid for *_, uid in found}) == len(found)
    for ahead in range(0, 300, 7):
        day = (now + timedelta(days=ahead)).date()
        evening = datetime.combine(day + timedelta(days=1), time(0), rota.zone).astimezone(UTC) - timedelta(seconds=1)
        sheriff = rota.sheriff_on(evening)
        shown = {title for first, after, title, _ in found if first <= day < after}
        assert f"Sheriff: {'Nobody' if sheriff.is_team else sheriff.name}" in shown
