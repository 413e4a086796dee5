"""A drafted section becomes a patch that `git apply` takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.page_files import with_section
from ingestion.sources import FolderSource

SECTION = "### How many shards\n\nSixteen at most.\n"
PAGE = (
    "---\ntitle: Couchbase\n---\n# Couchbase\n\n## Sizing\n\nSmall.\n\n### Memory\n\nTwo.\n\n## Backup\n\nEach day.\n"
)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / "docs"
    folder.mkdir(parents=True)
    (folder / "couchbase.md").write_text(PAGE)
    subprocess.run(["git", "init", "-q", str(folder.parent)], check=True)
    return folder


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Couchbase › Sizing", PAGE.replace("## Backup", "### How many shards\n\nSixteen at most.\n\n## Backup")),
        (
            "Couchbase › Sizing › Memory",
            PAGE.replace("## Backup", "#### How many shards\n\nSixteen at most.\n\n## Backup"),
        ),
        ("Couchbase › Backup", f"{PAGE}\n### How many shards\n\nSixteen at most.\n"),
        ("Couchbase", f"{PAGE}\n## How many shards\n\nSixteen at most.\n"),
        ("Couchbase › Gone", f"{PAGE}\n## How many shards\n\nSixteen at most.\n"),
    ],
)
def test_git_applies_the_section_where_it_belongs(docs: Path, place: str, expected: str) -> None:
    patch = with_section([FolderSource("docs", docs)], "docs:couchbase.md", place, SECTION)

    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=docs.parent, check=True)
    assert (docs / "couchbase.md").read_text() == expected


@pytest.mark.parametrize("ending", ["", "\n", "\n\n\n"])
def test_a_page_that_ends_without_or_with_many_line_feeds_takes_it_too(docs: Path, ending: str) -> None:
    (docs / "couchbase.md").write_text(f"# Couchbase\n\nText.{ending}")

    patch = with_section([FolderSource("docs", docs)], "docs:couchbase.md", "Couchbase", SECTION)

    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=docs.parent, check=True)
    assert (docs / "couchbase.md").read_text() == "# Couchbase\n\nText.\n\n## How many shards\n\nSixteen at most.\n"


def test_a_heading_in_a_listing_is_none(docs: Path) -> None:
    (docs / "couchbase.md").write_text("# Couchbase\n\n## Sizing\n\n```\n## no heading\n```\n\n## Backup\n")

    patch = with_section([FolderSource("docs", docs)], "docs:couchbase.md", "Couchbase › Sizing", SECTION)

    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=docs.parent, check=True)
    assert "```\n\n### How many shards\n\nSixteen at most.\n\n## Backup\n" in (docs / "couchbase.md").read_text()


@pytest.mark.parametrize(
    "document", ["docs:gone.md", "docs:../outside.md", "wiki:couchbase.md", "docs:couchbase.adoc", ""]
)
def test_what_is_no_page_in_a_folder_here_has_no_patch(docs: Path, document: str) -> None:
    (docs.parent / "outside.md").write_text("# Outside\n")

    assert with_section([FolderSource("docs", docs)], document, "Couchbase", SECTION) == ""


def test_a_page_outside_of_git_is_named_as_its_source_names_it(tmp_path: Path) -> None:
    (tmp_path / "couchbase.md").write_text(PAGE)

    patch = with_section([FolderSource("docs", tmp_path)], "docs:couchbase.md", "Couchbase", SECTION)

    assert patch.startswith("diff --git a/couchbase.md b/couchbase.md\n--- a/couchbase.md\n")
