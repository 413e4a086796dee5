"""`sheriff ready`: whether the server of this machine is ready, for probes of containers; they can carry no secret."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException

from bot.identity.seals import probe_key
from bot.settings import Settings
from knowledge.errors import Failure

_PATIENCE = 4.0  # seconds
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - as the server is told to listen


def ready_command(settings: Settings) -> None:
    """Print how the server is. Raises Failure when it is not ready, or does not answer."""
    host, port = settings.server.host, settings.server.port
    line = HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=_PATIENCE)
    key = probe_key(settings.secret)
    try:
        line.request("GET", "/readyz", headers={"authorization": f"Bearer {key}"} if key else {})
        answer = line.getresponse()
        told = json.loads(answer.read(100_000))
    except (OSError, HTTPException, ValueError) as error:
        raise Failure(f"No Sheriff answers on port {port} ({type(error).__name__}).") from error
    finally:
        line.close()
    if answer.status != 200:
        raise Failure(f"Not ready: {told.get('sentence') or told.get('error') or answer.status}")
    print(told["sentence"])
