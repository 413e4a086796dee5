"""What people wish for, from every channel: a wish is kept, or counted with one that says the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from bot import wording
from bot.intents import Intent
from bot.messages import Person
from bot.redaction import redact
from bot.store.request_store import RequestStore
from bot.support.likeness import Likeness
from bot.support.wishes import CHOSEN, Alike, FeatureRequest, Voter, number_of, proposals, the_same
from knowledge.errors import Misuse, Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish, and the one that it is counted with, which may be itself."""

    own: FeatureRequest
    kept: FeatureRequest

    @property
    def joined(self) -> bool:
        return self.own.number != self.kept.number


class Wishes:
    """Safe to use from any thread. Raises Misuse with a sentence for what cannot be done."""

    def __init__(self, store: RequestStore, likeness: Likeness, *, names: Iterable[str] = ()) -> None:
        """`names` are the platform's components: wishes about different ones are never the same."""
        self.store = store
        self._likeness = likeness
        self._names = tuple(names)

    def say(self, intent: Intent, words: str, by: Voter) -> str:
        """Do what a message about wishes says; the reply, in Markdown."""
        match intent:
            case Intent.TOP:
                return wording.of_top(self.store.top())
            case Intent.VOTE:
                return wording.of_vote(self.vote(words, by))
            case Intent.DIFFERENT:
                own = self.different(words, by.person)
                return f"{own.label}, {wording.quoted(own.text)}, is counted by itself now."
            case _:
                wished = self.ask(words, by)
                return wording.of_wish(wished.own, wished.kept)

    def ask(self, text: str, by: Voter) -> Wished:
        """Keep a wish with its asker's vote; one very much alike gets the vote instead, and is told."""
        text = redact(text).text
        if self.store.find(text) is not None:
            return self._wished(self.store.ask(text, by))
        own = self.store.ask(text, by)
        same = self._same(own)
        if same is not None:
            self.store.join(own.number, same.number)
        return self._wished(self.store.get(own.number) or own)

    def what_became_of(self, label: str) -> Wished:
        """A wish by its label, and the one that it is counted with. Raises Misuse when there is none."""
        own = self.store.get(number_of(label))
        if own is None:
            raise Misuse(f"There is no request {label}.")
        return self._wished(own)

    def vote(self, label: object, by: Voter) -> FeatureRequest:
        """Count a vote; the request that it is counted for."""
        voted = self.store.vote(number_of(label), by)
        return self.store.get(voted.root) or voted

    def different(self, label: str, by: Person) -> FeatureRequest:
        """The asker says that the own wish is not the one that it was counted with; without a number, the last one."""
        joined = [one for one in self._own(by) if one.master]
        own = self.store.get(number_of(label)) if label else max(joined, key=lambda one: one.number, default=None)
        if own is None:
            raise Misuse("None of your wishes is counted with another one. “request …” makes a new one.")
        if own.by_id != by.id:
            raise Misuse(f"{own.label} is another person's wish. Only who asked for it can say that it is different.")
        return self.store.split(own.number, by)

    def proposals(self) -> Sequence[Alike]:
        """Pairs that a maintainer may merge; none while the embeddings do not answer."""
        try:
            return proposals(self.store.all(), self._likeness, apart=self.store.apart())
        except Unavailable as error:
            log.warning("wishes_not_compared", reason=str(error))
            return ()

    def _own(self, by: Person) -> Sequence[FeatureRequest]:
        return [one for one in self.store.given_by(by.id) if one.by_id == by.id]

    def _same(self, own: FeatureRequest) -> FeatureRequest | None:
        others = [one for one in self.store.all(states=CHOSEN) if one.number != own.number]
        try:
            return the_same(own.text, others, self._likeness, names=self._names)
        except Unavailable as error:  # the wish is kept; a maintainer can merge it later
            log.warning("wish_not_compared", reason=str(error))
            return None

    def _wished(self, own: FeatureRequest) -> Wished:
        return Wished(own, self.store.get(own.root) or own)
