"""A section for the documentation, made of what sheriffs resolved: as Markdown, and as a patch of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.support.cases import Case
from knowledge import blocks

MOST = 3  # resolutions quoted
_WAY_OF_ASKING = re.compile(r"[?!.\s]+$")


@dataclass(frozen=True, slots=True)
class Where:
    """The page that a section goes to, and what stands before it."""

    path: str  # "" while no page is known
    heading: str
    last_line: str


def quoted(name: str, resolved: Sequence[Case]) -> str:
    """The section without a language model: a heading, and the resolutions to the letter, each once.

    Links, images and HTML are taken out, so that nothing that somebody pasted gets into a page unseen.
    """
    said = list(dict.fromkeys(clean(case.resolution) for case in resolved))
    paragraphs = [text for text in said if text][:MOST]
    return "\n\n".join([f"### {heading(name)}", *paragraphs]) if paragraphs else ""


def heading(name: str) -> str:
    return _WAY_OF_ASKING.sub("", " ".join(blocks.clean(name).split())).lstrip("#> ") or "Untitled"


def clean(text: str) -> str:
    """A text as it may stand in a page: without links, images and HTML, and without headings of its own."""
    kept = blocks.clean(text) if text.strip() else ""
    return re.sub(r"^(\s*)#{1,6}(?=\s)", r"\1\\#", kept, flags=re.MULTILINE).strip()


def sources(resolved: Sequence[Case]) -> str:
    """Where the words come from: "SUP-97 and SUP-61"."""
    labels = list(dict.fromkeys(case.label for case in resolved))[:MOST]
    return " and ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)


def patch(section: str, where: Where) -> str:
    """The section as a change of its page, after what stands there: to read and to paste."""
    added = [f"+{line}" for line in section.splitlines()]
    path = where.path or "new-page.md"
    if not where.path:
        return "\n".join(["--- /dev/null", f"+++ b/{path}", f"@@ -0,0 +1,{len(added)} @@", *added, ""])
    before = [f" {where.last_line}", "+"] if where.last_line else []
    head = f"@@ {where.heading} @@" if where.heading else "@@ @@"
    return "\n".join([f"--- a/{path}", f"+++ b/{path}", head, *before, *added, ""])
