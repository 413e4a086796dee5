"""The page /rota and its feed: what is shown, and what its forms do without script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from selectolax.lexbor import LexborHTMLParser

from bot.channels import rota_forms as forms
from bot.channels.duty_news import week_key
from bot.store.rota_news import WEEK
from tests.rotas import paris
from tests.web_office import BO, ROTA_TEXT, Office

HERE = "http://127.0.0.1:3978"
NEXT_WEEK = f"{paris(2026, 11, 30, 9).isoformat()}/{paris(2026, 12, 7, 9).isoformat()}"  # Bo's
AFTER = f"{paris(2026, 12, 7, 9).isoformat()}/{paris(2026, 12, 14, 9).isoformat()}"  # Dan's


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    headers = {"accept": "text/html"}
    with TestClient(office.app(), base_url=HERE, headers=headers, raise_server_exceptions=False) as client:
        yield client


def page(client: TestClient, path: str = "/rota") -> LexborHTMLParser:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return LexborHTMLParser(response.text)


def words(tree: LexborHTMLParser, selector: str) -> str:
    return " ".join(" ".join(node.text(separator=" ") for node in tree.css(selector)).split())


def send(client: TestClient, what: str, *, status: int = 200, **form: str) -> LexborHTMLParser:
    response = client.post(f"/rota/{what}", data=form)
    assert response.status_code == status, response.text
    return LexborHTMLParser(response.text)


def act_as(client: TestClient, name: str) -> None:
    assert (
        client.post("/desk/as", data={"member": name, "back": "/rota"}, follow_redirects=False).headers["location"]
        == "/rota"
    )


def version(tree: LexborHTMLParser) -> str:
    found = tree.css_first("#cover input[name=version]").attributes["value"]
    assert found is not None
    return found


# ---- what is shown ----


def test_the_page_says_who_is_on_duty_until_when_and_who_is_next(client: TestClient, office: Office) -> None:
    office.ask("an unknown thing")

    tree = page(client)

    assert words(tree, "#now") == (
        "On duty now Ana until Mon 30 Nov, 09:00 1 open case Back-up Dan told after 30 min without a reply "
        "Next Bo from Mon 30 Nov, 09:00"
    )
    assert [row.text(separator=" ").split()[:5] for row in tree.css("#weeks tbody tr")][:2] == [
        ["W48", "23", "–", "30", "Nov"],
        ["W49", "30", "Nov", "–", "7"],
    ]
    assert words(tree, "nav [aria-current]") == "Rota"


def test_holidays_overrides_absences_and_swaps_stand_in_the_weeks_in_words(client: TestClient, office: Office) -> None:
    (office.folder / "rota.yaml").write_text(f"{ROTA_TEXT}holidays: [france]\n")
    send(client, "override", member="dan", starts="2026-11-26T13:00", ends="2026-11-27T09:00")
    send(client, "away", member="bo", first="2026-12-01", last="2026-12-02")
    act_as(client, "Dan")
    send(client, "swap", gives=AFTER, takes="ana|")

    changes = [row.css("td")[-1].text() for row in page(client).css("#weeks tbody tr")]

    assert changes[:5] == [
        "Dan covers Thu 26 Nov 13:00 – Fri 27 Nov 09:00",
        "Dan for Bo, who is away 1 – 2 Dec",
        "Dan asks Ana to swap",
        "",
        "Closed on 25 Dec: Noël",
    ]


def test_duty_is_listed_for_everybody_with_its_planned_hours(client: TestClient) -> None:
    rows = [" ".join(row.text(separator=" ").split()) for row in page(client).css("#fair tbody tr")]

    assert rows == [
        "Ana 28.0 days 180 h 28.0 days 180 h",
        "Bo 28.0 days 180 h 28.0 days 180 h",
        "Dan 28.0 days 180 h 28.0 days 180 h",
    ]


# ---- forms ----


def test_an_override_is_added_changed_and_removed(client: TestClient, office: Office) -> None:
    send(client, "override", member="bo", starts="2026-11-26T13:00", ends="2026-11-27T09:00")
    assert words(page(client), "#overrides li div:first-child") == "Bo Thu 26 Nov 13:00 – Fri 27 Nov 09:00 Ana, 10:36"

    form = page(client, "/rota?change=e1")
    assert form.css_first("#override-starts").attributes["value"] == "2026-11-26T13:00"
    assert form.css_first("#cover [name=replaces]").attributes["value"] == "e1"

    send(client, "override", member="dan", starts="2026-11-26T13:00", ends="2026-11-26T18:00", replaces="e1")
    assert words(page(client), "#overrides li div:first-child") == "Dan Thu 26 Nov 13:00 – 18:00 Ana, 10:36"
    assert office.book.sheriff_on(paris(2026, 11, 26, 14)).name == "Dan"

    send(client, "remove", id="e2")
    assert words(page(client), "#overrides") == (
        "Overrides Nobody covers for anybody. An override gives the duty to one person for a while."
    )


@pytest.mark.parametrize(
    ("what", "form", "field", "sentence"),
    [
        (
            "override",
            {"member": "zoe"},
            "override-member",
            "zoe is not in the rota. Choose one of: Ana, Bo, Dan, team.",
        ),
        (
            "override",
            {"ends": "2026-11-25T09:00"},
            "override-ends",
            "The end is not after the start. Write a later end.",
        ),
        ("override", {"starts": "soon"}, "override-starts", "“soon” is no time. Write it as 2026-11-26T13:00."),
        ("override", {"ends": "9999-01-01T00:00"}, "override-ends", "9999-01-01 is too far away."),
        ("away", {"last": "2026-11-01"}, "away-last", "The last day is before the first one. Write a later day."),
        ("away", {"first": ""}, "away-first", "Nothing is no date. Write it as 2026-11-26."),
        ("away", {"first": "2026-11-01", "last": "2026-11-02"}, "away-last", "This is over already."),
        ("swap", {"gives": ""}, "swap-gives", "Choose the duty that you want to give away."),
        ("swap", {"takes": ""}, "swap-takes", "Choose whom you ask, and what you take in return."),
        ("swap", {"gives": "x/y"}, "swap-gives", "This is no duty of the rota. Choose one of the list."),
        ("swap", {"gives": AFTER}, "swap-gives", "Ana does not have the duty in all of that time."),
        ("base", {"text": "start: soon"}, "base-text", "Line 1: start 'soon' is not a date. Write it as 2026-01-05."),
    ],
)
def test_a_wrong_field_says_so_beside_itself_and_keeps_what_was_typed(
    client: TestClient, office: Office, what: str, form: dict[str, str], field: str, sentence: str
) -> None:
    usual = {
        "override": {"member": "bo", "starts": "2026-11-26T13:00", "ends": "2026-11-27T09:00"},
        "away": {"member": "bo", "first": "2026-11-26", "last": "2026-11-27"},
        "swap": {"gives": NEXT_WEEK, "takes": "dan|"},
        "base": {},
    }

    tree = send(client, what, status=422, **(usual[what] | form))

    marked = tree.css_first(f"#{field}")
    assert marked.attributes["aria-invalid"] == "true"
    described = tree.css_first(f"#{marked.attributes['aria-describedby']}")
    assert sentence in described.text()
    assert office.book.changes() == []
    if what == "override" and "member" not in form:
        assert tree.css_first("#override-member option[selected]").attributes["value"] == "bo"


def test_the_second_of_two_editors_is_told_and_keeps_the_form(client: TestClient, office: Office) -> None:
    seen = version(page(client))
    act_as(client, "Bo")
    send(client, "override", member="bo", starts="2026-11-26T13:00", ends="2026-11-27T09:00", version=seen)
    act_as(client, "Ana")

    form = {"member": "dan", "first": "2026-12-01", "last": "2026-12-02"}
    tree = send(client, "away", status=409, version=seen, **form)

    assert "Bo changed the rota while this was open. Nothing was stored" in words(tree, "#away .note.error")
    assert tree.css_first("#away-first").attributes["value"] == "2026-12-01"
    assert "Bo Thu 26 Nov 13:00" in words(tree, "#overrides")

    send(client, "away", version=version(tree), **form)
    assert len(office.book.changes()) == 2


def test_a_swap_is_asked_answered_by_the_other_one_only_and_then_holds(client: TestClient, office: Office) -> None:
    act_as(client, "Bo")
    send(client, "swap", gives=NEXT_WEEK, takes=f"dan|{AFTER}")
    tree = page(client)
    assert words(tree, "#swaps .swap > p:first-child") == "Bo asks Dan 30 Nov – 7 Dec for 7 – 14 Dec"
    assert words(tree, "#swaps .steps") == "Asked 10:36 Reminder Fri 09:00 Lapses Mon 09:00; then Bo keeps the duty"
    assert [b.text() for b in tree.css("#swaps button")] == ["Withdraw"]
    refused = send(client, "swaps/1/accept", status=422)
    assert "Only Dan can answer this" in words(refused, "#swaps .note.error")
    assert office.book.sheriff_on(paris(2026, 12, 1)).name == "Bo"

    act_as(client, "Dan")
    assert [b.text() for b in page(client).css("#swaps button")] == ["Accept for Dan", "Decline"]
    send(client, "swaps/1/accept")

    assert office.book.sheriff_on(paris(2026, 12, 1)).name == "Dan"
    assert words(page(client), "#swaps .steps") == "Asked 10:36 Dan accepted 10:36"
    send(client, "remove", id="s1")
    assert office.book.sheriff_on(paris(2026, 12, 1)).name == "Bo"


def test_some_days_of_a_week_are_swapped(client: TestClient, office: Office) -> None:
    act_as(client, "Bo")
    send(client, "swap", gives=NEXT_WEEK, takes="dan|", give_from="2026-12-01T09:00", give_until="2026-12-02T09:00")
    act_as(client, "Dan")
    send(client, "swaps/1/accept")

    assert [office.book.sheriff_on(paris(2026, 12, day, 12)).name for day in (1, 2)] == ["Dan", "Bo"]


def test_who_asked_withdraws_and_who_was_asked_declines(client: TestClient, office: Office) -> None:
    act_as(client, "Bo")
    send(client, "swap", gives=NEXT_WEEK, takes="dan|")
    send(client, "swaps/1/withdraw")
    send(client, "swap", gives=NEXT_WEEK, takes="dan|")  # the third change
    act_as(client, "Dan")
    send(client, "swaps/3/decline")

    assert [s.answer.value for s in office.book.now().swaps] == ["withdrawn", "declined"]
    assert office.book.now().rota.overrides == ()


def test_a_swap_nobody_answered_lapses_and_the_reminder_is_on_every_page(client: TestClient, office: Office) -> None:
    act_as(client, "Bo")
    send(client, "swap", gives=NEXT_WEEK, takes="dan|")
    assert words(page(client, "/desk"), "#alarms") == ""

    office.clock.pass_(days=2)
    assert words(page(client, "/desk"), "#alarms .warning") == (
        "Dan: Bo asks you to swap and waits for your answer until Mon 30 Nov 09:00. Answer"
    )

    office.clock.pass_(days=3)
    assert words(page(client, "/desk"), "#alarms") == ""
    assert "Lapsed 09:00 without an answer; Bo keeps the duty" in words(page(client), "#swaps")
    act_as(client, "Dan")
    assert "has lapsed" in words(send(client, "swaps/1/accept", status=422), "#swaps")


def test_the_rota_is_rewritten_on_the_page_and_the_file_can_hold_again(client: TestClient, office: Office) -> None:
    send(client, "base", text=ROTA_TEXT.replace("Dan", "Daniel"))
    tree = page(client)

    assert "Written on this page by Ana, 10:36. It holds instead of" in words(tree, "#base")
    assert "name: Dan}" in words(tree, "#base .code")
    assert office.book.member("Daniel") is not None
    assert (office.folder / "rota.yaml").read_text() == ROTA_TEXT

    send(client, "base-drop")
    assert office.book.member("Daniel") is None


def test_a_version_that_never_was_is_refused(client: TestClient, office: Office) -> None:
    form = {"member": "dan", "first": "2026-12-01", "last": "2026-12-02"}

    tree = send(client, "away", status=409, version="7", **form)

    assert "Somebody changed the rota while this was open" in words(tree, "#away .note.error")
    send(client, "away", version="9" * 5000, **form)
    assert len(office.book.changes()) == 1


def test_a_text_that_is_no_yaml_is_refused_in_a_sentence(office: Office) -> None:
    filled = forms.store(office.book, "base", {"text": ":"}, BO, office.clock())

    assert filled is not None
    assert filled.sentence == "Line 1: Expected a key here."


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["override", "away", "remove", "swap", "base", "base-drop"]),
    st.dictionaries(
        st.sampled_from(
            ["member", "starts", "ends", "first", "last", "gives", "takes", "give_from", "take_until", "id", "text"]
        ),
        st.text(max_size=30)
        | st.sampled_from([NEXT_WEEK, AFTER, f"dan|{AFTER}", "bo", "0001-01-01", "9999-12-31T23:59", "2026-12-01"]),
    ),
)
def test_whatever_a_form_holds_it_is_stored_or_refused_with_a_sentence(
    office: Office, what: str, form: dict[str, str]
) -> None:
    filled = forms.store(office.book, what, form, BO, office.clock())

    assert filled is None or filled.sentence.endswith(".")
    office.book.now().rota.shift_at(office.clock())


def test_every_change_is_listed_with_who_and_when(client: TestClient, office: Office) -> None:
    send(client, "override", member="bo", starts="2026-11-26T13:00", ends="2026-11-27T09:00")
    send(client, "override", member="dan", starts="2026-11-26T13:00", ends="2026-11-26T18:00", replaces="e1")
    send(client, "away", member="bo", first="2026-12-09", last="2026-12-10")
    send(client, "remove", id="e2")
    act_as(client, "Bo")
    send(client, "swap", gives=NEXT_WEEK, takes="dan|")
    act_as(client, "Dan")
    send(client, "swaps/5/decline")
    send(client, "base", text=ROTA_TEXT.replace("name: Bo", "name: Robert"))
    office.clock.pass_(days=2)
    send(client, "base-drop")

    assert [" ".join(node.text().split()) for node in page(client).css("#history li")] == [
        "Dan let the file hold again 10:36",
        "Dan rewrote members, hand-over and hours Wed 10:36",
        "Dan declined the swap of Bo Wed 10:36",
        "Bo asked Dan to swap Wed 10:36",
        "Ana removed: Dan, Thu 26 Nov 13:00 – 18:00 Wed 10:36",
        "Ana entered an absence: Bo, 9 – 10 Dec Wed 10:36",
        "Ana changed: Dan, Thu 26 Nov 13:00 – 18:00 Wed 10:36",
        "Ana added an override: Bo, Thu 26 Nov 13:00 – Fri 27 Nov 09:00 Wed 10:36",
    ]


@pytest.mark.parametrize("what", ["dance", "swaps/1/dance"])
def test_an_unknown_form_is_nowhere(client: TestClient, what: str) -> None:
    assert client.post(f"/rota/{what}", data={}).status_code == 404


def test_a_form_that_is_loaded_again_leads_back(client: TestClient) -> None:
    assert client.get("/rota/override", follow_redirects=False).headers["location"] == "/rota"


def test_a_strangers_site_cannot_send_the_forms(client: TestClient, office: Office) -> None:
    response = client.post("/rota/remove", data={"id": "e1"}, headers={"origin": "https://evil.example"})

    assert response.status_code == 403


# ---- loud ----


def test_a_broken_rota_is_said_on_every_page(client: TestClient, office: Office) -> None:
    (office.folder / "rota.yaml").write_text("start: 2026-01-05\nmembers: []\n")

    for path in ("/", "/desk", "/rota", "/gaps"):
        assert "line 2: members is empty. List at least one" in words(page(client, path), "#alarms .error"), path
    assert words(page(client), "#now").startswith("On duty now Nobody")
    assert words(page(client), ".duty") == "Nobody is on duty"


def test_a_time_without_anybody_is_said_before_it_comes(client: TestClient) -> None:
    for member in ("ana", "bo", "dan"):
        send(client, "away", member=member, first="2026-12-01", last="2026-12-01")

    told = words(page(client, "/desk"), "#alarms .error")

    assert told.startswith("Nobody will be on duty from Tue 01 Dec 00:00 to Wed 02 Dec 00:00")


# ---- feed ----


def test_the_feed_is_a_calendar_of_days(client: TestClient) -> None:
    response = client.get("/rota.ics", headers={"accept": "*/*"})

    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    first = Calendar.from_ical(response.content).walk("VEVENT")[8]
    assert (first["dtstart"].dt, first["dtend"].dt, str(first["summary"])) == (
        date(2026, 11, 23),
        date(2026, 11, 30),
        "Sheriff: Ana",
    )
    assert first["dtend"].dt - first["dtstart"].dt == timedelta(days=7)


def test_beyond_loopback_only_the_key_of_the_page_opens_the_feed(office: Office) -> None:
    app = office.app(loopback=False, access_token="s3cret")
    with TestClient(app, base_url="https://sheriff.example") as client:
        shown = client.get("/rota", headers={"accept": "text/html", "authorization": "Bearer s3cret"}).text
        address = LexborHTMLParser(shown).css_first("#calendar a").attributes["href"]
        assert address is not None
        assert address.startswith("https://sheriff.example/rota.ics?key=")

        assert client.get(address).status_code == 200
        assert client.get(f"{address}x").status_code == 401
        assert client.get("/rota.ics").status_code == 401
        assert client.get(address.replace("rota.ics", "rota")).status_code == 401


def test_the_desk_leads_to_the_note_once_it_was_told(client: TestClient, office: Office) -> None:
    assert words(page(client, "/desk"), ".acting a") == ""

    key = week_key(paris(2026, 11, 23, 9))
    office.store.news.claim(key, WEEK)
    office.store.news.tell(key, "Ana now, Bo next.", place="in Teams")

    assert words(page(client, "/desk"), ".acting a") == "Hand-over note of this week"
    assert words(page(client), "#note") == "Hand-over note Told in Teams, 10:36 Ana now, Bo next."
