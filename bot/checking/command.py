"""The command line of `sheriff validate`. It is read without typer, whose import takes as long as the check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.checking.reading import Input, is_inside, read_all, read_zips, repository_of, tops
from bot.checking.showing import FORMATS, allow_any_name, show
from bot.memory import seldom_collected
from knowledge import bundled
from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile, ValidationReport
from knowledge.validation.engine import validate
from knowledge.validation.lints import CODES

if TYPE_CHECKING:
    from knowledge.deployment import platform as deployment

_EPILOG = """\
exit codes: 0 no errors, 1 errors, 2 the call was wrong or a path could not be read.

--stdin-protocol keeps one process alive: each line {"schema": PATH, "file": PATH} on standard input is answered by one
line, a JSON list of diagnostics. Without "schema" the platform's schemas are used."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What the configuration says about the platform; `pages` is where its documentation is shown, "" if nowhere."""

    schemas: Path
    pages: str = ""
    levels: Sequence[str] = ()  # of topologies; empty: the usual ones
    rules: Sequence[Path] | None = None
    explained: Path | None = None  # the file with the page of each code
    lints: Sequence[str] = CODES

    @property
    def catalog(self) -> SchemaCatalog:
        """Raises Misuse when a schema is unusable."""
        return SchemaCatalog.load(self.schemas, lints=self.lints)


def main(arguments: Sequence[str], now: datetime) -> int:
    """Run `sheriff validate` with these arguments; returns the exit code. Raises Misuse when the call is wrong."""
    with seldom_collected():
        return _run(_parser().parse_args(arguments), now)


def _run(given: argparse.Namespace, now: datetime) -> int:
    allow_any_name()
    platform = _platform(given)
    if given.stdin_protocol:
        from bot.checking.protocol import serve

        if given.files:
            raise Misuse("--stdin-protocol reads the names of files from standard input. Leave FILE… out.")
        serve(sys.stdin.buffer, sys.stdout, platform.schemas, schema=given.schema, lints=platform.lints)
        return 0
    if not given.files:
        raise Misuse("Name the files or folders to check, or - for standard input.")
    catalog = SchemaCatalog.of_file(given.schema) if given.schema else platform.catalog
    catalog.check()
    if given.at is not None:
        return _check_at(given, platform, now)
    zips = [name for name in given.files if name.lower().endswith(".zip") and not Path(name).is_dir()]
    zips = [] if given.schema else zips
    if zips and (given.fix or given.diff):
        raise Misuse(f"{zips[0]}: files in a zip are not mended. Unpack it, and name the folder.")
    files, unreadable = read_all([name for name in given.files if name not in zips])
    archives, damaged = read_zips(zips) if zips else ({}, [])
    unreadable += damaged
    for sentence in unreadable:
        print(f"sheriff: {sentence}", file=sys.stderr)
    if given.fix or given.diff:
        code = _fix(given, files, catalog, platform)
    else:
        report = _checked(files, archives, catalog, None if given.schema else platform, now)
        show(report, given.format, pages=platform.pages)
        code = 0 if report.valid else 1
    return 2 if unreadable else code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sheriff validate",
        description="Check YAML and JSON files against the platform's schemas, or against one of your own.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("files", nargs="*", metavar="FILE", help="YAML or JSON files, folders, .zip; - for standard input")
    add("--config", type=Path, help="configuration (default ./sheriff.yaml, if there)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--schemas", type=Path, metavar="DIR", help="folder of JSON Schemas (default: the platform's)")
    which.add_argument("--schema", type=Path, metavar="FILE", help="one JSON Schema that every file must satisfy")
    add("--format", choices=FORMATS, default="text", help=f"{', '.join(FORMATS)} (default text)", metavar="FORMAT")
    add("--at", metavar="REF", help="check the repositories named as a branch, tag or commit has them")
    add("--fix", action="store_true", help="mend mechanical faults in the files and show what was changed")
    add("--diff", action="store_true", help="show what --fix would change; write nothing")
    add("--stdin-protocol", action="store_true", help="answer requests on standard input until it ends")
    return parser


def _check_at(given: argparse.Namespace, platform: Platform, now: datetime) -> int:
    """The report on repositories as a Git reference has them."""
    if not given.at.strip():  # such as --at "$TAG" where nobody set TAG
        raise Misuse("--at is empty. Name a branch, a tag or a commit.")
    if given.schema or given.fix or given.diff:
        raise Misuse("--at checks whole repositories as they were. Leave --schema, --fix and --diff out.")
    from bot.checking import repositories

    of = _deployed(platform)
    report = _joined([repositories.report(Path(name), of, now, given.at) for name in given.files])
    show(report, given.format, pages=platform.pages)
    return 0 if report.valid else 1


def _checked(
    files: Sequence[Input],
    archives: Mapping[Path, Sequence[SourceFile]],
    catalog: SchemaCatalog,
    platform: Platform | None,
    now: datetime,
) -> ValidationReport:
    """The report on all files; with a platform, those of a deployment repository are checked with all the others."""
    whole = tops(files) if platform else []
    rest = [each for each in files if not any(is_inside(each, top) for top in whole)]
    inside = {each.file.name: top for each in rest if platform and (top := repository_of(each)) is not None}
    found: list[ValidationReport] = []
    if platform and (whole or archives or inside):
        found = _of_repositories(whole, archives, inside, platform, now)
    told = {file.name for report in found for file in report.files}  # a hidden file is none of its repository
    alone = [each.file for each in rest if each.file.name not in told]
    if alone or not found:
        found = [validate(alone, catalog=catalog), *found]
    return found[0] if len(found) == 1 else _joined(found)


def _deployed(of: Platform) -> deployment.Platform:
    from bot import deployments

    return deployments.platform(of.schemas, levels=of.levels, rules=of.rules, pages=of.explained, lints=of.lints)


def _of_repositories(
    whole: Sequence[Path],
    archives: Mapping[Path, Sequence[SourceFile]],
    inside: Mapping[str, Path],
    platform: Platform,
    now: datetime,
) -> list[ValidationReport]:
    from bot.checking import repositories

    of = _deployed(platform)
    parts = [
        repositories.report_of([name for name, place in inside.items() if place == top], top, of, now)
        for top in sorted(set(inside.values()))
    ]
    packed = [repositories.report_of_zip(place, content, of, now) for place, content in archives.items()]
    return [*repositories.reports(whole, of, now), *packed, *parts]


def _joined(found: Sequence[ValidationReport]) -> ValidationReport:
    from knowledge.deployment.together import joined

    return joined(found)


def _fix(given: argparse.Namespace, files: Sequence[Input], catalog: SchemaCatalog, platform: Platform) -> int:
    from bot.checking.fixing import fix_files

    report, written = fix_files(files, catalog=catalog, write=not given.diff, output=given.format)
    if given.format != "text":
        show(report, given.format, pages=platform.pages)
    return 0 if report.valid and written else 1


def _platform(given: argparse.Namespace) -> Platform:
    if given.config is None and not Path("sheriff.yaml").is_file():
        return Platform(given.schemas or bundled.SCHEMAS)
    if given.config is None and (given.schemas or given.schema):
        return Platform(given.schemas or bundled.SCHEMAS)  # nothing else of the configuration is needed
    from bot.settings import load

    settings = load(given.config)
    pages = f"{settings.server.public_url.rstrip('/')}/pages/docs" if settings.server.public_url else ""
    chosen = settings.platform
    return Platform(given.schemas or chosen.schemas, pages, chosen.levels, chosen.rules, chosen.pages, chosen.lints)
