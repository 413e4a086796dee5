"""The engine beside an independent naive resolver, on random repositories.

`SHERIFF_TEST_EXAMPLES=1000` in the environment compares that many; 300 are the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, note, settings

from knowledge import bundled
from knowledge.deployment.analysis import Analysis, analyse
from knowledge.deployment.cells import plain
from knowledge.deployment.platform import Platform
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Severity
from knowledge.validation.schema import Schema
from tests.reference.repositories import Repository, as_yaml, repositories
from tests.reference.resolver import Refused, resolve

EXAMPLES = int(os.environ.get("SHERIFF_TEST_EXAMPLES", "300"))
LATER = {"OVL010"}  # what the reference does not look at: keys that the merged value lacks


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(repositories())
def test_the_engine_agrees_with_the_reference_at_every_leaf_or_on_the_error(drawn: Repository) -> None:
    analysis = analyse({path: as_yaml(content) for path, content in drawn.files.items()}, platform_of(drawn))
    errors = {d.code for d in analysis.report.diagnostics if d.severity is Severity.ERROR}
    note("\n".join(f"{d.code} {d.file}: {d.message}" for d in analysis.report.diagnostics))

    try:
        expected = resolve(drawn.files, drawn.schemas, levels=drawn.levels)
    except Refused as refused:
        assert refused.code in errors  # noqa: PT017 - either outcome is right, if both have it
        return

    assert effective(analysis, drawn.schemas) == expected
    assert not {code for code in errors - LATER if code.startswith(("TOP", "OVL", "WLD"))}


def platform_of(drawn: Repository) -> Platform:
    """The components that were drawn beside the bundled schemas of topologies."""
    components = [
        Schema({**schema, "x-file": f"{component}.yaml", "title": component}, origin=component)
        for component, schema in drawn.schemas.items()
    ]
    files = ("topology.schema.json", "topology-lock.schema.json")
    trees = [Schema.read(bundled.SCHEMAS / file) for file in files]
    return Platform(SchemaCatalog([*components, *trees]), levels=drawn.levels)


def effective(analysis: Analysis, components: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By leaf and component; absent components are left out."""
    leaves = analysis.leaves
    assert leaves is not None, analysis.report.notes
    found: dict[str, dict[str, Any]] = {}
    for leaf in leaves.topology.root.leaves():
        cells = {name: leaves.effective(name, leaf) for name in components if name in leaves.placed}
        found[leaf.node_path] = {name: plain(cell) for name, cell in cells.items() if cell is not None}
    return found
