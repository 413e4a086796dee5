"""HTML pages, and HTML inside Markdown: headings, paragraphs, lists, code and tables as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ingestion.readers import hidden
from ingestion.readers.page import Outline, Page, title_from_path

LEFT_OUT: Final = "script, style, nav, noscript, template, svg, iframe, button, form, footer, aside, [hidden]"
MAX_DEPTH: Final = 100  # deeper nesting is read as plain text
MAX_OPEN: Final = 5_000
# Elements without an end, or whose end is often left out.
NOT_COUNTED: Final = frozenset(
    {"area", "base", "body", "br", "col", "colgroup", "dd", "dt", "embed", "head", "hr", "html", "img", "input", "li"}
    | {"link", "meta", "optgroup", "option", "p", "path", "rect", "rp", "rt", "source", "tbody", "td", "tfoot", "th"}
    | {"thead", "tr", "track", "use", "wbr"}
)
_TAG: Final = re.compile(r"<(?P<closes>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)")
HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
BLOCKS: Final = frozenset(
    {"address", "article", "blockquote", "body", "details", "dd", "div", "dl", "dt", "fieldset", "figure"}
    | {"figcaption", "header", "hgroup", "hr", "li", "main", "ol", "p", "section", "summary", "ul"}
)
MARKS: Final = {"strong": "**", "b": "**", "em": "_", "i": "_"}
PERMALINKS: Final = frozenset({"¶", "#", "§", "🔗"})
BREAK: Final = "\x1a"  # a line break inside a paragraph: survives the squeezing of white space


def read(text: str, path: str) -> Page:
    """The page's title and sections; navigation, scripts and forms are left out."""
    from selectolax.lexbor import LexborHTMLParser

    if deep := _too_deep(text):
        return Page(
            title_from_path(path), (), refused=f"opens more than {MAX_OPEN} elements in each other (line {deep})"
        )
    tree = LexborHTMLParser(text)
    named = tree.css_first("head > title")
    hidden.remove(tree)
    for node in tree.css(LEFT_OUT):
        node.decompose()
    body = tree.css_first("main, article, [role=main]") or tree.body
    writer = _Writer(Outline())
    if body is not None:
        writer.children(body, 0)
    writer.end_paragraph()
    sections = writer.outline.sections()
    named_title = " ".join(named.text().split()) if named is not None else ""
    title = writer.outline.title or _without_site(named_title) or title_from_path(path)
    return Page(
        title=title,
        sections=sections,
        updated=_meta(tree, "date") or _meta(tree, "last-modified"),
    )


def fragment(html: str) -> str:
    """A piece of HTML inside a Markdown page, as Markdown."""
    from selectolax.lexbor import LexborHTMLParser

    writer = _Writer(Outline(), is_fragment=True)
    listed = html.lstrip()[:3].lower() == "<li"  # a blank line ends a block, in the middle of a list too
    body = LexborHTMLParser(f"<ul>{html}" if listed else html).body
    if body is not None:
        if body.text(strip=True):
            for picture in body.css("img"):
                picture.decompose()
        writer.children(body, 0)
    writer.end_paragraph()
    return "\n".join(section.text for section in writer.outline.sections())


def _too_deep(text: str) -> int:
    """The line at which more elements are open than any page needs; 0 for none. The parser's and the selectors' time
    grows with the square of the depth."""
    open_now = 0
    for tag in _TAG.finditer(text):
        if tag["name"].lower() in NOT_COUNTED:
            continue
        open_now = max(0, open_now - 1) if tag["closes"] else open_now + 1
        if open_now > MAX_OPEN:
            return text.count("\n", 0, tag.start()) + 1
    return 0


def _without_site(title: str) -> str:
    """ "Quotas | Dev Insight" and "Quotas - Dev Insight" name the page first."""
    return re.split(r"\s+[|–—-]\s+", title)[0]


def _meta(tree: Any, name: str) -> str:
    node = tree.css_first(f'meta[name="{name}"]')
    return (node.attributes.get("content") or "").strip() if node is not None else ""


@dataclass(slots=True)
class _Writer:
    """Walks the tree once; inline text gathers in a paragraph that every block ends."""

    outline: Outline
    is_fragment: bool = False  # headings become bold text, and short code takes one line
    _inline: list[str] = field(default_factory=list)
    _prefix: str = ""  # of the next paragraph, such as a list mark
    _indent: str = ""

    def children(self, node: Any, depth: int) -> None:
        for child in node.iter(include_text=True):
            self._node(child, depth + 1)

    def end_paragraph(self) -> None:
        text = " ".join("".join(self._inline).replace(BREAK, f" {BREAK} ").split())
        self._inline.clear()
        if text:
            for line in text.split(BREAK):
                self.outline.write(self._prefix + line.strip())
                self._prefix = self._indent
            self.outline.write("")

    def _node(self, node: Any, depth: int) -> None:
        tag = node.tag
        if tag == "-text":
            self._inline.append(node.text(deep=False))
        elif depth > MAX_DEPTH:
            self._inline.append(node.text(deep=True, separator=" "))
        elif tag in HEADINGS:
            self._heading(node, HEADINGS[tag])
        elif tag == "pre":
            self._code(node)
        elif tag == "table":
            self._table(node)
        elif tag in {"ul", "ol"}:
            self._list(node, depth, ordered=tag == "ol")
        elif tag in BLOCKS:
            self.end_paragraph()
            self.children(node, depth)
            self.end_paragraph()
        else:
            self._inline_node(node, depth)

    def _inline_node(self, node: Any, depth: int) -> None:
        if node.tag == "br":
            self._inline.append(BREAK)
        elif node.tag == "code":
            self._inline.append(f"`{' '.join(node.text().split())}`")
        elif node.tag == "img":
            self._inline.append(node.attributes.get("alt") or "")
        elif node.tag == "a":
            self._link(node, depth)
        elif node.tag in MARKS and node.text(strip=True):
            self._inline.append(MARKS[node.tag] + " ".join(node.text().split()) + MARKS[node.tag])
        elif not node.tag.startswith(("-", "_", "!")):
            self.children(node, depth)

    def _link(self, node: Any, depth: int) -> None:
        words, target = " ".join(node.text().split()), node.attributes.get("href") or ""
        if words in PERMALINKS:
            return
        if words and target.startswith(("https://", "http://")):
            self._inline.append(f"[{words}]({target})")
        else:
            self.children(node, depth)

    def _heading(self, node: Any, level: int) -> None:
        self.end_paragraph()
        anchor = node.attributes.get("id") or ""
        if not anchor and (named := node.css_first("[id], a[name]")) is not None:
            anchor = named.attributes.get("id") or named.attributes.get("name") or ""
        words = " ".join(node.text().split()).rstrip("".join(PERMALINKS)).strip()
        if words and self.is_fragment:
            self.outline.write(f"**{words}**")
            self.outline.write("")
        elif words:
            self.outline.heading(level, words, anchor=anchor)

    def _code(self, node: Any) -> None:
        self.end_paragraph()
        text = node.text().strip("\n")
        if self.is_fragment and "\n" not in text and "`" not in text:
            self.outline.write(f"{self._indent}`{text.strip()}`" if text.strip() else "")
            self.outline.write("")
            return
        inner = node.css_first("code")
        language = re.search(r"\blang(?:uage)?-([\w+-]+)", _classes(node) + " " + _classes(inner))
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        for line in (fence + (language[1] if language else ""), *text.split("\n"), fence):
            self.outline.write(self._indent + line)
        self.outline.write("")

    def _list(self, node: Any, depth: int, *, ordered: bool) -> None:
        self.end_paragraph()
        outer = self._indent
        for number, item in enumerate((child for child in node.iter() if child.tag == "li"), start=1):
            mark = f"{number}. " if ordered else "- "
            self._prefix, self._indent = outer + mark, outer + " " * len(mark)
            self.children(item, depth + 1)
            self.end_paragraph()
        self._indent = self._prefix = outer

    def _table(self, node: Any) -> None:
        self.end_paragraph()
        rows = [[_cell(cell) for cell in row.iter() if cell.tag in {"th", "td"}] for row in _rows(node)]
        rows = [row for row in rows if any(row)]
        width = max((len(row) for row in rows), default=0)
        for position, row in enumerate(rows):
            cells = row + [""] * (width - len(row))
            self.outline.write(f"{self._indent}| {' | '.join(cells)} |")
            if position == 0:
                self.outline.write(f"{self._indent}|{' --- |' * width}")
        self.outline.write("")


def _rows(table: Any) -> Iterator[Any]:
    """The table's own rows, not those of tables inside it."""
    for part in table.iter():
        if part.tag == "tr":
            yield part
        elif part.tag in {"thead", "tbody", "tfoot"}:
            yield from (row for row in part.iter() if row.tag == "tr")


def _cell(node: Any) -> str:
    text: str = node.text(separator=" ")
    return " ".join(text.split()).replace("```", "`").replace("|", "\\|")


def _classes(node: Any) -> str:
    return (node.attributes.get("class") or "") if node is not None else ""
