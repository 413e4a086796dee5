"""The Ask page as a browser without script sees it, the stream that script reads, and the guard before everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser
from structlog.testing import capture_logs

from bot.channels.pages import HERE as HERE_LIE_PAGES
from bot.support.broadcast import Update
from bot.support.cases import Cause
from knowledge.errors import Unavailable
from tests.web_office import ALERTING, ANA, Office

HERE = "http://127.0.0.1:3978"
HTML = {"accept": "text/html"}
TYPED = {"text": "Can JOR start a job in a namespace of another application?"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    with TestClient(office.app(), base_url=HERE, headers=HTML, raise_server_exceptions=False) as client:
        yield client


def page(client: TestClient, path: str = "/") -> LexborHTMLParser:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return LexborHTMLParser(response.text)


def words(tree: LexborHTMLParser, selector: str) -> str:
    return " ".join(" ".join(node.text(separator=" ") for node in tree.css(selector)).split())


def ask(client: TestClient, text: str, **more: str) -> LexborHTMLParser:
    response = client.post("/chat", data={"text": text, **more})
    assert response.status_code == 200, response.text
    return LexborHTMLParser(response.text)


def streamed(client: TestClient, text: str) -> list[tuple[str, dict[str, Any]]]:
    response = client.post("/chat", data={"text": text, "id": "m1"}, headers={"accept": "text/event-stream"})
    found = re.findall(r"event: (\w+)\ndata: (.*)\n\n", response.text)
    return [(name, json.loads(data)) for name, data in found]


# ---- asking without script ----


def test_a_first_visit_offers_questions_and_sets_no_cookie(client: TestClient) -> None:
    tree = page(client)

    assert words(tree, "#first-visit h2") == "Ask about Meridian"
    assert len(tree.css("#first-visit button")) == 3
    assert "Ana is on duty" in words(tree, ".duty")
    assert not client.cookies


def test_an_answer_has_chips_sources_and_the_marked_passage(client: TestClient) -> None:
    tree = ask(client, "How do I raise the quota?")

    assert words(tree, ".reply h2") == "Answer from two pages"
    for chip in tree.css(".cite"):
        assert tree.css(f"aside.source{chip.attributes['href']}")
    drawer = tree.css_first("aside.source")
    assert "Set quota.partitions" in words(tree, f"#{drawer.attributes['id']} .passage")
    assert "Kafka team" in drawer.text()
    assert drawer.css_first("a.btn:not(.bare)").attributes["href"].endswith("quotas.md#raise-a-partition-quota")


def test_the_cited_address_opens_the_heading(client: TestClient) -> None:
    tree = page(client, "/pages/docs/kafka/quotas.md")

    assert words(tree, "h3#raise-a-partition-quota") == "Raise a partition quota"
    assert words(page(client, "/pages/kafka/limits.md"), "h1") == "Kafka limits"


def test_a_hint_looks_like_no_answer(client: TestClient) -> None:
    tree = ask(client, "who approves?")

    assert words(tree, ".reply h2") == "Hint · the likely place, not a sure answer"
    assert tree.css(".reply blockquote .cite")


def test_what_is_not_known_shows_who_has_it_and_what_has_happened(client: TestClient) -> None:
    tree = ask(client, TYPED["text"])

    assert words(tree, ".handed h2") == "I don’t know. Ana has your question now."
    steps = [" ".join(li.text().split()) for li in tree.css(".handed .steps li")]
    assert steps == [
        "Case saved with the question and the one page Sheriff looked at, 10:36",
        "Ticket SUP-142 opened, 10:36",
        "Ana was told on the desk page, 10:36",
        "Waiting for Ana’s first reply",
    ]
    assert len(tree.css(".handed .steps .wait")) == 1
    assert "SUP-142" in words(tree, "#mine")


def test_outside_working_hours_the_asker_is_told_when_they_start(client: TestClient, office: Office) -> None:
    office.clock.pass_(hours=10)

    steps = words(ask(client, TYPED["text"]), ".handed .steps")

    assert "Waiting for Ana’s first reply; working hours start Thu 09:00" in steps


def test_without_an_answer_from_the_desk_no_ticket_is_claimed(client: TestClient, office: Office) -> None:
    office.workflows.desk_is_down = True

    steps = words(ask(client, TYPED["text"]), ".handed .steps")

    assert "No ticket yet: the ticket system is not answering. Next try 10:41" in steps
    assert "opened" not in steps


def test_pasted_yaml_comes_back_with_lines_reason_and_fix(client: TestClient) -> None:
    tree = ask(client, ALERTING)

    assert "in pasted.yaml · checked as Alerting, from its kind" in words(tree, ".reply h2")
    assert words(tree, ".diag:has(.wrong) .src mark") == "treshold"
    assert [node.text() for node in tree.css(".diff ins")] == ["    threshold: 2"]
    assert "threshold: 2" in words(tree, ".corrected code")


def test_an_attached_file_is_checked(client: TestClient, office: Office) -> None:
    response = client.post("/chat", data={"text": ""}, files={"files": ("alerting.yaml", ALERTING, "text/yaml")})

    assert "in alerting.yaml" in words(LexborHTMLParser(response.text), ".reply h2")
    assert [a.name for a in office.sheriff.heard[0].attachments] == ["alerting.yaml"]


def test_greetings_and_refusals_are_shown_and_open_no_case(client: TestClient) -> None:
    ask(client, "hello")
    tree = ask(client, "binary")

    assert "Hello." in words(tree, ".reply.noted")
    assert "Paste the text" in words(tree, ".reply.refused .note")
    assert not tree.css("[formaction]")


def test_a_very_long_message_reaches_sheriff_who_says_what_to_do(client: TestClient, office: Office) -> None:
    ask(client, "binary " + "x" * 2_000_000)
    too_long = client.post("/chat", data={"text": "x" * 11_000_000}, headers={"accept": "text/event-stream"})

    assert len(office.sheriff.heard[0].text) == 2_000_007
    assert (too_long.status_code, "10 MB" in too_long.json()["error"]) == (413, True)


def test_a_secret_is_masked_before_it_is_shown_again(client: TestClient) -> None:
    tree = ask(client, "quota, and my token is ghp_" + "a1B2" * 9)

    assert "ghp_a1B2" not in (tree.html or "")


def test_sending_the_same_form_twice_asks_once(client: TestClient, office: Office) -> None:
    ask(client, "quota", id="same")
    tree = ask(client, "quota", id="same")

    assert len(tree.css(".reply")) == 1
    assert office.store.cases.count() == 1


def test_the_conversation_survives_a_restart_of_the_server(client: TestClient, office: Office) -> None:
    ask(client, "How do I raise the quota?")
    with TestClient(office.app(), base_url=HERE, headers=HTML, cookies=client.cookies) as later:
        tree = page(later)

    assert words(tree, ".you") == "How do I raise the quota?"
    assert words(tree, ".reply h2") == "Answer from two pages"
    assert tree.css("aside.source .passage")


def test_a_question_back_has_a_button_for_each_choice_that_says_it(client: TestClient, office: Office) -> None:
    tree = ask(client, "How are backups done?")

    assert words(tree, ".reply h2") == "Which one do you mean: HERM or Couchbase?"
    form = tree.css_first(".reply form[data-say]")
    assert form.attributes["action"] == "/chat"
    assert [(b.attributes["name"], b.attributes["value"]) for b in form.css("button")] == [
        ("text", "HERM"),
        ("text", "Couchbase"),
    ]
    assert "That solved it" not in words(tree, ".reply")
    assert "Ask the sheriff" in words(tree, ".reply")


def test_a_question_back_keeps_its_choices_through_a_restart(client: TestClient, office: Office) -> None:
    ask(client, "How are backups done?")
    with TestClient(office.app(), base_url=HERE, headers=HTML, cookies=client.cookies) as later:
        tree = page(later)

    assert words(tree, ".reply form[data-say]") == "HERM Couchbase"


def test_another_visitor_sees_nothing_of_it(client: TestClient, office: Office) -> None:
    ask(client, TYPED["text"])
    with TestClient(office.app(), base_url=HERE, headers=HTML) as stranger:
        assert not page(stranger).css(".you, #mine li")
        assert stranger.get("/cases/c-00000001").status_code == 403
        assert stranger.post("/cases/c-00000001/withdraw").status_code == 403


def test_a_new_conversation_starts_empty_and_keeps_the_cases(client: TestClient) -> None:
    ask(client, TYPED["text"])

    tree = LexborHTMLParser(client.post("/chat/new").text)
    old = page(client, "/cases/c-00000001")

    assert (len(tree.css(".you")), len(tree.css("#mine li"))) == (0, 1)
    assert len(old.css(".handed")) == 1


def test_the_chosen_name_is_the_one_the_sheriff_sees(client: TestClient, office: Office) -> None:
    client.post("/name", data={"name": "  Kim\x00 <b>Novák</b> \n"})
    tree = ask(client, "quota")

    assert office.sheriff.heard[0].sender.name == "Kim <b>Novák</b>"
    assert "Kim <b>Novák</b>" in words(tree, ".asas summary")


def test_text_of_people_is_never_markup(client: TestClient) -> None:
    tree = ask(client, "<img src=x onerror=alert(1)> `<b>` unknown")

    assert not tree.css(".you img, .you b, .mine img")
    assert "<img src=x onerror=alert(1)>" in words(tree, ".you")


def test_while_the_index_is_built_the_page_says_how_far_it_is(client: TestClient, office: Office) -> None:
    office.index.state, office.index.sentence = "building", "Reading Dev Insight, 612 of 1,762 sections."
    office.index.done, office.index.total = 612, 1762

    tree = page(client)

    assert tree.css_first("progress").attributes["value"] == "612"
    assert "YAML can be checked already" in words(tree, "#building")


def test_what_cannot_be_answered_now_keeps_the_text(client: TestClient, office: Office) -> None:
    office.sheriff.error = Unavailable("The index is being built. Ask again in a minute.")

    response = client.post("/chat", data={"text": "my long question"})

    tree = LexborHTMLParser(response.text)
    assert response.status_code == 503
    assert words(tree, "textarea") == "my long question"
    assert "Ask again in a minute. Your text is kept below." in words(tree, ".note.error")


# ---- what the asker does ----


def test_that_solved_it_closes_the_question(client: TestClient, office: Office) -> None:
    ask(client, "quota")

    tree = LexborHTMLParser(client.post("/cases/c-00000001/solved").text)

    assert words(tree, ".reply .state.done") == "Solved"
    assert not tree.css(".reply [formaction]")


def test_asking_the_sheriff_after_an_answer_hands_it_over(client: TestClient) -> None:
    ask(client, "quota")

    tree = LexborHTMLParser(client.post("/cases/c-00000001/ask-sheriff").text)

    assert words(tree, ".handed h2") == "Ana has your question now."
    assert tree.css(".reply .cite")


def test_details_replies_and_the_resolution_reach_the_asker(client: TestClient, office: Office) -> None:
    ask(client, TYPED["text"])
    office.casework.ask_for_details("c-00000001", ANA, "Which node?")
    asked = page(client)
    client.post("/cases/c-00000001/details", data={"text": "pf-blue"})
    office.casework.resolve("c-00000001", ANA, Cause.MISSING, "The owner lists you under `callers`.")
    resolved = page(client)

    assert "Ana needs something from you." in words(asked, ".handed h2")
    assert asked.css("details.add[open]")
    assert "Waiting for you" in words(asked, "#mine")
    assert "Ana resolved this." in words(resolved, ".handed h2")
    assert [s.text(strip=True) for s in resolved.css(".said .prose")] == [
        "Which node?",
        "pf-blue",
        "The owner lists you undercallers.",
    ]


def test_withdrawn_cases_are_over(client: TestClient) -> None:
    ask(client, TYPED["text"])

    tree = LexborHTMLParser(client.post("/cases/c-00000001/withdraw").text)

    assert "Withdrawn" in words(tree, ".handed h2")
    assert not tree.css(".handed form")


def test_a_button_that_no_longer_fits_says_why(client: TestClient) -> None:
    ask(client, TYPED["text"])
    client.post("/cases/c-00000001/solved")

    as_page = client.post("/cases/c-00000001/withdraw")
    as_script = client.post("/cases/c-00000001/withdraw", headers={"accept": "application/json"})

    assert (as_page.status_code, as_script.status_code) == (409, 409)
    assert "SUP-142 is closed; reply to reopen it." in as_page.text
    assert as_script.json() == {"error": "SUP-142 is closed; reply to reopen it."}
    assert client.post("/cases/c-00000001/explode").status_code == 404


# ---- the stream ----


def test_a_stream_tells_progress_pieces_and_the_finished_reply(client: TestClient) -> None:
    events = streamed(client, "slowly")

    assert events[0] == ("progress", {"text": "Searching 1,762 sections…"})
    assert [data["text"] for name, data in events if name == "piece"][:2] == ["Set `quota.partitions` ", "in the "]
    name, reply = events[-1]
    assert name == "reply"
    assert 'class="cite"' in reply["turn"]
    assert "passage" in reply["drawers"]
    assert reply["spoken"] == "Answer is here."


def test_a_streamed_reply_is_there_when_the_page_is_loaded_again(client: TestClient) -> None:
    streamed(client, TYPED["text"])

    assert "SUP-142" in words(page(client), ".handed")


def test_a_stream_ends_with_the_reason_when_there_is_no_reply(client: TestClient, office: Office) -> None:
    office.sheriff.error = Unavailable("Not yet.")
    assert streamed(client, "quota")[-1] == ("failed", {"text": "Not yet.", "reference": ""})

    office.sheriff.error = ZeroDivisionError("secret")
    with capture_logs() as logs:
        name, data = streamed(client, "quota")[-1]
    assert (name, data["reference"]) == ("failed", logs[-1]["reference"])
    assert "secret" not in data["text"]


def test_too_many_questions_at_once_are_turned_away_with_a_sentence(tmp_path: Path) -> None:
    import anyio

    from bot.channels.workers import Busy, Workers

    async def crowd() -> list[object]:
        workers, release = Workers(1), anyio.Event()
        outcomes: list[object] = []

        async def one() -> None:
            try:
                await workers.run(lambda: anyio.from_thread.run(release.wait))
                outcomes.append("done")
            except Busy as error:
                outcomes.append(str(error))

        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(one)
            await anyio.sleep(0.05)
            release.set()
        return outcomes

    outcomes = anyio.run(crowd)

    assert outcomes.count("done") == 33
    assert "Ask again in a minute." in str(outcomes)


def test_updates_reach_the_event_loop_from_any_thread() -> None:
    import anyio

    from bot.channels.live import updates
    from bot.support.broadcast import Broadcast

    async def listen() -> list[Update | None]:
        broadcast = Broadcast()
        stream = updates(broadcast)
        heard = [await anext(stream)]
        await anyio.to_thread.run_sync(broadcast.publish, Update(1, "c-1", "web-1:a", "replied"))
        heard.append(await anext(stream))
        await stream.aclose()
        broadcast.publish(Update(2, "c-1", "web-1:a", "resolved"))
        return heard

    assert anyio.run(listen) == [None, Update(1, "c-1", "web-1:a", "replied")]


# ---- health, pages, errors ----


def test_a_process_is_alive_before_it_is_ready(client: TestClient, office: Office) -> None:
    office.index.state, office.index.sentence = "building", "Reading the documentation."

    assert client.get("/healthz").status_code == 200
    not_ready = client.get("/readyz")
    office.index.state = "ready"

    assert (not_ready.status_code, not_ready.json()["sentence"]) == (503, "Reading the documentation.")
    assert client.get("/readyz").status_code == 200


def test_metrics_are_in_the_form_prometheus_reads(client: TestClient) -> None:
    response = client.get("/metrics")

    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "sheriff_replies_total 1.0" in response.text


def test_an_empty_gap_report_says_what_would_fill_it(client: TestClient) -> None:
    assert "A question appears here when" in words(page(client, "/gaps"), ".blank")
    assert client.get("/gaps?format=markdown").headers["content-type"].startswith("text/markdown")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/pages/docs/none.md", "/pages/", "/desk/c-none", "/cases/c-none", "/static/x"]
)
def test_what_is_not_there_is_a_page_with_a_way_on(client: TestClient, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 404
    assert "Ask Sheriff" in response.text


def test_our_own_mistake_is_a_page_with_a_reference(client: TestClient, office: Office) -> None:
    office.sheriff.error = ZeroDivisionError("secret detail")

    with capture_logs() as logs:
        response = client.post("/chat", data={"text": "quota"})

    assert response.status_code == 500
    assert logs[-1]["reference"] in response.text
    assert "secret" not in response.text


# ---- the guard ----


def test_every_answer_carries_a_strict_policy(client: TestClient) -> None:
    for path in ("/", "/desk", "/api/v1/cases", "/nowhere", "/healthz"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
        assert headers["cache-control"] == "no-store"


def test_pages_hold_no_inline_script_or_style(client: TestClient) -> None:
    ask(client, "quota")
    ask(client, ALERTING)
    ask(client, TYPED["text"])
    pages = ("/", "/desk", "/gaps", "/insights", "/rota", "/notices", "/requests", "/faq", "/api/docs", "/nowhere")
    for path in (*pages, "/pages/docs/kafka/quotas.md"):
        tree = LexborHTMLParser(client.get(path).text)
        assert not tree.css("[style], style, script:not([src])"), path
        assert not [a for node in tree.css("*") for a in node.attributes if a.startswith("on")], path


@pytest.mark.parametrize("template", sorted((HERE_LIE_PAGES / "templates").glob("*.html")), ids=lambda path: path.name)
def test_no_template_holds_anything_that_the_policy_would_stop(template: Path) -> None:
    text = template.read_text("utf-8")

    stopped = r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:|<base|<iframe|<object"
    assert not re.search(stopped, text, re.IGNORECASE)
    assert not re.search(r"\|\s*safe\b", re.sub(r"\{#.*?#\}", "", text))


def test_static_files_are_kept_for_good_under_an_address_that_changes(client: TestClient) -> None:
    address = page(client).css_first("link[rel=stylesheet]").attributes["href"] or ""

    response = client.get(address)

    assert re.search(r"\?v=[0-9a-f]{10}$", address)
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:3978", "", "[::2]"])
def test_a_foreign_host_name_is_refused_on_loopback(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 400
    assert "error" in client.post("/api/v1/ask", json=TYPED, headers={"host": host}).json()


@pytest.mark.parametrize("host", ["127.0.0.1:3978", "localhost", "LOCALHOST:1", "[::1]:3978", "sheriff.intra"])
def test_our_own_names_are_served(office: Office, host: str) -> None:
    with TestClient(office.app(hosts=("sheriff.intra",), access_token="t"), base_url=HERE) as client:
        assert client.get("/", headers={"host": host, "authorization": "Bearer t"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_cannot_send_in_somebodys_name(
    client: TestClient, office: Office, headers: dict[str, str]
) -> None:
    assert client.post("/chat", data=TYPED, headers=headers).status_code == 403
    assert client.post("/api/v1/ask", json=TYPED, headers=headers).status_code == 403
    assert office.sheriff.heard == []


def test_our_own_forms_are_accepted(client: TestClient) -> None:
    headers = {"origin": HERE, "sec-fetch-site": "same-origin"}

    assert client.post("/chat", data={"text": "quota"}, headers=headers).status_code == 200


def test_cookies_are_kept_from_scripts_and_other_sites(client: TestClient) -> None:
    response = client.post("/chat", data={"text": "quota"}, follow_redirects=False)

    assert response.status_code == 303
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("value", ["", "x", "..", "a" * 5000, '"', "0" * 32, "0" * 32 + ".zzzzzzzz"])
def test_a_broken_cookie_makes_a_new_visitor(client: TestClient, value: str) -> None:
    assert client.get("/", headers={"cookie": f"sheriff_visitor={value}; =;;"}).status_code == 200


def test_a_channel_added_by_wiring_signs_its_own_requests(office: Office) -> None:
    router = APIRouter()

    @router.post("/api/messages")
    def messages() -> dict[str, str]:
        return {"heard": "yes"}

    app = office.app(routers=(router,), loopback=False, access_token="secret")
    with TestClient(app, base_url="https://bot.example") as client:
        response = client.post("/api/messages", headers={"origin": "https://teams.example"})

    assert response.json() == {"heard": "yes"}


# ---- not on loopback ----


@pytest.fixture
def outside(office: Office) -> Iterator[TestClient]:
    app = office.app(loopback=False, access_token="correct horse")
    with TestClient(app, base_url="https://sheriff.example", raise_server_exceptions=False) as client:
        yield client


def test_only_health_is_open_to_strangers(outside: TestClient) -> None:
    assert outside.get("/healthz").status_code == 200
    for path in (
        "/readyz",
        "/",
        "/desk",
        "/metrics",
        "/api/v1/cases",
        "/api/openapi.json",
        "/pages/docs/kafka/quotas.md",
    ):
        response = outside.get(path)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert outside.post("/api/v1/ask", json=TYPED).json()["error"].startswith("An access token is needed")


@pytest.mark.parametrize(
    ("given", "status"),
    [("Bearer correct horse", 200), ("bearer correct horse", 200), ("Bearer wrong", 401), ("Basic correct horse", 401)],
)
def test_programs_send_the_token(outside: TestClient, given: str, status: int) -> None:
    assert outside.get("/api/v1/cases", headers={"authorization": given}).status_code == status


def test_people_sign_in_once(outside: TestClient) -> None:
    asked = outside.get("/desk", headers=HTML, follow_redirects=False)
    wrong = outside.post("/sign-in", data={"token": "guess", "next": "/desk"}, headers=HTML)
    right = outside.post("/sign-in", data={"token": "correct horse", "next": "/desk"}, follow_redirects=False)

    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/desk")
    assert (wrong.status_code, "This is not the access token" in wrong.text) == (401, True)
    assert (right.status_code, right.headers["location"]) == (303, "/desk")
    assert "correct horse" not in right.headers["set-cookie"]
    assert "secure" in right.headers["set-cookie"].lower()
    assert outside.get("/desk", headers=HTML).status_code == 200
    assert outside.get("/sign-in", follow_redirects=False).status_code == 303


def test_who_signed_in_with_the_token_can_sign_out(outside: TestClient) -> None:
    outside.post("/sign-in", data={"token": "correct horse"})
    inside = outside.get("/desk", headers=HTML)

    outside.post("/sign-out")

    assert "Sign out" in inside.text
    assert outside.get("/desk", headers=HTML, follow_redirects=False).status_code == 303


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "evil"])
def test_signing_in_leads_nowhere_else(outside: TestClient, target: str) -> None:
    response = outside.post("/sign-in", data={"token": "correct horse", "next": target}, follow_redirects=False)

    assert response.headers["location"] == "/"


def test_without_a_token_nobody_gets_in_from_outside(office: Office) -> None:
    with TestClient(office.app(loopback=False, access_token=""), base_url="https://sheriff.example") as client:
        assert client.get("/desk").status_code == 401
        assert client.post("/sign-in", data={"token": ""}).status_code == 401
