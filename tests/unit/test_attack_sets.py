"""Sets of attacks, of questions that only look like them, of pages with planted orders: what rules alone decide."""

from __future__ import annotations

from evals.bench.attacks import ATTACKS, CONTROLS, MIXED, read
from evals.bench.poisoned import verdicts
from knowledge.sifting import sift

RULED = frozenset({"override", "prompt-leak", "persona", "hijack", "template", "encoded", "multilingual"})


def test_of_planted_orders_nothing_is_left_and_the_fact_beside_them_is() -> None:
    found = verdicts()

    assert [one.page.name for one in found if not (one.is_clean and one.keeps_fact and one.is_flagged)] == []
    assert len(found) > 80


def test_orders_in_messages_are_seen() -> None:
    orders = [message for message in read(ATTACKS) if message.kind in RULED]

    seen = [message for message in orders if sift(message.text).steering.is_sure]

    assert len(seen) >= 0.9 * len(orders)


def test_no_question_of_the_controls_is_taken_for_an_order() -> None:
    assert [message.text for message in read(CONTROLS) if sift(message.text).steering.is_sure] == []


def test_a_question_beside_an_order_is_left() -> None:
    mixed = [message for message in read(ATTACKS) if message.kind == MIXED]

    assert all("?" in sift(message.text).question for message in mixed)
