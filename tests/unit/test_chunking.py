"""Chunks: small enough to be embedded whole, together the whole document, nothing torn that belongs together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import chunking
from ingestion.chunking import Size, chunk
from ingestion.tokens import counter, estimate
from knowledge.model import Document, Kind, Section
from tests.fakes import HashEmbedder

SMALL = Size(target=90, most=110)
BLOCKS = st.sampled_from(
    [
        "A sentence. Another one, longer than that! And a question?",
        "Run these commands:",
        "word " * 40,
        "x" * 2_000,
        "```\n" + "x" * 900 + " " + "code " * 300 + "\n```",
        "```yaml\nkind: Kafka\n\n# no heading\ntopics: []\n```",
        "```text\n" + "a line of output\n" * 40 + "```",
        "~~~\nnever closed",
        "~~~ " + "info " * 300,
        "**One**\n\n**Two**\n\n**Three**\n\nFour:",
        "- one\n- two\n  more of two\n\n  ```sh\n  ls\n  ```\n- three",
        "1. " + "step " * 60 + "\n2. next\n   - inner " + "deep " * 50,
        "| a | b |\n| --- | --- |\n" + "| cell one | cell two |\n" * 30,
        "| a | b |\n| --- | --- |\n| " + "wide " * 300 + "| x |",
        "> quoted\n> ```\n> " + "code " * 300 + "\n> ```",
        "    indented code\n    " + "more " * 300,
        "<div>\n" + "html " * 300 + "\n</div>",
        "[ref]: https://x.example",
        "---",
        "**Bold lead**",
    ]
)
MARKDOWN = st.lists(BLOCKS | st.text(max_size=80), max_size=8).map("\n\n".join)


def words(text: str) -> int:
    return len(text.split())


def a_document(*texts: str, **given: object) -> Document:
    sections = tuple(Section((f"Heading {n}",), f"heading-{n}", text) for n, text in enumerate(texts))
    document = Document("docs", "kafka.md", "Kafka", Kind.PAGE, sections, "hash")
    return replace(document, **given)  # type: ignore[arg-type]


def texts(*sections: str, size: Size = SMALL) -> list[str]:
    return [found.text for found in chunk(a_document(*sections), count=words, size=size)]


def test_each_section_is_a_chunk_with_its_place_and_anchor() -> None:
    first, second = chunk(a_document("One.", "Two."), count=words)

    assert (first.place, first.anchor, first.order, first.text) == ("Kafka › Heading 0", "heading-0", 0, "One.")
    assert (second.place, second.anchor, second.order, second.text) == ("Kafka › Heading 1", "heading-1", 1, "Two.")


def test_paragraphs_fill_a_chunk_up_to_the_target() -> None:
    paragraphs = [f"{n} " + "word " * 39 for n in range(5)]

    assert [found.count("\n\n") for found in texts("\n\n".join(paragraphs))] == [1, 1, 0]


def test_a_last_line_joins_the_chunk_before() -> None:
    assert len(texts("word " * 85 + "\n\nA last line.")) == 1


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    found = texts("Ten words are in this sentence, count them if needed. " * 20)

    assert len(found) > 1
    assert all(text.endswith("needed.") and words(text) <= SMALL.most for text in found)


def test_a_sentence_that_leads_in_stays_with_what_it_introduces() -> None:
    found = texts("word " * 75 + "\n\nRun these commands:\n\n```sh\n" + "one two three four five six\n" * 4 + "```")

    assert len(found) == 2
    assert found[1].startswith("Run these commands:\n\n```sh")


def test_a_code_block_that_fits_is_never_cut() -> None:
    code = "```yaml\n" + "key: value\n" * 20 + "```"

    assert code in texts("word " * 80 + "\n\n" + code + "\n\n" + "word " * 80)


def test_a_long_code_block_is_cut_by_lines_and_fenced_again() -> None:
    found = texts("```yaml\n" + "key: value of it\n" * 60 + "```")

    assert len(found) > 1
    assert all(text.startswith("```yaml\nkey") and text.endswith("it\n```") for text in found)


def test_a_long_line_of_code_is_broken_and_stays_code() -> None:
    found = texts("```text\nshort\n" + "word " * 300 + "\n```")

    assert found[0].startswith("```text\nshort\n```")
    assert all(text.startswith("```text\n") and text.endswith("\n```") for text in found)
    assert all(words(text) <= SMALL.most for text in found)


def test_a_word_longer_than_a_chunk_is_cut_between_characters() -> None:
    found = chunk(a_document("x" * 2_000), count=estimate, size=SMALL)

    assert "".join(c.text for c in found) == "x" * 2_000
    assert all(estimate(c.text) <= SMALL.most for c in found)


def test_code_in_a_list_keeps_its_fences_and_begins_at_the_margin() -> None:
    found = texts("1. First " + "word " * 70 + "\n\n   ```sh\n" + "   run this thing\n" * 60 + "   ```")

    assert len(found) > 2
    assert found[1].startswith("```sh\nrun")
    assert all(text.count("```") % 2 == 0 for text in found)


def test_code_that_begins_under_a_bare_list_mark_is_not_lost() -> None:
    found = texts("-\n  ```sh\n" + "  run this\n" * 90 + "  ```")

    assert "".join(found).count("run this") == 90


def test_titles_in_a_row_fill_a_chunk_like_other_text() -> None:
    assert len(texts("\n\n".join(["**A title of five words**"] * 60))) == 4


def test_a_lead_too_long_to_move_stays_before() -> None:
    found = texts("Before.\n\n" + "word " * 80 + "follows:\n\n```sh\n" + "one two three\n" * 20 + "```")

    assert len(found) == 2
    assert found[1].startswith("```sh")


def test_a_long_table_is_cut_by_rows_under_the_same_header() -> None:
    found = texts("| Name | Limit |\n| --- | --- |\n" + "| topic | ninety six |\n" * 40)

    assert len(found) > 1
    assert all(text.startswith("| Name | Limit |\n| --- | --- |\n| topic") for text in found)


def test_a_table_with_a_row_too_long_is_cut_as_text() -> None:
    found = texts("| Name | Limit |\n| --- | --- |\n| " + "wide " * 150 + "| x |")

    assert all(words(text) <= SMALL.most for text in found)


def test_list_items_are_cut_between_not_inside() -> None:
    found = texts("\n".join(f"- item {n} " + "word " * 20 for n in range(12)))

    assert len(found) > 1
    assert all(text.startswith("- item") for text in found)


def test_a_long_place_leaves_room_for_text() -> None:
    document = a_document("word " * 100, title="title " * 300)

    assert [words(found.text) for found in chunk(document, count=words, size=SMALL)] == [60, 40]


def test_a_faq_entry_is_itself_and_each_way_of_asking_with_the_whole_answer() -> None:
    document = Document(
        "faq", "kafka.yaml#quota", "How do I raise it?", Kind.FAQ, (Section((), "quota", "Do this. " * 200),), "hash",
        phrasings=("quota pls", "How do I raise it?", "more partitions"),
    )  # fmt: skip

    found = chunk(document, count=words)

    assert [c.phrasing for c in found] == ["", "How do I raise it?", "quota pls", "more partitions"]
    assert {c.text for c in found} == {"Do this. " * 200}
    assert [c.order for c in found] == [0, 1, 2, 3]


def test_ids_change_with_text_and_place_and_with_nothing_else() -> None:
    before = chunk(a_document("One.", "Two."), count=words)

    assert chunk(a_document("One.", "Two.", content_hash="other"), count=words) == before
    after = chunk(a_document("One.", "Changed."), count=words)
    assert after[0].id == before[0].id
    assert after[1].id != before[1].id
    assert chunk(a_document("One.", "Two.", path="b.md"), count=words)[0].id != before[0].id


def test_the_fingerprint_names_version_and_size() -> None:
    assert chunking.fingerprint() == f"chunks-{chunking.CHUNKER_VERSION}-200-250"
    assert chunking.fingerprint(SMALL) != chunking.fingerprint()


@given(st.lists(MARKDOWN, min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_chunks_in_order_hold_the_whole_document(sections: list[str]) -> None:
    document = a_document(*sections)

    found = chunk(document, count=words, size=SMALL)

    for section in document.sections:
        mine = [c for c in found if c.headings == section.headings]
        assert _is_contained("".join(section.text.split()), "".join("".join(c.text.split()) for c in mine))
    assert [c.order for c in found] == list(range(len(found)))
    assert len({c.id for c in found}) == len(found)


@given(MARKDOWN)
@settings(max_examples=150, deadline=None)
def test_no_chunk_is_larger_than_the_most(text: str) -> None:
    for found in chunk(a_document(text), count=estimate, size=SMALL):
        assert estimate(found.indexed_text) <= SMALL.most
        assert found.text.strip()


@pytest.mark.parametrize("kind", [Kind.PAGE, Kind.SCHEMA])
def test_a_section_without_text_gives_no_chunk(kind: Kind) -> None:
    assert chunk(a_document(" \n", kind=kind), count=words) == []


def test_an_embedder_that_counts_is_asked_and_another_is_estimated() -> None:
    class Counting(HashEmbedder):
        def counting(self) -> Callable[[str], int]:
            return lambda _: 7

    assert counter(Counting())("text") == 7
    assert counter(HashEmbedder())("kafka.topic.partitions: 12") == estimate("kafka.topic.partitions: 12") == 10


def _is_contained(wanted: str, given: str) -> bool:
    """Whether all characters of wanted occur in given in the same order (headers and fences may be repeated)."""
    characters = iter(given)
    return all(character in characters for character in wanted)
