"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Sets = Annotated[list[Path] | None, typer.Option("--set", help="Question set, JSONL or YAML; may be repeated.")]
Docs = Annotated[Path | None, typer.Option("--docs", help="Documentation folder (default: the example platform).")]
Home = Annotated[
    Path | None,
    typer.Option("--home", help="Home folder whose index is asked, or where indexes are kept (default .cache/evals)."),
]
Config = Annotated[Path | None, typer.Option("--config", help="Configuration (default ./sheriff.yaml, if there).")]
