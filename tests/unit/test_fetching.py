"""Fetching from addresses that others name: every way to be led to a place that is nobody else's business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import httpx
import pytest

from bot.fetching import Allowed, Fetcher, NotAllowedError, NotFetchedError, TooLongError, is_public

HOSTS = ("sharepoint.com", "teams.microsoft.com")
PUBLIC = "93.184.215.14"
GOOD = "https://contoso.sharepoint.com/files/kafka.yaml?x=1"


class Internet:
    """Names with their addresses, and what each server answers; records where connections really go."""

    def __init__(self, addresses: Sequence[str] = (PUBLIC,)) -> None:
        self.addresses = addresses
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200, content=b"found")

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(f"{host}:{port}")
        if not self.addresses:
            raise OSError("no such name")
        return self.addresses

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    def get(self, address: str, *, most: int = 1000, this_machine: bool = False, **headers: str) -> bytes:
        allowed = Allowed(HOSTS, this_machine=this_machine)
        transport = httpx.MockTransport(self._answered)
        fetcher = Fetcher(allowed, most, 5.0, self.resolve, transport)
        return asyncio.run(fetcher.get(address, headers=headers))


def test_a_file_is_fetched_from_the_address_that_was_looked_at_under_its_own_name() -> None:
    internet = Internet()

    assert internet.get(GOOD, Authorization="Bearer x") == b"found"
    [request] = internet.requests
    assert internet.asked == ["contoso.sharepoint.com:443"]
    assert str(request.url) == f"https://{PUBLIC}/files/kafka.yaml?x=1"
    assert request.headers["host"] == "contoso.sharepoint.com"
    assert request.extensions["sni_hostname"] == "contoso.sharepoint.com"
    assert request.headers["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    "address",
    [
        "http://contoso.sharepoint.com/k",
        "ftp://contoso.sharepoint.com/k",
        "file:///etc/passwd",
        "gopher://contoso.sharepoint.com/",
        "https://contoso.sharepoint.com:8443/k",
        "https://contoso.sharepoint.com:22/k",
        "https://user@contoso.sharepoint.com/k",
        "https://contoso.sharepoint.com@evil.example/k",
        "https://contoso.sharepoint.com:pw@evil.example/k",
        "https://evil.example/contoso.sharepoint.com",
        "https://evil.example#.sharepoint.com",
        "https://evil.example\\.sharepoint.com/",
        "https://sharepoint.com.evil.example/k",
        "https://notsharepoint.com/k",
        "https://evil.example%00.sharepoint.com/",
        "https://evil.example%2f.sharepoint.com/",
        "https://sharepoint.com./k",
        "https://a..sharepoint.com/",
        "https://ｓharepoint.com.evil.example/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/",
        "https://metadata.google.internal/",
        "//contoso.sharepoint.com/k",
        "contoso.sharepoint.com/k",
        "https://",
        "https://[",
        "",
        "javascript:alert(1)",
        "https://contoso.sharepoint.com/\n",
    ],
)
def test_other_addresses_are_not_even_resolved(address: str) -> None:
    internet = Internet()

    with pytest.raises(NotAllowedError):
        internet.get(address)
    assert (internet.asked, internet.requests) == ([], [])


INNER = (
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "192.0.0.192", "168.63.129.16"),
    *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378::1"),
    *("fe80::1%eth0", "nonsense", ""),
)


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    internet = Internet([address])

    with pytest.raises(NotAllowedError):
        internet.get(GOOD)
    assert internet.requests == []


def test_one_inner_address_among_public_ones_is_one_too_many() -> None:
    with pytest.raises(NotAllowedError):
        Internet([PUBLIC, "10.0.0.1"]).get(GOOD)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
def test_public_addresses_are_public_in_every_spelling(address: str) -> None:
    assert is_public(address)


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind() -> None:
    internet = Internet()
    internet.answer = lambda _: internet.__setattr__("addresses", ["127.0.0.1"]) or httpx.Response(200, content=b"a")

    assert internet.get(GOOD) == b"a"
    assert internet.asked == ["contoso.sharepoint.com:443"]
    assert [request.url.host for request in internet.requests] == [PUBLIC]


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/", "https://evil.example/", "http://contoso.sharepoint.com/", "https://[", "file:///etc"],
)
def test_a_redirect_to_a_place_that_is_not_allowed_is_refused(location: str) -> None:
    internet = Internet()
    internet.answer = lambda _: httpx.Response(302, headers={"location": location})

    with pytest.raises(NotAllowedError):
        internet.get(GOOD)
    assert len(internet.requests) == 1


def test_a_redirect_is_resolved_and_looked_at_anew() -> None:
    internet = Internet()

    def inwards(request: httpx.Request) -> httpx.Response:
        internet.addresses = ["10.0.0.1"]
        return httpx.Response(302, headers={"location": "https://other.sharepoint.com/k"})

    internet.answer = inwards

    with pytest.raises(NotAllowedError):
        internet.get(GOOD)
    assert internet.asked == ["contoso.sharepoint.com:443", "other.sharepoint.com:443"]


def test_the_token_does_not_follow_to_another_host() -> None:
    internet = Internet()
    internet.answer = lambda request: (
        httpx.Response(307, headers={"location": "https://other.sharepoint.com/k"})
        if len(internet.requests) == 1
        else httpx.Response(200, content=b"b")
    )

    assert internet.get(GOOD, Authorization="Bearer x") == b"b"
    assert ["authorization" in request.headers for request in internet.requests] == [True, False]


def test_redirects_come_to_an_end() -> None:
    internet = Internet()
    internet.answer = lambda _: httpx.Response(302, headers={"location": "/again"})

    with pytest.raises(NotFetchedError):
        internet.get(GOOD)
    assert len(internet.requests) == 3


def test_more_than_the_limit_is_not_read_whatever_was_declared() -> None:
    internet = Internet()
    internet.answer = lambda _: httpx.Response(200, content=b"x" * 1001)

    with pytest.raises(TooLongError):
        internet.get(GOOD)


def test_nothing_is_unpacked() -> None:
    internet = Internet()
    internet.answer = lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"x"))

    with pytest.raises(NotFetchedError):
        internet.get(GOOD)
    assert internet.requests[0].headers["accept-encoding"] == "identity"


def test_an_unknown_name_and_another_status_are_told() -> None:
    internet = Internet()
    internet.answer = lambda _: httpx.Response(404)

    with pytest.raises(NotFetchedError, match="DNS"):
        Internet([]).get(GOOD)
    with pytest.raises(NotFetchedError) as caught:
        internet.get(GOOD)
    assert caught.value.status == 404


def test_a_channel_on_this_machine_leads_to_this_machine_only() -> None:
    assert Internet(["127.0.0.1"]).get("http://localhost:9000/k", this_machine=True) == b"found"
    for address, leads in (("http://localhost/", "10.0.0.1"), (GOOD, PUBLIC), ("http://10.0.0.1/", "10.0.0.1")):
        with pytest.raises(NotAllowedError):
            Internet([leads]).get(address, this_machine=True)
