"""A gap report as Markdown, HTML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from bot.support.cases import CaseState
from bot.support.gaps import CAUSE_LABELS, Asked, Gap, GapReport, NearPage

NOTHING = (
    "No gaps yet. A question appears here when it had no sure answer or went to the duty sheriff; "
    "questions that mean the same become one gap."
)
RANKED_BY = "Ranked by people and how lately they asked. One person counts once; four weeks halve a question’s weight."
_BADGES = {"Missing": "badge missing", "Outdated": "badge outdated"}
_SHOWN = 8  # questions listed per gap in Markdown and HTML; JSON has them all


def summary(report: GapReport) -> str:
    """One sentence with the counts that the report rests on."""
    if not report.gaps:
        return NOTHING
    questions = _count(report.questions, "question")
    return (
        f"{_count(len(report.gaps), 'gap')} from {questions} without a sure answer, of {_count(report.cases, 'case')}."
    )


def as_markdown(report: GapReport) -> str:
    """The report to read, mail or commit."""
    lines = ["# Docs gaps", "", summary(report), ""]
    for rank, gap in enumerate(report.gaps, start=1):
        lines += [f"## {rank}. {_inline(gap.name)}", "", _facts(gap) + ".", ""]
        if gap.pages:
            lines += ["Nearest pages, where the answer would be expected:", ""]
            lines += [f"- {_link(page)} ({_count(page.count, 'time')})" for page in gap.pages] + [""]
        lines += ["Asked:", ""] + [f"- {_inline(q.question)} ({_provenance(q)})" for q in gap.questions[:_SHOWN]]
        if len(gap.questions) > _SHOWN:
            lines.append(f"- and {len(gap.questions) - _SHOWN} more")
        lines.append("")
        if gap.resolutions:
            lines += ["What sheriffs answered:", ""]
            lines += [f"- {_inline(resolution)}" for resolution in gap.resolutions[:_SHOWN]] + [""]
    if report.gaps:
        lines += [f"_{RANKED_BY}_", ""]
    return "\n".join(lines)


def as_html(report: GapReport) -> str:
    """A fragment for the gaps page: a table, and one article per gap that the table links to."""
    if not report.gaps:
        return f'<p class="note">{escape(NOTHING)}</p>'
    rows = "".join(_row(rank, gap) for rank, gap in enumerate(report.gaps, start=1))
    details = "".join(_detail(rank, gap) for rank, gap in enumerate(report.gaps, start=1))
    head = '<th class="rank"><span class="vh">Rank</span><th>Gap, nearest page<th>8 weeks'
    head += '<th class="r">People<th class="r">Questions<th>Kind'
    return (
        f'<div class="panel"><table class="flow"><caption class="vh">Docs gaps</caption>'
        f"<thead><tr>{head}</thead><tbody>{rows}</tbody></table>"
        f'<p class="small dim foot">{escape(RANKED_BY)}</p></div>{details}'
    )


def as_page(report: GapReport) -> str:
    """A page of its own, readable without any stylesheet."""
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>Docs gaps</title>\n'
        f'<main class="page"><h1>Docs gaps</h1><p>{escape(summary(report))}</p>{as_html(report)}</main>\n</html>\n'
    )


def as_json(report: GapReport) -> dict[str, Any]:
    """The whole report in plain values; times are ISO 8601."""
    return {
        "until": report.until.isoformat() if report.until else None,
        "cases": report.cases,
        "questions": report.questions,
        "count": len(report.gaps),
        "gaps": [_plain(rank, gap) for rank, gap in enumerate(report.gaps, start=1)],
    }


def as_json_text(report: GapReport) -> str:
    return json.dumps(as_json(report), ensure_ascii=False, indent=2)


def _plain(rank: int, gap: Gap) -> dict[str, Any]:
    return {
        "rank": rank,
        "name": gap.name,
        "kind": gap.kind,
        "component": gap.component,
        "askers": gap.askers,
        "count": len(gap.questions),
        "score": round(gap.score, 3),
        "weeks": list(gap.weeks),
        "causes": {cause.value: count for cause, count in gap.causes.items()},
        "resolutions": list(gap.resolutions),
        "pages": [{"place": p.place, "path": p.path, "url": p.url, "count": p.count} for p in gap.pages],
        "questions": [
            {
                "case": q.case_id,
                "ticket": q.ticket,
                "question": q.question,
                "asker": q.asker,
                "at": q.at.isoformat(),
                "outcome": q.outcome,
                "state": q.state.value,
            }
            for q in gap.questions
        ],
    }


def _row(rank: int, gap: Gap) -> str:
    where = " · ".join(part for part in (gap.component, gap.pages[0].path if gap.pages else "no page is near") if part)
    return (
        f'<tr><td class="rank">{rank}'
        f'<td class="gap"><a href="#gap-{rank}">{escape(gap.name)}</a><small>{escape(where)}</small>'
        f"<td>{sparkline(gap.weeks)}"
        f'<td class="r" data-l="people">{gap.askers}<td class="r" data-l="questions">{len(gap.questions)}'
        f'<td><span class="{_BADGES.get(gap.kind, "badge")}">{escape(gap.kind)}</span>'
    )


def sparkline(weeks: Sequence[int]) -> str:
    """Bars of one gap's weeks, the present one in the accent; the figures are in the label."""
    tallest = max((*weeks, 1))
    bars = [f"M{5 + 10 * n} 22v-{max(1, round(20 * count / tallest))}" for n, count in enumerate(weeks)]
    label = "Questions per week: " + " ".join(map(str, weeks))
    return (
        f'<svg class="spark" viewBox="0 0 80 22" role="img" aria-label="{label}">'
        f'<path d="{"".join(bars[:-1])}"/><path class="now" d="{bars[-1]}"/></svg>'
    )


def _detail(rank: int, gap: Gap) -> str:
    return (
        f'<article class="panel detail" id="gap-{rank}" aria-labelledby="gap-{rank}-name" tabindex="-1">'
        f'<div><p class="small dim">Rank {rank} · {escape(_facts(gap))}</p>'
        f'<h2 id="gap-{rank}-name" class="big">{escape(gap.name)}</h2></div>'
        f"{''.join(_sections(gap))}</article>"
    )


def _sections(gap: Gap) -> Iterator[str]:
    asked = "".join(
        f"<li>{escape(q.question)}<small>{escape(_provenance(q))}</small></li>" for q in gap.questions[:_SHOWN]
    )
    more = len(gap.questions) - _SHOWN
    rest = f'<p class="small dim">and {more} more</p>' if more > 0 else ""
    yield f'<section><h3>Who asked · {_count(gap.askers, "person")}</h3><ul class="quotes">{asked}</ul>{rest}</section>'
    if gap.resolutions:
        known = "".join(f"<li>{escape(resolution)}</li>" for resolution in gap.resolutions[:_SHOWN])
        yield f'<section><h3>What sheriffs answered</h3><ul class="quotes">{known}</ul></section>'
    if gap.pages:
        pages = "".join(f"<li>{_anchor(page)} <small>{escape(page.path)}</small></li>" for page in gap.pages)
        yield f"<section><h3>Nearest pages</h3><ul>{pages}</ul></section>"


def _anchor(page: NearPage) -> str:
    if page.url.startswith(("https://", "http://", "/")):
        return f'<a href="{escape(page.url)}">{escape(page.place)}</a>'
    return escape(page.place)


def _facts(gap: Gap) -> str:
    parts = [_count(gap.askers, "person"), _count(len(gap.questions), "question"), gap.component]
    causes = [f"{CAUSE_LABELS[cause]} {count}" for cause, count in gap.causes.items()]
    parts.append(f"causes given: {', '.join(causes)}" if causes else "no cause given yet")
    return " · ".join(part for part in parts if part)


def _provenance(question: Asked) -> str:
    fate = question.state.value.replace("_", " ")
    label = f"{question.ticket}, " if question.ticket else ""
    how = "hinted" if question.outcome == "hinted" and question.state is CaseState.ANSWERED else fate
    return f"{label}{question.asker}, {question.at:%d %b %Y}, {how}"


def _link(page: NearPage) -> str:
    place = _inline(page.place)
    return f"[{place}]({page.url})" if page.url.startswith("http") else f"{place}, `{page.path}`"


def _inline(text: str) -> str:
    """On one line, and without anything that Markdown or HTML in it would do to the report."""
    line = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in line)


def _count(number: int, noun: str) -> str:
    plural = {"person": "people"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"
