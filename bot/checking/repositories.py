"""Whole deployment repositories among the names to check: each is checked as one, the other files by themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot import deployments
from knowledge.deployment.analysis import analyse
from knowledge.deployment.platform import Platform
from knowledge.deployment.together import check_together
from knowledge.validation.diagnostics import SourceFile, ValidationReport


def reports(places: Sequence[Path], platform: Platform, now: datetime) -> list[ValidationReport]:
    """The report of each repository, a folder. Raises Misuse when one cannot be read."""
    return [report(place, platform, now) for place in places]


def report(place: Path, platform: Platform, now: datetime, reference: str = "") -> ValidationReport:
    """The report of one repository, as it is or was at a Git reference. Raises Misuse when it cannot be read."""
    return deployments.below(place, analyse(deployments.read(place, reference), platform, now).report)


def report_of_zip(place: Path, files: Sequence[SourceFile], platform: Platform, now: datetime) -> ValidationReport:
    """The report of the files in a zip, as the chat and the API check those of one that is sent."""
    return deployments.below(place, check_together(files, platform, now).report)


def report_of(names: Collection[str], place: Path, platform: Platform, now: datetime) -> ValidationReport:
    """What is said of some files of a repository, checked with all the others. Raises Misuse as `report` does."""
    analysis = analyse(deployments.read(place), platform, now)
    whole = deployments.below(place, analysis.report)
    by_place = {Path(name).resolve(): name for name in names}
    called = {file.name: by_place.get(Path(file.name).resolve()) for file in whole.files}
    wanted = {file: name for file, name in called.items() if name is not None}
    return ValidationReport(
        tuple(replace(file, name=wanted[file.name]) for file in whole.files if file.name in wanted),
        tuple(replace(found, file=wanted[found.file]) for found in whole.diagnostics if found.file in wanted),
        analysis.missing,
    )
