"""What every ChatModel promises: the stand-in, OpenAI's protocol and Azure's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from knowledge.adapters.openai_models import AzureChat, AzureEmbedder, OpenAIChat
from knowledge.errors import ModelUnavailable
from knowledge.ports import ChatMessage, ChatModel
from tests.fakes import ScriptedChat
from tests.model_servers import aimock, aimock_missing, faulty_server

ANSWER = "Set `quota.partitions` in kafka.yaml of the region. [1]"
QUESTION = [ChatMessage("system", "Be brief."), ChatMessage("user", "How do I raise the quota?")]
needs_aimock = pytest.mark.skipif(bool(aimock_missing()), reason=aimock_missing() or "aimock is here")


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with aimock(tmp_path_factory.mktemp("aimock"), ANSWER) as url:
        yield url


@pytest.fixture(
    params=["scripted", "openai", pytest.param("azure", marks=[pytest.mark.node, needs_aimock])],
)
def model(request: pytest.FixtureRequest) -> ChatModel:
    if request.param == "scripted":
        return ScriptedChat("Set `quota.partitions` in ", "kafka.yaml of the region. [1]")
    if request.param == "openai":
        double = request.getfixturevalue("llmock")
        double.reply(ANSWER, times=None)
        return OpenAIChat("gpt-4o-mini", api_key="sk-test", base_url=double.base_url())
    return AzureChat("sheriff-gpt", endpoint=request.getfixturevalue("azure"), api_key="az-test")


@pytest.fixture(params=["scripted", "openai", "azure"])
def broken(request: pytest.FixtureRequest) -> Iterator[ChatModel]:
    """A model whose stream breaks off after some text."""
    if request.param == "scripted":
        yield ScriptedChat("Set ", "quota", fault="The answer of the model scripted broke off before its end.")
        return
    with faulty_server() as server:
        server.fault = "cut"
        if request.param == "openai":
            yield OpenAIChat("gpt-4o-mini", api_key="sk-test", base_url=server.url)
        else:
            yield AzureChat("sheriff-gpt", endpoint=server.url.removesuffix("/v1"), api_key="az-test")


def test_the_pieces_joined_are_the_answer(model: ChatModel) -> None:
    pieces = list(model.stream(QUESTION))

    assert "".join(pieces) == ANSWER
    assert len(pieces) > 1


def test_it_can_be_asked_again(model: ChatModel) -> None:
    first = "".join(model.stream(QUESTION))

    assert "".join(model.stream(QUESTION)) == first


def test_a_reader_may_stop_early(model: ChatModel) -> None:
    pieces = model.stream(QUESTION)

    first = next(pieces)
    pieces.close()  # type: ignore[attr-defined]

    assert ANSWER.startswith(first)


def test_it_has_a_name(model: ChatModel) -> None:
    assert model.name


def test_half_an_answer_is_no_answer(broken: ChatModel) -> None:
    heard: list[str] = []

    with pytest.raises(ModelUnavailable, match="broke off before its end"):
        heard.extend(broken.stream(QUESTION))

    assert "".join(heard) == "Set quota"  # what was heard is to be thrown away


@pytest.mark.parametrize("said", ["", " \n"])
def test_an_empty_answer_is_no_answer(said: str) -> None:
    with pytest.raises(ModelUnavailable, match="empty answer"):
        list(ScriptedChat(said).stream(QUESTION))


def test_it_may_be_given_less_time_than_its_own(model: ChatModel) -> None:
    assert "".join(model.stream(QUESTION, seconds=5.0)) == ANSWER


@pytest.mark.node
@needs_aimock
def test_azure_embeddings_have_length_one(azure: str) -> None:
    embedder = AzureEmbedder("sheriff-embed", endpoint=azure, api_key="az-test", dimension=1536)

    vector = embedder.embed_query("How do I raise the quota?")

    assert vector.shape == (1536,)
    assert abs(float(vector @ vector) - 1) < 1e-5
