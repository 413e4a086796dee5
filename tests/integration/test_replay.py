"""`sheriff replay` on pages in Git, from the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from bot.replay.asked import place
from bot.settings import load
from bot.store.opening import open_store
from bot.support.cases import CaseState
from knowledge.model import Citation
from tests.commands import Run, run
from tests.fakes import a_case

__all__ = ["run"]

QUOTA = "# Kafka\n\n## Raise a quota\n\nSet `quota.partitions` in `kafka.yaml`, at most 48 partitions.\n"
VAULT = "# Vaults\n\n## Recover a deleted secret\n\nRun `meridian vault recover` within 90 days.\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Two committed pages, and a configuration beside the repository that names them: repository.yaml."""
    docs = tmp_path / "repository" / "docs"
    docs.mkdir(parents=True)
    (docs / "kafka.md").write_text(QUOTA)
    (docs / "vaults.md").write_text(VAULT)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "one"]):
        identity = ["-c", "user.email=kim@example.org", "-c", "user.name=Kim"]
        subprocess.run(["git", *identity, *command], cwd=docs.parent, check=True)
    (tmp_path / "repository.yaml").write_text(f"sources: [{{name: docs, path: {docs}}}]\n")
    (tmp_path / "questions.txt").write_text("How do I raise a Kafka quota?\nHow do I recover a deleted secret?\n")
    return docs


def replay(run: Run, docs: Path, *more: str) -> tuple[int, str, str]:
    top = docs.parents[1]
    done = run(
        "replay", "--docs", str(docs), "--home", str(top / "home"), "--config", str(top / "repository.yaml"), *more
    )
    return done.code, done.out, done.err


def test_a_removed_section_makes_its_question_worse_and_an_unchanged_one_stays(run: Run, docs: Path) -> None:
    (docs / "vaults.md").write_text("# Vaults\n\n## Prices\n\nA vault costs nothing.\n")
    file = str(docs.parents[1] / "questions.txt")

    code, out, _ = replay(run, docs, "--base", "main", "--questions", file, "--format", "json")

    found = json.loads(out)
    assert code == 1
    assert found["changed"] == ["docs:vaults.md"]
    verdicts = {one["question"]: one["verdict"] for one in found["results"]}
    assert verdicts["How do I recover a deleted secret?"] == "worse"
    assert verdicts["How do I raise a Kafka quota?"] != "worse"
    assert any(one.get("file") == "docs/vaults.md" for one in found["results"])


def test_pages_as_they_were_are_compared_without_an_index_and_nothing_is_worse(run: Run, docs: Path) -> None:
    code, out, _ = replay(run, docs, "--base", "main", "--questions", str(docs.parents[1] / "questions.txt"))

    assert code == 0
    assert "nothing was asked again" in out


def test_stored_questions_are_asked_of_what_is_indexed_and_a_lost_solution_is_worse(run: Run, docs: Path) -> None:
    top = docs.parents[1]
    home, config = str(top / "home"), str(top / "repository.yaml")
    assert run("ingest", "--home", home, "--config", config).code == 0
    store = open_store(load(top / "repository.yaml", home=top / "home").database)
    cited = Citation(1, "Kafka", "kafka.md", "Raise a quota", "raise-a-quota", "", document_id="docs:kafka.md")
    assert place(cited.document_id, cited.anchor) == "docs:kafka.md#raise-a-quota"
    store.cases.save_new(
        a_case("c-1", state=CaseState.CLOSED, question="How do I raise a Kafka quota?", citations=(cited,))
    )
    store.close()
    (docs / "kafka.md").write_text(QUOTA.replace("Raise a quota", "Raise the Kafka quota"))

    code, out, _ = replay(run, docs, "--weeks", "520", "--format", "github", "--report", str(top / "report.md"))

    assert code == 1
    assert "::warning file=docs/kafka.md,line=3" in out
    assert "no longer cited" in (top / "report.md").read_text()
    assert (docs.parent / ".git").is_dir()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--base", "nowhere"], "no nowhere in this repository"),
        ([], "There is no index in"),
        (["--base", "main", "--source", "other"], "no source of pages named other"),
    ],
)
def test_what_cannot_be_compared_ends_with_exit_code_2(run: Run, docs: Path, more: list[str], said: str) -> None:
    code, _, err = replay(run, docs, "--questions", str(docs.parents[1] / "questions.txt"), *more)

    assert code == 2
    assert said in err


def test_an_empty_folder_is_refused(run: Run, docs: Path) -> None:
    (docs / "kafka.md").unlink()
    (docs / "vaults.md").unlink()

    code, _, err = replay(run, docs, "--base", "main", "--questions", str(docs.parents[1] / "questions.txt"))

    assert code == 2
    assert "holds no page" in err
