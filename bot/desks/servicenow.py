"""Tickets as records of ServiceNow, by its Table API: incidents, or what else has a number and a correlation id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.desks.calling import Manner, Names
from bot.desks.once import Access, surely
from bot.desks.words import body, headline, label_of, shortened
from bot.support.cases import Case
from bot.support.handoff import Found, Ticket, TicketState, unexpected

Record = Mapping[str, str]
_NUMBER = re.compile(r"[A-Z]{2,12}[0-9]{3,20}")
_FIELDS = "sys_id,number,state,active,close_notes,correlation_id"
_CODE = re.compile(r"\[(?=/?code\])", re.IGNORECASE)
_LONGEST = 3_900  # characters; a description holds 4,000 unless an administrator has changed that
_AT_ONCE = 50  # numbers in one query


@dataclass(frozen=True, slots=True)
class ServiceNowPlace:
    """Where records are made, and what every one of them carries."""

    url: str  # https://example.service-now.com
    table: str = "incident"
    assignees: Mapping[str, str] = field(default_factory=dict)  # sys_id or user name by the name that the rota has
    fields: Mapping[str, Any] = field(default_factory=dict)  # further ones of each new record, such as its group
    note_field: str = "work_notes"  # where notes go: work_notes for the team, comments for the caller as well
    open_state: str = "2"
    closed_state: str = "6"
    closed_states: Sequence[str] = ("6", "7", "8")  # all that mean that nothing is left to do
    close_code: str = "Solution provided"
    page: str = ""  # address of a case, with {case} in it


class ServiceNowDesk:
    """A Desk. Each record has the correlation id `sheriff-CASE`, by which it is found again."""

    def __init__(self, place: ServiceNowPlace, access: Access) -> None:
        self._place = place
        self._pace = access.pace
        self._once = access.once()
        self._table = f"/api/now/table/{place.table}"
        self._client = access.client(place.url, _manner(place.table, access.names))

    def hang_up(self) -> None:
        """Close the connections; the next call fails."""
        self._client.close()

    def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
        record = self._record(case.ticket) or self._once.open(
            case.id, find=partial(self._find, case.id), create=partial(self._create, case, earlier, assignee)
        )
        if self._is_closed(record):
            self._change(record, {"state": self._place.open_state, **self._assigned(assignee)})
        address = f"{self._place.url.rstrip('/')}/{self._place.table}.do?sys_id={record['sys_id']}"
        return Ticket(record["number"], address)

    def comment(self, ticket: str, text: str, *, author: str, key: str) -> None:
        record = self._record(ticket)
        if record is None:
            return
        mark = f"[sheriff note {key}]"

        def is_there() -> bool:
            return mark in self._notes(record)

        if not is_there():
            said = {self._place.note_field: f"{_inert(author)}: {shortened(_inert(text), _LONGEST)}\n{mark}"}
            surely(lambda: self._change(record, said), is_there, self._pace)

    def close(self, ticket: str, *, resolution: str) -> None:
        record = self._record(ticket)
        if record is None or self._is_closed(record):
            return
        place = self._place
        code = {"close_code": place.close_code} if place.close_code else {}
        self._change(
            record, {"state": place.closed_state, "close_notes": shortened(_inert(resolution), _LONGEST), **code}
        )

    def state(self, ticket: str) -> TicketState:
        record = self._record(ticket)
        return self._found(record).state if record else TicketState.UNKNOWN

    def changed_among(self, *, opened: Sequence[str], closed: Sequence[str]) -> Mapping[str, Found]:
        numbers = [ticket for ticket in (*opened, *closed) if _NUMBER.fullmatch(ticket)]
        found: dict[str, Found] = {}
        for start in range(0, len(numbers), _AT_ONCE):
            records = self._query(f"numberIN{','.join(numbers[start : start + _AT_ONCE])}")
            found |= {record["number"]: self._found(record) for record in records if record["number"] in numbers}
        missing = [number for number in numbers if number not in found]
        if missing and self._query(""):  # an account that lost its rights is shown no records, and no refusal
            found |= dict.fromkeys(missing, Found(TicketState.UNKNOWN))
        return unexpected(found, opened=opened, closed=closed)

    def check(self) -> str:
        self._client.read(self._table, {"sysparm_limit": 1, "sysparm_fields": _FIELDS}, needs=("result",))
        return (
            f"ServiceNow, table {self._place.table}; this account reads it. Whether it may write shows with a ticket."
        )

    def _record(self, ticket: str) -> Record | None:
        if not _NUMBER.fullmatch(ticket):
            return None
        return next((r for r in self._query(f"number={ticket}") if r["number"] == ticket), None)

    def _found(self, record: Record) -> Found:
        return Found(TicketState.CLOSED, record["close_notes"]) if self._is_closed(record) else Found(TicketState.OPEN)

    def _find(self, case_id: str) -> Record | None:
        wanted = label_of(case_id)
        found = [r for r in self._query(f"correlation_id={wanted}") if r["correlation_id"] == wanted]
        return min(found, key=lambda record: record["number"], default=None)

    def _query(self, query: str) -> Sequence[Record]:
        """Records as they are; ServiceNow leaves out a condition that it does not understand, so look at each."""
        params = {"sysparm_query": query, "sysparm_fields": _FIELDS, "sysparm_limit": 2 * _AT_ONCE}
        records: Sequence[Record] = self._client.read(self._table, params, needs=("result",)).content["result"]
        return records

    def _create(self, case: Case, earlier: Sequence[Case], sheriff: str) -> Record:
        place = self._place
        content = {
            **place.fields,
            "short_description": headline(case, width=150),
            "description": _inert(body(case, earlier, sheriff=sheriff, page=place.page, most=_LONGEST)),
            "correlation_id": label_of(case.id),
            "correlation_display": "Sheriff",
            **self._assigned(sheriff),
        }
        record: Record = self._client.write("POST", self._table, content, needs=("result",)).content["result"]
        return record

    def _assigned(self, sheriff: str) -> Mapping[str, str]:
        account = self._place.assignees.get(sheriff)
        return {"assigned_to": account} if account else {}

    def _change(self, record: Record, content: Mapping[str, str]) -> None:
        self._client.write("PATCH", f"{self._table}/{record['sys_id']}", content, needs=("result",))

    def _notes(self, record: Record) -> str:
        """All notes of a record; the Table API shows them only as people see them."""
        name = self._place.note_field
        params = {"sysparm_fields": name, "sysparm_display_value": "true"}
        shown = self._client.read(f"{self._table}/{record['sys_id']}", params, needs=("result",)).content["result"]
        return str(shown.get(name, ""))

    def _is_closed(self, record: Record) -> bool:
        return record.get("active") == "false" or record.get("state") in self._place.closed_states


def _inert(text: str) -> str:
    """The text as it was written: between [code] and [/code] ServiceNow would show it as HTML."""
    return _CODE.sub("[\u200b", text)


def _manner(table: str, names: Names) -> Manner:
    desk = names.section
    return Manner(
        "ServiceNow",
        remedies={
            400: f"Check {desk}.table (it is {table}) and {desk}.fields.",
            401: f"Check {names.user} and {names.token} (the password, or a token without a user).",
            403: f"Give the account of {names.token} a role that reads and writes {table}, such as itil.",
            404: f"Check {desk}.url and {desk}.table (it is {table}).",
        },
        told=_told,
        names=names,
    )


def _told(content: Any) -> str:
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        return str(error or "")
    return "; ".join(str(error[key]) for key in ("message", "detail") if error.get(key))
