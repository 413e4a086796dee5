"""Why a value holds at a leaf: who set it, what it hides, and YAML that says both."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import bundled
from knowledge.deployment.analysis import analyse
from knowledge.deployment.cells import plain
from knowledge.deployment.explaining import Explained, explain, in_context, leaf_named
from knowledge.deployment.guide import Guide
from knowledge.deployment.leaves import Leaves
from knowledge.deployment.platform import Platform
from knowledge.deployment.printing import as_json, as_yaml
from knowledge.deployment.reading import of_folder
from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.source import parse
from knowledge.validation.tree import value_of
from tests.reference.repositories import Repository, repositories
from tests.reference.repositories import as_yaml as file_text
from tests.small_platform import repository
from tests.unit.test_deployment_reference import platform_of

EXAMPLE = bundled.DEPLOYMENT_REPOSITORY / "payments-deploy"


def told(files: dict[str, str], key: str = "", leaf: str = "cluster-a") -> list[Explained]:
    leaves = repository(files).leaves
    return explain(leaves, leaf_named(leaves, leaf), key)


def one(files: dict[str, str], key: str) -> Explained:
    found = told(files, key)
    assert len(found) == 1, found
    return found[0]


# ---- one value ----


def test_a_value_names_the_line_that_set_it_and_those_it_hides() -> None:
    found = one(
        {
            "ship.yaml": "crew: 1",
            "north/ship.yaml": "name: x\ncrew: 2",
            "north/cluster-a/ship.yaml": "\ncrew: 3",
        },
        "crew",
    )

    assert (found.value, found.origin) == (3, "north/cluster-a/ship.yaml:2")
    assert found.hides == [(2, "north/ship.yaml:2"), (1, "ship.yaml:1")]
    assert found.note == "north/cluster-a/ship.yaml:2, hides 2 from north/ship.yaml:2, hides 1 from ship.yaml:1"


def test_a_wildcard_names_what_it_stands_for_and_where_that_is_said() -> None:
    found = one({"ship.yaml": "name: '%zone%-%application%'"}, "name")

    assert found.value == "north-navy"
    assert found.wildcards == [("zone", "north", "topology.yaml:4"), ("application", "navy", "topology.yaml:2")]


def test_a_repeated_element_names_the_value_that_is_meant_in_it() -> None:
    found = told({"north/cluster-a/ship.yaml": "decks: [{id: '%tenant%'}]"}, "decks.id")

    assert [(each.value, each.wildcards) for each in found] == [
        ("red", [("tenant", "red", "topology.yaml:8")]),
        ("blue", [("tenant", "blue", "topology.yaml:8")]),
    ]


def test_what_nobody_set_is_the_default() -> None:
    found = one({"ship.yaml": "name: a"}, "crew")

    assert (found.value, found.origin, found.note) == (7, "", "default")


def test_what_was_removed_names_who_did_and_what_was_there() -> None:
    found = one({"ship.yaml": "{name: a, speed: 1}", "north/ship.yaml": "name: null"}, "name")

    assert found.removed
    assert found.note == "removed by north/ship.yaml:1, hides “a” from ship.yaml:1"


def test_a_locked_value_says_so() -> None:
    assert one({"ship.yaml": "flag: a"}, "flag").note == "ship.yaml:1, locked"


def test_the_page_of_a_key_goes_before_that_of_the_component() -> None:
    files = {"ship.yaml": "{name: a, speed: 1}"}

    assert (one(files, "name").doc, one(files, "speed").doc) == ("ship.md#name", "ship.md")


def test_a_text_of_several_lines_is_told_on_one() -> None:
    found = one({"ship.yaml": "name: |\n  a\n  b", "north/ship.yaml": "name: c"}, "name")

    assert found.note == r"north/ship.yaml:1, hides “a\nb\n” from ship.yaml:1"


# ---- which leaf ----

LEAVES = {"ship.yaml": "crew: 1"}
TWINS = """\
kind: Topology
application: navy
nodes:
  - {name: north, nodes: [{name: a}, {name: b}]}
  - {name: south, nodes: [{name: a}]}
"""


@pytest.mark.parametrize(
    ("name", "path"),
    [("north/a", "north/a"), ("b", "north/b"), ("/south/a/", "south/a"), ("south", "south/a")],
)
def test_a_leaf_is_known_by_its_path_a_short_form_or_a_node_with_one_leaf(name: str, path: str) -> None:
    assert leaf_named(repository(LEAVES, tree=TWINS).leaves, name).node_path == path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a", "a fits 2 leaves: north/a, south/a. Write more of the path."),
        ("north", "north is no leaf: values hold at leaves only. Below it: north/a, north/b."),
        ("nort/a", "nort/a: no such leaf. Did you mean north/a? Leaves are north/a, north/b, south/a."),
        ("xyzzy", "xyzzy: no such leaf. Leaves are north/a, north/b, south/a."),
        ("", "An empty name: no such leaf. Leaves are north/a, north/b, south/a."),
        ("//", "//: no such leaf. Leaves are north/a, north/b, south/a."),
    ],
)
def test_a_name_that_means_no_leaf_or_several_is_refused_with_what_there_is(name: str, says: str) -> None:
    with pytest.raises(Misuse) as refused:
        leaf_named(repository(LEAVES, tree=TWINS).leaves, name)

    assert str(refused.value) == says


def test_a_folder_that_fits_several_nodes_is_not_taken_for_the_first() -> None:
    tree = """
kind: Topology
application: navy
nodes:
  - {name: north, nodes: [{name: deep, nodes: [{name: a}]}]}
  - {name: south, nodes: [{name: deep, nodes: [{name: b}]}]}
"""
    leaves = repository({}, tree=tree, platform=deeper_platform()).leaves

    with pytest.raises(Misuse, match="Below it: north/deep/a, south/deep/b"):
        leaf_named(leaves, "deep")


def deeper_platform() -> Platform:
    small = repository({}).leaves.platform
    return Platform(small.catalog, levels=("zone", "harbour", "cluster"))


def test_a_topology_without_a_leaf_yet_says_so() -> None:
    tree = "kind: Topology\napplication: navy\nnodes: [{name: north, discover: {from: radar}}]"

    with pytest.raises(Misuse, match="has no leaf yet"):
        leaf_named(repository({}, tree=tree).leaves, "north")


# ---- which key ----

DECKS = {
    "ship.yaml": "crew: 1\ndecks: [{id: upper, use: x, room: r}, {id: lower, use: y}]\nhull: {use: z}",
    "anchor.yaml": "weight: 2",
}


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("crew", ["ship.crew"]),
        ("ship.crew", ["ship.crew"]),
        ("SHIP.Crew", ["ship.crew"]),
        ("anchor", ["anchor.weight"]),
        ("decks.upper.use", ["ship.decks[0].use"]),
        ("upper.use", ["ship.decks[0].use"]),
        ("deck.lower.use", ["ship.decks[1].use"]),
        ("ship.use", ["ship.decks[0].use", "ship.decks[1].use", "ship.hull.use"]),
        ("decks[lower].use", ["ship.decks[1].use"]),
    ],
)
def test_a_key_is_known_by_the_names_on_the_way_to_it(key: str, names: list[str]) -> None:
    assert [each.name for each in told(DECKS, key)] == names


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("crw", "crw: nothing of this name holds at north/cluster-a. Did you mean ship.crew?"),
        ("anchor.crew", "Did you mean ship.crew?"),
        ("xyzzy", "Components there: anchor, ship."),
        (".", "Components there: anchor, ship."),
        (" ", "Components there: anchor, ship."),
    ],
)
def test_a_key_that_nothing_has_is_refused_with_the_nearest(key: str, says: str) -> None:
    with pytest.raises(Misuse, match=re.escape(says)):
        told(DECKS, key)


def test_a_component_that_is_absent_at_the_leaf_is_said_to_be() -> None:
    with pytest.raises(Misuse, match="anchor is absent at south/cluster-c"):
        told({"ship.yaml": "crew: 1", "north/anchor.yaml": "weight: 1"}, "anchor", "cluster-c")


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=20) | st.lists(st.sampled_from(["ship", "decks", "upper", ".", "[", "0", "use", "%"])).map("".join)
)
def test_any_key_and_any_leaf_are_answered_or_refused(text: str) -> None:
    leaves = repository(DECKS).leaves
    for ask in (lambda: explain(leaves, leaf_named(leaves, "cluster-a"), text), lambda: leaf_named(leaves, text)):
        try:
            assert ask()
        except Misuse as refused:
            assert str(refused)  # noqa: PT017 - either outcome is right


def test_a_key_among_a_thousand_elements_is_found_in_time_that_grows_with_them() -> None:
    tenants = ", ".join(f"t{number}" for number in range(900))
    tree = f"kind: Topology\napplication: navy\nnodes: [{{name: n, nodes: [{{name: a, tenants: [{tenants}]}}]}}]"
    leaves = repository({"ship.yaml": "decks: [{id: '%tenant%', use: '%zone%'}]"}, tree=tree).leaves

    assert len(explain(leaves, leaf_named(leaves, "a"), "decks.use")) == 900


# ---- the whole leaf as YAML ----


def read_back(text: str) -> Any:
    """What a YAML 1.2 reader makes of it."""
    parsed = parse(SourceFile("explained.yaml", text))
    root = parsed.documents[0].root if parsed.documents else None
    assert not [d for d in parsed.diagnostics if d.severity == "error"], text
    return None if root is None else value_of(root)


def with_defaults(value: Any, guide: Guide, parts: Any, *, top: bool = True) -> Any:
    """The value with the schema's defaults where nothing is set, worked out apart from the code under test."""
    if isinstance(value, list):
        return [with_defaults(inner, guide, guide.child(parts, n), top=False) for n, inner in enumerate(value)]
    if not isinstance(value, dict):
        return value
    result = {name: with_defaults(inner, guide, guide.child(parts, name), top=False) for name, inner in value.items()}
    declared = [each for part in parts for each in part.get("properties", {}).items() if isinstance(each[1], dict)]
    for name, inner in declared:
        is_head = top and name in {"apiVersion", "kind"}
        if inner.get("default") not in (None, {}, []) and name not in result and not is_head:
            result[name] = inner["default"]
    return result


def hold(leaves: Leaves, texts: dict[str, Sequence[str]]) -> None:
    """The property: the YAML of each leaf is its values and defaults, and each note names a line there is."""
    for leaf in leaves.topology.root.leaves():
        found = explain(leaves, leaf)
        bindings = leaves.topology.bindings(leaf)
        expected = {}
        for component in sorted(leaves.placed):
            cell = leaves.effective(component, leaf)
            if cell is not None:
                guide = leaves.platform.components[component]
                expected[component] = with_defaults(plain(cell), guide, guide.root)
        text = as_yaml(found)
        assert read_back(text) == bound_defaults(expected, bindings, found) or (expected == {} and text == "")
        for file, line in re.findall(r"(\S+\.yaml):(\d+)", "\n".join(each.note for each in found)):
            assert 1 <= int(line) <= len(texts[file])
        assert len(as_json(found)) == len(found)


def bound_defaults(expected: Any, bindings: Any, found: Sequence[Explained]) -> Any:
    """A default that is one wildcard is told as what it stands for."""
    names = {name for each in found if not each.origin for name, _, _ in each.wildcards}
    if isinstance(expected, dict):
        return {key: bound_defaults(inner, bindings, found) for key, inner in expected.items()}
    if isinstance(expected, list):
        return [bound_defaults(inner, bindings, found) for inner in expected]
    name = expected.strip("%") if isinstance(expected, str) and expected.startswith("%") else ""
    return bindings[name].value if name in names else expected


def test_every_leaf_of_the_example_reads_back_as_its_values_and_defaults() -> None:
    files = of_folder(EXAMPLE)
    leaves = analyse(files, Platform(SchemaCatalog.load(bundled.SCHEMAS))).leaves
    assert leaves is not None

    hold(leaves, {name: content.decode().splitlines() for name, content in files.items()})


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(repositories(mistakes=False))
def test_every_leaf_of_a_random_repository_reads_back_as_its_values(drawn: Repository) -> None:
    texts = {path: file_text(content) for path, content in drawn.files.items()}
    leaves = analyse(texts, platform_of(drawn)).leaves
    if leaves is not None:
        hold(leaves, {name: content.splitlines() for name, content in texts.items()})


WORDS = ["no", "null", "~", "0o14", "1e3", "0x1F", "1_000", "12:30", "", " s ", "a: b", "# c", "- d", "'", '"', "\\"]
MARKS = ["a\nb", "\n", "a\n", "\u2028", "\x85", "\t", "é", "🚢", "!t", "&a", "*a", "%%", "{", "[", "<<", "=", "x" * 300]
ODD = st.sampled_from([*WORDS, *MARKS, "y z " * 4000])
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD.filter(lambda key: key != "<<"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(VALUES, VALUES)
def test_any_value_reads_back_as_itself(outer: Any, deeper: Any) -> None:
    texts = {
        "ship.yaml": f'{{"kind": "Ship", "any": {json.dumps(outer)}}}',
        "north/ship.yaml": f'{{"kind": "Ship", "any": {json.dumps(deeper)}}}',
    }
    leaves = repository(texts).leaves

    hold(leaves, {name: [""] * 20 for name in (*texts, "topology.yaml")})


def test_a_map_of_which_all_keys_were_removed_is_empty_and_they_are_named() -> None:
    files = {"ship.yaml": "hull: {a: 1}\ncrew: 1", "north/ship.yaml": "hull: {a: null}"}

    assert as_yaml(told(files)) == (
        "ship:\n"
        "  hull: {}\n"
        "    # a    # removed by north/ship.yaml:1, hides 1 from ship.yaml:1\n"
        "  crew: 1  # ship.yaml:2"
    )


def test_a_removed_key_with_a_default_names_both() -> None:
    text = as_yaml(told({"ship.yaml": "{crew: 1, name: a}", "north/ship.yaml": "crew: null"}))

    assert re.search(r"# crew +# removed by north/ship\.yaml:1", text)
    assert re.search(r"crew: 7 +# default", text)


def test_a_component_of_which_nothing_is_left_is_empty() -> None:
    assert as_yaml(told({"anchor.yaml": "weight: 1", "north/anchor.yaml": "weight: null"}, "anchor")).startswith(
        "anchor: {}\n  # weight"
    )
    assert as_yaml(told({"anchor.yaml": "kind: Anchor"}, "anchor")) == "anchor: {}  # anchor.yaml:1"


def test_a_value_of_an_element_is_shown_with_the_key_of_its_element() -> None:
    leaves = repository(DECKS).leaves
    leaf = leaf_named(leaves, "cluster-a")

    text = as_yaml(in_context(explain(leaves, leaf, "upper.use"), leaves, leaf))

    assert read_back(text) == {"ship": {"decks": [{"id": "upper", "use": "x"}]}}
