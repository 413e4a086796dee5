"""The desks that one suite runs on, each with the ticket system behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.desks.calling import Pace
from bot.desks.github import GitHubDesk, GitHubPlace
from bot.desks.jira import JiraDesk, JiraPlace
from bot.desks.once import Access, Attempts
from bot.desks.servicenow import ServiceNowDesk, ServiceNowPlace
from bot.desks.webhook import WebhookDesk
from bot.support.handoff import Desk
from tests.desk_double import Double, GitHubDouble, JiraDouble, ReceiverDouble, ServiceNowDouble, Time
from tests.fakes import MemoryAttempts

TOKEN = "tok-9f8e7d"


@dataclass
class Bench:
    """A desk over HTTP, and the double that it talks to."""

    desk: Desk
    double: Any  # a Double
    time: Time
    attempts: MemoryAttempts
    again: Callable[[], Desk]  # another desk on the same ticket system, as another process has it


def pace(time: Time) -> Pace:
    return Pace(timeout=10.0, lag=5.0, sleep=time.sleep, clock=time)


def access(double: Double, attempts: Attempts, *, user: str = "") -> Access:
    return Access(TOKEN, attempts, pace(double.time), user=user, transport=double)


def _github(double: Double, attempts: MemoryAttempts) -> Desk:
    place = GitHubPlace(
        "acme/platform",
        url=double.url,
        labels=["support"],
        assignees={"Ana": "ana-gh", "Bo": "bo-gh"},
        page="https://s.test/desk/{case}",
    )
    return GitHubDesk(place, access(double, attempts))


def _jira(double: Double, attempts: MemoryAttempts) -> Desk:
    place = JiraPlace(double.url, "SUP", labels=["support"], assignees={"Ana": "557058:ana", "Bo": "557058:bo"})
    return JiraDesk(place, access(double, attempts, user="bot@example.com"))


def _servicenow(double: Double, attempts: MemoryAttempts) -> Desk:
    place = ServiceNowPlace(
        double.url, fields={"assignment_group": "Platform"}, assignees={"Ana": "ana.b", "Bo": "bo.c"}
    )
    return ServiceNowDesk(place, access(double, attempts, user="bot"))


def _webhook(double: Double, _: MemoryAttempts) -> Desk:
    return WebhookDesk(double.url, secret=ReceiverDouble.secret, pace=pace(double.time), transport=double)


KINDS: dict[str, tuple[Callable[[Time], Double], Callable[[Any, MemoryAttempts], Desk]]] = {
    "github": (GitHubDouble, _github),
    "jira": (JiraDouble, _jira),
    "servicenow": (ServiceNowDouble, _servicenow),
    "webhook": (ReceiverDouble, _webhook),
}


def bench(kind: str) -> Bench:
    time = Time()
    make_double, make_desk = KINDS[kind]
    double, attempts = make_double(time), MemoryAttempts(time)
    return Bench(make_desk(double, attempts), double, time, attempts, lambda: make_desk(double, attempts))
