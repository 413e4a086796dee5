"""Schemas for editors accept what `validate` leaves to later stages, and nothing else."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from knowledge import bundled
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.relaxing import for_editors
from knowledge.validation.schema import Schema
from knowledge.validation.source import parse
from knowledge.validation.tree import value_of

CATALOG = SchemaCatalog.load(bundled.SCHEMAS)
FILES = sorted(bundled.DEPLOYMENT_REPOSITORY.rglob("*.yaml"))


def validator(schema: Schema) -> Any:
    return jsonschema_rs.validator_for(for_editors(schema), validate_formats=True)


def accepts(properties: dict[str, Any], value: Any, **more: Any) -> bool:
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "x-file": "thing.yaml",
        "properties": {"kind": {"const": "Thing"}, **properties},
        **more,
    }
    return bool(validator(Schema(document, origin="thing.schema.json")).is_valid(value))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(bundled.DEPLOYMENT_REPOSITORY)))
def test_every_file_of_the_example_repository_satisfies_its_exported_schema(file: Any) -> None:
    schema = next(schema for schema in CATALOG.schemas if schema.file == file.name)
    roots = [document.root for document in parse(SourceFile(file.name, file.read_bytes())).documents]

    assert roots
    assert [error.message for root in roots for error in validator(schema).iter_errors(value_of(root))] == []


@pytest.mark.parametrize("schema", CATALOG.schemas, ids=lambda schema: schema.title)
def test_an_exported_schema_is_a_schema_and_its_own_examples_satisfy_it(schema: Schema) -> None:
    exported = for_editors(schema)

    jsonschema_rs.meta.validate(exported)
    assert [e for e in exported.get("examples", ()) if not validator(schema).is_valid(e)] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "string", "pattern": "^[a-z]+$"},
        {"enum": ["a", "b"]},
        {"const": "a"},
        {"type": "integer", "minimum": 3},
        {"type": "string", "format": "uri"},
        {"type": "boolean"},
        {"type": "string", "maxLength": 3},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "properties": {}},
        {"oneOf": [{"const": "a"}, {"pattern": "^b"}]},
        {"anyOf": [{"type": "integer"}, {"enum": ["a"]}]},
        {"$ref": "#/$defs/name"},
        {"type": "string", "anyOf": [{"const": "a"}, {"const": "b"}]},
    ],
)
def test_a_wildcard_and_a_null_are_let_through_whatever_is_asked(asked: dict[str, Any]) -> None:
    defs = {"name": {"type": "string", "pattern": "^[a-z]+$"}}

    assert accepts({"x": asked}, {"x": "a-%namespace%-b"}, **{"$defs": defs})
    assert accepts({"x": asked}, {"x": None}, **{"$defs": defs})
    assert not accepts({"x": asked}, {"x": "100 % ?!"}, **{"$defs": defs})


def test_faults_are_still_faults() -> None:
    element = {"type": "object", "required": ["name"], "properties": {"name": {"enum": ["a"]}}}
    properties = {"list": {"type": "array", "items": {**element, "additionalProperties": False}}}

    assert accepts(properties, {"list": [{"name": "a"}]})
    assert not accepts(properties, {"list": [{"name": "b"}]})
    assert not accepts(properties, {"list": [{"nmae": "a"}]})
    assert not accepts(properties, {"list": [{}]})
    assert not accepts(properties, {"list": {}})
    assert not accepts({}, {"%a%": 1}, propertyNames={"pattern": "^[a-z]+$"})


def test_kind_and_version_take_no_wildcard() -> None:
    assert not accepts({}, {"kind": "%kind%"})
    assert not accepts({"apiVersion": {"const": "v1"}}, {"apiVersion": None})


def test_what_a_condition_asks_is_not_weakened() -> None:
    condition = {
        "if": {"properties": {"type": {"const": "a"}}, "required": ["type"]},
        "then": {"required": ["size"]},
    }

    assert not accepts({}, {"type": "a"}, **condition)
    assert accepts({}, {"type": "b"}, **condition)


def test_what_editors_show_stays_where_they_look_for_it() -> None:
    document = {"x-file": "t.yaml", "properties": {"x": {"description": "Size.", "default": 1, "type": "integer"}}}

    shown = for_editors(Schema(document, origin="t.schema.json"))["properties"]["x"]

    assert (shown["description"], shown["default"]) == ("Size.", 1)
    assert shown["anyOf"][0] == {"type": "integer"}


def test_a_schema_that_is_no_overlay_is_exported_as_it_is() -> None:
    topology = CATALOG.by_kind["Topology"]

    assert for_editors(topology) == topology.document
