from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evals import judge, pages, runs, scorecard, terminal
from evals.corpora import Opened
from evals.judge import Judgement
from evals.questions import Question
from evals.runner import Trial
from evals.runs import Run
from tests.fakes import HashEmbedder, MemoryIndex, ScriptedChat, a_chunk
from tests.unit.test_evals_scorecard import ALL, FIRST, LOST, THIRD, a_run


def judged(model: ScriptedChat, *trials: Trial) -> dict[str, Judgement]:
    return judge.judge(trials, model=model, pages=lambda question: ["The page."], tell=lambda _: None)


def test_answers_and_hints_are_graded_and_refusals_are_not() -> None:
    model = ScriptedChat('{"grade": 2, ', '"reason": "It names\\nthe key."}')

    found = judged(model, FIRST, THIRD, LOST)

    assert found == dict.fromkeys(("first", "third"), Judgement(2, "It names the key."))
    assert json.loads(model.heard[0][1].content) == {
        "question": "question first",
        "answer": "Set it.",
        "pages": ["The page."],
    }
    assert "Grades:" in model.heard[0][0].content


def test_the_judge_reads_the_gold_pages_each_cut_to_a_length() -> None:
    embedder = HashEmbedder()
    chunks = [
        a_chunk("First part.", document="docs:a.md"),
        a_chunk("Second part.", document="docs:a.md", order=1),
        a_chunk("Long. " * 3000, document="docs:sub/b.md"),
        a_chunk("Other.", document="docs:c.md"),
    ]
    ids = tuple(dict.fromkeys(chunk.document_id for chunk in chunks))
    corpus = Opened("pages", MemoryIndex(embedder, chunks), Path(), ids)

    read = judge.gold_pages(corpus)(Question("q", "?", ("a.md", "sub/")))

    assert read[0] == "# A\n\nFirst part.\n\nSecond part."
    assert (len(read), len(read[1])) == (2, judge.PAGE)
    assert judge.gold_pages(corpus)(Question("q", "?")) == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("2", "Not a grade and a reason"),
        ("Grade: 2", "Not JSON"),
        ('```json\n{"grade": 2, "reason": "x"}\n```', "Not JSON"),
        ('{"grade": 2}', "Not a grade and a reason"),
        ('{"grade": 2, "reason": "x", "also": 1}', "Not a grade and a reason"),
        ('{"grade": 3, "reason": "x"}', "The grade is 3"),
        ('{"grade": "2", "reason": "x"}', "The grade is '2'"),
        ('{"grade": true, "reason": "x"}', "The grade is True"),
        ('{"grade": 1.0, "reason": "x"}', "The grade is 1.0"),
        ('{"grade": 1, "reason": " "}', "no reason"),
        ("[" * 100_000, "Not JSON"),
    ],
)
def test_a_reply_out_of_form_is_a_failure_and_no_grade(reply: str, reason: str) -> None:
    found = judge.parse(reply)

    assert found.grade is None
    assert reason in found.reason


def test_a_model_that_stays_silent_is_not_asked_for_ever() -> None:
    model = ScriptedChat(fault="The model does not answer.")
    trials = [replace(FIRST, question=replace(FIRST.question, id=f"q{n}")) for n in range(6)]

    found = judged(model, *trials)

    assert len(model.heard) == judge.PATIENCE
    assert [one.reason.split(":")[0] for one in found.values()] == ["The model does not answer."] * 3 + [
        "Not asked"
    ] * 3
    assert (
        judge.summary("m", found) == "judge m on 6 answers and hints: 0 right (2), 0 partly (1), 0 wrong (0), 6 failed"
    )


def test_grades_are_told_beside_figures_that_they_do_not_touch() -> None:
    plain = a_run(ALL)
    graded = Run(
        plain.about, plain.trials, {"first": Judgement(0, "Another <key>."), "third": Judgement(None, "Not JSON")}
    )
    card = scorecard.score(ALL)

    text = terminal.as_text(graded, card)

    assert "0 right (2), 0 partly (1), 1 wrong (0), 1 failed; mean 0.00" in text
    assert "Another <key>." in text
    assert "failed 1 ×: Not JSON" in text
    page = pages.run_page(graded, card)
    assert "0: Another &lt;key&gt;." in page
    assert "failed: Not JSON" in page
    kept, without = (json.loads(runs.dump(run, card)) for run in (graded, plain))
    assert kept["figures"] == without["figures"]
    assert kept["questions"][0]["judge"] == {"grade": 0, "reason": "Another <key>."}
