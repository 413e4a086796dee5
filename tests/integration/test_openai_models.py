"""The model adapters against servers on loopback: what comes back, and how fast a fault is noticed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from knowledge.adapters.openai_models import AzureChat, OpenAIChat, OpenAIEmbedder
from knowledge.errors import Misuse, ModelUnavailable, Unavailable
from knowledge.forms import ANSWER
from knowledge.ports import ChatMessage
from tests.model_servers import Faulty, faulty_server

QUESTION = [ChatMessage("system", "Be brief."), ChatMessage("user", "How do I raise the quota?")]
KEY = "sk-proj-0123456789abcdef"


@pytest.fixture
def server() -> Iterator[Faulty]:
    with faulty_server() as running:
        yield running


@pytest.fixture
def chat(server: Faulty) -> OpenAIChat:
    model = OpenAIChat("gpt-4o-mini", api_key=KEY, base_url=server.url, deadline=1.0)
    model.warm()
    return model


def an_embedder(url: str, dimension: int = 3) -> OpenAIEmbedder:
    return OpenAIEmbedder(api_key=KEY, base_url=url, dimension=dimension, query_deadline=1.0, batch_deadline=1.0)


def test_the_answer_comes_in_pieces(chat: OpenAIChat) -> None:
    pieces = list(chat.stream(QUESTION))

    assert pieces == ["Set ", "quota."]


AT_ONCE = {
    "401": "The model gpt-4o-mini refuses the key (401).",
    "403": "The model gpt-4o-mini does not allow this key to use it (403).",
    "404": "The model gpt-4o-mini does not know this model, deployment or address (404).",
    "400": "The model gpt-4o-mini refuses the request (400); check the model's name and the API version.",
    "422": "The model gpt-4o-mini refuses (422).",
    "429": "The model gpt-4o-mini is over its rate limit or quota (429).",
    "429 later": "The model gpt-4o-mini is over its rate limit or quota (429).",
    "500": "The model gpt-4o-mini has a fault of its own (500).",
    "503": "The model gpt-4o-mini has a fault of its own (503).",
    "garbage": "The model gpt-4o-mini sent an answer that cannot be read.",
    "html": "The model gpt-4o-mini sent an answer that cannot be read.",
    "empty": "The model gpt-4o-mini sent an empty answer.",
    "no events": "The model gpt-4o-mini sent an answer that cannot be read.",
    "broken event": "The answer of the model gpt-4o-mini broke off before its end.",
    "odd event": "The model gpt-4o-mini sent an answer that cannot be read.",
    "redirect 308": "The model gpt-4o-mini is at another address (308); check the configured one.",
    "error event": "The model gpt-4o-mini reports an error.",
    "cut": "The answer of the model gpt-4o-mini broke off before its end.",
    "length": "The answer of the model gpt-4o-mini stopped at its length limit.",
    "content_filter": "The answer of the model gpt-4o-mini was stopped by the service's content filter.",
}


@pytest.mark.parametrize(("fault", "sentence"), AT_ONCE.items())
def test_a_fault_is_noticed_before_the_deadline_and_said_without_the_key(
    server: Faulty, fault: str, sentence: str
) -> None:
    server.fault = fault
    chat = OpenAIChat("gpt-4o-mini", api_key=KEY, base_url=server.url, deadline=8.0)

    with pytest.raises(ModelUnavailable) as raised:
        list(chat.stream(QUESTION))

    assert str(raised.value) == sentence


@pytest.mark.parametrize("fault", ["hang", "trickle", "comments"])
def test_a_server_that_never_ends_is_cut_at_the_deadline(server: Faulty, chat: OpenAIChat, fault: str) -> None:
    chat.warm()
    server.fault = fault
    started = time.monotonic()

    with pytest.raises(ModelUnavailable, match="gave no complete answer within 1 second"):
        list(chat.stream(QUESTION))

    assert 0.9 < time.monotonic() - started < 2.0


def test_a_cut_stream_is_hung_up_on(server: Faulty, chat: OpenAIChat) -> None:
    server.fault = "trickle"

    with pytest.raises(ModelUnavailable):
        list(chat.stream(QUESTION))

    assert server.hung_up.wait(5)


def test_a_listener_that_goes_away_hangs_up_too(server: Faulty, chat: OpenAIChat) -> None:
    server.fault = "trickle"
    pieces = chat.stream(QUESTION)
    next(pieces)

    pieces.close()  # type: ignore[attr-defined]

    assert server.hung_up.wait(5)


def test_a_passing_fault_is_tried_once_more(server: Faulty, chat: OpenAIChat) -> None:
    server.fault = "once 503"

    text = "".join(chat.stream(QUESTION))

    assert (text, server.requests) == ("Set quota.", 2)


@pytest.mark.parametrize("fault", ["401", "404", "429 later"])
def test_a_lasting_fault_is_not_tried_again(server: Faulty, chat: OpenAIChat, fault: str) -> None:
    server.fault = fault

    with pytest.raises(ModelUnavailable):
        list(chat.stream(QUESTION))

    assert server.requests == 1


def test_a_closed_port_cannot_be_reached() -> None:
    with faulty_server() as gone:
        url = gone.url

    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        list(OpenAIChat("m", api_key="", base_url=url).stream(QUESTION))


def test_embeddings_have_length_one_and_keep_their_order(llmock) -> None:  # type: ignore[no-untyped-def]
    embedder = an_embedder(llmock.base_url(), dimension=1536)

    matrix = embedder.embed(["quota", "", "rota", "quota"])

    assert matrix.shape == (4, 1536)
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-5)
    assert np.allclose(matrix[0], matrix[3], atol=1e-6)
    assert np.allclose(matrix[0], embedder.embed_query("quota"), atol=1e-6)
    assert not np.allclose(matrix[0], matrix[2], atol=1e-2)


def test_many_texts_go_in_several_requests(llmock) -> None:  # type: ignore[no-untyped-def]
    matrix = an_embedder(llmock.base_url(), dimension=1536).embed([f"text {n}" for n in range(130)])

    assert (len(matrix), len(llmock.requests)) == (130, 2)
    assert an_embedder(llmock.base_url()).embed([]).shape == (0, 3)


def test_another_dimension_than_configured_names_the_remedy(llmock) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Misuse, match="Set the embedding dimension to 1536 and ingest again"):
        an_embedder(llmock.base_url(), dimension=3).embed_query("quota")


def test_the_fingerprint_tells_models_and_dimensions_apart() -> None:
    prints = {
        OpenAIEmbedder(model, api_key=KEY, dimension=size).fingerprint
        for model, size in [("text-embedding-3-small", 1536), ("text-embedding-3-large", 1536), ("x", 3072)]
    }

    assert len(prints) == 3


@pytest.mark.parametrize("fault", ["401", "429", "500", "hang", "garbage", "html", "flat embedding"])
def test_embeddings_that_fail_are_unavailable_in_time(server: Faulty, fault: str) -> None:
    server.fault = fault
    embedder = an_embedder(server.url)
    started = time.monotonic()

    with pytest.raises(Unavailable) as raised:
        embedder.embed_query("quota")

    assert KEY not in str(raised.value)
    assert time.monotonic() - started < 6.0  # the first use loads the libraries


@pytest.mark.parametrize("script", ["truncate", "disconnect", "corrupt", "stall"])
def test_broken_streams_of_a_foreign_double_are_all_refused(llmock, script: str) -> None:  # type: ignore[no-untyped-def]
    getattr(llmock.pace(5), script)(after_chunks=2, times=None)

    with pytest.raises(ModelUnavailable):
        list(OpenAIChat("gpt-4o-mini", api_key=KEY, base_url=llmock.base_url(), deadline=1.0).stream(QUESTION))
    llmock.reset()


def test_the_double_finds_nothing_to_complain_about(llmock) -> None:  # type: ignore[no-untyped-def]
    llmock.rate_limit(times=1, retry_after=0.2)

    text = "".join(OpenAIChat("gpt-4o-mini", api_key=KEY, base_url=llmock.base_url()).stream(QUESTION))

    assert text
    llmock.assert_resilient()


def test_a_form_is_sent_as_a_strict_schema(server: Faulty, chat: OpenAIChat) -> None:
    list(chat.stream(QUESTION, form=ANSWER))

    sent = server.bodies[0]["response_format"]
    assert (sent["type"], sent["json_schema"]["name"], sent["json_schema"]["strict"]) == ("json_schema", "answer", True)
    assert sent["json_schema"]["schema"] == ANSWER.schema


def test_azure_gets_the_form_too(server: Faulty) -> None:
    chat = AzureChat("sheriff-gpt", endpoint=server.url.removesuffix("/v1"), api_key="az-test")

    list(chat.stream(QUESTION, form=ANSWER))

    assert server.bodies[0]["response_format"]["json_schema"]["schema"] == ANSWER.schema


@pytest.mark.parametrize("status", ["400", "415", "422", "501"])
def test_a_service_that_knows_no_forms_is_asked_without_from_then_on(server: Faulty, status: str) -> None:
    server.fault = f"no forms {status}"
    chat = OpenAIChat("gpt-4o-mini", api_key=KEY, base_url=server.url)

    said = ["".join(chat.stream(QUESTION, form=ANSWER)) for _ in range(2)]

    assert said == ["Set quota."] * 2
    assert ["response_format" in body for body in server.bodies] == [True, False, False]


def test_a_request_that_is_refused_either_way_does_not_end_the_forms(server: Faulty) -> None:
    chat = OpenAIChat("gpt-4o-mini", api_key=KEY, base_url=server.url)
    server.fault = "400"
    with pytest.raises(ModelUnavailable, match="refuses the request"):
        list(chat.stream(QUESTION, form=ANSWER))

    server.fault = "none"
    list(chat.stream(QUESTION, form=ANSWER))

    assert ["response_format" in body for body in server.bodies] == [True, False, True]


def test_no_form_is_asked_for_where_the_setting_says_so(server: Faulty) -> None:
    list(OpenAIChat("m", api_key=KEY, base_url=server.url, forms=False).stream(QUESTION, form=ANSWER))

    assert "response_format" not in server.bodies[0]
