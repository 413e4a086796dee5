"""`sheriff-evals` as people call it, and the gate: the keyless figures must not fall below the baseline."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from bot.glossary_file import read_glossary
from bot.store.opening import open_store
from bot.support import transitions
from bot.support.cases import Cause
from evals import baseline, corpora, metrics, questions, runner, scorecard
from evals.cli import main
from knowledge import bundled
from knowledge.adapters.local_embedder import LocalEmbedder
from knowledge.relevance import Policy
from tests.fakes import a_case
from tests.model_servers import faulty_server


@dataclass
class Done:
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_dir: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith(("SHERIFF_", "OPENAI_", "AZURE_", "MICROSOFT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHERIFF_MODEL_DIR", str(model_dir))

    def call(*arguments: object, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["sheriff-evals", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin.encode()), encoding="utf-8"))
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "quotas.md").write_text("# Quotas\n\n## Raise a quota\n\nSet `quota.partitions` in kafka.yaml.\n")
    (folder / "vaults.md").write_text("# Key vaults\n\n## Name a vault\n\nA name has at most 24 characters.\n")
    return folder


@pytest.fixture
def own_set(tmp_path: Path) -> Path:
    file = tmp_path / "own.yaml"
    file.write_text(
        "- {id: q1, text: how do I raise a partition quota, gold: [quotas.md]}\n"
        "- {id: q2, text: how long may a vault name be, gold: [vaults.md, gone.md]}\n"
        "- {id: q3, text: who won the world cup, gold: []}\n"
    )
    return file


def test_no_figure_of_the_example_platform_is_below_the_baseline(
    platform_home: Path, local_embedder: LocalEmbedder
) -> None:
    held = baseline.read(baseline.BUNDLED)
    asked = questions.read(questions.BUNDLED)

    with corpora.opened(corpora.of_home(platform_home), local_embedder) as corpus:
        trials = runner.run(
            asked,
            index=corpus.index,
            embedder=local_embedder,
            policy=Policy.calibrated(0.05),
            lessons=corpus.lessons,
            glossary=read_glossary(bundled.GLOSSARY, languages=["french"]),
        )
        missing = scorecard.missing_gold(trials, corpus.paths)
    card = scorecard.score(trials)

    assert baseline.falls(held, card.figures) == [], f"`sheriff-evals run` shows why. {baseline.REWRITE}"
    assert held.questions == len(asked), baseline.REWRITE
    assert list(missing) == []
    assert set(held.figures) == set(metrics.MEANINGS)

    found_first = [trial.question.id for trial in trials if trial.rank == 1][:8]
    worse = [replace(t, pages=t.pages[1:], cited=()) if t.question.id in found_first else t for t in trials]
    told = " ".join(baseline.falls(held, scorecard.score(worse).figures))
    assert all(name in told for name in ("recall@1 fell", "mrr fell", "helped fell")), "a gate that cannot fail is none"


def test_own_documentation_and_questions_get_a_scorecard(run: Run, docs: Path, own_set: Path, tmp_path: Path) -> None:
    done = run("run", "--docs", docs, "--set", own_set, "--json", tmp_path / "run.json")

    assert done.code == 0, done.err
    assert f"3 questions on {docs} (2 documents): 2 answerable, 1 not" in done.out
    assert "1 gold path is not in the index: gone.md" in done.out
    values = json.loads((tmp_path / "run.json").read_text())
    assert [row["rank"] for row in values["questions"]] == [1, 1, 0]
    assert (tmp_path / ".cache" / "evals").is_dir()


def test_a_fall_below_a_baseline_of_ones_own_fails_and_compare_says_what_fell(
    run: Run, docs: Path, own_set: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.json"
    asked = ("run", "--docs", docs, "--set", own_set)
    made = run(*asked, "--update-baseline", "--baseline-file", mine, "--json", "before.json", "--html", "before.html")
    kept = run(*asked, "--baseline-file", mine)
    (docs / "vaults.md").write_text("# Lunch\n\nThe canteen opens at noon.\n")
    fallen = run(*asked, "--baseline-file", mine, "--json", "after.json")

    assert (made.code, kept.code, fallen.code) == (0, 0, 1)
    assert "No figure is below" in kept.out
    assert "recall@10 fell from" not in fallen.err
    assert "helped fell from" in fallen.err or "auroc fell from" in fallen.err or "kept fell from" in fallen.err

    same = run("compare", "before.json", "before.json", "--fail-on-worse")
    worse = run("compare", "before.json", "after.json", "--fail-on-worse", "--json", "c.json", "--html", "c.html")
    assert (same.code, worse.code) == (0, 1)
    assert "sheriff-evals: The second run is worse than the first:" in worse.err
    assert "how long may a vault name be" in worse.out
    assert json.loads((tmp_path / "c.json").read_text())["worse"]
    assert "how long may a vault name be" in (tmp_path / "c.html").read_text()

    report = run("report", "before.json", "--html", "again.html")
    assert report.code == 0
    assert (tmp_path / "again.html").read_text() == (tmp_path / "before.html").read_text()


def test_cases_become_questions_that_a_person_has_accepted(run: Run, platform_home: Path, own_home: Path) -> None:
    at = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    store = open_store(f"sqlite:///{own_home / 'sheriff.db'}")
    store.cases.save_new(a_case("c-00000001", question="who signs off 12 more partitions?"))
    text = "See /pages/docs/kafka/quotas.md#raise."
    store.cases.record(
        "c-00000001",
        lambda case: transitions.resolve(case, by="Ana", at=at, cause=Cause.RETRIEVAL_MISS, resolution=text),
    )
    store.close()

    missing = run("add-from-cases", "--home", platform_home, "--out", "cases.jsonl")
    made = run("add-from-cases", "--home", own_home, "--out", "cases.jsonl")
    again = run("add-from-cases", "--home", own_home, "--out", "cases.jsonl")
    waiting = run("run", "--home", own_home, "--set", "cases.jsonl")
    accepted = run("review", "cases.jsonl", "--accept", "c-00000001")
    asked = run("run", "--home", own_home, "--set", "cases.jsonl")

    assert (missing.code, made.code, waiting.code, accepted.code, asked.code) == (2, 0, 2, 0, 0)
    assert "no cases are kept there" in missing.err
    assert "1 new in cases.jsonl" in made.out
    assert "0 new in cases.jsonl, 0 with a gold now, 1 known already" in again.out
    assert "1 wait for a person" in waiting.err
    assert "0 proposed, 1 accepted, 0 dropped" in accepted.out
    assert "1 question on the index" in asked.out
    assert "not in the index:" not in asked.out


def test_a_judge_grades_beside_the_figures(
    run: Run, docs: Path, own_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = run("run", "--docs", docs, "--set", own_set, "--judge")
    with faulty_server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        server.answer = ('{"grade": 2, ', '"reason": "Names the key <b>."}')
        graded = run("run", "--docs", docs, "--set", own_set, "--judge", "--json", "run.json", "--html", "run.html")
        server.fault = "500"
        mine = ("--baseline-file", tmp_path / "mine.json")
        silent = run("run", "--docs", docs, "--set", own_set, "--judge", "--update-baseline", *mine)
        gated = run("run", "--docs", docs, "--set", own_set, "--judge", *mine)

    assert (without.code, graded.code, silent.code, gated.code) == (2, 0, 0, 0)
    assert "--judge needs a language model" in without.err
    rows = json.loads((tmp_path / "run.json").read_text())["questions"]
    given = [row for row in rows if row["outcome"] != "unanswered"]
    assert given
    assert all(row["judge"] == {"grade": 2, "reason": "Names the key <b>."} for row in given)
    assert (
        f"on {len(given)} answers and hints: {len(given)} right (2), 0 partly (1), 0 wrong (0), 0 failed" in graded.out
    )
    assert f"{len(given)} failed" in gated.out
    assert "answers and hints: " in (tmp_path / "run.html").read_text()
    assert run("report", "run.json", "--html", "again.html").code == 0
    assert (tmp_path / "again.html").read_text() == (tmp_path / "run.html").read_text()


def test_search_writes_json_lines_and_nothing_else(run: Run, docs: Path, tmp_path: Path) -> None:
    asked = '{"id": "a", "text": "vault name"}\n\n{"id": "b", "text": "partition quota"}\n'

    done = run("search", docs, "--home", tmp_path / "cache", stdin=asked)

    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["id"], row["docs"][0]) for row in rows] == [("a", "vaults.md"), ("b", "quotas.md")]
    assert all(0 < row["confidence"] < 1 for row in rows)
    assert "Reading pages" in done.err


def test_search_tells_a_line_that_is_no_question(run: Run, docs: Path, tmp_path: Path) -> None:
    done = run("search", docs, "--home", tmp_path / "cache", stdin="what?\n")

    assert (done.code, done.out) == (2, "")
    assert "sheriff-evals: standard input, line 1: is not JSON" in done.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--docs", "docs"], "Name your own with --set FILE"),
        (["run", "--set", "gone.jsonl"], "gone.jsonl: there is no such question set"),
        (["run", "--docs", "gone", "--set", "own.yaml"], "gone: no such folder"),
        (["run", "--baseline-file", "gone.json"], "gone.json: there is no such baseline"),
        (["search", "gone"], "gone: there is no such folder or pool"),
        (
            ["run", "--set", "own.yaml", "--json", "gone/run.json"],
            "gone/run.json: cannot be written, because there is no",
        ),
        (["run", "--set", "own.yaml", "--html", "docs"], "docs: cannot be written, because it is a folder"),
        (["compare", "gone.json", "own.yaml"], "gone.json: there is no such run"),
        (["compare", "own.yaml", "own.yaml"], "own.yaml: is not the JSON of a run"),
        (["report", "gone.json", "--html", "x.html"], "gone.json: there is no such run"),
        (["calibrate", "--with", "gone.jsonl"], "gone.jsonl: cannot be read"),
        (["bench", "--docs", "docs"], "Name your own with --set FILE"),
        (["bench", "yaml", "--cases", "docs", "--hostile"], "--hostile goes without --cases"),
        (["bench", "yaml", "--cases", "docs"], "docs: there are no cases"),
    ],
)
def test_a_wrong_call_gets_a_sentence(run: Run, docs: Path, own_set: Path, arguments: list[str], sentence: str) -> None:
    done = run(*arguments)

    assert done.code == 2
    assert done.err.startswith("sheriff-evals: ")
    assert sentence in done.err


def test_weights_are_fitted_on_the_platform_and_saved_examples(run: Run, platform_home: Path, tmp_path: Path) -> None:
    sets = [part for file in questions.BUNDLED for part in ("--set", file)]
    saved = run("calibrate", "--home", platform_home, *sets, "--save-examples", tmp_path / "examples.jsonl")
    (tmp_path / "few.jsonl").write_text('{"id": "x", "text": "lunch?", "gold": []}\n')

    fitted = run(
        "calibrate", "--home", platform_home, "--set", "few.jsonl", "--with", "examples.jsonl", "--output", "w.json"
    )

    assert (saved.code, fitted.code) == (0, 0), fitted.err
    assert "cross-validated" in fitted.out
    assert json.loads((tmp_path / "w.json").read_text())["note"].startswith("Fitted on 60 questions with and 31")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the peer is what it is
def test_the_bench_prints_both_sides(run: Run, platform_home: Path, tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "raise a quota", "gold": ["kafka/quotas.md"]}, {"id": "b", "text": "dns", "gold": []}]
    (tmp_path / "two.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    done = run("bench", "--home", platform_home, "--set", "two.jsonl", "--files", "20")

    assert done.code == 0, done.err
    assert all(name in done.out for name in ("EnsembleRetriever", "search and quoted answer", "sheriff validate"))


def test_the_bench_of_validation_prints_speed_and_cases(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cases" / "dev").mkdir(parents=True)
    (tmp_path / "cases" / "any.json").write_text("{}")
    row = {"id": "a", "suite": "tiny", "schema": "any.json", "text": "a: *b\n", "expect": "reject", "lines": [1]}
    (tmp_path / "cases" / "dev" / "tiny.jsonl").write_text(json.dumps(row))

    done = run("bench", "yaml", "--files", "20", "--cases", tmp_path / "cases")

    assert done.code == 0, done.err
    lines = [line.split() for line in done.out.splitlines()]
    assert ["good", "files"] in [line[:2] for line in lines]
    assert ["sheriff", "tiny", "1", "0.0%", "–", "100.0%"] in [line[:6] for line in lines]
    assert any(line[:4] == ["time", "a", "file,", "theirs"] for line in lines)


def test_an_index_is_calibrated_from_itself_and_from_a_log(run: Run, own_home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    rows = [{"text": f"raise the partition quota of topic {n}", "answered": True} for n in range(6)]
    rows += [{"text": f"where is parcel {n}", "answered": False} for n in range(6)]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    alone = run("calibrate", "--home", own_home)
    with_log = run("calibrate", "--home", own_home, "--log", log)
    again = run("calibrate", "--home", own_home)
    missing = run("calibrate", "--home", own_home, "--log", tmp_path / "gone.jsonl")
    both = run("calibrate", "--home", own_home, "--log", log, "--set", log)

    assert both.code == 2
    assert "call calibrate once for each" in both.err
    assert (alone.code, with_log.code, again.code, missing.code) == (0, 0, 0, 2)
    assert "own sentences: 160 asked" in alone.out
    assert "AUROC on those not fitted on 0." in alone.out
    assert "log:" not in alone.out
    assert "log: 12 earlier questions, 6 of them answered here" in with_log.out
    assert "log: 12 earlier questions" in again.out, "the log's lesson is kept"
    assert "gone.jsonl: cannot be read" in missing.err


def test_a_follow_up_is_ranked_with_its_history(run: Run, docs: Path) -> None:
    history = [["user", "how do I raise a quota?"], ["agent", "In topics.yaml."]]
    lines = [
        {"id": "alone", "text": "and for how long?"},
        {"id": "after", "text": "and for how long?", "history": history},
        {"id": "bad", "text": "and for how long?", "history": ["raise a quota"]},
    ]

    ranked = run("search", docs, "--home", docs.parent / "cache", stdin="\n".join(map(json.dumps, lines[:2])))
    refused = run("search", docs, "--home", docs.parent / "cache", stdin=json.dumps(lines[2]))

    alone, after = (json.loads(line) for line in ranked.out.splitlines())
    assert ranked.code == 0
    assert alone["scores"] != after["scores"]
    assert refused.code == 2
    assert 'line 1: "history" is no list of [role, text]' in refused.err
