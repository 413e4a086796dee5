"""Every card as Microsoft's renderer draws it, in the colours of Teams, on a phone and beside the channel list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.card_samples import CARDS
from tests.card_showing import RENDERER, THEMES, prepare, show

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        not RENDERER.is_file(), reason="node modules are missing: install node and npm, then `make test`"
    ),
]
WIDTHS = (320, 600)


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Iterator[dict[int, tuple[Page, list[str]]]]:
    """A page for each width, and what it complained about."""
    prepared: dict[int, tuple[Page, list[str]]] = {}
    for width in WIDTHS:
        page, complaints = browser.new_page(viewport={"width": width, "height": 700}), list[str]()
        page.on("pageerror", lambda error, kept=complaints: kept.append(str(error)))
        page.on("console", lambda line, kept=complaints: kept.append(line.text) if line.type == "error" else None)
        prepare(page)
        prepared[width] = page, complaints
    yield prepared
    for page, _ in prepared.values():
        page.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_readable_as_a_whole_in_both_themes(pages: Any, name: str, width: int) -> None:
    page, complaints = pages[width]
    for theme in THEMES:
        show(page, CARDS[name], theme)

        assert page.evaluate("faults()") == []
        assert page.locator(".ac-adaptiveCard").inner_text().strip()
    assert complaints == []


@pytest.mark.parametrize("form", ["Resolve", "Reply or ask"])
def test_an_opened_form_has_labels_and_fits_a_phone(pages: Any, form: str) -> None:
    page, _ = pages[320]

    show(page, CARDS["case new"], "light", opened=form)

    assert page.evaluate("faults()") == []
    fields = page.locator("textarea:visible, select:visible").all()
    assert fields
    assert all(page.locator(f"#{field.get_attribute('aria-labelledby')}").inner_text() for field in fields)


@pytest.mark.parametrize("name", [name for name in CARDS if name.startswith(("case hostile", "hostile"))])
def test_what_people_wrote_becomes_no_link_and_no_picture(pages: Any, name: str) -> None:
    page, _ = pages[600]

    show(page, CARDS[name], "light")

    if name != "hostile answer":  # whose text is Markdown of the documentation
        assert page.locator("a[href*=evil]").count() == 0
    assert page.locator("img, b, at").count() == 0
    assert page.locator("a[href^=javascript]").count() == 0


def test_the_judge_sees_what_sticks_out(pages: Any) -> None:
    page, _ = pages[320]
    run = {"type": "TextRun", "text": "x" * 500}
    show(
        page, {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "RichTextBlock", "inlines": [run]}]}, "dark"
    )

    assert page.evaluate("faults()") != []
