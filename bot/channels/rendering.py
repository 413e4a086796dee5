"""Markdown, citations and places as safe HTML. Everything that came from outside is escaped or sanitised here."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

from bot.addresses import is_parseable, is_web_address
from knowledge.blocks import blocks
from knowledge.model import Citation

_TAGS = frozenset(
    """a b blockquote br button code dd del div dl dt em h2 h3 h4 h5 h6 hr i li ol p pre s span strong table tbody td th
    thead tr ul""".split()  # noqa: SIM905 - sixty words read better as text
)
_ATTRIBUTES = {
    "a": {"href", "class", "id", "aria-label", "aria-controls"},
    "button": {"type", "class", "data-copy"},
    "code": {"class"},
    "div": {"class", "role", "tabindex", "aria-label"},
    "ol": {"start"},
    "span": {"class"},
    "td": {"class"},
    "th": {"class"},
}
_MARK = re.compile(r"\[(\d{1,2})\]")
_COPY = '<button type="button" class="btn" data-copy="code">Copy</button>'


@dataclass(frozen=True, slots=True)
class Sources:
    """The citations of one reply and the prefix that makes their ids unique on a page of many replies."""

    key: str
    citations: Sequence[Citation] = ()

    def drawer(self, number: int) -> str:
        return f"src-{self.key}-{number}"

    def chip(self, number: int) -> str:
        return f"cite-{self.key}-{number}"

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(citation.number for citation in self.citations)


def markdown(text: str, sources: Sources | None = None, *, page: str = "", shift: int = 2) -> Markup:
    """Markdown as sanitised HTML: [n] marks become chips, code gets a copy button.

    `page` is the id of the document that the text comes from: relative links open beside it; without it they are
    shown as plain text. `shift` lowers headings, so that a quoted `#` never outranks the page's own title.
    """
    return _clean(_parser().render(text, _env(sources, page, shift)))


def inline(text: str) -> Markup:
    """One line of Markdown without a paragraph around it: `code`, *emphasis*, links."""
    return _clean(_parser().renderInline(text, _env()))


def plain(text: str) -> str:
    """Markdown as words only, for titles and one-line rows."""
    html = _parser().render(_MARK.sub("", text), _env(buttons=False))
    words = Markup(nh3.clean(html, tags=set()))  # noqa: S704 - only to resolve entities; the result is plain text
    return " ".join(words.unescape().split())


def _env(sources: Sources | None = None, page: str = "", shift: int = 2, *, buttons: bool = True) -> dict[str, Any]:
    """What the rules of the parser look up; `shown` collects the chips that were written already."""
    return {"sources": sources, "page": page, "shift": shift, "buttons": buttons, "shown": set()}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The part of a cited section that an answer rests on, and what stands around it."""

    before: Markup
    passage: Markup
    after: Markup


def surroundings(citation: Citation, answer: str) -> Surroundings:
    """The cited section with the blocks marked that the answer quotes, or else the likeliest one."""
    parts = [block.text for block in blocks(citation.quote)] or [citation.quote]
    first, last = _supporting(parts, answer)
    pieces = ("\n\n".join(parts[start:end]) for start, end in ((0, first), (first, last), (last, len(parts))))
    before, passage, after = (markdown(_MARK.sub("", piece), page=citation.document_id) for piece in pieces)
    return Surroundings(before, passage, after)


def _supporting(parts: Sequence[str], answer: str) -> tuple[int, int]:
    """The run of blocks from the first to behind the last one that stands in the answer."""
    said = _words(answer)
    quoted = [n for n, part in enumerate(parts) if _words(part) and _words(part) in said]
    if quoted:
        return quoted[0], quoted[-1] + 1
    known = set(said.split())
    best = max(range(len(parts)), key=lambda n: len(known & set(_words(parts[n]).split())))
    return best, best + 1


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", _MARK.sub("", text).lower()))


def _clean(html: str) -> Markup:
    return Markup(  # noqa: S704 - this is the one place where HTML becomes trusted, after sanitising
        nh3.clean(
            html,
            tags=set(_TAGS),
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            url_schemes={"http", "https"},
            link_rel="noopener noreferrer",
        )
    )


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("sheriff", _prepare)
    rules: dict[str, Callable[..., str]] = {
        "cite": _chip,
        "fence": _code,
        "code_block": _code,
        "image": _image,
        "table_open": lambda *_: '<div class="scroll" role="region" tabindex="0" aria-label="Table"><table>',
        "table_close": lambda *_: "</table></div>",
    }
    for name, rule in rules.items():
        parser.add_render_rule(name, lambda _self, *args, rule=rule: rule(*args))
    return parser


def _prepare(state: StateCore) -> None:
    """Lower headings, turn [n] into chips, aim links."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + state.env.get('shift', 0))}"
        if token.type == "inline" and token.children:
            token.children = _chips(_links(token.children, state.env["page"]), state.env["sources"])


def _chips(tokens: list[Token], sources: Sources | None) -> list[Token]:
    if sources is None:
        return tokens
    result: list[Token] = []
    for token in tokens:
        result.extend(_split(token, sources) if token.type == "text" else [token])
    return result


def _split(token: Token, sources: Sources) -> list[Token]:
    pieces: list[Token] = []
    end = 0
    for found in _MARK.finditer(token.content):
        number = int(found[1])
        if number not in sources.numbers:
            continue
        before = token.content[end : found.start()]
        glued = before[:-1] + "\u00a0" if before.endswith(" ") else before  # a chip never starts a line alone
        pieces.append(Token("text", "", 0, content=glued))
        pieces.append(Token("cite", "", 0, meta={"number": number}))
        end = found.end()
    return [*pieces, Token("text", "", 0, content=token.content[end:])]


def _chip(tokens: Sequence[Token], index: int, _options: object, env: dict[str, Any]) -> str:
    sources: Sources = env["sources"]
    number: int = tokens[index].meta["number"]
    first = number not in env["shown"]
    env["shown"].add(number)
    identity = f' id="{escape(sources.chip(number))}"' if first else ""
    target = escape(sources.drawer(number))
    return f'<a class="cite"{identity} href="#{target}" aria-label="Source {number}">{number}</a>'


def _code(tokens: Sequence[Token], index: int, _options: object, env: dict[str, Any]) -> str:
    button = _COPY if env["buttons"] else ""
    return f'<div class="code"><pre><code>{escape(tokens[index].content)}</code></pre>{button}</div>'


def _image(tokens: Sequence[Token], index: int, *_: object) -> str:
    words = "".join(child.content for child in tokens[index].children or [])
    return f"<i>{escape(words or 'picture')}</i>"


def _links(tokens: list[Token], page: str) -> list[Token]:
    """Web links stay, links between pages open Sheriff's copy, everything else loses its link and keeps its words."""
    result: list[Token] = []
    open_links: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            address = _address(str(token.attrs.get("href", "")), page)
            token.attrs = {"href": address}
            open_links.append(bool(address))
            if not address:
                continue
        elif token.type == "link_close" and not open_links.pop():
            continue
        result.append(token)
    return result


def _address(href: str, page: str) -> str:
    if is_web_address(href):
        return href
    if not page or not is_parseable(href):
        return ""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return ""
    source, _, path = page.partition(":")
    here = path.partition("#")[0]
    target = posixpath.normpath(posixpath.join("/", posixpath.dirname(here), parts.path)).lstrip("/")
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"/pages/{quote(source)}/{quote(target if parts.path else here, safe='/%')}{fragment}"
