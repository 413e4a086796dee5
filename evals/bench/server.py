"""A server of the benches: `sheriff serve` in a process of its own, on a home and a database of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import httpx

from knowledge.errors import Failure

STARTED_WITHIN: Final = 120.0
_OURS: Final = ("OPENAI_", "AZURE_", "MICROSOFT_", "SHERIFF_")
_PAGE: Final = "# Kafka\n\n## Raise a quota\n\nSet `quota.partitions` in `kafka.yaml`, at most 48.\n"


def small_index(folder: Path, home: Path) -> None:
    """One page is enough: what is asked is not on it."""
    (folder / "docs").mkdir()
    (folder / "docs" / "kafka.md").write_text(_PAGE, encoding="utf-8")
    (folder / "sheriff.yaml").write_text("sources: [{name: docs, path: docs}]\n", encoding="utf-8")
    ingested(folder, home)


def ingested(folder: Path, home: Path) -> None:
    """The index of what the folder's sheriff.yaml names, of the example platform where there is none."""
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "ingest", "--home", str(home)],
        env=environment(""),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failure(f"The index of the bench could not be built: {done.stderr.strip()}")


def started(folder: Path, home: Path, port: int, url: str) -> subprocess.Popen[bytes]:
    """A server that takes messages."""
    command = [sys.executable, "-m", "bot.cli", "serve", "--home", str(home), "--port", str(port)]
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment(url), cwd=folder, stdout=log, stderr=log)
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=STARTED_WITHIN)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return process
    process.kill()
    raise Failure(f"The server of the bench did not start: {(folder / 'serve.log').read_text('utf-8')[-2000:]}")


def environment(url: str) -> dict[str, str]:
    bare = {k: v for k, v in os.environ.items() if not k.startswith(_OURS) or k == "SHERIFF_MODEL_DIR"}
    return {**bare, "SHERIFF_DATABASE_URL": url, "SHERIFF_LOG_LEVEL": "warning"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
