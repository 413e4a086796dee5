"""The ledger over real cases and a real store: numbers that stay, deeds of people, and asking again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.gapwork import GapWork
from bot.library import StoppedError
from bot.messages import Person
from bot.store.opening import Store, open_store
from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause, Event
from bot.support.ledger import GapKind, GapState
from bot.support.overtaken import Overtaken
from knowledge.citing import cite_all
from knowledge.errors import Misuse
from knowledge.model import Answer, Chunk, Kind, Outcome, Passage
from knowledge.ports import Matrix
from knowledge.search import search
from tests.fakes import HashEmbedder, MemoryIndex, a_case

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
ANA, BO = Person("ana", "Ana"), Person("bo", "Bo")
JOR = (
    "Can JOR start a job in the namespace of another application?",
    "may JOR start a job in the namespace of another application",
    "Can JOR start jobs in a namespace of another application",
)
DNS = "Why is the DNS alias still answering from the old region?"


def a_page(path: str, text: str) -> Chunk:
    name = path.removesuffix(".md")
    return Chunk(
        f"{path}:{hash(text)}", f"docs:{path}", "docs", path, name, Kind.PAGE, (), "", 0, text, owner="batch team"
    )


@dataclass
class SmallLibrary:
    """A real search over a few pages; what is sure is said by the test."""

    pages: dict[str, str] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)  # questions answered with confidence
    embedder: HashEmbedder = field(default_factory=lambda: HashEmbedder(256))

    @property
    def fingerprint(self) -> str:
        return self.embedder.fingerprint

    def embed(self, texts: Sequence[str]) -> Matrix:
        return self.embedder.embed(texts)

    def passages(self, words: str, *, limit: int = 8) -> Sequence[Passage]:
        index = MemoryIndex(self.embedder, [a_page(path, text) for path, text in self.pages.items()])
        return search(words, index=index, embedder=self.embedder, limit=limit).passages

    def quoted(self, question: str) -> Answer:
        if question not in self.sure:
            return Answer(Outcome.HINTED, "Perhaps.", 0.5)
        return Answer(Outcome.ANSWERED, "Yes.", 0.9, citations=cite_all(list(self.passages(question))[:1]))

    def documents(self) -> Mapping[str, str]:
        return {f"docs:{path}": str(hash(text)) for path, text in self.pages.items()}


@dataclass
class Office:
    store: Store
    library: SmallLibrary
    now: list[datetime]

    @property
    def work(self) -> GapWork:
        return GapWork(self.store.gaps, self.library, lambda: self.now[0])

    def ask(self, number: int, question: str, *, who: str = "Kim", weeks_ago: float = 0, **given: object) -> Case:
        at = self.now[0] - timedelta(weeks=weeks_ago, hours=1)
        opened = (Event(at, "opened", who, question),)
        usual = {"question": question, "asker": Person(who.lower(), who), "opened": at, "updated": at, "events": opened}
        case = a_case(f"c-{number:08}", **(usual | {"state": CaseState.NEW, "outcome": "unanswered"} | given))
        return self.store.cases.save_new(case)

    def resolve(self, number: int, cause: Cause, resolution: str) -> None:
        case_id, at = f"c-{number:08}", self.now[0]
        self.store.cases.record(case_id, lambda c: transitions.take(c, by="Ana", at=at - timedelta(minutes=24)))
        self.store.cases.record(
            case_id, lambda c: transitions.resolve(c, by="Ana", at=at, cause=cause, resolution=resolution)
        )

    def gaps(self) -> list[tuple[int, int, int]]:
        return [(gap.number, gap.people, gap.questions) for gap in self.store.gaps.ranked()]


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    now = [NOW]
    store = open_store(database_url, clock=lambda: now[0])
    yield Office(store, SmallLibrary({"jor.md": "A job runs in its own namespaces."}), now)
    store.close()


def test_a_gap_keeps_its_number_as_it_grows_and_a_second_run_changes_nothing(office: Office) -> None:
    office.ask(1, JOR[0])
    office.ask(2, DNS, who="Sam")
    assert office.work.refresh()
    before = {number: people for number, people, _ in office.gaps()}

    office.ask(3, JOR[1], who="Lea")
    office.ask(4, JOR[2], who="Omar")
    assert office.work.refresh()
    grown = office.gaps()
    assert office.work.refresh()

    assert sorted(before) == [1, 2]
    assert grown == [(1, 3, 3), (2, 1, 1)]
    assert office.gaps() == grown
    assert "JOR" in office.store.gaps.ranked()[0].name


def test_one_person_asking_again_and_again_counts_once(office: Office) -> None:
    for number in range(40):
        office.ask(100 + number, "How do I shard Kafka?", who="Omar")
    office.ask(1, JOR[0])
    office.ask(2, JOR[1], who="Lea")

    office.work.refresh()

    first, second = office.store.gaps.ranked()
    assert (first.people, "JOR" in first.name) == (2, True)
    assert (second.people, second.questions, second.weeks[-1]) == (1, 40, 1)


def test_what_helped_is_no_gap_and_what_did_not_is_one(office: Office) -> None:
    office.ask(1, "Hinted and confirmed", state=CaseState.CLOSED, outcome="hinted")
    office.ask(2, "Answered", state=CaseState.ANSWERED, outcome="answered")
    office.ask(3, "Where is the Thanos cost split?", state=CaseState.ANSWERED, outcome="answered", who="Lea")
    office.store.cases.record(
        "c-00000003", lambda c: transitions.rate(c, by="Lea", at=NOW, helpful=False, reason="old page")
    )

    office.work.refresh()

    assert [gap.name for gap in office.store.gaps.ranked()] == ["Where is the Thanos cost split?"]


def test_a_fault_in_files_is_a_gap_when_several_people_have_it(office: Office) -> None:
    said = "**1 error** in alerting.yaml.\n- line 3, column 5: threshold 1 warns too late (AL003). Write `2`."
    checked = {"state": CaseState.ANSWERED, "outcome": "checked", "answer": said}
    office.ask(1, "Check of YAML", **checked)
    office.work.refresh()
    assert office.gaps() == []

    office.ask(2, "Check of YAML", who="Lea", **checked)
    office.work.refresh()

    (gap,) = office.store.gaps.ranked()
    assert (gap.topic, gap.kind, gap.people) == ("AL003", GapKind.FILES, 2)
    assert "AL003" in gap.name


def test_a_gap_of_file_errors_is_verified_when_the_changed_page_answers_for_the_error(office: Office) -> None:
    said = "**1 error** in alerting.yaml.\n- line 3, column 5: threshold 1 warns too late (AL003). Write `2`."
    checked = {"state": CaseState.ANSWERED, "outcome": "checked", "answer": said}
    office.ask(1, "Check of YAML", **checked)
    office.ask(2, "Check of YAML", who="Lea", **checked)
    office.work.refresh()
    office.work.ask_again()
    before = office.store.gaps.ranked()[0].state
    office.library.sure.add("threshold 1 warns too late (AL003)")
    office.library.pages["alerting.md"] = "AL003: the threshold 1 warns too late."

    office.now[0] += timedelta(hours=1)
    office.work.ask_again()

    (gap,) = office.store.gaps.ranked()
    assert (before, gap.state) == (GapState.OPEN, GapState.VERIFIED)


def test_the_sheriffs_minutes_and_the_cause_are_read_from_the_case(office: Office) -> None:
    office.ask(1, JOR[0])
    office.resolve(1, Cause.MISSING, "The owner of the target lists your application under callers in jor.yaml.")

    office.work.refresh()

    (gap,) = office.store.gaps.ranked()
    assert (gap.minutes, gap.kind, gap.page, gap.owner) == (24, GapKind.MISSING, "docs:jor.md", "batch team")
    assert "### Can JOR start a job in the namespace of another application\n\nThe owner" in gap.draft


def test_of_two_reviewers_the_second_is_told_who_was_faster(office: Office) -> None:
    office.ask(1, JOR[0])
    office.work.refresh()
    gaps = office.store.gaps

    drafted = gaps.act(1, GapState.DRAFTED, ANA, version=1)
    with pytest.raises(Overtaken, match=r"Ana was faster: GAP-1 is drafted now\. Nothing of yours was stored"):
        gaps.act(1, GapState.NOT_A_GAP, BO, version=1)

    assert (drafted.version, gaps.get(1)) == (2, drafted)
    assert [(event.kind, event.by) for event in gaps.history(1)] == [("opened", "Sheriff"), ("drafted", "Ana")]
    with pytest.raises(Misuse, match="There is no GAP-9"):
        gaps.act(9, GapState.DRAFTED, BO, version=1)


def test_joined_questions_stay_together_and_the_old_number_leads_there(office: Office) -> None:
    office.ask(1, JOR[0])
    office.ask(2, DNS, who="Sam")
    office.work.refresh()
    gaps = office.store.gaps

    gaps.join(2, 1, ANA, version=1)
    office.ask(3, DNS + " Again", who="Lea")
    office.work.refresh()

    joined = gaps.get(2)
    assert joined is not None
    assert (joined.state, joined.joined) == (GapState.JOINED, 1)
    assert office.gaps() == [(1, 3, 3)]
    with pytest.raises(Misuse, match="cannot join"):
        gaps.join(1, 2, ANA, version=gaps.ranked()[0].version)


def test_split_questions_become_a_gap_of_their_own_and_stay_there(office: Office) -> None:
    office.ask(1, JOR[0])
    office.ask(2, JOR[1], who="Lea")
    office.work.refresh()
    gaps = office.store.gaps

    with pytest.raises(Misuse, match="Choose some of the questions"):
        gaps.split(1, ["c-00000001", "c-00000002"], ANA, version=1)
    new = gaps.split(1, ["c-00000002"], ANA, version=1)
    office.work.refresh()
    office.work.regroup()

    assert sorted(office.gaps()) == [(1, 1, 1), (new, 1, 1)]


def test_a_gap_is_verified_when_the_changed_page_answers_and_regresses_when_that_ends(office: Office) -> None:
    office.ask(1, JOR[0], weeks_ago=2)
    office.work.refresh()
    office.work.ask_again()
    office.library.sure.add(JOR[0])
    office.now[0] += timedelta(hours=1)
    office.work.ask_again()
    unchanged = office.store.gaps.ranked()[0].state

    office.library.pages["jor.md"] = "A job of another application's namespace needs callers."
    office.work.ask_again()
    verified = office.store.gaps.ranked()[0]
    office.library.sure.clear()
    office.library.pages["jor.md"] = "Nothing about it any more."
    office.work.ask_again()

    assert unchanged is GapState.OPEN
    assert verified.state is GapState.VERIFIED
    assert verified.days_to_close == pytest.approx(14 + 2 / 24, abs=0.01)
    assert office.store.gaps.ranked()[0].state is GapState.REGRESSED
    assert "docs:jor.md" in office.store.gaps.history(1)[1].text


def test_a_verified_gap_that_is_asked_again_regresses(office: Office) -> None:
    office.ask(1, JOR[0])
    office.work.refresh()
    office.work.ask_again()
    office.library.sure.add(JOR[0])
    office.now[0] += timedelta(days=1)
    office.library.pages["jor.md"] = "A job of another application's namespace needs callers."
    office.work.ask_again()

    office.now[0] += timedelta(days=1)
    office.ask(2, JOR[1], who="Lea")
    office.work.refresh()

    assert office.store.gaps.ranked()[0].state is GapState.REGRESSED


def test_while_one_process_works_another_leaves_it_alone(office: Office) -> None:
    office.ask(1, JOR[0])
    progress = office.store.gaps.claim()

    assert not office.work.refresh()
    assert progress is not None
    office.store.gaps.release(progress)
    assert office.work.refresh()


def test_a_process_that_died_at_it_is_followed_by_another(office: Office) -> None:
    office.store.gaps.claim()
    office.now[0] += timedelta(hours=1)

    assert office.work.refresh()


def test_with_another_embedding_model_gaps_keep_their_numbers(office: Office) -> None:
    office.ask(1, JOR[0])
    office.ask(2, DNS, who="Sam")
    office.work.keep_up()
    before = office.gaps()

    office.library.embedder = HashEmbedder(128)
    office.ask(3, JOR[1], who="Lea")
    office.work.keep_up()

    assert sorted(before) == [(1, 1, 1), (2, 1, 1)]
    assert sorted(office.gaps()) == [(1, 2, 2), (2, 1, 1)]


def test_a_stop_while_questions_are_read_loses_nothing(office: Office) -> None:
    office.ask(1, JOR[0])
    stopping = GapWork(office.store.gaps, office.library, lambda: NOW, stopping=lambda: True)

    with pytest.raises(StoppedError):
        stopping.refresh()
    assert office.work.refresh()

    assert office.gaps() == [(1, 1, 1)]


def test_an_empty_history_has_no_gaps(office: Office) -> None:
    assert office.work.refresh()
    assert office.gaps() == []


def test_a_forgotten_persons_words_leave_the_ledger_and_the_count_stays(office: Office) -> None:
    from bot.store.forgetting import REMOVED, footprint, forget

    office.ask(1, JOR[0], state=CaseState.ANSWERED, outcome="hinted")
    office.work.refresh()
    gap = office.store.gaps.ranked()[0]
    office.store.gaps.act(1, GapState.DRAFTED, Person("kim", "Kim"), version=gap.version)

    forget(office.store.engine, footprint(office.store.engine, Person("kim", "Kim")))
    removed = office.store.gaps.ranked()[0]
    office.work.refresh()

    assert removed.name == REMOVED
    assert office.store.gaps.vectors()[0] == []
    assert office.gaps() == [(1, 1, 1)]
    assert [event.by for event in office.store.gaps.history(1)] == ["Sheriff", "Someone"]
