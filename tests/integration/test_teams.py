"""The wire of Bot Framework: real tokens, real HTTP on loopback, the real SDK."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.channels.rates import Buckets, Rate
from bot.channels.teams import TeamsChannel
from bot.channels.teams_activities import text_activity
from bot.channels.teams_adapter import TeamsConnection
from bot.channels.teams_auth import BotIdentity, authentication
from bot.channels.teams_courtesy import Courtesy
from bot.channels.teams_link import TeamsLink
from bot.messages import CaseSummary, Incoming, Person, Reply, ReplyKind
from bot.store.opening import Store, open_store
from bot.store.tables import received
from bot.support.cases import Case, CaseState, Event
from bot.support.handoff import Notification, Refused, Role
from bot.support.rota import Member
from bot.telemetry import Metrics
from knowledge.errors import Unavailable
from knowledge.model import Citation
from tests.bot_framework import APP_ID, BotFramework, FixedCredentials, running_bot_framework
from tests.teams_bot import talk_of, threads_of

CITATION = Citation(
    1, "Kafka quotas", "k.md", "Raise a quota", "raise", "Set quota.partitions.", document_id="docs:k.md"
)
ANSWER = Reply(
    ReplyKind.ANSWERED, "Set `quota.partitions`. [1]", 0.9, citations=(CITATION,), case=CaseSummary("c-1", "answered")
)


class ScriptedSheriff:
    """Answers every message alike and remembers them."""

    def __init__(self) -> None:
        self.reply = ANSWER
        self.failure: Exception | None = None
        self.taken: list[Incoming] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def take(self, incoming: Incoming, listen: object = None) -> Reply:
        self.meanwhile()
        self.taken.append(incoming)
        if self.failure:
            raise self.failure
        return self.reply


class OneCase:
    """A store of one case, and the three things that its asker may do."""

    def __init__(self) -> None:
        now = datetime(2026, 11, 23, 10, tzinfo=UTC)
        kim = Person("aad-kim", "Kim")
        self.told = ("sheriff_told",)
        self.case = Case("c-1", CaseState.ANSWERED, "quota?", kim, "teams", "19:x", now, now, "answered")

    def get(self, case_id: str) -> Case | None:
        return self.case if case_id == self.case.id else None

    def list(self, **_: object) -> tuple[Case, ...]:
        return ()

    def ask_sheriff(self, case_id: str, by: Person) -> Case:
        events = tuple(Event(self.case.opened, kind, "Sheriff") for kind in ("handed_over", *self.told))
        self.case = replace(self.case, state=CaseState.NEW, sheriff="Ana", ticket="SUP-1", events=events)
        return self.case

    def standing(self, case: Case) -> str:
        return f"Ticket {case.ticket} is open."

    def solved(self, case_id: str, by: Person) -> Case:
        self.case = replace(self.case, state=CaseState.CLOSED)
        return self.case

    def withdraw(self, case_id: str, by: Person) -> Case:
        self.case = replace(self.case, state=CaseState.WITHDRAWN)
        return self.case


class Bot:
    """The bot under test and the Bot Framework that talks to it."""

    def __init__(self, framework: BotFramework, store: Store, *, app_id: str = APP_ID, tenant_id: str = "") -> None:
        identity = BotIdentity(app_id=app_id, password="x", metadata_url=f"{framework.url}/metadata")
        self.framework = framework
        self.sheriff = ScriptedSheriff()
        self.cases = OneCase()
        self.executor = ThreadPoolExecutor(2)
        credentials = FixedCredentials(app_id, "x", "")
        self.link = TeamsLink(lambda: TeamsConnection(identity, authentication(identity, credentials)))
        self.talk = talk_of(
            store,
            threads_of(store, self.link),
            self.sheriff,
            self.executor,
            casework=self.cases,
            cases=self.cases,
            token=self.link.token,
        )
        self.channel = TeamsChannel(
            link=self.link, talk=self.talk, metrics=Metrics(), tenant_id=tenant_id, open_to_all=not app_id
        )
        app = FastAPI()
        app.include_router(self.channel.router())
        self.client = TestClient(app, base_url="http://127.0.0.1:3978")

    def post(self, body: Any, token: str | None = "") -> Any:
        value = self.framework.token() if token == "" else token
        return self.client.post(
            "/api/messages", json=body, headers={"Authorization": f"Bearer {value}"} if value else {}
        )


def wait_until(done: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert done()


@pytest.fixture(scope="module")
def running() -> Iterator[BotFramework]:
    with running_bot_framework() as framework:
        yield framework


@pytest.fixture
def framework(running: BotFramework) -> BotFramework:
    running.sent.clear()
    running.failures.clear()
    running.on_typing = None
    return running


def started(bot: Bot) -> Iterator[Bot]:
    with bot.client:
        yield bot
        bot.client.portal.call(bot.channel.close)
    bot.executor.shutdown()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'cases.db'}")
    store.cases.save_new(OneCase().case)
    yield store
    store.close()


@pytest.fixture
def bot(framework: BotFramework, store: Store) -> Iterator[Bot]:
    yield from started(Bot(framework, store))


def test_a_message_is_accepted_at_once_and_answered_through_the_connector(bot: Bot) -> None:
    body = bot.framework.message("<at>Sheriff</at> how do I raise a quota?")
    body["entities"] = [{"type": "mention", "text": "<at>Sheriff</at>", "mentioned": {"id": f"28:{APP_ID}"}}]

    response = bot.post(body)

    assert response.status_code == 202
    [answer] = bot.framework.wait_for_messages(1)
    assert bot.sheriff.taken[0].text == "how do I raise a quota?"
    assert bot.sheriff.taken[0].sender == Person("aad-kim", "Kim")
    card = answer["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard"
    assert card["version"] == "1.5"
    assert "quota.partitions" in card["fallbackText"]
    assert answer["replyToId"] == body["id"]
    assert answer["_authorization"] == "Bearer outbound-token"
    wait_until(lambda: "typing" in [activity["type"] for activity in bot.framework.sent])


def test_a_typing_that_is_not_taken_keeps_nobody_from_the_answer(bot: Bot) -> None:
    bot.framework.on_typing = lambda: 403

    bot.post(bot.framework.message("quota?"))
    bot.client.portal.call(bot.channel.settled)

    assert [m["type"] for m in bot.framework.sent] == ["message"]
    assert bot.channel.metrics.failures.labels(where="teams")._value.get() == 0


def test_the_answer_does_not_wait_for_a_typing_that_takes_long_nor_is_it_left_behind(bot: Bot) -> None:
    answered = threading.Event()

    def slow() -> int:
        answered.wait(20)
        return 200

    bot.framework.on_typing = slow
    bot.post(bot.framework.message("quota?"))

    assert len(bot.framework.wait_for_messages(1)) == 1, "the answer came while typing was still being sent"
    bot.client.portal.call(bot.channel.settled)
    answered.set()
    assert bot.client.portal.call(_tasks_left) == []


async def _tasks_left() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if "_send" in repr(task.get_coro())]


WHOLE = {
    "id": "19:support@thread.tacv2;messageid=1",
    "conversationType": "channel",
    "tenantId": "tenant-1",
    "isGroup": True,
    "new": {"of": ["next year"]},
}


def _whole(framework: BotFramework, **changes: Any) -> dict[str, Any]:
    kim = {"id": "29:kim", "name": "Kim", "aadObjectId": "aad-kim", "userRole": "owner"}
    sheriff = {"id": f"28:{APP_ID}", "name": "Sheriff", "tenantId": "tenant-1"}
    return framework.message("quota?", conversation=WHOLE, recipient=sheriff, **{"from": kim}, **changes)


def test_replies_carry_conversation_and_people_as_they_came(bot: Bot) -> None:
    body = _whole(bot.framework)

    bot.post(body)

    [answer] = bot.framework.wait_for_messages(1)
    assert answer["conversation"] == WHOLE
    assert answer["recipient"] == body["from"]
    assert answer["from"]["tenantId"] == "tenant-1"


def test_expected_replies_carry_the_conversation_as_it_came(bot: Bot) -> None:
    response = bot.post(_whole(bot.framework, deliveryMode="expectReplies"))

    assert [a["conversation"] for a in response.json()["activities"]] == [WHOLE, WHOLE]


def test_what_is_sent_later_carries_the_conversation_as_it_came(bot: Bot) -> None:
    bot.post(_whole(bot.framework))
    bot.framework.wait_for_messages(1)
    reference = bot.sheriff.taken[0].reference

    bot.link.update(reference, bot.link.post(reference, text_activity("Later.")), text_activity("Later still."))

    assert [m["conversation"] for m in bot.framework.messages()] == [WHOLE] * 3
    assert bot.framework.messages()[-1]["recipient"]["userRole"] == "owner"


def test_citations_travel_with_the_message(bot: Bot) -> None:
    bot.post(bot.framework.message("quota?"))

    [answer] = bot.framework.wait_for_messages(1)

    [entity] = answer["entities"]
    assert entity["@type"] == "Message"
    [claim] = entity["citation"]
    assert claim["position"] == 1
    assert claim["appearance"]["url"] == "https://sheriff.example/pages/docs/k.md#raise"
    assert "additionalType" not in entity, "quoted documentation is not AI-generated"


def test_a_message_sent_again_is_answered_once(bot: Bot) -> None:
    body = bot.framework.message("quota?")

    assert [bot.post(body).status_code for _ in range(3)] == [202, 202, 202]

    bot.framework.wait_for_messages(1)
    time.sleep(0.2)
    assert len(bot.framework.messages()) == 1


def test_a_message_sent_again_after_a_restart_is_not_answered_again(framework: BotFramework, store: Store) -> None:
    body = framework.message("quota?")
    for bot in started(Bot(framework, store)):
        bot.post(body)
        framework.wait_for_messages(1)

    for bot in started(Bot(framework, store)):
        assert bot.post(body).status_code == 202
        assert bot.post(framework.message("and this?")).status_code == 202
        framework.wait_for_messages(2)
        assert [taken.text for taken in bot.sheriff.taken] == ["and this?"]


def test_a_message_that_could_not_be_answered_yet_is_answered_when_sent_again(bot: Bot) -> None:
    body = bot.framework.message("quota?")
    bot.sheriff.failure = Unavailable("The index is being read. Ask again in a minute.")
    bot.post(body)
    bot.framework.wait_for_messages(1)
    bot.sheriff.failure = None

    for _ in range(50):  # the first delivery is let go a moment after its reply was sent
        bot.post(body)
        if len(bot.framework.wait_for_messages(2, seconds=0.1)) == 2:
            break

    assert "attachments" in bot.framework.messages()[1]


def test_messages_without_an_id_are_no_repetitions(bot: Bot) -> None:
    for text in ("quota?", "topics?"):
        bot.post(bot.framework.message(text, id=None))

    bot.framework.wait_for_messages(2)
    assert len({taken.id for taken in bot.sheriff.taken}) == 2


@pytest.mark.parametrize(
    "body", [[], "text", {}, {"type": "message"}, {"type": "message", "conversation": {}}, {"type": 5}]
)
def test_a_body_that_is_no_activity_gets_a_sentence(bot: Bot, body: Any) -> None:
    response = bot.post(body)

    assert response.status_code == 400
    assert response.json()["error"].endswith(".")


def test_a_body_that_is_no_json_or_too_large_gets_a_sentence(bot: Bot) -> None:
    assert bot.client.post("/api/messages", content=b"{").status_code == 400
    assert bot.client.post("/api/messages", content=b"[" * 600_000).status_code == 413
    assert bot.client.post("/api/messages", content=b"[" * 100_000).status_code == 400


def test_a_throttled_send_is_tried_again(bot: Bot) -> None:
    bot.framework.failures[:] = [429, 502]

    bot.post(bot.framework.message("quota?"))

    assert len(bot.framework.wait_for_messages(1)) == 1


def test_an_index_that_is_being_built_is_said(bot: Bot) -> None:
    bot.sheriff.failure = Unavailable("Reading the documentation, 3 of 9 sections. Ask again in a minute.")

    bot.post(bot.framework.message("quota?"))

    [answer] = bot.framework.wait_for_messages(1)
    assert "3 of 9" in answer["text"]


def test_our_own_mistake_is_counted_and_said_and_does_not_stop_the_bot(bot: Bot) -> None:
    bot.sheriff.failure = RuntimeError("boom")
    bot.post(bot.framework.message("quota?"))
    wait_until(lambda: bot.channel.metrics.failures.labels(where="teams")._value.get() == 1)
    bot.sheriff.failure = None

    bot.post(bot.framework.message("quota again?"))

    sorry, answer = bot.framework.wait_for_messages(2)
    assert "it is our mistake" in sorry["text"]
    assert "boom" not in str(sorry)
    assert "attachments" in answer


def _press(framework: BotFramework, verb: str, **changes: Any) -> dict[str, Any]:
    action = {"type": "Action.Execute", "verb": verb, "data": {"verb": verb, "case": "c-1", "v": 1}}
    return framework.message(type="invoke", name="adaptiveCard/action", value={"action": action}, **changes)


def test_ask_the_sheriff_replaces_the_card_with_who_has_it_and_the_ticket(bot: Bot) -> None:
    response = bot.post(_press(bot.framework, "ask_sheriff"))

    assert response.status_code == 200
    card = response.json()["value"]
    assert "Ana has your question now." in card["fallbackText"]
    assert "SUP-1" in card["fallbackText"]


@pytest.mark.parametrize(("verb", "buttons"), [("ask_sheriff", ["withdraw"]), ("solved", [])])
def test_the_answer_stays_to_be_read_again_under_what_a_button_did(bot: Bot, verb: str, buttons: list[str]) -> None:
    bot.cases.case = replace(bot.cases.case, answer="Raise it in `kafka.yaml`. [1]", citations=ANSWER.citations)

    card = bot.post(_press(bot.framework, verb)).json()["value"]

    assert "kafka.yaml" in str(card["body"])
    assert all(citation.place in str(card["body"]) for citation in ANSWER.citations)
    assert [action["verb"] for action in card.get("actions", [])] == buttons


def test_nobody_is_said_to_have_the_question_before_being_told(bot: Bot) -> None:
    bot.cases.told = ()

    response = bot.post(_press(bot.framework, "ask_sheriff"))

    assert "Ana" not in response.json()["value"]["fallbackText"]
    assert "Your case is saved." in response.json()["value"]["fallbackText"]


def test_somebody_else_cannot_withdraw_a_case(bot: Bot) -> None:
    response = bot.post(_press(bot.framework, "withdraw", **{"from": {"id": "29:eve", "name": "Eve"}}))

    assert "Only Kim" in response.json()["value"]["fallbackText"]
    assert bot.cases.case.state is CaseState.ANSWERED


@pytest.mark.parametrize(("verb", "state"), [("solved", CaseState.CLOSED), ("withdraw", CaseState.WITHDRAWN)])
def test_the_old_submit_action_works_too(bot: Bot, verb: str, state: CaseState) -> None:
    body = bot.framework.message(value={"verb": verb, "case": "c-1", "v": 1})

    bot.post(body)

    bot.framework.wait_for_messages(1)
    assert bot.cases.case.state is state


@pytest.mark.parametrize(("verb", "case"), [("dance", "c-1"), ("solved", "c-404")])
def test_an_unknown_button_or_case_changes_nothing(bot: Bot, verb: str, case: str) -> None:
    body = _press(bot.framework, verb)
    body["value"]["action"]["data"]["case"] = case

    response = bot.post(body)

    assert response.status_code == 200
    assert bot.cases.case.state is CaseState.ANSWERED


def test_feedback_is_acknowledged_and_an_unknown_invoke_is_not_implemented(bot: Bot) -> None:
    vote = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": "{}"}}
    feedback = bot.framework.message(type="invoke", name="message/submitAction", value=vote)

    assert bot.post(feedback).status_code == 200
    assert bot.post(bot.framework.message(type="invoke", name="composeExtension/setting")).status_code == 501


def test_expected_replies_come_in_the_response(bot: Bot) -> None:
    response = bot.post(bot.framework.message("quota?", deliveryMode="expectReplies"))

    kinds = [a["type"] for a in response.json()["activities"]]
    assert kinds == ["typing", "message"]


def test_the_bot_says_what_it_does_when_it_is_added(bot: Bot) -> None:
    body = bot.framework.message(type="conversationUpdate", membersAdded=[{"id": f"28:{APP_ID}"}])

    bot.post(body)

    [welcome] = bot.framework.wait_for_messages(1)
    assert "Dev Insight" in welcome["summary"]


@pytest.mark.parametrize("kind", ["channel", "groupChat"])
def test_among_several_people_the_bot_says_that_it_has_to_be_mentioned(bot: Bot, kind: str) -> None:
    body = bot.framework.message(type="conversationUpdate", membersAdded=[{"id": f"28:{APP_ID}"}])
    body["conversation"]["conversationType"] = kind

    bot.post(body)

    [welcome] = bot.framework.wait_for_messages(1)
    assert "Mention **@Sheriff**" in str(welcome["attachments"])


def test_who_writes_too_fast_is_told_so_once_and_no_case_comes_of_it(framework: BotFramework, store: Store) -> None:
    for bot in started(Bot(framework, store)):
        bot.channel.pace = Courtesy(Buckets(Rate(60, 2), now=lambda: 0.0))
        statuses = [bot.post(framework.message("How do I raise a quota?")).status_code for _ in range(5)]
        framework.wait_for_messages(3)
        other = framework.message("And I?", **{"from": {"id": "29:lee", "name": "Lee", "aadObjectId": "aad-lee"}})
        statuses.append(bot.post(other).status_code)
        said = framework.wait_for_messages(4)

    polite = [each for each in said if "faster than I can read" in str(each.get("text"))]
    assert statuses == [202] * 6
    assert (len(polite), len(said)) == (1, 4)


def test_a_button_pressed_too_fast_gets_429_and_who_expects_a_reply_the_polite_line(
    framework: BotFramework, store: Store
) -> None:
    for bot in started(Bot(framework, store)):
        bot.channel.pace = Courtesy(Buckets(Rate(60, 1), now=lambda: 0.0))
        bot.post(framework.message("How do I raise a quota?", deliveryMode="expectReplies"))
        pressed = bot.post(framework.message(type="invoke", name="adaptiveCard/action", value={}))
        expected = bot.post(framework.message("And now?", deliveryMode="expectReplies"))

    assert (pressed.status_code, pressed.headers["retry-after"]) == (429, "1")
    assert "faster than I can read" in expected.json()["activities"][0]["text"]


def test_a_further_tenant_is_answered(framework: BotFramework, store: Store) -> None:
    for bot in started(Bot(framework, store, tenant_id="tenant-2")):
        bot.channel.further_tenants = ("TENANT-1",)

        assert bot.post(framework.message("hi")).status_code == 202


def test_another_tenant_is_refused(framework: BotFramework, store: Store) -> None:
    for bot in started(Bot(framework, store, tenant_id="tenant-2")):
        assert bot.post(framework.message("hi")).status_code == 403


def test_without_an_app_id_a_local_emulator_needs_no_token(framework: BotFramework, store: Store) -> None:
    for bot in started(Bot(framework, store, app_id="")):
        assert bot.post(framework.message("quota?"), token=None).status_code == 202
        assert framework.wait_for_messages(1)


def test_without_an_app_id_a_local_emulator_is_reached_later_too(framework: BotFramework, store: Store) -> None:
    for bot in started(Bot(framework, store, app_id="")):
        bot.post(framework.message("quota?"), token=None)
        framework.wait_for_messages(1)

        bot.link.post(bot.sheriff.taken[0].reference, text_activity("Did that solve it?"))

        last = framework.messages()[-1]
        assert (last["text"], last["_authorization"]) == ("Did that solve it?", None)


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("https://evil.example/", {}),
        ("http://127.0.0.1@evil.example/", {}),
        ("http://[", {}),
        ("http://127.0.0.1:9/", {"host": "evil.example:3978"}),
        ("http://127.0.0.1:9/", {"origin": "https://evil.example"}),
    ],
)
def test_without_an_app_id_nothing_is_answered_for_another_site_or_to_another_machine(
    framework: BotFramework, store: Store, address: str, headers: dict[str, str]
) -> None:
    for bot in started(Bot(framework, store, app_id="")):
        body = framework.message("quota?", serviceUrl=address)

        refused = bot.client.post("/api/messages", json=body, headers=headers)

        assert refused.status_code == 403
        assert refused.json()["error"].endswith(".")
        assert not bot.sheriff.taken


def _notification(case: Case) -> Notification:
    event = Event(datetime(2026, 11, 23, tzinfo=UTC), "replied", "Ana", "Use kafka.yaml.")
    return Notification("k", Role.ASKER, Member("aad-kim", "Kim"), case, event, "Ana replies: use kafka.yaml.")


def test_a_reply_of_the_sheriff_reaches_the_asker_in_his_conversation(bot: Bot) -> None:
    bot.post(bot.framework.message("quota?"))
    bot.framework.wait_for_messages(1)
    case = replace(bot.cases.case, reference=bot.sheriff.taken[0].reference)

    where = bot.link.tell(_notification(case))

    assert where == "in Teams"
    last = bot.framework.messages()[-1]
    assert last["text"] == "Ana replies: use kafka.yaml."
    assert "19:support@thread.tacv2" in last["_path"]


def test_a_blocked_bot_is_not_tried_forever_and_an_outage_is_reported(bot: Bot) -> None:
    bot.post(bot.framework.message("quota?"))
    bot.framework.wait_for_messages(1)
    case = replace(bot.cases.case, reference=bot.sheriff.taken[0].reference)

    bot.framework.failures[:] = [403]
    with pytest.raises(Refused, match=r"in Teams: the bot was blocked or taken out there \(HTTP 403\)"):
        bot.link.tell(_notification(case))

    bot.framework.failures[:] = [500]
    with pytest.raises(Unavailable):
        bot.link.tell(_notification(case))


def test_a_case_from_another_channel_is_not_told_here(bot: Bot) -> None:
    assert bot.link.tell(_notification(replace(bot.cases.case, channel="web"))) == ""


def test_a_message_is_kept_without_its_secret_and_answered_with_it(bot: Bot, store: Store) -> None:
    kept: list[str] = []

    def look() -> None:
        with store.engine.connect() as connection:
            kept.extend(str(row.body) for row in connection.execute(sa.select(received)))

    bot.channel.received, bot.sheriff.meanwhile = store.received, look
    html = [{"contentType": "text/html", "content": "<p>password: Sun!Flower7</p>"}]
    message = bot.framework.message("<at>Sheriff</at> password: Sun!Flower7", attachments=html)
    message["entities"] = [{"type": "mention", "text": "<at>Sheriff</at>", "mentioned": message["recipient"]}]

    assert bot.post(message).status_code == 202
    wait_until(lambda: bool(bot.sheriff.taken))

    assert "Sun!Flower7" in bot.sheriff.taken[0].text
    assert "password removed" in kept[0]
    assert "Sun!Flower7" not in kept[0]
    assert message["from"]["aadObjectId"] in kept[0]
