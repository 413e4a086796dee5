"""What follows when a case was resolved: an FAQ draft, a feature request, approvals left half done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.aftercare import Aftercare
from bot.messages import Person
from bot.support.cases import CaseState, Cause, Event, EventKind
from bot.support.faq_drafts import DraftState
from bot.support.transitions import reopen, resolve
from tests.fakes import a_case, wishes_of
from tests.integration.test_faq import World
from tests.web_office import BO, KIM

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WISH = "Could the portal show what a namespace costs per day?"


class Scene(World):
    now = NOW

    @property
    def care(self) -> Aftercare:
        wishes = wishes_of(self.store)
        curation = self.curation(clock=lambda: self.now)
        return Aftercare(self.store.engine, self.store.cases, curation, wishes, lambda: self.now)

    def a_wish(self, case_id: str, question: str = WISH, asker: Person = KIM) -> None:
        handed = (Event(NOW - timedelta(hours=2), EventKind.HANDED_OVER, "Sheriff"),)
        case = a_case(case_id, question=question, asker=asker, state=CaseState.ASSIGNED, events=handed)
        self.store.cases.save_new(case)
        at = NOW - timedelta(hours=1)
        text = "That does not exist yet."
        self.store.cases.record(case_id, lambda c: resolve(c, by="Ana", at=at, cause=Cause.WISH, resolution=text))

    def kept(self) -> list[tuple[str, int]]:
        return [(one.text, one.votes) for one in wishes_of(self.store).store.all()]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.store.close()


def test_one_tap_on_the_card_drafts_an_entry_for_a_reviewer(scene: Scene) -> None:
    assert scene.care.sweep() == 1
    assert scene.care.sweep() == 0

    (draft,) = scene.store.faq.all(DraftState.DRAFTED)
    assert (draft.case_id, draft.by) == (scene.case, "Ana")


def test_a_case_that_is_open_again_is_not_drafted_and_harms_nothing(scene: Scene) -> None:
    scene.store.cases.record(scene.case, lambda c: reopen(c, by="Kim", at=NOW, text="Still broken."))

    assert scene.care.sweep() == 0
    assert scene.store.faq.all(*DraftState) == ()


def test_what_a_sheriff_calls_a_wish_is_a_feature_request_with_the_askers_vote_once(scene: Scene) -> None:
    scene.a_wish("c-00000011")
    scene.a_wish("c-00000012", WISH, BO)

    scene.care.sweep()
    scene.care.sweep()

    assert scene.kept() == [(WISH, 2)]
    case = scene.store.cases.get("c-00000011")
    assert case is not None
    told = [event.text for event in case.events if event.kind == EventKind.WISHED]
    assert told == ["Kept as feature request FR-1, with a vote of Kim."]


def test_a_vote_that_was_taken_back_does_not_return(scene: Scene) -> None:
    scene.a_wish("c-00000011")
    scene.care.sweep()
    wishes_of(scene.store).store.unvote(1, KIM.id)

    scene.care.sweep()

    assert scene.kept() == [(WISH, 0)]


@pytest.mark.parametrize("came_as_far_as_the_file", [False, True])
def test_an_approval_whose_process_died_is_finished_by_the_next(scene: Scene, came_as_far_as_the_file: bool) -> None:
    draft = scene.curation().draft(scene.case, BO)
    scene.store.faq.decide(draft.number, BO, DraftState.APPROVED, entry=draft.entry)  # and then the process dies
    if came_as_far_as_the_file:
        scene.file.write_text(f"{scene.file.read_text()}\n  - id: {draft.entry.id}\n    question: q\n    answer: a\n")

    before = scene.store.faq.get(draft.number).proof
    scene.now = scene.store.clock() + timedelta(minutes=5)
    scene.care.sweep()
    early = scene.store.faq.get(draft.number).proof
    scene.now = scene.store.clock() + timedelta(hours=1)
    scene.care.sweep()

    after = scene.store.faq.get(draft.number)
    assert (before, early) == ({}, {})
    assert after.proof["outcome"] == "unanswered"
    assert bool(after.patch) is not came_as_far_as_the_file
    assert scene.file.read_text().count(f"id: {draft.entry.id}") == int(came_as_far_as_the_file)
