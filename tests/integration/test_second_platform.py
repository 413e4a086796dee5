"""A second platform beside the bundled one: its own levels, files, component and rule, told in sheriff.yaml alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.commands import Run, run
from tests.small_platform import LOCK_SCHEMA, SHIP, TOPOLOGY_SCHEMA

__all__ = ["run"]

SAIL = """
title: Sails
x-file: sail-plan.yaml
x-doc: sails.md
x-levels: [zone, cluster]
type: object
required: [apiVersion, kind]
additionalProperties: false
properties:
  apiVersion: {const: navy/v3}
  kind: {const: SailPlan}
  sails:
    type: array
    x-merge: by-key
    x-key: mast
    items:
      type: object
      required: [mast]
      x-required: [area]
      additionalProperties: false
      properties:
        mast: {type: string}
        area: {type: integer, minimum: 1}
        cloth: {type: string, default: hemp}
        flag: {type: string}
"""

RULE = '''
"""Rules of sails."""

from knowledge.deployment.cells import plain
from knowledge.deployment.rules import Finding


def check(leaves, schemas):
    for leaf in leaves:
        plan = leaf.components.get("sail-plan")
        if plan is None:
            continue
        for sail in plan.value["sails"].value:
            area = sail.value["area"]
            if plain(area) > 100 and leaf.names["zone"] == "north":
                yield Finding(
                    "NAVY1",
                    area.origin,
                    f"{plain(area)} is too much for ice",
                    why="Masts break.",
                    suggestion="area: 100",
                    doc=schemas["sail-plan"]["x-doc"],
                    leaf=leaf.path,
                )
'''

CONFIGURATION = """
platform:
  name: Navy
  schemas: schemas
  levels: [zone, cluster]
  rules: [rules/sails.py]
"""

REPOSITORY = {
    "topology.yaml": """\
kind: Topology
application: navy
nodes:
  - name: north
    labels: {ice: thick}
    nodes:
      - {name: cluster-a, tenants: [red, blue]}
      - {name: cluster-b, tenants: [red]}
  - name: south
    nodes: [{name: cluster-c, tenants: [green]}]
""",
    "ship.yaml": "kind: Ship\ncrew: 3\nname: '%application%-%cluster%'\n",
    "north/sail-plan.yaml": """\
apiVersion: navy/v3
kind: SailPlan
sails:
  - {mast: "main-%tenant%", area: 80, flag: "%ice%"}
""",
    "cluster-a/sail-plan.yaml": """\
apiVersion: navy/v3
kind: SailPlan
sails:
  - mast: main-%tenant%
    area: 90
""",
}


@pytest.fixture
def navy(tmp_path: Path) -> Path:
    """The platform's configuration, schemas and rules in the working folder, and a repository `fleet` beside them."""
    schemas = {
        "topology": TOPOLOGY_SCHEMA,
        "topology-lock": LOCK_SCHEMA,
        "ship": SHIP,
        "sail-plan": yaml.safe_load(SAIL),
    }
    files = {f"schemas/{name}.schema.json": json.dumps(schema) for name, schema in schemas.items()}
    files |= {"rules/sails.py": RULE, "sheriff.yaml": CONFIGURATION}
    files |= {f"fleet/{name}": text for name, text in REPOSITORY.items()}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "fleet"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_its_repository_is_checked_by_its_own_schemas_and_levels(run: Run, navy: Path) -> None:
    done = run("validate", "fleet")

    assert (done.code, done.err) == (0, "")
    assert "fleet/north/sail-plan.yaml: no errors, checked as Sails, from its kind" in done.out
    assert done.out.endswith("4 files checked: no errors.\n")


def test_its_rule_is_asked_at_every_leaf(run: Run, navy: Path) -> None:
    change(navy / "cluster-a/sail-plan.yaml", "area: 90", "area: 120")

    [told] = json.loads(run("validate", "--format", "json", "fleet").out)

    assert (told["code"], told["file"], told["suggestion"]) == ("NAVY1", "fleet/cluster-a/sail-plan.yaml", "area: 100")
    assert told["message"] == "120 is too much for ice at north/cluster-a"
    assert told["line"] == 5


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "says"),
    [
        ("topology.yaml", "name: south", "name: south\n    level: region", "TOP003", "“region” is no level"),
        ("topology.yaml", "[{name: cluster-c, tenants: [green]}]", "[]", "TOP004", "a cluster is needed below"),
        ("north/sail-plan.yaml", "area: 80", "aera: 80", "SCH001", "area"),
        ("cluster-a/sail-plan.yaml", "area: 90", "area: 0", "SCH005", "area"),
        ("cluster-a/sail-plan.yaml", "main-%tenant%", "main-%tenent%", "WLD001", "%tenant%"),
        ("cluster-a/sail-plan.yaml", "mast: main-%tenant%", "mst: fore", "SCH001", "`mast`"),
        ("north/sail-plan.yaml", ", area: 80", "", "OVL010", "needs “area” at north/cluster-b"),
        ("ship.yaml", "%cluster%", "%platform%", "WLD001", "unknown wildcard %platform%"),
    ],
)
def test_its_faults_are_told_in_its_own_words(
    run: Run, navy: Path, file: str, old: str, new: str, code: str, says: str
) -> None:
    change(navy / file, old, new)

    done = run("validate", "fleet")

    assert done.code == 1
    assert code in done.out
    assert says in done.out


def test_a_component_of_the_bundled_platform_is_unknown_to_it(run: Run, navy: Path) -> None:
    (navy / "kafka.yaml").write_text("apiVersion: sheriff/v1\nkind: Kafka\n")

    done = run("validate", "fleet")

    assert done.code == 1
    assert "no component has the file kafka.yaml" in done.out
    assert "Known are sail-plan.yaml, ship.yaml." in done.out


def test_a_component_at_a_level_where_it_may_not_stand_is_told(run: Run, navy: Path) -> None:
    (navy / "sail-plan.yaml").write_text("apiVersion: navy/v3\nkind: SailPlan\nsails: []\n")

    done = run("validate", "fleet")

    assert done.code == 1
    assert "OVL004" in done.out
    assert "Sails may stand at: zone, cluster" in done.out


def test_a_component_is_added_by_a_schema_file_alone(run: Run, navy: Path) -> None:
    (navy / "oars.yaml").write_text("kind: Oars\ncount: '%size%'\n")
    assert run("validate", "fleet").code == 1

    schema = {
        "title": "Oars",
        "x-file": "oars.yaml",
        "type": "object",
        "properties": {"kind": {"const": "Oars"}, "count": {"type": "integer", "x-doc": "oars.md#count"}},
    }
    (navy.parent / "schemas/oars.schema.json").write_text(json.dumps(schema))
    change(navy / "topology.yaml", "tenants: [red, blue]", "tenants: [red, blue], size: 12")
    change(navy / "topology.yaml", "tenants: [red]", "tenants: [red], size: 8")
    change(navy / "topology.yaml", "tenants: [green]", "tenants: [green], size: 4")

    assert run("validate", "fleet").code == 0
    explained = run("explain", "fleet", "cluster-b", "oars.count")
    assert "count: 8  # oars.yaml:2, %size% from topology.yaml:8" in explained.out
    assert "# see oars.md#count" in explained.out


def test_explain_and_diff_speak_of_its_leaves(run: Run, navy: Path) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(navy), *identity, *arguments], check=True, capture_output=True)
    change(navy / "cluster-a/sail-plan.yaml", "area: 90", "area: 95")

    explained = run("explain", "fleet", "cluster-a", "main-blue.area")
    changed = run("diff", "fleet")

    assert "area: 95" in explained.out
    assert "cluster-a/sail-plan.yaml:5, hides 80 from north/sail-plan.yaml:4" in explained.out
    assert changed.out.count("at north/cluster-a\n") == 2
    assert "~ sail-plan.sails[main-red].area at north/cluster-a\n    - 90" in changed.out


def test_an_archive_of_its_repository_is_checked_the_same(run: Run, navy: Path) -> None:
    change(navy / "cluster-a/sail-plan.yaml", "area: 90", "area: 120")
    shutil.make_archive("fleet", "zip", navy.parent, "fleet")

    done = run("validate", "fleet.zip")

    assert done.code == 1
    assert "fleet.zip/fleet/cluster-a/sail-plan.yaml:5:11" in done.out
    assert "NAVY1" in done.out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "no Python file with rules"),
        ("def check(leaves:\n", "cannot be loaded"),
        ("import no_such_module\n", "cannot be loaded"),
        ("check = 3\n", "has no function `check(leaves, schemas)`"),
        ("def check(leaves, schemas):\n    yield schemas['gone']\n", "the rule failed (KeyError: 'gone')"),
    ],
)
def test_a_rule_module_that_is_unusable_is_named(run: Run, navy: Path, text: str | None, says: str) -> None:
    rule = navy.parent / "rules/sails.py"
    rule.unlink()
    if text is not None:
        rule.write_text(text)

    done = run("validate", "fleet")

    assert done.code == 2
    assert f"{Path('rules/sails.py')}: {says}" in done.err


def test_without_its_configuration_nothing_of_it_is_known(run: Run, navy: Path) -> None:
    (navy.parent / "sheriff.yaml").unlink()

    assert run("validate", "fleet").code == 1
