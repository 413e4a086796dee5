"""Validation beside python-jsonschema with PyYAML, on the same generated files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from evals.bench.clock import per_second
from knowledge import bundled
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.engine import validate

FAULTY_EACH: Final = 10  # every tenth file has a number written as text
KIND: Final = re.compile(r"^kind:\s*(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Files per second."""

    files: int
    ours: float
    peer: float  # jsonschema and yaml.safe_load
    fast_peer: float  # jsonschema and libyaml


def speeds(count: int) -> Speeds:
    """How many files each side checks in a second; every file is text of its own."""
    texts = generated(count)
    catalog = SchemaCatalog.load(bundled.SCHEMAS)
    return Speeds(
        files=count,
        ours=per_second(lambda text: validate([SourceFile("file.yaml", text)], catalog=catalog), texts),
        peer=per_second(_peer(yaml.SafeLoader), texts),
        fast_peer=per_second(_peer(yaml.CSafeLoader), texts),
    )


def generated(count: int) -> list[str]:
    """Files after those of the example deployment repository, some of them with a fault."""
    templates = [file.read_text("utf-8") for file in sorted(bundled.DEPLOYMENT_REPOSITORY.rglob("*.yaml"))]
    templates = [text for text in templates if KIND.search(text)]
    texts = [f"# file {number}\n{templates[number % len(templates)]}" for number in range(count)]
    return [_spoilt(text) if n % FAULTY_EACH == 0 else text for n, text in enumerate(texts)]


def _spoilt(text: str) -> str:
    return re.sub(r"(?m)^(\s+\w+): (\d+)$", r'\1: "\2 or so"', text, count=1)


def _peer(loader: type[Any]) -> Callable[[str], object]:
    from jsonschema import Draft202012Validator

    validators = {}
    for file in sorted(Path(bundled.SCHEMAS).glob("*.schema.json")):
        schema = json.loads(file.read_text("utf-8"))
        validators[schema["properties"]["kind"]["const"]] = Draft202012Validator(schema)

    def check(text: str) -> object:
        document = yaml.load(text, Loader=loader)  # noqa: S506 - both loaders given are safe ones
        return list(validators[document["kind"]].iter_errors(document))

    return check
