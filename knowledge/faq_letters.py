"""Which FAQ entry is spelt like a question: a regression on runs of letters, so that a typo costs little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

RUN: Final = 4  # letters
MOST_WEIGHTS: Final = 1_000_000  # of the regression: with many entries, only the commonest runs count
SHRINKING: Final = 20.0  # inverse strength of regularisation (scikit-learn's C)
MOST_STEPS: Final = 300
TINY: Final = 1e-9

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class LetterHead:
    """A multinomial logistic regression from the tf-idf of a question's runs of letters to its entry."""

    runs: tuple[str, ...]
    rarity: Weights  # (runs,): inverse document frequency
    head: Weights  # (runs + 1, entries): the last row is the intercept

    @classmethod
    def learn(cls, ways: Sequence[str], owners: Sequence[int], entries: int) -> LetterHead:
        """Fit on the texts of ways of asking; `owners` says which of the `entries`, two or more, each belongs to."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        most = max(1, MOST_WEIGHTS // entries)
        counter = TfidfVectorizer(analyzer=runs, sublinear_tf=True, max_features=most, dtype=np.float32)
        try:
            inputs = counter.fit_transform(ways)
        except ValueError:  # no way of asking has a letter
            return cls((), np.zeros(0, np.float32), np.zeros((1, entries), np.float32))
        names = tuple(map(str, counter.get_feature_names_out()))
        return cls(names, np.asarray(counter.idf_, dtype=np.float32), fitted(inputs, owners))

    def scores(self, question: str) -> NDArray[np.float64]:
        """(entries,): log odds, up to a constant; those of the intercept when no run of the question is known."""
        found = [(self._places[run], count) for run, count in Counter(runs(question)).items() if run in self._places]
        if not found:
            return np.asarray(self.head[-1], dtype=np.float64)
        places = np.array([place for place, _ in found])
        counts = np.array([count for _, count in found], dtype=np.float64)
        weights = (1.0 + np.log(counts)) * self.rarity[places]
        weights /= max(TINY, float(np.linalg.norm(weights)))
        return np.asarray(weights @ self.head[places] + self.head[-1], dtype=np.float64)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {run: place for place, run in enumerate(self.runs)}


def runs(text: str) -> Iterator[str]:
    """Four letters in a row of each word, its beginning and end marked by a blank; a shorter word is one run.

    Marks count as letters: a question mark tells "refund my order" from "where is my refund?".
    """
    for word in text.lower().split():
        padded = f" {word} "
        for start in range(max(1, len(padded) - RUN + 1)):
            yield padded[start : start + RUN]


def fitted(inputs: object, owners: Sequence[int]) -> Weights:
    """(features + 1, entries): a multinomial logistic regression with its intercepts in the last row."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=SHRINKING, max_iter=MOST_STEPS).fit(inputs, owners)
    head = np.vstack([model.coef_.T, model.intercept_]).astype(np.float32)
    # Of two entries, scikit-learn gives the log odds of the second.
    return np.hstack([-head, head]) if head.shape[1] == 1 else head
