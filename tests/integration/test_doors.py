"""What a stranger on another machine can reach: walks every route, with other methods, spellings, hosts and headers."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from bot.channels.guard import measured
from bot.channels.rates import Limits, Rate, Rates
from bot.channels.security import HEADERS
from bot.identity.seals import probe_key
from bot.identity.tokens import new_token
from bot.store.opening import StoreUnavailable
from tests.integration.test_access import addresses
from tests.web_office import Office

OUTSIDE = "https://sheriff.example"
TOKEN = {"authorization": "Bearer correct horse"}
HTML = {"accept": "text/html"}
# The way in has to be open, and what it looks like; a ticket system signs what it sends.
MEANT_TO_BE_OPEN = {"/healthz", "/api/messages", "/sign-in", "/sign-out", "/static/x", "/favicon.ico"}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office that tests only look at, or knock at in vain."""
    office = Office(tmp_path_factory.mktemp("street"))
    yield office
    office.close()


@pytest.fixture(scope="module")
def app(street: Office) -> FastAPI:
    return outside(street, rates=Rates(Limits(*[Rate(0, 1)] * 5)))


def outside(office: Office, **changed: Any) -> FastAPI:
    usual = {"loopback": False, "access_token": "correct horse", "hosts": ("sheriff.example",), "https": True}
    return office.app(**(usual | changed))


def browser(app: FastAPI, **given: Any) -> TestClient:
    return TestClient(app, base_url=OUTSIDE, raise_server_exceptions=False, follow_redirects=False, **given)


def test_a_stranger_reaches_no_route_but_those_that_are_meant_to_be_open(app: FastAPI) -> None:
    closed = sorted({path for _, path in addresses(app)} - MEANT_TO_BE_OPEN)
    client = browser(app)

    reached = {
        (method, path): status
        for path in closed
        for method in METHODS
        if (status := client.request(method, path).status_code) not in {401, 403, 404}
    }

    assert len(closed) > 40
    assert reached == {}


@pytest.mark.parametrize("path", ["/desk", "/metrics", "/insights", "/api/docs"])
def test_a_strangers_browser_is_sent_to_sign_in(app: FastAPI, path: str) -> None:
    response = browser(app).get(path, headers=HTML)

    assert (response.status_code, response.headers["location"]) == (303, f"/sign-in?next={path}")


def test_a_strangers_page_names_nobody(street: Office, app: FastAPI) -> None:
    page = browser(app).get("/sign-in", headers=HTML)
    inside = browser(app).get("/", headers=HTML | TOKEN)

    assert page.status_code == 200
    assert "on duty" in inside.text
    assert not any(word in page.text for word in ("Ana", "on duty", "correct horse"))


SPELLINGS = (
    *("//metrics", "/metrics/", "/metrics//", "/Metrics", "/METRICS", "/%6detrics", "/metrics%2f", "/metrics%00"),
    *("/./metrics", "/static/../metrics", "/static/%2e%2e/metrics", "/static/..%2fmetrics", "/healthz/../metrics"),
    *("/healthz/%2e%2e/metrics", "/api/messages/../../metrics", "/api/desk/x/../../../metrics", "/metrics;x=1"),
    *("/metrics%20", "/metrics?x=/healthz", "/healthz%2f..%2fmetrics", "/sign-in/../desk", "/sign-in/%2e%2e/desk"),
    *("/api/desk/github/events/../../../v1/cases", "/readyz", "/readyz/", "/static/../sheriff.db", "/api/messages/x"),
)


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_an_address_gets_past_the_guard(app: FastAPI, path: str) -> None:
    client = browser(app)
    client.follow_redirects = True
    response = client.request("GET", OUTSIDE + path, headers={"accept": "application/json"})

    assert response.status_code in {400, 401, 403, 404}
    assert "sheriff_" not in response.text


HEADERS_THAT_CLAIM = (
    {"x-forwarded-for": "127.0.0.1"},
    {"x-forwarded-host": "127.0.0.1"},
    {"forwarded": "for=127.0.0.1;host=localhost"},
    {"x-real-ip": "127.0.0.1"},
    {"x-original-url": "/healthz"},
    {"x-rewrite-url": "/healthz"},
    {"x-http-method-override": "GET"},
    {"host": "127.0.0.1"},
    {"host": "localhost:3978"},
    {"authorization": "Bearer"},
    {"authorization": "Bearer "},
    {"authorization": "Basic Y29ycmVjdCBob3JzZTo="},
    {"cookie": "sheriff_session=; __Host-sheriff_session=1.2"},
    {"cookie": "__Host-sheriff_session=9999999999." + "0" * 64},
)


@pytest.mark.parametrize("claim", HEADERS_THAT_CLAIM)
@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/api/v1/cases"])
def test_no_header_makes_a_stranger_somebody(app: FastAPI, path: str, claim: dict[str, str]) -> None:
    assert browser(app).get(path, headers=claim).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "sheriff.example.evil.example", "", "169.254.169.254"])
def test_another_host_name_is_refused_but_where_the_caller_proves_itself(app: FastAPI, host: str) -> None:
    client = browser(app)

    assert client.get("/sign-in", headers={"host": host}).status_code == 400
    assert client.post("/api/messages", headers={"host": host}).status_code == 404  # not connected here


def test_the_containers_own_probe_learns_whether_it_is_ready_and_nothing_else(street: Office) -> None:
    client = TestClient(
        outside(street, probe=probe_key("s")), base_url="http://127.0.0.1:3978", client=("127.0.0.1", 1)
    )
    key = {"authorization": f"Bearer {probe_key('s')}"}

    assert [client.get(path, headers=key).status_code for path in ("/readyz", "/metrics", "/")] == [200, 401, 401]
    assert client.get("/readyz").status_code == 401
    assert client.get("/readyz", headers={"authorization": f"Bearer {probe_key('t')}"}).status_code == 401
    assert probe_key("") == ""


# ---- tokens ----


def with_token(office: Office, *scopes: str, **given: Any) -> dict[str, str]:
    token = new_token()
    office.store.access.add(
        f"t-{len(office.store.access.tokens())}", token, scopes, by="root", **{"expires": None} | given
    )
    return {"authorization": f"Bearer {token}"}


def test_a_token_opens_what_its_scopes_say_and_nothing_else(office: Office) -> None:
    app = outside(office)
    client, ask = browser(app), with_token(office, "ask")

    refused = client.get("/api/v1/cases", headers=ask)

    assert client.post("/api/v1/ask", json={"text": "quota"}, headers=ask).status_code == 200
    assert client.get("/api/v1/status", headers=ask).status_code == 200
    assert refused.status_code == 403
    assert refused.json()["error"] == "This token has ask; this address takes read or desk or admin."
    others = [(method, path) for method, path in addresses(app) if path not in MEANT_TO_BE_OPEN]
    opened = {path for method, path in others if client.request(method, path, headers=ask).status_code != 403}
    assert opened <= {"/api/v1/ask", "/api/v1/status", "/api/openapi.json", "/api/docs"}


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("read", "/api/v1/cases", 200),
        ("desk", "/api/v1/cases", 200),
        ("metrics", "/metrics", 200),
        ("metrics", "/readyz", 200),
        ("admin", "/desk", 200),
        ("validate", "/metrics", 403),
    ],
)
def test_each_scope_has_its_addresses(office: Office, scope: str, path: str, status: int) -> None:
    assert browser(outside(office)).get(path, headers=with_token(office, scope)).status_code == status


def test_a_revoked_or_expired_token_opens_nothing_from_then_on(office: Office) -> None:
    client = browser(outside(office))
    revoked, expiring = (
        with_token(office, "read"),
        with_token(office, "read", expires=office.clock() + timedelta(days=1)),
    )
    before = [client.get("/api/v1/cases", headers=each).status_code for each in (revoked, expiring)]

    office.store.access.revoke("t-0", by="root")
    office.clock.pass_(days=1)
    after = client.get("/api/v1/cases", headers=revoked)

    assert before == [200, 200]
    assert (after.status_code, after.headers["www-authenticate"]) == (401, "Bearer")
    assert "it was revoked, or is over" in after.json()["error"]
    assert client.get("/api/v1/cases", headers=expiring).status_code == 401


class Away:
    """The part of the database that knows tokens, while it does not answer."""

    def opened_by(self, token: str) -> None:
        raise StoreUnavailable("The database does not answer.")

    def has_ended(self, names: object, since: object) -> bool:
        raise StoreUnavailable("The database does not answer.")

    def end_session(self, name: str) -> None:
        raise StoreUnavailable("The database does not answer.")


def test_while_the_database_is_away_no_token_opens_and_nothing_breaks(office: Office) -> None:
    store = dataclasses.replace(office.store, access=Away())  # type: ignore[arg-type] - as much as is needed
    client = browser(outside(office, store=store))
    token = {"authorization": f"Bearer {new_token()}"}
    entered(client)

    assert client.get("/api/v1/cases", headers=token).status_code == 503
    assert client.get("/desk", headers=HTML).status_code == 503
    assert client.post("/sign-out").headers["set-cookie"].startswith('__Host-sheriff_session=""')
    assert client.get("/healthz").status_code == 200
    client.cookies.clear()
    assert client.get("/sign-in", headers=HTML).status_code == 200


def test_the_access_token_works_beside_them(office: Office) -> None:
    assert browser(outside(office)).get("/api/v1/cases", headers=TOKEN).status_code == 200


# ---- sessions of the access token ----


def entered(client: TestClient) -> str:
    response = client.post("/sign-in", data={"token": "correct horse"}, headers={"origin": OUTSIDE})
    return response.headers["set-cookie"]


def test_a_session_of_the_access_token_is_kept_from_scripts_neighbours_and_http(office: Office) -> None:
    flags = {part.strip().lower() for part in entered(browser(outside(office))).split(";")}

    assert any(flag.startswith("__host-sheriff_session=") for flag in flags)
    assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=604800"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)


def test_a_session_of_the_access_token_ends_after_a_week_whatever_the_browser_says(office: Office) -> None:
    client = browser(outside(office))
    cookie = {"cookie": entered(client).partition(";")[0]}
    client.cookies.clear()
    inside = client.get("/desk", headers=cookie).status_code

    office.clock.pass_(days=7)

    assert (inside, client.get("/desk", headers=cookie).status_code) == (200, 401)


def test_who_copied_a_cookie_is_out_when_its_owner_signs_out(office: Office) -> None:
    client = browser(outside(office))
    cookie = {"cookie": entered(client).partition(";")[0]}

    client.post("/sign-out", headers=cookie)
    client.cookies.clear()

    assert client.get("/desk", headers=cookie).status_code == 401


def test_signing_out_without_a_session_keeps_nothing(office: Office) -> None:
    client = browser(outside(office))
    for number in range(5):
        client.post("/sign-out", headers={"cookie": f"__Host-sheriff_session={number}.x"})

    assert not office.store.access.has_ended([f"{n}.x" for n in range(5)], office.clock())


# ---- other sites ----

CROSS_SITE = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://sheriff.example"},  # somebody on the way, without TLS
    {"origin": "https://sheriff.example:8443"},
    {"origin": "https://sheriff.example.evil.example"},
    {"origin": "https://other.sheriff.example"},
    {"origin": "http://["},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": OUTSIDE},
    {},  # a browser that says nothing
)


@pytest.mark.parametrize("headers", CROSS_SITE)
@pytest.mark.parametrize("path", ["/chat", "/desk/as", "/api/v1/ask"])
def test_another_site_does_nothing_in_the_name_of_who_is_signed_in(
    street: Office, app: FastAPI, path: str, headers: dict[str, str]
) -> None:
    client = browser(app)
    entered(client)

    assert client.post(path, data={"text": "hello"}, headers=headers).status_code == 403
    assert street.sheriff.heard == []


@pytest.mark.parametrize("headers", [each for each in CROSS_SITE if each])
def test_another_site_signs_nobody_in(app: FastAPI, headers: dict[str, str]) -> None:
    response = browser(app).post("/sign-in", data={"token": "correct horse"}, headers=headers)

    assert response.status_code == 403
    assert "set-cookie" not in response.headers


def test_every_answer_carries_the_headers_that_browsers_need(office: Office) -> None:
    client = browser(outside(office))

    for path in ("/healthz", "/sign-in", "/desk", "/nowhere", "/static/sheriff.css"):
        given = client.get(path, headers=HTML).headers
        assert {name: given.get(name) for name in HEADERS} == HEADERS
        assert given["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in browser(outside(office, https=False)).get("/healthz").headers


# ---- pace ----


def limited(office: Office, **changed: Rate) -> TestClient:
    return browser(outside(office, rates=Rates(Limits(**changed), now=lambda: 0.0)))


def test_one_address_calls_so_often_and_health_is_told_all_the_same(office: Office) -> None:
    client = limited(office, address=Rate(60, 3))

    statuses = [client.get("/api/v1/status", headers=TOKEN).status_code for _ in range(4)]
    last = client.get("/sign-in", headers={"x-forwarded-for": "198.51.100.7"})

    assert statuses == [200, 200, 200, 429]
    assert (last.status_code, last.headers["retry-after"]) == (429, "1")
    assert client.get("/healthz").status_code == 200


def test_behind_a_trusted_proxy_each_caller_has_the_own_limit(office: Office) -> None:
    from ipaddress import ip_network

    rates = Rates(Limits(address=Rate(60, 1)), now=lambda: 0.0)
    app = outside(office, rates=rates, trusted=[ip_network("10.0.0.0/8")])
    client = browser(app, client=("10.0.0.1", 4711))

    statuses = [
        client.get("/sign-in", headers={"x-forwarded-for": caller}).status_code
        for caller in ("198.51.100.1", "198.51.100.2", "198.51.100.1", "203.0.113.5, 198.51.100.1")
    ]

    assert statuses == [200, 200, 429, 429]


def test_a_token_calls_so_often_and_another_one_has_its_own_pace(office: Office) -> None:
    client = limited(office, program=Rate(60, 2))
    one, two = with_token(office, "ask"), with_token(office, "ask")

    statuses = [client.get("/api/v1/status", headers=one).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert client.get("/api/v1/status", headers=two).status_code == 200


def test_a_person_who_asks_too_fast_is_told_so_politely_and_no_case_comes_of_it(office: Office) -> None:
    client = limited(office, person=Rate(60, 2))
    entered(client)
    own = {"origin": OUTSIDE, "accept": "text/event-stream"}

    replies = [client.post("/chat", data={"text": "quota"}, headers=own) for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 429, 429]
    assert replies[3].json()["error"].startswith("You are asking faster than I can read.")
    assert replies[3].headers["retry-after"] == "1"
    assert len(office.sheriff.heard) == 2
    assert client.get("/", headers=HTML).status_code == 200  # pages can still be read


def test_guessing_tokens_gets_slower_for_one_address_and_not_for_api_tokens(office: Office) -> None:
    client, good = limited(office, failures=Rate(60, 3)), with_token(office, "ask")

    guesses = [client.get("/api/v1/status", headers={"authorization": f"Bearer {n}"}).status_code for n in range(5)]

    assert guesses == [401, 401, 401, 429, 429]
    assert client.get("/api/v1/status", headers=TOKEN).status_code == 429  # or guessing would only look slower
    assert client.post("/sign-in", data={"token": "correct horse"}).status_code == 429
    assert client.get("/api/v1/status", headers=good).status_code == 200


def test_a_script_with_an_old_token_locks_nobody_out(office: Office) -> None:
    client = limited(office, failures=Rate(60, 3))

    stale = [client.get("/api/v1/status", headers={"authorization": "Bearer old"}).status_code for _ in range(20)]

    assert set(stale) == {401}
    assert client.get("/api/v1/status", headers=TOKEN).status_code == 200


def test_messages_have_a_limit_of_their_own_before_anything_is_checked(office: Office) -> None:
    client = limited(office, messages=Rate(60, 2), address=Rate(60, 1))

    statuses = [client.post("/api/messages", json={}).status_code for _ in range(3)]

    assert statuses == [404, 404, 429]


def test_who_is_on_this_machine_is_not_limited_unless_asked_for(office: Office) -> None:
    limits = {"address": Rate(60, 1), "person": Rate(60, 1)}
    here = {"base_url": "http://127.0.0.1:3978"}
    free = TestClient(office.app(rates=Rates(Limits(**limits), now=lambda: 0.0)), **here)
    strict = TestClient(office.app(rates=Rates(Limits(**limits, here=True), now=lambda: 0.0)), **here)

    assert {free.get("/api/v1/status").status_code for _ in range(5)} == {200}
    assert [strict.get("/api/v1/status").status_code for _ in range(2)] == [200, 429]


# ---- bodies ----


@pytest.mark.parametrize(
    "path", ["/api/v1/ask", "/api/v1/validate", "/chat", "/sign-in", "/api/messages", "/api/desk/jira/events"]
)
@pytest.mark.parametrize("encoding", ["gzip", "br, gzip"])
def test_no_body_is_unpacked(app: FastAPI, path: str, encoding: str) -> None:
    headers = {**TOKEN, "content-encoding": encoding}

    assert browser(app).post(path, content=b"\x1f\x8b\x08", headers=headers).status_code == 415


@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/validate", "/chat", "/sign-in", "/name"])
def test_a_body_in_pieces_is_cut_off_at_its_limit(app: FastAPI, path: str) -> None:
    pieces = (b"x" * 1_000_000 for _ in range(11))
    headers = {**TOKEN, "content-type": "application/x-www-form-urlencoded"}
    if path.startswith("/api"):
        headers["content-type"] = "application/json"

    assert browser(app).post(path, content=pieces, headers=headers).status_code == 413


@pytest.mark.parametrize("nested", [b"[" * 200_000, b'{"text":' * 50_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000])
@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/validate"])
def test_json_nested_without_end_is_refused(app: FastAPI, path: str, nested: bytes) -> None:
    headers = {**TOKEN, "content-type": "application/json"}

    assert browser(app).post(path, content=nested, headers=headers).status_code in {400, 422}


@pytest.mark.parametrize("path", ["/chat", "/sign-in"])
def test_a_form_of_thousands_of_parts_is_refused(app: FastAPI, path: str) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="x{0}"; filename="{0}"\r\n\r\n1\r\n'
    body = "".join(part.format(n) for n in range(5_000)) + "--b--\r\n"
    headers = {**TOKEN, "content-type": "multipart/form-data; boundary=b"}

    assert browser(app).post(path, content=body.encode(), headers=headers).status_code in {400, 413, 422}


def test_a_body_that_stops_coming_is_given_up() -> None:
    async def receive() -> Any:
        if first:
            return first.pop()
        return await asyncio.Event().wait()

    async def read() -> None:
        body = measured(receive, 1_000, body_within=0.05, piece_within=0.02)
        await body()
        await body()

    first = [{"type": "http.request", "body": b"a", "more_body": True}]
    with pytest.raises(HTTPException) as caught:
        asyncio.run(read())
    assert caught.value.status_code == 408


def test_a_whole_body_is_waited_for_no_longer_and_a_reader_may_wait_for_the_end() -> None:
    async def receive() -> Any:
        return first.pop() if first else {"type": "http.disconnect"}

    async def read() -> str:
        body = measured(receive, 1_000, body_within=0.0001, piece_within=0.0001)
        await body()
        await asyncio.sleep(0.001)
        return str((await body())["type"])

    first = [{"type": "http.request", "body": b"a"}]
    assert asyncio.run(read()) == "http.disconnect"


def test_redirects_lead_to_https_whatever_a_proxy_says(app: FastAPI) -> None:
    client = TestClient(app, base_url="http://sheriff.example", follow_redirects=False)

    response = client.get("/desk/", headers=TOKEN | {"x-forwarded-proto": "http"})

    assert response.headers["location"].startswith("https://sheriff.example/desk")


@pytest.mark.parametrize("headers", [{f"x-{n}": "1" for n in range(120)}, {"x-long": "1" * 40_000}])
def test_headers_too_many_or_too_long_are_refused(app: FastAPI, headers: dict[str, str]) -> None:
    assert browser(app).get("/sign-in", headers=headers).status_code == 431
