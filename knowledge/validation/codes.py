"""The catalogue of codes: a Markdown page for each, with a wrong and a right example, in knowledge/diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from knowledge import bundled
from knowledge.validation.diagnostics import Diagnostic

SOURCE = "diagnostics"  # the name under which the pages are indexed


@cache
def known() -> Sequence[str]:
    """Every code of Sheriff itself, in order; those of a platform's rules are explained by the platform's pages."""
    return sorted(page.stem for page in bundled.DIAGNOSTICS.glob("*.md"))


@cache
def text_of(code: str) -> str:
    """The page about a code, in Markdown; "" for a code that is not in the catalogue."""
    return (bundled.DIAGNOSTICS / f"{code}.md").read_text("utf-8") if code in known() else ""


def title_of(code: str) -> str:
    """What a code stands for in a few words; the code itself when it is not in the catalogue."""
    heading = text_of(code).partition("\n")[0]
    return heading.removeprefix(f"# {code} ") or code


def page_of(code: str) -> str:
    """The path of the page about a code, such as diagnostics/YAML001.md; "" when it is not in the catalogue."""
    return f"{SOURCE}/{code}.md" if code in known() else ""


def doc_of(diagnostic: Diagnostic) -> str:
    """The page to read on: the one that the platform names for this place, or the one about the code."""
    return diagnostic.doc or page_of(diagnostic.code)
