"""How well questions are answered, how long people wait and who asks: counted from the facts of cases, nothing else.

A period is cut into weeks that begin on Monday in the rota's zone; a case belongs to the week in which it was opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from bot.support.case_facts import Fate
from bot.support.working_time import WorkingTime

SILENT_AFTER = 3  # working days
NO_COMPONENT = "(none)"
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
MOMENTS = ("opened", "cited", "heard", "handed", "responded", "taken", "ended")
WORDS = ("asker", "application", "channel", "component", "fate", "sheriff", "pauses")
COLUMNS = (
    "opened",
    "asker",
    "application",
    "channel",
    "component",
    "fate",
    "cited",
    "heard",
    "sheriff",
    "handed",
    "responded",
    "taken",
    "ended",
    "pauses",
)
Row = tuple[int, str, str, str, str, str, int, int, str, int, int, int, int, str]
_FATES = tuple(Fate)
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of words: of each row the place of its word in `words`."""

    codes: Numbers
    words: Sequence[str]

    def of(self, word: str) -> Flags:
        """The rows that have this word."""
        code = self.words.index(word) if word in self.words else -1
        return np.equal(self.codes, code)


@dataclass(frozen=True, slots=True)
class History:
    """Cases as columns; moments are seconds since 1970, 0 for never."""

    opened: Numbers
    asker: Coded
    application: Coded
    channel: Coded
    component: Coded
    fate: Numbers  # places in Fate
    cited: Flags
    heard: Numbers
    sheriff: Coded
    handed: Numbers
    responded: Numbers
    taken: Numbers
    ended: Numbers
    pauses: Mapping[int, str]  # of the rows that have any
    known: frozenset[str] = frozenset()  # ids of those who had asked before
    first: int | None = None  # when the first case of all was opened

    def __len__(self) -> int:
        return len(self.opened)


def history_of(rows: Sequence[Row], *, known: frozenset[str] = frozenset(), first: int | None = None) -> History:
    """The columns of rows, one a case."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    by_name = dict(zip(COLUMNS, columns, strict=True))
    return history_of_columns(
        {name: np.array(by_name[name], dtype=np.int64) for name in MOMENTS},
        {name: by_name[name] for name in WORDS},
        known=known,
        first=first,
    )


def history_of_columns(
    moments: Mapping[str, Numbers],
    words: Mapping[str, Sequence[str]],
    *,
    known: frozenset[str] = frozenset(),
    first: int | None = None,
) -> History:
    """`moments` has the columns of MOMENTS and `words` those of WORDS, all equally long."""
    places = {word.value: place for place, word in enumerate(_FATES)}
    return History(
        opened=moments["opened"],
        asker=_coded(words["asker"]),
        application=_coded(words["application"]),
        channel=_coded(words["channel"]),
        component=_coded(words["component"]),
        fate=np.array([places[word] for word in words["fate"]], dtype=np.int64),
        cited=moments["cited"] == 1,
        heard=moments["heard"],
        sheriff=_coded(words["sheriff"]),
        handed=moments["handed"],
        responded=moments["responded"],
        taken=moments["taken"],
        ended=moments["ended"],
        pauses={place: text for place, text in enumerate(words["pauses"]) if text},
        known=known,
        first=first,
    )


def _coded(column: Sequence[str]) -> Coded:
    places: dict[str, int] = {}
    codes = [places.setdefault(word, len(places)) for word in column]
    return Coded(np.array(codes, dtype=np.int64), tuple(places))


# ---- what comes out ----


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many cases; every question is in exactly one of solved, silent, early, down, asked and unknown."""

    solved: int = 0
    silent: int = 0
    early: int = 0
    down: int = 0
    asked: int = 0
    unknown: int = 0
    cited: int = 0  # of all questions, whatever came of them
    checked: int = 0  # no questions: YAML
    asked_back: int = 0  # no questions: Sheriff asked back

    @property
    def questions(self) -> int:
        return self.solved + self.silent + self.early + self.down + self.handed

    @property
    def handed(self) -> int:
        return self.asked + self.unknown


@dataclass(frozen=True, slots=True)
class Spread:
    """Lengths of working time, in seconds: of how many cases, the middle one and the one that a tenth exceeds."""

    count: int = 0
    median: int = 0
    slowest_tenth: int = 0


@dataclass(frozen=True, slots=True)
class Times:
    response: Spread = Spread()
    resolution: Spread = Spread()
    worked: int = 0  # seconds in all, from Take to the end


@dataclass(frozen=True, slots=True)
class Adoption:
    people: int = 0
    new: int = 0  # of them those who asked for the first time ever
    applications: int = 0
    cases: int = 0
    channels: Mapping[str, int] = field(default_factory=dict)  # cases by channel

    @property
    def returning(self) -> int:
        return self.people - self.new


@dataclass(frozen=True, slots=True)
class Week:
    starts: date  # a Monday
    is_over: bool
    outcomes: Outcomes
    times: Times
    adoption: Adoption

    @property
    def number(self) -> int:
        return self.starts.isocalendar().week


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    outcomes: Outcomes
    times: Times


@dataclass(frozen=True, slots=True)
class Load:
    """The cases of one sheriff."""

    sheriff: str
    cases: int
    out_of_hours: int  # of them those that came outside working hours
    weeks: Sequence[int]  # cases by week
    times: Times


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be counted: days in the rota's zone, both included; "" for every component and channel."""

    since: date
    until: date
    component: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Insights:
    wanted: Wanted
    zone: str
    weeks: Sequence[Week]
    outcomes: Outcomes
    times: Times
    adoption: Adoption
    components: Sequence[Component]  # the most asked first
    load: Sequence[Load]  # the most cases first
    choices: tuple[Sequence[str], Sequence[str]]  # components and channels that there are in the period
    any_ever: bool  # whether a case was ever stored


# ---- counting ----


def bounds(wanted: Wanted, zone: ZoneInfo) -> tuple[int, int]:
    """The first second of the period, and the first one after it."""
    return _midnight(wanted.since, zone), _midnight(wanted.until + timedelta(days=1), zone)


def insights(history: History, wanted: Wanted, working: WorkingTime, now: datetime) -> Insights:
    """Everything that is shown of a period. `history` has the cases of that period."""
    choices = (_present(history.component), _present(history.channel))
    counting = _Counting(history, _rows(history, wanted), wanted, working, now)
    weeks = counting.weeks()
    return Insights(
        wanted=wanted,
        zone=working.zone.key,
        weeks=weeks,
        outcomes=counting.outcomes(counting.rows),
        times=counting.times(counting.rows),
        adoption=counting.adoption(counting.rows, history.known),
        components=counting.components(),
        load=counting.load(),
        choices=choices,
        any_ever=history.first is not None,
    )


def _present(column: Coded) -> Sequence[str]:
    return sorted(word for word in column.words if word)


def _rows(history: History, wanted: Wanted) -> Numbers:
    """The rows that the filters leave."""
    left = np.ones(len(history), dtype=np.bool_)
    if wanted.component:
        left &= history.component.of("" if wanted.component == NO_COMPONENT else wanted.component)
    if wanted.channel:
        left &= history.channel.of(wanted.channel)
    return np.flatnonzero(left)


class _Counting:
    """One period being counted. `rows` are places in the columns of the history."""

    def __init__(self, history: History, rows: Numbers, wanted: Wanted, working: WorkingTime, now: datetime) -> None:
        self.history = history
        self.rows = rows
        self.now = int(now.timestamp())
        self.starts = week_starts(wanted)
        begins = np.array([_midnight(day, working.zone) for day in self.starts], dtype=np.int64)
        self.week = np.searchsorted(begins, history.opened, side="right") - 1
        self.ends = [*(int(second) for second in begins[1:]), _midnight(self.starts[-1] + _WEEK, working.zone)]
        self.clock = clock_of(working, int(begins[0]), self.now)
        self.response, self.resolution, self.worked = self._lengths()
        self.fate = self._fates(working)

    def _lengths(self) -> tuple[Numbers, Numbers, Numbers]:
        """Working seconds of each row: to the first words, to the end, and from Take to the end; -1 for none."""
        history, clock = self.history, self.clock
        at = {"handed": clock(history.handed), "taken": clock(history.taken), "ended": clock(history.ended)}
        places, begins, ends = _spans(history.pauses)
        paused = _summed(places, clock(ends) - clock(begins), len(history))
        taken = history.taken[places]
        late = clock(np.maximum(ends, taken)) - clock(np.maximum(begins, taken))
        after_take = _summed(places, late, len(history))
        response = np.where(history.responded > 0, clock(history.responded) - at["handed"], -1)
        resolution = np.where(history.ended > 0, at["ended"] - at["handed"] - paused, -1)
        is_worked = (history.ended > 0) & (history.taken > 0)
        worked = np.where(is_worked, at["ended"] - at["taken"] - after_take, 0)
        return response, resolution, np.maximum(worked, 0)

    def _fates(self, working: WorkingTime) -> Numbers:
        """The fate of each row; one more, after the last, for those of whom it is too early to say anything."""
        hours = working.hours
        day = datetime.combine(date.min, hours.ends) - datetime.combine(date.min, hours.begins)
        patience = SILENT_AFTER * int(day.total_seconds())
        is_early = self.clock(np.array([self.now]))[0] - self.clock(self.history.heard) < patience
        quiet = self.history.fate == _FATES.index(Fate.QUIET)
        return np.where(quiet & is_early, len(_FATES), self.history.fate)

    def outcomes(self, rows: Numbers) -> Outcomes:
        counts = np.bincount(self.fate[rows], minlength=len(_FATES) + 1).tolist()
        of = dict(zip(_FATES, counts, strict=False))
        return Outcomes(
            solved=of[Fate.SOLVED],
            silent=of[Fate.QUIET],
            early=counts[-1],
            down=of[Fate.DOWN],
            asked=of[Fate.ASKED],
            unknown=of[Fate.UNKNOWN],
            cited=int(self.history.cited[rows].sum()),
            checked=of[Fate.CHECKED],
            asked_back=of[Fate.ASKED_BACK],
        )

    def times(self, rows: Numbers) -> Times:
        return Times(_spread(self.response[rows]), _spread(self.resolution[rows]), int(self.worked[rows].sum()))

    def adoption(self, rows: Numbers, known: frozenset[str]) -> Adoption:
        asker, application, channel = self.history.asker, self.history.application, self.history.channel
        people = {asker.words[code] for code in np.unique(asker.codes[rows])}
        applications = {application.words[code] for code in np.unique(application.codes[rows])} - {""}
        cases = np.bincount(channel.codes[rows], minlength=len(channel.words)).tolist()
        by_channel = {word: count for word, count in sorted(zip(channel.words, cases, strict=True)) if count}
        return Adoption(len(people), len(people - known), len(applications), len(rows), by_channel)

    def weeks(self) -> list[Week]:
        first = self._first_weeks()
        found = []
        for number, rows in enumerate(self._by(self.week, len(self.starts))):
            asker = self.history.asker
            known = frozenset(asker.words[code] for code in np.unique(asker.codes[rows]) if first[code] < number)
            found.append(
                Week(
                    self.starts[number],
                    self.ends[number] <= self.now,
                    self.outcomes(rows),
                    self.times(rows),
                    self.adoption(rows, known),
                )
            )
        return found

    def _first_weeks(self) -> Numbers:
        """Of each asker the week in which the first question came, of all that was asked; -1 for before the period."""
        asker = self.history.asker
        first = np.full(len(asker.words), len(self.starts), dtype=np.int64)
        np.minimum.at(first, asker.codes, self.week)
        before = [code for code, word in enumerate(asker.words) if word in self.history.known]
        first[before] = -1
        return first

    def components(self) -> list[Component]:
        column = self.history.component
        found = [
            Component(word or NO_COMPONENT, self.outcomes(rows), self.times(rows))
            for word, rows in zip(column.words, self._by(column.codes, len(column.words)), strict=True)
            if len(rows)
        ]
        return sorted(found, key=lambda c: (c.name == NO_COMPONENT, -c.outcomes.questions, c.name))

    def load(self) -> list[Load]:
        column, handed = self.history.sheriff, self.history.handed
        came = np.where(handed > 0, handed, 1)
        out = (self.clock(came + 1) == self.clock(came)) & (handed > 0)  # working time does not pass there
        found = []
        for word, rows in zip(column.words, self._by(column.codes, len(column.words)), strict=True):
            theirs = rows[handed[rows] > 0]
            if len(theirs):
                weeks = np.bincount(self.week[theirs], minlength=len(self.starts)).tolist()
                found.append(Load(word or "nobody", len(theirs), int(out[theirs].sum()), weeks, self.times(theirs)))
        return sorted(found, key=lambda load: (-load.cases, load.sheriff))

    def _by(self, codes: Numbers, count: int) -> Sequence[Numbers]:
        """The rows of each code."""
        of_rows = codes[self.rows]
        order = np.argsort(of_rows, kind="stable")
        edges = np.searchsorted(of_rows[order], np.arange(count + 1))
        return [self.rows[order[edges[n] : edges[n + 1]]] for n in range(count)]


def _spans(pauses: Mapping[int, str]) -> tuple[Numbers, Numbers, Numbers]:
    """All pauses: the row of each, when it begins and when it ends."""
    counts = [text.count("-") for text in pauses.values()]
    moments = " ".join(pauses.values()).replace("-", " ").split()
    edges = np.array(moments, dtype=np.int64)
    return np.repeat(np.array(list(pauses), dtype=np.int64), counts), edges[::2], edges[1::2]


def _summed(places: Numbers, lengths: Numbers, count: int) -> Numbers:
    """The sum of the lengths of each row."""
    return np.bincount(places, weights=lengths, minlength=count).astype(np.int64)


def week_starts(wanted: Wanted) -> list[date]:
    """The Mondays of the weeks that the period touches."""
    monday = wanted.since - timedelta(days=wanted.since.weekday())
    return [monday + n * _WEEK for n in range((wanted.until - monday) // _WEEK + 1)]


def _spread(lengths: Numbers) -> Spread:
    """By nearest rank, so that both figures are times that somebody waited."""
    known = np.sort(lengths[lengths >= 0])
    if not len(known):
        return Spread()
    at = [int(known[max(0, -(-len(known) * share // 100) - 1)]) for share in (50, 90)]
    return Spread(len(known), *at)


def clock_of(working: WorkingTime, begins: int, ends: int) -> Callable[[Numbers], Numbers]:
    """A clock that goes in working hours only: what it says at a moment is seconds since `begins`. The difference of
    two moments is the working time between them."""
    stretches = list(working.stretches(_moment(begins), _moment(max(ends, begins)) + timedelta(days=1)))
    opens = np.array([int(a.timestamp()) for a, _ in stretches] or [begins], dtype=np.int64)
    closes = np.array([int(b.timestamp()) for _, b in stretches] or [begins], dtype=np.int64)
    before = np.concatenate(([0], np.cumsum(closes - opens)))

    def read(moments: Numbers) -> Numbers:
        place = np.searchsorted(opens, moments, side="right") - 1
        inside = np.minimum(moments, closes[place]) - opens[place]
        return np.where(place < 0, 0, before[place] + inside)

    return read


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(0), zone).timestamp())


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
