"""`sheriff serve`: take the port, start the parts in the right order, stop them in the reverse one."""

from __future__ import annotations

import errno
import signal
import socket
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import structlog

from bot.memory import seldom_collected
from bot.settings import Settings
from bot.telemetry import configure_logging
from knowledge.errors import Failure, Misuse

if TYPE_CHECKING:
    from uvicorn import Server

    from bot.wiring import Running

log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Serve until interrupted. Raises Misuse or Failure with a sentence before anything was started."""
    configure_logging(settings.log_level, settings.log_format)
    refuse_open_door(settings)
    signal.signal(signal.SIGTERM, _end)
    with closing(listening_socket(settings.server.host, settings.server.port)) as taken:
        address = _address(settings.server.host, taken.getsockname()[1])
        from bot.wiring import start  # after the port: the sentence about a used one comes at once

        running = start(settings, address=address)
        try:
            print(f"Sheriff listens on {address} (stop with Ctrl+C).", file=sys.stderr, flush=True)
            with seldom_collected():
                _server(running).run(sockets=[taken])
        finally:
            running.stop()


def _end(_signal: int, _frame: object) -> None:
    """Asked to stop, as containers are: leave through `finally`, so that the parts are stopped in order."""
    raise SystemExit(0)


def _server(running: Running) -> Server:
    """A server that ends the streams of open pages when it stops, instead of waiting for them."""
    from uvicorn import Config, Server

    from bot.lingering import Impatient

    class Ending(Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            running.hang_up()
            await super().shutdown(sockets)

    return Ending(
        Config(
            running.app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
            http=Impatient,
            ws="none",
            proxy_headers=False,  # which proxies are believed is said in server.trusted_proxies, and only there
            server_header=False,
        )
    )


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket. Raises Failure naming address and remedy when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(128)  # callers wait in line while the rest starts, instead of being refused
    except OSError as error:
        taken.close()
        raise Failure(_why_not(host, port, error)) from error
    return taken


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program. "
            f"Stop that one, or choose another port: sheriff serve --port {port + 1 if port < 65535 else 3978}"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} may not be used by this account. Choose one above 1023: --port 3978"
    reason = error.strerror or str(error)
    return f"{host}: cannot listen there ({reason}). Choose an address of this machine: --host 127.0.0.1"


def refuse_open_door(settings: Settings) -> None:
    """Raises Misuse when others can reach the pages and nothing asks who calls, or sign-in could not work."""
    if settings.has_sign_in:
        from bot import sign_in_wiring

        sign_in_wiring.registration(settings)
        sign_in_wiring.base_url(settings, _address(settings.server.host, settings.server.port))
        return
    if settings.is_loopback or settings.access_token.get_secret_value():
        return
    raise Misuse(
        f"--host {settings.server.host} can be reached from other machines, and nothing asks who calls. "
        "Configure sign_in (docs/sign-in.md), set SHERIFF_ACCESS_TOKEN to a long random text, or stay on 127.0.0.1."
    )


def _address(host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
