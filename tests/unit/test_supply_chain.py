"""What Sheriff is made of: licences, vulnerabilities, the bill of materials, and how the image runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.supply_chain import audit, sbom
from deploy.supply_chain.licences import PAGE, REVIEWED, Licence, listed, reviewed
from deploy.supply_chain.locked import MODEL, PROJECT, REPOSITORY, running

TODAY = date(2026, 11, 27)
MANIFESTS = sorted((REPOSITORY / "deploy" / "kubernetes").glob("*.yaml"))


def test_the_lock_file_tells_what_runs_and_leaves_the_tools_out() -> None:
    names = {each.name for each in running()}

    assert {"pebble", "chromadb", "uvicorn", MODEL, "numpy"} <= names
    assert not names & {"pytest", "ruff", "pip-audit", "torch", "sentence-transformers", PROJECT}


def test_every_package_in_the_lock_file_is_listed_with_a_licence_that_somebody_may_use() -> None:
    rows = re.findall(r"^\| (\S+) \| (.+?) \| (.*?) ?\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    listed_now = {name: Licence(name, licence, remark.strip()) for name, licence, remark in rows if name != "Package"}

    assert sorted(listed_now) == [each.name for each in running()], "run `make licences`"
    strange = [each for each in listed_now.values() if not each.is_free and not each.remark]
    assert not strange, f"look them up, and write what you found into {REVIEWED}"


@pytest.mark.parametrize(
    ("expression", "free"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("(Apache-2.0 OR BSD-3-Clause)", True),
        ("MPL-2.0", False),
        ("LGPL-3.0-only", False),
        ("MIT AND GPL-2.0-only", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_a_licence_is_free_when_one_way_of_it_asks_for_nothing(expression: str, free: bool) -> None:
    assert Licence("some-package", expression).is_free is free


def report(*vulnerabilities: str) -> Mapping[str, Any]:
    found = [{"id": name, "aliases": ["CVE-2026-1"], "fix_versions": ["2.0"]} for name in vulnerabilities]
    return {"dependencies": [{"name": "thing", "version": "1.0", "vulns": found}]}


def test_a_vulnerability_fails_and_names_the_version_that_mends_it() -> None:
    told = audit.verdict(report("PYSEC-2026-9"), {}, TODAY)

    assert told.fails
    assert told.lines[0] == "thing 1.0: PYSEC-2026-9, mended in 2.0"


@pytest.mark.parametrize("name", ["PYSEC-2026-9", "CVE-2026-1"])
def test_an_accepted_one_is_told_with_its_reason_until_its_day(name: str) -> None:
    accepted = {name: {"reason": "not used here", "until": date(2026, 12, 1)}}

    assert audit.verdict(report("PYSEC-2026-9"), accepted, TODAY).lines[0].endswith("not used here (until 2026-12-01)")
    assert not audit.verdict(report("PYSEC-2026-9"), accepted, TODAY).fails
    assert audit.verdict(report("PYSEC-2026-9"), accepted, date(2026, 12, 2)).fails


def test_nothing_looked_up_is_said_and_is_no_failure() -> None:
    skipped = {"dependencies": [{"name": "thing", "skip_reason": "Dependency not found on PyPI"}]}

    told = audit.verdict(skipped, {}, TODAY)

    assert told.lines[0].startswith("audit: not checked: no network")
    assert not told.fails
    assert not audit.verdict(report(), {}, TODAY).fails


def test_the_bill_of_materials_has_licences_and_the_model_and_follows_its_schema() -> None:
    carrier = {"type": "library", "bom-ref": "m", "name": MODEL, "version": "0.1.0"}
    mixed = {"type": "library", "bom-ref": "t", "name": "Thing", "version": "1"}
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [carrier, mixed]}

    made = sbom.completed(bill, [Licence(MODEL, "Apache-2.0"), Licence("thing", "MIT AND 0BSD")])

    assert sbom.faults(made) == ""
    assert made["components"][1]["licenses"] == [{"expression": "MIT AND 0BSD"}]
    model = made["components"][-1]
    assert (model["type"], model["hashes"][0]["content"][:8]) == ("machine-learning-model", "53aa5117")
    assert {"ref": "m", "dependsOn": [model["name"]]} in made["dependencies"]
    assert sbom.faults({**made, "components": [{"type": "nothing"}]}) != ""


def test_what_was_looked_up_by_hand_wins_over_the_metadata() -> None:
    found = {each.package: each for each in listed(running(), reviewed())}

    assert found["psycopg"].remark
    assert found[MODEL].expression == "Apache-2.0"


def test_the_image_runs_as_nobody_in_particular_and_builds_from_the_lock_file() -> None:
    stages = (REPOSITORY / "Dockerfile").read_text("utf-8").split("\nFROM ")

    user = re.findall(r"^USER (\d+):(\d+)$", stages[-1], re.MULTILINE)
    assert user, "the last stage names a user by number"
    assert all(int(number) > 0 for pair in user for number in pair)
    assert all("--locked" in line for line in stages[1].split("\n") if "uv sync" in line)
    assert ":latest" not in "".join(stages)
    assert "pip install" not in stages[-1]


def pods(file: Path) -> Iterator[Mapping[str, Any]]:
    for part in yaml.safe_load_all(file.read_text("utf-8")):
        if part["kind"] in {"Deployment", "StatefulSet"}:
            yield part["spec"]["template"]["spec"]


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_pods_may_do_nothing_that_they_do_not_need(file: Path) -> None:
    found = list(pods(file))

    assert found
    for pod in found:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
