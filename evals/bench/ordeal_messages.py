"""Hostile files that are sent to a server: over the API, the Ask page and Teams, with a healthy one after each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from evals.bench.connector import Connector, listening
from evals.bench.hostile import Hostile
from evals.bench.ordeal import REPLY_WITHIN, Suffered, peak
from evals.bench.server import free_port, small_index, started

PATIENCE: Final = 60.0  # seconds until a reply is given up
_MOST_TEXT: Final = 200_000  # characters that are sent as text; the server reads fewer
_HEALTHY: Final = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitions: 12\n"
_SHOWN: Final = 70


@dataclass(frozen=True, slots=True)
class _Sent:
    status: int
    said: str


@dataclass(frozen=True, slots=True)
class _Server:
    url: str
    pid: int
    http: httpx.AsyncClient
    connector: Connector

    async def validate(self, name: str, content: bytes) -> _Sent:
        files = {"files": (name, content)}
        return _sent(await self.http.post(f"{self.url}/api/v1/validate", files=files))

    async def chat(self, name: str, content: bytes) -> _Sent:
        files = {"files": (name, content)}
        return _sent(await self.http.post(f"{self.url}/chat", data={"text": "What is wrong?"}, files=files))

    async def ask(self, _: str, content: bytes) -> _Sent:
        text = f"Is this right?\n```yaml\n{content[:_MOST_TEXT].decode('utf-8', 'replace')}\n```\n"
        return _sent(await self.http.post(f"{self.url}/api/v1/ask", json={"text": text}))

    async def teams(self, name: str, content: bytes) -> _Sent:
        activity = self.connector.with_file(name, content)
        sent = _sent(await self.http.post(f"{self.url}/api/messages", json=activity))
        if sent.status >= httpx.codes.BAD_REQUEST:
            return sent
        answered = await self.connector.answered(activity, PATIENCE)
        return _Sent(sent.status, "a card" if answered else "no answer")

    @property
    def ways(self) -> Mapping[str, Callable[[str, bytes], Awaitable[_Sent]]]:
        return {"validate": self.validate, "chat": self.chat, "ask": self.ask, "Teams": self.teams}


async def sent(files: Sequence[Hostile]) -> AsyncIterator[Suffered]:
    """Every file by every way, as it is taken."""
    async with _serving() as server:
        for send in server.ways.values():  # what starts with the first message of its kind
            await send("kafka.yaml", _HEALTHY.encode())
        for file in files:
            content = file.make()
            for way, send in server.ways.items():
                yield await _one(server, file, content, way, send)


async def _one(
    server: _Server, file: Hostile, content: bytes, way: str, send: Callable[[str, bytes], Awaitable[_Sent]]
) -> Suffered:
    begun = time.perf_counter()
    with peak(server.pid) as most:
        try:
            answer = await send(file.file, content)
        except httpx.HTTPError as error:
            answer = _Sent(599, type(error).__name__)
        seconds = time.perf_counter() - begun
    fault = _fault(answer, seconds) or await _harm(server)
    return Suffered(file.name, way, f"{answer.status} {answer.said}", seconds, most(), fault)


def _fault(answer: _Sent, seconds: float) -> str:
    if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return f"status {answer.status}"
    if answer.said == "no answer":
        return "no answer"
    return "" if seconds <= REPLY_WITHIN else f"took more than {REPLY_WITHIN:g} s"


async def _harm(server: _Server) -> str:
    """Whether somebody else is served as before."""
    begun = time.perf_counter()
    try:
        answer = await server.validate("kafka.yaml", _HEALTHY.encode())
    except httpx.HTTPError as error:
        return f"the next caller got nothing ({type(error).__name__})"
    if answer.status != httpx.codes.OK or time.perf_counter() - begun > REPLY_WITHIN:
        return f"the next caller got {answer.status} after {time.perf_counter() - begun:.1f} s"
    return ""


def _sent(answer: httpx.Response) -> _Sent:
    words = " ".join(answer.text.split())
    return _Sent(answer.status_code, words[:_SHOWN])


@asynccontextmanager
async def _serving() -> AsyncIterator[_Server]:
    with TemporaryDirectory(prefix="sheriff-hostile-") as scratch:
        folder, port = Path(scratch), free_port()
        await asyncio.to_thread(small_index, folder, folder / "home")
        process = await asyncio.to_thread(started, folder, folder / "home", port, "")
        try:
            async with listening() as connector, httpx.AsyncClient(timeout=PATIENCE) as http:
                yield _Server(f"http://127.0.0.1:{port}", process.pid, http, connector)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 60)
