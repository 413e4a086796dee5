"""Which texts were seen to hold no secret: what is stored in several places is looked through once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

_MOST = 4096
_WORTHWHILE = 40  # characters; shorter texts are looked through as fast


class Clean:
    """Remembers digests, never texts. Safe to use from any thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def knows(self, text: str) -> bool:
        if len(text) < _WORTHWHILE:
            return False
        with self._lock:
            return _digest(text) in self._known

    def add(self, text: str) -> None:
        if len(text) < _WORTHWHILE:
            return
        with self._lock:
            self._known[_digest(text)] = None
            if len(self._known) > _MOST:
                self._known.popitem(last=False)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
