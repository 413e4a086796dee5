"""Sheriff's search as a LangChain retriever, for use in other people's chains."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from knowledge.glossary import NO_GLOSSARY, Glossary
from knowledge.lessons import NONE, Lessons
from knowledge.model import Passage
from knowledge.ports import ChunkIndex, Embedder
from knowledge.search import search


class SheriffRetriever(BaseRetriever):
    """Passages of the index as LangChain documents, best first.

    This module imports LangChain at once: import it only where a chain is built.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Any  # a ChunkIndex; Protocols cannot be validated by pydantic
    embedder: Any
    limit: int = 8
    lessons: Any = NONE
    glossary: Any = NO_GLOSSARY

    def __init__(
        self,
        *,
        index: ChunkIndex,
        embedder: Embedder,
        limit: int = 8,
        lessons: Lessons = NONE,
        glossary: Glossary = NO_GLOSSARY,
    ) -> None:
        super().__init__(index=index, embedder=embedder, limit=limit, lessons=lessons, glossary=glossary)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        found = search(
            query,
            index=self.index,
            embedder=self.embedder,
            limit=self.limit,
            lessons=self.lessons,
            glossary=self.glossary,
        )
        return [_document(passage) for passage in found.passages]


def _document(passage: Passage) -> Document:
    chunk = passage.chunk
    metadata = {
        "title": chunk.title,
        "heading": chunk.headings[-1] if chunk.headings else chunk.title,
        "place": chunk.place,
        "path": chunk.path,
        "source": chunk.source,
        "url": chunk.address,
        "kind": chunk.kind.value,
        "score": passage.score,
    }
    return Document(id=chunk.id, page_content=passage.body, metadata=metadata)
