"""Front matter: the YAML between two lines of dashes at the top of a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

BLOCK = re.compile(r"\A---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a page says about itself; empty where it says nothing."""

    title: str = ""
    component: str = ""
    owner: str = ""
    updated: str = ""
    aliases: tuple[str, ...] = ()
    lines: int = 0  # how many lines of the file it takes


def split(text: str) -> tuple[FrontMatter, str]:
    """The front matter and the rest of the page; a broken block is taken off as well and says nothing."""
    found = BLOCK.match(text)
    if not found:
        return FrontMatter(), text
    try:
        # All scalars as text: a date stays as it was written, and no value can be malformed.
        values = yaml.load(found[1], Loader=yaml.CBaseLoader)  # noqa: S506 - BaseLoader builds text only
    except (yaml.YAMLError, RecursionError):
        values = _plain_lines(found[1])
    if not isinstance(values, Mapping):
        # A rule, some text and another rule is not front matter.
        return (FrontMatter(), text) if found[1].strip() else (FrontMatter(lines=2), text[found.end() :])
    return _from_values(values, found[0].count("\n")), text[found.end() :]


def _from_values(values: Mapping[str, Any], lines: int) -> FrontMatter:
    aliases = values.get("aliases")
    names = aliases if isinstance(aliases, list) else [aliases] if aliases else []
    return FrontMatter(
        title=_word(values, "title"),
        component=_word(values, "component"),
        owner=_word(values, "owner"),
        updated=_word(values, "updated") or _word(values, "lastmod") or _word(values, "date"),
        # Hugo's aliases are addresses of the page, not names.
        aliases=tuple(name for name in names if isinstance(name, str) and name and not name.startswith("/")),
        lines=lines,
    )


def _word(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _plain_lines(block: str) -> dict[str, str]:
    """Unquoted colons in a title are common and break YAML: the lines still say what is meant."""
    pairs = (line.partition(":") for line in block.split("\n") if re.match(r"[A-Za-z_]+:", line))
    return {key: value.strip().strip("'\"") for key, _, value in pairs}
