"""The message extension: search from the compose box, ask about a message, make an FAQ entry of one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from bot.channels import teams_activities as wire
from bot.channels.cards import Card, case_state_card, faq_form, page_card, reply_card, status_card
from bot.channels.services import Answerer
from bot.channels.teams_desk import TeamsDesk
from bot.messages import Incoming, Person
from bot.store.case_store import CaseStore
from bot.store.turn_log import Clock
from bot.support.cases import Case, CaseState, Cause, Event, EventKind, title
from knowledge.errors import Misuse, SheriffError
from knowledge.model import Citation

SEARCH: Final = "search"
ASK: Final = "askSheriff"
MAKE_FAQ: Final = "makeFaq"
NAMES: Final = frozenset({"composeExtension/query", "composeExtension/fetchTask", "composeExtension/submitAction"})
MOST_PAGES: Final = 6
MOST_CASES: Final = 4
_QUOTED: Final = 120  # characters of the message that was asked about
_LEAST: Final = 3  # letters from which a search makes sense
_PREVIEW = "application/vnd.microsoft.card.thumbnail"
_Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Extension:
    """Answers the invokes of the compose box; every answer is one that Teams can show."""

    sheriff: Answerer
    find: Callable[[str], Sequence[Citation]]  # pages and FAQ entries, best first
    cases: CaseStore
    desk: TeamsDesk
    clock: Clock
    docs: str
    base_url: str = ""

    def answer(self, body: _Json) -> _Json:
        """The body of the invoke's response."""
        value = body.get("value")
        asked: _Json = value if isinstance(value, dict) else {}
        by = wire.sender_of(body)
        try:
            if body.get("name") == "composeExtension/query":
                return self._results(_query(asked), by)
            if asked.get("commandId") == ASK:
                return _task(f"Ask Sheriff · {self.docs}", self._asked(body, asked, by))
            if asked.get("commandId") == MAKE_FAQ:
                return self._faq(body, asked, by)
        except SheriffError as refusal:
            return _task("Sheriff", case_state_card("Nothing was changed.", str(refusal)))
        return _task("Sheriff", case_state_card("Nothing was changed.", "This command is not known any more."))

    def may_take_long(self, body: _Json) -> bool:
        """Whether Sheriff itself is asked, and perhaps a model."""
        value = body.get("value")
        return isinstance(value, dict) and value.get("commandId") == ASK

    def still_looking(self) -> _Json:
        """What the dialog shows when the answer takes longer than it can wait."""
        said = (
            "The answer comes into this conversation. If none comes, I am no member of it: ask me in a chat of our own."
        )
        return _task(f"Ask Sheriff · {self.docs}", case_state_card("Still looking …", said))

    def message_of(self, body: _Json, answer: _Json) -> _Json:
        """What a dialog would have shown, as a message to the conversation: for whom, about what, and the card."""
        value = body.get("value")
        about = " ".join(_message_of(value if isinstance(value, dict) else {}).split())
        words = f"For {wire.sender_of(body).name}, about “{about[:_QUOTED]}{'…' if len(about) > _QUOTED else ''}”:"
        return {**wire.card_activity(answer["task"]["value"]["card"]["content"]), **wire.text_activity(words)}

    # Search

    def _results(self, query: str, by: Person) -> _Json:
        if len(query) < _LEAST:
            return {"composeExtension": {"type": "message", "text": f"Type what to look for in {self.docs}."}}
        found = [*self._cases(query, by), *(self._page(citation) for citation in self._pages(query))]
        if not found:
            return {"composeExtension": {"type": "message", "text": f"Nothing in {self.docs} or your cases fits."}}
        return {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": found}}

    def _pages(self, query: str) -> Sequence[Citation]:
        try:
            return self.find(query)[:MOST_PAGES]
        except SheriffError:
            return ()  # no index yet; cases can be found all the same

    def _cases(self, query: str, by: Person) -> list[_Json]:
        """Sheriffs find all cases, others their own."""
        asker = "" if self.desk.member(by) else by.id
        cases = self.cases.list(asker=asker, text=query, limit=MOST_CASES)
        return [self._case(case) for case in cases if case.ticket or case.resolution]

    def _case(self, case: Case) -> _Json:
        said = case.resolution or f"{case.state.value.replace('_', ' ').capitalize()}, {case.sheriff or 'nobody yet'}"
        standing = case.resolution or said
        return _result(status_card(case, standing, base_url=self.base_url), f"{case.label}: {title(case)}", said)

    def _page(self, citation: Citation) -> _Json:
        card = page_card(citation, base_url=self.base_url)
        return _result(card, citation.place or citation.title, citation.quote)

    # Messages

    def _asked(self, body: _Json, asked: _Json, by: Person) -> Card:
        """Sheriff's answer to somebody's message, for the one who wants to know."""
        text = _message_of(asked)
        if not text:
            return case_state_card("Nothing to ask.", "The message has no text. I can’t read pictures yet.")
        incoming = Incoming(
            id=str(body.get("id") or _digest(text, by)),
            channel="teams",
            conversation=str(body["conversation"]["id"]),
            sender=by,
            text=text,
            reference=wire.reference_of(body),
        )
        reply = self.sheriff.take(incoming)
        card = reply_card(reply, docs=self.docs, base_url=self.base_url)
        return card or case_state_card("Sheriff", reply.text)

    def _faq(self, body: _Json, asked: _Json, by: Person) -> _Json:
        """A form first; what it brings back is kept with the cases that become FAQ entries."""
        member = self.desk.member(by)
        if member is None:
            raise Misuse(f"Only the members of the rota make FAQ entries, and {by.name} is not one of them.")
        given = asked.get("data")
        if body.get("name") != "composeExtension/submitAction" or not isinstance(given, dict):
            return _task("Make an FAQ entry", faq_form(_message_of(asked), command=MAKE_FAQ))
        question, answer = (str(given.get(name) or "").strip() for name in ("question", "resolution"))
        if not question or not answer:
            fault = "Fill in the question and the answer."
            form = faq_form(answer, question=question, fault=fault, command=MAKE_FAQ)
            return _task("Make an FAQ entry", form)
        self._keep(question, answer, member)
        kept = case_state_card("Kept for the FAQ.", "A maintainer sees it before it is published.")
        return _task("Make an FAQ entry", kept)

    def _keep(self, question: str, answer: str, by: Person) -> None:
        now = self.clock()
        case_id = f"c-{_digest(question + answer, by)}"
        if self.cases.get(case_id):
            return  # pressed twice
        resolved = Event(now, EventKind.RESOLVED, by.name, answer, {"cause": Cause.MISSING.value, "faq": True})
        self.cases.save_new(
            Case(
                id=case_id,
                state=CaseState.RESOLVED,
                question=question,
                asker=by,
                channel="teams",
                conversation="",
                opened=now,
                updated=now,
                outcome="noted",
                sheriff=by.name,
                cause=Cause.MISSING,
                resolution=answer,
                events=(Event(now, EventKind.OPENED, by.name, question), resolved),
            )
        )


def _query(asked: _Json) -> str:
    """What was typed; Microsoft's local playground sends it without the parameter's name."""
    parameters = asked.get("parameters")
    for parameter in parameters if isinstance(parameters, list) else ():
        if isinstance(parameter, dict) and parameter.get("name") in {"query", None}:
            return str(parameter.get("value") or "").strip()[:500]
    return ""


def _message_of(asked: _Json) -> str:
    """The text of the message that a person pointed at; Teams sends it as HTML."""
    payload = asked.get("messagePayload")
    content = payload.get("body") if isinstance(payload, dict) else None
    if not isinstance(content, dict):
        return ""
    said = str(content.get("content") or "")
    if content.get("contentType") != "html":
        return said.strip()
    tree = LexborHTMLParser(said)
    for mention in tree.css("at"):
        mention.decompose()
    return str(tree.text(separator="\n", strip=True)).strip()


def _digest(text: str, by: Person) -> str:
    return hashlib.sha256(f"{by.id}\n{text}".encode()).hexdigest()[:12]


def _task(heading: str, card: Card) -> _Json:
    """A dialog with one card."""
    shown = {"contentType": wire.CARD, "content": card}
    value = {"title": heading[:100], "height": "medium", "width": "medium", "card": shown}
    return {"task": {"type": "continue", "value": value}}


def _result(card: Card, heading: str, text: str) -> _Json:
    preview = {"title": heading[:120], "text": " ".join(text.split())[:160]}
    return {"contentType": wire.CARD, "content": card, "preview": {"contentType": _PREVIEW, "content": preview}}
