"""Which FAQ entry is meant: learnt from the entries' own ways of asking, without a question ever asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.faq_letters import LetterHead, fitted
from knowledge.ports import Matrix, Vector

SHARPNESS: Final = 20.0  # of the soft maximum over an entry's ways of asking
NEAREST, LEANING, SPELLING = 0.4, 0.4, 0.25  # weights of the three opinions
LEAD: Final = 2.0  # log odds for each standard deviation by which the first entry is ahead of the second
USUAL: Final = 2.4  # log odds that a question which is answered gets from its lead and the regression
TINY: Final = 1e-9

Scores = NDArray[np.float64]  # (entries,)


@dataclass(frozen=True, slots=True)
class Opinion:
    """Which entries a question may mean."""

    scores: Mapping[str, float]  # by document id, the higher the likelier
    choice: float  # log odds by how much to be surer of the first entry, or less for others that are as likely


NO_OPINION: Final = Opinion({}, 0.0)


@dataclass(frozen=True, slots=True)
class FaqOrder:
    """The entries of an index, two or more, with the vectors of their ways of asking."""

    documents: tuple[str, ...]  # document ids of the entries
    owners: NDArray[np.intp]  # (ways,): which entry a way of asking belongs to
    ways: Matrix  # (ways, dimension)
    head: NDArray[np.float32]  # (dimension + 1, entries): a logistic regression from a question's vector to its entry
    letters: LetterHead

    @classmethod
    def learn(cls, documents: Sequence[str], owners: Sequence[int], ways: Matrix, texts: Sequence[str]) -> FaqOrder:
        """Fit on the ways of asking, as vectors and as texts, of two or more entries; `owners` as in the class."""
        return cls(
            tuple(documents),
            np.asarray(owners, dtype=np.intp),
            ways,
            fitted(ways, owners),
            LetterHead.learn(texts, owners, len(documents)),
        )

    def opinion(self, question: str, vector: Vector) -> Opinion:
        """What the entries' ways of asking say of a question, given with its vector."""
        head = (self.head[:-1].T @ vector + self.head[-1]).astype(np.float64)
        total = (
            NEAREST * _standardised(self._nearest(vector))
            + LEANING * _standardised(head)
            + SPELLING * _standardised(self.letters.scores(question))
        )
        first = int(total.argmax())
        second = float(np.delete(total, first).max())
        likely = float(head[first] - np.logaddexp.reduce(head))
        choice = LEAD * (float(total[first]) - second) + likely - USUAL
        return Opinion(dict(zip(self.documents, total.tolist(), strict=True)), choice)

    def _nearest(self, question: Vector) -> Scores:
        """The log of the summed exponentials of each entry's cosines: its nearest way of asking, and the others."""
        near = np.exp(SHARPNESS * (self.ways @ question).astype(np.float64))
        summed = np.bincount(self.owners, weights=near, minlength=len(self.documents))
        return np.asarray(np.log(np.maximum(summed, TINY)))


def _standardised(values: NDArray[np.floating]) -> Scores:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / spread if spread > TINY else np.zeros(len(values)), dtype=np.float64)
