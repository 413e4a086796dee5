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
    "TOP001": "Sibling names collide",
    "TOP002": "Not a name",
    "TOP003": "Wrong order or unknown level",
    "TOP004": "Branch ends too high",
    "TOP006": "Discovered, but not in the lock file",
    "TOP007": "Lock file older than the topology",
    "OVL001": "Folder is no node",
    "OVL002": "Ambiguous folder",
    "OVL003": "Unknown component",
    "OVL004": "Component not allowed at this level",
    "OVL005": "Overlay holds for no leaf",
    "OVL006": "Override changes nothing",
    "OVL007": "`null` removes nothing",
    "OVL008": "Type differs between levels",
    "OVL009": "Merge key missing or double",
    "OVL010": "Required key missing after merging",
    "OVL011": "Value is locked",
    "OVL012": "File has no effect",
    "OVL013": "Two files for one node",
    "OVL014": "File name and kind differ",
    "OVL015": "Several documents in one file",
    "WLD001": "Unknown wildcard",
    "WLD002": "Wildcard without a value",
    "WLD003": "Stray percent sign",
    "WLD004": "Same key after expansion",
    "WLD005": "Too many elements",
    "USE001": "The request could not be carried out",
}


def title_of(code: str) -> str:
    """What a code stands for in a few words; the code itself when it has no title."""
    return TITLES.get(code, code)
