"""The engine: which schema, which causes, what is left for later, and the words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import bundled
from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile, ValidationReport
from knowledge.validation.engine import NOT_MERGED, NOT_PLACED, check_fragment, validate
from knowledge.validation.hints import nearest
from knowledge.validation.schema import Schema
from knowledge.validation.text import SourceText

SCHEMAS = Path(__file__).resolve().parents[1] / "corpora" / "schemas"
HEAD = "apiVersion: sheriff/v1\nkind: Alerting\nalerts:\n  - name: replicas-low\n    threshold: 2\n"


@pytest.fixture(scope="module")
def catalog() -> SchemaCatalog:
    return SchemaCatalog.load(SCHEMAS)


def check(text: str, catalog: SchemaCatalog, name: str = "alerting.yaml") -> ValidationReport:
    return validate([SourceFile(name, text)], catalog=catalog)


def against(schema: dict[str, Any], text: str) -> list[Diagnostic]:
    """Diagnostics of a text checked against a schema that is no platform's."""
    catalog = SchemaCatalog([], forced=Schema(schema, origin="test.schema.json"))
    return list(validate([SourceFile("file.yaml", text)], catalog=catalog).diagnostics)


def summary(diagnostics: Any) -> list[tuple[str, int]]:
    return [(d.code, d.span.line) for d in diagnostics]


class TestWhichSchema:
    def test_the_kind_decides_whatever_the_name(self, catalog: SchemaCatalog) -> None:
        (file,) = check(HEAD, catalog, "kafka.yaml").files

        assert (file.schema, file.chosen_by) == ("Alerting", "its kind")

    @pytest.mark.parametrize("name", ["kafka.yaml", "prod/eu-west/Kafka.yml", "C:\\work\\kafka.yaml"])
    def test_without_a_kind_the_file_name_decides(self, name: str, catalog: SchemaCatalog) -> None:
        report = check("apiVersion: sheriff/v1\ntopics: []\n", catalog, name)

        assert (report.files[0].schema, report.files[0].chosen_by) == ("Kafka", "its file name")
        assert [d.message for d in report.diagnostics] == ["The file needs “kind”"]

    def test_without_both_the_keys_decide(self, catalog: SchemaCatalog) -> None:
        (file,) = check("topics: []\nquota: {partitions: 1}\n", catalog, "pasted.yaml").files

        assert (file.schema, file.chosen_by) == ("Kafka", "its keys")

    def test_keys_that_fit_several_schemas_decide_nothing(self) -> None:
        two = [
            Schema({"x-file": f"{n}.yaml", "title": n, "properties": {"name": {}, "kind": {"const": n}}}, origin=n)
            for n in ("One", "Two")
        ]

        (diagnostic,) = check("name: x\n", SchemaCatalog(two), "pasted.yaml").diagnostics

        assert diagnostic.code == "SCH008"
        assert "its keys fit One and Two" in diagnostic.message

    def test_a_kind_of_another_world_is_a_remark_not_an_error(self, catalog: SchemaCatalog) -> None:
        report = check("apiVersion: v1\nkind: Deployment\nmetadata: {name: x}\n", catalog, "deployment.yaml")

        assert report.valid
        assert [(d.code, d.severity) for d in report.diagnostics] == [("SCH008", Severity.INFORMATION)]

    def test_an_unknown_kind_of_ours_is_an_error_with_the_known_ones(self, catalog: SchemaCatalog) -> None:
        (diagnostic,) = check("apiVersion: sheriff/v1\nkind: Zebra\n", catalog, "zebra.yaml").diagnostics

        assert (diagnostic.code, diagnostic.severity) == ("SCH008", Severity.ERROR)
        assert "Alerting, Kafka" in diagnostic.why

    def test_a_schema_can_be_given(self) -> None:
        catalog = SchemaCatalog.of_file(SCHEMAS / "kafka.schema.json")

        (file,) = check("apiVersion: sheriff/v1\nkind: Kafka\n", catalog, "anything.txt").files

        assert (file.schema, file.chosen_by) == ("Kafka", "the schema given")

    def test_each_document_of_a_file_gets_its_own(self, catalog: SchemaCatalog) -> None:
        report = check(HEAD + "---\napiVersion: sheriff/v1\nkind: Kafka\ntopic: []\n", catalog)

        assert report.files[0].schema == "Alerting, Kafka"
        assert summary(report.diagnostics) == [("SCH001", 9)]


class TestBrokenSchemas:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [("{", "not a readable JSON Schema"), ("[1]", "expected an object"), ("\xff", "not a readable")],
    )
    def test_an_unreadable_schema_is_named(self, tmp_path: Path, content: str, reason: str) -> None:
        (tmp_path / "bad.schema.json").write_bytes(content.encode("latin-1"))

        with pytest.raises(Misuse, match=rf"bad\.schema\.json: .*{reason}"):
            SchemaCatalog.load(tmp_path)

    @pytest.mark.parametrize(
        "document", [{"type": "objekt"}, {"pattern": "("}, {"$ref": "https://example.com/other.json"}]
    )
    def test_an_unusable_schema_is_named_when_it_is_needed(self, tmp_path: Path, document: dict[str, Any]) -> None:
        (tmp_path / "bad.schema.json").write_text(json.dumps(document))

        with pytest.raises(Misuse, match=r"bad\.schema\.json: not a usable JSON Schema"):
            SchemaCatalog.load(tmp_path).check()

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(Misuse, match="no such folder"):
            SchemaCatalog.load(tmp_path / "none")

    def test_two_schemas_of_one_kind_are_refused(self) -> None:
        schemas = [Schema({"properties": {"kind": {"const": "A"}}}, origin=name) for name in ("one", "two")]

        with pytest.raises(Misuse, match="two: the kind A is already declared by one"):
            SchemaCatalog(schemas)


class TestWhatIsLeftForLater:
    def test_a_note_says_what_was_not_checked(self, catalog: SchemaCatalog) -> None:
        assert check(HEAD, catalog).notes == (NOT_PLACED,)
        assert check("a: 1\n", SchemaCatalog([])).notes == ()
        two = validate([SourceFile("alerting.yaml", HEAD), SourceFile("prod/alerting.yaml", HEAD)], catalog=catalog)
        assert two.notes == (NOT_MERGED,)

    def test_wildcards_stand_for_values_that_are_not_known_yet(self, catalog: SchemaCatalog) -> None:
        assert check(HEAD + '    namespace: "%namespace%-%stage%"\n    severity: "%severity%"\n', catalog).valid

    def test_a_wildcard_is_no_excuse_where_a_map_belongs(self, catalog: SchemaCatalog) -> None:
        text = 'apiVersion: "%v%"\nkind: Kafka\nquota: "%quota%"\nlabels: {"%x%": a}\n'

        assert [d.code for d in check(text, catalog).diagnostics] == ["SCH003", "SCH005"]

    def test_wildcards_mean_nothing_to_other_schemas(self) -> None:
        assert summary(against({"properties": {"a": {"enum": ["x"]}}}, 'a: "%x%"\n')) == [("SCH003", 1)]

    def test_null_removes_a_key_and_an_empty_value_does_not(self, catalog: SchemaCatalog) -> None:
        assert check(HEAD + "    severity: null\n", catalog).valid
        assert not check(HEAD + "    severity:\n", catalog).valid

    def test_keys_needed_after_merging_are_a_remark_in_one_file_alone(self, catalog: SchemaCatalog) -> None:
        text = "apiVersion: sheriff/v1\nkind: Kafka\ntopics:\n  - name: a\n"
        alone = check(text, catalog)
        several = validate([SourceFile("kafka.yaml", text), SourceFile("prod/kafka.yaml", text)], catalog=catalog)

        assert [(d.code, d.severity) for d in alone.diagnostics] == [("SCH004", Severity.INFORMATION)]
        assert several.diagnostics == ()

    def test_a_fragment_may_lack_keys_at_its_top_only(self, catalog: SchemaCatalog) -> None:
        assert check_fragment("quota: {partitions: 3}\n", "Kafka", catalog=catalog).valid
        report = check_fragment("quota: {producerMbps: 3}\ntopcs: []\n", "Kafka", catalog=catalog)
        assert summary(report.diagnostics) == [("SCH004", 1), ("SCH001", 2)]

    def test_a_fragment_of_an_unknown_kind_is_misuse(self, catalog: SchemaCatalog) -> None:
        with pytest.raises(Misuse, match="“Zebra”; known are Alerting, Kafka"):
            check_fragment("a: 1", "Zebra", catalog=catalog)


class TestOneCauseOneDiagnostic:
    def test_a_syntax_error_does_not_hide_the_errors_elsewhere(self, catalog: SchemaCatalog) -> None:
        report = check(HEAD + "    deployOn: %platform%\n    severity: critcal\n", catalog)

        assert summary(report.diagnostics) == [("YAML011", 6), ("SCH003", 7)]
        assert report.files[0].schema == "Alerting"

    def test_the_schema_chooses_between_two_ways_to_mend_the_indentation(self, catalog: SchemaCatalog) -> None:
        text = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n\tpartitions: 3\n"

        (diagnostic,) = check(text, catalog, "kafka.yaml").diagnostics

        assert (diagnostic.code, diagnostic.edits[0].text) == ("YAML002", "  ")

    def test_a_trap_is_not_told_beside_the_type_error_it_causes(self, catalog: SchemaCatalog) -> None:
        assert summary(check(HEAD + "runbookVersion: 1.10\n", catalog).diagnostics) == [("SCH002", 6)]

    def test_a_number_with_a_last_zero_is_no_trap_where_a_number_is_asked_for(self, catalog: SchemaCatalog) -> None:
        assert check(HEAD + "    factor: 1.50\n", catalog).diagnostics == ()

    def test_an_undefined_alias_says_nothing_about_the_schema(self, catalog: SchemaCatalog) -> None:
        text = "apiVersion: sheriff/v1\nkind: Alerting\nalerts: *none\n"

        assert summary(check(text, catalog).diagnostics) == [("YAML008", 3)]

    def test_what_stands_in_a_misplaced_map_is_not_told_again(self) -> None:
        service = {
            "type": "object",
            "additionalProperties": False,
            "properties": {"image": {"type": "string"}, "build": {"type": "object"}},
        }
        schema = {"properties": {"services": {"type": "object", "additionalProperties": service}}}

        found = against(schema, "services:\n  web:\n    image: x\n  build:\n    context: y\n")

        assert summary(found) == [("YAML009", 4)]
        assert "under “services.web”" in found[0].message

    def test_a_missing_key_that_stands_too_deep_is_an_indentation_fault(self) -> None:
        schema = {
            "type": "object",
            "required": ["spec"],
            "properties": {"metadata": {"type": "object", "properties": {"name": {}}}, "spec": {"type": "object"}},
        }

        found = against(schema, "metadata:\n  name: x\n  spec:\n    a: 1\n")

        assert summary(found) == [("YAML009", 3)]

    def test_a_typo_where_any_key_is_allowed_explains_the_missing_one(self) -> None:
        schema = {"type": "object", "required": ["name"], "properties": {"name": {}}}

        (diagnostic,) = against(schema, "nmae: x\n")

        assert (diagnostic.code, diagnostic.suggestion) == ("SCH001", "name")


STEP = {
    "oneOf": [
        {"required": ["run"], "properties": {"run": {"type": "string"}}, "type": "object"},
        {"required": ["uses"], "properties": {"uses": {"type": "string"}}, "type": "object"},
    ]
}


class TestVariants:
    def test_a_value_that_fits_two_is_told_to_choose(self) -> None:
        (diagnostic,) = against(STEP, "run: a\nuses: b\n")

        assert (diagnostic.code, "2 variants at once" in diagnostic.message) == ("SCH006", True)

    def test_a_value_that_lacks_what_either_needs_is_told_both(self) -> None:
        (diagnostic,) = against(STEP, "name: a\n")

        assert diagnostic.message == "The file needs “run” or “uses”"

    def test_a_value_of_no_variants_type_is_told_all_types(self) -> None:
        schema = {"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "array"}]}}}

        (diagnostic,) = against(schema, "a: 5\n")

        assert diagnostic.message == "“a” must be text or a list, found the number 5"

    def test_the_discriminator_chooses_the_variant(self, catalog: SchemaCatalog) -> None:
        report = check(HEAD + "routes:\n  - type: mail\n    adress: x@y.example\n", catalog)

        assert [d.suggestion for d in report.diagnostics] == ["address"]

    def test_a_wrong_discriminator_is_told_its_values(self, catalog: SchemaCatalog) -> None:
        (diagnostic,) = check(HEAD + "routes:\n  - type: pigeon\n    channel: x\n", catalog).diagnostics

        assert (diagnostic.code, diagnostic.why) == ("SCH003", "One of `teams`, `mail`.")

    def test_unevaluated_keys_are_told_unless_another_fault_explains_them(self) -> None:
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [{"properties": {"name": {"type": "string"}}}],
            "unevaluatedProperties": False,
        }

        assert summary(against(schema, "name: x\nnaem: y\n")) == [("SCH001", 2)]
        assert summary(against(schema, "name: 1\n")) == [("SCH002", 1)]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"minimum": 3}, "1", "“a” must be at least 3, found the number 1"),
        ({"exclusiveMinimum": 3}, "3", "“a” must be more than 3, found the number 3"),
        ({"exclusiveMaximum": 3}, "3", "“a” must be less than 3, found the number 3"),
        ({"multipleOf": 2}, "3", "“a” must be a multiple of 2, found the number 3"),
        ({"minLength": 3}, "xy", "“a” must be at least 3 characters long, found the text “xy”"),
        ({"minItems": 3}, "[1]", "“a” must be a list of at least 3"),
        ({"maxItems": 1}, "[1, 2]", "“a” must be a list of at most 1"),
        ({"minProperties": 1}, "{}", "“a” must be a map of at least 1 keys"),
        ({"maxProperties": 0}, "{x: 1}", "“a” must be a map of at most 0 keys"),
        ({"uniqueItems": True}, "[1, 1]", "“a” must be a list without repetition"),
        ({"contains": {"const": 1}}, "[2]", "“a” must be a list with an element that is asked for and not there"),
        ({"pattern": "^[a-z0-9-]+$"}, "X", "“a” must be lower-case letters, digits and hyphens, found the text “X”"),
        ({"pattern": "^x{3}$"}, "X", "“a” must be text of the form ^x{3}$, found the text “X”"),
        ({"format": "ipv4"}, "x", "“a” must be an IPv4 address such as 10.0.0.1, found the text “x”"),
        ({"const": 5}, "6", "“6” is not the value of “a”. Did you mean `5`?"),
        ({"type": ["integer", "null"]}, "x", "“a” must be a whole number or nothing, found the text “x”"),
        ({"type": "string"}, "", "“a” has no value; it must be text"),
        ({"type": "object", "required": ["x"]}, "", "“a” has no value; it needs “x”"),
        ({"type": "array"}, "5", "“a” must be a list, found the number 5"),
        ({"type": "boolean"}, "'true'", "“a” must be true or false, found the text “true”"),
        ({"type": "string"}, "true", "“a” must be text, found true"),
        ({"type": "string"}, "{x: 1}", "“a” must be text, found a map of keys"),
        ({"type": "string"}, "null", "“a” must be text, found nothing"),
        ({"propertyNames": {"enum": ["left"]}}, "{lefft: 1}", "“lefft” may not be a key of “a”. Did you mean `left`?"),
    ],
)  # fmt: skip
def test_a_refused_value_is_told_in_words(schema: dict[str, Any], value: str, message: str) -> None:
    (diagnostic,) = against({"properties": {"a": schema}}, f"a: {value}\n")

    assert diagnostic.message == message


def test_a_value_that_is_ruled_out_says_so() -> None:
    (diagnostic,) = against({"properties": {"a": {"not": {"const": 1}}}}, "a: 1\n")

    assert diagnostic.message == "“a” must be something else: what is written is ruled out, found the number 1"


def test_a_key_that_is_ruled_out_says_so() -> None:
    (diagnostic,) = against({"properties": {"a": False}}, "a: 1\n")

    assert diagnostic.message.startswith("“a” must be left out here")


def test_patterns_of_ecmascript_are_understood() -> None:
    schema = {"properties": {"v": {"pattern": r"^(?<major>\d+)\.(?<minor>\d+)$"}}}

    assert against(schema, 'v: "1.2"\n') == []
    assert summary(against(schema, "v: x\n")) == [("SCH005", 1)]


def test_references_into_the_schema_are_followed_for_hints() -> None:
    schema = {
        "$defs": {"a~b": {"$anchor": "leaf", "properties": {"colour": {}}, "additionalProperties": False}},
        "properties": {
            "x": {"$ref": "#/$defs/a~0b"},
            "y": {"$ref": "#leaf"},
            "z": {"prefixItems": [{"$ref": "#/$defs/a~0b"}], "items": {"$ref": "#leaf"}},
        },
        "$schema": "https://json-schema.org/draft/2020-12/schema",
    }

    found = against(schema, "x: {color: 1}\ny: {color: 1}\nz:\n  - {color: 1}\n  - {color: 1}\n")

    assert [d.suggestion for d in found] == ["colour"] * 4


def test_an_empty_file_is_told_and_null_is_accepted_where_a_schema_takes_it(catalog: SchemaCatalog) -> None:
    assert summary(check("", catalog).diagnostics) == [("SCH004", 1)]
    assert summary(check("   \n", catalog).diagnostics) == [("SCH004", 1)]
    assert against({}, "# nothing\n") == []


def test_many_warnings_never_push_an_error_out_of_the_report(catalog: SchemaCatalog) -> None:
    text = HEAD + "notify:\n" + "  - yes\n" * 150 + "colour: red\n"

    report = check(text, catalog)

    assert not report.valid
    assert (report.diagnostics[-1].code, len(report.diagnostics)) == ("SCH001", 100)
    assert report.notes[0] == "alerting.yaml: 100 of 151 diagnostics are told, errors first."


def test_diagnostics_carry_the_page_nearest_to_their_place(catalog: SchemaCatalog) -> None:
    report = check(HEAD + "    colour: red\nnotify: 5\n", catalog)

    assert [d.doc for d in report.diagnostics] == ["alerting/declare.md", "alerting/overview.md"]


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("treshold", ["threshold", "metric"], "threshold"),
        ("retention_hours", ["retentionHours"], "retentionHours"),
        ("Warning", ["info", "warning"], "warning"),
        ("“info”", ["info"], "info"),
        ("environment", ["env", "image"], None),
        ("x", ["y"], None),
        ("alert", ["alerts"], "alerts"),
        ("colour", ["threshold"], None),
        ("same", ["same"], None),
    ],
)
def test_the_nearest_word_is_offered_only_when_it_is_near(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == meant


PIECES = st.sampled_from(
    [
        *(
            "apiVersion: sheriff/v1\n",
            "kind: Alerting\n",
            "kind: Kafka\n",
            "alerts:\n",
            "  - name: a\n",
            "<<: {a: 1}\n",
        ),
        *("    threshold: 2\n", "    treshold: x\n", "routes: [{type: teams}]\n", "topics: *x\n", "quota:\n", "---\n"),
        *("  partitions:3\n", "\tx: 1\n", "    labels: {a: &a 1, b: *a}\n", '    deployOn: "x\n', "notify: %x%\n"),
        *("  - [\n", "? x\n", "\u00a0a: 1\n"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_file_yields_a_report_with_spans_inside_it(text: str) -> None:
    report = validate([SourceFile("alerting.yaml", text)], catalog=SchemaCatalog.load(SCHEMAS))

    (file,) = report.files
    lines = file.text.split("\n")
    assert all(1 <= d.span.line <= len(lines) for d in report.diagnostics)
    assert all(d.span.column <= len(lines[d.span.line - 1]) + 1 for d in report.diagnostics)


CATALOGS = [SchemaCatalog.load(SCHEMAS), SchemaCatalog.load(bundled.SCHEMAS)]
ANY_SCHEMA = [
    *CATALOGS,
    *(SchemaCatalog([schema], forced=schema) for catalog in CATALOGS for schema in catalog.schemas),
]
KEYS = st.sampled_from(sorted({key for schema in CATALOGS[1].schemas for key in schema.properties} | {"name", "a"}))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=4),
    max_leaves=15,
)
CONTENTS = st.one_of(
    st.binary(max_size=120),
    st.text(max_size=120).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.dictionaries(KEYS, VALUES, max_size=6).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(KEYS, VALUES, max_size=6).map(lambda value: yaml.safe_dump(value, allow_unicode=True).encode()),
)


@settings(max_examples=300, deadline=None)
@given(CONTENTS, st.sampled_from(ANY_SCHEMA))
def test_anything_against_any_schema_yields_a_report_with_spans_inside_it(
    content: bytes, catalog: SchemaCatalog
) -> None:
    report = validate([SourceFile("file.yaml", content)], catalog=catalog)

    (file,) = report.files
    lines = SourceText.of("", file.text).lines
    for span in (d.span for d in report.diagnostics):
        assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
        assert span.end_line <= len(lines) + 1
        assert span.column <= len(lines[span.line - 1]) + 1
