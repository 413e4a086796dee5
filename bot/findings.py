"""What a check of the set-up found, one line for each part, and how the lines are printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    GOOD = "ok"
    NOTICE = "note"
    WARNING = "warning"
    MISSING = "missing"
    BAD = "FAIL"


BROKEN = frozenset({Health.MISSING, Health.BAD})


@dataclass(frozen=True, slots=True)
class Finding:
    """One part, how it is, and a sentence with the remedy where something is wrong."""

    health: Health
    part: str
    sentence: str


def printed(findings: Iterable[Finding], *, width: int = 4) -> int:
    """Print each finding as it comes; returns 1 when something is broken or missing, 0 otherwise."""
    broken = False
    for finding in findings:
        broken |= finding.health in BROKEN
        print(f"{finding.health.value:{width}}  {finding.part:14} {finding.sentence}", flush=True)
    return int(broken)
