"""Whether a question is about something else than work on a platform: everyday matters, and requests for amusement."""

from __future__ import annotations

import re
from typing import Final

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


def is_off_topic(question: str, confidence: float) -> bool:
    """Whether an unanswered question gets a polite no instead of a person's time.

    Conservative: the question has to name an everyday matter or ask for amusement, hold no identifier, and be far from
    every page by its confidence; whatever else may be about the platform stays a question.
    """
    if _TECHNICAL.search(question) or confidence > SURELY_UNKNOWN:
        return False
    return bool(_EVERYDAY.search(question) or _AMUSEMENT.search(question))
