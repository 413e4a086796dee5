"""A case in Teams from the question to its resolution: the asker's thread, the sheriffs' thread, one card."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from bot.casework import Casework
from bot.channels.teams import TeamsChannel
from bot.channels.teams_adapter import TeamsConnection
from bot.channels.teams_auth import BotIdentity, authentication
from bot.channels.teams_link import TeamsLink
from bot.channels.teams_thread import Place
from bot.messages import CaseSummary, Incoming, Reply, ReplyKind
from bot.store.opening import Store, open_store
from bot.support.cases import Case, CaseState, Cause, EventKind
from bot.support.handoff import Notifier
from bot.telemetry import Metrics
from knowledge.model import Origin
from tests.bot_framework import APP_ID, BotFramework, FixedCredentials, listening, running_bot_framework
from tests.teams_bot import NOW, ROTA, SHERIFFS, StraightWorkflows, clock, talk_of, threads_of

ASKERS = "19:support@thread.tacv2;messageid=1"
ANA = {"id": "29:ana", "name": "Ana Alvarez", "aadObjectId": "aad-ana"}
BO = {"id": "29:bo", "name": "Bo", "aadObjectId": "aad-bo"}
EVE = {"id": "29:eve", "name": "Eve", "aadObjectId": "aad-eve"}


class KnowsNothing:
    """Hands every question over, as Sheriff does without an answer."""

    def __init__(self, store: Store, casework: Casework) -> None:
        self.store, self.casework = store, casework
        self.taken: list[Incoming] = []

    def take(self, incoming: Incoming, listen: object = None, /) -> Reply:
        self.taken.append(incoming)
        if incoming.text.startswith("request "):
            wish = self.store.requests.ask(incoming.text.removeprefix("request "), incoming.sender)
            return Reply(ReplyKind.NOTED, "Kept.", wish=wish.label)
        case = Case(
            f"c-{len(self.taken):08d}",
            CaseState.ANSWERED,
            incoming.text,
            incoming.sender,
            "teams",
            incoming.conversation,
            NOW,
            NOW,
            "unanswered",
            reference=incoming.reference,
        )
        self.store.cases.save_new(case)
        case = self.casework.hand_over(case.id)
        summary = CaseSummary(case.id, case.state.value, case.ticket, case.ticket_url, case.sheriff)
        return Reply(ReplyKind.UNANSWERED, "I don’t know.", case=summary)


class Office:
    """The bot, its store, and the Bot Framework."""

    def __init__(self, framework: BotFramework, store: Store) -> None:
        identity = BotIdentity(app_id=APP_ID, password="x", metadata_url=f"{framework.url}/metadata")
        credentials = FixedCredentials(APP_ID, "x", "")
        self.framework, self.store = framework, store
        self.link = TeamsLink(lambda: TeamsConnection(identity, authentication(identity, credentials)))
        self.threads = threads_of(store, self.link, Place(SHERIFFS, framework.url, f"28:{APP_ID}"))
        told: list[Notifier] = [self.link, self.threads]
        workflows: Any = StraightWorkflows(store, told)
        self.casework = Casework(store.cases, workflows=workflows, rota=ROTA, clock=clock)
        self.sheriff = KnowsNothing(store, self.casework)
        self.executor = ThreadPoolExecutor(4)
        talk = talk_of(store, self.threads, self.sheriff, self.executor, casework=self.casework, token=self.link.token)
        self.channel = TeamsChannel(link=self.link, talk=talk, metrics=Metrics())
        app = FastAPI()
        app.include_router(self.channel.router())
        self.client = TestClient(app, base_url="http://127.0.0.1:3978")

    def post(self, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.framework.token()}"}
        response = self.client.post("/api/messages", json=body, headers=headers)
        assert response.status_code in {200, 202}, response.text
        self.client.portal.call(self.channel.settled)
        return response.json() if response.content else None

    def say(self, text: str, *, conversation: str = ASKERS, **changes: Any) -> None:
        place = {"id": conversation, "conversationType": "channel"}
        mention = {"type": "mention", "text": "<at>Sheriff</at>", "mentioned": {"id": f"28:{APP_ID}"}}
        body = self.framework.message(f"<at>Sheriff</at> {text}", conversation=place, entities=[mention], **changes)
        self.post(body)

    def press(self, verb: str, who: dict[str, str], case: str = "c-00000001", **given: Any) -> dict[str, Any]:
        data = {"verb": verb, "case": case, "v": 1, **given}
        action = {"type": "Action.Execute", "verb": verb, "data": data}
        body = self.framework.message(type="invoke", name="adaptiveCard/action", value={"action": action})
        card = self.post({**body, "from": who})["value"]
        return dict(card)

    def case(self, case: str = "c-00000001") -> Case:
        found = self.store.cases.get(case)
        assert found is not None
        return found

    def said(self, where: str) -> list[dict[str, Any]]:
        """What was sent to a conversation; an update counts where it was put."""
        return [m for m in self.framework.messages() if m["_path"].split("/")[0] == where]

    @property
    def thread(self) -> str:
        post = self.store.posts.of_case("c-00000001", "case card")
        assert post is not None
        return f"{SHERIFFS};messageid={post.activity}"


@pytest.fixture(scope="module")
def running() -> Iterator[BotFramework]:
    with running_bot_framework() as framework:
        yield framework


@pytest.fixture
def office(running: BotFramework, tmp_path: Path) -> Iterator[Office]:
    running.sent.clear()
    running.failures.clear()
    running.refusing.clear()
    store = open_store(f"sqlite:///{tmp_path / 'cases.db'}", clock=clock)
    office = Office(running, store)
    with office.client:
        yield office
        office.client.portal.call(office.channel.close)
    office.executor.shutdown()
    store.close()


def card_of(message: dict[str, Any]) -> str:
    return str(message["attachments"][0]["content"])


def test_a_case_posts_once_into_the_sheriffs_channel_and_calls_who_is_on_duty(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")

    [posted] = office.said(SHERIFFS)
    assert "Can JOR start a job in another namespace?" in card_of(posted)
    assert posted["attachments"][0]["content"]["msteams"]["entities"][0]["mentioned"]["id"] == "aad-ana"
    assert "SUP-1" in card_of(posted)
    assert [e.text for e in office.case().events if e.kind == EventKind.SHERIFF_TOLD] == ["Ana was told in Teams."]


def test_what_the_sheriff_writes_in_the_thread_reaches_the_asker_with_the_name(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")

    office.say("Yes, list the caller under callers.", conversation=office.thread, **{"from": ANA})

    assert office.said(ASKERS)[-1]["text"] == (
        "Ana replies on SUP-1:\n\nYes, list the caller under callers.\n\nTo answer, start the message with “SUP-1:”."
    )
    assert office.case().state is CaseState.ASSIGNED
    assert office.case().sheriff == "Ana"
    updated = office.said(SHERIFFS)[-1]
    assert updated["_path"].endswith(office.thread.partition("=")[2])
    assert "list the caller under callers" in card_of(updated)


def test_what_the_asker_answers_reaches_the_thread_with_the_name_and_the_reverse_again(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")
    office.press("details", ANA, text="Which application?")
    assert "Ana asks about SUP-1:\n\nWhich application?" in office.said(ASKERS)[-1]["text"]

    office.say("ledger-batch")

    assert office.said(office.thread)[-1]["text"] == "Kim added to SUP-1:\n\nledger-batch"
    assert "Passed on to Ana (SUP-1)" in office.said(ASKERS)[-1]["text"]
    assert office.case().state is CaseState.ASSIGNED
    assert len(office.sheriff.taken) == 1


YAML = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitons: 12\n  password: hunter2hunter2\n"


@pytest.fixture
def files() -> Iterator[str]:
    """Where the channel keeps kafka.yaml."""
    app = FastAPI()
    app.add_api_route("/kafka.yaml", lambda: Response(YAML), response_model=None)
    with listening(app) as url:
        yield f"{url}/kafka.yaml"


def attached(address: str, name: str = "kafka.yaml") -> list[dict[str, Any]]:
    return [{"name": name, "contentType": "application/octet-stream", "contentUrl": address}]


@pytest.mark.parametrize("words", ["", "This is the file."])
def test_a_file_in_the_thread_of_an_open_case_is_added_to_it_with_what_a_check_finds(
    office: Office, files: str, words: str
) -> None:
    office.say("Why does JOR not start?")

    office.say(words, attachments=attached(files))

    assert len(office.sheriff.taken) == 1, "no second question"
    [added] = [e for e in office.case().events if e.kind == EventKind.DETAILS_ADDED]
    assert added.text.startswith(words)
    assert "in kafka.yaml" in added.text
    assert "partitons" in added.text
    assert "hunter2" not in added.text
    assert office.said(office.thread)[-1]["text"].startswith("Kim added to SUP-1:")
    assert "partitons" in office.said(office.thread)[-1]["text"]
    assert "Passed on to Ana (SUP-1)" in office.said(ASKERS)[-1]["text"]
    assert "in kafka.yaml" in office.said(ASKERS)[-1]["text"]


def test_a_file_that_is_no_yaml_is_named_in_the_case(office: Office, files: str) -> None:
    office.say("Why does JOR not start?")

    office.say("", attachments=attached(files, "trace.log"))

    [added] = [e for e in office.case().events if e.kind == EventKind.DETAILS_ADDED]
    assert added.text.startswith("trace.log: not checked.")


def test_a_picture_in_the_thread_of_an_open_case_is_answered_and_its_words_are_passed_on(office: Office) -> None:
    picture = [{"name": "a.png", "contentType": "image/png", "contentUrl": "http://x/"}]
    office.say("Why does JOR not start?")

    office.say("", attachments=picture)
    assert all(e.kind != EventKind.DETAILS_ADDED for e in office.case().events)
    assert "can’t read pictures" in office.said(ASKERS)[-1]["text"]

    office.say("It says: no quota.", attachments=picture)
    assert [e.text for e in office.case().events if e.kind == EventKind.DETAILS_ADDED] == ["It says: no quota."]
    assert "Passed on to Ana" in office.said(ASKERS)[-1]["text"]
    assert "can’t read pictures" in office.said(ASKERS)[-1]["text"]


def test_a_file_with_another_question_is_checked(office: Office, files: str) -> None:
    office.say("Why does JOR not start?")

    office.say("new: is this right?", attachments=attached(files))

    assert [a.name for a in office.sheriff.taken[1].attachments] == ["kafka.yaml"]
    assert all(e.kind != EventKind.DETAILS_ADDED for e in office.case().events)


@pytest.mark.parametrize("words", ["thanks, that solved it", "thank you", "hello"])
def test_politeness_in_the_thread_is_no_news_for_the_sheriff(office: Office, words: str) -> None:
    office.say("Can JOR start a job in another namespace?")

    office.say(words)

    assert [incoming.text for incoming in office.sheriff.taken][1:] == [words]
    assert all(event.kind != EventKind.DETAILS_ADDED for event in office.case().events)


def test_another_question_in_the_same_thread_is_asked_when_it_says_so(office: Office) -> None:
    office.say("first question?")

    office.say("new: second question?")

    assert [incoming.text for incoming in office.sheriff.taken] == ["first question?", "second question?"]


def test_the_card_goes_through_its_states_in_place(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")

    taken = office.press("take", ANA)
    assert "take" not in str([a.get("verb") for a in taken["actions"]])
    office.press("resolve", ANA, cause="missing", resolution="List the caller under callers.", faq="true")

    case = office.case()
    assert (case.state, case.cause, case.resolution) == (
        CaseState.RESOLVED,
        Cause.MISSING,
        "List the caller under callers.",
    )
    assert next(e for e in case.events if e.kind == EventKind.RESOLVED).data["faq"] is True
    assert "List the caller under callers." in office.said(ASKERS)[-1]["text"]
    posts = [m for m in office.framework.messages() if m["_path"] == f"{SHERIFFS}/activities"]
    updates = [m for m in office.framework.messages() if m["_path"].startswith(f"{SHERIFFS}/activities/")]
    assert (len(posts), len(updates) >= 2) == (1, True)
    assert "Resolved" in card_of(updates[-1])


def test_a_case_is_handed_to_a_colleague_or_is_none(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")
    office.press("hand_to", ANA, member="Bo")
    assert office.case().sheriff == "Bo"

    office.press("not_a_case", BO)

    assert office.case().state is CaseState.RESOLVED
    assert "not a case for the platform team" in office.said(ASKERS)[-1]["text"]


@pytest.mark.parametrize("verb", ["take", "reply", "details", "resolve", "hand_to", "not_a_case"])
def test_a_stranger_changes_nothing_by_the_buttons_of_the_sheriffs(office: Office, verb: str) -> None:
    office.say("Can JOR start a job in another namespace?")
    before = office.case()

    card = office.press(verb, EVE, text="x", cause="missing", resolution="x", member="Bo")

    assert "Only the members of the rota" in card["fallbackText"]
    assert office.case() == before


def test_a_stranger_in_the_sheriffs_thread_is_told_and_not_passed_on(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")

    office.say("Just do it.", conversation=office.thread, **{"from": EVE})

    assert "Eve is not in the rota" in office.said(office.thread)[-1]["text"]
    assert office.case().state is CaseState.NEW


def test_a_button_of_a_case_that_has_ended_says_so(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")
    office.press("withdraw", {"id": "29:kim", "name": "Kim", "aadObjectId": "aad-kim"})

    card = office.press("take", ANA)

    assert "was withdrawn" in card["fallbackText"]
    assert office.case().state is CaseState.WITHDRAWN


def test_a_card_of_another_version_does_nothing(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")

    assert "another version" in office.press("take", ANA, v=7)["fallbackText"]
    assert office.case().state is CaseState.NEW


def test_resolving_needs_a_cause_and_a_resolution(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")

    assert "Choose the cause" in office.press("resolve", ANA, resolution="x")["fallbackText"]
    assert "Write the resolution" in office.press("resolve", ANA, cause="missing")["fallbackText"]
    assert office.case().state is CaseState.NEW


def test_people_who_talk_among_themselves_in_a_thread_are_left_alone(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")
    place = {"id": ASKERS, "conversationType": "channel"}

    office.post({**office.framework.message("I had that, too.", conversation=place), "from": EVE})

    assert len(office.sheriff.taken) == 1


def test_talk_in_the_sheriffs_channel_outside_of_cases_is_left_alone(office: Office) -> None:
    place = {"id": SHERIFFS, "conversationType": "channel"}

    office.post({**office.framework.message("Lunch?", conversation=place, id="9"), "from": ANA})

    assert office.sheriff.taken == []


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_an_asker_who_cannot_be_reached_for_good_is_a_dead_end_that_case_and_sheriff_see(
    office: Office, status: int
) -> None:
    office.say("Can JOR start a job in another namespace?")
    office.framework.refusing[ASKERS] = status

    office.say("Yes, list the caller under callers.", conversation=office.thread, **{"from": ANA})

    [dead_end] = [e.text for e in office.case().events if e.kind == EventKind.NOT_TOLD]
    assert dead_end.startswith("Kim was not told in Teams: ")
    assert f"(HTTP {status})" in dead_end
    [told] = [m["text"] for m in office.said(office.thread) if "SUP-1: Kim was not told" in m.get("text", "")]
    assert "Reach the person another way." in told
    assert office.store.cases.unheard(case_id="c-00000001") == ()


def test_a_sheriffs_channel_that_takes_no_messages_is_a_dead_end_that_the_case_shows(office: Office) -> None:
    office.framework.refusing[SHERIFFS] = 403

    office.say("Can JOR start a job in another namespace?")

    kinds = [e.kind for e in office.case().events]
    assert EventKind.NOT_TOLD in kinds
    assert EventKind.SHERIFF_TOLD not in kinds


def test_a_card_that_was_deleted_keeps_nobody_from_hearing_the_news(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")
    office.framework.refusing[SHERIFFS] = 404

    office.press("reply", ANA, text="Yes, list the caller.")

    assert office.said(ASKERS)[-1]["text"].startswith("Ana replies on SUP-1:\n\nYes, list the caller.")
    assert all(e.kind != EventKind.NOT_TOLD for e in office.case().events)


# ---- commands ----


@pytest.mark.parametrize("words", ["who is on duty?", "rota"])
def test_who_is_on_duty_until_when_and_who_comes_next(office: Office, words: str) -> None:
    office.say(words)

    card = card_of(office.said(ASKERS)[-1])
    assert "Ana" in card
    assert "30 Nov, 09:00" in card
    assert "Bo" in card


def test_my_cases_and_the_status_of_one_show_only_my_own(office: Office) -> None:
    office.say("my cases")
    assert "You have no cases." in card_of(office.said(ASKERS)[-1])
    office.say("Can JOR start a job in another namespace?")

    office.say("my cases")
    assert "Can JOR start a job" in card_of(office.said(ASKERS)[-1])
    office.say("status sup-1")
    assert "SUP-1" in card_of(office.said(ASKERS)[-1])
    office.say("status SUP-1", **{"from": EVE})
    assert "You have no case SUP-1." in card_of(office.said(ASKERS)[-1])


def test_help_lists_what_can_be_said(office: Office) -> None:
    office.say("help")

    card = card_of(office.said(ASKERS)[-1])
    assert "my cases" in card
    assert "top requests" in card
    assert office.sheriff.taken == []


def test_a_wish_is_stored_once_and_voted_for_once_a_person(office: Office) -> None:
    office.say("feature request: a page on Couchbase sizing")
    office.say("feature request A page on Couchbase  sizing.", **{"from": EVE})
    data = {"verb": "vote", "request": "FR-1", "v": 1}
    vote = {"type": "Action.Execute", "verb": "vote", "data": data}
    for who in (BO, BO, EVE):
        body = office.framework.message(type="invoke", name="adaptiveCard/action", value={"action": vote})
        office.post({**body, "from": who})

    assert [(r.label, r.votes) for r in office.store.requests.top()] == [("FR-1", 3)]
    office.say("top requests")
    assert "a page on Couchbase sizing" in card_of(office.said(ASKERS)[-1])


def test_a_request_that_no_page_answers_becomes_a_card_to_vote_on(office: Office) -> None:
    office.say("request GPU nodes")

    assert [incoming.text for incoming in office.sheriff.taken] == ["request GPU nodes"]  # the pages are asked first
    card = card_of(office.said(ASKERS)[-1])
    assert "GPU nodes" in card
    assert "FR-1" in card


def test_a_wish_alike_is_a_vote_and_a_button_makes_it_one_of_its_own(office: Office) -> None:
    office.say("feature request: a page on Couchbase sizing")
    office.say("feature request: a page on Couchbase sizing please", **{"from": EVE})

    card = card_of(office.said(ASKERS)[-1])
    assert "very much like this one" in card
    assert "Mine is different" in card
    assert "another person" in str(office.press("different", BO, request="FR-2"))
    office.press("different", EVE, request="FR-2")
    assert [r.votes for r in office.store.requests.top()] == [1, 1]


def test_the_list_of_wishes_votes_in_place(office: Office) -> None:
    office.say("feature request: a page on Couchbase sizing")
    office.say("top requests", **{"from": EVE})
    assert "'verb': 'vote'" in card_of(office.said(ASKERS)[-1])

    card = str(office.press("vote", EVE, request="FR-1", listed=True))

    assert "What people ask for" in card
    assert "2 votes" in card
    assert "'verb': 'vote'" not in card


# ---- notices ----


def test_a_sheriff_pins_a_notice_with_a_message_and_ends_it_with_a_button(office: Office) -> None:
    office.say("notice: Kafka quotas are frozen for 4h\nWait for noon.", **{"from": ANA})
    pinned = card_of(office.said(ASKERS)[-1])
    ended = office.press("end_notice", BO, notice=1, seen=0)
    late = office.press("prolong_notice", ANA, notice=1, seen=0)

    assert "Kafka quotas are frozen" in pinned
    assert "Wait for noon." in pinned
    assert "ended by Bo" in str(ended)
    assert "Bo ended it" in str(late)


@pytest.mark.parametrize("said", ["notice: Kafka quotas are frozen for 4h", "notice nothing until 18:00"])
def test_who_is_not_in_the_rota_pins_nothing(office: Office, said: str) -> None:
    office.say(said, **{"from": EVE})

    assert "Nothing was pinned" in card_of(office.said(ASKERS)[-1])
    assert office.store.notices.active() == ()
    assert "Nothing was changed" in str(office.press("end_notice", EVE, notice=1, seen=0))


@pytest.mark.parametrize("given", [{}, {"notice": "1"}, {"notice": -1}, {"notice": 2**40, "seen": 0}, {"proposal": []}])
def test_a_button_that_names_no_notice_changes_nothing(office: Office, given: dict[str, Any]) -> None:
    assert "Nothing was changed" in str(office.press("prolong_notice", ANA, **given))
    assert "Nothing was changed" in str(office.press("pin_notice", ANA, **given))


# ---- feedback ----


@pytest.mark.parametrize("said", ["too long", '{"feedbackText": "too long"}'])
def test_a_thumb_is_kept_with_its_case(office: Office, said: str) -> None:
    office.say("Can JOR start a job in another namespace?")
    answer = office.store.posts.of_case("c-00000001", "answer")
    assert answer is not None
    value = {"actionName": "feedback", "actionValue": {"reaction": "dislike", "feedback": said}}
    body = office.framework.message(type="invoke", name="message/submitAction", value=value, replyToId=answer.activity)

    office.post({**body, "conversation": {"id": ASKERS}})
    office.post({**body, "conversation": {"id": ASKERS}})

    rated = [(e.actor, e.data["helpful"], e.text) for e in office.case().events if e.kind == EventKind.RATED]
    assert rated == [("Kim", False, "too long")]
    assert office.case().state is CaseState.NEW


def test_an_answer_that_takes_long_is_announced_and_then_stands_in_its_place(office: Office) -> None:
    office.channel.talk.still_looking = 0.0

    office.say("Can JOR start a job in another namespace?")

    first, second = office.said(ASKERS)
    assert first["text"] == "Still looking …"
    assert second["_path"].startswith(f"{ASKERS}/activities/sent-")
    assert office.sheriff.taken


# ---- message extension ----


def invoke(office: Office, name: str, who: dict[str, str], **value: Any) -> dict[str, Any]:
    body = office.framework.message(type="invoke", name=f"composeExtension/{name}", value=value)
    return dict(office.post({**body, "from": who}))


def query(office: Office, words: str, who: dict[str, str]) -> dict[str, Any]:
    found = invoke(office, "query", who, commandId="search", parameters=[{"name": "query", "value": words}])
    return dict(found["composeExtension"])


def test_the_compose_box_finds_pages_and_cases_for_sheriffs_all_for_others_their_own(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")

    def titles(who: dict[str, str]) -> list[str]:
        return [a["preview"]["content"]["title"] for a in query(office, "another namespace", who)["attachments"]]

    case = "SUP-1: Can JOR start a job in another namespace?"
    assert titles(ANA) == [case, "Kafka quotas"]
    assert titles(office.framework.message()["from"]) == [case, "Kafka quotas"]
    assert titles(EVE) == ["Kafka quotas"]
    assert query(office, "", EVE)["type"] == "message"
    unnamed = invoke(office, "query", EVE, parameters=[{"value": "another namespace"}])  # as the local playground asks
    assert unnamed["composeExtension"]["type"] == "result"


def test_a_message_of_somebody_is_asked_about(office: Office) -> None:
    message = {"body": {"contentType": "html", "content": "<p><at id='0'>Kim</at> why is it <b>slow</b>?</p>"}}

    shown = invoke(office, "fetchTask", EVE, commandId="askSheriff", messagePayload=message)

    assert " ".join(office.sheriff.taken[0].text.split()) == "why is it slow ?"
    assert "I don’t know" in str(shown["task"]["value"]["card"]["content"])


class Held(KnowsNothing):
    """Answers when it is let."""

    released = threading.Event()

    def take(self, incoming: Incoming, listen: object = None, /) -> Reply:
        self.released.wait(20)
        return super().take(incoming)


def _ask_slowly(office: Office, **changes: Any) -> tuple[dict[str, Any], Held]:
    """The dialog of a question that takes too long for it; the answer is still being looked for."""
    sheriff = Held(office.store, office.casework)
    sheriff.released.clear()
    office.channel.talk.still_looking = 0.0
    office.channel.talk.extension = replace(office.channel.talk.extension, sheriff=sheriff)
    message = {"body": {"contentType": "text", "content": "why is it slow?"}}
    value = {"commandId": "askSheriff", "messagePayload": message}
    body = office.framework.message(type="invoke", name="composeExtension/fetchTask", value=value, **changes)
    headers = {"Authorization": f"Bearer {office.framework.token()}"}
    response = office.client.post("/api/messages", json={**body, "from": EVE}, headers=headers)
    return dict(response.json()["task"]["value"]["card"]["content"]), sheriff


def test_a_dialog_that_cannot_wait_says_so_and_the_answer_comes_into_the_conversation(office: Office) -> None:
    card, sheriff = _ask_slowly(office)

    assert "Still looking" in card["fallbackText"]
    assert "ask me in a chat" in card["fallbackText"]
    assert office.said(ASKERS) == []

    sheriff.released.set()
    office.client.portal.call(office.channel.settled)

    [answer] = office.said(ASKERS)
    assert answer["text"] == "For Eve, about “why is it slow?”:"
    assert "I don’t know" in card_of(answer)


def test_a_late_answer_where_sheriff_is_no_member_stays_with_the_case(office: Office) -> None:
    office.framework.refusing[ASKERS] = 403
    _, sheriff = _ask_slowly(office)

    sheriff.released.set()
    office.client.portal.call(office.channel.settled)

    assert office.said(ASKERS) == []
    assert office.case().question == "why is it slow?"
    assert office.channel.metrics.failures.labels(where="teams")._value.get() == 0


def test_an_invoke_that_is_sent_again_while_it_is_looked_for_is_answered_once(office: Office) -> None:
    _, sheriff = _ask_slowly(office, id="invoke-1")
    _ask_slowly(office, id="invoke-1")

    sheriff.released.set()
    office.client.portal.call(office.channel.settled)

    assert len(office.said(ASKERS)) == 1


def test_a_message_becomes_an_faq_entry_by_a_member_of_the_rota_only(office: Office) -> None:
    message = {"body": {"contentType": "text", "content": "List the caller under callers."}}
    form = invoke(office, "fetchTask", ANA, commandId="makeFaq", messagePayload=message)
    assert "List the caller under callers." in str(form)

    data = {"question": "Can JOR start it?", "resolution": "List the caller under callers."}
    for _ in range(2):
        invoke(office, "submitAction", ANA, commandId="makeFaq", data=data)
    refused = invoke(office, "submitAction", EVE, commandId="makeFaq", data={**data, "question": "Other?"})

    [case] = office.store.cases.list()
    assert (case.question, case.resolution, case.state) == (*data.values(), CaseState.RESOLVED)
    assert "Only the members of the rota" in str(refused)


# ---- an answer that grows, and what is longer than a card ----


class Writes(KnowsNothing):
    """Says its answer word by word."""

    def take(self, incoming: Incoming, listen: Any = None, /) -> Reply:
        for word in ("Set ", "the ", "quota."):
            listen(word)
            time.sleep(0.06)
        return Reply(ReplyKind.ANSWERED, "Set the quota.", origin=Origin.GENERATED)


def personal(office: Office, text: str) -> None:
    office.post(office.framework.message(text, conversation={"id": "a:kim", "conversationType": "personal"}))


def test_an_answer_grows_in_a_chat_of_two_and_ends_with_its_card(office: Office) -> None:
    office.channel.talk.sheriff = Writes(office.store, office.casework)
    office.channel.talk.stream_every = 0.02

    personal(office, "quota?")

    sent = [m for m in office.framework.sent if m["_path"].startswith("a:kim/")]
    grown = [m for m in sent if m["type"] == "typing" and m.get("entities")]
    steps = [m["entities"][0] for m in grown]
    assert [m["text"] for m in grown][-1] in {"Set the ", "Set the quota."}
    assert [s["streamSequence"] for s in steps] == list(range(1, len(steps) + 1))
    assert all(s["streamType"] == "streaming" for s in steps)
    [final] = [m for m in sent if m["type"] == "message"]
    about = final["entities"][-1]
    assert (about["streamType"], about["streamId"]) == ("final", steps[-1]["streamId"])
    assert final["entities"][0]["additionalType"] == ["AIGeneratedContent"]


def test_corrected_files_are_sent_as_code_and_the_card_stays(office: Office) -> None:
    yaml = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitons: 12\n"
    office.say(f"```yaml kafka.yaml\n{yaml}```")

    data = {"verb": "corrected", "case": "c-00000001", "v": 1}
    action = {"type": "Action.Execute", "verb": "corrected", "data": data}
    body = office.framework.message(type="invoke", name="adaptiveCard/action", value={"action": action})
    answer = office.post({**body, "conversation": {"id": ASKERS}})

    assert answer["type"] == "application/vnd.microsoft.activity.message"
    assert "partitions: 12" in office.said(ASKERS)[-1]["text"]
    assert "```yaml" in office.said(ASKERS)[-1]["text"]


def test_nobody_is_called_by_what_a_sheriff_writes(office: Office) -> None:
    office.say("Can JOR start a job in another namespace?")

    office.say("Ask <at>everyone</at>.", conversation=office.thread, **{"from": ANA})

    assert "<at>" not in office.said(ASKERS)[-1]["text"]
