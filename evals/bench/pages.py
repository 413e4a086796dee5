"""What the pages cost at many cases, beside the same pages at few: a real server, asked over HTTP."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from bot import gap_wiring
from bot.knowledge_wiring import opened_library
from bot.settings import load
from bot.store.opening import open_store
from evals.bench.clock import Timing
from evals.bench.gap_history import fill
from evals.bench.server import free_port, small_index, started
from evals.files import expect_writable, write
from knowledge.errors import Failure

PAGES: Final = (
    "/", "/desk", "/gaps", "/gaps?component=component-3", "/gaps?from=50", "/gaps/GAP-3", "/insights", "/requests",
    "/faq", "/notices", "/rota", "/metrics",
)  # fmt: skip
ROUNDS: Final = 15
FEW: Final = 500


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of one page, of the middle and the slowest of a few loads."""

    page: str
    cases: int
    middle: float
    slowest: float


def pages_command(*, cases: int, json_file: Path | None) -> None:
    """Print the times of all pages. Raises Failure when a page does not answer with 200."""
    expect_writable(json_file)
    few, many = _measured(FEW), _measured(cases)
    print("\n".join(lines(many, few)))
    if json_file is not None:
        write(json_file, json.dumps([asdict(cost) for cost in (*few, *many)], indent=1) + "\n")


def lines(many: Sequence[Cost], few: Sequence[Cost]) -> Iterator[str]:
    yield f"{'page':32}{many[0].cases:>10,} cases  slowest  {few[0].cases:>8,} cases   ratio"
    for cost, small in zip(many, few, strict=True):
        yield (
            f"{cost.page:32}{cost.middle:13,.0f} ms{cost.slowest:6,.0f} ms{small.middle:12,.0f} ms"
            f"{cost.middle / max(small.middle, 0.1):8.1f}"
        )


def _measured(cases: int) -> list[Cost]:
    with tempfile.TemporaryDirectory(prefix="sheriff-pages-") as name:
        folder = Path(name)
        home, url = folder / "home", f"sqlite:///{folder / 'sheriff.db'}"
        small_index(folder, home)
        with closing(open_store(url)) as store:
            fill(store, cases, now=datetime.now(UTC))
            settings = load(folder / "sheriff.yaml", home=home)
            with opened_library(settings) as library:
                begun = time.perf_counter()
                gap_wiring.gapwork(settings, store, library).refresh()
                read = time.perf_counter() - begun
            store.facts.mend()
        print(f"{cases:,} cases: gaps read for the first time, embeddings included, in {read:.0f} s")
        port = free_port()
        server = started(folder, home, port, url)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                return [_cost(client, page, cases) for page in PAGES]
        finally:
            server.terminate()
            server.wait(timeout=60)


def _cost(client: httpx.Client, page: str, cases: int) -> Cost:
    spent = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = client.get(page)
        spent.append(1000 * (time.perf_counter() - begun))
        if answer.status_code != httpx.codes.OK:
            raise Failure(f"{page} answers {answer.status_code} at {cases:,} cases.")
    return Cost(page, cases, Timing.of(spent).p50, max(spent))
