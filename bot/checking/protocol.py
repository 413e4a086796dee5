"""One process for many requests: a JSON line in, a JSON line out. Editors and benchmarks talk to it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from bot.checking.reading import source_of
from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity, Span, ValidationReport
from knowledge.validation.engine import validate
from knowledge.validation.lints import CODES
from knowledge.validation.outputs.records import as_line

MAX_LINE = 1_000_000  # bytes of one request
_FORM = '{"schema": PATH, "file": PATH}'

Check = Callable[..., ValidationReport]
_Stamp = tuple[tuple[str, int, int], ...]


class Catalogs:
    """The schemas of each path, read again when a file of theirs has changed."""

    def __init__(self, platform: Path, lints: Collection[str] = CODES) -> None:
        self._platform = platform
        self._lints = lints
        self._known: dict[Path, tuple[_Stamp, SchemaCatalog]] = {}

    def of(self, schema: Path | None) -> SchemaCatalog:
        """The catalogue for a schema file; without one the platform's. Raises Misuse when it cannot be used."""
        path = schema or self._platform
        stamp = _stamp(path, folder=schema is None)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            catalog = SchemaCatalog.of_file(schema) if schema else SchemaCatalog.load(path, lints=self._lints)
            catalog.check()
            known = self._known[path] = (stamp, catalog)
        return known[1]


def _stamp(path: Path, *, folder: bool) -> _Stamp:
    """What changes when a schema is written: name, time and size of each file."""
    try:
        if not folder:
            return ((path.name, path.stat().st_mtime_ns, path.stat().st_size),)
        with os.scandir(path) as entries:
            files = [entry for entry in entries if entry.name.endswith(".schema.json")]
            return tuple(sorted((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files))
    except (OSError, ValueError) as error:
        raise Misuse(f"{path}: no readable schema ({getattr(error, 'strerror', None) or error}).") from error


def serve(
    requests: BinaryIO,
    answers: TextIO,
    schemas: Path,
    *,
    schema: Path | None = None,
    lints: Collection[str] = CODES,
    check: Check = validate,
) -> None:
    """Answer each request line by one line until the input ends; whatever a line holds, an answer comes.

    `schemas` is the folder for requests without a schema, `schema` a file that takes its place. `lints` are those
    of files that are checked against the schemas of the folder."""
    catalogs = Catalogs(schemas, lints)
    while line := requests.readline(MAX_LINE):
        if not line.strip():
            continue
        whole = line.endswith(b"\n") or len(line) < MAX_LINE
        found = _answer(line, catalogs, schema, check) if whole else [_refusal(_too_long(requests))]
        print(as_line(found), file=answers, flush=True)


def _answer(line: bytes, catalogs: Catalogs, schema: Path | None, check: Check) -> Sequence[Diagnostic]:
    name = ""
    try:
        request = _request(line)
        if "file" not in request:
            with contextlib.suppress(Misuse):  # whoever asks for a check is told
                catalogs.of(schema)
            return ()
        name = request["file"]
        catalog = catalogs.of(Path(request["schema"]) if "schema" in request else schema)
        return check([source_of(name)], catalog=catalog).diagnostics
    except Misuse as error:
        return [_refusal(str(error), name)]
    except Exception as error:  # noqa: BLE001 - our mistake with one file must not end the process that checks the others
        return [_refusal(f"Checking failed, and it is our mistake ({type(error).__name__})", name)]


def _request(line: bytes) -> dict[str, Any]:
    """A request with paths that are texts, or one to warm up, which has no file."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Misuse(f"The line is not JSON ({str(error)[:100]}). Send {_FORM}.") from error
    if not isinstance(request, dict):
        raise Misuse(f"The line is JSON, but no object. Send {_FORM}.")
    if "warm" in request:
        return {}
    if "file" not in request:
        raise Misuse(f"“file” is missing. Send {_FORM}.")
    for key in ("file", "schema"):
        if key in request and not isinstance(request[key], str):
            raise Misuse(f"“{key}” must be a path as a text. Send {_FORM}.")
    return request


def _too_long(requests: BinaryIO) -> str:
    while (rest := requests.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass
    return f"The line is longer than {MAX_LINE:,} bytes. Send {_FORM}."


def _refusal(sentence: str, name: str = "") -> Diagnostic:
    return Diagnostic("USE001", Severity.ERROR, name, Span(1, 1, 1, 1), sentence)
