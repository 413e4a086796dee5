"""`sheriff validate`: from paths on a command line to diagnostics. Imports stay light, because it runs in hooks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from knowledge import bundled
from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Severity, SourceFile, ValidationReport
from knowledge.validation.engine import validate
from knowledge.validation.render import as_json, as_text

SUFFIXES = frozenset({".yaml", ".yml", ".json"})


def validate_command(
    names: Sequence[str], *, config: Path | None = None, schemas: Path | None = None, output: str = "text"
) -> int:
    """Check all files and print what was found; returns the exit code (0 valid, 1 errors, 2 a path is wrong)."""
    if output not in {"text", "json"}:
        raise Misuse(f"--format {output}: choose text or json.")
    catalog = SchemaCatalog.load(schemas or _configured_schemas(config))
    files: list[SourceFile] = []
    unreadable: list[str] = []
    for name in names:
        try:
            files += _read(name)
        except Misuse as error:
            unreadable.append(str(error))
    report = validate(files, catalog=catalog)
    _show(report, output)
    for sentence in unreadable:
        print(f"sheriff: {sentence}", file=sys.stderr)
    if unreadable:
        return 2
    return 0 if report.valid else 1


def _configured_schemas(config: Path | None) -> Path:
    if config is None and not Path("sheriff.yaml").is_file():
        return bundled.SCHEMAS
    from bot.settings import load

    return load(config).platform.schemas


def _read(name: str) -> list[SourceFile]:
    if name == "-":
        return [SourceFile("<stdin>", sys.stdin.buffer.read())]
    path = Path(name)
    if path.is_dir():
        files = [SourceFile(str(p), p.read_bytes()) for p in _yaml_files(path)]
        if not files:
            raise Misuse(f"{name}: the folder holds no .yaml, .yml or .json file.")
        return files
    try:
        return [SourceFile(name, path.read_bytes())]
    except FileNotFoundError as error:
        raise Misuse(f"{name}: no such file. Check the path; folders and - (standard input) work too.") from error
    except OSError as error:
        raise Misuse(f"{name}: cannot be read ({error.strerror}). Check its permissions.") from error


def _yaml_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield path


def _show(report: ValidationReport, output: str) -> None:
    if output == "json":
        print(json.dumps(as_json(report), ensure_ascii=False, indent=2))
        return
    text = as_text(report, colour=sys.stdout.isatty())
    if text:
        print(text)
    print(_summary(report))


def _summary(report: ValidationReport) -> str:
    files = f"{len(report.files)} file{'' if len(report.files) == 1 else 's'} checked"
    errors = sum(d.severity is Severity.ERROR for d in report.diagnostics)
    warnings = sum(d.severity is Severity.WARNING for d in report.diagnostics)
    if not errors and not warnings:
        return f"{files}: no errors."
    counts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return f"{files}: {', '.join(counts)}."
