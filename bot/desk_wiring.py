"""From settings to the ticket desk: the built-in one, or one over the network, and what listens to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from bot.channels.desk_events import DeskEvents
from bot.desks.calling import Pace
from bot.desks.once import Access
from bot.desks.sqlite import SqliteDesk
from bot.settings import LOOPBACK, Settings
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


@contextmanager
def opened_desk(settings: Settings, store: Store, *, clock: Clock) -> Iterator[Desk]:
    """The desk that the settings name; contacts nobody. Raises Misuse naming the setting that is missing."""
    make = {"github": _github, "jira": _jira, "servicenow": _servicenow, "webhook": _webhook}.get(settings.desk.kind)
    if make is None:
        yield SqliteDesk(store.engine, prefix=settings.desk.prefix, url="/desk/{case}", clock=clock)
        return
    desk = make(settings, store, clock)
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


def events(settings: Settings, watch: Watch | None, *, clock: Clock) -> DeskEvents | None:
    """What the ticket system may call; None without a secret, or when nothing is looked at."""
    secret = settings.desk_secret.get_secret_value()
    if watch is None or not secret:
        return None
    return DeskEvents(settings.desk.kind, secret, watch.wake, clock)


def _github(settings: Settings, store: Store, clock: Clock) -> Remote:
    from bot.desks.github import GitHubDesk, GitHubPlace

    chosen = settings.desk
    _require(settings, **{"desk.repository": chosen.repository, "SHERIFF_DESK_TOKEN": _token(settings)})
    place = GitHubPlace(
        chosen.repository,
        url=_secure(chosen.url or _GITHUB),
        labels=chosen.labels,
        assignees=chosen.assignees,
        page=_page(settings),
    )
    return GitHubDesk(place, _access(settings, store, clock))


def _jira(settings: Settings, store: Store, clock: Clock) -> Remote:
    from bot.desks.jira import JiraDesk, JiraPlace

    chosen = settings.desk
    _require(
        settings,
        **{"desk.url": chosen.url, "desk.project": chosen.project, "SHERIFF_DESK_TOKEN": _token(settings)},
    )
    place = JiraPlace(
        _secure(chosen.url),
        chosen.project,
        issue_type=chosen.issue_type,
        labels=chosen.labels,
        assignees=chosen.assignees,
        fields=chosen.fields,
        close_transition=chosen.close_transition,
        reopen_transition=chosen.reopen_transition,
        search_path=chosen.search_path,
        site=chosen.site_url,
        page=_page(settings),
    )
    return JiraDesk(place, _access(settings, store, clock))


def _servicenow(settings: Settings, store: Store, clock: Clock) -> Remote:
    from bot.desks.servicenow import ServiceNowDesk, ServiceNowPlace

    chosen = settings.desk
    _require(settings, **{"desk.url": chosen.url, "SHERIFF_DESK_TOKEN": _token(settings)})
    place = ServiceNowPlace(
        _secure(chosen.url),
        table=chosen.table,
        assignees=chosen.assignees,
        fields=chosen.fields,
        note_field=chosen.note_field,
        open_state=chosen.open_state,
        closed_state=chosen.closed_state,
        closed_states=chosen.closed_states,
        close_code=chosen.close_code,
        page=_page(settings),
    )
    return ServiceNowDesk(place, _access(settings, store, clock))


def _webhook(settings: Settings, _: Store, clock: Clock) -> Remote:
    from bot.desks.webhook import WebhookDesk

    secret = settings.desk_secret.get_secret_value()
    _require(settings, **{"desk.url": settings.desk.url, "SHERIFF_DESK_SECRET": secret})
    return WebhookDesk(_secure(settings.desk.url), secret=secret, pace=_pace(settings, clock), page=_page(settings))


def _pace(settings: Settings, clock: Clock) -> Pace:
    return Pace(timeout=settings.desk.timeout_seconds, lag=settings.desk.index_lag_seconds, clock=clock)


def _access(settings: Settings, store: Store, clock: Clock) -> Access:
    """GitHub knows no users here: its token is always a bearer's."""
    user = "" if settings.desk.kind == "github" else settings.desk_user
    attempts = CaseAttempts(store.cases, clock=clock)
    return Access(_token(settings), attempts, _pace(settings, clock), user=user)


def _token(settings: Settings) -> str:
    return settings.desk_token.get_secret_value()


def _page(settings: Settings) -> str:
    """The address of a case, with {case} in it; "" when nobody elsewhere could open it."""
    base = settings.server.public_url.rstrip("/")
    return f"{base}/desk/{{case}}" if base else ""


def _secure(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise Misuse(f"desk.url: {url} is not https: the token could be read on the way. Write it as https://…")
    return url


def _require(settings: Settings, **needed: str) -> None:
    missing = [name for name, value in needed.items() if not value]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise Misuse(
            f"desk.kind is {settings.desk.kind}, but {' and '.join(missing)} {verb} not set. See docs/desks.md."
        )
