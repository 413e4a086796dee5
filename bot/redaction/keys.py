"""What a key says of its value: nothing, or how surely it is a secret and of which kind. English, French, German."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from bot.redaction.wordlists import words


class Trust(IntEnum):
    """How much a value must look like a secret to be one."""

    LOOKS = 1  # only what nobody would write as a name or setting
    LIKELY = 2  # anything but names, settings and single words
    SURE = 3  # anything that is no reference


@dataclass(frozen=True, slots=True)
class Hint:
    kind: str
    trust: Trust


KINDS = frozenset({"password", "token", "secret", "key", "api key", "credentials"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORD = (
    r"passwor[dt]e?|passwrd|passwd|password|paswor[dt]|pasword|passwort|kennwort|losungswort|passphrase|passcode|pwd|psw|motdepasse|mdp|phrasesecrete"
    r"|contrasena|wachtwoord|codesecret|mdpasse|zugangscode|passwords|passwds|passphrases|passworter|kennworter|motsdepasse"
)
_CREDENTIALS = (
    r"credentials?|creds?|zugangsdaten|anmeldedaten|identifiants|connectionstrings?|connstr|connectionstr|dsn|saslconfig"
    r"|jaasconfig|sasljaasconfig|verbindungszeichenfolge|dockerconfigjson|dockercfg|loginsecret"
)
_ACCOUNTS = (
    r"user|db|root|store|key|trust|keystore|truststore|bind|admin|sudo|ssh|ftp|smtp|mail|my|mysql|pg|redis|ldap|rabbitmq"
    r"|mongo|proxy|http|become|ansible"
)
# Patterns that end in "$" are sought in the last words together, the others in the last word.
_ENDINGS: tuple[tuple[re.Pattern[str], Hint], ...] = (
    (re.compile(rf"(?<!encrypted)(?:{_PASSWORD})$"), Hint("password", Trust.SURE)),
    (re.compile(rf"^(?:pass|pw|(?:{_ACCOUNTS})(?:pass|pw))\Z"), Hint("password", Trust.SURE)),
    (re.compile(r"^passe\Z"), Hint("password", Trust.LOOKS)),
    (re.compile(r"^\w*apikeys?\Z"), Hint("api key", Trust.LIKELY)),
    (
        re.compile(r"^\w*(?:secret|access|private|account|auth|storage|encryption|signing|master|shared)keys?\Z"),
        Hint("key", Trust.LIKELY),
    ),
    (re.compile(r"^\w*?(?:token|jeton)s?\Z"), Hint("token", Trust.LIKELY)),
)
_LATER_ENDINGS: tuple[tuple[re.Pattern[str], Hint], ...] = (
    (re.compile(r"(?:authorization|bearer|jwt)$"), Hint("token", Trust.LIKELY)),
    (re.compile(r"(?:signature|cookie|auth|^pat|^sas|[a-z]pat|[a-z]sas|otp|totp)$"), Hint("token", Trust.LOOKS)),
    (re.compile(rf"(?:{_CREDENTIALS})$"), Hint("credentials", Trust.LOOKS)),
)
_BEFORE_KEY = words("keys", "before_key")
_AFTER = words("keys", "after")
_NO_SECRET_AFTER = words("keys", "no_secret_after")
_NO_SECRET_BEFORE = words("keys", "no_secret_before")
_PLACE_TOKENS = words("keys", "place_tokens")  # by which a list is read on, or a call is told from its repetition
# Before "secret": what Kubernetes objects of that kind hold; the value is then most often a name.
_NAMED_SECRETS = words("keys", "named_secrets")


@lru_cache(maxsize=4096)
def hint_of(key: str) -> Hint | None:
    """What a (folded) key says; None for one that names no secret. Camel, snake, kebab case or words."""
    words = [word.lower() for word in _WORDS.findall(key[-120:])]
    if not words or len(words) > 9 or (words[-1] == "pass" and key.count(" ") > 1):
        return None
    for end in range(len(words), 0, -1):
        hint = _ending(words[:end])
        if hint is None:
            continue
        return _judged(hint, words, end)
    return None


def _ending(said: list[str]) -> Hint | None:
    """The kind of secret that the last words are the name of."""
    last, joined = said[-1], "".join(said[-4:])
    for pattern, hint in _ENDINGS:
        if pattern.search(joined if pattern.pattern.endswith("$") else last):
            return hint
    if re.fullmatch(r"\w*?(?:secret|geheimnis)(?:se|s)?|geheim", last):
        return _secret(said)
    if re.fullmatch(r"(?:\w*(?:api|zugangs|zugriffs|geheim|konto|privat\w*))?schlu(?:e)?ssel|keys?|cles?", last):
        return _key(said)
    return next((hint for pattern, hint in _LATER_ENDINGS if pattern.search(joined)), None)


def _secret(words: list[str]) -> Hint:
    before = words[-2] if len(words) > 1 else ""
    plural = words[-1].endswith(("s", "se"))
    trust = Trust.LOOKS if before in _NAMED_SECRETS or plural else Trust.LIKELY
    if before == "token" and len(words) > 2:
        trust = Trust.LIKELY  # OAuth 1: access token secret
    return Hint("secret", trust)


def _key(words: list[str]) -> Hint | None:
    before = words[-2] if len(words) > 1 else ""
    if before in {"api", "d"} or words[-1].startswith("api"):
        return Hint("api key", Trust.LIKELY)
    if before in {"secret", "private", "secrete", "privee", "geheimer", "privater"}:
        return Hint("key", Trust.LIKELY)
    if before in _BEFORE_KEY or words[-1] not in {"key", "keys", "cle", "cles", "schlussel", "schluessel"}:
        return Hint("key", Trust.LOOKS)
    if words[-1] in {"schlussel", "schluessel"} or (words[-1] == "cle" and len(words) == 1):
        return Hint("key", Trust.LOOKS)
    if len(words) > 1 and "key" in words[-1] and words[0] in _BEFORE_KEY:
        return Hint("key", Trust.LOOKS)
    return None


def _judged(hint: Hint, words: list[str], end: int) -> Hint | None:
    """The hint after what stands around the name: "passwordPolicy" and "maxTokens" name no secret."""
    after = [word for word in words[end:] if not word.isdigit()]
    if words == ["secret", "id"]:
        return Hint("secret", Trust.LOOKS)
    before = words[:end]
    if not (_NO_SECRET_AFTER.isdisjoint(after) and _NO_SECRET_BEFORE.isdisjoint(before)):
        return None
    if hint.kind == "token" and not _PLACE_TOKENS.isdisjoint(before):
        return None
    if all(word in _AFTER for word in after):
        return hint
    return Hint(hint.kind, Trust.LOOKS)
