"""A written text as claims: what is said together, and the marks of the places that it says it from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge import blocks
from knowledge.blocks import Block, Form

MARK = re.compile(r"⟦(\d{1,3})⟧")  # in brackets that mean nothing in Markdown
_TITLE = re.compile(r"(?:\*\*|__)[^*\n]+(?:\*\*|__):?")
_LISTED = frozenset({Form.STEPS, Form.POINTS, Form.TABLE})


@dataclass(frozen=True, slots=True)
class Claim:
    """Blocks that stand or fall together; a sentence without a mark of its own has those of its claim."""

    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(block.text for block in self.blocks)

    @property
    def prose(self) -> str:
        """The text without its examples."""
        return "\n\n".join(block.text for block in self.blocks if block.form is not Form.CODE)

    @property
    def marks(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(int(number) for number in MARK.findall(self.prose)))

    @property
    def announces(self) -> bool:
        """It says nothing by itself: titles, examples, and sentences that end in a colon."""
        return all(block.form is Form.CODE or _announces(block) for block in self.blocks)

    def sentences(self) -> Iterator[str]:
        """Sentences, items and rows, without marks."""
        for block in self.blocks:
            if block.form is Form.CODE:
                continue
            text = MARK.sub("", block.text)
            for line in text.splitlines() if block.form in _LISTED else [text]:
                yield from blocks.sentences(line)


def claims(text: str) -> list[Claim]:
    """The claims of a text with ⟦n⟧ marks, in order.

    A list, a table or an example belongs to the sentence that announces it, an example without one to what stands
    before it. What only announces and has no mark belongs to what follows, at the end to what stands before.
    """
    grouped: list[list[Block]] = []
    for block in blocks.blocks(text):
        if grouped and (block.form is Form.CODE or _announces(grouped[-1][-1])):
            grouped[-1].append(block)
        else:
            grouped.append([block])
    return _joined([Claim(tuple(group)) for group in grouped])


def _joined(found: Sequence[Claim]) -> list[Claim]:
    result: list[Claim] = []
    waiting: tuple[Block, ...] = ()
    for claim in found:
        if claim.announces and not claim.marks:
            waiting += claim.blocks
        else:
            result.append(Claim(waiting + claim.blocks))
            waiting = ()
    if waiting and result:
        result[-1] = Claim(result[-1].blocks + waiting)
    elif waiting:
        result.append(Claim(waiting))
    return result


def _announces(block: Block) -> bool:
    said = MARK.sub("", block.text).strip()
    title = block.form is Form.HEADING or bool(_TITLE.fullmatch(said))
    return title or (block.form is Form.PARAGRAPH and said.endswith(":"))
