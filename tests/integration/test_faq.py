"""From a resolved case to the FAQ: the draft, the file in Git, the index, and the question asked again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from bot.curating import Curation, is_proved
from bot.faq_files import local_file
from bot.library import Library, Reading
from bot.messages import Person
from bot.settings import Settings
from bot.sources import sources as sources_of
from bot.store.forgetting import footprint, forget, people
from bot.store.opening import Store, open_store
from bot.support.cases import CaseState, Cause, Event, EventKind
from bot.support.faq_drafts import DraftState, FaqEntry
from bot.support.overtaken import Overtaken
from bot.support.transitions import resolve
from ingestion.sources import FaqSource, Source
from knowledge.adapters.local_embedder import LocalEmbedder
from knowledge.errors import Misuse, Unavailable
from knowledge.model import Answer, Outcome
from knowledge.relevance import Policy
from tests.fakes import a_case
from tests.web_office import ANA, BO, KIM, Office

FILE = """\
# Written by hand.
component: jor

entries:
  - id: calendar
    question: Which calendar does a job use?   # often asked
    answer: |
      The one of its group.

# The end.
"""
ASKED = "Can JOR start a job in a namespace of another application?"
RESOLUTION = "Kim, list the caller under `callers` in jor.yaml of the target namespace."


class Scripted:
    """An index that answers as it is told, and remembers what it was to read."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []
        self.answers = Answer(Outcome.UNANSWERED, "", 0.1)
        self.fault: Exception | None = None

    def ingest(self, sources: Sequence[Source]) -> object:
        if self.fault:
            raise self.fault
        self.read.append([source.name for source in sources])
        return None

    def answer(self, question: str) -> Answer:
        return self.answers


class World:
    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "repo", folder / "home"
        self.folder.mkdir()
        self.home.mkdir()
        self.file = self.folder / "jor.yaml"
        self.file.write_text(FILE)
        self.store: Store = open_store(f"sqlite:///{folder / 'sheriff.db'}")
        self.index = Scripted()
        self.case = self.resolved("c-00000001", ASKED, KIM)

    def resolved(self, case_id: str, question: str, asker: Person, **given: Any) -> str:
        handed = (Event(datetime(2026, 11, 25, 9, 36, tzinfo=UTC), EventKind.HANDED_OVER, "Sheriff"),)
        given = {"question": question, "asker": asker, "component": "jor", "events": handed, **given}
        case = a_case(case_id, state=CaseState.ASSIGNED, **given)
        self.store.cases.save_new(case)
        self.store.cases.record(
            case_id,
            lambda c: resolve(c, by="Ana", at=c.opened, cause=Cause.MISSING, resolution=RESOLUTION, faq=True),
        )
        return case_id

    def curation(self, **given: Any) -> Curation:
        made = Curation(self.store.faq, self.store.cases, self.index, self.sources, self.home, self.store.clock)
        return replace(made, **given)

    def sources(self) -> list[Source]:
        own = [FaqSource("resolved-cases", local_file(self.home))] if local_file(self.home).exists() else []
        return [FaqSource("faq", self.folder), *own]

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.folder), *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def in_git(self) -> None:
        self.git("init", "-q")
        self.git("add", ".")
        self.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.close()


def test_a_draft_has_the_askers_words_those_of_others_and_nobodys_name(world: World) -> None:
    world.resolved("c-00000002", "Can JOR start a job in the namespace of another team?", Person("eve", "Eve"))

    draft = world.curation().draft(world.case, ANA)

    assert draft.entry.question == ASKED
    assert draft.entry.phrasings == ("Can JOR start a job in the namespace of another team?",)
    assert draft.entry.answer == "the asker, list the caller under `callers` in jor.yaml of the target namespace."
    assert draft.file == str(world.file)


def test_a_secret_does_not_reach_the_draft(world: World) -> None:
    case = world.resolved("c-00000003", "Why is ghp_abcdefghijklmnopqrstuvwxyz0123456789 refused by JOR?", KIM)

    assert "ghp_" not in str(world.curation().draft(case, ANA))


def test_a_case_is_drafted_once_and_an_open_one_not_at_all(world: World) -> None:
    world.store.cases.save_new(a_case("c-00000004"))
    first = world.curation().draft(world.case, ANA)

    assert world.curation().draft(world.case, BO) == first
    with pytest.raises(Misuse, match="Only a resolved case"):
        world.curation().draft("c-00000004", ANA)


def test_what_a_sheriff_wants_in_the_faq_is_listed_until_it_is_drafted(world: World) -> None:
    assert [case.id for case in world.curation().wanted()] == [world.case]
    world.curation().draft(world.case, ANA)

    assert world.curation().wanted() == []


def test_as_a_patch_the_file_stays_git_takes_the_patch_and_the_entry_lives_in_the_home(world: World) -> None:
    world.in_git()
    draft = world.curation().draft(world.case, ANA)

    done = world.curation().approve(draft.number, BO, draft.entry)

    assert world.file.read_text() == FILE
    assert draft.entry.id in local_file(world.home).read_text()
    (world.folder.parent / "faq.patch").write_text(done.patch)
    world.git("apply", "--check", "../faq.patch")
    world.git("apply", "../faq.patch")
    assert f"id: {draft.entry.id}" in world.file.read_text()
    world.curation().keep_local()  # the source has it now
    assert draft.entry.id not in local_file(world.home).read_text()


def test_committed_the_file_keeps_its_comments_and_the_rest_of_the_tree_is_left_alone(world: World) -> None:
    world.in_git()
    (world.folder / "other.txt").write_text("mine")
    draft = world.curation().draft(world.case, ANA)

    done = world.curation(mode="commit").approve(draft.number, BO, draft.entry)

    assert done.written == world.git("rev-parse", "--short", "HEAD").strip()
    assert world.git("status", "--porcelain") == "?? other.txt\n"
    assert all(line in world.file.read_text().splitlines() for line in FILE.splitlines())
    assert world.git("log", "-1", "--format=%s").startswith("FAQ: Can JOR")


def test_a_file_with_somebodys_changes_is_written_but_not_committed(world: World) -> None:
    world.in_git()
    world.file.write_text(FILE.replace("by hand", "by Eve"))
    draft = world.curation().draft(world.case, ANA)

    done = world.curation(mode="commit").approve(draft.number, BO, draft.entry)

    assert done.written == "file"
    assert "by Eve" in world.file.read_text()
    assert world.git("log", "--format=%s") == "one\n"


def test_the_second_reviewer_is_told_who_was_faster(world: World) -> None:
    draft = world.curation().draft(world.case, ANA)
    world.curation().approve(draft.number, BO, draft.entry, seen=draft.version)

    with pytest.raises(Overtaken, match="Bo has approved it"):
        world.curation().dismiss(draft.number, ANA, seen=draft.version)
    with pytest.raises(Misuse, match="already"):
        world.curation(mode="file").approve(draft.number, ANA, replace(draft.entry, id="calendar"))


def test_what_cannot_be_written_waits_for_a_reviewer_again(world: World) -> None:
    draft = world.curation().draft(world.case, ANA)
    world.file.write_text("entries: [{id: a}]\n")

    with pytest.raises(Misuse, match="by hand"):
        world.curation().approve(draft.number, BO, draft.entry)

    assert world.store.faq.get(draft.number).state is DraftState.DRAFTED


def test_an_index_that_cannot_be_written_leaves_the_entry_to_be_proved_later(world: World) -> None:
    draft = world.curation().draft(world.case, ANA)
    world.index.fault = Unavailable("The embeddings do not answer.")

    done = world.curation().approve(draft.number, BO, draft.entry)

    assert done.state is DraftState.APPROVED
    assert done.proof["text"] == "The embeddings do not answer."
    assert not is_proved(done)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": "No Good"}, "The id"),
        ({"question": " "}, "The question"),
        ({"answer": ""}, "The answer"),
        ({"answer": "x" * 9_000}, "The answer"),
    ],
)
def test_an_entry_that_is_none_is_refused_by_its_field(world: World, changed: dict[str, str], said: str) -> None:
    draft = world.curation().draft(world.case, ANA)

    with pytest.raises(Misuse, match=said):
        world.curation().approve(draft.number, BO, replace(draft.entry, **changed))


def test_the_question_is_answered_from_the_entry_after_it_is_approved(
    world: World, local_embedder: LocalEmbedder, tmp_path: Path
) -> None:
    library = Library(world.home, Reading(local_embedder, None, Policy.calibrated()))
    library.ingest(world.sources())
    before = library.answer(ASKED)
    draft = world.curation().draft(world.case, ANA)

    done = world.curation(index=library).approve(draft.number, BO, draft.entry)
    library.close()

    assert before.outcome is not Outcome.ANSWERED
    assert done.proof["outcome"] == "answered"
    assert is_proved(done)


def test_a_home_reads_its_own_entries_beside_its_sources(tmp_path: Path) -> None:
    local_file(tmp_path).write_text("entries: []\n")

    assert "resolved-cases" in [source.name for source in sources_of(Settings(home=tmp_path))]


def test_a_forgotten_persons_draft_goes_and_an_approved_entry_keeps_no_name(world: World) -> None:
    world.curation().draft(world.case, ANA)
    [kim] = people(world.store.engine, "Kim")

    forget(world.store.engine, footprint(world.store.engine, kim))

    assert world.store.faq.all(*DraftState) == ()


# ---- the pages ----


@pytest.fixture
def client(world: World, tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "web").mkdir()
    office = Office(tmp_path / "web")
    office.store = world.store
    with TestClient(
        office.app(cases=world.store.cases, curation=world.curation()), base_url="http://localhost"
    ) as client:
        yield client
    office.close()


def post(client: TestClient, path: str, **form: str) -> Any:
    return client.post(path, data=form, headers={"origin": "http://localhost"})


def test_one_tap_on_the_desk_and_a_review_bring_the_entry_and_its_patch(world: World, client: TestClient) -> None:
    post(client, f"/desk/{world.case}/faq")
    page = client.get("/faq/1").text
    entry = {"id": "another-namespace", "question": ASKED, "answer": "List the **caller**.", "phrasings": "one\ntwo"}

    done = post(client, "/faq/1/approve", seen="0", **entry)

    assert "Draft FAQ entry" not in client.get(f"/desk/{world.case}").text
    assert ASKED in page
    assert "Not answered from it yet" in done.text
    assert "+  - id: another-namespace" in client.get("/faq/1/patch").text
    late = post(client, "/faq/1/approve", seen="0", **{**entry, "answer": "My own words."})
    assert (late.status_code, "My own words." in late.text) == (409, True)


def test_hostile_words_in_a_draft_do_nothing(world: World, client: TestClient) -> None:
    world.store.faq.add(
        "c-9", ANA, FaqEntry("x", "<script>q</script>", "<img src=x>"), source="", file="", asked="<b>a</b>"
    )

    page = client.get("/faq").text + client.get("/faq/1").text

    assert "<script>q" not in page
    assert "<img src=x" not in page
    assert "<b>a</b>" not in page
