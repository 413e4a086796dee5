"""Doubles of the model services: a hand-written one for faults, and aimock (npm) for Azure's paths."""

from __future__ import annotations

import json
import shutil
import socket
import struct
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
        self.bodies: list[dict[str, Any]] = []
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
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        name, _, status = self.server.fault.rpartition(" ")
        if self.server.fault == "429 later":
            self._plain(429, {"error": {"message": "slow down"}}, {"retry-after": "120"})
        elif name == "no forms" and "response_format" not in self.server.bodies[-1]:
            self._misbehave("none")
        elif status.isdigit():
            self._refuse(name, int(status))
        elif self.server.fault in _RAW:
            self._raw(_RAW[self.server.fault])
        else:
            self._misbehave(self.server.fault)

    def _refuse(self, name: str, status: int) -> None:
        if name == "redirect":
            self._send(status, "text/html", b"", {"location": f"{self.server.url}/moved"})
            return
        if name == "once":
            self.server.fault = "none"
        self._plain(status, {"error": {"message": f"no, not with {self.headers['authorization']}"}})

    def _misbehave(self, fault: str) -> None:
        match fault:
            case "hang":
                self.server.stopping.wait(30)
            case "reset":
                self._reset()
            case "garbage":
                self._send(200, "application/json", b'{"choices": [{"mess')
            case "html":
                self._send(200, "text/html", b"<html>Sign in to the guest network</html>")
            case "flat embedding":
                self._plain(200, {"object": "list", "model": "m", "data": [_embedding([0.0, 0.0, 0.0])]})
            case _:
                self._stream(fault)

    def _stream(self, fault: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()  # HTTP/1.0: the body ends with the connection
        if fault == "hang after headers":
            self.server.stopping.wait(30)
        elif fault == "flood":
            self._flood()
        elif fault in _DRIPS:
            self._drip(_DRIPS[fault])
        else:
            self._raw(_BODIES[fault] if fault in _BODIES else self._whole())

    def _whole(self) -> bytes:
        return _events(*map(_delta, self.server.answer), _delta("", "stop"), end=True)

    def _reset(self) -> None:
        """Half an answer, then RST in place of an end."""
        self._stream("cut")
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _flood(self) -> None:
        while not self.server.stopping.is_set():
            self._raw(_events(*[_delta("and so on, ")] * 100))

    def _drip(self, drop: bytes) -> None:
        while not self.server.stopping.wait(0.05):
            self._raw(drop)

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


_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
_RAW = {
    "no http": b"\x00\xff\x17\x03garbage\r\n\r\n" * 20,
    "nothing": b"",
    "half a header": b"HTTP/1.1 200 OK\r\ncontent-ty",
    "no gzip": _HEAD + b"content-encoding: gzip\r\n\r\nnot compressed at all",
    "short of its length": _HEAD + b"content-length: 5000\r\n\r\ndata: {",
    "broken chunks": _HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\nnothing\r\n",
}


def _delta(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def _events(*events: dict[str, Any], end: bool = False) -> bytes:
    sent = b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events)
    return sent + b"data: [DONE]\n\n" if end else sent


_DRIPS = {
    "trickle": _events(_delta("a ")),
    "comments": b": still here\n\n",
    "one byte": b"d",  # never the end of a line
}
_BODIES = {
    "empty": _events(_delta(""), _delta("", "stop"), end=True),
    "whitespace": _events(_delta("  \n"), _delta("\t\u00a0"), _delta("", "stop"), end=True),
    "no events": b"data: [DONE]\n\n",
    "broken event": _events(_delta("Set "), end=True) + b'data: {"choices": [{"delta"\n\n',
    "odd event": b'data: ["text"]\n\ndata: [DONE]\n\n',
    "error event": b'data: {"error": {"message": "overloaded", "code": 500}}\n\n',
    "error after words": _events(_delta("Set ")) + b'data: {"error": {"message": "overloaded", "code": 500}}\n\n',
    "not utf-8": _events(_delta("Set ")) + b"data: \xff\xfe\xc3\x28\n\n",
    "length": _events(_delta("Set "), _delta("", "length"), end=True),
    "content_filter": _events(_delta("Set "), _delta("", "content_filter"), end=True),
    "cut": _events(_delta("Set "), _delta("quota")),
}


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
