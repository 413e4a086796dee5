"""Files that are made to stop a checker, by what they attack."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Final

from knowledge.validation.compose import MAX_VALUES
from knowledge.validation.text import MAX_CHARACTERS

LARGE: Final = 50_000_000  # bytes
DEEP: Final = 100_000  # levels


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file that is made to hurt; its content is made when it is needed."""

    name: str
    make: Callable[[], bytes]
    file: str = "file.yaml"


def files() -> Sequence[Hostile]:
    """Every file, by what it attacks: growth, depth, size, characters, tags, archives."""
    return (*_growing(), *_deep(), *_large(), *_faulty(), *_odd(), *_archives())


def _growing() -> Iterator[Hostile]:
    yield Hostile("billion laughs", _laughs)
    yield Hostile("billion laughs by <<", _merged_laughs)
    yield Hostile("circular anchors", lambda: b"a: &a [*b]\nb: &b {c: *a, d: *b}\n")
    yield Hostile("circular <<", lambda: b"a: &a\n  <<: *a\n  b: 1\n")
    yield Hostile("anchors and aliases up to the cap", lambda: _capped(lambda n: f"k{n}: &a{n} x\nl{n}: *a{n}\n"))


def _deep() -> Iterator[Hostile]:
    yield Hostile("100,000 levels of brackets", lambda: b"a: " + b"[" * DEEP)
    yield Hostile("100,000 levels of braces", lambda: b"{a: " * DEEP + b"1" + b"}" * DEEP)
    yield Hostile("100,000 levels of dashes", lambda: b"- " * DEEP)
    yield Hostile("100,000 levels of JSON", lambda: b"[" * DEEP + b"]" * DEEP, "file.json")


def _large() -> Iterator[Hostile]:
    yield Hostile("50 MB in one line", lambda: b"a: " + b"x" * LARGE)
    yield Hostile("50 MB in one line of brackets", lambda: b"a: [" + b"1, " * (LARGE // 3) + b"]")
    yield Hostile("50 MB of tiny keys", lambda: b"".join(b"%d: 1\n" % n for n in range(LARGE // 10)))
    yield Hostile("50 MB of empty lines", lambda: b"\n" * LARGE)
    yield Hostile("tiny keys up to the cap", lambda: _capped(lambda n: f"{n}: x\n"))
    yield Hostile("one key again and again up to the cap", lambda: _capped(lambda _: "a: x\n"))
    yield Hostile("dashes up to the cap", lambda: _capped(lambda _: "-\n"))
    yield Hostile("one line of elements up to the cap", lambda: b"a: [" + b"1," * (MAX_CHARACTERS // 2 - 4) + b"]")
    yield Hostile("one line of words up to the cap", lambda: b"a: " + b"x " * (MAX_CHARACTERS // 2 - 3))
    yield Hostile("documents up to the cap", lambda: _capped(lambda _: "---\n"))
    yield Hostile("an open quote over a file up to the cap", lambda: b'a: "' + _capped(lambda n: f"k{n}: x\n")[4:])
    yield Hostile("tabs up to the cap", lambda: _capped(lambda n: f"k{n}:\n\tx: 1\n"))
    yield Hostile("missing colons up to the cap", lambda: _capped(lambda n: f"k{n}: 1\nl{n} 1\n"))
    yield Hostile("wrong values up to the cap", lambda: _capped(lambda n: f"key{n}: wrong\n"))


def _faulty() -> Iterator[Hostile]:
    alerting = "apiVersion: sheriff/v1\nkind: Alerting\nalerts:\n"
    yield Hostile("elements without their keys", lambda: _listed(alerting, lambda _: "- {}\n", 1))
    yield Hostile("elements of a wrong type", lambda: _listed(alerting, lambda _: "- 1\n", 1))
    yield Hostile("unknown keys in elements", lambda: _listed(alerting, lambda _: "- {a: 1, b: 2, c: 3}\n", 7))
    yield Hostile("long texts instead of numbers", lambda: _capped(lambda n: f"k{n}: {'x' * 990}\n"))
    kafka = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitions: 12\n"
    yield Hostile("faults of style up to the cap", lambda: _listed(kafka, lambda _: "#  \n\n \n", 1))
    topology = "apiVersion: sheriff/v1\nkind: Topology\napplication: payments\nnodes:\n"
    yield Hostile("nodes", lambda: _listed(topology, lambda n: f"- name: n{n}\n", 3), "topology.yaml")
    yield Hostile("nodes of one name", lambda: _listed(topology, lambda _: "- name: prod\n", 3), "topology.yaml")
    yield Hostile(
        "platforms", lambda: _listed(topology, lambda n: f"- {{name: n{n}, level: platform}}\n", 5), "topology.yaml"
    )


def _odd() -> Iterator[Hostile]:
    yield Hostile("invalid UTF-8", lambda: b"kind: Kafka\nname: caf\xe9\n")
    yield Hostile("invalid UTF-8 up to the cap", lambda: _capped(lambda n: f"k{n}: x\n") + b"\xff" * 1000)
    yield Hostile("a BOM before each line", lambda: b"\xef\xbb\xbfa: 1\n" * 100_000)
    yield Hostile("CRLF", lambda: b"kind: Kafka\r\nquota:\r\n  partitions: 12\r\n")
    yield Hostile("CR only, up to the cap", lambda: _capped(lambda n: f"k{n}: x\r"))
    yield Hostile("NUL", lambda: b"kind: Kafka\nname: a\x00b\n")
    yield Hostile("50 MB of NUL", lambda: bytes(LARGE))
    yield Hostile("!!python/object", lambda: b'!!python/object/apply:os.system ["touch /tmp/owned"]\n')
    yield Hostile("!include", lambda: b"a: !include /etc/passwd\n")
    yield Hostile("a number of a million digits", lambda: b"a: " + b"9" * (MAX_CHARACTERS - 10))


def _archives() -> Iterator[Hostile]:
    yield Hostile("zip: 1 GB of zeros", lambda: _zip({"kafka.yaml": 1_000_000_000}), "file.zip")
    yield Hostile("zip: 200 files that grow", lambda: _zip({f"{n}.yaml": 900_000 for n in range(200)}), "file.zip")
    yield Hostile("zip: 24 files of equal elements", lambda: _zip_of(lambda _: "- 1\n" * 99_000), "file.zip")
    yield Hostile(
        "zip: 9 MB that are no bomb",
        lambda: _zip_of(lambda n: "".join(f"- {hash((n, m))}\n" for m in range(42_000)), 9),
        "file.zip",
    )
    yield Hostile("zip: 60,000 entries", lambda: _zip({f"{n}.yaml": 0 for n in range(60_000)}), "file.zip")
    yield Hostile("zip: a path that leads out", lambda: _zip({"../../etc/kafka.yaml": 10}), "file.zip")
    yield Hostile("zip: a symbolic link", lambda: _zip({"kafka.yaml": 10}, link="topology.yaml"), "file.zip")
    yield Hostile("zip: 50 MB that is none", lambda: b"PK\x03\x04" + bytes(LARGE), "file.zip")


def _laughs() -> bytes:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()


def _merged_laughs() -> bytes:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n  k{n}: 1" for n in range(1, 10)]
    return "\n".join(lines).encode()


def _capped(line: Callable[[int], str], left: int = MAX_CHARACTERS) -> bytes:
    """As many lines as a file may have characters."""
    found: list[str] = []
    number = 0
    while (left := left - len(text := line(number))) >= 0:
        found.append(text)
        number += 1
    return "".join(found).encode()


def _listed(head: str, element: Callable[[int], str], values: int) -> bytes:
    """As many elements, of so many values each, as a file may have values and characters."""
    elements = islice(map(element, count()), (MAX_VALUES - 20) // values)
    return head.encode() + _capped(lambda _: next(elements, "# more\n"), MAX_CHARACTERS - len(head))


def _zip_of(elements: Callable[[int], str], count: int = 24) -> bytes:
    """A deployment repository of so many overlays of one component, with such elements."""
    target = io.BytesIO()
    nodes = "".join(f"- name: n{number}\n" for number in range(count))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "topology.yaml", f"apiVersion: sheriff/v1\nkind: Topology\napplication: payments\nnodes:\n{nodes}"
        )
        for number in range(count):
            head = "apiVersion: sheriff/v1\nkind: Alerting\nalerts:\n"
            archive.writestr(f"n{number}/alerting.yaml", head + elements(number))
    return target.getvalue()


def _zip(entries: Mapping[str, int], *, link: str = "") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, size in entries.items():
            with archive.open(name, "w") as entry:
                for begin in range(0, size, 1_000_000):
                    entry.write(b"0" * min(1_000_000, size - begin))
        if link:
            info = zipfile.ZipInfo(link)
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    return target.getvalue()
