"""A cheap sample of what `sheriff-evals bench hostile` does: bad files are skipped, and their neighbours are read."""

from __future__ import annotations

from pathlib import Path

from evals.bench.hostile import files
from evals.bench.hostile_sources import traps
from evals.bench.ordeal import Suffered, outcome, settle
from evals.bench.ordeal_report import line, summary

TRAPS = {trap.name: trap for trap in traps()}


def test_there_are_many_kinds_and_each_has_its_name() -> None:
    assert len(TRAPS) == len(traps())
    assert len(TRAPS) + len(files()) >= 240


def test_bad_files_are_skipped_with_their_reasons_and_the_run_goes_on(tmp_path: Path) -> None:
    reasons = {
        "yaml: levels of dashes": "makes its reader stop",
        "json: a neighbour that leads out": "links to a file outside the source's folder",
        "link: to a system's file": "links to a file outside the source's folder",
        "a pipe that nobody writes to": "is not an ordinary file",
        "name: escapes for a terminal": "its name holds invisible characters",
        "name: no UTF-8": "its name is not UTF-8",
        "folders inside each other": "lies more than 100 folders deep",
        "link: to the folder above": "is a link to a folder",
    }
    settle(tmp_path, [TRAPS[name] for name in reasons])

    report, fault = outcome(tmp_path)

    assert fault == ""
    assert report is not None
    told = " | ".join(skipped.reason for skipped in report.skipped)
    assert [name for name, reason in reasons.items() if reason not in told] == []


def test_a_row_tells_what_was_not_held_and_the_last_lines_the_most() -> None:
    good, bad = Suffered("a", "ingest", "left alone", 0.5, 90), Suffered("b", "chat", "x" * 90, 6, 0, "status 500")

    assert line(good).split() == ["a", "ingest", "0.50", "90", "left", "alone"]
    assert line(bad).endswith("…  NOT HELD: status 500")
    assert list(summary([good, bad]))[-1] == "chat: 1 files, 1 promises not held; at most 6.00 s (b) and 0 MB (b)"
