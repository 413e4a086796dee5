"""Plain text gets headings only where a line cannot be anything else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingestion.readers import plain
from ingestion.readers.page import Page


def read(text: str) -> Page:
    return plain.read(text, "notes/raise-a-quota.txt")


def test_a_first_line_that_stands_alone_is_the_title() -> None:
    page = read("How quotas work\n\nThere is one for each region.\n")

    assert page.title == "How quotas work"
    assert page.sections[0].text == "There is one for each region."


def test_characters_written_as_numbers_are_read_as_themselves() -> None:
    text = "The server&#8217;s&#160;own.&#8203; a &lt; b &#42;&nbsp;c&hellip;\n\n```\nkept&#8217;\n```\n"

    assert read(text).sections[0].text == "The server’s own. a &lt; b &#42; c…\n\n```\nkept&#8217;\n```"


def test_a_first_sentence_is_not_the_title() -> None:
    page = read("There is one for each region.\n\nMore.\n")

    assert page.title == "Raise a quota"
    assert page.sections[0].text == "There is one for each region.\n\nMore."


def test_marked_and_underlined_headings() -> None:
    page = read("# Machine phases\n\n\nIntro.\n\n# Life cycle\n\nText.\n\nUnder line\n----------\n\nMore.\n")

    assert page.title == "Machine phases"
    assert [(s.headings, s.text) for s in page.sections] == [
        ((), "Intro."),
        (("Life cycle",), "Text."),
        (("Life cycle", "Under line"), "More."),
    ]


def test_comments_and_shell_prompts_are_not_headings() -> None:
    page = read("Title here\n\nRun:\n\n```\n\n# apt install\n\n```\n\n# comment\nname=1\n")

    assert len(page.sections) == 1
    assert "# apt install" in page.sections[0].text
    assert "# comment\nname=1" in page.sections[0].text


def test_boxes_of_asciidoc_become_labels() -> None:
    page = read("# T\n\n[NOTE]\n----\nMind it.\n----\n\nText.\n")

    assert page.sections[0].text == "**Note:**\n\nMind it.\n\nText."


@given(st.text(max_size=300) | st.text(alphabet="a#=-~^ \n[NOTE]`.", max_size=200))
def test_any_text_is_a_page(text: str) -> None:
    page = read(text)

    assert page.title
    assert all(section.text.strip() for section in page.sections)
