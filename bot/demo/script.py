"""Who asks what, and when: the script of the demonstration. The same seed gives the same script, up to the week."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from bot.messages import Person
from bot.support.cases import Cause
from knowledge import bundled

QUARTER = Path(__file__).with_name("quarter.yaml")
_A_WEEK = 39  # questions of the FAQ in an ordinary one
_DAYS = (1.2, 1.15, 1.0, 1.0, 0.75, 0.03, 0.02)  # Monday first
_HOURS = (1, 3, 5, 4, 2, 3, 5, 4, 3, 1)  # from 8 o'clock
_IN_FAQ = (Cause.RETRIEVAL_MISS, Cause.CONFIGURATION, Cause.OUTDATED, Cause.OTHER)


@dataclass(frozen=True, slots=True)
class Topic:
    """What people ask in several ways, and what a sheriff finds when one has to be asked."""

    name: str
    questions: Sequence[str]
    resolution: str
    cause: Cause | None = None  # None: another one each time
    replies: Sequence[str] = ()
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """One message that somebody writes."""

    number: int
    at: datetime
    by: Person
    application: str
    channel: str
    text: str
    topic: Topic
    draw: random.Random  # for all that follows from it
    lasting: bool = False  # nobody has solved it by the end of the play

    def cause(self) -> Cause:
        return self.topic.cause or self.draw.choices(_IN_FAQ, (5, 3, 1, 1))[0]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who there is, and what they say beside their questions."""

    people: Sequence[tuple[Person, str]]  # with their application
    lines: Mapping[str, Any]

    @classmethod
    def read(cls) -> Cast:
        lines = yaml.safe_load(QUARTER.read_text(encoding="utf-8"))
        names = [name for row in lines["people"] for name in row]
        applications = [name for row in lines["applications"] for name in row]
        people = [
            (Person(f"demo-{name.lower().replace(' ', '-')}", name), applications[n % len(applications)])
            for n, name in enumerate(names)
        ]
        return cls(people, lines)

    def say(self, what: str, asking: Asking) -> str:
        """One of the lines of that kind."""
        return str(asking.draw.choice(self.lines[what])).replace("{app}", asking.application)


def script(cast: Cast, *, monday: datetime, weeks: int, seed: int, lately: Sequence[datetime] = ()) -> Sequence[Asking]:
    """All that is asked in the weeks that end with the one of `monday` (00:00, local), oldest first.

    At the moments of `lately` something is asked that is still open when the play ends.
    """
    draw = random.Random(f"demonstration {seed}")  # noqa: S311 - a plot, not a secret
    drafts = [*_everyday(cast, draw, monday, weeks), *_gaps(cast, draw, monday, weeks)]
    drafts += [*_incident(cast, draw, monday, weeks), *_lately(cast, draw, lately)]
    drafts.sort(key=lambda draft: draft[0])
    return [
        replace(_asking(cast, seed, number, *draft), lasting=draft[0] in lately) for number, draft in enumerate(drafts)
    ]


_Draft = tuple[datetime, int, Topic, str]  # when, which person, about what, in which words


def _asking(cast: Cast, seed: int, number: int, at: datetime, who: int, topic: Topic, words: str) -> Asking:
    draw = random.Random(f"{seed}/{number}")  # noqa: S311
    person, application = cast.people[who]
    channel = "teams" if draw.random() < 0.7 else "web"
    text = words.replace("{app}", application)
    return Asking(number, at, person, application, channel, text, topic, draw)


def _everyday(cast: Cast, draw: random.Random, monday: datetime, weeks: int) -> Iterator[_Draft]:
    """What the FAQ knows, in the words of people, some of it far more often than the rest."""
    topics = list(_faq())
    draw.shuffle(topics)
    weights = [1 / (1 + place / 6) for place in range(len(topics))]
    incident, holiday = cast.lines["incident"], cast.lines["holiday"]
    for back in range(weeks - 1, -1, -1):
        busy = 1.4 if back == incident["week"] else 1.0
        growth = 0.85 + 0.3 * (weeks - back) / weeks
        count = round(_A_WEEK * busy * growth * draw.uniform(0.9, 1.1))
        days = [0.02 * w if (back, n) == (holiday["week"], holiday["day"]) else w for n, w in enumerate(_DAYS)]
        for _ in range(count):
            topic = draw.choices(topics, weights)[0]
            words = draw.choice(draw.choice(cast.lines["wordings"])).replace("{q}", draw.choice(topic.questions))
            yield _moment(draw, monday - timedelta(weeks=back), days), _somebody(draw, cast), topic, words


def _gaps(cast: Cast, draw: random.Random, monday: datetime, weeks: int) -> Iterator[_Draft]:
    for gap in cast.lines["gaps"]:
        topic = _topic(gap)
        first, last = (n * weeks / 13 for n in gap["weeks"])
        for _ in range(max(2, round(gap["asks"] * weeks / 13))):
            week = min(weeks - 1, int(draw.uniform(first, last)))
            begins = monday - timedelta(weeks=weeks - 1 - week)
            yield _moment(draw, begins, _DAYS), _somebody(draw, cast), topic, draw.choice(topic.questions)


def _topic(gap: Mapping[str, Any]) -> Topic:
    return Topic(gap["name"], gap["questions"], gap["resolution"], Cause(gap["cause"]))


def _lately(cast: Cast, draw: random.Random, moments: Sequence[datetime]) -> Iterator[_Draft]:
    for number, moment in enumerate(moments):
        topic = _topic(cast.lines["lately"][number % len(cast.lines["lately"])])
        yield moment, draw.randrange(len(cast.people)), topic, draw.choice(topic.questions)


def _incident(cast: Cast, draw: random.Random, monday: datetime, weeks: int) -> Iterator[_Draft]:
    """One cause, and everybody asks within two hours."""
    lines = cast.lines["incident"]
    if lines["week"] >= weeks:
        return
    begins = monday - timedelta(weeks=lines["week"]) + timedelta(days=lines["day"], hours=lines["hour"])
    topic = Topic(
        "incident", lines["questions"], lines["resolution"], Cause(lines["cause"]), lines["replies"], lines["severity"]
    )
    for who, words in zip(draw.sample(range(len(cast.people)), len(topic.questions)), topic.questions, strict=True):
        yield begins + timedelta(minutes=draw.uniform(2, 100)), who, topic, words


def _faq() -> Iterator[Topic]:
    for file in sorted(bundled.FAQ.glob("*.yaml")):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["entries"]:
            questions = [entry["question"], *map(str, entry["phrasings"])]
            yield Topic(f"{file.stem}/{entry['id']}", questions, " ".join(str(entry["answer"]).split()))


def _somebody(draw: random.Random, cast: Cast) -> int:
    """Some ask often, most now and then."""
    return min(int(draw.expovariate(2.2) * len(cast.people)), len(cast.people) - 1)


def _moment(draw: random.Random, week: datetime, days: Sequence[float]) -> datetime:
    day = draw.choices(range(7), days)[0]
    hour = 8 + draw.choices(range(len(_HOURS)), _HOURS)[0]
    return week + timedelta(days=day, hours=hour, seconds=draw.randrange(3600))
