"""How long a whole deployment repository takes, at sizes that show whether the cost grows with its files."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import yaml

from knowledge import bundled
from knowledge.deployment.analysis import analyse
from knowledge.deployment.platform import LEVELS, Platform
from knowledge.validation.catalog import SchemaCatalog

SIZES: Final = (1250, 2500, 5000)  # overlays; two leaves for every five of them
BELOW: Final = (5, 5, 4, 4)  # nodes below one of each level, so that a group has 400 leaves
LEAVES_OF_A_GROUP: Final = 400

ALERTING: Final = """\
apiVersion: sheriff/v1
kind: Alerting
alerts:
  - name: replicas-low
    namespace: "%namespace%"
    metric: available_replicas
    threshold: 1
    deployOn: "%platform%"
"""
QUOTAS: Final = """\
apiVersion: sheriff/v1
kind: Quotas
quotas:
  - namespace: "%namespace%"
    cpu: 4
    memory: 16Gi
"""


@dataclass(frozen=True, slots=True)
class Whole:
    """One repository checked; `megabytes` is the most that the process has held so far."""

    overlays: int
    leaves: int
    seconds: float
    megabytes: float


def whole(overlays: int) -> Whole:
    """The time to check a generated repository without errors: files, tree, merge, wildcards, merged values."""
    files = repository(overlays)
    platform = Platform(SchemaCatalog.load(bundled.SCHEMAS))
    platform.catalog.check()
    begun = time.perf_counter()
    analysis = analyse(files, platform)
    seconds = time.perf_counter() - begun
    assert analysis.topology is not None  # noqa: S101 - what is timed is a whole check
    leaves = sum(1 for _ in analysis.topology.root.leaves())
    return Whole(overlays, leaves, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def repository(overlays: int) -> dict[str, str]:
    """Texts by path: one file of two components at the root, the other overlays spread over the nodes of the tree."""
    groups = [_node(LEVELS[0], number, 0) for number in range(max(1, overlays * 2 // 5 // LEAVES_OF_A_GROUP))]
    tree = {"apiVersion": "sheriff/v1", "kind": "Topology", "application": "payments", "nodes": groups}
    files = {"topology.yaml": yaml.safe_dump(tree, sort_keys=False), "alerting.yaml": ALERTING, "quotas.yaml": QUOTAS}
    folders = [path for group in groups for path in _paths(group, "")]
    files |= dict(islice(_overlays(folders), overlays - 2))
    return files


def _node(level: str, number: int, depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"name": f"{level[:2]}-{number}"}
    if depth == len(BELOW):
        return {**node, "namespaces": ["payments-api", "payments-batch"]}
    inner = [_node(LEVELS[depth + 1], other, depth + 1) for other in range(BELOW[depth])]
    return {**node, "nodes": inner}


def _paths(node: Mapping[str, Any], above: str) -> Iterator[str]:
    path = f"{above}{node['name']}"
    yield path
    for inner in node.get("nodes", ()):
        yield from _paths(inner, f"{path}/")


def _overlays(folders: list[str]) -> Iterator[tuple[str, str]]:
    for number, folder in enumerate(folders):
        threshold = f"alerts:\n  - name: replicas-low\n    threshold: {number + 2}\n"
        yield f"{folder}/alerting.yaml", f"apiVersion: sheriff/v1\nkind: Alerting\n{threshold}"
    for number, folder in enumerate(folders):
        cpu = f'quotas:\n  - namespace: "%namespace%"\n    cpu: {number % 50 + 5}\n'
        yield f"{folder}/quotas.yaml", f"apiVersion: sheriff/v1\nkind: Quotas\n{cpu}"
