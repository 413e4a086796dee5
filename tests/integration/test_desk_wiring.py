"""From sheriff.yaml and the environment to a desk that works over real HTTP, to `doctor` and `cases retry`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot import desk_wiring
from bot.doctor import examine
from bot.findings import Health
from bot.sections import DeskSettings, ServerSettings
from bot.settings import Settings, load
from bot.store.opening import Store, open_store
from bot.store.turn_log import utc_now
from bot.support import transitions
from bot.support.cases import EventKind
from bot.support.handoff import Desk, TicketState
from knowledge.errors import DeskRefused, DeskUnavailable, Misuse
from tests.commands import Run, run
from tests.desk_double import Double, GitHubDouble, JiraDouble, ReceiverDouble, ServiceNowDouble, Time, served
from tests.fakes import a_case

__all__ = ["run"]

TOKEN = "tok-9f8e7d"
FILES = {
    "github": "kind: github\n  url: {url}\n  repository: acme/platform\n  assignees: {{Ana: ana-gh}}\n",
    "jira": "kind: jira\n  url: {url}\n  project: SUP\n  fields: {{priority: {{name: High}}}}\n",
    "servicenow": "kind: servicenow\n  url: {url}\n  fields: {{assignment_group: Platform}}\n",
    "webhook": "kind: webhook\n  url: {url}/sheriff?tenant=7\n",
}
DOUBLES: dict[str, type[Double]] = {
    "github": GitHubDouble,
    "jira": JiraDouble,
    "servicenow": ServiceNowDouble,
    "webhook": ReceiverDouble,
}
BASIC = f"Basic {base64.b64encode(f'bot@example.com:{TOKEN}'.encode()).decode()}"
AUTHORIZATION = {"github": f"Bearer {TOKEN}", "jira": BASIC, "servicenow": BASIC, "webhook": None}


@dataclass
class Connected:
    """A desk made from a file and the environment, and the double at the other end of a socket."""

    kind: str
    double: Any  # a Double
    url: str
    config: Path
    store: Store

    def settings(self) -> Settings:
        return load(self.config, home=self.config.parent / "home")

    def opened(self, settings: Settings | None = None) -> AbstractContextManager[Desk]:
        return desk_wiring.opened_desk(settings or self.settings(), self.store, clock=utc_now)


@pytest.fixture(params=FILES)
def connected(
    request: pytest.FixtureRequest, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Connected]:
    kind = request.param
    monkeypatch.setenv("SHERIFF_DESK_TOKEN", TOKEN)
    monkeypatch.setenv("SHERIFF_DESK_USER", "bot@example.com")
    monkeypatch.setenv("SHERIFF_DESK_SECRET", ReceiverDouble.secret)
    time = Time(now=utc_now())
    double = DOUBLES[kind](time)
    with ExitStack() as stack:
        url = stack.enter_context(served(double))
        config = tmp_path / "sheriff.yaml"
        config.write_text(f"desk:\n  {FILES[kind].format(url=url)}  index_lag_seconds: 0\n")
        home = tmp_path / "home"
        store = open_store(f"sqlite:///{home / 'sheriff.db'}")
        stack.callback(store.close)
        yield Connected(kind, double, url, config, store)


def test_a_ticket_lives_from_opening_to_closing_over_real_http(connected: Connected) -> None:
    case = connected.store.cases.save_new(a_case(opened=utc_now(), updated=utc_now()))

    with connected.opened() as desk:
        ticket = desk.open(case, assignee="Ana")
        desk.comment(ticket.number, "It is “prod”: 50 % of ünïcode.", author="Kim", key="1")
        desk.close(ticket.number, resolution="Set callers.")
        state, closed = desk.state(ticket.number), desk.changed_among(opened=[ticket.number], closed=[])

    assert state is TicketState.CLOSED
    assert list(closed) == [ticket.number]
    assert ticket.url.startswith("http")
    assert any("It is “prod”: 50 % of ünïcode." in text for text in connected.double.texts(1))
    assert {request.headers.get("authorization") for request in connected.double.requests} == {
        AUTHORIZATION[connected.kind]
    }


def test_an_answer_lost_on_the_wire_makes_no_second_ticket(connected: Connected) -> None:
    case = connected.store.cases.save_new(a_case(opened=utc_now(), updated=utc_now()))
    connected.double.writes_only.append("answer lost")

    with connected.opened() as desk:
        desk.open(case, assignee="Ana")

    assert len(connected.double.tickets) == 1


def test_a_desk_that_is_not_there_is_unavailable(connected: Connected) -> None:
    settings = connected.settings()
    gone = settings.model_copy(update={"desk": settings.desk.model_copy(update={"url": "http://127.0.0.1:1"})})

    case = connected.store.cases.save_new(a_case())

    with connected.opened(gone) as desk, pytest.raises(DeskUnavailable, match=r"cannot be reached at 127\.0\.0\.1\.$"):
        desk.open(case, assignee="Ana")


# ---- doctor and retry ----


def finding(connected: Connected) -> tuple[Health, str]:
    found = next(f for f in examine(connected.settings()) if f.part == "desk")
    return found.health, found.sentence


def test_the_doctor_reads_the_desk_and_changes_nothing(connected: Connected) -> None:
    health, sentence = finding(connected)

    assert health is Health.GOOD
    assert connected.kind in sentence.lower() or "receiver" in sentence
    asked = [request for request in connected.double.requests if request.method != "GET"]
    assert [request.content for request in asked] in ([], [b'{"event": "states", "tickets": []}'])


def test_the_doctor_says_that_the_credentials_are_wrong(connected: Connected) -> None:
    connected.double.refusal = (401, {"message": f"bad {TOKEN}"})

    health, sentence = finding(connected)

    assert health is Health.BAD
    assert "SHERIFF_DESK_" in sentence
    assert TOKEN not in sentence


@pytest.mark.parametrize(
    ("kind", "spoil", "told"),
    [
        (GitHubDouble, {"has_issues": False}, "has no issues"),
        (GitHubDouble, {"role": "pull"}, "may not label issues"),
        (JiraDouble, {"granted": False}, "lacks permissions in the project SUP: Browse projects, Create issues"),
    ],
)
def test_rights_that_are_missing_are_named(
    kind: type[Double], spoil: dict[str, Any], told: str, bench_of: Callable[[type[Double]], tuple[Desk, Double]]
) -> None:
    desk, double = bench_of(kind)
    for name, value in spoil.items():
        setattr(double, name, value)

    with pytest.raises(DeskRefused, match=told):
        desk.check()


@pytest.fixture
def bench_of() -> Callable[[type[Double]], tuple[Desk, Double]]:
    from tests.desks import KINDS, bench

    def made(double: type[Double]) -> tuple[Desk, Double]:
        kind = next(name for name, (made, _) in KINDS.items() if made is double)
        there = bench(kind)
        return there.desk, there.double

    return made


def test_what_was_refused_is_listed_by_doctor_and_command_until_it_is_tried_again(
    connected: Connected, run: Run
) -> None:
    store, why = connected.store, "GitHub refuses (403). Give the token its right."
    store.cases.save_new(a_case(opened=utc_now(), updated=utc_now()))
    store.cases.record("c-00000001", lambda case: transitions.refused(case, at=utc_now(), number=2, reason=why))
    arguments = ("--config", str(connected.config), "--home", str(connected.config.parent / "home"))
    assert finding(connected) == (
        Health.BAD,
        f"1 refused: c-00000001: {why} Set it right, then `sheriff cases retry --all`.",
    )

    listed = run("cases", "retry", *arguments)
    unknown = run("cases", "retry", "c-9", *arguments)
    done = run("cases", "retry", "--all", *arguments)
    after = run("cases", "retry", *arguments)
    again = run("cases", "retry", "c-00000001", *arguments)

    assert (listed.code, done.code, after.code) == (0, 0, 0)
    assert f"c-00000001  Can JOR start a job in a namespace of another application?\n    {why}" in listed.out
    assert (unknown.code, unknown.err.strip()[:31]) == (2, "sheriff: There is no case c-9. ")
    assert done.out.startswith("c-00000001: is tried again")
    assert after.out == "The ticket system has refused nothing.\n"
    assert (again.code, "there is nothing to try again" in again.err) == (2, True)
    case = store.cases.get("c-00000001")
    assert case is not None
    assert [(e.kind, e.actor) for e in case.events][-1] == (EventKind.TICKET_RETRIED, "Operator")
    assert finding(connected)[0] is Health.GOOD


# ---- settings ----


@pytest.mark.parametrize(
    ("desk", "told"),
    [
        (DeskSettings(kind="github"), "desk.repository and SHERIFF_DESK_TOKEN are not set"),
        (DeskSettings(kind="jira", project="SUP"), "desk.url and SHERIFF_DESK_TOKEN are not set"),
        (DeskSettings(kind="servicenow", url="https://x.example"), "SHERIFF_DESK_TOKEN is not set"),
        (DeskSettings(kind="webhook", url="https://x.example"), "SHERIFF_DESK_SECRET is not set"),
    ],
)
def test_what_a_desk_lacks_is_named_at_start(
    desk: DeskSettings, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SHERIFF_DESK_TOKEN", "SHERIFF_DESK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")

    with pytest.raises(Misuse) as refused, desk_wiring.opened_desk(Settings(desk=desk), store, clock=utc_now):
        pytest.fail("this desk cannot work")

    store.close()
    assert str(refused.value) == f"desk.kind is {desk.kind}, but {told}. See docs/desks.md."


def test_a_token_is_not_sent_unencrypted_to_another_machine(connected: Connected) -> None:
    settings = connected.settings()
    plain = settings.model_copy(update={"desk": settings.desk.model_copy(update={"url": "http://tickets.example"})})

    with pytest.raises(Misuse, match=r"desk\.url: http://tickets\.example is not https"), connected.opened(plain):
        pytest.fail("the token must not be sent")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("kind: trello", "github"),
        ("kind: github\n  repository: platform", "owner/name"),
        ("kind: jira\n  project: sup", "SUP"),
        ("kind: github\n  token: abc", "token"),
        ("kind: jira\n  index_lag_seconds: 3600", "60"),
    ],
)
def test_a_wrong_desk_in_the_file_is_told_with_its_line(tmp_path: Path, lines: str, told: str) -> None:
    config = tmp_path / "sheriff.yaml"
    config.write_text(f"desk:\n  {lines}\n")

    with pytest.raises(Misuse) as refused:
        load(config)

    assert "sheriff.yaml:" in str(refused.value)
    assert told in str(refused.value)


def test_tickets_lead_back_to_the_case_where_people_can_open_it(connected: Connected) -> None:
    settings = connected.settings().model_copy(update={"server": ServerSettings(public_url="https://sheriff.example/")})
    case = connected.store.cases.save_new(a_case(opened=utc_now(), updated=utc_now()))

    with connected.opened(settings) as desk:
        desk.open(case, assignee="Ana")

    sent = b"".join(request.content for request in connected.double.requests)
    assert b"https://sheriff.example/desk/c-00000001" in sent


@pytest.mark.parametrize(
    ("kind", "secret", "poll", "listens"),
    [
        ("github", "s", 300.0, True),
        ("github", "", 300.0, False),
        ("github", "s", 0.0, False),
        ("sqlite", "s", 300.0, False),
    ],
)
def test_the_ticket_system_may_call_when_there_is_a_secret_and_something_to_look_at(
    kind: str, secret: str, poll: float, listens: bool, tmp_path: Path
) -> None:
    chosen = DeskSettings.model_validate({"kind": kind, "repository": "acme/platform", "poll_seconds": poll})
    settings = Settings(desk=chosen, desk_token=SecretStr("t"), desk_secret=SecretStr(secret))
    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")

    with desk_wiring.opened_desk(settings, store, clock=utc_now) as desk:
        watch = desk_wiring.watch(settings, store, desk, push=lambda _: None, clock=utc_now)
        events = desk_wiring.events(settings, store, watch, clock=utc_now)
    store.close()

    assert (events is not None) is listens
