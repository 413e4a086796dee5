"""`sheriff doctor`: one line for each part, with the remedy where something is wrong. It changes nothing."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bot import desk_wiring, knowledge_wiring, sign_in_wiring, store_wiring
from bot.channels.sign_in import CALLBACK
from bot.findings import Finding, Health, printed
from bot.identity.provider import Provider
from bot.settings import Settings
from bot.sources import strange_rota
from bot.support.rota_alarms import alarms
from bot.support.transitions import dead_letter
from bot.telemetry import Metrics
from ingestion import generations
from knowledge.adapters.fence import limits_memory
from knowledge.errors import SheriffError, Unavailable
from knowledge.validation.catalog import SchemaCatalog


def report(settings: Settings) -> int:
    """Print all findings; returns 1 when something is broken, 0 otherwise."""
    return printed(examine(settings))


def examine(settings: Settings) -> Iterator[Finding]:
    """Every part, in the order in which they depend on each other."""
    checks: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
        ("state folder", _home),
        ("index", _index),
        ("schemas", _schemas),
        ("files", _files),
        ("rota", _rota),
        ("cases", _cases),
        ("desk", _desk),
        ("docs desk", _docs_desk),
        ("language model", _model),
        ("Teams", _teams),
        ("sign-in", sign_in),
        ("exposure", exposure),
    )
    for part, check in checks:
        try:
            yield check(settings)
        except SheriffError as error:
            yield Finding(Health.BAD, part, str(error))


def _home(settings: Settings) -> Finding:
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home):
            pass
    except OSError as error:
        return Finding(
            Health.BAD,
            "state folder",
            f"{settings.home} cannot be written ({error.strerror}). Choose another with --home or SHERIFF_HOME.",
        )
    return Finding(Health.GOOD, "state folder", f"{settings.home.resolve()} is writable.")


def _index(settings: Settings) -> Finding:
    folder = generations.current(settings.home)
    if folder is None:
        return Finding(Health.NOTICE, "index", "There is none yet. `sheriff serve` builds it, or run `sheriff ingest`.")
    with knowledge_wiring.opened_library(settings) as library:
        status = library.status()
    health = Health.GOOD if status.ready else Health.BAD
    return Finding(health, "index", f"{folder.name}: {status.sentence}")


def _schemas(settings: Settings) -> Finding:
    catalog = SchemaCatalog.load(settings.platform.schemas)
    return Finding(Health.GOOD, "schemas", f"{len(catalog.schemas)} in {settings.platform.schemas}.")


def _files(settings: Settings) -> Finding:
    limits = settings.limits
    within = f"{limits.read_seconds:g} s at ingest, {limits.check_seconds:g} s in a message"
    if not limits_memory():
        sentence = f"Read in processes of their own, within {within}; memory cannot be limited on this system."
        return Finding(Health.NOTICE, "files", f"{sentence} Run Sheriff on Linux where strangers send files.")
    return Finding(Health.GOOD, "files", f"Read in processes of their own: {within}, {limits.memory_mb} MB.")


def _rota(settings: Settings) -> Finding:
    now = datetime.now(UTC)
    with store_wiring.opened_store(settings) as store:
        kept = store.rota(settings.rota).now()
    alarmed = alarms(kept, now)
    if alarmed:
        return Finding(Health.BAD, "rota", " ".join(alarmed))
    strange = "" if kept.edited else strange_rota(settings)
    if strange:
        return Finding(Health.WARNING, "rota", strange)
    rota = kept.rota
    shift, following = rota.shift_at(now), rota.next_shift(now)
    if shift.member.is_team:
        ends = f"{rota.local(shift.ends):%a %d %b %H:%M} ({rota.zone.key})"
        return Finding(Health.NOTICE, "rota", f"An override gives the duty to the whole team until {ends}.")
    until = rota.local(shift.ends)
    return Finding(
        Health.GOOD,
        "rota",
        f"{shift.member.name} until {until:%a %d %b %H:%M} ({rota.zone.key}), then {following.member.name}.",
    )


def _cases(settings: Settings) -> Finding:
    with store_wiring.opened_store(settings) as store:
        kept = f"{store.cases.count():,} kept; the database opens."
        if store.demonstration.get() is None:
            return Finding(Health.GOOD, "cases", kept)
    remedy = "Nothing is sent outside. `sheriff demo --remove` clears them before real ones come."
    return Finding(Health.NOTICE, "cases", f"{kept} They are made up for a demonstration. {remedy}")


def _desk(settings: Settings) -> Finding:
    """The ticket system, asked by reading only; and what it has refused so far."""
    with store_wiring.opened_store(settings) as store:
        with desk_wiring.opened_desk(settings, store, clock=store_wiring.now) as desk:
            told = desk.check()
        letters = store.cases.dead_letters()
    if letters:
        first = letters[-1]
        letter = dead_letter(first)
        sentence = f"{len(letters)} refused: {first.label}: {letter.text if letter else ''}"
        return Finding(Health.BAD, "desk", f"{sentence} Set it right, then `sheriff cases retry --all`.")
    return Finding(Health.GOOD, "desk", f"{told[:1].upper()}{told[1:]}")


def _docs_desk(settings: Settings) -> Finding:
    with (
        store_wiring.opened_store(settings) as store,
        desk_wiring.opened_docs_desk(settings, store, clock=store_wiring.now) as desk,
    ):
        if desk is None:
            return Finding(Health.GOOD, "docs desk", "Gaps become no issues: gaps.desk is not set.")
        told = desk.check()
    return Finding(Health.GOOD, "docs desk", f"{told[:1].upper()}{told[1:]}")


def _model(settings: Settings) -> Finding:
    match settings.provider:
        case "azure":
            name = settings.azure_deployment
            if not name:
                return Finding(Health.BAD, "language model", "Azure is configured; AZURE_OPENAI_DEPLOYMENT is not set.")
            sentence = f"Azure OpenAI, deployment {name} (not contacted); {_spent(settings)}."
            return Finding(Health.GOOD, "language model", sentence)
        case "openai":
            name = settings.openai_model or settings.model.name
            return Finding(Health.GOOD, "language model", f"{name} (not contacted); {_spent(settings)}.")
        case _:
            return Finding(Health.NOTICE, "language model", "None: answers are quoted. OPENAI_API_KEY changes it.")


def _spent(settings: Settings) -> str:
    with store_wiring.opened_store(settings) as store:
        return store_wiring.purse_of(settings, store, Metrics()).standing()


def _teams(settings: Settings) -> Finding:
    if not settings.teams_app_id:
        return Finding(Health.NOTICE, "Teams", "Not connected: MICROSOFT_APP_ID is not set.")
    if not settings.teams_app_password.get_secret_value():
        return Finding(Health.BAD, "Teams", "MICROSOFT_APP_PASSWORD is not set: no reply can be sent.")
    return Finding(Health.GOOD, "Teams", f"App {settings.teams_app_id}, tenant {settings.teams_tenant or 'any'}.")


def sign_in(settings: Settings) -> Finding:
    """Asks the provider what it publishes; the secret is tried only when somebody signs in."""
    if not settings.has_sign_in:
        return Finding(Health.NOTICE, "sign-in", "Not configured: on this machine nobody is asked who he is.")
    known = sign_in_wiring.registration(settings)
    back = sign_in_wiring.base_url(settings, f"http://{settings.server.host}:{settings.server.port}") + CALLBACK
    try:
        asyncio.run(Provider(known).metadata())
    except Unavailable as error:
        return Finding(Health.BAD, "sign-in", f"{error} Nobody can sign in until that is mended.")
    return Finding(Health.GOOD, "sign-in", f"{known.host} answers and has keys; the redirect URI there is {back}.")


def exposure(settings: Settings) -> Finding:
    """Who can reach the pages, and what they are asked."""
    if settings.has_sign_in:
        return Finding(Health.GOOD, "exposure", "Whoever can reach the pages has to sign in.")
    token = bool(settings.access_token.get_secret_value())
    if settings.is_loopback and settings.server.public_url and not token:
        reached = f"Only this machine can open the pages: through {settings.server.public_url} nobody is let in."
        return Finding(Health.NOTICE, "exposure", f"{reached} Configure sign_in, or set SHERIFF_ACCESS_TOKEN.")
    if settings.is_loopback:
        return Finding(Health.GOOD, "exposure", "Only this machine can reach the pages.")
    if not token:
        remedy = "configure sign_in, set SHERIFF_ACCESS_TOKEN, or stay on 127.0.0.1."
        return Finding(Health.BAD, "exposure", f"Other machines could reach the pages; {remedy}")
    return Finding(Health.GOOD, "exposure", "Other machines can, with the access token.")
