"""AsciiDoc pages become Markdown sections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingestion.readers import asciidoc
from ingestion.readers.page import Page

MARKUP = st.text(alphabet=st.sampled_from(list("ab \n\n=*.-_`|+[]{}<>:#/,'\"12")), max_size=300)


def read(text: str) -> Page:
    return asciidoc.read(text, "proc-x.adoc")


def only_text(text: str) -> str:
    return read(f"= T\n\n{text}\n").sections[0].text


def test_headings_and_explicit_anchors() -> None:
    page = read(
        ":_mod-docs-content-type: CONCEPT\n// a comment\n////\nhidden\n////\n"
        "[id='con-x-{context}']\n= The page\n\nIntro.\n\n"
        "[[deep]]\n== Deep `dive`\n\nText.\n\n=== Deeper\n\nMore.\n"
    )

    assert page.title == "The page"
    assert [(s.headings, s.anchor, s.text, s.line) for s in page.sections] == [
        ((), "", "Intro.", 7),
        (("Deep dive",), "deep", "Text.", 12),
        (("Deep dive", "Deeper"), "deeper", "More.", 16),
    ]


def test_a_known_context_fills_the_anchor() -> None:
    page = read(":context: str\n= T\n\n[id='con-x-{context}']\n== A\n\nText.\n")

    assert page.sections[0].anchor == "con-x-str"


def test_listings_become_fences_and_hold_no_headings() -> None:
    text = only_text(
        '.Title of it\n[source,yaml,subs="+quotes"]\n----\n== not a heading\nname: _<your_name>_\n```\n----'
    )

    assert text == "**Title of it**\n\n```yaml\n== not a heading\nname: <your_name>\n'''\n```"


def test_literal_blocks_and_backtick_fences() -> None:
    assert only_text("....\na *b*\n....") == "```\na *b*\n```"
    assert only_text("```sh\nls\n```") == "```sh\nls\n```"


def test_code_without_a_rule_of_dashes_ends_at_the_next_blank_line() -> None:
    text = only_text(
        ". Create it.\n+\n[source,shell,subs=+quotes]\nkubectl get secret _<name>_ -n _my-ns_ \\\n  -o yaml"
        "\n+\nThen wait.\n\n.Files\n[source]\n--\nexamples\n└── user <1>\n--\n\nAfter."
    )

    assert text == (
        "1. Create it.\n\n   ```shell\n   kubectl get secret <name> -n my-ns \\\n     -o yaml\n   ```\n   Then wait."
        "\n\n   **Files**\n\n   ```\n   examples\n   └── user <1>\n   ```\n\n   After."
    )


def test_text_after_an_include_that_was_announced_as_code_stays_text() -> None:
    assert (
        only_text("[source,yaml]\n----\ninclude::a.yaml[]\n----\n\n[source,yaml]\ninclude::b.yaml[]\n\nText.")
        == "Text."
    )


def test_attributes_that_another_file_defines_are_read_as_words() -> None:
    assert only_text("See {K8sStorageClass}, the {oauth-project} and {JQTool}; `{KafkaVersion}`, {name}.") == (
        "See K8s Storage Class, the oauth project and JQ Tool; `{KafkaVersion}`, {name}."
    )


def test_a_listing_without_end_is_closed() -> None:
    assert only_text("----\ncode") == "```\ncode\n\n```"


def test_lists_steps_and_what_is_attached_to_them() -> None:
    text = only_text(". First:\n+\n[source,shell]\n----\nls\n----\n.. Nested\n* Point\n** Deeper\n- Dash\n1. One")

    assert text == ("1. First:\n\n   ```shell\n   ls\n   ```\n   1. Nested\n- Point\n   - Deeper\n- Dash\n1. One")


def test_terms_admonitions_and_callouts() -> None:
    text = only_text(
        "`NAME`:: What it is.\n+\nMore.\n\nNOTE: Mind it.\n\n[WARNING]\n====\nDanger.\n====\n\n<1> First.\n<.> Next."
    )

    assert text == (
        "- `NAME`: What it is.\n\n   More.\n\n   **Note:** Mind it.\n\n   **Warning:**\n"
        "   Danger.\n\n   - <1> First.\n   - <2> Next."
    )


def test_discrete_headings_do_not_begin_a_section() -> None:
    assert only_text("[discrete]\n== Aside\n\nText.") == "**Aside**\n\nText."


def test_conditions_includes_and_delimiters_leave_no_trace() -> None:
    assert only_text("ifdef::x[]\nShown.\nendif::x[]\nifdef::y[Inline]\ninclude::other.adoc[]\n****\nSide\n****") == (
        "Shown.\nInline\nSide"
    )


def test_inline_markup_becomes_markdown() -> None:
    assert only_text(
        "See xref:con-a-{context}[the page], link:https://x.example/y[there^], link:other.html[that], <<id,this>>, "
        "<<some-id>>, image:i.png[a picture], *strong*, `+lit+`, `*code*`, #marked#, {nbsp}{unknown}."
    ) == (
        "See the page, [there](https://x.example/y), that, this, some id, a picture, **strong**, `lit`, `*code*`, "
        "marked,  {unknown}."
    )


def test_a_reference_without_words_is_named_after_what_it_names() -> None:
    assert only_text("See xref:assembly-metrics-setup-{context}[].") == "See metrics setup."


def test_attributes_of_the_page_are_filled_in() -> None:
    assert read(":product: Strimzi\n= T\n\n{product} runs.\n").sections[0].text == "Strimzi runs."


def test_tables_with_one_cell_a_line() -> None:
    text = only_text('[cols="2*",options="header"]\n|===\n|Name\n|File\n\n|A\n|`a.json`\n\n|B\n|b and\nmore\n|===')

    assert text == "| Name | File |\n| --- | --- |\n| A | `a.json` |\n| B | b and more |"


def test_tables_with_rows_on_lines_spans_and_escapes() -> None:
    text = only_text("|===\n|a |b |c\n\n2+|wide |x\na|y\\|z |1 |2\n// hidden\nifdef::q[]\n|===")

    assert text == "| a | b | c |\n| --- | --- | --- |\n| wide |  | x |\n| y\\|z | 1 | 2 |"


def test_a_table_without_end_is_kept() -> None:
    assert only_text("|===\n|a |b") == "| a | b |\n| --- | --- |"


@given(st.text(max_size=300) | MARKUP)
def test_any_text_is_a_page(text: str) -> None:
    page = read(text)

    assert page.title
    assert all(section.text.strip() for section in page.sections)
