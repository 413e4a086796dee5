"""From settings to sign-in by OpenID Connect. Contacts nobody."""

from __future__ import annotations

from datetime import timedelta

from bot.channels.sign_in import SignIn
from bot.identity.accounts import Naming
from bot.identity.provider import Provider, Registration, is_secure
from bot.identity.roles import Role
from bot.identity.seals import Seal
from bot.settings import Settings
from knowledge.errors import Misuse

_GUIDE = "See docs/sign-in.md."


def registration(settings: Settings) -> Registration:
    """What the provider knows Sheriff by. Raises Misuse naming what is missing or wrong."""
    given, secret = settings.sign_in, settings.sign_in_secret.get_secret_value()
    parts = {
        "sign_in.issuer": given.issuer,
        "sign_in.client_id": given.client_id,
        "SHERIFF_SIGN_IN_SECRET in the environment": secret,
    }
    if missing := [name for name, value in parts.items() if not value]:
        raise Misuse(f"Sign-in is configured in part: set {' and '.join(missing)} as well. {_GUIDE}")
    if not is_secure(given.issuer):
        raise Misuse(f"sign_in.issuer {given.issuer} is not safe to ask: it has to begin with https://. {_GUIDE}")
    if not (secret.isascii() and secret.isprintable()):
        raise Misuse(f"SHERIFF_SIGN_IN_SECRET holds characters that no secret has. Copy its value again. {_GUIDE}")
    return Registration(given.issuer, given.client_id, secret, given.scopes)


def base_url(settings: Settings, address: str) -> str:
    """As people open Sheriff; `address` is where it listens. Raises Misuse when browsers could not come back there."""
    opened = settings.server.public_url or (address if settings.is_loopback else "")
    if not opened:
        raise Misuse(f"Sign-in has to lead back: set server.public_url to the address that people open. {_GUIDE}")
    if not is_secure(opened):
        raise Misuse(f"server.public_url {opened} is not safe to sign in at: put TLS in front and write https://….")
    return opened.rstrip("/")


def sign_in(settings: Settings, address: str) -> SignIn | None:
    """Sign-in as the settings have it; None without. Raises Misuse when it is configured in part or wrongly."""
    if not settings.has_sign_in:
        return None
    known, given = registration(settings), settings.sign_in
    return SignIn(
        Provider(known),
        Seal(known.secret, known.issuer, known.client_id),
        base_url(settings, address),
        Naming(
            id=given.id_claim,
            name=given.name_claim,
            email=given.email_claim,
            roles=given.role_claim,
            given={value: Role[role.upper()] for value, role in given.roles.items()},
            everyone=Role[given.everyone.upper()],
        ),
        timedelta(hours=given.hours),
    )
