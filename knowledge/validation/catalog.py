"""The schemas of a platform, and which of them a document is to be checked against."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from knowledge.errors import Misuse
from knowledge.validation.hints import nearest
from knowledge.validation.lints import CODES
from knowledge.validation.schema import Schema

_COMMON = frozenset({"apiVersion", "kind"})


@dataclass(frozen=True, slots=True)
class Choice:
    """The schema for one document and how it was recognised; without one, why not and what comes near."""

    schema: Schema | None
    chosen_by: str
    candidates: Sequence[str] = ()
    near_kind: str = ""  # the known kind that was likely meant


class SchemaCatalog:
    """Schemas by kind and by file name, and which lints the platform's files get."""

    def __init__(
        self, schemas: Sequence[Schema], *, forced: Schema | None = None, lints: Collection[str] = CODES
    ) -> None:
        self.schemas = tuple(schemas)
        self.forced = forced
        # Files that are held against a schema from elsewhere follow a style from elsewhere.
        self.lints = frozenset(lints) if forced is None else frozenset()
        self.by_kind: dict[str, Schema] = {}
        for schema in schemas:
            other = self.by_kind.get(schema.kind)
            if schema.kind and other is not None:
                raise Misuse(f"{schema.origin}: the kind {schema.kind} is already declared by {other.origin}")
            self.by_kind[schema.kind] = schema
        self.by_kind.pop("", None)

    @classmethod
    def load(cls, folder: Path, *, lints: Collection[str] = CODES) -> SchemaCatalog:
        """All `*.schema.json` of a folder. Raises Misuse, naming file and reason, when one is unusable."""
        if not folder.is_dir():
            raise Misuse(f"{folder}: no such folder; it should hold the platform's schemas, *.schema.json")
        return cls([Schema.read(file) for file in sorted(folder.glob("*.schema.json"))], lints=lints)

    @classmethod
    def of_file(cls, file: Path) -> SchemaCatalog:
        """One schema against which every file is checked, whatever its kind and name."""
        schema = Schema.read(file)
        return cls([schema], forced=schema)

    def check(self) -> None:
        """Build every validator. Raises Misuse for the first schema that is unusable."""
        for schema in self.schemas:
            schema.build()

    def recognise(self, name: str, value: Any) -> Choice:
        """The schema for a document, by its `kind`, else its file name, else its keys."""
        if self.forced is not None:
            return Choice(self.forced, "the schema given")
        keys = value if isinstance(value, dict) else {}
        kind = keys.get("kind")
        if isinstance(kind, str) and kind in self.by_kind:
            return Choice(self.by_kind[kind], "its kind")
        by_name = self._by_file_name(name)
        if isinstance(kind, str) and kind:
            return self._for_unknown_kind(kind, keys, by_name)
        if by_name is not None:
            return Choice(by_name, "its file name")
        return self._by_keys(keys)

    def _by_file_name(self, name: str) -> Schema | None:
        base = PurePosixPath(name.replace("\\", "/")).name.casefold()
        stem = base.removesuffix(".yml").removesuffix(".yaml")
        for schema in self.schemas:
            if schema.file and schema.file.casefold().removesuffix(".yaml") == stem:
                return schema
        return None

    def _for_unknown_kind(self, kind: str, keys: Mapping[str, Any], by_name: Schema | None) -> Choice:
        near = nearest(kind, self.by_kind)
        ours = any(keys.get("apiVersion") == s.properties.get("apiVersion", {}).get("const") for s in self.schemas)
        if near is not None and (ours or by_name is self.by_kind[near] or self._by_keys(keys).schema):
            return Choice(None, f"its kind “{kind}” is not known", (near,), near)
        if ours or by_name is not None:
            return Choice(None, f"its kind “{kind}” is not known", tuple(sorted(self.by_kind)))
        return Choice(None, f"“{kind}” is no kind of this platform")

    def _by_keys(self, keys: Mapping[str, Any]) -> Choice:
        own = {key for key in keys if key not in _COMMON}
        scored = sorted(
            ((len(own & (s.properties.keys() - _COMMON)) / len(own), s) for s in self.schemas if own),
            key=lambda pair: -pair[0],
        )
        if not scored or scored[0][0] == 0:
            return Choice(None, "it has no kind, and its name and keys fit no schema", tuple(sorted(self.by_kind)))
        best = [schema for share, schema in scored if share == scored[0][0]]
        if len(best) > 1 or scored[0][0] < 0.5:
            names = tuple(schema.title for schema in best)
            return Choice(None, f"it has no kind, and its keys fit {_listed(names)}", names)
        return Choice(best[0], "its keys")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
