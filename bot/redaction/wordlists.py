"""The lists of `words.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


def words(of: str, name: str) -> frozenset[str]:
    """One list, of the module that uses it."""
    return frozenset(_tables()[of][name].split())


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
