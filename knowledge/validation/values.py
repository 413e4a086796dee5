"""Wrong values: type, choice, form, range and variant, told with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from knowledge.validation import words
from knowledge.validation.diagnostics import Diagnostic, Edit, Severity, Span
from knowledge.validation.faults import Fault, Lens
from knowledge.validation.hints import nearest
from knowledge.validation.keys import place
from knowledge.validation.scalars import meaning
from knowledge.validation.text import SourceText
from knowledge.validation.tree import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    entry_at,
    node_at,
    path_text,
    resolved,
)

_TRUTH = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_KEY_IN_TEXT = re.compile(r"^([A-Za-z_][\w.-]*)(:?)(\s*)(\S.*)$")
_QUOTES = "“”„‘’«»"


def value_diagnostic(lens: Lens, source: SourceText, fault: Fault) -> Diagnostic:
    """The diagnostic for any fault that is not about a key's presence."""
    return _Value(lens, source, fault).diagnostic()


class _Value:
    def __init__(self, lens: Lens, source: SourceText, fault: Fault) -> None:
        self.lens, self.source, self.fault = lens, source, fault
        node = node_at(lens.root, fault.path)
        self.written = node or lens.root
        self.node: Node = resolved(self.written)
        self.parts = lens.schema.at(fault.path)
        self.subject = words.owner(lens.root, fault.path)

    def diagnostic(self) -> Diagnostic:
        tell: dict[str, Callable[[], Diagnostic]] = {
            "type": self.wrong_type,
            "enum": self.not_one_of,
            "const": self.not_one_of,
            "oneOf": self.no_variant,
            "anyOf": self.no_variant,
            "propertyNames": self.wrong_key,
        }
        return tell.get(self.fault.keyword, self.breaks_rule)()

    def wrong_type(self) -> Diagnostic:
        wanted = list(self.fault.data["types"])
        known = self._syntax_behind(wanted)
        if known is not None:
            return known
        if isinstance(self.node, ScalarNode) and self.node.empty:
            message = f"{self.subject} has no value; it {self._needs() or f'must be {words.types(wanted)}'}"
        else:
            message = f"{self.subject} must be {words.types(wanted)}, found {words.shown(self.node)}"
        suggestion, edits = self._converted(wanted)
        return self._tell("SCH002", message, why=self._description(), suggestion=suggestion, edits=edits)

    def _needs(self) -> str:
        """The keys that a map here cannot be without."""
        names = dict.fromkeys(name for part in self.parts for name in part.get("required", ()))
        return f"needs {', '.join(f'“{name}”' for name in names)}" if 0 < len(names) <= words.MANY else ""

    def _syntax_behind(self, wanted: Sequence[str]) -> Diagnostic | None:
        """A text where keys belong is a key whose colon, or the space after it, was forgotten."""
        if "object" not in wanted or not isinstance(self.node, ScalarNode) or not self.node.plain:
            return None
        found = _KEY_IN_TEXT.match(self.source.line(self.node.start.line + 1)[self.node.start.column :])
        if not isinstance(self.node.value, str) or found is None or not (found[2] or found[3]):
            return None
        key, colon, _, rest = found.groups()
        declared = self.lens.schema.declared(self.fault.path)
        if declared and nearest(key, declared) is None and key not in declared:
            return None
        line, column = self.node.start.line + 1, self.node.start.column + 1
        at = column + len(key) + len(colon)
        message = f"A space is missing after the colon of “{key}”" if colon else f"Expected “:” after the key “{key}”"
        return self._tell(
            "YAML010",
            message,
            why=f"{self.subject} must be a map of keys, and without it the line is a text.",
            suggestion=f"{key}: {rest}",
            span=self.source.span(line, column, len(key) + len(colon)),
            edits=[Edit(self.source.span(line, at, 0), " " if colon else ":")],
        )

    def _converted(self, wanted: Sequence[str]) -> tuple[str, list[Edit]]:
        """The value as the wanted type, if that is a mere matter of writing."""
        node = self.node
        if isinstance(node, MappingNode) and "array" in wanted and node.entries:
            return f"- {node.entries[0].name}: …", self._dashed(node)
        if not isinstance(node, ScalarNode):
            return "", []
        text = node.text
        new = ""
        if node.empty:
            value = words.example(self.parts)
            return (words.as_yaml(value), []) if value is not None else ("", [])
        if node.plain and "string" in wanted:
            new = f'"{text}"'
        elif "boolean" in wanted and text.lower() in _TRUTH:
            new = _TRUTH[text.lower()]
        elif isinstance(node.value, str) and {"integer", "number", "boolean"} & set(wanted):
            value = meaning(text.strip(_QUOTES).strip()) if text.strip(_QUOTES).strip() else None
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            fits = (number and ("number" in wanted or isinstance(value, int))) or (
                isinstance(value, bool) and "boolean" in wanted
            )
            new = text.strip(_QUOTES).strip() if fits else ""
        elif "array" in wanted:
            return f"[{text}]", []
        return new, [Edit(node.span, new)] if new and self.written is node else []

    def _dashed(self, node: MappingNode) -> list[Edit]:
        first, last = node.start.line + 1, node.end.line + 1
        indent = node.entries[0].key.start.column
        if node.flow or self.source.line(first)[:indent].strip() or self.written is not node:
            return []
        below = [number for number in range(first + 1, last + 1) if self.source.line(number).strip()]
        dash = Edit(Span(first, indent + 1, first, indent + 1), "- ")
        return [dash, *(Edit(Span(number, 1, number, 1), "  ") for number in below)]

    def not_one_of(self) -> Diagnostic:
        data = self.fault.data
        options = list(data["options"]) if "options" in data else [data["expected_value"]]
        texts = [option for option in options if isinstance(option, str)]
        node = self.node
        written = node.text if isinstance(node, ScalarNode) else ""
        guess: Any = nearest(written, texts) if written else None
        if guess is None and len(options) == 1 and not isinstance(options[0], (dict, list)):
            guess = options[0]
        name = self._name()
        curly = written[:1] in _QUOTES and written[:1] != ""
        quoted = words.short(written) if curly else f"“{words.short(written)}”"
        copied = "Typographic quotes are part of the text. " if curly else ""
        what = quoted if written else words.shown(node).capitalize()
        if isinstance(node, ScalarNode) and node.empty:
            message = f"“{name}” has no value"
        elif len(options) == 1:
            message = f"{what} is not the value of “{name}”"
        else:
            message = f"{what} is not a value of “{name}”"
        message += f". Did you mean `{words.as_yaml(guess)}`?" if guess is not None else ""
        edits = []
        if guess is not None and isinstance(node, ScalarNode) and not node.empty and self.written is node:
            edits = [Edit(node.span, words.as_yaml(guess))]
        return self._tell(
            "SCH003",
            message,
            why=f"{copied}{'It is always' if len(options) == 1 else 'One of'} {words.choice(options)}.",
            suggestion=words.as_yaml(guess) if guess is not None else "",
            edits=edits,
        )

    def no_variant(self) -> Diagnostic:
        count = self.fault.data.get("variants", 0)
        if count:
            return self._tell(
                "SCH006",
                f"{self.subject} fits {count} variants at once, and only one may be meant",
                why="Leave out the keys that belong to the other variant.",
            )
        if self.fault.data.get("folded"):
            misses = "fits none" if self.fault.keyword == "anyOf" else "does not fit exactly one"
            why = "Its schema has too many of them to say which one is nearest."
            return self._tell("SCH006", f"{self.subject} {misses} of its variants", why=why)
        return self._tell("SCH006", f"{self.subject} fits none of its variants", why=self._description())

    def wrong_key(self) -> Diagnostic:
        inner: Fault = self.fault.data["inner"]
        key = str(self.fault.data["key"])
        entry = entry_at(self.lens.root, (*self.fault.path, key))
        if inner.keyword == "enum":
            guess = nearest(key, [str(option) for option in inner.data["options"]])
            hint = f". Did you mean `{guess}`?" if guess else ""
            why = f"One of {words.choice(inner.data['options'])}."
        else:
            hint, why = "", f"A key here must be {_rule(inner)}."
        return self._tell(
            "SCH005",
            f"“{words.short(key)}” may not be a key of {self._container()}{hint}",
            why=why,
            span=entry.key.span if entry else None,
        )

    def _container(self) -> str:
        return self.subject if self.fault.path else "the file"

    def breaks_rule(self) -> Diagnostic:
        value = words.example(part for part in self.parts if "enum" not in part)
        suggestion = words.as_yaml(value) if value is not None and not isinstance(value, (dict, list)) else ""
        found = f", found {words.shown(self.node)}" if isinstance(self.node, ScalarNode) else ""
        return self._tell(
            "SCH005",
            f"{self.subject} must be {self._in_words() or _rule(self.fault)}{found}",
            why=self._description(),
            suggestion=suggestion,
        )

    def _in_words(self) -> str:
        """The schema's own words for the pattern that is broken; "" when it has none."""
        broken = self.fault.data.get("pattern") if self.fault.keyword == "pattern" else None
        told = (part.get("x-pattern-words") for part in self.parts if broken and part.get("pattern") == broken)
        return next((words for words in told if isinstance(words, str)), "")

    def _name(self) -> str:
        return next((str(step) for step in reversed(self.fault.path) if isinstance(step, str)), "the file")

    def _description(self) -> str:
        return next((str(part["description"]) for part in self.parts if part.get("description")), "")

    def _span(self) -> Span:
        node = self.written
        if isinstance(node, ScalarNode) and not node.empty:
            return node.span
        if isinstance(node, MappingNode) and node.entries and not node.flow and self.fault.keyword == "type":
            wanted = self.fault.data.get("types", ())
            return (
                node.entries[0].key.span if "array" in wanted else place(self.lens.root, self.source, self.fault.path)
            )
        if isinstance(node, (MappingNode, SequenceNode)) and node.flow:
            span = node.span
            return span if span.line == span.end_line else self.source.span(span.line, span.column)
        return place(self.lens.root, self.source, self.fault.path)

    def _tell(
        self,
        code: str,
        message: str,
        *,
        why: str = "",
        suggestion: str = "",
        span: Span | None = None,
        edits: Sequence[Edit] = (),
    ) -> Diagnostic:
        return Diagnostic(
            code,
            Severity.ERROR,
            self.source.name,
            span or self._span(),
            message,
            path=path_text(self.fault.path),
            why=why,
            suggestion=suggestion,
            doc=self.lens.schema.doc_at(self.fault.path),
            edits=tuple(edits),
        )


def _rule(fault: Fault) -> str:
    """What a keyword asks for, as the end of "must be …"."""
    data = fault.data
    limit = data.get("limit")
    telling: dict[str, Callable[[], str]] = {
        "pattern": lambda: words.rule(str(data["pattern"])),
        "format": lambda: words.format_words(str(data["format"])),
        "minimum": lambda: f"at least {limit}",
        "maximum": lambda: f"at most {limit}",
        "exclusiveMinimum": lambda: f"more than {limit}",
        "exclusiveMaximum": lambda: f"less than {limit}",
        "multipleOf": lambda: f"a multiple of {data['multiple_of']}",
        "minLength": lambda: f"at least {limit} characters long",
        "maxLength": lambda: f"at most {limit} characters long",
        "minItems": lambda: f"a list of at least {limit}",
        "maxItems": lambda: f"a list of at most {limit}",
        "minProperties": lambda: f"a map of at least {limit} keys",
        "maxProperties": lambda: f"a map of at most {limit} keys",
        "uniqueItems": lambda: "a list without repetition",
        "contains": lambda: "a list with an element that is asked for and not there",
        "falseSchema": lambda: "left out here",
        "undecided": lambda: f"as “{data['keyword']}” in its schema asks",
        "not": lambda: "something else: what is written is ruled out",
        "additionalItems": lambda: f"a list of at most {limit}",
        "unevaluatedItems": lambda: "a list without the elements that the schema does not know",
    }
    return telling.get(fault.keyword, lambda: f"as “{fault.keyword}” in its schema asks")()
