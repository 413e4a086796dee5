"""`--fix` and `--diff`: mechanical faults mended in the files, shown as a diff that `git apply` takes."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from bot.checking.reading import Input
from bot.checking.showing import summary
from knowledge.errors import Misuse
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, ValidationReport
from knowledge.validation.engine import Outcome, summed_up
from knowledge.validation.mending import Mended, mend
from knowledge.validation.render import as_text


def fix_files(
    files: Sequence[Input], *, catalog: SchemaCatalog, write: bool, output: str = "text"
) -> tuple[ValidationReport, bool]:
    """Mend what can be mended, and say what was done.

    Returns the report about the files as they are left, and whether every mended file could be written. Standard input
    is not a file: with `write` its mended text is printed, and everything else goes to standard error. With another
    `output` than text, standard output is left to the report."""
    to_stdout = output == "text" and not (write and any(each.from_stdin for each in files))
    out = sys.stdout if to_stdout else sys.stderr
    once = {each.file.name: each for each in files}.values()
    outcomes = [_one(each, catalog, out, write=write, alone=len(once) == 1) for each in once]
    report = summed_up(left for left, _ in outcomes)
    if output == "text":
        print(as_text(report, colour=out.isatty()), file=out)
        print(summary(report), file=out)
    return report, all(fine for _, fine in outcomes)


def _one(each: Input, catalog: SchemaCatalog, out: TextIO, *, write: bool, alone: bool) -> tuple[Outcome, bool]:
    """What is said of one file as it is left, and whether nothing stood in the way."""
    mended = mend(each.file, catalog=catalog, alone=alone)
    if mended.refused:
        print(f"sheriff: {mended.name}: not mended: {mended.refused}.", file=sys.stderr)
    if write and each.from_stdin:
        sys.stdout.buffer.write(mended.content if mended.changed else _bytes(each.file.content))
        sys.stdout.flush()
    written = not write or not mended.changed or _written(each, mended)
    if mended.changed and written:
        print("".join(_diff(mended, shown=out.isatty())), end="", file=out)
        for diagnostic in mended.fixed:
            print(_sentence(diagnostic, "fixed" if write else "would fix"), file=out)
    changed = write and written and mended.changed
    return mended.left if changed else mended.found, written


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def _written(each: Input, mended: Mended) -> bool:
    """Whether the mended text is now where it belongs."""
    if each.from_stdin:
        return True
    try:
        replace_file(Path(each.file.name), before=_bytes(each.file.content), after=mended.content, folder=each.folder)
    except Misuse as error:
        print(f"sheriff: {error}", file=sys.stderr)
        return False
    return True


def replace_file(path: Path, *, before: bytes, after: bytes, folder: Path | None = None) -> None:
    """Put new content in the place of a file, all or nothing; its mode stays. A symlink stays, its target is written.

    Raises Misuse when the target of a symlink lies outside of `folder` (default: the working directory), when the file
    changed meanwhile, or when it cannot be written."""
    target = _target(path, (folder or Path.cwd()).resolve())
    try:
        if target.read_bytes() != before:
            raise Misuse(f"{path}: changed while it was checked, so it was not written. Run the command again.")
        if not os.access(target, os.W_OK):
            raise Misuse(f"{path}: is read-only, so it was not written. Make it writable, or use --diff.")
        _swap(target, after)
    except OSError as error:
        raise Misuse(f"{path}: could not be written ({error.strerror}). Nothing in it was changed.") from error


def _target(path: Path, root: Path) -> Path:
    target = path.resolve()
    if not target.is_file():
        raise Misuse(f"{path}: is no regular file, so it was not written.")
    if path.is_symlink() and not target.is_relative_to(root):
        raise Misuse(f"{path}: is a link to {target}, outside of {root}, so it was not written. Name that file itself.")
    return target


def _swap(target: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        status = target.stat()
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if hasattr(os, "chown"):  # not on Windows
            with contextlib.suppress(PermissionError):  # whoever is not root may not give a file away
                os.chown(temporary, status.st_uid, status.st_gid)
        temporary.chmod(status.st_mode & 0o7777)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _diff(mended: Mended, *, shown: bool) -> Iterator[str]:
    name = Path(mended.name).as_posix()
    before, after = _lines(mended.before), _lines(mended.after)
    for line in difflib.unified_diff(before, after, f"a/{name.lstrip('/')}", f"b/{name.lstrip('/')}"):
        text = "".join(c if c in "\t\r\n" or c.isprintable() else "·" for c in line) if shown else line
        yield text if text.endswith("\n") else f"{text}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines with their ends, as `diff` and `git apply` see them: only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _sentence(diagnostic: Diagnostic, verb: str) -> str:
    place = f"{diagnostic.file}:{diagnostic.span.line}:{diagnostic.span.column}"
    return f"{verb} {place} {diagnostic.code} {diagnostic.message}"
