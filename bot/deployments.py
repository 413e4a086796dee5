"""From names on a command line and a configuration to an analysed deployment repository."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge import bundled
from knowledge.deployment import reading
from knowledge.deployment.analysis import Analysis, analyse
from knowledge.deployment.leaves import Leaves
from knowledge.deployment.platform import LEVELS, Platform
from knowledge.deployment.rules import Finding, Leaf, Rule
from knowledge.deployment.together import renamed
from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import ValidationReport
from knowledge.validation.lints import CODES

if TYPE_CHECKING:
    from bot.settings import Settings  # its import takes longer than a check

CHECK = "check"  # the function of a rule module


def platform(
    schemas: Path,
    *,
    levels: Sequence[str] = LEVELS,
    rules: Sequence[Path] | None = None,
    pages: Path | None = None,
    lints: Collection[str] = CODES,
) -> Platform:
    """The platform of a folder of schemas, with its levels and rule modules; without any, the bundled platform's own.

    Raises Misuse, naming what is unusable.
    """
    if rules is None:
        rules = bundled.RULES if schemas == bundled.SCHEMAS else ()
    explained = explained_by(schemas, pages)
    catalog = SchemaCatalog.load(schemas, lints=lints)
    return Platform(catalog, tuple(levels) or LEVELS, tuple(map(_rule, rules)), explained)


def explained_by(schemas: Path, pages: Path | None) -> Mapping[str, str]:
    """The platform's own page for each code that it explains itself. Raises Misuse when the file is unusable."""
    if pages is None and schemas == bundled.SCHEMAS:
        pages = bundled.PAGES
    return _pages(pages) if pages is not None else {}


def platform_of(settings: Settings) -> Platform:
    """The configured platform."""
    chosen = settings.platform
    return platform(chosen.schemas, levels=chosen.levels, rules=chosen.rules, pages=chosen.pages, lints=chosen.lints)


def read(place: Path, reference: str = "") -> reading.Files:
    """The files of a repository: a folder, an archive, or a folder at a Git reference. Raises Misuse."""
    if place.is_dir():
        return reading.of_git(place, reference) if reference else reading.of_folder(place)
    if not place.exists():
        raise Misuse(f"{place}: no such folder or archive. Name a deployment repository.")
    if place.suffix.lower() != ".zip":
        raise Misuse(f"{place}: not a folder or a .zip. Name a deployment repository.")
    if reference:
        raise Misuse(f"{place}: an archive has no Git history. Name a folder in a Git repository.")
    return reading.of_zip(place)


def with_leaves(files: reading.Files, of: Platform, place: str, base: str = "") -> tuple[Analysis, Leaves]:
    """The analysis of a repository whose leaves are known, as it is or was at `base`.

    Raises Misuse, with the reason, when they are not.
    """
    analysis = analyse(files, of)
    if analysis.leaves is None:
        reason = " ".join(analysis.missing)
        if base:
            raise Misuse(f"{place} at {base}: {reason} Choose another reference.")
        raise Misuse(f"{place}: {reason} Run `sheriff validate {place}` first.")
    return analysis, analysis.leaves


def below(folder: Path, report: ValidationReport) -> ValidationReport:
    """The report with its files named as they are found from here, not from the top of the repository."""
    return renamed(report, {file.name: str(folder / file.name) for file in report.files})


def _pages(file: Path) -> dict[str, str]:
    """The documentation page, with its heading, that explains each code."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misuse(f"{file}: not readable as JSON ({error}). Check platform.pages in sheriff.yaml.") from error
    if not isinstance(found, dict) or not all(isinstance(page, str) for page in found.values()):
        raise Misuse(f'{file}: write one page for each code: {{"OVL001": "overlays/errors.md#folder"}}.')
    return found


def _rule(file: Path) -> Rule:
    """The function `check` of a Python file."""
    spec = importlib.util.spec_from_file_location(f"sheriff_rules_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise Misuse(f"{file}: no Python file with rules. Check platform.rules in sheriff.yaml.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError, AttributeError, TypeError, ValueError) as error:
        raise Misuse(f"{file}: cannot be loaded ({error}).") from error
    rule = getattr(module, CHECK, None)
    if not callable(rule):
        raise Misuse(
            f"{file}: has no function `{CHECK}(leaves, schemas)`. See the operator guide, “Rules of components”."
        )

    def checked(leaves: Sequence[Leaf], schemas: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
        try:
            return list(rule(leaves, schemas))
        except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, NameError) as error:
            told = f"{type(error).__name__}: {error}"
            raise Misuse(f"{file}: the rule failed ({told}). Mend it, or take it out of platform.rules.") from error

    return checked
