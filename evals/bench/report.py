"""What `bench` does: measure both sides and print them beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bot.telemetry import configure_logging
from evals.bench.answers import Contender, Match, match
from evals.bench.bearing import Borne, borne
from evals.bench.cases import ALL, Tally, load, score
from evals.bench.checkers import PEER, SHERIFF
from evals.bench.checking import Speeds, speeds
from evals.bench.hostile import files as hostile_files
from evals.bench.repositories import SIZES, Whole, whole
from evals.commands import Asked, ready

COLUMNS: Final = ("FA", "FR", "L1", "L1±1", "hint", "flag", "errors")
_WIDEST: Final = 40  # characters of the longest bar


def bench_command(asked: Asked, *, files: int) -> None:
    """Print answers and validation beside their peers. Raises Misuse when a peer is not installed."""
    configure_logging("error")
    wanted = asked.questions()
    with ready(asked) as (_, embedder, corpus):
        print("\n".join(_match_lines(match(wanted, corpus, embedder))))
    print()
    print("\n".join(_speed_lines(speeds(files))))


def yaml_command(folder: Path | None, *, files: int) -> None:
    """Print how fast files and whole repositories are checked and, with a folder of cases, how well.

    Raises Misuse when the folder holds none.
    """
    cases = load(folder) if folder is not None else []
    print("\n".join(_speed_lines(speeds(files))))
    print()
    print("\n".join(_whole_lines([whole(overlays) for overlays in SIZES])))
    if cases:
        scores = {checker: score(cases, checker) for checker in (SHERIFF, PEER)}
        print()
        print("\n".join(_case_lines(scores)))


def hostile_command() -> None:
    """Print what files made to stop a checker cost, each by every way in, line by line: it takes minutes."""
    print(f"{'hostile files':45}{'way in':>10}{'seconds':>9}{'peak MB':>9}  said", flush=True)
    with TemporaryDirectory(prefix="sheriff-hostile-") as folder:
        found = []
        for file in hostile_files():
            for one in borne(file, Path(folder)):
                print(hostile_line(one), flush=True)
                found.append(one)
    print(hostile_summary(found))


def hostile_line(one: Borne) -> str:
    """One row of the table; a process that was stopped has no size."""
    megabytes = f"{one.megabytes:9.0f}" if one.megabytes else f"{'–':>9}"
    return f"{one.name:45}{one.way:>10}{one.seconds:9.2f}{megabytes}  {one.said}"


def hostile_summary(found: Sequence[Borne]) -> str:
    """The most of both, and what has it."""
    slow = max(found, key=lambda one: one.seconds)
    large = max(found, key=lambda one: one.megabytes)
    longest, most = (
        f"{slow.seconds:.2f} s ({slow.name}, {slow.way})",
        f"{large.megabytes:.0f} MB ({large.name}, {large.way})",
    )
    return f"at most {longest} and {most}"


def _whole_lines(found: Sequence[Whole]) -> Iterator[str]:
    yield f"{'whole repositories: overlays':34}{'leaves':>9}{'seconds':>9}{'ms/file':>9}{'peak MB':>9}"
    longest = max((one.seconds for one in found), default=1.0)
    for one in found:
        milliseconds = one.seconds / one.overlays * 1000
        bar = "█" * round(_WIDEST * one.seconds / longest)  # a straight line of ends is a cost linear in files
        yield f"{one.overlays:34,}{one.leaves:9,}{one.seconds:9.2f}{milliseconds:9.2f}{one.megabytes:9.0f}  {bar}"


def _case_lines(scores: Mapping[str, Mapping[str, Tally]]) -> Iterator[str]:
    yield f"{'':38}{'files':>6}" + "".join(f"{column:>9}" for column in COLUMNS) + f"{'crash':>7}{'ms/file':>9}"
    for checker, tallies in scores.items():
        for suite, tally in tallies.items():
            shares = "".join(_column(column, tally.share(column)) for column in COLUMNS)
            milliseconds = tally.seconds / tally.files * 1000
            yield f"{checker + ' ' + suite:38}{tally.files:6}{shares}{tally.crashes:7}{milliseconds:9.2f}"
    ours, theirs = (scores[checker][ALL] for checker in (SHERIFF, PEER))
    yield f"time a file, theirs / ours: {theirs.seconds / ours.seconds:.1f}"
    yield "FA bad accepted, FR good refused, L1 the first error is on a true line, hint it names the right key"


def _column(column: str, share: float | None) -> str:
    if share is None:
        return f"{'–':>9}"
    return f"{share:9.2f}" if column == "errors" else f"{share:9.1%}"


def _match_lines(found: Match) -> Iterator[str]:
    yield f"{found.questions} questions, {found.chunks:,} chunks, one after the other"
    yield f"{'':26}{'p50 ms':>9}{'p95 ms':>9}{'nDCG@10':>9}{'RSS MB':>9}"
    for contender in (found.search, found.answer, found.peer):
        yield _line(contender)
    for contender in (found.search, found.answer):
        ours, peer = contender.timing, found.peer.timing
        yield f"peer / {contender.name}: p50 {peer.p50 / ours.p50:.1f}, p95 {peer.p95 / ours.p95:.1f}"
    yield "RSS is of the whole process: the peer's line holds Sheriff's as well"


def _line(contender: Contender) -> str:
    ndcg = "–" if contender.ndcg is None else f"{contender.ndcg:.3f}"
    memory = "–" if contender.memory is None else f"{contender.memory:.0f}"
    timing = contender.timing
    return f"{contender.name:26}{timing.p50 * 1000:9.1f}{timing.p95 * 1000:9.1f}{ndcg:>9}{memory:>9}"


def _speed_lines(found: Sequence[Speeds]) -> Iterator[str]:
    yield f"{found[0].files} YAML files of each kind, each by itself: files/s, and ours / theirs"
    peers = list(found[0].peers)
    yield f"{'':34}{'sheriff validate':>17}" + "".join(f"{peer:>34}" for peer in peers)
    for speed in found:
        theirs = (f"{speed.peers[peer]:.0f} ({speed.ours / speed.peers[peer]:.2f})" for peer in peers)
        yield f"{speed.name:34}{speed.ours:17.0f}" + "".join(f"{shown:>34}" for shown in theirs)
