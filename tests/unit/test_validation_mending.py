"""Files mended: the smallest change, proved by checking again; and the lines that a reply shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import bundled
from knowledge.validation.catalog import Choice, SchemaCatalog
from knowledge.validation.diagnostics import Severity, SourceFile
from knowledge.validation.engine import validate
from knowledge.validation.excerpts import corrected_excerpt
from knowledge.validation.mending import Mended, mend, with_mended
from knowledge.validation.schema import Schema

CATALOG = SchemaCatalog.load(bundled.SCHEMAS)
GOOD_HEAD = "apiVersion: sheriff/v1\nkind: Kafka\ntopics:\n"
CORPORA = Path(__file__).resolve().parents[1] / "corpora"
KAFKA = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitons: 12   # as agreed\n"


def mended(content: str | bytes, name: str = "kafka.yaml", catalog: SchemaCatalog = CATALOG) -> Mended:
    return mend(SourceFile(name, content), catalog=catalog)


def test_a_typing_error_is_mended_and_the_rest_stays_byte_for_byte() -> None:
    done = mended(KAFKA.encode())

    assert done.content == KAFKA.replace("partitons", "partitions").encode()
    assert [d.code for d in done.fixed] == ["SCH001"]
    assert done.report.valid


def test_line_ends_and_byte_order_mark_are_kept() -> None:
    content = ("\ufeff" + KAFKA.replace("\n", "\r\n")).encode()

    assert mended(content).content == content.replace(b"partitons", b"partitions")


def test_a_line_put_in_ends_as_the_others_do() -> None:
    schema = Schema({"required": ["kind"], "properties": {"kind": {"const": "Thing"}}}, origin="x.json")
    text = "a: 1\r\nb: 2\r\n"

    done = mended(text.encode(), "x.yaml", SchemaCatalog([schema], forced=schema))

    assert done.content == b"kind: Thing\r\na: 1\r\nb: 2\r\n"


def test_faults_that_hide_one_another_are_mended_in_rounds() -> None:
    text = KAFKA.replace("  partitons", "\tpartitons") + "topics:\n  - name: no\n"

    done = mended(text)

    assert [d.code for d in done.fixed] == ["YAML002", "SCH001", "YAML005"]
    assert done.after == KAFKA.replace("partitons", "partitions") + 'topics:\n  - name: "no"\n'


def test_what_cannot_be_mended_remains_in_the_report() -> None:
    done = mended(KAFKA + "topics: 7\n")

    assert [d.code for d in done.fixed] == ["SCH001"]
    assert [d.code for d in done.report.diagnostics if d.severity is Severity.ERROR] == ["SCH002"]


def test_a_file_without_faults_is_not_changed() -> None:
    done = mended(KAFKA.replace("partitons", "partitions"))

    assert (done.changed, list(done.fixed), done.refused) == (False, [], "")


def test_a_fix_that_makes_the_file_worse_is_not_applied() -> None:
    # The near key is of another type: with the right name the value would be wrong, and so is no better.
    schema = Schema(
        {
            "properties": {"threshold": {"type": "array", "minItems": 3, "items": {"type": "integer"}}},
            "additionalProperties": False,
        },
        origin="x.json",
    )
    text = "treshold: [a, b]\n"

    done = mended(text, "x.yaml", SchemaCatalog([schema], forced=schema))

    assert any(d.edits for d in done.report.diagnostics)
    assert (done.changed, list(done.fixed)) == (False, [])


def test_beside_a_fix_that_does_harm_the_others_are_applied() -> None:
    wanted = {"threshold": {"type": "array", "minItems": 3, "items": {"type": "integer"}}}
    others = {f"{word}Limit": {"type": "integer"} for word in ("memory", "storage", "network")}
    schema = Schema({"properties": {**wanted, **others}, "additionalProperties": False}, origin="x.json")
    text = "treshold: [a, b]\nmemroyLimit: 1\nstorageLimt: 2\nnetworkLimit: no\n"

    done = mended(text, "x.yaml", SchemaCatalog([schema], forced=schema))

    assert done.after == "treshold: [a, b]\nmemoryLimit: 1\nstorageLimit: 2\nnetworkLimit: no\n"
    assert [d.span.line for d in done.fixed] == [2, 3]


def test_more_faults_than_are_told_are_mended_all_the_same() -> None:
    text = GOOD_HEAD + "".join(f"  - name: t{n}\n    partitons: 3\n" for n in range(150))

    done = mended(text)

    assert len(done.fixed) == 150
    assert done.after == text.replace("partitons", "partitions")


class Counting(SchemaCatalog):
    """The platform's schemas, and how often a document was held against one."""

    checks = 0

    def recognise(self, name: str, value: Any) -> Choice:
        self.checks += 1
        return super().recognise(name, value)


def test_a_large_file_full_of_faults_is_checked_a_few_times_only() -> None:
    keys = "".join(f"  partitons{n}: 1\n" for n in range(50))
    text = f"apiVersion: sheriff/v1\nkind: Kafka\nquota:\n{keys}# {'x' * 500_000}\n"
    catalog = Counting(CATALOG.schemas)

    mended(text, catalog=catalog)

    assert catalog.checks <= 6


def test_json_stays_json() -> None:
    text = '{"apiVersion": "sheriff/v1", "kind": "Kafka", "quota": {"partitons": 12}}'

    assert mended(text, "kafka.json").after == text.replace("partitons", "partitions")


@pytest.mark.parametrize(
    "content", [KAFKA.encode("utf-16"), KAFKA.encode() + b"# \xfc\n", b"\x00\x01" * 50], ids=["16", "1252", "binary"]
)
def test_a_file_that_is_not_plain_utf8_is_left_alone(content: bytes) -> None:
    done = mended(content)

    assert not done.changed
    assert done.report.diagnostics


def test_why_a_file_is_left_alone_is_said_when_it_has_fixes() -> None:
    assert "UTF-8" in mended(KAFKA.encode("utf-16")).refused


@pytest.mark.parametrize("case", sorted(p.name for p in (CORPORA / "invalid").iterdir() if p.is_dir()))
def test_mending_the_corpora_never_adds_errors_and_ends_where_nothing_is_left_to_mend(case: str) -> None:
    catalog = SchemaCatalog.load(CORPORA / "schemas")
    for path in sorted((CORPORA / "invalid" / case).glob("*.y*ml")):
        file = SourceFile(path.name, path.read_bytes())

        done = mend(file, catalog=catalog)

        before = sum(d.severity is Severity.ERROR for d in validate([file], catalog=catalog).diagnostics)
        after = sum(d.severity is Severity.ERROR for d in done.report.diagnostics)
        assert after <= before
        assert not mended(done.content, path.name, catalog).changed


@given(st.text(alphabet='ab:- \n\t\r"[]{}#%\u00a0|>&*', max_size=60))
def test_any_text_can_be_mended_without_an_accident(text: str) -> None:
    done = mended(text, "x.yaml")

    assert done.changed == bool(done.fixed)
    assert all(diagnostic.edits for diagnostic in done.fixed)


# ---- the lines a reply shows ----


LINES = "".join(f"k{n}: {n}\n" for n in range(1, 10))


def changed(*pairs: tuple[str, str], most: int = 30) -> str:
    after = LINES
    for old, new in pairs:
        after = after.replace(old, new)
    return corrected_excerpt(LINES, after, most=most)


def test_an_excerpt_has_the_corrected_line_between_its_neighbours() -> None:
    assert changed(("k5", "key")) == "# …\nk4: 4\nkey: 5\nk6: 6\n# …"


def test_an_excerpt_of_a_short_file_is_the_whole_file() -> None:
    assert corrected_excerpt("a: 1\nb: 2\n", "c: 1\nb: 2\n") == "c: 1\nb: 2"


def test_far_changes_are_joined_by_a_comment_and_near_ones_are_not() -> None:
    assert changed(("k1", "x"), ("k9", "y")) == "x: 1\nk2: 2\n# …\nk8: 8\ny: 9"
    assert changed(("k1", "x"), ("k3", "y")) == "x: 1\nk2: 2\ny: 3\nk4: 4\n# …"


def test_lines_put_in_and_taken_out_are_shown_where_they_were() -> None:
    assert changed(("k2:", "new: 0\nk2:")) == "k1: 1\nnew: 0\nk2: 2\n# …"
    assert changed(("k6: 6\n", "")) == "# …\nk5: 5\nk7: 7\n# …"


def test_an_excerpt_has_an_end() -> None:
    text = "".join(f"k{n}: {n}\n" for n in range(2_000))

    excerpt = corrected_excerpt(text, text.replace("k", "z"), most=10)

    assert excerpt == "\n".join([*(f"z{n}: {n}" for n in range(10)), "# …"])


def test_lines_that_only_lost_the_space_at_their_end_are_not_shown() -> None:
    spaced = LINES.replace("\n", " \n")

    assert corrected_excerpt(spaced, LINES) == ""
    assert corrected_excerpt(spaced, LINES.replace("k5", "key")) == changed(("k5", "key"))


def test_without_a_change_there_is_no_excerpt() -> None:
    assert corrected_excerpt(LINES, "") == corrected_excerpt(LINES, LINES) == ""


def test_a_report_gets_the_mended_text_of_the_files_that_have_mechanical_faults() -> None:
    files = [SourceFile("a/kafka.yaml", KAFKA), SourceFile("b/kafka.yaml", KAFKA.replace("partitons", "partitions"))]

    report = with_mended(validate(files, catalog=CATALOG), files, catalog=CATALOG)

    assert [file.mended for file in report.files] == [KAFKA.replace("partitons", "partitions"), ""]
