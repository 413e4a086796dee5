"""The generated repositories whose check is timed."""

from __future__ import annotations

from evals.bench.repositories import repository, whole
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
