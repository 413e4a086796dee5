"""A merged value as a tree of nodes, so that the words for a file's faults serve for merged values too."""

from __future__ import annotations

from knowledge.deployment.cells import Cell
from knowledge.validation.tree import Entry, MappingNode, Node, ScalarNode, SequenceNode


def tree(cell: Cell) -> Node:
    """Nodes that stand where each part was written, with the merged and replaced values."""
    node = cell.origin.node
    if isinstance(cell.value, dict):
        entries = [Entry(_key(name, inner), tree(inner)) for name, inner in cell.value.items()]
        return MappingNode(node.start, node.end, entries)
    if isinstance(cell.value, list):
        return SequenceNode(node.start, node.end, [tree(inner) for inner in cell.value])
    plain = isinstance(node, ScalarNode) and node.plain
    return ScalarNode(node.start, node.end, "" if cell.value is None else str(cell.value), plain, cell.value)


def _key(name: str, inner: Cell) -> ScalarNode:
    node = inner.key.node if inner.key is not None else inner.origin.node
    return ScalarNode(node.start, node.end, name, True, name)
