"""Shows cards with Microsoft's renderer in a page of Chromium, in colours like those of Teams, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE = Path(__file__).resolve().parent
RENDERER = HERE / "node" / "node_modules" / "adaptivecards" / "dist" / "adaptivecards.min.js"
THEMES = ("light", "dark")
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def prepare(page: Page) -> None:
    """Load the renderer; nothing comes from the network."""
    page.set_content((HERE / "card_showing.html").read_text(encoding="utf-8"))
    page.add_script_tag(path=RENDERER)


def show(page: Page, card: dict[str, Any], theme: str, *, opened: str = "") -> None:
    """Show one card, with the form of that button open."""
    html = {block["text"]: _MARKDOWN.render(block["text"]) for block in blocks(card) if "{{" not in block["text"]}
    page.evaluate("([card, theme, html, open]) => show(card, theme, html, open)", [card, theme, html, opened])


def blocks(node: Any) -> Iterator[dict[str, Any]]:
    """Every text block of a card, at any depth."""
    if isinstance(node, dict):
        if node.get("type") == "TextBlock":
            yield node
        for value in node.values():
            yield from blocks(value)
    elif isinstance(node, list):
        for value in node:
            yield from blocks(value)
