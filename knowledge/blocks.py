"""Markdown taken apart into its blocks, and made safe to quote: no links, images or HTML of the page's author."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.visible import visible

_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_STASHED = re.compile(r"\x00(\d+)\x00")
_DROPPED = re.compile(
    r"<(script|style|iframe|object|svg)\b.*?(?:</\1\s*>|$)|<!--.*?(?:-->|$)", re.DOTALL | re.IGNORECASE
)
_TAG = re.compile(
    r"</?(?:a|abbr|at|b|big|blockquote|br|center|code|dd|del|details|div|dl|dt|em|embed|figcaption|figure|font|form|h[1-6]|hr"
    r"|i|iframe|img|input|ins|kbd|li|link|mark|meta|object|ol|p|pre|q|s|samp|script|section|small|span|strike|strong"
    r"|style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|video|button|audio|base|source)"
    r"\b[^<>]*>",
    re.IGNORECASE,
)
_TARGET = r"\((?:[^()\s]|\([^()\s]*\))*(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
_IMAGE = re.compile(rf"!\[([^\[\]]*)\](?:{_TARGET}|\[[^\[\]]*\])")
_LINK = re.compile(rf"(?<!\\)\[((?:[^\[\]]|\[[^\[\]]*\])*)\](?:{_TARGET}|\[[^\[\]]*\])")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s+\S+.*$", re.MULTILINE)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_AUTOLINK = re.compile(r"<((?:https?|ftp|mailto):[^<>\s]*)>", re.IGNORECASE)
_URL = re.compile(r"(?<![\w`])((?:https?|ftp)://[^\s<>`\"')\]]*[^\s<>`\"')\].,;:!?])", re.IGNORECASE)
_MARK = re.compile(r"(?<!\\)\[(\d{1,3})\]")
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])")  # "<name>" that is no tag: the page means it as text
_FENCE = re.compile(r"\s*(?:[-*+]\s+|\d+[.)]\s+)?(?P<fence>`{3,}(?!.*`)|~{3,})")
_CHANGES = (  # an image may stand inside a link, so links come second, and once more
    (_DROPPED, ""),
    (_DEFINITION, ""),
    (_IMAGE, r"\1"),
    (_LINK, r"\1"),
    (_LINK, r"\1"),
    (_FOOTNOTE, ""),
    (_LINE_BREAK, " "),
    (_TAG, ""),
)

_SENTENCE_END = re.compile(r"(?<=[.!?])[*_)\"”]*\s+(?=[\"“(*_`\[]*[A-Z0-9`%])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|resp|fig)|(?:^|\s)[A-Za-z])\.$", re.IGNORECASE)

_COMMENT = re.compile(r"\s*(?:#+|//+|--|;+)\s+(.*)")
_SENTENCE = re.compile(r"(?:\S+\s+){4,}\S+[.!?]$")
_TITLE = re.compile(r"\*\*[^*\n]+\*\*:?")
_PADDING = re.compile(r"(?<=\S) {2,}(?=\|)|(?<=\|) {2,}")  # of cells, set out in columns
_ACTIVE = re.compile(r"[\[\]<]")
_ANY_MARKUP = re.compile(r"[\[\]<`~\\]")
_LEADING_AWAY = frozenset({"link_open", "image", "html_inline", "html_block"})


class Form(StrEnum):
    PARAGRAPH = "paragraph"
    STEPS = "steps"  # a numbered list
    POINTS = "points"  # any other list
    CODE = "code"
    TABLE = "table"
    QUOTE = "quote"
    HEADING = "heading"


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level piece of Markdown: quoting it whole never leaves a fence, a step or a table open."""

    form: Form
    text: str
    items: tuple[str, ...] = ()  # of a list: each item with all its lines


_FORMS = {
    "paragraph_open": Form.PARAGRAPH,
    "ordered_list_open": Form.STEPS,
    "bullet_list_open": Form.POINTS,
    "fence": Form.CODE,
    "code_block": Form.CODE,
    "table_open": Form.TABLE,
    "blockquote_open": Form.QUOTE,
    "heading_open": Form.HEADING,
    "html_block": Form.PARAGRAPH,
}


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table").disable("reference")


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def blocks(markdown: str) -> list[Block]:
    """The blocks of a text in order, each cleaned; empty ones and rules are left out."""
    markdown = visible(markdown)
    lines = markdown.splitlines()
    found = (_block(token, tokens, lines) for token, tokens in _top_level(_parser().parse(markdown)))
    return _continued([block for block in found if block is not None and block.text.strip()])


def clean(markdown: str) -> str:
    """Prose that links nowhere and holds no HTML; code spans and fenced code stay as they are."""
    markdown = visible(markdown)
    if "```" in markdown or "~~~" in markdown:
        return "\n\n".join(block.text for block in blocks(markdown))
    return _clean_prose(markdown)


def sentences(paragraph: str) -> list[str]:
    """A paragraph cut after each sentence; joined with blanks they give the paragraph back."""
    pieces: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        before = paragraph[start : match.start()]
        inside_code = before.count("`") % 2 == 1
        if not inside_code and not _ABBREVIATION.search(before):
            pieces.append(paragraph[start : match.end()].strip())
            start = match.end()
    pieces.append(paragraph[start:].strip())
    return [piece for piece in pieces if piece]


def comments(code: str) -> list[str]:
    """The paragraphs of prose in a listing's comments, those of one line that are no sentence left out."""
    lines = [match.group(1).strip() if (match := _COMMENT.match(line)) else "" for line in code.splitlines()]
    paragraphs = " ".join(line or "\n" for line in lines).split("\n")
    return [clean(text) for text in (paragraph.strip() for paragraph in paragraphs) if _SENTENCE.search(text)]


def _top_level(tokens: Sequence[Token]) -> Iterator[tuple[Token, Sequence[Token]]]:
    for place, token in enumerate(tokens):
        if token.level == 0 and token.map is not None and token.type in _FORMS:
            yield token, tokens[place:]


def _block(token: Token, following: Sequence[Token], lines: Sequence[str]) -> Block | None:
    form = _FORMS[token.type]
    if form is Form.CODE:
        return Block(form, _fenced(token.content, token.info))
    if form in {Form.STEPS, Form.POINTS}:
        items = tuple(_clean_item(_undented(_lines(item, lines))) for item in _items(following))
        text = "\n".join(items)
        return Block(Form.PARAGRAPH, _clean_prose(text)) if leads_away(text) else Block(form, text, items)
    text = following[1].content if form is Form.HEADING else _lines(token, lines)
    text = _clean_prose(text).strip()
    return Block(form, _PADDING.sub(" ", text) if form is Form.TABLE else text)


def _fenced(content: str, info: str = "") -> str:
    """Code between fences longer than any inside it, so that it is closed whatever it holds."""
    longest = max((len(run) for run in re.findall(r"`{3,}", content)), default=2)
    fence = "`" * (longest + 1)
    words = info.split()
    return f"{fence}{words[0] if words else ''}\n{content.rstrip()}\n{fence}"


def _continued(found: Sequence[Block]) -> list[Block]:
    """Steps that go on after an example between them are one list: at the number that follows, or all numbered 1."""
    result: list[Block] = []
    for block in found:
        before = _steps_before(result, block)
        if before is None:
            result.append(block)
            continue
        steps, *between = result[before:]
        going_on = _renumbered(block, len(steps.items)) if number(block) == 1 else block
        items = [*steps.items[:-1], "\n\n".join([steps.items[-1], *(b.text for b in between)]) + "\n"]
        text = "\n\n".join([steps.text, *(b.text for b in between), going_on.text])
        result[before:] = [Block(Form.STEPS, text, (*items, *going_on.items))]
    return result


def _steps_before(result: Sequence[Block], block: Block) -> int | None:
    """The place of the list that this block goes on with."""
    first = number(block)
    for place in range(len(result) - 2, max(-1, len(result) - 6), -1):
        if number(result[place]):
            is_next = first > 1 and number(result[place]) + len(result[place].items) == first
            is_near = place >= len(result) - 3
            between = result[place + 1 :]
            return place if first and ((is_next and is_near) or _is_lazy(result[place], block, between)) else None
    return None


def _is_lazy(steps: Block, block: Block, between: Sequence[Block]) -> bool:
    """Both lists number every step 1, and only examples and their titles stand between them."""
    ones = all(re.match(r"\s*1[.)]\s", item) for item in (*steps.items, *block.items))
    examples = all(b.form is Form.CODE or _TITLE.fullmatch(b.text) for b in between)
    return ones and examples and any(b.form is Form.CODE for b in between)


def _renumbered(block: Block, done: int) -> Block:
    items = tuple(
        re.sub(r"^(\s*)1(?=[.)])", rf"\g<1>{place}", item) for place, item in enumerate(block.items, start=done + 1)
    )
    return Block(block.form, "\n".join(items), items)


def number(block: Block) -> int:
    """The number a list of steps begins with; 0 for anything else."""
    first = re.match(r"\s*(\d+)", block.text) if block.form is Form.STEPS else None
    return int(first.group(1)) if first else 0


def _items(following: Sequence[Token]) -> Iterator[Token]:
    for token in following[1:]:
        if token.level == 0:
            return
        if token.level == 1 and token.type == "list_item_open":
            yield token


def _lines(token: Token, lines: Sequence[str]) -> str:
    start, end = token.map or (0, 0)
    return "\n".join(lines[start:end]).rstrip()


def _undented(item: str) -> str:
    """An item of a list that is indented as a whole: pieces of one list may be, and others not."""
    indent = len(item) - len(item.lstrip(" "))
    return "\n".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in item.splitlines())


def _clean_item(item: str) -> str:
    """A list item may hold code of its own, in fences or indented: only the lines outside are cleaned."""
    kept: list[str] = []
    prose: list[str] = []
    fence = closing = ""
    lines = item.splitlines()
    indented = _indented_code(item)
    for number, line in enumerate(lines):
        mark = None if number in indented else _FENCE.match(line)
        if mark and not fence:
            kept += [*_clean_lines(prose), line]
            prose, fence = [], mark.group("fence")
            closing = " " * mark.start("fence") + fence
        elif mark and mark.group("fence").startswith(fence):
            kept.append(line)
            fence = ""
        else:
            if number in indented and not fence:
                kept += _clean_lines(prose)
                prose = []
            (kept if fence or number in indented else prose).append(line)
    kept += [closing] if fence else _clean_lines(prose)  # a fence that the page never closes is closed here
    return "\n".join(kept).rstrip()


def _indented_code(item: str) -> set[int]:
    """Numbers of the lines that are code by their indentation."""
    found = (token.map for token in _parser().parse(item) if token.type == "code_block" and token.map)
    return {number for start, end in found for number in range(start, end)}


def _clean_lines(lines: Sequence[str]) -> list[str]:
    return _clean_prose("\n".join(lines)).split("\n") if lines else []


def _clean_prose(text: str) -> str:
    """The text without links, images and HTML; code spans are put aside meanwhile."""
    stash: list[str] = []

    def put_aside(code: str) -> str:
        stash.append(code)
        return f"\x00{len(stash) - 1}\x00"

    text = _CODE.sub(lambda match: put_aside(match.group()), text.replace("\x00", ""))
    for pattern, change in _CHANGES:
        text = pattern.sub(change, text)
    for address in (_AUTOLINK, _URL):
        text = address.sub(lambda match: put_aside(f"`{match.group(1)}`"), text)
    text = _MARK.sub(r"\\[\1\\]", _PLACEHOLDER.sub(r"\\<", text))
    restored = _restored(text, stash)
    if leads_away(restored):
        restored = _restored(_ACTIVE.sub(r"\\\g<0>", text), stash)
    return _ANY_MARKUP.sub(r"\\\g<0>", restored) if leads_away(restored) else restored


def _restored(text: str, stash: Sequence[str]) -> str:
    return _STASHED.sub(lambda match: stash[int(match.group(1))], text)


def leads_away(text: str) -> bool:
    """Whether a renderer would still find a link, an image or HTML: what the patterns miss is escaped altogether."""
    if not _ACTIVE.search(text):
        return False
    tokens = _renderer().parse(text)
    inside = (child.type for token in tokens for child in token.children or ())
    return any(kind in _LEADING_AWAY for kind in (*(token.type for token in tokens), *inside))
