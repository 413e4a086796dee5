"""Reading YAML: what it means, where it stands, and that nothing makes it fail."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.validation import parser
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile
from knowledge.validation.source import Parsed, parse
from knowledge.validation.tree import node_at, value_of


def read(text: str | bytes) -> Parsed:
    return parse(SourceFile("file.yaml", text))


def value(text: str) -> Any:
    parsed = read(text)
    assert [d for d in parsed.diagnostics if d.severity is Severity.ERROR] == []
    (document,) = parsed.documents
    assert document.root is not None
    return value_of(document.root)


def only(text: str | bytes) -> Diagnostic:
    (diagnostic,) = read(text).diagnostics
    return diagnostic


@pytest.mark.parametrize(
    ("plain", "meant"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("12", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-07", "2026-11-07"),
        ("0b11", "0b11"),
        (".inf", 1e308),
        ("-.inf", -1e308),
        (".nan", 0.0),
        ("9" * 5000, float("inf")),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(plain: str, meant: object) -> None:
    found = value(f"key: {plain}")["key"]

    assert found == meant or (len(plain) == 5000 and found == 1e308)
    assert type(found) is type(meant)


def test_quotes_and_tags_make_text() -> None:
    assert value("a: '12'\nb: \"true\"\nc: !!str 5\nd: ! 6\n") == {"a": "12", "b": "true", "c": "5", "d": "6"}


def test_a_tag_turns_quoted_text_into_its_type() -> None:
    assert value("a: !!int '12'\nb: !!float 3\n") == {"a": 12, "b": 3}
    assert only("a: !!int abc").code == "YAML008"


def test_aliases_and_merged_maps_are_followed() -> None:
    text = "base: &b {x: 1, y: 2}\none:\n  <<: *b\n  y: 3\ntwo:\n  <<: [*b, {z: 4}]\nthree: *b\n"

    assert value(text) == {
        "base": {"x": 1, "y": 2},
        "one": {"y": 3, "x": 1},
        "two": {"x": 1, "y": 2, "z": 4},
        "three": {"x": 1, "y": 2},
    }


def test_keys_that_are_no_text_get_the_name_json_would_give_them() -> None:
    assert value("1: a\ntrue: b\nnull: c\n[x]: d\n{x: y}: e\n") == {
        "1": "a",
        "true": "b",
        "null": "c",
        "[…]": "d",
        "{…}": "e",
    }


def test_an_emoji_in_two_halves_is_one_character_and_moves_no_column() -> None:
    parsed = read('{"a": "\\ud83d\\ude00", "b": yes}')

    assert value_of(parsed.documents[0].root)["a"] == "😀"  # type: ignore[arg-type]
    assert (parsed.diagnostics[0].span.column, parsed.diagnostics[0].message[:5]) == (28, "“yes”")


def test_columns_count_characters_not_bytes() -> None:
    assert only("ключ: no").span.column == 7


def test_a_line_separator_is_text_not_a_line_break() -> None:
    assert value("a: 'x\u2028y'\nb: no\n")["a"] == "x\u2028y"
    assert read("a: 'x\u2028y'\nb: no\n").diagnostics[0].span.line == 2


def test_nodes_know_where_they_stand() -> None:
    root = read("a:\n  - b: 1\n    c: two words\n").documents[0].root
    assert root is not None

    node = node_at(root, ("a", 0, "c"))

    assert node is not None
    assert (node.span.line, node.span.column, node.span.end_line, node.span.end_column) == (3, 8, 3, 17)
    assert node_at(root, ("a", 1)) is None
    assert node_at(root, ("a", 0, "c", "d")) is None


def test_the_files_documents_are_kept_apart() -> None:
    assert [value_of(d.root) for d in read("a: 1\n---\nb: 2\n").documents if d.root] == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x01", "PNG"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\x00\x01\x02\xff\xfe\x80" * 20, "bytes that no text has"),
        (b"\xff\xfe\x00", "UTF-16"),
    ],
)
def test_what_is_no_text_is_said_in_words(content: bytes, words: str) -> None:
    diagnostic = only(content)

    assert (diagnostic.code, diagnostic.message) == ("YAML007", "The file is not text")
    assert words in diagnostic.why


def test_a_wrong_byte_is_named_with_its_place_and_its_likely_meaning() -> None:
    diagnostic = only("name: Zürich".encode("latin-1"))

    assert (diagnostic.code, diagnostic.span.line, diagnostic.span.column) == ("YAML007", 1, 8)
    assert "“ü”" in diagnostic.why


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_unicode_encodings_are_read_with_a_warning(encoding: str) -> None:
    parsed = read("a: 1\n".encode(encoding))

    assert [d.severity for d in parsed.diagnostics] == [Severity.WARNING]
    assert len(parsed.documents) == 1


BOMB = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 20))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 900_000, "YAML006"),
        ("- " * 400_000, "YAML006"),
        ("? " * 400_000, "YAML006"),
        ("a: 1\n" * 300_000, "YAML006"),
        ("a: &a\n  <<: *a\n  x: 1\n", "YAML006"),
        (BOMB, "YAML006"),
        ("a: \x07", "YAML007"),
        ("a: \ud800", "YAML007"),
        ("a: !!python/name:os.system x", "YAML008"),
        ("<<<<<<< a\nx: 1\n=======\nx: 2\n>>>>>>> b\n", "YAML012"),
    ],
)  # fmt: skip
def test_hostile_text_is_refused_at_once(text: str, code: str) -> None:
    start = time.perf_counter()

    found = read(text).diagnostics

    assert found[0].code == code
    assert time.perf_counter() - start < 2


def test_an_unknown_local_tag_is_a_warning_only() -> None:
    diagnostic = only("a: !Ref Foo\n")

    assert (diagnostic.code, diagnostic.severity) == ("YAML008", Severity.WARNING)


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  text\n  =======\n",
        "note: use <<<<<<< to mark\n",
        "a: 'it is\n\ttabbed'\n",
        "%FOO bar\n---\na: 1\n",
        "# only a comment\n...\n",
        "a: |-\n \tbar\n",
        '{"a":1,\n\t"b":2}',
        "",
    ],
)
def test_odd_but_right_text_is_accepted(text: str) -> None:
    assert [d for d in read(text).diagnostics if d.code != "YAML001" and d.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    "bad", ["a: [b,\nc]\n", "a: {\nb: c}\n", "a: 1\n%YAML 1.2\n---\nb: 1\n", "%YAML 1.1#x\n---\na: 1\n"]
)
def test_brackets_and_directives_stand_where_yaml_1_2_wants_them(bad: str) -> None:
    assert [d.code for d in read(bad).diagnostics] == ["YAML001"]


@pytest.mark.parametrize("good", ["a: [\n  b\n]\n", "[a,\nb]\n", "--- a\n%YAML 1.2\n", "%YAML 1.2\n---\na: 1\n"])
def test_a_closing_bracket_may_stand_under_its_key(good: str) -> None:
    assert read(good).diagnostics == []


@pytest.mark.parametrize("bad", ["[-]\n", 'a: "b"# c\n', "a: [b]# c\n", "a: |# c\n  x\n"])
def test_what_yaml_1_2_forbids_is_refused_although_the_parser_takes_it(bad: str) -> None:
    assert [d.code for d in read(bad).diagnostics] == ["YAML001"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3\nd: 4\n", 2, "not closed"),
        ("a:\n  b: 1\n   c: 2\n", 3, "fits nowhere"),
        ("a:\n  - b: 1\n    c:2\n    d: 3\n", 3, "space is missing"),
        ("a: @b\n", 1, "may not start with @"),
        ("a: &\nb: 1\n", 1, "may not start with &"),
        ("a: !x }\n", 1, "Expected"),
        ("%YAML 3.0\n---\na: 1\n", 1, "directive"),
        ("a: 'x' y: 2\n", 1, ""),
        ("a: 1\n}\n", 2, ""),
        ("a: b\n- c\n", 2, ""),
        ("!x!y a\n", 1, "short form"),
        ("\"\\q\"", 1, "Unknown escape"),
        ('"\\uZZZZ"', 1, "hexadecimal"),
    ],
)  # fmt: skip
def test_a_syntax_error_names_its_line_and_cause(text: str, line: int, message: str) -> None:
    diagnostic = read(text).diagnostics[0]

    assert diagnostic.severity is Severity.ERROR
    assert diagnostic.span.line == line
    assert message in diagnostic.message


def test_the_parser_of_pure_python_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a:\n  - b: 1\n    c: two\nd: [x, {y: z}]\n"
    fast = value(text)

    monkeypatch.setattr(yaml, "__with_libyaml__", False)

    assert type(parser.parser(text)).__name__ == "_PurePython"
    assert value(text) == fast
    assert read("a: b: c\n").diagnostics[0].code == "YAML001"


YAML_PIECES = st.sampled_from(
    [
        *"abk:-?[]{},#&*!|>'\"%@` \t\n\r",
        *("  ", "\n  ", ": ", "- ", "<<: ", "&a ", "*a", "!!int ", "%x%", "---\n", "...\n", "\u00a0", "\u2028"),
        *("\ufeff", "\x00", "\ud800", "yes", "0o7", "1.10", "\\ud83d\\ude00", "<<<<<<< x\n", "=======\n"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(YAML_PIECES, max_size=40).map("".join))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    parsed = read(text)

    for diagnostic in parsed.diagnostics:
        assert 1 <= diagnostic.span.line <= len(parsed.source.lines)
        assert 1 <= diagnostic.span.column <= len(parsed.source.line(diagnostic.span.line)) + 1


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
def test_any_bytes_are_read_without_an_exception(content: bytes) -> None:
    read(content)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("count", [1, 7000])
def test_characters_that_are_escaped_in_halves_are_not_taken_for_one_another(count: int) -> None:
    data = {"\ue000a\U00010000": [chr(0x10000 + number) + "\uf000" for number in range(count)]}

    assert value(json.dumps(data)) == data


@settings(max_examples=150, deadline=None)
@given(JSON_VALUES)
def test_json_is_read_as_json(data: object) -> None:
    assert value(json.dumps({"data": data})) == {"data": data}
