"""`sheriff requests export`: what people want, for a planning meeting or another tool."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bot.settings import Settings
from bot.store.request_store import RequestStore
from bot.store_wiring import opened_store
from bot.support.spreadsheets import as_csv, as_markdown_table
from bot.support.wishes import FeatureRequest, WishState
from knowledge.errors import Misuse

_HEAD = ("number", "text", "state", "votes", "reason", "asked_by", "asked", "counted_with")
_ALL = 1_000_000


def export_command(settings: Settings, *, output: str, target: Path | None) -> None:
    """Write all requests, the most wanted first, to a file or standard output."""
    with opened_store(settings) as store:
        text = exported(store.requests, output)
    if target is None:
        sys.stdout.write(text)
        return
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
    print(f"Written to {target}.", file=sys.stderr)


def exported(requests: RequestStore, output: str) -> str:
    """All requests as csv, json or md. Raises Misuse for another format."""
    found = requests.all(states=tuple(WishState), limit=_ALL)
    match output:
        case "csv":
            return as_csv(_HEAD, [_row(wish) for wish in found])
        case "json":
            rows = [dict(zip(_HEAD, _row(wish), strict=True)) for wish in found]
            return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
        case "md":
            return as_markdown_table([name.replace("_", " ") for name in _HEAD], [_row(wish) for wish in found])
        case _:
            raise Misuse(f"--format {output}: choose csv, json or md.")


def _row(wish: FeatureRequest) -> tuple[object, ...]:
    counted = f"FR-{wish.master}" if wish.master else ""
    asked = wish.at.isoformat(timespec="seconds")
    return (wish.label, wish.text, wish.state.value, wish.votes, wish.reason, wish.by, asked, counted)
