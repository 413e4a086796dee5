"""Which part of a page is meant: its opening by a bare topic, no section that does the opposite of what is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from knowledge.model import Chunk, Kind
from knowledge.wording import content_words, stem, words

ENOUGH: Final = 12  # words of prose that an opening has
SPARE: Final = 1  # content words that a title may have beyond the topic
_TOPIC: Final = re.compile(
    r"\A(?:what(?:['’]s| is| are| does)|tell me (?:more )?about|explain|about|info(?:rmation)? (?:on|about))\b"
    r"(?: (?:an?|the|our|your)\b)?",
    re.IGNORECASE,
)
_ARTICLES: Final = frozenset({"a", "an", "the"})
_NOT_PROSE: Final = re.compile(r"^\s*(?:[>|#]|```|:::).*$", re.MULTILINE)
_CODE: Final = re.compile(r"(?<![\w.-])[A-Za-z]{2,}-?\d{3,}(?![\w.-]*\w)")
_PAIRS: Final = (
    *(("enable", "disable"), ("activate", "deactivate"), ("create", "delete"), ("create", "remove"), ("add", "remove")),
    *(("add", "delete"), ("install", "uninstall"), ("install", "remove"), ("start", "stop"), ("attach", "detach")),
    *(("mount", "unmount"), ("grant", "revoke"), ("upgrade", "downgrade"), ("allow", "deny"), ("pause", "resume")),
    *(("lock", "unlock"), ("import", "export"), ("backup", "restore"), ("increase", "decrease"), ("open", "close")),
    *(("subscribe", "unsubscribe"), ("encrypt", "decrypt"), ("cordon", "uncordon"), ("register", "unregister")),
)
_OPPOSITES: Final = frozenset((stem(a), stem(b)) for pair in _PAIRS for a, b in (pair, pair[::-1]))


def codes(question: str) -> Sequence[str]:
    """Error codes that a question names, such as ORA-01017 or YAML009, in lower case."""
    return list(dict.fromkeys(found.lower() for found in _CODE.findall(question)))


def is_contrary(question: str, headings: Sequence[str]) -> bool:
    """Whether a section does the opposite of what is asked: "Enabling a disabled rule" for "disable a rule"."""
    done = [stem(word) for word in words(headings[-1])[:1]] if headings else []
    asked = [stem(word) for word in words(question)]
    return bool(done) and done[0] not in asked and any((done[0], word) in _OPPOSITES for word in asked)


def is_topic(question: str, title: str) -> bool:
    """Whether a question names what a page is about and asks nothing more of it."""
    named = [stem(word) for word in words(_TOPIC.sub("", question.strip(), count=1)) if word not in _ARTICLES]
    about = content_words(title)
    is_named = bool(content_words(" ".join(named))) and {*named} <= {stem(word) for word in words(title)}
    is_task = bool(named) and any(named[0] in pair for pair in _OPPOSITES)
    return is_named and not is_task and len(about) <= len(named) + SPARE


def opening(document: Sequence[Chunk]) -> Chunk | None:
    """The first piece of a page that says something in prose; None for a FAQ entry or a page without any."""
    for chunk in sorted(document, key=lambda chunk: chunk.order):
        prose = _NOT_PROSE.sub("", chunk.text)
        if chunk.kind is not Kind.FAQ and len(prose.split()) >= ENOUGH:
            return chunk
    return None
