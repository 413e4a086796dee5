"""Wildcards replaced by what they stand for at one leaf: in values only, once, after merging."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Final

from knowledge.deployment import guide as guides
from knowledge.deployment.cells import Bound, Cell, comparable
from knowledge.deployment.guide import Guide, Parts
from knowledge.deployment.pages import page_of
from knowledge.validation.diagnostics import Diagnostic, Severity, Span
from knowledge.validation.hints import nearest
from knowledge.validation.tree import Path, path_text

MOST: Final = 1000  # elements of one list at one leaf
_TOKEN: Final = re.compile(r"%%|%([a-z][a-z0-9_-]*)%|%")
Choice = Mapping[str, Any]  # for wildcards with several values: the one that is meant here


def has_wildcards(cell: Cell) -> bool:
    """Whether anything of a merged value changes at a leaf."""
    if isinstance(cell.value, dict):
        return any(has_wildcards(inner) for inner in cell.value.values())
    if isinstance(cell.value, list):
        return any(has_wildcards(inner) for inner in cell.value)
    return isinstance(cell.value, str) and "%" in cell.value


@dataclass(slots=True)
class Expansion:
    """The replacing at one leaf; `diagnostics` fill while it is done, without the leaf's name."""

    guide: Guide
    bindings: Mapping[str, Bound]
    known: set[str]  # every name bound at some leaf
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def of(self, cell: Cell) -> Cell:
        """The value as it holds at the leaf."""
        return self._value(cell, self.guide.root, (), {})

    def _value(self, cell: Cell, parts: Parts, path: Path, choice: Choice) -> Cell:
        if isinstance(cell.value, dict):
            inner = {
                name: self._value(below, self.guide.child(parts, name), (*path, name), choice)
                for name, below in cell.value.items()
            }
            return replace(cell, value=inner)
        if isinstance(cell.value, list):
            return replace(cell, value=self._list(cell, parts, path, choice))
        return self._scalar(cell, path, choice) if isinstance(cell.value, str) and "%" in cell.value else cell

    # ---- lists ----

    def _list(self, cell: Cell, parts: Parts, path: Path, choice: Choice) -> list[Cell]:
        found: list[Cell] = []
        written: list[Cell] = []  # beside each, the element it came from
        for index, element in enumerate(cell.value):
            below = self.guide.child(parts, index)
            for meant in self._choices(element, choice):
                if len(found) == MOST:
                    self._too_many(element, path)
                    return found
                found.append(self._value(element, below, (*path, index), meant))
                written.append(element)
        self._collisions(found, written, parts, path)
        return found

    def _choices(self, element: Cell, outer: Choice) -> Iterator[Choice]:
        """Every combination of values of the wildcards that this element repeats for, whatever holds outside of it."""
        names = dict.fromkeys(_repeating(element))
        bound = {name: self.bindings[name].value for name in names if name in self.bindings}
        several = {name: values for name, values in bound.items() if isinstance(values, list)}
        for values in product(*several.values()):
            yield {**outer, **dict(zip(several, values, strict=True))}

    def _too_many(self, element: Cell, path: Path) -> None:
        message = f"more than {MOST:,} elements come out of {path_text(path)}"
        why = "Wildcards with several values in one element multiply. Split the element, or place it deeper."
        self._report("WLD005", element, message, path, why)

    def _collisions(self, found: Sequence[Cell], written: Sequence[Cell], parts: Parts, path: Path) -> None:
        keys = guides.identity(parts)
        if not keys:
            return
        first: dict[Hashable, int] = {}
        for place, cell in enumerate(found):
            key = _identity(cell, keys)
            if key is None:
                continue
            twin = first.setdefault(comparable(list(key)), place)
            if twin != place:
                named = ", ".join(f"{name} {value}" for name, value in zip(keys, key, strict=True))
                both = " and ".join(_told(written[n], keys) for n in (twin, place))
                message = f"two elements of {path_text(path)} have {named}: {both}"
                why = "Keys are compared before wildcards are replaced. Use the same in both files."
                self._report("WLD004", _telling(cell, keys), message, path, why)
                return

    # ---- one text ----

    def _scalar(self, cell: Cell, path: Path, choice: Choice) -> Cell:
        text = str(cell.value)
        bound: list[Bound] = []
        alone = _TOKEN.fullmatch(text)
        if alone and alone[1]:
            value = self._bound(alone, cell, path, choice, bound, alone=True)
            return _standing(replace(cell, template=text, bound=tuple(bound)), text if value is None else value)
        resolved = _TOKEN.sub(lambda match: self._token(match, cell, path, choice, bound), text)
        return replace(cell, value=resolved, template=text, bound=tuple(bound))

    def _token(self, match: re.Match[str], cell: Cell, path: Path, choice: Choice, bound: list[Bound]) -> str:
        if match[0] == "%%":
            return "%"
        if match[1] is None:
            why = "A percent sign that is meant as one is written twice."
            self._report("WLD003", cell, "a single % opens a wildcard", path, why, suggestion="%%", token=match)
            return "%"
        value = self._bound(match, cell, path, choice, bound, alone=False)
        return match[0] if value is None else _text(value)

    def _bound(
        self, token: re.Match[str], cell: Cell, path: Path, choice: Choice, used: list[Bound], *, alone: bool
    ) -> Any:
        """What a wildcard stands for here; None, with a diagnostic, when it stands for nothing."""
        name = token[1]
        found = self.bindings.get(name)
        if found is None:
            self._unbound(token, cell, path)
            return None
        value = choice.get(name, found.value)
        if isinstance(value, list) and not alone:
            message = f"%{name}% is a list, {len(value)} long here, and stands in a text outside of any list"
            why = "Only an element of a list can be repeated for each."
            self._report("WLD002", cell, message, path, why, token=token)
            return None
        if isinstance(value, dict) and not alone:
            message = f"%{name}% is a map here and stands in a text"
            self._report("WLD002", cell, message, path, "Only a value can.", token=token)
            return None
        used.append(replace(found, value=value))
        return value

    def _unbound(self, token: re.Match[str], cell: Cell, path: Path) -> None:
        name = token[1]
        if name in self.known:
            why = "The label or level is missing above this leaf. Set it there, or move the overlay to where it exists."
            self._report("WLD002", cell, f"%{name}% has no value", path, why, token=token)
            return
        near = nearest(name, self.known)
        why = f"Known are {', '.join(f'%{known}%' for known in sorted(self.known))}."
        suggestion = f"%{near}%" if near else ""
        self._report("WLD001", cell, f"unknown wildcard %{name}%", path, why, suggestion=suggestion, token=token)

    def _report(
        self,
        code: str,
        cell: Cell,
        message: str,
        path: Path,
        why: str,
        *,
        suggestion: str = "",
        token: re.Match[str] | None = None,
    ) -> None:
        self.diagnostics.append(
            Diagnostic(
                code,
                Severity.ERROR,
                cell.origin.file,
                cell.origin.span if token is None else _within(cell.origin.span, token),
                message,
                path=path_text(path),
                why=why,
                suggestion=suggestion,
                doc=page_of(code),
            )
        )


def _within(span: Span, token: re.Match[str]) -> Span:
    """Where a token stands in a value that is written on one line as it is read; else the whole value."""
    quotes, odd = divmod(span.end_column - span.column - len(token.string), 2)
    if span.line != span.end_line or odd or quotes not in {0, 1}:
        return span
    start = span.column + quotes
    return Span(span.line, start + token.start(), span.line, start + token.end())


def _standing(cell: Cell, value: Any) -> Cell:
    """The cell with the value that its wildcard stands for, which may be a list or a map."""
    inner = replace(cell, hidden=(), key=None)
    if isinstance(value, dict):
        return replace(cell, value={name: _standing(inner, below) for name, below in value.items()})
    if isinstance(value, list):
        return replace(cell, value=[_standing(inner, below) for below in value])
    return replace(cell, value=value)


def _repeating(cell: Cell) -> Iterator[str]:
    """Wildcards in an element for which it is the innermost list element."""
    if isinstance(cell.value, dict):
        for inner in cell.value.values():
            yield from _repeating(inner)
    elif isinstance(cell.value, str):
        yield from (match[1] for match in _TOKEN.finditer(cell.value) if match[1])


def _identity(cell: Cell, keys: Sequence[str]) -> tuple[Any, ...] | None:
    if not isinstance(cell.value, dict):
        return None
    cells = [cell.value.get(name) for name in keys]
    if any(inner is None or isinstance(inner.value, dict | list) for inner in cells):
        return None
    return tuple(inner.value for inner in cells if inner is not None)


def _told(element: Cell, keys: Sequence[str]) -> str:
    cell = _telling(element, keys)
    return f"“{cell.template or cell.value}” ({cell.origin})"


def _telling(element: Cell, keys: Sequence[str]) -> Cell:
    """The first of the keys that has a wildcard, else the first."""
    cells: list[Cell] = [element.value[name] for name in keys if name in element.value]
    return next((cell for cell in cells if "%" in str(cell.template or cell.value)), cells[0])


def _text(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)
