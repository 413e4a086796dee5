from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause, Change
from evals.proposals import Kind, Proposal, pages_of, propose
from knowledge.model import Citation
from tests.fakes import a_case

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PAGES = pages_of(
    [
        ("kafka/quotas.md", "https://docs.example/kafka/quotas/"),
        ("kafka.yaml#raise", "https://docs.example/kafka/quotas"),
        ("dns.yaml#ttl", ""),
        ("index.md", ""),
        ("vaults.md", ""),
        ("notes/read me.md", ""),
    ]
)


def cited(*paths: str) -> tuple[Citation, ...]:
    return tuple(Citation(n, "T", path, "H", "h", "q") for n, path in enumerate(paths, start=1))


def after(case: Case, change: Change) -> Case:
    return replace(change.case, events=(*case.events, *change.events))


def resolved(text: str, cause: Cause = Cause.OTHER, **given: Any) -> Case:
    case = transitions.begin(a_case(**given))
    return after(case, transitions.resolve(case, by="Ana", at=AT, cause=cause, resolution=text))


def answered(outcome: str = "hinted", **given: Any) -> Case:
    return transitions.begin(a_case(state=CaseState.ANSWERED, outcome=outcome, **given))


def proposed(case: Case) -> Proposal:
    found = propose(case, PAGES)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("See https://docs.example/kafka/quotas#raise-a-quota.", ("kafka/quotas.md",)),
        ("See [quotas](https://docs.example/kafka/quotas/?v=2), section 3", ("kafka/quotas.md",)),
        ("It is in /pages/docs/kafka/quotas.md#raise.", ("kafka/quotas.md",)),
        ("It is in /pages/faq/dns.yaml%23ttl", ("dns.yaml#ttl",)),
        ("https://git.example/team/docs/blob/main/docs/kafka/quotas.md", ("kafka/quotas.md",)),
        ("https://git.example/team/docs/blob/main/docs/notes/read%20me.md", ("notes/read me.md",)),
        ("`vaults.md` and kafka/quotas.md say it", ("vaults.md", "kafka/quotas.md")),
        ("https://elsewhere.example/index.md", None),
        ("https://[broken and http://", None),
        ("Restart it", None),
    ],
)
def test_gold_is_proposed_from_what_the_resolution_links(text: str, gold: tuple[str, ...] | None) -> None:
    assert proposed(resolved(text)).gold == gold


def test_a_link_outside_the_index_is_told() -> None:
    found = proposed(resolved("See https://wiki.example/x.", Cause.MISSING))

    assert found.gold is None
    assert found.why.startswith("It links https://wiki.example/x, which is not in the index.")


@pytest.mark.parametrize(
    ("cause", "gold"),
    [
        (Cause.MISSING, ()),
        (Cause.WISH, ()),
        (Cause.PLATFORM_BUG, ()),
        (Cause.RETRIEVAL_MISS, None),
        (Cause.CONFIGURATION, ("vaults.md",)),
        (Cause.OUTDATED, ("vaults.md",)),
    ],
)
def test_without_a_link_the_cause_decides(cause: Cause, gold: tuple[str, ...] | None) -> None:
    assert proposed(resolved("Done.", cause, outcome="hinted", citations=cited("vaults.md"))).gold == gold


def test_pages_that_were_only_looked_at_are_not_proposed() -> None:
    found = proposed(resolved("Done.", Cause.CONFIGURATION, outcome="unanswered", citations=cited("vaults.md")))

    assert found.gold is None


def test_who_wanted_a_person_after_an_answer_has_voted_it_down() -> None:
    case = answered(citations=cited("vaults.md"))

    found = proposed(after(case, transitions.ask_sheriff(case, by="Kim", at=AT)))

    assert (found.kind, found.gold) == (Kind.DOWNVOTED, None)
    assert found.why == "The asker wanted a person after the hint from vaults.md."


@pytest.mark.parametrize(
    ("outcome", "gold"), [("answered", ("vaults.md", "kafka/quotas.md")), ("hinted", ("vaults.md",))]
)
def test_what_the_asker_called_solved_is_confirmed_with_its_pages(outcome: str, gold: tuple[str, ...]) -> None:
    case = answered(outcome, citations=cited("vaults.md", "vaults.md", "kafka/quotas.md"))

    found = proposed(after(case, transitions.solved(case, by="Kim", at=AT)))

    assert (found.kind, found.gold) == (Kind.CONFIRMED, gold)
    assert "from vaults.md, kafka/quotas.md." in found.why


def test_replies_count_when_the_asker_closed_the_case_before_it_was_resolved() -> None:
    case = transitions.begin(a_case())
    case = after(case, transitions.reply(case, by="Ana", at=AT, text="Read kafka/quotas.md"))

    found = proposed(after(case, transitions.solved(case, by="Kim", at=AT)))

    assert (found.kind, found.gold) == (Kind.RESOLVED, ("kafka/quotas.md",))


@pytest.mark.parametrize(
    "case",
    [
        answered(),
        a_case(),
        a_case(state=CaseState.WITHDRAWN, outcome="hinted"),
        resolved("Done.", outcome="checked"),
        resolved("Done.", question=" \n"),
    ],
)
def test_a_case_that_teaches_nothing_is_no_row(case: Case) -> None:
    assert propose(case, PAGES) is None


def test_secrets_stay_out_of_the_row_and_people_as_well() -> None:
    found = proposed(resolved("Use password: hunter22secret. " + "Long. " * 99, question="why fails pwd=s3cr3t-value?"))

    assert "hunter22secret" not in found.why
    assert "s3cr3t" not in found.text
    assert "Kim" not in str(found)
    assert len(found.why) < 310
