from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evals import comparing
from evals.comparison import Mark, compare, remarks, sign_test, worsened
from evals.questions import SetFile
from evals.runner import Trial
from knowledge.errors import Misuse
from knowledge.model import Outcome
from tests.unit.test_evals_scorecard import ALL, FIRST, THIRD, a_run, trial


def many(count: int, *, wrong: int = 0) -> list[Trial]:
    """Questions with the right page first, but for the first `wrong` ones."""
    return [
        trial(f"q{n}", ("a.md",), ("b.md", "a.md") if n < wrong else ("a.md", "b.md"), 0.6, Outcome.HINTED)
        for n in range(count)
    ]


def test_a_run_compared_with_itself_has_no_difference() -> None:
    found = compare(a_run(ALL), a_run(ALL))

    assert found.changed == []
    assert all(one.change == one.low == one.high == 0 and not one.is_sure for one in found.differences)
    assert (worsened(found), remarks(found)) == ([], [])
    assert "No question changed" in comparing.as_text(found)


def test_each_changed_question_is_told_with_what_changed() -> None:
    after = [
        replace(FIRST, pages=("b.md", "a.md"), outcome=Outcome.HINTED),
        replace(THIRD, pages=("d.md", "a.md")),
        replace(ALL[3], pages=("c.md",)),
        ALL[4],
        ALL[2],
    ]

    found = compare(a_run(ALL), a_run(after))

    assert [(one.after.question.id, one.marks) for one in found.changed] == [
        ("first", (Mark.LOST, Mark.OUTCOME)),
        ("third", (Mark.GAINED,)),
        ("refused", (Mark.FIRST,)),
    ]
    text = comparing.as_text(found)
    assert "answered 0.90, a.md, right  →  hinted 0.90, b.md, right in place 2" in text
    assert "lost: a page that answers is not first any more (1):" in text


def test_gained_and_lost_questions_are_counted_with_an_exact_test() -> None:
    found = compare(a_run(many(30)), a_run(many(30, wrong=8)))

    first = next(one for one in found.differences if one.name == "recall@1")
    assert (first.gained, first.lost) == (0, 8)
    assert first.change == pytest.approx(-8 / 30)
    assert first.low < first.change < first.high < 0
    assert first.p == pytest.approx(2 * 0.5**8)
    assert first.is_sure
    assert any(sentence.startswith("recall@1 fell from 1.000 to 0.733") for sentence in worsened(found))


@pytest.mark.parametrize(
    ("gained", "lost", "p"), [(0, 0, 1.0), (1, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (2, 10, 0.0386)]
)
def test_the_sign_test_has_the_published_values(gained: int, lost: int, p: float) -> None:
    assert sign_test(gained, lost) == pytest.approx(p, abs=0.0001)


def test_better_is_not_worse_and_fewer_wrong_answers_are_better() -> None:
    answered = [replace(one, outcome=Outcome.ANSWERED) for one in many(30, wrong=8)]
    wrong = [replace(one, cited=("b.md",)) if n < 8 else one for n, one in enumerate(answered)]

    assert worsened(compare(a_run(wrong), a_run(many(30)))) == []
    assert any(s.startswith("wrong_answers rose") for s in worsened(compare(a_run(many(30)), a_run(wrong))))


def test_runs_of_different_sets_are_compared_on_what_they_share_and_say_so() -> None:
    found = compare(a_run(ALL), a_run([*ALL[1:], trial("new", ("a.md",), ("a.md",))]))

    assert found.questions == 4
    assert "1 only in the first, 1 only in the second. Compared are the 4 in both." in remarks(found)[0]


def test_runs_without_a_common_question_are_refused() -> None:
    other = a_run(many(3), sets=(SetFile("other.jsonl", "cd" * 32, 3, 0),))

    with pytest.raises(Misuse, match=r"asks own\.jsonl, the second asks other\.jsonl: .* no question in common"):
        compare(a_run(ALL), other)


def test_both_runs_are_judged_by_the_gold_of_the_second() -> None:
    regold = replace(THIRD, question=replace(THIRD.question, gold=("a.md",)))

    found = compare(a_run([THIRD]), a_run([regold]))

    assert found.changed == []
    assert "The gold of 1 question differs" in remarks(found)[0]


def test_the_json_of_a_comparison_names_every_change() -> None:
    found = compare(a_run(many(30)), a_run(many(30, wrong=8)))

    values = json.loads(json.dumps(comparing.as_json(found)))

    assert [row["id"] for row in values["changed"]] == [f"q{n}" for n in range(8)]
    assert values["changed"][0]["marks"] == ["lost"]
    assert values["worse"] == worsened(found)


def test_what_can_be_answered_at_a_rate_of_wrong_answers_is_compared() -> None:
    surest_wrong = [replace(t, confidence=0.9, first="b.md") if n < 9 else t for n, t in enumerate(many(30))]

    found = compare(a_run(many(30)), a_run(surest_wrong))

    five = next(one for one in found.differences if one.name == "at 5% wrong")
    assert (five.before, five.after, five.is_sure) == (1.0, 0.0, True)
    assert "at 5% wrong fell from 1.000 to 0.000: more than by chance." in worsened(found)
