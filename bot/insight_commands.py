"""`sheriff insights`: the figures of the page /insights, for terminals, spreadsheets and programs."""

from __future__ import annotations

import json
import sys
from datetime import datetime

from rich.console import Console
from rich.table import Table as RichTable

from bot.channels.insights_page import counted
from bot.settings import Settings
from bot.store_wiring import opened_store
from bot.support.insight_tables import Table, as_csv, as_json, rates, tables
from bot.support.insights import Insights
from knowledge.errors import Misuse

_FORMATS = ("text", "json", "csv")
_SHOWN = ("outcomes", "times", "components", "adoption", "rota")


def insights_command(
    settings: Settings, *, asked: dict[str, str], output: str, table: str, rebuild: bool, now: datetime
) -> None:
    """Print figures. `table` is the one that --format csv writes. Raises Misuse for what there is not."""
    if output not in _FORMATS:
        raise Misuse(f"--format {output}: choose {', '.join(_FORMATS)}.")
    with opened_store(settings) as store:
        if rebuild:
            print(f"sheriff: the facts of {store.facts.rebuild():,} cases were made anew.", file=sys.stderr)
        found = counted(store.facts, store.rota(settings.rota).now().rota, now, **asked)
    if output == "json":
        print(json.dumps(as_json(found), ensure_ascii=False, indent=2))
    elif output == "csv":
        print(as_csv(_named(found, table)), end="")
    else:
        _show(found)


def _named(found: Insights, name: str) -> Table:
    every = tables(found)
    if name not in every:
        raise Misuse(f"--table {name}: choose {', '.join(every)}.")
    return every[name]


def _show(found: Insights) -> None:
    wanted, outcomes, adoption = found.wanted, found.outcomes, found.adoption
    who = f"{adoption.people:,} people about {adoption.applications:,} applications"
    print(f"{wanted.since} to {wanted.until}, {found.zone}: {outcomes.questions:,} questions from {who}.")
    if not found.any_ever:
        print("No questions yet. Figures appear with the first one: in Teams, on the page, or by the API.")
        return
    for rate in rates(outcomes):
        print(f"  {rate.name:16} {rate.percent:3} %  {rate.count:,} of {rate.of:,}. {rate.about}")
    for name in _SHOWN:
        table = tables(found)[name]
        print(f"\n{table.title}. {table.about}")
        _print(table, weeks=len(found.weeks) if name == "rota" else 0)


def _print(table: Table, *, weeks: int) -> None:
    """Without the columns of single weeks, which are many."""
    columns = len(table.head) - weeks
    shown = RichTable(box=None, pad_edge=False)
    for place, name in enumerate(table.head[:columns]):
        shown.add_column(name, justify="left" if not place else "right")
    for row in table.rows:
        shown.add_row(*(str(cell) for cell in row[:columns]))
    Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False, emoji=False).print(shown)
