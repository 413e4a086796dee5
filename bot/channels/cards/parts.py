"""What cards are made of: text blocks, rows, buttons, forms. Colours by name, so that they follow Teams' themes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.cards.size import Card, fitted
from bot.channels.cards.words import code, has_long_word, is_rtl, isolated, line_of, literal, shortened, tidy

_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = 1  # of what buttons send
_MOST_TITLE = 60  # characters of a button
_MOST_FALLBACK = 2_000  # characters that are looked at
_IN_VIEW = 3  # buttons; the others are behind "…"
MOST_INPUT = 4_000  # characters that a form takes


def card(
    body: Sequence[Card], actions: Sequence[Card] = (), *, fallback: str, rtl: bool = False, rest: str = ""
) -> Card:
    """A card with the sentence that stands for it where cards are not shown, small enough for Teams.

    `rtl` is for cards whose own language is written from right to left; `rest` says where a shortened one is whole."""
    made: Card = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": shortened(line_of(fallback[:_MOST_FALLBACK]), 1000) or "Sheriff",
        "body": list(body),
        "msteams": {"width": "Full"},
    }
    if rtl:
        made["rtl"] = True
    if actions:
        made["actions"] = [*actions[:_IN_VIEW], *({"mode": "secondary", **each} for each in actions[_IN_VIEW:])]
    return fitted(made, rest=rest)


def text(markdown: str, **look: Any) -> Card:
    """A paragraph; its Markdown is taken as it comes, so what people wrote goes through `literal` or `written`."""
    return {"type": "TextBlock", "text": markdown, "wrap": True, **look}


def heading(words: str) -> Card:
    """The title of a card, as it is written."""
    return text(isolated(literal(line_of(words))), weight="Bolder", size="Medium", style="heading")


def small(markdown: str, **look: Any) -> Card:
    return text(markdown, **{"size": "Small", "spacing": "Small", **look})


def subtle(markdown: str, **look: Any) -> Card:
    return small(markdown, isSubtle=True, **look)


def note(markdown: str) -> Card:
    return text(markdown, size="Small", color="Warning")


def written(words: str, **look: Any) -> Card:
    """What a person wrote, with its lines and without any Markdown, in the direction of its language."""
    shown = tidy(words).strip() or "…"
    block: Card = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": shown, **look}], "spacing": "Small"}
    if has_long_word(shown):  # which only a text block breaks; its Markdown knows lines as paragraphs
        block = text("\n\n".join(literal(line) for line in shown.splitlines() if line.strip()), spacing="Small", **look)
    if not is_rtl(words):
        return block
    return {"type": "Container", "rtl": True, "spacing": "Small", "items": [block]}


def mono(*runs: Card, spacing: str = "Small") -> Card:
    inlines = [{"type": "TextRun", "fontType": "Monospace", "size": "Small", **run} for run in runs]
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": inlines}


def code_block(lines: str) -> Card:
    return mono({"text": code(lines) or "\u00a0"})


def section(items: Sequence[Card]) -> Card:
    return {"type": "Container", "separator": True, "spacing": "Medium", "items": list(items)}


def columns(first: Sequence[Card], second: Sequence[Card], *, stretched: int, spacing: str = "Small") -> Card:
    """Two columns; the one of that number (0 or 1) takes the room that is left."""
    widths = ["stretch" if n == stretched else "auto" for n in (0, 1)]
    shown = [
        {"type": "Column", "width": width, "items": list(items)}
        for width, items in zip(widths, (first, second), strict=True)
    ]
    return {"type": "ColumnSet", "spacing": spacing, "columns": shown}


def action(title: str, verb: str, data: Mapping[str, Any], *, positive: bool = False, secondary: bool = False) -> Card:
    """A button that tells Sheriff `verb` and `data`; older clients send the same as a message."""
    sent = {"verb": verb, "v": VERSION, **data}
    shown = _button_words(title)
    return {
        "type": "Action.Execute",
        "title": shown,
        "verb": verb,
        "data": sent,
        "fallback": {"type": "Action.Submit", "title": shown, "data": sent},
        **_manner(positive, secondary),
    }


def form(
    title: str, fields: Sequence[Card], buttons: Sequence[Card], *, positive: bool = False, secondary: bool = False
) -> Card:
    """A button that opens fields and their own buttons under the card."""
    inner = {"type": "AdaptiveCard", "version": "1.5", "body": list(fields), "actions": list(buttons)}
    shown = _button_words(title)
    return {"type": "Action.ShowCard", "title": shown, "card": inner, **_manner(positive, secondary)}


def saying(words: str) -> Card:
    """A button that says something in the name of the one who presses it."""
    said = {"type": "messageBack", "displayText": words, "text": words}
    return {"type": "Action.Submit", "title": _button_words(words), "data": {"msteams": said}}


def asked_text(name: str, label: str, missing: str) -> Card:
    """A field of several lines that must not stay empty."""
    return {
        "type": "Input.Text",
        "id": name,
        "label": line_of(label),
        "isMultiline": True,
        "isRequired": True,
        "errorMessage": line_of(missing),
        "maxLength": MOST_INPUT,
    }


def choice(name: str, label: str, missing: str, choices: Sequence[tuple[str, str]]) -> Card:
    """One of several; `choices` are value and words."""
    return {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": line_of(label),
        "isRequired": True,
        "errorMessage": line_of(missing),
        "placeholder": "Choose",
        "choices": [{"title": shortened(line_of(words), 80), "value": value} for value, words in choices],
    }


def toggle(name: str, title: str) -> Card:
    return {"type": "Input.Toggle", "id": name, "title": title, "value": "false"}


def _button_words(title: str) -> str:
    return shortened(line_of(title), _MOST_TITLE) or "…"


def _manner(positive: bool, secondary: bool) -> Card:
    return {**({"style": "positive"} if positive else {}), **({"mode": "secondary"} if secondary else {})}
