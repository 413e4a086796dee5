"""The forms that a model's words must have: JSON Schemas that services hold it to while it writes, and their readers.

A service that knows nothing of schemas writes plain text by the same prompt, which is known by its beginning and has a
grammar of its own (grounding, reranking, rewriting). What begins as an object and is not exactly its form is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from knowledge.errors import ModelUnavailable
from knowledge.ports import Form

_FENCED: Final = re.compile(r'\s*```(?:json)?\s*(?=\{\s*"(?:answered|claims|order|question)")')
_FENCE: Final = re.compile(r"^ *(?:`{3,}|~{3,})", re.MULTILINE)
_TICKS: Final = re.compile(r"`{3,}")
_CELL: Final = re.compile(r"\s*\|\s*\Z")


class _Strict(BaseModel):
    """No key too many, none too few, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WrittenClaim(_Strict):
    """What is said from the same passages: a paragraph, list or table in Markdown, and the code that belongs to it."""

    text: str
    code: str
    passages: list[int]


class WrittenAnswer(_Strict):
    answered: bool
    claims: list[WrittenClaim]


class WrittenOrder(_Strict):
    order: list[int]


class WrittenQuestion(_Strict):
    question: str


ANSWER: Final = Form("answer", WrittenAnswer.model_json_schema())
ORDER: Final = Form("order", WrittenOrder.model_json_schema())
QUESTION: Final = Form("question", WrittenQuestion.model_json_schema())

Written = TypeVar("Written", bound=_Strict)


def has_form(said: str) -> bool:
    """Whether a text, or its beginning, is meant as an object."""
    return _bare(said).startswith("{")


def told(said: str) -> str:
    """What a text that is still being written says by now, in Markdown with [n] marks; an object, its finished claims.

    What is told once is told for good: with more of the text, only more is told.
    """
    if not has_form(said):
        return "" if _FENCED.match(said + '{"answered"') else said
    try:
        found = from_json(_bare(said), allow_partial=True)
    except ValueError:
        return ""
    claims = found.get("claims") if isinstance(found, dict) else None
    finished = claims[:-1] if isinstance(claims, list) else []
    try:
        return "".join(f"{_markdown(WrittenClaim.model_validate(claim))}\n\n" for claim in finished)
    except ValidationError:
        return ""


def markdown(answer: WrittenAnswer) -> str:
    """The claims as Markdown, each with the [n] marks of its passages."""
    return "\n\n".join(_markdown(claim) for claim in answer.claims)


def read(form: type[Written], said: str, *, who: str) -> Written:
    """The object in a text that `has_form`. Raises ModelUnavailable if it is not exactly of this form."""
    try:
        return form.model_validate_json(_bare(said))
    except ValidationError as error:
        raise ModelUnavailable(f"The model {who} did not keep to the form it was given.") from error


def _bare(said: str) -> str:
    """Without the fence that some models put around an object."""
    opening = _FENCED.match(said)
    return said[opening.end() :].rstrip().removesuffix("```").strip() if opening else said.strip()


def _markdown(claim: WrittenClaim) -> str:
    text = _marked(claim.text.strip(), claim.passages)
    return f"{text}\n\n{_block(claim.code)}" if claim.code.strip() else text


def _marked(text: str, passages: Sequence[int]) -> str:
    """The text with its marks: in the last cell of a table, before code in it, else at its end."""
    marks = "".join(f"[{number}]" for number in passages)
    code = _FENCE.search(text)
    said, rest = (text[: code.start()].rstrip(), f"\n\n{text[code.start() :]}") if code else (text, "")
    if said.rpartition("\n")[2].lstrip().startswith("|"):
        return f"{_CELL.sub('', said)} {marks} |{rest}"
    return f"{said} {marks}".strip() + rest


def _block(code: str) -> str:
    """A block of code whose fence is longer than any in it; one that has its fence keeps it."""
    if _FENCE.match(code.strip()):
        return code.strip()
    longest = max((len(run) for run in _TICKS.findall(code)), default=2)
    return "\n".join(("`" * (longest + 1), code.strip("\n"), "`" * (longest + 1)))
