"""The report of a replay: for people, for programs, for a merge request, and as annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.replay.pages import Pages
from bot.replay.verdicts import Replayed, Said, Verdict, count

_SHOWN = 50  # questions of a kind in text and Markdown; JSON has all
_MOST_ANNOTATIONS = 10  # of a kind that GitHub shows for a step
_WIDTH = 100  # characters of a question in a line
_HEADS = {Verdict.WORSE: "Worse", Verdict.BETTER: "Better", Verdict.MOVED: "From another page"}


@dataclass(frozen=True, slots=True)
class Report:
    """Every question with its verdict."""

    judged: Sequence[Replayed]
    pages: Pages
    base: str  # what it is compared with
    embedded: int  # texts that had to be embedded for it
    seconds: float

    @property
    def is_worse(self) -> bool:
        return any(one.verdict is Verdict.WORSE for one in self.judged)

    def of(self, verdict: Verdict) -> list[Replayed]:
        """The most asked first."""
        return [one for one in self.judged if one.verdict is verdict]


def rendered(report: Report, output: str) -> str:
    """In "text", "json", "md" or "github"."""
    match output:
        case "json":
            return as_json(report)
        case "md":
            return as_markdown(report)
        case "github":
            return as_github(report)
        case _:
            return as_text(report)


def summary(report: Report) -> str:
    """One sentence with the counts."""
    counts = count(report.judged)
    pages = len(report.pages.changed)
    changed = f"{pages:,} page{'' if pages == 1 else 's'} differ{'s' if pages == 1 else ''} from {report.base}"
    if not pages:
        return f"No page differs from {report.base}: nothing was asked again."
    told = ", ".join(
        f"{counts[verdict]:,} {word}"
        for verdict, word in (
            (Verdict.WORSE, "worse"),
            (Verdict.BETTER, "better"),
            (Verdict.MOVED, "from another page"),
        )
    )
    return f"{len(report.judged):,} questions, {told}, {counts[Verdict.SAME]:,} as before; {changed}."


def as_text(report: Report) -> str:
    lines = [_plain(summary(report))]
    for verdict, head in _HEADS.items():
        found = report.of(verdict)
        if found:
            lines += ["", f"{head} ({len(found):,})"]
        for one in found[:_SHOWN]:
            lines += [f"  {_short(one.question.text)}{_asked(one)}", f"      {one.why}"]
            lines.append(f"      {_was(one.before)}  →  {_was(one.after)}{_gone(report, one)}")
        lines += _more(found, "  ")
    return "\n".join(lines)


def as_markdown(report: Report) -> str:
    """For the description of a merge request, or the summary of a job; what people wrote becomes no markup."""
    lines = ["# Replay of questions", "", _escaped(summary(report)), ""]
    for verdict, head in _HEADS.items():
        found = report.of(verdict)
        if not found:
            continue
        lines += [f"## {head} ({len(found):,})", "", "| question | before | after | why |", "|---|---|---|---|"]
        for one in found[:_SHOWN]:
            cells = (_short(one.question.text) + _asked(one), _was(one.before), _was(one.after), one.why)
            lines.append("| " + " | ".join(_escaped(cell) for cell in cells) + " |")
        lines += [*_more(found, ""), ""]
    return "\n".join(lines)


def as_json(report: Report) -> str:
    counts = count(report.judged)
    values: dict[str, Any] = {
        "base": report.base,
        "changed": sorted(report.pages.changed),
        "questions": len(report.judged),
        "counts": {verdict.value: number for verdict, number in counts.items()},
        "embedded": report.embedded,
        "seconds": round(report.seconds, 2),
        "results": [_values(report, one) for one in report.judged],
    }
    return json.dumps(values, ensure_ascii=True, indent=2)


def as_github(report: Report) -> str:
    """A warning at the heading of the changed page that lost each question, and a summary; GitHub shows few of each
    kind, so what it leaves out is counted."""
    worse = report.of(Verdict.WORSE)
    lines = [_annotation(report, one) for one in worse]
    if len(worse) > _MOST_ANNOTATIONS:
        rest = len(worse) - _MOST_ANNOTATIONS
        lines.append(f"::notice title=Replay::{_data(f'GitHub shows {_MOST_ANNOTATIONS}; {rest} more got worse.')}")
    return "\n".join([*lines, _shielded(summary(report))])


def _annotation(report: Report, one: Replayed) -> str:
    where = report.pages.loser(one)
    given = {"file": where[0], "line": str(where[1])} if where else {}
    given["title"] = "A question gets worse"
    properties = ",".join(f"{name}={_property(value)}" for name, value in given.items())
    said = f"“{_short(one.question.text)}”{_asked(one)}: {one.why}\n{_was(one.before)} → {_was(one.after)}"
    return f"::warning {properties}::{_data(said + _gone(report, one))}"


def _values(report: Report, one: Replayed) -> dict[str, Any]:
    where = report.pages.loser(one) if one.verdict is Verdict.WORSE else None
    return {
        "question": one.question.text,
        "askers": one.question.askers,
        "verdict": one.verdict.value,
        "why": one.why,
        "before": _said(one.before),
        "after": _said(one.after),
        **({"file": where[0], "line": where[1]} if where else {}),
    }


def _said(said: Said) -> dict[str, Any]:
    return {
        "outcome": said.outcome.value,
        "confidence": round(said.confidence, 3),
        "page": said.document_id,
        "anchor": said.anchor,
        "place": said.title,
    }


def _was(said: Said) -> str:
    where = f", {said.title} ({said.document_id.partition(':')[2]})" if said.document_id else ""
    return _plain(f"{said.outcome.value} {said.confidence:.2f}{where}")


def _gone(report: Report, one: Replayed) -> str:
    return " (that page is removed)" if report.pages.is_gone(one.before) else ""


def _asked(one: Replayed) -> str:
    return f" ({one.question.askers} people)" if one.question.askers > 1 else ""


def _more(found: Sequence[Replayed], indent: str) -> Iterator[str]:
    if len(found) > _SHOWN:
        yield f"\n{indent}and {len(found) - _SHOWN:,} more; --format json has them all"


def _short(text: str) -> str:
    line = _plain(" ".join(text.split()))
    return line if len(line) <= _WIDTH else line[:_WIDTH].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"


def _plain(text: str) -> str:
    """Without what would move the cursor, colour a terminal or turn the direction of writing."""
    return "".join(c if c.isprintable() else " " for c in text)


def _escaped(text: str) -> str:
    line = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|~$@!" else c for c in line).replace("://", ":\u200b//")


def _shielded(text: str) -> str:
    """A line of the log that GitHub does not take for a command."""
    return f" {text}" if text.lstrip().startswith("::") else text


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
