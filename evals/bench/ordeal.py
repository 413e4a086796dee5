"""Hostile files by every way in: what became of each, what it cost, and whether its neighbours came to harm."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zlib import crc32

import numpy as np

from evals.bench.hostile_sources import SECRET, Trap
from ingestion import generations, manifest
from ingestion.pipeline import ingest
from ingestion.report import IngestReport
from ingestion.sources import FaqSource, FolderSource, SchemaSource, Source
from knowledge.adapters.chroma_index import ChromaIndex
from knowledge.errors import SheriffError
from knowledge.ports import Matrix, Vector

REPLY_WITHIN: Final = 5.0  # seconds for a message
INGEST_WITHIN: Final = 60.0  # seconds for an ingest of one hostile file and its neighbours
_EVERY: Final = 0.02  # seconds between two looks at the memory
_NEIGHBOURS: Final = {
    "docs/neighbour.md": "# Neighbour\n\n## Quota\n\nIt is 12.\n",
    "faq/neighbour.yaml": "entries:\n- {id: near, question: Who lives here?, answer: A neighbour.}\n",
    "schemas/neighbour.schema.json": '{"title": "Neighbour", "properties": {"quota": {"type": "integer"}}}',
}
_OWN: Final = 5  # sections of the neighbours
HEALTHY: Final = frozenset({"docs:neighbour.md", "faq:neighbour.yaml#near", "schemas:neighbour.schema.json"})


@dataclass(frozen=True, slots=True)
class Suffered:
    """One hostile file by one way in; `fault` is "" when all that was promised was held."""

    name: str
    way: str
    said: str
    seconds: float
    megabytes: float  # of all processes together, at most
    fault: str = ""


class Hashes:
    """Vectors that mean nothing, quickly: what is measured is what comes before."""

    fingerprint = "bench"
    dimension = 8

    def embed(self, texts: Sequence[str]) -> Matrix:
        rows = [self.embed_query(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)

    def embed_query(self, text: str) -> Vector:
        vector = np.zeros(self.dimension, dtype=np.float32)
        vector[crc32(text.encode("utf-8", "replace")) % self.dimension] = 1
        return vector


def ingested(trap: Trap) -> Suffered:
    """One trap among healthy neighbours, read and indexed."""
    with TemporaryDirectory(prefix="sheriff-hostile-") as scratch:
        try:
            settle(Path(scratch), [trap])
        except OSError as error:  # this file system, or this account, cannot have it
            return Suffered(trap.name, "ingest", f"not made here: {error.strerror}", 0, 0)
        begun = time.perf_counter()
        with peak() as most:
            report, fault = outcome(Path(scratch))
        seconds = time.perf_counter() - begun
        fault = fault or ("" if seconds <= INGEST_WITHIN else f"took more than {INGEST_WITHIN:g} s")
        return Suffered(trap.name, "ingest", _said(report) if report else fault, seconds, most(), fault)


def settle(scratch: Path, planted: Sequence[Trap]) -> None:
    """Healthy neighbours in folders of their own below `sources`, and the traps among them."""
    folder = scratch / "sources"
    for path, text in _NEIGHBOURS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    for trap in planted:
        trap.plant(folder)


def outcome(scratch: Path) -> tuple[IngestReport | None, str]:
    """What an ingest of the settled folders did, and what was promised and not held."""
    folder, home = scratch / "sources", scratch / "home"
    sources: Sequence[Source] = (
        FolderSource("docs", folder / "docs"),
        FaqSource("faq", folder / "faq"),
        SchemaSource("schemas", folder / "schemas"),
    )
    try:
        report = ingest(sources, home=home, embedder=Hashes())
    except SheriffError as error:
        return None, f"the run stopped: {error}"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return None, f"the run broke: {type(error).__name__}: {error}"
    return report, _harm(home)


def _harm(home: Path) -> str:
    """What was promised and not held."""
    folder = generations.current(home)
    held = manifest.read(folder) if folder else None
    if folder is None or held is None or not held.documents.keys() >= HEALTHY:
        return "a healthy neighbour was not indexed"
    index = ChromaIndex.open(folder, fingerprint=Hashes.fingerprint)
    try:
        texts = [chunk.text for id_ in index.document_ids() for chunk in index.document(id_)]
    finally:
        index.close()
    if any(SECRET in text or "root:x:0:0" in text for text in texts):
        return "a file from outside the folder was indexed"
    return ""


def _said(report: IngestReport) -> str:
    if report.skipped:
        more = f" (and {len(report.skipped) - 1:,} more)" if len(report.skipped) > 1 else ""
        return f"skipped: {report.skipped[0].reason}{more}"
    own = report.chunks - _OWN
    return f"indexed: {own:,} sections" if own else "left alone"


# ---- memory ----


@contextmanager
def peak(pid: int = 0) -> Iterator[Callable[[], float]]:
    """The most MB that a process (0: this one) and all below it took together, until the block ends; 0 if unknown."""
    root, most, over = pid or os.getpid(), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY):
            most[0] = max(most[0], _together(root))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield lambda: most[0]
    finally:
        over.set()
        watching.join()


def _together(root: int) -> float:
    """MB of a process and its descendants; pages that they share count once for each."""
    sizes: dict[int, tuple[int, float]] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text("utf-8", "replace")
        except OSError:
            continue
        parent, size = (
            re.search(r"^PPid:\s+(\d+)", text, re.MULTILINE),
            re.search(r"^RssAnon:\s+(\d+)", text, re.MULTILINE),
        )
        if parent and size:
            sizes[int(status.parent.name)] = (int(parent[1]), int(size[1]) / 1000)
    return sum(size for pid, (_, size) in sizes.items() if _is_below(pid, root, sizes))


def _is_below(pid: int, root: int, sizes: dict[int, tuple[int, float]]) -> bool:
    while pid in sizes and pid != root:
        pid = sizes[pid][0]
    return pid == root
