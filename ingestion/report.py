"""What an ingest did, as a value and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ingestion.screening import Flagged
from ingestion.sources.entries import Skipped

SHOWN: Final = 20  # skipped files named one by one
SHOWN_AGAIN: Final = 3  # in a run without changes, whose reader has most likely seen them before


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts are documents unless they say otherwise."""

    added: int
    changed: int
    removed: int
    unchanged: int
    chunks: int  # in the index that is served now; of a dry run: before
    seconds: float
    skipped: Sequence[Skipped]
    generation: str  # served now; "" when there is none
    published: bool  # whether this run made it
    rebuild: str  # why everything was indexed again; "" for an ordinary run
    nothing_found: bool = False  # no source held anything readable: the index stays as it was
    dry_run: bool = False
    flagged: Sequence[Flagged] = ()  # passages that speak to the assistant: they are no answers

    @property
    def documents(self) -> int:
        """How many documents the index holds after the run."""
        return self.added + self.changed + self.unchanged


def as_text(report: IngestReport, *, all_skipped: bool = False) -> str:
    """The report in a few lines: what was found, what became of it, what was left out and why."""
    lines = [_headline(report), *_counts(report)]
    news = report.published or report.dry_run or report.nothing_found
    shown = report.skipped if all_skipped else report.skipped[: SHOWN if news else SHOWN_AGAIN]
    if report.skipped:
        lines += ["", f"Skipped {_number(len(report.skipped), 'file')}:"]
        lines += [f"  {skipped.path}: {skipped.reason}" for skipped in shown]
        if left := len(report.skipped) - len(shown):
            lines.append(f"  … and {left:,} more")
    if report.flagged:
        lines += ["", *_flags(report.flagged)]
    return "\n".join(lines)


def _flags(flagged: Sequence[Flagged]) -> list[str]:
    """What was cut out of pages, and what to do about it."""
    lines = [f"Left out {_number(len(flagged), 'passage')} that speak to the assistant instead of the reader:"]
    lines += [f"  {flag.page}, line {flag.line}: {flag.why}: “{flag.words}”" for flag in flagged[:SHOWN]]
    if len(flagged) > SHOWN:
        lines.append(f"  … and {len(flagged) - SHOWN:,} more")
    lines.append(
        "  Find out who wrote them, and take them out. To keep a page as it is, for example one about prompts,"
    )
    lines.append("  list it in sheriff.yaml under policy.allowed_pages:")
    return [*lines, *(f"    - {allow}" for allow in dict.fromkeys(flag.allow for flag in flagged[:SHOWN]))]


def _headline(report: IngestReport) -> str:
    if report.nothing_found:
        rest = f"The index {report.generation} stays as it is." if report.generation else "There is no index yet."
        return f"The sources hold nothing that can be read. {rest}"
    if report.dry_run:
        if not (report.added or report.changed or report.removed):
            return "Dry run: the index is up to date."
        return "Dry run: nothing is written."
    if not report.published:
        return f"The index is up to date: {_number(report.unchanged, 'document')}, {_seconds(report)}."
    return (
        f"Indexed {_number(report.documents, 'document')} in {_number(report.chunks, 'section')}, "
        f"{_seconds(report)} ({report.generation})."
    )


def _counts(report: IngestReport) -> list[str]:
    if report.nothing_found or not (report.published or report.dry_run):
        return []
    counts = (
        ("added", report.added),
        ("changed", report.changed),
        ("removed", report.removed),
        ("unchanged", report.unchanged),
    )
    lines = ["  " + ", ".join(f"{number:,} {name}" for name, number in counts)]
    if report.rebuild:
        lines.append(f"  Everything is indexed again, because {report.rebuild}.")
    return lines


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seconds(report: IngestReport) -> str:
    return f"{report.seconds:.1f} s"
