"""How fast anybody may call: buckets that refill, forget and stay small, and whose address a request has."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.channels.rates import _MOST, Buckets, Limits, Rate, Rates, caller_address


class Stopwatch:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_then_one_after_another() -> None:
    watch = Stopwatch()
    buckets = Buckets(Rate(60, 3), watch)

    waits = [buckets.take("kim") for _ in range(4)]
    watch.now += 1.0

    assert waits[:3] == [0, 0, 0]
    assert waits[3] == pytest.approx(1.0)
    assert [buckets.take("kim") > 0 for _ in range(2)] == [False, True]


def test_after_a_pause_all_of_it_is_there_again_and_no_more() -> None:
    watch = Stopwatch()
    buckets = Buckets(Rate(60, 3), watch)
    for _ in range(3):
        buckets.take("kim")

    watch.now += 3600

    assert [buckets.take("kim") > 0 for _ in range(4)] == [False, False, False, True]


def test_one_does_not_pay_for_another() -> None:
    buckets = Buckets(Rate(60, 1), Stopwatch())
    buckets.take("kim")

    assert buckets.take("lee") == 0
    assert buckets.take("kim") > 0


def test_without_a_rate_nobody_waits() -> None:
    buckets = Buckets(Rate(0, 1), Stopwatch())

    assert [buckets.take("kim") for _ in range(1000)] == [0] * 1000


def test_a_flood_of_addresses_takes_no_more_memory() -> None:
    buckets = Buckets(Rate(60, 10), Stopwatch())

    for number in range(_MOST + 500):
        buckets.take(f"198.51.100.{number}")

    assert len(buckets) == _MOST


def test_who_is_full_again_is_forgotten() -> None:
    watch = Stopwatch()
    buckets = Buckets(Rate(60, 10), watch)
    for number in range(100):
        buckets.take(str(number))

    watch.now += 2
    buckets.take("kim")

    assert len(buckets) == 1


def test_different_wrong_tokens_are_guesses_and_the_same_again_is_a_forgotten_script() -> None:
    rates = Rates(Limits(failures=Rate(60, 3)), now=Stopwatch())

    for _ in range(50):
        rates.was_wrong("192.0.2.1", "old")
    forgotten = rates.guessing("192.0.2.1")
    for guess in "ab":
        rates.was_wrong("192.0.2.1", guess)

    assert forgotten == 0
    assert rates.guessing("192.0.2.1") > 0
    assert rates.guessing("192.0.2.2") == 0


PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # whoever likes can say so
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the first was said by the caller
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.9", "10.0.0.9"),
        ("2001:db8::1", "2001:470:1:2:3:4:5:6", "2001:470:1:2::/64"),
        ("2001:470:1:2:ffff::1", None, "2001:470:1:2::/64"),
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
    ],
)
def test_an_address_is_the_peers_or_what_a_trusted_proxy_saw(peer: str, forwarded: str | None, address: str) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded is not None else []
    scope = {"type": "http", "client": (peer, 4711), "headers": headers}

    assert caller_address(scope, PROXIES) == address
