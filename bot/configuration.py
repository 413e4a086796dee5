"""Reads sheriff.yaml or a glossary and checks it with the same engine, and the same diagnostics, as user YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.engine import validate
from knowledge.validation.render import as_text
from knowledge.validation.schema import Schema


def read_configuration(path: Path, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The file's content as plain values. Raises Misuse with file, line, column and remedy when it is not valid."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise Misuse(f"{path}: no such file. Name an existing one, or leave it out for the defaults.") from error
    except OSError as error:
        raise Misuse(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
    if _says_nothing(content):
        return {}
    catalog = SchemaCatalog([], forced=Schema(schema, origin=f"the schema of {path.name}"))
    report = validate([SourceFile(str(path), content)], catalog=catalog)
    if not report.valid:
        raise Misuse(as_text(report))
    values = yaml.safe_load(content.decode("utf-8-sig")) or {}
    return dict(values)


def _says_nothing(content: bytes) -> bool:
    """Whether all of it is blank or commented out: then the defaults hold."""
    lines = (line.strip() for line in content.removeprefix(b"\xef\xbb\xbf").splitlines())
    return all(not line or line.startswith(b"#") or line == b"---" for line in lines)
