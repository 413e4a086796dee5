"""What holds for every card: its size, its words for where cards are not shown, its colours, its buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels.cards import (
    Card,
    fitted,
    has_overflow,
    notice_card,
    overflow_text,
    pieces,
    request_card,
    requests_card,
    roster_card,
    size_of,
    welcome_card,
)
from bot.channels.cards.size import MOST_BYTES
from tests.card_samples import ARABIC, CARDS, HOSTILE, report
from tests.unit.test_case_cards import titles, words

COLOURS = {"Default", "Accent", "Good", "Warning", "Attention"}


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


@pytest.fixture(params=CARDS)
def card(request: pytest.FixtureRequest) -> Card:
    return CARDS[request.param]


def test_a_card_is_small_enough_says_itself_in_words_and_can_be_sent(card: Card) -> None:
    assert len(json.dumps(card).encode("utf-16")) <= 80_002  # with the mark of the byte order
    assert (card["version"], card["type"]) == ("1.5", "AdaptiveCard")
    assert card["fallbackText"].strip()
    assert card["body"]
    assert "\x00" not in json.dumps(card, ensure_ascii=False).encode("utf-8").decode("utf-8")


def test_a_card_has_at_most_three_buttons_in_view_and_names_its_colours(card: Card) -> None:
    assert sum(action.get("mode") != "secondary" for action in card.get("actions", ())) <= 3
    assert {node["color"] for node in nodes(card) if "color" in node} <= COLOURS


def test_every_text_of_a_card_wraps(card: Card) -> None:
    assert all(node["wrap"] for node in nodes(card) if node.get("type") == "TextBlock")


def test_a_card_is_turned_only_when_its_own_language_is() -> None:
    assert {name for name, each in CARDS.items() if each.get("rtl")} == {"Arabic answer", "Arabic notice"}
    assert any(node.get("rtl") for node in nodes(CARDS["case Arabic"]["body"]))
    assert not any(node.get("rtl") for node in nodes(CARDS["case new"]))


def large(*texts: str) -> Card:
    body = [{"type": "TextBlock", "text": text, "wrap": True} for text in texts]
    return {"type": "AdaptiveCard", "version": "1.5", "fallbackText": "x", "body": body}


def test_a_card_that_fits_is_left_alone() -> None:
    small = large("one", "two")

    assert fitted(small) is small


def test_long_texts_are_shortened_short_ones_kept_and_it_says_where_the_rest_is() -> None:
    given = large("A title", "w " * 40_000, ARABIC * 900)

    made = fitted(given, rest="The rest is on the desk.")

    shown = [block["text"] for block in made["body"]]
    assert size_of(made) <= MOST_BYTES
    assert size_of(made) > MOST_BYTES * 0.9
    assert shown[0] == "A title"
    assert shown[1].endswith("…")
    assert shown[2].endswith("…")
    assert shown[-1] == "The rest is on the desk."
    assert len(given["body"]) == 3


def test_too_many_short_texts_lose_the_last_of_them() -> None:
    made = fitted(large(*(f"{n} " + "x" * 90 for n in range(2_000))), rest="More elsewhere.")

    assert size_of(made) <= MOST_BYTES
    assert made["body"][0]["text"].startswith("0 x")
    assert made["body"][-1]["text"] == "More elsewhere."


def test_a_shortened_text_has_no_half_link_and_no_open_bold() -> None:
    made = fitted(large("**" + "b" * 90_000 + "**", "[words](https://a.example/" + "c" * 90_000 + ")"))

    bold, linked = (block["text"] for block in made["body"][:2])
    assert bold.endswith("…**")
    assert linked == "…"


def test_a_long_text_is_cut_between_lines_and_loses_none() -> None:
    lines = [f"line {n}" for n in range(5_000)] + ["x" * 30_000]

    parts = list(pieces("\n".join(lines), most=20_000))

    assert max(map(len, parts)) <= 20_000
    assert "".join(part.replace("\n", "") for part in parts) == "".join(lines)


def test_findings_beyond_the_card_are_told_as_text() -> None:
    assert not has_overflow(report(5))
    assert has_overflow(report(50))

    text = overflow_text(report(50))

    assert text.startswith("50 errors, 1 warning in alerting.yaml")
    assert text.count("alerting.yaml:6:5  error SCH001") == 50
    assert "    Write: threshold: 2" in text
    assert text.endswith("Placement was not checked: send the whole repository.")


def test_the_corrected_file_is_offered_where_there_is_one_and_a_case() -> None:
    assert titles(CARDS["diagnostics"]) == ["Send corrected file", "Ask the sheriff"]
    assert CARDS["diagnostics"]["actions"][0]["data"] == {"verb": "corrected", "case": "c-7f3a20", "v": 1}


def test_the_rota_says_who_until_when_and_who_is_next() -> None:
    card = roster_card("Ana", "Mon 30 Nov, 09:00", [("Bo", "Mon 30 Nov, 09:00")], "Times of Europe/Paris.")

    assert list(words(card)) == [
        "Ana is on duty",
        "Until Mon 30 Nov, 09:00",
        "**Next**",
        "Bo",
        "Mon 30 Nov, 09:00",
        "Times of Europe/Paris.",
    ]
    assert card["fallbackText"] == "Ana is on duty until Mon 30 Nov, 09:00. Next: Bo, Mon 30 Nov, 09:00."


def test_an_empty_rota_says_so() -> None:
    assert list(words(roster_card("", "", []))) == ["Nobody is on duty"]
    assert next(words(roster_card("the whole team", "", []))) == "The whole team is on duty"


def test_a_wish_can_be_voted_for_once() -> None:
    card = request_card("REQ-7", "Several namespaces", "Please.", 3, voted=False)

    assert card["actions"][0]["data"] == {"verb": "vote", "request": "REQ-7", "v": 1}
    assert "REQ-7 · 3 votes" in words(card)
    voted = request_card("REQ-7", "Several namespaces", "Please.", 4, voted=True)
    assert titles(voted) == []
    assert "REQ-7 · 4 votes, yours among them" in words(voted)


def test_wishes_are_listed_with_their_votes() -> None:
    assert "20 votes" in words(CARDS["requests"])
    assert "2 more are not shown here." in words(CARDS["requests"])
    assert "Nothing yet. A wish appears here when a sheriff keeps it as a feature request." in words(requests_card([]))


def test_a_notice_says_what_since_when_and_who_gave_it_out() -> None:
    shown = list(words(notice_card("Quotas are frozen", "Wait. See [status](https://s.example).", "Wed 10:36", "Ana")))

    assert shown == ["Notice", "Quotas are frozen", "Wait. See [status](https://s.example).", "Since Wed 10:36 · Ana"]


def test_a_newcomer_can_press_an_example_and_a_channel_is_told_to_mention_sheriff() -> None:
    alone = welcome_card("Nova", "Dev Insight", ["One?", "Two?", "Three?", "Four?"], by_name=False)
    channel = welcome_card("Nova", "Dev Insight", ["One?"], by_name=True)

    assert titles(alone) == ["One?", "Two?", "Three?"]
    assert alone["actions"][0]["data"]["msteams"]["text"] == "One?"
    assert titles(channel) == []
    assert "@Sheriff One?" in words(channel)
    assert any("Mention **@Sheriff**" in text for text in words(channel))


def test_hostile_words_reach_no_button_as_anything_but_words() -> None:
    card = request_card("REQ-1", HOSTILE, HOSTILE, 0, voted=False)

    assert card["actions"][0]["data"]["request"] == "REQ-1"
    assert not any(node.get("type") in {"Image", "Action.OpenUrl"} for node in nodes(card))
