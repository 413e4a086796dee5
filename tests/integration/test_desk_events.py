"""What ticket systems send to /api/desk/NAME/events: only a true signature is heard, and each delivery once."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot.channels.desk_events import DeskEvents
from bot.desks.signing import signature
from tests.web_office import WEDNESDAY, Office

SECRET = "kept-between-us"
BODY = b'{"action": "closed", "issue": {"number": 1}}'
HUBS = {"github": "x-hub-signature-256", "jira": "x-hub-signature"}
KINDS = ("github", "jira", "servicenow", "webhook")


class Listener:
    """A server that other machines reach, with a ticket system connected; counts how often it looked at tickets."""

    def __init__(self, office: Office, kind: str) -> None:
        self.looks = 0
        self.kind = kind
        events = DeskEvents(kind, SECRET, self.look, office.clock, office.store.access.is_new)
        app = office.app(
            routers=(events.router(),), loopback=False, access_token="t0ken", hosts=("sheriff.example.com",)
        )
        self.client = TestClient(app, base_url="https://sheriff.example.com", raise_server_exceptions=False)

    def look(self) -> None:
        self.looks += 1

    def send(self, headers: dict[str, str], *, body: bytes = BODY, name: str = "") -> int:
        response = self.client.post(f"/api/desk/{name or self.kind}/events", content=body, headers=headers)
        return response.status_code


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture(params=KINDS)
def listener(request: pytest.FixtureRequest, office: Office) -> Listener:
    return Listener(office, request.param)


def hub(secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()}"


def timed(*, at: datetime = WEDNESDAY, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    return {"x-sheriff-timestamp": timestamp, "x-sheriff-signature": signature(secret, timestamp, BODY)}


def test_the_signature_is_the_one_that_the_guide_computes() -> None:
    assert signature("secret", "1767225600", b'{"event":"open"}') == (
        "sha256=d292b23c82b4114cef6f518fcecaa37e17b4032aff359033f37a948af7369d18"
    )


def test_a_signed_delivery_has_the_tickets_looked_at(listener: Listener) -> None:
    assert (listener.send(timed()), listener.looks) == (202, 1)


def test_a_delivery_that_comes_again_is_accepted_and_does_nothing(listener: Listener) -> None:
    answers = [listener.send(timed()) for _ in range(3)]

    assert (answers, listener.looks) == ([202, 202, 202], 1)


def test_a_later_delivery_with_the_same_body_is_news(listener: Listener) -> None:
    listener.send(timed())
    listener.send(timed(at=WEDNESDAY + timedelta(seconds=9)))

    assert listener.looks == 2


@pytest.mark.parametrize("late", [timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=9000)])
def test_what_was_signed_long_ago_or_ahead_of_time_is_refused(listener: Listener, late: timedelta) -> None:
    assert (listener.send(timed(at=WEDNESDAY + late)), listener.looks) == (403, 0)


def test_a_request_without_a_signature_is_refused(listener: Listener) -> None:
    assert (listener.send({}), listener.looks) == (401, 0)


@pytest.mark.parametrize(
    "headers",
    [
        timed(secret="guessed"),
        {**timed(), "x-sheriff-timestamp": "soon"},
        {**timed(), "x-sheriff-timestamp": "²"},
        {**timed(), "x-sheriff-timestamp": str(int(WEDNESDAY.timestamp()) + 1)},
        {**timed(), "x-sheriff-signature": "sha256="},
        {"x-sheriff-signature": timed()["x-sheriff-signature"]},
    ],
)
def test_a_wrong_signature_is_refused(listener: Listener, headers: dict[str, str]) -> None:
    raw = {name: value.encode() for name, value in headers.items()}

    assert (listener.send(raw), listener.looks) == (403, 0)  # type: ignore[arg-type]


def test_a_changed_body_is_refused(listener: Listener) -> None:
    assert (listener.send(timed(), body=BODY + b" "), listener.looks) == (403, 0)


@pytest.mark.parametrize("kind", HUBS)
def test_the_signatures_of_github_and_jira_are_known(office: Office, kind: str) -> None:
    listener = Listener(office, kind)

    assert [listener.send({HUBS[kind]: hub()}) for _ in range(2)] == [202, 202]
    assert listener.looks == 1
    assert listener.send({HUBS[kind]: hub("guessed")}) == 403
    assert listener.send({HUBS[kind]: hub()}, body=BODY + b" ") == 403


def test_a_delivery_that_comes_again_after_a_restart_or_to_another_replica_does_nothing(office: Office) -> None:
    first = Listener(office, "github")
    first.send({HUBS["github"]: hub()})

    second = Listener(office, "github")

    assert (second.send({HUBS["github"]: hub()}), second.looks) == (202, 0)


@pytest.mark.parametrize("kind", ["servicenow", "webhook"])
def test_others_have_to_sign_the_time_as_well(office: Office, kind: str) -> None:
    listener = Listener(office, kind)

    assert (listener.send({"x-hub-signature-256": hub()}), listener.looks) == (401, 0)


def test_a_ticket_system_that_is_not_connected_is_not_found(listener: Listener) -> None:
    assert (listener.send(timed(), name="trello"), listener.looks) == (404, 0)


def test_the_rest_of_the_server_still_wants_its_token(listener: Listener) -> None:
    assert listener.client.get("/api/v1/cases").status_code == 401
    assert listener.client.post("/api/desk/../v1/ask", json={"text": "?"}).status_code == 401


def test_a_delivery_larger_than_a_megabyte_is_not_read(listener: Listener) -> None:
    assert (listener.send(timed(), body=b"x" * 1_000_001), listener.looks) == (413, 0)
