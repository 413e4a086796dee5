"""One call to a model service: its deadline, its single retry, and its failures in words without secrets.

Every call has one deadline over all it does, connecting, retrying and trickling included. It runs on an event loop of
its own in the calling thread, because only there can a socket that keeps delivering be cut exactly; nothing stays open
between calls. Call from a worker thread, not from inside a running event loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from knowledge.errors import ModelUnavailable, Unavailable

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from langchain_core.language_models import BaseChatModel

T = TypeVar("T")

CONNECT = 3.0  # seconds: a host that does not shake hands by then is down
PAUSE = 0.3  # before the one retry
PATIENCE = 1.0  # a service that asks to wait longer is not asked again: quoting is better than waiting
_REFUSED = frozenset({400, 415, 422, 501})  # what services answer that do not know a part of a request
_RETRIED = frozenset({408, 429, 500, 502, 503, 504, 529})
_CUT = {"length": "stopped at its length limit", "content_filter": "was stopped by the service's content filter"}
_MEANINGS: Mapping[int, str] = {
    400: "refuses the request (400); check the model's name and the API version",
    401: "refuses the key (401)",
    403: "does not allow this key to use it (403)",
    404: "does not know this model, deployment or address (404)",
    429: "is over its rate limit or quota (429)",
}


Build = Callable[["AsyncClient"], "BaseChatModel"]


def stream(builds: Sequence[Build], messages: Sequence[tuple[str, str]], *, seconds: float, who: str) -> Iterator[str]:
    """Pieces of the answer. Raises ModelUnavailable, within `seconds` of the first piece being asked for.

    Of several models to build, a later one is asked only where the service refuses the request of the one before.
    """
    end = time.monotonic() + seconds  # the clock of the loop
    _load(seconds, who)
    pieces = _pieces(builds, messages, who)
    with asyncio.Runner(loop_factory=_Loop) as runner:
        try:
            while piece := runner.run(_next(pieces, end)):
                yield piece
        except _failures() as error:
            raise ModelUnavailable(f"{who} {_reason(error, seconds)}.") from error
        finally:
            runner.run(pieces.aclose())


def load() -> None:
    """Load the client libraries (seconds on a slow disk) without contacting anybody."""
    import langchain_openai  # noqa: F401


def _load(seconds: float, who: str) -> None:
    """An import cannot be cut, but left to itself: the next question finds it done."""
    loading = threading.Thread(target=load, daemon=True)
    loading.start()
    loading.join(seconds)
    if loading.is_alive():
        raise ModelUnavailable(f"{who} is not used yet: its client libraries are still loading.")


def call(action: Callable[[AsyncClient], Coroutine[Any, Any, T]], *, seconds: float, who: str) -> T:
    """What the action gives back. Raises Unavailable, within `seconds`."""

    async def bounded() -> T:
        async with asyncio.timeout(seconds), _client() as client:
            return await action(client)

    with asyncio.Runner(loop_factory=_Loop) as runner:
        try:
            return runner.run(bounded())
        except _failures() as error:
            raise Unavailable(f"{who} {_reason(error, seconds)}.") from error


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that ends without waiting for a silent name server."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Looking up a name holds a thread that cannot be cut; waiting for it would outlast every deadline."""


async def _next(pieces: AsyncGenerator[str, None], end: float) -> str:
    async with asyncio.timeout_at(end):
        return await anext(pieces, "")


async def _pieces(builds: Sequence[Build], messages: Sequence[tuple[str, str]], who: str) -> AsyncGenerator[str, None]:
    """The written pieces, none empty. A retry happens only while nothing was written."""
    async with _client() as client:
        waiting = list(builds)
        model = waiting.pop(0)(client)
        wrote = said = False
        finish = ""
        retries_left = 1
        while True:
            try:
                async with aclosing(model.astream(list(messages))) as chunks:  # type: ignore[type-var]
                    async for chunk in chunks:
                        finish = chunk.response_metadata.get("finish_reason") or finish
                        if chunk.text:
                            wrote, said = True, said or any(map(str.isalnum, chunk.text))
                            yield str(chunk.text)
                break
            except _failures() as error:
                if not wrote and waiting and _refuses(error):
                    model = waiting.pop(0)(client)
                elif not wrote and retries_left and _worth_a_retry(error):
                    retries_left -= 1
                    await asyncio.sleep(PAUSE)
                else:
                    raise
    if not said:
        raise ModelUnavailable(f"{who} sent an empty answer.")
    if not finish or finish in _CUT:
        raise ModelUnavailable(
            f"The answer of {who[0].lower()}{who[1:]} {_CUT.get(finish, 'broke off before its end')}."
        )


@asynccontextmanager
async def _client() -> AsyncIterator[AsyncClient]:
    """The SDK's own HTTP client (proxies and trust store of the machine); no read limit but the call's deadline."""
    from httpx2 import Timeout
    from openai import DefaultAsyncHttpxClient

    # Another address than the configured one gets neither the question nor the passages.
    async with DefaultAsyncHttpxClient(timeout=Timeout(None, connect=CONNECT), follow_redirects=False) as client:
        yield client


def _failures() -> tuple[type[Exception], ...]:
    """What a service can make the client libraries raise; a broken answer shows as ValueError, KeyError, TypeError."""
    from httpx2 import HTTPError
    from openai import OpenAIError

    return (OpenAIError, HTTPError, OSError, ValueError, KeyError, TypeError, AttributeError, ExceptionGroup)


def _worth_a_retry(error: Exception) -> bool:
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APIStatusError):
        return error.status_code in _RETRIED and _asked_to_wait(error.response.headers) <= PATIENCE
    return isinstance(error, APIConnectionError) and not isinstance(error, APITimeoutError)


def _refuses(error: Exception) -> bool:
    """Whether it is the request that the service does not take."""
    from openai import APIStatusError

    return isinstance(error, APIStatusError) and error.status_code in _REFUSED


def _asked_to_wait(headers: Mapping[str, str]) -> float:
    try:
        return float(headers.get("retry-after", "0"))
    except ValueError:  # a date
        return float("inf")


def _reason(error: Exception, seconds: float) -> str:
    """A short sentence end; nothing of the service's own text, which may repeat the key."""
    from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError

    if isinstance(error, APITimeoutError):
        return "does not answer"
    if isinstance(error, TimeoutError):
        return f"gave no complete answer within {seconds:g} seconds"
    if isinstance(error, APIStatusError):
        return _meaning(error.status_code)
    if isinstance(error, APIConnectionError | OSError):
        return "cannot be reached"
    return "reports an error" if isinstance(error, APIError) else "sent an answer that cannot be read"


def _meaning(status: int) -> str:
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status < 400:
        return f"is at another address ({status}); check the configured one"
    return f"has a fault of its own ({status})" if status >= 500 else f"refuses ({status})"
