"""`sheriff` as a test build: with SHERIFF_CRASH_AT it kills itself, as kill -9 does, where it passes that landmark.

Run it as `python -m tests.crashing serve …`. It is no part of the wheel, and nothing in the wheel reads the variable.
"""

from __future__ import annotations

import os
import signal

from bot import landmarks
from bot.cli import main
from bot.landmarks import Landmark


def arm(name: str) -> None:
    """Die at the landmark of this name. Exits with a sentence when there is none."""
    if name not in set(Landmark):
        raise SystemExit(f"SHERIFF_CRASH_AT={name}: there is no such landmark. Choose one of: {', '.join(Landmark)}.")

    def die(landmark: Landmark) -> None:
        if landmark == name:
            os.kill(os.getpid(), signal.SIGKILL)

    landmarks.listen(die)


if __name__ == "__main__":
    if wanted := os.environ.get("SHERIFF_CRASH_AT", ""):
        arm(wanted)
    main()
