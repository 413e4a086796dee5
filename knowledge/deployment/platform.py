"""What the platform says about deployment repositories: levels, components, rules. Nothing here is tied to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from knowledge.deployment.guide import Guide
from knowledge.deployment.rules import Rule
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.schema import Schema

LEVELS: Final = ("group", "subscription", "region", "partition", "platform")
TOPOLOGY, LOCK = "topology", "topology.lock"  # stems of the two files that are no overlays
SUFFIX: Final = ".yaml"


@dataclass(frozen=True)
class Platform:
    """Schemas and levels of one platform; a component is a schema with a file name that is no topology."""

    catalog: SchemaCatalog
    levels: Sequence[str] = LEVELS
    rules: Sequence[Rule] = ()

    @cached_property
    def components(self) -> Mapping[str, Guide]:
        """By the file's name without its ending."""
        return {stem(schema.file): Guide(schema) for schema in self.catalog.schemas if schema.overlay}

    @cached_property
    def topology(self) -> Schema | None:
        return next((s for s in self.catalog.schemas if stem(s.file) == TOPOLOGY), None)


def stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(SUFFIX)
