"""A conversation on the Ask page: turns as the template shows them, remembered here and read back from the cases."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape
from pydantic import TypeAdapter

from bot.addresses import citation_address
from bot.channels import diagnosis, story
from bot.channels.rendering import Sources, Surroundings, inline, markdown, surroundings
from bot.channels.times import Watch
from bot.messages import CaseSummary, NoticeShown, Reply, ReplyKind
from bot.noticing import notices_of
from bot.support.cases import OPEN, Case, CaseState, choices_of
from knowledge.model import Citation

_REMEMBERED = 30  # turns of one conversation
_CONVERSATIONS = 500
_NOTICE = TypeAdapter(NoticeShown)
_SHORT = 6  # pasted lines that are shown without asking
_FENCE = re.compile(r"(?ms)^(```|~~~)[^\n]*\n(.*?)(?:^\1[^\n]*$|\Z)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message and its reply, as they happened."""

    key: str
    at: datetime
    text: str
    files: Sequence[str]
    reply: Reply


class Memory:
    """The latest exchanges, with what a case does not keep: reports, refusals, greetings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._conversations: OrderedDict[str, deque[Exchange]] = OrderedDict()

    def add(self, conversation: str, exchange: Exchange) -> None:
        """Remember it; the same key again replaces what was there."""
        with self._lock:
            kept = self._conversations.setdefault(conversation, deque(maxlen=_REMEMBERED))
            self._conversations.move_to_end(conversation)
            others = [e for e in kept if e.key != exchange.key]
            kept.clear()
            kept.extend([*others, exchange])
            while len(self._conversations) > _CONVERSATIONS:
                self._conversations.popitem(last=False)

    def exchanges(self, conversation: str) -> list[Exchange]:
        with self._lock:
            return list(self._conversations.get(conversation, ()))


def merged(remembered: Sequence[Exchange], cases: Sequence[Case]) -> list[Exchange]:
    """Remembered exchanges and, for what was forgotten by a restart, the stored cases, oldest first."""
    known = {exchange.reply.case.id for exchange in remembered if exchange.reply.case}
    stored = [_from_case(case) for case in cases if case.id not in known]
    return sorted([*remembered, *stored], key=lambda exchange: exchange.at)


def _from_case(case: Case) -> Exchange:
    cited = case.outcome not in {ReplyKind.UNANSWERED, ReplyKind.FORWARDED, ReplyKind.CLARIFY}
    outcome = ReplyKind(case.outcome) if case.outcome in set(ReplyKind) else ReplyKind.NOTED
    reply = Reply(
        outcome,
        case.answer,
        case.confidence,
        citations=case.citations if cited else (),
        looked_at=() if cited else case.citations,
        case=CaseSummary(case.id, case.state.value, case.ticket, case.ticket_url, case.sheriff),
    )
    return Exchange(case.id, case.opened, case.question, (), reply)


@dataclass(frozen=True, slots=True)
class Drawer:
    """A citation opened: the passage in its place."""

    id: str
    back: str
    citation: Citation
    path: str
    updated: str
    address: str
    around: Surroundings


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange as the template shows it."""

    key: str
    prose: Markup
    pasted: str
    pasted_head: str
    pasted_lines: int
    files: Sequence[str]
    outcome: str
    where: str
    headline: Markup
    body: Markup
    choices: Sequence[str]
    note: str
    note_warns: bool
    drawers: Sequence[Drawer]
    checked: Sequence[diagnosis.FileFindings]
    corrected: bool
    remarks: Sequence[str]
    case_id: str
    state: str
    can_act: bool
    handed: story.Handed | None
    notices: Sequence[NoticeShown] = ()

    @property
    def may_join(self) -> bool:
        """Whether the asker can say that the notice is about the own trouble, too."""
        return self.state in {CaseState.ANSWERED, *OPEN} and self.outcome not in {"checked", "clarify"}

    @property
    def pasted_more(self) -> bool:
        return self.pasted_lines > _SHORT


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes turns: needs the time, and the case as it stands now."""

    watch: Watch
    begins: str  # when working hours start again; "" in working hours
    case: Callable[[str], Case | None]

    def turn(self, exchange: Exchange) -> Turn:
        reply = exchange.reply
        case = self.case(reply.case.id) if reply.case else None
        key = _key(exchange.key)
        sources = Sources(key, reply.citations)
        document = reply.citations[0].document_id if reply.citations else ""
        prose, pasted = split(exchange.text)
        checked = diagnosis.files(reply.report) if reply.report else []
        lines = pasted.splitlines()
        return Turn(
            key=key,
            prose=_as_typed(prose),
            pasted=pasted,
            pasted_head="\n".join(lines[:4]),
            pasted_lines=len(lines),
            files=exchange.files,
            outcome=reply.outcome.value,
            where=_where(reply.citations),
            headline=inline(reply.text) if reply.outcome is ReplyKind.CLARIFY else _headline(checked),
            body=markdown(reply.text, sources, page=document),
            choices=reply.choices or (choices_of(case) if case else ()),
            note=reply.note,
            note_warns=reply.report is None or reply.outcome is ReplyKind.CHECKED,
            drawers=[self._drawer(sources, citation, reply.text) for citation in reply.citations],
            checked=checked,
            corrected=any(part.corrected for part in checked),
            remarks=reply.report.notes if reply.report else (),
            case_id=case.id if case else "",
            state=case.state.value if case else "",
            can_act=case is not None and case.state is CaseState.ANSWERED,
            handed=self._handed(case, key, reply) if case else None,
            notices=reply.notices or _as_shown(case),
        )

    def _handed(self, case: Case, key: str, reply: Reply) -> story.Handed | None:
        if not story.was_handed_over(case):
            return None
        unanswered = reply.outcome in {ReplyKind.UNANSWERED, ReplyKind.FORWARDED}
        return story.handed(case, self.watch, begins=self.begins, title_id=f"t-{key}" if unanswered else "")

    def _drawer(self, sources: Sources, citation: Citation, answer: str) -> Drawer:
        return Drawer(
            id=sources.drawer(citation.number),
            back=sources.chip(citation.number),
            citation=citation,
            path=_parents(citation),
            updated=self.watch.day(citation.updated) if citation.updated else "",
            address=citation_address(citation),
            around=surroundings(citation, answer),
        )


def _as_shown(case: Case | None) -> Sequence[NoticeShown]:
    """The notices above an answer, from its case: after a restart the reply is forgotten."""
    return [_NOTICE.validate_python(each) for each in notices_of(case)] if case else ()


def split(text: str) -> tuple[str, str]:
    """The prose of a message and what was pasted: a fenced block, or everything when it is long and looks like code."""
    fence = _FENCE.search(text)
    if fence:
        prose = (text[: fence.start()] + text[fence.end() :]).strip()
        return prose, fence[2].rstrip("\n")
    lines = text.strip().splitlines()
    if len(lines) < 3:
        return text.strip(), ""
    code = [n for n, line in enumerate(lines) if re.match(r"\s*(?:- |[\w.%\"'/-]+:(?:\s|$)|[{}\[\]#])", line)]
    if len(code) * 2 < len(lines):
        return text.strip(), ""
    start = code[0] if code[0] <= 2 else 0
    return "\n".join(lines[:start]).strip(), "\n".join(lines[start:])


def _as_typed(prose: str) -> Markup:
    """The asker's words as they were typed; only `code` is set as such."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part)
        for n, part in enumerate(re.split(r"`([^`\n]+)`", prose))
    )


def _where(citations: Sequence[Citation]) -> str:
    pages = len({citation.document_id or citation.path for citation in citations})
    words = ("", " from one page", " from two pages", " from three pages", " from four pages", " from five pages")
    return words[pages] if pages < len(words) else f" from {pages} pages"


def _headline(checked: Sequence[diagnosis.FileFindings]) -> Markup:
    if len(checked) == 1:
        part = checked[0]
        how = f" · checked as {part.file.schema}, from {part.file.chosen_by}" if part.file.schema else ""
        return Markup("<b>{}</b> in {}{}").format(part.headline, part.file.name, how)
    found = [finding.diagnostic for part in checked for finding in part.findings]
    return Markup("<b>{}</b> in {} files").format(diagnosis.headline(found), len(checked))


def _parents(citation: Citation) -> str:
    """The way to the heading, without the heading itself."""
    parts = (citation.place or citation.title).split(" › ")
    return " › ".join(parts[:-1] if parts[-1] == citation.heading else parts)


def _key(raw: str) -> str:
    """Message ids come from outside; ids on the page hold letters, digits and dashes only."""
    return re.sub(r"[^A-Za-z0-9-]", "", raw)[:64] or "x"
