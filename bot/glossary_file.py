"""Reads a glossary from YAML. Every fault is a Misuse that names file, line and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bot.configuration import read_configuration
from knowledge.glossary import Glossary, glossary_of


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TermEntry(_Part):
    """Names for one thing."""

    term: str = Field(min_length=1, description="The name that the pages use")
    also: Sequence[str] = Field(
        (),
        description="Other names; two capitals, or those of a common word such as OR, are found only in capitals",
    )
    means: str = Field("", description="Words that help to find its pages")


class GlossaryFile(_Part):
    """The shape of a glossary file."""

    components: Mapping[str, str] = Field(
        default_factory=dict, description="How people call a component; shown when Sheriff asks back"
    )
    terms: Sequence[TermEntry] = ()


def read_glossary(path: Path | None, *, languages: Iterable[str] = ()) -> Glossary:
    """The glossary in a file; without a file only the languages. Raises Misuse when it cannot be used."""
    values = read_configuration(path, GlossaryFile.model_json_schema()) if path else {}
    return glossary_of(values, languages=languages)
