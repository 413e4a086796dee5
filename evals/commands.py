"""What `run` and `search` do: each a function from what was asked for to output."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bot import knowledge_wiring, store_wiring
from bot import settings as configured
from bot.settings import Settings
from bot.sources import sources
from bot.telemetry import configure_logging
from evals import baseline, corpora, judge, logs, questions, runner, runs, scorecard
from evals.corpora import Corpus, Opened
from evals.files import expect_writable, write
from evals.pages import run_page
from evals.questions import Question, Sets
from evals.runner import Trial
from evals.runs import Run
from evals.searching import results
from evals.terminal import as_text
from ingestion import generations, manifest
from ingestion.pipeline import Progress
from knowledge import learning, relevance
from knowledge.errors import Failure, Misuse
from knowledge.glossary import NO_GLOSSARY, Glossary
from knowledge.ports import ChatModel, Embedder

CACHE: Final = Path(".cache")
TENTHS: Final = 10  # how often progress is told


@dataclass(frozen=True, slots=True)
class Asked:
    """Which questions, and of which documentation; empty means the bundled ones."""

    sets: Sequence[Path] = ()
    no_answer: Sequence[Path] = ()
    docs: Path | None = None
    home: Path | None = None
    config: Path | None = None

    @classmethod
    def of(
        cls,
        sets: Sequence[Path] | None,
        no_answer: Sequence[Path] | None,
        *,
        docs: Path | None,
        home: Path | None,
        config: Path | None,
    ) -> Asked:
        return cls(tuple(sets or ()), tuple(no_answer or ()), docs, home, config)

    @property
    def own_documentation(self) -> bool:
        return self.docs is not None or (self.home is not None and generations.current(self.home) is not None)

    def glossary(self, settings: Settings) -> Glossary:
        """The platform's words; none for a folder of other documentation, which has others."""
        return NO_GLOSSARY if self.docs is not None else knowledge_wiring.glossary(settings)

    def questions(self) -> list[Question]:
        """The accepted questions; see `read`."""
        return self.read().questions

    def read(self) -> Sets:
        """The sets; Misuse when the documentation is the user's own and no set says what to ask of it."""
        if not self.sets and not self.no_answer and self.own_documentation:
            raise Misuse("The bundled questions are about the example platform. Name your own with --set FILE.")
        files = self.sets if self.sets or self.no_answer else questions.BUNDLED
        return questions.read_sets(files, self.no_answer)


@dataclass(frozen=True, slots=True)
class Gate:
    """What to do with the baseline."""

    check: bool = False
    update: bool = False
    file: Path | None = None

    @property
    def path(self) -> Path:
        return self.file or baseline.BUNDLED


@dataclass(frozen=True, slots=True)
class Written:
    """Where a run goes beside the terminal."""

    json: Path | None = None
    html: Path | None = None


def run_command(asked: Asked, *, written: Written, gate: Gate, with_judge: bool = False) -> None:
    """Print the scorecard. Raises Failure naming each figure that fell more than its tolerance."""
    configure_logging("error")
    expect_writable(written.json, written.html)
    sets = asked.read()
    before = baseline.read(gate.path) if gate.check else None
    judge_model = _judge_model(asked) if with_judge else None
    with ready(asked) as (settings, embedder, corpus):
        policy = knowledge_wiring.policy(settings)
        trials = runner.run(
            sets.questions,
            index=corpus.index,
            embedder=embedder,
            policy=policy,
            lessons=corpus.lessons,
            glossary=asked.glossary(settings),
        )
        about = _about(sets, trials, corpus, embedder, policy)
        run = Run(about, tuple(trials))
        if judge_model is not None:
            named = replace(about, settings={**about.settings, "judge": judge_model.name})
            judged = judge.judge(trials, model=judge_model, pages=judge.gold_pages(corpus), tell=_tell)
            run = Run(named, tuple(trials), judged)
    card = scorecard.score(trials)
    print(as_text(run, card))
    if written.json is not None:
        write(written.json, runs.dump(run, card))
    if written.html is not None:
        write(written.html, run_page(run, card))
    if gate.update:
        baseline.write(gate.path, card.figures, len(trials))
        print(f"\nThe baseline in {gate.path} is this run now.")
    if before is not None:
        _gate(before, card, gate.path)


def _judge_model(asked: Asked) -> ChatModel:
    model = knowledge_wiring.chat_model(configured.load(asked.config, home=asked.home))
    if model is None:
        raise Misuse(
            "--judge needs a language model. Set OPENAI_API_KEY, OPENAI_BASE_URL or the AZURE_OPENAI_ variables."
        )
    return model


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _about(
    sets: Sets, trials: Sequence[Trial], corpus: Opened, embedder: Embedder, policy: relevance.Policy
) -> runs.About:
    return runs.About(
        made=store_wiring.now().isoformat(timespec="seconds"),
        corpus=corpus.name,
        documents=len(corpus.paths),
        index=_fingerprint(corpus.generation),
        code=runs.code_version(),
        settings={"answer_at": policy.answer_at, "hint_at": policy.hint_at, "embeddings": embedder.fingerprint},
        sets=sets.files,
        missing_gold=scorecard.missing_gold(trials, corpus.paths),
    )


def _fingerprint(generation: Path) -> str:
    """Changes with the pages, the chunking and the embedding model of an index, and with nothing else."""
    held = manifest.read(generation)
    if held is None:
        return "unknown"
    parts = [held.embedder, held.chunker, *(f"{id_} {doc.content_hash}" for id_, doc in sorted(held.documents.items()))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def search_command(place: Path, *, home: Path | None, config: Path | None, log: Path | None = None) -> None:
    """Answer standard input line by line on standard output; everything else goes to standard error."""
    configure_logging("error")
    cache = home or Path.home() / ".cache" / "sheriff-evals"
    settings = configured.load(config, home=cache)
    embedder = knowledge_wiring.embedder(settings)
    earlier = logs.read(log) if log else []
    with corpora.opened(corpora.pages(place, cache), embedder, tell=Teller()) as opened:
        corpus = _knowing(opened, earlier, embedder)
        stdin = sys.stdin.buffer.read().decode("utf-8", errors="replace")
        for line in results(stdin.split("\n"), corpus=corpus, embedder=embedder):
            print(line)


def _knowing(opened: Opened, earlier: Sequence[tuple[str, bool]], embedder: Embedder) -> Opened:
    """The corpus with what a log of earlier questions teaches, if it holds enough of both kinds."""
    if not earlier:
        return opened
    familiar = learning.familiar(earlier, embedder)
    if familiar is None:
        print(f"warning: {logs.TOO_FEW}; the log is not used.", file=sys.stderr)
        return opened
    return opened.knowing(familiar)


@contextmanager
def ready(asked: Asked) -> Iterator[tuple[Settings, Embedder, Opened]]:
    """Settings, embedder, and the documentation that is asked about, indexed and open."""
    settings = configured.load(asked.config, home=asked.home)
    if asked.home is None:
        models = settings.model_dir or CACHE / "models"
        settings = settings.model_copy(update={"home": CACHE / "evals", "model_dir": models})
    embedder = knowledge_wiring.embedder(settings)
    with corpora.opened(_corpus(asked, settings), embedder, tell=Teller()) as corpus:
        yield settings, embedder, corpus


def _corpus(asked: Asked, settings: Settings) -> Corpus:
    if asked.docs is None:
        return corpora.of_home(settings.home)
    return corpora.folder(asked.docs, sources(settings, [asked.docs]), settings.home)


def _gate(before: baseline.Baseline, card: scorecard.Scorecard, file: Path) -> None:
    if before.questions != len(card.trials):
        print(
            f"\nwarning: the baseline was written for {before.questions} questions, and this run asks "
            f"{len(card.trials)}. {baseline.REWRITE}"
        )
    if fallen := baseline.falls(before, card.figures):
        raise Failure("\n".join(["The run is worse than its baseline:", *fallen]))
    print(f"\nNo figure is below {file} by more than its tolerance.")


class Teller:
    """Says on standard error how far indexing is, ten times at most."""

    def __init__(self) -> None:
        self._told = -1

    def __call__(self, step: Progress) -> None:
        tenth = step.done * TENTHS // max(1, step.total)
        if tenth > self._told:
            self._told = tenth
            print(step, file=sys.stderr)
