"""Where a person opens what is cited: the page's own address, or Sheriff's copy of it."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from knowledge.model import Citation
from knowledge.validation import codes


def page_address(document_id: str, anchor: str = "") -> str:
    """Where Sheriff itself shows a document: /pages/docs/kafka/quotas.md#raise."""
    source, _, path = document_id.partition(":")
    fragment = f"#{quote(anchor)}" if anchor else ""
    return f"/pages/{quote(source)}/{quote(path)}{fragment}"


def doc_address(doc: str) -> str:
    """Where Sheriff shows the page that a diagnostic or schema names: kafka/quotas.md#raise; "" without one."""
    path, _, anchor = doc.partition("#")
    if path.startswith(f"{codes.SOURCE}/"):
        return page_address(path.replace("/", ":", 1), anchor)
    return page_address(f"docs:{path}", anchor) if path else ""


def citation_address(citation: Citation) -> str:
    """The link that opens the cited heading: the page's own URL, or Sheriff's copy of it; "" when there is neither."""
    if is_web_address(citation.url):
        if citation.anchor and "#" not in citation.url:
            return f"{citation.url}#{quote(citation.anchor)}"
        return citation.url
    return page_address(citation.document_id, citation.anchor) if citation.document_id else ""


def is_web_address(url: str) -> bool:
    """Whether a stored address may become a link: http and https only."""
    return urlsplit(url).scheme in {"http", "https"} if is_parseable(url) else False


def is_parseable(url: str) -> bool:
    """Whether the standard library can take it apart at all."""
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True
