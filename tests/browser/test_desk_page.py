"""The desk in Chromium: keys, live rows, drafts that are never lost, phone."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.conftest import Visit
from tests.web_office import BO


def three_cases(visit: Visit) -> None:
    for n, question in enumerate(("first unknown", "second unknown", "third unknown")):
        visit.office.ask(question, id=f"k{n}")
        visit.office.clock.pass_(minutes=5)


def test_a_case_is_worked_on_by_keyboard_alone(visit: Visit) -> None:
    three_cases(visit)
    page = visit.open("/desk")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/c-00000002")
    page.keyboard.press("t")
    page.locator(".meta .state", has_text="With Ana").wait_for()
    page.keyboard.press("r")
    page.keyboard.type("Set it at the region.")
    page.keyboard.press("Control+Enter")
    page.locator(".said.sheriff", has_text="Set it at the region.").wait_for()
    page.keyboard.press("e")
    page.get_by_label("Cause").select_option("configuration")
    page.get_by_label("Resolution").fill("It belongs to the region.")
    page.keyboard.press("Control+Enter")

    page.locator(".meta .state", has_text="Resolved").wait_for()


def test_letters_typed_into_a_reply_are_only_letters(visit: Visit) -> None:
    three_cases(visit)
    page = visit.open("/desk/c-00000001")

    page.keyboard.press("r")
    page.keyboard.type("gd the heads jk")

    assert page.locator("#r").input_value() == "gd the heads jk"
    assert page.url.endswith("/desk/c-00000001")


def test_a_new_case_appears_by_itself_and_leaves_the_draft_alone(visit: Visit) -> None:
    three_cases(visit)
    page = visit.open("/desk/c-00000001")
    page.locator("#r").fill("a draft")

    visit.office.ask("a fourth unknown")

    page.locator(".row", has_text="a fourth unknown").wait_for()
    assert page.locator("#r").input_value() == "a draft"


def test_a_refused_action_keeps_the_draft_and_says_why(visit: Visit) -> None:
    three_cases(visit)
    page = visit.open("/desk/c-00000001")
    page.route("**/desk/events", lambda route: route.abort())
    page.locator("#r").fill("My long reply")
    page.evaluate("() => document.querySelectorAll('input[name=seen]').forEach((n) => (n.value = '2'))")
    visit.office.casework.take("c-00000001", BO)
    page.evaluate("() => document.querySelectorAll('input[name=seen]').forEach((n) => (n.value = '2'))")

    page.get_by_role("button", name="Send reply").click()

    page.locator("#refused", has_text="Bo took this case").wait_for()
    assert page.locator("#r").input_value() == "My long reply"
    visit.complaints.clear()  # the browser reports the 409 itself


def test_who_writes_while_a_colleague_replies_is_told_once_before_sending(visit: Visit) -> None:
    three_cases(visit)
    page = visit.open("/desk/c-00000001")
    page.locator("#r").fill("My long reply")
    visit.office.casework.reply("c-00000001", BO, "I have it.")
    page.locator(".said", has_text="I have it.").wait_for()

    page.get_by_role("button", name="Send reply").click()
    page.locator("#refused", has_text="Bo replied").wait_for()
    assert page.locator("#r").input_value() == "My long reply"
    page.get_by_role("button", name="Send reply").click()

    page.locator(".said", has_text="My long reply").wait_for()
    visit.complaints.clear()  # the browser reports the 409 itself


def test_an_earlier_resolution_becomes_a_draft_that_is_not_sent(visit: Visit) -> None:
    from bot.support.cases import Cause

    earlier = visit.office.ask("JOR job of another application", id="e").case
    assert earlier is not None
    visit.office.casework.resolve(earlier.id, BO, Cause.CONFIGURATION, "List it under `callers`.")
    visit.office.ask("start a JOR job of another application", id="f")
    page = visit.open("/desk/c-00000002")

    page.get_by_role("button", name="Use in reply").click()

    assert page.locator("#r").input_value() == "List it under `callers`."
    assert page.get_by_text("nothing is sent yet").is_visible()


def test_another_member_can_act(visit: Visit) -> None:
    three_cases(visit)
    page = visit.open("/desk")

    page.get_by_label("You act as").select_option("Bo")
    page.wait_for_load_state()
    page.get_by_role("button", name="Take").click()

    page.locator(".meta .state", has_text="With Bo").wait_for()


def test_a_phone_shows_the_inbox_or_the_case(window: Callable[..., Visit]) -> None:
    visit = window(viewport={"width": 390, "height": 844})
    three_cases(visit)
    page = visit.open("/desk")
    inbox, case = page.locator(".inbox"), page.locator(".case")
    assert (inbox.is_visible(), case.is_visible()) == (True, False)

    page.locator(".row").first.click()
    page.wait_for_url("**/desk/c-*")
    assert (inbox.is_visible(), case.is_visible()) == (False, True)

    page.get_by_role("link", name="← Inbox").click()
    page.wait_for_url("**/desk")
    assert inbox.is_visible()
