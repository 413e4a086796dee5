"""HTML pages become Markdown sections without navigation and scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.readers import html

MARKUP = st.from_regex(
    r"((<(/?(p|ul|li|h2|pre|code|table|tr|td|a|script)|br|b|a href='https://x.example')>)|<!--|-->|[a `|<]){0,60}",
    fullmatch=True,
)

PAGE = """<html><head><title>Quotas | Dev Insight</title><meta name="date" content="2026-10-12"></head><body>
<nav><a href="/">Home</a></nav><script>alert(1)</script>
<main><h1>Kafka quotas</h1><p>Intro with <code>kafka.yaml</code>,
<a href="https://x.example/y">a link</a>, <a href="../z">another</a> and <b>weight</b>.<br>Next line.</p>
<h2 id="raise">Raise it<a href="#raise">¶</a></h2>
<ol><li>First<pre><code class="language-bash">ls
# no heading</code></pre></li><li>Second<ul><li>Inner</li></ul></li></ol>
<table><tr><th>Name</th><th>Max</th></tr><tr><td>a|b</td><td>96</td></tr></table></main><footer>Imprint</footer></body></html>"""


def test_a_page_gives_its_headings_lists_code_and_tables() -> None:
    page = html.read(PAGE, "quotas.html")

    assert (page.title, page.updated) == ("Kafka quotas", "2026-10-12")
    assert [(s.headings, s.anchor) for s in page.sections] == [((), ""), (("Raise it",), "raise")]
    assert page.sections[0].text == (
        "Intro with `kafka.yaml`, [a link](https://x.example/y), another and **weight**.\nNext line."
    )
    assert page.sections[1].text == (
        "1. First\n\n   ```bash\n   ls\n   # no heading\n   ```\n\n2. Second\n\n   - Inner\n\n"
        "| Name | Max |\n| --- | --- |\n| a\\|b | 96 |"
    )


def test_the_title_element_names_a_page_without_heading() -> None:
    assert html.read("<title>Quotas - Dev Insight</title><p>Text</p>", "x.html").title == "Quotas"
    assert html.read("<p>Text</p>", "raise-a-quota.html").title == "Raise a quota"


def test_hidden_parts_are_left_out() -> None:
    page = html.read("<body><aside>no</aside><form>no</form><p hidden>no</p><p>yes</p></body>", "x.html")

    assert [section.text for section in page.sections] == ["yes"]


def test_very_deep_nesting_is_read_as_text() -> None:
    page = html.read("<div>" * 3000 + "deep" + "</div>" * 3000, "x.html")

    assert page.sections[0].text == "deep"


@given(st.text(max_size=300) | MARKUP)
def test_any_text_is_a_page(text: str) -> None:
    page = html.read(text, "x.html")

    assert page.title
    assert all(section.text.strip() for section in page.sections)


def test_elements_within_elements_beyond_measure_are_refused_before_they_are_parsed() -> None:
    page = html.read("<p>ok\n" + "<div>" * 100_000, "deep.html")

    assert page.refused == "opens more than 5000 elements in each other (line 2)"
    assert page.sections == ()


@pytest.mark.parametrize("many", ["<p>text", "<li>text", "<tr><td>x", "<br>", "<b>x</b>", "<div>x</div>", "<option>x"])
def test_many_elements_side_by_side_are_no_depth(many: str) -> None:
    page = html.read(f"<h1>T</h1><p>text</p>{many * 6_000}", "page.html")

    assert not page.refused
    assert page.sections
