"""The pace of sends: Microsoft's limits per conversation, on a clock that the test turns."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.teams_pace import LIMITS, Pace, TooSoonError


class Watch:
    """Time that passes only while somebody sleeps, or when the test says so."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


def _moments(count: int, *, conversation: str = "c", every: float = 0.0) -> list[float]:
    """When each of so many sends was let through, in seconds from the first; asked for at a steady interval."""
    watch = Watch()
    pace = Pace(now=watch.now, sleep=watch.sleep)

    async def send() -> list[float]:
        moments = []
        for _ in range(count):
            await pace.admit(conversation)
            moments.append(watch.time)
            watch.time += every
        return moments

    moments = asyncio.run(send())
    return [moment - moments[0] for moment in moments]


def test_seven_sends_go_out_at_once_and_the_eighth_a_second_later() -> None:
    moments = _moments(9)

    assert moments[6] == 0
    assert moments[7] == pytest.approx(1.0)
    assert moments[8] == pytest.approx(2.0)


@pytest.mark.parametrize(("most", "seconds"), LIMITS)
def test_no_window_ever_holds_more_than_its_limit(most: int, seconds: float) -> None:
    moments = _moments(1_900)

    assert all(moments[n + most] - moments[n] >= seconds - 1e-6 for n in range(len(moments) - most))


def test_the_longest_window_is_used_up_before_anybody_waits_for_it() -> None:
    moments = _moments(1_801, every=1.0)

    assert moments[1_799] == pytest.approx(1_799.0)
    assert moments[1_800] == pytest.approx(3_600.0)


@given(st.lists(st.floats(0, 3), max_size=120))
def test_however_sends_arrive_none_is_dropped_and_none_is_held_without_need(gaps: list[float]) -> None:
    watch = Watch()
    pace = Pace(now=watch.now, sleep=watch.sleep)
    moments: list[float] = []

    async def send() -> None:
        for gap in gaps:
            watch.time += gap
            asked = watch.time
            await pace.admit("c")
            ends = [moments[-most] + seconds for most, seconds in LIMITS if len(moments) >= most]
            assert watch.time == pytest.approx(max([asked, *ends]))
            moments.append(watch.time)

    asyncio.run(send())
    assert len(moments) == len(gaps)


def test_those_who_wait_are_let_through_in_the_order_in_which_they_came() -> None:
    watch = Watch()
    pace = Pace(now=watch.now, sleep=watch.sleep)
    passed: list[int] = []

    async def send(number: int) -> None:
        await pace.admit("c")
        passed.append(number)

    async def all_at_once() -> None:
        await asyncio.gather(*(send(number) for number in range(40)))

    asyncio.run(all_at_once())
    assert passed == list(range(40))


def test_a_turn_is_held_half_a_minute_at_most_and_what_nobody_waits_for_is_told_when() -> None:
    watch = Watch()
    pace = Pace(now=watch.now, sleep=watch.sleep)
    pace.hold("c", 300.0)

    async def send() -> None:
        with pytest.raises(TooSoonError) as caught:
            await pace.admit("c", at_most=10.0)
        assert caught.value.seconds == 300.0
        await pace.admit("c")
        assert watch.time == 130.0
        watch.time += 265
        await pace.admit("c", at_most=10.0)
        assert watch.time == 400.0

    asyncio.run(send())


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    watch = Watch()
    pace = Pace(now=watch.now, sleep=watch.sleep)
    pace.hold("c", 20.0)
    pace.hold("c", 1.0)

    asyncio.run(pace.admit("c"))

    assert watch.time == 120.0


def test_one_conversation_does_not_hold_up_another() -> None:
    watch = Watch()
    pace = Pace(now=watch.now, sleep=watch.sleep)

    async def send() -> None:
        for _ in range(7):
            await pace.admit("busy")
        await pace.admit("quiet")

    asyncio.run(send())
    assert watch.time == 100.0
    assert pace.free("busy") == 0
    assert pace.free("quiet") == 6
    assert pace.free("new") == 7


def test_who_gives_up_while_waiting_uses_up_nothing() -> None:
    watch, waiting = Watch(), asyncio.Event()

    async def forever(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    pace = Pace(now=watch.now, sleep=forever)

    async def send() -> None:
        for _ in range(7):
            await pace.admit("c")
        eighth = asyncio.create_task(pace.admit("c"))
        await waiting.wait()
        eighth.cancel()
        await asyncio.wait({eighth})
        watch.time += 2.5
        assert pace.free("c") == 7
        await pace.admit("c")

    asyncio.run(send())


def test_idle_conversations_are_forgotten() -> None:
    watch = Watch()
    pace = Pace(now=watch.now, sleep=watch.sleep)

    async def send() -> None:
        for number in range(500):
            await pace.admit(f"c{number}")
        watch.time += 3_601
        await pace.admit("another")

    asyncio.run(send())
    assert pace.known() == 1
