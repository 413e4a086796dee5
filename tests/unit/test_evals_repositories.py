"""The generated repositories whose check is timed."""

from __future__ import annotations

from evals.bench.report import _whole_lines
from evals.bench.repositories import Whole, repository, whole
from knowledge import bundled
from knowledge.deployment.analysis import analyse
from knowledge.deployment.platform import Platform
from knowledge.validation.catalog import SchemaCatalog


def test_a_generated_repository_has_its_size_and_no_error() -> None:
    files = repository(1000)
    report = analyse(files, Platform(SchemaCatalog.load(bundled.SCHEMAS))).report

    assert len(files) == 1001, "the overlays and the topology"
    assert report.valid
    assert report.notes == ()


def test_what_is_timed_has_two_leaves_for_every_five_overlays() -> None:
    found = whole(1000)

    assert (found.overlays, found.leaves) == (1000, 400)
    assert found.seconds > 0


def test_sizes_are_drawn_as_bars_so_that_a_cost_that_is_not_linear_is_seen() -> None:
    lines = list(
        _whole_lines([Whole(1000, 400, 0.5, 100.0), Whole(2000, 800, 1.0, 110.0), Whole(4000, 1600, 2.0, 120.0)])
    )

    assert [line.count("█") for line in lines] == [0, 10, 20, 40]
