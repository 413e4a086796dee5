"""What sheriffs do in Teams: words in a case's thread that reach the asker, and the buttons of its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.casework import Casework
from bot.channels.cards import Card, case_state_card
from bot.channels.teams_thread import CaseThreads
from bot.messages import Person
from bot.support.cases import Case, Cause
from bot.support.rota import Member
from knowledge.errors import Misuse

VERSION = 1  # of the data that our cards send back
NOT_A_CASE = "This is not a case for the platform team."
VERBS = frozenset({"take", "reply", "details", "hand_to", "not_a_case", "resolve"})


@dataclass(frozen=True, slots=True)
class TeamsDesk:
    """Only members of the rota do anything here; others are told so, and nothing changes."""

    threads: CaseThreads
    casework: Casework

    def said(self, case_id: str, by: Person, text: str) -> str:
        """Pass on what a sheriff wrote in the thread; returns why it was not, or ""."""
        member = self.member(by)
        if member is None:
            return f"Not passed on: {by.name} is not in the rota. Add the person to rota.yaml, with teams_id."
        if not text.strip():
            return "Not passed on: only text is. Write it in words."
        try:
            self.casework.reply(case_id, member, text)
        except Misuse as refusal:
            return f"Not passed on: {refusal}"
        return ""

    def member(self, by: Person) -> Person | None:
        """The member of the rota that a person is: by the Entra id in the rota, else by name. None for a stranger."""
        known = next((m for m in self.threads.rota.members if _is(m, by)), None)
        return Person(known.id, known.name) if known else None

    def act(self, verb: str, case: Case, by: Person, given: Mapping[str, Any]) -> Card:
        """Do what a button on the case's card says; the card as it is then. Raises Misuse, when nothing was changed."""
        member = self.member(by)
        if member is None:
            raise Misuse(f"Only the members of the rota can do that, and {by.name} is not one of them.")
        self._do(verb, case.id, member, given)
        return self.threads.card(self.threads.cases.get(case.id) or case)

    def _do(self, verb: str, case_id: str, by: Person, given: Mapping[str, Any]) -> None:
        text = _text(given, "text")
        match verb:
            case "take":
                self.casework.take(case_id, by)
            case "reply":
                self.casework.reply(case_id, by, text)
            case "details":
                self.casework.ask_for_details(case_id, by, text)
            case "hand_to":
                self.casework.hand_to(case_id, by, _text(given, "member"))
            case "not_a_case":
                self.casework.resolve(case_id, by, Cause.OTHER, text or NOT_A_CASE)
            case _:
                self._resolve(case_id, by, given)

    def _resolve(self, case_id: str, by: Person, given: Mapping[str, Any]) -> None:
        cause = next((cause for cause in Cause if cause.value == given.get("cause")), None)
        if cause is None:
            raise Misuse("Choose the cause: the maintainers learn from it what to write.")
        faq = str(given.get("faq", "")).lower() == "true"
        self.casework.resolve(case_id, by, cause, _text(given, "resolution"), faq=faq)


def refusal(sentence: str) -> Card:
    """The card in whose place nothing has happened."""
    return case_state_card("Nothing was changed.", sentence)


def _is(member: Member, person: Person) -> bool:
    if member.teams_id:
        return member.teams_id.casefold() == person.id.casefold()
    return member.name.casefold() == person.name.casefold()


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""
