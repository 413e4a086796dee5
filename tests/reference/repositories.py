"""Random deployment repositories, most of them valid, for properties of whatever resolves them.

Trees, labels and lock files satisfy the bundled platform's schemas of topology.yaml and topology.lock.yaml; component
schemas have the shape of the bundled ones (`x-file`, `kind`, closed maps). About one repository in seven is refused;
each of those carries one deliberate mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

import yaml
from hypothesis import strategies as st

from tests.reference.resolver import (
    LOCK,
    ROOT,
    TOPOLOGY,
    Node,
    Refused,
    Rule,
    bound_at,
    map_over,
    node_named,
    nodes_of,
    outer_to_inner,
)

LEVELS = ("group", "subscription", "region", "partition", "platform")
COMPONENTS = ("alpha", "beta", "gamma")
WORDS = ("red", "green", "10", "no", "a b: c", "")
MOST_NODES = 14
MOST_FILES = 40

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Repository(NamedTuple):
    files: dict[str, Any]  # path to parsed content
    schemas: dict[str, dict[str, Any]]  # component to JSON Schema
    levels: list[str]  # the platform's, outermost first


@st.composite
def repositories(draw: Draw, *, mistakes: bool = True, leaf_values: bool = False) -> Repository:
    """A deployment repository, the schemas of its components, the platform's levels.

    `mistakes=False` leaves the deliberate ones out. `leaf_values=True` adds leaf values beside namespaces (a number, a
    second list) and keys that may hold text or a number; the bundled topology schema does not know such values.
    """
    levels = [level for level in LEVELS if draw(st.booleans())][:4] or ["platform"]
    files = draw(topologies(levels, leaf_values=leaf_values))
    components = COMPONENTS[: draw(st.integers(1, 3))]
    schemas = {component: draw(schemas_of(component, loose=leaf_values)) for component in components}
    writer = Writer(draw, files, schemas, nodes_of(files, levels), levels)
    writer.write_overlays()
    if mistakes and draw(st.sampled_from([False] * 4 + [True])):  # shrinks to False
        draw(st.sampled_from(MISTAKES))(writer)
    return Repository(files, schemas, levels)


def as_yaml(value: object) -> str:
    """The text of a file with this content: block style, no anchors, every text that is not a plain word quoted.

    YAML 1.1 and 1.2 read it alike: `no`, `1e3` and `%region%-x` are quoted.
    """
    return yaml.dump(value, Dumper=_QuotingDumper, sort_keys=False, allow_unicode=True, width=1_000_000)


class _QuotingDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


PLAIN_WORD = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z][a-z-]*[a-z]", re.IGNORECASE | re.ASCII)


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if PLAIN_WORD.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_QuotingDumper.add_representer(str, _text_node)


# ---- the tree ----


@st.composite
def topologies(draw: Draw, levels: Sequence[str], *, leaf_values: bool) -> dict[str, Any]:
    """topology.yaml and, where something was discovered, usually topology.lock.yaml."""
    tree = Tree(draw, levels, leaf_values=leaf_values)
    nodes = tree.siblings(-1, "")
    topology = {"apiVersion": "sheriff/v1", "kind": "Topology", "application": "shop", "nodes": nodes}
    if draw(st.booleans()):
        topology["levels"] = list(levels)
    files = {TOPOLOGY: topology}
    if tree.discovered and draw(st.integers(0, 4)) < 4:
        files[LOCK] = {
            "apiVersion": "sheriff/v1",
            "kind": "TopologyLock",
            "application": "shop",
            "takenAt": "2026-11-16T01:04:37Z",
            "discovered": tree.discovered,
        }
    return files


@dataclass
class Tree:
    draw: Draw
    levels: Sequence[str]
    leaf_values: bool
    left: int = MOST_NODES  # how many nodes may still have siblings
    discovered: list[dict[str, Any]] = field(default_factory=list)

    def siblings(self, above: int, path: str, *, may_discover: bool = True) -> list[dict[str, Any]]:
        """Nodes below the one at `path`, which is at level number `above`."""
        count = self.draw(st.integers(1, min(3, max(1, self.left))))
        self.left -= count
        # the same names occur in several branches and, `x`, at several levels: short folders may be ambiguous
        level = self.levels[above + 1][:2]
        names = self.draw(st.permutations([f"{level}-a", f"{level}-b", f"{level}-c", "x"]))[:count]
        return [self.node(name, above, path, may_discover=may_discover) for name in names]

    def node(self, name: str, above: int, parent: str, *, may_discover: bool) -> dict[str, Any]:
        draw, last = self.draw, len(self.levels) - 1
        number = min(last, above + 1 + max(0, draw(st.integers(0, 7)) - 5))
        node: dict[str, Any] = {"name": name}
        if number > above + 1 or draw(st.integers(0, 9)) == 9:
            node["level"] = self.levels[number]
        if labels := draw(LABELS if parent else ROOT_LABELS):
            node["labels"] = labels
        path = f"{parent}/{name}".lstrip("/")
        if number == last:
            self.add_leaf_values(node)
        elif may_discover and draw(st.integers(0, 5)) == 5:
            found = {"from": "openshift", "selector": {"app": "shop"}}
            node["discover"] = found
            below = self.siblings(number, path, may_discover=False)
            self.discovered.append({"node": path, **found, "nodes": below})
        else:
            node["nodes"] = self.siblings(number, path, may_discover=may_discover)
        return node

    def add_leaf_values(self, leaf: dict[str, Any]) -> None:
        if self.draw(st.integers(0, 5)) < 5:
            leaf["namespaces"] = self.draw(some_of(["ns-a", "ns-b", "ns-c"]))
        if self.leaf_values:
            leaf["size"] = self.draw(st.sampled_from([3, 1.5, True, "large"]))
            leaf["zones"] = self.draw(some_of(["z1", "z2"]))


def some_of(values: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=len(values), unique=True)


STAGES = st.sampled_from(["production", "test", "100"])
ROOT_LABELS = st.fixed_dictionaries({}, optional={"stage": STAGES, "tier": st.just("gold")})
LABELS: st.SearchStrategy[dict[str, str]] = st.one_of(st.just({}), st.just({}), st.just({}), ROOT_LABELS)


# ---- schemas ----


@st.composite
def schemas_of(draw: Draw, component: str, *, loose: bool) -> dict[str, Any]:
    kind = component.capitalize()
    properties = draw(properties_of(depth=2, loose=loose))
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://devinsight.example/schemas/{component}.schema.json",
        "title": kind,
        "x-file": f"{component}.yaml",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "additionalProperties": False,
        "properties": {"apiVersion": {"const": "sheriff/v1"}, "kind": {"const": kind}, **properties},
    }
    if draw(st.booleans()):
        move_elements_behind_references(schema)
    return schema


@st.composite
def properties_of(draw: Draw, *, depth: int, loose: bool) -> dict[str, Any]:
    names = ["one", "two", "three"][: draw(st.integers(1, 3))]
    return {name: draw(values_of(depth=depth, loose=loose)) for name in names}


def values_of(*, depth: int, loose: bool) -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from([{"type": "string"}, {"type": "string"}, {"type": "integer"}, {"type": "boolean"}])
    # a lock is rare enough that most values can still be overridden
    final = one.map(lambda schema: {**schema, "x-final": True})
    plain = one if not loose else one | st.just({"type": ["string", "number", "boolean"]})
    merges = st.sampled_from([{}, {"x-merge": "append"}, {"x-merge": "unique"}])
    plain_list = merges.map(lambda merge: {"type": "array", "items": {"type": "string"}, **merge})
    if depth == 0:
        return st.one_of(plain, plain, plain_list)
    return st.one_of(
        plain,
        final,
        plain_list,
        maps_of(depth=depth - 1, loose=loose),
        keyed_lists_of(depth=depth - 1, loose=loose),
        keyed_lists_of(depth=depth - 1, loose=loose),
    )


@st.composite
def maps_of(draw: Draw, *, depth: int, loose: bool) -> dict[str, Any]:
    properties = draw(properties_of(depth=depth, loose=loose))
    return {"type": "object", "additionalProperties": False, "properties": properties}


@st.composite
def keyed_lists_of(draw: Draw, *, depth: int, loose: bool) -> dict[str, Any]:
    element = draw(maps_of(depth=depth, loose=loose))
    element["properties"] = {"name": {"type": "string"}, **element["properties"]}
    element["required"] = ["name"]
    schema = {"type": "array", "x-merge": "by-key", "x-key": "name", "items": element}
    if draw(st.booleans()):
        element["properties"]["where"] = {"type": "string"}
        schema["x-unique"] = ["where", "name"]
    return schema


def move_elements_behind_references(schema: dict[str, Any]) -> None:
    for name, value in schema["properties"].items():
        if "items" in value and "properties" in value["items"]:
            schema.setdefault("$defs", {})[name] = value["items"]
            value["items"] = {"$ref": f"#/$defs/{name}"}


# ---- overlays ----


@dataclass
class Writer:
    """Writes overlays from the root inwards, knowing at each node what the outer files have made."""

    draw: Draw
    files: dict[str, Any]
    schemas: dict[str, dict[str, Any]]
    nodes: list[Node]
    levels: list[str]
    placed: dict[tuple[str, str], str] = field(default_factory=dict)  # (node, component) to file

    def write_overlays(self) -> None:
        made: dict[tuple[str, str], dict[str, Any]] = {}  # (node, component) to what holds there and below
        for path in [ROOT, *(node.path for node in self.nodes)]:
            for component in self.schemas:
                outer = made.get((path.rpartition("/")[0], component), {}) if path else {}
                made[path, component] = outer
                if len(self.files) < MOST_FILES - 2 and self.draw(st.integers(0, 5)) >= (1 if path == ROOT else 3):
                    rule = Rule(self.schemas[component])
                    content = self.map_for(outer, rule, Wildcards.below(path, self), in_list=False)
                    self.place(path, component, content)
                    made[path, component] = map_over(outer, content, rule)

    def place(self, path: str, component: str, content: dict[str, Any]) -> None:
        """Adds to the file of the component at the node, or makes one, usually under the full path."""
        if (path, component) not in self.placed:
            folder = self.draw(st.sampled_from([path, path, path, *self.short_folders(path)]))
            file = f"{folder}/{component}.yaml".lstrip("/")
            self.placed[path, component] = file
            self.files[file] = {"apiVersion": "sheriff/v1", "kind": component.capitalize()}
        self.files[self.placed[path, component]].update(content)

    def short_folders(self, path: str) -> list[str]:
        *outer, own = path.split("/")
        shorter = [["/".join((*some, own)) for some in combinations(outer, count)] for count in range(len(outer))]
        return [folder for folders in shorter for folder in folders if self.names(folder) == path]

    def names(self, folder: str) -> str | None:
        try:
            return node_named(folder, self.nodes)
        except Refused:
            return None

    def map_for(self, outer: dict[str, Any], rule: Rule, wildcards: Wildcards, *, in_list: bool) -> dict[str, Any]:
        content = {}
        for name in rule.said()["properties"]:
            if name in {"apiVersion", "kind"} or self.draw(st.integers(0, 2)) == 0:
                continue
            inner = rule.key(name)
            if name not in outer:
                content[name] = self.value_for(None, inner, wildcards, in_list=in_list)
            elif not inner.said().get("x-final"):
                removes = self.draw(st.integers(0, 5)) == 5
                value = None if removes else self.value_for(outer[name], inner, wildcards, in_list=in_list)
                content[name] = value
        return content

    def value_for(self, outer: Any, rule: Rule, wildcards: Wildcards, *, in_list: bool) -> Any:
        said = rule.said()
        match said["type"]:
            case "object":
                return self.map_for(outer or {}, rule, wildcards, in_list=in_list)
            case "array" if said.get("x-merge") == "by-key":
                return self.elements_for(outer or [], rule, wildcards)
            case "array":
                entries = st.lists(wildcards.texts(lists=True), max_size=3, unique=said.get("x-merge") == "unique")
                return self.draw(entries)
            case single:
                return self.draw(single_values(single, wildcards.texts(lists=in_list)))

    def elements_for(self, outer: list[dict[str, Any]], rule: Rule, wildcards: Wildcards) -> list[dict[str, Any]]:
        there = {element["name"]: element for element in outer}
        keys = [key for key in ("k1", "k2", "%namespace%", "k-%namespace%") if wildcards.may_use(key)]
        names = self.draw(st.lists(st.sampled_from([*keys, *there]), max_size=3, unique=True))
        return [self.element_for(name, there.get(name, {}), rule, wildcards) for name in names]

    def element_for(self, name: str, outer: dict[str, Any], rule: Rule, wildcards: Wildcards) -> dict[str, Any]:
        # a list-valued wildcard beside the key repeats the element, so the key has to tell the copies apart
        unlike = "%" in name
        rest = self.map_for({**outer, "name": name}, unnamed(rule.element()), wildcards, in_list=unlike)
        if "where" in rest and rest["where"] is not None:
            rest["where"] = self.draw(wildcards.texts(lists=True))
        return {"name": name, **rest}


def single_values(types: str | list[str], texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    by_type = {"string": texts, "integer": st.integers(0, 9), "number": st.integers(0, 9), "boolean": st.booleans()}
    return st.one_of([by_type[name] for name in ([types] if isinstance(types, str) else types)])


def unnamed(rule: Rule) -> Rule:
    said = rule.said()
    return Rule(rule.schema, {**said, "properties": {k: v for k, v in said["properties"].items() if k != "name"}})


@dataclass
class Wildcards:
    """Those with a value at every leaf below a node."""

    single: list[str]
    listed: list[str]

    @classmethod
    def below(cls, path: str, writer: Writer) -> Wildcards:
        leaves = [node for node in writer.nodes if node.leaf and path in outer_to_inner(node.path)]
        bound = [bound_at(leaf, writer.files) for leaf in leaves] or [{}]
        shared = [name for name in bound[0] if all(name in other for other in bound)]
        listed = [name for name in shared if isinstance(bound[0][name], list)]
        return cls([name for name in shared if name not in listed], listed)

    def may_use(self, text: str) -> bool:
        return "%namespace%" not in text or "namespace" in self.listed

    def texts(self, *, lists: bool) -> st.SearchStrategy[str]:
        names = [*self.single, *(self.listed if lists else [])]
        word = st.sampled_from(WORDS)
        if not names:
            return word
        wildcard = st.sampled_from(names).map(lambda name: f"%{name}%")
        part = st.one_of(wildcard, st.sampled_from(["-", "/", "%%", "red"]))
        return st.one_of(word, wildcard, wildcard, st.lists(part, min_size=2, max_size=3).map("".join))


# ---- deliberate mistakes ----


def component_of(writer: Writer) -> tuple[str, dict[str, Any]]:
    component = next(iter(writer.schemas))
    return component, writer.schemas[component]["properties"]


def deepest(writer: Writer) -> str:
    leaves = [node.path for node in writer.nodes if node.leaf or node.undiscovered]
    return str(writer.draw(st.sampled_from(leaves)))


def with_text(text: str) -> Callable[[Writer], None]:
    def write(writer: Writer) -> None:
        component, properties = component_of(writer)
        properties["odd"] = {"type": "string"}
        writer.place(writer.draw(st.sampled_from([ROOT, deepest(writer)])), component, {"odd": text})

    return write


def with_null(writer: Writer) -> None:
    component, properties = component_of(writer)
    properties["odd"] = {"type": "string"}
    writer.place(deepest(writer), component, {"odd": None})


def with_two(outer: Any, deeper: Any, schema: Mapping[str, Any]) -> Callable[[Writer], None]:
    """One value at the root, another at a leaf, that do not go together."""

    def write(writer: Writer) -> None:
        component, properties = component_of(writer)
        properties["odd"] = schema
        writer.place(ROOT, component, {"odd": outer})
        writer.place(deepest(writer), component, {"odd": deeper})

    return write


def with_same_key(*names: str) -> Callable[[Writer], None]:
    element = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    schema = {"type": "array", "x-merge": "by-key", "x-key": "name", "items": element}

    def write(writer: Writer) -> None:
        component, properties = component_of(writer)
        properties["odd"] = schema
        writer.place(ROOT, component, {"odd": [{"name": name} for name in names]})

    return write


def with_folder(*folders: str) -> Callable[[Writer], None]:
    def write(writer: Writer) -> None:
        component, _ = component_of(writer)
        folder = writer.draw(st.sampled_from(folders))
        writer.files[f"{folder}/{component}.yaml"] = {"apiVersion": "sheriff/v1", "kind": component.capitalize()}

    return write


def with_ambiguous_folder(writer: Writer) -> None:
    names = [node.path.rpartition("/")[2] for node in writer.nodes]
    twice = sorted({name for name in names if names.count(name) > 1 and writer.names(name) is None})
    with_folder(*(twice or ["nowhere"]))(writer)


def with_unknown_component(writer: Writer) -> None:
    writer.files["omega.yaml"] = {"apiVersion": "sheriff/v1", "kind": "Omega"}


def with_twin(writer: Writer) -> None:
    first = writer.files[TOPOLOGY]["nodes"][0]
    writer.files[TOPOLOGY]["nodes"].append(dict(first))


def with_wrong_level(writer: Writer) -> None:
    below = writer.files[TOPOLOGY]["nodes"][0].setdefault("nodes", [])
    writer.files[TOPOLOGY]["nodes"][0].pop("discover", None)
    below.append({"name": "odd", "level": writer.levels[0]})


def with_high_leaf(writer: Writer) -> None:
    if len(writer.levels) > 1:
        writer.files[TOPOLOGY]["nodes"].append({"name": "odd"})


MISTAKES: list[Callable[[Writer], None]] = [
    with_text("%nope%"),
    with_text("%namespace%-x"),
    with_text("%stage%"),
    with_text("90 % full"),
    with_null,
    with_two(3, {"a": 1}, {"type": ["integer", "object"]}),
    with_two(3, [1], {"type": ["integer", "array"]}),
    with_two(3, 4, {"type": "integer", "x-final": True}),
    with_two(3, None, {"type": "integer", "x-final": True}),
    with_same_key("k", "k"),
    with_same_key("%application%", "shop"),
    with_folder("nowhere", "x/nowhere"),
    with_ambiguous_folder,
    with_unknown_component,
    with_twin,
    with_wrong_level,
    with_high_leaf,
]
