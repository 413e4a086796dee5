"""Every way a request can fail, as one sentence: JSON for the API, a page for people, a reference for our mistakes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from bot.channels.pages import Pages
from bot.channels.security import MEGABYTE, limit_of, printable
from bot.support.cases import NotPossible
from knowledge.errors import Failure, Misuse, SheriffError, TooLarge

log = structlog.get_logger(__name__)
_SENTENCES: Mapping[int, str] = {
    404: "There is nothing at this address.",
    408: "The request came too slowly. Send it again.",
    405: "This address does not take that kind of request.",
    413: "The request is too large.",
    415: "Send JSON, with the header “Content-Type: application/json”.",
}


class Problem(SheriffError):
    """A request that cannot be served, with the HTTP status that says so."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def install(app: FastAPI, pages: Pages) -> None:
    """Answer every failure of the application with a sentence."""

    async def on_sheriff_error(request: Request, error: Exception) -> Response:
        return respond(request, _status(error), str(error), pages=pages)

    async def on_http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = error.headers if isinstance(error, HTTPException) else None
        sentence = _sentence(request, status, str(getattr(error, "detail", "")))
        return respond(request, status, sentence, pages=pages, headers=headers)

    async def on_invalid(request: Request, error: Exception) -> Response:
        details = error.errors() if isinstance(error, RequestValidationError) else []
        status, sentence = explain(request, details)
        return respond(request, status, sentence, pages=pages)

    async def on_our_mistake(request: Request, error: Exception) -> Response:
        reference = new_reference()
        log.error("request_failed", reference=reference, path=request.url.path, exc_info=error)
        sentence = f"That did not work, and it is our mistake. Its reference is {reference}."
        return respond(request, 500, sentence, pages=pages, reference=reference)

    app.add_exception_handler(SheriffError, on_sheriff_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_our_mistake)


def new_reference() -> str:
    """Short enough to read out over the phone."""
    return f"{secrets.token_hex(2)}-{secrets.token_hex(1)}".upper()


def explain(request: Request, details: Sequence[Any]) -> tuple[int, str]:
    """Status and sentence for the first thing wrong with a request."""
    first = details[0] if details else {}
    loc = tuple(first.get("loc", ()))
    if first.get("type") == "json_invalid":
        reason = first.get("ctx", {}).get("error", "it cannot be read")
        return 400, f"The body is not JSON: {reason}, at character {loc[-1] if loc else 0}."
    if first.get("type") == "string_unicode":
        return 422, "A field’s name holds half of a character pair (a lone surrogate). Send valid Unicode."
    if loc[:1] == ("body",) and len(loc) == 1:
        return _whole_body(request)
    return 422, field_sentence(first, loc[1:])


def field_sentence(detail: Mapping[str, Any], loc: Sequence[object]) -> str:
    """What is wrong with one field, by its name."""
    where = ".".join(_shown(part) for part in loc)
    sentences = {
        "missing": f"“{where}” is missing.",
        "extra_forbidden": f"Unknown field “{where}”. The fields are listed at /api/docs.",
        "string_type": f"“{where}” must be a text.",
    }
    return sentences.get(str(detail.get("type", "")), _other_fault(detail, where))


def _other_fault(detail: Mapping[str, Any], where: str) -> str:
    most = detail.get("ctx", {}).get("max_length")
    if most is not None:
        return f"“{where}” is too long: at most {most:,}."
    message = str(detail.get("msg", "is not right")).removeprefix("Value error, ")
    if message.startswith("Input should be "):
        return f"“{where}” must be {message.removeprefix('Input should be ')}."
    return f"“{where}”: {message}.".replace("..", ".")


def _whole_body(request: Request) -> tuple[int, str]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type and not content_type.endswith("json"):
        return 415, f"This address reads JSON, not {_shown(content_type)}. {_SENTENCES[415]}"
    if not content_type and request.headers.get("content-length", "0") != "0":
        return 415, _SENTENCES[415]
    return 422, "The body must be a JSON object. Its fields are listed at /api/docs."


def _shown(part: object) -> str:
    """A name given by the caller, short and printable."""
    text = printable(str(part))
    return text if len(text) <= 60 else f"{text[:57]}…"


def _status(error: Exception) -> int:
    if isinstance(error, Problem):
        return error.status
    if isinstance(error, NotPossible):
        return 409
    if isinstance(error, TooLarge):
        return 413
    if isinstance(error, Misuse):
        return 422
    return 503 if isinstance(error, Failure) else 500


def _sentence(request: Request, status: int, detail: str) -> str:
    if status == 413:
        return (
            f"The request is larger than {limit_of(request.url.path) // MEGABYTE} MB. Shorten the text, or attach less."
        )
    if status == 400 and "parsing the body" in detail:  # FastAPI's words for bytes that are no text
        return "The body is not JSON in UTF-8."
    standard = HTTPStatus(status).phrase
    return _SENTENCES.get(status, detail) if detail in {"", standard} else detail


def respond(
    request: Request,
    status: int,
    sentence: str,
    *,
    pages: Pages,
    reference: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The sentence, as a page for a person with a browser and as JSON for every program."""
    wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
    if not wants_page:
        return JSONResponse({"error": sentence}, status, headers=headers)
    return pages.show("error.html", request, status=status, sentence=sentence, reference=reference)
