"""The desk: what waits, in which order, and what the sheriff does about it, without script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from bot.channels import story
from bot.channels.times import Watch
from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause, Change
from tests.web_office import ALERTING, ANA, BO, KIM, ROTA, Office

HERE = "http://127.0.0.1:3978"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    headers = {"accept": "text/html"}
    with TestClient(office.app(), base_url=HERE, headers=headers, raise_server_exceptions=False) as client:
        yield client


def page(client: TestClient, path: str = "/desk") -> LexborHTMLParser:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return LexborHTMLParser(response.text)


def words(tree: LexborHTMLParser, selector: str) -> str:
    return " ".join(" ".join(node.text(separator=" ") for node in tree.css(selector)).split())


def groups(tree: LexborHTMLParser) -> list[str]:
    return [node.text() for node in tree.css("#rows h2")]


def rows(tree: LexborHTMLParser) -> list[str]:
    return [node.text() for node in tree.css(".row b")]


def case_of(office: Office, question: str) -> str:
    case = office.ask(question).case
    assert case is not None
    return case.id


def send(client: TestClient, case_id: str, verb: str, **form: str) -> LexborHTMLParser:
    response = client.post(f"/desk/{case_id}/{verb}", data=form)
    assert response.status_code == 200, response.text
    return LexborHTMLParser(response.text)


# ---- the inbox ----


def test_an_empty_desk_says_so(client: TestClient) -> None:
    tree = page(client)

    assert words(tree, "#rows .blank h2") == "Nothing waits for you"
    assert words(tree, "#filters") == "Open 0 Yours 0 Waiting 0 Resolved 0"


def test_cases_are_grouped_and_the_oldest_due_comes_first(client: TestClient, office: Office) -> None:
    old = case_of(office, "the oldest unknown")
    office.clock.pass_(minutes=30)
    case_of(office, "a younger unknown")
    office.casework.reply(case_of(office, "one of mine"), ANA, "Looking.")
    office.casework.ask_for_details(case_of(office, "one that waits"), ANA, "Which?")
    office.casework.reply(case_of(office, "one of Bo's"), BO, "On it.")
    office.clock.pass_(minutes=15)

    tree = page(client)

    assert groups(tree) == ["Needs a first reply · 2", "Yours · 1", "With others · 1", "Waiting for the asker · 1"]
    assert rows(tree)[:2] == ["the oldest unknown", "a younger unknown"]
    assert [node.text() for node in tree.css(".row .over")] == ["5 min past due"]
    assert words(tree, ".row .due") == "Reply due in 25 min"
    assert tree.css_first("article.case").attributes["data-case"] == old
    assert words(tree, "#filters") == "Open 5 Yours 2 Waiting 1 Resolved 0"


def test_the_clock_of_a_case_stands_still_outside_working_hours(client: TestClient, office: Office) -> None:
    office.clock.pass_(hours=10)  # 20:36 in Paris
    case_of(office, "a late question")

    assert words(page(client), ".row .due") == "Reply due Thu 09:40"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("view=yours", ["one of mine", "one that waits"]),
        ("view=waiting", ["one that waits"]),
        ("view=resolved", ["one resolved"]),
        ("q=mine", ["one of mine"]),
        ("q=nothing+like+this", []),
        ("view=nonsense", ["a new one", "one of mine", "one that waits"]),
    ],
)
def test_filters_and_search_show_what_they_say(
    client: TestClient, office: Office, query: str, found: list[str]
) -> None:
    case_of(office, "a new one")
    office.casework.reply(case_of(office, "one of mine"), ANA, "Looking.")
    office.casework.ask_for_details(case_of(office, "one that waits"), ANA, "Which?")
    office.casework.resolve(case_of(office, "one resolved"), ANA, Cause.MISSING, "Written now.")

    assert rows(page(client, f"/desk?{query}")) == found


def test_what_sheriff_answered_alone_is_no_work_of_the_desk(client: TestClient, office: Office) -> None:
    answered = case_of(office, "quota")
    office.casework.solved(answered, KIM)

    assert rows(page(client, "/desk?view=resolved")) == []
    assert client.get(f"/desk/{answered}").status_code == 404


# ---- one case ----


def test_a_case_tells_its_story_and_what_sheriff_looked_at(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "Can JOR start a job in `ledger`?")
    office.clock.pass_(minutes=6)

    tree = page(client, f"/desk/{case_id}")

    assert "New SUP-142 Kim handed over 10:36, 6 min ago reply due in 34 min asked in Teams" in words(tree, ".meta")
    assert words(tree, ".said.bot h3") == "Sheriff 10:36 · not answered, confidence 0.31"
    assert tree.css_first(".facts a").attributes["href"] == "/pages/docs/jor/namespaces.md#namespaces"
    assert words(tree, ".steps .wait") == "Waits for somebody to take it"


def test_a_case_the_asker_handed_over_shows_the_answer_that_was_not_enough(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "quota")
    office.casework.ask_sheriff(case_id, KIM)

    tree = page(client, f"/desk/{case_id}")

    assert words(tree, ".said.bot h3") == "Sheriff 10:36 · answered, confidence 0.91 · Kim asked for a person"
    assert "Set quota.partitions" in words(tree, ".said.bot .prose")


def test_cases_solved_before_are_offered_with_their_resolution(client: TestClient, office: Office) -> None:
    office.casework.resolve(
        case_of(office, "JOR job cannot read a ConfigMap of another application"),
        BO,
        Cause.CONFIGURATION,
        "The owner lists the caller under `callers`.",
    )
    case_of(office, "Where is the Splunk token?")
    case_id = case_of(office, "Can a JOR job start a job of another application?")

    tree = page(client, f"/desk/{case_id}")

    assert words(tree, ".facts li p") == "The owner lists the caller under callers."
    assert "SUP-142 · Bo, 10:36 · configuration mistake" in words(tree, ".facts li .quiet")


def test_taking_replying_asking_and_resolving(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "unknown")

    taken = send(client, case_id, "take")
    replied = send(client, case_id, "reply", text="See `jor.yaml`.")
    asked = send(client, case_id, "ask", text="Which node?")
    resolved = send(client, case_id, "resolve", cause="missing", text="Now written.")

    assert words(taken, ".state") == "With Ana"
    assert not taken.css("[data-key=t]")
    assert words(replied, ".said.sheriff .prose") == "See jor.yaml ."
    assert words(asked, ".meta .state") == "Waiting for Kim"
    assert words(resolved, ".meta .state") == "Resolved"
    assert not resolved.css(".act")
    stored = office.store.cases.get(case_id)
    assert stored is not None
    assert (stored.state, stored.cause, stored.sheriff) == (CaseState.RESOLVED, Cause.MISSING, "Ana")


def test_a_case_is_handed_to_a_colleague(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "unknown")

    tree = send(client, case_id, "hand", member="Dan")

    assert words(tree, ".meta .state") == "With Dan"
    assert groups(tree) == ["Needs a first reply · 1"]


def test_the_acting_person_is_chosen_among_the_rota(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "unknown")

    client.post("/desk/as", data={"member": "Bo", "back": f"/desk/{case_id}"})
    send(client, case_id, "take")

    assert words(page(client), "#member option[selected]") == "Bo"
    stored = office.store.cases.get(case_id)
    assert stored is not None
    assert stored.sheriff == "Bo"
    assert client.post("/desk/as", data={"member": "Mallory"}).status_code == 422
    elsewhere = client.post("/desk/as", data={"member": "Bo", "back": "//evil.example"}, follow_redirects=False)
    assert elsewhere.headers["location"] == "/desk"


@pytest.mark.parametrize(
    ("verb", "form", "words_"),
    [
        ("reply", {"text": "  "}, "Write the reply to Kim first."),
        ("ask", {"text": ""}, "Write what you need from Kim."),
        ("resolve", {"cause": "", "text": "Now written."}, "Choose the cause"),
        ("resolve", {"cause": "missing", "text": ""}, "Write the resolution"),
        ("hand", {"member": "Zoe"}, "Zoe is not in the rota."),
    ],
)
def test_what_is_missing_is_asked_for_and_the_draft_is_kept(
    client: TestClient, office: Office, verb: str, form: dict[str, str], words_: str
) -> None:
    case_id = case_of(office, "unknown")

    response = client.post(f"/desk/{case_id}/{verb}", data=form)

    tree = LexborHTMLParser(response.text)
    assert response.status_code == 409
    assert words_ in words(tree, ".act .note.error")
    assert tree.css_first(f"#m-{verb}").attributes.get("checked", "none") is None
    assert words(tree, f".m-{verb} textarea") == form.get("text", "").strip()


def test_a_colleague_who_was_faster_is_named_and_the_draft_is_kept(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "unknown")
    seen = page(client, f"/desk/{case_id}").css_first("#seen").attributes["value"] or ""
    office.casework.reply(case_id, BO, "I have it.")

    response = client.post(f"/desk/{case_id}/reply", data={"text": "My long reply", "seen": seen})

    tree = LexborHTMLParser(response.text)
    assert response.status_code == 409
    assert "Bo replied at 10:36, while this was open. Your text is kept." in words(tree, ".act .note.error")
    assert words(tree, ".m-reply textarea") == "My long reply"
    again = tree.css_first("input[name=seen]").attributes["value"] or ""
    assert "My long reply" in words(send(client, case_id, "reply", text="My long reply", seen=again), ".said.sheriff")


def test_pasted_yaml_keeps_its_lines_and_names_what_it_is(client: TestClient, office: Office) -> None:
    checked = office.ask(ALERTING).case
    assert checked
    office.casework.ask_sheriff(checked.id, KIM)

    tree = page(client, f"/desk/{checked.id}")

    assert tree.css_first(".story .said pre").text().strip() == ALERTING.strip()
    assert words(tree, "#title") == "Check of YAML"


def test_a_reopened_case_has_no_cause_yet(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "unknown")
    office.casework.resolve(case_id, BO, Cause.MISSING, "See the new page.")
    office.casework.add_details(case_id, KIM, "It does not work.")

    tree = page(client, f"/desk/{case_id}")

    assert "Cause:" not in words(tree, ".story")


def test_script_gets_the_refusal_as_json(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "unknown")

    refused = client.post(f"/desk/{case_id}/reply", data={"text": ""}, headers={"accept": "application/json"})
    done = client.post(f"/desk/{case_id}/take", headers={"accept": "application/json"})

    assert (refused.status_code, refused.json()) == (409, {"error": "Write the reply to Kim first."})
    assert done.json() == {"case": case_id}


def test_unknown_verbs_and_cases_are_404(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "unknown")

    assert client.post(f"/desk/{case_id}/explode").status_code == 404
    assert client.post("/desk/c-none/take").status_code == 404
    assert client.get("/desk/%00").status_code == 404


def test_words_of_the_asker_are_never_markup(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "<script>alert(1)</script> [x](javascript:alert(1)) unknown")

    tree = page(client, f"/desk/{case_id}")

    assert not tree.css(".story script, .story a, .inbox script")
    assert "<script>alert(1)</script>" in words(tree, ".row b")


def test_the_desk_works_when_nobody_is_on_the_rota(office: Office) -> None:
    from dataclasses import replace

    from tests.web_office import ROTA

    with TestClient(office.app(rota=replace(ROTA, members=())), base_url=HERE) as client:
        tree = page(client)

    assert words(tree, ".duty") == "Nobody is on duty"
    assert words(tree, "#member") == "the whole team"


# ---- what is severe, and what is asked by several ----


def test_a_severe_case_comes_first_and_says_so(client: TestClient, office: Office) -> None:
    case_of(office, "an unknown thing")
    severe = case_of(office, "urgent: an unknown thing blocks orders-api")
    office.clock.pass_(minutes=1)

    tree = page(client)

    assert tree.css_first("article.case").attributes["data-case"] == severe
    assert "high" in words(tree, ".meta .severity")
    assert [node.text() for node in tree.css(".row .due")] == ["Reply due in 29 min", "Reply due in 39 min"]


def test_the_sheriff_changes_the_severity_and_with_it_what_is_due(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "an unknown thing")

    tree = send(client, case_id, "severity", severity="critical")

    assert words(tree, ".meta .due") == "reply due in 15 min"
    assert "set the severity: critical" in words(tree, ".steps")
    refused = client.post(f"/desk/{case_id}/severity", data={"severity": "huge"})
    assert refused.status_code == 409
    assert "Choose a severity" in refused.text


def test_who_else_asks_the_same_is_shown_and_linked_with_one_button(client: TestClient, office: Office) -> None:
    other = case_of(office, "unknown vault rotation fails with 403")
    office.clock.pass_(minutes=3)
    here = case_of(office, "unknown: the vault rotation fails with 403 today")

    before = page(client, f"/desk/{here}")
    after = send(client, here, "link", other=other)
    linked = page(client, f"/desk/{other}")

    assert "seems to ask the same" in words(before, "#same")
    assert "linked, is told what you say here" in words(after, "#same")
    assert "Worked on in" in words(linked, "#same")
    assert "seems to ask the same" not in words(
        send(client, here, "unlink", other=other), "#same li:has(form[action$=unlink])"
    )


def test_what_the_asker_asked_just_before_stands_beside_the_case(client: TestClient, office: Office) -> None:
    case_of(office, "an unknown thing first")
    office.clock.pass_(minutes=5)

    tree = page(client, f"/desk/{case_of(office, 'an unknown thing then')}")

    assert "an unknown thing first" in words(tree, ".facts")


# ---- what the ticket system refuses ----

WHY = "GitHub refuses (403). SHERIFF_DESK_TOKEN needs “Issues: read and write” for acme/platform."


def refused_ticket(office: Office) -> str:
    office.workflows.desk_is_down = True
    case_id = case_of(office, "an unknown without a ticket")
    at = office.clock()
    office.store.cases.record(case_id, lambda case: transitions.refused(case, at=at, number=2, reason=WHY))
    return case_id


def test_a_refused_ticket_is_told_with_the_reason_until_somebody_has_it_tried_again(
    client: TestClient, office: Office
) -> None:
    case_id = refused_ticket(office)
    before = page(client, f"/desk/{case_id}")

    after = send(client, case_id, "retry")
    again = client.post(f"/desk/{case_id}/retry")

    assert words(before, "form.error p") == f"No ticket: {WHY}"
    assert words(before, "form.error button") == "Try again"
    assert "ticket refused" in words(before, ".row")
    assert not after.css("form.error")
    assert "No ticket yet: it is tried again" in words(after, ".steps")
    assert (again.status_code, "there is nothing to try again" in again.text) == (409, True)


def test_the_asker_is_not_troubled_with_settings(client: TestClient, office: Office) -> None:
    refused_ticket(office)

    shown = client.get("/").text

    assert "SHERIFF_DESK_TOKEN" not in shown
    assert "The ticket system refused" in story_of(office)


def story_of(office: Office) -> str:
    case = office.store.cases.get(office.store.cases.list()[0].id)
    assert case is not None
    return " ".join(step.words for step in story.handed(case, Watch(office.clock(), ROTA.zone)).steps)


def test_a_ticket_that_is_out_of_date_says_so(client: TestClient, office: Office) -> None:
    case_id = case_of(office, "an unknown with a ticket")
    at = office.clock()
    office.store.cases.record(case_id, lambda case: transitions.refused(case, at=at, number=3, reason=WHY))

    assert words(page(client, f"/desk/{case_id}"), "form.error p") == f"The ticket is out of date: {WHY}"


def test_a_case_whose_ticket_was_closed_elsewhere_is_resolved_and_nobody_can_give_that_cause(
    client: TestClient, office: Office
) -> None:
    case_id = case_of(office, "an unknown closed elsewhere")
    choices = words(page(client, f"/desk/{case_id}"), "select[name=cause]")
    seen = office.store.cases.list()[0].updated

    def closed(case: Case) -> Change:
        return transitions.close_from_desk(case, at=office.clock(), seen=seen, words="Restarted.")

    office.store.cases.record(case_id, closed)
    tree = page(client, f"/desk/{case_id}")

    assert "Closed in the ticket system" not in choices
    assert "The ticket was closed in the ticket system" in words(tree, ".steps")
    assert "Restarted." in words(tree, ".said")
    assert words(tree, ".told > p.small") == "Cause: Closed in the ticket system"


def test_a_ticket_that_was_deleted_or_opened_again_elsewhere_is_told_with_what_to_do(
    client: TestClient, office: Office
) -> None:
    case_id = case_of(office, "an unknown deleted elsewhere")
    seen = office.store.cases.list()[0].updated

    gone = office.store.cases.record(
        case_id, lambda case: transitions.lose_from_desk(case, at=office.clock(), seen=seen)
    )
    lost = page(client, f"/desk/{case_id}")
    office.store.cases.record(case_id, lambda case: transitions.retry_ticket(case, by="Ana", at=office.clock()))
    closed = office.store.cases.record(
        case_id,
        lambda case: transitions.close_from_desk(case, at=office.clock(), seen=case.updated, words=""),
    )
    office.store.cases.record(
        case_id,
        lambda case: transitions.reopen_from_desk(case, at=office.clock(), seen=closed.updated, settled=office.clock()),
    )
    tree = page(client, f"/desk/{case_id}")

    assert (
        words(lost, "form.error p")
        == f"{gone.ticket} is no longer in the ticket system. Try again to open a new ticket."
    )
    assert words(lost, "form.error button") == "Try again"
    assert "Opened again in the ticket system" in words(tree, ".steps")
    assert tree.css_first("form.error") is None
