"""The peer: LangChain's EnsembleRetriever over BM25Retriever and a Chroma store, as its documentation builds it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from evals.corpora import Opened
from knowledge.errors import Misuse
from knowledge.ports import Embedder

DEPTH: Final = 50  # documents of each retriever, as many as the ranking metrics can use
MISSING: Final = (
    "The peer to measure against is not installed: langchain-classic, langchain-community, langchain-chroma and "
    "rank-bm25 come with the development dependencies. Run `uv sync`, or `make test` once."
)


@contextmanager
def ensemble(corpus: Opened, embedder: Embedder) -> Iterator[Callable[[str], list[str]]]:
    """A function from a question to document paths, best first; both retrievers hold the corpus's own chunks.

    Raises Misuse when LangChain's retrievers are not installed.
    """
    try:
        import chromadb
        from langchain_chroma import Chroma
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
    except ImportError as error:
        raise Misuse(f"{MISSING} ({error})") from error
    with TemporaryDirectory(prefix="sheriff-bench-") as scratch:
        # A copy, so that the peer has the same vectors without embedding them again, and a client of its own.
        folder = Path(scratch, "chroma")
        shutil.copytree(corpus.generation / "chroma", folder)
        client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
        store = Chroma(client=client, collection_name="knowledge", embedding_function=_embeddings(embedder))
        words = BM25Retriever.from_documents(_documents(corpus), k=DEPTH)
        both = EnsembleRetriever(retrievers=[words, store.as_retriever(search_kwargs={"k": DEPTH})], weights=[0.5, 0.5])
        yield lambda question: _paths(both.invoke(question))
        client.close()


def _documents(corpus: Opened) -> list[Any]:
    from langchain_core.documents import Document

    return [
        Document(page_content=chunk.indexed_text, metadata={"document_id": chunk.document_id})
        for id_ in corpus.document_ids
        for chunk in corpus.index.document(id_)
    ]


def _paths(found: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(str(document.metadata["document_id"]).partition(":")[2] for document in found))


def _embeddings(embedder: Embedder) -> Any:
    from langchain_core.embeddings import Embeddings

    class OurEmbeddings(Embeddings):
        """Our embedder behind LangChain's interface."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [vector.tolist() for vector in embedder.embed(texts)]

        def embed_query(self, text: str) -> list[float]:
            return [float(value) for value in embedder.embed_query(text)]

    return OurEmbeddings()
