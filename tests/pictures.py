"""Makes the pictures of the README from the real pages: `make pictures` (needs Debian's chromium)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ingestion import pipeline
from ingestion.sources import FaqSource, FolderSource, SchemaSource
from knowledge import bundled
from knowledge.adapters.local_embedder import LocalEmbedder
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.test_whole import ask
from tests.serving import serving

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGES = REPOSITORY / "docs" / "images"
MODELS = REPOSITORY / ".cache" / "models"


def take_pictures(page: Page, url: str) -> None:
    page.goto(url)
    ask(page, "How do I raise a Kafka partition quota?")
    page.locator("a.cite").last.click()
    page.locator(".source:target").wait_for()
    page.screenshot(path=IMAGES / "chat.png")
    page.goto(url)
    for question in (
        "Can JOR start a Control-M job in a namespace of another application?",
        "Is there a way to rent a GPU for model training in us-east?",
    ):
        ask(page, question)
        button = page.locator("article.reply").last.get_by_role("button", name="Ask the sheriff")
        if button.count():
            button.click()
            page.locator("article.reply").last.locator(".handed").wait_for()
    page.goto(f"{url}/desk")
    page.locator("a.row").first.click()
    page.locator(".case h1").wait_for()
    page.screenshot(path=IMAGES / "desk.png")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        sources = [
            FolderSource("docs", bundled.DOCS),
            FaqSource("faq", bundled.FAQ),
            SchemaSource("schemas", bundled.SCHEMAS),
        ]
        pipeline.ingest(sources, home=home, embedder=LocalEmbedder(MODELS))
        with serving(home, MODELS) as served, sync_playwright() as playwright:
            served.wait_until_ready()
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            take_pictures(browser.new_page(viewport={"width": 1280, "height": 860}), served.url)
            browser.close()


if __name__ == "__main__":
    main()
