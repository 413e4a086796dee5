"""`sheriff explain` and `sheriff diff`: what holds at a leaf and why, and what a change does to the leaves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bot import deployments
from bot.settings import Settings
from knowledge.deployment.diffing import difference
from knowledge.deployment.explaining import explain, in_context, leaf_named
from knowledge.deployment.leaves import Leaves
from knowledge.deployment.platform import Platform
from knowledge.deployment.printing import as_json, as_text, as_yaml, difference_as_json
from knowledge.deployment.reading import Files
from knowledge.errors import Misuse
from knowledge.validation import codes
from knowledge.validation.hints import nearest


def explain_command(settings: Settings, place: Path, leaf: str, key: str, *, at: str = "", output: str) -> None:
    """Print what holds at a leaf, `at` a Git reference or now. Raises Misuse for a leaf or key that is not there."""
    _require(output)
    leaves = _leaves(deployments.read(place, at), deployments.platform_of(settings), str(place), at)
    meant = leaf_named(leaves, leaf)
    found = explain(leaves, meant, key)
    if output == "json":
        print(json.dumps({"leaf": meant.node_path, "values": as_json(found)}, ensure_ascii=False, indent=2))
        return
    print(f"# {meant.node_path}")
    print(as_yaml(in_context(found, leaves, meant) if key else found))
    pages = list(dict.fromkeys(one.doc for one in found if one.doc))
    if key and pages:
        print(f"# see {', '.join(pages[:3])}")


def explain_code(code: str) -> None:
    """Print the page about a code of a diagnostic. Raises Misuse for what is none, with what comes near."""
    page = codes.text_of(code.upper())
    if page:
        print(page.rstrip())
        return
    if Path(code).exists():
        raise Misuse(f"{code}: name a leaf as well: sheriff explain {code} prod/eu-west/pf-blue.")
    near = nearest(code.upper(), codes.known())
    meant = f" Did you mean {near}?" if near else f" The codes begin with {_families()}."
    raise Misuse(f"{code} is no repository, and no code of Sheriff.{meant}")


def _families() -> str:
    return ", ".join(dict.fromkeys(code.rstrip("0123456789") for code in codes.known()))


def diff_command(settings: Settings, place: Path, base: str, *, output: str) -> int:
    """Print which effective values a change alters; returns 0, as `diff` is read by people and programs alike."""
    _require(output)
    if not base.strip():  # such as --base "$TARGET" where nobody set TARGET; comparing nothing would pass
        raise Misuse("--base is empty. Name a branch, a tag or a commit.")
    of = deployments.platform_of(settings)
    before = _leaves(deployments.read(place, base), of, str(place), base)
    after = _leaves(deployments.read(place), of, str(place))
    found = difference(before, after)
    print(json.dumps(difference_as_json(found), ensure_ascii=False, indent=2) if output == "json" else as_text(found))
    return 0


def _leaves(files: Files, of: Platform, place: str, base: str = "") -> Leaves:
    """The leaves of a repository; what was not merged is said on standard error, since it is missing from the rest."""
    analysis, leaves = deployments.with_leaves(files, of, place, base)
    for note in analysis.missing:
        print(f"sheriff: {f'{place} at {base}' if base else place}: {note}", file=sys.stderr)
    return leaves


def _require(output: str) -> None:
    if output not in {"text", "json"}:
        raise Misuse(f"--format {output}: choose text or json.")
