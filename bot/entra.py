"""Whether Microsoft Entra gives the bot a token, and what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.findings import Finding, Health
from bot.probing import Answered, asked
from knowledge.errors import Unavailable

LOGIN = "https://login.microsoftonline.com"
SCOPE = "https://api.botframework.com/.default"
_PART = "token"

# Codes of https://learn.microsoft.com/entra/identity-platform/reference-error-codes that a bot's credentials can meet.
MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        700016: "This tenant knows no app with MICROSOFT_APP_ID. Compare app id and tenant id with the registration.",
        90002: "There is no such tenant. Copy the “Directory (tenant) ID” into MICROSOFT_APP_TENANT_ID.",
        900021: "The tenant id has a wrong form. Copy the “Directory (tenant) ID” into MICROSOFT_APP_TENANT_ID.",
        900023: "The tenant id has a wrong form. Copy the “Directory (tenant) ID” into MICROSOFT_APP_TENANT_ID.",
        7000215: "The secret is wrong. MICROSOFT_APP_PASSWORD takes the secret's value, not its id; make a new one.",
        7000216: "No secret was sent. Set MICROSOFT_APP_PASSWORD.",
        7000218: "No secret was sent. Set MICROSOFT_APP_PASSWORD.",
        7000222: "The secret has expired. Make a new one, set MICROSOFT_APP_PASSWORD and restart Sheriff.",
        7000229: "The app has no service principal in this tenant. Run: az ad sp create --id MICROSOFT_APP_ID",
        7000112: "The app is disabled. Enable it in Entra under “Enterprise applications”, Properties.",
        500011: "The tenant does not know the Bot Framework. Add the Azure Bot and its Teams channel, then try again.",
        53003: "Conditional Access forbids the sign-in. Exempt the bot's service principal, or allow this machine.",
    }
)
_NOT_OURS = frozenset({90033, 90055, 50196})  # a pause, or too many attempts


def token_finding(app_id: str, secret: str, tenant: str, *, login: str = LOGIN) -> Finding:
    """Ask for a token as the bot does before each reply. The secret is sent to Entra and never shown."""
    form = {"grant_type": "client_credentials", "client_id": app_id, "client_secret": secret, "scope": SCOPE}
    try:
        answer = asked("POST", f"{login.rstrip('/')}/{tenant}/oauth2/v2.0/token", form=form)
    except Unavailable as error:
        return Finding(
            Health.BAD, _PART, f"{error} Sheriff must be able to reach it: open the firewall or set a proxy."
        )
    found = _judged(answer)
    return Finding(found.health, found.part, found.sentence.replace(secret, "***"))


def _judged(answer: Answered) -> Finding:
    content = answer.content if isinstance(answer.content, dict) else {}
    if answer.status == 200 and isinstance(content.get("access_token"), str) and content["access_token"]:
        return Finding(Health.GOOD, _PART, "Entra accepts app, tenant and secret.")
    code = _code(content)
    if code in MEANINGS:
        return Finding(Health.BAD, _PART, f"{MEANINGS[code]} (AADSTS{code})")
    if code in _NOT_OURS or answer.status == 429 or answer.status >= 500:
        told = f"AADSTS{code}" if code else f"status {answer.status}"
        return Finding(Health.WARNING, _PART, f"Entra has no time now ({told}). Try again in a few minutes.")
    if code:
        look = f"https://login.microsoftonline.com/error?code={code} explains it."
        return Finding(Health.BAD, _PART, f"Entra refuses: {_description(content)} {look}")
    strange = f"Something else than Entra answers (status {answer.status}): a proxy that wants to be signed in to?"
    return Finding(Health.BAD, _PART, f"{strange} Let Sheriff through to it.")


def _code(content: Mapping[str, Any]) -> int:
    """The number of the refusal; 0 when there is none."""
    codes = content.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int):
        return codes[0]
    found = re.search(r"AADSTS(\d{4,8})", str(content.get("error_description") or ""))
    return int(found[1]) if found else 0


def _description(content: Mapping[str, Any]) -> str:
    """Entra's sentence without the numbers for its own support."""
    told = re.split(r"\s*(?:Trace ID|Correlation ID):", str(content.get("error_description") or ""), maxsplit=1)[0]
    return re.sub(r"\s+", " ", told).strip()[:300]
