"""`make audit`: known vulnerabilities of the locked packages. Without a network nothing is checked, and that is said.

It fails only for a vulnerability that was found and is not in vulnerabilities.toml, beside this file, with a reason
and a date.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from deploy.supply_chain.locked import REPOSITORY

ACCEPTED: Final = REPOSITORY / "deploy" / "supply_chain" / "vulnerabilities.toml"
WITHIN: Final = 300  # seconds for all packages
_NAMES: Final = 200  # characters of what stood in the way


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be printed, and whether it fails."""

    lines: Sequence[str]
    fails: bool = False


def verdict(report: Mapping[str, Any], accepted: Mapping[str, Mapping[str, Any]], today: date) -> Verdict:
    """What a report of pip-audit means, beside the vulnerabilities that were accepted until a day."""
    packages = report["dependencies"]
    checked = [each for each in packages if "skip_reason" not in each]
    if not checked:
        return unchecked("the vulnerability service knows none of the packages: is this a mirror?")
    lines: list[str] = []
    fails = False
    for package in checked:
        for found in package["vulns"]:
            reason = _reason([found["id"], *found.get("aliases", ())], accepted, today)
            fails |= not reason
            fixed = ", ".join(found.get("fix_versions", ())) or "no version yet"
            told = f"accepted: {reason}" if reason else f"mended in {fixed}"
            lines.append(f"{package['name']} {package['version']}: {found['id']}, {told}")
    left = len(packages) - len(checked)
    unknown = f"; {left} could not be looked up" if left else ""
    return Verdict([*lines, f"audit: {len(checked)} packages checked{unknown}"], fails)


def unchecked(why: str) -> Verdict:
    """Nothing was checked, which is no failure."""
    return Verdict([f"audit: not checked: no network ({' '.join(why.split())[:_NAMES]})"])


def _reason(names: Sequence[str], accepted: Mapping[str, Mapping[str, Any]], today: date) -> str:
    for name in names:
        entry = accepted.get(name)
        if entry and entry["until"] >= today:
            return f"{entry['reason']} (until {entry['until']})"
    return ""


def _report() -> Mapping[str, Any] | str:
    """What pip-audit found, or what stood in its way."""
    binaries = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch, "requirements.txt")
        export = ["export", "--quiet", "--locked", "--no-dev", "--group", "model", "--no-emit-project"]
        subprocess.run([binaries / "uv", *export, "-o", requirements], cwd=REPOSITORY, check=True)
        command = [binaries / "pip-audit", "--disable-pip", "--progress-spinner=off", "--format=json", "--timeout=10"]
        try:
            done = subprocess.run(
                [*map(str, command), "--requirement", str(requirements)],
                capture_output=True,
                text=True,
                timeout=WITHIN,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {WITHIN} seconds"
    try:
        report: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError:
        return done.stderr.strip().rpartition("\n")[2] or "pip-audit said nothing"
    return report


def main() -> int:
    """Print what was found. Returns 1 for a vulnerability that nobody accepted, 0 otherwise."""
    found = _report()
    accepted = tomllib.loads(ACCEPTED.read_text("utf-8"))
    today = datetime.now(UTC).date()
    told = unchecked(found) if isinstance(found, str) else verdict(found, accepted, today)
    print("\n".join(told.lines))
    return int(told.fails)


if __name__ == "__main__":
    sys.exit(main())
