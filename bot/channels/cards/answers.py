"""What an asker gets back: an answer or hint with its sources, a question back, and the hand-over to a person."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.addresses import citation_address
from bot.channels.cards import parts
from bot.channels.cards.checking import diagnostics_card
from bot.channels.cards.size import Card
from bot.channels.cards.words import is_rtl, line_of, link, literal, name, plain, prose, shortened, spoken
from bot.messages import CaseSummary, NoticeShown, Reply, ReplyKind
from bot.support.cases import Case
from bot.wording import not_known
from knowledge.model import Citation

_MOST_TEXT = 6_000  # characters of one reply
_MOST_SOURCES = 12
_GOES_ON = "The answer goes on: its sources have the whole text."
_KEPT = {ReplyKind.ANSWERED.value: "Answer", ReplyKind.HINTED.value: "Hint", ReplyKind.CHECKED.value: "Found"}
_CODE_FENCE = re.compile(r"(?m)^[ ]{0,3}```[^\n]*\n(.*?)(?:^[ ]{0,3}```[^\n]*$|\Z)", re.DOTALL)


def reply_card(reply: Reply, *, docs: str = "", base_url: str = "") -> Card | None:
    """The card of a reply; None when a line of text says it all."""
    match reply.outcome:
        case ReplyKind.ANSWERED | ReplyKind.HINTED:
            return answer_card(reply, base_url=base_url)
        case ReplyKind.UNANSWERED | ReplyKind.FORWARDED:
            return handover_card(reply, docs=docs)
        case ReplyKind.CLARIFY:
            return choice_card(reply)
        case ReplyKind.CHECKED if reply.report:
            return diagnostics_card(reply.report, reply.case, note=reply.note, base_url=base_url)
        case _:
            return None


def answer_card(reply: Reply, *, base_url: str = "") -> Card:
    """An answer or a hint with its sources and what can be done about it."""
    pages = len({c.path for c in reply.citations})
    count = {0: "", 1: " from one page"}.get(pages, f" from {pages} pages")
    head = f"Answer{count}" if reply.outcome is ReplyKind.ANSWERED else "Hint · the likely place, not a sure answer"
    body = [*_notices(reply.notices), parts.text(head, size="Small", isSubtle=True)]
    if reply.note:
        body.append(parts.note(spoken(reply.note)))
    body += _answered(reply.text, reply.citations, base_url)
    actions = []
    if reply.case:
        actions = [parts.action("That solved it", "solved", {"case": reply.case.id}, positive=True)]
        actions.append(_ask_the_sheriff(reply.case))
        actions += _affected(reply)
    return parts.card(
        body,
        actions,
        fallback=plain(reply.text[:_MOST_TEXT]),
        rtl=is_rtl(reply.text),
        rest=_GOES_ON,
    )


def choice_card(reply: Reply) -> Card:
    """A question back: each choice is said by its button, as if the asker had typed it."""
    body = [parts.heading(plain(reply.text[:_MOST_TEXT]))]
    body += [parts.note(spoken(reply.note))] if reply.note else []
    actions = [parts.saying(choice) for choice in reply.choices]
    actions += [_ask_the_sheriff(reply.case)] if reply.case else []
    return parts.card(body, actions, fallback=plain(reply.text[:_MOST_TEXT]), rtl=is_rtl(reply.text))


def handover_card(reply: Reply, *, docs: str = "") -> Card:
    """Who has it, why, what has happened so far, and the way back."""
    case = reply.case
    has_it = f"{case.sheriff} has your question now." if case and case.sheriff else ""
    if reply.outcome is ReplyKind.FORWARDED:
        title = has_it or "Your question goes to the team."
    else:
        title = f"I don’t know. {has_it}".strip()
    body = [*_notices(reply.notices), parts.heading(title)]
    body.append(parts.text(_standing(reply, case, docs or "the documentation"), spacing="Small"))
    if reply.note:
        body.append(parts.note(spoken(reply.note)))
    if reply.looked_at:
        places = ", ".join(dict.fromkeys(name(c.place or c.title) for c in reply.looked_at[:3]))
        body.append(parts.text(f"Looked at in {docs or 'the documentation'}: {places}.", size="Small", isSubtle=True))
    actions = [parts.action("No need, withdraw it", "withdraw", {"case": case.id})] if case else []
    return parts.card(body, [*actions, *_affected(reply)], fallback=plain(reply.text[:_MOST_TEXT]))


def case_state_card(title: str, sentence: str) -> Card:
    """What is left of a card after its action was taken."""
    body = [parts.heading(title), parts.text(spoken(sentence), spacing="Small")]
    return parts.card(body, fallback=f"{title} {sentence}")


def pressed_card(case: Case, title: str, sentence: str, *, base_url: str = "") -> Card:
    """What takes the place of an answer when its asker has pressed a button: the answer stays below, to be read again,
    and an open case can be withdrawn."""
    body = [parts.heading(title), parts.text(spoken(sentence), spacing="Small")]
    if case.answer and case.outcome in _KEPT:
        kept = [parts.subtle(_KEPT[case.outcome]), *_answered(case.answer, case.citations, base_url)]
        body.append(parts.section(kept))
    actions = [parts.action("No need, withdraw it", "withdraw", {"case": case.id})] if case.is_open else []
    return parts.card(body, actions, fallback=f"{title} {sentence}", rtl=is_rtl(case.answer), rest=_GOES_ON)


def absolute_address(citation: Citation, base_url: str) -> str:
    """A link that works outside our pages; "" when there is none."""
    address = citation_address(citation)
    if address.startswith("/"):
        return f"{base_url}{address}" if base_url else ""
    return address


def _answered(text: str, citations: Sequence[Citation], base_url: str) -> list[Card]:
    """An answer's text and its sources."""
    body = _blocks(text)
    if len(text) > _MOST_TEXT:
        body.append(parts.subtle(_GOES_ON))
    if citations:
        body.append(parts.section([_source(c, base_url) for c in citations[:_MOST_SOURCES]]))
    return body


def _notices(notices: Sequence[NoticeShown]) -> list[Card]:
    """What is known about it, before anything else."""
    shown = []
    for notice in notices:
        told = [parts.text(f"Known: {literal(line_of(notice.title))}", weight="Bolder", color="Warning")]
        told += [parts.text(prose(shortened(notice.text, 1_000)), spacing="Small")] if notice.text else []
        told.append(parts.subtle(f"Pinned by {name(notice.by)}, until {literal(notice.until)}"))
        shown.append({"type": "Container", "style": "warning", "items": told})
    return shown


def _affected(reply: Reply) -> list[Card]:
    """The button of those who have the trouble of the notice."""
    if not reply.notices or reply.case is None:
        return []
    return [parts.action("I am affected too", "affected", {"case": reply.case.id})]


def _ask_the_sheriff(case: CaseSummary) -> Card:
    return parts.action("Ask the sheriff", "ask_sheriff", {"case": case.id})


def _standing(reply: Reply, case: CaseSummary | None, docs: str) -> str:
    """What the title leaves open: why there is no answer, and which ticket."""
    known = reply.outcome is ReplyKind.FORWARDED
    why = "" if known else not_known(docs, reply).removeprefix("I don’t know").strip(":. ")
    said = [f"{why[:1].upper()}{why[1:]}."] if why else []
    if case:
        said.append(f"Ticket {_ticket(case)}." if case.ticket else f"Case {case.id} is saved. No ticket yet.")
    return " ".join(said) or spoken(reply.text)


def _ticket(case: CaseSummary) -> str:
    return link(name(case.ticket), case.ticket_url)


def _blocks(markdown: str) -> list[Card]:
    """Prose as text blocks, fenced code in a monospace block: Teams' text knows no code fence inside a card."""
    blocks: list[Card] = []
    for number, part in enumerate(_CODE_FENCE.split(shortened(markdown, _MOST_TEXT))):
        if not part.strip():
            continue
        fenced = number % 2 == 1
        blocks.append(parts.code_block(part.rstrip()) if fenced else parts.text(prose(part), spacing="Small"))
    return blocks


def _source(citation: Citation, base_url: str) -> Card:
    place = link(name(citation.place or citation.title, width=160), absolute_address(citation, base_url))
    words = [parts.text(place, size="Small")]
    if citation.updated:
        words.append(parts.text(f"Updated {literal(citation.updated)}", size="Small", isSubtle=True, spacing="None"))
    number = parts.text(f"**{citation.number}**", color="Accent", size="Small")
    return parts.columns([number], words, stretched=1)
