from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from bot.library import LEAST, Library, LibraryState, NotReadyError, Reading, StoppedError
from ingestion import pipeline
from ingestion.sources import FolderSource
from knowledge import learning, lessons
from knowledge.errors import IndexBroken, Misuse
from knowledge.lessons import Lessons
from knowledge.relevance import Policy
from tests.fakes import HashEmbedder

PAGE = "# Quotas\n\n## Raise a quota\n\nSet `quota.partitions` in kafka.yaml of the region.\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "quotas.md").write_text(PAGE)
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "home", Reading(HashEmbedder(), None, Policy(0.0, 0.0)), patience=0.1)
    yield library
    library.close()


def test_without_an_index_the_remedy_is_named(library: Library) -> None:
    assert library.status().state is LibraryState.MISSING
    with pytest.raises(IndexBroken, match="sheriff ingest"):
        library.answer("quota?")


def test_after_an_ingest_the_index_is_served(library: Library, docs: Path) -> None:
    library.ingest([FolderSource("docs", docs)])

    assert library.status().ready
    assert "quota.partitions" in library.answer("how do I raise a quota?").text
    assert library.page("docs:quotas.md")[0].title == "Quotas"


def test_a_generation_published_by_another_process_is_taken_with_the_next_question(
    library: Library, docs: Path, tmp_path: Path
) -> None:
    library.ingest([FolderSource("docs", docs)])
    library.answer("quota?")
    (docs / "silence.md").write_text("# Silences\n\n## Silence an alert\n\nUse `silence.until` in alerting.yaml.\n")

    pipeline.ingest([FolderSource("docs", docs)], home=tmp_path / "home", embedder=HashEmbedder())

    assert "silence.until" in library.answer("how do I silence an alert?").text


def test_an_index_made_before_there_were_lessons_is_taught_at_the_first_question(
    library: Library, docs: Path, tmp_path: Path
) -> None:
    library.ingest([FolderSource("docs", docs)])
    kept = next((tmp_path / "home").rglob(lessons.FILE))
    kept.unlink()

    assert library.answer("how do I raise a quota?").confidence > 0
    assert kept.is_file()
    assert (
        library.answer("how do I raise a quota?").confidence
        == Library(tmp_path / "home", Reading(HashEmbedder(), None, Policy(0.0, 0.0)))
        .answer("how do I raise a quota?")
        .confidence
    )


def test_a_slow_start_is_taken_off_the_models_time_and_leaves_it_some() -> None:
    def patience(until: float | None) -> float:
        return Reading(HashEmbedder(), None, Policy(0.0, 0.0), seconds=6.0, until=until).patience()

    assert patience(None) == 6.0
    assert patience(monotonic() + 60) == 6.0
    assert 3.9 < patience(monotonic() + 4) <= 4.0
    assert patience(monotonic() - 60) == LEAST


def test_new_lessons_are_used_with_the_next_question(library: Library, docs: Path, tmp_path: Path) -> None:
    library.ingest([FolderSource("docs", docs)])
    before = library.answer("how do I raise a quota?").confidence
    folder = next((tmp_path / "home").rglob(lessons.FILE)).parent
    log = [("how do I raise a quota?", True)] * 6 + [("where is my parcel?", False)] * 6

    taught = replace(Lessons.load(folder) or Lessons(), familiar=learning.familiar(log, HashEmbedder()))
    taught.save(folder)

    assert library.answer("how do I raise a quota?").confidence > before


def test_while_the_first_index_is_built_questions_are_told_to_wait(library: Library, docs: Path) -> None:
    seen: list[LibraryState] = []
    refused: list[str] = []

    def watch(_: pipeline.Progress) -> None:
        seen.append(library.status().state)
        try:
            library.answer("quota?")
        except NotReadyError as error:
            refused.append(str(error))

    library.ingest([FolderSource("docs", docs)], progress=watch)

    assert LibraryState.BUILDING in seen
    assert "Ask again in a minute" in refused[0]
    assert library.status().ready


def test_while_the_index_is_renewed_the_old_one_answers(library: Library, docs: Path) -> None:
    library.ingest([FolderSource("docs", docs)])
    (docs / "more.md").write_text("# More\n\nText.\n")
    answers: list[str] = []

    library.ingest([FolderSource("docs", docs)], progress=lambda _: answers.append(library.answer("raise quota?").text))

    assert all("quota.partitions" in text for text in answers)


def test_a_failed_first_ingest_says_why(library: Library, tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        library.ingest([FolderSource("docs", tmp_path / "nowhere")])

    status = library.status()
    assert not status.ready
    assert "nowhere" in status.sentence


def test_a_failed_renewal_leaves_the_old_index_serving(library: Library, docs: Path, tmp_path: Path) -> None:
    library.ingest([FolderSource("docs", docs)])

    with pytest.raises(Misuse):
        library.ingest([FolderSource("docs", tmp_path / "nowhere")])

    assert library.status().ready
    assert "quota.partitions" in library.answer("raise quota?").text


def test_an_index_of_another_embedder_is_refused_with_the_remedy(library: Library, docs: Path, tmp_path: Path) -> None:
    library.ingest([FolderSource("docs", docs)])
    other = Library(tmp_path / "home", Reading(HashEmbedder(32), None, Policy(0.0, 0.0)))

    with pytest.raises(IndexBroken, match="ingest"):
        other.answer("quota?")
    other.close()


def test_a_stopped_ingest_ends_at_its_next_step_and_what_was_published_stays(library: Library, docs: Path) -> None:
    library.ingest([FolderSource("docs", docs)])
    (docs / "more.md").write_text("# More\n\nMore text.\n")

    library.stop()

    with pytest.raises(StoppedError):
        library.ingest([FolderSource("docs", docs)])
    assert library.status().ready
    assert "quota.partitions" in library.answer("how do I raise a quota?").text


def test_many_threads_may_ask_while_generations_change(library: Library, docs: Path) -> None:
    library.ingest([FolderSource("docs", docs)])
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(20):
                library.answer("how do I raise a quota?")
        except BaseException as error:  # noqa: BLE001 - whatever a thread raises must reach the test
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(3):
        (docs / f"more-{number}.md").write_text(f"# More {number}\n\nText {number}.\n")
        library.ingest([FolderSource("docs", docs)])
    for thread in threads:
        thread.join()

    assert not failures
