"""The lock file: when it was taken, how old that is, and what in it nobody asks for any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from knowledge.deployment.analysis import Analysis, analyse
from knowledge.deployment.together import check_together
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile
from tests.small_platform import small_platform

TAKEN = datetime(2026, 11, 16, 1, 4, 37, tzinfo=UTC)
PLATFORM = small_platform()


def topology(*discovered: str, own: str = "south") -> str:
    nodes = "".join(f"  - name: {name}\n    discover: {{from: harbour}}\n" for name in discovered)
    leaf = f"  - name: {own}\n    nodes:\n      - name: cluster-z\n"
    return f"kind: Topology\napplication: tide\nnodes:\n{nodes}{leaf}"


def lock(*nodes: str, taken: str = '"2026-11-16T01:04:37Z"') -> str:
    entries = "".join(
        f"  - node: {name}\n    from: harbour\n    nodes:\n      - name: cluster-{name}\n" for name in nodes
    )
    return f"kind: TopologyLock\ntakenAt: {taken}\ndiscovered:\n{entries}"


def analysed(tree: str, found: str | None, now: datetime | None = None) -> Analysis:
    files = {"topology.yaml": tree} | ({"topology.lock.yaml": found} if found is not None else {})
    return analyse(files, PLATFORM, now)


def warnings(analysis: Analysis) -> list[Diagnostic]:
    return [d for d in analysis.report.diagnostics if d.severity is not Severity.INFORMATION]


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=50), "less than a minute ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=119), "119 minutes ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=11, hours=23), "11 days ago"),
        (timedelta(days=4000), "4,000 days ago"),
    ],
)
def test_the_age_is_said_in_words(age: timedelta, words: str) -> None:
    analysis = analysed(topology("north"), lock("north"), TAKEN + age)

    assert analysis.report.notes == (f"north was discovered {words} (2026-11-16 01:04 UTC, topology.lock.yaml).",)
    assert analysis.report.diagnostics == ()


def test_without_the_time_of_today_only_the_time_is_said() -> None:
    assert analysed(topology("north"), lock("north")).report.notes == (
        "north was discovered at 2026-11-16 01:04 UTC (topology.lock.yaml).",
    )


def test_several_nodes_are_told_together() -> None:
    two, five = ("north", "east"), ("north", "east", "west", "upper", "lower")
    now = TAKEN + timedelta(days=3)

    assert analysed(topology(*two), lock(*two), now).report.notes[0].startswith("north and east were discovered 3 days")
    (many,) = analysed(topology(*five), lock(*five), now).report.notes
    assert many.startswith("north, east, west and 2 more were discovered 3 days ago")


def test_where_nothing_is_discovered_or_no_lock_file_is_there_no_age_is_said() -> None:
    now = TAKEN + timedelta(days=3)

    assert analysed(topology(), None, now).report.notes == ()
    assert not any("discovered" in note for note in analysed(topology("north"), None, now).report.notes)


@pytest.mark.parametrize("taken", ["soon", "17", "[2026]", "~"])
def test_a_time_that_cannot_be_read_is_not_said(taken: str) -> None:
    assert analysed(topology("north"), lock("north", taken=taken), TAKEN).report.notes == ()


def test_a_time_without_a_zone_is_that_of_utc_and_another_zone_is_brought_to_it() -> None:
    for taken in ("2026-11-16T01:04:37", "2026-11-16T03:04:37+02:00"):
        (note,) = analysed(topology("north"), lock("north", taken=f'"{taken}"'), TAKEN).report.notes
        assert "2026-11-16 01:04 UTC" in note


def test_a_time_that_is_still_to_come_is_a_warning_at_its_place() -> None:
    analysis = analysed(topology("north"), lock("north"), TAKEN - timedelta(days=1))

    (early,) = warnings(analysis)
    assert (early.code, early.severity, early.file) == ("TOP007", Severity.WARNING, "topology.lock.yaml")
    assert (early.span.line, early.span.column) == (2, 10)
    assert early.message == "the lock file was taken at 2026-11-16 01:04 UTC, which is still to come"
    assert analysis.report.notes == ("north was discovered at 2026-11-16 01:04 UTC (topology.lock.yaml).",)


def test_clocks_may_differ_by_a_few_minutes() -> None:
    assert warnings(analysed(topology("north"), lock("north"), TAKEN - timedelta(minutes=4))) == []


def test_an_entry_for_a_node_that_is_not_discovered_any_more_is_a_warning_at_its_name() -> None:
    analysis = analysed(topology("north"), lock("north", "south", "gone"))

    assert [(d.code, d.file, d.span.line, d.span.column, d.message) for d in warnings(analysis)] == [
        ("TOP007", "topology.lock.yaml", 8, 11, "the lock file holds south, which the topology does not discover"),
        ("TOP007", "topology.lock.yaml", 12, 11, "the lock file holds gone, which the topology does not discover"),
    ]
    assert analysis.leaves is not None


def test_a_lock_file_that_is_to_be_taken_anew_is_told_once() -> None:
    analysis = analysed(topology("north"), lock("gone"))

    assert [d.code for d in analysis.report.diagnostics] == ["TOP006"]


def test_files_that_come_together_have_the_note_as_well() -> None:
    files = [
        SourceFile("tide/topology.yaml", topology("north")),
        SourceFile("tide/topology.lock.yaml", lock("north")),
    ]

    report = check_together(files, PLATFORM, TAKEN + timedelta(days=2)).report

    assert report.notes == ("north was discovered 2 days ago (2026-11-16 01:04 UTC, topology.lock.yaml).",)
