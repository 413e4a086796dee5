"""A large value in portions, each with some of its elements: what a schema says of one of them fits into the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

KEPT: Final = 50  # a map with no more scalars has them in every portion: they often say how to read the rest
_CONTAINERS: Final = (dict, list)


@dataclass(frozen=True, slots=True)
class Portion:
    """Some of a value; `cut` are the JSON pointers of what is not whole, for lists with the index of the first."""

    value: Any
    cut: Mapping[str, int]

    def moved(self, pointer: str) -> str:
        """Where a place in the portion is in the whole value, both as JSON pointers."""
        whole = ""
        for step in pointer.split("/")[1:]:
            first = self.cut.get(whole, 0)
            whole += f"/{int(step) + first if first else step}"
        return whole


def portions(value: Any, most: int) -> Iterator[Portion]:
    """A JSON value as portions of about `most` values each; each is in one, scalars beside larger ones in all."""
    yield from _portions(value, most, "", {})


def _portions(value: Any, most: int, at: str, sizes: dict[int, int]) -> Iterator[Portion]:
    if _size(value, sizes) <= most:
        yield Portion(value, {})
        return
    beside = _scalars(value)
    group: dict[str | int, Any] = {}
    held = 0
    for key, child in value.items() if isinstance(value, dict) else enumerate(value):
        if key in beside:
            continue
        size = _size(child, sizes)
        if group and held + size > most:
            yield _made(value, beside, group, at)
            group, held = {}, 0
        if size <= most:
            group[key] = child
            held += size
            continue
        for inner in _portions(child, most, f"{at}/{_escaped(key)}", sizes):
            whole = _made(value, beside, {key: inner.value}, at)
            yield Portion(whole.value, {**whole.cut, **inner.cut})
    if group or len(beside) == len(value):
        yield _made(value, beside, group, at)


def _scalars(value: Any) -> dict[str | int, Any]:
    if not isinstance(value, dict):
        return {}
    found = {key: child for key, child in value.items() if not isinstance(child, _CONTAINERS)}
    return found if len(found) <= KEPT else {}


def _made(value: Any, beside: Mapping[str | int, Any], group: Mapping[str | int, Any], at: str) -> Portion:
    if isinstance(value, dict):
        return Portion({**beside, **group}, {at: 0})
    return Portion(list(group.values()), {at: int(next(iter(group)))})


def _size(value: Any, sizes: dict[int, int]) -> int:
    """How many values there are in a value, itself included."""
    if not isinstance(value, _CONTAINERS):
        return 1
    known = sizes.get(id(value))
    if known is None:
        known = 1 + sum(_size(child, sizes) for child in (value.values() if isinstance(value, dict) else value))
        sizes[id(value)] = known
    return known


def _escaped(key: str | int) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
