"""The Ask page in Chromium: what script adds, what works without it, keyboard, phone, contrast."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.support.cases import Cause
from tests.browser.conftest import Visit
from tests.web_office import ALERTING, ANA

UNKNOWN = "Can JOR start a Control-M job in a namespace of another application?"


def test_a_question_is_answered_with_chips_and_the_drawer_gives_the_focus_back(visit: Visit) -> None:
    page = visit.open()
    visit.ask("How do I raise the quota?")
    chip = page.locator(".reply .cite").first

    chip.focus()
    chip.press("Enter")
    drawer = page.locator(".source:target")
    drawer.wait_for()
    focused = page.evaluate("() => document.activeElement.className")
    marked = drawer.locator(".passage").inner_text()
    page.keyboard.press("Escape")

    assert focused == "source"
    assert "Set quota.partitions" in marked
    assert page.locator(".source:target").count() == 0
    assert page.evaluate("() => document.activeElement.className") == "cite"


def test_back_closes_a_drawer(visit: Visit) -> None:
    page = visit.open()
    visit.ask("How do I raise the quota?")
    page.locator(".reply .cite").first.click()
    page.locator(".source:target").wait_for()

    page.go_back()

    page.locator(".source:target").wait_for(state="detached")
    assert page.evaluate("() => document.activeElement.className") == "cite"


def test_the_open_page_link_leads_to_the_cited_heading(visit: Visit) -> None:
    page = visit.open()
    visit.ask("How do I raise the quota?")
    page.locator(".reply .cite").first.click()

    page.locator(".source:target").get_by_role("link", name="Open the page").click()

    page.locator("#raise-a-partition-quota:target").wait_for()


def test_the_answer_grows_while_it_is_written_and_can_be_stopped(visit: Visit) -> None:
    page = visit.open()
    visit.office.sheriff.gate.clear()
    page.locator("#question").fill("slowly")
    page.locator("#question").press("Enter")

    page.locator(".caret", has_text="kafka.yaml").wait_for()
    assert page.locator("[role=status]", has_text="Writing").count() == 1
    page.keyboard.press("Escape")

    page.get_by_text("Stopped.").wait_for()
    visit.office.sheriff.gate.set()


def test_pasted_yaml_is_checked_and_its_fix_can_be_copied(window: Callable[..., Visit]) -> None:
    visit = window(permissions=["clipboard-read", "clipboard-write"])
    page = visit.open()
    visit.ask(ALERTING)
    finding = page.locator(".diag", has_text="treshold").first

    finding.get_by_role("button", name="Copy fix").click()
    fix = page.evaluate("() => navigator.clipboard.readText()")
    page.get_by_role("button", name="Copy corrected file").click()
    page.get_by_role("button", name="Copied").nth(1).wait_for()
    whole = page.evaluate("() => navigator.clipboard.readText()")

    assert finding.locator(".src mark").inner_text() == "treshold"
    assert fix == "    threshold: 2"
    assert "    threshold: 2\n    severity" in whole


def test_a_chosen_and_a_dropped_file_are_checked(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "alerting.yaml"
    file.write_text(ALERTING)
    page = visit.open()

    page.locator("#files").set_input_files(file)
    page.get_by_role("button", name="Remove alerting.yaml").wait_for()
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_text("in alerting.yaml").first.wait_for()
    data = page.evaluate_handle(
        "() => { const d = new DataTransfer(); d.items.add(new File(['kind: Kafka'], 'kafka.yaml')); return d }"
    )
    page.dispatch_event("#talk", "dragover", {"dataTransfer": data})
    held = page.locator(".box.drop").count()
    page.dispatch_event("#talk", "drop", {"dataTransfer": data})

    assert held == 1
    page.get_by_role("button", name="Remove kafka.yaml").wait_for()


def test_a_case_is_seen_on_the_desk_and_its_resolution_comes_back_by_itself(window: Callable[..., Visit]) -> None:
    asker, sheriff = window(), window()
    page = asker.open()
    asker.ask("How do I raise the quota?")
    page.get_by_role("button", name="Ask the sheriff").click()
    page.get_by_text("Ana has your question now.").wait_for()
    ticket = re.search(r"SUP-\d+", page.locator(".handed .steps").inner_text())
    assert ticket is not None

    desk = sheriff.open("/desk")
    desk.locator(".row", has_text="How do I raise the quota?").click()
    desk.locator(".meta", has_text=ticket[0]).wait_for()
    desk.get_by_role("button", name="Take").click()
    desk.locator(".meta .state", has_text="With Ana").wait_for()
    page.get_by_text("Ana took it").wait_for()
    desk.locator("label", has_text="Resolve").click()
    desk.get_by_label("Cause").select_option("missing")
    desk.get_by_label("Resolution").fill("It is written now: see `limits.md`.")
    desk.get_by_role("button", name=re.compile("Resolve and tell Guest")).click()
    desk.locator(".meta .state", has_text="Resolved").wait_for()

    page.get_by_text("It is written now: see limits.md.").wait_for()
    page.locator("#mine .state", has_text="Resolved").wait_for()


def test_details_are_sent_without_losing_the_place(visit: Visit) -> None:
    page = visit.open()
    visit.ask(UNKNOWN)
    visit.office.casework.ask_for_details("c-00000001", ANA, "Which node?")
    page.get_by_label("Answer Ana").fill("pf-blue")
    page.get_by_role("button", name="Send to Ana").click()

    page.locator(".said", has_text="pf-blue").wait_for()
    page.get_by_role("button", name="No need, withdraw it").click()

    page.get_by_text("Withdrawn. Nobody works on this any more.").wait_for()


def test_what_is_being_typed_survives_news(visit: Visit) -> None:
    page = visit.open()
    visit.ask(UNKNOWN)
    page.locator(".add summary").click()
    box = page.get_by_label("Add details", exact=True)
    box.fill("half a sentence")

    visit.office.casework.reply("c-00000001", ANA, "Looking at it.")
    page.locator("#mine").wait_for()
    page.wait_for_timeout(600)

    assert box.input_value() == "half a sentence"


def test_without_a_connection_the_text_stays_and_is_sent_once(visit: Visit) -> None:
    page = visit.open()
    visit.ask("hello")
    page.context.set_offline(True)
    page.locator("#question").fill("quota while offline")
    page.locator("#question").press("Enter")
    page.get_by_text("No connection.").wait_for()
    assert page.locator("#question").input_value() == "quota while offline"

    page.context.set_offline(False)
    page.get_by_text("Answer from two pages").wait_for()

    assert [m.text for m in visit.office.sheriff.heard] == ["hello", "quota while offline"]
    visit.complaints[:] = [c for c in visit.complaints if "ERR_INTERNET_DISCONNECTED" not in c]


def test_an_error_keeps_the_text_and_shows_a_reference(visit: Visit) -> None:
    page = visit.open()
    visit.office.sheriff.error = ZeroDivisionError("secret")
    page.locator("#question").fill("quota")
    page.locator("#question").press("Enter")

    note = page.locator(".reply [role=alert]")
    note.wait_for()

    assert re.search(r"Its reference is [0-9A-F]{4}-[0-9A-F]{2}\.", note.inner_text())
    assert page.locator("#question").input_value() == "quota"


def test_an_index_that_becomes_ready_is_noticed(visit: Visit) -> None:
    index = visit.office.index
    index.state, index.sentence, index.done, index.total = "building", "Reading Dev Insight, 612 of 1,762.", 612, 1762
    page = visit.open()
    page.get_by_text("612 of 1,762").wait_for()

    index.state = "ready"

    page.locator("#building .note").wait_for(state="detached")


# ---- keyboard ----


def test_everything_of_a_question_is_done_by_keyboard(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("Tab")
    skip = page.evaluate("() => document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.keyboard.type("How do I raise the quota?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    page.get_by_text("Answer from two pages").wait_for()

    page.keyboard.press("ArrowUp")

    assert skip == "Skip to the question box"
    assert page.locator("#question").input_value() == "How do I raise the quota?\nsecond line"
    assert visit.office.sheriff.heard[0].text == "How do I raise the quota?\nsecond line"


def test_letters_lead_from_page_to_page_and_can_be_turned_off(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/desk")
    page.keyboard.press("g")
    page.keyboard.press("g")
    page.wait_for_url("**/gaps")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    page.get_by_label("Single-letter keys").uncheck()
    page.keyboard.press("Escape")

    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_timeout(200)

    assert page.url.endswith("/gaps")


def test_a_slash_puts_the_cursor_into_the_question(visit: Visit) -> None:
    page = visit.open()

    page.keyboard.press("/")

    assert page.evaluate("() => document.activeElement.id") == "question"


# ---- every screen ----


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_sticks_out_at_the_side(window: Callable[..., Visit], width: int) -> None:
    visit = window(viewport={"width": width, "height": 800})
    page = visit.open()
    assert visit.is_narrow_enough()
    visit.ask("How do I raise the quota of a_very_long_name_without_any_place_to_break_it_" + "x" * 200)
    visit.ask(ALERTING.replace("critical", "critical" + "y" * 300))
    visit.ask(UNKNOWN)
    assert visit.is_narrow_enough()
    page.locator(".reply .cite").first.click()
    assert visit.is_narrow_enough()
    for path in ("/desk", "/desk/c-00000003", "/gaps", "/api/docs", "/pages/docs/kafka/quotas.md", "/nowhere"):
        visit.open(path)
        assert visit.is_narrow_enough(), path
    visit.complaints.clear()  # the browser reports the 404 itself


CONTRAST = Path(__file__).with_name("contrast.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_enough(window: Callable[..., Visit], scheme: str) -> None:
    visit = window(color_scheme=scheme)
    page = visit.open()
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    visit.ask("How do I raise the quota?")
    visit.ask("who approves?")
    visit.ask(ALERTING)
    visit.ask(UNKNOWN)
    page.locator(".reply .cite").first.click()

    assert ground == ("rgb(246, 246, 244)" if scheme == "light" else "rgb(17, 18, 20)")
    assert page.evaluate(CONTRAST) == []
    visit.open("/desk")
    assert page.evaluate(CONTRAST) == []


def test_controls_are_named_and_large_enough_for_a_finger(window: Callable[..., Visit]) -> None:
    visit = window(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = visit.open()
    visit.ask("How do I raise the quota?")
    visit.ask(UNKNOWN)
    small = """() => [...document.querySelectorAll("button, input:not(.vh), select, textarea, .btn")]
      .filter((n) => n.checkVisibility() && !n.matches("[type=hidden], [type=radio], .link"))
      .filter((n) => n.getBoundingClientRect().height < (n.closest(".code") ? 24 : 43))
      .map((n) => n.outerHTML.slice(0, 80))"""
    nameless = """() => [...document.querySelectorAll("button, a, input:not([type=hidden]), select, textarea")]
      .filter((n) => !(n.textContent.trim() || n.getAttribute("aria-label") || n.labels?.length))
      .map((n) => n.outerHTML.slice(0, 80))"""

    for path in ("/", "/desk", "/desk/c-00000002"):
        visit.open(path)
        assert page.evaluate(small) == [], path
        assert page.evaluate(nameless) == [], path


# ---- without script ----


def test_the_whole_way_works_without_script(window: Callable[..., Visit]) -> None:
    visit = window(java_script_enabled=False)
    page = visit.open()
    page.locator("#question").fill(UNKNOWN)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_text("I don’t know. Ana has your question now.").wait_for()
    assert page.get_by_role("button", name="Copy").count() == 0

    page.locator("#question").fill("How do I raise the quota?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".reply .cite").first.click()
    page.locator(".source:target").wait_for()
    page.get_by_role("link", name="Close").first.click()
    page.locator(".source:target").wait_for(state="hidden")

    visit.open("/desk")
    page.get_by_role("button", name="Take").click()
    page.locator("label", has_text="Resolve").click()
    page.get_by_label("Cause").select_option("missing")
    page.get_by_label("Resolution").fill("Now written.")
    page.get_by_role("button", name=re.compile("Resolve and tell")).click()
    page.locator(".meta .state", has_text="Resolved").wait_for()
    visit.open("/")
    page.get_by_text("Ana resolved this.").wait_for()


def test_a_resolution_given_elsewhere_is_shown_on_an_open_page(visit: Visit) -> None:
    page = visit.open()
    visit.ask(UNKNOWN)

    visit.office.casework.resolve("c-00000001", ANA, Cause.MISSING, "The owner lists you under `callers`.")

    page.get_by_text("The owner lists you under callers.").wait_for()
