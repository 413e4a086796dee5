"""What the platform says about deployment repositories: levels, components, rules. Nothing here is tied to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from knowledge.deployment.guide import Guide
from knowledge.deployment.names import SUFFIX, TOPOLOGY
from knowledge.deployment.rules import Rule
from knowledge.deployment.topology import OF_A_NODE, wildcard_of
from knowledge.validation.catalog import SchemaCatalog

LEVELS: Final = ("group", "subscription", "region", "partition", "platform")


@dataclass(frozen=True)
class Platform:
    """Schemas and levels of one platform; a component is a schema with a file name that is no topology."""

    catalog: SchemaCatalog
    levels: Sequence[str] = LEVELS
    rules: Sequence[Rule] = ()
    pages: Mapping[str, str] = field(default_factory=dict)  # which explains a code, by code

    @cached_property
    def components(self) -> Mapping[str, Guide]:
        """By the file's name without its ending."""
        return {stem(schema.file): Guide(schema) for schema in self.catalog.schemas if schema.overlay}

    @cached_property
    def leaf_values(self) -> frozenset[str]:
        """Wildcards that a leaf may give a value by a key of its own, as the schema of topologies has it."""
        schema = next((s for s in self.catalog.schemas if stem(s.file) == TOPOLOGY), None)
        declared = schema.declared(("nodes", 0)) if schema is not None else {}
        own = [(name, part.get("type") == "array") for name, part in declared.items() if name not in OF_A_NODE]
        return frozenset(wildcard_of(name, several) for name, several in own)


def stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(SUFFIX)
