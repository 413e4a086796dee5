"""Files in the folders of sources that are made to stop an ingest, by what they attack. Made when they are needed."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingestion.sources.files import MAX_BYTES

CAP: Final = MAX_BYTES - 1_000  # bytes: the largest file that is read
DEEP: Final = 100_000  # levels
MANY: Final = 20_000  # files
SECRET: Final = "outside-of-the-folder"  # noqa: S105 - a word that must never be indexed


@dataclass(frozen=True, slots=True)
class Trap:
    """Something hostile that `plant` puts into a folder with the folders docs, faq and schemas."""

    name: str
    plant: Callable[[Path], None]


def traps() -> Sequence[Trap]:
    """Every trap, by the reader or the place that it attacks."""
    return (
        *_markdown(),
        *_front_matter(),
        *_html(),
        *_asciidoc(),
        *_plain(),
        *_faq(),
        *_schemas(),
        *_bytes(),
        *_names(),
        *_folders(),
    )


def _file(name: str, path: str, make: Callable[[], str | bytes]) -> Trap:
    def plant(folder: Path) -> None:
        made = make()
        (folder / path).write_bytes(made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass"))

    return Trap(f"{path.rpartition('.')[2]}: {name}", plant)


def _full(piece: str, size: int = CAP) -> str:
    """As much of one piece as a file may hold."""
    return piece * (size // len(piece.encode()))


def _lines(make: Callable[[int], str], size: int = CAP) -> str:
    """Numbered lines up to the cap."""

    def within() -> Iterator[str]:
        left = size
        for number in range(size):
            line = make(number)
            left -= len(line.encode())
            if left < 0:
                return
            yield line

    return "".join(within())


def _markdown() -> Iterator[Trap]:
    def page(name: str, make: Callable[[], str | bytes]) -> Trap:
        return _file(name, "docs/trap.md", make)

    yield page("quotes inside quotes", lambda: ">" * DEEP + " deep")
    yield page("lists inside lists", lambda: "- " * DEEP + "deep")
    yield page("an indented list, level by level", lambda: "".join(f"{'  ' * n}- x\n" for n in range(2_000)))
    yield page("quotes over many lines", lambda: "\n".join(">" * n for n in range(2_000)))
    yield page("one line up to the cap", lambda: _full("word "))
    yield page("one word up to the cap", lambda: _full("x"))
    yield page("empty lines", lambda: f"# A\n{_full(chr(10))}")
    yield page("opening brackets", lambda: _full("["))
    yield page("brackets and parentheses", lambda: _full("[a]("))
    yield page("pictures that do not end", lambda: _full("![a]("))
    yield page("links inside links", lambda: "[" * DEEP + "a" + "](b)" * DEEP)
    yield page("emphasis that does not end", lambda: _full("*a **b _c __d "))
    yield page("runs of backticks, each longer", lambda: " ".join("`" * n for n in range(3_000)))
    yield page("open code spans in brackets", lambda: _full("[`a"))
    yield page("definitions of links", lambda: _lines(lambda n: f"[a{n}]: /b\n"))
    yield page("references to no definition", lambda: "[z]: /z\n\n" + _full("[a\n"))
    yield page("opening tags", lambda: _full("<a "))
    yield page("less-than signs", lambda: _full("<"))
    yield page("comments that do not end", lambda: _full("text <!-- "))
    yield page("comments and one end", lambda: _full("<!-- ") + "-->")
    yield page("boxes that do not end", lambda: _full("<details>\n"))
    yield page("tables that do not end", lambda: _full("<table>\n"))
    yield page("boxes of many kinds", lambda: _full("<div>\n<section>\n<center>\n"))
    yield page("headings in HTML that do not end", lambda: _full("<h1>a "))
    yield page("shortcodes that do not end", lambda: _full("{{< a ") + "}}")
    yield page("Jinja that does not end", lambda: _full("{% a ") + " %")
    yield page("summaries that do not end", lambda: _full("<summary>a ") + "</x>")
    yield page("footnotes", lambda: _full("[^a]"))
    yield page("entities", lambda: _full("&eacute;"))
    yield page("headings up to the cap", lambda: _lines(lambda n: f"# h{n}\n"))
    yield page("one heading again and again", lambda: _full("# a\nb\n"))
    yield page("headings that collide in their anchors", lambda: _lines(lambda n: f"## a-{n % 50}\nx\n", 1_000_000))
    yield page("fences that do not end", lambda: _full("```\n~~~~\n"))
    yield page("admonitions inside admonitions", lambda: "".join(f"{'    ' * n}!!! note\n" for n in range(1_000)))
    yield page("a table of 1,000 columns", lambda: _full("|" + " a |" * 1_000 + "\n" + "|" + "---|" * 1_000 + "\n"))
    yield page("a row of cells up to the cap", lambda: f"|a|b|\n|-|-|\n{_full('|a')}")
    yield page("bars without a table", lambda: _full("|"))
    yield page("backslashes", lambda: _full("\\"))
    yield page("addresses", lambda: _full("<http://a.example/"))
    yield page("tabs", lambda: _full("\t"))
    yield page("white space inside a heading", lambda: "# a" + _full(" ") + "#")
    yield page("attributes of styles", lambda: _full("{:a"))
    yield page("JSX attributes", lambda: _full("a b={{"))
    yield page("dashes", lambda: _full("-"))
    yield page("combining marks", lambda: "a" + _full("\u0301"))
    yield page("text that turns and hides", lambda: "# A\n\n" + _full("\u202ea\u2066b\u200bc\U000e0041"))


def _front_matter() -> Iterator[Trap]:
    def page(name: str, block: Callable[[], str]) -> Trap:
        return _file(f"front matter, {name}", "docs/trap.md", lambda: f"---\n{block()}\n---\n# A\n\nText.\n")

    yield page("up to the cap", lambda: _lines(lambda n: f"k{n}: x\n", CAP - 100))
    yield page("one key a million times", lambda: _full("a: 1\n", CAP - 100))
    yield page("billion laughs", _laughs)
    yield page("100,000 levels", lambda: "a: " + "[" * DEEP)
    yield page("a circle", lambda: "title: &a [*a]")
    yield _file("front matter that does not end", "docs/trap.md", lambda: "---\n" + _full("a: b\n"))


def _html() -> Iterator[Trap]:
    def page(name: str, make: Callable[[], str | bytes]) -> Trap:
        return _file(name, "docs/trap.html", make)

    yield page("100,000 boxes inside each other", lambda: "<div>" * DEEP + "deep")
    yield page("bold inside bold", lambda: "<b>" * DEEP + "deep")
    yield page("lists inside lists", lambda: "<ul><li>" * DEEP + "deep")
    yield page("tables inside tables", lambda: "<table><tr><td>" * 20_000 + "deep")
    yield page("tables beside tables", lambda: _full("<table><tr><td>a</table>"))
    yield page("links inside links", lambda: _full("<a href=http://a.example>"))
    yield page("tags that do not end", lambda: _full("<a "))
    yield page("one attribute up to the cap", lambda: f'<p title="{_full("x", CAP - 100)}">a')
    yield page("many attributes", lambda: "<p " + _lines(lambda n: f"a{n}=1 ", CAP - 100) + ">a")
    yield page("entities that are declared", _entities)
    yield page("entities", lambda: _full("&amp;&#x41;&NotEqualTilde;"))
    yield page("headings inside headings", lambda: _full("<h1><h2>a"))
    yield page("formatting that is never closed", lambda: _full("<p><b><i><u><em>a"))
    yield page("a row of 500,000 cells", lambda: "<table><tr>" + _full("<td>a", CAP - 100))
    yield page("rows of ever more cells", lambda: "<table>" + "".join("<tr>" + "<td>" * n for n in range(1_500)))
    yield page("line breaks", lambda: _full("<br>"))
    yield page("a picture in the text", lambda: f'<img src="data:image/png;base64,{_full("A", CAP - 100)}">')
    yield page("code up to the cap", lambda: f"<pre>{_full('` ', CAP - 100)}</pre>")
    yield page("code marks inside each other", lambda: "<code>" * DEEP + "a")
    yield page("paragraphs of one letter", lambda: _full("<p>a"))


def _asciidoc() -> Iterator[Trap]:
    def page(name: str, make: Callable[[], str | bytes]) -> Trap:
        return _file(name, "docs/trap.adoc", make)

    yield page("includes itself", lambda: "= A\n\ninclude::trap.adoc[]\ninclude::../../../etc/passwd[]\n\nText.\n")
    yield page("attributes that grow", lambda: f":a: {'x' * 100_000}\n\n" + _full("{a}", 1_000_000))
    yield page("attributes of attributes", _attributes)
    yield page("an attribute that names itself", lambda: ":a: {a}{a}\n\n" + _full("{a} ", 100_000))
    yield page("conditions that do not end", lambda: _full("ifdef::a[]\n"))
    yield page("a table that does not end", lambda: "|===\n" + _full("|a "))
    yield page("a table of 99,999 columns", lambda: '[cols="99999*"]\n|===\n' + _full("|a\n", 1_000_000) + "|===\n")
    yield page("cells over many columns", lambda: "|===\n" + _full("999+|a ", 1_000_000) + "\n|===\n")
    yield page("text before the first cell", lambda: "|===\n" + _full("a b c\n", 1_000_000) + "|===\n")
    yield page("cell text over many lines", lambda: "|===\n|a\n" + _full("more\n", 2_000_000) + "|===\n")
    yield page("a listing that does not end", lambda: "----\n" + _full("a\n"))
    yield page("lists inside lists", lambda: _lines(lambda n: f"{'*' * (n % 7 + 1)} a\n+\n"))
    yield page("open anchors", lambda: _full("[["))
    yield page("open references", lambda: _full("<<a,"))
    yield page("references without text", lambda: _full("xref:a["))
    yield page("links without end", lambda: _full("link:a[b "))
    yield page("strong text that does not end", lambda: _full("*a "))
    yield page("marks that do not end", lambda: _full("#a"))
    yield page("code that does not end", lambda: _full("`+a"))
    yield page("terms", lambda: _full("a:: "))
    yield page("colons", lambda: _full(":"))
    yield page("block attributes that do not end", lambda: _full("[a[b"))
    yield page("block attributes without a block", lambda: _full("[a]\n"))
    yield page("identifiers of blocks", lambda: "[" + _full("id=a ", 1_000_000) + "\n")
    yield page("equals signs", lambda: _full("= "))


def _plain() -> Iterator[Trap]:
    yield _file("notes that do not end", "docs/trap.txt", lambda: _full("[NOTE]\n----\n====\n", 1_000_000))
    yield _file("headings with lines under them", "docs/trap.txt", lambda: _full("abc\n===\n\n"))
    yield _file("hashes", "docs/trap.txt", lambda: _full("#"))
    yield _file("a heading of spaces", "docs/trap.txt", lambda: "# a" + _full(" ") + "b")
    yield _file("fences", "docs/trap.rst", lambda: _full("> ") + "```")
    yield _file("list marks before a fence", "docs/trap.rst", lambda: _full("1. - "))


def _faq() -> Iterator[Trap]:
    def entries(name: str, make: Callable[[], str | bytes]) -> Trap:
        return _file(name, "faq/trap.yaml", make)

    yield entries("billion laughs", lambda: _laughs() + "\nentries: *a9\n")
    yield entries("100,000 levels", lambda: "entries: " + "[" * DEEP)
    yield entries("100,000 levels that end", lambda: "entries: " + "[" * DEEP + "]" * DEEP)
    yield entries("levels of braces", lambda: "{a: " * DEEP)
    yield entries("levels of dashes", lambda: "entries:\n" + "- " * DEEP + "a")
    yield entries("a circle", lambda: "entries: &a\n- *a\n- {id: x, question: q, answer: &b [*b]}\n")
    yield entries("one key again and again", lambda: _full("a: 1\n") + "entries: []\n")
    yield entries("entries without anything", lambda: "entries:\n" + _full("- {}\n"))
    yield entries("entries that are none", lambda: "entries:\n" + _full("- x\n"))
    yield entries(
        "one id again and again", lambda: "entries:\n" + _full("- {id: a, question: b, answer: c}\n", 500_000)
    )
    yield entries("documents", lambda: _full("---\n"))
    yield entries("anchors", lambda: _lines(lambda n: f"k{n}: &a{n} x\n"))
    yield entries("an answer up to the cap", lambda: _entry(_full("x ", CAP - 200)))
    yield entries(
        "phrasings up to the cap", lambda: _entry("a") + "  phrasings:\n" + _lines(lambda n: f"  - p{n}\n", 500_000)
    )
    yield entries("half a character", lambda: _entry('"\\ud800 half"'))
    yield entries("NUL as an escape", lambda: _entry('"a\\0b"'))
    yield entries("a tag that runs something", lambda: _entry('!!python/object/apply:os.system ["touch /tmp/owned"]'))
    yield entries("an open quote", lambda: 'entries: "' + _full("a: b\n"))
    yield entries("tabs", lambda: "entries:\n" + _full("\t- a\n"))
    yield entries("a list as the key", lambda: "? " * DEEP + "a")


def _schemas() -> Iterator[Trap]:
    def schema(name: str, make: Callable[[], object]) -> Trap:
        def text() -> str | bytes:
            made = make()
            return made if isinstance(made, str | bytes) else json.dumps(made)

        return _file(name, "schemas/trap.schema.json", text)

    yield schema("100,000 levels", lambda: '{"properties": ' + '{"a":' * DEEP)
    yield schema("100,000 levels that end", lambda: '{"$defs": ' + "[" * DEEP + "]" * DEEP + "}")
    yield schema("refers to itself", lambda: {"$ref": "#", "properties": {"a": {"$ref": "#"}}})
    yield schema("a circle of references", lambda: _references(lambda n: (n + 1) % 50))
    yield schema("a chain of references", lambda: _references(lambda n: n + 1, 50_000))
    yield schema("alternatives that multiply", lambda: _tree(width=100))
    yield schema("properties that multiply", _properties)
    yield schema("references that multiply", lambda: _tree(width=40, keyword="oneOf"))
    yield schema("500,000 properties", lambda: {"properties": {f"p{n}": {} for n in range(200_000)}})
    yield schema("a property of a long name", lambda: {"properties": {"x" * 4_000_000: {"description": "a"}}})
    yield schema("values up to the cap", lambda: {"properties": {"a": {"enum": list(range(500_000))}}})
    yield schema(
        "a pattern that backtracks", lambda: {"properties": {"a": {"pattern": "^(a+)+$", "default": "a" * 99}}}
    )
    yield schema(
        "numbers beyond all bounds", lambda: '{"properties": {"a": {"maximum": 1e999999, "default": -Infinity}}}'
    )
    yield schema("a number of a million digits", lambda: '{"properties": {"a": {"maximum": ' + "9" * 1_000_000 + "}}}")
    yield schema("half a character", lambda: '{"properties": {"\\ud800": {"description": "\\udfff half"}}}')
    yield schema("one key again and again", lambda: '{"properties": {' + _full('"a": {}, ', CAP - 100) + '"a": {}}}')
    yield schema("references into the network", lambda: {"properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}})
    yield schema("references out of the folder", _reference_out)
    yield schema("words that are no words", lambda: {"properties": {"a": 1, "b": []}, "required": 7, "title": {}})
    yield schema("examples inside each other", lambda: {"properties": {"a": {"examples": [_nested(400)]}}})
    yield schema("a list", lambda: "[1, 2]")
    yield schema("cut off", lambda: '{"properties": {"a": {"descr')
    yield Trap("json: a neighbour that leads out", _neighbour_out)


def _bytes() -> Iterator[Trap]:
    contents: dict[str, bytes] = {
        "not UTF-8": b"# A\n\ncaf\xe9\n",
        "overlong UTF-8": b"# A\n\n\xc0\xaf\xe0\x80\xaf\n",
        "half characters in UTF-8": b"# A\n\n\xed\xa0\x80\n",
        "UTF-16": "# A\n\nText.\n".encode("utf-16"),
        "UTF-16 cut off": "# A\n\nText.\n".encode("utf-16")[:-1],
        "UTF-16 without a mark": "# A\n\nText.\n".encode("utf-16-le"),
        "UTF-32": "# A\n\nText.\n".encode("utf-32"),
        "NUL": b"# A\n\nText\x00here.\n",
        "5 MB of NUL": bytes(CAP),
        "only a mark": b"\xef\xbb\xbf",
        "nothing": b"",
        "only white space": b" \n\t\r\n" * 100_000,
        "line ends of all kinds": b"# A\r\rText.\r\n\x0b\x0c\xe2\x80\xa8\xc2\x85more\n" * 10_000,
        "a PNG image": b"\x89PNG\r\n\x1a\n" + bytes(1_000),
        "a zip": b"PK\x03\x04" + os.urandom(1_000),
        "a gzip archive, cut off": b"\x1f\x8b\x08\x00" + os.urandom(1_000),
        "a tar archive": bytes(257) + b"ustar" + bytes(250),
        "a PDF": b"%PDF-1.7\n" + os.urandom(1_000),
        "a program": b"\x7fELF\x02\x01\x01" + bytes(1_000),
        "random bytes": os.urandom(100_000),
        "escapes for a terminal": b"# A\n\n\x1b]0;owned\x07\x1b[2J text\n",
    }
    for name, content in contents.items():
        yield _file(name, "docs/trap.md", lambda content=content: content)  # type: ignore[misc]
    yield Trap("md: 10 GB that take no room", lambda folder: _sparse(folder / "docs" / "trap.md", 10_000_000_000))
    yield _file("more than is read", "docs/trap.md", lambda: _full("word ", 3 * MAX_BYTES))


def _names() -> Iterator[Trap]:
    names = {
        "255 bytes": "x" * 252 + ".md",
        "a line end": "a\nb.md",
        "escapes for a terminal": "\x1b[31m\x1b]0;owned\x07.md",
        "text that turns": "safe\u202etxt.exe\u202c.md",
        "invisible characters": "a\u200bb\u2060c.md",
        "a fragment": "a#b?c=d.md",
        "percent signs": "%2e%2e%2f.md",
        "an option": "--help.md",
        "quotes and tags": "<img src=x onerror=alert(1)>\"'.md",
        "a backslash": "..\\..\\a.md",
        "spaces": "   .md",
        "two forms of one letter": "e\u0301.md",
        "a device of another system": "CON.md",
        "only the ending": "ä.MD",
    }
    for name, file in names.items():
        yield Trap(f"name: {name}", lambda folder, file=file: _page(folder / "docs" / file))  # type: ignore[misc]
    yield Trap("name: no UTF-8", lambda folder: _page(Path(os.fsdecode(bytes(folder / "docs") + b"/caf\xe9.md"))))


def _folders() -> Iterator[Trap]:
    yield Trap("link: out of the folder", lambda folder: (folder / "docs" / "trap.md").symlink_to(_outside(folder)))
    yield Trap("link: to a system's file", lambda folder: (folder / "docs" / "trap.txt").symlink_to("/etc/passwd"))
    yield Trap("link: to a device", lambda folder: (folder / "docs" / "trap.md").symlink_to("/dev/zero"))
    yield Trap("link: to itself", lambda folder: (folder / "docs" / "trap.md").symlink_to("trap.md"))
    yield Trap("link: to nothing", lambda folder: (folder / "docs" / "trap.md").symlink_to("nowhere.md"))
    yield Trap("link: to the folder above", lambda folder: (folder / "docs" / "trap").symlink_to(".."))
    yield Trap("link: to /proc", lambda folder: (folder / "docs" / "trap").symlink_to("/proc/self"))
    yield Trap("link: by way of another link", _two_links)
    yield Trap("a pipe that nobody writes to", lambda folder: os.mkfifo(folder / "docs" / "trap.md"))
    yield Trap("a pipe in the FAQ", lambda folder: os.mkfifo(folder / "faq" / "trap.yaml"))
    yield Trap("a socket", _socket)
    yield Trap("a file that nobody may read", _unreadable)
    yield Trap("a folder called like a page", lambda folder: (folder / "docs" / "trap.md").mkdir())
    yield Trap("folders inside each other", _deep_folders)
    yield Trap(f"{MANY:,} tiny files", _tiny)
    yield Trap("a file that grows while it is read", _growing)
    yield Trap("a file that becomes a link while it is read", _swapped)


def _entry(answer: str) -> str:
    return f"entries:\n- id: trap\n  question: q?\n  answer: {answer}\n"


def _laughs() -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


def _entities() -> str:
    declared = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 9}">' for n in range(1, 10))
    return f'<!DOCTYPE html [<!ENTITY e0 "lol">{declared}<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&e9;&x;'


def _attributes() -> str:
    lines = [":a0: lol"]
    lines += [f":a{n}: {f'{{a{n - 1}}}' * 9}" for n in range(1, 10)]
    return "\n".join([*lines, "", "{a9}", ""])


def _references(following: Callable[[int], int], count: int = 50) -> object:
    parts = {f"d{n}": {"$ref": f"#/$defs/d{following(n)}", "description": f"part {n}"} for n in range(count)}
    return {"$defs": parts, "properties": {"a": {"$ref": "#/$defs/d0"}}}


def _tree(*, width: int, keyword: str = "allOf", levels: int = 6) -> object:
    parts = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * width} for n in range(levels)}
    return {"$defs": {**parts, f"d{levels}": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/d0"}}}


def _properties() -> object:
    parts = {f"d{n}": {"properties": {f"p{m}": {"$ref": f"#/$defs/d{n + 1}"} for m in range(9)}} for n in range(12)}
    return {"$defs": parts, "properties": {"a": {"$ref": "#/$defs/d0"}}}


def _nested(levels: int) -> object:
    value: object = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


def _reference_out() -> object:
    return {"properties": {"a": {"$ref": "../outside.json#/x"}, "b": {"$ref": "/etc/passwd"}}}


def _neighbour_out(folder: Path) -> None:
    outside = folder.parent / "outside.json"
    outside.write_text(json.dumps({"description": SECRET}), "utf-8")
    (folder / "schemas" / "near.json").symlink_to(outside)
    (folder / "schemas" / "trap.schema.json").write_text(
        json.dumps({"properties": {"a": {"$ref": "near.json"}}}), "utf-8"
    )


def _sparse(file: Path, size: int) -> None:
    with file.open("wb") as opened:
        opened.truncate(size)


def _page(file: Path) -> None:
    file.write_text("# A page\n\nText.\n", "utf-8")


def _outside(folder: Path) -> Path:
    outside = folder.parent / "outside.md"
    outside.write_text(f"# A\n\n{SECRET}\n", "utf-8")
    return outside


def _two_links(folder: Path) -> None:
    hidden = folder / "docs" / ".hidden"
    hidden.symlink_to(_outside(folder).parent)
    (folder / "docs" / "trap.md").symlink_to(".hidden/outside.md")


def _socket(folder: Path) -> None:
    place = os.open(folder / "docs", os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(f"/proc/self/fd/{place}/trap.md")  # such an address may have 107 bytes only
    finally:
        os.close(place)


def _unreadable(folder: Path) -> None:
    file = folder / "docs" / "trap.md"
    _page(file)
    file.chmod(0)


def _deep_folders(folder: Path) -> None:
    here = os.open(folder / "docs", os.O_RDONLY)
    for _ in range(500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def _tiny(folder: Path) -> None:
    for number in range(MANY):
        (folder / "docs" / f"t{number}.md").write_bytes(b"")


def _growing(folder: Path) -> None:
    file = folder / "docs" / "trap.md"
    file.write_text("# A\n\n", "utf-8")
    _meanwhile(lambda: file.open("ab").write(b"more " * 1_000))


def _swapped(folder: Path) -> None:
    file, outside = folder / "docs" / "trap.md", _outside(folder)
    spare = folder / "docs" / "spare"

    def swap() -> None:
        spare.unlink(missing_ok=True)
        spare.symlink_to(outside)
        spare.replace(file)
        spare.write_text("# A\n\nText.\n", "utf-8")
        spare.replace(file)

    swap()
    _meanwhile(swap)


def _meanwhile(act: Callable[[], object], seconds: float = 1.0) -> None:
    def again() -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                act()
            except OSError:  # the folder is gone: the ingest was faster
                return

    threading.Thread(target=again, daemon=True).start()
