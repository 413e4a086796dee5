"""Everything Sheriff raises on purpose. A message names the place and the remedy; it is shown to people as it is."""

from __future__ import annotations


class SheriffError(Exception):
    """The root: catch this at an entry point, show its text, never its traceback."""


class Misuse(SheriffError):
    """The call, the configuration or a file named by the user is wrong (exit code 2)."""


class TooLarge(Misuse):
    """What was sent is larger than what is read."""


class TooCostly(Misuse):
    """Reading what was sent takes more time or memory than one message is given."""


class Failure(SheriffError):
    """The call was right and the work could not be done (exit code 1)."""


class IndexBroken(Failure):
    """The knowledge index is missing, of another make, or cannot be read."""


class Unavailable(Failure):
    """Something outside does not answer; raised by adapters, caught where there is a fallback."""

    after: float = 0.0  # seconds for which it asks to be left alone; 0: it does not say


class ModelUnavailable(Unavailable):
    """The language model gave no usable answer: time-out, refusal, cut stream, empty text, broken JSON."""


class BudgetSpent(ModelUnavailable):
    """The language model may not be asked: the text says why, and what happens instead."""


class DeskUnavailable(Unavailable):
    """The ticket system gave no answer, or an unknown one: look again before creating."""

    def __init__(self, message: str, *, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class DeskRefused(Failure):
    """The ticket system will not do it, however often it is asked: the text says what is to be set right."""
