"""How long a replay takes beside the plain way: two whole ingests, and every question embedded and asked of each."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from bot import knowledge_wiring
from bot.demo.script import Cast, script
from bot.library import Library, Reading
from bot.replay.asked import Question
from bot.replay.command import Wanted, replayed
from bot.replay.verdicts import Said, judge
from bot.settings import Settings
from bot.sources import sources
from bot.telemetry import configure_logging
from ingestion import pipeline
from ingestion.sources import FaqSource, FolderSource, SchemaSource, Source
from knowledge import bundled
from knowledge.errors import Failure

MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
HEAD: Final = f"{{:36}}{'seconds':>9}{'embedded':>10}{'worse':>7}{'better':>8}"
LOST: Final = ("kafka/quotas.md", "base/key-vaults.md", "dns/failover.md", "splunk/onboarding-logs.md")


NEW: Final = (
    "# GPU nodes\n\n## Get a GPU node for a namespace\n\nDeclare `nvidia.com/gpu` in `quotas.yaml` of pf-amber.\n"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """One way of doing it."""

    name: str
    seconds: float
    embedded: int  # texts; -1 where nobody counts
    verdicts: Sequence[str]


def replay_command(count: int) -> None:
    """Print how long it takes with an index at hand, without one, and the plain way; and whether they agree."""
    configure_logging("error")
    asked = questions(count)
    with TemporaryDirectory(prefix="sheriff-bench-") as scratch:
        folder = Path(scratch)
        docs = changed_docs(folder / "repository")
        home = Settings(home=folder / "home")
        pipeline.ingest(sources(home), home=home.home, embedder=knowledge_wiring.embedder(home))
        empty = _without_index(home, folder / "empty")
        print(HEAD.format(f"replay of {len(asked):,} questions"), flush=True)
        taken = [
            shown(ours("sheriff replay, indexed before", home, docs, asked, folder / "warm")),
            shown(ours("sheriff replay, nothing indexed", empty, docs, asked, folder / "cold")),
            shown(plain(home, docs, asked, folder / "plain")),
        ]
    print("\n".join(compared(taken)))


def questions(count: int) -> list[Question]:
    """So many distinct questions, as the people of the demonstration ask them."""
    found: dict[str, Question] = {}
    seed = 0
    while len(found) < count:
        for asking in script(Cast.read(), monday=MONDAY, weeks=13, seed=seed):
            found.setdefault(asking.text, Question(asking.text))
        seed += 1
        if seed > count:
            raise Failure(f"There are only {len(found):,} distinct questions. Ask for fewer: --questions.")
    return list(found.values())[:count]


def changed_docs(repository: Path) -> Path:
    """The bundled pages, committed, and then with a section less in some of them, one removed and one new."""
    docs = repository / "docs"
    shutil.copytree(bundled.DOCS, docs)
    identity = ["-c", "user.email=bench@example.org", "-c", "user.name=Bench"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "pages"]):
        subprocess.run(["git", *identity, *command], cwd=repository, check=True)
    for name in LOST:
        page = docs / name
        text = page.read_text("utf-8")
        page.write_text(re.sub(r"(?ms)^## .*?(?=^## )", "", text, count=1), "utf-8")
    (docs / "herm" / "ora-errors.md").unlink()
    (docs / "start" / "gpu.md").write_text(NEW, "utf-8")
    return docs


def ours(name: str, settings: Settings, docs: Path, asked: Sequence[Question], scratch: Path) -> Taken:
    begun = monotonic()
    report = replayed(settings, Wanted(docs, base="HEAD"), asked, scratch)
    return Taken(name, monotonic() - begun, report.embedded, [one.verdict.value for one in report.judged])


def plain(settings: Settings, docs: Path, asked: Sequence[Question], scratch: Path) -> Taken:
    """What a script does that knows `ingest` and `ask` alone."""
    begun = monotonic()
    said = []
    for number, folder in enumerate((bundled.DOCS, docs)):
        home = scratch / str(number)
        embedder = knowledge_wiring.embedder(settings)
        pipeline.ingest(_sources(settings, folder), home=home, embedder=embedder)
        reading = Reading(
            embedder, None, knowledge_wiring.policy(settings), glossary=knowledge_wiring.glossary(settings)
        )
        library = Library(home, reading)
        said.append([Said.of(library.answer(question.text)) for question in asked])
        library.close()
    verdicts = [judge(q, a, b, margin=Wanted(docs).margin).verdict.value for q, a, b in zip(asked, *said, strict=True)]
    return Taken("two ingests, two times asked", monotonic() - begun, -1, verdicts)


def shown(one: Taken) -> Taken:
    """Print its row: it takes minutes until the next one is there."""
    embedded = f"{one.embedded:,}" if one.embedded >= 0 else "all"
    worse, better = (one.verdicts.count(verdict) for verdict in ("worse", "better"))
    print(f"{one.name:36}{one.seconds:9.1f}{embedded:>10}{worse:7}{better:8}", flush=True)
    return one


def compared(taken: Sequence[Taken]) -> list[str]:
    """Whether all ways agree, and how much longer the last one takes than the first."""
    *quick, peer = taken
    rows = []
    for one in quick:
        same = sum(a == b for a, b in zip(one.verdicts, peer.verdicts, strict=True))
        rows.append(f"{one.name}: {same:,} of {len(peer.verdicts):,} verdicts as the plain way has them")
    return [*rows, f"plain / ours {peer.seconds / quick[0].seconds:.2f}"]


def _without_index(settings: Settings, home: Path) -> Settings:
    return settings.model_copy(update={"home": home, "model_dir": settings.models})


def _sources(settings: Settings, docs: Path) -> list[Source]:
    """Those of the bundled platform, with the pages from another folder."""
    every: list[Source] = []
    for source in sources(settings):
        if isinstance(source, FolderSource) and source.name == "docs":
            every.append(FolderSource("docs", docs, base_url=source.base_url, owner=source.owner))
        elif isinstance(source, (FolderSource, FaqSource, SchemaSource)):
            every.append(source)
    return every
