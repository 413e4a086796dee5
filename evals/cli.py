"""The `sheriff-evals` command. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli import guarded
from evals.bench_cli import bench
from evals.options import Config, Docs, Home, Sets
from knowledge.errors import Misuse

app = typer.Typer(
    name="sheriff-evals",
    help="Measures whether the right page is found, and whether Sheriff knows when there is none.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)

NoAnswer = Annotated[
    list[Path] | None, typer.Option("--no-answer", help="Set of questions that no page answers; may be repeated.")
]
Log = Annotated[
    Path | None, typer.Option("--log", help="JSONL of earlier questions: text, and whether answered (true or false).")
]


@app.command()
def run(
    sets: Sets = None,
    no_answer: NoAnswer = None,
    docs: Docs = None,
    home: Home = None,
    config: Config = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Keep the whole run in this file.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write a page with curves to this file.")] = None,
    judge: Annotated[
        bool, typer.Option("--judge", help="Have the configured language model grade answers; never part of the gate.")
    ] = False,
    baseline: Annotated[bool, typer.Option("--baseline", help="Exit with 1 when a figure fell too far.")] = False,
    update: Annotated[bool, typer.Option("--update-baseline", help="Make this run the baseline.")] = False,
    baseline_file: Annotated[
        Path | None, typer.Option(help="Another baseline than that of the bundled sets; implies --baseline.")
    ] = None,
) -> None:
    """Ask all questions and print the scorecard."""
    from evals.commands import Asked, Gate, Written, run_command

    gate = Gate(check=(baseline or baseline_file is not None) and not update, update=update, file=baseline_file)
    asked = Asked.of(sets, no_answer, docs=docs, home=home, config=config)
    run_command(asked, written=Written(json_file, html_file), gate=gate, with_judge=judge)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A run kept with `run --json`.", metavar="BEFORE.json")],
    after: Annotated[Path, typer.Argument(help="Another run of the same questions.", metavar="AFTER.json")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Keep the comparison in this file.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write a page to this file.")] = None,
    fail_on_worse: Annotated[
        bool, typer.Option("--fail-on-worse", help="Exit with 1 when a figure is worse than tolerance or chance allow.")
    ] = False,
) -> None:
    """Compare two runs, question by question.

    Figures have their paired difference; gained and lost questions are listed.
    """
    from evals.comparing import Wanted, compare_command

    compare_command(before, after, Wanted(json_file, html_file, fail_on_worse))


@app.command()
def report(
    run_file: Annotated[Path, typer.Argument(help="A run kept with `run --json`.", metavar="RUN.json")],
    html_file: Annotated[Path, typer.Option("--html", help="Where the page goes.")],
) -> None:
    """Write a kept run as one HTML page.

    With curves, slices, and the cases to read.
    """
    from evals.reporting import report_command

    report_command(run_file, html_file)


@app.command()
def search(
    corpus: Annotated[Path, typer.Argument(help="Folder of pages, or a .jsonl pool of texts.", metavar="DIR|POOL")],
    home: Annotated[
        Path | None, typer.Option("--home", help="Where indexes are kept (default ~/.cache/sheriff-evals).")
    ] = None,
    config: Config = None,
    log: Log = None,
) -> None:
    """Rank pages for questions, as JSON lines.

    {"id", "text"} in, {"id", "docs", "scores", "confidence"} out; "history", a list of [role, text], makes a question
    a follow-up.
    """
    from evals.commands import search_command

    search_command(corpus, home=home, config=config, log=log)


@app.command("add-from-cases")
def add_from_cases(
    out: Annotated[Path, typer.Option("--out", help="The .jsonl set that rows are added to.")],
    home: Annotated[Path | None, typer.Option("--home", help="Home folder of the Sheriff that kept the cases.")] = None,
    config: Config = None,
) -> None:
    """Propose questions from people's cases.

    From resolved, downvoted and confirmed ones; a person reviews them before they are asked.
    """
    from evals.proposing import add_command

    add_command(out, home=home, config=config)


@app.command()
def review(
    file: Annotated[Path, typer.Argument(help="A set with proposed rows.", metavar="FILE.jsonl")],
    accept: Annotated[list[str] | None, typer.Option(help="Id of a row to use from now on; may be repeated.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Id of a row to leave out for good; may be repeated.")] = None,
    gold: Annotated[
        list[str] | None, typer.Option(help="ID=PATH[,PATH]: pages that answer it; ID= when none does.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="ID=QUESTION: another wording.")] = None,
) -> None:
    """Accept, mend or drop proposed questions.

    Asks for each, or does what the options say.
    """
    from evals.reviewing import Decisions, assignments, golds, review_command

    decisions = Decisions(accept or (), drop or (), golds(gold or ()), assignments("--text", text or ()))
    review_command(file, decisions)


@app.command()
def calibrate(
    sets: Sets = None,
    no_answer: NoAnswer = None,
    docs: Docs = None,
    home: Home = None,
    config: Config = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the fitted weights here.")] = None,
    wrong_answer_rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of given answers that may be wrong.")
    ] = 0.05,
    save: Annotated[
        Path | None, typer.Option("--save-examples", help="Only write what was measured, for --with in a later call.")
    ] = None,
    others: Annotated[
        list[Path] | None, typer.Option("--with", help="Examples of another corpus to fit on as well.")
    ] = None,
    features: Annotated[
        list[str] | None, typer.Option("--feature", help="Fit on these features of the evidence instead.")
    ] = None,
    scale_on: Annotated[
        list[str] | None, typer.Option(help="Corpus whose examples fit scale and thresholds (default: all).")
    ] = None,
    note: Annotated[str, typer.Option(help="What the weights are fitted on, kept in the file.")] = "",
    log: Log = None,
) -> None:
    """Fit confidence to questions, or to an index.

    With --set and --no-answer the weights are fitted on questions with and without an answer. Without a set, an index
    of your own is asked its own sentences; with --log earlier questions of your people teach as well.
    """
    from evals.calibrate import CHOSEN
    from evals.commands import Asked
    from evals.fitting import Fitting, calibrate_command, teach_command

    asked = Asked.of(sets, no_answer, docs=docs, home=home, config=config)
    on_questions = bool(sets or no_answer or others or save or output)
    if log is not None and on_questions:
        raise Misuse("--log teaches an index, and questions fit the weights: call calibrate once for each.")
    if log is not None or (asked.own_documentation and not on_questions):
        teach_command(asked, log)
        return
    fitting = Fitting(
        wrong_answer_rate, tuple(features or CHOSEN), note, tuple(others or ()), save, output, tuple(scale_on or ())
    )
    calibrate_command(asked, fitting)


app.add_typer(bench, name="bench")


def main() -> None:
    """Entry point of `sheriff-evals`; exit codes as those of `sheriff`."""
    guarded("sheriff-evals", app)


if __name__ == "__main__":
    main()
