"""Work on what others wrote, in child processes with limits: whatever a file is made to cost, it costs there."""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as TooLateError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pebble import ProcessExpired, ProcessPool

from knowledge.errors import Failure, SheriffError

T = TypeVar("T")
MEGABYTE: Final = 1_000_000
STARTED_WITHIN: Final = 60.0  # seconds for the first process, on a busy machine
TASKS: Final = 1_000  # after which a process is replaced, so that none of them grows
_PRELOADED: Final = "forkserver"  # its processes begin with everything imported: a dead one is replaced in milliseconds


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of work may take."""

    seconds: float = 30.0
    processor: float = 10.0  # seconds of processor time
    memory: int = 512  # MB, on top of what an idle process has
    result: int = 40  # MB that come back
    patience: float = 60.0  # seconds that a caller waits, for his turn too


class OverrunError(Exception):
    """Work that was stopped; its text is a reason that goes on after a file's name: "takes longer than 20 s"."""


def limits_memory() -> bool:
    """Whether this system lets a process be limited in memory and processor time; elsewhere only time is."""
    return hasattr(os, "fork") and sys.platform == "linux"


class Fence:
    """A few child processes, started when the first work comes. Safe to use from many threads."""

    def __init__(
        self,
        limits: Limits,
        *,
        processes: int = 1,
        preload: Sequence[str] = (),
        warm: Callable[[], object] | None = None,
    ) -> None:
        """`preload` names the modules of the work; `warm` is done by each process before its first work."""
        self._limits = limits
        self._processes = processes
        self._preload = list(preload)
        self._warm = warm
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._runs = False  # whether a first process has said something
        self._closed = False

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """What the function gives, done in a child; both it and its arguments are pickled.

        Raises OverrunError when a limit was hit or the child died, Failure when no child can be started, and a
        SheriffError as the function raised it.
        """
        limits, pool = self._limits, self._started()
        try:
            self._wait_for_first(pool)  # which is not on the account of the first caller's file
            future = pool.schedule(_inside, args=(limits, function, arguments), timeout=limits.seconds)
        except RuntimeError as error:  # the pool was stopped, or gave up
            self._forget(pool)
            raise _not_started(str(error)) from error
        try:
            packed = future.result(timeout=limits.patience)
        except TooLateError as error:
            began = future.running() or future.done()
            future.cancel()  # type: ignore[no-untyped-call]
            waited = f"takes longer than {_number(limits.seconds)} s"
            raise OverrunError(waited if began else "has to wait too long while others are read") from error
        except ProcessExpired as error:
            raise OverrunError(_cause_of_death(error.exitcode, limits)) from error
        except CancelledError as error:
            raise _stopping() from error
        if isinstance(packed, str):
            raise OverrunError(packed)
        found: T = pickle.loads(packed)  # noqa: S301 - our own child made it
        return found

    def close(self) -> None:
        """End the processes; work under way is lost."""
        with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def _started(self) -> ProcessPool:
        with self._lock:
            if self._closed:
                raise _stopping()
            if self._pool is None:
                self._pool = self._new_pool()
            return self._pool

    def _wait_for_first(self, pool: ProcessPool) -> None:
        if self._runs:
            return
        try:
            pool.schedule(_nothing).result(timeout=STARTED_WITHIN)
        except (TooLateError, ProcessExpired) as error:
            raise _not_started(str(error)) from error
        self._runs = True

    def _forget(self, pool: ProcessPool) -> None:
        """The next call gets a new pool."""
        with self._lock:
            if self._pool is pool:
                self._pool, self._runs = None, False

    def _new_pool(self) -> ProcessPool:
        try:
            return ProcessPool(
                self._processes,
                max_tasks=TASKS,
                initializer=_begin,
                initargs=(self._limits, self._warm),
                context=_context(self._preload),
            )
        except OSError as error:
            raise _not_started(error.strerror or str(error)) from error


def _stopping() -> Failure:
    return Failure("Sheriff is stopping, and reads no more files. Try again when it runs.")


def _not_started(reason: str) -> Failure:
    return Failure(
        f"The processes that read files cannot be started ({reason}). "
        "Allow this account more processes, and memory at /dev/shm."
    )


def _context(preload: list[str]) -> Any:
    if _PRELOADED not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context(_PRELOADED)
    context.set_forkserver_preload(preload)
    return context


def _cause_of_death(exitcode: int | None, limits: Limits) -> str:
    if exitcode is not None and exitcode == -getattr(signal, "SIGXCPU", 0):
        return f"takes more than {_number(limits.processor)} s of processor time"
    code = exitcode or 0
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"makes its reader stop ({how}); it may be nested too deeply or need too much memory"


def _number(value: float) -> str:
    return f"{value:g}"


# ---- in the child ----


def _begin(limits: Limits, warm: Callable[[], object] | None) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what libraries print when they die; the caller hears a sentence
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if limits_memory():
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = _address_space() + limits.memory * MEGABYTE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if warm is not None:
        warm()


def _nothing() -> None:
    """Done as soon as the process that does it is ready."""


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _address_space() -> int:
    """Bytes that this process has mapped."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _inside(limits: Limits, function: Callable[..., Any], arguments: Sequence[Any]) -> bytes | str:
    """The result, pickled, or why there is none."""
    _limit_processor(limits.processor)
    try:
        packed = pickle.dumps(function(*arguments), protocol=pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return f"needs more than {limits.memory} MB of memory"
    except RecursionError:
        return "is nested too deeply"
    except SheriffError:
        raise
    except Exception as error:  # noqa: BLE001 - our mistake with one file must not end the run over all the others
        return f"cannot be read, and that is our mistake ({type(error).__name__})"
    return (
        packed if len(packed) <= limits.result * MEGABYTE else f"becomes more than {limits.result} MB when it is read"
    )


def _limit_processor(seconds: float) -> None:
    """From now on, so many more seconds of processor time."""
    if limits_memory():
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime + seconds), hard))
