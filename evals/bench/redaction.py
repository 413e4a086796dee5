"""Secrets found and false alarms on our own cases, beside a scanner's standard scan of the same texts."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bot.redaction import redact
from evals.bench.secret_cases import CASES, SecretCase, is_left, read_cases

PEER = "detect-secrets"
Redactor = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way of redacting does on one half of the cases."""

    way: str
    half: str
    secrets: int
    missed: Sequence[str]  # names of the cases in which something of a secret is left
    look_alikes: int
    alarms: Sequence[str]  # names of the look-alikes that were changed
    milliseconds: float  # a message, on average

    @property
    def line(self) -> str:
        found = self.secrets - len(self.missed)
        share = found / self.secrets if self.secrets else 0
        return (
            f"{self.way:15} {self.half:9} found {found:3} of {self.secrets:3} ({share:.1%}), "
            f"false alarms {len(self.alarms):2} of {self.look_alikes:3}, {self.milliseconds:6.2f} ms a message"
        )


def redaction_command(folder: Path | None, *, json_file: Path | None, names: bool) -> None:
    """Print the figures of both halves; with `names` also what was missed. Raises Misuse when there are no cases."""
    place = folder or CASES
    secrets, look_alikes = read_cases(place / "secrets.txt"), read_cases(place / "looks-alike.txt")
    ways: list[tuple[str, Redactor]] = [("sheriff", lambda text: redact(text).text)]
    if importlib.util.find_spec("detect_secrets"):
        ways.append((PEER, _by_peer))
    else:
        print(f"{PEER} is not installed here (uv sync): no peer in this run.")
    figures = [
        _measured(name, by, [c for c in secrets if c.held_out == held], [c for c in look_alikes if c.held_out == held])
        for name, by in ways
        for held in (False, True)
    ]
    for one in figures:
        print(one.line)
        if names:
            print("".join(f"  missed: {name}\n" for name in one.missed), end="")
            print("".join(f"  false alarm: {name}\n" for name in one.alarms), end="")
    if json_file:
        json_file.write_text(json.dumps([_as_json(one) for one in figures], indent=2) + "\n", encoding="utf-8")


def _measured(way: str, by: Redactor, secrets: Sequence[SecretCase], look_alikes: Sequence[SecretCase]) -> Figures:
    by("password: warm-up-1!")
    began = perf_counter()
    redacted = [(case, by(case.text)) for case in secrets]
    missed = [case.name for case, text in redacted if any(is_left(secret, text) for secret in case.secrets)]
    alarms = [c.name for c in look_alikes if by(c.text) != c.text]
    spent = (perf_counter() - began) / max(1, len(secrets) + len(look_alikes))
    half = "held out" if (*secrets, *look_alikes) and (*secrets, *look_alikes)[0].held_out else "tuning"
    return Figures(way, half, len(secrets), missed, len(look_alikes), alarms, spent * 1000)


def _by_peer(text: str) -> str:
    """The text without the secrets of a standard scan: a file on disk, all plugins and filters as they come."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    with TemporaryDirectory() as folder, default_settings():
        file = Path(folder) / "pasted.yaml"
        file.write_text(text, encoding="utf-8")
        found = {secret.secret_value for secret in scan_file(str(file)) if secret.secret_value}
    for secret in sorted(found, key=len, reverse=True):
        text = re.sub(re.escape(secret), "[removed]", text)
    return text


def _as_json(one: Figures) -> dict[str, object]:
    return {name: getattr(one, name) for name in Figures.__dataclass_fields__}
