"""How alike texts are in meaning: cosines of their embeddings, and what sets two apart however alike they read."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from knowledge.ports import Matrix

Embed = Callable[[Sequence[str]], Matrix]
_REMEMBERED = 20_000  # vectors; some 30 MB
_SHORT = 1_000  # characters of a text that are compared
_WORD = re.compile(r"[^\W_]+")
_NOT = frozenset("not no never without dont cannot cant stop remove drop disable less fewer".split())  # noqa: SIM905
_STAGES = frozenset("prod production dev development test staging preprod uat".split())  # noqa: SIM905


class Likeness:
    """Compares texts; remembers their vectors. Safe to use from any thread."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._vectors: OrderedDict[str, np.ndarray[tuple[int], np.dtype[np.float32]]] = OrderedDict()
        self._lock = threading.Lock()

    def between(self, text: str, others: Sequence[str]) -> list[float]:
        """The cosine of a text with each of the others. Raises what the embedder raises."""
        if not others:
            return []
        vectors = self.vectors([text, *others])
        return [float(cosine) for cosine in vectors[1:] @ vectors[0]]

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """One row of length 1 for each text, in order."""
        keys = [text[:_SHORT] for text in texts]
        with self._lock:
            known = {key: self._vectors[key] for key in keys if key in self._vectors}
        missing = list(dict.fromkeys(key for key in keys if key not in known))
        if missing:
            known |= dict(zip(missing, self._embed(missing), strict=True))
            with self._lock:
                self._vectors.update(known)
                while len(self._vectors) > _REMEMBERED:
                    self._vectors.popitem(last=False)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 0), dtype=np.float32)


def set_apart(one: str, other: str, names: Iterable[str] = ()) -> bool:
    """Whether two texts speak of different things though their words are alike: another component of `names`, another
    number, another stage, or one says "not" where the other does not."""
    known = {_singular(name) for name in names}
    return any(_telling(one, kind) != _telling(other, kind) for kind in (known, _STAGES, _NOT)) or (
        set(re.findall(r"\d+", one)) != set(re.findall(r"\d+", other))
    )


def _telling(text: str, kind: Iterable[str]) -> set[str]:
    """Those of a kind of words that are in the text; the ends of singular and plural do not matter."""
    plain = text.casefold().replace("'", "").replace("’", "")
    words = [_singular(word) for word in _WORD.findall(plain)]
    said = {*words, *(f"{a}-{b}" for a, b in pairwise(words))}
    return {word for word in kind if word in said}


def _singular(word: str) -> str:
    return word.casefold().replace("_", "-").removesuffix("s")
