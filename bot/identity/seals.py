"""Values that a browser keeps for us: encrypted and signed, so that it can neither read, change nor invent them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken


class Seal:
    """Closes and opens values with one key. Whoever has the same secret and context has the same key."""

    def __init__(self, secret: str, *context: str) -> None:
        # scrypt, because who holds a cookie may guess at a short secret as often as he likes
        salt = "\0".join(context).encode()
        self._key = hashlib.scrypt(secret.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
        self._box = Fernet(base64.urlsafe_b64encode(self._key))

    def token(self, purpose: str) -> str:
        """A key for one purpose, always the same; it tells nothing about the others."""
        return hmac.new(self._key, purpose.encode(), "sha256").hexdigest()[:32]

    def close(self, kind: str, value: Mapping[str, str], *, at: datetime) -> str:
        """The value as a text for a cookie. `kind` keeps one sort of value from being taken for another."""
        content = json.dumps({**value, "kind": kind}).encode()
        return self._box.encrypt_at_time(content, int(at.timestamp())).decode()

    def open(self, kind: str, sealed: str, *, at: datetime, lifetime: timedelta) -> dict[str, str] | None:
        """What was closed less than `lifetime` ago; None for anything forged, foreign, too old or of another kind."""
        try:
            age = lifetime // timedelta(seconds=1)
            content = self._box.decrypt_at_time(sealed.encode(), age, int(at.timestamp()))
        except (InvalidToken, UnicodeEncodeError):
            return None
        value: dict[str, str] = json.loads(content)
        return value if value.get("kind") == kind else None


def probe_key(secret: str) -> str:
    """What a probe shows that knows the server’s secret, to learn whether it is ready and nothing else; "" without."""
    return hmac.new(secret.encode(), b"sheriff probe", "sha256").hexdigest() if secret else ""
