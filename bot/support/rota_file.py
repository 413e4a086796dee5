"""Reads a rota from YAML. Every fault is a Misuse that names file, line and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import yaml

from bot.support.rota import TEAM, WEEKDAYS, Member, Override, Rota, WorkingHours
from knowledge.errors import Misuse

_KEYS = ("timezone", "handover", "start", "members", "working_hours", "overrides", "backup")


def read_rota(source: Path | str) -> Rota:
    """The rota in a file, or in a text. Raises Misuse when it cannot be used."""
    if isinstance(source, str):
        return _Reader("rota.yaml").rota(source)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise Misuse(f"{source}: the rota cannot be read ({reason}). Name a YAML file with `rota:`.") from error
    return _Reader(str(source)).rota(text)


class _Reader:
    """Walks the nodes rather than plain values, because nodes know their lines and `10:30` stays as it is written."""

    def __init__(self, name: str) -> None:
        self._name = name

    def rota(self, text: str) -> Rota:
        root = self._parse(text)
        keys = self._mapping(root, _KEYS)
        zone = self._zone(keys.get("timezone"))
        members = self._members(keys.get("members"), root)
        handover = self._mapping(keys["handover"], ("weekday", "time")) if "handover" in keys else {}
        rota = Rota(
            zone=zone,
            start=self._start(keys.get("start"), root, handover.get("weekday")),
            handover=self._time(handover["time"]) if "time" in handover else time(9),
            members=members,
            overrides=tuple(self._overrides(keys.get("overrides"), members, zone)),
            hours=self._hours(keys.get("working_hours")),
            backup=self._text(keys["backup"]) if "backup" in keys else "previous",
        )
        if rota.backup not in {"previous", "next"} and rota.member(rota.backup) is None:
            self._fault(
                keys["backup"], f"backup {rota.backup!r} is not a member. Write previous, next, or a member's id"
            )
        return rota

    def _parse(self, text: str) -> yaml.Node:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            place = f"line {mark.line + 1}" if mark else "somewhere"
            problem = getattr(error, "problem", None) or "nested too deeply"
            raise Misuse(f"{self._name}, {place}: not valid YAML ({problem}). Mend that line.") from error
        if root is None:
            raise Misuse(f"{self._name}: the file is empty. Write timezone, start and members.")
        return root

    def _zone(self, node: yaml.Node | None) -> ZoneInfo:
        if node is None:
            return ZoneInfo("UTC")
        name = self._text(node)
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            self._fault(node, f"unknown timezone {name!r}. Write one of the tz database, such as Europe/Paris", error)

    def _start(self, node: yaml.Node | None, root: yaml.Node, weekday: yaml.Node | None) -> date:
        if node is None:
            self._fault(root, "start is missing. Write the date of the first hand-over, such as start: 2026-01-05")
        text = self._text(node)
        try:
            start = date.fromisoformat(text)
        except ValueError as error:
            self._fault(node, f"start {text!r} is not a date. Write it as 2026-01-05", error)
        wanted = self._weekday(weekday) if weekday is not None else start.weekday()
        if start.weekday() != wanted:
            days = f"{text} is a {WEEKDAYS[start.weekday()]}, but hand-over is on {WEEKDAYS[wanted]}"
            self._fault(node, f"{days}. Write the date of a {WEEKDAYS[wanted]}")
        return start

    def _members(self, node: yaml.Node | None, root: yaml.Node) -> tuple[Member, ...]:
        entries = self._sequence(node) if node is not None else ()
        if not entries:
            self._fault(node or root, "members is empty. List at least one: - {id: ana, name: Ana}")
        members: list[Member] = []
        for entry in entries:
            keys = self._mapping(entry, ("id", "name", "email", "teams_id"))
            member = Member(**{key: self._text(value) for key, value in keys.items()}) if "id" in keys else None
            if member is None or not member.id or not member.name:
                self._fault(entry, "a member needs an id and a name: - {id: ana, name: Ana}")
            if member.id in {m.id for m in members}:
                self._fault(entry, f"member {member.id!r} is listed twice. Give each member an id of its own")
            members.append(member)
        return tuple(members)

    def _overrides(self, node: yaml.Node | None, members: Sequence[Member], zone: ZoneInfo) -> Iterator[Override]:
        known = {m.id: m for m in members} | {"team": TEAM}
        for entry in self._sequence(node) if node is not None else ():
            keys = self._mapping(entry, ("from", "until", "member"))
            if set(keys) != {"from", "until", "member"}:
                self._fault(entry, "an override needs from, until and member")
            member = known.get(self._text(keys["member"]))
            if member is None:
                name, ids = self._text(keys["member"]), ", ".join(known)
                self._fault(keys["member"], f"unknown member {name!r} in an override. Write one of: {ids}")
            starts, ends = self._moment(keys["from"], zone), self._moment(keys["until"], zone)
            if starts.timestamp() >= ends.timestamp():
                self._fault(keys["until"], "until is not after from. Write a later time")
            yield Override(starts, ends, member)

    def _hours(self, node: yaml.Node | None) -> WorkingHours:
        if node is None:
            return WorkingHours()
        keys = self._mapping(node, ("days", "from", "until"))
        usual = WorkingHours()
        days = frozenset(map(self._weekday, self._sequence(keys["days"]))) if "days" in keys else usual.days
        begins = self._time(keys["from"]) if "from" in keys else usual.begins
        ends = self._time(keys["until"]) if "until" in keys else usual.ends
        if not days or begins >= ends:
            self._fault(node, "working_hours leave no time. Write days, and an until that is later than from")
        return WorkingHours(days, begins, ends)

    def _weekday(self, node: yaml.Node) -> int:
        text = self._text(node).casefold()
        number = next((n for n, day in enumerate(WEEKDAYS) if text in {day, day[:3]}), None)
        if number is None:
            self._fault(node, f"unknown weekday {text!r}. Write one of: {', '.join(WEEKDAYS)}")
        return number

    def _time(self, node: yaml.Node) -> time:
        text = self._text(node)
        try:
            hours, minutes = text.split(":")
            return time(int(hours), int(minutes))
        except ValueError as error:
            self._fault(node, f'{text!r} is not a time of day. Write it as "09:00"', error)

    def _moment(self, node: yaml.Node, zone: ZoneInfo) -> datetime:
        text = self._text(node)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            self._fault(node, f"{text!r} is not a time. Write 2026-11-26T13:00, or a date for its midnight", error)
        return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)

    def _mapping(self, node: yaml.Node, known: Sequence[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, f"keys are expected here: {', '.join(known)}")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self._text(key)
            if name not in known:
                self._fault(key, f"unknown key {name!r}. Known here: {', '.join(known)}")
            found[name] = value
        return found

    def _sequence(self, node: yaml.Node) -> Sequence[yaml.Node]:
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self._fault(node, "a list is expected here: each entry begins with -")
        return list(node.value)

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(node, "a single value is expected here")
        return str(node.value).strip()

    def _fault(self, node: yaml.Node, sentence: str, cause: Exception | None = None) -> NoReturn:
        raise Misuse(f"{self._name}, line {node.start_mark.line + 1}: {sentence}.") from cause
