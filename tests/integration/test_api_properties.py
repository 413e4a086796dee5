"""Requests that nobody would write by hand, made from the API's own description: no crash, and errors as documented."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web_office import Office

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = [
    "POST /api/v1/ask",
    "POST /api/v1/validate",
    "GET /api/v1/status",
    "GET /api/v1/cases",
    "GET /api/v1/cases/{case_id}",
    "POST /api/v1/cases/{case_id}/ask-sheriff",
    "POST /api/v1/cases/{case_id}/withdraw",
    "POST /api/v1/cases/{case_id}/solved",
    "POST /api/v1/cases/{case_id}/details",
    "POST /api/v1/cases/{case_id}/take",
    "POST /api/v1/cases/{case_id}/reply",
    "POST /api/v1/cases/{case_id}/resolve",
]
CANNOT_BE_WRONG = {"GET /api/v1/status", "GET /api/v1/cases/{case_id}"}  # they take nothing, or any text
TOKEN = {"authorization": "Bearer t"}
TRIED = [
    (name, mode)
    for name in OPERATIONS
    for mode in GenerationMode
    if not (mode is GenerationMode.NEGATIVE and name in CANNOT_BE_WRONG)
]


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    office = Office(Path(tmp_path_factory.mktemp("office")))
    office.ask("How do I rent a GPU?")
    app = office.app(hosts=("testserver",), access_token="t")
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=TOKEN)
    found = [result.ok() for result in schema.get_all_operations()]
    yield {f"{operation.method.upper()} {operation.path}": operation for operation in found}
    office.close()


def test_every_operation_of_the_description_is_tried(operations: dict[str, Any]) -> None:
    assert sorted(operations) == sorted(OPERATIONS)


@pytest.mark.parametrize(("name", "mode"), TRIED)
def test_any_request_gets_a_documented_reply(operations: dict[str, Any], name: str, mode: GenerationMode) -> None:
    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(request=operations[name].as_strategy(generation_mode=mode), of_a_real_case=booleans())
    def try_it(request: Case, *, of_a_real_case: bool) -> None:
        if of_a_real_case and "case_id" in request.path_parameters:
            request.path_parameters["case_id"] = "c-00000001"
        response = request.call(headers={"accept": "application/json", **TOKEN})

        assert response.status_code < 500, (request.as_curl_command(), response.text)
        request.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            [(key, sentence)] = response.json().items()
            assert key == "error"
            assert sentence.strip()

    try_it()
