"""The forms a model is asked to write in: what is heard of one that is still being written, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import forms
from knowledge.errors import ModelUnavailable

QUOTA = {"text": "Set it in the region.", "code": "", "passages": [1]}
SHOW = {"text": "Then look at it:", "code": "sheriff explain\n", "passages": [2, 3]}


def an_answer(*claims: Any, answered: object = True, **more: object) -> str:
    return json.dumps({"answered": answered, "claims": list(claims), **more})


def in_markdown(said: str) -> str:
    return forms.markdown(forms.read(forms.WrittenAnswer, said, who="scripted"))


def test_each_claim_carries_the_marks_of_its_passages_and_its_code() -> None:
    assert in_markdown(an_answer(QUOTA, SHOW)) == (
        "Set it in the region. [1]\n\nThen look at it: [2][3]\n\n```\nsheriff explain\n```"
    )


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("| key | value |\n|---|---|\n| a | b |", "| key | value |\n|---|---|\n| a | b [1] |"),
        ("1. Open it.\n2. Close it.", "1. Open it.\n2. Close it. [1]"),
        ("Run this:\n\n```\nls\n```", "Run this: [1]\n\n```\nls\n```"),
        ("", "[1]"),
    ],
)
def test_marks_stand_where_they_are_read(text: str, marked: str) -> None:
    assert in_markdown(an_answer({"text": text, "code": "", "passages": [1]})) == marked


@pytest.mark.parametrize(
    ("code", "block"),
    [("```yaml\na: 1\n```", "```yaml\na: 1\n```"), ("say ```twice```", "````\nsay ```twice```\n````")],
)
def test_code_cannot_leave_its_block(code: str, block: str) -> None:
    assert in_markdown(an_answer({"text": "So:", "code": code, "passages": [1]})).endswith(f"\n\n{block}")


@pytest.mark.parametrize("opening", ["", "\n ", "```json\n", "```\n"])
def test_a_form_is_known_by_its_beginning_and_in_a_fence(opening: str) -> None:
    said = opening + an_answer(QUOTA) + ("\n```\n" if "`" in opening else "")

    assert forms.has_form(said)
    assert in_markdown(said) == "Set it in the region. [1]"


@pytest.mark.parametrize(
    "said", ["Set it. [1]", "NO_ANSWER", "", "```json\n{}\n```\nis an empty object. [1]", "[1, 2]"]
)
def test_plain_text_is_told_as_it_stands(said: str) -> None:
    assert not forms.has_form(said)
    assert forms.told(said) == said


@pytest.mark.parametrize(
    "said",
    [
        an_answer(QUOTA)[:-1],
        an_answer(QUOTA) + " Done.",
        an_answer(QUOTA, note="and a link"),
        an_answer({**QUOTA, "url": "https://evil.example"}),
        an_answer({**QUOTA, "passages": ["1"]}),
        an_answer({"text": "Set it.", "passages": [1]}),
        an_answer(QUOTA, answered="yes"),
        '{"claims": []}',
        "{}",
        '{"answered": true, "claims": {"text": "x"}}',
        "{" * 5_000,
    ],
)
def test_what_is_not_exactly_its_form_is_refused(said: str) -> None:
    with pytest.raises(ModelUnavailable, match="The model scripted did not keep to the form it was given"):
        forms.read(forms.WrittenAnswer, said, who="scripted")


def test_only_finished_claims_are_told() -> None:
    said = an_answer(QUOTA, SHOW)

    assert forms.told(said[: said.index("Then") + 3]) == "Set it in the region. [1]\n\n"
    assert forms.told(said[:40]) == ""


@given(st.lists(st.fixed_dictionaries({"text": st.text(), "code": st.text(), "passages": st.lists(st.integers(1, 9))})))
def test_what_was_told_once_stays_told(claims: list[dict[str, Any]]) -> None:
    said = an_answer(*claims)
    whole = in_markdown(said)
    before = ""

    for end in range(len(said) + 1):
        now = forms.told(said[:end])
        assert now.startswith(before)
        assert f"{whole}\n\n".startswith(now)
        before = now


@given(st.text(alphabet='{}[]",:`0\\ antrue\n'))
def test_no_beginning_of_anything_breaks_the_reader(said: str) -> None:
    assert isinstance(forms.told("{" + said), str)


@pytest.mark.parametrize("form", [forms.ANSWER, forms.ORDER, forms.QUESTION])
def test_schemas_are_ones_that_services_enforce(form: forms.Form) -> None:
    """OpenAI's strict mode: every object closed, every property required, no defaults."""
    objects = [form.schema, *form.schema.get("$defs", {}).values()]

    for schema in objects:
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])
    assert "default" not in json.dumps(form.schema)
