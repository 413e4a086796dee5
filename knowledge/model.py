"""The words of knowledge: a Document is read, a Chunk is stored, a Passage was found, a Citation is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a document is; search and quoting treat the kinds differently."""

    PAGE = "page"
    FAQ = "faq"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class Section:
    """The text under one heading of a document, in Markdown, without the heading itself."""

    headings: tuple[str, ...]  # from the first heading below the title down to this one; () before any
    anchor: str  # the fragment that opens this heading, without "#"; "" at the top of the page
    text: str
    line: int = 1  # 1-based line of the heading in the file it was read from


@dataclass(frozen=True, slots=True)
class Document:
    """One page, FAQ entry or schema as a source gave it."""

    source: str  # name of the source it came from
    path: str  # POSIX path inside the source; with a "#id" for an entry of a FAQ file
    title: str
    kind: Kind
    sections: tuple[Section, ...]
    content_hash: str  # sha256 of everything that, changed, must be indexed again
    url: str = ""  # where a person opens it; "" when only Sheriff itself can show it
    updated: str = ""  # ISO date, if known
    owner: str = ""
    component: str = ""
    phrasings: tuple[str, ...] = ()  # FAQ: other ways of asking the same

    @property
    def id(self) -> str:
        return f"{self.source}:{self.path}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored piece of one document, small enough to embed whole."""

    id: str  # changes with its text and place, and with nothing else
    document_id: str
    source: str
    path: str
    title: str
    kind: Kind
    headings: tuple[str, ...]
    anchor: str
    order: int  # position in the document, from 0; all chunks in order give the document's text back
    text: str
    url: str = ""  # of the page; `address` adds the anchor
    updated: str = ""
    owner: str = ""
    component: str = ""
    phrasing: str = ""  # FAQ: the way of asking that this chunk stands for; "" for the entry itself

    @property
    def place(self) -> str:
        """Title and headings as people read them: "Kafka › Quotas › Raise a partition quota"."""
        return " › ".join(dict.fromkeys((self.title, *self.headings)))

    @property
    def indexed_text(self) -> str:
        """What is embedded: a phrasing alone, everything else with its place before it."""
        return self.phrasing or f"{self.place}\n{self.text}"

    @property
    def address(self) -> str:
        """The page's URL with the heading's fragment; "" when the page has no URL."""
        return f"{self.url}#{self.anchor}" if self.url and self.anchor else self.url


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found for a question; score is comparable within one search only."""

    chunk: Chunk
    score: float
    section: str = ""  # text of the whole section when that was looked up and is more than the chunk

    @property
    def body(self) -> str:
        """The text to read and to quote from: the whole section when known, else the chunk."""
        return self.section or self.chunk.text


@dataclass(frozen=True, slots=True)
class RankedPage:
    """A document with its best evidence for one question."""

    document_id: str
    path: str
    score: float


class Outcome(StrEnum):
    """How sure the answer is; `unanswered` is an ordinary day."""

    ANSWERED = "answered"
    HINTED = "hinted"
    UNANSWERED = "unanswered"


class Origin(StrEnum):
    """Who worded an answer."""

    QUOTED = "quoted"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Citation:
    """A place shown with an answer; `number` is the [n] in its text, in order of first use."""

    number: int
    title: str
    path: str
    heading: str  # innermost heading; the title when the text stands above any
    anchor: str
    quote: str  # the passage that supports the answer, Markdown
    url: str = ""
    updated: str = ""
    owner: str = ""
    document_id: str = ""
    place: str = ""  # title and all headings
    component: str = ""


@dataclass(frozen=True, slots=True)
class Clarification:
    """One question back to the asker: which of these does he mean?"""

    sentence: str
    choices: tuple[str, ...]  # components as people call them, the likeliest first


@dataclass(frozen=True, slots=True)
class Answer:
    """What Sheriff says to a question: Markdown with [n] marks, and where it is written."""

    outcome: Outcome
    text: str
    confidence: float  # calibrated probability in 0..1 that the answer is right
    citations: Sequence[Citation] = ()
    origin: Origin = Origin.QUOTED
    note: str = ""  # a sentence about how it came about, such as "the writing model is not answering"
    looked_at: Sequence[Citation] = field(default=())  # nearest places of a question that is not answered yet
    ask: Clarification | None = None  # set: the text is this question back, and there is no answer yet
