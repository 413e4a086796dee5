"""What a schema refuses, as a tree of faults, and which of them are the causes rather than the consequences."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from knowledge.validation.folding import LARGEST_ROOM, ROOM, Folded, Refusal, folded
from knowledge.validation.portions import portions
from knowledge.validation.schema import Schema
from knowledge.validation.tree import AliasNode, Node, Path, ScalarNode, children, node_at, path_of, resolved

MAX_FAULTS = 200
LARGE = 20_000  # characters; below it no number of faults takes long
MAX_LEAVES = 5_000
MAX_ERRORS = 20_000
MAX_COPIED = 20_000_000  # characters that faults would hold in all
PORTION = 5_000  # values that are looked at together to find out whether a value has too many faults
_OF_THE_WHOLE = frozenset(
    {"required", "minItems", "minProperties", "contains", "minContains", "anyOf", "oneOf", "dependentRequired"}
)  # what a part of a value breaks though the whole may not
FOLDED: dict[str, Any] = {"folded": True}  # of a choice whose variants are too many to be told apart
UNDECIDED = "undecided"  # a keyword that refuses a value, and nothing more is known about why
WILDCARD = re.compile(r"%[a-z0-9_-]+%")
_OF_TEXT = frozenset(
    {"pattern", "enum", "const", "format", "type", "minLength", "maxLength", "contentEncoding", "contentMediaType"}
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal at one place; `data` holds the numbers and names that belong to the keyword."""

    path: Path
    keyword: str
    data: dict[str, Any]
    where: tuple[str | int, ...]  # the keyword's place in the schema
    branches: tuple[tuple[Fault, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Lens:
    """What is looked at and what is left to later stages."""

    schema: Schema
    root: Node
    fragment: bool = False  # a piece of a file: keys missing at the top are elsewhere
    alone: bool = False  # no other file is there that could set what this one leaves out


def faults(lens: Lens, value: Any) -> list[Fault]:
    """Everything the schema refuses, without what only later stages can decide.

    Raises Misuse for a schema whose variants multiply beyond what can be decided."""
    branching = folded(lens.schema)
    validator = lens.schema.validator
    if validator.is_valid(value):
        return []
    length = lens.root.end.index - lens.root.start.index
    asked = branching.validator if branching is not None else validator
    if length > LARGE and (many := _too_many(lens, value, asked)):
        return many
    if branching is not None and (coarse := _coarse(branching, value, min(ROOM + 2 * length, LARGEST_ROOM))):
        return [kept for fault in coarse if (kept := _kept(fault, lens)) is not None]
    found: list[Fault] = []
    for error in validator.iter_errors(value):
        kept = _kept(_fault(error), lens)
        found += [kept] if kept is not None else []
        if len(found) >= MAX_FAULTS:
            break
    return found


def _coarse(branching: Folded, value: Any, room: int) -> list[Fault]:
    """The faults with one for each choice between variants; none when those of all variants fit into the room."""
    found: list[Fault] = []
    refusals: list[Refusal] = []
    for error in branching.validator.iter_errors(value):
        refusal = branching.refusal(error)
        refusals += [refusal] if refusal is not None else []
        found.append(_fault(error) if refusal is None else _of_all_variants(refusal))
    if (found and not refusals) or branching.fits(refusals, value, room):
        return []
    return found[:MAX_FAULTS] or [Fault((), UNDECIDED, {"keyword": "unevaluatedProperties"}, ())]


def _of_all_variants(refusal: Refusal) -> Fault:
    varied = refusal.keyword in {"anyOf", "oneOf"}
    keyword, data = (refusal.keyword, FOLDED) if varied else (UNDECIDED, {"keyword": refusal.keyword})
    fault = Fault(refusal.path, keyword, data, ())
    if refusal.key is None:
        return fault
    return Fault(refusal.path, "propertyNames", {"inner": fault, "key": refusal.key}, ())


def _too_many(lens: Lens, value: Any, validator: Any) -> list[Fault]:
    """The first faults with their keyword only, where all of them with their values would fill the memory; else none.

    Each fault holds a copy of the value it is about. They are counted in portions of the value."""
    first: list[Fault] = []
    told: set[tuple[str, str]] = set()  # in earlier portions: of what is cut, each complains again
    count = copied = 0
    for portion in portions(value, PORTION):
        here: set[tuple[str, str]] = set()
        for error in validator.evaluate(portion.value).errors():
            pointer, schema = portion.moved(error["instanceLocation"]), error["schemaLocation"]
            keyword = schema.rpartition("/")[2]
            keyword = "anyOf" if keyword == "not" and validator is not lens.schema.validator else keyword
            if (pointer, schema) in told or (pointer in portion.cut and keyword in _OF_THE_WHOLE):
                continue
            here.add((pointer, schema))
            path = path_of(lens.root, pointer)
            node = node_at(lens.root, path)
            count, copied = count + 1, copied + (node.end.index - node.start.index if node is not None else 0)
            if len(first) < MAX_FAULTS:
                first.append(Fault(path, keyword, {}, ()))
            if count > MAX_ERRORS or copied > MAX_COPIED:
                kept = (_kept(fault, lens) for fault in first)
                return [replace(f, keyword=UNDECIDED, data={"keyword": f.keyword}) for f in kept if f is not None]
        told |= here
    return []


def _fault(error: Any) -> Fault:
    kind = error.kind
    path, where = tuple(error.instance_path), tuple(error.schema_path)
    if hasattr(kind, "context"):
        branches = tuple(tuple(_fault(inner) for inner in branch) for branch in kind.context)
        return Fault(path, kind.name, {}, where, branches)
    data = kind.as_dict()
    if kind.name == "propertyNames":
        inner = _fault(data["error"])
        return Fault(path, "propertyNames", {"inner": inner, "key": data["error"].instance}, where)
    if set(data) == {"error"}:  # the pattern took too long
        return Fault(path, UNDECIDED, {"keyword": kind.name}, where)
    return Fault(path, kind.name, data, where)


def _kept(fault: Fault, lens: Lens) -> Fault | None:
    """The fault as far as it can be judged now; None when it cannot."""
    if fault.branches:
        branches = tuple(
            tuple(kept for inner in branch if (kept := _kept(inner, lens)) is not None) for branch in fault.branches
        )
        multiple = any(not branch for branch in fault.branches)
        if not multiple and any(not branch for branch in branches):
            return None
        return replace(fault, branches=branches)
    if lens.fragment and fault.keyword == "required" and not fault.path:
        return None
    node = node_at(lens.root, fault.path)
    if isinstance(node, AliasNode) and node.target is None:
        return None
    if fault.data is FOLDED and node is not None and _is_open(node, lens.schema):
        return None
    return None if node is not None and _later(fault, resolved(node), lens.schema) else fault


def _later(fault: Fault, node: Node, schema: Schema) -> bool:
    if not isinstance(node, ScalarNode) or not schema.of_platform or fault.path in {("kind",), ("apiVersion",)}:
        return False
    if schema.overlay and node.value is None and not node.empty and fault.path:
        return fault.keyword in _OF_TEXT  # `null` removes what an outer file set
    if isinstance(node.value, str) and WILDCARD.search(node.text):
        return fault.keyword in _OF_TEXT
    return False


def _is_open(node: Node, schema: Schema) -> bool:
    """Whether somewhere in a value stands what is only known later, so that no variant can be ruled out."""
    if not schema.of_platform:
        return False
    stack, seen = [node], set[int]()
    while stack:
        inner = resolved(stack.pop())
        if id(inner) in seen:
            continue
        seen.add(id(inner))
        if isinstance(inner, ScalarNode) and (
            (inner.value is None and not inner.empty and schema.overlay) or WILDCARD.search(inner.text)
        ):
            return True
        stack += children(inner)
    return False


def causes(lens: Lens, found: Sequence[Fault]) -> list[Fault]:
    """The faults that a person would mend, without those that follow from them."""
    leaves = _unconditional(lens, list(islice(_leaves(found), MAX_LEAVES)))
    specific = {leaf.path for leaf in leaves if leaf.keyword != "unevaluatedProperties"}
    kept: dict[tuple[Path, str, str], Fault] = {}
    for leaf in leaves:
        cause: Fault | None = leaf
        if leaf.keyword.startswith("unevaluated") and any(path[: len(leaf.path)] == leaf.path for path in specific):
            cause = _undeclared_only(leaf, lens.schema)
        for single in _singles(cause) if cause else ():
            kept.setdefault((single.path, single.keyword, str(single.data)), single)
        if len(kept) >= MAX_FAULTS:
            break
    return list(kept.values())[:MAX_FAULTS]


def _unconditional(lens: Lens, leaves: Sequence[Fault]) -> list[Fault]:
    """Without what `then` and `else` ask for because of a key that is missing: with the key they may not apply."""
    conditional = [any(step in {"then", "else"} for step in leaf.where) for leaf in leaves]
    missing = {
        (leaf.path, leaf.data.get("property"))
        for leaf, depends in zip(leaves, conditional, strict=True)
        if leaf.keyword == "required" and not depends
    }
    if not missing:
        return list(leaves)
    return [
        leaf
        for leaf, depends in zip(leaves, conditional, strict=True)
        if not depends
        or not any(
            (leaf.path[:length], name) in missing
            for name in lens.schema.tested(leaf.where)
            for length in range(len(leaf.path) + 1)
        )
    ]


def _undeclared_only(fault: Fault, schema: Schema) -> Fault | None:
    """A fault about keys no part of the schema looked at, reduced to those that no part names."""
    known = schema.declared(fault.path)
    unexpected = [name for name in fault.data.get("unexpected", ()) if name not in known]
    return replace(fault, data={"unexpected": unexpected}) if unexpected else None


def _singles(fault: Fault) -> Iterator[Fault]:
    """One fault a key where a keyword complains about several."""
    if fault.keyword in {"additionalProperties", "unevaluatedProperties"}:
        for name in fault.data.get("unexpected", ()):
            yield replace(fault, keyword="additionalProperties", data={"key": name})
    else:
        yield fault


def _leaves(found: Iterable[Fault]) -> Iterator[Fault]:
    for fault in found:
        if fault.branches:
            yield from _nearest_branch(fault)
        else:
            yield fault


def _nearest_branch(fault: Fault) -> Iterator[Fault]:
    """The faults of the variant that was most likely meant, or one fault for what all variants want."""
    if any(not branch for branch in fault.branches):
        yield replace(fault, branches=(), data={"variants": sum(not branch for branch in fault.branches)})
        return
    branches = [list(_leaves(branch)) for branch in fault.branches]
    fitting = [b for b in branches if not _is_about(b, fault.path, "type")]
    if not fitting:
        types = [
            name
            for branch in branches
            for leaf in branch
            for name in leaf.data.get("types", ())
            if leaf.path == fault.path
        ]
        yield Fault(fault.path, "type", {"types": list(dict.fromkeys(types))}, fault.where)
        return
    merged = _merged_choice(fitting, fault)
    if merged is not None:
        yield merged
        return
    depth = len(fault.path)
    known = {leaf.path[depth] for branch in fitting for leaf in branch if len(leaf.path) > depth}
    yield from min(fitting, key=lambda branch: _distance(branch, fault.path, known))


def _is_about(branch: Sequence[Fault], path: Path, keyword: str) -> bool:
    return any(leaf.path == path and leaf.keyword == keyword for leaf in branch)


def _distance(branch: Sequence[Fault], path: Path, known: Collection[str | int]) -> tuple[int, int, int]:
    """How far a value is from a variant: a wrong discriminator weighs most, then the number of faults.

    A variant that has no use for a key into which another one looks is as wrong as one with another discriminator."""
    wrong = sum(name in known for leaf in branch if leaf.path == path for name in leaf.data.get("unexpected", ()))
    wrong += sum(leaf.keyword in {"const", "enum"} and len(leaf.path) <= len(path) + 1 for leaf in branch)
    count = sum(len(list(_singles(leaf))) for leaf in branch)
    return wrong, count, -max((len(leaf.path) for leaf in branch), default=0)


def _merged_choice(branches: Sequence[Sequence[Fault]], fault: Fault) -> Fault | None:
    """One fault when every variant asks for another value of the same key, or for another key."""
    if len(branches) < 2 or any(len(branch) != 1 for branch in branches):
        choices = [[leaf for leaf in b if leaf.keyword in {"const", "enum"}] for b in branches]
        paths = {leaf.path for branch in choices for leaf in branch if len(leaf.path) <= len(fault.path) + 1}
        if len(branches) < 2 or not all(choices) or len(paths) != 1:
            return None
        firsts = [branch[0] for branch in choices]
    else:
        firsts = [branch[0] for branch in branches]
    if len({leaf.path for leaf in firsts}) != 1:
        return None
    keywords = {leaf.keyword for leaf in firsts}
    if keywords <= {"const", "enum"}:
        options = [option for leaf in firsts for option in _options(leaf)]
        return Fault(firsts[0].path, "enum", {"options": _distinct(options)}, fault.where)
    if keywords == {"required"}:
        names = list(dict.fromkeys(leaf.data["property"] for leaf in firsts))
        return Fault(firsts[0].path, "required", {"property": names[0], "any": names}, fault.where)
    return None


def _options(fault: Fault) -> list[Any]:
    return list(fault.data["options"]) if fault.keyword == "enum" else [fault.data["expected_value"]]


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list({json.dumps(value, sort_keys=True): value for value in values}.values())
