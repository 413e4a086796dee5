"""The web application over a real store of cases; only what answers and what delivers are scripted."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter

from bot.casework import Casework
from bot.channels.services import Services
from bot.channels.web import build_app
from bot.curating import Curation
from bot.gap_reading import read_entry, read_report
from bot.messages import Attachment, CaseSummary, Incoming, Person, Reply, ReplyKind
from bot.store.opening import Store, open_store
from bot.support import transitions
from bot.support.cases import Case, CaseState, Event, EventKind
from bot.support.rota_file import read_rota
from bot.support.severity import application_of, severity_of
from bot.workflows import Workflows
from ingestion.sources import Source
from knowledge import bundled
from knowledge.model import Answer, Chunk, Citation, Outcome
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.engine import validate
from knowledge.validation.mending import with_mended
from tests.fakes import a_chunk, notices_of, wishes_of

WEDNESDAY = datetime(2026, 11, 25, 9, 36, tzinfo=UTC)  # 10:36 in Paris
ROTA_TEXT = """\
timezone: Europe/Paris
start: 2026-11-23
members:
  - {id: ana, name: Ana}
  - {id: bo, name: Bo}
  - {id: dan, name: Dan}
"""
ROTA = read_rota(ROTA_TEXT)
QUOTA = (
    "Quotas are counted for each region.\n\n"
    "Set `quota.partitions` in the `kafka.yaml` of the region that hosts the topic. "
    "The limit is counted per region, so the same key at the root has no effect.\n\n"
    "```yaml\nquota:\n  partitions: 72\n```\n\n"
    "The change is applied by the next pipeline run, without a restart of producers."
)
LIMITS = "Up to 96 partitions are granted by the pipeline itself. Above that a Kafka maintainer approves."
ALERTING = """apiVersion: sheriff/v1
kind: Alerting
alerts:
  - name: replicas
    namespace: "%namespace%"
    treshold: 2
    severity: critical
"""


def pages() -> list[Chunk]:
    """A small Dev Insight."""
    kafka: dict[str, Any] = {"title": "Kafka quotas", "owner": "Kafka team", "updated": "2026-11-12"}
    return [
        a_chunk("How Kafka quotas work.", document="docs:kafka/quotas.md", order=0, **kafka),
        a_chunk(
            QUOTA,
            document="docs:kafka/quotas.md",
            order=1,
            headings=("Quotas", "Raise a partition quota"),
            anchor="raise-a-partition-quota",
            **kafka,
        ),
        a_chunk(
            LIMITS,
            document="docs:kafka/limits.md",
            headings=("Limits by region",),
            anchor="limits-by-region",
            **(kafka | {"title": "Kafka limits", "updated": "2026-11-03"}),
        ),
        a_chunk(
            "JOR runs a job in [your own namespaces](../jor/calendar.md#days).",
            document="docs:jor/namespaces.md",
            headings=("Namespaces",),
            anchor="namespaces",
            title="JOR",
        ),
    ]


def cited(number: int, chunk: Chunk) -> Citation:
    return Citation(
        number=number,
        title=chunk.title,
        path=chunk.path,
        heading=chunk.headings[-1] if chunk.headings else chunk.title,
        anchor=chunk.anchor,
        quote=chunk.text,
        updated=chunk.updated,
        owner=chunk.owner,
        document_id=chunk.document_id,
        place=chunk.place,
    )


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = WEDNESDAY

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **length: float) -> None:
        self.now += timedelta(**length)


class PromptWorkflows:
    """Everybody hears at once: the ticket is there and the sheriff told when the call returns."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._cases = store.cases
        self._clock = clock
        self._numbers = itertools.count(142)
        self.desk_is_down = False

    def hand_over(self, case_id: str, *, wait: float = 2.0) -> Case:
        at, name = self._clock(), ROTA.sheriff_on(self._clock()).name
        case = self._cases.record(case_id, lambda case: transitions.name_sheriff(case, at=at, sheriff=name))
        if case.ticket:
            return case
        if self.desk_is_down:
            pending = "the ticket system is not answering. Next try 10:41."
            return self._note(case_id, EventKind.TICKET_PENDING, pending)
        ticket = f"SUP-{next(self._numbers)}"
        self._cases.record(case_id, lambda case: transitions.record_ticket(case, at=at, ticket=ticket, url=""))
        return self._note(case_id, EventKind.SHERIFF_TOLD, f"{name} was told on the desk page.")

    def push(self, case_id: str) -> None:
        """Nobody waits for anything."""

    def _note(self, case_id: str, kind: EventKind, text: str) -> Case:
        return self._cases.record(case_id, lambda case: transitions.note(case, kind, at=self._clock(), text=text))


@dataclass
class Script:
    """What Sheriff says to a question that holds `words`."""

    words: str
    reply: Reply
    pieces: Sequence[str] = ()
    pause: float = 0.0


class ScriptedSheriff:
    """Answers by script and stores cases as the real one does; YAML really is checked."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._given: dict[str, Reply] = {}
        self.heard: list[Incoming] = []
        self.scripts: list[Script] = []
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def take(self, incoming: Incoming, listen: Callable[[str], None] = lambda _: None) -> Reply:
        self.heard.append(incoming)
        if self.error is not None:
            raise self.error
        if incoming.id not in self._given:
            self._given[incoming.id] = self._reply(incoming, listen)
        return self._given[incoming.id]

    def _reply(self, incoming: Incoming, listen: Callable[[str], None]) -> Reply:
        files = [SourceFile(a.name, a.content) for a in incoming.attachments]
        if incoming.text.startswith("apiVersion"):
            files.append(SourceFile("pasted.yaml", incoming.text))
        if files:
            return self._checked(incoming, files)
        script = next((s for s in self.scripts if s.words in incoming.text), None)
        if script is None:
            return self._handed_over(incoming)
        for piece in script.pieces:
            listen(piece)
            time.sleep(script.pause)
        self.gate.wait(10)
        if script.reply.outcome in {ReplyKind.NOTED, ReplyKind.REFUSED}:
            return script.reply
        return replace(script.reply, case=_summary(self._stored(incoming, script.reply)))

    def _checked(self, incoming: Incoming, files: Sequence[SourceFile]) -> Reply:
        catalog = self._office.catalog
        report = with_mended(validate(files, catalog=catalog), files, catalog=catalog)
        reply = Reply(ReplyKind.CHECKED, "Checked.", 1.0, report=report)
        return replace(reply, case=_summary(self._stored(incoming, reply)))

    def _handed_over(self, incoming: Incoming) -> Reply:
        near = (cited(1, pages()[3]),)
        reply = Reply(ReplyKind.UNANSWERED, "I don’t know.", 0.31, looked_at=near)
        case = self._office.casework.hand_over(self._stored(incoming, reply).id)
        return replace(reply, case=_summary(case))

    def _stored(self, incoming: Incoming, reply: Reply) -> Case:
        now = self._office.clock()
        return self._office.store.cases.save_new(
            Case(
                id=f"c-{len(self._given) + 1:08x}",
                state=CaseState.ANSWERED,
                question=incoming.text or "kafka.yaml",
                asker=incoming.sender,
                channel=incoming.channel,
                conversation=incoming.conversation,
                opened=now,
                updated=now,
                outcome=reply.outcome.value,
                answer=reply.text,
                confidence=reply.confidence,
                citations=tuple(reply.citations or reply.looked_at),
                severity=severity_of(incoming.text),
                application=application_of(incoming.text),
                events=(Event(now, EventKind.OPENED, incoming.sender.name, data={"choices": list(reply.choices)}),)
                if reply.choices
                else (),
            )
        )


def _summary(case: Case) -> CaseSummary:
    return CaseSummary(case.id, case.state.value, case.ticket, case.ticket_url, case.sheriff)


@dataclass
class Index:
    """The state of the index, as a test wants it."""

    state: str = "ready"
    sentence: str = "1,762 sections are indexed."
    done: int = 0
    total: int = 0
    chunks: int = 1762

    @property
    def ready(self) -> bool:
        return self.state == "ready"


class NoIndex:
    """Nothing is indexed, and nothing known."""

    def ingest(self, sources: Sequence[Source]) -> object:
        return None

    def answer(self, question: str) -> Answer:
        return Answer(Outcome.UNANSWERED, "", 0.0)


@dataclass
class Office:
    """Everything behind one application, for a test to look at and to change."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    index: Index = field(default_factory=Index)

    def __post_init__(self) -> None:
        self.store = open_store(f"sqlite:///{self.folder / 'sheriff.db'}", clock=self.clock)
        (self.folder / "rota.yaml").write_text(ROTA_TEXT)
        self.book = self.store.rota(self.folder / "rota.yaml")
        self.notices = notices_of(self.store, self.clock)
        self.catalog = SchemaCatalog.load(bundled.SCHEMAS)
        self.workflows = PromptWorkflows(self.store, self.clock)
        workflows = cast("Workflows", self.workflows)
        self.casework = Casework(self.store.cases, workflows=workflows, rota=self.book, clock=self.clock)
        self.sheriff = ScriptedSheriff(self)
        self.sheriff.scripts = scripts()

    def services(self, **changed: Any) -> Services:
        registry = CollectorRegistry()
        Counter("sheriff_replies", "Replies", registry=registry).inc()
        given: dict[str, Any] = {
            "sheriff": self.sheriff,
            "casework": self.casework,
            "cases": self.store.cases,
            "facts": self.store.facts,
            "rota": self.book,
            "book": self.book,
            "news": self.store.news,
            "broadcast": self.store.broadcast,
            "index_status": lambda: self.index,
            "page": self.page,
            "validate": lambda files: validate(files, catalog=self.catalog),
            "gaps": lambda: read_report(self.store, self.clock(), page=self.page),
            "gap": lambda gap: read_entry(self.store, 0, gap, self.page),
            "store": self.store,
            "metrics": registry,
            "clock": self.clock,
            "wishes": wishes_of(self.store),
            "notices": self.notices,
            "curation": Curation(self.store.faq, self.store.cases, NoIndex(), list, self.folder, self.clock),
            "request_news": self.store.request_news,
            "examples": ("How do I raise a Kafka quota?", "Where do I put alerting.yaml?", "What does ORA-01017 mean?"),
        }
        return Services(**(given | changed))

    def app(self, **changed: Any) -> FastAPI:
        return build_app(self.services(**changed))

    def page(self, document_id: str) -> list[Chunk]:
        return [chunk for chunk in pages() if chunk.document_id == document_id]

    def ask(self, text: str, **given: Any) -> Reply:
        """A question of Kim's in Teams, so that a case is there."""
        usual: dict[str, Any] = {"id": f"t-{len(self.sheriff.heard)}", "channel": "teams", "conversation": "teams:1"}
        return self.sheriff.take(Incoming(text=text, **(usual | {"sender": KIM} | given)))

    def close(self) -> None:
        self.store.close()


KIM = Person("kim", "Kim")
ANA = Person("ana", "Ana")
BO = Person("bo", "Bo")


def scripts() -> list[Script]:
    """Answers to the questions that tests ask."""
    quota, limits = cited(1, pages()[1]), cited(2, pages()[2])
    text = (
        "Set `quota.partitions` in the `kafka.yaml` of the region that hosts the topic. The limit is counted per "
        "region, so the same key at the root has no effect. [1]\n\n```yaml\nquota:\n  partitions: 72\n```\n\n"
        "Up to 96 partitions are granted by the pipeline itself. Above that a Kafka maintainer approves. [2]"
    )
    answer = Reply(ReplyKind.ANSWERED, text, 0.91, citations=(quota, limits))
    hint = Reply(
        ReplyKind.HINTED, "Above that a Kafka maintainer approves. [1]", 0.52, citations=(cited(1, pages()[2]),)
    )
    return [
        Script("quota", answer),
        Script(
            "slowly",
            answer,
            pieces=["Set `quota.partitions` ", "in the ", "`kafka.yaml` ", "of the region."],
            pause=0.2,
        ),
        Script("approves", hint),
        Script(
            "backups",
            Reply(ReplyKind.CLARIFY, "Which one do you mean: HERM or Couchbase?", choices=("HERM", "Couchbase")),
        ),
        Script("hello", Reply(ReplyKind.NOTED, "Hello. Ask about Meridian.")),
        Script("binary", Reply(ReplyKind.REFUSED, "This looks like binary data. Paste the text.")),
    ]


def a_file(name: str = "alerting.yaml", text: str = ALERTING) -> Attachment:
    return Attachment(name, text.encode(), "application/yaml")
