"""What all prompts share: rules from files, and quoted text as data between tags that it cannot close itself."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_TAG = re.compile(r"<(?=/?\s*(?:passages?|question|earlier)\b)", re.IGNORECASE)


@cache
def rules(name: str) -> str:
    """The text of prompts/NAME.md."""
    return resources.files("knowledge.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8").strip()


def fenced(tag: str, text: str, **attributes: str | int) -> str:
    """The text between tags."""
    named = "".join(f' {name}="{harmless(str(value))}"' for name, value in attributes.items())
    return f"<{tag}{named}>\n{_TAG.sub('‹', text).strip()}\n</{tag}>"


def harmless(value: str) -> str:
    """A value that stays inside its attribute."""
    return _TAG.sub("‹", " ".join(value.split())).replace('"', "'")
