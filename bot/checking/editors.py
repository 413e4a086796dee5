"""`sheriff schema export`: the platform's schemas as files, and how editors are told to use them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.hints import nearest
from knowledge.validation.relaxing import for_editors
from knowledge.validation.schema import Schema


def export(source: Path, folder: Path, *, kind: str | None = None) -> None:
    """Write the schemas of `source` for editors into `folder`, and print what to put into files or settings.

    Raises Misuse when a schema is unusable, the kind is unknown, or the folder is the platform's own, which it would
    overwrite."""
    catalog = SchemaCatalog.load(source)
    catalog.check()
    schemas = _chosen(catalog, kind)
    if folder.resolve() == source.resolve():
        raise Misuse(f"{folder}: these are the platform's own schemas. Name another folder for the editors' copies.")
    if folder.exists() and not folder.is_dir():
        raise Misuse(f"{folder}: is a file. Name a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for schema in schemas:
        _path(folder, schema).write_text(json.dumps(for_editors(schema), ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(guidance(folder, schemas))


def guidance(folder: Path, schemas: Sequence[Schema]) -> str:
    """What a person puts into a file, or into the settings of VS Code, for these schemas."""
    count = f"{len(schemas)} schema{'' if len(schemas) == 1 else 's'}"
    modelines = [f"# yaml-language-server: $schema={_path(folder, schema).as_posix()}" for schema in schemas]
    globs = {_address(_path(folder, schema)): _globs(schema.file) for schema in schemas if schema.file}
    return "\n".join(
        [
            f"{count} written to {folder}.",
            "",
            "As the first line of a file (the path is relative to that file, or absolute):",
            *(f"  {line}" for line in modelines),
            "",
            "Or for all files, in .vscode/settings.json (with the extension “YAML” by Red Hat):",
            json.dumps({"yaml.schemas": globs}, ensure_ascii=False, indent=2),
        ]
    )


def _chosen(catalog: SchemaCatalog, kind: str | None) -> Sequence[Schema]:
    if kind is None:
        return catalog.schemas
    if kind not in catalog.by_kind:
        near = nearest(kind, catalog.by_kind)
        meant = f"Did you mean {near}?" if near else f"Known are {', '.join(sorted(catalog.by_kind))}."
        raise Misuse(f"No schema declares the kind “{kind}”. {meant}")
    return [catalog.by_kind[kind]]


def _path(folder: Path, schema: Schema) -> Path:
    return folder / Path(schema.origin).name


def _address(path: Path) -> str:
    return path.as_posix() if path.is_absolute() else f"./{path.as_posix()}"


def _globs(file: str) -> list[str]:
    """Globs of a file by its name, at any depth, with both suffixes."""
    stem = PurePosixPath(file).name.removesuffix(".yaml").removesuffix(".yml")
    return [f"**/{stem}.yaml", f"**/{stem}.yml"]
