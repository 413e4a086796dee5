from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from bot.messages import Person
from bot.support.cases import Case, CaseState, Cause
from bot.support.gap_report import NOTHING, as_html, as_json, as_json_text, as_markdown, as_page, sparkline, summary
from bot.support.gaps import GapReport, find_gaps, is_unanswered
from knowledge.model import Citation
from tests.fakes import HashEmbedder, a_case

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PAGE = Citation(
    1, "Job definitions", "jor/job-definitions.md", "Namespaces", "namespaces", "…", "https://d.example/jor"
)


def asked(number: int, question: str, *, who: str = "Kim", weeks_ago: int = 0, **given: object) -> Case:
    at = NOW - timedelta(weeks=weeks_ago, hours=1)
    usual = {"question": question, "asker": Person(who.lower(), who), "opened": at, "updated": at}
    return a_case(f"c-{number:08}", **(usual | given))


def report_of(*cases: Case) -> GapReport:
    return find_gaps(cases, embed=HashEmbedder().embed, now=NOW)


JOR = [
    asked(1, "Can JOR start a job in the namespace of another application?", who="Kim", citations=(PAGE,)),
    asked(2, "Can JOR start a job in a namespace of another application", who="Lea", citations=(PAGE,)),
    asked(3, "may JOR start a job in the namespace of another application", who="Kim", weeks_ago=2),
]
DNS = asked(4, "Why is the DNS alias still answering from the old region?", who="Sam")


def test_questions_that_mean_the_same_are_one_gap_and_the_one_more_people_ask_is_first() -> None:
    report = report_of(*JOR, DNS)

    assert [(g.askers, len(g.questions)) for g in report.gaps] == [(2, 3), (1, 1)]
    assert "JOR" in report.gaps[0].name
    assert (report.cases, report.questions) == (4, 4)


def test_one_person_asking_again_and_again_counts_once() -> None:
    stubborn = [asked(10 + n, "How do I shard Kafka?", who="Omar") for n in range(6)]

    report = report_of(*stubborn, *JOR[:2])

    assert "JOR" in report.gaps[0].name


def test_old_questions_weigh_less_than_new_ones() -> None:
    old = [asked(n, "Where is the Thanos cost split?", who=f"P{n}", weeks_ago=16) for n in (20, 21)]

    report = report_of(*old, DNS)

    assert "DNS" in report.gaps[0].name


def test_questions_per_week_end_with_the_present_week() -> None:
    assert report_of(*JOR).gaps[0].weeks == (0, 0, 0, 0, 0, 1, 0, 2)


def test_only_questions_without_a_sure_answer_are_gaps() -> None:
    answered = asked(30, "How do I log in?", state=CaseState.ANSWERED, outcome="answered")
    helped = asked(31, "How do I log in?", state=CaseState.CLOSED, outcome="hinted")
    silent_hint = asked(32, "How do I log in?", state=CaseState.ANSWERED, outcome="hinted")
    asked_anyway = asked(33, "How do I log in?", state=CaseState.RESOLVED, outcome="answered", ticket="SUP-3")

    assert [is_unanswered(c) for c in (answered, helped, silent_hint, asked_anyway)] == [False, False, True, True]


def test_what_sheriffs_found_is_shown_with_the_gap() -> None:
    resolved = asked(
        5,
        JOR[0].question,
        who="Noor",
        state=CaseState.RESOLVED,
        cause=Cause.MISSING,
        resolution="The owner lists the caller under `callers`.",
        ticket="SUP-97",
        sheriff="Dan",
        component="jor",
    )

    gap = report_of(*JOR, resolved).gaps[0]

    assert (gap.kind, gap.component, gap.causes) == ("Missing", "jor", {Cause.MISSING: 1})
    assert gap.resolutions == ("The owner lists the caller under `callers`.",)
    assert (gap.pages[0].path, gap.pages[0].count) == ("jor/job-definitions.md#namespaces", 2)


def test_without_any_question_the_report_says_what_would_fill_it() -> None:
    report = find_gaps([], embed=HashEmbedder().embed)

    assert report.until is None
    assert summary(report) == NOTHING
    assert NOTHING in as_markdown(report)
    assert "No gaps yet" in as_html(report)
    assert as_json(report)["count"] == 0


def test_markdown_names_counts_places_and_people() -> None:
    text = as_markdown(report_of(*JOR, DNS))

    assert text.startswith("# Docs gaps\n\n2 gaps from 4 questions without a sure answer, of 4 cases.\n")
    assert "2 people · 3 questions · no cause given yet." in text
    assert "- [Job definitions](https://d.example/jor#namespaces) (2 times)" in text
    assert "Lea, 25 Nov 2026, new" in text


def test_markup_in_a_question_stays_text() -> None:
    hostile = asked(40, "<script>alert(1)</script> [click](http://evil) | why?", citations=())

    report = report_of(hostile)

    assert "<script>" not in as_page(report)
    assert "\\<script\\>" in as_markdown(report)
    assert "[click](http" not in as_markdown(report)


def test_a_javascript_address_is_no_link() -> None:
    bad = Citation(1, "Job", "jor/job.md", "Job", "", "…", "javascript:alert(1)")

    assert "javascript:" not in as_html(report_of(asked(41, "Why?", citations=(bad,))))


def test_html_links_each_row_to_its_details() -> None:
    html = as_html(report_of(*JOR, DNS))

    assert 'href="#gap-1"' in html
    assert 'id="gap-2"' in html
    assert 'aria-label="Questions per week: 0 0 0 0 0 1 0 2"' in html


def test_long_gaps_are_cut_and_say_so() -> None:
    same = [asked(50 + n, "How do I shard Kafka?", who=f"P{n}") for n in range(11)]

    report = report_of(*same)

    assert "- and 3 more" in as_markdown(report)
    assert "and 3 more" in as_html(report)
    assert len(json.loads(as_json_text(report))["gaps"][0]["questions"]) == 11


def test_a_sparkline_of_nothing_has_flat_bars() -> None:
    assert "M75 22v-1" in sparkline((0,) * 8)
