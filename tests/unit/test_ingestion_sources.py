"""Sources give documents, and a sentence for everything they could not read."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.readers import json_schema
from ingestion.sources import Entry, FaqSource, FolderSource, SchemaSource, Skipped, Source, read_all
from ingestion.sources.assembly import address
from knowledge.errors import Misuse
from knowledge.model import Document, Kind


def put(folder: Path, path: str, content: str | bytes) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def documents(source: Source) -> list[Document]:
    return [found for found in read_all(source) if isinstance(found, Document)]


def skipped(source: Source) -> dict[str, str]:
    return {found.path: found.reason for found in read_all(source) if isinstance(found, Skipped)}


# ---- folders


def test_a_folder_gives_its_pages_by_path_and_leaves_other_files_alone(tmp_path: Path) -> None:
    for path in ("b.md", "a/x.adoc", "a/y.html", "c.txt", "faq.yaml", "picture.png", ".git/z.md", "node_modules/z.md"):
        put(tmp_path, path, "Text here.")

    found = documents(FolderSource("docs", tmp_path))

    assert [d.path for d in found] == ["a/x.adoc", "a/y.html", "b.md", "c.txt"]
    assert {d.kind for d in found} == {Kind.PAGE}
    assert found[2].id == "docs:b.md"


def test_a_page_knows_where_it_opens_and_whom_it_belongs_to(tmp_path: Path) -> None:
    put(tmp_path, "kafka/quotas.md", "---\ncomponent: kafka\n---\n# Quotas\n\nText.")
    put(tmp_path, "own.md", "---\nowner: Splunk team\n---\nText.")

    quotas, own = documents(FolderSource("docs", tmp_path, "https://devinsight.example/", "Platform team"))

    assert (quotas.url, quotas.owner, quotas.component) == (
        "https://devinsight.example/kafka/quotas",
        "Platform team",
        "kafka",
    )
    assert own.owner == "Splunk team"


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("", "a.md", ""),
        ("https://x.example", "a/index.md", "https://x.example/a/"),
        ("https://x.example", "README.md", "https://x.example/"),
        ("https://x.example/", "a/b.html", "https://x.example/a/b.html"),
        ("https://git.example/blob/main/{path}", "a/b.md", "https://git.example/blob/main/a/b.md"),
        ("https://x.example/{page}.html", "a/b.adoc", "https://x.example/a/b.html"),
    ],
)
def test_addresses(base: str, path: str, url: str) -> None:
    assert address(base, path) == url


def test_only_included_pages_are_read(tmp_path: Path) -> None:
    put(tmp_path, "docs/a.md", "Text.")
    put(tmp_path, "other/a.md", "Text.")

    assert [d.path for d in documents(FolderSource("docs", tmp_path, include=["docs/*"]))] == ["docs/a.md"]


def test_every_unreadable_file_is_named_with_its_reason_and_the_rest_is_read(tmp_path: Path) -> None:
    root = tmp_path / "docs"
    put(root, "good.md", "Text.")
    put(root, "bom.md", "\ufeff# Title\r\n\r\nText.\r\n")
    put(root, "wide.md", "Text.".encode("utf-16"))
    put(root, "latin.md", "line\ncafé".encode("latin-1"))
    put(root, "binary.md", b"\x00\x01\x02")
    put(root, "empty.md", "  \n")
    put(root, "title.md", "# Only a title\n")
    put(root, "large.md", b"x" * 5_000_001)
    put(tmp_path, "outside.md", "Secret.")
    put(tmp_path, "more/inside.md", "Text.")
    (root / "broken.md").symlink_to(root / "nowhere.md")
    (root / "loop.md").symlink_to(root / "loop.md")
    (root / "leaving.md").symlink_to(tmp_path / "outside.md")
    (root / "staying.md").symlink_to(root / "good.md")
    (root / "linked").symlink_to(tmp_path / "more")
    os.mkfifo(root / "pipe.md")

    source = FolderSource("docs", root)

    assert [d.path for d in documents(source)] == ["bom.md", "good.md", "staying.md", "wide.md"]
    assert skipped(source) == {
        "docs:binary.md": "is not text (it holds NUL bytes); save it as UTF-8 if it should be read",
        "docs:broken.md": "links to a file that does not exist",
        "docs:empty.md": "is empty",
        "docs:large.md": "is 5.0 MB; files up to 5 MB are read: split it",
        "docs:latin.md": "is not UTF-8 (line 2); save it as UTF-8",
        "docs:leaving.md": "links to a file outside the source's folder; copy it there",
        "docs:linked/": "is a link to a folder; links to files are followed",
        "docs:loop.md": "links to itself; remove it",
        "docs:pipe.md": "is not an ordinary file",
        "docs:title.md": "has no text besides its title",
    }


def test_a_name_that_is_no_text_is_skipped(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("Text.")

    assert skipped(FolderSource("docs", tmp_path)) == {"docs:caf?.md": "its name is not UTF-8; rename it"}


def test_a_file_that_disappears_while_reading_is_skipped(tmp_path: Path) -> None:
    file = put(tmp_path, "a.md", "Text.")
    source = FolderSource("docs", tmp_path)
    (entry,) = [found for found in source.entries() if isinstance(found, Entry)]
    file.unlink()

    assert list(source.read(entry)) == [Skipped("docs:a.md", "cannot be read: No such file or directory")]


def test_a_folder_that_cannot_be_opened_is_skipped_and_the_rest_is_read(tmp_path: Path) -> None:
    put(tmp_path, "a.md", "Text.")
    put(tmp_path, "b/inside.md", "Text.")
    put(tmp_path, "c.md", "Text.")
    entries = FolderSource("docs", tmp_path).entries()
    first = next(entries)
    shutil.rmtree(tmp_path / "b")

    second, third = entries

    assert isinstance(first, Entry)
    assert second == Skipped("docs:b/", "the folder cannot be opened: No such file or directory")
    assert isinstance(third, Entry)


def test_a_missing_folder_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"Source 'docs': there is no folder .*nowhere\. Create it, or correct the path\."):
        documents(FolderSource("docs", tmp_path / "nowhere"))
    with pytest.raises(Misuse, match="is not a folder"):
        documents(FolderSource("docs", put(tmp_path, "a.md", "Text.")))
    with pytest.raises(Misuse, match="there is no file or folder"):
        documents(FaqSource("faq", tmp_path / "nowhere.yaml"))


def test_the_hash_follows_what_is_indexed_and_nothing_else(tmp_path: Path) -> None:
    file = put(tmp_path, "a.md", "# T\n\nText.\n")
    source = FolderSource("docs", tmp_path)
    (before,) = documents(source)
    file.write_text("\n\n# T\n\n\nText.\n")
    (moved,) = documents(source)
    file.write_text("# T\n\nOther text.\n")
    (changed,) = documents(source)

    assert moved.content_hash == before.content_hash
    assert changed.content_hash != before.content_hash
    assert documents(replace(source, owner="Kafka team"))[0].content_hash != changed.content_hash


# ---- FAQ

FAQ = """
component: kafka
owner: Kafka team
entries:
  - id: raise-quota
    question: How do I raise
      a quota?
    phrasings: [quota pls, more partitions, quota pls]
    answer: |
      Edit `kafka.yaml`.
    docs: [kafka/quotas.md#raise, dns/names.md]
  - id: dated
    question: When?
    answer: 2026-10-12
"""


def test_each_entry_of_a_faq_is_a_document(tmp_path: Path) -> None:
    put(tmp_path, "kafka.yaml", FAQ)

    first, second = documents(FaqSource("faq", tmp_path))

    assert (first.id, first.title, first.kind) == ("faq:kafka.yaml#raise-quota", "How do I raise a quota?", Kind.FAQ)
    assert (first.component, first.owner) == ("kafka", "Kafka team")
    assert first.phrasings == ("quota pls", "more partitions")
    assert first.sections[0].text == "Edit `kafka.yaml`.\n\nSee also: kafka/quotas › raise, dns/names"
    assert first.sections[0].anchor == "raise-quota"
    assert first.sections[0].line == 5
    assert second.sections[0].text == "2026-10-12"


def test_a_faq_file_alone_with_addresses_of_the_pages(tmp_path: Path) -> None:
    file = put(tmp_path, "kafka.yaml", FAQ)

    first, _ = documents(FaqSource("faq", file, base_url="https://devinsight.example"))

    assert first.id == "faq:kafka.yaml#raise-quota"
    assert "[kafka/quotas › raise](https://devinsight.example/kafka/quotas#raise)" in first.sections[0].text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("entries: [", "is not valid YAML (line 2, column 1: did not find expected node content)"),
        ("a: 1\n\tb: 2", "is not valid YAML (line 2, column 1: found a tab character that violates indentation)"),
        ("- a\n- b", "has no list `entries` at its top level; see the FAQ format in the user guide"),
        ("entries: text", "has no list `entries` at its top level; see the FAQ format in the user guide"),
        ("a: &a [*a]\nentries: *a", "is not valid YAML (line 1, column 4: found unconstructable recursive node)"),
        ("entries:\n- text", "has an entry that is not a mapping (line 2); write `- id: …`"),
    ],
)
def test_a_broken_faq_file_is_named_with_the_line(tmp_path: Path, text: str, reason: str) -> None:
    put(tmp_path, "kafka.yaml", text)

    assert skipped(FaqSource("faq", tmp_path)) == {"faq:kafka.yaml": reason}


def test_an_incomplete_entry_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    put(tmp_path, "kafka.yaml", FAQ + "  - id: half\n    question: What?\n  - answer: Lonely.\n")
    source = FaqSource("faq", tmp_path)

    assert len(documents(source)) == 2
    assert skipped(source) == {
        "faq:kafka.yaml#half": "has no answer (line 15); add it",
        "faq:kafka.yaml#4": "has no id and no question (line 17); add it",
    }


def test_deeply_nested_and_binary_faq_files_are_skipped(tmp_path: Path) -> None:
    put(tmp_path, "deep.yaml", "[" * 20_000)
    put(tmp_path, "binary.yml", b"\x00")

    assert set(skipped(FaqSource("faq", tmp_path))) == {"faq:deep.yaml", "faq:binary.yml"}


# ---- schemas

SCHEMA = """{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Kafka", "description": "Topics and quotas.", "x-file": "kafka.yaml",
  "required": ["kind"],
  "properties": {
    "kind": {"const": "Kafka"},
    "topics": {"type": "array", "description": "The topics.", "x-merge": "by-key", "x-key": "name",
               "items": {"$ref": "#/$defs/topic"},
               "examples": [[{"name": "a"}]]}
  },
  "$defs": {"topic": {"type": "object", "description": "One of them.", "required": ["name"], "properties": {
    "name": {"type": "string", "maxLength": 24, "pattern": "^a", "examples": ["a", "b"],
             "x-doc": "kafka/topics.md#n"},
    "partitions": {"$ref": "common.schema.json#/$defs/count", "default": 6},
    "policy": {"enum": ["delete", "compact"], "deprecated": true},
    "access": {"anyOf": [{"type": "string"}, {"properties": {"user": {"type": ["string", "null"]}}}]},
    "labels": {"additionalProperties": {"type": "string"}, "patternProperties": {"^x-": {"type": "integer"}}},
    "child": {"$ref": "#/$defs/topic"}
  }}}
}"""
COMMON = '{"$defs": {"count": {"type": "integer", "minimum": 1, "description": "How many."}}}'


def test_a_schema_says_what_each_property_means(tmp_path: Path) -> None:
    put(tmp_path, "kafka.schema.json", SCHEMA)
    put(tmp_path, "common.schema.json", COMMON)

    document = documents(SchemaSource("schemas", tmp_path))[-1]
    texts = {" ".join(section.headings): section.text for section in document.sections}

    assert (document.title, document.kind, document.component) == ("Kafka", Kind.SCHEMA, "kafka")
    assert texts[""] == (
        "Topics and quotas.\nIt is written in `kafka.yaml`.\nIt says `kind: Kafka`.\nRequired: `kind`.\nKeys: `topics`."
    )
    assert texts["topics"] == (
        "`topics`: list of objects.\nThe topics.\nEach item: One of them.\nMerge rule of overlays: by-key `name`.\n\n"
        "Example:\n```yaml\n- name: a\n```"
    )
    assert texts["topics name"] == (
        "`topics[].name`: string, required.\nLimits: at most 24 characters, matches `^a`.\n"
        "See also: kafka/topics.\nExamples: `a`, `b`."
    )
    assert texts["topics partitions"] == (
        "`topics[].partitions`: integer.\nHow many.\nDefault: `6`.\nLimits: at least 1."
    )
    assert texts["topics policy"] == (
        "`topics[].policy`: value.\nAllowed values: `delete`, `compact`.\nIt is deprecated."
    )
    assert texts["topics access user"] == "`topics[].access.user`: string or null."
    assert "topics[].labels.<name>" in texts
    assert "topics[].labels.<^x->" in texts
    assert "topics child" in texts
    assert not any("child." in text for text in texts.values())
    assert document.sections[2].anchor == "topics-name"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{\n "a": }', "is not valid JSON (line 2, column 7: Expecting value)"),
        ("[" * 200_000, "is nested too deeply, or holds a number too long, to be read"),
        ("[1]", "is JSON, but not a JSON Schema (it has no $schema, properties or $defs)"),
        ("", "is empty"),
    ],
)
def test_a_broken_schema_is_named_with_the_line(tmp_path: Path, text: str, reason: str) -> None:
    put(tmp_path, "x.json", text)

    assert skipped(SchemaSource("schemas", tmp_path)) == {"schemas:x.json": reason}


def test_a_changed_neighbour_means_reading_all_schemas_again(tmp_path: Path) -> None:
    put(tmp_path, "kafka.schema.json", SCHEMA)
    source = SchemaSource("schemas", tmp_path)
    before = source.fingerprint
    put(tmp_path, "common.schema.json", COMMON)

    assert source.fingerprint != before


KEYWORDS = (
    *("properties", "items", "$ref", "$defs", "allOf", "anyOf", "type", "required", "enum", "default", "title"),
    *("examples", "description", "additionalProperties", "patternProperties", "minimum", "a"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["#/$defs/a", "#", "object"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(["properties", "$defs", "allOf", "items", "required", "examples"]), VALUES))
def test_any_json_object_is_read_as_a_schema(schema: dict[str, object]) -> None:
    title, sections = json_schema.read(schema, name="x")

    assert title == "X"
    assert all(section.text for section in sections)


def test_more_ways_of_asking_than_anybody_has_are_left_out_and_told(tmp_path: Path) -> None:
    ways = "".join(f"  - how {number}?\n" for number in range(250))
    put(tmp_path, "faq.yaml", f"entries:\n- id: a\n  question: q?\n  answer: b\n  phrasings:\n{ways}")
    source = FaqSource("faq", tmp_path / "faq.yaml")

    assert len(documents(source)[0].phrasings) == 200
    assert skipped(source) == {
        "faq:faq.yaml#a": "has 250 phrasings; the first 200 are read: leave the most different ones"
    }


def test_a_file_that_changed_since_it_was_listed_waits_for_the_next_run(tmp_path: Path) -> None:
    file = put(tmp_path, "a.md", "Text.")
    source = FolderSource("docs", tmp_path)
    (entry,) = source.entries()
    file.write_text("Other text.")

    assert isinstance(entry, Entry)
    assert [found.reason for found in source.read(entry) if isinstance(found, Skipped)] == [
        "changed while it was read; the next run reads it again"
    ]


def test_a_schema_beside_a_schema_that_links_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    put(tmp_path, "outside.json", '{"description": "secret"}')
    put(tmp_path, "in/a.schema.json", '{"properties": {"p": {"$ref": "near.json"}}}')
    (tmp_path / "in" / "near.json").symlink_to(tmp_path / "outside.json")

    (found,) = documents(SchemaSource("schemas", tmp_path / "in"))

    assert "secret" not in "".join(section.text for section in found.sections)


@pytest.mark.parametrize("name", ["a\nb.md", "a\x1b[31m.md", "a\u202eb.md", "a\u200bb.md"])
def test_a_name_with_characters_that_nobody_sees_is_not_read(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, "Text.")

    assert list(skipped(FolderSource("docs", tmp_path)).values()) == ["its name holds invisible characters; rename it"]
    assert not documents(FolderSource("docs", tmp_path))


def test_folders_far_inside_each_other_are_not_walked(tmp_path: Path) -> None:
    put(tmp_path, f"{'d/' * 101}a.md", "Text.")
    put(tmp_path, f"{'e/' * 100}a.md", "Text.")

    assert [d.path for d in documents(FolderSource("docs", tmp_path))] == [f"{'e/' * 100}a.md"]
    assert list(skipped(FolderSource("docs", tmp_path)).values()) == ["lies more than 100 folders deep; move it up"]
