"""The tree of places: levels, names, leaves, discovered parts."""

from __future__ import annotations

import pytest

from knowledge.validation.diagnostics import Severity
from tests.small_platform import Repository, repository

HEAD = "kind: Topology\napplication: navy\n"
LOCK = "kind: TopologyLock\ndiscovered:\n  - node: north\n    nodes: [{name: cluster-a, tenants: [red]}]\n"


def tree(nodes: str, *, levels: str = "", lock: str = "") -> Repository:
    """The nodes start on line 4 when levels are given, else on line 3."""
    files = {"topology.lock.yaml": lock} if lock else {}
    return repository(files, tree=f"{HEAD}{levels}nodes:\n{nodes}\n")


def leaves(found: Repository) -> list[str]:
    return [leaf.node_path for leaf in found.leaves.topology.root.leaves()]


def levels(found: Repository) -> list[str]:
    return [place.level for place in found.leaves.topology.root.walk()][1:]


def test_levels_follow_from_the_depth() -> None:
    found = tree("  - name: north\n    nodes: [{name: a}, {name: b}]")

    assert found.codes == []
    assert leaves(found) == ["north/a", "north/b"]
    assert levels(found) == ["zone", "cluster", "cluster"]


def test_a_level_may_be_skipped_when_it_is_said() -> None:
    found = tree("  - {name: lone, level: cluster}")

    assert (found.codes, leaves(found), levels(found)) == ([], ["lone"], ["cluster"])


def test_a_topology_may_leave_out_levels_of_the_platform() -> None:
    found = tree("  - name: lone", levels="levels: [cluster]\n")

    assert (found.codes, levels(found)) == ([], ["cluster"])


@pytest.mark.parametrize(
    ("nodes", "own", "code", "line", "says"),
    [
        ("  - name: a\n  - name: a", "", "TOP001", 5, "“a” stands twice at the root, first on line 4"),
        ("  - name: a\n    nodes:\n      - name: b\n      - name: b", "", "TOP001", 7, "stands twice below a"),
        ("  - name: a_b", "", "TOP002", 4, "“a_b” is not a name of a node"),
        ("  - name: A", "", "TOP002", 4, "“A”"),
        ("  - name: -a", "", "TOP002", 4, "“-a”"),
        ("  - name: ''", "", "TOP002", 4, "“”"),
        ("  - name: a\n    nodes: [{name: b, nodes: [{name: c}]}]", "", "TOP003", 5, "cannot stand below cluster b"),
        ("  - name: a\n    level: ocean", "", "TOP003", 5, "“ocean” is no level"),
        ("  - name: a\n    nodes:\n      - {name: b, level: zone}", "", "TOP003", 6, "level zone cannot stand below"),
        ("  - name: a", "levels: [cluster, zone]\n", "TOP003", 3, "stand in another order than the platform's"),
        ("  - name: a", "levels: [ocean]\n", "TOP003", 3, "“ocean” is no level"),
        ("  - name: a", "", "TOP004", 4, "a ends at level zone; a cluster is needed below"),
    ],
)
def test_a_wrong_tree_is_told_at_its_line(nodes: str, own: str, code: str, line: int, says: str) -> None:
    found = tree(nodes, levels=own)

    told = [d for d in found.told if d.code == code]
    assert (told[0].file, told[0].span.line) == ("topology.yaml", line)
    assert says in told[0].message
    assert told[0].why


def test_nothing_is_placed_on_a_wrong_tree_and_that_is_said_once() -> None:
    found = repository({"nowhere/ship.yaml": "crew: 1"}, tree=f"{HEAD}nodes: [{{name: a}}]")

    assert found.codes == ["TOP004"]
    assert found.analysis.leaves is None
    assert found.analysis.report.notes == (
        "Placement, overrides and wildcards were not checked: topology.yaml has errors.",
    )


@pytest.mark.parametrize("text", ["nodes: [", "", "[]", "text", "nodes: {}\n"])
def test_a_topology_that_is_none_is_an_error_with_a_note(text: str) -> None:
    found = repository({"ship.yaml": "crew: 1"}, tree=text)

    assert found.errors
    assert found.analysis.leaves is None
    assert "Placement, overrides and wildcards were not checked" in found.analysis.report.notes[0]


def test_a_tree_that_holds_itself_is_an_error() -> None:
    found = tree("  - &a {name: a, nodes: [*a]}")

    assert found.errors
    assert found.analysis.leaves is None


def test_a_tree_nested_beyond_the_limit_is_an_error() -> None:
    found = tree("  - " + "{name: a, nodes: [" * 300 + "]}" * 300)

    assert "YAML006" in found.errors


# ---- discovered parts ----

DISCOVERED = "  - name: north\n    discover: {from: radar}"


def test_a_discovered_node_has_the_children_of_the_lock_file() -> None:
    found = tree(DISCOVERED, lock=LOCK)

    assert (found.codes, leaves(found)) == ([], ["north/cluster-a"])
    place = next(found.leaves.topology.root.leaves())
    assert str(place.origin) == "topology.lock.yaml:4"


def test_without_a_lock_file_it_is_said_that_nothing_below_is_checked() -> None:
    told = tree(DISCOVERED).only("TOP006")

    assert told.severity is Severity.INFORMATION
    assert "there is no lock file" in told.message


def test_a_lock_file_of_another_node_is_said_not_to_hold_this_one() -> None:
    told = tree(DISCOVERED, lock=LOCK.replace("node: north", "node: south")).only("TOP006")

    assert "topology.lock.yaml does not hold it" in told.message


@pytest.mark.parametrize("lock", [LOCK.replace("discovered", "discoverd"), "kind: TopologyLock\ndiscovered: ["])
def test_a_broken_lock_file_is_told_and_not_called_missing(lock: str) -> None:
    found = tree(DISCOVERED, lock=lock)

    assert {d.file for d in found.told} == {"topology.lock.yaml"}
    assert found.errors
    assert found.analysis.report.notes[0].endswith("topology.lock.yaml has errors.")


def test_a_faulty_discover_is_an_error_even_without_a_lock_file() -> None:
    found = tree("  - name: north\n    discover: {}")

    assert "SCH004" in found.errors, "the remark that there is no lock file stands at the same place"


def test_names_in_the_lock_file_are_told_there() -> None:
    told = tree(DISCOVERED, lock=LOCK.replace("cluster-a", "Cluster")).only("TOP002")

    assert (told.file, told.span.line) == ("topology.lock.yaml", 4)


def test_entries_of_the_lock_file_for_nodes_that_are_not_discovered_count_for_nothing() -> None:
    found = tree("  - name: north\n    nodes: [{name: own}]", lock=LOCK)

    assert leaves(found) == ["north/own"]
