"""Secrets sent by every way in to a real server; then every byte that it keeps, logs and sends is searched."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bot_framework import BotFramework, running_bot_framework
from tests.serving import Served, eventually, serving


class Leaks:
    """Makes a secret of its own for each way in, and finds those that came out somewhere."""

    def __init__(self) -> None:
        self._dice = random.Random(7)  # noqa: S311 - nothing is kept safe by it
        self.planted: dict[str, str] = {}

    def plant(self, way: str) -> str:
        letters = "".join(self._dice.choice(string.ascii_letters) for _ in range(9))
        self.planted[way] = f"{letters}{self._dice.randrange(100, 999)}!x"
        return self.planted[way]

    def found_in(self, places: dict[str, bytes]) -> list[str]:
        return [
            f"{way} in {place}"
            for way, secret in self.planted.items()
            for place, content in places.items()
            if secret.encode() in content or secret.lower().encode() in content
        ]


def everything_below(home: Path) -> dict[str, bytes]:
    return {str(file.relative_to(home)): file.read_bytes() for file in home.rglob("*") if file.is_file()}


class Visitor:
    """A person with a browser, an app and Teams; keeps every reply."""

    def __init__(self, served: Served, framework: BotFramework) -> None:
        self.framework = framework
        self.url = served.url
        self.browser = httpx.Client(base_url=served.url, timeout=120, headers={"origin": served.url})
        self.heard: dict[str, bytes] = {}

    def post(self, path: str, **request: Any) -> httpx.Response:
        response = self.browser.post(path, **request)
        assert response.status_code < 500, f"{path}: {response.text[:300]}"
        self.heard[f"POST {path} {len(self.heard)}"] = response.content
        return response

    def get(self, path: str) -> str:
        response = self.browser.get(path)
        self.heard[f"GET {path} {len(self.heard)}"] = response.content
        return response.text

    def teams(self, text: str, **more: Any) -> None:
        answered = len(self.framework.messages())
        activity = self.framework.message(text, **more)
        response = httpx.post(f"{self.url}/api/messages", json=activity, timeout=120)
        assert response.status_code < 300, response.text
        self.heard[f"answer {len(self.heard)}"] = response.content
        eventually(lambda: len(self.framework.messages()) > answered or more.get("type") == "invoke")


@contextmanager
def visiting(home: Path, docs: Path, model_dir: Path) -> Iterator[Visitor]:
    with (
        running_bot_framework() as framework,
        ExitStack() as closing,
        serving(home, model_dir, SHERIFF_CONFIG=str(docs.with_suffix(".yaml")), SHERIFF_LOG_LEVEL="debug") as served,
    ):
        visitor = Visitor(served, framework)
        closing.callback(visitor.browser.close)
        eventually(lambda: visitor.browser.get("/readyz").status_code == 200, within=120)
        yield visitor
        visitor.heard["log"] = "".join(served.lines).encode()
        visitor.heard["teams"] = repr(framework.sent).encode()


def file_of(secret: str) -> bytes:
    return f"apiVersion: sheriff/v1\nkind: Kafka\ntopcs: []\npassword: {secret}\n".encode()


def ask_by_web(visitor: Visitor, leaks: Leaks) -> None:
    visitor.post("/chat", data={"text": f"Licence for Solaris? the password is {leaks.plant('web')}"})
    visitor.post("/chat", data={"text": file_of(leaks.plant("web paste")).decode()})
    files = {"files": (f"token={leaks.plant('file name')}.yaml", file_of(leaks.plant("web file")), "text/yaml")}
    visitor.post("/chat", data={"text": "is this right?"}, files=files)
    picture = {"files": (f"password={leaks.plant('picture name')}.png", b"\x89PNG", "image/png")}
    visitor.post("/chat", data={"text": ""}, files=picture)
    visitor.post("/requests", data={"text": f"A page on Solaris, password: {leaks.plant('request')}"})
    visitor.get("/")


def ask_by_api(visitor: Visitor, leaks: Leaks) -> str:
    asked = f"Can I get a FortranGrid licence? pw={leaks.plant('api')}"
    answer = visitor.post("/api/v1/ask", json={"text": asked}).json()
    visitor.post("/api/v1/ask", json={"text": f"feature request: Solaris, my password is {leaks.plant('wish')}"})
    visitor.post("/api/v1/ask", json={"text": f"ask the sheriff: mot de passe : {leaks.plant('to sheriff')}"})
    pasted = {"files": [{"name": "kafka.yaml", "text": file_of(leaks.plant("validate")).decode()}]}
    visitor.post("/api/v1/validate", json=pasted)
    case = str(answer["case"]["id"])
    visitor.post(f"/api/v1/cases/{case}/details", json={"text": f"password: {leaks.plant('details')}"})
    visitor.post(f"/api/v1/cases/{case}/reply", json={"text": f"Try the password {leaks.plant('reply')}"})
    solution = {"cause": "other", "resolution": f"It is fixed with password: {leaks.plant('resolution')}"}
    visitor.post(f"/api/v1/cases/{case}/resolve", json=solution)
    visitor.get(f"/api/v1/cases/{case}")
    visitor.get(f"/desk/{case}")
    return case


def act_on_the_desk(visitor: Visitor, leaks: Leaks, case: str) -> None:
    words = {"text": f"password: {leaks.plant('desk reply')}", "member": "x", "cause": ""}
    for verb in ("reply", "ask", "resolve"):
        visitor.post(f"/desk/{case}/{verb}", data=words)
    notice = {"title": f"HERM is down, pw: {leaks.plant('notice title')}", "until": "4h"}
    visitor.post("/notices", data={**notice, "text": f"Use the password {leaks.plant('notice')}"})
    visitor.post(f"/faq/from/{case}")
    drafted = {
        "id": "a",
        "question": f"Solaris? password: {leaks.plant('faq')}",
        "answer": f"pw={leaks.plant('faq 2')}",
    }
    visitor.post("/faq/1/save", data=drafted)
    visitor.get("/notices")
    visitor.get("/faq")
    visitor.get("/requests")


def ask_in_teams(visitor: Visitor, leaks: Leaks) -> None:
    personal = {"conversation": {"id": "a:1", "conversationType": "personal"}}
    visitor.teams(f"Solaris in Teams? the password is {leaks.plant('teams')}", **personal)
    visitor.teams(file_of(leaks.plant("teams paste")).decode(), **personal)
    html = [{"contentType": "text/html", "content": f"<p>password: {leaks.plant('teams html')}</p>"}]
    visitor.teams("and Irix?", attachments=html, **personal)
    asked = {"action": {"verb": "reply", "data": {"v": 1, "text": f"password: {leaks.plant('card')}"}}}
    visitor.teams("", type="invoke", name="adaptiveCard/action", value=asked, **personal)
    rated = {"actionValue": {"reaction": "dislike", "feedback": f"password: {leaks.plant('feedback')}"}}
    visitor.teams("", type="invoke", name="message/submitAction", value=rated, replyToId="sent-1", **personal)


@pytest.fixture
def leaks() -> Leaks:
    return Leaks()


def test_no_secret_is_kept_logged_or_sent_by_whatever_way_it_came(
    small_home: Path, small_docs: Path, model_dir: Path, leaks: Leaks
) -> None:
    with visiting(small_home, small_docs, model_dir) as visitor:
        ask_by_web(visitor, leaks)
        case = ask_by_api(visitor, leaks)
        act_on_the_desk(visitor, leaks, case)
        ask_in_teams(visitor, leaks)
        running = everything_below(small_home)

    leaked = leaks.found_in({**running, **everything_below(small_home), **visitor.heard})

    assert leaked == []
    assert len(leaks.planted) > 20
    assert re.search(rb"password removed", b"".join(running.values()))
    assert any(b"Rotate it" in heard for way, heard in visitor.heard.items() if "/api/v1/ask" in way)
    assert b"Rotate it" in visitor.heard["teams"]
