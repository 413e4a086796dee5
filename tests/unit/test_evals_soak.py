"""What a soak says of its figures, without running one; docs/reliability.md has long runs."""

from __future__ import annotations

from collections import Counter

import pytest

from evals.bench.soak import Look, Soak, lines


def soaked(**given: float) -> Soak:
    """Ten minutes in which memory and files go from one figure to another."""
    first, last = given.get("first", 400.0), given.get("last", 400.0)
    looks = [
        Look(t, first + (last - first) * t / 600, 80 + int(given.get("leak", 0) * t / 600), 40) for t in range(600)
    ]
    return Soak(10, 20, 750.0, Counter({200: 11_990, 429: 10}), [0.02] * 12_000, looks)


@pytest.mark.parametrize(
    ("given", "flat"),
    [({}, True), ({"last": 420.0}, True), ({"last": 480.0}, False), ({"leak": 10}, True), ({"leak": 60}, False)],
)
def test_what_grows_while_nothing_changes_is_a_leak(given: dict[str, float], flat: bool) -> None:
    assert soaked(**given).is_flat is flat


def test_the_growth_of_the_warm_up_is_none() -> None:
    found = soaked()
    found.looks[:60] = [Look(t, 100.0, 10, 5) for t in range(60)]

    assert found.is_flat


def test_a_refusal_for_too_many_is_an_answer_and_silence_or_a_crash_is_not() -> None:
    found = soaked()
    assert found.faults == 0

    found.statuses.update({0: 1, 502: 2})

    assert found.faults == 3
    assert "12,003 turns, 3 with an error" in next(lines(found))
    assert any("none: 1, 200: 11,990, 429: 10, 502: 2" in line for line in lines(found))


def test_a_rate_that_was_not_kept_is_told() -> None:
    assert "answered 16.0 turns/s over 12.5 min" in "\n".join(lines(soaked()))
