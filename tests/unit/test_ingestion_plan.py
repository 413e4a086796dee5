"""Manifest, plan, stamps and report: what is known of an index, and what is left to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion import manifest, report, stamps
from ingestion.manifest import Held, Manifest, plan
from ingestion.report import IngestReport
from ingestion.sources import Entry, Skipped
from knowledge.model import Document, Kind


def a_document(path: str, content_hash: str = "h") -> Document:
    return Document("docs", path, "T", Kind.PAGE, (), content_hash)


def a_report(**given: object) -> IngestReport:
    fields: dict[str, object] = {
        "added": 0, "changed": 0, "removed": 0, "unchanged": 0, "chunks": 0, "seconds": 1.25, "skipped": (),
        "generation": "", "published": False, "rebuild": "",
    }  # fmt: skip
    return IngestReport(**(fields | given))  # type: ignore[arg-type]


def test_a_plan_names_what_is_new_changed_gone_and_unchanged() -> None:
    held = {
        "docs:same.md": Held("h", 1),
        "docs:old.md": Held("h", 1),
        "docs:gone.md": Held("h", 1),
        "docs:k.md": Held("h", 1),
    }

    found = plan(held, [a_document("same.md"), a_document("old.md", "other"), a_document("new.md")], ["docs:k.md"])

    assert [document.path for document in found.add] == ["new.md"]
    assert [document.path for document in found.change] == ["old.md"]
    assert (found.remove, found.unchanged, found.is_empty) == (["docs:gone.md"], 2, False)
    assert plan(held, [], held).is_empty


def test_a_manifest_survives_writing(tmp_path: Path) -> None:
    written = Manifest("minilm", "chunks-1", {"docs:a.md": Held("h", 3), "docs:é#b": Held("i", 2)})

    manifest.write(written, tmp_path)

    assert manifest.read(tmp_path) == written
    assert written.chunks == 5


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"format": 99}', b'{"format": 1, "documents": 1}'])
def test_a_damaged_manifest_or_stamp_file_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / manifest.FILE).write_bytes(content)
    (tmp_path / stamps.FILE).write_bytes(content)

    assert manifest.read(tmp_path) is None
    assert stamps.read(tmp_path) == stamps.Stamps()


def test_a_stamp_holds_while_the_file_looks_the_same(tmp_path: Path) -> None:
    entry = Entry("a.md", Path("/docs/a.md"), 10, 1, 1)
    noted = stamps.Stamps()
    noted.note("docs", "folder 1", entry, {"docs:a.md": "h"})
    noted.write(tmp_path)

    known = stamps.read(tmp_path)

    assert known.documents("docs", "folder 1", entry) == {"docs:a.md": "h"}
    assert known.documents("docs", "folder 2", entry) is None
    assert known.documents("other", "folder 1", entry) is None
    assert known.documents("docs", "folder 1", Entry("a.md", Path("/docs/a.md"), 10, 2, 1)) is None
    assert known.documents("docs", "folder 1", Entry("a.md", Path("/elsewhere/a.md"), 10, 1, 1)) is None


def test_a_stamp_counts_only_while_the_index_holds_the_same() -> None:
    assert stamps.still_held({"docs:a.md": "h"}, {"docs:a.md": Held("h", 1)})
    assert not stamps.still_held({"docs:a.md": "h"}, {"docs:a.md": Held("i", 1)})
    assert not stamps.still_held({"docs:a.md": "h"}, {})
    assert not stamps.still_held({}, {})


def test_the_report_says_what_became_of_the_documents() -> None:
    text = report.as_text(
        a_report(
            added=1762, unchanged=1, chunks=20000, published=True, generation="gen-0001", rebuild="the model changed"
        )
    )

    assert text == (
        "Indexed 1,763 documents in 20,000 sections, 1.2 s (gen-0001).\n"
        "  1,762 added, 0 changed, 0 removed, 1 unchanged\n"
        "  Everything is indexed again, because the model changed."
    )


def test_the_report_of_a_run_without_changes_is_one_line() -> None:
    text = report.as_text(a_report(unchanged=1, generation="gen-0001"))

    assert text == "The index is up to date: 1 document, 1.2 s."


def test_the_report_of_a_dry_run_says_that_nothing_is_written() -> None:
    assert report.as_text(a_report(dry_run=True, added=1)).startswith("Dry run: nothing is written.\n  1 added")
    assert report.as_text(a_report(dry_run=True, unchanged=1)).startswith("Dry run: the index is up to date.")


def test_the_report_says_when_nothing_was_found() -> None:
    assert report.as_text(a_report(nothing_found=True)) == (
        "The sources hold nothing that can be read. There is no index yet."
    )
    assert report.as_text(a_report(nothing_found=True, generation="gen-0007")).endswith("gen-0007 stays as it is.")


def test_the_report_names_the_first_skipped_files_and_counts_the_rest() -> None:
    skipped = [Skipped(f"docs:{n}.md", "is empty") for n in range(25)]

    text = report.as_text(a_report(published=True, skipped=skipped))

    assert "Skipped 25 files:\n  docs:0.md: is empty" in text
    assert text.endswith("  docs:19.md: is empty\n  … and 5 more")
    assert report.as_text(a_report(skipped=skipped), all_skipped=True).endswith("docs:24.md: is empty")
    assert report.as_text(a_report(skipped=skipped)).endswith("docs:2.md: is empty\n  … and 22 more")
