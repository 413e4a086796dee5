"""`--stdin-protocol`: each line is answered by a line, whatever it holds."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot.checking.protocol import MAX_LINE, serve
from knowledge import bundled
from knowledge.validation.diagnostics import ValidationReport

GOOD = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitions: 12\n"


def answers(*lines: object, schemas: Path = bundled.SCHEMAS, **more: Any) -> list[list[dict[str, Any]]]:
    text = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    out = io.StringIO()
    serve(io.BytesIO(text), out, schemas, **more)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def kafka(tmp_path: Path) -> Path:
    path = tmp_path / "kafka.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "any.schema.json"
    path.write_text(json.dumps({"required": ["color"]}))
    return path


def test_a_request_is_answered_by_the_list(kafka: Path, schema: Path) -> None:
    wrong, right = answers({"schema": str(schema), "file": str(kafka)}, {"file": str(kafka)})

    assert [(d["code"], d["file"]) for d in wrong] == [("SCH004", str(kafka))]
    assert [d for d in right if d["severity"] == "error"] == []


def test_a_schema_given_at_the_start_takes_the_place_of_the_platforms(kafka: Path, schema: Path) -> None:
    assert answers({"file": str(kafka)}, schema=schema)[0][0]["code"] == "SCH004"


def test_style_is_for_files_checked_against_the_platforms_schemas(kafka: Path, schema: Path) -> None:
    kafka.write_text(GOOD.replace("12", "12 "))
    schema.write_text("{}")

    foreign, own = answers({"schema": str(schema), "file": str(kafka)}, {"file": str(kafka)})

    assert foreign == []
    assert "LNT003" in {d["code"] for d in own}
    assert "LNT003" not in {d["code"] for d in answers({"file": str(kafka)}, lints=["LNT001"])[0]}


@pytest.mark.parametrize("nowhere", [False, True])
def test_warming_up_is_answered_by_an_empty_list(tmp_path: Path, nowhere: bool) -> None:
    assert answers({"warm": True}, schemas=tmp_path / "nowhere" if nowhere else bundled.SCHEMAS) == [[]]


def test_a_changed_schema_is_read_again(kafka: Path, schema: Path) -> None:
    request = json.dumps({"schema": str(schema), "file": str(kafka)}).encode() + b"\n"

    class Requests(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            if self.tell():
                schema.write_text(json.dumps({"required": ["kind"]}))
                os.utime(schema, ns=(1, 1))
            return super().readline(size)

    out = io.StringIO()
    serve(Requests(request * 2), out, bundled.SCHEMAS)

    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert ([d["code"] for d in first], second) == (["SCH004"], [])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{\n", "not JSON"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "not JSON"),
        (b"[1]\n", "no object"),
        (b"{}\n", "“file” is missing"),
        (b'{"file": 7}\n', "“file” must be a path"),
        (b'{"file": "a.yaml", "schema": []}\n', "“schema” must be a path"),
        (b'{"file": "nowhere.yaml"}\n', "nowhere.yaml: no such file"),
        (b'{"file": "/"}\n', "cannot be read"),
        (b'{"file": "a\\u0000b"}\n', "not a path"),
        (b'{"file": "a", "schema": "nowhere.json"}\n', "nowhere.json: no readable schema"),
        (b'{"file": "' + b"a" * MAX_LINE + b'"}\n', "longer than"),
    ],
)
def test_a_bad_line_is_answered_by_one_diagnostic_and_the_next_is_served(line: bytes, words: str, kafka: Path) -> None:
    bad, good = answers(line, {"file": str(kafka)})

    assert [(d["code"], d["severity"], d["line"], d["column"]) for d in bad] == [("USE001", "error", 1, 1)]
    assert words in bad[0]["message"]
    assert [d for d in good if d["severity"] == "error"] == []


def test_a_schema_that_is_no_schema_is_told_and_not_kept(tmp_path: Path, kafka: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"type": "nothing"}')

    for answer in answers(*[{"schema": str(broken), "file": str(kafka)}] * 2):
        assert "broken.json" in answer[0]["message"]


def test_our_own_mistake_with_one_file_does_not_end_the_process(kafka: Path) -> None:
    calls = []

    def check(files: object, **more: object) -> ValidationReport:
        calls.append(files)
        if len(calls) == 1:
            raise ZeroDivisionError
        return ValidationReport((), ())

    first, second = answers({"file": str(kafka)}, {"file": str(kafka)}, check=check)

    assert "our mistake" in first[0]["message"]
    assert second == []


def test_blank_lines_are_passed_over_and_the_last_line_needs_no_end(kafka: Path) -> None:
    assert len(answers(b"\n", b" \n", json.dumps({"file": str(kafka)}).encode())) == 1
