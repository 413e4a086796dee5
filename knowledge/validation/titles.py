"""The name of each code: the headings of docs/diagnostics.md."""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "YAML001": "Syntax",
    "YAML002": "Tab in the indentation",
    "YAML003": "Key set twice",
    "YAML004": "Quote or bracket not closed",
    "YAML005": "Read differently by YAML 1.1",
    "YAML006": "Too large, too deep, without end",
    "YAML007": "Not readable as text",
    "YAML008": "Unknown anchor or tag",
    "YAML009": "Wrong indentation",
    "YAML010": "Missing colon, or no space behind it",
    "YAML011": "Wildcard without quotes",
    "YAML012": "Merge conflict",
    "YAML013": "No-break space in the indentation",
    "SCH001": "Unknown key",
    "SCH002": "Wrong type",
    "SCH003": "Not one of the values",
    "SCH004": "Required key missing",
    "SCH005": "Against a rule",
    "SCH006": "No variant, or several",
    "SCH007": "Deprecated",
    "SCH008": "Unknown kind of file",
    "USE001": "The request could not be carried out",
}


def title_of(code: str) -> str:
    """What a code stands for in a few words; the code itself when it has no title."""
    return TITLES.get(code, code)
