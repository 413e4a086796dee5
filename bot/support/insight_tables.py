"""The figures as tables, each with its definition: what pages, files and programs show of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.support.insights import SILENT_AFTER, Insights, Outcomes, Spread, Times

Cell = str | int
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would compute
CITED = "An answer or a hint with a source was shown, whatever came of it."
SOLVED = "The asker pressed “That solved it”, and no person was needed."
SILENT = (
    f"Nothing was heard for {SILENT_AFTER} working days: not solved, not rated unhelpful, no person asked. It may be "
    "solved, the asker may have given up."
)
HANDED = "A person was asked: because Sheriff did not know, or because the asker wanted one."
EARLY = f"Answered, and {SILENT_AFTER} working days have not passed."
DOWN = "The answer was rated unhelpful, and no person was asked."
ASKED = "The asker wanted a person: after an answer, or at once."
UNKNOWN = "Sheriff had no sure answer, so a person was asked."


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures; times are minutes of working time."""

    name: str  # of its file
    title: str
    about: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Rate:
    """A count and what it is a part of."""

    name: str
    count: int
    of: int
    about: str

    @property
    def percent(self) -> int:
        return round(100 * self.count / self.of) if self.of else 0


def rates(outcomes: Outcomes) -> Sequence[Rate]:
    """The four that are kept apart. They overlap: a question that was answered may be handed over later."""
    of = outcomes.questions
    return (
        Rate("Answered, cited", outcomes.cited, of, CITED),
        Rate("Confirmed solved", outcomes.solved, of, SOLVED),
        Rate("Silent", outcomes.silent, of, SILENT),
        Rate("Handed over", outcomes.handed, of, HANDED),
    )


def tables(found: Insights) -> Mapping[str, Table]:
    """All tables by name."""
    made = (_rates(found), _outcomes(found), _times(found), _components(found), _adoption(found), _channels(found))
    return {table.name: table for table in (*made, _rota(found))}


def _rates(found: Insights) -> Table:
    bands = found.outcomes
    more = (
        Rate("Too early to say", bands.early, bands.questions, EARLY),
        Rate("Rated unhelpful", bands.down, bands.questions, DOWN),
        Rate("Asker wanted a person", bands.asked, bands.questions, ASKED),
        Rate("Sheriff did not know", bands.unknown, bands.questions, UNKNOWN),
    )
    rows = [(rate.name, rate.count, rate.of, rate.percent, rate.about) for rate in (*rates(bands), *more)]
    about = (
        "Of all questions. Checks of YAML and questions that Sheriff asked back are none, unless a person was asked."
    )
    return Table("rates", "Rates", about, ("Rate", "Questions", "Of", "Percent", "Definition"), rows)


def _outcomes(found: Insights) -> Table:
    head = (
        "Week",
        "From",
        "Questions",
        "Solved",
        "Silent",
        "Too early",
        "Unhelpful",
        "Wanted a person",
        "Did not know",
    )
    rows = [
        (w.number, w.starts.isoformat(), o.questions, o.solved, o.silent, o.early, o.down, o.asked, o.unknown, o.cited)
        for w, o in ((week, week.outcomes) for week in found.weeks)
    ]
    about = "Each question is in one band only; Answered, cited counts across them. A week begins on Monday."
    return Table("outcomes", "What became of each question", about, (*head, "Answered, cited"), rows)


_SPREADS = (
    "First responses",
    "First response, median (min)",
    "First response, slowest tenth (min)",
    "Resolved",
    "Resolution, median (min)",
    "Resolution, slowest tenth (min)",
)


def _times(found: Insights) -> Table:
    about = (
        "Working time of handed-over cases: from the hand-over to a person’s first words, and to the last end without "
        "what the asker took to answer. A tenth of the cases took longer than the slowest-tenth figure."
    )
    rows = [(week.number, week.starts.isoformat(), *_spreads(week.times)) for week in found.weeks]
    return Table("times", "How long people wait", about, ("Week", "From", *_SPREADS), rows)


def _components(found: Insights) -> Table:
    head = (
        "Component",
        "Questions",
        "Solved",
        "Silent",
        "Handed over",
        "Percent handed over",
        *_SPREADS,
        "Worked (min)",
    )
    rows = []
    for one in found.components:
        o = one.outcomes
        percent = Rate("", o.handed, o.questions, "").percent
        rows.append(
            (one.name, o.questions, o.solved, o.silent, o.handed, percent, *_spreads(one.times), one.times.worked // 60)
        )
    about = "Worked: the sheriff’s working time from Take to Resolve, without what the asker took to answer."
    return Table("components", "Components people ask about", about, head, rows)


def _adoption(found: Insights) -> Table:
    about = (
        "People who asked or had YAML checked, each once however often; new ones for the first time ever. Somebody who "
        "uses two channels counts in each. Applications are those that people named."
    )
    rows = [
        (w.number, w.starts.isoformat(), a.people, a.new, a.returning, a.applications, a.cases)
        for w, a in ((week, week.adoption) for week in found.weeks)
    ]
    head = ("Week", "From", "People", "New", "Returning", "Applications", "Cases")
    return Table("adoption", "Who asks", about, head, rows)


def _channels(found: Insights) -> Table:
    names = list(found.adoption.channels)
    rows: list[tuple[Cell, ...]] = [
        (w.number, w.starts.isoformat(), *(w.adoption.channels.get(n, 0) for n in names)) for w in found.weeks
    ]
    return Table("channels", "Where people ask", "Cases by channel.", ("Week", "From", *names), rows)


def _rota(found: Insights) -> Table:
    about = "Cases that were handed over, by who has or had them. Out of hours: they came outside working hours."
    starts = [week.starts.isoformat() for week in found.weeks]
    rows = [
        (load.sheriff, load.cases, load.out_of_hours, *_spreads(load.times), load.times.worked // 60, *load.weeks)
        for load in found.load
    ]
    head = ("Sheriff", "Cases", "Out of hours", *_SPREADS, "Worked (min)", *starts)
    return Table("rota", "Rota load", about, head, rows)


def _spreads(times: Times) -> tuple[Cell, ...]:
    return (*_spread(times.response), *_spread(times.resolution))


def _spread(spread: Spread) -> tuple[Cell, ...]:
    if not spread.count:
        return (0, "", "")
    return (spread.count, round(spread.median / 60), round(spread.slowest_tenth / 60))


def as_csv(table: Table) -> str:
    """The table for a spreadsheet. What people named cannot become a formula there."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerows([_defused(cell) for cell in row] for row in (table.head, *table.rows))
    return text.getvalue()


def _defused(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def as_json(found: Insights) -> dict[str, Any]:
    """Everything, for programs."""
    wanted = found.wanted
    return {
        "since": wanted.since.isoformat(),
        "until": wanted.until.isoformat(),
        "zone": found.zone,
        "component": wanted.component,
        "channel": wanted.channel,
        "questions": found.outcomes.questions,
        "checked": found.outcomes.checked,
        "asked_back": found.outcomes.asked_back,
        "people": found.adoption.people,
        "applications": found.adoption.applications,
        "tables": {
            name: {"about": table.about, "rows": list(_records(table))} for name, table in tables(found).items()
        },
    }


def _records(table: Table) -> Iterator[dict[str, Cell]]:
    for row in table.rows:
        yield dict(zip(table.head, row, strict=True))
