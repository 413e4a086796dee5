from __future__ import annotations

from pathlib import Path

import pytest

from evals import questions
from evals.questions import Question
from knowledge.errors import Misuse


def written(folder: Path, text: str, name: str = "set.jsonl") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def told(folder: Path, text: str, name: str = "set.jsonl") -> str:
    with pytest.raises(Misuse) as refused:
        questions.read([written(folder, text, name)])
    return str(refused.value)


def test_the_bundled_sets_hold_sixty_questions_and_a_third_more_without_an_answer() -> None:
    found = questions.read(questions.BUNDLED)

    assert sum(question.answerable for question in found) >= 60
    assert sum(not question.answerable for question in found) >= len(found) // 3


def test_a_line_becomes_a_question(tmp_path: Path) -> None:
    line = (
        '{"id": "q1", "text": "how?", "gold": ["./a.md", "f.yaml#b", "a.md"], "kind": "how-to", "component": "kafka"}'
    )

    found = questions.read([written(tmp_path, f"\n{line}\n")])

    assert found == [Question("q1", "how?", ("a.md", "f.yaml#b"), "how-to", "kafka")]


def test_yaml_lists_work_alone_and_below_questions(tmp_path: Path) -> None:
    alone = written(tmp_path, "- text: one\n  gold: [a.md]\n", "alone.yaml")
    below = written(tmp_path, "questions:\n  - text: two\n    gold: []\n", "below.yml")

    found = questions.read([alone, below])

    assert [(question.text, question.gold) for question in found] == [("one", ("a.md",)), ("two", ())]
    assert len({question.id for question in found}) == 2


def test_questions_without_an_answer_need_no_gold(tmp_path: Path) -> None:
    file = written(tmp_path, '{"id": "n", "text": "lunch?"}\n')

    assert questions.read([], [file]) == [Question("n", "lunch?")]


def test_gold_in_a_set_of_questions_without_an_answer_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, '{"id": "n", "text": "lunch?", "gold": ["a.md"]}\n')

    with pytest.raises(Misuse, match=':1: has a "gold" page'):
        questions.read([], [file])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not an object"),
        ('{"id": "a", "gold": []}', 'has no "text"'),
        ('{"id": "a", "text": "  ", "gold": []}', 'has no "text"'),
        ('{"id": "a", "text": "x"}', 'has no "gold"'),
        ('{"id": "a", "text": "x", "gold": "a.md"}', '"gold" is not a list'),
        ('{"id": "a", "text": "x", "gold": [1]}', '"gold" is not a list'),
        ('{"id": "a", "text": "x", "gold": [], "state": "done"}', "\"state\" is 'done'; write one of proposed"),
        ('{"id": "a", "text": "x", "gold": [], "state": ["proposed"]}', '"state" is ['),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_line_is_told_with_file_and_line(tmp_path: Path, line: str, reason: str) -> None:
    message = told(tmp_path, f'{{"text": "fine", "gold": []}}\n{line}\n')

    assert f"set.jsonl:2: {reason}" in message


def test_the_same_id_twice_names_both_places(tmp_path: Path) -> None:
    message = told(tmp_path, '{"id": "a", "text": "x", "gold": []}\n{"id": "a", "text": "y", "gold": []}\n')

    assert "set.jsonl:2: the id 'a' is taken by" in message
    assert "set.jsonl:1;" in message


def test_many_faults_are_counted_not_listed(tmp_path: Path) -> None:
    message = told(tmp_path, "nonsense\n" * 9)

    assert len(message.splitlines()) == 6
    assert message.endswith("… and 4 more.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "set.yaml:2: is not valid YAML"),
        ("just words", "is not a list of questions"),
        ("questions: none", "is not a list of questions"),
        ("- 3", "set.yaml:1: is not an object"),
        ("- text: x\n- gold: []", "set.yaml:2: has no"),
    ],
)
def test_a_bad_yaml_set_is_told(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in told(tmp_path, text + "\n", "set.yaml")


def test_a_missing_an_empty_and_an_undecodable_set_are_told(tmp_path: Path) -> None:
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(b"\xff\xfe\x00")

    assert "no question in it" in told(tmp_path, "\n\n")
    for file, reason in (
        (tmp_path / "gone.jsonl", "no such question set"),
        (binary, "not UTF-8"),
        (tmp_path, "cannot"),
    ):
        with pytest.raises(Misuse, match=reason):
            questions.read([file])


def test_a_trailing_slash_accepts_all_pages_below() -> None:
    question = Question("q", "?", ("kafka/", "dns/records.md"))

    accepted = [path for path in ("kafka/a.md", "kafka/b/c.md", "dns/records.md", "dns/x.md") if question.accepts(path)]

    assert accepted == ["kafka/a.md", "kafka/b/c.md", "dns/records.md"]


def test_only_accepted_rows_are_asked_and_the_waiting_ones_counted(tmp_path: Path) -> None:
    rows = (
        '{"id": "a", "text": "x", "gold": [], "state": "accepted"}',
        '{"id": "b", "text": "y", "gold": null, "state": "proposed"}',
        '{"id": "c", "text": "z", "gold": [], "state": "dropped"}',
        '{"id": "d", "text": "w", "gold": []}',
    )

    sets = questions.read_sets([written(tmp_path, "\n".join(rows))])

    assert [question.id for question in sets.questions] == ["a", "d"]
    assert (sets.waiting, sets.files[0].questions) == (1, 2)


def test_a_set_of_proposals_only_says_how_to_review_them(tmp_path: Path) -> None:
    row = '{"id": "b", "text": "y", "gold": null, "state": "proposed"}\n'

    assert "1 wait for a person. See `sheriff-evals review FILE`" in told(tmp_path, row)


def test_a_set_is_known_by_its_content(tmp_path: Path) -> None:
    one, same = (written(tmp_path, '{"id": "a", "text": "x", "gold": []}\n', name) for name in ("1.jsonl", "2.jsonl"))
    other = written(tmp_path, '{"id": "a", "text": "x?", "gold": []}\n', "3.jsonl")

    digests = [questions.read_sets([file]).files[0].sha256 for file in (one, same, other)]

    assert digests[0] == digests[1] != digests[2]
