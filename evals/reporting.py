"""What `report` does: the page of a run that was kept."""

from __future__ import annotations

from pathlib import Path

from evals import runs, scorecard
from evals.files import write
from evals.pages import run_page


def report_command(file: Path, html: Path) -> None:
    """Write the page of a run that was kept. Raises Misuse when the file holds none."""
    run = runs.load(file)
    write(html, run_page(run, scorecard.score(run.trials)))
    print(f"The report is in {html}. It needs no network: open it in a browser, or send it.")
