"""Question sets: what is asked, and which pages answer it. JSONL or YAML; every fault is told as file:line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

from knowledge.errors import Misuse

BUNDLED: Final = tuple(Path(__file__).parent / "datasets" / name for name in ("golden-a.jsonl", "golden-b.jsonl"))
SHOWN: Final = 5  # faults told at once
NO_GOLD: Final = 'has no "gold": list the paths of the pages that answer it, or write [] when none does'


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a set; any of its gold pages answers it, and without one nothing does."""

    id: str
    text: str
    gold: tuple[str, ...] = ()  # page paths; `file.yaml#id` for a FAQ entry; a trailing "/" means all pages below
    kind: str = ""
    component: str = ""

    @property
    def answerable(self) -> bool:
        return bool(self.gold)

    def accepts(self, path: str) -> bool:
        """Whether the page answers the question."""
        return any(path == gold or (gold.endswith("/") and path.startswith(gold)) for gold in self.gold)


class State(StrEnum):
    """Where a row stands that was made from a case; rows without a state are accepted."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class SetFile:
    """A question set as it was read."""

    name: str
    sha256: str  # of the file
    questions: int  # used
    waiting: int  # proposed rows that nobody has reviewed


@dataclass(frozen=True, slots=True)
class Sets:
    """The accepted questions of all files, in order."""

    questions: list[Question]
    files: tuple[SetFile, ...]

    @property
    def waiting(self) -> int:
        return sum(file.waiting for file in self.files)


@dataclass(frozen=True, slots=True)
class _Row:
    place: str
    values: Any


@dataclass(frozen=True, slots=True)
class _Fault:
    place: str
    reason: str


def read(files: Sequence[Path], unanswered: Sequence[Path] = ()) -> list[Question]:
    """All accepted questions of the files in order; see `read_sets`."""
    return read_sets(files, unanswered).questions


def read_sets(files: Sequence[Path], unanswered: Sequence[Path] = ()) -> Sets:
    """The accepted questions, and what each file holds; those of `unanswered` need no gold, because no page answers.

    Raises Misuse naming file, line and remedy for what cannot be used.
    """
    questions: list[Question] = []
    faults: list[_Fault] = []
    places: dict[str, str] = {}
    told: list[SetFile] = []
    number = 0
    for file in (*files, *unanswered):
        states = []
        before = len(questions)
        for row in _rows(file):
            number += 1
            found = row if isinstance(row, _Fault) else _read(row, f"{file.stem}-{number}", file in unanswered)
            states.append(found)
            if isinstance(found, _Fault):
                faults.append(found)
            elif isinstance(found, Question) and found.id in places:
                taken = places[found.id]
                faults.append(_Fault(row.place, f"the id {found.id!r} is taken by {taken}; give it another one"))
            elif isinstance(found, Question):
                places[found.id] = row.place
                questions.append(found)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        told.append(SetFile(file.name, digest, len(questions) - before, states.count(State.PROPOSED)))
    if faults:
        raise Misuse(_told(faults))
    if not questions:
        raise Misuse(_nothing(told))
    return Sets(questions, tuple(told))


def _nothing(files: Sequence[SetFile]) -> str:
    names = ", ".join(file.name for file in files)
    if waiting := sum(file.waiting for file in files):
        return f"{names}: no accepted question in it; {waiting} wait for a person. See `sheriff-evals review FILE`."
    return f"{names}: no question in it. Write one JSON object a line."


def _rows(file: Path) -> Iterator[_Row | _Fault]:
    text = _text(file)
    if file.suffix.lower() in {".yaml", ".yml"}:
        yield from _yaml_rows(file, text)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{file}:{number}"
        try:
            yield _Row(place, json.loads(line))
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply, or a number too long"
            yield _Fault(place, f"is not JSON ({reason}); write one object a line")


def _yaml_rows(file: Path, text: str) -> Iterator[_Row | _Fault]:
    loader = yaml.CSafeLoader(text)
    try:
        node = loader.get_single_node()
        values = loader.construct_document(node) if node is not None else None
        items = _items(node, values)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        yield _Fault(f"{file}:{mark.line + 1}" if mark else str(file), "is not valid YAML")
        return
    finally:
        loader.dispose()
    if items is None:
        yield _Fault(str(file), "is not a list of questions; write `- text: …` with `gold: […]` below it")
        return
    for line, value in items:
        yield _Row(f"{file}:{line}", value)


def _items(node: yaml.Node | None, values: Any) -> list[tuple[int, Any]] | None:
    """The entries of the list, or of the list under `questions`, with their lines; None when there is none."""
    if isinstance(node, yaml.MappingNode):
        below = next((value for key, value in node.value if key.value == "questions"), None)
        return _items(below, values["questions"]) if isinstance(below, yaml.SequenceNode) else None
    if not isinstance(node, yaml.SequenceNode):
        return None
    return [(item.start_mark.line + 1, value) for item, value in zip(node.value, values, strict=True)]


def _read(row: _Row, default_id: str, none_answers: bool) -> Question | State | _Fault:
    """The question of an accepted row; the state of another one, which may be unfinished."""
    state = row.values.get("state", State.ACCEPTED) if isinstance(row.values, Mapping) else State.ACCEPTED
    if not isinstance(state, str) or state not in set(State):
        return _Fault(row.place, f'"state" is {state!r}; write one of {", ".join(State)}, or leave it out')
    return _question(row, default_id, none_answers) if state == State.ACCEPTED else State(state)


def _question(row: _Row, default_id: str, none_answers: bool) -> Question | _Fault:
    values = row.values
    if not isinstance(values, Mapping):
        return _Fault(row.place, 'is not an object with "text" and "gold"')
    text = values.get("text")
    if not isinstance(text, str) or not text.strip():
        return _Fault(row.place, 'has no "text": write the question there')
    gold = values.get("gold", [] if none_answers else None)
    if gold is None:
        return _Fault(row.place, NO_GOLD)
    if isinstance(gold, str) or not isinstance(gold, Sequence) or not all(isinstance(path, str) for path in gold):
        return _Fault(row.place, '"gold" is not a list of page paths, such as ["kafka/topics.md"]')
    if gold and none_answers:
        return _Fault(row.place, 'has a "gold" page, but its set was named as questions without an answer')
    return Question(
        id=str(values.get("id") or default_id),
        text=text,
        gold=tuple(dict.fromkeys(path.strip().removeprefix("./") for path in gold)),
        kind=str(values.get("kind") or ""),
        component=str(values.get("component") or ""),
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Misuse(f"{file}: there is no such question set. Check the path.") from error
    except UnicodeDecodeError as error:
        raise Misuse(f"{file}: is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise Misuse(f"{file}: cannot be read ({error.strerror}). Name a file that may be read.") from error


def _told(faults: Sequence[_Fault]) -> str:
    shown = [f"{fault.place}: {fault.reason}." for fault in faults[:SHOWN]]
    left = len(faults) - len(shown)
    return "\n".join([*shown, f"… and {left} more."] if left else shown)
