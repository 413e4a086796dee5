"""Rules of components that no schema can say: what a rule sees, and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.deployment.cells import Bound, Cell, Origin
from knowledge.validation.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf with everything that holds there."""

    path: str
    names: Mapping[str, str]  # of its levels: {"region": "eu-west", …}
    bindings: Mapping[str, Bound]  # of its wildcards
    components: Mapping[str, Cell]  # effective values by component


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, at the place where it is to be mended."""

    code: str
    origin: Origin
    message: str
    why: str = ""
    suggestion: str = ""
    doc: str = ""
    leaf: str = ""  # the leaf at which it holds; "" when it is about several together
    severity: Severity = Severity.ERROR


# What a rule gets: all leaves, and the schemas of the components by component.
Rule = Callable[[Sequence[Leaf], Mapping[str, Mapping[str, Any]]], Iterable[Finding]]
