"""How many files are checked in a second beside python-jsonschema and jsonschema-rs, on the same generated files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from evals.bench.clock import per_second
from knowledge import bundled
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.engine import validate

KIND: Final = re.compile(r"^kind:\s*(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Files per second on files of one kind."""

    name: str
    files: int
    ours: float
    peers: Mapping[str, float]


def speeds(count: int) -> list[Speeds]:
    """How many files each side checks in a second; every file is text of its own."""
    good = generated(count)
    return [_speeds("good files", good), _speeds("files with a fault", [spoilt(text) for text in good])]


def _speeds(name: str, texts: Sequence[str]) -> Speeds:
    catalog = SchemaCatalog.load(bundled.SCHEMAS)
    return Speeds(
        name=name,
        files=len(texts),
        ours=per_second(lambda text: validate([SourceFile("file.yaml", text)], catalog=catalog), texts),
        peers={
            "jsonschema + yaml.safe_load": per_second(_slow(yaml.SafeLoader), texts),
            "jsonschema + yaml.CSafeLoader": per_second(_slow(yaml.CSafeLoader), texts),
            "jsonschema-rs + yaml.CSafeLoader": per_second(_fast(), texts),
        },
    )


def generated(count: int) -> list[str]:
    """Files after those of the example deployment repository."""
    templates = [file.read_text("utf-8") for file in sorted(bundled.DEPLOYMENT_REPOSITORY.rglob("*.yaml"))]
    templates = [text for text in templates if KIND.search(text)]
    return [f"# file {number}\n{templates[number % len(templates)]}" for number in range(count)]


def spoilt(text: str) -> str:
    """The file with one fault: its first number written as text, or where it has none a key that no schema knows."""
    changed = re.sub(r"(?m)^(\s+\w+): (\d+)$", r'\1: "\2 or so"', text, count=1)
    return changed if changed != text else f"{text.rstrip()}\nunknown-key: 1\n"


def _schemas() -> dict[str, Any]:
    schemas = [json.loads(file.read_text("utf-8")) for file in sorted(bundled.SCHEMAS.glob("*.schema.json"))]
    return {schema["properties"]["kind"]["const"]: schema for schema in schemas}


def _slow(loader: type[Any]) -> Callable[[str], object]:
    from jsonschema import Draft202012Validator

    return _checker(loader, {kind: Draft202012Validator(schema) for kind, schema in _schemas().items()})


def _fast() -> Callable[[str], object]:
    import jsonschema_rs

    validators = {kind: jsonschema_rs.validator_for(schema) for kind, schema in _schemas().items()}
    return _checker(yaml.CSafeLoader, validators)


def _checker(loader: type[Any], validators: Mapping[str, Any]) -> Callable[[str], object]:
    def check(text: str) -> object:
        document = yaml.load(text, Loader=loader)  # noqa: S506 - all loaders given are safe ones
        return list(validators[document["kind"]].iter_errors(document))

    return check
