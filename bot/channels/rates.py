"""How fast anybody may call: by address before it is known who calls, by person after.

Each bucket is one number, the moment at which it is full again (the virtual scheduling form of a token bucket). What is
full again is forgotten, and of more than `_MOST` callers the ones that called longest ago, so that a flood of addresses
takes no memory. Each process counts for itself.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Lock

from starlette.datastructures import Headers
from starlette.types import Scope

Network = IPv4Network | IPv6Network
_MOST = 20_000  # callers remembered for each kind of limit
_WRONG_REMEMBERED = 4_096  # wrong credentials


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a minute in the long run, so many at once after a pause; 0 a minute: no limit."""

    per_minute: float
    at_once: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Generous to a company behind one address and to all of Teams behind a few; see docs/operator-guide.md."""

    person: Rate = Rate(120, 300)  # questions, checks and deeds of one person
    program: Rate = Rate(1_800, 300)  # of one token, which may speak for many people
    address: Rate = Rate(6_000, 1_000)  # requests from one address
    messages: Rate = Rate(6_000, 600)  # to /api/messages from one address
    failures: Rate = Rate(30, 20)  # different wrong credentials from one address
    here: bool = False  # also for who is on this machine and not asked who he is


@dataclass(slots=True)
class Buckets:
    """One rate, for each key on its own. Safe to use from any thread."""

    rate: Rate
    now: Callable[[], float] = time.monotonic
    _full: OrderedDict[str, float] = field(default_factory=OrderedDict)  # by key: when nothing is taken any more
    _lock: Lock = field(default_factory=Lock)

    def take(self, key: str) -> float:
        """0.0 when one more is within the rate, which is then counted; else the seconds until the next one is."""
        return self._wait(key, take=True)

    def wait(self, key: str) -> float:
        """The same without counting it."""
        return self._wait(key, take=False)

    def _wait(self, key: str, *, take: bool) -> float:
        if not self.rate.per_minute:
            return 0.0
        each, now = 60.0 / self.rate.per_minute, self.now()
        with self._lock:
            full = max(self._full.get(key, now), now)
            wait = full + each - now - each * self.rate.at_once
            if wait > 1e-9:
                return wait
            if take:
                self._full[key] = full + each
                self._full.move_to_end(key)
                self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        while self._full and (len(self._full) > _MOST or next(iter(self._full.values())) <= now):
            self._full.popitem(last=False)

    def __len__(self) -> int:
        return len(self._full)


class Rates:
    """All limits of one process."""

    def __init__(self, limits: Limits | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or Limits()
        self.person = Buckets(self.limits.person, now)
        self.program = Buckets(self.limits.program, now)
        self.address = Buckets(self.limits.address, now)
        self.messages = Buckets(self.limits.messages, now)
        self._failures = Buckets(self.limits.failures, now)
        self._wrong: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def guessing(self, address: str) -> float:
        """The seconds until this address may try a credential again; 0.0 when it may now."""
        return self._failures.wait(address)

    def was_wrong(self, address: str, credential: str) -> bool:
        """Count a wrong credential; returns whether it counts. One that was wrong before does not: a forgotten script
        is no guesser."""
        key = hashlib.sha256(f"{address}\n{credential}".encode("utf-8", "replace")).hexdigest()
        with self._lock:
            known = key in self._wrong
            self._wrong[key] = None
            self._wrong.move_to_end(key)
            while len(self._wrong) > _WRONG_REMEMBERED:
                self._wrong.popitem(last=False)
        if not known:
            self._failures.take(address)
        return not known


def caller_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """Where a request comes from: the peer, or behind proxies that are trusted what the first of them saw.

    An IPv6 address stands for its /64, which one customer has whole.
    """
    peer = str((scope.get("client") or ("",))[0])
    found = peer
    if trusted and _is_trusted(peer, trusted):
        lines = Headers(scope=scope).getlist("x-forwarded-for")
        for given in reversed([part.strip() for line in lines for part in line.split(",")]):
            if _parsed(given) is None:
                break
            found = given
            if not _is_trusted(given, trusted):
                break
    address = _parsed(found)
    if not isinstance(address, IPv6Address):
        return found
    return str(address.ipv4_mapped or IPv6Network((int(address) >> 64 << 64, 64)))


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed is not None and any(parsed in network for network in trusted)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
