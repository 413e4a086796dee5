"""Files that came together: checked as one deployment repository when a topology is among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from knowledge.deployment.analysis import analyse
from knowledge.deployment.leaves import Leaves
from knowledge.deployment.names import MARK
from knowledge.deployment.platform import Platform
from knowledge.deployment.reading import is_wanted
from knowledge.validation.diagnostics import SourceFile, ValidationReport
from knowledge.validation.engine import validate


@dataclass(frozen=True, slots=True)
class Checked:
    """The report on all files, and the leaves of the repository among them, if there is one that could be read."""

    report: ValidationReport
    leaves: Leaves | None = None


def check_together(files: Sequence[SourceFile], platform: Platform, now: datetime | None = None) -> Checked:
    """Check files by themselves or, from the folder of the outermost topology.yaml down, as one repository.

    JSON and hidden files below it are none of the repository, and are checked by themselves. `now` is for the age of
    its lock file."""
    top = _top(files)
    if top is None:
        return Checked(validate(files, catalog=platform.catalog))
    inside: dict[str, SourceFile] = {}
    outside: list[SourceFile] = []
    for file in files:
        path = _below(file.name, top)
        if path is None or path in inside or not is_wanted(path):
            outside.append(file)
        else:
            inside[path] = file
    analysis = analyse({path: file.content for path, file in inside.items()}, platform, now)
    report = renamed(analysis.report, {path: file.name for path, file in inside.items()})
    if outside:
        report = joined([report, validate(outside, catalog=platform.catalog)])
    return Checked(report, analysis.leaves)


def joined(reports: Sequence[ValidationReport]) -> ValidationReport:
    """Several reports as one."""
    return ValidationReport(
        tuple(file for report in reports for file in report.files),
        tuple(diagnostic for report in reports for diagnostic in report.diagnostics),
        tuple(dict.fromkeys(note for report in reports for note in report.notes)),
    )


def renamed(report: ValidationReport, names: dict[str, str]) -> ValidationReport:
    """The report with its files called as their sender called them."""
    return ValidationReport(
        tuple(replace(file, name=names[file.name]) for file in report.files),
        tuple(replace(d, file=names.get(d.file, d.file)) for d in report.diagnostics),
        report.notes,
    )


def _top(files: Sequence[SourceFile]) -> tuple[str, ...] | None:
    """The folder of the outermost topology; None without one."""
    folders = [PurePosixPath(file.name.replace("\\", "/")) for file in files]
    found = [path.parts[:-1] for path in folders if path.name == MARK]
    return min(found, key=len) if found else None


def _below(name: str, top: tuple[str, ...]) -> str | None:
    """The path of a file from a folder on; None when it lies elsewhere."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "/".join(parts[len(top) :]) if parts[: len(top)] == top else None
