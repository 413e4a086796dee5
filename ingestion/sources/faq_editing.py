"""A new entry at the end of a FAQ file's list; every other character of the file stays as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from knowledge.errors import Misuse

_PLAIN = re.compile(r"[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # no YAML outside


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What an entry of a FAQ file says."""

    id: str
    question: str
    answer: str  # Markdown
    phrasings: Sequence[str] = ()
    docs: Sequence[str] = ()


def ids_in(text: str) -> frozenset[str]:
    """The ids of a FAQ file's entries; none for a file that is none."""
    try:
        values = _read(text)
    except yaml.YAMLError:
        return frozenset()
    entries = values.get("entries") if isinstance(values, dict) else None
    found = [entry.get("id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return frozenset(str(each) for each in found if each)


def with_entry(text: str, entry: NewEntry) -> str:
    """The file with the entry after its last one. Raises Misuse, with the remedy, where it cannot be edited so."""
    key, entries = _entries(text)
    if entry.id in ids_in(text):
        raise Misuse(f"The file has an entry {entry.id} already. Give this one another id.")
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    edited = _after_last(lines, entries, entry, end) if entries else _in_empty(lines, key, entry, end)
    _check(text, edited, entry)
    return edited


def as_file(entries: Sequence[NewEntry], *, comment: str) -> str:
    """A FAQ file of these entries alone."""
    said = [line for entry in entries for line in _rendered(entry, 2)]
    return "\n".join([f"# {comment}", "entries:", *said]) + "\n" if entries else f"# {comment}\nentries: []\n"


def _entries(text: str) -> tuple[int, yaml.SequenceNode | None]:
    """The line of the key `entries`, and its list; None for `[]`, and for nothing after the colon."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise Misuse("The FAQ file is not valid YAML. Mend it, then approve the entry again.") from error
    for key, value in node.value if isinstance(node, yaml.MappingNode) and not node.flow_style else ():
        if key.value != "entries":
            continue
        if isinstance(value, yaml.SequenceNode) and value.value:
            if value.flow_style:
                break
            return key.start_mark.line, value
        if isinstance(value, yaml.SequenceNode) or value.value in {"", "null", "~"}:
            return key.start_mark.line, None
    raise Misuse("The FAQ file has no list `entries` with one entry below the other. Add the entry by hand.")


def _after_last(lines: list[str], entries: yaml.SequenceNode, entry: NewEntry, end: str) -> str:
    dash = entries.start_mark.column
    place = min(_end_of(entries), len(lines))
    while place > 0 and _is_between(lines[place - 1], dash):
        place -= 1
    head = lines[:place]
    if head and not head[-1].endswith(("\n", "\r")):
        head[-1] += end
    gap = [end] if _are_apart(lines, entries) else []
    return "".join([*head, *gap, *(f"{line}{end}" for line in _rendered(entry, dash)), *lines[place:]])


def _end_of(entries: yaml.SequenceNode) -> int:
    """The first line after the list, as the parser sees it: where the next key begins, or the end."""
    mark = entries.end_mark
    return int(mark.line) + (1 if mark.column > 0 and mark.column > entries.start_mark.column else 0)


def _is_between(line: str, dash: int) -> bool:
    """Whether a line belongs to no entry: it is empty, or a comment no deeper than the dashes."""
    stripped = line.strip()
    return not stripped or (stripped.startswith("#") and len(line) - len(line.lstrip(" ")) <= dash)


def _are_apart(lines: list[str], entries: yaml.SequenceNode) -> bool:
    """Whether the file leaves an empty line between its entries."""
    if len(entries.value) < 2:
        return False
    return not lines[entries.value[-1].start_mark.line - 1].strip()


def _in_empty(lines: list[str], place: int, entry: NewEntry, end: str) -> str:
    key = lines[place]
    comment = re.search(r"\s#.*", key)
    lines = [*lines]
    lines[place] = f"entries:{comment[0].rstrip() if comment else ''}{end}"
    said = [f"{line}{end}" for line in _rendered(entry, 2)]
    return "".join([*lines[: place + 1], *said, *lines[place + 1 :]])


def _rendered(entry: NewEntry, dash: int) -> list[str]:
    inside = " " * (dash + 2)
    lines = [f"{' ' * dash}- id: {_scalar(entry.id)}", f"{inside}question: {_scalar(entry.question)}"]
    if entry.phrasings:
        lines += [f"{inside}phrasings:", *(f"{inside}  - {_scalar(phrasing)}" for phrasing in entry.phrasings)]
    lines += _block(entry.answer, inside)
    if entry.docs:
        lines.append(f"{inside}docs: [{', '.join(_scalar(place) for place in entry.docs)}]")
    return lines


def _block(answer: str, inside: str) -> list[str]:
    """The answer as literal lines; quoted where YAML would read these otherwise."""
    said = [line.rstrip() for line in _cleaned(answer).strip().splitlines()]
    if any("\t" in line or "\x85" in line or "\u2028" in line for line in said) or (said and said[0].startswith(" ")):
        return [f"{inside}answer: {_scalar(chr(10).join(said))}"]
    return [f"{inside}answer: |", *(f"{inside}  {line}" if line else "" for line in said)]


def _scalar(text: str) -> str:
    """A text on one line, plain where it can be."""
    dumped = yaml.safe_dump([_cleaned(text)], allow_unicode=True, width=1_000_000, default_flow_style=False)
    written = dumped.removeprefix("- ").rstrip("\n")
    if "\n" in written or (re.search(r"[\[\]{},]", written) and not written.startswith(("'", '"'))):
        quoted = yaml.safe_dump(_cleaned(text), default_style='"', width=1_000_000, allow_unicode=True)
        return str(quoted).rstrip("\n")
    return str(written)


def _read(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - it makes text, lists and mappings only


def _cleaned(text: str) -> str:
    return _PLAIN.sub(" ", text)


def _check(before: str, after: str, entry: NewEntry) -> None:
    """That the file says what it said, and the new entry. Raises Misuse when it does not."""
    old, new = _read(before), _read(after)
    kept = old.pop("entries", None) or []
    found = new.pop("entries", [])
    added = found[-1] if found else {}
    said = (added.get("question"), list(added.get("phrasings", [])), added.get("answer", "").strip())
    lines = [line.rstrip() for line in _cleaned(entry.answer).strip().splitlines()]
    meant = (_cleaned(entry.question), [_cleaned(p) for p in entry.phrasings], "\n".join(lines))
    if old != new or found[:-1] != (kept if isinstance(kept, list) else []) or said != meant:
        raise Misuse("The FAQ file is written in a way that cannot be edited safely. Add the entry by hand.")
