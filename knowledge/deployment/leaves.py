"""What holds at each leaf: the files of a component on the way to it, merged, with the wildcards replaced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from knowledge.deployment.cells import Cell
from knowledge.deployment.merging import Layer, Merge
from knowledge.deployment.platform import Platform
from knowledge.deployment.topology import Place, Topology
from knowledge.deployment.wildcards import Expansion, has_wildcards
from knowledge.validation.diagnostics import Diagnostic

Placed = Mapping[str, Mapping[Place, Layer]]  # by component, the file at each place


@dataclass(slots=True)
class Leaves:
    """The effective values of a repository, worked out when they are asked for."""

    platform: Platform
    topology: Topology
    placed: Placed
    lost: Mapping[str, Collection[Place]] = field(default_factory=dict)  # by component, where a file has errors
    diagnostics: list[Diagnostic] = field(default_factory=list)  # of merging
    _merged: dict[tuple[str, Place], Cell | None] = field(default_factory=dict)
    _varies: dict[int, bool] = field(default_factory=dict)

    def merged(self, component: str, place: Place) -> Cell | None:
        """The merged value at a place, before wildcards; None when no file stands on the way to it, or a faulty one."""
        lost = self.lost.get(component)
        if lost and any(above in lost for above in place.upwards()):
            return None
        key = (component, place)
        if key not in self._merged:
            outer = self.merged(component, place.parent) if place.parent is not None else None
            layer = self.placed[component].get(place)
            self._merged[key] = outer if layer is None else self._over(component, layer, outer)
        return self._merged[key]

    def effective(self, component: str, leaf: Place, found: list[Diagnostic] | None = None) -> Cell | None:
        """The value at a leaf; `found` takes what is wrong with its wildcards, without the leaf's name."""
        cell = self.merged(component, leaf)
        if cell is None or not self.varies(cell):
            return cell
        guide = self.platform.components[component]
        expansion = Expansion(guide, self.topology.bindings(leaf), self.topology.wildcards)
        result = expansion.of(cell)
        if found is not None:
            found += expansion.diagnostics
        return result

    def varies(self, cell: Cell) -> bool:
        """Whether a merged value has wildcards, so that it may differ from leaf to leaf."""
        known = self._varies.get(id(cell))
        if known is None:
            known = self._varies[id(cell)] = has_wildcards(cell)
        return known

    def finals(self, component: str) -> Iterator[tuple[Cell, list[Place]]]:
        """Each merged value that holds at some leaf, with the leaves."""
        by_cell: defaultdict[int, list[Place]] = defaultdict(list)
        cells: dict[int, Cell] = {}
        for leaf in self.topology.root.leaves():
            cell = self.merged(component, leaf)
            if cell is not None:
                cells[id(cell)] = cell
                by_cell[id(cell)].append(leaf)
        for key, cell in cells.items():
            yield cell, by_cell[key]

    def _over(self, component: str, layer: Layer, outer: Cell | None) -> Cell:
        merge = Merge(self.platform.components[component], layer)
        cell = merge.over(outer)
        self.diagnostics += merge.diagnostics
        return cell
