"""What the compose box shows: a place of the documentation, and the form of an FAQ entry."""

from __future__ import annotations

from bot.channels.cards import parts
from bot.channels.cards.answers import absolute_address
from bot.channels.cards.size import Card
from bot.channels.cards.words import plain, prose, shortened
from knowledge.model import Citation

_MOST_QUOTE = 1_500  # characters


def page_card(citation: Citation, *, base_url: str = "") -> Card:
    """A place to send into a conversation: its words, and the way to the page where that can be opened."""
    place = citation.place or citation.title
    address = absolute_address(citation, base_url)
    body = [parts.heading(place), parts.text(prose(shortened(citation.quote, _MOST_QUOTE)), spacing="Small")]
    actions = [{"type": "Action.OpenUrl", "title": "Open the page", "url": address}] if address else []
    return parts.card(body, actions, fallback=f"{place}: {plain(citation.quote)}", rest="The rest is on the page.")


def faq_form(answer: str, *, question: str = "", fault: str = "", command: str) -> Card:
    """Question and answer to fill in; `fault` says what is missing, `command` is sent back with them."""
    missing = "Fill in both: people find the entry by the question."
    body = [
        *([parts.note(fault)] if fault else []),
        {**parts.asked_text("question", "The question, as people ask it", missing), "value": question},
        {**parts.asked_text("resolution", "The answer", missing), "value": shortened(answer, parts.MOST_INPUT)},
    ]
    data = {"commandId": command}
    keep = {"type": "Action.Submit", "title": "Keep for the FAQ", "style": "positive", "data": data}
    return parts.card(body, [keep], fallback="Make an FAQ entry: question and answer.")
