"""Learning from an index about itself: no question was ever asked, so its own sentences stand in for questions.

A sentence of a page with half its words dropped is a question that this index answers; with the page's whole folder
hidden it is one of a neighbour that this index does not have. What tells the two apart is fitted for every index,
because between the books of one product other evidence counts than between products.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.evidence import Evidence, Linear
from knowledge.faq_order import FaqOrder
from knowledge.lessons import NONE, Familiar, Lessons, OwnSense
from knowledge.model import Chunk, Kind
from knowledge.ports import ChunkIndex, Embedder, Vector
from knowledge.search import probe
from knowledge.wording import STOPWORDS

SAMPLED: Final = 160  # sentences asked; each costs one embedding and one search
FEWEST: Final = 40  # below that nothing is learnt
SHORTEST: Final = 6  # words of a sentence that may stand for a question
LONGEST: Final = 40
KEPT: Final = 0.5  # share of its words that are kept
FEATURES: Final = ("word_score", "spelling", "first_words", "fused_lead", "first_cosine", "fused")
LOG_SHRINKING: Final = 3.0  # the same for the log of earlier questions
STRENGTH: Final = (
    0.35  # of what an index teaches beside what is true of any: more loses on questions about other products
)
SHRINKING: Final = 0.1  # inverse strength of regularisation (scikit-learn's C)
FOLDS: Final = 5
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_CODE: Final = re.compile(r"(?ms)^\s*(```|~~~).*?^\s*\1|^\s*[|<{].*?$|`")
_WORD: Final = re.compile(r"[^\s*_#>|\[\]()]+")

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """The evidence for one sentence with everything there, and with its own pages hidden."""

    known: Evidence
    unknown: Evidence


def learn(
    index: ChunkIndex, embedder: Embedder, *, before: Lessons = NONE, same_faq: bool = False, seed: int = 0
) -> Lessons:
    """Everything that can be learnt from the index alone; the same index gives the same lessons.

    What does not hang on the pages is taken from the lessons `before`, if they are of the same embedder; with
    `same_faq` what hangs on the FAQ as well. Takes about twenty milliseconds for each of the sampled sentences, and
    some seconds for a FAQ. Raises what searching raises.
    """
    entries = _entries(index)
    background = everyday(embedder) if before.background is None else before.background
    faq = before.faq if same_faq and before.faq is not None else _faq_order(index, entries)
    lessons = Lessons(background=background, faq=faq, familiar=before.familiar)
    pairs = ask_itself(index, embedder, lessons=lessons, seed=seed)
    return replace(lessons, own=own_sense(pairs))


def of(folder: Path, index: ChunkIndex, embedder: Embedder) -> Lessons:
    """The lessons of the index in folder: those kept there, or learnt now where an older version left none.

    They are kept if the folder can be written. Raises what searching raises.
    """
    kept = Lessons.load(folder)
    if kept is not None:
        return kept
    learnt = learn(index, embedder)
    with suppress(OSError):  # a folder that may only be read: they are learnt again at the next start
        learnt.save(folder)
    return learnt


def everyday(embedder: Embedder) -> Vector:
    """The mean vector of questions of everyday life, which no platform's documentation answers."""
    text = resources.files("knowledge").joinpath("everyday.txt").read_text(encoding="utf-8")
    return np.asarray(embedder.embed(text.split("\n")[:-1]).mean(axis=0), dtype=np.float32)


def ask_itself(
    index: ChunkIndex, embedder: Embedder, *, lessons: Lessons, seed: int = 0, sampled: int = SAMPLED
) -> list[Pair]:
    """Evidence for sentences of the index, with and without the folder that they come from."""
    asked = _sample(index, sampled, seed)
    if len(asked) < FEWEST:
        return []
    vectors = embedder.embed([question.text for question in asked])
    found = (
        probe(question.text, vector, index=index, hides=(question.hides_itself, question.hides_all), lessons=lessons)
        for question, vector in zip(asked, vectors, strict=True)
    )
    return [Pair(known, unknown) for known, unknown in found]


@dataclass(frozen=True, slots=True)
class _Question:
    """Words of a chunk that stand for a question, and what of the index to hide for it to be one without an answer."""

    text: str
    origin: Chunk
    folder: frozenset[str]  # document ids

    def hides_itself(self, chunk: Chunk) -> bool:
        """A way of asking would find itself; of a sentence half is gone already."""
        return bool(self.origin.phrasing) and chunk.id == self.origin.id

    def hides_all(self, chunk: Chunk) -> bool:
        return chunk.document_id in self.folder


def _sample(index: ChunkIndex, sampled: int, seed: int) -> list[_Question]:
    """Questions made from documents drawn at random."""
    draw = random.Random(seed)  # noqa: S311
    documents = index.document_ids()
    folders = _folders(documents)
    draw.shuffle(documents)
    asked: list[_Question] = []
    for document in documents:
        if len(asked) == sampled:
            break
        if question := _question(index.document(document), folders[document], draw):
            asked.append(question)
    return asked


def own_sense(pairs: Sequence[Pair]) -> OwnSense | None:
    """The logistic regression that tells known from unknown; None when there are too few to learn from."""
    if len(pairs) < FEWEST:
        return None
    features = np.array([_values(e) for pair in pairs for e in (pair.known, pair.unknown)])
    known = np.tile([True, False], len(pairs))
    linear = _fit(features, known)
    from sklearn.metrics import roc_auc_score

    auroc = float(roc_auc_score(known, _cross_validated(features, known)))
    return OwnSense(linear, strength=STRENGTH, auroc=auroc, questions=len(pairs))


def familiar(questions: Sequence[tuple[str, bool]], embedder: Embedder) -> Familiar | None:
    """What a log of earlier questions, each with whether it was answered here, says of new ones; None when it holds
    too few of either kind."""
    answered = np.array([right for _, right in questions], dtype=bool)
    if min(int(answered.sum()), int((~answered).sum())) < FOLDS:
        return None
    from sklearn.linear_model import LogisticRegression

    vectors = embedder.embed([text for text, _ in questions])
    model = LogisticRegression(C=LOG_SHRINKING, max_iter=1000, class_weight="balanced").fit(vectors, answered)
    return Familiar(model.coef_[0].astype(np.float32), float(model.intercept_[0]), len(questions))


def _entries(index: ChunkIndex) -> dict[str, list[Chunk]]:
    """The ways of asking of each FAQ entry."""
    found: dict[str, list[Chunk]] = {}
    for document in index.document_ids():
        chunks = index.document(document)
        if chunks and chunks[0].kind is Kind.FAQ:
            found[document] = chunks
    return found


def _faq_order(index: ChunkIndex, entries: Mapping[str, Sequence[Chunk]]) -> FaqOrder | None:
    if len(entries) < 2:  # noqa: PLR2004: with one entry there is no order
        return None
    ways = [(number, chunk) for number, chunks in enumerate(entries.values()) for chunk in chunks]
    return FaqOrder.learn(
        list(entries),
        [owner for owner, _ in ways],
        index.vectors([chunk.id for _, chunk in ways]),
        [chunk.phrasing or chunk.title for _, chunk in ways],
    )


def _folders(documents: Sequence[str]) -> dict[str, frozenset[str]]:
    """By document, those that lie in one folder with it: the topmost that holds at most half of all documents."""
    inside: defaultdict[str, set[str]] = defaultdict(set)
    for document in documents:
        for folder in _above(document):
            inside[folder].add(document)
    most = len(documents) / 2
    return {
        document: frozenset(next((inside[f] for f in _above(document) if len(inside[f]) <= most), {document}))
        for document in documents
    }


def _above(document: str) -> list[str]:
    """The folders that a document lies in, topmost first, its source being the first."""
    source, _, path = document.partition(":")
    parts = path.split("/")[:-1]
    return [f"{source}:", *(f"{source}:{'/'.join(parts[:depth])}/" for depth in range(1, len(parts) + 1))]


def _question(chunks: Sequence[Chunk], folder: frozenset[str], draw: random.Random) -> _Question | None:
    """One of the ways of asking, or a sentence with half of its words dropped; None when there is neither."""
    order = list(chunks)
    draw.shuffle(order)
    for chunk in order:
        if chunk.kind is Kind.FAQ:
            own = frozenset({chunk.document_id})
            return _Question(chunk.phrasing or chunk.title, chunk, own) if len(chunks) > 1 else None
        sentences = [said for said in _sentences(chunk.text) if SHORTEST <= len(said) <= LONGEST]
        if sentences:
            return _Question(_thinned(draw.choice(sentences), draw), chunk, folder)
    return None


def _thinned(sentence: Sequence[str], draw: random.Random) -> str:
    """Half of the sentence's telling words, in their order."""
    telling = [word for word in sentence if word.lower() not in STOPWORDS] or sentence
    kept = sorted(draw.sample(range(len(telling)), min(len(telling), max(2, round(KEPT * len(telling))))))
    return " ".join(telling[place] for place in kept)


def _sentences(text: str) -> list[list[str]]:
    """The words of each sentence of prose, without code, tables and marks."""
    return [_WORD.findall(sentence) for sentence in _SENTENCE.split(_CODE.sub(" ", text))]


def _values(evidence: Evidence) -> list[float]:
    return [float(getattr(evidence, name)) for name in FEATURES]


def _fit(features: Numbers, known: NDArray[np.bool_]) -> Linear:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=SHRINKING).fit(scaler.transform(features), known)
    return Linear(
        FEATURES,
        tuple(map(float, scaler.mean_)),
        tuple(map(float, scaler.scale_)),
        tuple(map(float, model.coef_[0])),
        float(model.intercept_[0]),
    )


def _cross_validated(features: Numbers, known: NDArray[np.bool_]) -> Numbers:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pairs = np.repeat(np.arange(len(known) // 2), 2)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=SHRINKING))
    return np.asarray(
        cross_val_predict(model, features, known, groups=pairs, cv=GroupKFold(FOLDS), method="decision_function")
    )
