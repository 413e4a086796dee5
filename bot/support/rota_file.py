"""Reads a rota from YAML. Every fault is a Diagnostic that names file, line and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import yaml

from bot.support.holidays import calendar_path, read_holidays
from bot.support.rota import TEAM, WEEKDAYS, Absence, Member, Override, Rota
from bot.support.working_time import WorkingHours
from knowledge.errors import Misuse
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Severity, SourceFile, Span, ValidationReport
from knowledge.validation.hints import nearest
from knowledge.validation.source import parse

_KEYS = ("timezone", "handover", "start", "members", "working_hours", "holidays", "backup", "overrides", "absences")
_UNKNOWN_KEY, _WRONG_TYPE, _NOT_ONE_OF, _MISSING, _RULE = "SCH001", "SCH002", "SCH003", "SCH004", "SCH005"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CheckedRota:
    """What a text holds: the rota unless there are errors, and all that is wrong with it."""

    report: ValidationReport
    rota: Rota | None = None

    @property
    def faults(self) -> Sequence[Diagnostic]:
        return [d for d in self.report.diagnostics if d.severity is Severity.ERROR]

    @property
    def warnings(self) -> Sequence[Diagnostic]:
        return [d for d in self.report.diagnostics if d.severity is Severity.WARNING]


def read_rota(source: Path | str) -> Rota:
    """The rota in a file, or in a text. Raises Misuse with the first fault when it cannot be used."""
    checked = check_rota(source) if isinstance(source, str) else check_rota(text_of(source), source)
    if checked.rota is None:
        raise Misuse(first_fault(checked))
    return checked.rota


def text_of(path: Path) -> str:
    """The file's text. Raises Misuse naming it when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise Misuse(f"{path}: the rota cannot be read ({reason}). Name a YAML file with `rota:`.") from error


def check_rota(text: str, path: Path = Path("rota.yaml")) -> CheckedRota:
    """Read a text that stands, or would stand, in the file of that path; calendars are looked for beside it."""
    parsed = parse(SourceFile(str(path), text))
    reader = _Reader(path, parsed.diagnostics)
    rota = None if reader.has_errors else reader.rota(text)
    found = sorted(reader.found, key=lambda d: (d.span.line, d.span.column))
    report = ValidationReport([CheckedFile(str(path), text, "a rota", "its place in sheriff.yaml")], found)
    return CheckedRota(report, None if reader.has_errors else rota)


def first_fault(checked: CheckedRota) -> str:
    """The first thing that is wrong, with its place, as a sentence."""
    first, *others = checked.faults
    more = (
        f" There {'is' if len(others) == 1 else 'are'} {len(others)} more: run “sheriff rota check”." if others else ""
    )
    return f"{first.file}, line {first.span.line}: {first.message.rstrip('.')}.{more}"


class _FaultError(Exception):
    """This part cannot be read any further; why is among the diagnostics."""


class _Reader:
    """Walks the nodes rather than plain values, because nodes know their lines and `10:30` stays as it is written."""

    def __init__(self, path: Path, found: Sequence[Diagnostic]) -> None:
        self._path = path
        self._meant: set[str] = set()  # keys that stand there misspelt: they are not missing as well
        self.found = list(found)

    @property
    def has_errors(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.found)

    def rota(self, text: str) -> Rota | None:
        """The rota; None, or a part of it, when something is wrong: then that is among the diagnostics."""
        with self._part():
            root = self._parse(text)
            return self._whole(root, self._mapping(root, _KEYS))
        return None

    def _whole(self, root: yaml.Node, keys: Mapping[str, yaml.Node]) -> Rota:
        zone, start, members = ZoneInfo("UTC"), date.min, ()  # type: tuple[ZoneInfo, date, tuple[Member, ...]]
        weekday, clock, backup = None, time(9), "previous"
        with self._part():
            zone = self._zone(keys.get("timezone"))
        with self._part():
            handover = self._mapping(keys["handover"], ("weekday", "time")) if "handover" in keys else {}
            weekday = handover.get("weekday")
            clock = self._time(handover["time"]) if "time" in handover else clock
        with self._part():
            start = self._start(keys.get("start"), root, weekday)
        with self._part():
            members = self._members(keys.get("members"), root)
        with self._part():
            backup = self._backup(keys.get("backup"), members)
        hours, holidays = WorkingHours(), {}  # type: tuple[WorkingHours, dict[date, str]]
        with self._part():
            hours = self._hours(keys.get("working_hours"))
        with self._part():
            holidays = self._holidays(keys.get("holidays"))
        return Rota(
            zone=zone,
            start=start,
            handover=clock,
            members=members,
            overrides=tuple(self._overrides(keys.get("overrides"), members, zone)),
            hours=hours,
            backup=backup,
            absences=tuple(self._absences(keys.get("absences"), members, zone)),
            holidays=holidays,
        )

    @contextmanager
    def _part(self) -> Iterator[None]:
        """What is wrong in here ends this part only: the others are read, so that all faults are told at once."""
        with suppress(_FaultError):
            yield

    def _parse(self, text: str) -> yaml.Node:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "nested too deeply"
            line = mark.line + 1 if mark else 1
            self._note(Span(line, 1, line, 2), "YAML001", f"not valid YAML ({problem}). Mend that line")
            raise _FaultError from error
        if root is None or _is_null(root):
            self._note(Span(1, 1, 1, 2), _MISSING, "the file is empty. Write timezone, start and members")
            raise _FaultError
        return root

    def _zone(self, node: yaml.Node | None) -> ZoneInfo:
        if node is None:
            return ZoneInfo("UTC")
        name = self._text(node)
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            advice = "Write one of the tz database, such as Europe/Paris"
            self._fault(node, _NOT_ONE_OF, f"unknown timezone {name!r}. {advice}", error)

    def _start(self, node: yaml.Node | None, root: yaml.Node, weekday: yaml.Node | None) -> date:
        if node is None and "start" in self._meant:
            raise _FaultError
        if node is None:
            advice = "Write the date of the first hand-over, such as start: 2026-01-05"
            self._fault(root, _MISSING, f"start is missing. {advice}")
        start = self._date(node, "start")
        wanted = self._weekday(weekday) if weekday is not None else start.weekday()
        if start.weekday() != wanted:
            days = f"{start} is a {WEEKDAYS[start.weekday()]}, but hand-over is on {WEEKDAYS[wanted]}"
            self._fault(node, _RULE, f"{days}. Write the date of a {WEEKDAYS[wanted]}")
        return start

    def _members(self, node: yaml.Node | None, root: yaml.Node) -> tuple[Member, ...]:
        if node is None and "members" in self._meant:
            raise _FaultError
        entries = self._sequence(node) if node is not None else ()
        if not entries:
            self._fault(node or root, _MISSING, "members is empty. List at least one: - {id: ana, name: Ana}")
        members: list[Member] = []
        for entry in entries:
            with self._part():
                members.append(self._member(entry, {m.id for m in members}))
        return tuple(members)

    def _member(self, entry: yaml.Node, taken: set[str]) -> Member:
        keys = self._mapping(entry, ("id", "name", "email", "teams_id"))
        values = {key: self._text(value) for key, value in keys.items()}
        missing = {key for key in ("id", "name") if not values.get(key)}
        if missing and missing <= self._meant:
            raise _FaultError
        if missing:
            self._fault(entry, _MISSING, "a member needs an id and a name: - {id: ana, name: Ana}")
        if values["id"] in taken:
            self._fault(keys["id"], _RULE, f"member {values['id']!r} is listed twice. Give each an id of its own")
        if values["id"] == "team":
            self._fault(keys["id"], _RULE, "team stands for everybody and is no member. Write another id")
        return Member(**values)

    def _backup(self, node: yaml.Node | None, members: Sequence[Member]) -> str:
        if node is None:
            return "previous"
        name = self._text(node)
        if name not in {"previous", "next", *(m.id for m in members)}:
            advice = "Write previous, next, or a member's id"
            self._fault(node, _NOT_ONE_OF, f"backup {name!r} is not a member. {advice}")
        return name

    def _overrides(self, node: yaml.Node | None, members: Sequence[Member], zone: ZoneInfo) -> Iterator[Override]:
        for starts, ends, member, entry in self._spans(node, members, zone, "an override", allow_team=True):
            yield Override(starts, ends, member, id=_id_of(entry))

    def _absences(self, node: yaml.Node | None, members: Sequence[Member], zone: ZoneInfo) -> Iterator[Absence]:
        for starts, ends, member, entry in self._spans(node, members, zone, "an absence", allow_team=False):
            yield Absence(starts, ends, member, id=_id_of(entry))

    def _spans(
        self, node: yaml.Node | None, members: Sequence[Member], zone: ZoneInfo, what: str, *, allow_team: bool
    ) -> Iterator[tuple[datetime, datetime, Member, str]]:
        known = {m.id: m for m in members} | ({"team": TEAM} if allow_team else {})
        entries: Sequence[yaml.Node] = ()
        with self._part():
            entries = self._sequence(node) if node is not None else ()
        for entry in entries:
            with self._part():
                keys = self._mapping(entry, ("from", "until", "member"))
                if set(keys) != {"from", "until", "member"}:
                    self._fault(entry, _MISSING, f"{what} needs from, until and member")
                name = self._text(keys["member"])
                if name not in known:
                    advice = f"Write one of: {', '.join(known)}"
                    self._fault(keys["member"], _NOT_ONE_OF, f"unknown member {name!r} in {what}. {advice}")
                starts, ends = self._moment(keys["from"], zone), self._moment(keys["until"], zone)
                if starts.timestamp() >= ends.timestamp():
                    self._fault(keys["until"], _RULE, "until is not after from. Write a later time")
                yield starts, ends, known[name], f"{what} {name} {starts.isoformat()} {ends.isoformat()}"

    def _hours(self, node: yaml.Node | None) -> WorkingHours:
        if node is None:
            return WorkingHours()
        keys = self._mapping(node, ("days", "from", "until"))
        usual = WorkingHours()
        days = frozenset(map(self._weekday, self._sequence(keys["days"]))) if "days" in keys else usual.days
        begins = self._time(keys["from"]) if "from" in keys else usual.begins
        ends = self._time(keys["until"]) if "until" in keys else usual.ends
        if not days or begins >= ends:
            advice = "Write days, and an until that is later than from"
            self._fault(node, _RULE, f"working_hours leave no time. {advice}")
        return WorkingHours(days, begins, ends)

    def _holidays(self, node: yaml.Node | None) -> dict[date, str]:
        """Of calendars by path or name, and of single days. A calendar that cannot be read is a warning: people are
        on duty all the same."""
        days: dict[date, str] = {}
        for entry in self._sequence(node) if node is not None else ():
            with self._part():
                if isinstance(entry, yaml.MappingNode):
                    days.update(self._closed_day(entry))
                    continue
                try:
                    found = read_holidays(calendar_path(self._text(entry), self._path.parent))
                except Misuse as error:
                    self._note(_span(entry), _RULE, f"no holidays are read: {error}", Severity.WARNING)
                    continue
                days.update(found.days)
                if found.skipped:
                    words = f"{found.skipped} entries of this calendar are no whole days and close nothing"
                    self._note(_span(entry), _RULE, f"{words}. Export them as all-day events", Severity.WARNING)
        return days

    def _closed_day(self, entry: yaml.Node) -> dict[date, str]:
        keys = self._mapping(entry, ("date", "until", "name"))
        if "date" not in keys and "date" in self._meant:
            raise _FaultError
        if "date" not in keys:
            self._fault(entry, _MISSING, "a closed day needs its date: - {date: 2026-12-24, name: Christmas Eve}")
        first = self._date(keys["date"], "date")
        last = self._date(keys["until"], "until") if "until" in keys else first
        if not first <= last <= first + 366 * _DAY:
            self._fault(keys["until"], _RULE, "until is not within a year after date. Write the last closed day")
        name = self._text(keys["name"]) if "name" in keys else "Closed"
        return {first + n * _DAY: name for n in range((last - first).days + 1)}

    def _date(self, node: yaml.Node, what: str) -> date:
        text = self._text(node)
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            self._fault(node, _WRONG_TYPE, f"{what} {text!r} is not a date. Write it as 2026-01-05", error)

    def _weekday(self, node: yaml.Node) -> int:
        text = self._text(node).casefold()
        number = next((n for n, day in enumerate(WEEKDAYS) if text in {day, day[:3]}), None)
        if number is None:
            self._fault(node, _NOT_ONE_OF, f"unknown weekday {text!r}. Write one of: {', '.join(WEEKDAYS)}")
        return number

    def _time(self, node: yaml.Node) -> time:
        text = self._text(node)
        try:
            hours, minutes = text.split(":")
            return time(int(hours), int(minutes))
        except ValueError as error:
            self._fault(node, _WRONG_TYPE, f'{text!r} is not a time of day. Write it as "09:00"', error)

    def _moment(self, node: yaml.Node, zone: ZoneInfo) -> datetime:
        text = self._text(node)
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
        except (ValueError, OverflowError) as error:
            advice = "Write 2026-11-26T13:00, or a date for its midnight"
            self._fault(node, _WRONG_TYPE, f"{text!r} is not a time. {advice}", error)

    def _mapping(self, node: yaml.Node, known: Sequence[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, _WRONG_TYPE, f"keys are expected here: {', '.join(known)}")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self._text(key)
            if name in known:
                found[name] = value
            else:
                near = nearest(name, known)
                self._meant |= {near} if near else set()
                meant = f"Did you mean {near}? " if near else ""
                self._note(_span(key), _UNKNOWN_KEY, f"unknown key {name!r}. {meant}Known here: {', '.join(known)}")
        return found

    def _sequence(self, node: yaml.Node) -> Sequence[yaml.Node]:
        if _is_null(node):
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self._fault(node, _WRONG_TYPE, "a list is expected here: each entry begins with -")
        return list(node.value)

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(node, _WRONG_TYPE, "a single value is expected here")
        return str(node.value).strip()

    def _fault(self, node: yaml.Node, code: str, sentence: str, cause: Exception | None = None) -> NoReturn:
        self._note(_span(node), code, sentence)
        raise _FaultError from cause

    def _note(self, span: Span, code: str, sentence: str, severity: Severity = Severity.ERROR) -> None:
        self.found.append(Diagnostic(code, severity, str(self._path), span, f"{sentence.rstrip('.')}."))


def _span(node: yaml.Node) -> Span:
    begins, ends = node.start_mark, node.end_mark
    if ends.line != begins.line:  # of a whole block: its first character
        return Span(begins.line + 1, begins.column + 1, begins.line + 1, begins.column + 2)
    return Span(begins.line + 1, begins.column + 1, ends.line + 1, max(ends.column, begins.column + 1) + 1)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _id_of(entry: str) -> str:
    """The same for the same entry, whatever stands around it in the file."""
    return f"f{sha256(entry.encode()).hexdigest()[:8]}"
