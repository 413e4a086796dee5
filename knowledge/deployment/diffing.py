"""What a change of files does to the leaves: which appear or go, and which effective values change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.deployment import guide as guides
from knowledge.deployment.cells import comparable
from knowledge.deployment.explaining import Explained, explain
from knowledge.deployment.guide import Guide
from knowledge.deployment.leaves import Leaves

Named = Mapping[str, Explained]


@dataclass(frozen=True, slots=True)
class Change:
    """One effective value before and after, at all leaves where it changes alike; None: it was or is not there."""

    name: str  # component and keys, elements by what they are known by: kafka.topics[payments-events].partitions
    before: Explained | None
    after: Explained | None
    leaves: Sequence[str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that a change does to the leaves."""

    added: Sequence[str] = ()  # leaves
    removed: Sequence[str] = ()
    changes: Sequence[Change] = ()

    @property
    def is_none(self) -> bool:
        return not (self.added or self.removed or self.changes)


def difference(before: Leaves, after: Leaves) -> Difference:
    """What differs at the leaves of two states of one repository; changes by name, leaves that come or go apart."""
    old = {leaf.node_path: leaf for leaf in before.topology.root.leaves()}
    new = {leaf.node_path: leaf for leaf in after.topology.root.leaves()}
    alike: dict[tuple[str, Any, Any], list[str]] = {}
    first: dict[tuple[str, Any, Any], tuple[Explained | None, Explained | None]] = {}
    for path in (path for path in new if path in old):
        was, now = _named(before, explain(before, old[path])), _named(after, explain(after, new[path]))
        for name in dict.fromkeys((*was, *now)):
            one, other = was.get(name), now.get(name)
            if _value(one) != _value(other):
                key = (name, repr(_value(one)), repr(_value(other)))
                alike.setdefault(key, []).append(path)
                first.setdefault(key, (one, other))
    changes = [Change(key[0], *first[key], leaves) for key, leaves in alike.items()]
    return Difference(
        [path for path in new if path not in old],
        [path for path in old if path not in new],
        sorted(changes, key=lambda change: (change.name, change.leaves[0])),
    )


def _value(one: Explained | None) -> Any:
    """What decides whether two are the same: absent, removed and a default of the same value are different things."""
    return None if one is None or one.removed else (comparable(one.value),)


def _named(leaves: Leaves, found: Sequence[Explained]) -> Named:
    """The values by names that stay when an element is put elsewhere in its list."""
    values = {(one.component, one.path): one.value for one in found}
    return {_name(leaves.platform.components[one.component], one, values): one for one in found}


def _name(guide: Guide, one: Explained, values: Mapping[tuple[str, Any], Any]) -> str:
    text, parts = one.component, guide.root
    for place, step in enumerate(one.path):
        if isinstance(step, int):
            element = one.path[: place + 1]
            keys = [values.get((one.component, (*element, key))) for key in guides.identity(parts)]
            known = [str(key) for key in keys if key is not None]
            text += f"[{' '.join(known) or step}]"
        else:
            text += f".{step}"
        parts = guide.child(parts, step)
    return text
