"""The reference resolver against values worked out by hand from the documentation; its random repositories."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.reference.repositories import LEVELS, Repository, as_yaml, repositories
from tests.reference.resolver import LOCK, TOPOLOGY, Refused, node_named, nodes_of, outer_to_inner, resolve

PLATFORM = Path(__file__).resolve().parents[2] / "knowledge" / "platform"

TREE = """
application: payments
nodes:
  - name: prod
    labels: {stage: production, tier: gold}
    nodes:
      - name: sub-prod
        nodes:
          - name: eu-west
            labels: {tier: silver}
            nodes:
              - name: p1
                nodes:
                  - {name: pf-blue, namespaces: [api, batch], size: 3, zones: [z1, z2]}
                  - {name: pf-green, namespaces: [api]}
          - name: eu-north
            nodes:
              - {name: pf-blue, level: platform, namespaces: [api]}
"""
BLUE = "prod/sub-prod/eu-west/p1/pf-blue"
GREEN = "prod/sub-prod/eu-west/p1/pf-green"
NORTH = "prod/sub-prod/eu-north/pf-blue"

SCHEMA = yaml.safe_load("""
properties:
  text: {type: string}
  count: {type: [integer, string, object]}
  map: {properties: {a: {}, b: {}, deep: {properties: {c: {}, d: {}}}}}
  plain: {type: array}
  appended: {type: array, x-merge: append}
  unique: {type: array, x-merge: unique}
  locked: {x-final: true}
  keyed:
    x-merge: by-key
    x-key: name
    items: {$ref: "#/$defs/element"}
  placed: {$ref: "#/$defs/placed", x-key: name}
$defs:
  element:
    properties:
      name: {}
      value: {}
      locked: {x-final: true}
      inner: {properties: {x: {}, y: {}}}
      tags: {x-merge: unique}
      parts: {x-merge: by-key, x-key: id, items: {properties: {id: {}, size: {}}}}
  placed:
    x-merge: by-key
    x-unique: [where, name]
    items: {properties: {name: {}, where: {}, value: {}, list: {}}}
""")


def resolved(overlays: Mapping[str, str], *, tree: str = TREE, lock: str | None = None) -> dict[str, Any]:
    """Leaf to what shop.yaml makes there, absent ones left out. `overlays` are texts by folder."""
    files = {TOPOLOGY: yaml.safe_load(tree)} | ({LOCK: yaml.safe_load(lock)} if lock else {})
    files |= {f"{folder}/shop.yaml".lstrip("/"): yaml.safe_load(text) or {} for folder, text in overlays.items()}
    leaves = resolve(files, {"shop": SCHEMA}, levels=LEVELS)
    return {leaf: components["shop"] for leaf, components in leaves.items() if "shop" in components}


# ---- merging: what holds at pf-blue for a file at the root and one in prod ----


@pytest.mark.parametrize(
    ("outer", "deeper", "expected"),
    [
        pytest.param("text: a", "text: b", "text: b", id="the deeper text wins"),
        pytest.param("count: 1", "text: b", "{count: 1, text: b}", id="a deeper file holds only what differs"),
        pytest.param("map: {a: 1, b: 2}", "map: {b: 3}", "map: {a: 1, b: 3}", id="a map is merged key by key"),
        pytest.param(
            "map: {a: 1, deep: {c: 1, d: 2}}",
            "map: {deep: {d: 3}}",
            "map: {a: 1, deep: {c: 1, d: 3}}",
            id="a map in a map is merged too",
        ),
        pytest.param("map: {a: 1}", "map: {}", "map: {a: 1}", id="an empty map changes nothing"),
        pytest.param("text: a", "text: ''", "text: ''", id="an empty text replaces"),
        pytest.param("plain: [1, 2]", "plain: [3]", "plain: [3]", id="a list is replaced as a whole"),
        pytest.param("plain: [1, 2]", "plain: []", "plain: []", id="an empty list replaces a list"),
        pytest.param("appended: [1, 2]", "appended: [2]", "appended: [1, 2, 2]", id="append adds all elements"),
        pytest.param("unique: [a, b]", "unique: [b, c]", "unique: [a, b, c]", id="unique adds what is not there yet"),
        pytest.param("unique: [a]", "unique: []", "unique: [a]", id="an empty list adds nothing to a unique list"),
        pytest.param("unique: [1]", "unique: [true, 1]", "unique: [1, true]", id="one and true are two elements"),
        pytest.param(
            "keyed: [{name: a, value: 1}, {name: b, value: 2}]",
            "keyed: [{name: c, value: 3}, {name: a, value: 4}]",
            "keyed: [{name: a, value: 4}, {name: b, value: 2}, {name: c, value: 3}]",
            id="a by-key list is merged element by element, outer order first, new ones behind",
        ),
        pytest.param("keyed: [{name: a}]", "keyed: []", "keyed: [{name: a}]", id="no element removes no element"),
        pytest.param(
            "keyed: [{name: a, inner: {x: 1, y: 2}, tags: [t]}]",
            "keyed: [{name: a, inner: {y: 3}, tags: [u, t]}]",
            "keyed: [{name: a, inner: {x: 1, y: 3}, tags: [t, u]}]",
            id="an element of a by-key list is merged like a map, behind a reference too",
        ),
        pytest.param(
            "keyed: [{name: a, parts: [{id: 1, size: s}, {id: 2, size: s}]}]",
            "keyed: [{name: a, parts: [{id: 2, size: m}]}]",
            "keyed: [{name: a, parts: [{id: 1, size: s}, {id: 2, size: m}]}]",
            id="a by-key list inside an element of a by-key list is merged by its own key",
        ),
        pytest.param("{text: a, count: 1}", "text: null", "count: 1", id="null removes a key"),
        pytest.param("map: {a: 1}", "map: {a: null}", "map: {}", id="a map without keys left stays"),
        pytest.param(
            "keyed: [{name: a, value: 1}]",
            "keyed: [{name: a, value: null}]",
            "keyed: [{name: a}]",
            id="null in an element",
        ),
        pytest.param("keyed: [{name: a}]", "keyed: null", "{}", id="null removes a whole list"),
        pytest.param("text: a", "locked: 1", "{text: a, locked: 1}", id="a lock may be set first by a deeper file"),
        pytest.param("count: 1", "count: '%region%'", "count: eu-west", id="a wildcard may override a plain value"),
        pytest.param("text: '%nope%'", "text: plain", "text: plain", id="a plain value may override a wildcard"),
        pytest.param(
            "placed: [{name: '%region%', value: 1}]",
            "placed: [{name: '%region%', value: 2}, {name: x}]",
            "placed: [{name: eu-west, value: 2}, {name: x}]",
            id="keys are compared as written",
        ),
        pytest.param(
            "unique: ['%region%']", "unique: ['%region%', eu]", "unique: [eu-west, eu]", id="unique compares as written"
        ),
    ],
)
def test_two_files_make_one_value(outer: str, deeper: str, expected: str) -> None:
    assert resolved({"": outer, "prod": deeper})[BLUE] == yaml.safe_load(expected)


def test_keys_of_the_outer_file_come_first() -> None:
    value = resolved({"": "{text: a, count: 1}", "prod": "{map: {a: 1}, count: 2}"})[BLUE]

    assert list(value) == ["text", "count", "map"]


def test_of_three_files_the_deepest_wins_and_a_removed_key_may_be_set_anew() -> None:
    values = resolved({"": "{text: a, count: 1}", "prod": "{text: null, count: 2}", BLUE: "{text: c}"})

    assert values == {BLUE: {"count": 2, "text": "c"}, GREEN: {"count": 2}, NORTH: {"count": 2}}


def test_apiversion_and_kind_are_no_part_of_the_value() -> None:
    assert resolved({"": "{apiVersion: sheriff/v1, kind: Shop, text: a}"})[BLUE] == {"text": "a"}


def test_a_component_without_a_file_on_the_path_is_absent() -> None:
    assert resolved({GREEN: "text: a"}) == {GREEN: {"text": "a"}}


def test_a_file_that_says_nothing_makes_the_component_present() -> None:
    assert resolved({GREEN: ""}) == {GREEN: {}}


def test_a_folder_may_skip_levels_where_one_node_fits() -> None:
    assert resolved({"prod/eu-west/pf-blue": "text: a", "eu-north": "text: b"}) == {
        BLUE: {"text": "a"},
        NORTH: {"text": "b"},
    }


def test_a_full_path_is_not_ambiguous_though_it_fits_a_deeper_node_too() -> None:
    tree = """
    application: payments
    levels: [group, region, platform]
    nodes: [{name: prod, nodes: [{name: x, level: platform}, {name: eu, nodes: [{name: x}]}]}]
    """

    assert resolved({"prod/x": "text: a"}, tree=tree) == {"prod/x": {"text": "a"}}


def test_an_empty_list_of_namespaces_is_no_value() -> None:
    tree = "{application: s, levels: [platform], nodes: [{name: pf, namespaces: []}]}"

    with pytest.raises(Refused, match="WLD002"):
        resolved({"": "plain: ['%namespace%']"}, tree=tree)


def test_a_discovered_node_has_the_leaves_of_the_lock_file() -> None:
    tree = """
    application: payments
    levels: [group, platform]
    nodes: [{name: dev, labels: {stage: dev}, discover: {from: openshift, selector: {app: payments}}}]
    """
    lock = "discovered: [{node: dev, nodes: [{name: pf-a, namespaces: [api]}, {name: pf-b}]}]"

    values = resolved({"": "text: '%stage%'", "dev/pf-a": "plain: ['%namespace%']"}, tree=tree, lock=lock)

    assert values == {"dev/pf-a": {"text": "dev", "plain": ["api"]}, "dev/pf-b": {"text": "dev"}}


def test_without_a_lock_file_there_is_no_leaf_and_no_error() -> None:
    tree = "{application: payments, nodes: [{name: dev, discover: {}}]}"

    assert resolved({"": "text: a", "dev": "text: b", "dev/sub-dev": "text: c"}, tree=tree) == {}


def test_below_a_skipped_level_the_next_level_follows() -> None:
    tree = """
    application: payments
    nodes: [{name: prod, nodes: [{name: eu, level: region, nodes: [{name: p1, nodes: [{name: pf}]}]}]}]
    """

    values = resolved({"": "text: '%group% %region% %partition% %platform%'"}, tree=tree)

    assert values == {"prod/eu/p1/pf": {"text": "prod eu p1 pf"}}


# ---- wildcards: what one file at the root makes at pf-blue ----


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(
            "text: '%application%/%group%/%subscription%/%region%/%partition%/%platform%'",
            "text: payments/prod/sub-prod/eu-west/p1/pf-blue",
            id="the application and each level",
        ),
        pytest.param("text: '%stage%'", "text: production", id="a label comes from further out"),
        pytest.param("text: '%tier%'", "text: silver", id="the nearest label wins"),
        pytest.param("count: '%size%'", "count: 3", id="one wildcard alone takes the type of its value"),
        pytest.param("text: 'size %size%'", "text: size 3", id="with text around it is text"),
        pytest.param("text: '90 %% full'", "text: 90 % full", id="two percent signs are one"),
        pytest.param("text: '%%region%%'", "text: '%region%'", id="an escaped wildcard stays text"),
        pytest.param("text: '%%%region%%%'", "text: '%eu-west%'", id="signs are read from the left"),
        pytest.param("text: '%group%%region%'", "text: prodeu-west", id="two wildcards side by side"),
        pytest.param("map: {'%region%': x}", "map: {'%region%': x}", id="keys are left alone"),
        pytest.param("map: {deep: {c: '%region%'}}", "map: {deep: {c: eu-west}}", id="values deep inside"),
        pytest.param("plain: ['%namespace%']", "plain: [api, batch]", id="an entry of a plain list is repeated"),
        pytest.param(
            "plain: [first, 'ns-%namespace%', last]",
            "plain: [first, ns-api, ns-batch, last]",
            id="repeated where it stands",
        ),
        pytest.param(
            "plain: [{a: '%namespace%', b: 'x-%namespace%', c: 1}]",
            "plain: [{a: api, b: x-api, c: 1}, {a: batch, b: x-batch, c: 1}]",
            id="a repeated element has one value throughout",
        ),
        pytest.param(
            "keyed: [{name: '%namespace%', value: '%platform%'}]",
            "keyed: [{name: api, value: pf-blue}, {name: batch, value: pf-blue}]",
            id="one element of a by-key list for each value",
        ),
        pytest.param(
            "keyed: [{name: one, tags: ['%namespace%']}]",
            "keyed: [{name: one, tags: [api, batch]}]",
            id="only the innermost element is repeated",
        ),
        pytest.param(
            "placed: [{name: '%namespace%', list: ['%namespace%']}]",
            "placed: [{name: api, list: [api, batch]}, {name: batch, list: [api, batch]}]",
            id="a list inside a repeated element has every value",
        ),
        pytest.param(
            "plain: ['%namespace%.%zone%']",
            "plain: [api.z1, api.z2, batch.z1, batch.z2]",
            id="two list-valued wildcards multiply",
        ),
        pytest.param(
            "placed: [{name: a, where: '%namespace%'}]",
            "placed: [{name: a, where: api}, {name: a, where: batch}]",
            id="elements may share a key where x-unique asks for more",
        ),
        pytest.param("unique: ['%namespace%', api]", "unique: [api, batch, api]", id="unique is over after merging"),
        pytest.param("plain: [1, true, null]", "plain: [1, true, null]", id="what is no text is left alone"),
    ],
)
def test_wildcards_are_replaced(written: str, expected: str) -> None:
    assert resolved({BLUE: written})[BLUE] == yaml.safe_load(expected)


def test_a_wildcard_binds_at_each_leaf_anew() -> None:
    values = resolved({"": "placed: [{name: '%namespace%', value: '%platform%/%region%'}]"})

    assert {leaf: [(e["name"], e["value"]) for e in value["placed"]] for leaf, value in values.items()} == {
        BLUE: [("api", "pf-blue/eu-west"), ("batch", "pf-blue/eu-west")],
        GREEN: [("api", "pf-green/eu-west")],
        NORTH: [("api", "pf-blue/eu-north")],
    }


def test_a_value_that_comes_in_by_a_wildcard_is_not_searched_again() -> None:
    tree = "{application: shop, levels: [platform], nodes: [{name: pf, labels: {odd: '%platform%'}}]}"

    assert resolved({"": "{text: '%odd%', count: 'x%odd%'}"}, tree=tree)["pf"] == {
        "text": "%platform%",
        "count": "x%platform%",
    }


def test_replicas_low_has_threshold_two_at_pf_blue_for_each_namespace() -> None:
    root = """
    placed:
      - {name: replicas-low, where: "%namespace%", metric: available_replicas, threshold: 1, deployOn: "%platform%"}
    """

    values = resolved({"": root, BLUE: "placed: [{name: replicas-low, threshold: 2}]"})

    alert = {"name": "replicas-low", "metric": "available_replicas"}
    assert values[BLUE]["placed"] == [
        {**alert, "where": "api", "threshold": 2, "deployOn": "pf-blue"},
        {**alert, "where": "batch", "threshold": 2, "deployOn": "pf-blue"},
    ]
    assert values[GREEN]["placed"] == [{**alert, "where": "api", "threshold": 1, "deployOn": "pf-green"}]


# ---- errors ----


@pytest.mark.parametrize(
    ("code", "overlays"),
    [
        pytest.param("OVL001", {"prod/eu-wst": ""}, id="a folder that names no node"),
        pytest.param("OVL001", {"eu-west/prod/p1/pf-blue": ""}, id="names in the wrong order"),
        pytest.param("OVL001", {"prod/eu-west/sub-prod": ""}, id="a folder whose last name is not the node's own"),
        pytest.param("OVL002", {"prod/pf-blue": ""}, id="a short folder that fits two nodes"),
        pytest.param("OVL002", {GREEN: "", "pf-green": ""}, id="two files for one node"),
        pytest.param("OVL007", {"": "text: null"}, id="null in the outermost file"),
        pytest.param("OVL007", {"": "text: a", "prod": "count: null"}, id="null for a key that no outer file sets"),
        pytest.param("OVL007", {"": "map: {a: {b: null}}"}, id="null inside a new map"),
        pytest.param("OVL007", {"": "keyed: [{name: a, value: null}]"}, id="null inside a new element"),
        pytest.param("OVL007", {"": "text: a", "prod": "text: null", BLUE: "text: null"}, id="null after null"),
        pytest.param("OVL007", {"prod": "text: null", BLUE: "text: a"}, id="null does not work inwards"),
        pytest.param("OVL008", {"": "count: 1", "prod": "count: {a: 1}"}, id="a map over a number"),
        pytest.param("OVL008", {"": "plain: [1]", "prod": "plain: a"}, id="a text over a list"),
        pytest.param("OVL008", {"": "keyed: [{name: a}]", "prod": "keyed: {name: a}"}, id="an element lost its dash"),
        pytest.param("OVL009", {"": "keyed: [{value: 1}]"}, id="an element without key"),
        pytest.param("OVL009", {"": "keyed: [{name: a}, {name: a}]"}, id="a key twice in one file"),
        pytest.param("OVL009", {"": "keyed: [{name: a, parts: [{id: 1}, {id: 1}]}]"}, id="a key twice further in"),
        pytest.param("OVL011", {"": "locked: 1", "prod": "locked: 2"}, id="a locked value changed"),
        pytest.param("OVL011", {"": "locked: 1", "prod": "locked: null"}, id="a locked value removed"),
        pytest.param(
            "OVL011",
            {"": "keyed: [{name: a, locked: 1}]", BLUE: "keyed: [{name: a, locked: 1}]"},
            id="a locked value of an element said again",
        ),
        pytest.param("WLD001", {"": "text: '%namespce%'"}, id="an unknown wildcard"),
        pytest.param("WLD001", {"": "plain: ['%namespaces%']"}, id="a list is bound by its singular only"),
        pytest.param("WLD002", {"": "text: '%partition%'"}, id="the wildcard of a skipped level"),
        pytest.param("WLD002", {"": "plain: ['%zone%']"}, id="a leaf value that one leaf lacks"),
        pytest.param("WLD002", {"": "text: 'x-%namespace%'"}, id="several values and no list"),
        pytest.param("WLD003", {"": "text: 90 % full"}, id="a stray percent sign"),
        pytest.param(
            "WLD004", {"": "keyed: [{name: '%namespace%'}]", "prod": "keyed: [{name: api}]"}, id="one key, twice"
        ),
        pytest.param("WLD004", {BLUE: "keyed: [{name: a, value: '%namespace%'}]"}, id="repeated under one key"),
        pytest.param(
            "WLD004",
            {BLUE: "placed: [{name: a, where: api, value: '%namespace%'}]"},
            id="x-unique says what has to differ",
        ),
    ],
)
def test_a_repository_with_an_error_is_refused(code: str, overlays: Mapping[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        resolved(overlays)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("code", "tree"),
    [
        ("TOP001", "{application: s, levels: [platform], nodes: [{name: pf}, {name: PF}]}"),
        ("TOP002", "{application: s, levels: [platform], nodes: [{name: pf_1}]}"),
        ("TOP003", "{application: s, levels: [platform], nodes: [{name: a, nodes: [{name: b}]}]}"),
        ("TOP003", "{application: s, levels: [platform, group], nodes: [{name: a, nodes: [{name: b}]}]}"),
        ("TOP003", "{application: s, nodes: [{name: a, level: partition, nodes: [{name: b, level: region}]}]}"),
        ("TOP003", "{application: s, nodes: [{name: a, level: cluster}]}"),
        ("TOP004", "{application: s, nodes: [{name: prod, nodes: [{name: sub-a}]}]}"),
    ],
)
def test_a_tree_with_an_error_is_refused(code: str, tree: str) -> None:
    with pytest.raises(Refused) as refused:
        resolved({"nowhere": "text: '%nope%'"}, tree=tree)  # later stages have errors too, and are not reached

    assert refused.value.code == code


def test_more_than_a_thousand_elements_are_refused() -> None:
    many = {f"l{number}": [f"v{i}" for i in range(11)] for number in range(3)}
    tree = as_yaml({"application": "s", "levels": ["platform"], "nodes": [{"name": "pf", **many}]})

    with pytest.raises(Refused, match="WLD005"):
        resolved({"": "plain: ['%l0%-%l1%-%l2%']"}, tree=tree)


@pytest.mark.parametrize(
    ("code", "file"), [("OVL003", "alerting.yaml"), ("OVL003", "prod/shop.yml"), ("OVL004", "prod/sub-prod/shop.yaml")]
)
def test_a_file_that_may_not_stand_there_is_refused(code: str, file: str) -> None:
    schemas = {"shop": {**SCHEMA, "x-levels": ["root", "group"]}}

    with pytest.raises(Refused, match=code):
        resolve({TOPOLOGY: yaml.safe_load(TREE), "prod/shop.yaml": {}, file: {}}, schemas, levels=LEVELS)


def test_an_overlay_where_discovery_found_nothing_is_refused() -> None:
    tree = "{application: s, levels: [group, platform], nodes: [{name: dev, discover: {}}]}"

    with pytest.raises(Refused, match="OVL005"):
        resolved({"dev": "text: a"}, tree=tree, lock="discovered: [{node: dev, nodes: []}]")


# ---- the bundled example ----


@pytest.fixture(scope="module")
def payments() -> dict[str, dict[str, object]]:
    root = PLATFORM / "deployment-repo" / "payments-deploy"
    if not root.is_dir():
        pytest.skip("the bundled platform is not in this distribution")
    files = {
        file.relative_to(root).as_posix(): yaml.safe_load(file.read_text("utf-8")) for file in root.rglob("*.yaml")
    }
    schemas = {
        file.name.removesuffix(".schema.json"): json.loads(file.read_text("utf-8"))
        for file in (PLATFORM / "schemas").glob("*.schema.json")
    }
    return resolve(files, schemas, levels=LEVELS)


def test_the_bundled_example_has_the_alert_that_its_page_shows(payments: dict[str, Any]) -> None:
    page = (PLATFORM / "docs" / "overlays" / "effective-values.md").read_text("utf-8")
    shown = re.search(r"^```text\n(alerts:.*?)```", page, re.MULTILINE | re.DOTALL)
    assert shown
    # what a default filled in is told by its note; the resolver fills in none
    [alert] = yaml.safe_load(re.sub(r"^.*# default\n", "", shown[1], flags=re.MULTILINE))["alerts"]

    alerts = payments["prod/sub-payments-prod/eu-west/p1/pf-blue"]["alerting"]["alerts"]

    assert alerts[0] == alert
    assert [(a["name"], a["namespace"]) for a in alerts] == [
        ("replicas-low", "payments-api"),
        ("replicas-low", "payments-batch"),
        ("errors-high", "payments-api"),
    ]


def test_the_bundled_example_has_three_leaves_that_differ_as_its_pages_say(payments: dict[str, Any]) -> None:
    leaves = {leaf.rpartition("/")[2]: components for leaf, components in payments.items()}

    thresholds = {leaf: components["alerting"]["alerts"][0]["threshold"] for leaf, components in leaves.items()}

    assert thresholds == {"pf-blue": 2, "pf-green": 2, "pf-amber": 1}
    assert leaves["pf-amber"]["key-vaults"]["vaults"][0]["name"] == "kv-payments-dev-eu-west"
    assert ("jor" in leaves["pf-blue"], "jor" in leaves["pf-green"]) == (True, False)


# ---- properties ----

# examples are whole repositories: they are slow to draw, and what is drawn is the point
some = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
VALID = repositories(mistakes=False)


def values_of(repository: Repository) -> dict[str, dict[str, object]]:
    return resolve(repository.files, repository.schemas, levels=repository.levels)


def node_of(file: str, repository: Repository) -> str | None:
    return node_named(file.rpartition("/")[0], nodes_of(repository.files, repository.levels))


def overlays_of(repository: Repository) -> list[str]:
    return [file for file in repository.files if file not in {TOPOLOGY, LOCK}]


@some
@given(VALID)
def test_a_repository_without_deliberate_mistake_is_small_and_valid(repository: Repository) -> None:
    leaves = values_of(repository)  # raises what is refused

    assert len(repository.files) <= 40
    assert len(leaves) <= 20


@some
@given(repositories(leaf_values=True))
def test_a_repository_is_resolved_or_refused_and_left_as_it_was(repository: Repository) -> None:
    before = copy.deepcopy(repository)

    with contextlib.suppress(Refused):
        values_of(repository)

    assert repository == before


def test_most_repositories_are_valid_and_some_are_not() -> None:
    valid: list[bool] = []

    @settings(some, max_examples=150, derandomize=True, phases=[Phase.generate])
    @given(repositories())
    def count(repository: Repository) -> None:
        try:
            values_of(repository)
        except Refused:
            valid.append(False)
        else:
            valid.append(True)

    count()

    assert 0.7 <= sum(valid) / len(valid) < 1


@some
@given(VALID)
def test_a_leaf_sees_only_the_files_on_its_path(repository: Repository) -> None:
    for leaf, value in values_of(repository).items():
        on_path = {
            file: content
            for file, content in repository.files.items()
            if file in {TOPOLOGY, LOCK} or node_of(file, repository) in outer_to_inner(leaf)
        }

        assert values_of(repository._replace(files=on_path))[leaf] == value


@some
@given(VALID, st.data())
def test_removing_a_file_changes_only_leaves_at_or_below_its_node(repository: Repository, data: st.DataObject) -> None:
    # with the files below it gone too, no null and no element is left without what it refers to
    file = data.draw(st.sampled_from([*overlays_of(repository), None]))
    if file is None:
        return
    node, component = node_of(file, repository), file.rpartition("/")[2]
    gone = {
        other
        for other in overlays_of(repository)
        if other.rpartition("/")[2] == component and node in outer_to_inner(node_of(other, repository) or "")
    }

    less = values_of(
        repository._replace(files={other: repository.files[other] for other in repository.files if other not in gone})
    )

    for leaf, value in values_of(repository).items():
        if node not in outer_to_inner(leaf):
            assert less[leaf] == value


@some
@given(VALID, st.data())
def test_an_empty_overlay_changes_nothing_where_the_component_is_there(
    repository: Repository, data: st.DataObject
) -> None:
    taken = {(node_of(file, repository), file.rpartition("/")[2]) for file in overlays_of(repository)}
    node = data.draw(st.sampled_from([leaf.path for leaf in nodes_of(repository.files, repository.levels)]))
    component = next(iter(repository.schemas))
    if (node, f"{component}.yaml") in taken:
        return
    before = values_of(repository)

    after = values_of(repository._replace(files={**repository.files, f"{node}/{component}.yaml": {}}))

    for leaf, value in before.items():
        expected = {component: {}, **value} if node in outer_to_inner(leaf) else value
        assert after[leaf] == expected


@some
@given(VALID)
def test_a_single_value_in_the_file_of_a_leaf_holds_there(repository: Repository) -> None:
    leaves = values_of(repository)
    for file in overlays_of(repository):
        leaf, component = node_of(file, repository), file.rpartition("/")[2].removesuffix(".yaml")
        for key, value in repository.files[file].items():
            if leaf in leaves and isinstance(value, bool | int):
                assert leaves[leaf][component][key] == value  # type: ignore[index]


@some
@given(VALID)
def test_the_order_of_files_does_not_matter(repository: Repository) -> None:
    backwards = dict(reversed(repository.files.items()))

    assert values_of(repository._replace(files=backwards)) == values_of(repository)


@some
@given(VALID)
def test_the_text_of_a_file_reads_as_the_file(repository: Repository) -> None:
    for content in repository.files.values():
        assert yaml.safe_load(as_yaml(content)) == content


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), max_size=8))
@example("no")
@example("1e3")
@example("0o17")
@example("%region%-x")
@example("y")
@example("ſaK")
def test_any_text_is_written_so_that_it_reads_as_text(text: str) -> None:
    written = as_yaml({"key": text})

    assert yaml.safe_load(written) == {"key": text}
    assert re.search(r': "', written) or re.fullmatch(r"key: [A-Za-z-]+\n", written)
