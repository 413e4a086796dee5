from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals import runs, scorecard
from knowledge.errors import Misuse
from tests.unit.test_evals_scorecard import ALL, a_run


def kept(folder: Path, **changed: Any) -> Path:
    values = json.loads(runs.dump(a_run(ALL), scorecard.score(ALL))) | changed
    file = folder / "run.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    return file


def test_a_run_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    file = kept(tmp_path)

    run = runs.load(file)

    assert run == a_run(ALL)
    assert scorecard.score(run.trials) == scorecard.score(ALL)


def test_the_file_tells_every_question_and_where_the_figures_come_from(tmp_path: Path) -> None:
    values = json.loads(kept(tmp_path).read_text())

    assert (values["format"], values["version"]) == ("sheriff-evals run", 1)
    assert {"made", "index", "code", "settings", "sets", "figures", "coverage", "slices"} <= values.keys()
    row = values["questions"][1]
    assert (row["rank"], row["first"], row["answer"]) == (3, "a.md", "Set it.")
    assert values["outcomes"]["unanswerable"] == {"answered": 1, "hinted": 0, "unanswered": 1}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"format": "other"}, "is not a run of sheriff-evals"),
        ({"version": 99}, "has format version 99, and this is 1"),
        ({"questions": []}, "it holds no question"),
        ({"questions": [{"id": "a"}]}, "'text' is missing"),
        ({"questions": 3}, "is a damaged run"),
        ({"sets": [{"title": "x"}]}, "is a damaged run"),
    ],
)
def test_a_file_that_is_no_run_is_told(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misuse, match=reason):
        runs.load(kept(tmp_path, **changed))


def test_a_missing_an_unreadable_and_a_foreign_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("hello")
    (tmp_path / "list.json").write_text("[]")

    for name, reason in (
        ("gone.json", "no such run"),
        ("", "cannot be read"),
        ("text.json", "not the JSON"),
        ("list.json", "not a run"),
    ):
        with pytest.raises(Misuse, match=reason):
            runs.load(tmp_path / name)


def test_the_code_version_names_release_and_content() -> None:
    version, _, digest = runs.code_version().partition("+")

    assert version.count(".") == 2
    assert len(digest) == 10


def test_a_run_without_a_judge_of_the_same_version_is_read(tmp_path: Path) -> None:
    rows = json.loads(kept(tmp_path).read_text())["questions"]
    file = kept(tmp_path, questions=[{key: value for key, value in row.items() if key != "judge"} for row in rows])

    assert runs.load(file) == a_run(ALL)
