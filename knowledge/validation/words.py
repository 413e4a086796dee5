"""The words in which faults are told: types, values, rules and the things they are about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from knowledge.validation.tree import MappingNode, Node, Path, ScalarNode, SequenceNode, node_at, resolved

MANY = 8
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map of keys",
    "null": "nothing",
}
_NAMING_KEYS = ("name", "id", "title")
_FORMATS = {
    "date-time": "a date and time such as 2026-11-07T20:00:00+01:00",
    "date": "a date such as 2026-11-07",
    "time": "a time with its zone such as 20:00:00+01:00",
    "duration": "an ISO 8601 duration such as PT5M",
    "email": "an e-mail address",
    "uri": "an address such as https://devinsight.example",
    "uri-reference": "an address or a part of one",
    "hostname": "a host name",
    "ipv4": "an IPv4 address such as 10.0.0.1",
    "ipv6": "an IPv6 address",
    "uuid": "a UUID",
    "regex": "a regular expression",
}
_OR_WILDCARD = re.compile(r"\(\?:(\[[^\]]+\])\|%\[a-z\]\[a-z0-9_-\]\*%\)")
_NAME = "lower-case letters, digits and hyphens, with a letter or digit at both ends"
_PATTERNS = {
    "^[a-z0-9](?:-?[a-z0-9])*$": _NAME,
    "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$": _NAME,
    "^[a-z0-9-]+$": "lower-case letters, digits and hyphens",
    "^[a-z][a-z0-9_]*$": "lower-case letters, digits and underscores, beginning with a letter",
    "^[a-z][a-z0-9_-]*$": "lower-case letters, digits, hyphens and underscores, beginning with a letter",
    "^[1-9][0-9]*(s|m|h)$": "a number and s, m or h, without a space",
    "^[1-9][0-9]{0,5}(Mi|Gi)$": "a number and Mi or Gi, without a space",
    "^[1-9][0-9]{0,5}(Gi|Ti)$": "a number and Gi or Ti, without a space",
    "^CC-[0-9]{4}$": "CC- and four digits",
    "^[a-z0-9-]+/[a-z0-9-]+$": "two names with a slash between",
    "^[0-9*,/-]+( [0-9*,/-]+){4}$": "five cron fields with a space between each",
    "^https://": "an address that starts with https://",
    "^/": "a path that starts with /",
}


def types(names: Iterable[str]) -> str:
    """Types in words: text, a whole number or a list."""
    words = [_TYPES.get(name, name) for name in sorted(dict.fromkeys(names), key="null".__eq__)]
    return alternatives(words)


def alternatives(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else "nothing"


def shown(node: Node | None) -> str:
    """What stands there, in words: the text “two”, the number 3, a list."""
    node = resolved(node) if node is not None else None
    if isinstance(node, SequenceNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a map of keys"
    if not isinstance(node, ScalarNode) or node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return node.text
    if isinstance(node.value, str):
        return f"the text “{short(node.text)}”"
    return f"the number {short(node.text)}"


def short(text: str, limit: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def as_yaml(value: Any) -> str:
    """A value as it would be written in one line of a file."""
    if isinstance(value, str):
        from knowledge.validation.scalars import meaning, trap

        plain = bool(re.fullmatch(r"[\w./][\w ./@+-]*", value)) and value == value.strip()
        return (
            value
            if plain and isinstance(meaning(value), str) and not trap(value)
            else json.dumps(value, ensure_ascii=False)
        )
    return json.dumps(value, ensure_ascii=False)


def choice(values: Sequence[Any]) -> str:
    """Up to eight values, the rest counted."""
    listed = ", ".join(f"`{as_yaml(value)}`" for value in values[:MANY])
    more = len(values) - MANY
    return f"{listed} and {more} more" if more > 0 else listed


def example(parts: Iterable[Mapping[str, Any]]) -> Any:
    """A value that the schema itself gives as right; None without one."""
    for part in parts:
        for keyword in ("const", "default"):
            if part.get(keyword) is not None:
                return part[keyword]
        for keyword in ("examples", "enum"):
            if isinstance(part.get(keyword), list) and part[keyword]:
                return part[keyword][0]
    return None


def rule(pattern: str) -> str:
    """A regular expression in words, where they are known; wildcards may stand in it and go unsaid."""
    plain = _OR_WILDCARD.sub(r"\1", pattern)
    return _PATTERNS.get(plain, f"text of the form {plain}")


def format_words(name: str) -> str:
    return _FORMATS.get(name, f"a value of the format {name}")


def owner(root: Node, path: Path) -> str:
    """What a path is about, as the start of a sentence: The alert “replicas-low”."""
    if not path:
        return "The file"
    last = path[-1]
    if isinstance(last, str):
        return f"“{last}”"
    label = _label(node_at(root, path))
    group = next((step for step in reversed(path) if isinstance(step, str)), "")
    if label and group:
        return f"The {singular(group)} “{label}”"
    return f"Element {last + 1} of “{group}”" if group else f"Element {last + 1}"


def singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _label(node: Node | None) -> str:
    node = resolved(node) if node is not None else None
    if isinstance(node, MappingNode):
        for key in _NAMING_KEYS:
            entry = node.entry(key)
            value = resolved(entry.value) if entry else None
            if isinstance(value, ScalarNode) and value.text:
                return short(value.text, 40)
    return ""
