"""Every YAML block in the bundled documentation says what it is, and is what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile, ValidationReport
from knowledge.validation.engine import check_fragment, validate
from knowledge.validation.lints import CODES
from knowledge.validation.source import fenced_blocks, parse

PLATFORM = Path(__file__).resolve().parents[2] / "knowledge" / "platform"
DEPLOYMENT = PLATFORM / "deployment-repo"
pytestmark = pytest.mark.skipif(not PLATFORM.is_dir(), reason="the bundled platform is not in this distribution")


@dataclass(frozen=True)
class Block:
    place: str
    info: str
    text: str

    @property
    def attributes(self) -> dict[str, str]:
        return dict(re.findall(r"(\w+)=(\S+)", self.info))


def markdown_texts() -> Iterator[tuple[str, str]]:
    for file in sorted((PLATFORM / "docs").rglob("*.md")):
        yield str(file.relative_to(PLATFORM)), file.read_text("utf-8")
    for file in sorted((PLATFORM / "faq").glob("*.yaml")):
        for entry in yaml.safe_load(file.read_text("utf-8")).get("entries", []):
            yield f"{file.relative_to(PLATFORM)}#{entry['id']}", entry["answer"]


def yaml_blocks() -> list[Block]:
    return [
        Block(f"{place}:{line}", info, text)
        for place, markdown in markdown_texts()
        for info, text, line in fenced_blocks(markdown)
        if info.split(" ")[0] in {"yaml", "yml"}
    ]


@pytest.fixture(scope="module")
def catalog() -> SchemaCatalog:
    return SchemaCatalog.load(PLATFORM / "schemas")


def told(report: ValidationReport) -> list[str]:
    """Errors, and what is said about style: an example shows how it is done."""
    return [f"{d.span.line}: {d.code} {d.message}" for d in report.diagnostics if is_error(d) or d.code in CODES]


def test_every_schema_of_the_platform_is_usable(catalog: SchemaCatalog) -> None:
    catalog.check()

    assert len(catalog.by_kind) > 10
    assert all(schema.title and schema.file for schema in catalog.schemas)


def test_there_are_blocks_to_check() -> None:
    assert len(yaml_blocks()) > 30


@pytest.mark.parametrize("block", yaml_blocks(), ids=lambda block: block.place)
def test_a_yaml_block_is_what_its_fence_says(block: Block, catalog: SchemaCatalog) -> None:
    if code := block.attributes.get("invalid"):
        assert code in codes(block, catalog), f"{block.place} does not show {code}"
    elif kind := block.attributes.get("fragment"):
        assert told(check_fragment(block.text, kind, catalog=catalog)) == []
    elif re.search(r"^apiVersion:", block.text, re.MULTILINE):
        assert told(validate([SourceFile("example.yaml", block.text)], catalog=catalog)) == []
    else:
        assert block.info.split() == ["yaml", "example"], f"{block.place}: say fragment=Kind, invalid=CODE or example"
        assert [d for d in parse(SourceFile("example.yaml", block.text)).diagnostics if is_error(d)] == []


def codes(block: Block, catalog: SchemaCatalog) -> set[str]:
    if kind := block.attributes.get("fragment"):
        report = check_fragment(block.text, kind, catalog=catalog)
    else:
        report = validate([SourceFile("example.yaml", block.text)], catalog=catalog)
    return {d.code for d in report.diagnostics}


def is_error(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.ERROR


@pytest.mark.parametrize("file", sorted(DEPLOYMENT.rglob("*.yaml")), ids=lambda file: str(file.relative_to(DEPLOYMENT)))
def test_a_file_of_the_example_repository_has_no_errors(file: Path, catalog: SchemaCatalog) -> None:
    report = validate([SourceFile(str(file.relative_to(DEPLOYMENT)), file.read_bytes())], catalog=catalog)

    assert told(report) == []
    assert all(checked.schema for checked in report.files)


def test_the_examples_inside_the_schemas_satisfy_them(catalog: SchemaCatalog) -> None:
    wrong = [
        f"{schema.title}: {example}"
        for schema in catalog.schemas
        for example in schema.document.get("examples", ())
        if not schema.validator.is_valid(example)
    ]

    assert wrong == []
