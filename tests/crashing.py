"""`sheriff` as a test build: with SHERIFF_CRASH_AT it kills itself, as kill -9 does, where it passes that landmark.

Run it as `python -m tests.crashing serve …`. It is no part of the wheel, and nothing in the wheel reads the variable.
With SHERIFF_CRASH_WHEN=signal it does so only after SIGUSR1, so that it can first take up what another one left.
"""

from __future__ import annotations

import os
import signal
import sys

from bot import landmarks
from bot.cli import main
from bot.landmarks import Landmark, RotaLandmark

ARMED = "will crash at "


def arm(name: str) -> None:
    """Die at the landmark of this name."""

    def die(landmark: Landmark | RotaLandmark) -> None:
        if landmark == name:
            os.kill(os.getpid(), signal.SIGKILL)

    landmarks.listen(die)
    print(f"{ARMED}{name}", file=sys.stderr, flush=True)


def prepare(name: str, when: str) -> None:
    """Arm now, or at the signal. Exits with a sentence when there is no such landmark."""
    known = [*Landmark, *RotaLandmark]
    if name not in known:
        raise SystemExit(f"SHERIFF_CRASH_AT={name}: there is no such landmark. Choose one of: {', '.join(known)}.")
    if when == "signal":
        signal.signal(signal.SIGUSR1, lambda *_: arm(name))
    else:
        arm(name)


if __name__ == "__main__":
    if wanted := os.environ.get("SHERIFF_CRASH_AT", ""):
        prepare(wanted, os.environ.get("SHERIFF_CRASH_WHEN", ""))
    main()
