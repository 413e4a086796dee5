"""/api/desk/NAME/events: the ticket system says that something has happened. What it says is not believed, only that
it said so: the tickets themselves are looked at then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from bot.channels.problems import Problem
from bot.desks.signing import SIGNATURE, is_signed, is_signed_by_hub

# Where GitHub and Jira put a signature over the body alone; others sign the time as well.
_HUBS: Mapping[str, str] = {"github": "x-hub-signature-256", "jira": "x-hub-signature"}


@dataclass(frozen=True, slots=True)
class DeskEvents:
    """The one ticket system that is listened to."""

    kind: str  # github, jira, servicenow or webhook
    secret: str
    wake: Callable[[], None]  # looks at the tickets
    clock: Callable[[], datetime]
    is_new: Callable[[str], bool]  # whether a signature comes for the first time, on any replica and in any life

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raises Problem with 401 for a request without signature, and with 403 for one that is wrong or old.

        Who repeats a delivery without knowing the secret repeats its signature: it does nothing a second time.
        """
        if self.is_new(self._signature(headers, body)):
            self.wake()

    def _signature(self, headers: Mapping[str, str], body: bytes) -> str:
        if headers.get(SIGNATURE):
            if not is_signed(self.secret, headers, body, now=self.clock()):
                raise Problem(403, "The signature is wrong, or older than five minutes. See docs/desks.md.")
            return headers[SIGNATURE]
        given = headers.get(_HUBS.get(self.kind, SIGNATURE), "")
        if not given:
            raise Problem(401, "A signature is needed. See docs/desks.md.")
        if not is_signed_by_hub(self.secret, given, body):
            raise Problem(403, "The signature is wrong: the secret must be that of SHERIFF_DESK_SECRET.")
        return given

    def router(self) -> APIRouter:
        routes = APIRouter(include_in_schema=False)

        @routes.post("/api/desk/{name}/events")
        async def event(name: str, request: Request) -> Response:
            if name != self.kind:
                raise Problem(404, "No ticket system of this name is connected.")
            await run_in_threadpool(self.take, request.headers, await request.body())
            return JSONResponse({"status": "looked at"}, 202)

        return routes
