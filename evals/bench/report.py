"""What `bench` does: measure both sides and print them beside each other."""

from __future__ import annotations

from collections.abc import Iterator

from bot.telemetry import configure_logging
from evals.bench.answers import Contender, Match, match
from evals.bench.checking import Speeds, speeds
from evals.commands import Asked, ready


def bench_command(asked: Asked, *, files: int) -> None:
    """Print answers and validation beside their peers. Raises Misuse when a peer is not installed."""
    configure_logging("error")
    wanted = asked.questions()
    with ready(asked) as (_, embedder, corpus):
        print("\n".join(_match_lines(match(wanted, corpus, embedder))))
    print()
    print("\n".join(_speed_lines(speeds(files))))


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


def _speed_lines(found: Speeds) -> Iterator[str]:
    yield f"{found.files} YAML files, each by itself"
    yield f"{'':34}{'files/s':>9}"
    yield f"{'sheriff validate':34}{found.ours:9.0f}"
    yield f"{'jsonschema + yaml.safe_load':34}{found.peer:9.0f}   {_ratio(found.ours, found.peer)}"
    yield f"{'jsonschema + yaml.CSafeLoader':34}{found.fast_peer:9.0f}   {_ratio(found.ours, found.fast_peer)}"


def _ratio(ours: float, peer: float) -> str:
    return f"ours / theirs: {ours / peer:.1f}"
