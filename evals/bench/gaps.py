"""How well questions that mean the same are found, on FAQs whose entries are known, beside k-means that is told k."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bot.support.clustering import NEW, Labels, grouped, grown
from evals.bench import gap_history
from knowledge.errors import Misuse
from knowledge.ports import Embedder, Matrix

OLD_ALIKE: Final = 0.45  # cosine that every two questions of a gap reached before there was a ledger
SEEDS: Final = 5
CASES: Final = 50_000
MORE: Final = 0.1  # share of questions that arrive later


@dataclass(frozen=True, slots=True)
class Phrasings:
    """Ways of asking, each with the entry that it asks for."""

    name: str
    texts: Sequence[str]
    entries: Sequence[str]

    @property
    def truth(self) -> NDArray[np.intp]:
        return np.unique(np.array(self.entries), return_inverse=True)[1]


@dataclass(frozen=True, slots=True)
class Quality:
    """Adjusted mutual information of each method with the entries, and what becomes of ids."""

    phrasings: Phrasings
    groups: int  # that ours found
    ours: float
    kmeans: float  # told the number of entries; mean of several starts
    old: float  # complete linkage at OLD_ALIKE
    kept: float  # share of questions that keep their group when 10 % more arrive; mean of several orders
    grown: float  # AMI of ours after these have arrived
    afresh: float  # share that would keep it if all were grouped afresh, the ids matched by overlap


def load(folder: Path) -> list[Phrasings]:
    """The FAQs of a folder: `pools/faq-*.jsonl` with ways of asking, `dev/faq-*.jsonl` with people's questions.

    Of each both together, then the questions alone. Raises Misuse when there are none.
    """
    found = [of for file in sorted((folder / "dev").glob("faq-*.jsonl")) for of in _faq(file, folder / "pools")]
    if not found:
        raise Misuse(f"{folder}: there are no FAQs. Their questions are lines of {folder}/dev/faq-*.jsonl.")
    return found


def _faq(file: Path, pools: Path) -> Iterator[Phrasings]:
    asked = [(str(row["text"]), str(row["gold"][0])) for row in _rows(file) if row["gold"]]
    entries = [row for pool in sorted(pools.glob(f"{file.stem}*.jsonl")) for row in _rows(pool)]
    known = [(str(way), str(row["path"])) for row in entries for way in row.get("variants", ())]
    name = file.stem.removeprefix("faq-")
    if known:
        yield _phrasings(name, [*known, *asked])
    yield _phrasings(f"{name}, questions alone", asked)


def _rows(file: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(file.read_text("utf-8").split("\n"), 1):
        if line.strip():
            try:
                row: Mapping[str, Any] = json.loads(line)
            except ValueError as error:
                raise Misuse(f"{file}:{number}: not JSON: {error}") from error
            yield row


def _phrasings(name: str, pairs: Sequence[tuple[str, str]]) -> Phrasings:
    return Phrasings(name, [text for text, _ in pairs], [entry for _, entry in pairs])


def measure(phrasings: Phrasings, embedder: Embedder) -> Quality:
    """All methods on the same vectors."""
    from sklearn.metrics import adjusted_mutual_info_score as ami

    vectors, truth = embedder.embed(phrasings.texts), phrasings.truth
    ours = grouped(vectors)
    arrivals = [_arrival(vectors, seed) for seed in range(SEEDS)]
    return Quality(
        phrasings,
        groups=int(ours.max()) + 1,
        ours=ami(truth, ours),
        kmeans=fmean(ami(truth, _kmeans(vectors, int(truth.max()) + 1, seed)) for seed in range(SEEDS)),
        old=ami(truth, _complete(vectors)),
        kept=fmean(kept for _, kept, _ in arrivals),
        grown=fmean(ami(truth, labels) for labels, _, _ in arrivals),
        afresh=fmean(afresh for _, _, afresh in arrivals),
    )


def _arrival(vectors: Matrix, seed: int) -> tuple[Labels, float, float]:
    """Labels after the last tenth has arrived, and the shares that keep theirs: grown, and grouped afresh."""
    order = np.random.default_rng(seed).permutation(len(vectors))
    first = order[: round(len(vectors) / (1 + MORE))]
    before = np.full(len(vectors), NEW, dtype=np.intp)
    before[first] = grouped(vectors[first])
    after = grown(vectors, before)
    kept = float((after[first] == before[first]).mean())
    return after, kept, _kept_by_overlap(before[first], grouped(vectors)[first])


def _kept_by_overlap(before: Labels, after: Labels) -> float:
    from scipy.optimize import linear_sum_assignment

    table = np.zeros((int(before.max()) + 1, int(after.max()) + 1))
    np.add.at(table, (before, after), 1)
    return float(table[linear_sum_assignment(-table)].sum() / len(before))


def _kmeans(vectors: Matrix, count: int, seed: int) -> Labels:
    from sklearn.cluster import KMeans

    labels: Labels = KMeans(count, n_init=4, random_state=seed).fit_predict(vectors)
    return labels


def _complete(vectors: Matrix) -> Labels:
    from sklearn.cluster import AgglomerativeClustering

    rule = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="complete", distance_threshold=1 - OLD_ALIKE
    )
    labels: Labels = rule.fit_predict(vectors)
    return labels


def as_lines(found: Sequence[Quality]) -> Iterator[str]:
    """A table for the terminal."""
    yield "Adjusted mutual information with the entries; only k-means is told how many there are."
    head = ("questions", "entries", "groups", "ours", "k-means", "old", "ids kept", "then", "afresh")
    yield f"{'FAQ':36}" + "".join(f"{word:>10}" for word in head)
    for each in found:
        counts = (len(each.phrasings.texts), int(each.phrasings.truth.max()) + 1, each.groups)
        scores = (each.ours, each.kmeans, each.old)
        yield (
            f"{each.phrasings.name:36}"
            + "".join(f"{count:>10}" for count in counts)
            + "".join(f"{score:>10.3f}" for score in scores)
            + f"{each.kept:>10.1%}{each.grown:>10.3f}{each.afresh:>10.1%}"
        )
    yield f"ids kept: when {MORE:.0%} more questions arrive, mean of {SEEDS} orders; then: our figure after that;"
    yield "afresh: what would keep its id if everything was grouped again instead, ids matched as well as can be."


def gaps_command(folder: Path, embedder: Embedder, *, cases: int = CASES, tell: Callable[[str], None] = print) -> None:
    """Measure every FAQ of the folder, and what a ledger of many cases costs; print both."""
    for line in as_lines([measure(phrasings, embedder) for phrasings in load(folder)]):
        tell(line)
    tell(gap_history.as_line(gap_history.measure(cases)))
