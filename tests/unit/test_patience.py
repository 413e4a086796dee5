"""One turn's patience with a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from knowledge.errors import ModelUnavailable
from knowledge.patience import LONGEST, OneTurn, one_turn
from knowledge.ports import ChatMessage, Form
from tests.fakes import ScriptedChat

ASKED = [ChatMessage("user", "quota?")]


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Measured(ScriptedChat):
    """Notes how long it was allowed to take."""

    def __init__(self, *pieces: str, fault: str = "") -> None:
        super().__init__(*pieces, fault=fault)
        self.allowed: list[float | None] = []

    def stream(
        self, messages: Sequence[ChatMessage], *, seconds: float | None = None, form: Form | None = None
    ) -> Iterator[str]:
        self.allowed.append(seconds)
        return super().stream(messages, seconds=seconds, form=form)


def test_all_calls_of_a_turn_share_its_seconds() -> None:
    clock, model = Clock(), Measured("Set ", "it.")
    turn = OneTurn(model, seconds=8.0, clock=clock)

    assert "".join(turn.stream(ASKED, seconds=3.0)) == "Set it."
    clock.now += 2.5
    list(turn.stream(ASKED))

    assert model.allowed == [3.0, 5.5]


def test_after_a_failure_the_model_is_not_asked_again() -> None:
    model = Measured(fault="The model scripted cannot be reached.")
    turn = OneTurn(model)

    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            list(turn.stream(ASKED))

    assert len(model.allowed) == 1


def test_when_the_seconds_are_used_up_nothing_is_asked() -> None:
    clock, model = Clock(), Measured("Set it.")
    turn = OneTurn(model, seconds=8.0, clock=clock)
    clock.now += 8.0

    with pytest.raises(ModelUnavailable, match="8 seconds of this turn are used up"):
        list(turn.stream(ASKED))

    assert model.allowed == []


def test_a_model_that_does_not_stop_is_stopped() -> None:
    with pytest.raises(ModelUnavailable, match="does not stop writing"):
        list(OneTurn(ScriptedChat(*["and so on "] * LONGEST)).stream(ASKED))


def test_a_turn_that_has_begun_keeps_its_seconds() -> None:
    turn = one_turn(ScriptedChat("x"))

    assert one_turn(turn, seconds=60.0) is turn
    assert turn is not None
    assert turn.name == "scripted"
    assert one_turn(None) is None
