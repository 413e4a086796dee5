"""A new generation is built beside the served one and takes over in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion import generations
from knowledge.errors import Failure


def publish(home: Path, *, copy_of: Path | None = None, content: str = "x") -> Path:
    with generations.exclusive(home), generations.draft(home, copy_of=copy_of) as draft:
        (draft.folder / "file").write_text(content)
        draft.publish()
    return draft.folder


def names(home: Path) -> list[str]:
    return sorted(child.name for child in generations.index_folder(home).glob("gen-*"))


def test_nothing_is_served_before_the_first_is_published(tmp_path: Path) -> None:
    assert generations.current(tmp_path) is None

    first = publish(tmp_path)

    assert generations.current(tmp_path) == first
    assert first == tmp_path / "index" / "gen-0001"


def test_the_one_before_is_kept_and_older_ones_go(tmp_path: Path) -> None:
    for _ in range(3):
        publish(tmp_path)

    assert names(tmp_path) == ["gen-0002", "gen-0003"]


def test_a_copy_begins_with_what_was_there_and_leaves_it_alone(tmp_path: Path) -> None:
    first = publish(tmp_path, content="first")
    (first / "lexical.lock").touch()

    with generations.draft(tmp_path, copy_of=first) as draft:
        assert (draft.folder / "file").read_text() == "first"
        assert not (draft.folder / "lexical.lock").exists()
        (draft.folder / "file").write_text("second")

    assert (first / "file").read_text() == "first"


def test_an_unpublished_draft_disappears_and_the_old_one_serves(tmp_path: Path) -> None:
    first = publish(tmp_path)

    with pytest.raises(RuntimeError), generations.draft(tmp_path, copy_of=None):
        raise RuntimeError

    assert generations.current(tmp_path) == first
    assert names(tmp_path) == ["gen-0001"]


def test_what_a_crashed_run_left_is_removed_and_its_number_is_not_used_again(tmp_path: Path) -> None:
    publish(tmp_path)
    publish(tmp_path)
    (tmp_path / "index" / "gen-0003" / "chroma").mkdir(parents=True)

    publish(tmp_path)

    assert names(tmp_path) == ["gen-0002", "gen-0004"]


@pytest.mark.parametrize("content", [b"", b"gen-0009\n", b"../elsewhere\n", b"\xff\xfe"])
def test_a_pointer_to_nowhere_serves_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "CURRENT").write_bytes(content)

    assert generations.current(tmp_path) is None


def test_a_second_ingest_is_told_that_one_is_under_way(tmp_path: Path) -> None:
    with (
        generations.exclusive(tmp_path),
        pytest.raises(Failure, match=r"Another ingest is writing to .*index\. Wait until it is done"),
        generations.exclusive(tmp_path),
    ):
        pass

    with generations.exclusive(tmp_path):
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Failure, match=r"The index in .*file/index cannot be written: .*directory.*--home"):
        publish(tmp_path / "file")
