"""Pictures of all cards, light and dark, narrow and wide: `python -m tests.card_pictures FOLDER` (needs chromium)."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.card_samples import CARDS
from tests.card_showing import THEMES, prepare, show

WIDTHS = (320, 600)
FORMS = ("Resolve", "Reply or ask")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 200})
            prepare(page)
            for name, card in CARDS.items():
                titles = {action.get("title") for action in card.get("actions", ())}
                for opened in ("", *(form for form in FORMS if name == "case new" and form in titles)):
                    for theme in THEMES:
                        show(page, card, theme, opened=opened)
                        file = f"{name} {opened} {theme} {width}".replace("  ", " ").replace(" ", "-")
                        page.screenshot(path=folder / f"{file}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
