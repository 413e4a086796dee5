"""The changed pages as files: where the heading stands that lost a question."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from bot.replay.verdicts import Replayed, Said
from bot.replay.versions import Repository
from ingestion.sources import FolderSource, read_all
from knowledge.model import Document


@dataclass(frozen=True)
class Pages:
    """The pages of the change, and which documents it adds, alters or removes."""

    source: FolderSource
    repository: Repository
    changed: Collection[str]

    @cached_property
    def _documents(self) -> dict[str, Document]:
        return {found.id: found for found in read_all(self.source) if isinstance(found, Document)}

    def loser(self, one: Replayed) -> tuple[str, int] | None:
        """File and line of the changed page that lost the question, or else of the one that took it over."""
        both = (one.before, one.after)
        lost = next((said for said in both if said.document_id in self.changed and not self.is_gone(said)), None)
        if lost is None:
            return None
        document = self._documents[lost.document_id]
        lines = {section.anchor: section.line for section in document.sections}
        anchors = [said.anchor for said in both if said.document_id == document.id]  # the old heading may be gone
        line = next((lines[anchor] for anchor in anchors if anchor in lines), 1)
        return self.repository.name(document.path), line

    def is_gone(self, said: Said) -> bool:
        """Whether the page that won is not there any more."""
        return said.document_id in self.changed and said.document_id not in self._documents
