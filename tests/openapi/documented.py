"""The bodies that Jira and ServiceNow document, as strict JSON Schemas of ours.

Jira's published description takes anything as `fields`, and ServiceNow publishes none for the Table API. So what their
reference pages say about the requests that we send stands here.
"""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

TEXT = {"type": "string", "minLength": 1}
LINE = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^\n\r]+$"}
_INLINE = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"type": {"const": "text"}, "text": TEXT},
            "required": ["type", "text"],
            "additionalProperties": False,
        },
        {"type": "object", "properties": {"type": {"const": "hardBreak"}}, "required": ["type"], "maxProperties": 1},
    ]
}
DOCUMENT = {  # Atlassian document format, of which we use paragraphs
    "type": "object",
    "properties": {
        "type": {"const": "doc"},
        "version": {"const": 1},
        "content": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"type": {"const": "paragraph"}, "content": {"type": "array", "items": _INLINE}},
                "required": ["type", "content"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "version", "content"],
    "additionalProperties": False,
}
_NAMED = {"type": "object", "properties": {"name": TEXT}, "required": ["name"], "additionalProperties": False}
JIRA_ISSUE = {
    "type": "object",
    "properties": {
        "fields": {
            "type": "object",
            "properties": {
                "project": {"type": "object", "properties": {"key": TEXT}, "required": ["key"]},
                "issuetype": _NAMED,
                "summary": LINE,
                "description": DOCUMENT,
                "labels": {"type": "array", "items": {"type": "string", "pattern": r"^\S{1,255}$"}},
                "assignee": {"type": "object", "properties": {"id": TEXT}, "required": ["id"]},
                "priority": _NAMED,
            },
            "required": ["project", "issuetype", "summary"],
            "additionalProperties": False,
        },
        "properties": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"key": {"type": "string", "minLength": 1, "maxLength": 255}, "value": {}},
                "required": ["key", "value"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["fields"],
    "additionalProperties": False,
}
JIRA_COMMENT = {
    "type": "object",
    "properties": {"body": DOCUMENT},
    "required": ["body"],
    "additionalProperties": False,
}
JIRA_TRANSITION = {
    "type": "object",
    "properties": {"transition": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}},
    "required": ["transition"],
    "additionalProperties": False,
}
JIRA_ASSIGNEE = {
    "type": "object",
    "properties": {"accountId": TEXT},
    "required": ["accountId"],
    "additionalProperties": False,
}
_COLUMN = {"type": "string"}  # the Table API takes texts for all columns
INCIDENT = {
    "type": "object",
    "properties": {
        "short_description": {**LINE, "maxLength": 160},
        "description": {"type": "string", "maxLength": 4000},
        "correlation_id": {"type": "string", "maxLength": 100, "pattern": r"^[^\^=]+$"},
        "correlation_display": {"type": "string", "maxLength": 100},
        "assignment_group": _COLUMN,
        "assigned_to": _COLUMN,
    },
    "required": ["short_description", "correlation_id"],
    "additionalProperties": False,
}
INCIDENT_CHANGE = {
    "type": "object",
    "properties": {
        "state": {"type": "string", "pattern": r"^[0-9]+$"},
        "close_code": TEXT,
        "close_notes": {"type": "string", "maxLength": 4000},
        "work_notes": {"type": "string", "maxLength": 4000},
        "assigned_to": _COLUMN,
    },
    "minProperties": 1,
    "dependentRequired": {"close_code": ["close_notes", "state"]},
    "additionalProperties": False,
}
_TABLE_QUERY = {"sysparm_query", "sysparm_fields", "sysparm_limit", "sysparm_display_value"}

DOCUMENTED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", r"/rest/api/3/issue", JIRA_ISSUE),
    ("PUT", r"/rest/api/3/issue/[A-Z]+-\d+/assignee", JIRA_ASSIGNEE),
    ("POST", r"/rest/api/3/issue/[A-Z]+-\d+/comment", JIRA_COMMENT),
    ("POST", r"/rest/api/3/issue/[A-Z]+-\d+/transitions", JIRA_TRANSITION),
    ("POST", r"/api/now/table/incident", INCIDENT),
    ("PATCH", r"/api/now/table/incident/\w+", INCIDENT_CHANGE),
)


def complaints(request: httpx.Request) -> list[str]:
    """What is not as documented about a request that Jira or ServiceNow gets."""
    path = request.url.path
    if request.method == "GET":
        unknown = set(request.url.params) - _TABLE_QUERY if path.startswith("/api/now/") else set()
        return [f"{path}: unknown parameter {name}" for name in sorted(unknown)]
    for method, pattern, schema in DOCUMENTED:
        if method == request.method and re.fullmatch(pattern, path):
            judge = Draft202012Validator(schema)
            return [f"{path} {e.json_path}: {e.message}" for e in judge.iter_errors(json.loads(request.content))]
    return [f"{request.method} {path} is not documented"]
