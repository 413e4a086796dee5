"""One JSON Schema: its names, its validator, and what it says about a place in a file."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import unquote

from knowledge.errors import Misuse
from knowledge.validation.drafts import DRAFT_7, dated
from knowledge.validation.tree import Path
from knowledge.validation.weights import Part, Weights, weigh

BACKTRACKS = 20_000  # steps of a pattern that looks ahead or back; a text of so many characters may need as many
MAX_KEPT = 10_000  # places of a schema that were looked up
_IN_PLACE = ("allOf", "anyOf", "oneOf")
_BRANCHES = ("then", "else")


class Schema:
    """A schema as its file has it. The validator is built when it is first needed."""

    def __init__(self, document: Mapping[str, Any], *, origin: str) -> None:
        self.document = document
        self.origin = origin  # the file, for messages about the schema itself
        properties = document.get("properties")
        self.properties: Mapping[str, Any] = properties if isinstance(properties, dict) else {}
        kind = self.properties.get("kind")
        self.kind = str(kind.get("const", "")) if isinstance(kind, dict) else ""
        self.file = str(document.get("x-file", ""))
        self.title = str(document.get("title") or self.kind or self.file or FilePath(origin).name)
        self.doc = str(document.get("x-doc", ""))
        self._prefixes: dict[int, tuple[Sequence[Part], int]] = {}
        self._children: dict[tuple[int, str | int], tuple[Sequence[Part], Sequence[Part]]] = {}

    @classmethod
    def read(cls, file: FilePath) -> Schema:
        """The schema in a file. Raises Misuse, naming file and reason, when there is none."""
        try:
            document = json.loads(file.read_text("utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            hint = "; a schema in YAML has to be converted to JSON" if file.suffix in {".yaml", ".yml"} else ""
            raise Misuse(f"{file}: not a readable JSON Schema: {error}{hint}") from error
        if isinstance(document, bool):
            document = {} if document else {"not": {}}
        if not isinstance(document, dict):
            raise Misuse(f"{file}: not a JSON Schema: expected an object, found {type(document).__name__}")
        return cls(document, origin=str(file))

    @property
    def of_platform(self) -> bool:
        """Whether it describes a file of a deployment repository, where wildcards may stand in values."""
        return bool(self.file)

    @property
    def overlay(self) -> bool:
        """Whether its files are merged over others, so that `null` may stand for a removed key."""
        return self.of_platform and not self.kind.startswith("Topology")

    @cached_property
    def validator(self) -> Any:
        """Raises Misuse when the document is no usable schema."""
        import jsonschema_rs

        if self._mentions("unevaluated"):  # its building unfolds them
            self.require_decidable()
        try:
            return validator_of(dated(self.document))
        except (ValueError, RecursionError, jsonschema_rs.ReferencingError, jsonschema_rs.ValidationError) as error:
            raise Misuse(f"{self.origin}: not a usable JSON Schema: {error}".split("\n")[0]) from error

    def build(self) -> None:
        """Build the validator now. Raises Misuse when the document is no usable schema."""
        self.validator.is_valid(None)

    @cached_property
    def weights(self) -> Weights:
        return weigh(self.document, self.target)

    def require_decidable(self) -> None:
        """Raises Misuse when the variants multiply beyond what any validator decides."""
        if limit := self.weights.limit(self.document):
            raise Misuse(
                f"{self.origin}: its variants multiply to more than {limit:,} at one place, and nothing can decide so "
                "many in time. Name them in one `anyOf` instead of nesting them."
            )

    @cached_property
    def mentions_deprecation(self) -> bool:
        return self._mentions('"deprecated"')

    @cached_property
    def mentions_later_keys(self) -> bool:
        return self._mentions('"x-required"')

    def _mentions(self, word: str) -> bool:
        return word in json.dumps(self.document)

    @cached_property
    def merge_keys(self) -> Mapping[str, frozenset[str]]:
        """By the name of a list whose elements are merged by key: the keys that are theirs, wherever it stands.

        Lists that have no name in the schema have an empty one here."""
        found: dict[str, frozenset[str]] = {}
        for part in self._parts:
            for name, inner in [*_named(part), *(("", nameless) for nameless in _nameless(part))]:
                if keys := {key for each in self.expand([inner]) if (key := merge_key(each))}:
                    found[name] = found.get(name, frozenset()) | keys
        return found

    @property
    def generated(self) -> bool:
        """Whether a program writes its files, which then keeps to a style of its own."""
        return self.document.get("x-generated") is True

    @cached_property
    def root(self) -> Sequence[Part]:
        return self.expand([self.document])

    def expand(self, parts: Iterable[Any]) -> list[Part]:
        """The parts with all that apply at the same place: references, allOf, every branch."""
        found: list[Part] = []
        seen: set[int] = set()
        stack = deque(part for part in parts if isinstance(part, dict))
        while stack:
            part = stack.popleft()
            if id(part) in seen:
                continue
            seen.add(id(part))
            found.append(part)
            for keyword in _IN_PLACE:
                stack += [inner for inner in part.get(keyword, ()) if isinstance(inner, dict)]
            stack += [part[keyword] for keyword in _BRANCHES if isinstance(part.get(keyword), dict)]
            for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
                target = self.target(part.get(keyword))
                stack += [target] if target is not None else []
        return found

    def target(self, reference: Any) -> dict[str, Any] | None:
        """The part a local reference points to; None for a reference elsewhere."""
        if not isinstance(reference, str):
            return None
        address, _, fragment = reference.partition("#")
        if address:
            return self._by_id.get(address)
        if fragment and not fragment.startswith("/"):
            return self._by_id.get("#" + fragment)
        node: Any = self.document
        for step in (unquote(part).replace("~1", "/").replace("~0", "~") for part in fragment.split("/")[1:]):
            if isinstance(node, dict):
                node = node.get(step)
            elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
                node = node[int(step)]
            else:
                return None
        return node if isinstance(node, dict) else None

    def tested(self, where: Sequence[str | int]) -> set[str]:
        """The keys that decide whether the part at this place of the schema applies, by `if` on the way to it."""
        names: set[str] = set()
        part: Any = self.document
        for step in where:
            if step in _BRANCHES and isinstance(part, dict) and isinstance(part.get("if"), dict):
                names |= {name for name, _ in _named(part["if"])}
            if isinstance(part, dict):
                part = self.target(part.get("$ref")) if step == "$ref" else part.get(str(step))
            else:
                part = part[step] if isinstance(part, list) and isinstance(step, int) and step < len(part) else None
        return names

    @cached_property
    def _by_id(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for part in self._parts:
            if isinstance(part.get("$id"), str):
                found.setdefault(part["$id"], part)
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(part.get(keyword), str):
                    found.setdefault("#" + part[keyword], part)
        return found

    @property
    def _parts(self) -> Iterator[dict[str, Any]]:
        """Every object in the document."""
        stack: list[Any] = [self.document]
        while stack:
            part = stack.pop()
            if isinstance(part, dict):
                yield part
                stack += part.values()
            elif isinstance(part, list):
                stack += part

    def at(self, path: Path) -> Sequence[Part]:
        """Every part of the schema that speaks about the value at this path."""
        parts: Sequence[Part] = self.root
        for step in path:
            parts = self.child(parts, step)
        return parts

    def child(self, parts: Sequence[Part], step: str | int) -> Sequence[Part]:
        """The parts that speak about a key or element of what these parts speak about; to be read only.

        Files of one kind ask the same again and again, so what was found is kept."""
        if isinstance(step, int):
            step = min(step, self._own_elements(parts))  # all further elements are alike
        key = (id(parts), step)
        known = self._children.get(key)
        if known is None:
            found: list[Any] = []
            for part in parts:
                found += element_parts(part, step) if isinstance(step, int) else property_parts(part, step)
            if len(self._children) >= MAX_KEPT:
                self._children.clear()
            # The parts are kept as well: no other list can take their id.
            known = self._children[key] = (parts, self.expand(found))
        return known[1]

    def _own_elements(self, parts: Sequence[Part]) -> int:
        """How many elements of a list have a schema of their own."""
        known = self._prefixes.get(id(parts))
        if known is None or known[0] is not parts:
            prefixes = [part.get("prefixItems", part.get("items")) for part in parts]
            count = max((len(prefix) for prefix in prefixes if isinstance(prefix, list)), default=0)
            if len(self._prefixes) >= MAX_KEPT:
                self._prefixes.clear()
            known = self._prefixes[id(parts)] = (parts, count)
        return known[1]

    def declared(self, path: Path) -> dict[str, Part]:
        """The keys that the schema names at this place, with the first part that speaks of each."""
        found: dict[str, Part] = {}
        for part in self.at(path):
            for name, inner in _named(part):
                found.setdefault(name, inner)
        return found

    def doc_at(self, path: Path) -> str:
        """The documentation page nearest to a place: its own, or that of what it stands in."""
        for length in range(len(path), -1, -1):
            for part in self.at(path[:length]):
                if isinstance(part.get("x-doc"), str):
                    return str(part["x-doc"])
        return self.doc


def validator_of(document: dict[str, Any], *, registry: Any = None) -> Any:
    """A validator that loads nothing from elsewhere, and that no pattern keeps busy for long."""
    import jsonschema_rs

    patterns = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS)
    return jsonschema_rs.validator_for(
        document, validate_formats=True, offline=True, pattern_options=patterns, registry=registry
    )


def _named(part: Part) -> Iterator[tuple[str, Part]]:
    properties = part.get("properties")
    if isinstance(properties, dict):
        for name, inner in properties.items():
            if inner is not False:
                yield name, inner if isinstance(inner, dict) else {}


def merge_key(part: Part) -> str:
    """The key by which the elements of a list are merged; "" where they are not."""
    return str(part.get("x-key", "name")) if part.get("x-merge") == "by-key" else ""


def _nameless(part: Part) -> Iterator[Any]:
    """What speaks of values below a part without naming their keys."""
    patterns = part.get("patternProperties")
    yield from patterns.values() if isinstance(patterns, dict) else ()
    for keyword in ("additionalProperties", "unevaluatedProperties", "items", "prefixItems", "additionalItems"):
        inner = part.get(keyword)
        yield from inner if isinstance(inner, list) else (inner,)


def property_parts(part: Part, name: str) -> list[Any]:
    """The schemas in a part that speak about a key."""
    properties = part.get("properties")
    if isinstance(properties, dict) and name in properties:
        return [properties[name]]
    patterns = part.get("patternProperties")
    if isinstance(patterns, dict):
        matching = [inner for pattern, inner in patterns.items() if _matches(pattern, name)]
        if matching:
            return matching
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if isinstance(part.get(keyword), dict):
            return [part[keyword]]
    return []


def _matches(pattern: str, name: str) -> bool:
    matcher = _matcher(pattern)
    return matcher is not None and bool(matcher.is_valid(name))


@lru_cache(maxsize=1000)
def _matcher(pattern: str) -> Any | None:
    """The validator's own reading of a pattern, which no pattern can keep busy for long; None for an unusable one."""
    import jsonschema_rs

    try:
        return validator_of({"$schema": DRAFT_7, "pattern": pattern})
    except (ValueError, jsonschema_rs.ValidationError):
        return None


def element_parts(part: Part, index: int) -> list[Any]:
    """The schemas in a part that speak about an element of a list."""
    prefix = part.get("prefixItems", part.get("items"))
    if isinstance(prefix, list):
        if index < len(prefix):
            return [prefix[index]]
        rest = part.get("items") if "prefixItems" in part else part.get("additionalItems")
        return [rest] if isinstance(rest, dict) else []
    items = part.get("items")
    return [items] if isinstance(items, dict) else []
