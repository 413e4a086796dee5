from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from evals import charts, pages, reading, scorecard
from evals.comparison import compare
from evals.runner import Trial
from knowledge.model import Outcome
from tests.unit.test_evals_scorecard import ALL, FIRST, LOST, REFUSED, THIRD, WRONG, a_run

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}'


def evil(trial: Trial) -> Trial:
    question = replace(trial.question, text=EVIL, id=EVIL, kind=EVIL, component=EVIL)
    gold = (EVIL,) if trial.question.gold else ()
    return replace(trial, question=replace(question, gold=gold), pages=(EVIL,), cited=(EVIL,), first="", text=EVIL)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def whole(trials: list[Trial]) -> str:
    return pages.run_page(a_run(trials), scorecard.score(trials))


@pytest.mark.parametrize("page", [whole(ALL), pages.comparison_page(compare(a_run(ALL), a_run(ALL[::-1])))])
def test_a_page_loads_nothing_and_runs_nothing(page: str) -> None:
    tags = Tags(page).seen

    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in tags)
    assert not any({"src", "href", "onload", "style"} & attributes.keys() for _, attributes in tags)
    assert not re.search(r"url\(|@import|https?://", page)
    assert "default-src 'none'" in page
    assert "light dark" in page


def test_words_of_others_are_escaped() -> None:
    trials = [evil(FIRST), replace(evil(WRONG), question=replace(evil(WRONG).question, id="other"))]

    for page in (whole(trials), pages.comparison_page(compare(a_run(trials), a_run(trials[:1])))):
        assert {"script", "img"}.isdisjoint(tag for tag, _ in Tags(page).seen)
        assert "7 * 7" in page or EVIL not in page
        assert "<script>alert" not in page


def test_the_page_shows_curves_slices_and_the_cases_to_read() -> None:
    page = whole(ALL)

    drawn = [attributes["id"] for tag, attributes in Tags(page).seen if tag == "figure"]
    assert drawn == ["risk", "calibration", "refusal", "spread"]
    assert "question wrong" in page
    assert "By kind" in page
    assert "1 gold path not in the index: z.md" in page
    assert "2 proposed rows not asked yet" in page


def test_without_unanswerable_questions_there_is_no_curve_of_refusal() -> None:
    page = whole([FIRST, THIRD, LOST])

    assert 'id="refusal"' not in page
    assert 'id="risk"' in page


def test_every_drawing_is_sound_svg_inside_its_frame() -> None:
    card = scorecard.score(ALL)
    drawn = [
        charts.risk_coverage(ALL, card.coverages),
        charts.calibration(card.reliability),
        charts.refusal(ALL, card.figures["auroc"], 0.2),
        charts.histogram(ALL, [("hint", 0.2), ("answer", 1.0)]),
    ]

    for chart in drawn:
        root = ET.fromstring(str(chart.svg))  # noqa: S314 - made above
        assert root.get("role") == "img"
        for circle in root.iter("circle"):
            assert 0 <= float(circle.get("cx", "-1")) <= charts.WIDTH
            assert 0 <= float(circle.get("cy", "-1")) <= charts.HEIGHT
        assert chart.rows


def test_the_histogram_counts_every_question_once() -> None:
    rows = charts.histogram(ALL, []).rows

    assert sum(int(cell) for row in rows for cell in row[1:]) == len(ALL)


def test_the_cases_to_read_are_the_ones_that_went_wrong() -> None:
    found_and_refused = replace(FIRST, outcome=Outcome.UNANSWERED, cited=())
    groups = reading.groups([FIRST, THIRD, LOST, REFUSED, WRONG, found_and_refused])

    assert [(group.name, [trial.question.id for trial in group.trials]) for group in groups] == [
        ("wrong", ["wrong", "third"]),
        ("missed", ["lost"]),
        ("refused", ["first"]),
    ]
