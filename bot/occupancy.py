"""One server for a home folder at a time: its index is embedded, and takes one process only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from knowledge.errors import Failure

_LOCK = "serve.lock"


@contextmanager
def occupied(home: Path, *, why: str) -> Iterator[None]:
    """Hold the folder, as a server or as who changes it under one. Ends with the process, however that dies.

    Raises Failure with `why` when a server holds it.
    """
    lock = FileLock(home / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Failure(why) from None
    try:
        yield
    finally:
        lock.release()
