"""Every card that Sheriff sends, each in every state, with ordinary and with hostile texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.channels.cards import (
    Card,
    CaseFacts,
    RequestRow,
    answer_card,
    case_card,
    case_state_card,
    cases_card,
    choice_card,
    diagnostics_card,
    duty_card,
    faq_form,
    handover_card,
    help_card,
    notice_card,
    page_card,
    pressed_card,
    request_card,
    requests_card,
    roster_card,
    status_card,
    weekly_card,
    welcome_card,
)
from bot.channels.cards.reminders import follow_up_card, reminder_card
from bot.channels.teams_commands import COMMANDS
from bot.messages import CaseSummary, Person, Reply, ReplyKind
from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause, Change, EventKind
from knowledge.model import Citation
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Edit, Severity, Span, ValidationReport

BASE = "https://sheriff.example"
OPENED = datetime(2026, 11, 25, 9, 36, tzinfo=UTC)
SUMMARY = CaseSummary("c-7f3a20", "new", ticket="SUP-142", ticket_url="https://tickets.example/SUP-142", sheriff="Ana")
CITATION = Citation(
    1,
    "JOR",
    "jor/jobs.md",
    "Namespaces",
    "namespaces",
    "A job runs in the namespace of its application.",
    url="https://devinsight.example/jor/jobs",
    updated="12 Nov 2026",
    place="JOR › Job definitions › Namespaces",
)
OTHER = replace(CITATION, number=2, path="jor/callers.md", place="JOR › Callers", updated="3 Nov 2026")
MEMBERS = ("Ana", "Bo", "Dan")
FACTS = CaseFacts(
    due="reply due 11:16",
    escalation="Dan is told at 11:06 if nobody takes it.",
    similar=[("SUP-97", "https://tickets.example/SUP-97", "The owner lists the caller under callers in its jor.yaml.")],
    latest=[("Kim", "The job is settle-eod of payments."), ("Ana", "Which namespace should it run in?")],
    also=("Lee", "Max"),
)
QUESTION = (
    "Can JOR start a job in a namespace of another application?\n"
    "The job is settle-eod of payments; it should run reconcile in ledger-batch."
)
HOSTILE = (
    "[click](https://evil.example) ![pic](https://evil.example/p.png) <at>Ana</at> **bold** _it_ `code` <b>x</b> "
    "<https://evil.example> &lt;at&gt; {{DATE(2020-01-01T00:00:00Z, SHORT)}} \x00\x07\u202e ~~no~~ [a]: javascript:x"
)
ARABIC = "كيف أرفع حصة الأقسام لموضوع كافكا في المنطقة الشرقية؟ جرّبت ذلك أمس ولم ينجح."
HEBREW = "איך מגדילים את המכסה של המחיצות לנושא?"
LONG_WORD = "x" * 5_000
EMOJI = "👩🏽‍💻 why does the job 🔥 fail? nb\u00a0sp 👨‍👩‍👧‍👦"
FAULTY = """apiVersion: sheriff/v1
kind: Alerting
runbookVersion: 1.10
alerts:
  - name: replicas
    treshold: 2
"""


def handed_over(question: str = QUESTION, asker: str = "Kim") -> Case:
    """A case that Ana was told of, with its ticket."""
    person = Person("kim", asker)
    case = transitions.begin(
        Case(
            "c-7f3a20",
            CaseState.NEW,
            question,
            person,
            "teams",
            "19:abc",
            OPENED,
            OPENED,
            "unanswered",
            citations=(CITATION, OTHER, replace(OTHER, number=3, place="JOR › Limits")),
            component="jor",
        )
    )
    case = after(case, transitions.name_sheriff(case, at=at(0), sheriff="Ana"))
    url = "https://tickets.example/SUP-142"
    case = after(case, transitions.record_ticket(case, at=at(1), ticket="SUP-142", url=url))
    return after(case, transitions.note(case, EventKind.SHERIFF_TOLD, at=at(1), text="Ana was told in Teams."))


def at(minutes: int) -> datetime:
    return OPENED + timedelta(minutes=minutes)


def after(case: Case, change: Change) -> Case:
    """The case with what has happened in its history."""
    return replace(change.case, events=(*case.events, *change.events))


def in_every_state(new: Case) -> Iterator[Case]:
    """One case on its way through all states that a sheriff sees."""
    yield new
    taken = after(new, transitions.take(new, by="Ana", at=at(5)))
    yield taken
    asked = after(
        taken, transitions.ask_for_details(taken, by="Ana", at=at(9), text="Which namespace should it run in?")
    )
    yield asked
    solved = "The owner lists the caller under callers in its jor.yaml."
    cause = Cause.CONFIGURATION
    resolved = after(asked, transitions.resolve(asked, by="Ana", at=at(30), cause=cause, resolution=solved))
    yield resolved
    yield after(resolved, transitions.solved(resolved, by="Kim", at=at(40)))
    yield after(resolved, transitions.reopen(resolved, by="Kim", at=at(50), text="It still fails."))
    yield after(new, transitions.withdraw(new, by="Kim", at=at(4)))


def report(count: int = 1, key: str = "treshold") -> ValidationReport:
    """`count` times an unknown key and, once, a number that loses its zero."""
    unknown = Diagnostic(
        "SCH001",
        Severity.ERROR,
        "alerting.yaml",
        Span(6, 5, 6, 13),
        f"Unknown key `{key}`. Did you mean `threshold`?",
        why="This alert would never fire.",
        suggestion="threshold: 2",
        edits=(Edit(Span(6, 5, 6, 13), "threshold"),),
    )
    zero = Diagnostic(
        "YAML005",
        Severity.WARNING,
        "alerting.yaml",
        Span(3, 17, 3, 21),
        "1.10 is the number 1.1",
        why="YAML drops the last zero without quotes.",
        suggestion='runbookVersion: "1.10"',
    )
    mended = FAULTY.replace("treshold", "threshold").replace("1.10", '"1.10"')
    file = CheckedFile("alerting.yaml", FAULTY, "Alerting", "its kind", mended)
    return ValidationReport(
        [file], [zero, *[unknown] * count], ["Placement was not checked: send the whole repository."]
    )


ANSWER = Reply(
    ReplyKind.ANSWERED,
    "Set `quota.partitions` in the `kafka.yaml` of the region. The limit is counted per region. [1]\n\n"
    "```yaml\nquota:\n  partitions: 72\n```\n\n"
    "- Up to 96 is granted by the pipeline itself.\n- Above that a **maintainer** approves. [2]",
    0.9,
    citations=(CITATION, OTHER),
    case=SUMMARY,
)
HANDED = Reply(ReplyKind.UNANSWERED, "Ana has it, ticket SUP-142.", looked_at=(CITATION, OTHER), case=SUMMARY)
STANDING = "Ticket SUP-142 is open. Ana was told."


def replies() -> Iterator[tuple[str, Card]]:
    yield "answer", answer_card(ANSWER, base_url=BASE)
    note = "The writing model is not answering; this is quoted."
    yield "hint", answer_card(replace(ANSWER, outcome=ReplyKind.HINTED, note=note))
    yield "long answer", answer_card(replace(ANSWER, text="word " * 50_000))
    yield "Arabic answer", answer_card(replace(ANSWER, text=f"{ARABIC} [1]\n\n```yaml\nquota: 72\n```"))
    yield "hostile answer", answer_card(replace(ANSWER, text=HOSTILE, note=HOSTILE))
    yield "hand-over", handover_card(HANDED, docs="Dev Insight")
    yield "question back", choice_card(Reply(ReplyKind.CLARIFY, "Which one?", choices=("HERM", "Kafka"), case=SUMMARY))
    yield "state", case_state_card("Solved.", "Good to know; it helps the next person who asks.")
    told = replace(handed_over(), outcome="hinted", answer=ANSWER.text, citations=ANSWER.citations)
    yield "handed over after a hint", pressed_card(told, "Dan has your question now.", STANDING, base_url=BASE)
    yield "diagnostics", diagnostics_card(report(), SUMMARY, base_url=BASE)
    yield "many diagnostics", diagnostics_card(report(500), SUMMARY, base_url=BASE)
    yield "hostile diagnostics", diagnostics_card(report(3, key=HOSTILE), SUMMARY)


def of_cases() -> Iterator[tuple[str, Card]]:
    for case in in_every_state(handed_over()):
        yield f"case {case.state}", case_card(case, facts=FACTS, members=MEMBERS, base_url=BASE)
        yield f"ticket {case.state}", status_card(case, STANDING, base_url=BASE)
    bare = replace(handed_over(), ticket="", ticket_url="", citations=(), component="")
    yield "case without ticket", case_card(bare, facts=CaseFacts(), members=())
    answered = replace(handed_over(), outcome="answered", answer=ANSWER.text)
    yield "case answered", case_card(answered, facts=FACTS, members=MEMBERS, base_url=BASE)
    for kind, words in (("hostile", HOSTILE), ("Arabic", ARABIC), ("emoji", EMOJI), ("long word", LONG_WORD)):
        case = handed_over(question=words, asker=words[:40])
        facts = CaseFacts(similar=[(words[:20], "javascript:alert(1)", words)], latest=[(words[:40], words)] * 5)
        yield f"case {kind}", case_card(case, facts=facts, members=[words[:40]], base_url=BASE)
        yield f"ticket {kind}", status_card(case, STANDING)
    yield "Hebrew case", case_card(handed_over(HEBREW, "נועה"), facts=FACTS, members=MEMBERS)
    huge = CaseFacts(due="d" * 9_000, escalation="e " * 9_000, latest=[("Kim", "ж" * 90_000)] * 3)
    yield "huge case", case_card(handed_over("ж " * 90_000), facts=huge, members=["m" * 999] * 999, base_url=BASE)
    yield "my cases", cases_card([*in_every_state(handed_over())] * 2, title="Your cases")
    yield "no cases", cases_card([], title="Your cases")


def others() -> Iterator[tuple[str, Card]]:
    following = [("Bo", "Mon 30 Nov, 09:00"), ("Dan", "Mon 7 Dec, 09:00")]
    yield "roster", roster_card("Ana", "Mon 30 Nov, 09:00", following, "Times are those of Europe/Paris.")
    yield "nobody on duty", roster_card("", "", [])
    lines = [f"SUP-{n}: How do I raise a Kafka partition quota? (Kim; Ana has it; since Wed 10:36)" for n in range(12)]
    sections = [
        ("Open cases", lines, 3),
        ("Promised replies", ["SUP-7: Ana owes Kim a reply, due 11:16"], 0),
        ("Hot", [], 0),
    ]
    yield (
        "hand-over of the week",
        weekly_card("Ana now, Bo next", "Mon 30 Nov, 09:00", "Bo", "Mon 30 Nov, 09:00", sections),
    )
    hostile = [("Open cases", [HOSTILE, ARABIC], 0)]
    yield "hostile hand-over", weekly_card(f"{HOSTILE} now", HOSTILE, ARABIC, HOSTILE, hostile)
    yield "swap asked", duty_card("Dan asks Farah to swap", "Dan gives 14 – 21 Dec and takes 28 Dec – 4 Jan.", swap=7)
    yield "rota alarm", duty_card("The rota needs you", "rota.yaml, line 3: members is empty.", alarm=True)
    wish = "Let a job name several namespaces, so that one definition is enough."
    yield "request", request_card("REQ-7", "Jobs in several namespaces", wish, 1, False)
    yield "voted request", request_card("REQ-7", "Jobs in several namespaces", wish, 12, True)
    yield "hostile request", request_card(HOSTILE, HOSTILE, HOSTILE, 0, False)
    yield "requests", requests_card([RequestRow(f"FR-{n}", "Jobs in several namespaces", 20 - n) for n in range(12)])
    marked = [RequestRow("FR-1", "A page", 3, "planned", voted=True), RequestRow("FR-2", "<b>*x*</b>", 1, "open")]
    yield "requests with the reader's vote", requests_card(marked)
    yield "no requests", requests_card([])
    told = "Partition changes wait. See [the status page](https://status.example)."
    yield "notice", notice_card("Kafka quotas are frozen in eu-west", told, "Wed 10:36", "Ana")
    yield "Arabic notice", notice_card(ARABIC[:40], ARABIC, "10:36", "Ana")
    examples = ("How do I raise a Kafka partition quota?", "Can JOR start a job elsewhere?", "Who is on duty?")
    yield "welcome", welcome_card("the platform", "Dev Insight", examples, by_name=False)
    yield "page found", page_card(CITATION, base_url=BASE)
    yield "FAQ form", faq_form("List the caller.", question="Can JOR?", fault="Fill in both.", command="makeFaq")
    yield "help", help_card("the platform", "Dev Insight", COMMANDS)
    yield "reminder", reminder_card(handed_over())
    yield "follow-up", follow_up_card(replace(handed_over(), sheriff="Ana", resolution="The owner lists the caller."))
    yield "welcome in a channel", welcome_card("the platform", "Dev Insight", examples, by_name=True)


CARDS: dict[str, Card] = {**dict(replies()), **dict(of_cases()), **dict(others())}
