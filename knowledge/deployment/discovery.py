"""How far the lock file can be trusted: when it was taken, and whether the topology still asks for what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from knowledge.validation.diagnostics import Diagnostic, Severity
from knowledge.validation.tree import MappingNode, Node, SequenceNode, resolved, value_of

ASTRAY: Final = timedelta(minutes=5)  # by which two clocks may differ
NAMED: Final = 3  # nodes named in a note
_UNITS: Final = (("day", timedelta(days=1), 2), ("hour", timedelta(hours=1), 2), ("minute", timedelta(minutes=1), 1))


@dataclass(frozen=True, slots=True)
class Taken:
    """When a lock file says that it was taken, and where."""

    file: str
    at: datetime
    node: Node

    @classmethod
    def of(cls, file: str, lock: MappingNode) -> Taken | None:
        """None when the file does not say it, or not in a way that can be read."""
        entry = lock.entry("takenAt")
        said = value_of(entry.value) if entry is not None else None
        if entry is None or not isinstance(said, str):
            return None
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            return None
        return cls(file, at if at.tzinfo else at.replace(tzinfo=UTC), resolved(entry.value))

    def note(self, nodes: Sequence[str], now: datetime | None) -> str:
        """When these nodes were discovered; how long ago that is needs the time of today."""
        listed = _listed(nodes)
        verb = "was" if len(nodes) == 1 else "were"
        if now is None or self.at > now:
            return f"{listed} {verb} discovered at {_shown(self.at)} ({self.file})."
        return f"{listed} {verb} discovered {_ago(now - self.at)} ({_shown(self.at)}, {self.file})."

    def early(self, now: datetime) -> Diagnostic | None:
        """The warning about a time that is still to come."""
        if self.at <= now + ASTRAY:
            return None
        message = f"the lock file was taken at {_shown(self.at)}, which is still to come"
        why = "How old it is cannot be told: the clock of the machine that wrote it, or of this one, is wrong."
        return Diagnostic("TOP007", Severity.WARNING, self.file, self.node.span, message, why=why)


def left_over(file: str, lock: MappingNode, discovered: Iterable[str]) -> Iterator[Diagnostic]:
    """The entries of a lock file for other nodes than those that the topology discovers."""
    wanted = set(discovered)
    entry = lock.entry("discovered")
    listed = resolved(entry.value) if entry is not None else None
    for item in listed.items if isinstance(listed, SequenceNode) else ():
        inner = resolved(item)
        named = inner.entry("node") if isinstance(inner, MappingNode) else None
        if named is None or value_of(named.value) in wanted:
            continue
        message = f"the lock file holds {value_of(named.value)}, which the topology does not discover"
        why = "Nothing of it is used. Have the platform discover anew, or take the entry out."
        yield Diagnostic("TOP007", Severity.WARNING, file, resolved(named.value).span, message, why=why)


def _listed(nodes: Sequence[str]) -> str:
    if len(nodes) > NAMED:
        return f"{', '.join(nodes[:NAMED])} and {len(nodes) - NAMED:,} more"
    *others, last = nodes
    return f"{', '.join(others)} and {last}" if others else last


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _ago(age: timedelta) -> str:
    """Such as "11 days ago"; hours up to two days, minutes up to two hours."""
    for name, unit, least in _UNITS:
        if age >= least * unit:
            count = age // unit
            return f"{count:,} {name}{'' if count == 1 else 's'} ago"
    return "less than a minute ago"
