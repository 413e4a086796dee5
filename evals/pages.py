"""Runs and comparisons as one HTML file each: no script, nothing loaded, every word of others escaped."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evals import charts, reading
from evals.charts import Chart, interval_bar
from evals.comparison import TITLES, Comparison, Mark, origins, remarks, said, worsened
from evals.judge import summary
from evals.metrics import MEANINGS
from evals.runs import Run
from evals.scorecard import FEW, SLICED, Scorecard
from evals.wording import count
from knowledge.model import Outcome

ANSWER: Final = 900  # characters of an answer that are shown
PAGES: Final = 3  # found pages that are shown


def run_page(run: Run, card: Scorecard) -> str:
    """The page of a run: figures, curves, slices, cases to read, all questions."""
    return _rendered(
        "run.html",
        title=f"Evaluation: {run.about.name}",
        about=run.about,
        judged=run.judged,
        judge_summary=summary(str(run.about.settings.get("judge", "")), run.judged),
        card=card,
        meanings=MEANINGS,
        charts=_charts(run, card),
        outcomes=list(Outcome),
        sliced=SLICED,
        few=FEW,
        groups=[*reading.groups(card.trials), *reading.judged_wrong(card.trials, run.judged)],
        answer_length=ANSWER,
        found_pages=PAGES,
    )


def comparison_page(found: Comparison) -> str:
    """The page of a comparison: origins, differences, changed questions."""
    return _rendered(
        "comparison.html",
        title="Two runs compared",
        found=found,
        origins=origins(found),
        remarks=remarks(found),
        worse=worsened(found),
        scale=max([0.01, *(max(abs(one.low), abs(one.high)) for one in found.differences)]),
        meanings=MEANINGS,
        groups=[(TITLES[mark], found.of(mark)) for mark in Mark],
        said=said,
    )


def _charts(run: Run, card: Scorecard) -> list[Chart]:
    hint_at, answer_at = (run.about.settings.get(name) for name in ("hint_at", "answer_at"))
    thresholds = [(name, float(at)) for name, at in (("hint", hint_at), ("answer", answer_at)) if at is not None]
    drawn = [charts.risk_coverage(card.trials, card.coverages), charts.calibration(card.reliability)]
    if "auroc" in card.figures:
        drawn.append(charts.refusal(card.trials, card.figures["auroc"], hint_at))
    return [*drawn, charts.histogram(card.trials, thresholds)]


def _rendered(template: str, **values: Any) -> str:
    style = resources.files("evals.templates").joinpath("page.css").read_text(encoding="utf-8")
    page = _environment().get_template(template)
    return page.render(style=Markup(style), bar=interval_bar, count=count, **values)  # noqa: S704 - our own stylesheet


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("evals"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
