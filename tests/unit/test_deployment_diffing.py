"""What a change of files does to the leaves."""

from __future__ import annotations

import json

import pytest

from knowledge.deployment.diffing import Difference, difference
from knowledge.deployment.printing import as_text, difference_as_json
from tests.small_platform import TREE, repository


def changed(before: dict[str, str], after: dict[str, str], *, tree: str = TREE, new_tree: str = TREE) -> Difference:
    return difference(repository(before, tree=tree).leaves, repository(after, tree=new_tree).leaves)


def test_the_same_files_change_nothing() -> None:
    found = changed({"ship.yaml": "crew: 1"}, {"ship.yaml": "crew: 1"})

    assert found.is_none
    assert as_text(found) == "No effective value changes at any leaf."


def test_another_way_to_write_the_same_changes_nothing() -> None:
    before = {"ship.yaml": "{crew: 1, hull: {a: 1, b: 2}}", "north/ship.yaml": "crew: 2"}
    after = {
        "north/ship.yaml": "# moved\nhull: {b: 2, a: 1}\ncrew: 0x2",
        "south/ship.yaml": "{hull: {a: 1, b: 2}, crew: 1}",
    }

    assert changed(before, after).is_none


def test_a_value_that_changes_alike_at_several_leaves_is_told_once_with_them() -> None:
    found = changed({"ship.yaml": "crew: 1"}, {"ship.yaml": "crew: 1", "north/ship.yaml": "\ncrew: 2"})

    assert as_text(found) == (
        "~ ship.crew at 2 leaves, e.g. north/cluster-a\n"
        "    - 1  # ship.yaml:1\n"
        "    + 2  # north/ship.yaml:2, hides 1 from ship.yaml:1"
    )
    assert list(found.changes[0].leaves) == ["north/cluster-a", "north/cluster-b"]


def test_values_that_change_differently_are_told_apart() -> None:
    found = changed({"ship.yaml": "name: a"}, {"ship.yaml": "name: '%cluster%'"})

    assert [(c.after.value, c.leaves) for c in found.changes if c.after] == [
        ("cluster-a", ["north/cluster-a"]),
        ("cluster-b", ["north/cluster-b"]),
        ("cluster-c", ["south/cluster-c"]),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [("any: 1", "any: true"), ("any: 0", "any: false"), ("any: '1'", "any: 1"), ("any: []", "any: {}")],
)
def test_a_change_of_type_is_a_change(before: str, after: str) -> None:
    assert [c.name for c in changed({"ship.yaml": before}, {"ship.yaml": after}).changes] == ["ship.any"]


def test_a_default_that_is_written_down_is_no_change() -> None:
    assert changed({"ship.yaml": "name: a"}, {"ship.yaml": "{name: a, crew: 7}"}).is_none


def test_a_value_that_goes_back_to_its_default_is_a_change() -> None:
    before = {"ship.yaml": "crew: 1"}
    found = changed(before, before | {"north/cluster-a/ship.yaml": "crew: null"})

    assert as_text(found) == "~ ship.crew at north/cluster-a\n    - 1  # ship.yaml:1\n    + 7  # default"


def test_a_value_that_is_removed_names_who_did() -> None:
    before = {"ship.yaml": "{name: a, crew: 1}"}
    found = changed(before, before | {"north/cluster-a/ship.yaml": "name: null"})

    assert as_text(found) == (
        "~ ship.name at north/cluster-a\n"
        "    - a  # ship.yaml:1\n"
        "    + (removed)  # removed by north/cluster-a/ship.yaml:1, hides “a” from ship.yaml:1"
    )


def test_elements_are_known_by_their_keys_wherever_they_stand() -> None:
    before = {"ship.yaml": "decks: [{id: a, use: x}, {id: b, use: y}]"}
    after = {"ship.yaml": "decks: [{id: b, use: y}, {id: a, use: z}]"}

    assert [c.name for c in changed(before, after).changes] == ["ship.decks[a].use"]


def test_a_component_that_appears_is_told_value_by_value() -> None:
    found = changed({"ship.yaml": "crew: 1"}, {"ship.yaml": "crew: 1", "anchor.yaml": "weight: 1"})

    assert [(c.name, c.before, c.after and c.after.value) for c in found.changes] == [("anchor.weight", None, 1)]


def test_a_component_without_values_that_appears_is_told() -> None:
    found = changed({"ship.yaml": "crew: 1"}, {"ship.yaml": "crew: 1", "anchor.yaml": "kind: Anchor"})

    assert [(c.name, c.after and c.after.value) for c in found.changes] == [("anchor", {})]


def test_leaves_that_come_and_go_are_told_and_not_their_values() -> None:
    new_tree = TREE.replace("cluster-b", "cluster-d")
    found = changed({"ship.yaml": "crew: 1"}, {"ship.yaml": "crew: 1"}, new_tree=new_tree)

    assert as_text(found) == "+ leaf north/cluster-d\n- leaf north/cluster-b"
    assert found.changes == []


def test_a_label_that_changes_changes_what_its_wildcard_stood_for() -> None:
    found = changed(
        {"north/ship.yaml": "name: '%water%'"},
        {"north/ship.yaml": "name: '%water%'"},
        new_tree=TREE.replace("cold", "warm"),
    )

    assert [(c.name, c.before and c.before.value, c.after and c.after.value) for c in found.changes] == [
        ("ship.name", "cold", "warm")
    ]


def test_as_json_a_change_has_its_leaves_and_both_values() -> None:
    found = difference_as_json(changed({"ship.yaml": "crew: 1"}, {"ship.yaml": "crew: 2"}))

    assert json.loads(json.dumps(found)) == found
    change = found["changes"][0]
    assert (change["name"], len(change["leaves"])) == ("ship.crew", 3)
    assert (change["before"]["value"], change["after"]["value"]) == (1, 2)
    assert change["after"]["origin"] == "ship.yaml:1"
