"""Desks over HTTP against ticket systems that lose answers, lag, throttle, fail and refuse: never two tickets."""

from __future__ import annotations

import json
import random
import re
from datetime import timedelta

import pytest

from bot.support.handoff import Found, TicketState
from knowledge.errors import DeskRefused, DeskUnavailable
from tests.desk_double import PASSING, START, Killed, Trouble
from tests.desks import KINDS, TOKEN, Bench, bench
from tests.fakes import a_case

CARRIED_OUT = (Trouble.ANSWER_LOST, Trouble.FAILED_AFTER, Trouble.GARBAGE, Trouble.EMPTY)
FINDING = tuple(kind for kind in KINDS if kind != "webhook")  # its receiver finds; others are looked through
ASSIGNED = {"github": "assignees", "jira": "assignee", "servicenow": "assigned_to"}  # where it stands
LAG = 4.0  # seconds; the desks are told 5


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Bench:
    return bench(request.param)


def insist(there: Bench, case_id: str = "c-00000001", *, tries: int = 60) -> str:
    """Open the case's ticket as the workflow does: again, after a pause, while the desk is not available."""
    for _ in range(tries):
        try:
            return there.again().open(a_case(case_id), assignee="Ana").number
        except DeskUnavailable:
            there.time.sleep(5)
    raise AssertionError(f"no ticket after {tries} tries")


@pytest.mark.parametrize("trouble", CARRIED_OUT)
def test_a_ticket_whose_answer_was_lost_is_found_and_not_made_again(there: Bench, trouble: str) -> None:
    there.double.lag = LAG
    there.double.writes_only.append(trouble)

    number = there.desk.open(a_case(), assignee="Ana").number

    assert there.desk.state(number) is TicketState.OPEN
    assert len(there.double.tickets) == 1


@pytest.mark.parametrize("trouble", PASSING)
def test_whatever_happens_to_one_request_that_changes_something_there_is_one_ticket(there: Bench, trouble: str) -> None:
    there.double.lag = LAG
    there.double.writes_only.append(trouble)

    insist(there)

    assert len(there.double.tickets) == 1


@pytest.mark.parametrize("trouble", PASSING)
def test_whatever_happens_to_three_requests_in_a_row_there_is_one_ticket(there: Bench, trouble: str) -> None:
    there.double.lag = LAG
    there.double.script.extend([trouble] * 3)

    insist(there)

    assert len(there.double.tickets) == 1


@pytest.mark.parametrize("kind", FINDING)
def test_a_process_that_died_after_asking_for_a_ticket_is_waited_for_by_the_next(kind: str) -> None:
    there = bench(kind)
    there.double.lag = LAG
    there.double.writes_only.append(Trouble.ANSWER_LOST)
    there.time.deadly = True
    with pytest.raises(Killed):
        there.again().open(a_case(), assignee="Ana")
    there.time.deadly = False

    with pytest.raises(DeskUnavailable, match="looked for again before another is made"):
        there.again().open(a_case("c-00000001"), assignee="Ana")
    there.time.sleep(there.double.lag)
    there.again().open(a_case(), assignee="Ana")

    assert len(there.double.tickets) == 1


@pytest.mark.parametrize("kind", FINDING)
def test_of_two_processes_that_see_no_ticket_at_the_same_time_one_makes_it(kind: str) -> None:
    there = bench(kind)
    there.double.lag = LAG
    first, second = there.again(), there.again()
    there.double.meanwhile = lambda: second.open(a_case(), assignee="Ana")

    with pytest.raises(DeskUnavailable, match="Another process is opening this ticket"):
        first.open(a_case(), assignee="Ana")

    assert insist(there) == second.open(a_case(), assignee="Ana").number
    assert len(there.double.tickets) == 1


@pytest.mark.parametrize("seed", range(5))
def test_sixty_hand_overs_in_random_trouble_make_sixty_tickets(there: Bench, seed: int) -> None:
    there.double.lag = LAG
    there.double.chance = random.Random(seed)  # noqa: S311 - trouble, not a secret

    numbers = [insist(there, f"c-{n:08}") for n in range(60)]

    assert len(there.double.tickets) == 60
    assert len(set(numbers)) == 60


@pytest.mark.parametrize("seed", range(5))
def test_what_is_written_in_random_trouble_stands_there_once(there: Bench, seed: int) -> None:
    there.double.chance = random.Random(seed)  # noqa: S311 - trouble, not a secret
    ticket = insist(there)

    for key in range(10):
        said = False
        while not said:
            try:
                there.again().comment(ticket, f"Note number {key}.", author="Kim", key=str(key))
                said = True
            except DeskUnavailable:
                there.time.sleep(5)

    texts = "\n".join(there.double.texts(1))
    assert [texts.count(f"Note number {key}.") for key in range(10)] == [1] * 10


def test_an_hour_in_which_writing_fails_after_it_was_done_makes_no_second_ticket(there: Bench) -> None:
    """Reading works now and then, so that Sheriff gets as far as asking for a ticket."""
    there.double.lag = LAG
    there.double.down_until = START + timedelta(hours=1)

    numbers = [insist(there, f"c-{n}", tries=2000) for n in range(20)]

    assert there.time.now >= START + timedelta(minutes=1)
    assert len(there.double.tickets) == len(set(numbers)) == 20


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_told_with_its_remedy_and_without_the_secret(there: Bench, status: int) -> None:
    there.double.refusal = (status, {"message": f"No, {TOKEN} will not do.", "error": {"message": f"No {TOKEN}"}})

    with pytest.raises(DeskRefused) as refused:
        there.desk.open(a_case(), assignee="Ana")

    assert "desk" in str(refused.value) or "SHERIFF_DESK_TOKEN" in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_system_that_throttles_for_long_is_asked_again_later(there: Bench) -> None:
    there.double.retry_after = "3600"
    there.double.script.extend([Trouble.THROTTLED] * 9)

    with pytest.raises(DeskUnavailable, match="asks to wait 3600 seconds") as raised:
        there.desk.open(a_case(), assignee="Ana")

    assert raised.value.after == 3600
    assert there.time.slept == []


@pytest.mark.parametrize(
    ("said", "after"), [("120", 120.0), ("Wed, 25 Nov 2026 09:05:00 GMT", 300.0), ("soon", 0.0), ("-5", 0.0)]
)
def test_a_system_that_is_down_is_left_alone_for_as_long_as_it_says(there: Bench, said: str, after: float) -> None:
    there.double.refusal, there.double.refusal_headers = (503, {}), {"retry-after": said}

    with pytest.raises(DeskUnavailable) as raised:
        there.desk.open(a_case(), assignee="Ana")

    assert raised.value.after == after
    assert after == 0 or len(there.double.requests) == 1


def test_a_write_of_unknown_outcome_says_how_long_to_wait_and_is_looked_for_then() -> None:
    there = bench("github")
    there.double.down_after = "120"
    there.double.writes_only.append(Trouble.UNAVAILABLE_AFTER)
    there.double.lag = 60.0

    with pytest.raises(DeskUnavailable, match="looked for again before another is made") as raised:
        there.desk.open(a_case(), assignee="Ana")
    there.time.sleep(raised.value.after)
    there.again().open(a_case(), assignee="Ana")

    assert raised.value.after == 120
    assert len(there.double.tickets) == 1


def test_a_system_that_throttles_shortly_is_waited_for(there: Bench) -> None:
    there.double.retry_after = "4"
    there.double.script.extend([Trouble.THROTTLED, Trouble.THROTTLED])

    there.desk.open(a_case(), assignee="Ana")

    assert there.time.slept == [4.0, 4.0]


@pytest.mark.parametrize("kind", ["github"])
def test_the_limits_of_github_are_no_refusal(kind: str) -> None:
    there = bench(kind)
    there.double.refusal = (403, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."})

    with pytest.raises(DeskUnavailable, match="throttling"):
        there.desk.open(a_case(), assignee="Ana")


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"retry-after": "60"}, "asks to wait 60 seconds"),
        ({"retry-after": "Wed, 25 Nov 2026 09:02:00 GMT"}, "asks to wait 120 seconds"),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795601400"}, "asks to wait 4200 seconds"),
    ],
)
def test_github_says_how_long_to_stay_away_in_three_ways(headers: dict[str, str], told: str) -> None:
    there = bench("github")
    there.double.refusal = (403, {"message": "No."})
    there.double.refusal_headers = headers

    with pytest.raises(DeskUnavailable, match=told):
        there.desk.open(a_case(), assignee="Ana")


def test_a_new_ticket_tells_the_conversation_before_it(there: Bench) -> None:
    before = [
        a_case("c-2", question="And for\nprod?", answer="Set\n`callers`.", outcome="hinted"),
        a_case(
            "c-1", question="How do I start a job?", answer="With JOR.", outcome="answered", resolution="In its file."
        ),
    ]

    there.desk.open(a_case(), assignee="Ana", earlier=before)

    written = json.dumps(there.double.tickets[1].fields, ensure_ascii=False)
    told = ["How do I start a job?", "Sheriff (answered): With JOR. Resolution: In its file.", "And for"]
    told += ["Sheriff (hinted): Set `callers`."]
    assert [written.find(words) for words in told] == sorted(written.find(words) for words in told)
    assert written.find(told[0]) > 0


@pytest.mark.parametrize("kind", FINDING)
def test_a_long_question_leaves_room_for_who_is_on_duty(kind: str) -> None:
    there = bench(kind)

    there.desk.open(a_case(question="Why me? " * 20_000), assignee="Cleo", earlier=[a_case("c-1")])

    written = json.dumps(there.double.tickets[1].fields, ensure_ascii=False)
    assert written.find("the rest is in the case") < written.find("On duty: Cleo.")
    assert written.find("the rest is in the case") > 0


def test_half_a_character_in_a_question_is_replaced(there: Bench) -> None:
    there.desk.open(a_case(question="Why \ud83d in my log?"), assignee="Ana")

    assert len(there.double.tickets) == 1


def test_a_redirect_is_not_followed_with_the_token(there: Bench) -> None:
    there.double.refusal = (302, {})

    with pytest.raises(DeskRefused, match="redirects to another address"):
        there.desk.open(a_case(), assignee="Ana")

    assert len({request.url.host for request in there.double.requests}) == 1


def test_a_ticket_deleted_by_hand_is_made_anew_for_a_case_that_comes_back(there: Bench) -> None:
    first = there.desk.open(a_case(), assignee="Ana").number
    there.double.tickets[1].deleted = True
    there.time.sleep(600)

    assert there.desk.state(first) is TicketState.UNKNOWN
    assert there.desk.open(a_case(ticket=first), assignee="Ana").number != first


def test_a_ticket_closed_by_hand_is_told_with_what_was_written(there: Bench) -> None:
    first = there.desk.open(a_case("c-1"), assignee="Ana").number
    second = there.desk.open(a_case("c-2"), assignee="Ana").number
    there.double.close_by_hand(1, "The broker was restarted.")

    assert there.desk.changed_among(opened=[first, second], closed=[]) == {
        first: Found(TicketState.CLOSED, "The broker was restarted.")
    }


@pytest.mark.parametrize("kind", ASSIGNED)
def test_a_ticket_is_assigned_when_it_is_opened_and_again_when_it_is_reopened(kind: str) -> None:
    there, field = bench(kind), ASSIGNED[kind]
    number = there.desk.open(a_case(), assignee="Ana").number
    first = there.double.tickets[1].fields[field]
    there.desk.close(number, resolution="Set callers.")

    there.desk.open(a_case(ticket=number), assignee="Bo")

    assert "ana" in str(first)
    assert "bo" in str(there.double.tickets[1].fields[field])


def test_somebody_without_an_account_there_is_named_in_the_text(there: Bench) -> None:
    there.desk.open(a_case(), assignee="Cleo")

    assert b"Cleo" in there.double.requests[-1].content
    assert not {"assignees", "assignee", "assigned_to"} & set(there.double.tickets[1].fields)


def test_the_resolution_and_the_notes_stand_in_the_ticket(there: Bench) -> None:
    ticket = there.desk.open(a_case(), assignee="Ana").number

    there.desk.comment(ticket, "It is prod.", author="Kim", key="7")
    there.desk.close(ticket, resolution="Set callers.")

    written = "\n".join(there.double.texts(1))
    assert "Kim" in written
    assert written.index("It is prod.") < written.index("Set callers.")


HOSTILE = """@ana ![x](https://evil.example/t.png) [your password](https://evil.example) <img src=//evil.example>
<!-- sheriff case=c-9 --> [click][1] [code]<a href="https://evil.example">here</a>[/code]

[1]: https://evil.example
"""
LIVE = {
    "github": r"@\w|!\[|\]\(|\]\[|<(?!!-- sheriff (?:case=c-00000001|note=7|resolution) -->)[a-z!/]|^\[1\]:",
    "servicenow": r"(?i)\[/?code\]",
}


@pytest.mark.parametrize("kind", LIVE)
def test_what_people_write_is_shown_there_as_they_wrote_it(kind: str) -> None:
    there = bench(kind)
    ticket = there.desk.open(a_case(question=HOSTILE, answer=HOSTILE), assignee="Ana").number
    there.desk.comment(ticket, HOSTILE, author="[code]<b>@ana", key="7")
    there.desk.close(ticket, resolution=f"Done. {HOSTILE}")

    fields = there.double.tickets[1].fields
    written = [fields.get("body", fields.get("description")), *filter(None, there.double.texts(1))]
    assert len(written) == 3
    for text in written:
        assert "your password" in text
        assert not re.search(LIVE[kind], text, re.MULTILINE)


def test_jira_gets_nothing_but_text() -> None:
    there = bench("jira")
    ticket = there.desk.open(a_case(question=HOSTILE), assignee="Ana").number
    there.desk.comment(ticket, HOSTILE, author="<b>@ana", key="7")

    kinds = set(re.findall(r'"type": *"(\w+)"', b"".join(r.content for r in there.double.requests).decode()))
    assert kinds == {"doc", "paragraph", "text", "hardBreak"}


def test_a_code_example_keeps_its_characters() -> None:
    there = bench("github")
    example = "```yaml\nlimits: [1, 2]\nrule: a < b\nkeys: {x: [y]}\n```"

    there.desk.open(a_case(question=example), assignee="Ana")

    assert example in there.double.tickets[1].fields["body"]
