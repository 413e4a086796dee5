"""Files attached in Teams, from a server on this machine that stands for Microsoft's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response

from bot.channels import teams_files
from bot.channels.teams_files import DOWNLOAD, Fetched
from bot.intents import MAX_FILE_BYTES
from tests.bot_framework import listening

YAML = b"apiVersion: sheriff/v1\nkind: Kafka\n"


class FileServer:
    """Serves files to who shows the token, or to everybody below /open."""

    def __init__(self) -> None:
        self.url = ""
        self.tokens: list[str] = []
        self.app = FastAPI()
        self.app.add_api_route("/v3/attachments/{name}", self.guarded, response_model=None)
        self.app.add_api_route("/open/{name}", self.open, response_model=None)

    def guarded(self, name: str, request: Request) -> Response:
        self.tokens.append(request.headers.get("authorization", ""))
        if self.tokens[-1] != "Bearer outbound":
            return Response(status_code=401)
        return self.open(name)

    def open(self, name: str) -> Response:
        contents = {"kafka.yaml": YAML, "huge.yaml": b"#" * (MAX_FILE_BYTES + 1)}
        if name == "elsewhere":
            return Response(status_code=302, headers={"location": "https://evil.example/kafka.yaml"})
        return Response(contents[name]) if name in contents else Response(status_code=404)


@pytest.fixture(scope="module")
def server() -> Iterator[FileServer]:
    server = FileServer()
    with listening(server.app) as url:
        server.url = url
        yield server


def fetched(server: FileServer, *attachments: dict[str, Any], **changes: Any) -> Fetched:
    async def token() -> str:
        return "outbound"

    server.tokens.clear()
    body = {"serviceUrl": server.url, "attachments": list(attachments), **changes}
    return asyncio.run(teams_files.fetch(body, token=token))


def named(name: str, address: str) -> dict[str, Any]:
    return {"name": name, "contentType": "application/octet-stream", "contentUrl": address}


def test_a_file_of_the_channel_is_fetched_with_the_bots_token(server: FileServer) -> None:
    found = fetched(server, named("kafka.yaml", f"{server.url}/v3/attachments/kafka.yaml"))

    assert [(f.name, f.content) for f in found.files] == [("kafka.yaml", YAML)]
    assert server.tokens == ["Bearer outbound"]


def test_a_file_of_a_chat_is_fetched_from_its_own_address_without_the_token(server: FileServer) -> None:
    info = {"downloadUrl": f"{server.url}/open/kafka.yaml", "fileType": "yaml"}

    found = fetched(server, {"name": "kafka.yaml", "contentType": DOWNLOAD, "content": info})

    assert found.files[0].content == YAML
    assert found.notes == ()


@pytest.mark.parametrize(
    ("attachment", "said"),
    [
        (
            {"name": "a.png", "contentType": "image/png", "contentUrl": "http://x/"},
            "can’t read pictures yet",
        ),
        ({"contentType": "image/*", "contentUrl": "http://x/"}, "A picture: I can’t read pictures"),
        (
            {"name": "k.yaml", "contentType": "reference", "contentUrl": "https://x"},
            "files of a channel",
        ),
        (named("k.yaml", "https://evil.example/k.yaml"), "does not fetch files from"),
        (named("k.yaml", "http://["), "does not fetch files from"),
        (named("k.yaml", ""), "does not fetch files from"),
        ({"name": 7, "contentType": None, "contentUrl": 8}, "does not fetch files from"),
    ],
)
def test_what_cannot_be_fetched_is_said(server: FileServer, attachment: dict[str, Any], said: str) -> None:
    found = fetched(server, attachment)

    assert found.files == ()
    assert said in found.notes[0]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("huge.yaml", "at most that many are read"),
        ("none.yaml", "HTTP 404"),
        ("elsewhere", "does not fetch files from"),
    ],
)
def test_a_file_too_large_not_there_or_elsewhere_is_said(server: FileServer, path: str, said: str) -> None:
    assert said in fetched(server, named("k.yaml", f"{server.url}/v3/attachments/{path}")).notes[0]


def test_a_server_that_is_not_there_is_said(server: FileServer) -> None:
    assert "could not be fetched" in fetched(server, named("k.yaml", "http://127.0.0.1:9/k.yaml")).notes[0]


def test_with_microsofts_channel_no_address_of_this_machine_or_without_https_is_fetched(server: FileServer) -> None:
    real = "https://smba.trafficmanager.net/teams/"
    for address in (
        f"{server.url}/open/kafka.yaml",
        "http://contoso.sharepoint.com/k.yaml",
        "https://sharepoint.com.evil.example/k",
        "https://anybodys.trafficmanager.net/k",
    ):
        found = fetched(server, named("k.yaml", address), serviceUrl=real)
        assert "does not fetch files from" in found.notes[0]


def test_cards_and_the_html_copy_of_a_message_are_no_files(server: FileServer) -> None:
    html = {"contentType": "text/html", "content": "<p>hi</p>"}
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {}}

    assert fetched(server, html, card, "odd") == Fetched()  # type: ignore[arg-type]
    assert fetched(server, attachments={"a": 1}) == Fetched()
