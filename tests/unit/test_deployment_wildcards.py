"""What wildcards stand for at a leaf, and what is told when they stand for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.small_platform import TREE, Repository, repository


def at_a(text: str, *, tree: str = TREE) -> Repository:
    """One file that holds at cluster-a alone."""
    return repository({"north/cluster-a/ship.yaml": text}, tree=tree)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("'%zone%'", "north"),
        ("'%cluster%'", "cluster-a"),
        ("'%application%'", "navy"),
        ("'%water%'", "cold"),
        ("'%size%'", 3),
        ("'%tenant%'", ["red", "blue"]),
        ("'%zone%-%cluster%'", "north-cluster-a"),
        ("'size %size%'", "size 3"),
        ("'100 %%'", "100 %"),
        ("'%%zone%%'", "%zone%"),
        ("'%%%zone%%%'", "%north%"),
        ("{a: ['%zone%']}", {"a": ["north"]}),
    ],
)
def test_a_wildcard_stands_for_its_value_at_the_leaf(written: str, expected: Any) -> None:
    found = at_a(f"any: {written}")

    assert found.codes == []
    assert found.at("cluster-a") == {"any": expected}


def test_each_leaf_has_its_own_value() -> None:
    found = repository({"ship.yaml": "name: '%zone%/%cluster%'"})

    assert [found.at(leaf)["name"] for leaf in ("cluster-a", "cluster-c")] == ["north/cluster-a", "south/cluster-c"]


def test_the_deeper_label_wins() -> None:
    tree = TREE.replace("      - name: cluster-a\n", "      - name: cluster-a\n        labels: {water: warm}\n")
    found = repository({"north/ship.yaml": "name: '%water%'"}, tree=tree)

    assert [found.at(leaf)["name"] for leaf in ("cluster-a", "cluster-b")] == ["warm", "cold"]


def test_a_value_that_comes_in_by_a_wildcard_is_not_searched_again() -> None:
    assert at_a("any: '%water%'", tree=TREE.replace("cold", '"%zone%"')).at("cluster-a") == {"any": "%zone%"}


def test_an_override_may_replace_a_wildcard_and_be_one() -> None:
    found = repository({"ship.yaml": "{name: '%nowhere%', speed: 4}", "north/ship.yaml": "{name: a, speed: '%zone%'}"})

    assert found.at("cluster-a") == {"name": "a", "speed": "north"}
    assert found.only("WLD001").message == "unknown wildcard %nowhere%", "it still stands at the leaf in south"


def test_keys_are_not_searched() -> None:
    assert at_a("hull: {'%zone%': 1}").at("cluster-a") == {"hull": {"%zone%": 1}}


def test_a_list_valued_wildcard_repeats_its_innermost_element() -> None:
    found = at_a("decks:\n  - {id: 'd-%tenant%', tenant: '%tenant%', use: x}\n  - {id: z, bunks: ['%tenant%-1', b]}")

    assert found.codes == []
    assert found.at("cluster-a")["decks"] == [
        {"id": "d-red", "tenant": "red", "use": "x"},
        {"id": "d-blue", "tenant": "blue", "use": "x"},
        {"id": "z", "bunks": ["red-1", "blue-1", "b"]},
    ]


def test_an_inner_list_of_a_repeated_element_gets_every_value() -> None:
    found = at_a("decks: [{id: '%tenant%', bunks: ['%tenant%']}]")

    assert found.at("cluster-a")["decks"] == [
        {"id": "red", "bunks": ["red", "blue"]},
        {"id": "blue", "bunks": ["red", "blue"]},
    ]


def test_two_list_valued_wildcards_multiply_and_the_first_varies_slowest() -> None:
    found = at_a("decks: [{id: '%tenant%-%room%'}]")

    assert [deck["id"] for deck in found.at("cluster-a")["decks"]] == ["red-r1", "red-r2", "blue-r1", "blue-r2"]


def test_a_wildcard_alone_takes_the_type_and_the_schema_is_asked_again() -> None:
    assert at_a("crew: '%size%'").codes == []

    told = at_a("crew: '%zone%'").only("SCH002")
    assert (told.file, told.span.line) == ("north/cluster-a/ship.yaml", 1)
    assert "north/cluster-a" in told.message
    assert "%zone%" in told.why


def test_the_resolved_text_is_checked_by_the_schema_at_each_leaf() -> None:
    told = repository({"north/ship.yaml": "engine: {fuel: '%cluster%'}"}).only("SCH003")

    assert told.message.endswith("at north/cluster-b"), "cluster-a is one of the fuels"


def test_an_unknown_wildcard_is_told_once_with_the_nearest() -> None:
    told = repository({"ship.yaml": "name: 'a-%tennant%'"}).only("WLD001")

    assert told.suggestion == "%tenant%"
    assert "%application%, %cluster%" in told.why


def test_a_wildcard_without_a_value_names_the_leaves() -> None:
    assert repository({"ship.yaml": "name: 'a-%water%'"}).only("WLD002").message.endswith("at south/cluster-c")
    assert (
        repository({"ship.yaml": "ports: ['s%size%']"})
        .only("WLD002")
        .message.endswith("2 leaves, e.g. north/cluster-b")
    )


def test_the_wildcard_of_a_skipped_level_has_no_value() -> None:
    tree = "kind: Topology\napplication: navy\nnodes: [{name: lone, level: cluster}]"

    assert (
        repository({"ship.yaml": "name: '%zone%'"}, tree=tree).only("WLD002").message == "%zone% has no value at lone"
    )


@pytest.mark.parametrize("tenants", ["tenants: []", ""])
def test_an_empty_list_is_no_value(tenants: str) -> None:
    tree = TREE.replace("tenants: [red, blue]", tenants)

    assert at_a("ports: ['%tenant%']", tree=tree).errors == ["WLD002"]


@pytest.mark.parametrize("tenants", ["[red, blue]", "[red]"])
def test_a_list_in_a_text_outside_of_any_list_has_no_value_however_short_it_is(tenants: str) -> None:
    told = at_a("name: 'x-%tenant%'", tree=TREE.replace("[red, blue]", tenants)).only("WLD002")

    assert "%tenant% is a list" in told.message


@pytest.mark.parametrize("text", ["'90 %'", "'%A%'", "'% zone%'", "'%'", "'%zone'", "'%zone% %'"])
def test_a_stray_percent_sign_is_told_with_the_remedy(text: str) -> None:
    found = at_a(f"any: {text}")

    assert set(found.errors) == {"WLD003"}
    assert found.told[0].suggestion == "%%"


def test_two_elements_that_become_one_key_are_told_with_both_places() -> None:
    found = repository(
        {"north/ship.yaml": "decks: [{id: red}]", "north/cluster-a/ship.yaml": "decks: [{id: '%tenant%'}]"}
    )

    told = found.only("WLD004")
    assert "“red” (north/ship.yaml:1) and “%tenant%” (north/cluster-a/ship.yaml:1)" in told.message
    assert told.message.endswith("at north/cluster-a")


def test_an_element_repeated_under_one_key_collides() -> None:
    assert at_a("decks: [{id: a, tenant: '%tenant%'}]").errors == ["WLD004"]


def test_an_expansion_beyond_the_limit_is_told_and_ended() -> None:
    many = ", ".join(f"t{number}" for number in range(40))
    tree = TREE.replace("[red, blue]", f"[{many}]").replace("[r1, r2]", f"[{many}]")
    found = at_a("decks: [{id: '%tenant%-%room%'}]", tree=tree)

    assert found.only("WLD005").message == "more than 1,000 elements come out of decks at north/cluster-a"


def test_an_unknown_wildcard_is_an_error_at_the_known_leaves_though_others_are_not_found_yet() -> None:
    tree = f"{TREE}  - name: east\n    discover: {{from: radar}}\n"

    assert repository({"ship.yaml": "name: '%depth%'"}, tree=tree).errors == ["WLD001"]
