"""Which node a folder stands for, and which component a file is."""

from __future__ import annotations

import pytest

from tests.small_platform import Repository, repository

TREE = """\
kind: Topology
application: navy
nodes:
  - name: north
    nodes: [{name: a}, {name: b}]
  - name: south
    nodes: [{name: a}, {name: c}]
"""


def placed(files: dict[str, str], *, tree: str = TREE) -> Repository:
    return repository(files, tree=tree)


@pytest.mark.parametrize(("folder", "leaf"), [("north/a", "north/a"), ("b", "north/b"), ("south", "south/c")])
def test_a_folder_is_a_path_from_the_root_or_skips_levels_where_one_node_fits(folder: str, leaf: str) -> None:
    found = placed({f"{folder}/ship.yaml": "crew: 1"})

    assert found.codes == []
    assert found.at(leaf) == {"crew": 1}


def test_the_full_path_is_never_ambiguous() -> None:
    tree = "kind: Topology\napplication: navy\nnodes: [{name: a, level: cluster}, {name: z, nodes: [{name: a}]}]"
    found = placed({"a/ship.yaml": "crew: 1"}, tree=tree)

    assert found.codes == []
    assert found.at("z/a") is None


def test_an_ambiguous_folder_lists_the_nodes_it_fits() -> None:
    told = placed({"a/ship.yaml": "crew: 1"}).only("OVL002")

    assert told.message == "a fits 2 nodes: north/a, south/a"


@pytest.mark.parametrize(
    ("folder", "near"), [("nort", "north"), ("nrth/a", "north/a"), ("sout/c", "south/c"), ("everywhere", "")]
)
def test_a_folder_that_is_no_node_is_told_with_the_nearest(folder: str, near: str) -> None:
    told = placed({f"{folder}/ship.yaml": "crew: 1"}).only("OVL001")

    assert (told.message, told.suggestion) == (f"{folder} is no node", near)


@pytest.mark.parametrize("folder", ["North", "a/north", "north/north", "north/a/deep"])
def test_case_order_and_depth_of_a_folder_count(folder: str) -> None:
    assert placed({f"{folder}/ship.yaml": "crew: 1"}).errors == ["OVL001"]


def test_a_wrong_folder_is_told_once_for_all_its_files() -> None:
    assert placed({"x/ship.yaml": "crew: 1", "x/anchor.yaml": "weight: 1"}).errors == ["OVL001"]


def test_two_folders_of_one_node_may_not_have_the_same_component() -> None:
    told = placed({"north/b/ship.yaml": "crew: 1", "b/ship.yaml": "crew: 2"}).only("OVL013")

    assert told.file == "north/b/ship.yaml"
    assert told.message == "north/b has a file for ship already: b/ship.yaml"


def test_two_folders_of_one_node_may_have_different_components() -> None:
    found = placed({"north/ship.yaml": "crew: 1", "anchor.yaml": "weight: 1", "north/b/ship.yaml": "crew: 2"})

    assert found.codes == []


@pytest.mark.parametrize(
    ("name", "near"),
    [("shp.yaml", "ship.yaml"), ("ship.yml", "ship.yaml"), ("sail-plan.yaml", ""), ("north/shp.yaml", "ship.yaml")],
)
def test_an_unknown_component_is_told_with_the_nearest_and_all_there_are(name: str, near: str) -> None:
    found = placed({name: "kind: Other"})

    told = [d for d in found.told if d.code == "OVL003"]
    assert len(told) == 1
    assert (told[0].file, told[0].suggestion) == (name, near)
    assert told[0].why == "Known are anchor.yaml, ship.yaml."


def test_a_file_that_declares_another_components_kind_is_told_at_the_kind() -> None:
    told = placed({"ship.yaml": "crew: 1\nkind: Anchor\n".replace("crew: 1", "weight: 1")}).only("OVL014")

    assert (told.span.line, told.suggestion) == (2, "Ship")


@pytest.mark.parametrize(("folder", "codes"), [("", []), ("north/", []), ("north/a/", ["OVL004"])])
def test_a_component_stands_at_the_levels_of_its_schema_only(folder: str, codes: list[str]) -> None:
    found = placed({f"{folder}anchor.yaml": "weight: 1"})

    assert found.errors == codes
    assert all(d.message == "Anchor may stand at: root, zone" for d in found.told)


def test_an_overlay_above_no_leaf_is_told() -> None:
    lock = "kind: TopologyLock\ndiscovered: [{node: east, nodes: []}]"
    tree = f"{TREE}  - name: east\n    discover: {{from: radar}}\n"
    found = repository({"east/ship.yaml": "crew: 1", "topology.lock.yaml": lock}, tree=tree)

    assert found.only("OVL005").message == "the overlay holds for no leaf: there is none below east"


@pytest.mark.parametrize("folder", ["east", "east/anything", "anything-else/east/deep"])
def test_a_folder_below_what_is_not_discovered_yet_is_not_refused(folder: str) -> None:
    tree = f"{TREE}  - name: east\n    discover: {{from: radar}}\n"
    found = placed({f"{folder}/ship.yaml": "crew: 1"}, tree=tree)

    assert found.errors == ([] if folder.startswith("east") else ["OVL001"])


def test_a_topology_in_a_folder_is_no_overlay() -> None:
    assert placed({"north/topology.yaml": TREE}).errors == ["OVL003"]
