"""Who may open what: every route has a role, and the guard holds every route to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from bot.channels import access
from bot.identity.roles import Role
from tests.web_office import Office

HERE = "http://127.0.0.1:3978"
TOKEN = {"authorization": "Bearer correct horse"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


def addresses(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route, with something in place of its parameters."""
    found = []
    for route in iter_route_contexts(app.routes):
        path = re.sub(r"\{\w+(:path)?\}", lambda part: "a/b.md" if part[1] else "x", str(route.path))
        methods = sorted(set(route.methods or ["GET"]) - {"HEAD"})
        found += [(method, f"{path}/x" if route.path == "/static" else path) for method in methods]
    return found


def test_every_route_of_the_application_has_a_role(office: Office) -> None:
    found = addresses(office.app())

    assert len(found) > 30
    assert [path for _, path in found if access.needed(path) is None] == []


def test_only_these_are_open_to_strangers(office: Office) -> None:
    public = {path for _, path in addresses(office.app()) if access.needed(path) is access.PUBLIC}

    assert public == {"/healthz", "/favicon.ico", "/static/x", "/sign-in", "/sign-out"}
    assert access.needed("/api/messages") is access.PUBLIC  # the Bot Framework's own authentication
    assert access.needed("/api/desk/github/events") is access.PUBLIC  # signed by the ticket system


@pytest.mark.parametrize("role", [Role.ASKER, Role.SHERIFF, Role.MAINTAINER])
def test_the_guard_holds_every_route_to_its_role(office: Office, role: Role) -> None:
    app = office.app(loopback=False, access_token="correct horse", token_role=role)
    too_high = [(m, p) for m, p in addresses(app) if (access.needed(p) or Role.NONE) > role]
    with TestClient(app, base_url="https://sheriff.example", headers=TOKEN) as client:
        statuses = {client.request(method, path).status_code for method, path in too_high}

    assert len(too_high) > 0 or role is Role.MAINTAINER
    assert statuses <= {403}


def test_a_route_that_nobody_declared_is_not_served(office: Office) -> None:
    router = APIRouter()
    router.add_api_route("/forgotten", lambda: {"secret": "yes"})
    with TestClient(office.app(routers=(router,)), base_url=HERE) as client:
        response = client.get("/forgotten")

    assert response.status_code == 404
    assert response.json() == {"error": "There is nothing at this address."}


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/", Role.ASKER),
        ("/desk", Role.SHERIFF),
        ("/desk/c-1/reply", Role.SHERIFF),
        ("/desks", None),
        ("//desk", None),
        ("/desk/", Role.SHERIFF),
        ("/cases/c-1", Role.ASKER),
        ("/api/v1/cases/c-1/resolve", Role.SHERIFF),
        ("/api/v1/cases/c-1/details", Role.ASKER),
        ("/sign-in/callback", Role.NONE),
        ("/sign-in/callback/more", None),
        ("/static/../desk", Role.NONE),  # the folder of assets holds nothing else
        ("/desk/a\nb", Role.SHERIFF),
    ],
)
def test_addresses_need_what_the_table_says(path: str, role: Role | None) -> None:
    assert access.needed(path) == role


def test_nothing_speaks_over_web_sockets(office: Office) -> None:
    router = APIRouter()

    @router.websocket("/desk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    with (
        TestClient(office.app(routers=(router,)), base_url=HERE) as client,
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/desk"),
    ):
        pytest.fail("it was accepted")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"x-forwarded-host": "sheriff.example"},
        {"host": "sheriff.example"},
    ],
)
def test_what_comes_through_a_proxy_is_not_from_this_machine(office: Office, headers: dict[str, str]) -> None:
    app = office.app(hosts=("sheriff.example",), access_token="correct horse")
    with TestClient(app, base_url=HERE) as client:
        assert client.get("/desk", headers=headers).status_code == 401
        assert client.get("/desk", headers=headers | TOKEN).status_code == 200
        assert client.get("/desk").status_code == 200
