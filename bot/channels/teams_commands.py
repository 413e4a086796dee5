"""What people say to the bot instead of asking: who is on duty, my cases, status of one, feature requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.casework import Casework
from bot.channels.cards import (
    Card,
    RequestRow,
    case_state_card,
    cases_card,
    pinned_card,
    request_card,
    requests_card,
    roster_card,
    status_card,
)
from bot.channels.duty_words import on_duty
from bot.intents import Intent, Request, wishing
from bot.messages import Person
from bot.noticing import Notices
from bot.store.case_store import CaseStore
from bot.store.turn_log import Clock
from bot.support.cases import Case
from bot.support.notices import Notice
from bot.support.rota import Duty, Shift
from bot.support.wishes import FeatureRequest, Voter
from bot.wishing import Wished, Wishes
from bot.wording import of_state
from knowledge.errors import Misuse

_DUTY = re.compile(
    r"^\W*(?:duty|rota|roster|who(?:['’]s|s| is)? (?:is )?(?:on duty|the (?:duty )?sheriff)"
    r"(?: (?:today|now|this week))?)\W*$",
    re.IGNORECASE,
)
_MINE = re.compile(r"^\W*(?:my|mes) (?:open )?(?:cases|tickets)\W*$", re.IGNORECASE)
_STATUS = re.compile(r"^\W*status(?: of)?\s+([A-Za-z][\w-]{1,40})\W*$", re.IGNORECASE)
_NOTICES = re.compile(r"^\W*notices\W*$", re.IGNORECASE)
_PIN = re.compile(
    r"^\W*(?:pin )?notice\b\s*:?\s*(?P<title>[^\n]+?)\s+(?:for\s+(?P<span>\d+\s*[a-z]+)|until\s+(?P<until>[\d:T.+-]+))"
    r"[ .]*(?:\n+(?P<text>.*))?$",
    re.IGNORECASE | re.DOTALL,
)
_PRESSED_FOR = "4h"
WISH_VERBS = frozenset({"vote", "different"})
NOTICE_VERBS = frozenset({"pin_notice", "no_notice", "end_notice", "prolong_notice"})
_HOW = re.compile(r"^\W*(validate|explain)\W*$", re.IGNORECASE)
_HOWS = {
    "validate": "Paste the YAML into a message, or attach the files or a .zip of the deployment repository.",
    "explain": "Attach a .zip of the deployment repository and ask: what is the alert threshold on prod-eu?",
}
COMMANDS = (
    ("who is on duty", "who, until when, who comes next"),
    ("my cases", "what you asked, and where it stands"),
    ("status CASE", "one of your cases: status SUP-7"),
    ("validate", "how to have YAML checked"),
    ("explain", "how to see what holds at a leaf, and why"),
    ("request …", "wish for something: request a page on Couchbase sizing"),
    ("notices", "what is known to be broken now"),
    ("top requests", "what most people wish for, with buttons to vote"),
    ("ask the sheriff: …", "a person answers"),
)
MOST = 8  # cases of one person
FOLLOWING = 4  # turns of the duty that are shown


@dataclass(frozen=True, slots=True)
class Commands:
    """Answers commands with cards; anything else is not for it."""

    cases: CaseStore
    casework: Casework
    wishes: Wishes
    notices: Notices
    rota: Duty
    clock: Clock
    base_url: str = ""
    member: Callable[[Person], Person | None] = lambda _: None  # of the rota, as whom somebody in Teams acts

    def card(self, text: str, voter: Voter) -> Card | None:
        """The card that a command asks for; None for a message that is none."""
        by = voter.person
        simple: tuple[tuple[re.Pattern[str], Callable[[], Card]], ...] = (
            (_DUTY, self.roster),
            (_MINE, lambda: self._mine(by)),
        )
        for pattern, card in simple:
            if pattern.match(text):
                return card()
        if _NOTICES.match(text):
            return self._notices()
        if pin := _PIN.match(text):
            return self._pin(pin, by)
        if how := _HOW.match(text):
            return case_state_card(how[1].capitalize(), _HOWS[how[1].lower()])
        if asked := _STATUS.match(text):
            return self._status(asked[1], by)
        wish = wishing(text)
        return self._wish(wish, voter) if wish and wish.intent is not Intent.MAYBE_WISH else None

    def kept_wish(self, label: str, by: Person) -> Card:
        """The card of a wish that was kept a moment ago."""
        return self._wished(self.wishes.what_became_of(label), by)

    def press_notice(self, verb: str, given: Mapping[str, object], by: Person | None) -> Card:
        """Do what a button about notices says. Raises Misuse, when nothing was changed."""
        if by is None:
            raise Misuse("Only the members of the rota pin notices.")
        number, seen = _whole(given.get("proposal") or given.get("notice")), given.get("seen")
        match verb:
            case "pin_notice":
                return self._pinned(self.notices.pin_proposal(number, by))
            case "no_notice":
                self.notices.dismiss(number, by)
                return case_state_card("No notice.", f"{by.name} found that none is needed.")
            case "end_notice":
                ended = self.notices.end(number, by, seen=_whole(seen))
                return case_state_card("The notice has ended.", f"{ended.title}: ended by {by.name}.")
            case _:
                return self._pinned(self.notices.move(number, by, _PRESSED_FOR, seen=_whole(seen)))

    def roster(self) -> Card:
        """Who is on duty, until when, and who comes next."""
        now = self.clock()
        shift = self.rota.shift_at(now)
        following, at = [], shift
        for _ in range(FOLLOWING):
            at = self.rota.shift_at(at.ends)
            following.append((on_duty(at) or "Nobody", self._day(at)))
        rest = "" if self.rota.is_working(now) else self._opens()
        until = f"{self.rota.local(shift.ends):%a %d %b, %H:%M} ({self.rota.zone.key})"
        return roster_card(on_duty(shift), until, following, rest)

    def press_wish(self, verb: str, given: Mapping[str, object], voter: Voter) -> Card:
        """Do what a button about feature requests says. Raises Misuse, when nothing was changed."""
        if verb == "different":
            return self.different(given.get("request"), voter.person)
        return self.vote(given.get("request"), voter, listed=given.get("listed") is True)

    def vote(self, number: object, voter: Voter, *, listed: bool = False) -> Card:
        """Count a vote; the request, or where the button was in the list, the list. Raises Misuse when there is no
        such request."""
        voted = self.wishes.vote(number, voter)
        return self._top(voter.person) if listed else self._request(voted, voter.person)

    def different(self, number: object, by: Person) -> Card:
        """The own wish is counted by itself. Raises Misuse when it is another person's."""
        return self._request(self.wishes.different(str(number), by), by)

    def _notices(self) -> Card:
        active = self.notices.store.active()
        if not active:
            return case_state_card("No issue is known.", "A sheriff pins one: notice: Kafka quotas are frozen for 4h")
        if len(active) == 1:
            return self._pinned(active[0])
        listed = "\n".join(f"{n.title} (until {self._until(n)}, pinned by {n.by})" for n in active)
        return case_state_card(f"{len(active)} issues are known", listed)

    def _pin(self, said: re.Match[str], by: Person) -> Card:
        member = self.member(by)
        if member is None:
            return case_state_card(
                "Nothing was pinned.", f"{by.name} is not in the rota: only its members pin notices."
            )
        until = said["span"] or said["until"]
        try:
            return self._pinned(self.notices.pin(said["title"], member, until, text=said["text"] or ""))
        except Misuse as refusal:
            return case_state_card("Nothing was pinned.", str(refusal))

    def _pinned(self, notice: Notice) -> Card:
        return pinned_card(notice, self._until(notice))

    def _until(self, notice: Notice) -> str:
        return f"{self.rota.local(notice.ends):%a %d %b, %H:%M}"

    def _mine(self, by: Person) -> Card:
        mine = self.cases.list(asker=by.id, limit=MOST)
        if not mine:
            return case_state_card("You have no cases.", "Ask a question; what Sheriff cannot answer becomes one.")
        return cases_card(mine, title="Your cases")

    def _status(self, label: str, by: Person) -> Card:
        case = self.cases.find(label.upper()) or self.cases.find(label.lower())
        if case is None or case.asker.id != by.id:
            return case_state_card(f"You have no case {label}.", "“my cases” lists those that you opened.")
        return status_card(case, self._standing(case), base_url=self.base_url)

    def _standing(self, case: Case) -> str:
        return (
            self.casework.standing(case) if case.is_open else f"{case.label} is {case.state.value.replace('_', ' ')}."
        )

    def _top(self, by: Person) -> Card:
        top, mine = self.wishes.store.top(), self.wishes.store.wanted_by(by.id)
        if not top:
            return case_state_card(
                "Nobody has wished for anything yet.", "Write: request a page about Couchbase sizing"
            )
        return requests_card([RequestRow(r.label, r.text, r.votes, r.state.value, r.number in mine) for r in top])

    def _wish(self, said: Request, voter: Voter) -> Card:
        try:
            match said.intent:
                case Intent.TOP:
                    return self._top(voter.person)
                case Intent.VOTE:
                    return self.vote(said.question, voter)
                case Intent.DIFFERENT:
                    return self.different(said.question, voter.person)
                case _:
                    return self._wished(self.wishes.ask(said.question, voter), voter.person)
        except Misuse as refusal:
            return case_state_card("Nothing was stored.", str(refusal))

    def _wished(self, wished: Wished, by: Person) -> Card:
        if not wished.joined:
            return self._request(wished.kept, by)
        told = f"“{wished.own.text}” is very much like this one, so your vote counts here."
        return self._request(wished.kept, by, told, different=wished.own.label)

    def _request(self, found: FeatureRequest, by: Person, joined: str = "", *, different: str = "") -> Card:
        told = f"{_asked(found, by)} {self.rota.local(found.at):%d %b}; it {of_state(found)}."
        voted = self.wishes.store.has_voted(found.number, by.id)
        text = f"{joined}\n{told}" if joined else told
        return request_card(found.label, found.text, text, found.votes, voted, different=different)

    def _opens(self) -> str:
        return f"Working hours start {self.rota.local(self.rota.next_working(self.clock())):%a %H:%M}."

    def _day(self, shift: Shift) -> str:
        return f"{self.rota.local(shift.starts):%a %d %b, %H:%M}"


def _whole(value: object) -> int:
    """A number that a card sent back. Raises Misuse for what is none."""
    if isinstance(value, int) and 0 <= value < 2**31:
        return value
    raise Misuse("This card names no notice. “notices” shows those that hold now.")


def _asked(found: FeatureRequest, reader: Person) -> str:
    """Who wished for it is told to nobody but that person; sheriffs see the name on the page."""
    return "Asked for by you," if found.by_id == reader.id else "Asked for on"
