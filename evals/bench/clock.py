"""Timing calls one by one, and how much memory the process holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from evals.metrics import percentile

T = TypeVar("T")

WARM_UPS: Final = 5
PAGE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Timing:
    """How long calls took, in seconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Timing:
        return cls(percentile(seconds, 0.5), percentile(seconds, 0.95))


def timed(call: Callable[[str], T], inputs: Sequence[str]) -> tuple[Timing, list[T]]:
    """Each input called once after a warm-up: how long it took, and what came back."""
    for text in inputs[:WARM_UPS]:
        call(text)
    seconds: list[float] = []
    results: list[T] = []
    for text in inputs:
        start = time.perf_counter()
        results.append(call(text))
        seconds.append(time.perf_counter() - start)
    return Timing.of(seconds), results


def per_second(call: Callable[[str], object], inputs: Sequence[str]) -> float:
    """How many inputs are worked off in a second, after a warm-up."""
    for text in inputs[:WARM_UPS]:
        call(text)
    start = time.perf_counter()
    for text in inputs:
        call(text)
    return len(inputs) / (time.perf_counter() - start)


def resident_mb() -> float | None:
    """Memory the process holds now; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * PAGE_BYTES / 1e6
