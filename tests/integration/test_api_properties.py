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

from bot.channels.rates import Limits, Rate, Rates
from bot.identity.tokens import new_token
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
    yield described(office, Limits(program=Rate(0, 1), address=Rate(0, 1), failures=Rate(0, 1)))
    office.close()


def described(office: Office, limits: Limits) -> dict[str, Any]:
    """The operations of the API’s description, on an application with these limits."""
    rates = Rates(limits, now=lambda: 0.0)
    app = office.app(hosts=("testserver",), access_token="t", loopback=False, rates=rates)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=TOKEN)
    found = [result.ok() for result in schema.get_all_operations()]
    return {f"{operation.method.upper()} {operation.path}": operation for operation in found}


def test_every_operation_of_the_description_is_tried(operations: dict[str, Any]) -> None:
    assert sorted(operations) == sorted(OPERATIONS)


def refused(operation: Any, headers: dict[str, str], status: int) -> str:
    """What the API says to a call that it refuses, held to its own description."""
    parameters = {"case_id": "c-00000001"} if "{case_id}" in operation.path else {}
    request = operation.Case(path_parameters=parameters)
    response = request.call(headers={"accept": "application/json", **headers})
    assert response.status_code == status
    request.validate_response(response, checks=CHECKS)
    return str(response.json()["error"])


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """An application whose access token has called as often as it may, and another token that may read figures only."""
    office, token = Office(tmp_path_factory.mktemp("flooded")), new_token()
    office.store.access.add("figures", token, ["metrics"], expires=None, by="root")
    operations = described(office, Limits(program=Rate(60, 1)))
    operations["GET /api/v1/status"].Case().call(headers=TOKEN)
    yield operations, {"authorization": f"Bearer {token}"}
    office.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_strangers_narrow_tokens_and_floods_get_a_documented_refusal(
    operations: dict[str, Any], flooded: tuple[dict[str, Any], dict[str, str]], name: str
) -> None:
    there, narrow = flooded

    assert "access token is needed" in refused(operations[name], {}, 401)
    assert "access token is needed" in refused(operations[name], {"authorization": "Bearer wrong"}, 401)
    assert "faster than I can read" in refused(there[name], TOKEN, 429)
    if name != "GET /api/v1/status":  # every token may know whether Sheriff is ready
        assert "This token has metrics" in refused(there[name], narrow, 403)


def test_the_description_says_how_to_prove_who_calls(operations: dict[str, Any]) -> None:
    raw = operations["POST /api/v1/ask"].schema.raw_schema
    schemes = raw["components"]["securitySchemes"]

    assert {each["type"] for each in schemes.values()} == {"http", "apiKey"}
    assert all(
        each["security"] == [{name: []} for name in schemes] for path in raw["paths"].values() for each in path.values()
    )


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
