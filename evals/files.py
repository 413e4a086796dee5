"""Writing files that the user named."""

from __future__ import annotations

from pathlib import Path

from knowledge.errors import Failure, Misuse


def expect_writable(*files: Path | None) -> None:
    """Say before long work that a file cannot be written after it."""
    for file in files:
        if file is not None and (file.is_dir() or not file.parent.is_dir()):
            what = "it is a folder" if file.is_dir() else f"there is no folder {file.parent}"
            raise Misuse(f"{file}: cannot be written, because {what}. Name another file.")


def write(file: Path, text: str) -> None:
    """Write a file, or say why that is not possible."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: cannot be written ({error.strerror}). Name another file.") from error


def rewrite(file: Path, text: str) -> None:
    """Replace a file that holds people's work: whatever goes wrong, the old one or the new one is there, whole."""
    draft = file.with_name(f".{file.name}.new")
    write(draft, text)
    try:
        if file.exists():
            draft.chmod(file.stat().st_mode)
        draft.replace(file)
    except OSError as error:
        raise Failure(f"{file}: cannot be replaced ({error.strerror}). What is new is in {draft}.") from error
