"""The curves of a report as inline SVG: no library, colours from the page, and the numbers beside them as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from evals.metrics import Figure
from evals.risk import Coverage, Reliability, curve, roc
from evals.runner import Trial

WIDTH: Final = 360.0
HEIGHT: Final = 250.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 12.0, 44.0
BARS: Final = 20


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, what it says in words, and its numbers."""

    name: str  # id in the page
    title: str
    words: str
    svg: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    legend: Sequence[tuple[str, str]] = ()  # class of the sample, and its meaning


@dataclass(frozen=True, slots=True)
class Plane:
    """From values to places in the drawing; both axes begin at 0."""

    x_title: str
    y_title: str
    y_most: float = 1.0
    y_is_share: bool = True

    def x(self, value: float) -> float:
        return round(LEFT + value * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - value / self.y_most * (HEIGHT - TOP - BOTTOM), 1)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{self.x(x)} {self.y(y)}" for x, y in points)

    def drawn(self, name: str, inside: Iterator[str] | Sequence[str], label: str) -> Markup:
        """The whole drawing: grid, axes, and what is inside."""
        # Every part is made here from numbers; words are escaped.
        return Markup(  # noqa: S704
            f'<svg class="chart" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-labelledby="{name}-l">'
            f'<title id="{name}-l">{escape(label)}</title>{"".join(self._grid())}{"".join(inside)}</svg>'
        )

    def _grid(self) -> Iterator[str]:
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
            place = self.x(tick)
            anchor = "end" if tick == 1 else "middle"
            yield f'<text x="{place}" y="{HEIGHT - BOTTOM + 17}" text-anchor="{anchor}">{tick:.0%}</text>'
        for n in range(5):
            value = self.y_most * n / 4
            place = self.y(value)
            yield f'<path class="grid" d="M{LEFT} {place}H{WIDTH - RIGHT}"/>'
            written = f"{value:.0%}" if self.y_is_share else f"{value:.0f}"
            yield f'<text x="{LEFT - 6}" y="{place + 4}" text-anchor="end">{written}</text>'
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(self.x_title)}</text>'


def risk_coverage(trials: Sequence[Trial], coverages: Sequence[Coverage]) -> Chart:
    """Wrong answers against how many questions are answered, the surest first."""
    points = curve(trials)
    most = max([0.2, *(point.wrong for point in points)])
    plane = Plane("questions answered, the surest first", "", y_most=min(1.0, -(-most // 0.2) * 0.2))

    def inside() -> Iterator[str]:
        for found in coverages:
            place = plane.y(found.rate)
            yield f'<path class="limit" d="M{LEFT} {place}H{WIDTH - RIGHT}"/>'
        start = [(0.0, points[0].wrong)]
        yield f'<path class="line" d="{plane.path([*start, *((p.coverage, p.wrong) for p in points)])}"/>'
        for found in coverages:
            if found.threshold is not None:
                yield f'<circle class="dot" cx="{plane.x(found.coverage)}" cy="{plane.y(found.wrong)}" r="4"/>'

    shares = ", ".join(f"{found.coverage:.0%} with at most {found.rate:.0%} wrong" for found in coverages)
    rows = [
        [
            f"≤ {found.rate:.0%}",
            f"{found.coverage:.1%} ({found.low:.0%}–{found.high:.0%})",
            str(found.answered),
            f"{found.threshold:.3f}" if found.threshold is not None else "none keeps it",
        ]
        for found in coverages
    ]
    return Chart(
        name="risk",
        title="Risk and coverage",
        words=f"Can be answered: {shares}; everything with {points[-1].wrong:.0%} wrong. Wrong: what is cited first "
        "does not answer.",
        svg=plane.drawn("risk", inside(), f"Share of wrong answers when the surest questions are answered. {shares}."),
        head=("wrong", "answered (95 %)", "questions", "from confidence"),
        rows=rows,
        legend=(("line", "wrong answers, of those given"), ("limit", "5, 10, 20 % wrong")),
    )


def calibration(found: Reliability) -> Chart:
    """Observed against claimed confidence."""
    plane = Plane("confidence claimed", "")

    def inside() -> Iterator[str]:
        yield f'<path class="limit" d="{plane.path([(0, 0), (1, 1)])}"/>'
        yield f'<path class="line thin" d="{plane.path([(part.confidence, part.right) for part in found.bins])}"/>'
        for part in found.bins:
            x = plane.x(part.confidence)
            yield f'<path class="whisker" d="M{x} {plane.y(part.low)}V{plane.y(part.high)}"/>'
            yield f'<circle class="dot" cx="{x}" cy="{plane.y(part.right)}" r="4"/>'

    words = f"Calibration error {found.error:.3f}, Brier score {found.brier:.3f}; 0 is best."
    return Chart(
        name="calibration",
        title="Reliability of confidence",
        words=f"How often the first citation answers, against the confidence claimed. Above the diagonal it is "
        f"right more often than claimed, below it less often. {words}",
        svg=plane.drawn("calibration", inside(), f"Share of right first citations by confidence. {words}"),
        head=("confidence", "right (95 %)", "n"),
        rows=[
            [f"{part.confidence:.2f}", f"{part.right:.0%} ({part.low:.0%}–{part.high:.0%})", str(part.count)]
            for part in found.bins
        ],
        legend=(("line", "observed, with 95 % interval"), ("limit", "exactly as claimed")),
    )


def refusal(trials: Sequence[Trial], area: Figure, hint_at: float | None) -> Chart:
    """What refusing below a threshold catches, against what it costs. Needs both sorts of questions."""
    plane = Plane("answerable questions refused (less is better)", "")
    points = roc(trials)
    now = _refused_now(trials, hint_at) if hint_at is not None else None

    def inside() -> Iterator[str]:
        yield f'<path class="limit" d="{plane.path([(0, 0), (1, 1)])}"/>'
        yield f'<path class="line" d="{plane.path(points)}"/>'
        if now is not None:
            yield f'<circle class="dot" cx="{plane.x(now[0])}" cy="{plane.y(now[1])}" r="5"/>'

    here = f" Today {now[1]:.0%} of the unanswerable and {now[0]:.0%} of the answerable are refused." if now else ""
    step = max(1, len(points) // 10)
    return Chart(
        name="refusal",
        title="Refusal",
        words=f"Unanswerable questions refused, against answerable ones refused by mistake. Area {area.value:.3f} "
        f"({area.low:.3f}–{area.high:.3f}); 0.5 is chance.{here}",
        svg=plane.drawn("refusal", inside(), f"Receiver operating characteristic of refusal, area {area.value:.3f}."),
        head=("answerable refused", "unanswerable refused"),
        rows=[[f"{x:.0%}", f"{y:.0%}"] for x, y in (*points[:-1:step], points[-1])],
        legend=(("line", "all thresholds"), ("dot", "today"), ("limit", "chance")),
    )


def histogram(trials: Sequence[Trial], thresholds: Sequence[tuple[str, float]]) -> Chart:
    """How confidence is spread over right, wrong and unanswerable questions."""
    counts = [[0] * BARS for _ in range(3)]
    for trial in trials:
        sort = 0 if trial.right else 1 if trial.question.answerable else 2
        counts[sort][min(BARS - 1, max(0, int(trial.confidence * BARS)))] += 1
    tallest = max(sum(bar) for bar in zip(*counts, strict=True))
    plane = Plane("confidence", "", y_most=float(-(-max(4, tallest) // 4) * 4), y_is_share=False)

    def inside() -> Iterator[str]:
        for bar in range(BARS):
            base = 0
            for sort, name in enumerate(("right", "miss", "none")):
                height = counts[sort][bar]
                if height:
                    x, top = plane.x(bar / BARS), plane.y(base + height)
                    tall = round(plane.y(base) - top, 1)
                    yield f'<rect class="{name}" x="{x + 0.8}" y="{top}" width="13.5" height="{tall}"/>'
                base += height
        for label, at in thresholds:
            yield f'<path class="mark" d="M{plane.x(at)} {TOP}V{HEIGHT - BOTTOM}"/>'
            side = ("end", -4) if at > 0.7 else ("start", 4)
            yield f'<text x="{plane.x(at) + side[1]}" y="{TOP + 10}" text-anchor="{side[0]}">{escape(label)}</text>'

    head = ("confidence", "right first", "wrong first", "unanswerable")
    rows = [
        [f"{bar / BARS:.2f}–{(bar + 1) / BARS:.2f}", *(str(counts[sort][bar]) for sort in range(3))]
        for bar in range(BARS)
        if any(counts[sort][bar] for sort in range(3))
    ]
    totals = [sum(sort) for sort in counts]
    words = f"{totals[0]} with the right page first, {totals[1]} with another one, {totals[2]} that nothing answers."
    return Chart(
        name="spread",
        title="Confidence of all questions",
        words=words,
        svg=plane.drawn("spread", inside(), f"Histogram of confidence: {words}"),
        head=head,
        rows=rows,
        legend=(("right", "right page first"), ("miss", "other page first"), ("none", "nothing answers it")),
    )


def interval_bar(low: float, value: float, high: float, *, scale: float = 0.0) -> Markup:
    """A small bar from low to high with the value on it, on a scale of 0 to 1; or of -scale to scale, zero marked."""

    def x(number: float) -> float:
        share = (number / scale + 1) / 2 if scale else number
        return round(4 + 112 * min(1.0, max(0.0, share)), 1)

    zero = f'<path class="grid" d="M{x(0)} 1V15"/>' if scale else ""
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="bar" viewBox="0 0 120 16" aria-hidden="true"><path class="grid" d="M4 8H116"/>{zero}'
        f'<path class="whisker" d="M{x(low)} 8H{x(high)}"/><circle class="dot" cx="{x(value)}" cy="8" r="3.5"/></svg>'
    )


def _refused_now(trials: Sequence[Trial], hint_at: float) -> tuple[float, float]:
    def share(answerable: bool) -> float:
        asked = [trial.confidence < hint_at for trial in trials if trial.question.answerable is answerable]
        return sum(asked) / len(asked)

    return share(answerable=True), share(answerable=False)
