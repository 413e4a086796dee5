"""An OpenAPI 3.0 description as OpenAPI 3.1, in which nothing is nullable without saying so in its type.

Mock servers that follow 3.0 to the letter validate nothing where `nullable` stands without `type`.
"""

from __future__ import annotations

from typing import Any


def as_3_1(description: dict[str, Any]) -> dict[str, Any]:
    """The same description, word for word but for `nullable`."""
    converted: dict[str, Any] = _converted(description)
    return {**converted, "openapi": "3.1.0"}


def _converted(node: Any) -> Any:
    if isinstance(node, list):
        return [_converted(item) for item in node]
    if not isinstance(node, dict):
        return node
    rest = {key: _converted(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is not True:
        return (
            rest
            if isinstance(node.get("nullable"), bool) or "nullable" not in node
            else {**rest, "nullable": _converted(node["nullable"])}
        )
    if isinstance(rest.get("type"), str) and "enum" not in rest:
        return {**rest, "type": [rest["type"], "null"]}
    return {"anyOf": [rest, {"type": "null"}]}
