"""What programs send: strict JSON bodies, and files to check: as JSON, as uploads, raw, or in a zip."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from bot.channels.problems import Problem, field_sentence
from bot.channels.security import printable
from knowledge.deployment.archives import MOST_ENTRIES, Opened, is_zip
from knowledge.validation.diagnostics import SourceFile


def _readable(text: str) -> str:
    place = text.find("\x00")
    if place >= 0:
        raise ValueError(f"holds a NUL character at position {place + 1}; send plain text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"holds half of a character pair (a lone surrogate) at position {error.start + 1}") from None
    return text


Unpack = Callable[[Sequence[SourceFile]], Opened]
Text = Annotated[str, AfterValidator(_readable)]
Short = Annotated[Text, Field(max_length=200)]


class Strict(BaseModel):
    """A body whose unknown fields are refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NamedText(Strict):
    name: Annotated[Text, Field(max_length=1000)] = "pasted.yaml"
    text: str


class Files(Strict):
    files: Annotated[list[NamedText], Field(max_length=MOST_ENTRIES)]


_RAW = frozenset({"", "application/octet-stream", "application/zip", "application/x-zip-compressed"})
VALIDATE_BODY: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/Files"},
                        {"$ref": "#/components/schemas/NamedText"},
                    ]
                }
            },
            "application/yaml": {"schema": {"type": "string"}},
            "text/plain": {"schema": {"type": "string"}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
        },
    }
}


async def sent_files(request: Request, unpack: Unpack) -> Sequence[SourceFile]:
    """The files of a request: JSON, uploads, or one as the raw body; a zip stands for its files.

    `unpack` opens zips, in a thread. Raises Problem, and Misuse for a zip that is not read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        files = await _uploads(request, unpack)
    elif kind == "application/json" or (kind.endswith("+json") and kind != "application/schema+json"):
        files = await _from_json(request)
    elif kind.startswith("text/") or kind.endswith("yaml") or kind in _RAW:
        body = await request.body()
        files = await run_in_threadpool(_opened, [SourceFile(_file_name(request, body), body)], unpack)
    else:
        raise Problem(415, f"{printable(kind)} is not read here. Send JSON, an upload, or the YAML itself.")
    if not any(file.content.strip() for file in files):
        raise Problem(422, 'There is nothing to check. Send {"files": [{"name", "text"}]}, an upload, or raw YAML.')
    return files


def _file_name(request: Request, body: bytes) -> str:
    given = printable(request.query_params.get("name", ""))[:200]
    return given or ("body.zip" if is_zip("", body) else "body.yaml")


async def _uploads(request: Request, unpack: Unpack) -> list[SourceFile]:
    async with request.form(max_files=MOST_ENTRIES) as form:
        uploads = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
        files = [SourceFile(printable(part.filename or "upload.yaml")[:200], await part.read()) for part in uploads]
    return await run_in_threadpool(_opened, files, unpack)


def _opened(files: Sequence[SourceFile], unpack: Unpack) -> list[SourceFile]:
    """The files, each zip replaced by what is in it. Raises Misuse for the first that cannot be taken in."""
    found = unpack(files)
    for refusal in found.refused:
        raise refusal
    return list(found.files)


async def _from_json(request: Request) -> list[SourceFile]:
    raw = await request.body()
    try:
        body = await run_in_threadpool(json.loads, raw)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"The body is not JSON: {_short(error)}.") from error
    if not isinstance(body, dict):
        raise Problem(422, 'The body must be a JSON object: {"files": [{"name", "text"}]} or {"text"}.')
    try:
        given = Files.model_validate(body).files if "files" in body else [NamedText.model_validate(body)]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Problem(422, field_sentence(first, first["loc"])) from error
    return [SourceFile(printable(file.name), file.text) for file in given]


def _short(error: Exception) -> str:
    return str(error)[:200].rstrip(".") or type(error).__name__
