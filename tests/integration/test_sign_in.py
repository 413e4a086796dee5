"""Sign-in by OpenID Connect, from the first page to the session, against a provider on loopback."""

from __future__ import annotations

import dataclasses
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser
from starlette.responses import JSONResponse, PlainTextResponse

from bot.channels.sign_in import SignIn
from bot.identity.accounts import Naming
from bot.identity.provider import Provider, Registration
from bot.identity.roles import Role
from bot.identity.seals import Seal
from bot.messages import Person
from bot.support.rota import Member
from tests import openid_provider
from tests.openid_provider import CLIENT, KEYS, KIM_ID, SECRET, OpenIdProvider, running_provider
from tests.web_office import ROTA, Office

HERE = "https://sheriff.example"
OWN = {"origin": HERE}
GIVEN = {"Sheriff.Sheriff": Role.SHERIFF, "Sheriff.Maintainer": Role.MAINTAINER, "Sheriff.Admin": Role.ADMIN}


@dataclasses.dataclass
class Ticks:
    """The monotonic clock of the provider's cache."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclasses.dataclass
class Site:
    """Sheriff beyond loopback with sign-in, the provider, and browsers in front of both."""

    office: Office
    provider: OpenIdProvider
    stack: ExitStack
    ticks: Ticks = dataclasses.field(default_factory=Ticks)

    def sign_in(self, **changed: Any) -> SignIn:
        usual: dict[str, Any] = {
            "provider": Provider(Registration(self.provider.url, CLIENT, SECRET), now=self.ticks, patience=20.0),
            "seal": Seal(SECRET, self.provider.url, CLIENT),
            "base_url": HERE,
            "naming": Naming(given=GIVEN),
        }
        return SignIn(**(usual | changed))

    def browser(self, sign_in: SignIn | None = None, **changed: Any) -> TestClient:
        """A browser without cookies; without `sign_in` at a server of its own."""
        usual = {"loopback": False, "sign_in": sign_in or self.sign_in(), "hosts": ("sheriff.example",)}
        client = TestClient(
            self.office.app(**(usual | changed)),
            base_url=HERE,
            headers={"accept": "text/html"},
            raise_server_exceptions=False,
            follow_redirects=False,
        )
        return self.stack.enter_context(client)


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def site(running: OpenIdProvider, tmp_path: Any) -> Iterator[Site]:
    office = Office(tmp_path)
    fresh = OpenIdProvider(url=running.url, back=f"{HERE}/sign-in/callback", now=office.clock)
    for each in dataclasses.fields(fresh):
        setattr(running, each.name, getattr(fresh, each.name))
    with ExitStack() as stack:
        yield Site(office, running, stack)
    office.close()


def way_back(browser: TestClient, target: str = "/desk") -> str:
    """From a page that needs sign-in to the provider, and where the provider sends the browser then."""
    page = browser.get(target)
    assert page.status_code == 303, page.text
    left = browser.get(page.headers["location"])
    assert left.status_code == 303, left.text
    return httpx.get(left.headers["location"]).headers["location"]


def signed_in(browser: TestClient, target: str = "/") -> httpx.Response:
    """The answer to the browser that comes back."""
    return browser.get(way_back(browser, target))


def words(response: httpx.Response, selector: str = "main") -> str:
    found = LexborHTMLParser(response.text).css(selector)
    return " ".join(" ".join(node.text(separator=" ") for node in found).split())


def has_session(browser: TestClient) -> bool:
    return any("session" in name for name in browser.cookies)


# ---- in and out ----


def test_who_opens_a_page_comes_back_to_it_signed_in(site: Site) -> None:
    site.provider.person["roles"] = ["Sheriff.Sheriff"]
    browser = site.browser()

    back = signed_in(browser, "/desk?view=yours")

    assert (back.status_code, back.headers["location"]) == (303, "/desk?view=yours")
    page = browser.get("/desk?view=yours")
    assert page.status_code == 200
    assert words(page, ".person") == "Kim Sign out"


def test_the_session_is_kept_from_scripts_other_sites_and_plain_http(site: Site) -> None:
    cookies = signed_in(site.browser()).headers.get_list("set-cookie")

    session = next(each for each in cookies if each.startswith("__Host-sheriff_session="))
    flags = {part.strip().lower() for part in session.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=28800"} <= flags
    assert "kim@" not in session  # three letters of base64 may be "Kim" by chance
    assert any(each.startswith("__Host-sheriff_departure_") and "Max-Age=0" in each for each in cookies)


def test_the_provider_is_asked_with_pkce_state_and_nonce_anew_each_time(site: Site) -> None:
    browser = site.browser()
    asked = [parse_qs(urlsplit(browser.get("/sign-in/start?next=/").headers["location"]).query) for _ in range(2)]

    for given in asked:
        assert (given["response_type"], given["code_challenge_method"]) == (["code"], ["S256"])
        assert given["redirect_uri"] == [f"{HERE}/sign-in/callback"]
        assert "openid" in given["scope"][0].split()
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


def test_two_tabs_can_be_on_their_way_at_once(site: Site) -> None:
    browser = site.browser()
    first, second = way_back(browser, "/"), way_back(browser, "/pages/docs/kafka/quotas.md")

    assert browser.get(first).headers["location"] == "/"
    assert browser.get(second).headers["location"] == "/pages/docs/kafka/quotas.md"


def test_one_replica_sends_off_another_lets_in_and_a_third_knows_the_person(site: Site) -> None:
    first, second, third = (site.browser(site.sign_in()) for _ in range(3))
    back = way_back(first, "/pages/docs/kafka/quotas.md")

    second.cookies.update(first.cookies)
    landed = second.get(back)
    third.cookies.update(second.cookies)

    assert landed.headers["location"] == "/pages/docs/kafka/quotas.md"
    assert words(third.get("/"), ".person") == "Kim Sign out"


def test_signing_out_ends_the_session_and_offers_to_sign_out_at_the_provider(site: Site) -> None:
    browser = site.browser()
    signed_in(browser)

    out = browser.post("/sign-out", headers=OWN)
    page = browser.get(out.headers["location"])

    assert not has_session(browser)
    assert words(page, "h1") == "You are signed out"
    assert "choose=1" in page.text
    links = [str(node.attributes["href"]) for node in LexborHTMLParser(page.text).css("main a")]
    address = next(link for link in links if link.startswith(f"{site.provider.url}/end?"))
    assert parse_qs(urlsplit(address).query)["post_logout_redirect_uri"] == [f"{HERE}/sign-in"]
    assert browser.get("/").status_code == 303


def test_a_provider_without_sign_out_is_not_offered_for_it(site: Site) -> None:
    site.provider.metadata["end_session_endpoint"] = None
    browser = site.browser()
    signed_in(browser)

    page = browser.get(browser.post("/sign-out", headers=OWN).headers["location"])

    assert "too" not in words(page, "main .bar")
    assert page.status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/a\\b",
        "/\tx",
        "evil",
        "/sign-in/start",
        "/" * 2000,
    ],
)
def test_signing_in_leads_nowhere_but_to_our_own_pages(site: Site, target: str) -> None:
    browser = site.browser()
    left = browser.get("/sign-in/start", params={"next": target})

    back = browser.get(httpx.get(left.headers["location"]).headers["location"])

    assert back.headers["location"] == "/"


def test_who_opens_another_name_of_the_server_signs_in_at_the_one_it_comes_back_to(site: Site) -> None:
    browser = site.browser(hosts=("sheriff.example", "intra"))

    moved = browser.get("/sign-in/start?next=/desk", headers={"host": "intra"})
    still = browser.get("/sign-in/start?next=/desk&moved=1", headers={"host": "intra"})

    assert moved.headers["location"] == f"{HERE}/sign-in/start?next=/desk&moved=1"
    assert still.headers["location"].startswith(site.provider.url)


def test_on_loopback_too_nobody_is_let_in_without_signing_in_where_it_is_configured(site: Site) -> None:
    browser = site.browser(site.sign_in(base_url="http://127.0.0.1:3978"), loopback=True)

    response = browser.get("http://127.0.0.1:3978/desk")

    assert (response.status_code, response.headers["location"]) == (303, "/sign-in/start?next=/desk")


# ---- tokens that are not for us ----

WRONG: dict[str, dict[str, Any]] = {
    "another nonce": {"changed": {"nonce": "somebody-elses"}},
    "no nonce": {"changed": {"nonce": None}},
    "another audience": {"changed": {"aud": "another-app"}},
    "several audiences and no azp": {"changed": {"aud": [CLIENT, "another-app"]}},
    "made for another party": {"changed": {"aud": [CLIENT, "another-app"], "azp": "another-app"}},
    "no audience": {"changed": {"aud": None}},
    "another issuer": {"changed": {"iss": "https://evil.example"}},
    "no issuer": {"changed": {"iss": None}},
    "over": {"changed": {"exp": 1_000_000_000}},
    "no end": {"changed": {"exp": None}},
    "an end that is no time": {"changed": {"exp": "tomorrow"}},
    "not yet": {"changed": {"nbf": 4_000_000_000}},
    "no subject": {"changed": {"sub": None}},
    "for another access token": {"changed": {"at_hash": "x"}},
    "alg none": {"forge": openid_provider.unsigned},
    "signed with the public key": {"forge": openid_provider.signed_with_the_public_key},
    "signed by a stranger": {"forge": openid_provider.signed_by_a_stranger},
    "a key that is not published": {"key": 1},
    "no token at all": {"forge": lambda _: "nonsense"},
    "an empty one": {"forge": lambda _: ""},
    "no claims": {"forge": lambda _: openid_provider.signed({}, KEYS[0])},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_token_that_is_not_for_this_sign_in_lets_nobody_in(site: Site, wrong: dict[str, Any]) -> None:
    browser = site.browser()
    for name, value in wrong.items():
        setattr(site.provider, name, value)

    response = signed_in(browser)

    assert response.status_code == 400
    assert "nobody was signed in" in words(response, "[role=alert]")
    assert not has_session(browser)


def test_a_code_is_good_once(site: Site) -> None:
    browser = site.browser()
    address = way_back(browser)
    departure = dict(browser.cookies)
    browser.get(address)
    browser.cookies.clear()

    again = browser.get(address, headers={"cookie": "; ".join(f"{k}={v}" for k, v in departure.items())})

    assert again.status_code == 400
    assert "used already" in words(again)


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(site: Site) -> None:
    sign_in = site.sign_in()
    stolen = way_back(site.browser(sign_in))

    response = site.browser(sign_in).get(stolen)

    assert response.status_code == 400
    assert "not begun in this browser" in words(response)


@pytest.mark.parametrize("query", ["", "?state=x", "?code=x&state=%00", "?state=é&code=1", "?error=access_denied"])
def test_a_callback_out_of_nowhere_is_told_to_begin_again(site: Site, query: str) -> None:
    response = site.browser().get(f"/sign-in/callback{query}")

    assert response.status_code == 400
    assert "Begin again" in words(response)


def test_a_sign_in_that_took_too_long_begins_again(site: Site) -> None:
    browser = site.browser()
    address = way_back(browser)
    site.office.clock.pass_(minutes=11)

    assert "ten minutes" in words(browser.get(address))


def test_an_answer_of_another_provider_is_refused(site: Site) -> None:
    browser = site.browser()
    address = way_back(browser).replace(f"iss={site.provider.url[:4]}", "iss=evil")

    assert "another provider" in words(browser.get(address))


def test_the_providers_refusal_is_told_in_its_words(site: Site) -> None:
    site.provider.refuses = "access_denied"

    response = signed_in(site.browser())

    assert response.status_code == 400
    assert "did not sign you in: access_denied" in words(response)


# ---- keys change, and the provider is away ----


def test_a_new_signing_key_works_at_once(site: Site) -> None:
    sign_in = site.sign_in()
    signed_in(site.browser(sign_in))
    site.provider.key, site.provider.published = 1, [1]
    site.ticks.now = 60.0

    assert signed_in(site.browser(sign_in)).status_code == 303


def test_unknown_keys_do_not_become_a_flood_of_fetches(site: Site) -> None:
    sign_in = site.sign_in()
    site.provider.key = 1
    for _ in range(3):
        assert signed_in(site.browser(sign_in)).status_code == 400

    assert site.provider.asked.count("/keys") == 1


def test_what_the_provider_publishes_is_fetched_once_an_hour(site: Site) -> None:
    sign_in = site.sign_in()
    for moment in (0.0, 100.0, 3500.0, 3700.0):
        site.ticks.now = moment
        assert signed_in(site.browser(sign_in)).status_code == 303

    assert site.provider.asked.count("/.well-known/openid-configuration") == 2


def test_a_provider_that_is_away_is_named_and_later_found_again(site: Site) -> None:
    site.provider.broken["/.well-known/openid-configuration"] = PlainTextResponse("busy", 503)
    browser = site.browser()

    away = browser.get("/sign-in/start?next=/desk")
    site.provider.broken.clear()
    site.ticks.now = 6.0
    there = browser.get("/sign-in/start?next=/desk")

    assert away.status_code == 503
    assert "You cannot sign in now." in words(away)
    assert "sheriff doctor" in words(away)
    assert there.status_code == 303


def test_a_provider_that_nobody_answers_for_is_a_page_not_a_traceback(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = Provider(Registration(f"http://127.0.0.1:{port}", CLIENT, SECRET))

    response = site.browser(site.sign_in(provider=gone)).get("/sign-in/start")

    assert response.status_code == 503
    assert f"127.0.0.1:{port} cannot be reached" in words(response)


def test_a_slow_provider_is_waited_for_only_so_long(site: Site) -> None:
    site.provider.pause = 0.5
    hasty = Provider(Registration(site.provider.url, CLIENT, SECRET), patience=0.1)

    response = site.browser(site.sign_in(provider=hasty)).get("/sign-in/start")

    assert response.status_code == 503
    assert "does not answer within 0.1 seconds" in words(response)


def test_a_provider_that_goes_away_on_the_way_is_told_and_known_keys_stay_good(site: Site) -> None:
    sign_in = site.sign_in()
    signed_in(site.browser(sign_in))
    for path in ("/.well-known/openid-configuration", "/keys"):
        site.provider.broken[path] = PlainTextResponse("busy", 503)
    site.ticks.now = 4000.0
    assert signed_in(site.browser(sign_in)).status_code == 303

    site.provider.broken["/token"] = PlainTextResponse("busy", 503)
    response = signed_in(site.browser(sign_in))

    assert response.status_code == 503
    assert "has no time now" in words(response)


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"issuer": "https://login.example/common"}, "calls itself https://login.example/common"),
        ({"token_endpoint": "http://login.example/token"}, "token_endpoint is no https address"),
        ({"jwks_uri": None}, "jwks_uri is no https address"),
        ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, "signs in no way that Sheriff accepts"),
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(site: Site, metadata: dict[str, Any], told: str) -> None:
    site.provider.metadata.update(metadata)

    response = site.browser().get("/sign-in/start")

    assert response.status_code == 503
    assert told in words(response)


@pytest.mark.parametrize("keys", [PlainTextResponse("<html>"), JSONResponse({"keys": []}), JSONResponse([1])])
def test_a_provider_without_keys_is_not_used(site: Site, keys: Any) -> None:
    site.provider.broken["/keys"] = keys

    response = site.browser().get("/sign-in/start")

    assert response.status_code == 503
    assert "publishes no key" in words(response)


def test_a_refused_client_is_a_task_for_the_operator(site: Site) -> None:
    wrong = Provider(Registration(site.provider.url, CLIENT, "an-old-secret"))

    response = signed_in(site.browser(site.sign_in(provider=wrong)))

    assert response.status_code == 503
    assert "SHERIFF_SIGN_IN_SECRET" in words(response)


@pytest.mark.parametrize("methods", [["client_secret_post"], ["client_secret_basic"], None])
def test_the_secret_goes_where_the_provider_wants_it(site: Site, methods: list[str] | None) -> None:
    site.provider.metadata["token_endpoint_auth_methods_supported"] = methods

    assert signed_in(site.browser()).status_code == 303


# ---- sessions that are none ----


def session_of(browser: TestClient) -> str:
    return str(browser.cookies["__Host-sheriff_session"])


SPOILT: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "nonsense": lambda _: "nonsense",
    "not ascii": lambda _: "\xe9",
    "cut off": lambda value: value[:-9],
    "one letter changed": lambda value: value[:40] + ("A" if value[40] != "A" else "B") + value[41:],
    "long": lambda value: value * 9,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_forged_session_leads_to_sign_in_again(site: Site, spoil: Callable[[str], str]) -> None:
    sign_in = site.sign_in()
    browser = site.browser(sign_in)
    signed_in(browser)
    cookie = {"cookie": f"__Host-sheriff_session={spoil(session_of(browser))}".encode("latin-1")}
    stranger = site.browser(sign_in)

    page = stranger.get("/", headers=cookie)
    program = stranger.get("/api/v1/cases", headers=cookie | {"accept": "application/json"})
    sent = stranger.post("/chat", data={"text": "quota"}, headers=cookie | OWN)

    assert page.headers["location"] == "/sign-in/start?next=/"
    assert (program.status_code, sent.status_code) == (401, 401)
    assert site.office.sheriff.heard == []


def test_a_session_of_a_server_with_another_secret_is_none(site: Site) -> None:
    browser = site.browser(site.sign_in(seal=Seal("another-secret", site.provider.url, CLIENT)))
    signed_in(browser)
    foreign = {"cookie": f"__Host-sheriff_session={session_of(browser)}"}

    assert site.browser().get("/", headers=foreign).status_code == 303


def test_what_is_kept_for_the_way_back_is_no_session(site: Site) -> None:
    sign_in = site.sign_in()
    browser = site.browser(sign_in)
    browser.get("/sign-in/start")
    departure = next(value for name, value in browser.cookies.items() if "departure" in name)

    page = site.browser(sign_in).get("/", headers={"cookie": f"__Host-sheriff_session={departure}"})

    assert page.status_code == 303


def test_a_session_ends_after_its_hours(site: Site) -> None:
    browser = site.browser(site.sign_in(lifetime=timedelta(hours=2)))
    signed_in(browser)
    cookie = {"cookie": f"__Host-sheriff_session={session_of(browser)}"}

    site.office.clock.pass_(hours=1, minutes=59)
    before = browser.get("/", headers=cookie)
    site.office.clock.pass_(minutes=2)
    after = browser.get("/", headers=cookie)

    assert (before.status_code, after.status_code) == (200, 303)


@pytest.mark.parametrize("who", [KIM_ID, "KIM@example.com", "everybody"])
def test_the_sessions_of_a_person_can_be_ended_at_once_in_every_browser(site: Site, who: str) -> None:
    one, two = site.browser(), site.browser()
    signed_in(one)
    signed_in(two)
    before = [browser.get("/").status_code for browser in (one, two)]
    site.office.clock.pass_(minutes=1)

    site.office.store.access.end_sessions(who, by="root")
    after = [browser.get("/").status_code for browser in (one, two)]
    site.office.clock.pass_(seconds=1)
    signed_in(one)

    assert (before, after) == ([200, 200], [303, 303])
    assert one.get("/").status_code == 200


def test_another_persons_sessions_go_on(site: Site) -> None:
    browser = site.browser()
    signed_in(browser)

    site.office.store.access.end_sessions("lee@example.com", by="root")

    assert browser.get("/").status_code == 200


def test_who_copied_a_cookie_is_out_when_its_owner_signs_out(site: Site) -> None:
    browser = site.browser()
    signed_in(browser)
    cookie = {"cookie": f"__Host-sheriff_session={session_of(browser)}"}

    browser.post("/sign-out", headers=OWN)
    browser.cookies.clear()

    assert browser.get("/", headers=cookie).status_code == 303


def test_who_is_signed_out_while_writing_is_told_where_to_sign_in(site: Site) -> None:
    sent = site.browser().post("/desk/c-1/reply", headers=OWN | {"accept": "application/json"})
    fetched = site.browser().get("/desk", headers={"sec-fetch-mode": "cors"})

    assert "what you wrote stays here" in sent.json()["error"]
    assert (sent.status_code, fetched.status_code) == (401, 401)


# ---- roles ----


def test_pages_show_and_open_what_a_role_may(site: Site) -> None:
    seen = {}
    for role in ([], ["Sheriff.Sheriff"], ["Sheriff.Maintainer"], ["Sheriff.Admin", "unknown"]):
        site.provider.person["roles"] = role
        browser = site.browser()
        signed_in(browser)
        opened = [browser.get(path).status_code for path in ("/", "/desk", "/gaps", "/metrics")]
        seen[words(browser.get("/"), "header nav")] = opened

    assert seen == {
        "Ask Requests": [200, 403, 403, 403],
        "Ask Requests Desk Notices Insights Rota": [200, 200, 403, 403],
        "Ask Requests Desk Notices Gaps Insights FAQ Rota": [200, 200, 200, 200],
    }


def test_who_may_not_is_told_which_role_it_takes_and_whom_to_ask(site: Site) -> None:
    browser = site.browser(contact="platform@example.com")
    signed_in(browser)

    page = browser.get("/desk")

    assert page.status_code == 403
    assert "needs the role “sheriff”, and your role is “asker”. Ask platform@example.com" in words(page)
    assert words(page, "main a") == "Ask Sheriff"
    assert words(page, ".person") == "Kim Sign out"


def test_who_has_no_role_is_signed_in_and_can_only_leave(site: Site) -> None:
    browser = site.browser(site.sign_in(naming=Naming(given=GIVEN, everyone=Role.NONE)))
    signed_in(browser)

    page = browser.get("/")

    assert page.status_code == 403
    assert "you have no role" in words(page)
    assert words(page, ".person") == "Kim Sign out"


@pytest.mark.parametrize(
    "member",
    [Member("kim", "Kim K.", email="KIM@example.com"), Member("kim", "Kim K.", teams_id=KIM_ID.upper())],
    ids=["by email", "by Teams id"],
)
def test_a_member_of_the_rota_is_a_sheriff_and_acts_under_the_rotas_name(site: Site, member: Member) -> None:
    rota = dataclasses.replace(ROTA, members=(*ROTA.members, member))
    case = site.office.ask("an unknown").case
    assert case is not None
    browser = site.browser(rota=rota)
    signed_in(browser)

    page = browser.get("/desk")
    taken = browser.post(f"/desk/{case.id}/take", headers=OWN)

    assert words(page, ".acting b") == "Kim K."
    assert not LexborHTMLParser(page.text).css("#member")
    assert taken.status_code == 303
    stored = site.office.store.cases.get(case.id)
    assert stored is not None
    assert stored.sheriff == "Kim K."


def test_on_the_rota_too_people_act_as_themselves(site: Site) -> None:
    site.provider.person["roles"] = ["Sheriff.Sheriff"]
    browser = site.browser()
    signed_in(browser)

    page = browser.get("/rota")

    assert words(page, ".acting") == "You act as Kim"
    assert not LexborHTMLParser(page.text).css("#member")
    assert "You are not in the rota" in words(page, "#swap")


def test_calendars_read_the_rota_by_a_key_that_opens_nothing_else(site: Site) -> None:
    site.provider.person["roles"] = ["Sheriff.Sheriff"]
    sign_in = site.sign_in()
    browser, calendar = site.browser(sign_in), site.browser(sign_in)
    signed_in(browser)
    found = re.search(r"/rota\.ics\?key=\w+", browser.get("/rota").text)
    assert found

    assert calendar.get(found[0]).headers["content-type"].startswith("text/calendar")
    assert calendar.get(found[0][:-1]).status_code == 303
    assert calendar.get(found[0].replace("/rota.ics", "/rota")).status_code == 303


def test_nobody_acts_as_somebody_else(site: Site) -> None:
    site.provider.person["roles"] = ["Sheriff.Admin"]
    case = site.office.ask("an unknown").case
    assert case is not None
    browser = site.browser()
    signed_in(browser)

    chosen = browser.post("/desk/as", data={"member": "Bo"}, headers=OWN)
    by_cookie = browser.post(f"/desk/{case.id}/take", headers=OWN | {"cookie": _cookies(browser, sheriff_acting="Bo")})
    by_name = browser.post(f"/api/v1/cases/{case.id}/reply", json={"text": "x", "by": "Bo"}, headers=OWN)

    assert (chosen.status_code, by_name.status_code, by_cookie.status_code) == (403, 403, 303)
    stored = site.office.store.cases.get(case.id)
    assert stored is not None
    assert stored.sheriff == "Kim"


def _cookies(browser: TestClient, **more: str) -> str:
    return "; ".join(f"{name}={value}" for name, value in {**dict(browser.cookies), **more}.items())


def test_other_sites_cannot_send_in_the_name_of_who_is_signed_in(site: Site) -> None:
    browser = site.browser()
    signed_in(browser)

    statuses = [
        browser.post("/api/v1/ask", json={"text": "quota"}, headers=headers).status_code
        for headers in ({}, {"origin": "https://evil.example"}, {"sec-fetch-site": "same-site"}, OWN)
    ]

    assert statuses == [403, 403, 403, 200]


# ---- whose cases ----


def test_the_cases_of_a_person_are_the_same_here_and_in_teams(site: Site) -> None:
    in_teams = site.office.ask("asked in Teams", sender=Person(KIM_ID, "Kim")).case
    assert in_teams is not None
    browser = site.browser()
    signed_in(browser)

    browser.post("/chat", data={"text": "asked here"}, headers=OWN)
    page = browser.get("/")

    assert words(page, "#mine b") == "asked here asked in Teams"
    assert browser.get(f"/cases/{in_teams.id}").status_code == 200
    assert [case.asker.id for case in site.office.store.cases.list()] == [KIM_ID, KIM_ID]


def test_the_conversation_goes_on_in_another_browser(site: Site) -> None:
    sign_in = site.sign_in()
    first, second = site.browser(sign_in), site.browser(sign_in)
    signed_in(first)
    first.post("/chat", data={"text": "quota"}, headers=OWN)
    signed_in(second)

    assert "quota.partitions" in words(second.get("/"), "#talk")


def test_an_asker_gets_the_own_cases_by_the_api_and_no_others(site: Site) -> None:
    others = site.office.ask("somebody else's").case
    assert others is not None
    browser = site.browser()
    signed_in(browser)
    asked = browser.post("/api/v1/ask", json={"text": "my own"}, headers=OWN).json()["case"]["id"]

    listed = browser.get("/api/v1/cases").json()

    assert [case["id"] for case in listed["cases"]] == [asked]
    assert browser.get("/api/v1/cases?asker=kim").status_code == 403
    assert browser.get(f"/api/v1/cases/{others.id}").status_code == 404
    assert browser.post(f"/api/v1/cases/{others.id}/withdraw", json={}, headers=OWN).status_code == 404
    assert browser.post(f"/api/v1/cases/{asked}/take", json={}, headers=OWN).status_code == 403
    assert browser.post(f"/api/v1/cases/{asked}/withdraw", json={}, headers=OWN).json()["asker"] == "Kim"
    assert browser.get(f"/cases/{others.id}").status_code == 403


def test_a_sheriff_replies_by_the_api_under_the_own_name(site: Site) -> None:
    site.provider.person["roles"] = ["Sheriff.Sheriff"]
    case = site.office.ask("an unknown").case
    assert case is not None
    browser = site.browser()
    signed_in(browser)

    replied = browser.post(f"/api/v1/cases/{case.id}/reply", json={"text": "Like this."}, headers=OWN).json()

    assert replied["sheriff"] == "Kim"


# ---- the access token beside sign-in ----


@pytest.mark.parametrize(
    ("role", "statuses"),
    [(Role.ADMIN, [200, 200, 200, 200]), (Role.SHERIFF, [200, 200, 200, 403]), (Role.ASKER, [200, 403, 404, 403])],
)
def test_the_access_token_has_a_role(site: Site, role: Role, statuses: list[int]) -> None:
    case = site.office.ask("an unknown").case
    assert case is not None
    browser = site.browser(access_token="correct horse", token_role=role)
    browser.headers.update({"authorization": "Bearer correct horse", "accept": "application/json"})

    found = [
        browser.post("/api/v1/ask", json={"text": "quota"}).status_code,
        browser.get("/api/v1/cases").status_code,
        browser.get(f"/api/v1/cases/{case.id}").status_code,
        browser.get("/metrics").status_code,
    ]

    assert found == statuses


def test_a_wrong_token_is_refused_and_the_form_for_it_is_not_there(site: Site) -> None:
    browser = site.browser(access_token="correct horse")

    wrong = browser.get("/api/v1/cases", headers={"authorization": "Bearer guess"})
    form = browser.post("/sign-in", data={"token": "correct horse"}, headers=OWN)

    assert wrong.status_code == 401
    assert form.status_code == 405
    assert not has_session(browser)


@pytest.mark.parametrize(("role", "sees"), [("Asker", False), ("Sheriff", True), ("Maintainer", True)])
def test_only_who_works_on_cases_sees_who_wished_for_something(site: Site, role: str, sees: bool) -> None:
    site.office.store.requests.ask("A page on Solaris", Person("29:zoe", "Zoe Quist"))
    site.provider.person["roles"] = [f"Sheriff.{role}"]
    browser = site.browser()
    signed_in(browser)

    page = browser.get("/requests").text

    assert "A page on Solaris" in page
    assert ("Zoe Quist" in page) is sees
