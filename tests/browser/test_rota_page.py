"""The rota in Chromium: changed by keyboard and by mouse, by two people at once, on a phone, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.support import rota_changes as rules
from bot.support.swaps import Stretch
from tests.browser.conftest import Visit
from tests.rotas import paris
from tests.web_office import ANA, BO, ROTA_TEXT, Office

if TYPE_CHECKING:
    from playwright.sync_api import Page

CONTRAST = Path(__file__).with_name("contrast.js").read_text()
NAME = "() => { const e = document.activeElement; return e.ariaLabel || e.labels?.[0]?.textContent || e.textContent; }"
MOST_STOPS = 120


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of this name has the focus."""
    passed = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(NAME).strip())
        if passed[-1] == name:
            return
    raise AssertionError(f"Tab does not reach {name}, only {passed}")


def act_as(page: Page, name: str) -> None:
    page.get_by_label("You act as").select_option(name)
    page.get_by_label(f"{name} gives").wait_for()


def busy(office: Office) -> None:
    """Something of each kind that the page shows."""
    (office.folder / "rota.yaml").write_text(f"{ROTA_TEXT}holidays: [france]\n")
    now, book = office.clock(), office.book
    cover, week, other = (
        Stretch(paris(*first), paris(*last))
        for first, last in (
            ((2026, 11, 26, 13), (2026, 11, 27, 9)),
            ((2026, 11, 30, 9), (2026, 12, 7, 9)),
            ((2026, 12, 7, 9), (2026, 12, 14, 9)),
        )
    )
    book.record(lambda kept: rules.add_override(kept, "dan", cover, now=now), by=ANA)
    book.record(
        lambda kept: rules.add_absence(kept, "ana", Stretch(paris(2026, 12, 15), paris(2026, 12, 17)), now=now), by=ANA
    )
    book.record(lambda kept: rules.ask_swap(kept, "bo", "dan", week, other, now=now), by=BO)


def test_the_week_is_seen_and_an_override_is_added_and_removed_by_keyboard_alone(visit: Visit) -> None:
    page = visit.open("/rota")
    assert page.locator("#now").inner_text().split()[:4] == ["On", "duty", "now", "Ana"]
    assert page.locator("#weeks tbody tr").first.inner_text().split()[:5] == ["W48", "23", "–", "30", "Nov"]

    tab_to(page, "Add override")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "override-member"
    page.keyboard.press("ArrowDown")
    tab_to(page, "Add the override")
    page.keyboard.press("Enter")
    page.locator("#overrides li", has_text="Bo").wait_for()
    assert page.locator("#weeks tbody tr").first.inner_text().endswith("Bo covers 26 – 27 Nov")

    tab_to(page, "Remove the override of Bo, 26 – 27 Nov")
    page.keyboard.press("Enter")

    page.locator("#overrides", has_text="Nobody covers for anybody.").wait_for()
    assert visit.office.book.sheriff_on(paris(2026, 11, 26, 14)).name == "Ana"


def test_an_absence_is_entered_with_the_mouse_and_its_weeks_say_who_stands_in(visit: Visit) -> None:
    page = visit.open("/rota")

    page.get_by_role("link", name="Enter absence").click()
    page.get_by_label("Who is away").select_option("Bo")
    page.get_by_label("First day").fill("2026-12-01")
    page.get_by_label("Last day").fill("2026-12-02")
    page.get_by_role("button", name="Enter the absence").click()

    page.locator("#absences li", has_text="Bo").wait_for()
    assert page.locator("#weeks tbody tr").nth(1).inner_text().endswith("Dan for Bo, who is away 1 – 2 Dec")
    assert visit.office.book.sheriff_on(paris(2026, 12, 1, 14)).name == "Dan"


def test_a_wrong_field_is_named_and_what_was_typed_is_kept(visit: Visit) -> None:
    page = visit.open("/rota")
    page.get_by_label("First day").fill("2026-12-04")
    page.get_by_label("Last day").fill("2026-12-01")

    page.get_by_role("button", name="Enter the absence").click()
    page.get_by_role("link", name="Mend the marked field").click()

    assert page.evaluate("() => document.activeElement.id") == "away-last"
    assert page.locator("#away-last-fault").inner_text() == "The last day is before the first one. Write a later day."
    assert page.get_by_label("First day").input_value() == "2026-12-04"
    visit.complaints.clear()  # the browser reports the 422 itself


def test_a_swap_is_asked_and_accepted_and_the_duty_moves_then(window: Callable[..., Visit]) -> None:
    asking, answering = window(), window()
    page = asking.open("/rota")
    page.get_by_label("Ana gives").select_option("14 – 21 Dec")
    page.get_by_label("and takes").select_option("Bo: 30 Nov – 7 Dec")
    page.get_by_role("button", name="Ask for the swap").click()
    page.get_by_role("button", name="Withdraw").wait_for()
    assert page.locator("#weeks tbody tr").nth(1).inner_text().endswith("Ana asks Bo to swap")
    assert asking.office.book.sheriff_on(paris(2026, 12, 1, 14)).name == "Bo"

    other = answering.open("/rota")
    act_as(other, "Bo")
    tab_to(other, "Accept for Bo")
    other.keyboard.press("Enter")
    other.locator("#swaps", has_text="Bo accepted").wait_for()

    page.locator("#weeks", has_text="Swapped: Ana").wait_for()  # by itself
    assert asking.office.book.sheriff_on(paris(2026, 12, 1, 14)).name == "Ana"


def test_who_is_second_is_told_and_keeps_what_was_entered(window: Callable[..., Visit]) -> None:
    first, second = window(), window()
    page, other = first.open("/rota"), second.open("/rota")
    act_as(other, "Bo")
    page.get_by_label("Who covers").select_option("Dan")

    other.get_by_role("button", name="Add the override").click()
    other.locator("#overrides li").wait_for()
    page.get_by_role("button", name="Add the override").click()

    page.locator("#cover [role=alert]", has_text="Bo changed the rota while this was open.").wait_for()
    assert page.get_by_label("Who covers").input_value() == "dan"
    page.get_by_role("button", name="Add the override").click()
    page.locator("#overrides li", has_text="Dan").wait_for()
    first.complaints.clear()  # the browser reports the 409 itself


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_at_the_side(window: Callable[..., Visit], width: int) -> None:
    visit = window(viewport={"width": width, "height": 844})
    busy(visit.office)

    page = visit.open("/rota")
    for details in page.locator("main summary").all():
        details.click()

    assert page.locator("#swaps .swap").count() == 1
    assert visit.is_narrow_enough()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_all_text_stands_out_enough(window: Callable[..., Visit], scheme: str, width: int) -> None:
    visit = window(color_scheme=scheme, viewport={"width": width, "height": 844})
    busy(visit.office)

    page = visit.open("/rota")
    for details in page.locator("main summary").all():
        details.click()

    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(246, 246, 244)" if scheme == "light" else "rgb(17, 18, 20)")
    assert page.evaluate(CONTRAST) == []
