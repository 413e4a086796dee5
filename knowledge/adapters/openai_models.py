"""Language models and embeddings of OpenAI, Azure OpenAI, and any server that speaks the same protocol."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.adapters import openai_calls
from knowledge.errors import Misuse, Unavailable
from knowledge.ports import ChatMessage, Matrix, Vector

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

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
    """A chat model; `deadline` is in seconds and holds for the whole answer."""

    def __init__(self, name: str, deadline: float) -> None:
        self._name = name
        self._deadline = deadline

    @property
    def name(self) -> str:
        return self._name

    def warm(self) -> None:
        """Load the client libraries now (seconds), so that the first question does not wait for them."""
        openai_calls.load()

    def stream(self, messages: Sequence[ChatMessage], *, seconds: float | None = None) -> Iterator[str]:
        """As ports.ChatModel promises, and never longer than the deadline."""
        said = [(message.role, message.content) for message in messages]
        limit = self._deadline if seconds is None else min(seconds, self._deadline)
        yield from openai_calls.stream(self._model, said, seconds=limit, who=f"The model {self._name}")

    @abstractmethod
    def _model(self, client: AsyncClient) -> BaseChatModel: ...


class OpenAIChat(_Chat):
    """A model of OpenAI, or of the compatible server at `base_url`."""

    def __init__(self, model: str, *, api_key: str, base_url: str = "", deadline: float = 8.0) -> None:
        super().__init__(model, deadline)
        self._access: dict[str, Any] = {"api_key": api_key or _NO_KEY, "base_url": base_url or OPENAI}

    def _model(self, client: AsyncClient) -> BaseChatModel:
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(model=self._name, http_async_client=client, **self._access, **_CHAT)


class AzureChat(_Chat):
    """A deployment of Azure OpenAI."""

    def __init__(
        self, deployment: str, *, endpoint: str, api_key: str, api_version: str = "", deadline: float = 8.0
    ) -> None:
        super().__init__(deployment, deadline)
        self._access = _azure(deployment, endpoint, api_key, api_version)

    def _model(self, client: AsyncClient) -> BaseChatModel:
        from langchain_openai import AzureChatOpenAI

        return AzureChatOpenAI(http_async_client=client, **self._access, **_CHAT)


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
