"""Whether a question is about something else than work on a platform: everyday matters, and requests for amusement."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from knowledge.ports import Vector

ASIDE: Final = 0.65  # probability from which on a question without an answer is not about a platform
SURELY_ASIDE: Final = 0.98  # the same for one that uses a name of the platform
SURELY_UNKNOWN: Final = 0.12  # confidence above which the pages come too near for a question to be off topic
_EVERYDAY: Final = re.compile(
    r"\b(?:recipes?|sourdough|cook(?:ing)?|cake|pizza|restaurants?|lunch|dinner|weather|météo|football|soccer|tennis"
    r"|world cup|olympics|lottery|horoscope|movies?|films?|netflix|songs?|celebrit(?:y|ies)|birthday|vacation"
    r"|holiday trip|wedding|girlfriend|boyfriend|president of|capital of|prime minister|stock price|bitcoin|diet"
    r"|recette de cuisine|meaning of life|who won (?:the )?(?:match|game|election|race))\b",
    re.IGNORECASE,
)
_AMUSEMENT: Final = re.compile(
    r"\b(?:write|tell|sing|compose|make|give|écris|raconte)\b(?:[ -](?:me|us|moi|a|an|another|une?|some|short|funny))*"
    r" (?:poem|haiku|song|joke|story|limerick|love letter|poème|blague|histoire)\b",
    re.IGNORECASE,
)
_TECHNICAL: Final = re.compile(r"[\w-]+[.:/_=]\w+|\b[A-Z]{2,}-?\d+|`")


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic regression over vectors of one embedding model: which messages are no work on a platform."""

    embeddings: str  # fingerprint of the embedding model
    coefficients: tuple[float, ...]
    intercept: float
    note: str = ""  # what it was fitted on

    def probability(self, vector: Vector) -> float:
        return float(1 / (1 + np.exp(-(vector @ np.asarray(self.coefficients, dtype=np.float32) + self.intercept))))


@cache
def fitted() -> Head:
    """The head in scope.json, as `sheriff-evals bench attacks --fit` writes it."""
    values = json.loads(resources.files("knowledge").joinpath("scope.json").read_text(encoding="utf-8"))
    return Head(values["embeddings"], tuple(values["coefficients"]), values["intercept"], values["note"])


def aside(vector: Vector, *, embeddings: str) -> float:
    """How probably a message is no work on a platform; 0 for vectors of a model that nothing was fitted for."""
    head = fitted()
    return head.probability(vector) if head.embeddings == embeddings else 0.0


def is_off_topic(question: str, confidence: float, *, aside: float = 0.0, names: bool = False) -> bool:
    """Whether an unanswered question gets a polite no instead of a person's time.

    Conservative: the question holds no identifier, and is most probably no work on a platform (`aside`), the more so if
    it `names` something of the platform; or it asks for amusement; or it is far from every page by its confidence, and
    names an everyday matter. Whatever else may be about the platform stays a question.
    """
    if _TECHNICAL.search(question):
        return False
    if aside >= (SURELY_ASIDE if names else ASIDE):
        return True
    if _AMUSEMENT.search(question):
        return True
    return confidence <= SURELY_UNKNOWN and bool(_EVERYDAY.search(question))
