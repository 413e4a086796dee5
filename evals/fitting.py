"""What `calibrate` does: ask, fit, print, write."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.telemetry import configure_logging
from evals import calibrate, logs, runner
from evals.commands import Asked, ready
from evals.corpora import Opened
from evals.files import write
from evals.scorecard import missing_gold
from knowledge import learning
from knowledge.errors import Failure
from knowledge.lessons import Lessons


@dataclass(frozen=True, slots=True)
class Fitting:
    """How to fit, and where the result goes."""

    rate: float = 0.05
    names: Sequence[str] = calibrate.CHOSEN
    note: str = ""
    others: Sequence[Path] = ()  # saved examples of other corpora
    save: Path | None = None  # only save the examples here
    output: Path | None = None
    scale_on: Sequence[str] = ()  # names of corpora; none: all


def teach_command(asked: Asked, log: Path | None) -> None:
    """Fit confidence to an index from its own sentences, and from a log of earlier questions where there is one."""
    configure_logging("error")
    earlier = logs.read(log) if log else []
    with ready(asked) as (_, embedder, corpus):
        lessons = learning.learn(corpus.index, embedder, before=corpus.lessons)
        if earlier:
            lessons = replace(lessons, familiar=learning.familiar(earlier, embedder))
        try:
            lessons.save(corpus.generation)
        except OSError as error:
            raise Failure(
                f"{corpus.generation}: cannot be written ({error.strerror}). Check its permissions."
            ) from error
        print(as_text(lessons, corpus, earlier))


def as_text(lessons: Lessons, corpus: Opened, earlier: Sequence[tuple[str, bool]]) -> str:
    """What was learnt, and how sure that is, for a terminal."""
    lines = [f"Confidence is fitted to {corpus.name} ({corpus.index.count():,} sections)."]
    own = lessons.own
    if own is None:
        lines.append(
            f"  own sentences: too few pages; at least {learning.FEWEST} are needed. The general weights hold."
        )
    else:
        spread = _half_width(own.auroc, own.questions)
        lines.append(
            f"  own sentences: {own.questions} asked with and without their folder; AUROC on those not fitted on "
            f"{own.auroc:.3f} ± {spread:.3f}"
        )
    if lessons.familiar is not None:
        answered = sum(right for _, right in earlier)
        said = f", {answered} of them answered here" if earlier else ""
        lines.append(f"  log: {lessons.familiar.questions} earlier questions{said}")
    elif earlier:
        lines.append(f"  log: not used; {logs.TOO_FEW}")
    return "\n".join(lines)


def _half_width(auroc: float, pairs: int) -> float:
    """Half of the 95 % interval of an AUROC on so many positives and as many negatives (Hanley and McNeil, 1982)."""
    above, twice = auroc / (2 - auroc), 2 * auroc**2 / (1 + auroc)
    spread = auroc * (1 - auroc) + (pairs - 1) * (above - auroc**2) + (pairs - 1) * (twice - auroc**2)
    return 1.96 * math.sqrt(max(0.0, spread)) / pairs


def calibrate_command(asked: Asked, fitting: Fitting) -> None:
    """Fit on the questions and the saved examples, print how good that is, and write the weights if asked to."""
    configure_logging("error")
    wanted = asked.questions()
    found = [example for file in fitting.others for example in calibrate.load(file)]
    with ready(asked) as (settings, embedder, corpus):
        trials = runner.run(
            wanted,
            index=corpus.index,
            embedder=embedder,
            policy=runner.ALWAYS,
            lessons=corpus.lessons,
            glossary=asked.glossary(settings),
        )
        if missing := missing_gold(trials, corpus.paths):
            print(f"warning: {len(missing)} gold paths are not in the index, {missing[0]} among them.")
        found += calibrate.examples(trials, corpus.name)
    if fitting.save is not None:
        write(fitting.save, calibrate.save(found))
        print(f"{len(found)} examples are in {fitting.save}. Fit with them: --with {fitting.save}")
        return
    fitted = calibrate.fit(found, rate=fitting.rate, names=fitting.names, note=fitting.note, scale_on=fitting.scale_on)
    print(calibrate.as_text(fitted, fitting.rate))
    if fitting.output is not None:
        write(fitting.output, fitted.weights.dump())
        print(f"\nThe weights are in {fitting.output}.")
