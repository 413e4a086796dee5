"""What two people do at the same time to a gap, a request, a notice or a draft: the second is told."""

from __future__ import annotations

from knowledge.errors import Misuse


class Overtaken(Misuse):
    """A colleague was faster; the text says who did what. Nothing was stored."""
