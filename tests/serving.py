"""`sheriff serve` as a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass
class Served:
    """A running `sheriff serve` and what it printed."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str]

    def ask(self, text: str, **more: str) -> dict[str, object]:
        response = httpx.post(f"{self.url}/api/v1/ask", json={"text": text, **more}, timeout=60)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def wait_until_ready(self, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if httpx.get(f"{self.url}/readyz", timeout=seconds).status_code == 200:
                return
            time.sleep(0.1)
        raise AssertionError("not ready: " + "".join(self.lines))


@contextmanager
def serving(
    home: Path, model_dir: Path, *arguments: str, program: str = "bot.cli", **variables: str
) -> Iterator[Served]:
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "AZURE_", "MICROSOFT_", "SHERIFF_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", program, "serve", "--home", str(home), "--port", "0", *arguments],
        env={**bare, "PYTHONPATH": str(_REPOSITORY), "SHERIFF_MODEL_DIR": str(model_dir), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=home.parent,
    )
    lines: list[str] = []
    started = threading.Event()

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if "listens on" in line:
                started.set()
        started.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert started.wait(180), "".join(lines)
        address = re.search(r"http://\S+", "".join(lines))
        assert address, "".join(lines)
        yield Served(address[0], process, lines)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        reader.join(timeout=5)
        assert process.stdout
        process.stdout.close()
        printed = "".join(lines)
        assert "Traceback" not in printed, printed


def eventually(true: Callable[[], object], *, within: float = 30.0) -> None:
    """Wait until it is; the limit only ends a test that would wait for ever."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)
