"""What `calibrate` does: ask, fit, print, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.telemetry import configure_logging
from evals import calibrate, runner
from evals.commands import Asked, ready
from evals.files import write
from evals.scorecard import missing_gold
from knowledge.relevance import Policy

ALWAYS = Policy(answer_at=0.0, hint_at=0.0)  # every question is answered, to see which answers are right


@dataclass(frozen=True, slots=True)
class Fitting:
    """How to fit, and where the result goes."""

    rate: float = 0.05
    names: Sequence[str] = calibrate.CHOSEN
    note: str = ""
    others: Sequence[Path] = ()  # saved examples of other corpora
    save: Path | None = None  # only save the examples here
    output: Path | None = None


def calibrate_command(asked: Asked, fitting: Fitting) -> None:
    """Fit on the questions and the saved examples, print how good that is, and write the weights if asked to."""
    configure_logging("error")
    wanted = asked.questions()
    found = [example for file in fitting.others for example in calibrate.load(file)]
    with ready(asked) as (_, embedder, corpus):
        trials = runner.run(wanted, index=corpus.index, embedder=embedder, policy=ALWAYS)
        if missing := missing_gold(trials, corpus.paths):
            print(f"warning: {len(missing)} gold paths are not in the index, {missing[0]} among them.")
        found += calibrate.examples(trials, corpus.name)
    if fitting.save is not None:
        write(fitting.save, calibrate.save(found))
        print(f"{len(found)} examples are in {fitting.save}. Fit with them: --with {fitting.save}")
        return
    fitted = calibrate.fit(found, rate=fitting.rate, names=fitting.names, note=fitting.note)
    print(calibrate.as_text(fitted, fitting.rate))
    if fitting.output is not None:
        write(fitting.output, fitted.weights.dump())
        print(f"\nThe weights are in {fitting.output}.")
