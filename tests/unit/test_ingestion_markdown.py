"""Markdown pages become titled sections with the anchors that people can open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.readers import markdown
from ingestion.readers.page import Page, slug

MARKUP = st.text(
    alphabet=st.sampled_from(list("ab \n\n#`~-=*|>[](){}<!:/%\"'.1\t\\")), max_size=400
)  # dense in characters that mean something


def read(text: str, path: str = "kafka/quotas.md") -> Page:
    return markdown.read(text, path)


def test_the_first_heading_names_the_page_and_opens_at_its_top() -> None:
    page = read("# Quotas\n\nIntro.\n\n## Raise a quota\n\nSteps.\n")

    assert page.title == "Quotas"
    assert [(s.headings, s.anchor, s.text, s.line) for s in page.sections] == [
        ((), "", "Intro.", 1),
        (("Raise a quota",), "raise-a-quota", "Steps.", 5),
    ]


def test_front_matter_tells_title_component_owner_and_date() -> None:
    page = read(
        "---\ntitle: Quotas\ncomponent: kafka\nowner: Kafka team\nupdated: 2026-10-12\n---\n# Quotas\n\nText.\n"
    )

    assert (page.title, page.component, page.owner, page.updated) == ("Quotas", "kafka", "Kafka team", "2026-10-12")
    assert page.sections[0].headings == ()
    assert page.sections[0].line == 7


def test_names_in_the_front_matter_are_findable_and_hugo_addresses_are_not() -> None:
    page = read("---\ntitle: Quotas\naliases: [limits, /old/quotas]\n---\nText.\n")

    assert page.sections[0].text == "Also known as limits.\n\nText."


def test_front_matter_with_an_unquoted_colon_still_gives_the_title() -> None:
    page = read("---\ntitle: Kafka: raise a quota\n---\nText.\n")

    assert page.title == "Kafka: raise a quota"
    assert page.sections[0].text == "Text."


@pytest.mark.parametrize("text", ["---\n---\nText.", "---\n[1, 2\n---\nText.", "---\n\n---\nText."])
def test_front_matter_that_says_nothing_leaves_the_text(text: str) -> None:
    assert read(text).sections[-1].text.endswith("Text.")


def test_text_between_two_rules_is_not_front_matter() -> None:
    page = read("---\nA plain sentence.\n---\nMore.")

    assert page.sections[-1].headings == ("A plain sentence.",)
    assert page.sections[-1].text == "More."


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("kafka/raise-a-quota.md", "Raise a quota"),
        ("kafka/README.md", "Kafka"),
        ("index.md", "Index"),
        ("a/__.md", "a/__.md"),
    ],
)
def test_a_page_without_title_is_named_after_its_file(path: str, title: str) -> None:
    assert read("Text.", path).title == title


def test_a_heading_other_than_the_front_matter_title_stays_a_heading() -> None:
    page = read("---\ntitle: Kafka\n---\n# Quotas\n\nText.\n")

    assert page.title == "Kafka"
    assert page.sections[0].headings == ("Quotas",)


def test_underlined_headings_count_and_a_rule_under_a_paragraph_does_not() -> None:
    page = read("Quotas\n======\n\nIntro.\n\nLimits\n------\n\nText.\n\nOne line\nand another\n---\n\nMore.\n")

    assert page.title == "Quotas"
    assert [s.headings for s in page.sections] == [(), ("Limits",)]
    assert "and another\n---" in page.sections[1].text


def test_code_holds_no_headings() -> None:
    page = read("# T\n\n```bash\n# not a heading\n```\n\n~~~\n## nor this\n~~~\n\n    # nor this\n")

    assert len(page.sections) == 1
    assert "# not a heading" in page.sections[0].text


def test_a_fence_inside_a_longer_fence_does_not_end_it() -> None:
    page = read("# T\n\n````md\n```\n# inside\n```\n````\n\n## After\n\nText.\n")

    assert [s.headings for s in page.sections] == [(), ("After",)]


def test_sibling_headings_of_the_same_name_get_different_anchors() -> None:
    page = read("# T\n\n## Example\n\na\n\n## Example\n\nb\n\n## Example-1\n\nc\n")

    assert [s.anchor for s in page.sections] == ["example", "example-1", "example-1-1"]


@pytest.mark.parametrize(
    ("heading", "anchor", "words"),
    [
        ("## Raise it {#raise}", "raise", "Raise it"),
        ("## Raise it {: #raise .wide }", "raise", "Raise it"),
        ('## <a name="raise"></a>Raise it', "raise", "Raise it"),
        ('<a id="raise"></a>\n\n## Raise it', "raise", "Raise it"),
        ('<h2 id="raise">Raise it</h2>', "raise", "Raise it"),
        ("## `kafka.yaml`: *what* [is](x.md) it?", "kafkayaml-what-is-it", "kafka.yaml: what is it?"),
        ("## ![icon](i.png) Über uns", "icon-über-uns", "icon Über uns"),
    ],
)
def test_explicit_and_derived_anchors(heading: str, anchor: str, words: str) -> None:
    section = read(f"# T\n\n{heading}\n\nText.\n").sections[-1]

    assert (section.anchor, section.headings, section.text) == (anchor, (words,), "Text.")


def test_slugs_are_those_of_github() -> None:
    assert slug("What's new in 2.0 -- and why?") == "whats-new-in-20----and-why"


def test_comments_are_dropped_and_lines_keep_their_numbers() -> None:
    page = read("# T\n\nA <!-- one\ntwo --> B\n\n```html\n<!-- kept -->\n```\n\n## Next\n\nText.\n")

    assert "one" not in page.sections[0].text
    assert "<!-- kept -->" in page.sections[0].text
    assert page.sections[1].line == 10


def test_admonitions_of_every_dialect_become_labels_and_their_code_is_code() -> None:
    text = (
        '# T\n\n!!! warning "Data loss"\n\n    Do this:\n\n    ```bash\n    # run\n    ```\n\n'
        "## After\n\n:::note\nKept.\n:::\n\n> [!TIP]\n> Hint.\n"
    )
    page = read(text)

    assert page.sections[0].text == "**Warning: Data loss**\n\nDo this:\n\n```bash\n# run\n```"
    assert page.sections[1].text == "**Note:**\nKept.\n\n> **Tip:**\n> Hint."


def test_tabs_and_shortcodes_leave_their_content() -> None:
    text = (
        '# T\n\n=== "Linux"\n\n    Use apt.\n\n{{< note >}}Careful{{< /note >}}\n{% raw %}\n'
        '`{{ .Values.x }}` and {{ .Release }}\n--8<-- "snippet.md"\n'
    )

    assert read(text).sections[0].text == ("**Linux**\n\nUse apt.\n\nCareful\n\n`{{ .Values.x }}` and {{ .Release }}")


def test_relative_links_and_pictures_keep_their_words_and_absolute_links_stay() -> None:
    text = (
        "# T\n\n"
        "[Here](../a.md#b), [there](https://x.example/a), ![a picture](p.png), `[code](kept.md)`, [ref][1].\n\n"
        "[1]: https://r.example\n"
    )

    assert read(text).sections[0].text == ("Here, [there](https://x.example/a), a picture, `[code](kept.md)`, ref.")


def test_html_tables_become_markdown_tables_where_they_fit() -> None:
    text = (
        "# T\n\n<table>\n<tr><th>Name</th><th>Limit</th></tr>\n<tr><td>a|b</td><td>1</td></tr>\n"
        "</table>\n\n<details>\n<summary>More</summary>\nHidden.\n</details>\n"
    )

    section = read(text).sections[0]

    assert "| Name | Limit |\n| --- | --- |\n| a\\|b | 1 |" in section.text
    assert "**More**\nHidden." in section.text


def section_of(text: str) -> str:
    return read(f"# T\n\n{text}\n").sections[0].text


def test_a_table_whose_cells_hold_fences_is_still_a_table() -> None:
    text = "<table>\n<tr><th>Name</th></tr>\n<tr><td>Like:\n```\na: {}\n```\n</td></tr>\n</table>"

    assert section_of(text) == "| Name |\n| --- |\n| Like: ` a: {} ` |"


def test_a_table_on_one_line_is_told_in_words() -> None:
    text = "<table><tr><th>Name</th><th>Limit</th></tr><tr><td>a</td><td>1</td></tr></table>"

    assert section_of(text) == "Name, Limit; a, 1"


def test_boxes_written_in_html_become_text_in_the_section_they_stand_in() -> None:
    text = (
        "<details>\n  <summary>Kind</summary>\n  <h3>What is it?</h3>\n  <p>A <strong>tool</strong> of "
        '<a href="https://k.example/docs">this project</a>.</p>\n\n  <h3>Create one</h3>\n'
        "  <pre><code>kind create cluster</code></pre>\n    <ul>\n      <li>One</li>\n\n      <li>Two</li>\n    </ul>\n"
        "</details>"
    )

    assert section_of(text) == (
        "**Kind**\n**What is it?**\nA **tool** of [this project](https://k.example/docs).\n\n"
        "**Create one**\n`kind create cluster`\n- One\n\n- Two"
    )


def test_cards_of_links_and_pictures_leave_their_words() -> None:
    text = (
        '<a style={{float: "left"}}\n    href="../aks">\n  <img style={{margin: "0"}}\n       alt="an icon"'
        ' src="i.svg" />\n  Learn how to deploy on **AKS**.\n</a>\n\n<img alt="How a request travels" src="d.svg">'
    )

    assert section_of(text) == "Learn how to deploy on **AKS**.\n\nHow a request travels"


def test_code_that_only_names_a_file_is_left_out() -> None:
    text = (
        "Create it:\n\n```yaml\n# The namespace\n{% include 'namespace.yaml' %}\n```\n\n"
        '```yaml\n--8<-- "a.yaml"\n```\n\n```yaml\n{!docs/a.yaml!}\n```\n\n'
        "```yaml\n{% raw %}\na: {{ b }}\n{% endraw %}\n```"
    )

    assert section_of(text) == "Create it:\n\n```yaml\n\na: {{ b }}\n\n```"


def test_a_comment_over_code_is_dropped_whole() -> None:
    assert section_of("A\n\n<!-- later:\n```\ncode\n```\nend -->\nB `<!--` C") == "A\n\nB `<!--` C"


def test_pictures_called_by_a_number_and_titles_of_links_are_not_text() -> None:
    text = (
        '1. Open it.\n![1](a.png)\n2. Close ([12](https://x.example/12 "a (long\ntitle")). '
        "![Add the app](b.png 'Add the app (menu)')"
    )

    assert section_of(text) == "1. Open it.\n\n2. Close ([12](https://x.example/12)\n). Add the app"


def test_links_to_the_foot_of_the_page_may_break_over_lines() -> None:
    text = "See the [API\nstability][stab] and [this\nguide][].\n\n[stab]:https://x.example\n[this guide]: y.md"

    assert section_of(text) == "See the API\nstability and this\nguide."


def test_footnotes_and_entities_read_as_text() -> None:
    text = "Deleted[^1] &mdash; usually.\n\n[^1]: Not always: `&mdash;[^1]`.\n\n"
    text += "| a &lt; b | <ul><li>c</li><li>d</li></ul> |"

    assert section_of(text).startswith("Deleted — usually.\n\nNot always: `&mdash;[^1]`.\n\n| a &lt; b |")
    assert "c; d" in section_of(text)


def test_a_table_rule_is_kept_short() -> None:
    assert read("# T\n\n| a | b |\n|--------|:------:|\n| 1 | 2 |\n").sections[0].text == (
        "| a | b |\n|---|:---:|\n| 1 | 2 |"
    )


@given(st.text(max_size=300) | MARKUP)
def test_any_text_is_a_page(text: str) -> None:
    page = read(text.replace("\r", ""))

    assert page.title
    assert all(section.text.strip() for section in page.sections)


@given(MARKUP)
def test_lines_of_headings_lie_in_the_file_in_order(text: str) -> None:
    lines = [section.line for section in read(text).sections]

    assert lines == sorted(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
