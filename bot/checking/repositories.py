"""Whole deployment repositories among the names to check: each is checked as one, the other files by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bot import deployments
from bot.checking.reading import Input
from knowledge.deployment.analysis import analyse
from knowledge.deployment.platform import Platform
from knowledge.deployment.reading import MARK, is_wanted
from knowledge.validation.diagnostics import ValidationReport


def tops(files: Iterable[Input]) -> list[Path]:
    """The folders in which a topology lies, of those that were found below a folder on the command line."""
    found = sorted({Path(each.file.name).parent for each in files if each.folder and Path(each.file.name).name == MARK})
    return [top for top in found if not any(above in top.parents for above in found)]


def holds(top: Path, name: str) -> bool:
    """Whether a file is one of those that the repository is checked with; a JSON file below it is not."""
    path = Path(name)
    return top in path.parents and is_wanted(path.relative_to(top).as_posix())


def reports(places: Sequence[Path], platform: Platform) -> list[ValidationReport]:
    """The report of each repository, a folder or an archive. Raises Misuse when one cannot be read."""
    return [deployments.below(place, analyse(deployments.read(place), platform).report) for place in places]


def together(found: Sequence[ValidationReport]) -> ValidationReport:
    """All of them as one."""
    return ValidationReport(
        tuple(file for report in found for file in report.files),
        tuple(diagnostic for report in found for diagnostic in report.diagnostics),
        tuple(dict.fromkeys(note for report in found for note in report.notes)),
    )
