"""Markdown, citations, diagnostics and documents as HTML: what is shown, and above all what can never get through."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from bot.addresses import citation_address, page_address
from bot.channels import diagnosis, handbook
from bot.channels.conversation import split
from bot.channels.rendering import Sources, inline, markdown, plain, surroundings
from bot.channels.times import Watch
from knowledge.model import Citation
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Edit, Severity, Span, ValidationReport
from knowledge.validation.fixes import apply_edits, compatible
from tests.fakes import a_chunk

SOURCE = Citation(1, "Kafka", "kafka/quotas.md", "Quotas", "quotas", "Set it.", document_id="docs:kafka/quotas.md")
TWO = Sources("c-1", (SOURCE, Citation(2, "Limits", "kafka/limits.md", "Limits", "", "96.")))


def test_marks_become_chips_that_open_their_drawer() -> None:
    html = markdown("Set it. [1] Then wait. [2]", TWO)

    chips = LexborHTMLParser(html).css("a.cite")
    assert [(chip.text(), chip.attributes["href"]) for chip in chips] == [("1", "#src-c-1-1"), ("2", "#src-c-1-2")]
    assert chips[0].attributes["aria-label"] == "Source 1"


def test_a_number_that_is_no_source_stays_text_and_so_does_one_in_code() -> None:
    html = markdown("See [7] and `list[1]`.\n\n```\nx[1]\n```", TWO)

    assert "cite" not in html
    assert "[7]" in html
    assert "list[1]" in html


def test_only_the_first_of_equal_chips_has_the_id_that_closing_returns_to() -> None:
    html = markdown("One [1], again [1].", TWO)

    assert html.count('id="cite-c-1-1"') == 1
    assert html.count("#src-c-1-1") == 2


def test_a_chip_stays_with_the_word_before_it() -> None:
    assert "approves.\u00a0<a" in markdown("approves. [1]", TWO).replace("&nbsp;", "\u00a0")


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](http://evil.example/pixel.png)",
        "<a href='javascript:x' onclick=y>z</a>",
        "`<script>`",
        "```\n</code></pre><script>alert(1)</script>\n```",
        '[1]: javascript:alert(1)\n\n[x][1] "onmouseover=alert(1)"',
        "<style>*{display:none}</style>",
        "<form action=//evil.example><button>Send</button></form>",
    ],
)
def test_no_attack_survives(attack: str) -> None:
    tree = LexborHTMLParser(markdown(attack, TWO, page="docs:a.md"))

    assert not tree.css("script, img, style, form, iframe, [onerror], [onclick], [onmouseover], [style]")
    assert all(re.match(r"https?://|/pages/|#src-", a.attributes.get("href") or "") for a in tree.css("a"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_text_renders_to_harmless_html(text: str) -> None:
    tree = LexborHTMLParser(markdown(text, TWO, page="docs:a/b.md"))

    assert not tree.css("script, img, style, form, iframe, object, svg")
    for link in tree.css("a"):
        assert re.match(r"https?://|/pages/|#src-", link.attributes.get("href") or "")


def test_links_of_a_page_open_the_page_beside_it() -> None:
    html = markdown("[days](../jor/calendar.md#days) [here](#top)", page="docs:kafka/quotas.md")

    assert 'href="/pages/docs/jor/calendar.md#days"' in html
    assert 'href="/pages/docs/kafka/quotas.md#top"' in html


def test_a_relative_link_cannot_leave_the_pages() -> None:
    html = markdown("[up](../../../../etc/passwd) [other](//evil.example/x) [api](/api/v1/cases)", page="docs:a/b.md")

    assert 'href="/pages/docs/etc/passwd"' in html
    assert "evil.example" not in html
    assert 'href="/pages/docs/api/v1/cases"' in html


def test_without_a_page_relative_links_keep_only_their_words() -> None:
    assert markdown("see [limits](limits.md)") == "<p>see limits</p>\n"


def test_code_has_a_copy_button_and_tables_scroll_by_themselves() -> None:
    html = markdown("```yaml\na: <1>\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |")

    assert '<div class="code"><pre><code>a: &lt;1&gt;\n</code></pre><button' in html
    assert '<div class="scroll" role="region" tabindex="0" aria-label="Table"><table>' in html


def test_quoted_headings_never_outrank_the_title_of_the_page() -> None:
    assert "<h3>Big</h3>" in markdown("# Big")
    assert "<h2>Big</h2>" in markdown("# Big", shift=1)


def test_inline_and_plain_text() -> None:
    assert inline("Did you mean `threshold`?") == "Did you mean <code>threshold</code>?"
    assert plain("**Set** `a` to <b> & wait [1]\n\n```\nx: 1\n```") == "Set a to <b> & wait x: 1"


def test_addresses_of_citations() -> None:
    assert page_address("faq:kafka.yaml#raise") == "/pages/faq/kafka.yaml%23raise"
    assert citation_address(SOURCE) == "/pages/docs/kafka/quotas.md#quotas"
    web = Citation(1, "K", "k.md", "Q", "q", "", url="https://docs.example/k")
    assert citation_address(web) == "https://docs.example/k#q"
    assert citation_address(Citation(1, "K", "k.md", "Q", "q", "", url="javascript:alert(1)")) == ""


def test_the_passage_an_answer_quotes_is_marked_in_its_surroundings() -> None:
    quote = "Quotas are counted.\n\nSet `quota.partitions` at the region.\n\nIt is applied by the next run."
    cited = Citation(1, "Kafka", "k.md", "Quotas", "", quote)

    around = surroundings(cited, "Set `quota.partitions` at the region. [1]")

    assert ("counted" in around.before, "Set" in around.passage, "applied" in around.after) == (True, True, True)


def test_for_an_answer_in_its_own_words_the_likeliest_block_is_marked() -> None:
    cited = Citation(1, "Kafka", "k.md", "Quotas", "", "Producers restart never.\n\nUp to 96 partitions are granted.")

    around = surroundings(cited, "You get as many as 96 partitions. [1]")

    assert "96" in around.passage
    assert "restart" in around.before


# ---- diagnostics ----

TEXT = "kind: Alerting\nalerts:\n  - treshold: 2\n    severity: critical\n"
UNKNOWN_KEY = Diagnostic(
    code="SCH001",
    severity=Severity.ERROR,
    file="alerting.yaml",
    span=Span(3, 5, 3, 13),
    message="Unknown key “treshold”",
    why="Did you mean `threshold`?",
    suggestion="threshold",
    doc="alerting/reference.md#keys",
    edits=(Edit(Span(3, 5, 3, 13), "threshold"),),
)


def checked(*found: Diagnostic, text: str = TEXT) -> diagnosis.FileFindings:
    edits = [edit for diagnostic in compatible(found) for edit in diagnostic.edits]
    file = CheckedFile("alerting.yaml", text, "Alerting", "its kind", apply_edits(text, edits) if edits else "")
    return diagnosis.files(ValidationReport([file], found))[0]


def test_a_finding_shows_its_line_between_one_neighbour_each_side_with_the_token_marked() -> None:
    finding = checked(UNKNOWN_KEY).findings[0]

    assert [line.number for line in finding.lines] == [2, 3, 4]
    assert (finding.lines[1].before, finding.lines[1].mark, finding.lines[1].after) == ("  - ", "treshold", ": 2")
    assert finding.doc == "/pages/docs/alerting/reference.md#keys"
    assert finding.why == "Did you mean <code>threshold</code>?"


def test_the_fix_keeps_its_indentation_and_the_corrected_file_has_it() -> None:
    part = checked(UNKNOWN_KEY)

    assert (part.findings[0].removed, part.findings[0].added) == (("  - treshold: 2",), ("  - threshold: 2",))
    assert part.corrected == TEXT.replace("treshold", "threshold")


def test_without_a_mechanical_fix_the_suggested_word_is_shown_in_its_line() -> None:
    bare = Diagnostic("X", Severity.ERROR, "alerting.yaml", Span(3, 15, 3, 16), "m", suggestion="3")

    part = checked(bare)

    assert (part.findings[0].removed, part.findings[0].added) == (("  - treshold: 2",), ("  - treshold: 3",))
    assert part.corrected == ""


def test_space_deleted_at_the_ends_of_lines_is_not_shown_as_a_difference() -> None:
    edits = tuple(Edit(Span(line, 6, line, 7), "") for line in (1, 2))
    spaces = Diagnostic("LNT003", Severity.WARNING, "alerting.yaml", Span(1, 6, 1, 7), "m", edits=edits)

    part = checked(spaces, text="a: 12 \nb: 34 \n")

    assert (part.findings[0].removed, part.findings[0].added) == ((), ())
    assert part.corrected == "a: 12\nb: 34\n"


def test_a_suggested_line_stands_alone() -> None:
    bare = Diagnostic("X", Severity.WARNING, "alerting.yaml", Span(1, 1, 1, 5), "m", suggestion="kind: Kafka")

    part = checked(bare)

    assert (part.findings[0].removed, part.findings[0].added, part.corrected) == ((), ("kind: Kafka",), "")


@pytest.mark.parametrize("span", [Span(99, 1, 99, 2), Span(3, 90, 3, 95), Span(2, 8, 4, 3), Span(0, 0, 0, 0)])
def test_any_span_is_shown_without_an_accident(span: Span) -> None:
    part = checked(Diagnostic("X", Severity.INFORMATION, "alerting.yaml", span, "m"))

    assert all(line.mark or line.number != span.line for line in part.findings[0].lines)


def test_headlines_count_in_words() -> None:
    assert diagnosis.headline([]) == "No errors"
    assert diagnosis.headline([UNKNOWN_KEY, UNKNOWN_KEY]) == "2 errors"


def test_a_file_with_very_many_faults_says_how_many_are_left_out() -> None:
    part = checked(*[UNKNOWN_KEY] * (diagnosis.SHOWN + 3))

    assert (len(part.findings), part.hidden) == (diagnosis.SHOWN, 3)


# ---- documents, conversations, times ----


def test_a_document_is_put_together_from_its_chunks_with_the_headings_once() -> None:
    chunks = [
        a_chunk("Intro.", order=0),
        a_chunk("First half.", order=1, headings=("Quotas", "Raise"), anchor="raise"),
        a_chunk("Second half.", order=2, headings=("Quotas", "Raise"), anchor="raise"),
        a_chunk("Lower text.", order=3, headings=("Quotas", "Lower"), anchor="lower"),
        a_chunk("", order=4, phrasing="more partitions pls"),
    ]

    found = handbook.reading(chunks)

    headings = [(h.level, h.words, h.anchor) for part in found.parts for h in part.headings]
    assert headings == [(2, "Quotas", ""), (3, "Raise", "raise"), (3, "Lower", "lower")]
    assert "First half." in found.parts[1].body
    assert "Second half." in found.parts[1].body
    assert found.phrasings == ["more partitions pls"]


@pytest.mark.parametrize(
    ("text", "prose", "pasted"),
    [
        ("how do I raise it?", "how do I raise it?", ""),
        ("is this ok?\n```yaml\na: 1\n```", "is this ok?", "a: 1"),
        ("is this ok?\nkind: Kafka\nquota:\n  partitions: 72", "is this ok?", "kind: Kafka\nquota:\n  partitions: 72"),
        ("kind: Kafka\nquota:\n  partitions: 72", "", "kind: Kafka\nquota:\n  partitions: 72"),
        ("first\nsecond line of words\nthird one", "first\nsecond line of words\nthird one", ""),
    ],
)
def test_pasted_yaml_is_told_from_the_words_around_it(text: str, prose: str, pasted: str) -> None:
    assert split(text) == (prose, pasted)


def test_times_are_said_as_people_say_them() -> None:
    watch = Watch(datetime(2026, 11, 25, 9, 36, tzinfo=UTC), ZoneInfo("Europe/Paris"))

    assert watch.at(datetime(2026, 11, 25, 8, 0, tzinfo=UTC)) == "09:00"
    assert watch.at(datetime(2026, 11, 30, 8, 0, tzinfo=UTC)) == "Mon 09:00"
    assert watch.at(datetime(2026, 10, 1, 8, 0, tzinfo=UTC)) == "1 Oct"
    ages = [watch.age(datetime(2026, 11, day, hour, tzinfo=UTC)) for day, hour in ((25, 9), (25, 6), (23, 9), (1, 9))]
    assert ages == ["36 min", "3 h", "2 d", "1 Nov"]
    assert [watch.ago(watch.now), watch.ago(datetime(2026, 11, 1, tzinfo=UTC))] == ["just now", ""]
    assert (watch.day("2025-11-12"), watch.day("soon")) == ("12 Nov 2025", "soon")
