"""Templates with what every page carries: who is on duty, which page this is, versioned assets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.addresses import citation_address, is_web_address, page_address
from bot.channels.callers import caller_of
from bot.channels.rendering import inline, markdown, plain

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"


class Pages:
    """Renders pages and fragments; `frame` gives the values of the header anew for each page."""

    def __init__(self, frame: Callable[[], dict[str, Any]]) -> None:
        self._frame = frame

    def show(self, template: str, request: Request, /, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page."""
        frame = {**self._frame(), "here": request.url.path, "status": status, "viewer": caller_of(request)}
        return HTMLResponse(environment().get_template(template).render(**frame, **values), status)

    def fragment(self, template: str, /, **values: Any) -> str:
        """A part of a page, as HTML."""
        return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(markdown=markdown, inline=inline, plain=plain)
    made.globals.update(asset=asset, citation_address=citation_address, page_address=page_address)
    made.tests["web_address"] = is_web_address
    return made


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep the file for good."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"
