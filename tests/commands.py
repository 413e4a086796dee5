"""The `sheriff` command called in the process of the test, in a folder of its own and without the person's settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main


@dataclass
class Done:
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_dir: Path) -> Run:
    """Calls `sheriff` with arguments; no call may print a traceback."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith(("SHERIFF_", "OPENAI_", "AZURE_", "MICROSOFT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHERIFF_MODEL_DIR", str(model_dir))

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["sheriff", *arguments])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Done(code, captured.out, captured.err)

    return call
