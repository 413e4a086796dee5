"""A schema asked without unfolding its variants: each choice between them is decided as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote

from knowledge.validation.drafts import dated
from knowledge.validation.schema import Schema, element_parts, property_parts, validator_of
from knowledge.validation.weights import DEEPEST, MANY, MULTIPLYING, VARIANTS, WATCHING, Part, in_place, schemas

ROOM: Final = 10_000  # faults that are unfolded for a small file, and for a large one
LARGEST_ROOM: Final = 40_000
MOST_BUILT: Final = 100  # parts of a schema that get a validator of their own
WHOLE: Final = "urn:sheriff:whole"
_MAPS: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_SINGLE: Final = (
    *("items", "additionalItems", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"),
    "contentSchema",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that satisfies none of the variants at a place of the schema; its place is that of the value."""

    path: tuple[str | int, ...]
    part: Part
    keyword: str
    key: str | None = None  # where the variants are for the names of keys: the one that is refused


@lru_cache(maxsize=100)
def folded(schema: Schema) -> Folded | None:
    """How a schema is asked whose variants multiply; None when they do not.

    Raises Misuse when they multiply beyond what any validator decides."""
    plain = Schema(dated(schema.document), origin=schema.origin)
    plain.require_decidable()
    return Folded(plain) if plain.weights.multiply(plain.document) else None


class Folded:
    """A schema whose variants are decided as one each, without a word about the single ones."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._folding = _Folding(schema)
        self._parts = _Parts(schema.document)

    @cached_property
    def validator(self) -> Any:
        return validator_of(self._folding.document)

    def refusal(self, error: Any) -> Refusal | None:
        """The variants that an error of this validator is about; None for one about anything else."""
        path, key = tuple(error.instance_path), None
        if error.kind.name == "propertyNames":
            error = error.kind.as_dict()["error"]
            key = error.instance
        asked = error.kind.as_dict().get("schema") if error.kind.name == "not" else None
        mark = self._folding.marks.get(asked.get("$ref", "")) if isinstance(asked, dict) else None
        return Refusal(path, *mark, key) if mark is not None else None

    def fits(self, refusals: Sequence[Refusal], value: Any, room: int) -> bool:
        """Whether so many faults at most come out when the variants of these refusals are unfolded.

        Without a refusal the whole value is meant: no variant is refused, but what none of them knows."""
        if not refusals:
            return self._unfolded([self._schema.document], value, room) <= room
        for refusal in refusals:
            at = value
            for step in refusal.path:
                at = at[step]
            room -= self._least(refusal, at if refusal.key is None else refusal.key, room)
            if room < 0:
                return False
        return True

    def _least(self, refusal: Refusal, value: Any, room: int) -> int:
        """How many faults of the variants there are at most, looked at more closely when they seem too many."""
        variants = list(schemas(refusal.part.get(refusal.keyword, ())))
        seen = self._unfolded(variants, value, room)
        return seen if seen <= room else self._unfolded(variants, value, room, accepts=self._parts.accept)

    def _unfolded(
        self,
        parts: Iterable[Part],
        value: Any,
        room: int,
        accepts: Callable[[Part, Any], bool] = lambda part, value: False,  # noqa: ARG005
    ) -> int:
        """How many faults of these parts there are at most; more than `room` when it is more, or too deep.

        What is in a value is left out where it is known to be accepted."""
        stack: list[tuple[Part, Any, int]] = [(part, value, 1) for part in parts]
        visited = 0
        while stack:
            part, at, depth = stack.pop()
            visited += 1
            if visited > room or depth > DEEPEST:
                return room + 1
            for keyword, inner in in_place(part, self._schema.target):
                stack.append((inner, at, depth + (keyword in VARIANTS)))
            for inner, child in _children(part, at):
                if isinstance(inner, dict) and not accepts(inner, child):
                    stack.append((inner, child, depth))
        return visited


class _Parts:
    """Whether a value is accepted by a part of a schema; a validator for each part that is asked."""

    def __init__(self, document: Part) -> None:
        self._document = document
        self._validators: dict[int, Any] = {}

    def accept(self, part: Part, value: Any) -> bool:
        if id(part) not in self._validators:
            self._validators[id(part)] = self._built(part) if len(self._validators) < MOST_BUILT else None
        validator = self._validators[id(part)]
        return validator is not None and bool(validator.is_valid(value))

    def _built(self, part: Part) -> Any:
        """None for a part that cannot be asked alone, such as one that refers to what it stands in by another name."""
        import jsonschema_rs

        alone = {"$schema": self._document["$schema"], "allOf": [{"$ref": f"{WHOLE}#{self._pointers[id(part)]}"}]}
        try:
            return validator_of(alone, registry=self._registry)
        except (ValueError, jsonschema_rs.ReferencingError, jsonschema_rs.ValidationError):
            return None

    @cached_property
    def _registry(self) -> Any:
        import jsonschema_rs

        return jsonschema_rs.Registry([(WHOLE, dict(self._document))])

    @cached_property
    def _pointers(self) -> Mapping[int, str]:
        """Where each part stands, as a JSON pointer."""
        found: dict[int, str] = {}
        stack: list[tuple[Any, str]] = [(self._document, "")]
        while stack:
            node, pointer = stack.pop()
            if isinstance(node, dict):
                found.setdefault(id(node), pointer)
                stack += ((inner, f"{pointer}/{_escaped(key)}") for key, inner in node.items())
            elif isinstance(node, list):
                stack += ((inner, f"{pointer}/{index}") for index, inner in enumerate(node))
        return found


def _escaped(key: str) -> str:
    return quote(key.replace("~", "~0").replace("/", "~1"))


def _children(part: Part, value: Any) -> Iterator[tuple[Any, Any]]:
    """The parts that speak about what is in a value."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield from ((inner, child) for inner in property_parts(part, name))
            if "propertyNames" in part:
                yield part["propertyNames"], name
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from ((inner, child) for inner in element_parts(part, index))


class _Folding:
    """A copy in which `anyOf: […]` is `not: {not: {anyOf: […]}}`: that is decided alike, and refused in one word.

    What was folded stands under `$defs`, so references into it are led there. No recursion: schemas may be deep."""

    def __init__(self, schema: Schema) -> None:
        self.marks: dict[str, tuple[Part, str]] = {}
        self._schema = schema
        self._moved: dict[tuple[int, str], str] = {}
        self._stack: list[tuple[Part, dict[str, Any], Part, dict[str, Any]]] = []
        self._references: list[tuple[dict[str, Any], str, Part]] = []
        self.document = self._folded()

    def _folded(self) -> dict[str, Any]:
        document: dict[str, Any] = {}
        self._stack.append((self._schema.document, document, self._schema.document, document))
        while self._stack:
            self._fill(*self._stack.pop())
        for made, reference, home in self._references:
            made["$ref"] = self._led(reference, home)
        return document

    def _fill(self, part: Part, made: dict[str, Any], home: Part, made_home: dict[str, Any]) -> None:
        """Copy a part; `home` is the outermost part around it from which its references are read."""
        if isinstance(part.get("$id"), str) and not part["$id"].startswith("#"):
            home, made_home = part, made

        def copy(inner: Any) -> Any:
            if not isinstance(inner, dict):
                return inner
            target: dict[str, Any] = {}
            self._stack.append((inner, target, home, made_home))
            return target

        made |= {keyword: _copied(keyword, inner, copy) for keyword, inner in part.items() if keyword not in WATCHING}
        if isinstance(part.get("$ref"), str):
            self._references.append((made, part["$ref"], home))
        heavy = self._schema.weights.of(part) > MANY
        for keyword in (*(MULTIPLYING if heavy else ()), *VARIANTS):
            if isinstance(made.get(keyword), (list, dict)):
                self._fold(part, keyword, made, made_home)

    def _fold(self, part: Part, keyword: str, made: dict[str, Any], home: dict[str, Any]) -> None:
        name = f"folded-{len(self.marks)}"
        home.setdefault("$defs", {})[name] = {"not": {keyword: made.pop(keyword)}}
        made["allOf"] = [*made.get("allOf", ()), {"not": {"$ref": f"#/$defs/{name}"}}]
        self.marks[f"#/$defs/{name}"] = (part, keyword)
        self._moved[id(part), keyword] = f"#/$defs/{name}/not/{keyword}"

    def _led(self, reference: str, home: Part) -> str:
        """A reference to where its target stands now."""
        address, _, fragment = reference.partition("#")
        if not fragment.startswith("/"):
            return reference
        node: Any = self._schema.target(address) if address else home
        pointer = "#"
        for raw in fragment.split("/")[1:]:
            step = unquote(raw).replace("~1", "/").replace("~0", "~")
            pointer = self._moved.get((id(node), step), f"{pointer}/{raw}")
            if isinstance(node, dict):
                node = node.get(step)
            else:
                node = node[int(step)] if isinstance(node, list) and step.isdigit() and int(step) < len(node) else None
        return address + pointer


def _copied(keyword: str, inner: Any, copy: Callable[[Any], Any]) -> Any:
    if keyword in _MAPS and isinstance(inner, Mapping):
        return {name: copy(part) for name, part in inner.items()}
    if keyword in _LISTS and isinstance(inner, list):
        return [copy(part) for part in inner]
    return copy(inner) if keyword in _SINGLE else inner
