"""Desks against the published descriptions of their APIs: requests of ours and answers of the doubles are both judged.

The judge is Prism (npm), a proxy between the desk and its double. Descriptions: tests/openapi, cut from npm packages.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.desks.github import GitHubDesk, GitHubPlace
from bot.desks.jira import JiraDesk, JiraPlace
from bot.desks.once import Access
from bot.support.handoff import Desk, TicketState
from tests.desk_double import Double, GitHubDouble, JiraDouble, Time, served
from tests.desks import TOKEN, bench, pace
from tests.fakes import MemoryAttempts, a_case
from tests.openapi.documented import complaints
from tests.openapi.strict import as_3_1

HERE = Path(__file__).resolve().parent.parent
PRISM = HERE / "node/node_modules/@stoplight/prism-cli/dist/index.js"
TRICKY = "50 % of @ana's “jobs” in <b>prod</b>:\n\n  - one\n  - two\n\n```yaml\na: [b]\n```\n" + "long " * 20_000
# The description promises JSON with a 204, which has no body.
OVERLOOKED = {'The received media type "" does not match the one specified in the current response: application/json'}

needs_prism = [
    pytest.mark.node,
    pytest.mark.skipif(
        not (shutil.which("node") and PRISM.is_file()), reason="Prism is missing: install npm, then `make test`"
    ),
]


@dataclass
class Judge:
    """The way to a double past Prism, which says what is wrong about a request or its answer."""

    url: str
    double: Any  # a Double
    found: list[str] = field(default_factory=list)

    def violations(self, method: str, path: str, **request: Any) -> list[str]:
        """What Prism says of one request, which the double does not look at."""
        self.double.refusal = (400, {"message": "not looked at"})
        try:
            return self.said_of(method, path, **request)
        finally:
            self.double.refusal = None

    def said_of(self, method: str, path: str, **request: Any) -> list[str]:
        """What Prism says of one request, and of the double's answer."""
        self.found.clear()
        with httpx.Client(transport=Listening(self)) as client:
            client.request(method, f"{self.url}{path}", headers={"accept": "application/json"}, **request)
        return [*self.found]


class Listening(httpx.BaseTransport):
    """Sends over the network, and takes down what Prism says of it."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._http = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._http.handle_request(request)
        response.read()
        for said in json.loads(response.headers.get("sl-violations", "[]").removeprefix("Too many violations! ")):
            if said["message"] not in OVERLOOKED:
                self._judge.found.append(f"{'.'.join(map(str, said['location']))}: {said['message']}")
        return response

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Judge]]:
    folder, doubles = tmp_path_factory.mktemp("openapi"), {"github": GitHubDouble(Time()), "jira": JiraDouble(Time())}
    with judging(folder, "github", doubles["github"]) as github, judging(folder, "jira", doubles["jira"]) as jira:
        yield {"github": github, "jira": jira}


class judging:  # noqa: N801 - read as a word: with judging(…)
    """Prism between us and a double, for as long as the block lasts."""

    def __init__(self, folder: Path, name: str, double: Double) -> None:
        description = as_3_1(json.loads((HERE / "openapi" / f"{name}.json").read_text("utf-8")))
        self._file = folder / f"{name}.json"
        self._file.write_text(json.dumps(description), "utf-8")
        self._double = double
        self._served = served(double)

    def __enter__(self) -> Judge:
        upstream, port = self._served.__enter__(), _free_port()
        call = ["node", str(PRISM), "proxy", "--host", "127.0.0.1", "--port", str(port), str(self._file), upstream]
        self._process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait_for(port, self._process)
        return Judge(f"http://127.0.0.1:{port}", self._double)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._served.__exit__(None, None, None)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "Prism ended before it began"
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("Prism did not begin")


def desk_of(kind: str, judge: Judge) -> GitHubDesk | JiraDesk:
    way, clock = Listening(judge), judge.double.time
    attempts = MemoryAttempts(clock)
    if kind == "github":
        place = GitHubPlace("acme/platform", url=judge.url, labels=["support"], assignees={"Ana": "ana-gh"})
        return GitHubDesk(place, Access(TOKEN, attempts, pace(clock), transport=way))
    jira = JiraPlace(
        judge.url, "SUP", labels=["support"], assignees={"Ana": "557058:1"}, search_path="/rest/api/3/search"
    )
    return JiraDesk(jira, Access(TOKEN, attempts, pace(clock), user="bot", transport=way))


def a_life(desk: Desk, case_id: str) -> None:
    """Everything that a desk is asked to do, with texts that are not easy to write."""
    case = a_case(case_id, question=TRICKY, answer="See [1].")
    ticket = desk.open(case, assignee="Ana").number
    desk.comment(ticket, TRICKY, author="Kim", key="1")
    desk.comment(ticket, TRICKY, author="Kim", key="1")
    desk.close(ticket, resolution=TRICKY)
    assert list(desk.changed_among(opened=[ticket], closed=[])) == [ticket]
    desk.open(a_case(case_id, ticket=ticket), assignee="Ana")
    assert desk.state(ticket) is TicketState.OPEN
    desk.close(ticket, resolution="Set callers.")
    desk.check()


class TestPublished:
    """By Prism."""

    pytestmark = needs_prism

    @pytest.mark.parametrize("kind", ["github", "jira"])
    def test_all_that_is_sent_and_answered_in_a_ticket_s_life_is_as_described(
        self, judges: dict[str, Judge], kind: str
    ) -> None:
        judge = judges[kind]
        judge.found.clear()
        judge.double.searches = "old"

        desk = desk_of(kind, judge)
        a_life(desk, "c-00000001")
        desk.hang_up()

        assert judge.found == []
        assert len(judge.double.tickets) == 1

    @pytest.mark.parametrize(
        ("method", "path", "request_", "told"),
        [
            ("POST", "", {"json": {"body": "b"}}, "must have required property 'title'"),
            ("POST", "", {"json": {"title": "t", "labels": "sheriff"}}, "labels must be array"),
            ("POST", "", {"json": {"title": "t", "labels": [7]}}, "labels.0 must be string"),
            ("POST", "", {"json": {"title": "t", "assignees": "ana"}}, "assignees must be array"),
            ("POST", "", {"json": {"title": "t", "assignee": 7}}, "assignee must be string,null"),
            ("POST", "", {"json": {"title": "t", "milestone": []}}, "milestone must be string"),
            ("PATCH", "/1", {"json": {"state": "shut"}}, "state must be equal to one of the allowed values"),
            ("PATCH", "/1", {"json": {"state": "closed", "state_reason": "done"}}, "state_reason must be"),
            ("POST", "/1/comments", {"json": {"body": 7}}, "body must be string"),
            ("POST", "/1/comments", {"json": {}}, "must have required property 'body'"),
            ("GET", "", {"params": {"state": "shut"}}, "state must be equal to one of the allowed values"),
            ("GET", "", {"params": {"per_page": "many"}}, "per_page must be integer"),
            ("GET", "/one", {}, "issue_number must be integer"),
        ],
    )
    def test_the_judge_sees_what_is_wrong_in_a_request_to_github(
        self, judges: dict[str, Judge], method: str, path: str, request_: dict[str, Any], told: str
    ) -> None:
        judge = judges["github"]

        said = judge.violations(method, f"/repos/acme/platform/issues{path}", **request_)

        assert any(told in words for words in said), said

    @pytest.mark.parametrize(
        ("method", "path", "request_", "told"),
        [
            ("POST", "", {"json": {"fields": ["summary"]}}, "fields must be object"),
            (
                "POST",
                "",
                {"json": {"fields": {"labels": [], "summary": "s"}, "properties": {}}},
                "properties must be array",
            ),
            ("POST", "/SUP-1/transitions", {"json": {"transition": "31"}}, "transition must be object"),
            ("POST", "/SUP-1/comment", {"json": {"body": {}, "properties": "p"}}, "properties must be array"),
            ("GET", "/SUP-1/comment", {"params": {"maxResults": "many"}}, "maxresults must be integer"),
        ],
    )
    def test_the_judge_sees_what_is_wrong_in_a_request_to_jira(
        self, judges: dict[str, Judge], method: str, path: str, request_: dict[str, Any], told: str
    ) -> None:
        judge = judges["jira"]

        said = judge.violations(method, f"/rest/api/3/issue{path}", **request_)

        assert any(told in words for words in said), said

    def test_the_judge_sees_what_is_wrong_in_an_answer_of_a_double(self, judges: dict[str, Judge]) -> None:
        judge = judges["github"]
        kept = judge.double.keep({"title": ["no text"], "labels": []})

        said = judge.said_of("GET", f"/repos/acme/platform/issues/{kept.number}")

        assert said == ["response.body.title: Response body property title must be string"]


class TestDocumented:
    """By schemas of ours, after the reference pages."""

    @pytest.mark.parametrize("kind", ["jira", "servicenow"])
    def test_all_that_is_sent_in_a_ticket_s_life_is_as_documented(self, kind: str) -> None:
        there = bench(kind)

        a_life(there.desk, "c-00000001")

        assert [said for request in there.double.requests for said in complaints(request)] == []
        assert len(there.double.requests) > 10

    @pytest.mark.parametrize(
        ("method", "path", "body", "told"),
        [
            ("POST", "/rest/api/3/issue", {"fields": {}}, "'summary' is a required property"),
            ("POST", "/rest/api/3/issue", {"fields": {"summary": "a\nb"}}, "does not match"),
            ("POST", "/rest/api/3/issue", {"fields": {"labels": "sheriff"}}, "is not of type 'array'"),
            ("POST", "/rest/api/3/issue", {"fields": {"labels": ["two words"]}}, "does not match"),
            ("POST", "/rest/api/3/issue", {"fields": {"description": "plain"}}, "is not of type 'object'"),
            ("POST", "/rest/api/3/issue", {"fields": {"sumary": "s"}}, "'sumary' was unexpected"),
            ("POST", "/rest/api/3/issue/SUP-1/comment", {"body": {"type": "doc"}}, "'version' is a required property"),
            ("POST", "/rest/api/3/issue/SUP-1/transitions", {"transition": "31"}, "is not of type 'object'"),
            ("DELETE", "/rest/api/3/issue/SUP-1", {}, "is not documented"),
            ("POST", "/api/now/table/incident", {"short_description": "s"}, "'correlation_id' is a required property"),
            ("POST", "/api/now/table/incident", {"short_description": "s" * 161}, "is too long"),
            ("POST", "/api/now/table/incident", {"state": 1}, "'state' was unexpected"),
            ("PATCH", "/api/now/table/incident/abc", {"state": "shut"}, "does not match"),
            ("PATCH", "/api/now/table/incident/abc", {"close_code": "x"}, "'close_notes' is a dependency"),
        ],
    )
    def test_the_schemas_see_what_is_wrong(self, method: str, path: str, body: dict[str, Any], told: str) -> None:
        request = httpx.Request(method, f"https://tickets.example{path}", json=body)

        assert any(told in said for said in complaints(request))


class TestConversion:
    """Where descriptions say nullable, the judge would look away."""

    @pytest.mark.parametrize("name", ["github", "jira"])
    def test_nothing_stays_nullable(self, name: str) -> None:
        description = json.loads((HERE / "openapi" / f"{name}.json").read_text("utf-8"))

        converted = json.dumps(as_3_1(description))

        assert '"nullable"' not in converted
        assert json.loads(converted)["openapi"] == "3.1.0"

    def test_what_may_be_null_says_so_in_its_type(self) -> None:
        assert as_3_1({"a": {"type": "string", "nullable": True}})["a"] == {"type": ["string", "null"]}
        assert as_3_1({"a": {"oneOf": [{"type": "string"}], "nullable": True}})["a"] == {
            "anyOf": [{"oneOf": [{"type": "string"}]}, {"type": "null"}]
        }
        assert as_3_1({"a": {"type": "string", "enum": ["x"], "nullable": True}})["a"] == {
            "anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]
        }
        assert as_3_1({"a": {"type": "string", "nullable": False}})["a"] == {"type": "string"}
        assert as_3_1({"properties": {"nullable": {"type": "string"}}})["properties"] == {
            "nullable": {"type": "string"}
        }
