"""Schemas whose variants multiply: what is refused is told at its place, without unfolding a million variants.

None of these tests looks at a clock. Unfolded, each of the schemas takes minutes and gigabytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, SourceFile
from knowledge.validation.drafts import dated
from knowledge.validation.engine import validate
from knowledge.validation.folding import Folded, folded
from knowledge.validation.schema import Schema

LATEST = "https://json-schema.org/draft/2020-12/schema"


def against(schema: dict[str, Any], text: str) -> list[Diagnostic]:
    own = Schema(schema, origin="own.schema.json")
    return list(validate([SourceFile("file.yaml", text)], catalog=SchemaCatalog([own], forced=own)).diagnostics)


def told(schema: dict[str, Any], text: str) -> list[tuple[str, int, str]]:
    return [(d.code, d.span.line, d.message) for d in against(schema, text)]


def nest(levels: int, keyword: str = "anyOf", *, leaf: dict[str, Any] | None = None, times: int = 2) -> dict[str, Any]:
    """`times` ^ `levels` variants for the value of `a`, all of them `leaf`."""
    deeper = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * times} for n in range(levels)}
    definitions = {**deeper, f"d{levels}": leaf or {"type": "string"}}
    return {"$defs": definitions, "properties": {"a": {"$ref": "#/$defs/d0"}, "b": {"type": "integer"}}}


def test_a_value_that_fits_none_of_a_million_variants_is_told_at_its_place() -> None:
    assert told(nest(20), "b: 1\na: 1\n") == [("SCH006", 2, "“a” fits none of its variants")]
    assert told(nest(20), "a: text\n") == []


def test_what_else_is_wrong_is_told_as_precisely_as_ever() -> None:
    assert told(nest(20), "b: two\na: 1\n") == [
        ("SCH002", 1, "“b” must be a whole number, found the text “two”"),
        ("SCH006", 2, "“a” fits none of its variants"),
    ]
    assert told(nest(20), "b: two\na: text\n") == [("SCH002", 1, "“b” must be a whole number, found the text “two”")]


def test_one_of_a_million_says_that_exactly_one_is_meant() -> None:
    assert told(nest(20, "oneOf"), "a: 1\n") == [("SCH006", 1, "“a” does not fit exactly one of its variants")]


def test_a_million_conditions_are_told_as_one() -> None:
    assert told(nest(20, "allOf"), "a: 1\n") == [
        ("SCH005", 1, "“a” must be as “allOf” in its schema asks, found the number 1")
    ]


def test_names_of_keys_may_have_as_many_variants() -> None:
    names = {"$defs": nest(20, leaf={"pattern": "^x"})["$defs"], "propertyNames": {"$ref": "#/$defs/d0"}}

    assert told(names, "x1: 1\na: 1\n") == [("SCH005", 2, "“a” may not be a key of the file")]


def test_a_thousand_variants_inside_variants_are_no_recursion() -> None:
    assert told(nest(3000, times=1), "a: 1\n") == [("SCH006", 1, "“a” fits none of its variants")]


RECURSIVE = {
    "$defs": {
        "node": {
            "anyOf": [
                {"type": "integer"},
                {"type": "object", "properties": {"a": {"$ref": "#/$defs/node"}}, "required": ["x"]},
                {"type": "object", "properties": {"a": {"$ref": "#/$defs/node"}}, "required": ["y"]},
            ]
        }
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize("levels", [16, 90])
def test_a_recursive_schema_whose_variants_double_at_each_level_is_decided(levels: int) -> None:
    text = "{a: " * levels + "wrong" + ", x: 1, y: 1}" * levels

    assert told(RECURSIVE, text) == [("SCH006", 1, "The file fits none of its variants")]


def test_a_recursive_schema_explains_the_nearest_variant_where_it_can() -> None:
    assert told(RECURSIVE, "a: {a: wrong, x: 1}\nx: 1\n") == [
        ("SCH002", 1, "“a” must be a whole number or a map of keys, found the text “wrong”")
    ]


@pytest.mark.parametrize("keyword", ["$ref", "allOf", "anyOf"])
def test_a_schema_that_refers_to_itself_asks_nothing_more(keyword: str) -> None:
    itself: Any = "#" if keyword == "$ref" else [{"$ref": "#"}, {"$ref": "#"}]

    assert told({keyword: itself}, "a: 1\n") == []
    if keyword != "$ref":
        assert told({keyword: itself, "required": ["z"]}, "a: 1\n") == [("SCH004", 1, "The file needs “z”")]


@pytest.mark.parametrize(
    "schema",
    [
        nest(40),
        {**nest(20), "unevaluatedProperties": False, "$schema": LATEST},
        {**nest(9, times=9), "$schema": LATEST},
    ],
)
def test_a_schema_that_nothing_can_decide_is_refused_with_the_remedy(schema: dict[str, Any]) -> None:
    with pytest.raises(Misuse, match=r"^own\.schema\.json: its variants multiply to more than .* in one `anyOf`"):
        against(schema, "a: 1\n")


@pytest.mark.parametrize("draft", [None, LATEST, "http://json-schema.org/draft-07/schema#", "own id"])
def test_the_variants_of_a_large_file_are_explained_as_before(draft: str | None) -> None:
    variants = [{"required": [f"k{n}"], "properties": {f"k{n}": {"const": n}}} for n in range(5)]
    schema: dict[str, Any] = {
        "$defs": {"node": {"oneOf": [{"type": "integer"}, {"items": {"$ref": "#/$defs/node"}, "type": "array"}]}},
        "properties": {"tree": {"$ref": "#/$defs/node"}, "a": {"anyOf": variants}},
    }
    schema |= {"$id": "https://example.org/own"} if draft == "own id" else {"$schema": draft} if draft else {}
    text = "tree:\n" + "- [1, 2, 3]\n" * 3000 + "- [1, two]\na: {k3: 4}\n"

    assert folded(Schema(schema, origin="x")) is not None
    assert told(schema, text) == [
        ("SCH002", 3002, "Element 2 of “tree” must be a whole number or a list, found the text “two”"),
        ("SCH004", 3003, "“a” needs “k0”"),
    ]


@pytest.mark.parametrize("value", ['"%region%"', "{x: '%region%'}", "null"])
def test_a_choice_that_a_wildcard_leaves_open_is_left_to_later(value: str) -> None:
    schema = {**nest(20, leaf={"enum": ["one", "two"]}), "x-file": "file.yaml"}

    assert told(schema, f"a: {value}\n") == []


def test_a_hundred_thousand_options_in_two_variants_are_one_choice() -> None:
    schema = {"properties": {"a": {"anyOf": [{"enum": [f"v{n}-{m}" for m in range(50_000)]} for n in range(2)]}}}

    assert told(schema, "a: v1-1x\n") == [("SCH003", 1, "“v1-1x” is not a value of “a”. Did you mean `v1-1`?")]


def test_a_schema_too_deep_to_be_built_is_not_exported_either(tmp_path: Path) -> None:
    from bot.checking.editors import export

    text = '{"properties":{"a":' * 450 + "{}" + "}}" * 450
    (tmp_path / "deep.schema.json").write_text(text)

    with pytest.raises(Misuse, match=r"deep\.schema\.json: not a usable JSON Schema"):
        export(tmp_path, tmp_path / "out")


# ---- folding changes no answer ----

REFERENCES = st.sampled_from(
    ["#/$defs/x", "#/$defs/y", "#/$defs/x/anyOf/0", "#/$defs/y/properties/a/oneOf/1", "#/$defs/m~1~0/allOf/0", "#here"]
)
SIMPLE = st.sampled_from(
    [True, False, {}, {"type": "integer"}, {"type": "object"}, {"const": 1}, {"enum": ["x", 2]}, {"minItems": 2}]
)
SCHEMAS = st.recursive(
    SIMPLE | st.builds(lambda reference: {"$ref": reference}, REFERENCES),
    lambda inner: st.one_of(
        st.dictionaries(
            st.sampled_from(["anyOf", "oneOf", "allOf"]), st.lists(inner, min_size=1, max_size=3), min_size=1
        ),
        st.dictionaries(
            st.sampled_from(["properties", "dependentSchemas"]), st.dictionaries(st.sampled_from("ab"), inner)
        ),
        st.dictionaries(st.sampled_from(["not", "if", "then", "else", "items", "propertyNames", "contains"]), inner),
    ),
    max_leaves=12,
)
VALUES = st.recursive(
    st.sampled_from([1, 2, "x", None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def guarded(inner: Any) -> dict[str, Any]:
    """Something to refer to, none of which refers to itself without looking deeper into the value."""
    return {
        "$schema": LATEST,
        "$defs": {
            "x": {"anyOf": [{"type": "string", "$anchor": "here"}, {"required": ["b"], "type": "object"}]},
            "y": {"properties": {"a": {"oneOf": [{"type": "integer"}, {"items": {"$ref": "#/properties/r"}}]}}},
            "m/~": {"allOf": [{"anyOf": [{"maxProperties": 1}, {"type": "array"}]}]},
        },
        "properties": {"r": inner, "b": {"items": inner}},
        "anyOf": [inner, {"properties": {"a": inner}}],
    }


@settings(max_examples=400, deadline=None)
@given(SCHEMAS, VALUES)
def test_a_folded_schema_accepts_and_refuses_the_same(inner: Any, value: Any) -> None:
    schema = Schema(dated(guarded(inner)), origin="x")

    assert Folded(schema).validator.is_valid(value) == schema.validator.is_valid(value)


@settings(max_examples=200, deadline=None)
@given(SCHEMAS, VALUES)
def test_every_refused_choice_is_known_again(inner: Any, value: Any) -> None:
    schema = Schema(dated(guarded(inner)), origin="x")
    asked = Folded(schema)

    for error in asked.validator.iter_errors({"r": value}):
        refusal = asked.refusal(error)
        if refusal is not None:
            assert refusal.keyword in refusal.part
        else:
            assert error.kind.name not in {"anyOf", "oneOf"}


def test_an_inner_resource_keeps_its_own_references() -> None:
    document = {
        "$schema": LATEST,
        "$defs": {
            "own": {
                "$id": "https://example.org/own",
                "$defs": {"n": {"type": "integer"}},
                "anyOf": [{"$ref": "#/$defs/n"}, {"items": {"$ref": "#/anyOf/0"}, "type": "array"}],
            }
        },
        "properties": {"a": {"$ref": "https://example.org/own"}},
    }
    schema = Schema(json.loads(json.dumps(document)), origin="x")
    asked = Folded(schema).validator

    for value in ({"a": 1}, {"a": [1, 2]}, {"a": "x"}, {"a": [1, "x"]}):
        assert asked.is_valid(value) == schema.validator.is_valid(value)
