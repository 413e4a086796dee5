"""Where the parser stopped, and the few ways to look at the lines around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

import yaml

from knowledge.validation.diagnostics import Diagnostic, Edit, Severity
from knowledge.validation.text import SourceText

LEAD = r"(?P<lead>\s*(?:- +)*)"
KEY = r"""(?P<key>"[^"]*"|'[^']*'|[\w./$-](?:[\w./$ -]|:(?=\S))*?)"""
KEY_VALUE = re.compile(rf"{LEAD}{KEY}\s*:\s+(?P<value>\S.*)$")
VALUE_START = re.compile(rf"{LEAD}(?:{KEY}\s*:\s+)?(?P<value>\S.*)$")
_COMMENT = re.compile(r"\s+#.*$")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where and with which words the parser stopped; lines and columns from 1."""

    source: SourceText
    line: int
    column: int
    problem: str
    context: str
    context_line: int
    context_column: int

    @classmethod
    def of(cls, source: SourceText, error: yaml.YAMLError) -> Trouble:
        if not isinstance(error, yaml.MarkedYAMLError):
            return cls(source, 1, 1, str(error), "", 1, 1)
        mark = error.problem_mark or error.context_mark
        before = error.context_mark or mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        line = min(line, len(source.lines))
        context_line, context_column = (before.line + 1, before.column + 1) if before else (line, column)
        return cls(source, line, column, error.problem or "", error.context or "", context_line, context_column)

    def near(self) -> list[int]:
        """The lines where the cause most likely stands, the likeliest first."""
        lines = [self.context_line] if "simple key" in self.context else []
        lines += [self.line, *self.before(self.line, 3), self.context_line]
        return [n for n in dict.fromkeys(lines) if has_content(self.source.line(n))]

    def before(self, line: int, count: int) -> list[int]:
        return list(islice((n for n in range(line - 1, 0, -1) if has_content(self.source.line(n))), count))


def fault(
    trouble: Trouble, code: str, at: tuple[int, int, int], message: str, *, why: str, suggestion: str, edits: list[Edit]
) -> Diagnostic:
    line, column, length = at
    return Diagnostic(
        code,
        Severity.ERROR,
        trouble.source.name,
        trouble.source.span(line, column, length),
        message,
        why=why,
        suggestion=suggestion,
        edits=tuple(edits),
    )


def replacement(trouble: Trouble, line: int, column: int, length: int, text: str) -> Edit:
    return Edit(trouble.source.span(line, column, length), text)


def has_content(text: str) -> bool:
    stripped = text.strip(" \t" + "\u00a0")
    return bool(stripped) and not stripped.startswith(("#", "---", "...", "%"))


def indent_of(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def without_comment(value: str) -> str:
    """A value without the comment behind it."""
    return _COMMENT.sub("", value).rstrip()
