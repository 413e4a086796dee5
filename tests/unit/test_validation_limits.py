"""Hostile files: a diagnostic with a place, in bounded time and memory, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.source import parse

SECONDS = 5.0  # of processor time for the check itself: 2 on a quiet machine
MEGABYTES = 200  # beyond the content
CHILD = """
import json, sys, time
from pathlib import Path
from knowledge import bundled
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.engine import validate

catalog = SchemaCatalog.load(bundled.SCHEMAS)
content = sys.stdin.buffer.read()
start = time.process_time()
report = validate([SourceFile("alerting.yaml", content)], catalog=catalog)
seconds = time.process_time() - start
codes = {d.code for d in report.diagnostics if d.severity == "error" and d.span.line >= 1}
lines = Path("/proc/self/status").read_text().split("\\n")
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
print(json.dumps([sorted(codes), seconds, peak]))
"""
BIG = 50_000_000
NAME = "- &a{0} x\n"

CASES: dict[str, tuple[str, Callable[[], str | bytes]]] = {
    "billion laughs": (
        "YAML006",
        lambda: "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)),
    ),
    "merged laughs": (
        "YAML006",
        lambda: (
            "a0: &a0 {k: v}\n"
            + "".join(f"a{i}: &a{i}\n  <<: [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))
        ),
    ),
    "aliases in aliases": (
        "YAML006",
        lambda: "a0: &a0 {k: v}\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 5000)),
    ),
    "merges in merges": (
        "YAML006",
        lambda: "a0: &a0 {k: v}\n" + "".join(f"a{i}: &a{i}\n  <<: *a{i - 1}\n" for i in range(1, 5000)),
    ),
    "circular list": ("YAML006", lambda: "&a [*a]\n"),
    "circular key": ("YAML006", lambda: "&a {*a : b}\n"),
    "100,000 brackets": ("YAML006", lambda: "[" * 100_000 + "]" * 100_000),
    "100,000 braces": ("YAML006", lambda: '{"a":' * 100_000),
    "levels of blocks": ("YAML006", lambda: "".join(f"{' ' * level}a:\n" for level in range(1300))),
    "one line of 50 MB": ("YAML006", lambda: "a: " + "x" * BIG),
    "50 MB of tiny lines": ("YAML006", lambda: "a\n" * (BIG // 2)),
    "50 MB of blank lines": ("YAML006", lambda: "\n" * BIG),
    "50 MB that are no UTF-8": ("YAML006", lambda: b"a: b\n" * (BIG // 5) + b"\xff"),
    "50 MB of bytes": ("YAML006", lambda: bytes(range(256)) * (BIG // 256)),
    "100,000 documents": ("YAML006", lambda: "--- a\n" * 100_000),
    "400,000 elements": ("YAML006", lambda: "-\n" * 400_000),
    "90,000 duplicates": ("YAML003", lambda: "a: b\n" * 90_000),
    "duplicates in 60,000 maps": ("YAML003", lambda: "- {a: b, a: c}\n" * 60_000),
    "unknown aliases": ("YAML008", lambda: "".join(NAME.format(n) + f"- *b{n}\n" for n in range(20_000))),
    "tabs on blank lines": ("YAML001", lambda: "a: b\n\t\n" * 140_000),
    "tight comments": ("YAML001", lambda: '- "a"#\n' * 140_000),
    "long keys": ("YAML001", lambda: "{" + "a\n b: c, " * 100_000 + "}"),
    "unclosed quotes": ("YAML004", lambda: "".join(f"k{n}: 'v\n" for n in range(8000))),
    "open bracket, large": ("YAML004", lambda: "".join(f"k{n}: [v\n" for n in range(80_000))),
    "broken at its end": ("YAML001", lambda: "".join(f"k{n}: v\n" for n in range(80_000)) + "a\nb: c: d\n"),
    "one long colon": ("YAML001", lambda: "a:" * 490_000),
}


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is asked of Linux")
@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_is_told_about_in_bounded_time_and_memory(name: str) -> None:
    code, make = CASES[name]
    content = make()
    data = content.encode() if isinstance(content, str) else content

    done = subprocess.run([sys.executable, "-c", CHILD], input=data, capture_output=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr.decode()[-500:]
    codes, seconds, peak = json.loads(done.stdout)
    assert code in codes
    assert seconds < SECONDS
    assert peak - len(data) / 1e6 < MEGABYTES


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ("a: 1\n".encode("utf-16-le"), {"YAML007"}),
        ("a: 1\n".encode("utf-16-be"), {"YAML007"}),
        ("a: 1\n".encode("utf-16"), {"YAML007"}),
        ("a: 1\n".encode("utf-32-le"), {"YAML007"}),
        ("a: größe\n".encode("latin-1"), {"YAML007"}),
        (b"\xff\xfea", {"YAML007"}),
        (b"a: b\x00\n", {"YAML007"}),
        (b"\xef\xbb\xbfa: 1\n", set()),
        (b"a: 1\r\nb: 2\rc: 3\n", set()),
        (b"a: !!python/object/apply:os.system [id]\n", {"YAML008"}),
        (b"a: !include /etc/passwd\n", {"YAML008"}),
        (b"a: !!binary '%%'\n", set()),
        (b"a: " + b"9" * 100_000 + b"\n", set()),
        (b"a: 0x" + b"f" * 100_000 + b"\n", set()),
        (b"a: 1e999999\nb: -1e999999\n", set()),
        (b"a: 2026-02-31\n", set()),
        (b"{a: b}: c\n[d]: e\n~: f\n", set()),
    ],
)  # fmt: skip
def test_odd_content_gets_at_most_one_diagnostic(content: bytes, codes: set[str]) -> None:
    start = time.perf_counter()

    found = parse(SourceFile("file.yaml", content)).diagnostics

    assert {d.code for d in found} == codes
    assert len(found) == len(codes)
    assert time.perf_counter() - start < SECONDS
