"""A platform of two levels with three small components, none of them a bundled one, and repositories of a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from knowledge.deployment.analysis import Analysis, analyse
from knowledge.deployment.cells import plain
from knowledge.deployment.explaining import leaf_named
from knowledge.deployment.leaves import Leaves
from knowledge.deployment.platform import Platform
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity
from knowledge.validation.schema import Schema

LEVELS = ("zone", "cluster")

TOPOLOGY_SCHEMA: Mapping[str, Any] = yaml.safe_load("""
title: Topology
x-file: topology.yaml
type: object
required: [kind, application, nodes]
additionalProperties: false
properties:
  kind: {const: Topology}
  application: {type: string}
  levels: {type: array, items: {type: string}}
  nodes: {type: array, items: {$ref: "#/$defs/node"}}
$defs:
  node:
    type: object
    required: [name]
    additionalProperties: false
    properties:
      name: {type: string}
      level: {type: string}
      labels: {type: object, additionalProperties: {type: string}}
      nodes: {type: array, items: {$ref: "#/$defs/node"}}
      discover:
        type: object
        required: [from]
        properties: {from: {type: string}}
      tenants: {type: array, items: {type: string}}
      rooms: {type: array, items: {type: string}}
      size: {type: integer}
""")

LOCK_SCHEMA: Mapping[str, Any] = yaml.safe_load("""
title: Lock of a topology
x-file: topology.lock.yaml
type: object
required: [kind, discovered]
additionalProperties: false
properties:
  kind: {const: TopologyLock}
  takenAt: {}
  discovered: {type: array, items: {type: object, required: [node]}}
""")

SHIP: Mapping[str, Any] = yaml.safe_load("""
title: Ship
x-file: ship.yaml
x-doc: ship.md
type: object
required: [kind]
additionalProperties: false
properties:
  kind: {const: Ship}
  name: {type: string, x-doc: ship.md#name}
  crew: {type: integer, default: 7}
  speed: {type: [integer, string]}
  any: {}
  flag: {type: string, x-final: true}
  hull: {type: object, additionalProperties: {type: [string, integer]}}
  engine:
    type: object
    additionalProperties: false
    x-required: [fuel]
    properties:
      fuel: {type: string, enum: [coal, wind, cluster-a]}
      power: {type: integer, default: 10}
  ports: {type: array, items: {type: string}}
  log: {type: array, x-merge: append, items: {type: string}}
  marks: {type: array, x-merge: unique, items: {}}
  decks:
    type: array
    x-merge: by-key
    x-key: id
    x-required: []
    items:
      type: object
      required: [id]
      additionalProperties: false
      properties:
        id: {type: [string, integer, boolean]}
        use: {type: string, default: cargo}
        tenant: {type: string}
        room: {type: string}
        bunks: {type: array, items: {type: string}}
""")

ANCHOR: Mapping[str, Any] = yaml.safe_load("""
title: Anchor
x-file: anchor.yaml
x-levels: [root, zone]
type: object
required: [kind]
additionalProperties: false
properties:
  kind: {const: Anchor}
  weight: {type: integer}
""")

TREE = """\
kind: Topology
application: navy
nodes:
  - name: north
    labels: {water: cold}
    nodes:
      - name: cluster-a
        tenants: [red, blue]
        rooms: [r1, r2]
        size: 3
      - name: cluster-b
        tenants: [red]
  - name: south
    nodes:
      - name: cluster-c
"""


@dataclass(frozen=True)
class Repository:
    """An analysed repository with the questions that tests ask."""

    analysis: Analysis

    @property
    def told(self) -> list[Diagnostic]:
        return list(self.analysis.report.diagnostics)

    @property
    def codes(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.told]

    @property
    def errors(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.told if diagnostic.severity is Severity.ERROR]

    @property
    def leaves(self) -> Leaves:
        assert self.analysis.leaves is not None, self.analysis.report.notes
        return self.analysis.leaves

    def only(self, code: str) -> Diagnostic:
        """The one diagnostic there is, which must have this code."""
        assert self.codes == [code], self.told
        return self.told[0]

    def at(self, leaf: str, component: str = "ship") -> Any:
        """The effective value; None where the component is absent."""
        if component not in self.leaves.placed:
            return None
        cell = self.leaves.effective(component, leaf_named(self.leaves, leaf))
        return None if cell is None else plain(cell)


def small_platform(*schemas: Mapping[str, Any]) -> Platform:
    """The platform; further schemas take the place of SHIP and ANCHOR."""
    documents = [TOPOLOGY_SCHEMA, LOCK_SCHEMA, *(schemas or (SHIP, ANCHOR))]
    schemas_of_all = [Schema(each, origin=str(each["x-file"])) for each in documents]
    # Without lints: the files of these tests end with their kind.
    return Platform(SchemaCatalog(schemas_of_all, lints=()), levels=LEVELS)


def repository(files: Mapping[str, str], *, tree: str = TREE, platform: Platform | None = None) -> Repository:
    """The analysis of texts by path; what is no topology gets its `kind` from its name."""
    texts = {"topology.yaml": tree} | {path: _with_kind(path, text) for path, text in files.items()}
    return Repository(analyse(texts, platform or small_platform()))


def _with_kind(path: str, text: str) -> str:
    """The kind stands behind the text, so that its lines keep their numbers."""
    stem = path.rpartition("/")[2].partition(".")[0]
    if "kind:" in text or stem == "topology":
        return text
    if text.startswith("{"):
        return f"{{kind: {stem.capitalize()}, {text[1:]}"
    return f"{text.rstrip()}\nkind: {stem.capitalize()}\n"
