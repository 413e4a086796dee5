"""Words that several outputs share."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """ "1 question", "2 questions"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
