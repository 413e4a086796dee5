"""From settings to the ticket desk: the built-in one, or one over the network, and what listens to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from bot.channels.desk_events import DeskEvents
from bot.desks.calling import USUAL, Names, Pace
from bot.desks.once import Access, Attempts
from bot.desks.sqlite import SqliteDesk
from bot.sections import LOOPBACK, DeskSettings
from bot.settings import Settings
from bot.store.attempts import CaseAttempts
from bot.store.opening import Store
from bot.store.read_back import ReadBack, Watch
from bot.store.turn_log import Clock
from bot.support.handoff import Desk
from knowledge.errors import Misuse

_GITHUB = "https://api.github.com"


class Remote(Desk, Protocol):
    """A desk with connections."""

    def hang_up(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One desk of the settings: that of the cases, or that of the documentation."""

    desk: DeskSettings
    token: str
    user: str
    secret: str
    attempts: Attempts
    clock: Clock
    page: str = ""  # the address of a case, with {case} in it; "" when nobody elsewhere could open it
    names: Names = USUAL

    @property
    def pace(self) -> Pace:
        return Pace(timeout=self.desk.timeout_seconds, lag=self.desk.index_lag_seconds, clock=self.clock)

    @property
    def access(self) -> Access:
        """GitHub knows no users here: its token is always a bearer's."""
        user = "" if self.desk.kind == "github" else self.user
        return Access(self.token, self.attempts, self.pace, user=user, names=self.names)

    def require(self, *needed: str) -> None:
        """Settings of the section, or "token" and "secret". Raises Misuse naming those that are not set."""
        secrets = {"token": (self.names.token, self.token), "secret": (self.names.secret, self.secret)}
        named = [secrets.get(name) or (f"{self.names.section}.{name}", getattr(self.desk, name)) for name in needed]
        missing = [name for name, value in named if not value]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            raise Misuse(
                f"{self.names.section}.kind is {self.desk.kind}, but {' and '.join(missing)} {verb} not set. "
                "See docs/desks.md."
            )

    def secure(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise Misuse(
                f"{self.names.section}.url: {url} is not https: the token could be read on the way. "
                "Write it as https://…"
            )
        return url


@contextmanager
def opened_desk(settings: Settings, store: Store, *, clock: Clock) -> Iterator[Desk]:
    """The desk that the settings name; contacts nobody. Raises Misuse naming the setting that is missing."""
    if settings.desk.kind == "sqlite":
        yield SqliteDesk(store.engine, prefix=settings.desk.prefix, url="/desk/{case}", clock=clock)
        return
    base = settings.server.public_url.rstrip("/")
    chosen = _Chosen(
        settings.desk,
        settings.desk_token.get_secret_value(),
        settings.desk_user,
        settings.desk_secret.get_secret_value(),
        CaseAttempts(store.cases, clock=clock),
        clock,
        page=f"{base}/desk/{{case}}" if base else "",
    )
    with _opened(chosen) as desk:
        yield desk


@contextmanager
def opened_docs_desk(settings: Settings, store: Store, *, clock: Clock) -> Iterator[Desk | None]:
    """Where gaps of the documentation become issues; None where there is no such place. Raises as `opened_desk`."""
    if settings.gaps.desk.kind == "sqlite":
        yield None
        return
    chosen = _Chosen(
        settings.gaps.desk,
        settings.gaps_desk_token.get_secret_value(),
        settings.gaps_desk_user,
        settings.gaps_desk_secret.get_secret_value(),
        store.gap_issues,
        clock,
        names=Names("gaps.desk", "SHERIFF_GAPS_DESK"),
    )
    with _opened(chosen) as desk:
        yield desk


@contextmanager
def _opened(chosen: _Chosen) -> Iterator[Desk]:
    make = {"github": _github, "jira": _jira, "servicenow": _servicenow, "webhook": _webhook}[chosen.desk.kind]
    desk = make(chosen)
    try:
        yield desk
    finally:
        desk.hang_up()


def watch(settings: Settings, store: Store, desk: Desk, *, push: Callable[[str], object], clock: Clock) -> Watch | None:
    """What notices what people do to tickets in the ticket system; None where nobody else can do anything."""
    chosen = settings.desk
    if chosen.kind == "sqlite" or not chosen.poll_seconds:
        return None
    lag = timedelta(seconds=chosen.index_lag_seconds)
    back = ReadBack(store.cases, desk=desk, push=push, clock=clock, lag=lag)
    return Watch(back.look, every=chosen.poll_seconds, lag=chosen.index_lag_seconds)


def events(settings: Settings, store: Store, watch: Watch | None, *, clock: Clock) -> DeskEvents | None:
    """What the ticket system may call; None without a secret, or when nothing is looked at."""
    secret = settings.desk_secret.get_secret_value()
    if watch is None or not secret:
        return None
    return DeskEvents(settings.desk.kind, secret, watch.wake, clock, store.access.is_new)


def _github(chosen: _Chosen) -> Remote:
    from bot.desks.github import GitHubDesk, GitHubPlace

    of = chosen.desk
    chosen.require("repository", "token")
    place = GitHubPlace(
        of.repository,
        url=chosen.secure(of.url or _GITHUB),
        labels=of.labels,
        assignees=of.assignees,
        page=chosen.page,
    )
    return GitHubDesk(place, chosen.access)


def _jira(chosen: _Chosen) -> Remote:
    from bot.desks.jira import JiraDesk, JiraPlace

    of = chosen.desk
    chosen.require("url", "project", "token")
    place = JiraPlace(
        chosen.secure(of.url),
        of.project,
        issue_type=of.issue_type,
        labels=of.labels,
        assignees=of.assignees,
        fields=of.fields,
        close_transition=of.close_transition,
        reopen_transition=of.reopen_transition,
        search_path=of.search_path,
        site=of.site_url,
        page=chosen.page,
    )
    return JiraDesk(place, chosen.access)


def _servicenow(chosen: _Chosen) -> Remote:
    from bot.desks.servicenow import ServiceNowDesk, ServiceNowPlace

    of = chosen.desk
    chosen.require("url", "token")
    place = ServiceNowPlace(
        chosen.secure(of.url),
        table=of.table,
        assignees=of.assignees,
        fields=of.fields,
        note_field=of.note_field,
        open_state=of.open_state,
        closed_state=of.closed_state,
        closed_states=of.closed_states,
        close_code=of.close_code,
        page=chosen.page,
    )
    return ServiceNowDesk(place, chosen.access)


def _webhook(chosen: _Chosen) -> Remote:
    from bot.desks.webhook import WebhookDesk

    chosen.require("url", "secret")
    url = chosen.secure(chosen.desk.url)
    return WebhookDesk(url, secret=chosen.secret, pace=chosen.pace, page=chosen.page, names=chosen.names)
