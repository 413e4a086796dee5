"""Sentences that only send the reader elsewhere: quoted without their links they say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge import blocks
from knowledge.blocks import Block, Form

_POINTER_ITEM = re.compile(
    r"\s*[-*+]\s+(?:\*\*|_)?(?:see also|read more|for more (?:information|details))\b", re.IGNORECASE
)
_REFERENCE = re.compile(
    r"(?:\*\*|_)?(?:(?:for [^.!?]{3,70} )?(?:please )?(?:see|refer to|(?:take|have) a look at|check out)|read more"
    r"|more (?:information|details|about|examples|on this)|details (?:are|about|on|in)|details(?=:))\b:?"
    r"(?:(?![.!?]\s).){1,90}"
    r"|[^.!?]{0,90}\b(?:found|listed|available|described|documented) (?:t?here|elsewhere)\.?"
    r"|(?:\*\*|_)?see also\b(?:\*\*|_)?:?.*"
    r"|(?:this (?:error |error message |message |issue |problem )(?:was|has been|is) )?reported in [^.!?]{0,20}"
    r"(?:issues?|tickets?)\b.{0,20}",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^ *>+ ?", re.MULTILINE)
_LINKS = re.compile(
    r"(?:additional|related|further|other|useful|more) (?:resources?|reading|links?|information|topics?)"
    r"|see also|references?|useful links",
    re.IGNORECASE,
)


def only_refers(headings: Sequence[str]) -> bool:
    """Whether a section lists where else to read, by its heading."""
    return bool(headings) and bool(_LINKS.fullmatch(headings[-1].strip(" :*_")))


def without_references(block: Block) -> Block:
    """The block less such sentences, lines and items."""
    if block.form in {Form.POINTS, Form.STEPS} and "```" not in block.text:
        told = tuple(_item(item.splitlines()) for item in block.items if not _POINTER_ITEM.match(item))
        return Block(block.form, "\n".join(told), told)
    if block.form is Form.QUOTE and _REFERENCE.fullmatch(" ".join(_QUOTED.sub("", block.text).split())):
        return Block(block.form, "")
    if block.form is not Form.PARAGRAPH:
        return block
    text = "\n".join(_lines_without_references(block.text.splitlines()))
    said = blocks.sentences(text)
    kept = [sentence for sentence in said if not _REFERENCE.fullmatch(" ".join(sentence.split()))]
    return Block(block.form, " ".join(kept) if len(kept) < len(said) else text)


def _item(lines: Sequence[str]) -> str:
    """The first line is what is to be done or listed, also when it begins "See which …"."""
    return "\n".join([lines[0], *_lines_without_references(lines[1:])])


def _lines_without_references(lines: Sequence[str]) -> Iterator[str]:
    """Less the lines that are a sentence of their own and only refer elsewhere; a wrapped sentence is not one."""
    for place, line in enumerate(lines):
        begins = place == 0 or lines[place - 1].rstrip().endswith((".", "!", "?", ":"))
        ends = place + 1 == len(lines) or line.rstrip().endswith((".", "!", "?"))
        if not (begins and ends and _REFERENCE.fullmatch(line.strip())):
            yield line
