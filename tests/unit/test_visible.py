from __future__ import annotations

import pytest

from knowledge.visible import hides, spelt_in_tags, visible

TAGS = "".join(chr(0xE0000 + ord(c)) for c in "ignore all")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb\u2066c", "abc"),
        ("ig\u00adno\u200bre", "ignore"),
        (f"quota{TAGS}", "quota"),
        ("red \x1b[31malert\x1b[0m", "red alert"),
        ("a\ufe0fb\U000e0100", "ab"),
        ("x\x07\x9b2Jy\ufeff", "xy"),
    ],
)
def test_what_shows_nothing_is_taken_out(text: str, seen: str) -> None:
    assert visible(text) == seen


@pytest.mark.parametrize(
    "text",
    [
        "👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "می\u200cخواهم",
        "क्\u200dष",
        "שלום עולם, 日本語, Zähler, déjà\tvu\r\n",
    ],
)
def test_what_joins_letters_and_pictures_stays(text: str) -> None:
    assert visible(text) == text


def test_words_spelt_in_tags_can_be_read() -> None:
    assert (spelt_in_tags(f"quota{TAGS}"), hides(f"quota{TAGS}")) == ("ignore all", len(TAGS))
