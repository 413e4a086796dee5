"""What people asked and the documentation could not answer: questions alike are one gap, the costliest first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from bot.addresses import citation_address
from bot.support.cases import Case, CaseState, Cause, title
from knowledge.ports import Matrix

CAUSE_LABELS: Mapping[Cause, str] = {
    Cause.MISSING: "Missing",
    Cause.OUTDATED: "Outdated",
    Cause.RETRIEVAL_MISS: "Retrieval miss",
    Cause.CONFIGURATION: "Configuration",
    Cause.PLATFORM_BUG: "Platform bug",
    Cause.WISH: "Wish",
    Cause.OTHER: "Other",
    Cause.CLOSED_IN_DESK: "Closed in the ticket system",
}
WEEKS = 8
_ALIKE = 0.45  # cosine that any two questions of a gap reach; on the bundled FAQ's phrasings this groups best
_HALF_LIFE = timedelta(weeks=4)  # a question of four weeks ago counts half
_MOST = 3000  # newest distinct questions looked at: comparing all pairs of more takes gigabytes


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a gap."""

    case_id: str
    ticket: str
    question: str  # one line
    asker: str
    at: datetime
    outcome: str
    state: CaseState


@dataclass(frozen=True, slots=True)
class NearPage:
    """A page that was cited or looked at: where the answer would be expected."""

    place: str
    path: str
    url: str
    count: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that mean the same and had no sure answer."""

    name: str  # the most central question
    component: str
    questions: Sequence[Asked]  # newest first
    askers: int
    score: float
    causes: Mapping[Cause, int]  # what sheriffs found, most frequent first
    resolutions: Sequence[str]
    pages: Sequence[NearPage]
    weeks: Sequence[int]  # questions per week, the present one last

    @property
    def kind(self) -> str:
        """The cause that sheriffs gave most often; "Not judged" before any was resolved."""
        return CAUSE_LABELS[next(iter(self.causes))] if self.causes else "Not judged"


@dataclass(frozen=True, slots=True)
class GapReport:
    """Gaps, the costliest first."""

    gaps: Sequence[Gap]
    cases: int  # looked at
    questions: int  # of them without a sure answer
    until: datetime | None  # the moment the report speaks of


def find_gaps(
    cases: Iterable[Case], *, embed: Callable[[Sequence[str]], Matrix], now: datetime | None = None
) -> GapReport:
    """Unanswered, handed-over and unconfirmed hinted questions in groups, ranked by how many people asked, and lately.

    `now` is the newest case's time when left out. Raises what `embed` raises.
    """
    looked_at = list(cases)
    open_questions = sorted((c for c in looked_at if is_unanswered(c)), key=lambda c: (c.opened, c.id), reverse=True)
    until = now or max((c.opened for c in looked_at), default=None)
    if not open_questions or until is None:
        return GapReport((), len(looked_at), 0, until)
    by_text: dict[str, list[Case]] = {}
    for case in open_questions:
        by_text.setdefault(_plain(case.question), []).append(case)
    texts = list(by_text)[:_MOST]
    vectors = embed([by_text[t][0].question for t in texts])
    gaps = [_gap([by_text[texts[i]] for i in members], vectors[members], until) for members in _clusters(vectors)]
    gaps.sort(key=lambda gap: (-gap.score, gap.name))
    return GapReport(tuple(gaps), len(looked_at), sum(len(by_text[t]) for t in texts), until)


def is_unanswered(case: Case) -> bool:
    """A person was needed, or the answer was a hint that nobody said had helped."""
    handed_over = bool(case.ticket or case.sheriff) or case.is_open
    hinted = case.outcome == "hinted" and case.state is not CaseState.CLOSED
    return handed_over or hinted or case.outcome == "unanswered"


def _clusters(vectors: Matrix) -> list[list[int]]:
    """Indexes that belong together, each group in order."""
    if len(vectors) < 2:
        return [[i] for i in range(len(vectors))]
    from sklearn.cluster import AgglomerativeClustering

    rule = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="complete", distance_threshold=1 - _ALIKE)
    groups: dict[int, list[int]] = {}
    for index, label in enumerate(rule.fit_predict(vectors)):
        groups.setdefault(int(label), []).append(index)
    return list(groups.values())


def _gap(members: Sequence[Sequence[Case]], vectors: Matrix, until: datetime) -> Gap:
    central = int(np.argmax((vectors @ vectors.T).sum(axis=1)))
    cases = sorted((c for same in members for c in same), key=lambda c: (c.opened, c.id), reverse=True)
    components = Counter(c.component for c in cases if c.component)
    causes = Counter(c.cause for c in cases if c.cause)
    return Gap(
        name=title(members[central][0]),
        component=components.most_common(1)[0][0] if components else "",
        questions=tuple(_asked(c) for c in cases),
        askers=len({c.asker.id for c in cases}),
        score=_score(cases, until),
        causes=dict(causes.most_common()),
        resolutions=tuple(dict.fromkeys(c.resolution for c in cases if c.resolution)),
        pages=_pages(cases),
        weeks=_weeks(cases, until),
    )


def _score(newest_first: Sequence[Case], until: datetime) -> float:
    """Each asker counts once, with his newest question, the less the older it is."""
    newest: dict[str, datetime] = {}
    for case in newest_first:
        newest.setdefault(case.asker.id, case.opened)
    ages = [max(until - at, timedelta()) / _HALF_LIFE for at in newest.values()]
    return sum(math.pow(0.5, age) for age in ages)


def _pages(cases: Sequence[Case]) -> tuple[NearPage, ...]:
    """The three places that were nearest most often."""
    nearest = [c.citations[0] for c in cases if c.citations]
    counts = Counter((c.path, c.anchor) for c in nearest)
    first = {(c.path, c.anchor): c for c in reversed(nearest)}
    found = []
    for key, count in counts.most_common(3):
        citation = first[key]
        path = citation.path if "#" in citation.path or not citation.anchor else f"{citation.path}#{citation.anchor}"
        found.append(NearPage(citation.place or citation.title, path, citation_address(citation), count))
    return tuple(found)


def _weeks(cases: Sequence[Case], until: datetime) -> tuple[int, ...]:
    ages = Counter(max(until - case.opened, timedelta()) // timedelta(weeks=1) for case in cases)
    return tuple(ages[age] for age in reversed(range(WEEKS)))


def _asked(case: Case) -> Asked:
    return Asked(case.id, case.ticket, title(case, width=200), case.asker.name, case.opened, case.outcome, case.state)


def _plain(question: str) -> str:
    return " ".join(question.casefold().split()).rstrip(" ?!.")
