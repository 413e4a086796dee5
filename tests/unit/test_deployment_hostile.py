"""Whatever a repository holds, an analysis comes back, and its places lie inside of the texts."""

from __future__ import annotations

from collections.abc import Mapping

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.deployment.analysis import Analysis, analyse
from knowledge.deployment.explaining import explain
from knowledge.deployment.printing import as_json, as_yaml
from knowledge.deployment.topology import MOST_NODES
from knowledge.validation.diagnostics import Severity
from knowledge.validation.engine import MAX_DIAGNOSTICS
from tests.small_platform import TREE, repository, small_platform

PLATFORM = small_platform()
FOLDERS = ["", "north", "north/cluster-a", "cluster-b", "south", "x", "..", "north//y", ".git", "nörd", "a b", "\u2028"]
NAMES = ["topology.yaml", "topology.lock.yaml", "ship.yaml", "anchor.yaml", "ship.yml", "shp.yaml", ".yaml", "ship", ""]
PATHS = st.builds(
    lambda folder, name: f"{folder}/{name}".lstrip("/"), st.sampled_from(FOLDERS), st.sampled_from(NAMES)
) | st.text(max_size=12)
WORDS = st.sampled_from(
    ["kind", "Ship", "Topology", "TopologyLock", "nodes", "name", "north", "cluster-a", "levels", "level", "zone",
     "cluster", "labels", "discover", "from", "node", "discovered", "application", "tenants", "decks", "id", "use",
     "bunks", "any", "marks", "log", "ports", "hull", "engine", "fuel", "%tenant%", "%zone%", "%%", "%", "%x%", "a\nb",
     "<<", "apiVersion", "crew", "flag", "water"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)
RAW = st.binary(max_size=60) | st.lists(
    st.sampled_from(
        [
            b"a",
            b": ",
            b"- ",
            b"\n",
            b"  ",
            b"&a ",
            b"*a",
            b"<<: ",
            b"nodes:",
            b"{",
            b"[",
            b"]",
            b"'",
            b"|",
            b"---\n",
            b"!!x ",
        ]
    )
).map(b"".join)


def dumped(value: object) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")


TREES = st.just(TREE.encode()) | VALUES.map(dumped) | RAW
COMPONENT = st.dictionaries(WORDS, VALUES, max_size=4).map(lambda value: {"kind": "Ship", **value})
FILES = st.dictionaries(PATHS, VALUES.map(dumped) | COMPONENT.map(dumped) | RAW, max_size=5)
SHIPS = st.fixed_dictionaries(
    {},
    optional={
        path: COMPONENT.map(lambda value: dumped({**value, "kind": "Ship"}))
        for path in ("ship.yaml", "north/ship.yaml", "north/cluster-a/ship.yaml", "cluster-b/ship.yaml")
    },
)


def hold(analysis: Analysis) -> None:
    """Every place is inside of its text, and every leaf can be explained."""
    for told in analysis.report.diagnostics:
        lines, span = analysis.sources[told.file].lines, told.span
        assert 1 <= span.line <= span.end_line <= len(lines) + 1, told
        assert span.column >= 1, told
        assert (span.line, span.column) <= (span.end_line, span.end_column), told
        if span.line <= len(lines):
            assert span.column <= len(lines[span.line - 1]) + 1, told
    if analysis.leaves is not None:
        for leaf in analysis.leaves.topology.root.leaves():
            found = explain(analysis.leaves, leaf)
            as_json(found)
            as_yaml(found)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(TREES, FILES, SHIPS)
def test_any_files_are_analysed(tree: bytes, files: Mapping[str, bytes], ships: Mapping[str, bytes]) -> None:
    hold(analyse({"topology.yaml": tree, **ships, **files}, PLATFORM))


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.dictionaries(st.sampled_from(["any", "marks", "hull"]), VALUES, max_size=3), min_size=2, max_size=3))
def test_any_values_over_any_values_are_merged_or_told(layers: list[dict[str, object]]) -> None:
    folders = ["", "north/", "north/cluster-a/"]
    hold(
        analyse(
            {"topology.yaml": TREE}
            | {
                f"{folder}ship.yaml": dumped({"kind": "Ship", **layer})
                for folder, layer in zip(folders, layers, strict=False)
            },
            PLATFORM,
        )
    )


def test_a_name_with_an_odd_character_is_told_like_any_other() -> None:
    found = repository({"nörd\n/ship.yaml": "crew: 1"})

    assert found.only("OVL001").file == "nörd\n/ship.yaml"


def test_each_of_thousands_of_strange_files_is_told() -> None:
    found = repository({f"folder-{n}/strange-{n}.yaml": "kind: Strange" for n in range(4000)})

    assert len([d for d in found.told if d.severity is Severity.ERROR]) == 2 * 4000


def test_of_thousands_of_faults_in_one_topology_the_first_are_told() -> None:
    found = analyse(
        {"topology.yaml": "kind: Topology\napplication: a\nnodes:\n" + "- name: North\n" * 5000}, PLATFORM
    ).report

    assert len(found.diagnostics) == MAX_DIAGNOSTICS
    assert any(note.startswith(f"topology.yaml: {MAX_DIAGNOSTICS} of ") for note in found.notes)


def test_a_large_file_with_errors_is_told_without_its_tree() -> None:
    found = analyse({"topology.yaml": TREE, "ship.yaml": "kind: Ship\ncrew: many\n" + "# more\n" * 4000}, PLATFORM)

    assert [(d.code, d.span.line) for d in found.report.diagnostics] == [("SCH002", 2)]
    assert "ship was not merged at and below the root: errors in ship.yaml." in found.report.notes


def test_a_topology_of_too_many_nodes_is_read_as_far_as_the_limit() -> None:
    nodes = "".join(f"- name: n{number}\n" for number in range(MOST_NODES + 1))

    found = analyse({"topology.yaml": f"kind: Topology\napplication: a\nnodes:\n{nodes}"}, PLATFORM).report

    limit = next(d for d in found.diagnostics if d.code == "YAML006")
    assert (limit.span.line, limit.message) == (3 + MOST_NODES, "more than 10,000 nodes")
