"""Bot Framework JSON to our own messages and back, without the SDK: its models drop what Teams adds to the schema."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bot.channels.cards import absolute_address, reply_card
from bot.messages import Incoming, Person, Reply, ReplyKind
from bot.support.rota import Member
from knowledge.model import Citation, Origin

Json = Mapping[str, Any]
CARD = "application/vnd.microsoft.card.adaptive"
WORDS = "application/vnd.microsoft.activity.message"  # what a button is answered with when its card stays
TYPES = frozenset(  # of the Bot Framework's protocol; most of them ask for nothing
    """message messageUpdate messageDelete messageReaction conversationUpdate contactRelationUpdate installationUpdate
    typing event invoke invokeResponse endOfConversation deleteUserData suggestion trace handoff command commandResult
    delay""".split()  # noqa: SIM905
)
_OF_PEOPLE = frozenset({"message", "invoke"})  # somebody asks for something, and the case is that person's
_MOST_REASON = 2_000  # characters of what is said with a thumb
_MOST_TEXT = 20_000  # characters; Teams refuses messages above 100 KB


def fault_of(body: object) -> str:
    """Why a request body is no activity; "" when it is one."""
    if not isinstance(body, dict):
        return "The body must be a JSON object: a Bot Framework activity."
    if not isinstance(body.get("type"), str):
        return "The activity has no type."
    if body["type"] not in TYPES:
        return f"The activity type “{body['type'][:40]}” is not known. A question comes as a message."
    return _missing(body)


def _missing(body: Json) -> str:
    """Which part every activity of its type has and this one lacks; "" for none."""
    conversation = body.get("conversation")
    if not isinstance(conversation, dict) or not isinstance(conversation.get("id"), str):
        return "The activity has no conversation with an id."
    if not isinstance(body.get("serviceUrl", ""), str):
        return "serviceUrl must be text."
    if body["type"] in _OF_PEOPLE and not _id_of(_dict(body.get("from"))):
        return "The activity does not say who sent it: from needs an id. Two unknown people are not one."
    return ""


def readable(raw: bytes) -> object:
    """The JSON of a request, with half surrogate pairs replaced: no database and no connection takes them.

    Raises ValueError or RecursionError for what is no JSON."""
    body = json.loads(raw.decode("utf-8", "replace"))
    if b"\\u" not in raw:
        return body
    text = json.dumps(body, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.loads(text)


def incoming_of(body: Json) -> Incoming:
    """A message activity in our own words; the mention of the bot itself is taken out."""
    return Incoming(
        id=str(body.get("id") or secrets.token_hex(8)),  # without one nothing is a repetition
        channel="teams",
        conversation=str(body["conversation"]["id"]),
        sender=sender_of(body),
        text=_without_own_mention(body),
        reference=reference_of(body),
    )


def sender_of(body: Json) -> Person:
    sender = _dict(body.get("from"))
    return Person(_id_of(sender), str(sender.get("name") or "Someone"))


def _id_of(sender: Json) -> str:
    """The person's id at Entra, else in the channel; "" when there is neither."""
    ids = (sender.get(name) for name in ("aadObjectId", "id"))
    return next((known for known in ids if isinstance(known, str) and known.strip()), "")


def reference_of(body: Json) -> dict[str, Any]:
    """By which a message reaches this conversation later: the fields of a ConversationReference, as JSON."""
    return {
        "activityId": body.get("id"),
        "user": body.get("from"),
        "bot": body.get("recipient"),
        "conversation": body.get("conversation"),
        "channelId": body.get("channelId"),
        "locale": body.get("locale"),
        "serviceUrl": body.get("serviceUrl"),
    }


def addressed_as(message: Json, body: Json) -> dict[str, Any]:
    """A reply whose conversation, sender and recipient have all the fields that they came with, such as tenantId."""
    whole = dict(message)
    for name, came_as in (("conversation", "conversation"), ("from", "recipient"), ("recipient", "from")):
        ours, theirs = _dict(message.get(name)), _dict(body.get(came_as))
        if ours and ours.get("id") == theirs.get("id"):
            whole[name] = {**theirs, **ours}
    return whole


def tenant_of(body: Json) -> str:
    """The Entra tenant a message comes from; the SDK's own field for it is always empty."""
    tenant = _dict(_dict(body.get("channelData")).get("tenant"))
    return str(tenant.get("id") or _dict(body.get("conversation")).get("tenantId") or "")


def action_of(body: Json) -> tuple[str, str]:
    """Verb and case id of a pressed button, from Action.Execute or Action.Submit; ("", "") when it is none."""
    value = _dict(body.get("value"))
    data = _dict(_dict(value.get("action")).get("data")) or value
    return str(data.get("verb") or ""), str(data.get("case") or "")


def given_by(body: Json) -> Json:
    """What a card sends back: its own data with what was filled in, from Action.Execute or Action.Submit."""
    value = _dict(body.get("value"))
    return _dict(_dict(value.get("action")).get("data")) or value


def feedback_of(body: Json) -> tuple[bool | None, str]:
    """Whether a thumb points up, and the reason given; None for what is no thumb. The reason may be JSON or text."""
    value = _dict(_dict(body.get("value")).get("actionValue"))
    helpful = {"like": True, "dislike": False}.get(str(value.get("reaction")))
    said: object = value.get("feedback") or ""
    if isinstance(said, str) and said.lstrip().startswith("{"):
        with suppress(ValueError, RecursionError):  # or a text that begins with a brace
            said = json.loads(said)
    if isinstance(said, dict):
        said = said.get("feedbackText") or ""
    return helpful, str(said)[:_MOST_REASON]


def kind_of(body: Json) -> str:
    """personal, groupChat or channel; "" where the channel does not say."""
    return str(_dict(body.get("conversation")).get("conversationType") or "")


def is_in_thread(body: Json) -> bool:
    """Whether the conversation is one thread of a channel, not a chat in which everything is said."""
    return ";messageid=" in str(_dict(body.get("conversation")).get("id") or "")


def is_mentioned(body: Json) -> bool:
    """Whether the bot is called by name."""
    return bool(_own_mentions(body))


def is_addressed(body: Json) -> bool:
    """Whether it is said to the bot: in a chat of two, or as the first message of a thread."""
    if kind_of(body) not in {"channel", "groupChat"}:
        return True
    thread = str(_dict(body.get("conversation")).get("id") or "").partition(";messageid=")[2]
    return kind_of(body) == "channel" and thread in {"", str(body.get("id") or "")}


def is_new_here(body: Json) -> bool:
    """Whether the bot was just added to the conversation."""
    added = body.get("membersAdded")
    own = _dict(body.get("recipient")).get("id")
    return isinstance(added, list) and any(isinstance(m, dict) and m.get("id") == own for m in added)


def expects_replies(body: Json) -> bool:
    """Whether replies go into the response: nothing that was said can be changed then."""
    return body.get("deliveryMode") == "expectReplies"


def can_stream(body: Json) -> bool:
    """Whether the channel shows an answer while it is written: Teams, in a chat of two."""
    return body.get("channelId") == "msteams" and kind_of(body) == "personal" and not expects_replies(body)


def activity_of(reply: Reply, *, docs: str = "", base_url: str = "") -> dict[str, Any]:
    """A reply as a message activity: a card where there is one, text where a sentence is enough."""
    card = reply_card(reply, docs=docs, base_url=base_url)
    if card is None:
        return text_activity("\n\n".join(part for part in (reply.note, reply.text) if part))
    activity: dict[str, Any] = {
        "type": "message",
        "summary": card["fallbackText"][:200],
        "attachments": [{"contentType": CARD, "content": card}],
    }
    if reply.outcome in {ReplyKind.ANSWERED, ReplyKind.HINTED}:
        activity["entities"] = [_message_entity(reply, base_url)]
        activity["channelData"] = {"feedbackLoop": {"type": "default"}}
    return activity


def text_activity(text: str) -> dict[str, Any]:
    """Somebody's words as a message; nobody is called by them, whatever they look like."""
    quiet = re.sub(r"<(/?)at\b", r"&lt;\1at", text, flags=re.IGNORECASE)
    return {"type": "message", "textFormat": "markdown", "text": quiet[:_MOST_TEXT]}


def card_activity(card: Json) -> dict[str, Any]:
    return {
        "type": "message",
        "summary": str(card["fallbackText"])[:200],
        "attachments": [{"contentType": CARD, "content": card}],
    }


def _message_entity(reply: Reply, base_url: str) -> dict[str, Any]:
    """Citations, and the AI label where a model wrote the text: quoted documentation is nobody's invention."""
    entity: dict[str, Any] = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "citation": [_claim(c, base_url) for c in reply.citations],
    }
    if reply.origin is Origin.GENERATED:
        entity["additionalType"] = ["AIGeneratedContent"]
    return entity


def _claim(citation: Citation, base_url: str) -> dict[str, Any]:
    appearance = {
        "@type": "DigitalDocument",
        "name": (citation.place or citation.title)[:80],
        "abstract": re.sub(r"\s+", " ", citation.quote)[:160] or citation.title,
    }
    url = absolute_address(citation, base_url)
    if url:
        appearance["url"] = url
    return {"@type": "Claim", "position": citation.number, "appearance": appearance}


def _without_own_mention(body: Json) -> str:
    text = str(body.get("text") or "")
    for words in _own_mentions(body):
        text = text.replace(words, " ")
    return text.replace("\u00a0", " ").strip()


def _own_mentions(body: Json) -> list[str]:
    """The texts by which the bot is mentioned."""
    own = _dict(body.get("recipient")).get("id")
    entities = body.get("entities")
    mentions = [_dict(entity) for entity in (entities if isinstance(entities, list) else ())]
    return [
        str(mention.get("text") or "")
        for mention in mentions
        if mention.get("type") == "mention" and own and _dict(mention.get("mentioned")).get("id") == own
    ]


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def calling(card: Mapping[str, Any], member: Member, words: str) -> dict[str, Any]:
    """The card with a member called by name, so that Teams tells him; unknown ids are not called."""
    if member.is_team or not member.teams_id:
        return dict(card)
    shown = f"<at>{member.name}</at>"
    called = {"type": "mention", "text": shown, "mentioned": {"id": member.teams_id, "name": member.name}}
    block = {"type": "TextBlock", "text": f"{shown}, {words}", "wrap": True, "size": "Small"}
    look = {**card.get("msteams", {}), "entities": [called]}
    return {**card, "body": [*card["body"], block], "msteams": look}
