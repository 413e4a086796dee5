"""Doubles of the model services: a hand-written one for faults, and aimock (npm) for Azure's paths."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

AIMOCK = Path(__file__).parent / "node" / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"


class Faulty(ThreadingHTTPServer):
    """A server that misbehaves in the way the test names; counts requests and sees when the client hangs up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault = "none"
        self.answer = ("Set ", "quota.")  # pieces of a stream without a fault
        self.requests = 0
        self.hung_up = threading.Event()
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.hung_up.set()  # writing to a client that is gone is the only error here


@contextmanager
def faulty_server() -> Iterator[Faulty]:
    with Faulty() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Faulty

    def do_POST(self) -> None:
        self.server.requests += 1
        self.rfile.read(int(self.headers["content-length"]))
        fault = self.server.fault
        if fault.isdigit():
            self._plain(int(fault), {"error": {"message": f"no, not with {self.headers['authorization']}"}})
        elif fault.startswith("once "):
            self.server.fault = "none"
            self._plain(int(fault.removeprefix("once ")), {"error": {"message": "try again"}})
        elif fault == "429 later":
            self._plain(429, {"error": {"message": "slow down"}}, {"retry-after": "60"})
        elif fault == "hang":
            self.server.stopping.wait(30)
        elif fault == "garbage":
            self._send(200, "application/json", b'{"choices": [{"mess')
        elif fault == "html":
            self._send(200, "text/html", b"<html>Sign in to the guest network</html>")
        elif fault == "flat embedding":
            self._plain(200, {"object": "list", "model": "m", "data": [_embedding([0.0, 0.0, 0.0])]})
        else:
            self._stream(fault)

    def _stream(self, fault: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()  # HTTP/1.0: the body ends with the connection
        if fault == "empty":
            self._events(_delta(""), _delta("", "stop"))
        elif fault == "no events":
            self._raw(b"data: [DONE]\n\n")
        elif fault == "broken event":
            self._events(_delta("Set "))
            self._raw(b'data: {"choices": [{"delta"\n\n')
        elif fault == "odd event":
            self._raw(b'data: ["text"]\n\ndata: [DONE]\n\n')
        elif fault == "error event":
            self._raw(b'data: {"error": {"message": "overloaded", "code": 500}}\n\n')
        elif fault in {"length", "content_filter"}:
            self._events(_delta("Set "), _delta("", fault))
        elif fault == "cut":
            self._events(_delta("Set "), _delta("quota"), end=False)
        elif fault in {"trickle", "comments"}:
            self._drip(b": still here\n\n" if fault == "comments" else f"data: {json.dumps(_delta('a '))}\n\n".encode())
        else:
            self._events(*map(_delta, self.server.answer), _delta("", "stop"))

    def _drip(self, drop: bytes) -> None:
        while not self.server.stopping.wait(0.05):
            self._raw(drop)

    def _events(self, *events: dict[str, Any], end: bool = True) -> None:
        for event in events:
            self._raw(f"data: {json.dumps(event)}\n\n".encode())
        if end:
            self._raw(b"data: [DONE]\n\n")

    def _plain(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(body).encode(), headers)

    def _send(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self._raw(body)

    def _raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Quiet."""


def _delta(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def _embedding(vector: list[float]) -> dict[str, Any]:
    return {"object": "embedding", "index": 0, "embedding": vector}


def aimock_missing() -> str:
    """Why aimock cannot run here; empty when it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    return "" if AIMOCK.exists() else "tests/node/node_modules is missing: npm --prefix tests/node ci"


@contextmanager
def aimock(folder: Path, answer: str) -> Iterator[str]:
    """aimock as a process, answering every chat with `answer`; gives its address."""
    fixtures = folder / "fixtures.json"
    fixtures.write_text(
        json.dumps({"fixtures": [{"match": {"userMessage": "quota"}, "response": {"content": answer}}]})
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["node", str(AIMOCK), "--port", str(port), "--fixtures", str(fixtures), "--log-level", "silent"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "aimock ended at once"
            time.sleep(0.05)
        else:
            return
    raise AssertionError("aimock does not listen")
