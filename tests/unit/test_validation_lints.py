"""Style: told last, of files without errors, and mended without a change of what they say."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sections import PlatformSettings
from knowledge import bundled
from knowledge.deployment.analysis import analyse
from knowledge.deployment.platform import Platform
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile
from knowledge.validation.engine import check_fragment, validate
from knowledge.validation.fixes import apply_edits
from knowledge.validation.lints import CODES
from knowledge.validation.mending import mend
from knowledge.validation.schema import Schema
from knowledge.validation.source import parse
from knowledge.validation.spacing import MAX_EDITS
from knowledge.validation.tree import AliasNode, MappingNode, Node, ScalarNode, SequenceNode

OWN = SchemaCatalog.load(bundled.SCHEMAS)
HEAD = "apiVersion: sheriff/v1\nkind: Kafka\n"
QUOTA = HEAD + "quota:\n  partitions: 12\n"
BY_NAME = {"type": "array", "x-merge": "by-key", "x-key": "name", "items": {"type": "object"}}


def catalog_of(properties: dict[str, Any], **more: Any) -> SchemaCatalog:
    """A platform with one kind of file, thing.yaml, that may hold other keys as well."""
    return SchemaCatalog([Schema({"x-file": "thing.yaml", "properties": properties}, origin="thing")], **more)


def lints(text: str, catalog: SchemaCatalog = OWN, name: str = "kafka.yaml") -> list[Diagnostic]:
    report = validate([SourceFile(name, text)], catalog=catalog)
    return [diagnostic for diagnostic in report.diagnostics if diagnostic.code in CODES]


def of_thing(text: str, **properties: Any) -> list[Diagnostic]:
    return lints(text, catalog_of(properties), "thing.yaml")


def places(found: list[Diagnostic]) -> list[tuple[str, int, int]]:
    return [(d.code, d.span.line, d.span.column) for d in found]


# ---- when ----


def test_a_file_with_an_error_is_told_nothing_about_style() -> None:
    assert places(lints(QUOTA.replace("12", "12 "))) == [("LNT003", 4, 17)]
    assert lints(QUOTA.replace("12", "many ")) == []
    assert lints(QUOTA.replace("12", "12 ") + "topics: 'open\n") == []


def test_style_is_a_warning_and_leaves_the_file_valid() -> None:
    report = validate([SourceFile("kafka.yaml", QUOTA.replace("12", "12 "))], catalog=OWN)

    assert report.valid
    assert {d.severity for d in report.diagnostics if d.code in CODES} == {Severity.WARNING}


def test_a_schema_from_elsewhere_brings_no_style() -> None:
    catalog = SchemaCatalog.of_file(bundled.SCHEMAS / "kafka.schema.json")

    assert lints("kind: Kafka \napiVersion: sheriff/v1\n", catalog) == []


def test_a_file_of_which_one_document_is_unknown_is_told_nothing() -> None:
    stranger = "---\nkind: Service\napiVersion: v1\n"

    assert places(lints(QUOTA + "--- \n" + QUOTA)) == [("LNT003", 5, 4)]
    assert lints(QUOTA + "--- \n" + stranger) == []


def test_a_file_that_a_program_writes_is_told_nothing() -> None:
    text = "nodes: \n    a: 1\nx:\n  b: 1\n"
    schema = {"x-file": "thing.yaml", "x-generated": True}

    assert {d.code for d in of_thing(text)} == {"LNT002", "LNT003"}
    assert lints(text, SchemaCatalog([Schema(schema, origin="thing")]), "thing.yaml") == []


def test_a_platform_chooses_its_lints() -> None:
    text = "nodes: \n    a: 1\nx:\n  b: 1\n"

    assert [d.code for d in lints(text, catalog_of({}, lints=["LNT002"]), "thing.yaml")] == ["LNT002"]
    assert lints(text, catalog_of({}, lints=()), "thing.yaml") == []


def test_the_settings_know_every_lint_and_ask_for_all_of_them() -> None:
    (known,) = get_args(PlatformSettings.model_fields["lints"].annotation)

    assert get_args(known) == CODES
    assert tuple(PlatformSettings().lints) == CODES


def test_a_piece_of_a_file_is_told_its_style() -> None:
    report = check_fragment("quota:\n  partitions: 12 \n", "Kafka", catalog=OWN)

    assert [d.code for d in report.diagnostics if d.code in CODES] == ["LNT003"]


def test_a_line_end_is_no_space() -> None:
    assert lints(QUOTA.replace("\n", "\r\n")) == []


# ---- in a repository ----


QUOTAS = "apiVersion: sheriff/v1\nkind: Quotas\nquotas:\n  - namespace: payments-api\n    cpu: 4\n    memory: 16Gi\n"
REPOSITORY = {
    "topology.yaml": "apiVersion: sheriff/v1\nkind: Topology\napplication: payments\nnodes:\n"
    "  - {name: prod, nodes: [{name: pf-blue, level: platform, namespaces: [payments-api]}]}\n",
    "quotas.yaml": QUOTAS.replace("16Gi", "16Gi "),
    "prod/quotas.yaml": QUOTAS.replace("    cpu: 4\n", "").replace("16Gi", "32Gi "),
}


def told_in(files: dict[str, str]) -> list[tuple[str, str]]:
    return [(d.file, d.code) for d in analyse(files, Platform(OWN)).report.diagnostics]


def test_in_a_repository_each_file_is_told_its_style_once() -> None:
    assert told_in(REPOSITORY) == [("prod/quotas.yaml", "LNT003"), ("quotas.yaml", "LNT003")]


def test_in_a_repository_a_file_with_an_error_is_told_no_style_and_the_others_are() -> None:
    nothing_to_remove = REPOSITORY["prod/quotas.yaml"] + "    storage: null\n"

    told = told_in(REPOSITORY | {"prod/quotas.yaml": nothing_to_remove})

    assert told == [("prod/quotas.yaml", "OVL007"), ("quotas.yaml", "LNT003")]


# ---- versions ----


@pytest.mark.parametrize(
    "key", ["version", "clientVersion", "app_version", "APP_VERSION", "app.kubernetes.io/version", "tag", "imageTag"]
)
@pytest.mark.parametrize("value", ["1.2", "3", "1e3", "0x1f"])
def test_a_version_that_is_a_number_is_told_with_quotes_as_the_fix(key: str, value: str) -> None:
    (found,) = of_thing(f"{key}: {value}  # the latest\n")

    assert (found.code, found.suggestion) == ("LNT001", f'"{value}"')
    assert apply_edits(f"{key}: {value}  # the latest\n", found.edits) == f'{key}: "{value}"  # the latest\n'


@pytest.mark.parametrize(
    "line",
    [
        'version: "1.2"',
        "version: 1.2.3",
        "version: v2",
        "version: true",
        "version:",
        "version: [1.2]",
        "conversion: 1.2",
        "vlanTag: 12",
        "versions: 3",
    ],
)
def test_what_is_no_version_or_no_number_is_left_alone(line: str) -> None:
    assert of_thing(f"{line}\n") == []


def test_a_token_is_told_one_thing() -> None:
    report = validate([SourceFile("thing.yaml", "version: 1.20\n")], catalog=catalog_of({}))

    assert [d.code for d in report.diagnostics] == ["YAML005"]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "number"},
        {"type": ["integer", "null"]},
        {"enum": [1, 2]},
        {"const": 2},
        {"type": ["number", "string"], "pattern": "^v"},
        {"anyOf": [{"type": "integer"}, {"type": "string", "minLength": 3}]},
        {"$ref": "#/properties/count"},
    ],
)
def test_a_version_stays_a_number_where_the_schema_wants_no_such_text(part: dict[str, Any]) -> None:
    assert of_thing("version: 2\n", version=part, count={"type": "integer"}) == []


@pytest.mark.parametrize(
    "part", [{}, {"type": ["number", "string"]}, {"anyOf": [{"type": "number"}, {"type": "string"}]}]
)
def test_a_version_is_told_where_the_schema_takes_both(part: dict[str, Any]) -> None:
    assert places(of_thing("version: 2\n", version=part)) == [("LNT001", 1, 10)]


def test_beside_a_version_that_has_to_be_a_number_the_others_are_told() -> None:
    text = "formatVersion: 2\nnested:\n  - clientVersion: 2\n"

    assert places(of_thing(text, formatVersion={"type": "integer"})) == [("LNT001", 3, 20)]


def test_an_anchor_before_a_version_stays_where_it_is() -> None:
    text = "version: &v 1.2\nclientVersion: *v\n"

    (found,) = of_thing(text)

    assert apply_edits(text, found.edits) == 'version: &v "1.2"\nclientVersion: *v\n'


# ---- indentation ----


def test_of_two_widths_the_rarer_is_told_where_it_first_stands() -> None:
    (found,) = of_thing("a:\n    b:\n      c: 1\nd:\n  e: 1\nf:\n    g: 1\n")

    assert (found.code, found.span.line) == ("LNT002", 3)
    assert found.message == "Indented by 2 here; the usual indentation of this file is 4"
    assert not found.edits


def test_of_two_widths_as_frequent_the_second_is_told() -> None:
    assert places(of_thing("a:\n   b: 1\nc:\n  d: 1\n")) == [("LNT002", 4, 3)]


def test_documents_of_one_file_have_one_width() -> None:
    assert places(of_thing("a:\n  b: 1\n---\na:\n    b: 1\n")) == [("LNT002", 5, 5)]


@pytest.mark.parametrize(
    "text",
    [
        "a:\n    - b: 1\n      c:\n          d: 1\n",
        "a:\n  -   b: 1\n      c: 1\n  - b: 2\n",
        "a:\n  - - x\n    - y\n  -\n      z\n",
        "a: {b: 1,\n       c: 2}\nd:\n  e: 1\n",
        "a: |\n      text\nd:\n  e: one\n     two\n",
        "a: &x\n  b: 1\nc: !t\n  d: 1\ne: &y\n  - f\n",
        "? a\n:   b: 1\n? [c]\n:\n  d: 1\n",
    ],
)
def test_what_is_no_step_below_a_key_is_not_judged(text: str) -> None:
    assert [d for d in of_thing(text) if d.code == "LNT002"] == []


def test_lists_at_and_below_their_keys_are_told_once_and_mildly() -> None:
    (found,) = of_thing("a:\n- 1\nb:\n  - 1\nc:\n  - 1\nd:\n- 1\ne:\n  - 1\n")

    assert (found.span.line, found.span.column) == (2, 1)
    assert found.message == "This list stands at its key; other lists of this file are indented below theirs"


def test_of_widths_and_lists_only_one_thing_is_told() -> None:
    assert places(of_thing("a:\n- 1\nb:\n  - 1\nc:\n    d: 1\n")) == [("LNT002", 6, 5)]


# ---- space at the ends of lines ----


def test_space_at_the_ends_of_lines_is_told_once_and_deleted_everywhere() -> None:
    text = "a: 1 \t\nb: two \n  words\t\n \n# c \nd: [1, \n  2]  "

    (found,) = of_thing(text)

    assert (found.code, found.span.line, found.span.column, found.span.end_column) == ("LNT003", 1, 5, 7)
    assert found.message == "Space at the end of this line and of 6 more"
    assert apply_edits(text, found.edits) == "a: 1\nb: two\n  words\n\n# c\nd: [1,\n  2]"


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  b \n   \n  c\n",
        "a: >+\n  b\n    \n\nc: 1\n",
        "a: |\n  b  ",
        "- |\n b \n- 'c \n  d'\n",
        'a: "b\\ \n  c"\n',
        "? |\n  b \n: c\n",
    ],
)
def test_space_that_is_part_of_a_text_is_left_alone(text: str) -> None:
    assert of_thing(text) == []


def test_a_file_with_line_ends_of_the_first_macintosh_is_left_alone() -> None:
    assert of_thing("a: 1 \r \n  b\n") == []


def test_space_behind_what_opens_or_closes_a_text_is_deleted() -> None:
    text = 'a: | \n  b \nc: "d \n  e" \n'

    (found,) = of_thing(text)

    assert apply_edits(text, found.edits) == 'a: |\n  b \nc: "d \n  e"\n'


def test_a_file_with_space_in_very_many_lines_gets_no_edits() -> None:
    (found,) = of_thing("a: 1\n" + "# \n" * (MAX_EDITS + 1))

    assert found.message.endswith("of 10,000 more")
    assert not found.edits


# ---- order of keys ----


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("kind: Kafka\napiVersion: sheriff/v1\n", ("LNT004", 2, 1)),
        ("apiVersion: sheriff/v1\nquota:\n  partitions: 12\nkind: Kafka\n", ("LNT004", 4, 1)),
        ("# c\nquota: {partitions: 12}\napiVersion: sheriff/v1\nkind: Kafka\n", ("LNT004", 3, 1)),
    ],
)
def test_what_a_file_is_stands_first(text: str, place: tuple[str, int, int]) -> None:
    assert places(lints(text)) == [place]


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nname: thing\n",
        '{"quota": {"partitions": 12}, "kind": "Kafka", "apiVersion": "sheriff/v1"}',
        "kind: Thing\na: 1\n",
    ],
)
def test_a_file_without_such_keys_or_in_braces_may_be_in_any_order(text: str) -> None:
    assert lints(text) == []
    assert of_thing(text) == []


def test_a_file_of_a_platform_without_versions_of_its_format_begins_with_its_kind() -> None:
    catalog = catalog_of({"kind": {"const": "Thing"}})

    (found,) = lints("a: 1\nkind: Thing\n", catalog, "thing.yaml")

    assert found.message == "“kind” stands below “a”; a file starts with kind"
    assert lints("kind: Thing\na: 1\n", catalog, "thing.yaml") == []


def test_what_an_element_is_called_stands_first_in_it() -> None:
    text = "list:\n  - size: 1\n    name: a\n  - name: b\n  - size: 2\n    name: c\n"

    (found,) = of_thing(text, list=BY_NAME)

    assert (found.code, found.span.line, found.path) == ("LNT004", 3, "list[0].name")
    assert found.message == (
        "“name” stands below “size”; in an element of this list it comes first. 1 more element is like this"
    )


@pytest.mark.parametrize(
    "text",
    [
        "list:\n  - {size: 1, name: a}\n",
        "list:\n  - &base\n    name: a\n    size: 1\n  - <<: *base\n    name: b\n",
        "list:\n  - size: 1\n",
        "list:\n  - a text\n  - []\n  -\n",
        "other:\n  - size: 1\n    name: a\n",
    ],
)
def test_elements_without_such_an_order_are_left_alone(text: str) -> None:
    assert of_thing(text, list=BY_NAME) == []


def test_one_name_of_two_lists_does_not_mix_their_keys() -> None:
    by_to = {**BY_NAME, "x-key": "to"}
    inner = {**BY_NAME, "items": {"properties": {"list": by_to}}}
    outer = "list:\n  - name: a\n    list:\n"

    assert of_thing(outer + "      - to: x\n        name: y\n", list=inner) == []
    assert places(of_thing(outer + "      - name: y\n        to: x\n", list=inner)) == [("LNT004", 5, 9)]


@pytest.mark.parametrize(
    "free",
    [
        {"additionalProperties": BY_NAME},
        {"patternProperties": {"^a": BY_NAME}},
        {"additionalProperties": {"type": "array", "items": BY_NAME}},
    ],
)
def test_a_list_whose_name_is_free_is_looked_at(free: dict[str, Any]) -> None:
    nested = "items" in str(free.get("additionalProperties", {}).get("items", {}))
    text = (
        "map:\n  any:\n    - - size: 1\n        name: a\n" if nested else "map:\n  any:\n    - size: 1\n      name: a\n"
    )

    assert [d.code for d in of_thing(text, map=free)] == ["LNT004"]


def test_an_element_that_an_alias_repeats_is_told_once() -> None:
    text = "list: &l\n  - size: 1\n    name: a\ncopy: *l\n"

    (found,) = of_thing(text, list=BY_NAME, copy=BY_NAME)

    assert "more" not in found.message


# ---- mended ----


def test_mending_quotes_versions_and_deletes_space_and_keeps_all_else() -> None:
    text = "# what it is \r\nname: thing\r\nversion: 1.2   # as agreed \r\nlist:\r\n- a \r\n"

    done = mend(SourceFile("thing.yaml", text), catalog=catalog_of({}))

    assert done.after == '# what it is\r\nname: thing\r\nversion: "1.2"   # as agreed\r\nlist:\r\n- a\r\n'
    assert {d.code for d in done.fixed} == {"LNT001", "LNT003"}


def test_once_an_error_is_mended_style_is_mended_as_well() -> None:
    done = mend(SourceFile("kafka.yaml", QUOTA.replace("partitions: 12", "partitons: 12 ")), catalog=OWN)

    assert done.after == QUOTA
    assert [d.code for d in done.fixed] == ["SCH001", "LNT003"]


PIECES = [
    *("a: 1", "version: 1.2", "  tag: 3", "- version: 4 # c", "b: {version: 1.2,", "  c: 1}", "v: &x 1", "w: *x"),
    *("d: |", "e: >+", "f: |2-", "  text", "    deeper", "'g", "h'", 'i: "', "j\\", '  k"', "l: m", "  n", "# c"),
    *("", "  ", "---", "...", "? o", ": p", "- q", "-", "  - r", "[", "]", "s:", "\u2028", "%YAML 1.2"),
]
ENDS = ["\n", " \n", "\t\n", "  \r\n", "\r\n", " \r", "\n \n"]


def written(node: Node | None) -> Any:
    """The tree with the text of each scalar, which quotes do not change."""
    if isinstance(node, MappingNode):
        return [(written(entry.key), written(entry.value)) for entry in node.entries]
    if isinstance(node, SequenceNode):
        return [written(item) for item in node.items]
    if isinstance(node, AliasNode):
        return f"*{node.anchor}"
    return node.text if isinstance(node, ScalarNode) else None


def trees(text: str) -> list[Any]:
    return [written(document.root) for document in parse(SourceFile("thing.yaml", text)).documents]


def joined(lines: list[tuple[str, str]]) -> str:
    return "".join(piece + end for piece, end in lines)


@pytest.mark.parametrize("code", ["LNT001", "LNT003"])
@given(text=st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(ENDS)), max_size=12).map(joined))
def test_the_edits_of_a_lint_leave_the_value_and_no_such_lint(code: str, text: str) -> None:
    edits = [edit for found in of_thing(text) if found.code == code for edit in found.edits]

    mended = apply_edits(text, edits)

    assert trees(mended) == trees(text)
    assert not edits or code not in {found.code for found in of_thing(mended)}
