"""What goes to the connector: tried again where that helps, and no longer than that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from bot.channels.teams_adapter import why_refused
from bot.channels.teams_pace import Pace
from bot.channels.teams_sender import Line, Sender, SendError, back_off
from tests.bot_framework import BotFramework, running_bot_framework

WORDS = {"type": "message", "text": "hello", "conversation": {"id": "19:x;messageid=1"}, "replyToId": "a/1"}
TYPING = {"type": "typing", "conversation": {"id": "19:x"}}


@pytest.fixture(scope="module")
def running() -> Iterator[BotFramework]:
    with running_bot_framework() as framework:
        yield framework


@pytest.fixture
def framework(running: BotFramework) -> BotFramework:
    for remembered in (running.sent, running.failures, running.requests):
        remembered.clear()
    running.retry_after = ""
    return running


class Pauses:
    """Time that passes only while somebody sleeps; remembers how long that was."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.time += seconds


def _token(value: str) -> Callable[[], Any]:
    async def token() -> str:
        return value

    return token


def _run(
    url: str, work: Callable[[Sender, Line], Any], *, transport: httpx.AsyncBaseTransport | None = None
) -> tuple[Any, list[float]]:
    """What a piece of sending comes to, or its SendError, and the pauses between the tries."""
    pauses = Pauses()

    async def run() -> Any:
        client = httpx.AsyncClient(transport=transport)
        sender = Sender(Pace(now=pauses.now, sleep=pauses.sleep), back_off=float, sleep=pauses.sleep, client=client)
        try:
            return await work(sender, Line(url, _token("t")))
        except SendError as error:
            return error
        finally:
            await sender.close()

    return asyncio.run(run()), pauses.asked


def _send(sender: Sender, line: Line) -> Any:
    return sender.send(line, WORDS)


def _update(sender: Sender, line: Line) -> Any:
    return sender.update(line, "card 1", WORDS)


@pytest.mark.parametrize("status", [408, 412, 425, 429, 502, 503, 504])
@pytest.mark.parametrize(("work", "method"), [(_send, "POST"), (_update, "PUT")])
def test_what_may_pass_is_tried_again(framework: BotFramework, work: Any, method: str, status: int) -> None:
    framework.failures += [status, status]

    sent, pauses = _run(framework.url, work)

    assert sent == "sent-1"
    assert pauses == [1.0, 2.0]
    assert [request.split()[0] for request in framework.requests] == [method] * 3


@pytest.mark.parametrize("work", [_send, _update])
def test_after_the_fourth_try_it_is_said_that_it_failed(framework: BotFramework, work: Any) -> None:
    framework.failures += [503] * 10

    error, pauses = _run(framework.url, work)

    assert isinstance(error, SendError)
    assert error.status == 503
    assert not why_refused(error)
    assert len(framework.requests) == 4
    assert len(pauses) == 3


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (403, True), (404, True), (410, True), (413, True), (500, False)]
)
@pytest.mark.parametrize("work", [_send, _update])
def test_what_will_not_pass_is_tried_once(framework: BotFramework, work: Any, status: int, permanent: bool) -> None:
    framework.failures += [status]

    error, pauses = _run(framework.url, work)

    assert bool(why_refused(error)) is permanent
    assert error.status == status
    assert len(framework.requests) == 1
    assert not pauses


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ([413], "teams_message_too_big"),
        ([400], "teams_message_malformed"),
        ([401, 401], "teams_bot_not_known"),
    ],
)
def test_what_is_our_own_fault_is_logged(
    framework: BotFramework,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    statuses: list[int],
    said: str,
) -> None:
    framework.failures += statuses

    _run(framework.url, _send)

    assert said in capsys.readouterr().out + caplog.text


def _with_fresh_tokens(url: str) -> tuple[Any, list[str]]:
    """What a send comes to when each token that was forgotten is followed by another; and the tokens' fate."""
    tokens = ["old"]

    async def token() -> str:
        return tokens[-1]

    async def say(sender: Sender, _: Line) -> Any:
        return await sender.send(Line(url, token, lambda: tokens.append("fresh")), WORDS)

    return _run(url, say)[0], tokens


def test_a_token_that_is_not_accepted_is_replaced_once(framework: BotFramework) -> None:
    framework.failures += [401]

    sent, tokens = _with_fresh_tokens(framework.url)

    assert sent == "sent-1"
    assert framework.sent[0]["_authorization"] == "Bearer fresh"
    assert tokens == ["old", "fresh"]


def test_a_bot_whose_fresh_token_is_not_accepted_gives_up(framework: BotFramework) -> None:
    framework.failures += [401] * 4

    error, tokens = _with_fresh_tokens(framework.url)

    assert "the bot is not accepted" in why_refused(error)
    assert tokens == ["old", "fresh"]
    assert len(framework.requests) == 2


def test_the_next_try_comes_when_the_connector_says(framework: BotFramework) -> None:
    framework.failures += [429]
    framework.retry_after = "7"

    assert _run(framework.url, _send) == ("sent-1", [7.0])


def test_a_date_to_try_again_at_is_understood(framework: BotFramework) -> None:
    framework.failures += [429]
    framework.retry_after = formatdate(timeval=4_102_444_800, usegmt=True)  # in the year 2100

    sent, pauses = _run(framework.url, _send)

    assert sent == "sent-1"
    assert pauses == [30.0], "whatever is asked for, half a minute is enough"


def test_the_whole_conversation_waits_as_long_as_the_connector_says(framework: BotFramework) -> None:
    framework.failures += [429]
    framework.retry_after = "7"
    passed: dict[str, float] = {}

    async def say(sender: Sender, line: Line) -> None:
        async def one(name: str, conversation: str) -> None:
            await sender.send(line, {**WORDS, "text": name, "conversation": {"id": conversation}})
            passed[name] = sender.pace._now()

        await one("first", "19:x")
        await one("second", "19:x")

    async def with_another(sender: Sender, line: Line) -> None:
        sender.pace.hold("19:x", 7.0)
        await sender.send(line, {**WORDS, "conversation": {"id": "19:other"}})

    _, pauses = _run(framework.url, say)
    assert passed == {"first": 7.0, "second": 7.0}
    assert pauses == [7.0]
    assert _run(framework.url, with_another)[1] == [], "another conversation does not wait"


def test_a_send_that_gave_up_leaves_the_conversation_held(framework: BotFramework) -> None:
    framework.failures += [429] * 4
    framework.retry_after = "7"

    async def twice(sender: Sender, line: Line) -> float:
        with pytest.raises(SendError):
            await sender.send(line, WORDS)
        await sender.update(line, "card 1", WORDS)
        return sender.pace._now()

    assert _run(framework.url, twice)[0] == 4 * 7.0


def test_typing_is_left_out_while_a_conversation_is_held(framework: BotFramework) -> None:
    async def held(sender: Sender, line: Line) -> Any:
        sender.pace.hold("19:x", 7.0)
        return await sender.send(line, TYPING)

    assert _run(framework.url, held) == ("", [])
    assert not framework.requests


def test_what_nobody_waits_for_is_given_back_with_the_time(framework: BotFramework) -> None:
    framework.failures += [429]
    framework.retry_after = "90"

    async def proactively(sender: Sender, line: Line) -> Any:
        errors = []
        for _ in range(2):
            with pytest.raises(SendError) as caught:
                await sender.send(line, WORDS, at_most=10.0)
            errors.append(caught.value)
        return errors

    errors, pauses = _run(framework.url, proactively)

    assert [error.wait for error in errors] == [90.0, 90.0]
    assert not any(why_refused(error) for error in errors)
    assert "90 s" in str(errors[0])
    assert pauses == []
    assert len(framework.requests) == 1, "the second one does not bother the connector"


@pytest.mark.parametrize("said", ["soon", "-5", "nan", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_time_that_means_nothing_leaves_the_usual_pause(framework: BotFramework, said: str) -> None:
    framework.failures += [429]
    framework.retry_after = said

    assert _run(framework.url, _send) == ("sent-1", [1.0])


@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError])
def test_a_lost_connection_is_tried_again(failure: type[httpx.TransportError]) -> None:
    tries = iter([failure("lost"), failure("lost")])

    def answer(request: httpx.Request) -> httpx.Response:
        for lost in tries:
            raise lost
        return httpx.Response(200, json={"id": "sent"})

    assert _run("http://connector", _send, transport=httpx.MockTransport(answer)) == ("sent", [1.0, 2.0])


def test_a_message_that_may_have_arrived_is_not_sent_twice() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        raise httpx.ReadTimeout("no answer")

    error, pauses = _run("http://connector", _send, transport=httpx.MockTransport(answer))

    assert isinstance(error, SendError)
    assert not why_refused(error)
    assert len(requests) == 1
    assert not pauses


@pytest.mark.parametrize("url", ["", "no address", "ftp://connector", "http://[::1", "http://connector:port"])
def test_an_address_that_is_none_is_an_ordinary_failure(url: str) -> None:
    error, _ = _run(url, _send)

    assert isinstance(error, SendError)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"id": null}'])
def test_an_answer_without_an_id_is_an_answer(body: bytes) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(201, content=body))

    assert _run("http://connector", _send, transport=transport) == ("", [])


def test_ids_are_quoted_in_the_address_and_the_token_goes_along() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"id": "x"})

    _run("http://connector/emea/", _send, transport=httpx.MockTransport(answer))

    [request] = requests
    assert request.url.raw_path == b"/emea/v3/conversations/19%3Ax%3Bmessageid%3D1/activities/a%2F1"
    assert request.headers["Authorization"] == "Bearer t"


def test_half_a_surrogate_pair_travels(framework: BotFramework) -> None:
    async def say(sender: Sender, line: Line) -> str:
        return await sender.send(line, {**WORDS, "text": "\ud83d and \u00e9"})

    assert _run(framework.url, say) == ("sent-1", [])
    assert framework.sent[0]["text"] == "\ud83d and \u00e9"


def test_typing_is_left_out_when_the_answer_would_have_to_wait_for_it(framework: BotFramework) -> None:
    async def busy(sender: Sender, line: Line) -> None:
        for _ in range(7):
            await sender.send(line, TYPING)
        await sender.send(line, {**WORDS, "conversation": TYPING["conversation"]})

    _run(framework.url, busy)

    kinds = [each["type"] for each in framework.sent]
    assert kinds == ["typing"] * 6 + ["message"]


def test_typing_is_tried_once(framework: BotFramework) -> None:
    framework.failures += [503]

    async def say(sender: Sender, line: Line) -> Any:
        return await sender.send(line, TYPING)

    error, pauses = _run(framework.url, say)

    assert error.status == 503
    assert pauses == []


def test_words_that_grow_are_never_left_out(framework: BotFramework) -> None:
    async def busy(sender: Sender, line: Line) -> None:
        for number in range(7):
            await sender.send(line, {**TYPING, "text": f"word {number}"})

    _run(framework.url, busy)

    assert len(framework.sent) == 7


def test_pauses_grow_and_differ() -> None:
    assert all(0.5 <= back_off(1) <= 1.5 and 2.0 <= back_off(3) <= 6.0 for _ in range(100))
    assert len({back_off(1) for _ in range(20)}) > 1
