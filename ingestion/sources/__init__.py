"""Sources: the places that knowledge is read from."""

from ingestion.sources.entries import Entry, Skipped, Source, read_all
from ingestion.sources.faq import FaqSource
from ingestion.sources.folder import FolderSource
from ingestion.sources.schemas import SchemaSource

__all__ = ["Entry", "FaqSource", "FolderSource", "SchemaSource", "Skipped", "Source", "read_all"]
