"""`sheriff tokens` and `sheriff sign-out`: who may come in without signing in, and who has to sign in again."""

from __future__ import annotations

import getpass
import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.channels.access import SCOPES
from bot.identity.tokens import ApiToken, new_token
from bot.settings import Settings
from bot.store.access_book import EVERYBODY
from bot.store_wiring import now, opened_store
from knowledge.errors import Misuse

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@/ -]{0,63}")
_LENGTH = re.compile(r"([1-9][0-9]{0,4})(d|h|w)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def create_command(settings: Settings, name: str, scopes: Sequence[str], *, expires: str) -> None:
    """Make a token and print it, alone on standard output: it is shown this once. Raises Misuse."""
    if not _NAME.fullmatch(name):
        raise Misuse("A token’s name has 1 to 64 letters, digits and . _ @ / - and begins with a letter or digit.")
    at = now()
    ends = None if expires == "never" else at + length(expires)
    token = new_token()
    with opened_store(settings) as store:
        made = store.access.add(name, token, _known(scopes), expires=ends, by=operator())
    print(f"Token {made.number}, {made.name}: {', '.join(made.scopes)}; {_until(made)}.", file=sys.stderr)
    print("It is shown only now. Send it as “Authorization: Bearer …”.", file=sys.stderr)
    print(token)


def list_command(settings: Settings, *, output: str) -> None:
    """Print all tokens, the newest first; never the token itself."""
    if output not in {"text", "json"}:
        raise Misuse(f"--format {output}: choose text or json.")
    with opened_store(settings) as store:
        found = store.access.tokens()
    if output == "json":
        print(json.dumps([_as_json(token) for token in found], ensure_ascii=False, indent=2))
        return
    if not found:
        print("There are none. `sheriff tokens create NAME --scope ask` makes one.")
    for token in found:
        print(f"{token.number:4}  {token.name:24} {', '.join(token.scopes):20} {_until(token)}; {_used(token)}")


def revoke_command(settings: Settings, wanted: str) -> None:
    """End a token, by name or number, from the next request on; on every replica."""
    with opened_store(settings) as store:
        ended = store.access.revoke(wanted, by=operator())
    print(f"Token {ended.number}, {ended.name}, opens nothing any more.")


def log_command(settings: Settings) -> None:
    """Print what was done to tokens and sessions, the newest first."""
    with opened_store(settings) as store:
        found = store.access.events()
    for at, kind, by, text in found:
        print(f"{at:%Y-%m-%d %H:%M} UTC  {kind.replace('_', ' '):15} {text}  (by {by})")


def sign_out_command(settings: Settings, person: str, *, everybody: bool) -> None:
    """End the sessions of a person, or of everybody, that were begun until now. Raises Misuse unless one is named."""
    if bool(person) == everybody:
        raise Misuse("Name one person, by object id or e-mail address, or give --all.")
    with opened_store(settings) as store:
        store.access.end_sessions(EVERYBODY if everybody else person, by=operator())
    print(f"{'Everybody' if everybody else person} has to sign in again.")


def length(text: str) -> timedelta:
    """How long a token is good, as in 90d, 12h or 4w. Raises Misuse."""
    found = _LENGTH.fullmatch(text)
    if found is None or int(found[1]) * _UNITS[found[2]] > timedelta(days=3660):
        raise Misuse(f"--expires {text}: write 90d, 12h, 4w or never.")
    return int(found[1]) * _UNITS[found[2]]


def operator() -> str:
    """The account that runs the command, for the record."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return "operator"


def _known(scopes: Sequence[str]) -> Sequence[str]:
    listed = "; ".join(f"{name}: {scope.words}" for name, scope in SCOPES.items())
    if not scopes:
        raise Misuse(f"Say with --scope what the token may do ({listed}).")
    if strange := [name for name in scopes if name not in SCOPES]:
        raise Misuse(f"--scope {strange[0]}: choose among these ({listed}).")
    return tuple(dict.fromkeys(scopes))


def _until(token: ApiToken) -> str:
    if token.revoked:
        return f"revoked {token.revoked:%Y-%m-%d}"
    if token.expires is None:
        return "never expires"
    return f"{'expires' if token.is_good(now()) else 'expired'} {token.expires:%Y-%m-%d %H:%M} UTC"


def _used(token: ApiToken) -> str:
    return f"last used {token.used:%Y-%m-%d %H:%M} UTC" if token.used else "never used"


def _as_json(token: ApiToken) -> dict[str, object]:
    def said(moment: datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    return {
        "number": token.number,
        "name": token.name,
        "scopes": list(token.scopes),
        "created": said(token.created),
        "expires": said(token.expires),
        "revoked": said(token.revoked),
        "used": said(token.used),
        "good": token.is_good(now()),
    }
