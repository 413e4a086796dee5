"""Which FAQ entry is meant: learnt from the entries' own ways of asking, without a question ever asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.ports import Matrix, Vector

SHARPNESS: Final = 20.0  # of the soft maximum over an entry's ways of asking
RIDGE: Final = 1.0
NEAREST, LEANING, SPELLING = 0.4, 0.4, 0.2  # weights of the three opinions
DECISIVE: Final = 1.5  # inverse temperature at which scores become probabilities
DOUBT: Final = 3.0  # log odds for each logarithm of the first entry's probability
USUAL: Final = -0.35  # that logarithm for a question that is answered
TINY: Final = 1e-9

Scores = NDArray[np.float64]  # (entries,)


@dataclass(frozen=True, slots=True)
class FaqOrder:
    """The entries of an index with the vectors of their ways of asking."""

    documents: tuple[str, ...]  # document ids of the entries
    owners: NDArray[np.intp]  # (ways,): which entry a way of asking belongs to
    ways: Matrix  # (ways, dimension)
    head: NDArray[np.float32]  # (dimension + 1, entries): a ridge regression from a question's vector to its entry

    @classmethod
    def learn(cls, documents: Sequence[str], owners: Sequence[int], ways: Matrix) -> FaqOrder:
        """Fit the ridge regression in closed form: W = (XᵀX + λI)⁻¹XᵀY, Y one-hot (Hoerl and Kennard, 1970)."""
        inputs = np.hstack([ways, np.ones((len(ways), 1), dtype=np.float32)]).astype(np.float64)
        wanted = np.zeros((len(ways), len(documents)))
        wanted[np.arange(len(ways)), list(owners)] = 1.0
        head = np.linalg.solve(inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1]), inputs.T @ wanted)
        return cls(tuple(documents), np.asarray(owners, dtype=np.intp), ways, head.astype(np.float32))

    def scores(self, question: Vector, spelling: Mapping[str, float]) -> dict[str, float]:
        """A score by document id, the higher the likelier; `spelling` says how near the letters of each entry are."""
        letters = np.array([spelling.get(document, 0.0) for document in self.documents])
        total = (
            NEAREST * _standardised(self._nearest(question))
            + LEANING * _standardised(self.head[:-1].T @ question + self.head[-1])
            + SPELLING * _standardised(letters)
        )
        return dict(zip(self.documents, total.tolist(), strict=True))

    def _nearest(self, question: Vector) -> Scores:
        """The log of the summed exponentials of each entry's cosines: its nearest way of asking, and the others."""
        near = np.exp(SHARPNESS * (self.ways @ question).astype(np.float64))
        summed = np.bincount(self.owners, weights=near, minlength=len(self.documents))
        return np.asarray(np.log(np.maximum(summed, TINY)))


def decisiveness(scores: Iterable[float]) -> float:
    """By how much to be surer of the first entry for standing out, or less for others that are as likely: log odds."""
    values = np.fromiter(scores, dtype=np.float64)
    share = -float(np.log(np.exp(DECISIVE * (values - values.max())).sum()))
    return DOUBT * (share - USUAL)


def _standardised(values: NDArray[np.floating]) -> Scores:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / spread if spread > TINY else np.zeros(len(values)), dtype=np.float64)
