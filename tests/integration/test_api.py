"""/api/v1 over a real store: answers, checks, cases, and one sentence for everything that is wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from knowledge.errors import IndexBroken, Unavailable
from tests.web_office import ALERTING, Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    with TestClient(office.app(), base_url="http://127.0.0.1:3978", raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, text: str = "a question about nothing known", **more: Any) -> dict[str, Any]:
    response = client.post("/api/v1/ask", json={"text": text, **more})
    assert response.status_code == 200, response.text
    return dict(response.json())


def refused(client: TestClient, path: str, **request: Any) -> tuple[int, str]:
    response = client.post(path, **request)
    assert set(response.json()) == {"error"}
    assert "Traceback" not in response.text
    return response.status_code, response.json()["error"]


# ---- asking ----


def test_a_question_back_comes_with_its_choices(client: TestClient) -> None:
    answer = ask(client, "How are backups done?", conversation="c")

    assert answer["outcome"] == "clarify"
    assert answer["clarify"] == {
        "question": "Which one do you mean: HERM or Couchbase?",
        "choices": ["HERM", "Couchbase"],
    }
    assert answer["case"]["ticket"] == ""
    assert ask(client, "quota")["clarify"] is None


def test_an_answer_has_the_agreed_shape(client: TestClient) -> None:
    answer = ask(client, "quota", user="Kim")

    assert set(answer) == {
        "outcome",
        "text",
        "confidence",
        "citations",
        "diagnostics",
        "note",
        "notices",
        "clarify",
        "case",
    }
    assert answer["outcome"] == "answered"
    assert answer["citations"][0] == {
        "title": "Kafka quotas",
        "url": "/pages/docs/kafka/quotas.md#raise-a-partition-quota",
        "path": "kafka/quotas.md",
        "heading": "Raise a partition quota",
    }
    assert set(answer["case"]) == {"id", "state", "ticket", "sheriff"}


def test_what_is_not_known_comes_back_with_ticket_and_sheriff(client: TestClient) -> None:
    answer = ask(client)

    assert (answer["outcome"], answer["case"]["ticket"], answer["case"]["sheriff"]) == ("unanswered", "SUP-142", "Ana")


def test_a_repeated_id_gives_the_first_answer_again(client: TestClient) -> None:
    first = ask(client, id="m1")

    assert ask(client, id="m1") == first
    assert client.get("/api/v1/cases").json()["count"] == 1


def test_without_an_id_every_message_is_a_new_one(client: TestClient) -> None:
    assert ask(client)["case"]["id"] != ask(client)["case"]["id"]


def test_yaml_comes_back_with_its_diagnostics(client: TestClient) -> None:
    answer = ask(client, ALERTING)

    found = next(d for d in answer["diagnostics"] if d["code"] == "SCH001")
    assert (answer["outcome"], found["line"], found["column"], found["severity"]) == ("checked", 6, 5, "error")


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        ({"content": "{nonsense", "headers": {"content-type": "application/json"}}, 400, "not JSON"),
        ({"content": b"\xff\xfe", "headers": {"content-type": "application/json"}}, 400, ""),
        (
            {"content": "text=hello", "headers": {"content-type": "application/x-www-form-urlencoded"}},
            415,
            "reads JSON",
        ),
        ({"content": '{"text": "x"}'}, 415, "Content-Type"),
        ({"json": {}}, 422, "“text” is missing"),
        ({"json": []}, 422, "JSON object"),
        ({"json": "text"}, 422, "JSON object"),
        ({"json": {"text": 7}}, 422, "“text” must be a text"),
        ({"json": {"text": None}}, 422, "“text” must be a text"),
        ({"json": {"text": "x", "txet": "y"}}, 422, "Unknown field “txet”"),
        ({"json": {"text": "x", "id": "i" * 500}}, 422, "“id”"),
        ({"json": {"text": ""}}, 422, "empty"),
        ({"json": {"text": " \n\t "}}, 422, "empty"),
        ({"json": {"text": "a\x00b"}}, 422, "NUL character at position 2"),
        ({"content": '{"text": "\\ud800"}', "headers": {"content-type": "application/json"}}, 422, "surrogate"),
        ({"content": '{"text": "x", "\\ud800": 1}', "headers": {"content-type": "application/json"}}, 422, "surrogate"),
        ({"json": {"text": "x" * 20_001}}, 413, "20,001 characters; at most 20,000"),
        ({"json": {"text": "word " * 40_000}}, 413, "Shorten the question"),
        ({"json": {"text": "x" * 1_100_000}}, 413, "1 MB"),
    ],
)
def test_a_bad_question_is_told_what_is_wrong_with_it(
    client: TestClient, office: Office, request_: dict[str, Any], status: int, words: str
) -> None:
    given, sentence = refused(client, "/api/v1/ask", **request_)

    assert given == status
    assert words in sentence
    assert office.sheriff.heard == []


def test_a_body_that_never_says_its_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    pieces = (b"x" * 100_000 for _ in range(20))

    status, sentence = refused(client, "/api/v1/ask", content=pieces, headers={"content-type": "application/json"})

    assert (status, "1 MB" in sentence) == (413, True)


@pytest.mark.parametrize("error", [Unavailable("Not yet."), IndexBroken("The index is broken. Run `sheriff ingest`.")])
def test_what_cannot_be_done_now_is_a_503_with_its_own_sentence(
    client: TestClient, office: Office, error: Exception
) -> None:
    office.sheriff.error = error

    assert refused(client, "/api/v1/ask", json={"text": "quota"}) == (503, str(error))


def test_our_own_mistake_says_nothing_but_a_reference(client: TestClient, office: Office) -> None:
    office.sheriff.error = ZeroDivisionError("secret detail")

    with capture_logs() as logs:
        status, sentence = refused(client, "/api/v1/ask", json={"text": "quota"})

    reference = sentence.rstrip(".").rsplit(" ", 1)[1]
    assert (status, "secret" in sentence) == (500, False)
    assert len(reference) == 7
    assert [entry["reference"] for entry in logs if entry["event"] == "request_failed"] == [reference]


# ---- checking ----


def codes(body: dict[str, Any]) -> list[str]:
    return [d["code"] for d in body["diagnostics"] if d["severity"] == "error"]


def test_files_are_checked_whichever_way_they_come(client: TestClient) -> None:
    ways: list[dict[str, Any]] = [
        {"json": {"files": [{"name": "alerting.yaml", "text": ALERTING}]}},
        {"json": {"text": ALERTING}},
        {"json": {"name": "alerting.yaml", "text": ALERTING}},
        {"content": ALERTING, "headers": {"content-type": "application/yaml"}},
        {"content": ALERTING, "headers": {"content-type": "text/plain; charset=utf-8"}},
        {"content": ALERTING},
        {"files": {"files": ("alerting.yaml", ALERTING, "application/yaml")}},
    ]
    for way in ways:
        response = client.post("/api/v1/validate", **way)

        assert response.status_code == 200, (way, response.text)
        assert codes(response.json()) == ["SCH001"]


def zipped(files: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


def test_a_zip_is_checked_like_the_files_in_it(client: TestClient) -> None:
    content = zipped({"prod/alerting.yaml": ALERTING, "README.md": "#"})
    ways: list[dict[str, Any]] = [
        {"content": content, "headers": {"content-type": "application/zip"}},
        {"content": content, "headers": {"content-type": "application/octet-stream"}},
        {"files": [("files", ("repo.zip", content, "application/zip"))]},
    ]
    for way in ways:
        body = client.post("/api/v1/validate", **way).json()

        assert [file["name"] for file in body["files"]] == ["prod/alerting.yaml"]
        assert codes(body) == ["SCH001"]


def test_files_and_a_zip_may_come_together(client: TestClient) -> None:
    parts = [("files", ("alerting.yaml", ALERTING)), ("files", ("r.zip", zipped({"a/alerting.yaml": ALERTING})))]

    body = client.post("/api/v1/validate", files=parts).json()

    assert [file["name"] for file in body["files"]] == ["alerting.yaml", "a/alerting.yaml"]


def test_a_suspect_zip_is_refused_with_a_sentence(client: TestClient) -> None:
    status, sentence = refused(client, "/api/v1/validate", content=zipped({"../x.yaml": "a: 1"}))

    assert (status, "leads out of the zip" in sentence) == (422, True)


def test_several_zips_share_one_limit(client: TestClient) -> None:
    text = "".join(f"k{n}: {n * 7919}\n" for n in range(400_000))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.yaml", text)
    parts = [("files", (f"{n}.zip", target.getvalue())) for n in range(2)]

    status, sentence = refused(client, "/api/v1/validate", files=parts)

    assert (status, "10 MB when unpacked" in sentence) == (413, True)


def test_a_raw_body_may_be_named(client: TestClient) -> None:
    body = client.post("/api/v1/validate?name=a/alerting.yaml", content=ALERTING).json()

    assert body["files"][0]["name"] == "a/alerting.yaml"


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        ({"json": {"files": []}}, 422, "nothing to check"),
        ({"content": b""}, 422, "nothing to check"),
        ({"json": {"fiels": []}}, 422, "“text” is missing"),
        ({"json": {"files": [{"name": "a", "text": 1}]}}, 422, "“files.0.text” must be a text"),
        ({"json": ["x"]}, 422, "JSON object"),
        ({"content": "{", "headers": {"content-type": "application/json"}}, 400, "not JSON"),
        ({"content": "[" * 100_000, "headers": {"content-type": "application/json"}}, 400, "not JSON"),
        ({"content": "x", "headers": {"content-type": "image/png"}}, 415, "image/png"),
        ({"content": "x", "headers": {"content-type": "multipart/form-data"}}, 400, ""),
        ({"content": b"a: 1\n" * 2_100_000}, 413, "10 MB"),
    ],
)
def test_what_cannot_be_checked_is_refused_with_a_sentence(
    client: TestClient, request_: dict[str, Any], status: int, words: str
) -> None:
    given, sentence = refused(client, "/api/v1/validate", **request_)

    assert given == status
    assert words in sentence


def test_binary_sent_as_yaml_is_a_diagnostic_not_an_accident(client: TestClient) -> None:
    body = client.post("/api/v1/validate", content=b"\x89PNG\r\n\x00\xff" * 50).json()

    assert body["valid"] is False
    assert body["diagnostics"]


# ---- cases ----


def test_cases_are_counted_filtered_and_paged(client: TestClient) -> None:
    for animal in ("lion", "cat", "dog"):
        ask(client, f"unknown thing about a {animal}", user="Kim")
    ask(client, "quota", user="Lea")

    both = client.get("/api/v1/cases", params={"limit": 1}).json()
    new = client.get("/api/v1/cases", params={"state": "new"}).json()
    found = client.get("/api/v1/cases", params={"q": "thing lion"}).json()
    leas = client.get("/api/v1/cases", params={"asker": "api:Lea"}).json()
    late = client.get("/api/v1/cases", params={"offset": 3}).json()

    assert (both["count"], len(both["cases"])) == (4, 1)
    assert (new["count"], found["count"], leas["count"], len(late["cases"])) == (3, 1, 1, 1)


def test_one_case_has_its_whole_story(client: TestClient) -> None:
    case_id = ask(client, user="Kim")["case"]["id"]

    case = client.get(f"/api/v1/cases/{case_id}").json()

    assert (case["asker"], case["state"]) == ("Kim", "new")
    assert [e["kind"] for e in case["events"]] == [
        "opened",
        "handed_over",
        "sheriff_named",
        "ticket_opened",
        "sheriff_told",
    ]


@pytest.mark.parametrize(
    "query", [{"state": "nonsense"}, {"limit": 0}, {"limit": 9999}, {"limit": "many"}, {"offset": -1}, {"q": "x" * 600}]
)
def test_a_filter_that_makes_no_sense_is_named(client: TestClient, query: dict[str, Any]) -> None:
    response = client.get("/api/v1/cases", params=query)

    assert response.status_code == 422
    assert f"“{next(iter(query))}" in response.json()["error"]


def test_an_unknown_case_is_a_404_with_a_way_on(client: TestClient) -> None:
    for path in ("/api/v1/cases/c-none", "/api/v1/cases/%00", "/api/v1/cases/c-none%0A<script>"):
        response = client.get(path)
        assert (response.status_code, "There is no case" in response.json()["error"]) == (404, True)
    assert refused(client, "/api/v1/cases/c-none/solved", json={})[0] == 404


def test_a_case_goes_through_the_hands_of_asker_and_sheriff(client: TestClient) -> None:
    path = f"/api/v1/cases/{ask(client, 'quota', user='Kim')['case']['id']}"

    asked = client.post(f"{path}/ask-sheriff", json={}).json()
    taken = client.post(f"{path}/take", json={"by": "bo"}).json()
    replied = client.post(f"{path}/reply", json={"by": "Bo", "text": "At the region."}).json()
    added = client.post(f"{path}/details", json={"text": "It is eu-west."}).json()
    resolved = client.post(
        f"{path}/resolve", json={"by": "Bo", "cause": "missing", "resolution": "Now written."}
    ).json()
    solved = client.post(f"{path}/solved", json={}).json()

    states = [case["state"] for case in (asked, taken, replied, added, resolved, solved)]
    assert states == ["new", "assigned", "assigned", "assigned", "resolved", "closed"]
    assert (resolved["sheriff"], resolved["cause"], resolved["resolution"]) == ("Bo", "missing", "Now written.")


def test_without_a_name_the_duty_sheriff_acts(client: TestClient) -> None:
    path = f"/api/v1/cases/{ask(client)['case']['id']}"

    assert client.post(f"{path}/take", json={}).json()["sheriff"] == "Ana"


@pytest.mark.parametrize(
    ("verb", "body", "status", "words"),
    [
        ("take", {"by": "Zoe"}, 422, "not in the rota. “by” is one of: Ana, Bo, Dan"),
        ("resolve", {"cause": "boredom", "resolution": "x"}, 422, "“cause”"),
        ("resolve", {"cause": "missing", "resolution": "  "}, 409, "Write the resolution"),
        ("reply", {"text": ""}, 409, "Write the reply"),
        ("reply", {}, 422, "“text” is missing"),
        ("withdraw", {"because": "x"}, 422, "Unknown field “because”"),
    ],
)
def test_what_a_case_does_not_allow_is_refused_with_the_reason(
    client: TestClient, verb: str, body: dict[str, Any], status: int, words: str
) -> None:
    case_id = ask(client)["case"]["id"]

    given, sentence = refused(client, f"/api/v1/cases/{case_id}/{verb}", json=body)

    assert given == status
    assert words in sentence


def test_two_sheriffs_do_not_take_one_case(client: TestClient) -> None:
    path = f"/api/v1/cases/{ask(client)['case']['id']}/take"
    client.post(path, json={"by": "Bo"})

    assert refused(client, path, json={"by": "Dan"})[0] == 409


# ---- the rest ----


def test_status_says_whether_questions_can_be_answered_and_by_whom(client: TestClient, office: Office) -> None:
    office.index.state, office.index.sentence, office.index.done, office.index.total = "building", "Reading.", 612, 1762

    body = client.get("/api/v1/status").json()

    assert (body["ready"], body["index"]["done"], body["sheriff"]) == (False, 612, "Ana")


def test_unknown_addresses_and_methods_answer_in_json(client: TestClient) -> None:
    assert client.get("/api/v1/nothing").json() == {"error": "There is nothing at this address."}
    assert client.get("/api/v1/ask").status_code == 405
    assert set(client.get("/api/v1/ask").json()) == {"error"}


def test_the_api_is_described_without_help_from_other_sites(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    page = client.get("/api/docs", headers={"accept": "text/html"})

    assert "/api/v1/validate" in document["paths"]
    assert all(path.startswith("/api/v1/") for path in document["paths"])
    assert "POST /api/v1/ask" in page.text
    assert "cdn" not in page.text


def test_a_lone_surrogate_in_a_file_is_a_diagnostic(client: TestClient) -> None:
    headers = {"content-type": "application/json"}

    response = client.post("/api/v1/validate", content='{"text": "a: \\ud800\\n"}', headers=headers)

    assert (response.status_code, response.json()["valid"]) == (200, False)
