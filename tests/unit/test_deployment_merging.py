"""How the files of a component become one value: the rules of the text, each with a few lines of YAML."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from knowledge.validation.diagnostics import Severity
from tests.small_platform import Repository, repository


def two(outer: str, deeper: str) -> Repository:
    """A file at the root and one in north."""
    return repository({"ship.yaml": outer, "north/ship.yaml": deeper})


@pytest.mark.parametrize(
    ("outer", "deeper", "expected"),
    [
        pytest.param("name: a", "name: b", "name: b", id="the deeper text wins"),
        pytest.param("crew: 1", "name: b", "{crew: 1, name: b}", id="a deeper file says only what differs"),
        pytest.param("hull: {a: 1, b: 2}", "hull: {b: 3}", "hull: {a: 1, b: 3}", id="maps are merged key by key"),
        pytest.param("any: {a: {b: 1}}", "any: {a: {c: 2}}", "any: {a: {b: 1, c: 2}}", id="and so are maps in maps"),
        pytest.param("hull: {a: 1}", "hull: {}", "hull: {a: 1}", id="an empty map changes nothing"),
        pytest.param("hull: {a: 1, b: 2}", "hull: {a: null}", "hull: {b: 2}", id="null removes a key"),
        pytest.param("hull: {a: 1}", "hull: {a: null}", "hull: {}", id="an empty map stays when all keys are removed"),
        pytest.param("{name: a, crew: 1}", "{name: null}", "{crew: 1}", id="null removes a key at the top"),
        pytest.param("ports: [a, b]", "ports: [c]", "ports: [c]", id="a list is replaced as a whole"),
        pytest.param("ports: [a, b]", "ports: []", "ports: []", id="an empty list replaces a list"),
        pytest.param("log: [a, b]", "log: [b, c]", "log: [a, b, b, c]", id="append adds all elements"),
        pytest.param("marks: [a, b]", "marks: [b, c]", "marks: [a, b, c]", id="unique adds what is not there"),
        pytest.param("marks: [a, a]", "marks: [b, b]", "marks: [a, a, b, b]", id="unique compares with outer files"),
        pytest.param("marks: [1]", "marks: [true, '1', 1]", "marks: [1, true, '1']", id="one, true and text differ"),
        pytest.param(
            "marks: [{a: 1, b: [2]}]", "marks: [{b: [2], a: 1}]", "marks: [{a: 1, b: [2]}]", id="maps have no order"
        ),
        pytest.param(
            "decks: [{id: a, use: x}, {id: b, use: y}]",
            "decks: [{id: c, use: z}, {id: b, room: r}]",
            "decks: [{id: a, use: x}, {id: b, use: y, room: r}, {id: c, use: z}]",
            id="by key, elements are merged, outer ones first",
        ),
        pytest.param(
            "decks: [{id: a, use: x, room: r}]",
            "decks: [{id: a, use: null}]",
            "decks: [{id: a, room: r}]",
            id="null removes a key of an element",
        ),
        pytest.param(
            "decks: [{id: a, bunks: [x]}]",
            "decks: [{id: a, bunks: [y]}]",
            "decks: [{id: a, bunks: [y]}]",
            id="a list inside an element has its own rule",
        ),
        pytest.param(
            "decks: [{id: 1, use: x}]",
            "decks: [{id: true, use: y}, {id: '1', use: z}]",
            "decks: [{id: 1, use: x}, {id: true, use: y}, {id: '1', use: z}]",
            id="one, true and text are three keys",
        ),
        pytest.param("speed: 3", "speed: fast", "speed: fast", id="a schema with two types allows both"),
        pytest.param("any: 3", "any: fast", "any: fast", id="and so does one that names no type"),
        pytest.param("name: a", "<<: {name: b}", "name: b", id="what << brings in counts"),
    ],
)
def test_the_deeper_wins(outer: str, deeper: str, expected: str) -> None:
    found = two(outer, deeper)

    assert found.errors == []
    assert found.at("cluster-a") == yaml.safe_load(expected)
    assert types_of(found.at("cluster-a")) == types_of(yaml.safe_load(expected))


def types_of(value: Any) -> Any:
    """What tells 1 from true, which are equal in Python."""
    if isinstance(value, dict):
        return {name: types_of(inner) for name, inner in value.items()}
    return [types_of(inner) for inner in value] if isinstance(value, list) else type(value)


def test_an_overlay_holds_below_its_folder_only() -> None:
    found = repository({"ship.yaml": "crew: 1", "north/ship.yaml": "crew: 2", "north/cluster-a/ship.yaml": "crew: 3"})

    assert [found.at(leaf)["crew"] for leaf in ("cluster-a", "cluster-b", "cluster-c")] == [3, 2, 1]


def test_a_component_without_a_file_on_the_way_is_absent() -> None:
    found = repository({"north/ship.yaml": "crew: 1"})

    assert found.at("cluster-c") is None
    assert found.at("cluster-a", "anchor") is None


def test_apiversion_and_kind_are_no_part_of_the_value() -> None:
    assert repository({"ship.yaml": "kind: Ship\ncrew: 1"}).at("cluster-a") == {"crew": 1}


def test_a_removed_key_may_be_set_anew_with_another_type() -> None:
    found = repository(
        {"ship.yaml": "any: 1", "north/ship.yaml": "any: null", "north/cluster-a/ship.yaml": "any: {a: 1}"}
    )

    assert found.codes == []
    assert found.at("cluster-a") == {"any": {"a": 1}}
    assert found.at("cluster-b") == {}


@pytest.mark.parametrize(
    ("outer", "deeper", "code", "line", "column", "says"),
    [
        ("hull: {a: 1}", "hull: {\n  a: [1]}", "SCH002", 2, 6, ""),
        ("any: {a: 1}", "any:\n  a: [1]", "OVL008", 2, 6, "any.a is a list here and a number in ship.yaml:1"),
        ("any: 1", "any: {a: 1}", "OVL008", 1, 6, "any is a map here and a number in ship.yaml:1"),
        ("any: '%water%'", "any: [1]", "OVL008", 1, 6, "any is a list here and text in ship.yaml:1"),
        ("any: {a: 1}", "any: '%zone%'", "OVL008", 1, 6, "any is text here and a map in ship.yaml:1"),
        ("crew: 1", "name: null", "OVL007", 1, 7, "nothing to remove: no outer file sets name"),
        ("crew: 1", "crew:", "SCH002", 1, 1, ""),
        ("crew: 1", "hull: {a: null}", "OVL007", 1, 11, "nothing to remove: no outer file sets hull.a"),
        ("flag: a", "flag: b", "OVL011", 1, 7, "flag is locked by ship.yaml:1"),
        ("flag: a", "flag: a", "OVL011", 1, 7, "flag is locked by ship.yaml:1"),
        ("flag: a", "flag: null", "OVL011", 1, 7, "flag is locked by ship.yaml:1"),
        (
            "decks: [{id: a}]",
            "decks: [{id: b}, {id: b}]",
            "OVL009",
            1,
            23,
            "“b” stands twice in this file, first on line 1",
        ),
        ("decks: [{id: a}]", "decks:\n  - {id: a, use: null}", "OVL007", 2, 18, "use of deck “a”"),
        ("decks: [{id: a, use: x}]", "decks: [{id: a, use: [y]}]", "SCH002", 1, 22, ""),
    ],
)
def test_what_cannot_be_merged_is_told_at_the_deeper_line(
    outer: str, deeper: str, code: str, line: int, column: int, says: str
) -> None:
    found = two(outer, deeper)

    told = [d for d in found.told if d.severity is Severity.ERROR and d.file == "north/ship.yaml"]
    assert [d.code for d in told] == [code]
    assert (told[0].span.line, told[0].span.column) == (line, column)
    assert says in told[0].message


def test_a_null_after_a_null_removes_nothing() -> None:
    found = repository(
        {"ship.yaml": "{crew: 1, name: a}", "north/ship.yaml": "crew: null", "north/cluster-a/ship.yaml": "crew: null"}
    )

    assert found.only("OVL007").file == "north/cluster-a/ship.yaml"


def test_a_locked_value_holds_as_the_outermost_file_set_it() -> None:
    found = repository({"north/ship.yaml": "flag: a", "north/cluster-a/ship.yaml": "flag: b"})

    assert found.only("OVL011").message == "flag is locked by north/ship.yaml:1"
    assert found.at("cluster-a") == {"flag": "a"}


def test_after_a_conflict_the_outer_value_stands_and_the_rest_is_merged() -> None:
    found = two("{any: 1, crew: 1}", "{any: {a: 1}, crew: 2}")

    assert found.at("cluster-a") == {"any": 1, "crew": 2}


@pytest.mark.parametrize(
    ("outer", "deeper"),
    [("crew: 1", "{crew: 1, name: a}"), ("ports: [a, b]", "{ports: [a, b], name: a}")],
    ids=["a value", "a list"],
)
def test_an_override_that_changes_nothing_is_a_warning_with_both_places(outer: str, deeper: str) -> None:
    told = two(outer, deeper).only("OVL006")

    assert told.severity is Severity.WARNING
    assert told.file == "north/ship.yaml"
    assert "already, set in ship.yaml:1" in told.message


@pytest.mark.parametrize(
    ("outer", "deeper"),
    [("any: 1", "any: true"), ("marks: [1]", "marks: [true]"), ("any: [1]", "any: [true]"), ("any: '1'", "any: 1")],
)
def test_an_override_by_another_type_is_no_repetition(outer: str, deeper: str) -> None:
    assert two(outer, deeper).codes == []


def test_a_file_without_effect_is_told_with_those_that_override_it() -> None:
    found = repository(
        {"north/ship.yaml": "crew: 1", "north/cluster-a/ship.yaml": "crew: 2", "north/cluster-b/ship.yaml": "crew: 3"}
    )

    told = found.only("OVL012")
    assert (told.file, told.severity) == ("north/ship.yaml", Severity.WARNING)
    assert "north/cluster-a/ship.yaml, north/cluster-b/ship.yaml" in told.message


def test_a_file_with_effect_at_one_leaf_is_not_idle() -> None:
    assert repository({"north/ship.yaml": "crew: 1", "north/cluster-a/ship.yaml": "crew: 2"}).codes == []


def test_a_file_that_sets_nothing_is_told() -> None:
    told = two("crew: 1", "kind: Ship").only("OVL012")

    assert (told.file, told.message) == ("north/ship.yaml", "the file sets nothing")


def test_the_outermost_file_makes_the_component_present_even_when_it_sets_nothing() -> None:
    found = repository({"north/ship.yaml": "kind: Ship"})

    assert found.codes == []
    assert (found.at("cluster-a"), found.at("cluster-c")) == ({}, None)


def test_a_file_that_only_removes_has_an_effect() -> None:
    assert two("{crew: 1, name: a}", "crew: null").codes == []


def test_a_key_that_only_the_merged_value_needs_may_come_from_any_file() -> None:
    assert two("engine: {power: 3}", "engine: {fuel: coal}").only("OVL010").message == (
        "“engine” needs “fuel” at south/cluster-c"
    )
    assert two("engine: {fuel: coal}", "engine: {power: 3}").codes == []


def test_a_missing_key_is_told_once_for_all_leaves_at_the_line_of_the_map() -> None:
    told = repository({"ship.yaml": "crew: 1\nengine:\n  power: 3"}).only("OVL010")

    assert (told.file, told.span.line) == ("ship.yaml", 3)
    assert told.message == "“engine” needs “fuel” at 3 leaves, e.g. north/cluster-a"


def test_a_faulty_file_loses_only_the_leaves_below_it() -> None:
    found = repository({"ship.yaml": "crew: 1", "north/ship.yaml": "crew: lots", "south/ship.yaml": "name: fast"})

    assert found.analysis.report.notes == ("ship was not merged at and below north: errors in north/ship.yaml.",)
    assert found.at("cluster-c", "ship")["crew"] == 1
    assert found.analysis.leaves is not None
    below = [leaf for leaf in found.analysis.leaves.topology.root.leaves() if leaf.path[0] == "north"]
    assert [found.analysis.leaves.effective("ship", leaf) for leaf in below] == [None] * len(below)


def test_a_component_with_a_faulty_file_is_not_merged_and_that_is_said_once() -> None:
    found = repository({"ship.yaml": "crew: lots", "north/ship.yaml": "name: null", "anchor.yaml": "weight: 1"})

    assert found.errors == ["SCH002"], "what the missing outer file would have set is no news"
    assert found.analysis.report.notes == ("ship was not merged at and below the root: errors in ship.yaml.",)
    assert found.at("cluster-a", "anchor") == {"weight": 1}


def test_a_second_document_in_a_file_is_an_error_at_its_first_line() -> None:
    told = repository({"ship.yaml": "kind: Ship\ncrew: 1\n---\nkind: Ship\ncrew: 2\n"}).only("OVL015")

    assert (told.span.line, told.message) == (4, "the file holds 2 documents")


@pytest.mark.parametrize("text", ["---\nkind: Ship\ncrew: 1\n", "kind: Ship\ncrew: 1\n..."])
def test_marks_around_one_document_are_no_second_one(text: str) -> None:
    assert repository({"ship.yaml": text}).errors == []
