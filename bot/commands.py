"""What the `sheriff` subcommands do, apart from serving and validating: each a function from settings to output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import gap_wiring, knowledge_wiring, store_wiring
from bot.asking import asking
from bot.messages import Incoming, Person, Reply, ReplyKind
from bot.settings import Settings
from bot.sources import remember_sources
from bot.sources import sources as sources_of
from bot.store.demonstration import marked
from bot.store.opening import Store
from bot.support import gap_report
from bot.support.cases import Case, title
from bot.support.transitions import dead_letter, retry_ticket
from bot.wording import of_notices
from ingestion import pipeline
from ingestion.report import as_text
from knowledge.errors import Failure, Misuse


@dataclass(frozen=True, slots=True)
class GapsWanted:
    """What the report of gaps is to hold, and where it goes."""

    output: str = "md"
    target: Path | None = None
    since: str = ""  # a day
    component: str = ""


_STARTING = 2.0  # seconds that a process may take to start before that shortens the wait for the model


def ingest_command(settings: Settings, folders: Sequence[Path], *, base_url: str, dry_run: bool) -> None:
    """Read the sources and bring the index up to date, with a progress bar on a terminal."""
    found = sources_of(settings, folders, base_url=base_url)
    try:
        with _progress_bar() as advance:
            report = pipeline.ingest(
                found,
                home=settings.home,
                embedder=knowledge_wiring.embedder(settings),
                dry_run=dry_run,
                progress=advance,
                store=knowledge_wiring.indexes(settings),
                limits=knowledge_wiring.reading_limits(settings),
            )
    except KeyboardInterrupt:
        print("Stopped. The index stays as it was; the next run begins again.", file=sys.stderr)
        raise
    print(as_text(report))
    if folders and not dry_run and not report.nothing_found:
        remember_sources(settings.home, folders, base_url)
    if not dry_run:
        gap_wiring.ask_gaps_again(settings)
    if report.nothing_found:
        raise Failure("Nothing was indexed: the sources hold no readable page. Name a folder with .md, .adoc or .html.")


def ask_command(settings: Settings, question: str, *, as_json: bool, hand_over: bool, begun: float) -> None:
    """Answer one question on standard output; a slow start of the process is taken off the model's time.

    `begun` is when the process did, on the monotonic clock.
    """
    if not question.strip():
        raise Misuse('The question is empty. Ask one: sheriff ask "How do I raise a Kafka partition quota?"')
    incoming = Incoming(uuid4().hex, "cli", f"cli-{uuid4().hex[:8]}", Person("cli", "Command line"), question)
    until = begun + _STARTING + settings.model.timeout_seconds
    with asking(settings, hand_over=hand_over, until=until) as take:
        reply = take(incoming)
    if as_json:
        from bot.channels.api import answered

        print(json.dumps(answered(reply).model_dump(mode="json"), ensure_ascii=False, indent=2))
    else:
        _print_reply(reply, hand_over=hand_over)
    if reply.outcome is ReplyKind.REFUSED:
        raise Misuse(reply.text)


def gaps_command(settings: Settings, wanted: GapsWanted) -> None:
    """Write the gap report to a file or standard output."""
    renderers = {"md": gap_report.as_markdown, "html": _gaps_page, "json": gap_report.as_json_text}
    if wanted.output not in renderers:
        raise Misuse(f"--format {wanted.output}: choose md, html or json.")
    since = _day(wanted.since) if wanted.since else None
    with store_wiring.opened_store(settings) as store:
        report = gap_wiring.gap_report(settings, store, since=since, component=wanted.component)
        made_up = store.demonstration.get() is not None
    text = renderers[wanted.output](report)
    if made_up:
        text = marked(text, wanted.output)
    if wanted.target is None:
        print(text)
    else:
        wanted.target.write_text(text, encoding="utf-8")
        print(f"Written to {wanted.target}.", file=sys.stderr)


def _gaps_page(report: gap_report.GapReport) -> str:
    from bot.channels.gaps_page import as_page

    return as_page(report)


def _day(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError as error:
        raise Misuse(f"--since {text[:20]!r} is no day. Write it as 2026-11-02.") from error


def regroup_command(settings: Settings) -> None:
    """Group all questions afresh, but those of gaps that somebody has touched."""
    with store_wiring.opened_store(settings) as store, knowledge_wiring.opened_library(settings) as knowing:
        if not gap_wiring.gapwork(settings, store, knowing).regroup():
            raise Failure("Another process is at the ledger just now. Try again in a few minutes.")
        counts = sum(store.gaps.counts().values())
    print(f"Grouped afresh: {counts:,} gaps. Those that somebody had marked, joined or split stayed as they were.")


def retry_command(settings: Settings, labels: Sequence[str], *, everything: bool) -> None:
    """Have the ticket system asked again for what it refused; with nothing named, list that."""
    with store_wiring.opened_store(settings) as store:
        letters = store.cases.dead_letters()
        if not labels and not everything:
            _print_refused(letters)
            return
        chosen = letters if everything else [_case(store, label) for label in labels]
        for case in chosen:
            store.cases.record(case.id, partial(retry_ticket, by="Operator", at=store_wiring.now()))
            print(f"{case.label}: is tried again, by a running `sheriff serve` within half a minute.")


def _case(store: Store, label: str) -> Case:
    case = store.cases.find(label)
    if case is None:
        raise Misuse(f"There is no case {label}. `sheriff cases retry` lists those that the ticket system refused.")
    return case


def _print_refused(cases: Sequence[Case]) -> None:
    for case in cases:
        letter = dead_letter(case)
        print(f"{case.label}  {title(case, width=60)}\n    {letter.text if letter else ''}")
    if cases:
        print("\nSet right what is said there, then name cases, or --all.")
    else:
        print("The ticket system has refused nothing.")


def prepare_command(settings: Settings, folder: Path | None) -> None:
    """Build the local model's graph and say where it is."""
    from knowledge.adapters.local_embedder import prepare

    place = prepare(folder or settings.models)
    print(f"The embedding model is ready in {place}.")


def _print_reply(reply: Reply, *, hand_over: bool) -> None:
    heads = {
        ReplyKind.ANSWERED: "Answer",
        ReplyKind.HINTED: "Hint: the likely place, not a sure answer",
    }
    notes = [f"({reply.note})"] if reply.note else []
    head = [heads[reply.outcome]] if reply.outcome in heads else []
    if reply.notices:
        print(f"{of_notices(reply.notices)}\n")
    print("\n\n".join(["\n".join([*head, *notes]), reply.text]).strip())
    for number, choice in enumerate(reply.choices, start=1):
        print(f"  {number}. {choice}")
    if reply.choices:
        print("\nName it in the question and ask again.")
    for citation in reply.citations:
        print(f"\n[{citation.number}] {citation.place or citation.title}\n    {citation.url or citation.path}", end="")
    if reply.citations:
        print()
    if reply.outcome in {ReplyKind.UNANSWERED, ReplyKind.FORWARDED}:
        for citation in reply.looked_at[:3]:
            print(f"  looked at: {citation.place or citation.title} ({citation.path})")
        if not hand_over:
            print("\nNobody was told. `--hand-over` opens a case for the duty sheriff.")


@contextmanager
def _progress_bar() -> Iterator[Callable[[pipeline.Progress], None]]:
    """A bar on standard error while a terminal watches; silence in a log."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Reading", total=None)

        def advance(step: pipeline.Progress) -> None:
            bar.update(task, description=f"Reading {step.source}", completed=step.done, total=step.total or None)

        yield advance
