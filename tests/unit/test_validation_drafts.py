"""Every draft of JSON Schema means what its author meant, and no schema reaches the network or stops the process."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, SourceFile
from knowledge.validation.engine import validate

DRAFT = "http://json-schema.org/draft-0{}/schema#"


def check(schema: object, text: str, folder: Path) -> list[Diagnostic]:
    file = folder / "own.schema.json"
    file.write_text(json.dumps(schema), encoding="utf-8")
    return list(validate([SourceFile("file.yaml", text)], catalog=SchemaCatalog.of_file(file)).diagnostics)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"$schema": DRAFT.format(4), "minimum": 3, "exclusiveMinimum": True}, "4\n", "3\n"),
        ({"$schema": DRAFT.format(4), "properties": {"a": {"const": 1}}}, "a: 1\n", "a: 2\n"),
        (
            {
                "$schema": DRAFT.format(4),
                "id": "http://example.com/x",
                "properties": {"id": {"const": 1}, "b": {"minimum": 3, "exclusiveMinimum": True}},
            },
            "id: 1\nb: 4\n",
            "id: 1\nb: 3\n",
        ),
        ({"$schema": DRAFT.format(6), "if": {"required": ["a"]}, "then": {"required": ["b"]}}, "c: 1\n", "a: 1\n"),
        ({"$schema": DRAFT.format(6), "exclusiveMinimum": 3}, "4\n", "3\n"),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, "a: 1\n", "b: 1\n"),
        ({"prefixItems": [{"type": "string"}]}, "[a]\n", "[1]\n"),
        ({"dependentRequired": {"a": ["b"]}}, "b: 1\n", "a: 1\n"),
        ({"$schema": "http://json-schema.org/schema#", "const": 1}, "1\n", "2\n"),
        (
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$dynamicAnchor": "node",
                "properties": {"c": {"type": "array", "items": {"$dynamicRef": "#node"}}},
                "unevaluatedProperties": False,
            },
            "c: [{c: []}]\n",
            "c: [{d: 1}]\n",
        ),
        ({"definitions": {"a": {"items": {"$ref": "#"}}}, "$ref": "#/definitions/a"}, "[[[]]]\n", "[[*x]]\n"),
        (False, None, "a: 1\n"),
        (True, "a: 1\n", None),
    ],
)  # fmt: skip
def test_a_schema_means_what_its_draft_or_its_keywords_say(
    tmp_path: Path, schema: object, good: str | None, bad: str | None
) -> None:
    assert good is None or check(schema, good, tmp_path) == []
    assert bad is None or len(check(schema, bad, tmp_path)) == 1


def test_a_draft_4_schema_without_later_keywords_stays_one(tmp_path: Path) -> None:
    schema = {"$schema": DRAFT.format(4), "properties": {"day": {"format": "date"}}, "enum": [{"const": 1}, {"day": 1}]}

    assert check(schema, "day: 1\n", tmp_path) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://example.invalid/x.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#/definitions/none"},
        {"$schema": "http://example.invalid/draft"},
        {"$schema": 5},
        {"type": "strin"},
        {"properties": {"a": {"pattern": "("}}},
        {"title": ["a"], "properties": {"kind": 5}, "x-file": 5},
        [],
    ],
)
def test_an_unusable_schema_gets_a_sentence_with_its_file(tmp_path: Path, schema: object) -> None:
    with pytest.raises(Misuse, match=r"own\.schema\.json: not a"):
        check(schema, "a: 1\n", tmp_path)


SLOW = ["^(a+)+$", "^(a|a)*(?=b)$", "(a*)*\\1b"]


@pytest.mark.parametrize("pattern", SLOW)
@pytest.mark.parametrize(
    "schema",
    [
        lambda pattern: {"properties": {"a": {"pattern": pattern}}, "required": ["a"]},
        lambda pattern: {"patternProperties": {pattern: {"type": "string"}}, "additionalProperties": False},
        lambda pattern: {"propertyNames": {"pattern": pattern}},
    ],
)
def test_a_pattern_that_backtracks_without_end_stops_nothing(tmp_path: Path, pattern: str, schema: Any) -> None:
    long = "a" * 60 + "!"
    start = time.perf_counter()

    found = check(schema(pattern), f"{'a' if 'properties' in schema(pattern) else long}: {long}\n", tmp_path)

    assert len(found) == 1
    assert time.perf_counter() - start < 5


def test_thousands_of_faults_about_a_large_map_are_cut_short(tmp_path: Path) -> None:
    text = "".join(f"key{number}: 1\n" for number in range(3000))

    names = check({"propertyNames": {"pattern": "^x"}}, text, tmp_path)
    unknown = check(
        {"properties": {f"key{n}x": {} for n in range(2000)}, "additionalProperties": False}, text, tmp_path
    )

    assert names[0].span.line == 1
    assert "propertyNames" in names[0].message or "pattern" in names[0].message
    assert unknown[0].message == "Unknown key “key0”. Did you mean `key0x`?"


def test_faults_at_the_end_of_a_large_list_are_told_where_they_stand(tmp_path: Path) -> None:
    schema = {"properties": {"a": {"items": {"type": "integer"}}}, "required": ["kind"]}
    text = "kind: x\na:\n" + "- 1\n" * 30_000

    few = check(schema, text + "- one\n" * 3, tmp_path)
    many = check(schema, text + "- one\n" * 25_000, tmp_path)

    assert [(d.span.line, d.message) for d in few] == [
        (30_003 + n, f"Element {30_001 + n} of “a” must be a whole number, found the text “one”") for n in range(3)
    ]
    assert (many[0].span.line, "“type”" in many[0].message) == (30_003, True)


def test_what_depends_on_a_missing_key_is_not_told_with_it(tmp_path: Path) -> None:
    schema = {
        "required": ["type"],
        "properties": {"type": {"enum": ["a", "b"]}, "size": {}},
        "additionalProperties": False,
        "allOf": [{"if": {"properties": {"type": {"const": "a"}}}, "then": {"required": ["size"]}}],
    }

    (typo,) = check(schema, "tipe: b\n", tmp_path)
    (size,) = check(schema, "type: a\n", tmp_path)

    assert (typo.message, size.message) == ("Unknown key “tipe”. Did you mean `type`?", "The file needs “size”")


def test_the_variant_that_knows_the_key_around_a_typo_is_told(tmp_path: Path) -> None:
    def variant(inner: str) -> dict[str, Any]:
        member = {"properties": {"rate": {}}, "required": ["rate"], "additionalProperties": False}
        return {"properties": {"name": {}, inner: member}, "additionalProperties": False}

    (found,) = check({"anyOf": [variant("can"), variant("lin")]}, "name: x\nlin:\n  rote: 1\n", tmp_path)

    assert (found.span.line, found.message) == (3, "Unknown key “rote”. Did you mean `rate`?")
