"""A JSON Schema (2020-12) as sections: what each property means, what it defaults to, what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ingestion.readers.page import Anchors, title_from_path
from knowledge.model import Section

MAX_DEPTH: Final = 12
MAX_SECTIONS: Final = 2_000  # of one schema; generated ones with more are cut off
MAX_REFERENCES: Final = 20  # followed one after the other
SAID_OF_THE_WHOLE: Final = frozenset({"apiVersion", "kind"})  # the same in every schema: no section of its own
LONGEST_PATTERN: Final = 60  # characters; a longer one tells people nothing
SHOWN_VALUES: Final = 40  # of an enum
SHOWN_EXAMPLES: Final = 4
LIMITS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "multipleOf": "a multiple of {}",
    "pattern": "matches `{}`",
    "format": "format {}",
}

Schema = Mapping[str, Any]
Lookup = Callable[[str], object]


def is_schema(value: Schema) -> bool:
    return any(key in value for key in ("$schema", "properties", "$defs"))


def read(schema: Schema, *, name: str, others: Lookup = lambda _: None) -> tuple[str, tuple[Section, ...]]:
    """Title and sections: one about the whole, one for each property at any depth.

    `others` gives the schema of another file by its reference, or None.
    """
    title = schema.get("title")
    shown = title if isinstance(title, str) and title.strip() else title_from_path(name)
    reader = _Reader(schema, others)
    sections = [Section((), "", _whole(schema, shown))]
    anchors = Anchors()
    for path, property_, required in reader.properties(schema):
        if len(sections) > MAX_SECTIONS:
            break
        headings = tuple(_steps(path))
        sections.append(
            Section(headings, anchors.of(path.replace(".", " ")), _about(path, property_, required=required))
        )
    return shown, tuple(sections)


@dataclass(frozen=True, slots=True)
class _Reader:
    root: Schema
    others: Lookup

    def properties(
        self, schema: Schema, path: str = "", opened: frozenset[str] = frozenset()
    ) -> Iterator[tuple[str, Schema, bool]]:
        """Dotted path, merged schema and requiredness of every property, parents before children.

        `opened` are the references that led here: a schema that contains itself is shown once.
        """
        if path.count(".") > MAX_DEPTH:
            return
        opened |= _references(schema)
        merged = self._merged(schema)
        required = _names(merged, "required") | _names(merged, "x-required")
        for key, value in _children(merged):
            if isinstance(value, Mapping) and (path or key not in dict(_fixed(merged))):
                inner = self._merged(value)
                if _references(inner.get("items")):
                    inner["items"] = self._merged(inner["items"])
                at = f"{path}.{key}" if path else key
                yield at, inner, key in required
                yield from self._below(value, inner, at, opened)

    def _below(
        self, value: Schema, merged: Schema, path: str, opened: frozenset[str]
    ) -> Iterator[tuple[str, Schema, bool]]:
        items = merged.get("items")
        if isinstance(items, Mapping):
            value, path = items, f"{path}[]"
        if not _references(value) & opened:
            yield from self.properties(value, path, opened)

    def _merged(self, schema: Schema) -> dict[str, Any]:
        """The schema with what it refers to and all its alternatives folded in; what it says itself wins."""
        merged: dict[str, Any] = {}
        for part in self._parts(schema, 0):
            for key, value in part.items():
                if key == "properties" and isinstance(value, Mapping):
                    merged[key] = {**value, **merged.get(key, {})}
                elif key == "required" and isinstance(value, list):
                    before = merged.get(key)
                    merged[key] = [*before, *value] if isinstance(before, list) else value
                else:
                    merged.setdefault(key, value)
        return merged

    def _parts(self, schema: Schema, followed: int) -> Iterator[Schema]:
        yield {key: value for key, value in schema.items() if key != "properties" or isinstance(value, Mapping)}
        if followed >= MAX_REFERENCES:
            return
        if isinstance(reference := schema.get("$ref"), str):
            target = self._target(reference)
            if isinstance(target, Mapping):
                yield from self._parts(target, followed + 1)
        for keyword in ("allOf", "anyOf", "oneOf"):
            parts = schema.get(keyword)
            for part in parts if isinstance(parts, list) else ():
                if isinstance(part, Mapping):
                    # Alternatives are not all required: only what every file must have counts.
                    kept = part if keyword == "allOf" else {k: v for k, v in part.items() if k != "required"}
                    yield from self._parts(kept, followed + 4)

    def _target(self, reference: str) -> object:
        file, _, pointer = reference.partition("#")
        own = self.root.get("$id")
        found: object = self.root if not file or file == own else self.others(file)
        for step in pointer.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, Mapping) else None
        return found


def _references(schema: object) -> frozenset[str]:
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    return frozenset([reference]) if isinstance(reference, str) else frozenset()


def _children(schema: Schema) -> Iterator[tuple[str, object]]:
    yield from _mapping(schema, "properties").items()
    for pattern, value in _mapping(schema, "patternProperties").items():
        yield f"<{pattern}>", value
    if additional := _mapping(schema, "additionalProperties"):
        yield "<name>", additional


def _whole(schema: Schema, title: str) -> str:
    lines = [_sentence(schema, "description") or f"The schema of {title}."]
    if file := _sentence(schema, "x-file"):
        lines.append(f"It is written in `{file}`.")
    if fixed := [f"`{key}: {value['const']}`" for key, value in _fixed(schema)]:
        lines.append(f"It says {' and '.join(fixed)}.")
    if required := sorted(_names(schema, "required") | _names(schema, "x-required")):
        lines.append(f"Required: {_listed(required)}.")
    if properties := [key for key in _mapping(schema, "properties") if key not in SAID_OF_THE_WHOLE]:
        lines.append(f"Keys: {_listed(properties)}.")
    return "\n".join([*lines, *_examples(schema)])


def _about(path: str, schema: Schema, *, required: bool) -> str:
    """One property in words; the path is said in full, because people search for it."""
    lines = [f"`{path}`: {_type(schema)}{', required' if required else ''}.", *_facts(schema)]
    items = schema.get("items")
    if isinstance(items, Mapping) and (each := _facts(items)):
        lines.append(f"Each item: {' '.join(each)}")
    if merge := _sentence(schema, "x-merge"):
        key = _sentence(schema, "x-key")
        lines.append(f"Merge rule of overlays: {merge}{f' `{key}`' if key else ''}.")
    if page := _sentence(schema, "x-doc").partition("#")[0]:
        lines.append(f"See also: {page.removesuffix('.md')}.")
    return "\n".join([*lines, *_examples(schema)])


def _facts(schema: Schema) -> list[str]:
    facts: list[str] = []
    if description := _sentence(schema, "description") or _sentence(schema, "title"):
        facts.append(description)
    if "default" in schema:
        facts.append(f"Default: {_value(schema['default'])}.")
    if "const" in schema:
        facts.append(f"Always {_value(schema['const'])}.")
    if isinstance(values := schema.get("enum"), list):
        facts.append(f"Allowed values: {', '.join(_value(value) for value in values[:SHOWN_VALUES])}.")
    if limits := [words.format(schema[key]) for key, words in LIMITS.items() if _is_limit(schema.get(key))]:
        facts.append(f"Limits: {', '.join(limits)}.")
    if schema.get("deprecated") is True:
        facts.append("It is deprecated.")
    return facts


def _type(schema: Schema) -> str:
    kind = schema.get("type")
    kinds = (
        [kind] if isinstance(kind, str) else [k for k in kind if isinstance(k, str)] if isinstance(kind, list) else []
    )
    if kinds == ["array"]:
        items = schema.get("items")
        inner = items.get("type") if isinstance(items, Mapping) else None
        return f"list of {inner}s" if isinstance(inner, str) else "list"
    if kinds:
        return " or ".join(kinds)
    return "value" if "enum" in schema or "const" in schema else "object" if "properties" in schema else "any value"


def _examples(schema: Schema) -> list[str]:
    examples = schema.get("examples")
    if not isinstance(examples, list) or not examples:
        return []
    shown = examples[:SHOWN_EXAMPLES]
    if any(isinstance(example, dict | list) for example in shown):
        return ["", "Example:", "```yaml", _yaml(shown[0]), "```"]
    return [f"{'Examples' if len(shown) > 1 else 'Example'}: {', '.join(_value(example) for example in shown)}."]


def _yaml(value: object) -> str:
    import yaml

    text: str = yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110)
    return text.rstrip().removesuffix("\n...")


def _value(value: object) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{text}`"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _steps(path: str) -> list[str]:
    return [step.removesuffix("[]") for step in path.split(".")] if "<" not in path else [path]


def _sentence(schema: Schema, key: str) -> str:
    value = schema.get(key)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _names(schema: Schema, key: str) -> set[str]:
    value = schema.get(key)
    return {name for name in value if isinstance(name, str)} if isinstance(value, list) else set()


def _mapping(schema: Schema, key: str) -> Mapping[str, Any]:
    value = schema.get(key)
    return value if isinstance(value, Mapping) else {}


def _fixed(schema: Schema) -> Iterator[tuple[str, Schema]]:
    for key, value in _mapping(schema, "properties").items():
        if key in SAID_OF_THE_WHOLE and isinstance(value, Mapping) and "const" in value:
            yield key, value


def _is_limit(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_PATTERN
    return isinstance(value, int | float) and not isinstance(value, bool)
