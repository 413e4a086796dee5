"""Sheriff and a peer behind the same call, in a process of their own: a hang or a crash is an answer too."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import yaml

from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Severity, SourceFile
from knowledge.validation.engine import validate

TIMEOUT: Final = 10.0  # seconds for one file
MEMORY: Final = 4 << 30  # bytes of address space
SHERIFF: Final = "sheriff"
PEER: Final = "PyYAML C + jsonschema-rs"


@dataclass(frozen=True, slots=True)
class Told:
    """One diagnostic: its line from 1, 0 for none."""

    line: int
    message: str
    error: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What was told about one file, and how long it took."""

    told: Sequence[Told]
    seconds: float
    crashed: bool = False


Check = Callable[[Path, str, bytes], list[Told]]


@lru_cache(maxsize=1000)
def _catalog(schema: Path) -> SchemaCatalog:
    return SchemaCatalog.of_file(schema)


def by_sheriff(schema: Path, name: str, content: bytes) -> list[Told]:
    """What Sheriff tells."""
    report = validate([SourceFile(name, content)], catalog=_catalog(schema))
    return [Told(d.span.line, f"{d.message} {d.suggestion}", d.severity is Severity.ERROR) for d in report.diagnostics]


@lru_cache(maxsize=1000)
def _validator(schema: Path) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(json.loads(schema.read_bytes()), validate_formats=True)


def by_peer(schema: Path, _: str, content: bytes) -> list[Told]:
    """What libyaml and jsonschema-rs tell, with the line of the path or of the unknown key."""
    loader = yaml.CSafeLoader(content)
    try:
        root = loader.get_single_node()
        value = None if root is None else _as_json(loader.construct_document(root))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return [Told(mark.line + 1 if mark else 0, str(error.problem), error=True)]
    except (yaml.YAMLError, ValueError) as error:
        return [Told(0, str(error), error=True)]
    return [
        Told(_line(root, error.instance_path, getattr(error.kind, "unexpected", ())), error.message, error=True)
        for error in _validator(schema).iter_errors(value)
    ]


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _line(node: yaml.Node | None, path: Sequence[str | int], unexpected: Sequence[str]) -> int:
    mark = node.start_mark if node is not None else None
    for step in path:
        if isinstance(node, yaml.MappingNode):
            key, node = next(((k, v) for k, v in node.value if str(k.value) == step), (None, None))
            mark = key.start_mark if key is not None else mark
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
    if isinstance(node, yaml.MappingNode):
        mark = next((key.start_mark for key, _ in node.value if key.value in unexpected), mark)
    return mark.line + 1 if mark is not None else 0


CHECKS: Final[dict[str, Check]] = {SHERIFF: by_sheriff, PEER: by_peer}


class Worker:
    """A process with one checker; it is started anew when a file stops it."""

    def __init__(self, checker: str, *, timeout: float = TIMEOUT) -> None:
        self.checker = checker
        self.timeout = timeout
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def ask(self, schema: Path, name: str, content: bytes) -> Answer:
        """What is told about one file; an answer that is marked when the process died or took too long."""
        begin = time.perf_counter()
        self._connection.send((schema, name, content))
        if self._connection.poll(self.timeout):
            try:
                told, seconds = self._connection.recv()
                return Answer(told, seconds)
            except EOFError:
                pass  # it died, as it does where the C stack ends
        seconds = time.perf_counter() - begin
        self._stop()
        self._start()
        return Answer((), seconds, crashed=True)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.checker), daemon=True)
        self._process.start()
        theirs.close()
        self._connection.recv()  # it is ready: its start is no part of any file's time

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(connection: Connection, checker: str) -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a traceback of the peer is told as a crash
    check = CHECKS[checker]
    connection.send("ready")
    while True:
        try:
            schema, name, content = connection.recv()
        except EOFError:
            return
        begin = time.perf_counter()
        told = check(schema, name, content)
        connection.send((told, time.perf_counter() - begin))
