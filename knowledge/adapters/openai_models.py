"""Language models and embeddings of OpenAI, Azure OpenAI, and any server that speaks the same protocol."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.adapters import openai_calls
from knowledge.errors import Misuse, Unavailable
from knowledge.ports import ChatMessage, Form, Matrix, Vector

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

log = logging.getLogger(__name__)

OPENAI = "https://api.openai.com/v1"
AZURE_API_VERSION = "2024-10-21"
_NO_KEY = "none"  # a local server may want no key, the client library wants one
_BATCH = 128  # texts in one request
_CHAT: dict[str, Any] = {
    "max_retries": 0,  # openai_calls retries, within its deadline
    "timeout": None,
    "stream_usage": False,  # not every compatible server knows it
    "stream_chunk_timeout": None,
    "use_responses_api": False,
}
_EMBEDDING: dict[str, Any] = {
    "check_embedding_ctx_length": False,  # would download a vocabulary; chunks are short enough
    "chunk_size": _BATCH,
    "timeout": None,
}


class _Chat(ABC):
    """A chat model; `deadline` is in seconds and holds for the whole answer, `forms` says whether to ask for any."""

    def __init__(self, name: str, deadline: float, forms: bool) -> None:
        self._name = name
        self._deadline = deadline
        self._forms = forms

    @property
    def name(self) -> str:
        return self._name

    def warm(self) -> None:
        """Load the client libraries now (seconds), so that the first question does not wait for them."""
        openai_calls.load()

    def stream(
        self, messages: Sequence[ChatMessage], *, seconds: float | None = None, form: Form | None = None
    ) -> Iterator[str]:
        """As ports.ChatModel promises, and never longer than the deadline.

        A service that refuses a request with a form and takes it without is not asked for one again.
        """
        said = [(message.role, message.content) for message in messages]
        limit = self._deadline if seconds is None else min(seconds, self._deadline)
        asks = form is not None and self._forms
        built: list[bool] = []  # whether with a form, in the order of asking

        def build(with_form: bool) -> openai_calls.Build:
            def make(client: AsyncClient) -> BaseChatModel:
                built.append(with_form)
                return self._model(client, _response_format(form) if form and with_form else {})

            return make

        builds = [build(True), build(False)] if asks else [build(False)]
        for piece in openai_calls.stream(builds, said, seconds=limit, who=f"The model {self._name}"):
            if asks and self._forms and not built[-1]:
                self._forms = False
                log.info("model_without_forms: %s writes plain text from now on", self._name)
            yield piece

    @abstractmethod
    def _model(self, client: AsyncClient, more: Mapping[str, Any]) -> BaseChatModel:
        """The model, with `more` in the body of each request."""


class OpenAIChat(_Chat):
    """A model of OpenAI, or of the compatible server at `base_url`."""

    def __init__(
        self, model: str, *, api_key: str, base_url: str = "", deadline: float = 8.0, forms: bool = True
    ) -> None:
        super().__init__(model, deadline, forms)
        self._access: dict[str, Any] = {"api_key": api_key or _NO_KEY, "base_url": base_url or OPENAI}

    def _model(self, client: AsyncClient, more: Mapping[str, Any]) -> BaseChatModel:
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(model=self._name, http_async_client=client, extra_body=more, **self._access, **_CHAT)


class AzureChat(_Chat):
    """A deployment of Azure OpenAI."""

    def __init__(
        self,
        deployment: str,
        *,
        endpoint: str,
        api_key: str,
        api_version: str = "",
        deadline: float = 8.0,
        forms: bool = True,
    ) -> None:
        super().__init__(deployment, deadline, forms)
        self._access = _azure(deployment, endpoint, api_key, api_version)

    def _model(self, client: AsyncClient, more: Mapping[str, Any]) -> BaseChatModel:
        from langchain_openai import AzureChatOpenAI

        return AzureChatOpenAI(http_async_client=client, extra_body=more, **self._access, **_CHAT)


def _response_format(form: Form) -> dict[str, Any]:
    """The part of a request by which OpenAI, Azure, vLLM, Ollama and others hold a model to a schema."""
    schema = {"name": form.name, "strict": True, "schema": form.schema}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


class _Embedder(ABC):
    """Embeddings from a service: rows of length 1."""

    def __init__(self, model: str, dimension: int, query_deadline: float, batch_deadline: float) -> None:
        self._name = model
        self._dimension = dimension
        self._query_deadline = query_deadline
        self._batch_deadline = batch_deadline

    @property
    def fingerprint(self) -> str:
        """Model and dimension: the same model gives the same vectors at OpenAI and at Azure."""
        return f"openai:{self._name}:{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def warm(self) -> None:
        """Load the client libraries now (seconds), so that the first question does not wait for them."""
        openai_calls.load()

    def embed(self, texts: Sequence[str]) -> Matrix:
        """As ports.Embedder promises; batch by batch, each with a deadline of its own."""
        batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        rows = [self._vectors(batch, self._batch_deadline, retries=3) for batch in batches]
        return np.concatenate(rows) if rows else np.zeros((0, self._dimension), dtype=np.float32)

    def embed_query(self, text: str) -> Vector:
        vector: Vector = self._vectors([text], self._query_deadline, retries=1)[0]
        return vector

    @abstractmethod
    def _embeddings(self, client: AsyncClient, retries: int) -> Embeddings: ...

    def _vectors(self, texts: Sequence[str], seconds: float, *, retries: int) -> Matrix:
        sent = [text if text.strip() else "-" for text in texts]  # the services refuse an empty text
        who = f"The embedding model {self._name}"

        async def ask(client: AsyncClient) -> list[list[float]]:
            return await self._embeddings(client, retries).aembed_documents(sent)

        rows = openai_calls.call(ask, seconds=seconds, who=who)
        return self._checked(rows, len(texts), who)

    def _checked(self, rows: Sequence[Sequence[float]], count: int, who: str) -> Matrix:
        sizes = {len(row) for row in rows}
        if len(rows) != count or len(sizes) != 1:
            raise Unavailable(f"{who} sent {len(rows)} vectors for {count} texts.")
        if sizes != {self._dimension}:
            remedy = f"Set the embedding dimension to {sizes.pop()} and ingest again."
            raise Misuse(f"{who} does not give vectors of {self._dimension} numbers. {remedy}")
        matrix = np.asarray(rows, dtype=np.float32)
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
            raise Unavailable(f"{who} sent a vector without a direction.")
        return np.asarray(matrix / lengths, dtype=np.float32)


class OpenAIEmbedder(_Embedder):
    """An embedding model of OpenAI, or of the compatible server at `base_url`."""

    def __init__(
        self,
        model: str = "text-embedding-3-small",
        *,
        api_key: str,
        base_url: str = "",
        dimension: int = 1536,
        query_deadline: float = 3.0,
        batch_deadline: float = 60.0,
    ) -> None:
        super().__init__(model, dimension, query_deadline, batch_deadline)
        self._access: dict[str, Any] = {"api_key": api_key or _NO_KEY, "base_url": base_url or OPENAI}

    def _embeddings(self, client: AsyncClient, retries: int) -> Embeddings:
        from langchain_openai import OpenAIEmbeddings

        options = {**self._access, **_EMBEDDING, "max_retries": retries}
        return OpenAIEmbeddings(model=self._name, http_async_client=client, **options)


class AzureEmbedder(_Embedder):
    """A deployment of an embedding model at Azure; `model` is what is deployed, which its name need not tell."""

    def __init__(
        self,
        deployment: str,
        *,
        endpoint: str,
        api_key: str,
        api_version: str = "",
        model: str = "text-embedding-3-small",
        dimension: int = 1536,
        query_deadline: float = 3.0,
        batch_deadline: float = 60.0,
    ) -> None:
        super().__init__(model, dimension, query_deadline, batch_deadline)
        self._access = _azure(deployment, endpoint, api_key, api_version)

    def _embeddings(self, client: AsyncClient, retries: int) -> Embeddings:
        from langchain_openai import AzureOpenAIEmbeddings

        options = {**self._access, **_EMBEDDING, "max_retries": retries}
        return AzureOpenAIEmbeddings(model=self._name, http_async_client=client, **options)


def _azure(deployment: str, endpoint: str, api_key: str, api_version: str) -> dict[str, Any]:
    return {
        "azure_deployment": deployment,
        "azure_endpoint": endpoint,
        "api_key": api_key or _NO_KEY,
        "api_version": api_version or AZURE_API_VERSION,
    }
