"""`sheriff replay`: asks what people have asked against a change of the documentation, before it is merged."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from bot import knowledge_wiring, store_wiring
from bot.library import Reading
from bot.replay import asked, rendering, verdicts, versions
from bot.replay.asked import Question
from bot.replay.pages import Pages
from bot.replay.rendering import Report
from bot.replay.states import Kept, Remembering, State
from bot.settings import Settings
from bot.sources import sources as sources_of
from ingestion.manifest import Manifest
from ingestion.sources import FolderSource, Source
from knowledge.errors import Misuse

FORMATS = ("text", "json", "md", "github")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to replay, as the command line has it."""

    docs: Path
    base: str = ""  # a Git reference; "" for what is indexed now
    weeks: int = 13
    questions: Path | None = None  # instead of the stored ones
    source: str = ""  # which one the pages are; "" for the only one, or that of the same folder
    margin: float = 0.15
    most: int = 1000
    output: str = "text"
    report: Path | None = None  # Markdown is written there, too


def replay_command(settings: Settings, wanted: Wanted, *, now: datetime) -> int:
    """Print the report; returns 1 when a question gets worse, else 0. Raises Misuse for what cannot be replayed."""
    if wanted.output not in FORMATS:
        raise Misuse(f"--format {wanted.output}: choose {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.")
    if not wanted.docs.is_dir():
        raise Misuse(f"{wanted.docs}: no such folder. Name the one that holds the pages: --docs.")
    questions = _questions(settings, wanted, now)
    with TemporaryDirectory(prefix="sheriff-replay-") as scratch:
        report = replayed(settings, wanted, questions, Path(scratch))
    if wanted.report is not None:
        wanted.report.write_text(rendering.as_markdown(report), encoding="utf-8")
    print(rendering.rendered(report, wanted.output).rstrip("\n"))
    return int(report.is_worse)


def replayed(settings: Settings, wanted: Wanted, questions: Sequence[Question], scratch: Path) -> Report:
    """Both states indexed below `scratch`, and each question asked of both."""
    begun = monotonic()
    embedder = Remembering(knowledge_wiring.embedder(settings))
    reading = Reading(embedder, None, knowledge_wiring.policy(settings), glossary=knowledge_wiring.glossary(settings))
    every = sources_of(settings)
    docs = _source(every, wanted)
    before, after = State(scratch / "before", reading), State(scratch / "after", reading)
    _tell("Indexing the pages as they were.")
    _build_before(settings, wanted, before, every, docs, scratch)
    held = before.documents
    _tell("Indexing the pages as they would be.")
    _build_after(before, after, replace(docs, folder=wanted.docs), held)
    changed = _changed(held, after.documents)
    _tell(f"Asking {len(questions):,} questions, before and after.")
    said = before.ask(questions), after.ask(questions) if changed else []
    judged = [
        verdicts.judge(question, one, other, margin=wanted.margin)
        for question, one, other in zip(questions, said[0], said[1] or said[0], strict=True)
    ]
    return Report(
        judged,
        pages=Pages(replace(docs, folder=wanted.docs), versions.Repository.of(wanted.docs), changed),
        base=wanted.base or "what is indexed now",
        embedded=embedder.computed,
        seconds=monotonic() - begun,
    )


def _questions(settings: Settings, wanted: Wanted, now: datetime) -> Sequence[Question]:
    if wanted.questions is not None:
        return asked.read(wanted.questions, most=wanted.most)
    with store_wiring.opened_store(settings) as store:
        return asked.stored(store.cases, since=now - timedelta(weeks=wanted.weeks), most=wanted.most)


def _source(every: Sequence[Source], wanted: Wanted) -> FolderSource:
    """The source whose pages change."""
    folders = [source for source in every if isinstance(source, FolderSource) and not source.include]
    same = [source for source in folders if source.folder.resolve() == wanted.docs.resolve()]
    found = [source for source in folders if source.name == wanted.source] if wanted.source else same or folders
    if len(found) == 1:
        return found[0]
    names = ", ".join(source.name for source in folders) or "none"
    if wanted.source or not folders:
        raise Misuse(f"There is no source of pages named {wanted.source or 'docs'}. There are: {names}.")
    raise Misuse(f"It is not clear which source {wanted.docs} is. Name one with --source: {names}.")


def _build_before(
    settings: Settings, wanted: Wanted, state: State, every: Sequence[Source], docs: FolderSource, scratch: Path
) -> None:
    copied = not settings.index.chroma_url and state.copy_of(settings.home)
    if copied and isinstance(state.reading.embedder, Remembering):
        state.remembered(state.reading.embedder)
    if not wanted.base:
        if not copied:
            raise Misuse(f"There is no index in {settings.home} to compare with. Name a Git reference: --base main.")
        return
    folder = versions.unpacked(wanted.docs, wanted.base, scratch)
    state.build([replace(source, folder=folder) if source is docs else source for source in every])


def _build_after(before: State, after: State, docs: FolderSource, held: Manifest) -> None:
    if not any(True for entry in docs.entries()):
        raise Misuse(f"{docs.folder} holds no page. Name the folder with .md, .adoc or .html: --docs.")
    others = [id_ for id_ in held.documents if not id_.startswith(f"{docs.name}:")]
    after.copy_of(before.home)
    after.build([docs, Kept("kept", others)])


def _changed(before: Manifest, after: Manifest) -> frozenset[str]:
    """Ids of the documents that were added, altered or removed."""
    ids = before.documents.keys() | after.documents.keys()
    return frozenset(id_ for id_ in ids if before.documents.get(id_) != after.documents.get(id_))


def _tell(sentence: str) -> None:
    if sys.stderr.isatty():
        print(sentence, file=sys.stderr)
