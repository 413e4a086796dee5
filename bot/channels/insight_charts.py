"""Charts of figures as the paths of an inline SVG: one unit wide for each week, 160 high."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.support.insights import Insights, Outcomes, Spread, Week

HEIGHT = 160
_LABELS = 13  # weeks that are named under a chart, at most
_MINUTE, _HOUR = 60, 3600
_TOPS = (_MINUTE * 30, *(_HOUR * n for n in (1, 2, 3, 6, 9, 18, 27, 45, 90, 180, 450, 900, 1800)))


@dataclass(frozen=True, slots=True)
class Bars:
    """Stacked bars: paths by the class that paints them, the lowest first."""

    paths: Sequence[tuple[str, str]]
    labels: Sequence[tuple[str, str]]  # a line for the week and one for what it is made of
    top: str  # what the highest point stands for
    middle: str


@dataclass(frozen=True, slots=True)
class Spreads:
    """A dot for the middle one and a line up to the slowest tenth."""

    lines: str
    dots: str
    goal: str
    labels: Sequence[tuple[str, str]]
    top: str
    middle: str
    words: str


BANDS = ("solved", "silent", "early", "down", "asked", "unknown")
_PAINT = {"solved": "b1", "silent": "b2", "early": "b5", "down": "b6", "asked": "b3", "unknown": "b4"}


def bands(found: Insights) -> Bars:
    """The share of each outcome by week."""
    shares = [[_share(week.outcomes, band) for band in BANDS] for week in found.weeks]
    counts = [f"{week.outcomes.questions:,}" for week in found.weeks]
    return Bars(_stacked(shares, [_PAINT[band] for band in BANDS]), _labels(found.weeks, counts), "100 %", "50 %")


def _share(outcomes: Outcomes, band: str) -> float:
    count: int = getattr(outcomes, band)
    return count / outcomes.questions if outcomes.questions else 0


def people(found: Insights) -> Bars:
    """Returning people, and new ones on top."""
    top = max((week.adoption.people for week in found.weeks), default=0) or 1
    shares = [[week.adoption.returning / top, week.adoption.new / top] for week in found.weeks]
    counts = [f"{week.adoption.people:,}" for week in found.weeks]
    return Bars(_stacked(shares, ("b3", "b1")), _labels(found.weeks, counts), f"{top:,}", "")


def _stacked(shares: Sequence[Sequence[float]], paints: Sequence[str]) -> Sequence[tuple[str, str]]:
    """A pixel of ground between two bands, so that they are told apart without colour."""
    paths = dict.fromkeys(paints, "")
    for week, parts in enumerate(shares):
        foot = float(HEIGHT)
        for paint, part in zip(paints, parts, strict=True):
            height = part * HEIGHT
            if height >= 1.5:
                paths[paint] += f"M{week}.5 {foot:.1f}v{1 - height:.1f}"
            foot -= height
    return [(paint, path) for paint, path in paths.items() if path]


def spreads(weeks: Sequence[Week], of: Sequence[Spread], goal: float) -> Spreads:
    """`goal` in seconds of working time; not drawn where it lies above everything."""
    longest = max([goal, *(spread.slowest_tenth for spread in of)])
    top = next((top for top in _TOPS if top >= longest), int(longest) or 1)

    def height(seconds: float) -> str:
        return f"{HEIGHT - seconds / top * (HEIGHT - 1):.1f}"

    known = [(week, spread) for week, spread in enumerate(of) if spread.count]
    counts = [f"{spread.count:,}" for spread in of]
    return Spreads(
        lines="".join(f"M{week}.5 {height(s.median)}V{height(s.slowest_tenth)}" for week, s in known),
        dots="".join(f"M{week}.5 {height(s.median)}h0" for week, s in known),
        goal=f"M0 {height(goal)}h{len(weeks)}" if goal else "",
        labels=_labels(weeks, counts),
        top=length(top),
        middle=length(top / 2),
        words=_trend(known),
    )


def _trend(known: Sequence[tuple[int, Spread]]) -> str:
    if not known:
        return "nothing to show"
    first, last = known[0][1], known[-1][1]
    return (
        f"the median went from {length(first.median)} to {length(last.median)}, "
        f"the slowest tenth from {length(first.slowest_tenth)} to {length(last.slowest_tenth)}"
    )


def _labels(weeks: Sequence[Week], counts: Sequence[str]) -> Sequence[tuple[str, str]]:
    """Of many weeks only some are named."""
    step = -(-len(weeks) // _LABELS)
    if step <= 1:
        return [(str(week.number), count) for week, count in zip(weeks, counts, strict=True)]
    return [(str(week.number) if place % step == 0 else "", "") for place, week in enumerate(weeks)]


def length(seconds: float) -> str:
    """Working time in words: "28 min", "5 h 30", "12 h"."""
    minutes = round(seconds / _MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest:02}" if rest and hours < 10 else f"{round(minutes / 60):,} h"
