"""Web and mail addresses in what is shown: those of known hosts stay, others give way to the citation beside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from knowledge.model import Answer, Citation

LEFT_OUT: Final = "(address on the page)"
_ADDRESS: Final = re.compile(
    r"`?(?P<address>(?:\b(?:https?|ftps?|wss?)://|\bmailto:|\bwww\.)[^\s<>\"'`)\]]+"
    r"|\b(?:javascript|vbscript):\S+|\bdata:\w+/\S+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)`?",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}|~{3,}).*?^[ \t>]*(?P=fence)[`~]*[ \t]*$|`[^`\n]*`", re.DOTALL | re.MULTILINE
)
_HOST: Final = re.compile(r"^(?:[a-z]+://|mailto:)?(?:[^@/\s]*@)?(?P<host>[\w.-]+)", re.IGNORECASE)


def host_of(address: str) -> str:
    """The host of an address, in lower case; "" for none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def only_known(text: str, hosts: Collection[str]) -> str:
    """Markdown whose prose names no address beyond these hosts and what lies below them. Code stays as it is."""
    parts: list[str] = []
    at = 0
    for code in _real_code(text):
        parts += [_checked(text[at : code.start()], hosts), code[0]]
        at = code.end()
    return "".join([*parts, _checked(text[at:], hosts)])


def shown(answer: Answer, hosts: Collection[str]) -> Answer:
    """The answer with no address of an unknown host in its prose, nor in what it quotes."""
    return replace(
        answer,
        text=only_known(answer.text, hosts),
        citations=quoted(answer.citations, hosts),
        looked_at=quoted(answer.looked_at, hosts),
    )


def quoted(citations: Collection[Citation], hosts: Collection[str]) -> tuple[Citation, ...]:
    """The citations with quotes as `only_known` leaves them; where they lead is ours, and stays."""
    return tuple(replace(citation, quote=only_known(citation.quote, hosts)) for citation in citations)


def _real_code(text: str) -> Iterator[re.Match[str]]:
    """Code that is more than an address: a bare address of the prose is shown as code too."""
    for found in _CODE.finditer(text):
        if not _ADDRESS.fullmatch(found[0]):
            yield found


def _checked(prose: str, hosts: Collection[str]) -> str:
    return _ADDRESS.sub(lambda found: found[0] if _is_known(found["address"], hosts) else LEFT_OUT, prose)


def _is_known(address: str, hosts: Collection[str]) -> bool:
    if "@" in address and "://" in address:
        return False  # "https://known.example@evil.example" shows one host and leads to another
    if address.lower().startswith(("javascript:", "vbscript:", "data:")):
        return False
    found = _HOST.match(address)
    host = found["host"].lower().strip(".") if found else ""
    is_inside = bool(host) and "." not in host  # "localhost", "kafka": nothing on the Internet is called so
    return is_inside or any(host == known or host.endswith(f".{known}") for known in hosts)
