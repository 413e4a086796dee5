"""The table of hostile files: what is made, what a process says of it, and how it is shown. No time is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.bench.bearing import Borne, borne, first_words
from evals.bench.hostile import files
from evals.bench.report import hostile_line, hostile_summary

LAUGHS = next(file for file in files() if file.name == "billion laughs")


def test_each_way_in_says_the_same_of_one_file(tmp_path: Path) -> None:
    found = list(borne(LAUGHS, tmp_path))

    assert [(one.way, one.said) for one in found] == [
        (way, "YAML006") for way in ("validate", "--diff", "--schema", "protocol", "api")
    ]
    assert [one.code for one in found] == [1, 1, 1, 0, 0]
    assert all(one.seconds > 0 for one in found)
    assert not (tmp_path / LAUGHS.file).exists(), "a large file is not kept"


def test_a_zip_that_is_refused_is_told_with_the_beginning_of_the_sentence(tmp_path: Path) -> None:
    out = next(file for file in files() if file.name == "zip: a path that leads out")

    said = {one.way: one.said for one in borne(out, tmp_path)}

    assert said["validate"].startswith("sheriff: ")
    sentence, shown = f"{tmp_path}/file.zip: “../../etc/kafka.yaml” is a path that lead", said["api"].rstrip("…")
    assert len(shown) > 60
    assert shown[: len(sentence)] == sentence[: len(shown)]


def test_names_tell_the_files_apart() -> None:
    names = [file.name for file in files()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("output", "errors", "said"),
    [
        ("a.yaml:1:1 error YAML006 The file has 9 characters", "", "YAML006"),
        ("", "sheriff: a.zip: is no zip.\n", "sheriff: a.zip: is no zip."),
        ("\na.yaml: no errors\n", "", "a.yaml: no errors"),
        ("", "", "nothing"),
        ("x" * 80, "", "x" * 69 + "…"),
    ],
)
def test_what_was_said_is_a_code_or_the_beginning(output: str, errors: str, said: str) -> None:
    assert first_words(output, errors) == said


def test_a_row_shows_what_is_known_and_the_last_line_the_most() -> None:
    quick, stopped = Borne("a", "api", 0.2, 81.4, 0, "YAML006"), Borne("b", "--diff", 60, 0, -1, "no answer")

    assert hostile_line(quick).split() == ["a", "api", "0.20", "81", "YAML006"]
    assert hostile_line(stopped).split() == ["b", "--diff", "60.00", "–", "no", "answer"]
    assert hostile_summary([quick, stopped]) == "at most 60.00 s (b, --diff) and 81 MB (a, api)"
