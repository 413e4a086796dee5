"""What YAML 1.2 allows and libyaml refuses is read with its place; what libyaml lets slip is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.validation.diagnostics import Severity, SourceFile
from knowledge.validation.source import Parsed, parse
from knowledge.validation.tree import node_at, value_of


def read(text: str) -> Parsed:
    return parse(SourceFile("file.yaml", text))


def values(text: str) -> list[Any]:
    parsed = read(text)
    assert [d for d in parsed.diagnostics if d.severity is Severity.ERROR] == []
    return [value_of(document.root) if document.root is not None else None for document in parsed.documents]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('{ "key"::value }\n', {"key": ":value"}),
        ("[ ::vector, b ]\n", ["::vector", "b"]),
        ("{a, b: c, d:}\n", {"a": None, "b": "c", "d": None}),
        ("[!!str a, !x]\n", ["a", ""]),
        ('{ "foo"\n  :bar }\n', {"foo": "bar"}),
        ('{ "foo" # why\n\n  # and how\n  :bar }\n', {"foo": "bar"}),
        ("{ multi\n  line: value, b: c }\n", {"multi line": "value", "b": "c"}),
        ('{ a: b, "multi\n line" : value}\n', {"a": "b", "multi line": "value"}),
        ("- &😁 x\n- *😁\n", ["x", "x"]),
        ("&ключ a: b\nc: *ключ \n", {"a": "b", "c": "a"}),
        ("key: &an:chor v\nb: *an:chor \n", {"key": "v", "b": "v"}),
        ("--- >\nline1\nline2\n", "line1 line2\n"),
        ("|\n%!PS\n# text\n", "%!PS\n# text\n"),
        ("-\ta\n-\tb\n", ["a", "b"]),
        ("? \ta\n: \tb\n", {"a": "b"}),
        ("a:\n  b: c\n\t\nd: e\n", {"a": {"b": "c"}, "d": "e"}),
        ("\t# comment\na: b\n", {"a": "b"}),
        ("\t[\n\t]\n", []),
        ("foo:\n \tbar\n", {"foo": "bar"}),
        ("a: |\n  \tx\n  y\n", {"a": "\tx\ny\n"}),
        ("%FOO bar # ignored\n  # still\n--- a\n", "a"),
        ("%YAML 1.3\n---\na\n", "a"),
        ("%YAMLX 1\n---\na\n", "a"),
        ("? - a\n: 1\n? - b\n: 2\n", {"[…]": 2}),
    ],
)  # fmt: skip
def test_yaml_1_2_is_read_with_its_meaning(text: str, meant: object) -> None:
    assert values(text) == [meant]


def test_documents_after_an_end_mark_need_no_start_mark() -> None:
    assert values("Bare\n...\n# no document\n...\n|\n%!PS\n") == ["Bare", "%!PS\n"]
    assert values("--- |\nx\n---\na: b\n") == ["x\n", {"a": "b"}]


def test_places_are_those_of_the_text_as_it_was_written() -> None:
    root = read('{ "a"\n  :b,\n  multi\n  line: [ ::c, "d" ] }\n').documents[0].root
    assert root is not None

    inner = node_at(root, ("multi line", 1))

    assert inner is not None
    assert (inner.span.line, inner.span.column, inner.span.end_column) == (4, 16, 19)


def test_an_error_after_a_change_keeps_its_line() -> None:
    (diagnostic,) = read("--- a\n...\nb: [\n  ::c, d:,\n  *x ]\ne: f: g\n").diagnostics

    assert diagnostic.span.line == 6


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ("a: [b,#c\n d]\n", 1),
        ('key: "a\nb"\n', 2),
        ("key: 'a\n\nb'\n", 3),
        ("- [\na ]\n", 2),
        ("a: [\n\tb ]\n", 2),
        ('foo: "bar\n\tbaz"\n', 2),
        ("[a\n b: c]\n", 2),
        ("-\t- a\n", 1),
        ("-\ta: b\n", 1),
        ("foo:\n\tbar\n", 2),
        ("b: *a: x\n", 1),
        ("%FOO\na\n", 1),
        ("{a: 1\n b: 2}\n", 2),
        (": a\n", 1),
    ],
)
def test_what_yaml_1_2_refuses_is_refused(bad: str, line: int) -> None:
    errors = [d for d in read(bad).diagnostics if d.severity is Severity.ERROR]

    assert [d.span.line for d in errors] == [line]


@pytest.mark.parametrize("good", ["a: '[#x'\n", "# [#\na: b # ,#\n", "a: b,#c\n", "- |\n  [#\n", 'a: "b\n\n  c"\n'])
def test_a_bracket_before_a_hash_in_text_is_no_comment(good: str) -> None:
    assert values(good)


def test_the_text_of_a_block_is_not_taken_for_an_anchor() -> None:
    assert value_of(read("--- |\n&é word\n").documents[0].root) == "&é word\n"


PIECES = st.sampled_from(
    [
        *"ab:?-[]{},&*!|>'\"%\t \n",
        *("\n  ", ": ", "- ", "{a", " :b", "::c", "&é ", "*é ", "&a:b ", "*a:b ", "--- ", "--- |\n", "...\n"),
        *("%FOO\n", "%YAML 1.3\n", "\n\t", "\n \t", "? ", "!x", "# c\n", "\r\n", "\u2028", "[a,#"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_every_node_and_diagnostic_lies_inside_its_text(text: str) -> None:
    parsed = read(text)
    lines = parsed.source.lines

    spans = [d.span for d in parsed.diagnostics]
    spans += [document.root.span for document in parsed.documents if document.root is not None]

    for span in spans:
        assert 1 <= span.line <= span.end_line <= len(lines) + 1
        assert 1 <= span.column <= len(parsed.source.line(span.line)) + 1
        assert 1 <= span.end_column <= len(parsed.source.line(span.end_line)) + 1
