"""The text as a reader sees it: without invisible characters, in plain letters; each letter knows where it stood."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# Letters of other alphabets that look like Latin ones (after the Unicode table of confusables).
_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u0501\u04bb\u051b\u051d\u043a\u0442\u043c\u0432"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408"
    "\u03bf\u03b1\u03c1\u03bd\u03b9\u03ba\u03c4\u03c9\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u0131\u0261\u017f\u2010\u2011\u2012\u2013\u2014\u2212\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2236\ua789\u02d0",
    "aeopcxyijsdhqwktmbABEKMHOPCTXSIJoapvikTwABEZHIKMNOPTYXigs------''''\"\"\":::",
)
_EXTRA_SPACES = frozenset("\u00a0\u1680\u202f\u205f\u3000\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e\x1f")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is searched; `places[n]` is where its n-th character stands in the original, whose length ends the list.
    No places: both are the same."""

    text: str
    places: Sequence[int] = ()

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original; invisible characters inside and behind belong to it."""
        if not self.places:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def folded(text: str) -> Folded:
    """Full-width and look-alike letters as Latin ones, accents taken off, odd spaces as spaces, the invisible left out.

    Line ends stay where they are."""
    if text.isascii() and not any(c in text for c in _EXTRA_SPACES if c < "\x80") and "\x00" not in text:
        return Folded(text)
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for plain in (
            letter if letter.isascii() and letter not in _EXTRA_SPACES and letter != "\x00" else _plain(letter)
        ):
            letters.append(plain)
            places.append(place)
    places.append(len(text))
    return Folded("".join(letters), places)


def _plain(letter: str) -> str:
    """What a character reads as; "" for one that is not seen."""
    if letter in _EXTRA_SPACES or unicodedata.category(letter) == "Zs":
        return " "
    if letter in _INVISIBLE:
        return ""
    apart = unicodedata.normalize("NFKD", letter).translate(_ALIKE)
    # Marks (accents, variation selectors) and format characters (zero-width, bidi, tags) are left out.
    return "".join(c for c in apart if unicodedata.category(c) not in {"Mn", "Me", "Cf", "Cc", "Cs", "Co"} or c == "\t")
