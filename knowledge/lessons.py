"""What was learnt from an index about itself: kept beside it, and used by every search of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.evidence import FEATURES, Evidence, Linear
from knowledge.faq_letters import LetterHead
from knowledge.faq_order import FaqOrder
from knowledge.ports import Vector

FILE: Final = "lessons.npz"
VERSION: Final = 2  # raise it when what is learnt changes: lessons of another version are not used
STEEPEST: Final = 4.0  # log odds beyond which evidence says no more


@dataclass(frozen=True, slots=True)
class OwnSense:
    """How a sentence that this index holds differs from one that it does not."""

    linear: Linear
    strength: float  # how much it counts beside what is true of any documentation
    auroc: float = 0.5  # on the sentences it was not fitted on
    questions: int = 0

    def logit(self, evidence: Evidence) -> float:
        return self.strength * max(-STEEPEST, min(STEEPEST, self.linear.logit(evidence)))


@dataclass(frozen=True, slots=True)
class Familiar:
    """A logistic regression on the vectors of earlier questions: were they ones that get answered here?"""

    coefficients: NDArray[np.float32]  # (dimension,)
    intercept: float
    questions: int = 0

    def logit(self, question: Vector) -> float:
        return max(-STEEPEST, min(STEEPEST, float(self.coefficients @ question) + self.intercept))


@dataclass(frozen=True, slots=True)
class Lessons:
    """Everything learnt; each part may be missing, and search then does without."""

    background: Vector | None = None  # mean vector of everyday questions
    faq: FaqOrder | None = None
    own: OwnSense | None = None
    familiar: Familiar | None = None

    def applied(self, evidence: Evidence, question: Vector) -> Evidence:
        """The evidence with what the lessons say of it."""
        if self.background is not None:
            evidence = replace(evidence, background=evidence.top_cosine - float(self.background @ question))
        return replace(
            evidence,
            own=self.own.logit(evidence) if self.own else 0.0,
            familiar=self.familiar.logit(question) if self.familiar else 0.0,
        )

    def save(self, folder: Path) -> None:
        """Write to folder, whole or not at all. Raises OSError."""
        arrays: dict[str, NDArray[Any]] = {}
        said: dict[str, Any] = {"version": VERSION}
        if self.background is not None:
            arrays["background"] = self.background
        if self.faq is not None:
            faq, letters = self.faq, self.faq.letters
            arrays |= {"owners": faq.owners, "ways": faq.ways, "head": faq.head}
            arrays |= {"rarity": letters.rarity, "letters": letters.head}
            said |= {"entries": list(faq.documents), "runs": list(letters.runs)}
        if self.own is not None:
            said["own"] = _as_json(self.own)
        if self.familiar is not None:
            arrays["familiar"] = self.familiar.coefficients
            said["familiar"] = {"intercept": self.familiar.intercept, "questions": self.familiar.questions}
        draft = folder / f".{FILE}"
        with draft.open("wb") as file:
            np.savez(file, said=np.array(json.dumps(said)), **arrays)  # type: ignore[arg-type]
        draft.replace(folder / FILE)

    @classmethod
    def load(cls, folder: Path) -> Lessons | None:
        """The lessons in folder; None when there are none that this version can use."""
        try:
            with (folder / FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                said = json.loads(str(arrays["said"]))
                return _read(said, arrays) if said["version"] == VERSION else None
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
            return None


NONE: Final = Lessons()


def written(folder: Path) -> int:
    """When the lessons in folder were written, in nanoseconds since 1970; 0 when there are none."""
    try:
        return (folder / FILE).stat().st_mtime_ns
    except OSError:
        return 0


def _read(said: dict[str, Any], arrays: Any) -> Lessons:
    faq = own = familiar = None
    if "entries" in said:
        letters = LetterHead(tuple(said["runs"]), arrays["rarity"], arrays["letters"])
        faq = FaqOrder(tuple(said["entries"]), arrays["owners"], arrays["ways"], arrays["head"], letters)
    if "own" in said:
        own = _own(said["own"])
    if "familiar" in said:
        kept = said["familiar"]
        familiar = Familiar(arrays["familiar"], float(kept["intercept"]), int(kept["questions"]))
    background = arrays["background"] if "background" in arrays.files else None
    return Lessons(background, faq, own, familiar)


def _as_json(own: OwnSense) -> dict[str, Any]:
    linear = own.linear
    return {
        "names": linear.names,
        "means": linear.means,
        "scales": linear.scales,
        "coefficients": linear.coefficients,
        "intercept": linear.intercept,
        "strength": own.strength,
        "auroc": own.auroc,
        "questions": own.questions,
    }


def _own(values: dict[str, Any]) -> OwnSense:
    names = tuple(values["names"])
    if not FEATURES.issuperset(names):
        raise ValueError("unknown features")
    means, scales, coefficients = (tuple(map(float, values[name])) for name in ("means", "scales", "coefficients"))
    linear = Linear(names, means, scales, coefficients, float(values["intercept"]))
    return OwnSense(linear, float(values["strength"]), float(values["auroc"]), int(values["questions"]))
