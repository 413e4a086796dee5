"""The desk by keyboard alone: every control is reached and shows it, every action done; and the way in, in Chromium."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from uvicorn import Config, Server

from bot.channels.sign_in import SignIn
from bot.identity.accounts import Naming
from bot.identity.provider import Provider, Registration
from bot.identity.roles import Role
from bot.identity.seals import Seal
from bot.support.cases import Cause
from tests.browser.conftest import Visit
from tests.openid_provider import CLIENT, SECRET, OpenIdProvider, running_provider
from tests.web_office import BO, Office

# What a person can do something with, in reading order; of radio buttons only the chosen one is a stop of Tab.
CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter((e) => !e.disabled && e.type !== 'hidden' && e.checkVisibility({visibilityProperty: true}))
    .filter((e) => e.type !== 'radio' || e.checked)
    .map((e, n) => (e.dataset.stop = n))"""
FOCUSED = """() => {
    const e = document.activeElement;
    const shows = (x) => x && x !== document.body && getComputedStyle(x).outlineStyle !== 'none'
        && parseFloat(getComputedStyle(x).outlineWidth) >= 2;
    const box = e.getBoundingClientRect();
    return {
        stop: e.dataset?.stop ?? '', name: e.outerHTML.slice(0, 90),
        seen: shows(e) || shows(e.closest('label')) || shows(e.parentElement),
        inside: box.bottom > 0 && box.top < innerHeight,
    };
}"""


@pytest.fixture
def case(visit: Visit) -> str:
    """A case with an earlier one like it, another in the inbox, and a page that was looked at."""
    office = visit.office
    earlier = office.ask("JOR job of another application", id="e").case
    assert earlier is not None
    office.casework.resolve(earlier.id, BO, Cause.CONFIGURATION, "List it under `callers`.")
    office.ask("something else that nobody knows", id="g")
    case = office.ask("start a JOR job of another application", id="f").case
    assert case is not None
    return case.id


def test_tab_reaches_every_control_in_reading_order_and_each_shows_its_focus(visit: Visit, case: str) -> None:
    page = visit.open(f"/desk/{case}")
    stops = [str(n) for n in page.evaluate(CONTROLS)]
    reached: list[dict[str, Any]] = []
    for _ in stops:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))

    assert [each["stop"] for each in reached] == stops
    assert [each["name"] for each in reached if not each["seen"]] == []
    assert [each["name"] for each in reached if not each["inside"]] == []


def test_each_way_to_act_is_one_key_and_its_field_has_the_focus(visit: Visit, case: str) -> None:
    page = visit.open(f"/desk/{case}")
    focused = {}
    for key in "rdeh":
        page.keyboard.press(key)
        focused[key] = page.evaluate("() => document.activeElement.id")
        page.keyboard.press("Escape")

    assert focused == {"r": "r", "d": "d", "e": "c", "h": "h"}


def test_asking_for_details_and_handing_over_take_no_mouse(visit: Visit, case: str) -> None:
    page = visit.open(f"/desk/{case}")

    page.keyboard.press("d")
    page.keyboard.type("Which application?")
    page.keyboard.press("Control+Enter")
    page.locator(".said.sheriff", has_text="Which application?").wait_for()
    page.keyboard.press("h")
    page.keyboard.press("ArrowDown")
    chosen = page.evaluate("() => document.activeElement.value")
    page.keyboard.press("Control+Enter")

    page.locator(".steps", has_text=chosen).wait_for()
    assert chosen == "Dan"


def test_arrows_choose_the_way_to_act_and_an_earlier_resolution_is_used_without_a_mouse(
    visit: Visit, case: str
) -> None:
    page = visit.open(f"/desk/{case}")
    page.locator("#m-reply").focus()

    page.keyboard.press("ArrowRight")
    assert page.locator("#d").is_visible()
    page.get_by_role("button", name="Use in reply").focus()
    page.keyboard.press("Enter")

    assert page.locator("#r").input_value() == "List it under `callers`."
    assert page.evaluate("() => document.activeElement.id") == "r"


def test_search_help_and_filters_take_no_mouse(visit: Visit, case: str) -> None:
    page = visit.open("/desk")

    page.keyboard.press("/")
    page.keyboard.type("something")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk?q=something*")
    assert page.locator(".row").count() == 1
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    page.keyboard.press("g")
    page.keyboard.press("a")

    page.wait_for_url(lambda url: url.endswith("/"))


# ---- the way in ----


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def guarded(office: Office, provider: OpenIdProvider) -> Iterator[str]:
    """Sheriff with sign-in on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        provider.back, provider.now = f"{address}/sign-in/callback", office.clock
        sign_in = SignIn(
            Provider(Registration(provider.url, CLIENT, SECRET)),
            Seal(SECRET, provider.url),
            address,
            Naming(given={"sheriff": Role.SHERIFF}),
        )
        server = Server(Config(office.app(sign_in=sign_in), log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield address
        server.should_exit = True
        thread.join(10)


def test_a_sheriff_signs_in_works_and_signs_out(
    window: Callable[..., Visit], guarded: str, provider: OpenIdProvider
) -> None:
    provider.person["roles"] = ["sheriff"]
    visit = window(base_url=guarded)
    case = visit.office.ask("an unknown").case
    assert case is not None

    page = visit.open(f"/desk/{case.id}")  # no page in between: the provider knows the person
    page.keyboard.press("t")
    page.locator(".meta .state", has_text="With Kim").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("g")  # gaps are not for sheriffs: nothing happens
    assert page.url.endswith(f"/desk/{case.id}")
    page.get_by_role("button", name="Sign out").click()

    page.get_by_role("heading", name="You are signed out").wait_for()
    assert page.get_by_role("link", name="Sign out of").is_visible()


def test_a_page_whose_session_is_over_says_so_and_keeps_the_draft(
    window: Callable[..., Visit], guarded: str, provider: OpenIdProvider
) -> None:
    provider.person["roles"] = ["sheriff"]
    visit = window(base_url=guarded)
    case = visit.office.ask("an unknown").case
    assert case is not None
    page = visit.open(f"/desk/{case.id}")
    page.locator("#r").fill("a long draft")

    page.context.clear_cookies()
    visit.office.ask("another unknown", id="later")
    page.get_by_text("You are signed out, so this page stands still.").wait_for()
    page.get_by_role("button", name="Send reply").click()
    page.locator("#refused", has_text="what you wrote stays here").wait_for()

    assert page.locator("#r").input_value() == "a long draft"
    page.close()
    visit.complaints.clear()  # the browser reports each 401 itself


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_header_with_a_name_fits(
    window: Callable[..., Visit], guarded: str, provider: OpenIdProvider, width: int
) -> None:
    provider.person |= {"roles": ["sheriff"], "name": "Maximiliane Mustermann-Lichtenberg"}
    visit = window(base_url=guarded, viewport={"width": width, "height": 844})
    for path in ("/desk", "/", "/gaps"):
        page = visit.open(path)
        assert page.get_by_role("button", name="Sign out").is_visible()
        for name in ("Ask", "Desk", "Rota"):
            box = page.locator("header nav").get_by_role("link", name=name).bounding_box()
            assert box is not None
            assert box["x"] >= 0, (path, name)
            assert box["x"] + box["width"] <= width, (path, name)
        assert visit.is_narrow_enough(), path
    visit.complaints.clear()  # the browser reports the 403 of /gaps itself
