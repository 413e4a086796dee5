"""A question while the model server misbehaves: the page is quoted, in time, with a word to the operator."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from knowledge import answering
from knowledge.adapters.openai_calls import load
from knowledge.adapters.openai_models import OpenAIChat
from knowledge.model import Answer, Origin, Outcome
from knowledge.patience import one_turn
from knowledge.relevance import Policy
from tests.fakes import HashEmbedder, MemoryIndex, a_chunk
from tests.model_servers import Faulty, faulty_server

KEY = "sk-proj-0123456789abcdef"
EMBEDDER = HashEmbedder()
INDEX = MemoryIndex(
    EMBEDDER,
    [
        a_chunk(
            "Set `quota.partitions` in the `kafka.yaml` of the region.",
            title="Kafka quotas",
            headings=("Raise a partition quota",),
        ),
        a_chunk("Gold indexes keep events for 400 days.", document="docs:splunk.md"),
    ],
)
AT_ONCE = [
    *("400", "401", "403", "404", "422", "429", "429 later", "500", "502", "503", "redirect 302", "redirect 307"),
    *(
        "cut",
        "reset",
        "empty",
        "whitespace",
        "no events",
        "broken event",
        "odd event",
        "error event",
        "error after words",
    ),
    *("garbage", "html", "not utf-8", "length", "content_filter"),
    *("no http", "nothing", "half a header", "no gzip", "short of its length", "broken chunks", "flood"),
]
ENDLESS = ["hang", "hang after headers", "trickle", "comments", "one byte"]


@pytest.fixture
def server() -> Iterator[Faulty]:
    load()
    with faulty_server() as running:
        yield running


def ask(url: str, *, seconds: float) -> Answer:
    model = one_turn(OpenAIChat("gpt-4o-mini", api_key=KEY, base_url=url), seconds=seconds)
    question = "How do I raise the partition quota?"
    policy = Policy(0.0, 0.0)
    return answering.answer(question, index=INDEX, embedder=EMBEDDER, model=model, policy=policy)


@pytest.fixture(autouse=True)
def warnings_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a command that ran before in this process set the level to."""
    caplog.set_level(logging.WARNING, logger="knowledge")


def assert_quoted(answer: Answer, url: str, log: str) -> None:
    assert (answer.outcome, answer.origin) == (Outcome.ANSWERED, Origin.QUOTED)
    assert "Set `quota.partitions` in the `kafka.yaml` of the region." in answer.text
    assert answer.note == answering.MODEL_SILENT
    assert [citation.title for citation in answer.citations] == ["Kafka quotas"]
    assert "model_unavailable: The" in log
    for told in (answer.text, answer.note, log):
        assert not any(secret in told for secret in (KEY, url, "Traceback"))


@pytest.mark.parametrize("fault", AT_ONCE)
def test_a_model_that_fails_gives_way_to_the_page(server: Faulty, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    server.fault = fault
    started = time.monotonic()

    with caplog.at_level(logging.INFO, logger="knowledge"):
        answer = ask(server.url, seconds=8.0)

    assert time.monotonic() - started < 5.0
    assert_quoted(answer, server.url, caplog.text)


@pytest.mark.parametrize("fault", ENDLESS)
def test_a_model_that_never_ends_is_left_at_the_deadline(
    server: Faulty, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.fault = fault
    started = time.monotonic()

    answer = ask(server.url, seconds=0.6)

    assert 0.5 < time.monotonic() - started < 2.0
    assert_quoted(answer, server.url, caplog.text)


def test_a_model_that_is_not_there_gives_way_to_the_page(caplog: pytest.LogCaptureFixture) -> None:
    with faulty_server() as gone:
        url = gone.url

    assert_quoted(ask(url, seconds=8.0), url, caplog.text)


@pytest.mark.parametrize("url", ["http://[bad", "http://", "http://127.0.0.1:99999/v1", "ftp://127.0.0.1/v1"])
def test_an_address_that_is_none_gives_way_to_the_page(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert_quoted(ask(url, seconds=8.0), "bad/", caplog.text)


def test_a_silent_name_server_does_not_hold_the_answer_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    load()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_options: time.sleep(3))
    started = time.monotonic()

    answer = ask("http://model.example/v1", seconds=0.6)

    assert time.monotonic() - started < 2.0
    assert_quoted(answer, "model.example", caplog.text)


def test_a_redirect_is_not_followed_with_the_question_in_hand(server: Faulty) -> None:
    server.fault = "redirect 307"

    ask(server.url, seconds=8.0)

    assert server.requests == 1
