"""What hostile files cost: seconds and memory of a fresh process for each of them and each way in."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evals.bench.hostile import Hostile

PATIENCE: Final = 60  # seconds for one process
_CODE: Final = re.compile(r"\b(?:YAML|SCH|TOP|OVL|USE)\d{3}\b")
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "kind": {"type": "string"},
        "alerts": {"items": {"type": "object", "required": ["name", "severity"], "additionalProperties": False}},
        "nodes": {"items": {"properties": {"name": {"enum": ["dev", "prod"]}}}},
    },
    "additionalProperties": {"type": "integer", "enum": [1, 2, 3]},
}
_PROCESS: Final = """
import contextlib, sys
sys.argv[0] = "sheriff"
code = 0
try:
    if sys.argv[1] == "api":
        from evals.bench.bearing import by_api
        by_api(sys.argv[2])
    else:
        from bot.cli import main
        main()
except SystemExit as stop:
    code = stop.code or 0
with contextlib.suppress(OSError):
    status = open("/proc/self/status").read()
    sys.stderr.write("\\nVmHWM " + status.partition("VmHWM:")[2].split()[0])
raise SystemExit(code)
"""


@dataclass(frozen=True, slots=True)
class Borne:
    """How one way in took one file: exit code, cost, and the first thing it said; `megabytes` is 0 if not known."""

    name: str
    way: str
    seconds: float
    megabytes: float
    code: int
    said: str


def by_api(name: str) -> None:
    """What POST /api/v1/validate does with one upload; prints the first thing that it says."""
    from bot import deployments
    from bot.memory import seldom_collected
    from knowledge import bundled
    from knowledge.deployment.archives import Parcel
    from knowledge.deployment.together import check_together
    from knowledge.errors import Misuse
    from knowledge.validation.diagnostics import SourceFile
    from knowledge.validation.render import as_json

    parcel = Parcel()
    try:
        parcel.add(SourceFile(name, Path(name).read_bytes()))
    except Misuse as error:
        print(error)
        return
    with seldom_collected():
        report = check_together(parcel.files, deployments.platform(bundled.SCHEMAS)).report
    print(json.dumps(as_json(report)))


def ways(file: str, schema: str) -> Mapping[str, Sequence[str]]:
    """The arguments of each way in."""
    return {
        "validate": ("validate", file),
        "--diff": ("validate", "--diff", file),
        "--schema": ("validate", "--schema", schema, file),
        "protocol": ("validate", "--stdin-protocol"),
        "api": ("api", file),
    }


def borne(hostile: Hostile, folder: Path) -> Iterator[Borne]:
    """One file, by each way in; it is written to `folder`."""
    schema, file = folder / "any.schema.json", folder / hostile.file
    schema.write_text(json.dumps(SCHEMA), "utf-8")
    file.write_bytes(hostile.make())
    request = json.dumps({"file": str(file)}).encode()
    for way, arguments in ways(str(file), str(schema)).items():
        yield _one(hostile.name, way, arguments, request)
    file.unlink()


def _one(name: str, way: str, arguments: Sequence[str], request: bytes) -> Borne:
    begun = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROCESS, *arguments],
            input=request,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Borne(name, way, PATIENCE, 0, -1, "no answer")
    seconds = time.perf_counter() - begun
    errors, _, peak = done.stderr.decode("utf-8", "replace").rpartition("\nVmHWM ")
    said = first_words(done.stdout.decode("utf-8", "replace"), errors)
    return Borne(name, way, seconds, int(peak or 0) / 1000, done.returncode, said)


def first_words(output: str, errors: str, most: int = 70) -> str:
    """The code of the first diagnostic, else the beginning of what was said."""
    code = _CODE.search(output)
    lines = [*errors.split("\n"), *output.split("\n")]
    text = code[0] if code else next((line.strip() for line in lines if line.strip()), "nothing")
    return text if len(text) <= most else f"{text[: most - 1]}…"
