"""Markdown taken apart and made safe to quote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from knowledge.blocks import Form, blocks, clean, sentences


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [the page](../kafka/quotas.md#raise) first.", "See the page first."),
        ("Set it in [`topology.yaml`](../t.md 'title').", "Set it in `topology.yaml`."),
        ("![a picture](img/a.png) here", "a picture here"),
        ("[![badge](b.png)](https://ci.example)", "badge"),
        ("[click](javascript:alert(1))", "click"),
        ("[reference][ref]\n\n[ref]: https://x.example", "reference"),
        ("Open <https://x.example/a> or https://y.example/b.", "Open `https://x.example/a` or `https://y.example/b`."),
        ("a <b>bold</b> word<br/>and <img src=x onerror=alert(1)>more", "a bold word and more"),
        ("before <script>alert(1)</script>after <!-- note -->end", "before after end"),
        ("a <project>-deploy repository", "a \\<project>-deploy repository"),
        ("as said in [1] and [2]", "as said in \\[1\\] and \\[2\\]"),
        ("`[x](y)` and `<b>` stay, topics\\[0] too", "`[x](y)` and `<b>` stay, topics\\[0] too"),
        ("a footnote[^1]", "a footnote"),
    ],
)
def test_quoted_prose_links_nowhere_and_holds_no_html(written: str, shown: str) -> None:
    assert clean(written).strip() == shown


def test_fenced_code_is_left_as_it_is() -> None:
    page = "Run [this](x):\n\n```yaml fragment=Kafka\nkey: '[a](b) <b>'\n```\n"

    assert clean(page) == "Run this:\n\n```yaml\nkey: '[a](b) <b>'\n```"


@pytest.mark.parametrize(
    ("page", "forms"),
    [
        ("one\n\n1. a\n2. b\n\n- c\n\n| a |\n|---|\n| 1 |\n\n> q", ["paragraph", "steps", "points", "table", "quote"]),
        ("# Title\n\n    indented code\n\n---\n\n<div>text</div>", ["heading", "code", "paragraph"]),
        ("", []),
    ],
)
def test_each_block_knows_its_form(page: str, forms: list[str]) -> None:
    assert [block.form.value for block in blocks(page)] == forms


@pytest.mark.parametrize(
    "page",
    ["```yaml\na: 1", "~~~\na\n~~~", "````md\n```\ninner\n```\n````", "1. do\n   ```sh\n   ls", "- x\n\n      code"],
)
def test_a_fence_is_always_closed(page: str) -> None:
    for block in blocks(page):
        fences = [line.strip() for line in block.text.splitlines() if line.strip().startswith(("```", "~~~"))]
        outer = max(map(len, (fence.rstrip("abcdefghijklmnopqrstuvwxyz") for fence in fences)), default=0)
        assert sum(len(f.rstrip("abcdefghijklmnopqrstuvwxyz")) == outer for f in fences) % 2 == 0


def test_steps_that_go_on_after_an_example_are_one_list() -> None:
    [steps] = blocks("1. Look\n2. Set:\n\n```yaml\na: 1\n```\n\n3. Merge\n4. Wait")

    assert steps.form is Form.STEPS
    assert len(steps.items) == 4
    assert "a: 1" in steps.items[1]


def test_two_lists_of_steps_stay_two() -> None:
    assert len(blocks("1. Look\n2. Set\n\nOr:\n\n1. Ask\n2. Wait")) == 3


def test_a_step_keeps_its_example() -> None:
    [steps] = blocks("1. Run [it](x):\n\n   ```sh\n   ls\n\n   cd [a](b)\n   ```\n2. Done")

    assert steps.items[0] == "1. Run it:\n\n   ```sh\n   ls\n\n   cd [a](b)\n   ```"


def test_indented_code_in_a_step_is_left_as_it_is() -> None:
    page = "1. Log in:\n\n        argocd login <my-url> https://x.example\n\n2. See [this](https://x.example)."

    assert "        argocd login <my-url> https://x.example\n" in blocks(page)[0].text
    assert "See this." in blocks(page)[0].text


def test_sentences_end_at_full_stops_and_not_at_abbreviations_or_in_code() -> None:
    text = "Set a limit, e.g. 96. Use `a. B` for it! Is it low? Yes."

    assert sentences(text) == ["Set a limit, e.g. 96.", "Use `a. B` for it!", "Is it low?", "Yes."]


MARKUP = st.lists(
    st.sampled_from([*"ab1 \n`*[]()<>!#-.|:\\\x00", "](", "![", "<b>", "</", "http://x.y", "]: x", "- ", "> "])
)


@given(MARKUP.map("".join))
def test_no_renderer_finds_a_link_an_image_or_html_in_what_is_quoted(text: str) -> None:
    for block in blocks(text):
        tokens = MarkdownIt("commonmark").enable("table").parse(block.text)
        kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
        assert not kinds & {"link_open", "image", "html_inline", "html_block"}


def test_the_padding_of_a_table_goes() -> None:
    [table] = blocks("| Name      | Days   |\n|-----------|--------|\n| `a  b`    |   14   |")

    assert table.text == "| Name | Days |\n|-----------|--------|\n| `a  b` | 14 |"


def test_an_indented_list_stands_at_the_margin_with_its_code() -> None:
    [points] = blocks("  * one\n    ```sh\n      run\n    ```\n  * two")

    assert points.text == "* one\n  ```sh\n    run\n  ```\n* two"


def test_steps_that_are_all_numbered_one_go_on_after_examples() -> None:
    code = "```yaml\na: 1\n```"

    [steps] = blocks(f"1. Create it\n1. Edit it\n\n**For TLS**\n\n{code}\n\n**Without**\n\n{code}\n\n1. Apply it")

    assert (steps.form, len(steps.items)) == (Form.STEPS, 3)
    assert steps.text.endswith("3. Apply it")


def test_two_procedures_with_prose_between_them_stay_two() -> None:
    found = blocks("1. Create it\n\nTo delete it:\n\n1. Delete it")

    assert [block.form for block in found] == [Form.STEPS, Form.PARAGRAPH, Form.STEPS]
