"""`sheriff doctor --teams`: what still lies between these settings and a bot in Teams. It changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.teams_manifest import host_of
from bot.entra import LOGIN, token_finding
from bot.findings import Finding, Health, printed
from bot.probing import Answered, asked
from bot.sections import GUID, LOOPBACK
from bot.settings import Settings
from bot.store_wiring import opened_store
from bot.support.rota_file import read_rota
from knowledge.errors import SheriffError, Unavailable

METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
PATH = "/api/messages"
# What Sheriff ignores even from a caller that it believes: the check must not start a conversation.
_HARMLESS = {"type": "typing", "id": "doctor", "channelId": "msteams", "conversation": {"id": "doctor"}}
_CHANNELS_END = ("@thread.tacv2", "@thread.skype")  # the second one in older teams
_WIDTH = 7  # of the longest health


@dataclass(frozen=True, slots=True)
class Microsoft:
    """Where Microsoft's services are; tests name their own."""

    login: str = LOGIN
    metadata: str = METADATA


def report(settings: Settings, microsoft: Microsoft | None = None) -> int:
    """Print all findings; returns 1 when something is missing or wrong, 0 otherwise."""
    return printed(examine(settings, microsoft or Microsoft()), width=_WIDTH)


def examine(settings: Settings, microsoft: Microsoft) -> Iterator[Finding]:
    """Every step, in the order in which an administrator takes them."""
    credentials = [app_id(settings), secret(settings), tenant(settings)]
    yield from credentials
    if all(found.health in {Health.GOOD, Health.WARNING} for found in credentials):
        password = settings.teams_app_password.get_secret_value()
        yield token_finding(settings.teams_app_id, password, settings.teams_tenant, login=microsoft.login)
    else:
        yield Finding(Health.WARNING, "token", "Entra was not asked: first mend what stands above.")
    yield signing_keys(microsoft.metadata)
    address = public_address(settings)
    yield address
    if settings.server.public_url:
        yield endpoint(settings.server.public_url)
    yield sheriff_channel(settings)
    yield rota_ids(settings)


def app_id(settings: Settings) -> Finding:
    remedy = "Copy the “Application (client) ID” of the registration in Entra."
    return _guid("app id", "MICROSOFT_APP_ID", settings.teams_app_id, remedy)


def tenant(settings: Settings) -> Finding:
    name = "MICROSOFT_APP_TENANT_ID" if settings.teams_tenant_id else "MICROSOFT_APP_TENANT_ID (or teams.tenant_id)"
    return _guid(
        "tenant", name, settings.teams_tenant, "Copy the “Directory (tenant) ID” of the registration in Entra."
    )


def secret(settings: Settings) -> Finding:
    """Only whether there is one, and whether it looks like its id: that is what people copy by mistake."""
    value = settings.teams_app_password.get_secret_value()
    if not value:
        remedy = "Make a client secret in Entra and copy its value."
        return Finding(Health.MISSING, "secret", f"MICROSOFT_APP_PASSWORD is not set. {remedy}")
    if re.fullmatch(GUID, value):
        remedy = "Copy the column “Value”; it is shown once, when the secret is made."
        return Finding(Health.WARNING, "secret", f"MICROSOFT_APP_PASSWORD looks like the secret's id. {remedy}")
    if value != value.strip():
        remedy = "Set it without them; files often end in a line break."
        return Finding(Health.WARNING, "secret", f"MICROSOFT_APP_PASSWORD has blanks at an end. {remedy}")
    return Finding(Health.GOOD, "secret", "MICROSOFT_APP_PASSWORD is set.")


def _guid(part: str, name: str, value: str, remedy: str) -> Finding:
    if not value:
        return Finding(Health.MISSING, part, f"{name} is not set. {remedy}")
    if not re.fullmatch(GUID, value):
        return Finding(Health.BAD, part, f"{name} is no GUID. {remedy}")
    if value != value.lower():  # the tokens and messages of Teams have small letters, and are compared as they are
        return Finding(Health.BAD, part, f"{name} has capitals. Write it in small letters, as Entra shows it.")
    return Finding(Health.GOOD, part, f"{value}.")


def signing_keys(metadata: str) -> Finding:
    """Whether the keys can be had by which Sheriff knows that a message comes from Teams."""
    part = "signing keys"
    try:
        address = _text(_json(metadata).get("jwks_uri"))
        if not address:
            return Finding(Health.BAD, part, f"{metadata} names no keys. {_INTERCEPTED}")
        keys = _json(address).get("keys")
    except Unavailable as error:
        return Finding(Health.BAD, part, f"{error} Without these keys no message is believed.")
    usable = [key for key in keys if _is_usable(key)] if isinstance(keys, list) else []
    if not usable:
        return Finding(Health.BAD, part, f"{address} has no RSA keys endorsed for msteams. {_INTERCEPTED}")
    return Finding(Health.GOOD, part, f"{len(usable)} from {host_of(address)}.")


_INTERCEPTED = "Something else than Microsoft answers: let Sheriff through to it, past the proxy."


def _json(url: str) -> dict[str, Any]:
    """The JSON object at an address. Raises Unavailable."""
    answer = asked("GET", url)
    if answer.status != 200 or not isinstance(answer.content, dict):
        raise Unavailable(f"{url} answers {answer.status}, not with a JSON object. {_INTERCEPTED}")
    return answer.content


def _is_usable(key: object) -> bool:
    if not isinstance(key, dict) or key.get("kty") != "RSA" or not all(_text(key.get(n)) for n in ("kid", "n", "e")):
        return False
    endorsements = key.get("endorsements")
    return isinstance(endorsements, list) and "msteams" in endorsements


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def public_address(settings: Settings) -> Finding:
    """Whether Microsoft can reach the address at all."""
    url, part = settings.server.public_url, "public address"
    if not url:
        remedy = "Set the https address that the Azure Bot's messaging endpoint begins with."
        return Finding(Health.MISSING, part, f"server.public_url is not set. {remedy}")
    if not url.startswith("https://"):
        return Finding(Health.BAD, part, f"{url} is not https. The Bot Framework sends to nothing else.")
    if host_of(url) in LOOPBACK:
        return Finding(Health.BAD, part, f"{url} is this machine. Name the address that others reach it by.")
    return Finding(Health.GOOD, part, f"{url}; the Azure Bot's messaging endpoint is {url.rstrip('/')}{PATH}.")


def endpoint(public_url: str) -> Finding:
    """Call our own endpoint as a stranger would: refused with 401 is right, everything else is told."""
    url = f"{public_url.rstrip('/')}{PATH}"
    try:
        answer = asked("POST", url, content=_HARMLESS)
    except Unavailable as error:
        remedy = "Is `sheriff serve` running, and does the way to it (DNS, firewall, proxy, certificate) hold?"
        return Finding(Health.BAD, "endpoint", f"{error} {remedy}")
    return _judged(url, answer)


def sheriff_channel(settings: Settings) -> Finding:
    """Whether there is a channel for the sheriffs, and Sheriff was ever heard there; asks only its own database."""
    channel, part = settings.teams.sheriff_channel, "sheriffs"
    if not channel:
        remedy = "Sheriffs see cases on the desk page only. Copy the id from *Get link to channel* (docs/teams.md, 8)."
        return Finding(Health.WARNING, part, f"teams.sheriff_channel is not set. {remedy}")
    if not channel.endswith(_CHANNELS_END):
        remedy = "Copy the id from *Get link to channel*; a channel’s ends in @thread.tacv2."
        return Finding(Health.BAD, part, f"teams.sheriff_channel {channel} is no channel’s. {remedy}")
    try:
        known = _is_reached(settings, channel)
    except SheriffError as error:
        return Finding(Health.BAD, part, str(error))
    if not known:
        remedy = "Add Sheriff to its team, then say *ask the sheriff: a test*, and withdraw that case."
        return Finding(Health.WARNING, part, f"{channel} has had no card yet, so it is not known to work. {remedy}")
    return Finding(Health.GOOD, part, f"{channel} takes cards.")


def _is_reached(settings: Settings, channel: str) -> bool:
    if not settings.database_url.get_secret_value() and not (settings.home / "sheriff.db").exists():
        return False  # nothing is made by looking
    with opened_store(settings) as store:
        return store.posts.is_reached(channel)


def rota_ids(settings: Settings) -> Finding:
    """Whether Teams can call each member by name, and their buttons know them."""
    part = "rota in Teams"
    try:
        members = read_rota(settings.rota).members
    except SheriffError as error:
        return Finding(Health.BAD, part, str(error))
    missing = [member.name for member in members if not member.teams_id]
    odd = [member.name for member in members if member.teams_id and not re.fullmatch(GUID, member.teams_id)]
    remedy = "It is the Entra object id: az ad user show --id THEIR-ADDRESS --query id."
    if odd:
        return Finding(Health.BAD, part, f"{settings.rota}: the teams_id of {_listed(odd)} is no GUID. {remedy}")
    if missing:
        known = "known by name only, and not called when a case comes"
        return Finding(Health.WARNING, part, f"{settings.rota}: {_listed(missing)} without teams_id: {known}. {remedy}")
    return Finding(Health.GOOD, part, f"all {len(members)} members have a teams_id.")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _judged(url: str, answer: Answered) -> Finding:
    told = _own_words(answer)
    if answer.status == 401 and "Bot Framework" in told:
        return Finding(Health.GOOD, "endpoint", f"{url} answers, and refuses strangers.")
    if answer.status == 401:
        sentence = f"{url} refuses before Sheriff does: a gateway wants a sign-in. Let {PATH} through without one."
        return Finding(Health.BAD, "endpoint", sentence)
    return Finding(Health.BAD, "endpoint", f"{url} {_wrong(answer)}{f' It says: {told}' if told else ''}")


def _wrong(answer: Answered) -> str:
    status, target = answer.status, f" to {answer.location}" if answer.location else ""
    known = {
        2: "is open to all. Set MICROSOFT_APP_ID where Sheriff runs; or is it another program that answers there?",
        3: f"redirects{target}; the Bot Framework does not follow. Give the address that it leads to.",
        4: f"does not let the request through to Sheriff. Open {PATH} in the gateway or firewall.",
        404: "is not found. Pass the path on to Sheriff unchanged, and set MICROSOFT_APP_ID where Sheriff runs.",
        405: "does not take POST. Pass requests of every method on to Sheriff.",
        5: "fails. Look into Sheriff's log.",
        **dict.fromkeys((502, 503, 504), "has a proxy that does not reach Sheriff. Start Sheriff, check the proxy."),
    }
    return f"answers {status}: it {known.get(status) or known.get(status // 100, 'says what HTTP does not know.')}"


def _own_words(answer: Answered) -> str:
    """The sentence of an error that Sheriff itself gave; "" when it was somebody else."""
    content = answer.content
    return _text(content.get("error"))[:200] if isinstance(content, dict) else ""
