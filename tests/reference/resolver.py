"""Effective values of a deployment repository, computed as naively as possible.

Written from the documentation of topology, overlays and wildcards alone; it shares nothing with the engine that it is
compared with. It checks no schema and fills in no defaults. Quoted sentences are the meaning; each stands where it is
carried out. Where several errors of one stage apply, the first one met is raised, so a comparison should ask that its
code is *among* those reported.

Choices where the text is silent or can be read in two ways:

Topology
- A node without `level:` has the level after its parent's, also where the parent itself skipped one.
- `levels` of topology.yaml may leave out some of the platform's, in the platform's order; otherwise TOP003.
  A node below the last level is TOP003.
- Every level but the last may be skipped; the last is the only mandatory one.
- A discovered node is never a leaf, also when the lock file found nothing. Entries of the lock file for a node that
  does not say `discover` count for nothing.

Placement
- Any level may be left out of a folder, the outermost too. The last name of the folder is the node's own.
  A full path is never ambiguous. Upper case does not fit.
- A folder below a discovered node without lock file cannot be checked; its files count for nothing.
- Two folders that name one node (short and full) with the same component: OVL002, since there is no code for it.
- OVL005 is an error, except where a part that is not yet discovered lies below.

Merging
- There are three types: map, list, and one value (number, text, true, false). A text over a number is no conflict
  here: the schema of each file decides, and "%size%" may stand for a number.
- `null` inside the elements of a list that is not merged by key is data. `null` after another `null` removes nothing.
  A removed key may be set anew, with any type. A map whose keys are all removed stays, empty.
- `x-final` also refuses an equal value and `null` ("may be set once"). It is read at keys of maps, not at `items`.
- `unique` compares a deeper element with those before it, before wildcards; the outermost list stays as written, and
  wildcards that become equal afterwards stay twice.
- An annotation beside `$ref` goes before one behind it. `allOf`, `if`, `anyOf` bring no annotations.
- 1 and 1.0 are equal, 1 and true are not.

Wildcards
- Only effective values are looked at: an unknown wildcard in an overridden value is not seen.
- Each leaf value is bound under its name, a list `zones` under `zone` alone (as `namespaces` under `namespace`).
  An empty list is no value. Names of levels and `application` go before leaf values, leaf values before labels.
- A list-valued wildcard stands for all its values in each list it is in: within an element that is itself repeated,
  an inner list still gets every value.
- Elements that come out stand where their template stood; of two list-valued wildcards the first varies slowest.
- A list-valued wildcard outside any list: alone it becomes the list; inside a text it has no value (WLD002).
- `%namespace%` is always known, so it is WLD002 at a leaf without namespaces. `%A%` and `% x%` are stray (WLD003).
- In `x-unique` a missing key equals a missing key.
- In a text, true and false are written as in YAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

TOPOLOGY = "topology.yaml"
LOCK = "topology.lock.yaml"
NODE_KEYS = {"name", "level", "labels", "nodes", "discover"}  # every other key of a leaf is a leaf value
NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
PERCENT = re.compile(r"%%|%([a-z0-9_-]+)%|%")  # an escaped sign, a wildcard, a stray sign
LARGEST_LIST = 1000


class Refused(Exception):
    """The repository has an error; `code` is the catalogue's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def resolve(
    files: Mapping[str, object], schemas: Mapping[str, Mapping[str, object]], *, levels: Sequence[str]
) -> dict[str, dict[str, object]]:
    """What holds at each leaf: its path to component to value, without apiVersion and kind.

    `files` are parsed files by path, `schemas` JSON Schemas by component (`kafka` for kafka.yaml), `levels` the
    platform's, outermost first. Raises `Refused` for the first error.
    """
    # The text: "topology → placement → merge → wildcards": a stage begins when the one before has passed everywhere.
    own_levels = levels_of(files, levels)
    nodes = nodes_of(files, own_levels)
    leaves = [node for node in nodes if node.leaf]
    placed = overlays_by_node(files, nodes, schemas)
    for (_, component), overlay in placed.items():
        refuse_bad_keys(overlay, Rule(schemas[component]))

    merged = {leaf.path: merged_at(leaf, placed, schemas) for leaf in leaves}

    known = known_wildcards(nodes, own_levels)
    effective: dict[str, dict[str, object]] = {}
    for leaf in leaves:
        bindings = Bindings(bound_at(leaf, files), known)
        effective[leaf.path] = {
            component: expanded(value, Rule(schemas[component]), bindings, {})
            for component, value in merged[leaf.path].items()
        }
    return effective


# ---- topology ----


@dataclass(frozen=True)
class Node:
    chain: tuple[tuple[str, dict[str, Any]], ...]  # (level, the node as written), outermost first, itself last
    leaf: bool
    undiscovered: bool  # says discover, and no lock file says what is below

    @property
    def path(self) -> str:
        """ "names from the root" """
        return "/".join(written["name"] for _, written in self.chain)

    @property
    def level(self) -> str:
        return self.chain[-1][0]

    @property
    def written(self) -> dict[str, Any]:
        return self.chain[-1][1]


def levels_of(files: Mapping[str, Any], levels: Sequence[str]) -> list[str]:
    """ "outermost first; the platform's default may be left out", "if it is there, it has to be in this order" """
    own = list(files[TOPOLOGY].get("levels", levels))
    if own != [level for level in levels if level in own]:
        raise Refused("TOP003")
    return own


def nodes_of(files: Mapping[str, Any], levels: Sequence[str]) -> list[Node]:
    """Every node of the tree, outer ones before those below them."""
    # The text: "`discover` nodes get their children from topology.lock.yaml"
    lock = files.get(LOCK, {"discovered": []})
    found = {entry["node"]: entry["nodes"] for entry in lock["discovered"]}
    return list(nodes_below(files[TOPOLOGY]["nodes"], (), levels, found))


def nodes_below(siblings: Any, chain: Any, levels: Any, found: Any) -> Iterator[Node]:
    names: list[str] = []
    for written in siblings:
        # The text: "Sibling names are unique (case-insensitively, since folders may be)"
        if written["name"].lower() in names:
            raise Refused("TOP001")
        names.append(written["name"].lower())
        if not NAME.fullmatch(written["name"]):
            raise Refused("TOP002")

        own_chain = (*chain, (level_of(written, chain, levels), written))
        path = "/".join(node["name"] for _, node in own_chain)
        discovers = "discover" in written
        children = found.get(path, []) if discovers else written.get("nodes", [])
        # The text: "Leaf: a node without children."
        node = Node(own_chain, leaf=not children and not discovers, undiscovered=discovers and path not in found)
        # The text: "A leaf above the deepest mandatory level is an error."
        if node.leaf and node.level != levels[-1]:
            raise Refused("TOP004")
        yield node
        yield from nodes_below(children, own_chain, levels, found)


def level_of(written: Any, chain: Any, levels: Any) -> str:
    """ "a node's level follows from its depth, or `level:` says it (levels may be skipped downwards)" """
    next_level = levels.index(chain[-1][0]) + 1 if chain else 0
    if "level" in written:
        if written["level"] not in levels[next_level:]:
            raise Refused("TOP003")
        return str(written["level"])
    if next_level == len(levels):
        raise Refused("TOP003")
    return str(levels[next_level])


# ---- placement ----

ROOT = ""


def overlays_by_node(
    files: Mapping[str, Any], nodes: Sequence[Node], schemas: Mapping[str, Any]
) -> dict[tuple[str, str], dict[str, Any]]:
    """(path of the node, component) to what the overlay says there."""
    placed: dict[tuple[str, str], dict[str, Any]] = {}
    for file, content in files.items():
        if file in {TOPOLOGY, LOCK}:
            continue
        # The text: "File name = component; the folder = the node where it is placed"
        folder, _, name = file.rpartition("/")
        component = name.removesuffix(".yaml")
        path = node_named(folder, nodes)
        if component not in schemas:
            raise Refused("OVL003")
        if path is None:
            continue
        refuse_idle_place(path, nodes, schemas[component])
        # The text: "One file per component and node."
        if (path, component) in placed:
            raise Refused("OVL002")
        placed[path, component] = {key: value for key, value in content.items() if key not in {"apiVersion", "kind"}}
    return placed


def node_named(folder: str, nodes: Sequence[Node]) -> str | None:
    """Path of the node a folder names, ROOT for none at all, None where nobody knows what is below.

    "A folder may name a node by its path from the root or skip levels where only one node fits; an ambiguous skip is
    an error."
    """
    if folder == ROOT or folder in [node.path for node in nodes]:
        return folder
    names = folder.split("/")
    fitting = [node.path for node in nodes if fits(names, node)]
    if len(fitting) > 1:
        raise Refused("OVL002")
    if fitting:
        return fitting[0]
    outer_folders = [names[:length] for length in range(1, len(names))]
    if any(node.undiscovered and fits(outer, node) for outer in outer_folders for node in nodes):
        return None
    raise Refused("OVL001")


def fits(names: Sequence[str], node: Node) -> bool:
    """Whether the names are the node's path with some names left out, but not its own."""
    path = node.path.split("/")
    if names[-1] != path[-1]:
        return False
    rest = iter(path)
    return all(name in rest for name in names)  # `in` on an iterator goes on where the last search ended


def refuse_idle_place(path: str, nodes: Sequence[Node], schema: Mapping[str, Any]) -> None:
    """OVL004 "component not allowed at this level", OVL005 "overlay holds for no leaf"."""
    at = "root" if path == ROOT else next(node.level for node in nodes if node.path == path)
    if "x-levels" in schema and at not in schema["x-levels"]:
        raise Refused("OVL004")
    # The text: "it holds for every leaf at or below it"
    below = [node for node in nodes if path in outer_to_inner(node.path)]
    if not any(node.leaf or node.undiscovered for node in below):
        raise Refused("OVL005")


def outer_to_inner(path: str) -> list[str]:
    """ROOT, then each node on the way to `path`, then `path`."""
    names = path.split("/")
    return [ROOT] + ["/".join(names[:length]) for length in range(1, len(names) + 1)]


# ---- merging ----


@dataclass(frozen=True)
class Rule:
    """What a schema says about one value; `$ref` within the schema is followed."""

    schema: Mapping[str, Any]
    at: Any = None  # the part of the schema for this value; None for the whole

    def said(self) -> dict[str, Any]:
        part = dict(self.schema if self.at is None else self.at)
        while "$ref" in part:
            target: Any = self.schema
            for name in part.pop("$ref").removeprefix("#/").split("/"):
                target = target[name]
            part = {**target, **part}
        return part

    def key(self, name: str) -> Rule:
        said = self.said()
        other = said.get("additionalProperties")
        return Rule(self.schema, said.get("properties", {}).get(name, other if isinstance(other, Mapping) else {}))

    def element(self) -> Rule:
        return Rule(self.schema, self.said().get("items", {}))


def refuse_bad_keys(value: Any, rule: Rule) -> None:
    """OVL009 "merge key missing or double in a by-key list", for each file by itself."""
    if isinstance(value, dict):
        for name, inner in value.items():
            refuse_bad_keys(inner, rule.key(name))
    if isinstance(value, list):
        if rule.said().get("x-merge") == "by-key":
            keys = [element.get(rule.said()["x-key"]) if isinstance(element, dict) else None for element in value]
            if None in keys or any_twice(keys):
                raise Refused("OVL009")
        for element in value:
            refuse_bad_keys(element, rule.element())


def merged_at(leaf: Node, placed: Mapping[tuple[str, str], Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """ "For a leaf, files on the path from root to leaf are merged, the deeper wins" """
    merged: dict[str, Any] = {}
    for path in outer_to_inner(leaf.path):
        for component in schemas:
            # The text: "A component without any file on the path is absent at that leaf."
            if (path, component) in placed:
                outer = merged.get(component, {})
                merged[component] = map_over(outer, placed[path, component], Rule(schemas[component]))
    return merged


def map_over(outer: dict[str, Any], deeper: dict[str, Any], rule: Rule) -> dict[str, Any]:
    """ "maps key by key" """
    result = dict(outer)
    for name, value in deeper.items():
        inner = rule.key(name)
        # The text: "`x-final: true` in a schema locks a value against deeper files"
        if name in outer and inner.said().get("x-final"):
            raise Refused("OVL011")
        if value is None:
            # The text: "`null` removes a key that an outer file set (and is an error if nothing was there to remove)"
            if name not in outer:
                raise Refused("OVL007")
            del result[name]
        elif name in outer:
            result[name] = value_over(outer[name], value, inner)
        else:
            result[name] = value_over(nothing_like(value), value, inner)
    return result


def nothing_like(value: Any) -> Any:
    """What a new value is laid over, so that a null inside it is seen to remove nothing."""
    return {"map": {}, "list": [], "one": ""}[kind_of(value)]


def kind_of(value: Any) -> str:
    if isinstance(value, dict):
        return "map"
    return "list" if isinstance(value, list) else "one"


def value_over(outer: Any, deeper: Any, rule: Rule) -> Any:
    # The text: "A change of type between levels (a map over a number) is an error, not a silent replacement"
    if kind_of(outer) != kind_of(deeper):
        raise Refused("OVL008")
    if isinstance(deeper, dict):
        return map_over(outer, deeper, rule)
    if isinstance(deeper, list):
        return list_over(outer, deeper, rule)
    return deeper  # "scalars replaced"


def list_over(outer: list[Any], deeper: list[Any], rule: Rule) -> list[Any]:
    """ "lists replaced, unless the component's schema says append, unique or by-key" """
    merge = rule.said().get("x-merge")
    if merge == "append":  # "adds all its elements at the end"
        return outer + deeper
    if merge == "unique" and outer:  # "adds the elements that are not there yet"
        result = list(outer)
        for element in deeper:
            if not any(same(element, there) for there in result):
                result.append(element)
        return result
    if merge == "by-key":
        return elements_over(outer, deeper, rule)
    return deeper


def elements_over(outer: list[Any], deeper: list[Any], rule: Rule) -> list[Any]:
    """ "merged element by element, order: outer first", new ones behind; keys are compared as written."""
    key = rule.said()["x-key"]
    result = list(outer)
    for element in deeper:
        places = [place for place, there in enumerate(result) if same(there[key], element[key])]
        if places:
            changes = {name: value for name, value in element.items() if name != key}
            result[places[0]] = map_over(result[places[0]], changes, rule.element())
        else:
            result.append(map_over({}, element, rule.element()))
    return result


def same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return bool(one == other)


def any_twice(values: Sequence[Any]) -> bool:
    return any(same(value, earlier) for place, value in enumerate(values) for earlier in values[:place])


# ---- wildcards ----


@dataclass(frozen=True)
class Bindings:
    values: Mapping[str, Any]  # what each wildcard stands for at the leaf
    known: set[str]  # names that have a value at some leaf, or could have


def bound_at(leaf: Node, files: Mapping[str, Any]) -> dict[str, Any]:
    """ "`%level%` for each level, `%application%`, `%namespace%` and any leaf value or label" """
    bound: dict[str, Any] = {}
    for _, written in leaf.chain:  # "A deeper node may set the same label to another value; the deeper wins."
        bound.update(written.get("labels", {}))
    bound.update(leaf_values(leaf))
    bound["application"] = files[TOPOLOGY]["application"]
    for level, written in leaf.chain:  # "The wildcard of a skipped level has no value at this leaf"
        bound[level] = written["name"]
    return bound


def leaf_values(leaf: Node) -> dict[str, Any]:
    values = {name: value for name, value in leaf.written.items() if name not in NODE_KEYS and value != []}
    return {name.removesuffix("s") if isinstance(value, list) else name: value for name, value in values.items()}


def known_wildcards(nodes: Sequence[Node], levels: Sequence[str]) -> set[str]:
    # A name is unknown (WLD001) if "the label stands on no node at all"; else it lacks a value at the leaf (WLD002).
    labels = {label for node in nodes for label in node.written.get("labels", {})}
    values = {name for node in nodes if node.leaf for name in leaf_values(node)}
    return labels | values | {*levels, "application", "namespace"}


def expanded(value: Any, rule: Rule, bindings: Bindings, chosen: Mapping[str, Any]) -> Any:
    """The value with wildcards replaced, "in values only, one pass, after merging".

    `chosen` is the one value that each list-valued wildcard has in the list element at hand.
    """
    if isinstance(value, dict):
        return {name: expanded(inner, rule.key(name), bindings, chosen) for name, inner in value.items()}
    if isinstance(value, list):
        return expanded_list(value, rule, bindings)
    if isinstance(value, str):
        return replaced(value, Bindings({**bindings.values, **chosen}, bindings.known))
    return value


def expanded_list(elements: list[Any], rule: Rule, bindings: Bindings) -> list[Any]:
    result = []
    for element in elements:
        # The text: "a list-valued one expands its innermost enclosing list element"; "two list-valued ones multiply"
        names = [name for name in names_outside_lists(element) if isinstance(bindings.values.get(name), list)]
        names = list(dict.fromkeys(names))
        for values in product(*(bindings.values[name] for name in names)):
            chosen = dict(zip(names, values, strict=True))
            result.append(expanded(element, rule.element(), bindings, chosen))
    if len(result) > LARGEST_LIST:
        raise Refused("WLD005")
    if rule.said().get("x-merge") == "by-key":
        # WLD004 "two elements with the same key after expansion"
        fields = rule.said().get("x-unique", [rule.said()["x-key"]])
        if any_twice([[element.get(field) for field in fields] for element in result]):
            raise Refused("WLD004")
    return result


def names_outside_lists(value: Any) -> Iterator[str]:
    """Wildcards of an element for which it is the innermost list element."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from names_outside_lists(inner)
    if isinstance(value, str):
        yield from (match[1] for match in PERCENT.finditer(value) if match[1])


def replaced(text: str, bindings: Bindings) -> Any:
    for match in PERCENT.finditer(text):
        if match[0] == "%":
            raise Refused("WLD003")
        if match[1] and match[1] not in bindings.known:
            raise Refused("WLD001")  # "An unknown wildcard is an error"
        if match[1] and match[1] not in bindings.values:
            raise Refused("WLD002")
    alone = PERCENT.fullmatch(text)
    if alone and alone[1]:
        return bindings.values[alone[1]]  # "A value that is one wildcard alone takes the bound value's type."
    return PERCENT.sub(lambda match: written_out(bindings.values[match[1]]) if match[1] else "%", text)


def written_out(value: Any) -> str:
    if isinstance(value, list):
        raise Refused("WLD002")
    return str(value).lower() if isinstance(value, bool) else str(value)
