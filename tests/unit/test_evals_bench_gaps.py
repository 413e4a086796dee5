"""What `bench gaps` reads and prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.bench.gaps import as_lines, gaps_command, load, measure
from knowledge.errors import Misuse
from tests.fakes import HashEmbedder

ENTRIES = {
    "faq/quota": ["raise a Kafka quota", "raise the Kafka quota please", "raise my Kafka quota", "Kafka quota raise"],
    "faq/dns": ["alias of a DNS name", "DNS name alias", "the DNS name and its alias", "a DNS name with an alias"],
    "faq/vault": ["longest key vault name", "key vault name longest", "the longest key vault name", "key vault name"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dev").mkdir()
    (tmp_path / "pools").mkdir()
    pool = [{"path": path, "variants": ways[:3]} for path, ways in ENTRIES.items()]
    asked = [{"id": path, "text": ways[3], "gold": [path]} for path, ways in ENTRIES.items()]
    asked.append({"id": "none", "text": "who are you", "gold": []})
    for name, rows in (("pools/faq-own-5.jsonl", pool), ("dev/faq-own.jsonl", asked)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def test_the_phrasings_of_an_entry_are_one_cluster_and_questions_without_entry_are_left_out(folder: Path) -> None:
    both, alone = load(folder)

    assert (both.name, len(both.texts), alone.name, len(alone.texts)) == ("own", 12, "own, questions alone", 3)
    assert [both.truth[0], both.truth[3], both.truth[6]] == [1, 0, 2]
    assert both.truth[9] == both.truth[0]


def test_every_method_is_measured_in_one_run_and_ids_are_kept_by_construction(folder: Path) -> None:
    found = measure(load(folder)[0], HashEmbedder(256))

    assert found.kept == 1
    assert found.ours > 0.5
    assert found.kmeans > 0.5
    assert "own" in "\n".join(as_lines([found]))


def test_the_command_measures_the_faqs_and_a_history(folder: Path) -> None:
    told: list[str] = []

    gaps_command(folder, HashEmbedder(256), cases=120, tell=told.append)

    assert any(line.startswith("own, questions alone") for line in told)
    assert told[-1].startswith("120 made-up cases, ")
    assert " in 0 gaps" not in told[-1]


def test_a_folder_without_faqs_and_a_broken_line_are_named(folder: Path, tmp_path: Path) -> None:
    (folder / "dev" / "faq-own.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(Misuse, match=r"faq-own\.jsonl:1: not JSON"):
        load(folder)
    with pytest.raises(Misuse, match="there are no FAQs"):
        gaps_command(tmp_path / "nowhere", HashEmbedder())
