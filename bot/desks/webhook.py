"""Tickets in any system that takes signed JSON: one address of yours, called with what is to be done.

docs/desks.md says what is sent and what has to be answered; the receiver makes one ticket for each case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.desks.calling import USUAL, Client, Manner, Names, OutcomeUnknown, Pace
from bot.desks.signing import Signed
from bot.desks.words import headline, turn
from bot.support.cases import Case
from bot.support.handoff import Found, Ticket, TicketState, unexpected
from bot.support.transitions import rounds

_LONGEST_NUMBER = 128
_GONE = frozenset({410})  # there is no such ticket: nothing to write to


class WebhookDesk:
    """A Desk at one address. The same request has the same Idempotency-Key, however often it is sent."""

    def __init__(
        self,
        url: str,
        *,
        secret: str,
        pace: Pace,
        page: str = "",
        transport: httpx.BaseTransport | None = None,
        names: Names = USUAL,
    ) -> None:
        """`page` is the address of a case, with {case} in it."""
        self._page = page
        self._url = url
        self._host = urlsplit(url).hostname or url
        self._client = Client(
            url,
            Manner("The desk's receiver", remedies=_remedies(names), told=_told, names=names),
            pace=pace,
            auth=Signed(secret, pace.clock),
            secrets=[secret],
            transport=transport,
        )

    def hang_up(self) -> None:
        """Close the connections; the next call fails."""
        self._client.close()

    def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
        content = {
            "case": {
                "id": case.id,
                "title": headline(case, width=200),
                "question": case.question,
                "answer": case.answer,
                "outcome": case.outcome,
                "component": case.component,
                "asker": case.asker.name,
                "url": self._page.format(case=case.id),
                "earlier": [{"asked": asked, "answered": said} for asked, said in map(turn, reversed(earlier))],
            },
            "assignee": assignee,
            "ticket": case.ticket,
        }
        said = self._send("open", content, key=f"open/{case.id}/{rounds(case)}", needs=("number",))
        number = said["number"]
        if not isinstance(number, str) or not 0 < len(number.strip()) <= _LONGEST_NUMBER:
            raise OutcomeUnknown("The desk's receiver answers without the ticket's number. See docs/desks.md.")
        return Ticket(number.strip(), str(said.get("url") or ""))

    def comment(self, ticket: str, text: str, *, author: str, key: str) -> None:
        if ticket:
            content = {"ticket": ticket, "author": author, "text": text}
            self._send("comment", content, key=f"comment/{ticket}/{key}")

    def close(self, ticket: str, *, resolution: str) -> None:
        if ticket:
            self._send("close", {"ticket": ticket, "resolution": resolution}, key="")

    def state(self, ticket: str) -> TicketState:
        return _found(self._states([ticket]).get(ticket, {})).state

    def changed_among(self, *, opened: Sequence[str], closed: Sequence[str]) -> Mapping[str, Found]:
        asked = [ticket for ticket in (*opened, *closed) if ticket]
        states = self._states(asked)
        found = {ticket: _found(states.get(ticket, {})) for ticket in asked}
        return unexpected(found, opened=opened, closed=closed)

    def check(self) -> str:
        self._send("states", {"tickets": []}, key="", needs=("tickets",))
        return f"the receiver at {self._host}; it accepts the signature."

    def _states(self, wanted: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        asked = [ticket for ticket in wanted if ticket]
        if not asked:
            return {}
        told = self._send("states", {"tickets": asked}, key="", needs=("tickets",))["tickets"]
        return {ticket: state for ticket, state in told.items() if isinstance(state, dict)}

    def _send(self, event: str, content: Mapping[str, Any], *, key: str, needs: Sequence[str] = ()) -> Any:
        """One request; what is repeated by a key may be repeated at once, so an unclear outcome is tried again."""
        headers = {"idempotency-key": key} if key else {}
        allow = _GONE if event in {"comment", "close"} else frozenset()

        def send() -> Any:
            return self._client.write(
                "POST", self._url, {"event": event, **content}, headers=headers, needs=needs, allow=allow
            ).content

        try:
            return send()
        except OutcomeUnknown as error:
            if error.after:  # it wants to be left alone
                raise
            return send()


def _found(said: Mapping[str, Any]) -> Found:
    known = said.get("state")
    if known not in {TicketState.OPEN, TicketState.CLOSED}:
        return Found(TicketState.UNKNOWN)
    return Found(TicketState(known), str(said.get("resolution") or ""))


def _remedies(names: Names) -> Mapping[int, str]:
    unsigned = f"The receiver does not accept the signature: check that it has the same {names.secret}, and its clock."
    others = dict.fromkeys((400, 405, 409, 410, 415, 422), "Look into its log, and at docs/desks.md.")
    return {**others, 401: unsigned, 403: unsigned, 404: f"Check {names.section}.url."}


def _told(content: Any) -> str:
    error = content.get("error") if isinstance(content, dict) else None
    return error if isinstance(error, str) else ""
