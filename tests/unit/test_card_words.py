"""What people wrote stays what they wrote: read by a Markdown parser, no link, list, mention or picture comes of it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.channels.cards.words import code, is_rtl, isolated, link, literal, name, plain, prose, shortened, spoken, tidy
from tests.card_samples import ARABIC, EMOJI, HEBREW, LONG_WORD

COMMONMARK = MarkdownIt("commonmark", {"html": False})


def shown(markdown: str) -> str:
    """The text that a reader sees; fails when it is more than plain paragraphs."""
    rendered = COMMONMARK.render(markdown)
    assert re.fullmatch(r"(?:[^<]|</?p>)*", rendered), rendered
    return html.unescape(re.sub(r"</?p>", "", rendered)).strip()


@pytest.mark.parametrize(
    "words",
    [
        "[click](https://evil.example)",
        "![pic](https://evil.example/p.png)",
        "[a]: https://evil.example",
        "<https://evil.example>",
        "**bold** _it_ __init__ *x* snake_case_name",
        "`code` ``two`` ~~gone~~",
        "# heading",
        "- item",
        "12. item",
        "> quotation",
        "    four spaces",
        "a &lt;at&gt; b &amp; c & d",
        "<b>x</b> <!-- y --> 1 < 2",
        "a backslash \\ and \\[x]",
        "title\n===",
    ],
)
def test_what_looks_like_markdown_is_shown_as_it_was_written(words: str) -> None:
    assert shown(literal(words)).replace("\u00a0", " ").strip() == words.strip()


@given(st.text(alphabet=st.sampled_from(list("[]()!<>*_`~#-+&;:/\\ \n=12.atAT|{}")), max_size=40))
def test_no_text_at_all_becomes_anything_but_text(words: str) -> None:
    shown(literal(words))


def test_a_mention_and_a_date_function_are_only_letters() -> None:
    for made in (tidy, literal, prose, spoken):
        assert not re.search(r"<\s*/?at\b", made("<at>Ana</at> < at>"), re.IGNORECASE)
        assert "{{DATE" not in made("{{DATE(2020-01-01T00:00:00Z)}}")


def test_control_characters_and_forced_directions_go_and_half_characters_are_replaced() -> None:
    assert tidy("a\x00b\x07\u202ec\u2066d\ud800\r\ne\tf") == "abcd\ufffd\ne\tf"


@pytest.mark.parametrize("words", [ARABIC, HEBREW, EMOJI, LONG_WORD, "no\u00a0break"])
def test_other_writing_survives_unchanged(words: str) -> None:
    assert tidy(words) == words
    assert shown(literal(words)) == words


def test_only_tokens_in_backticks_become_bold_in_a_sentence_of_ours() -> None:
    assert spoken("Unknown key `a*b`: not [x](y)") == r"Unknown key **a\*b**: not \[x\](y)"


def test_the_documentation_keeps_links_to_web_pages_and_only_those() -> None:
    text = "[quotas](https://docs.example/a_(b)) [here](../x.md) [bad](javascript:alert(1)) ![pic](https://a/b.png) [1]"

    assert prose(text) == "[quotas](https://docs.example/a_%28b%29) here bad pic [1]"


def test_headings_quotations_and_code_become_what_a_card_knows() -> None:
    assert prose("## Raise it ##\n> Set `a_b`.\n**Then `x`**") == "**Raise it**\nSet **a_b**.\n**Then x**"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "/desk/1", "", "http://[bad"])
def test_what_is_no_web_address_is_no_link(address: str) -> None:
    assert link("SUP-1", address) == "SUP-1"


def test_an_address_cannot_end_its_link() -> None:
    assert link("x", "https://a.example/b)[y](z d") == "[x](https://a.example/b%29%5By%5D%28z%20d)"


def test_plain_text_has_no_marks_but_keeps_what_only_looks_like_them() -> None:
    assert plain("## A\n> b -> `c` **d** [e](https://f)\nC# 2 * 3") == "A b -> c d e C# 2 * 3"


def test_a_short_text_stays_and_a_long_one_ends_at_a_word() -> None:
    assert shortened("one two", 7) == "one two"
    assert shortened("one two three", 11) == "one two…"
    assert len(shortened(LONG_WORD, 100)) == 100


def test_a_sign_of_several_characters_is_not_cut_in_two() -> None:
    assert shortened("e\u0301" * 10, 10) == "e\u0301" * 4 + "…"
    assert shortened("ab👩🏽‍💻 and more", 6) == "ab…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(ARABIC, True), (HEBREW, True), (EMOJI, False), ("Kafka", False), ("", False), ("123", False)],
)
def test_the_direction_is_that_of_most_letters(text: str, expected: bool) -> None:
    assert is_rtl(text) is expected


def test_code_and_addresses_do_not_decide_the_direction() -> None:
    assert is_rtl("حصة `kafka.quota.partitions` https://docs.example/very/long/address")


def test_only_right_to_left_words_are_set_apart() -> None:
    assert isolated("Kim") == "Kim"
    assert name("نوعה [x]") == "\u2068نوعה \\[x\\]\u2069"


def test_code_keeps_its_spaces_and_shows_what_cannot_be_seen() -> None:
    assert code("a:  b\n  c") == "a:\u00a0\u00a0b\n\u00a0\u00a0c"
    assert code("a\x00\tb\u202e\x85") == "a␀\u00a0\u00a0\u00a0\u00a0b\ufffd"


def test_a_wide_line_of_code_can_be_broken_without_losing_its_indentation() -> None:
    line = code("  key: " + "x" * 60)

    assert line.startswith("\u00a0\u00a0key: x")
    assert max(len(word) for word in re.split("[ \u200b]", line)) <= 25
    assert line.replace("\u200b", "").replace("\u00a0", " ") == "  key: " + "x" * 60
