"""The evaluation pages in Chromium: both themes, phone and desk, nothing loaded, no word of others run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evals import pages, scorecard
from evals.comparison import compare
from evals.judge import Judgement
from evals.runs import Run
from tests.unit.test_evals_scorecard import ALL, a_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CONTRAST = Path(__file__).with_name("contrast.js").read_text()
LONG = "<img src=x onerror=\"document.title='run'\"> " + "x" * 300


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    wordy = [
        replace(one, question=replace(one.question, text=LONG, kind=f"k{n}-{'y' * 60}"), text=LONG)
        for n, one in enumerate(ALL)
    ]
    judged = {"first": Judgement(0, LONG)}
    before, after = a_run(ALL), Run(a_run(wordy).about, wordy, judged)
    same_words = [replace(one, pages=one.pages[::-1]) for one in wordy]
    written = {
        "run.html": pages.run_page(after, scorecard.score(wordy)),
        "plain.html": pages.run_page(before, scorecard.score(ALL)),
        "compared.html": pages.comparison_page(compare(after, a_run(same_words))),
    }
    for name, text in written.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [tmp_path / name for name in written]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_page_fits_its_window_and_all_text_stands_out(
    browser: Browser, files: list[Path], width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    for file in files:
        page.goto(file.as_uri())
        page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        sticks_out = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert sticks_out <= 0, file.name
        assert page.evaluate(CONTRAST) == [], file.name
        assert page.title() != "run"
    assert complaints == []
    page.close()
