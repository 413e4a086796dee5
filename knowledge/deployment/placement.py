"""Which node a folder of overlays stands for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge.deployment.topology import Place, Topology
from knowledge.validation.hints import nearest


@dataclass(slots=True)
class Folders:
    """The places of a tree by the folders that name them."""

    topology: Topology
    _by_path: dict[tuple[str, ...], Place] = field(default_factory=dict)
    _by_name: defaultdict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for place in self.topology.root.walk():
            self._by_path[place.path] = place
            self._by_name[place.name].append(place)

    def fitting(self, folder: Sequence[str]) -> list[Place]:
        """The places a folder may stand for: the one with this path, or all that have these names in order."""
        exact = self._by_path.get(tuple(folder))
        if exact is not None:
            return [exact]
        return [place for place in self._by_name.get(folder[-1], ()) if _skips(folder, place.path)]

    def inside_unknown(self, folder: Sequence[str]) -> bool:
        """Whether the folder lies below a discovered node of which nothing is known."""
        return any(
            place.unknown and _skips(folder[:length], place.path)
            for length in range(1, len(folder) + 1)
            for place in self._by_name.get(folder[length - 1], ())
        )

    def near(self, folder: Sequence[str]) -> str:
        """The path of the node that was likely meant; "" when none is near."""
        path: list[str] = []
        place = self.topology.root
        for name in folder:
            below = {inner.name: inner for inner in place.walk() if inner is not place}
            child = below.get(name) or below.get(nearest(name, below) or "")
            if child is None:
                return ""
            place, path = child, list(child.path)
        return "/".join(path)


def _skips(folder: Sequence[str], path: Sequence[str]) -> bool:
    """Whether the folder's names stand in the path in this order, the last being the last of both."""
    if not folder or not path or folder[-1] != path[-1]:
        return False
    names = iter(path)
    return all(name in names for name in folder)
