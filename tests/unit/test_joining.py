"""Several answers made one."""

from __future__ import annotations

from dataclasses import replace

from knowledge.citing import cite_all
from knowledge.joining import LEFT_OUT, NOT_FOUND, joined, lead
from knowledge.model import Answer, Origin, Outcome, Passage
from tests.fakes import a_chunk

QUOTA, LAG, VAULT = cite_all(
    Passage(a_chunk(text, document=f"docs:{text}.md", anchor=text), 1.0) for text in ("quota", "lag", "vault")
)


def answered(text: str, *citations: object, outcome: Outcome = Outcome.ANSWERED, sure: float = 0.9) -> Answer:
    numbered = tuple(replace(c, number=n) for n, c in enumerate(citations, start=1))  # type: ignore[type-var]
    return Answer(outcome, text, sure, citations=numbered)  # type: ignore[arg-type]


def test_citations_are_counted_through_and_a_place_cited_twice_has_one_number() -> None:
    whole = joined(
        ["How?", "Where?"], [answered("Raise it. [1] See. [2]", QUOTA, LAG), answered("There. [1][2]", VAULT, QUOTA)]
    )

    assert whole.text == "**How?**\n\nRaise it. [1] See. [2]\n\n**Where?**\n\nThere. [3][1]"
    assert [(c.number, c.anchor) for c in whole.citations] == [(1, "quota"), (2, "lag"), (3, "vault")]


def test_code_keeps_its_brackets() -> None:
    code = "`list[1]` and `[1]`\n```\n[1]\n```\nso [1]"

    whole = joined(["a?", "b?"], [answered("x [1]", QUOTA), answered(code, LAG)])

    assert whole.text.endswith("`list[1]` and `[1]`\n```\n[1]\n```\nso [2]")


def test_the_whole_is_as_sure_as_its_least_sure_part_and_says_what_is_open() -> None:
    nothing = Answer(Outcome.UNANSWERED, "", 0.1, looked_at=(VAULT,))

    whole = joined(["How?", "Where?"], [answered("Raise it. [1]", QUOTA), nothing])

    assert (whole.outcome, whole.confidence) == (Outcome.UNANSWERED, 0.1)
    assert whole.text == f"**How?**\n\nRaise it. [1]\n\n**Where?**\n\n{NOT_FOUND}"
    assert [c.anchor for c in whole.looked_at] == ["vault"]
    hint = answered("Maybe. [1]", LAG, outcome=Outcome.HINTED, sure=0.4)
    assert joined(["a?", "b?"], [answered("x [1]", QUOTA), hint]).outcome is Outcome.HINTED


def test_nothing_found_for_any_question_is_an_unanswered_message_without_text() -> None:
    nothing = Answer(Outcome.UNANSWERED, "", 0.1, looked_at=(VAULT,))

    whole = joined(["a?", "b?"], [nothing, nothing])

    assert (whole.outcome, whole.text, whole.citations) == (Outcome.UNANSWERED, "", ())
    assert [c.number for c in whole.looked_at] == [1]


def test_notes_are_said_once_and_questions_left_out_are_said() -> None:
    silent = replace(answered("x [1]", QUOTA), note="Silent.", origin=Origin.GENERATED)

    whole = joined(["a?", "b?"], [silent, silent], left_out=True)

    assert whole.note == f"Silent. {LEFT_OUT}"
    assert whole.origin is Origin.GENERATED


def test_the_lead_is_the_question_without_its_introduction_and_without_marks() -> None:
    assert lead("I am in eu-west.\nHow *long* does [it] take?") == "**How long does it take?**"
    assert len(lead("why " * 200)) < 220
