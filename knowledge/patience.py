"""How long one turn waits for a language model: all its calls together, and none after the first that failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from knowledge.errors import ModelUnavailable
from knowledge.ports import ChatMessage, ChatModel, Form

WHOLE = 6.0  # seconds: with starting, search, checking and drawing the page a person waits less than ten
LONGEST = 6_000  # characters of one answer: a model that is asked for 150 words and writes on is broken
_LEAST = 0.2  # seconds: with less left, no call is worth its connection


class OneTurn:
    """A ChatModel for the length of one turn; thrown away with it.

    Rewriting, ordering and writing share its seconds. After a failure the service is taken to be down: what follows
    in the turn fails at once and falls back, so that a person never waits twice.
    """

    def __init__(
        self, model: ChatModel, *, seconds: float = WHOLE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._model = model
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._failure: ModelUnavailable | None = None

    @property
    def name(self) -> str:
        return self._model.name

    def stream(
        self, messages: Sequence[ChatMessage], *, seconds: float | None = None, form: Form | None = None
    ) -> Iterator[str]:
        """As ports.ChatModel promises, within what is left of the turn."""
        written = 0
        try:
            for piece in self._model.stream(messages, seconds=self._allowed(seconds), form=form):
                written += len(piece)
                self._bounded(written)
                yield piece
        except ModelUnavailable as error:
            self._failure = error
            raise

    def _allowed(self, seconds: float | None) -> float:
        """Seconds for the next call. Raises ModelUnavailable if none is worth making."""
        if self._failure:
            raise type(self._failure)(str(self._failure))
        left = self._end - self._clock()
        if left < _LEAST:
            raise ModelUnavailable(f"The {self._seconds:g} seconds of this turn are used up.")
        return left if seconds is None else min(seconds, left)

    def _bounded(self, written: int) -> None:
        if written > LONGEST:
            raise ModelUnavailable(f"The model {self.name} does not stop writing.")


def one_turn(model: ChatModel | None, *, seconds: float = WHOLE) -> OneTurn | None:
    """The model for one turn; a turn that has begun keeps its seconds. None stays None."""
    if model is None or isinstance(model, OneTurn):
        return model
    return OneTurn(model, seconds=seconds)
