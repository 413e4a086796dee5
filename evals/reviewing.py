"""What `review` does: a person's word on each proposed row, row by row or all at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from evals import rows
from evals.questions import State
from evals.rows import Row, Rows
from knowledge.errors import Misuse

NO_GOLD: Final = "no gold yet: name the pages that answer it, or say that none does"
ASK: Final = "[a]ccept, [g]old, [t]ext, [d]rop, [s]kip, [q]uit: "
KEYS: Final = "agtdsq"


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a person decided about rows, by id."""

    accept: Sequence[str] = ()
    drop: Sequence[str] = ()
    gold: Mapping[str, Sequence[str]] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.accept or self.drop or self.gold or self.text)


def review_command(file: Path, decisions: Decisions) -> None:
    """Carry out the decisions; without any, ask for them row by row, and keep each at once."""
    kept = rows.read(file)
    if decisions:
        decide(kept, decisions)
        kept.save()
    else:
        converse(kept, ask=_from_terminal, tell=print)
    counts = ", ".join(f"{kept.count(state)} {state}" for state in State)
    print(f"{file}: {counts}")


def decide(kept: Rows, decisions: Decisions) -> None:
    """Texts and golds first, then what is accepted and dropped. Raises Misuse for what cannot be."""
    both = set(decisions.accept) & set(decisions.drop)
    if both:
        raise Misuse(f"{', '.join(sorted(both))}: both accepted and dropped. Decide for one.")
    for id_, text in decisions.text.items():
        if not text.strip():
            raise Misuse(f"--text {id_}=: the question is empty. Use --drop {id_} to leave it out.")
        _named(kept, id_)["text"] = text.strip()
    for id_, paths in decisions.gold.items():
        _named(kept, id_)["gold"] = list(paths)
    for id_ in decisions.accept:
        row = _named(kept, id_)
        if row.get("gold") is None:
            raise Misuse(f"{id_}: {NO_GOLD}: --gold {id_}=kafka/topics.md, or --gold {id_}= for none.")
        row["state"] = str(State.ACCEPTED)
    for id_ in decisions.drop:
        _named(kept, id_)["state"] = str(State.DROPPED)


def converse(kept: Rows, *, ask: Callable[[str], str], tell: Callable[[str], None]) -> None:
    """Go through the waiting rows. `ask` raises EOFError when nobody answers any more: then the rest waits."""
    waiting = kept.waiting()
    if not waiting:
        tell("Nothing waits for a person.")
    try:
        for number, row in enumerate(waiting, start=1):
            tell(f"\n{number} of {len(waiting)}")
            if not _review(kept, row, ask, tell):
                return
    except EOFError:
        tell("")


def _review(kept: Rows, row: Row, ask: Callable[[str], str], tell: Callable[[str], None]) -> bool:
    """Ask about one row until it is decided; False to stop."""
    while True:
        tell(_shown(row))
        key = ask(ASK).strip().lower()[:1]
        if key == "q":
            return False
        if key == "s":
            return True
        if key == "g":
            row["gold"] = list(_paths(ask("Pages that answer it, with commas between; - for none: ")))
        elif key == "t":
            row["text"] = ask("Question: ").strip() or row["text"]
        elif key == "a" and row.get("gold") is None:
            tell(NO_GOLD)
            continue
        elif key in {"a", "d"}:
            row["state"] = str(State.ACCEPTED if key == "a" else State.DROPPED)
        else:
            tell(f"Type one of {', '.join(KEYS)}.")
            continue
        kept.save()
        if key in {"a", "d"}:
            return True


def assignments(option: str, values: Sequence[str]) -> dict[str, str]:
    """ID=VALUE of a repeated option; Misuse for what is none."""
    found: dict[str, str] = {}
    for value in values:
        id_, sign, rest = value.partition("=")
        if not sign or not id_.strip():
            raise Misuse(f"{option} {value}: write ID=… with the id of a row.")
        found[id_.strip()] = rest
    return found


def golds(values: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """ID=PATH,PATH of the option --gold; the same id again adds a path."""
    found: dict[str, tuple[str, ...]] = {}
    for value in values:
        for id_, rest in assignments("--gold", [value]).items():
            found[id_] = (*found.get(id_, ()), *_paths(rest))
    return found


def _paths(written: str) -> tuple[str, ...]:
    return tuple(path for part in written.split(",") if (path := part.strip().removeprefix("./")) not in {"", "-"})


def _named(kept: Rows, id_: str) -> Row:
    row = kept.row(id_)
    if row is None:
        ids = ", ".join(row["id"] for row in kept.waiting()[:5]) or "no row"
        raise Misuse(f"{kept.file}: there is no row {id_}. Waiting: {ids}.")
    return row


def _shown(row: Row) -> str:
    facts = " · ".join(str(row[key]) for key in ("id", "kind", "component", "ticket", "asked") if row.get(key))
    gold = row.get("gold")
    named = NO_GOLD if gold is None else ", ".join(gold) or "no page answers it"
    return f"{facts}\n  question  {row['text']}\n  gold      {named}\n  why       {row.get('why', '')}"


def _from_terminal(prompt: str) -> str:
    """A line of standard input; the prompt stands on standard error, so that output can be kept."""
    print(prompt, end="", file=sys.stderr, flush=True)
    return input()
