"""Whatever is posted to /api/messages: a clear reply or a 4xx, nothing changed, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store.opening import Store
from tests.bot_framework import BotFramework
from tests.integration.test_teams import Bot, framework, running, started, store  # noqa: F401 - fixtures

PLAIN = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    *("type", "id", "from", "recipient", "conversation", "channelId", "channelData", "text", "value", "name"),
    *("entities", "attachments", "membersAdded", "replyToId", "deliveryMode", "locale", "timestamp", "textFormat"),
    *("expiration", "membersRemoved", "reactionsAdded", "suggestedActions", "relatesTo", "semanticAction"),
)


@pytest.fixture
def bot(framework: BotFramework, store: Store) -> Iterator[Bot]:  # noqa: F811 - fixtures
    """Without an app id: what is asked here is not who calls."""
    yield from started(Bot(framework, store, app_id=""))


def _post(bot: Bot, body: Any) -> int:
    """The status of an activity, once its turn is over; a turn that fails is a failure here."""
    failed = _failures(bot)
    content = json.dumps(body).encode()  # with NaN and halves of surrogate pairs, which clients refuse to write
    status = bot.client.post("/api/messages", content=content).status_code
    bot.client.portal.call(bot.channel.settled)
    assert _failures(bot) == failed, f"the turn failed on {body!r}"
    return int(status)


def _failures(bot: Bot) -> float:
    return bot.channel.metrics.failures.labels(where="teams")._value.get()


@PLAIN
@given(ANYTHING)
def test_any_json_gets_a_clear_status(bot: Bot, body: Any) -> None:
    assert _post(bot, body) < 500


@PLAIN
@given(st.sampled_from(FIELDS), ANYTHING)
@pytest.mark.parametrize("kind", ["message", "invoke", "conversationUpdate"])
def test_a_field_of_any_type_gets_a_clear_status(bot: Bot, kind: str, field: str, value: Any) -> None:
    body = {**bot.framework.message("quota?"), "type": kind, field: value}

    status = _post(bot, body)

    assert status < 500 or (status == 501 and body["type"] == "invoke")


@PLAIN
@given(st.sampled_from(["conversation", "from", "recipient", "channelData", "value"]), st.data())
def test_a_part_of_a_field_of_any_type_gets_a_clear_status(bot: Bot, field: str, data: Any) -> None:
    parts = ["id", "name", "aadObjectId", "conversationType", "tenantId", "tenant", "verb", "case", "action", "v"]
    value = data.draw(st.dictionaries(st.sampled_from(parts), ANYTHING, max_size=4))
    body = bot.framework.message("quota?")

    assert _post(bot, {**body, field: {**(body.get(field) or {}), **value}}) < 500


@pytest.mark.parametrize("sender", [None, {}, {"name": "Kim"}, {"id": "", "name": "Kim"}, {"id": 5}, "29:kim", []])
@pytest.mark.parametrize("kind", ["message", "invoke"])
def test_what_nobody_sent_is_refused_and_becomes_nobodys_case(bot: Bot, kind: str, sender: Any) -> None:
    response = bot.post(bot.framework.message("quota?", type=kind, **{"from": sender}))

    assert response.status_code == 400
    assert "who sent it" in response.json()["error"]
    assert not bot.sheriff.taken
    assert not bot.framework.sent


def test_without_a_sender_at_all_it_is_refused_too_and_what_asks_for_nothing_is_not(bot: Bot) -> None:
    body = bot.framework.message("quota?")
    del body["from"]

    assert _post(bot, body) == 400
    assert _post(bot, {**body, "type": "conversationUpdate"}) == 202


@pytest.mark.parametrize("missing", ["recipient", "channelData", "id", "channelId", "text"])
def test_an_activity_that_lacks_a_field_is_answered(bot: Bot, missing: str) -> None:
    body = bot.framework.message("quota?")
    del body[missing]

    assert _post(bot, body) == 202
    assert len(bot.framework.messages()) == 1


def test_without_a_conversation_it_is_no_activity(bot: Bot) -> None:
    body = bot.framework.message("quota?")
    del body["conversation"]

    assert _post(bot, body) == 400


@pytest.mark.parametrize("kind", ["event", "typing", "messageReaction", "handoff", "delay", "trace"])
def test_an_activity_of_another_type_asks_for_nothing(bot: Bot, kind: str) -> None:
    assert _post(bot, bot.framework.message("quota?", type=kind)) == 202
    assert not bot.sheriff.taken
    assert not bot.framework.sent


@pytest.mark.parametrize("kind", ["nonsense", "", "Message"])
def test_a_type_that_the_protocol_does_not_have_is_refused_with_its_name(bot: Bot, kind: str) -> None:
    response = bot.post(bot.framework.message("quota?", type=kind))

    assert response.status_code == 400
    assert f"“{kind}”" in response.json()["error"]
    assert not bot.sheriff.taken
    assert not bot.framework.sent


@pytest.mark.parametrize("field", ["id", "text"])
def test_half_a_surrogate_pair_is_replaced_and_the_message_answered(bot: Bot, field: str) -> None:
    assert _post(bot, bot.framework.message("quota?") | {field: "why \ud800 so"}) == 202

    assert len(bot.framework.wait_for_messages(1)) == 1
    assert "\ud800" not in f"{bot.sheriff.taken[0].id} {bot.sheriff.taken[0].text}"


def test_a_text_of_a_megabyte_is_refused_with_the_limit(bot: Bot) -> None:
    response = bot.post(bot.framework.message("x" * 1_000_000), token=None)

    assert response.status_code == 413
    assert "512,000" in response.json()["error"]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<at>Everyone</at> help", "</at><at>x", "\x00\x01"])
def test_odd_words_arrive_as_they_are(bot: Bot, text: str) -> None:
    assert _post(bot, bot.framework.message(text)) == 202
    assert [taken.text for taken in bot.sheriff.taken] == [text.strip()]


@pytest.mark.parametrize(
    "value",
    [
        {"verb": "withdraw", "case": "c-1", "v": 99},
        {"verb": "withdraw", "case": "c-1", "v": "1"},
        {"verb": "withdraw", "case": "c-9"},
        {"verb": "explode", "case": "c-1"},
        {"verb": ["withdraw"], "case": {"c": 1}},
        {"action": {"data": {"verb": "withdraw", "case": "c-1", "v": {}}}},
    ],
)
def test_a_stale_or_odd_button_changes_nothing_and_says_so(bot: Bot, value: Any) -> None:
    before = bot.cases.case

    assert _post(bot, bot.framework.message(None, value=value)) == 202

    assert bot.cases.case == before
    assert len(bot.framework.messages()) == 1


def test_a_button_pressed_by_a_stranger_changes_nothing_and_says_so(bot: Bot) -> None:
    before = bot.cases.case
    stranger = {"id": "29:eve", "name": "Eve", "aadObjectId": "aad-eve"}

    assert (
        _post(bot, bot.framework.message(None, value={"verb": "withdraw", "case": "c-1"}, **{"from": stranger})) == 202
    )

    assert bot.cases.case == before
    assert len(bot.framework.messages()) == 1
