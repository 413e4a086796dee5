"""Which product a page is about, and which one a question names: their answers are never mixed."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.model import Passage
from knowledge.sense import codes
from knowledge.wording import content_words, letters


def product_of(passage: Passage) -> str:
    """What a page is about: its component, or the folder that it lies in with the rest of its product."""
    folder, nested, _ = passage.chunk.path.partition("/")
    return passage.chunk.component.lower() or (folder.lower() if nested else "")


def product_asked(question: str, passages: Sequence[Passage]) -> str:
    """The product of the best passage, unless the question names another one of which that says nothing.

    An error code is more of a name than the product in whose file it was met."""
    products = list(dict.fromkeys(map(product_of, passages)))
    if products and codes(question):
        return products[0]
    named = [product for product in products if _names(question, product)]
    best = f"{passages[0].chunk.path} {passages[0].chunk.place} {passages[0].body}" if passages else ""
    if named and not any(_names(best, product) for product in named):
        return named[0]
    return products[0] if products else ""


def _names(text: str, product: str) -> bool:
    words = content_words(product)
    return bool(words) and (set(words) <= set(content_words(text)) or _letters_in(product, text))


def _letters_in(product: str, text: str) -> bool:
    """ "ArgoCD" names "argo-cd"; short names would be found inside of other words."""
    return len(letters(product)) > 4 and letters(product) in letters(text)
