"""A replay, without an index: which questions are asked, what is worse, and what others' text does to a report."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.replay.asked import Question, place, read
from bot.replay.command import Wanted, replay_command
from bot.replay.pages import Pages
from bot.replay.rendering import Report, as_github, as_json, as_markdown, as_text
from bot.replay.states import Remembering
from bot.replay.verdicts import Replayed, Said, Verdict, judge
from bot.replay.versions import Repository, unpacked
from bot.settings import Settings
from ingestion.sources import FolderSource
from knowledge.errors import Misuse
from knowledge.model import Outcome
from tests.fakes import HashEmbedder

FRIDAY = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
HOSTILE = "x\n::error file=a::gone\x1b[31m <img src=x onerror=alert(1)> | a | [b](javascript:1) \u202egnp @everyone %0A"


def said(outcome: Outcome, confidence: float, page: str = "docs:quotas.md", anchor: str = "raise") -> Said:
    return Said(outcome, confidence, page, anchor, "Quotas › Raise", frozenset({place(page, anchor)}))


ANSWERED, HINTED, UNKNOWN = (
    said(Outcome.ANSWERED, 0.9),
    said(Outcome.HINTED, 0.6),
    said(Outcome.UNANSWERED, 0.1),
)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (ANSWERED, HINTED, Verdict.WORSE),
        (HINTED, UNKNOWN, Verdict.WORSE),
        (UNKNOWN, HINTED, Verdict.BETTER),
        (HINTED, ANSWERED, Verdict.BETTER),
        (ANSWERED, said(Outcome.ANSWERED, 0.7), Verdict.WORSE),
        (said(Outcome.ANSWERED, 0.7), ANSWERED, Verdict.BETTER),
        (ANSWERED, said(Outcome.ANSWERED, 0.85), Verdict.SAME),
        (ANSWERED, said(Outcome.ANSWERED, 0.88, anchor="lower"), Verdict.MOVED),
        (ANSWERED, ANSWERED, Verdict.SAME),
    ],
)
def test_the_outcome_counts_first_then_the_confidence_then_the_page(
    before: Said, after: Said, verdict: Verdict
) -> None:
    assert judge(Question("How?"), before, after, margin=0.15).verdict is verdict


def test_losing_the_place_that_solved_a_question_is_worse_however_sure_the_new_answer_is() -> None:
    solved = Question("How?", solved_by=frozenset({place("docs:quotas.md", "raise")}))
    surer = said(Outcome.ANSWERED, 0.99, anchor="other")

    found = judge(solved, ANSWERED, surer, margin=0.15)

    assert (found.verdict, found.why) == (Verdict.WORSE, "The place that solved it is no longer cited.")
    assert judge(Question("How?"), ANSWERED, surer, margin=0.15).verdict is Verdict.MOVED


# ---- questions ----


def test_an_export_gives_each_question_once_with_its_people_and_what_solved_it(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    cited = [{"document_id": "docs:quotas.md", "anchor": "raise"}]
    rows = [
        {"question": "Raise a quota?", "asker": {"id": "kim"}, "state": "closed", "citations": cited},
        {"question": "raise  a QUOTA", "asker": {"id": "lea"}, "state": "answered", "citations": []},
        {"question": "By a person", "asker": {"id": "kim"}, "state": "closed", "ticket": "SUP-1", "citations": cited},
        {"question": "metadata: {}", "outcome": "checked"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)))

    assert list(read(file, most=10)) == [
        Question("Raise a quota?", 2, frozenset({"docs:quotas.md#raise"})),
        Question("By a person", 1),
    ]


def test_a_text_has_a_question_on_each_line_and_secrets_leave_it(tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    file.write_text("# ours\nHow?\n\nhow\nWhy is password=Hunter2hunter2 refused?\n")

    found = read(file, most=10)

    assert found[0].text == "How?"
    assert len(found) == 2
    assert "Hunter2" not in found[1].text
    assert len(read(file, most=1)) == 1


@pytest.mark.parametrize(
    ("name", "content", "said_so"),
    [
        ("a.txt", b"\n\n# nothing\n", "holds no question"),
        ("a.jsonl", b'{"question": "How?"}\n{"question"', "line 2: is no JSON"),
        ("a.jsonl", b'{"text": "How?"}', "line 1: has no “question”"),
        ("a.jsonl", b"[" * 100_000, "line 1: is no JSON"),
        ("a.txt", b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_file_that_holds_no_questions_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, said_so: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(Misuse, match=said_so):
        read(tmp_path / name, most=10)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"none\.txt"):
        read(tmp_path / "none.txt", most=10)


# ---- reports ----


def report(tmp_path: Path, *judged: Replayed) -> Report:
    docs = tmp_path / "my docs, 2"
    docs.mkdir(exist_ok=True)
    (docs / "quotas.md").write_text("# Quotas\n\nText.\n\n## Raise\n\nAsk.\n")
    pages = Pages(FolderSource("docs", docs), Repository(docs, tmp_path), frozenset({"docs:quotas.md", "docs:gone.md"}))
    return Report(judged, pages=pages, base="main", embedded=3, seconds=1.0)


def test_an_annotation_stands_at_the_heading_of_the_changed_page_that_lost(tmp_path: Path) -> None:
    lines = as_github(report(tmp_path, judge(Question("How?", 3), ANSWERED, HINTED, margin=0.1))).splitlines()

    assert lines[0].startswith(
        "::warning file=my docs%2C 2/quotas.md,line=5,title=A question gets worse::“How?” (3 people)"
    )
    assert "0.90" in lines[0]
    assert lines[1].startswith("1 questions, 1 worse")


def test_a_page_that_was_removed_has_no_line_and_the_one_that_took_over_has(tmp_path: Path) -> None:
    gone = said(Outcome.ANSWERED, 0.9, "docs:gone.md", "x")

    taken = as_github(report(tmp_path, judge(Question("How?"), gone, HINTED, margin=0.1)))
    lost = as_github(report(tmp_path, judge(Question("How?"), gone, Said(Outcome.UNANSWERED, 0.0), margin=0.1)))

    assert "quotas.md,line=5" in taken
    assert "that page is removed" in lost
    assert lost.startswith("::warning title=")


def test_hostile_text_is_text_in_every_report(tmp_path: Path) -> None:
    made = report(tmp_path, judge(Question(HOSTILE), ANSWERED, HINTED, margin=0.1))

    annotations = as_github(made).splitlines()
    assert len(annotations) == 2
    assert [line.startswith("::") for line in annotations] == [True, False]
    assert "%250A" in annotations[0]
    markdown = as_markdown(made)
    row = next(line for line in markdown.splitlines() if "onerror" in line)
    assert row.replace("\\|", "").count("|") == 5
    assert "<img" not in row.replace("\\<", "")
    assert "[b](" not in row.replace("\\[", "")
    assert "\x1b" not in as_text(made) + markdown + as_github(made)
    assert "\u202e" not in as_text(made) + markdown + as_github(made)
    assert json.loads(as_json(made))["results"][0]["question"] == HOSTILE


def test_without_any_difference_nothing_is_worse(tmp_path: Path) -> None:
    same = report(tmp_path, judge(Question("How?"), ANSWERED, ANSWERED, margin=0.1))

    assert not same.is_worse
    assert json.loads(as_json(same))["counts"] == {"worse": 0, "better": 0, "moved": 0, "same": 1}


# ---- the pages as they were ----


def committed(folder: Path) -> Path:
    docs = folder / "site" / "docs"
    docs.mkdir(parents=True)
    (docs / "quotas.md").write_text("# Quotas\n\nOld.\n")
    (docs / "link.md").symlink_to("/etc/hostname")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "one"]):
        identity = ["-c", "user.email=kim@example.org", "-c", "user.name=Kim"]
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    return docs


def test_the_pages_of_a_reference_are_unpacked_without_links(tmp_path: Path) -> None:
    docs = committed(tmp_path / "repository")
    (docs / "quotas.md").write_text("# Quotas\n\nNew.\n")

    folder = unpacked(docs, "main", tmp_path / "scratch")

    assert (folder / "quotas.md").read_text() == "# Quotas\n\nOld.\n"
    assert [path.name for path in folder.iterdir()] == ["quotas.md"]
    assert Repository.of(docs).name("quotas.md") == "site/docs/quotas.md"


@pytest.mark.parametrize("reference", ["nowhere", "--output=x", " ", "main^{tree}"])
def test_an_unknown_reference_is_refused(tmp_path: Path, reference: str) -> None:
    docs = committed(tmp_path / "repository")

    with pytest.raises(Misuse, match=r"Name a branch, a tag or a commit|no .* in this repository"):
        unpacked(docs, reference, tmp_path / "scratch")


def test_a_folder_in_no_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()

    with pytest.raises(Misuse, match="Git repository"):
        unpacked(tmp_path / "docs", "main", tmp_path / "scratch")


@pytest.mark.parametrize(
    ("given", "said_so"),
    [
        ({"docs": "nowhere"}, "no such folder"),
        ({"output": "xml"}, "choose text, json, md or github"),
        ({}, "Nothing was asked since"),
    ],
)
def test_what_cannot_be_replayed_is_said_before_anything_is_indexed(
    tmp_path: Path, given: dict[str, str], said_so: str
) -> None:
    docs = tmp_path / given.pop("docs", ".")

    with pytest.raises(Misuse, match=said_so):
        replay_command(Settings(home=tmp_path / "home"), Wanted(docs, **given), now=FRIDAY)  # type: ignore[arg-type]


def test_a_text_is_embedded_once() -> None:
    embedder = HashEmbedder()
    remembering = Remembering(embedder)

    first = remembering.embed(["a", "b", "a"])
    again = remembering.embed_query("a")

    assert embedder.embedded == ["a", "b"]
    assert remembering.computed == 2
    assert (first[0] == again).all()
    assert (first[2] == first[0]).all()
