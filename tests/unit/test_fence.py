"""The fence: work in a child that may take too long, need too much, or die, with nothing lost but that work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from knowledge.adapters.fence import Fence, Limits, OverrunError, limits_memory
from knowledge.errors import Failure, Misuse

LIMITS = Limits(seconds=60, processor=1, memory=200, result=1)


@pytest.fixture(scope="module")
def fence() -> Iterator[Fence]:
    fence = Fence(LIMITS)
    yield fence
    fence.close()


def length(text: str) -> int:
    return len(text)


def spin() -> None:
    while True:
        pass


def fill(megabytes: int) -> int:
    return len(bytearray(megabytes * 1_000_000))


def swell() -> str:
    return "x" * 2_000_000


def sink(depth: int = 0) -> int:
    return sink(depth + 1)


def die(sign: int) -> None:
    os.kill(os.getpid(), sign)


def refuse() -> None:
    raise Misuse("It is none of ours.")


def stumble() -> None:
    raise KeyError("a mistake of ours")


def shout() -> int:
    return os.write(2, b"memory allocation of 4 bytes failed\n")


def test_what_a_library_prints_when_it_dies_reaches_no_terminal(
    fence: Fence, capfd: pytest.CaptureFixture[str]
) -> None:
    assert fence.call(shout) == 36
    assert capfd.readouterr().err == ""


def test_work_is_done_in_another_process(fence: Fence) -> None:
    assert fence.call(length, "sheriff") == 7
    assert fence.call(os.getpid) != os.getpid()


@pytest.mark.skipif(not limits_memory(), reason="this system limits time only")
@pytest.mark.parametrize(
    ("work", "reason"),
    [
        ((spin,), "takes more than 1 s of processor time"),
        ((fill, 400), "needs more than 200 MB of memory"),
        ((swell,), "becomes more than 1 MB when it is read"),
        ((sink,), "is nested too deeply"),
        ((die, signal.SIGSEGV), "makes its reader stop (signal SIGSEGV)"),
        ((stumble,), "cannot be read, and that is our mistake (KeyError)"),
    ],
)
def test_work_that_takes_too_much_ends_with_a_reason_and_the_next_is_done(
    fence: Fence, work: tuple[object, ...], reason: str
) -> None:
    with pytest.raises(OverrunError) as stopped:
        fence.call(*work)  # type: ignore[arg-type]

    assert str(stopped.value).startswith(reason)
    assert fence.call(length, "next") == 4


def test_work_that_only_waits_is_stopped_too() -> None:
    fence = Fence(Limits(seconds=0.3))
    try:
        with pytest.raises(OverrunError, match=r"takes longer than 0\.3 s"):
            fence.call(time.sleep, 60)
    finally:
        fence.close()


def test_what_the_work_refuses_arrives_as_it_was_said(fence: Fence) -> None:
    with pytest.raises(Misuse, match="none of ours"):
        fence.call(refuse)


def test_a_closed_fence_says_so() -> None:
    fence = Fence(LIMITS)
    fence.close()

    with pytest.raises(Failure, match="stopping"):
        fence.call(length, "late")


def test_a_pool_that_gave_up_is_replaced_by_the_next_call() -> None:
    fence = Fence(LIMITS)
    try:
        assert fence.call(length, "one") == 3
        broken = fence._started()
        broken.stop()  # type: ignore[no-untyped-call]
        broken.join()
        with pytest.raises(Failure, match="cannot be started"):
            fence.call(length, "two")

        assert fence.call(length, "three") == 5
    finally:
        fence.close()
