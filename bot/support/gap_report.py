"""A report of gaps as Markdown or JSON, and the words that its page has in common with these."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from bot.addresses import page_address
from bot.support import gap_draft
from bot.support.cases import Case, title
from bot.support.ledger import (
    KIND_LABELS,
    RANKED_BY,
    STATE_LABELS,
    UNSOLVED,
    Gap,
    GapEvent,
    GapState,
    Signal,
    SignalKind,
)

NOTHING = (
    "No gaps yet. A question appears here when it had no sure answer, was voted down or went to the duty sheriff; "
    "questions that mean the same become one gap."
)
SHOWN = 8  # questions listed per gap
HOW: dict[SignalKind, str] = {
    SignalKind.HANDED_OVER: "handed over",
    SignalKind.DOWNVOTED: "voted down",
    SignalKind.UNANSWERED: "not answered",
    SignalKind.HINTED: "hint without a word of success",
    SignalKind.CHECK_FAILED: "check failed",
}
FATES = ("Solved", "Handed over", "Unknown")
FATES_MEAN = (
    "Handed over: a person was asked. Solved: the asker said so, and no person was needed. Unknown: nothing was said."
)


@dataclass(frozen=True, slots=True)
class Week:
    """What became of the questions of a week."""

    begins: datetime
    solved: int
    handed_over: int
    unknown: int

    @property
    def total(self) -> int:
        return self.solved + self.handed_over + self.unknown


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a gap, without its asker's name."""

    question: str  # one line
    by: str  # the application, as far as it is known
    at: datetime
    how: str
    minutes: int
    case_id: str
    label: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A gap with what speaks for it."""

    rank: int
    gap: Gap
    asked: Sequence[Asked] = ()  # newest first
    sources: str = ""  # of the draft
    patch: str = ""
    history: Sequence[GapEvent] = ()


@dataclass(frozen=True, slots=True)
class GapReport:
    """Gaps, the costliest first."""

    entries: Sequence[Entry]
    cases: int
    counts: dict[GapState, int]
    weeks: Sequence[Week]  # oldest first
    components: Sequence[tuple[str, int, int]]  # name, questions, of them handed over
    at: datetime

    @property
    def closed(self) -> list[Gap]:
        """Verified gaps, the last closed first."""
        gaps = [entry.gap for entry in self.entries if entry.gap.closed]
        return sorted(gaps, key=lambda gap: (gap.closed or self.at, gap.number), reverse=True)


def entry(
    rank: int,
    gap: Gap,
    evidence: Sequence[tuple[Signal, Case]],
    resolved: Sequence[Case],
    last: str = "",
    *,
    patch: str = "",
) -> Entry:
    """A gap as it is shown; `last` is what stands before the draft in its page, as far as that is known.

    Without a `patch` for the page's file there is one to read."""
    path = gap.page.partition(":")[2]
    heading = gap.place.rsplit(" › ", 1)[-1] if " › " in gap.place else ""
    if gap.draft and not patch:
        patch = gap_draft.patch(gap.draft, gap_draft.Where(path, heading, last))
    asked = [
        Asked(title(c, width=200), c.application, s.at, HOW[s.kind], s.minutes, c.id, c.label) for s, c in evidence
    ]
    return Entry(rank, gap, asked, gap_draft.sources(resolved) if gap.draft else "", patch)


def summary(counts: dict[GapState, int], minutes: int) -> str:
    """One sentence with what there is."""
    if not counts:
        return NOTHING
    unsolved = sum(counts.get(state, 0) for state in UNSOLVED)
    parts = [f"{count_of(unsolved, 'open gap')} cost the sheriffs {hours(minutes)} so far."]
    if verified := counts.get(GapState.VERIFIED, 0):
        parts.append(f"{verified:,} closed and stayed closed.")
    if back := counts.get(GapState.REGRESSED, 0):
        parts.append(f"{back:,} came back.")
    return " ".join(parts)


def as_markdown(report: GapReport) -> str:
    """The report to read, mail or commit."""
    minutes = sum(e.gap.minutes for e in report.entries if e.gap.state in UNSOLVED)
    lines = ["# Docs gaps", "", summary(report.counts, minutes), ""]
    for each in report.entries:
        lines += _gap(each)
    if report.entries:
        lines += [f"_{RANKED_BY}_", ""]
        lines += _figures(report)
    return "\n".join(lines)


def as_issue(each: Entry, address: str = "") -> str:
    """What stands in the issue of a gap, as Markdown; `address` is where Sheriff shows it."""
    first = f"What people asked and the documentation did not answer. {inline(facts(each.gap))}."
    last = [f"Sheriff closes this when the questions are answered. {each.gap.label}: {address}"] if address else []
    return "\n".join([first, "", *_told(each), *last]).strip()


def _gap(each: Entry) -> Iterator[str]:
    gap = each.gap
    yield from (f"## {each.rank}. {gap.label}: {inline(gap.name)}", "", f"{inline(facts(gap))}.", "")
    yield from _told(each)


def _told(each: Entry) -> Iterator[str]:
    gap = each.gap
    if gap.why:
        yield from (inline(gap.why), "")
    if gap.place:
        owner = f", owner: {inline(gap.owner)}" if gap.owner else ""
        yield from (f"Page to change: {inline(gap.place)}{owner}", "")
    for asked in each.asked:
        yield f"- {inline(asked.question)} ({inline(provenance(asked))})"
    if gap.questions > len(each.asked) > 0:
        yield f"- and {gap.questions - len(each.asked):,} more"
    yield ""
    if each.patch:
        fence = "`" * max(3, _longest_run(each.patch) + 1)
        origin = inline(each.sources)
        yield from (f"Draft, from {origin}; not reviewed yet:", "", f"{fence}diff", each.patch.rstrip(), fence, "")


def _figures(report: GapReport) -> Iterator[str]:
    yield from ("## Questions per week", "", "| Week of | Solved | Handed over | Unknown |", "|---|---:|---:|---:|")
    for week in report.weeks:
        yield f"| {week.begins:%d %b %Y} | {week.solved:,} | {week.handed_over:,} | {week.unknown:,} |"
    yield from ("", f"_{FATES_MEAN}_", "")
    if report.components:
        yield from ("## Components", "", "| Component | Questions | Handed over |", "|---|---:|---:|")
        for name, asked, over in report.components:
            yield f"| {inline(name)} | {asked:,} | {over:,} |"
        yield ""
    if line := time_to_close(report.closed):
        yield from (line, "")


def time_to_close(closed: Sequence[Gap]) -> str:
    """How long closed gaps were open; "" when none is closed."""
    days = [gap.days_to_close for gap in closed if gap.days_to_close is not None]
    return (
        f"Time to close: {median(days):.1f} days, the median of {count_of(len(days), 'verified gap')}." if days else ""
    )


def as_json(report: GapReport) -> dict[str, Any]:
    """The whole report in plain values; times are ISO 8601."""
    return {
        "at": report.at.isoformat(),
        "cases": report.cases,
        "count": len(report.entries),
        "states": {str(state): count for state, count in report.counts.items()},
        "gaps": [_plain(each) for each in report.entries],
        "weeks": [
            {"begins": w.begins.isoformat(), "solved": w.solved, "handed_over": w.handed_over, "unknown": w.unknown}
            for w in report.weeks
        ],
        "components": [{"name": n, "questions": asked, "handed_over": over} for n, asked, over in report.components],
    }


def as_json_text(report: GapReport) -> str:
    return json.dumps(as_json(report), ensure_ascii=False, indent=2)


def _plain(each: Entry) -> dict[str, Any]:
    gap = each.gap
    return {
        "rank": each.rank,
        "id": gap.label,
        "name": gap.name,
        "state": str(gap.state),
        "kind": str(gap.kind),
        "why": gap.why,
        "component": gap.component,
        "page": gap.page,
        "place": gap.place,
        "owner": gap.owner,
        "opened": gap.opened.isoformat(),
        "verified": gap.closed.isoformat() if gap.closed else None,
        "days_to_close": round(gap.days_to_close, 2) if gap.days_to_close is not None else None,
        "people": gap.people,
        "questions": gap.questions,
        "minutes": gap.minutes,
        "score": gap.score,
        "weeks": list(gap.weeks),
        "patch": each.patch,
        "asked": [
            {"case": a.label, "question": a.question, "at": a.at.isoformat(), "how": a.how, "minutes": a.minutes}
            for a in each.asked
        ],
    }


def facts(gap: Gap) -> str:
    parts = [STATE_LABELS[gap.state], KIND_LABELS[gap.kind], gap.component, count_of(gap.people, "person")]
    parts += [count_of(gap.questions, "question"), f"{gap.minutes:,} sheriff minutes", f"since {gap.opened:%d %b %Y}"]
    if gap.days_to_close is not None:
        parts.append(f"closed after {gap.days_to_close:.1f} days")
    return " · ".join(part for part in parts if part)


def provenance(asked: Asked) -> str:
    minutes = f"{asked.minutes} min" if asked.minutes else ""
    return ", ".join(part for part in (asked.by, f"{asked.at:%d %b %Y}", asked.how, minutes) if part)


def page_of(gap: Gap) -> str:
    """Where Sheriff shows the page to change; "" while none is known."""
    return page_address(gap.page) if ":" in gap.page else ""


def inline(text: str) -> str:
    """On one line, and without anything that Markdown or HTML in it would do to the report."""
    line = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|~!&" else c for c in line)


def count_of(number: int, noun: str) -> str:
    plural = {"person": "people"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"


def hours(minutes: int) -> str:
    return f"{minutes // 60:,} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
