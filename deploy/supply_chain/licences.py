"""`make licences`: the licence of every package that runs with Sheriff, written to docs/licences.md.

A package whose licence is unknown or asks something of who passes it on has to be named in licences.toml, beside this
file, first, with what was found out about it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

from deploy.supply_chain.locked import REPOSITORY, Locked, running

PAGE: Final = REPOSITORY / "docs" / "licences.md"
REVIEWED: Final = REPOSITORY / "deploy" / "supply_chain" / "licences.toml"
# They ask for no more than that their text goes along.
FREE: Final = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU"}
    | {"PSF-2.0", "Python-2.0", "Unlicense", "Zlib", "BlueOak-1.0.0"}
)
_SPELLINGS: Final = (
    (
        r"\bApache(?: Software)?(?: License)?,?\s*(?:Version |v)?2(?:\.0)?\b|^Apache$|^Apache Software License$",
        "Apache-2.0",
    ),
    (r"^(?:The )?MIT(?: License)?$", "MIT"),
    (r"3-Clause BSD|BSD 3-Clause|BSD-3-Clause|^(?:New |Modified |Simplified )?BSD(?: License)?$", "BSD-3-Clause"),
    (r"BSD-2-Clause|2-Clause BSD", "BSD-2-Clause"),
    (r"Mozilla Public License 2\.0|^MPL[- ]2\.0", "MPL-2.0"),
    (r"^ISC", "ISC"),
    (r"Python Software Foundation|^PSF", "PSF-2.0"),
    (r"Unlicense", "Unlicense"),
)
_WORD: Final = re.compile(r"[A-Za-z0-9.+-]+")
_HEAD: Final = """\
# Licences of what runs with Sheriff

Written by `make licences` from the packages of `uv.lock`; development tools are left out. Sheriff itself is under the
[Apache License 2.0](../LICENSE). What is marked with a remark was looked at by hand:
`deploy/supply_chain/licences.toml`.

| Package | Licence | Remark |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Licence:
    """What a package is under, as an SPDX expression where it says so, and what was found out about it."""

    package: str
    expression: str
    remark: str = ""

    @property
    def is_free(self) -> bool:
        """Whether one of its alternatives asks for nothing but that its text goes along."""
        ways = re.split(r"\s+OR\s+", self.expression.strip("()"))
        return any(all(word in FREE for word in _names(way)) and _names(way) for way in ways)


def listed(packages: Sequence[Locked], reviewed: Mapping[str, Mapping[str, str]]) -> list[Licence]:
    """The licence of each package: what was looked up by hand, else what its metadata says."""
    return [
        Licence(each.name, reviewed[each.name]["licence"], reviewed[each.name]["remark"])
        if each.name in reviewed
        else Licence(each.name, _of(each.name))
        for each in packages
    ]


def reviewed(file: Path = REVIEWED) -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(file.read_text("utf-8"))


def page(licences: Sequence[Licence]) -> str:
    """The licences as a Markdown page."""
    return _HEAD + "".join(f"| {each.package} | {each.expression} | {each.remark} |\n" for each in licences)


def _names(expression: str) -> list[str]:
    return [word for word in _WORD.findall(expression) if word not in {"AND", "WITH"}]


def _of(package: str) -> str:
    try:
        told = metadata(package)
    except PackageNotFoundError:
        return "unknown: not installed on this system"
    return _first(told, "License-Expression") or _spelt(told) or "unknown"


def _first(told: PackageMetadata, field: str) -> str:
    values: list[str] | None = told.get_all(field)
    return values[0] if values else ""


def _spelt(told: PackageMetadata) -> str:
    classifiers: list[str] = [
        c.rpartition("::")[2].strip() for c in told.get_all("Classifier", []) if c.startswith("License ::")
    ]
    written = _first(told, "License").strip().split("\n")[0][:80]
    for text in (written, *classifiers):
        if set(_names(text)) <= FREE and _names(text):
            return text
        for pattern, name in _SPELLINGS:
            if re.search(pattern, text, re.IGNORECASE):
                return name
    return next((c for c in classifiers if c != "OSI Approved"), written)


def main() -> int:
    """Write the page. Returns 1 when a package needs a look, 0 otherwise."""
    found = listed(running(), reviewed())
    PAGE.write_text(page(found), "utf-8")
    print(f"{len(found)} packages listed in {PAGE.relative_to(REPOSITORY)}.")
    strange = [each for each in found if not each.is_free and not each.remark]
    for each in strange:
        print(f"{each.package}: {each.expression}. Look it up, and write that into {REVIEWED.name}.")
    return 1 if strange else 0


if __name__ == "__main__":
    sys.exit(main())
