"""`sheriff doctor --security`: what is open to whom, and what to do about it. It changes nothing and asks nobody."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from bot.channels import access
from bot.channels.teams_files import HOSTS
from bot.redaction import redact
from bot.sections import LOOPBACK
from bot.settings import Settings
from bot.store.opening import Store, has_database, open_store
from knowledge.errors import Misuse, SheriffError

_STALE = timedelta(days=90)  # a token that nobody has used for so long
_OLD = timedelta(days=365)  # a token that should be made anew
_SHORT = 20  # characters that a secret should have at least
_LONGEST_SESSION = 24.0  # hours


class State(StrEnum):
    """What is found of one part."""

    OK = "ok"
    NOTE = "note"  # as it may be, if it is meant so
    REFUSED = "refused"  # it would be open, so Sheriff does not start
    OPEN = "open"  # it should not be


@dataclass(frozen=True, slots=True)
class Exposure:
    """One line: what is so, why that matters, and the remedy; "" where there is nothing to do."""

    state: State
    part: str
    why: str
    remedy: str = ""


Check = Callable[[Settings], Iterator[Exposure]]


def report(settings: Settings, *, config: Path, output: str, at: datetime) -> int:
    """Print all that was found; returns 1 when something is open that should not be, 0 otherwise. Raises Misuse."""
    if output not in {"text", "json"}:
        raise Misuse(f"--format {output}: choose text or json.")
    found = list(examine(settings, config=config, at=at))
    if output == "json":
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
    else:
        for each in found:
            print(f"{each.state:8} {each.part:16} {each.why}{f' {each.remedy}' if each.remedy else ''}")
    return int(any(each.state is State.OPEN for each in found))


def examine(settings: Settings, *, config: Path, at: datetime) -> Iterator[Exposure]:
    """Everything, from the outside in."""
    for check in (_address, _strangers, _transport, _proxies, _limits, _teams, _sign_in, _access_token):
        yield from check(settings)
    yield from _kept(settings, at)
    for check in (_webhooks, _outbound, _model, _chroma, _database, _files, _process, _logs, _retention):
        yield from check(settings)
    yield from _configuration(settings, config)


# ---- the way in ----


def _asks(settings: Settings) -> bool:
    return settings.has_sign_in or bool(settings.access_token.get_secret_value())


def _address(settings: Settings) -> Iterator[Exposure]:
    place = f"{settings.server.host}:{settings.server.port}"
    if settings.is_loopback:
        yield Exposure(State.OK, "address", f"It listens on {place}: only this machine can connect.")
    elif _asks(settings):
        yield Exposure(State.OK, "address", f"It listens on {place}, and asks everybody who calls.")
    else:
        remedy = "Configure sign_in, set SHERIFF_ACCESS_TOKEN, or stay on 127.0.0.1."
        yield Exposure(
            State.REFUSED, "address", f"{place} asks nobody who calls: `sheriff serve` does not start.", remedy
        )


def _strangers(settings: Settings) -> Iterator[Exposure]:
    if settings.is_loopback and not settings.has_sign_in:
        why = "Without a credential: from this machine everything, from elsewhere (by a proxy or tunnel) what is below."
        yield Exposure(State.OK, "strangers", why)
    public = [path for path, role in access.NEEDED if role is access.PUBLIC]
    yield Exposure(State.OK, "strangers", f"Open without a credential: {', '.join(public)}; /rota.ics with its key.")


def _transport(settings: Settings) -> Iterator[Exposure]:
    url = settings.server.public_url
    remedy = "Put TLS in front, and set server.public_url to the https address that people use."
    if url.startswith("https://"):
        yield Exposure(State.OK, "TLS", f"People come by {url}; browsers are told to use nothing else.")
    elif url and urlsplit(url).hostname not in LOOPBACK:
        yield Exposure(State.OPEN, "TLS", f"People come by {url}: tokens and questions can be read on the way.", remedy)
    elif not settings.is_loopback:
        why = "Nothing says that TLS is in front, and any host name is accepted."
        yield Exposure(State.OPEN, "TLS", why, remedy)
    else:
        yield Exposure(State.OK, "TLS", "Nothing leaves this machine.")


def _proxies(settings: Settings) -> Iterator[Exposure]:
    networks = [ip_network(each, strict=False) for each in settings.server.trusted_proxies]
    if any(network.prefixlen == 0 for network in networks):
        remedy = "Name only the addresses of your proxies in server.trusted_proxies."
        yield Exposure(
            State.OPEN, "proxies", "Everybody is believed in X-Forwarded-For, so limits hold nobody.", remedy
        )
    elif networks:
        yield Exposure(State.OK, "proxies", f"Believed in X-Forwarded-For: {', '.join(map(str, networks))}.")
    elif settings.server.public_url:
        why = "If a proxy is in front, all callers seem to have its address and share its limits."
        yield Exposure(State.NOTE, "proxies", why, "Name it in server.trusted_proxies.")
    else:
        yield Exposure(State.OK, "proxies", "None is believed; a caller’s address is that of its connection.")


def _limits(settings: Settings) -> Iterator[Exposure]:
    given = settings.rates
    off = [name.removesuffix("_per_minute") for name, value in given if name.endswith("_per_minute") and not value]
    if off:
        remedy = f"Set rates.{off[0]}_per_minute, or leave it out."
        yield Exposure(State.OPEN, "rate limits", f"Nothing limits {', '.join(off)}.", remedy)
        return
    each = f"{given.person_per_minute:g} a minute for a person, {given.address_per_minute:g} for an address"
    yield Exposure(State.OK, "rate limits", f"{each}, {given.failures_per_minute:g} wrong tokens.")


def _teams(settings: Settings) -> Iterator[Exposure]:
    if not settings.teams_app_id:
        why = "this machine alone is answered, without a token." if settings.is_loopback else "it is closed."
        yield Exposure(State.OK, "/api/messages", f"No app id, so {why}")
        return
    yield Exposure(State.OK, "/api/messages", "Only what the Bot Framework signed for this app is answered.")
    if settings.teams_tenant:
        tenants = [settings.teams_tenant, *settings.teams.further_tenants]
        yield Exposure(State.OK, "tenants", f"Only these are answered: {', '.join(tenants)}.")
    else:
        remedy = "Set MICROSOFT_APP_TENANT_ID (or teams.tenant_id)."
        yield Exposure(State.OPEN, "tenants", "People of every organisation are answered who find the bot.", remedy)


def _sign_in(settings: Settings) -> Iterator[Exposure]:
    if not settings.has_sign_in:
        yield Exposure(State.OK, "sign-in", "Not configured.")
        return
    given, secret = settings.sign_in, settings.sign_in_secret.get_secret_value()
    if len(secret) < _SHORT:
        why = "SHERIFF_SIGN_IN_SECRET is short: who guesses it makes sessions of anybody."
        yield Exposure(State.OPEN, "sign-in", why, "Let the provider make a new one.")
    if given.hours > _LONGEST_SESSION:
        why = f"Sessions last {given.hours:g} hours: roles that were taken away go on so long."
        yield Exposure(State.NOTE, "sign-in", why, "Lower sign_in.hours, or use `sheriff sign-out PERSON`.")
    who = "everybody whom the provider signs in is an asker" if given.everyone == "asker" else "roles are given by name"
    yield Exposure(State.OK, "roles", f"{given.issuer} says who somebody is; {who}.")


def _access_token(settings: Settings) -> Iterator[Exposure]:
    token = settings.access_token.get_secret_value()
    if not token:
        yield Exposure(State.OK, "access token", "SHERIFF_ACCESS_TOKEN is not set.")
        return
    if len(token) < _SHORT or len(set(token)) < _SHORT // 2:
        remedy = "Make a long random one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        yield Exposure(State.OPEN, "access token", "SHERIFF_ACCESS_TOKEN is short enough to be guessed.", remedy)
    role = settings.sign_in.token_role
    if settings.has_sign_in and role == "admin":
        remedy = "Lower sign_in.token_role, and give each program its own: `sheriff tokens create`."
        yield Exposure(State.NOTE, "access token", "One token that never ends may do everything.", remedy)
    else:
        yield Exposure(State.OK, "access token", f"SHERIFF_ACCESS_TOKEN is set; its role is {role}.")


def _kept(settings: Settings, at: datetime) -> Iterator[Exposure]:
    """What the database says; nothing is made by looking."""
    if not has_database(settings.database):
        yield Exposure(State.OK, "API tokens", "There is no database yet, so there are none.")
        return
    try:
        store = open_store(settings.database)
    except SheriffError as error:
        yield Exposure(State.NOTE, "API tokens", f"They cannot be read: {error}")
        return
    try:
        yield from _tokens(store, at)
    finally:
        store.close()


def _tokens(store: Store, at: datetime) -> Iterator[Exposure]:
    good = [token for token in store.access.tokens() if token.is_good(at)]
    for token in good:
        faults = [
            ("may do everything", "admin" in token.scopes),
            ("never expires", token.expires is None),
            (f"is older than {_OLD.days} days", at - token.created > _OLD),
            (f"was not used for {_STALE.days} days", at - (token.used or token.created) > _STALE),
        ]
        told = [words for words, holds in faults if holds]
        state = State.OPEN if {"may do everything", "never expires"} <= set(told) else State.NOTE
        if told:
            remedy = f"`sheriff tokens revoke {token.number}`, and make a narrower one."
            yield Exposure(state, "API tokens", f"{token.name} {', '.join(told)}.", remedy)
    yield Exposure(State.OK, "API tokens", f"{len(good)} open something; only their hashes are kept.")


# ---- the ways out ----


def _webhooks(settings: Settings) -> Iterator[Exposure]:
    secret = settings.desk_secret.get_secret_value()
    if settings.desk.kind == "sqlite":
        yield Exposure(State.OK, "webhooks", "Tickets are kept here: none is heard.")
    elif not secret:
        yield Exposure(
            State.OK, "webhooks", "None is heard without SHERIFF_DESK_SECRET; tickets are looked at instead."
        )
    elif len(secret) < _SHORT:
        yield Exposure(
            State.OPEN, "webhooks", "SHERIFF_DESK_SECRET is short enough to be guessed.", "Make a longer one."
        )
    else:
        yield Exposure(State.OK, "webhooks", "Only signed ones are heard, each once.")


def _outbound(settings: Settings) -> Iterator[Exposure]:  # noqa: ARG001 - each check has this form
    yield Exposure(State.OK, "attachments", f"Fetched by https from these hosts only: {', '.join(HOSTS)}.")


def _model(settings: Settings) -> Iterator[Exposure]:
    named = {"OPENAI_BASE_URL": settings.openai_base_url, "AZURE_OPENAI_ENDPOINT": settings.azure_endpoint}
    plain = [(name, url) for name, url in named.items() if _is_plain(url)]
    for name, url in plain:
        remedy = "Use its https address."
        yield Exposure(State.OPEN, "language model", f"{name} {url}: questions and key go unencrypted.", remedy)
    if not plain:
        yield Exposure(State.OK, "language model", f"Provider: {settings.provider}; nothing goes to it unencrypted.")


def _chroma(settings: Settings) -> Iterator[Exposure]:
    url = settings.index.chroma_url
    if not url or urlsplit(url).hostname in LOOPBACK:
        yield Exposure(State.OK, "index", "It can be reached from this machine only.")
        return
    remedy = "Let a firewall or network policy admit only Sheriff."
    yield Exposure(State.NOTE, "index", f"{url} asks nobody who calls: who reaches it can change answers.", remedy)


def _database(settings: Settings) -> Iterator[Exposure]:
    try:
        url = sa.make_url(settings.database)
    except ArgumentError:
        return
    if url.get_backend_name() == "sqlite" or not url.host or url.host in LOOPBACK or url.host.startswith("/"):
        yield Exposure(State.OK, "database", "It can be reached from this machine only.")
    elif url.query.get("sslmode") in {"require", "verify-ca", "verify-full"}:
        yield Exposure(State.OK, "database", f"{url.host} is reached by TLS.")
    else:
        why = f"Nothing demands TLS on the way to {url.host}."
        yield Exposure(State.NOTE, "database", why, "Add ?sslmode=verify-full to SHERIFF_DATABASE_URL.")


def _is_plain(url: str) -> bool:
    return url.startswith("http://") and urlsplit(url).hostname not in LOOPBACK


# ---- this machine ----


def _files(settings: Settings) -> Iterator[Exposure]:
    home = settings.home
    if not home.exists():
        yield Exposure(State.OK, "state folder", f"{home} is not there yet; it is made for this account only.")
        return
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & stat.S_IRWXO:
        remedy = f"chmod 700 {home}"
        yield Exposure(State.OPEN, "state folder", f"{home} is open to every account here ({mode:o}).", remedy)
    else:
        yield Exposure(State.OK, "state folder", f"{home} has mode {mode:o}.")


def _process(settings: Settings) -> Iterator[Exposure]:  # noqa: ARG001
    if os.geteuid() == 0:
        yield Exposure(
            State.NOTE, "account", "This runs as root.", "Run it as an account of its own, as the image does."
        )
    else:
        yield Exposure(State.OK, "account", f"This runs as user {os.geteuid()}.")


def _logs(settings: Settings) -> Iterator[Exposure]:
    if settings.log_level == "debug":
        remedy = "Set SHERIFF_LOG_LEVEL=info once you have found what you look for."
        yield Exposure(State.NOTE, "log", "It is written in full, libraries’ own lines included.", remedy)
    elif settings.log_messages:
        remedy = "Take log_messages out once you have found what you look for."
        yield Exposure(State.NOTE, "log", "It has what people say, without its secrets.", remedy)
    else:
        yield Exposure(State.OK, "log", "It says what happened, not what was said.")


def _retention(settings: Settings) -> Iterator[Exposure]:
    if settings.retention is None:
        remedy = "Set policy.retention_days."
        yield Exposure(State.NOTE, "retention", "Ended cases are kept for ever.", remedy)
    else:
        yield Exposure(State.OK, "retention", f"Ended cases are deleted after {settings.retention.days} days.")


def _configuration(settings: Settings, config: Path) -> Iterator[Exposure]:
    files = [each for each in (config, settings.rota, *(settings.platform.rules or ())) if each.is_file()]
    loose = [str(each) for each in files if each.stat().st_mode & stat.S_IWOTH]
    if loose:
        why = f"Every account here can change {', '.join(loose)}."
        yield Exposure(State.OPEN, "configuration", why, f"chmod o-w {' '.join(loose)}")
    found = _secrets_in(config)
    if found:
        remedy = "Put them into the environment; take them out of Git’s history, and make new ones."
        yield Exposure(State.OPEN, "configuration", f"{config} holds secrets ({', '.join(found)}).", remedy)
    if not loose and not found:
        yield Exposure(State.OK, "configuration", "No secrets in it, and nobody else can change it.")


def _secrets_in(path: Path) -> Sequence[str]:
    if not path.is_file():
        return ()
    return tuple(dict.fromkeys(redact(path.read_text(encoding="utf-8", errors="replace")).found))
