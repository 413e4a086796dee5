"""A real server on a free loopback port and Debian's Chromium in front of it."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from uvicorn import Config, Server

from tests.web_office import Office

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Visit:
    """One page in one browser window, with everything it complained about."""

    page: Page
    office: Office
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(path)
        return self.page

    def ask(self, text: str) -> None:
        """Type a question, press Enter and wait for the reply."""
        done = self.page.locator("article.reply:not([aria-busy])")
        before = done.count()
        self.page.locator("#question").fill(text)
        self.page.locator("#question").press("Enter")
        done.nth(before).wait_for()

    def is_narrow_enough(self) -> bool:
        """Whether nothing sticks out at the right."""
        width: int = self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        return width <= 0


@pytest.fixture(scope="package")  # no longer: while it lives, this thread has a running event loop
def browser() -> Iterator[Browser]:
    if not shutil.which(CHROMIUM):
        pytest.skip(f"{CHROMIUM} is missing; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    """The running application; 127.0.0.1 and a port that was free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Server(Config(office.app(), log_config=None, access_log=False, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def window(browser: Browser, address: str, office: Office) -> Iterator[Callable[..., Visit]]:
    """Opens a window of its own cookies; nothing in it may complain, unless the test empties `complaints`."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def open_window(**options: Any) -> Visit:
        context = browser.new_context(**({"base_url": address, "viewport": {"width": 1280, "height": 860}} | options))
        contexts.append(context)
        context.set_default_timeout(10_000)
        visit = Visit(context.new_page(), office)
        visit.page.on("console", lambda message: _note(visit, message.type, message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visits.append(visit)
        return visit

    yield open_window
    for context in contexts:
        context.close()
    assert [complaint for visit in visits for complaint in visit.complaints] == []


@pytest.fixture
def visit(window: Callable[..., Visit]) -> Visit:
    return window()


def _note(visit: Visit, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        visit.complaints.append(text)
