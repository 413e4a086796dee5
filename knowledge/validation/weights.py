"""How much the variants of a schema multiply: before it is built, and for one value before its faults are unfolded.

The validator hands out a fault of `anyOf` with the faults of each variant, and of the variants in it. Twenty levels of
two variants each are a million faults of one wrong value. No recursion here: schemas may be deep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Part = Mapping[str, Any]  # a schema inside a schema
Target = Callable[[Any], Part | None]  # the part that a reference points to

MOST: Final = 50_000_000  # parts at one place: no validator decides more of them in time
MOST_WATCHED: Final = 200_000  # where the keys that all of them know are counted, too
MANY: Final = 1_000  # parts at one place, above which faults are counted before they are unfolded
DEEPEST: Final = 100  # variants inside variants
VARIANTS: Final = ("anyOf", "oneOf")
MULTIPLYING: Final = ("allOf", "dependentSchemas")
WATCHING: Final = ("unevaluatedProperties", "unevaluatedItems")
_SEVERAL: Final = frozenset({*VARIANTS, *MULTIPLYING})
_ONE: Final = frozenset({"if", "then", "else", "not"})
_REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_MEMBERS: Final = frozenset({"properties", "patternProperties", "prefixItems"})
_BELOW: Final = frozenset({*WATCHING, "items", "additionalItems", "additionalProperties", "propertyNames", "contains"})


@dataclass(slots=True)
class Weights:
    """For each part how many parts may be asked for one value and one way down from it, each as often as it is."""

    known: dict[int, int] = field(default_factory=dict)
    depths: dict[int, int] = field(default_factory=dict)  # variants inside variants at one place
    recursive: bool = False
    varied: bool = False  # somewhere is a choice between variants
    watched: bool = False  # somewhere keys are refused that no variant knows

    def of(self, part: Part) -> int:
        return self.known.get(id(part), 1)

    def limit(self, root: Part) -> int:
        """The limit that the variants exceed; 0 when they can be decided in time."""
        most = MOST_WATCHED if self.watched else MOST
        return most if self.of(root) > most else 0

    def multiply(self, root: Part) -> bool:
        """Whether the faults of one value may be too many; a file decides whether they are."""
        return self.of(root) > MANY or self.depths.get(id(root), 0) > DEEPEST or (self.recursive and self.varied)


def weigh(document: Part, target: Target) -> Weights:
    """The weights of a schema and of all parts that can be reached in it."""
    found = Weights()
    here: dict[int, list[tuple[str, Part]]] = {}
    stack: list[tuple[Part, bool]] = [(document, False)]
    while stack:
        part, complete = stack.pop()
        if complete:
            _weigh_one(part, here[id(part)], found)
            continue
        if id(part) in here:
            continue
        here[id(part)] = list(in_place(part, target))
        stack.append((part, True))
        found.watched = found.watched or any(keyword in part for keyword in WATCHING)
        found.varied = found.varied or any(len(part.get(keyword) or ()) > 1 for keyword in VARIANTS)
        for inner in [*(inner for _, inner in here[id(part)]), *_below(part)]:
            if id(inner) not in here:
                stack.append((inner, False))
            elif id(inner) not in found.known:
                found.recursive = True  # it stands inside itself
    return found


def _weigh_one(part: Part, here: Iterable[tuple[str, Part]], found: Weights) -> None:
    """The weight of a part whose inner parts are known, but for those in which it stands itself."""
    weight, depth = 1, 0
    for keyword, inner in here:
        weight += found.known.get(id(inner), 0)
        depth = max(depth, found.depths.get(id(inner), 0) + (keyword in VARIANTS))
    weight += max((found.known.get(id(inner), 0) for inner in _below(part)), default=0)
    found.known[id(part)] = min(weight, 10 * MOST)
    found.depths[id(part)] = depth


def schemas(inner: Any) -> Iterator[Part]:
    """The schemas in a list or map of them, without those that are `true` or `false`."""
    for part in inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ():
        if isinstance(part, dict):
            yield part


def in_place(part: Part, target: Target) -> Iterator[tuple[str, Part]]:
    """The parts that speak about the same value, with the keyword that brings them in."""
    for keyword, inner in part.items():
        if keyword in _SEVERAL:
            yield from ((keyword, one) for one in schemas(inner))
        elif keyword in _ONE and isinstance(inner, dict):
            yield keyword, inner
        elif keyword in _REFERENCES and (pointed := target(inner)) is not None:
            yield keyword, pointed


def _below(part: Part) -> Iterator[Part]:
    """The parts that speak about what is in the value."""
    for keyword, inner in part.items():
        if keyword in _MEMBERS or (keyword == "items" and isinstance(inner, list)):
            yield from schemas(inner)
        elif keyword in _BELOW and isinstance(inner, dict):
            yield inner
