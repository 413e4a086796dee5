"""Fetching from an address that somebody else named, without being sent where nobody else can go.

Only https, only hosts of a list, only public addresses: a name is resolved once, every address it has is looked at, and
the connection goes to the very one that was looked at, so that a name that changes its mind in between gains nothing. A
redirect is a new address and is checked like the first. Where the operator’s own proxy is in between (`HTTPS_PROXY`),
it does the resolving, and the list of hosts remains.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx

from knowledge.errors import SheriffError, Unavailable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
REDIRECTS: Final = 2
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_TUNNELS: Final = tuple(map(IPv6Network, ("::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10")))
_PLATFORMS: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))  # of clouds, for their machines
_LOW_32_BITS: Final = 0xFFFFFFFF


class NotAllowedError(SheriffError):
    """The address lies where nothing is fetched from."""


class TooLongError(SheriffError):
    """More came than is read."""


class NotFetchedError(Unavailable):
    """The server did not answer as it should; `status` is 0 when it did not answer at all."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where may be fetched from: hosts with all below them, by https; or this machine and nothing else."""

    hosts: Sequence[str] = ()
    this_machine: bool = False  # by http too, at any port: for a channel that runs here

    def admits(self, url: httpx.URL) -> bool:
        """Whether an address is within that, by what stands in it."""
        host = url.raw_host.decode("ascii", "replace").lower()
        if url.userinfo:
            return False
        if self.this_machine:
            return url.scheme in {"http", "https"} and host in _THIS_MACHINE
        known = any(host == name or host.endswith(f".{name}") for name in self.hosts)
        return url.scheme == "https" and url.port in {None, 443} and known and _NAME.fullmatch(host) is not None


async def resolved(host: str, port: int) -> Sequence[str]:
    """All addresses of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches within limits: `most` bytes, `within` seconds for all of it."""

    allowed: Allowed
    most: int
    within: float
    resolve: Resolve = resolved
    transport: httpx.AsyncBaseTransport | None = None  # of tests

    async def get(self, address: str, *, headers: Mapping[str, str] | None = None) -> bytes:
        """What lies there. `headers` go to the named host and to no other that it may redirect to.

        Raises NotAllowedError, TooLongError or NotFetchedError.
        """
        try:
            async with asyncio.timeout(self.within):
                return await self._followed(_parsed(address), dict(headers or {}))
        except TimeoutError as error:
            raise NotFetchedError(f"It takes longer than {self.within:g} seconds.") from error
        except httpx.HTTPError as error:
            raise NotFetchedError(f"The connection failed ({type(error).__name__}).") from error

    async def _followed(self, url: httpx.URL, headers: dict[str, str]) -> bytes:
        first = url.raw_host
        for _ in range(REDIRECTS + 1):
            if not self.allowed.admits(url):
                raise NotAllowedError("The address lies where nothing is fetched from.")
            found = await self._once(url, headers if url.raw_host == first else {})
            if isinstance(found, bytes):
                return found
            url = url.join(found)
        raise NotFetchedError("It redirects again and again.", 302)

    async def _once(self, url: httpx.URL, headers: Mapping[str, str]) -> bytes | httpx.URL:
        """What lies there, or where it says that it lies."""
        host = url.raw_host.decode("ascii")
        target, extensions = await self._target(url, host)
        sent = {**headers, "host": url.netloc.decode("ascii"), "accept-encoding": "identity"}
        async with (
            httpx.AsyncClient(timeout=self.within, transport=self.transport) as client,
            client.stream("GET", target, headers=sent, extensions=extensions) as answer,
        ):
            if answer.is_redirect and answer.headers.get("location"):
                return _parsed(answer.headers["location"])
            if answer.status_code != httpx.codes.OK:
                raise NotFetchedError(f"The server answers HTTP {answer.status_code}.", answer.status_code)
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise NotFetchedError("The server packs what was asked for unpacked.", answer.status_code)
            return await self._read(answer)

    async def _target(self, url: httpx.URL, host: str) -> tuple[httpx.URL, dict[str, str]]:
        """The address to connect to, and the name that its certificate has to bear."""
        if _goes_through_proxy(url):
            return url, {}
        try:
            found = await self.resolve(host.strip("[]"), url.port or 443)
        except (OSError, UnicodeError) as error:
            raise NotFetchedError("Its name is not known (DNS).") from error
        right = is_of_this_machine if self.allowed.this_machine else is_public
        if not found or not all(right(each) for each in found):
            raise NotAllowedError("The name leads to an address where nothing is fetched from.")
        return url.copy_with(host=found[0]), {"sni_hostname": host}

    async def _read(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > self.most:
                raise TooLongError(f"more than {self.most:,} bytes; at most that many are read.")
        return bytes(content)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet, also when it stands in another (mapped, NAT64)."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return is_public(str(found.ipv4_mapped))
        if found in _NAT64:
            return is_public(str(IPv4Address(int(found) & _LOW_32_BITS)))
        if any(found in tunnel for tunnel in _TUNNELS):
            return False
    elif any(found in platform for platform in _PLATFORMS):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


def is_of_this_machine(address: str) -> bool:
    """Whether an IP address is loopback."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _parsed(address: str) -> httpx.URL:
    try:
        return httpx.URL(address)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise NotAllowedError("This is no address that anything is fetched from.") from error


def _goes_through_proxy(url: httpx.URL) -> bool:
    """Whether httpx would ask the operator’s proxy."""
    proxies = getproxies()
    return bool(proxies.get(url.scheme) or proxies.get("all")) and not proxy_bypass(url.host)
