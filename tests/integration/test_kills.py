"""The kill loop of `sheriff-evals bench kills`, for a quarter of a minute; docs/reliability.md has the long runs."""

from __future__ import annotations

from pathlib import Path

from evals.bench.kills import Ordeal, Outcome, lines, run


def test_a_server_killed_at_random_loses_nothing_and_doubles_nothing(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "kills"
    folder.mkdir()
    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    asked = Ordeal(minutes=0.25, rate=3, database=kind, seed=7, kill_after=(0.0, 4.0))  # type: ignore[arg-type]

    found = run(asked, folder, database_url)

    assert found.good, found
    assert found.kills > 0
    assert found.cases == found.tickets == found.acknowledged == found.messages


def test_what_was_lost_doubled_or_never_acknowledged_is_not_good() -> None:
    good = {"messages": 5, "acknowledged": 5, "deliveries": 6, "kills": 1, "cases": 5, "tickets": 5, "lost": 0}
    outcome = Outcome(**good, doubled=0, damage="")  # type: ignore[arg-type]

    assert outcome.good
    for change in ({"lost": 1}, {"doubled": 1}, {"damage": "page 3"}, {"acknowledged": 4}):
        assert not Outcome(**{**good, "doubled": 0, "damage": "", **change}).good  # type: ignore[arg-type]
    assert "integrity" in "\n".join(lines(Ordeal(1, 5, "sqlite", 1), outcome))
