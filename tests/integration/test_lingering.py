"""Connections that say nothing, or letter by letter, over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.lingering import Impatient
from tests.bot_framework import listening

ASKS = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class VeryImpatient(Impatient):
    headers_within = 0.05


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    with listening(app, http=VeryImpatient) as url:
        yield int(url.rpartition(":")[2])


def said(port: int, *pieces: bytes) -> bytes:
    """All that the server says until it hangs up; fails when it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        for piece in pieces:
            line.sendall(piece)
        heard = b""
        while piece := line.recv(4096):
            heard += piece
        return heard


@pytest.mark.parametrize("pieces", [(), (b"GET / HT",), (b"GET / HTTP/1.1\r\n", b"X-Slow: 1\r\n")])
def test_who_does_not_finish_the_head_of_a_request_is_hung_up_on(port: int, pieces: tuple[bytes, ...]) -> None:
    assert said(port, *pieces) == b""


def test_who_does_is_answered_also_twice_on_one_connection(port: int) -> None:
    assert said(port, ASKS, ASKS).count(b"200 OK") == 2


def test_a_second_request_that_does_not_end_is_hung_up_on(port: int) -> None:
    assert said(port, ASKS, b"GET / HTTP/1.1\r\nX-Slow: 1\r\n").count(b"200 OK") == 1
