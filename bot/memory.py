"""How often Python looks for garbage in a process that reads large files."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

ALLOCATED = 100_000  # objects between two looks, instead of 700


@contextmanager
def seldom_collected() -> Iterator[None]:
    """The trees of files hold no cycles; looking for some again and again takes as long as reading a large file."""
    usual = gc.get_threshold()
    gc.set_threshold(ALLOCATED, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
