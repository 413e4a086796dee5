"""Questions that mean the same: groups found without being told how many there are, and new ones put to those there.

Vectors are seen from the middle of all questions, since people of one platform ask about one platform, and each is
drawn towards neighbours that are near, so that a chain of wordings holds together. Ward's method then joins what
costs little spread. `docs/evals.md` has what this was measured against.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.ports import Matrix

Labels = NDArray[np.intp]  # (count,): the group of each row

NEW = -1  # the label of a row that has no group yet
BLOCK = 2500  # rows grouped at once: the work and the memory grow with the square
JOINS = 0.4  # cosine with the middle of a group from which on a new question belongs to it
_SPREAD = 1.3  # what joining two groups may cost at most (Ward), among many questions
_SPREAD_OF_FEW = 0.95  # of two: that they mean the same has to be plain
_MANY = 100
_FEW = 10  # questions whose middle counts half: it says little about what all have in common
_NEIGHBOURS = 8
_NEAR = 0.4  # cosine above which a neighbour draws, the more the nearer it is
_PULL = 6.0
_ROUNDS = 3
_ROWS_AT_ONCE = 1024


def grouped(vectors: Matrix) -> Labels:
    """The group of each row, counted from 0 in order of first appearance; up to BLOCK rows at once are sensible."""
    if len(vectors) < 2:
        return np.zeros(len(vectors), dtype=np.intp)
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(_drawn_together(vectors), "ward")
    spread = _SPREAD_OF_FEW + (_SPREAD - _SPREAD_OF_FEW) * min(1.0, len(vectors) / _MANY)
    return _in_order(fcluster(tree, spread, criterion="distance"))


def grown(vectors: Matrix, labels: Sequence[int] | Labels, *, above: int = NEW) -> Labels:
    """The labels after rows labelled NEW have joined the group they are nearest to, or founded groups of their own.

    Rows that have a group keep it. New labels follow the highest there is, and `above`. Raises ValueError for labels of
    another length.
    """
    found = np.array(labels, dtype=np.intp)
    if len(found) != len(vectors):
        raise ValueError(f"{len(vectors)} vectors have {len(found)} labels")
    seen = centred(vectors) if len(found) else vectors
    while len(new := np.flatnonzero(found == NEW)[:BLOCK]):
        _join(seen, found, new)
        left = new[found[new] == NEW]
        fresh = max(int(found.max()), above) + 1
        found[left] = fresh + grouped(seen[left])
    return found


def regrouped(
    vectors: Matrix, labels: Sequence[int] | Labels, *, fixed: Collection[int] = (), above: int = NEW
) -> Labels:
    """Groups found afresh from all rows but those of `fixed` groups; each keeps the label that most of its rows had.

    For a ledger that has grown much since it was grouped; labels that nobody had are above `above`. Of two groups that
    come from one, the larger share keeps the label.
    """
    before = np.array(labels, dtype=np.intp)
    stays = np.isin(before, list(fixed)) & (before != NEW)
    blank = grown(vectors, np.where(stays, before, NEW))
    next_label = max(int(before.max(initial=NEW)), int(blank.max(initial=NEW)), above) + 1
    result = np.where(stays, before, NEW)
    fresh = blank[~stays]
    pairs, counts = np.unique(np.stack([fresh, before[~stays]]), axis=1, return_counts=True)
    taken: dict[int, int] = {int(label): int(label) for label in fixed}
    names: dict[int, int] = dict(taken)
    for at in np.argsort(-counts, kind="stable"):
        group, label = int(pairs[0, at]), int(pairs[1, at])
        if label != NEW and label not in taken and group not in names:
            names[group] = taken[label] = label
    for group in np.unique(fresh):
        if int(group) not in names:
            names[int(group)] = next_label
            next_label += 1
    result[~stays] = [names[int(group)] for group in fresh]
    return result


def central(vectors: Matrix, weights: Sequence[int]) -> int:
    """The row that is most like all the others; each counts as often as its weight says."""
    return int(np.argmax(vectors @ (vectors * np.asarray(weights)[:, None]).sum(axis=0)))


def centred(vectors: Matrix) -> Matrix:
    """Vectors of length 1 as seen from the middle of all; few of them have less of a middle."""
    return _unit(vectors - vectors.mean(axis=0) * (len(vectors) / (len(vectors) + _FEW)))


def _join(seen: Matrix, found: Labels, new: Labels) -> None:
    """Give rows the label of the nearest group that is near enough."""
    known = np.unique(found[found != NEW])
    if not len(known):
        return
    middles = _middles(seen, found, known)
    for rows in _slices(new):
        cosines = seen[rows] @ middles.T
        best = cosines.argmax(axis=1)
        near = cosines[np.arange(len(rows)), best] >= JOINS
        found[rows[near]] = known[best[near]]


def _middles(seen: Matrix, found: Labels, known: Labels) -> Matrix:
    """The mean direction of each of the known groups."""
    rows = np.flatnonzero(found != NEW)
    sums = np.zeros((len(known), seen.shape[1]), dtype=np.float32)
    np.add.at(sums, np.searchsorted(known, found[rows]), seen[rows])
    return _unit(sums)


def _drawn_together(vectors: Matrix) -> Matrix:
    """Each vector nearer to its neighbours."""
    seen = centred(vectors)
    count = min(_NEIGHBOURS, len(seen) - 1)
    nearest = np.empty((len(seen), count), dtype=np.intp)
    pull = np.empty((len(seen), count), dtype=np.float32)
    for rows in _slices(np.arange(len(seen), dtype=np.intp)):
        cosines = seen[rows] @ seen.T
        cosines[np.arange(len(rows)), rows] = -1.0
        nearest[rows] = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        pull[rows] = np.maximum(np.take_along_axis(cosines, nearest[rows], axis=1) - _NEAR, 0.0)
    drawn = seen
    for _ in range(_ROUNDS):
        drawn = _unit(seen + _PULL * np.einsum("nk,nkd->nd", pull, drawn[nearest]))
    return drawn


def _slices(rows: Labels) -> Iterable[Labels]:
    return (rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(rows), _ROWS_AT_ONCE))


def _unit(vectors: Matrix) -> Matrix:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _in_order(labels: NDArray[np.integer]) -> Labels:
    """The same groups, numbered from 0 as they appear."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
