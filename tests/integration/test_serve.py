"""The whole server as a process: start, ask, hand over, die, come back."""

from __future__ import annotations

import re
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from bot.readiness import ready_command
from bot.serving import listening_socket
from bot.settings import Settings
from knowledge.errors import Failure
from tests.openid_provider import CLIENT, SECRET, running_provider
from tests.serving import serving

UNKNOWN = "Can I get a FortranGrid licence for Solaris?"


def test_the_way_of_a_question_from_chat_to_ticket_to_resolution(own_home: Path, model_dir: Path) -> None:
    with serving(own_home, model_dir) as served:
        served.wait_until_ready()
        known = served.ask("what does ORA-01017 mean?")
        unknown = served.ask(UNKNOWN, id="m-1")
        again = served.ask(UNKNOWN, id="m-1")
        case = f"{served.url}/api/v1/cases/{unknown['case']['id']}"  # type: ignore[index]

        desk = httpx.get(f"{served.url}/desk", timeout=10).text
        refused = httpx.post(f"{case}/resolve", json={"cause": "missing", "resolution": ""}, timeout=10)
        resolved = httpx.post(f"{case}/resolve", json={"cause": "other", "resolution": "Ask a baker."}, timeout=10)

        assert known["outcome"] in {"answered", "hinted"}
        assert known["citations"]
        assert unknown["outcome"] == "unanswered"
        assert re.fullmatch(r"SUP-\d+", str(unknown["case"]["ticket"]))  # type: ignore[index]
        assert again == unknown
        assert refused.status_code >= 400
        assert resolved.json()["state"] == "resolved"
        assert httpx.get(f"{served.url}/api/v1/cases", timeout=10).json()["count"] == 2
        assert "sheriff_replies_total" in httpx.get(f"{served.url}/metrics", timeout=10).text
        assert UNKNOWN in desk


def test_a_killed_server_loses_no_case_and_opens_no_second_ticket(own_home: Path, model_dir: Path) -> None:
    with serving(own_home, model_dir) as served:
        served.wait_until_ready()
        first = served.ask(UNKNOWN, id="m-1")
        served.process.kill()
        served.process.wait()

    with serving(own_home, model_dir) as served:
        served.wait_until_ready()
        again = served.ask(UNKNOWN, id="m-1")
        cases = httpx.get(f"{served.url}/api/v1/cases", timeout=10).json()

    assert again == first
    assert [c["ticket"] for c in cases["cases"]] == ["SUP-1"]


def test_open_pages_do_not_keep_a_stopping_server(own_home: Path, model_dir: Path) -> None:
    with serving(own_home, model_dir) as served:
        served.wait_until_ready()
        with httpx.stream("GET", f"{served.url}/desk/events", timeout=30) as page:
            news = page.iter_text()
            first = next(news)
            began = time.monotonic()
            served.process.send_signal(signal.SIGINT)
            rest = "".join(news)
            closed_after = time.monotonic() - began
            code = served.process.wait(timeout=60)

    assert first.startswith(":")
    assert rest == ""
    assert closed_after < 5, "the page was closed by force, after the time that requests get to end"
    assert code in {0, 130}
    assert "Traceback" not in "".join(served.lines)


def test_the_page_is_there_while_the_first_index_is_built(tmp_path: Path, model_dir: Path) -> None:
    with serving(tmp_path / "home", model_dir) as served:
        page = httpx.get(served.url, timeout=10)
        ready = httpx.get(f"{served.url}/readyz", timeout=10)
        checked = httpx.post(f"{served.url}/api/v1/validate", json={"text": "kind: Kafka\n"}, timeout=10)

    assert page.status_code == 200
    assert ready.status_code == 503
    assert ready.json()["sentence"]
    assert checked.status_code == 200


@pytest.mark.parametrize(("asked", "codes"), [(signal.SIGINT, {0, 130}), (signal.SIGTERM, {0})])
def test_a_server_stopped_while_it_indexes_ends_in_order(
    tmp_path: Path, model_dir: Path, asked: signal.Signals, codes: set[int]
) -> None:
    with serving(tmp_path / "home", model_dir) as served:
        while "sections" not in httpx.get(f"{served.url}/readyz", timeout=10).json()["sentence"]:
            time.sleep(0.1)
        served.process.send_signal(asked)
        code = served.process.wait(timeout=30)

    assert code in codes
    assert "ingest_stopped" in "".join(served.lines)


def probed(port: int, secret: str) -> str:
    """What `sheriff ready` says of a server that is not ready; "" of one that is."""
    try:
        ready_command(Settings(access_token=secret, server={"host": "0.0.0.0", "port": port}))
    except Failure as error:
        return str(error)
    return ""


def test_beyond_loopback_only_the_token_opens_the_door(own_home: Path, model_dir: Path) -> None:
    with serving(own_home, model_dir, "--host", "0.0.0.0", SHERIFF_ACCESS_TOKEN="long-and-random") as served:
        url = served.url.replace("0.0.0.0", "127.0.0.1")
        closed = httpx.get(f"{url}/api/v1/cases", timeout=10)
        opened = httpx.get(f"{url}/api/v1/cases", headers={"Authorization": "Bearer long-and-random"}, timeout=10)
        alive = httpx.get(f"{url}/healthz", timeout=10)
        unproven = httpx.post(f"{url}/api/messages", json={}, timeout=10)
        hidden = [httpx.get(f"{url}{path}", timeout=10).status_code for path in ("/readyz", "/metrics", "/desk")]
        told = probed(int(url.rpartition(":")[2]), "other")

    assert hidden == [401, 401, 401]
    assert "token is needed" in told
    assert closed.status_code in {401, 403}
    assert opened.status_code == 200
    assert alive.status_code == 200
    assert unproven.status_code in {401, 403, 404}


def test_a_server_with_sign_in_lets_in_who_the_provider_knows(own_home: Path, model_dir: Path) -> None:
    with running_provider() as provider:
        variables = {
            "SHERIFF_SIGN_IN__ISSUER": provider.url,
            "SHERIFF_SIGN_IN__CLIENT_ID": CLIENT,
            "SHERIFF_SIGN_IN_SECRET": SECRET,
        }
        with serving(own_home, model_dir, **variables) as served, httpx.Client(timeout=10) as browser:
            provider.back = f"{served.url}/sign-in/callback"
            browser.headers["accept"] = "text/html"
            closed = browser.get(f"{served.url}/api/v1/cases", headers={"accept": "application/json"})
            page = browser.get(served.url, follow_redirects=True)

    assert closed.status_code == 401
    assert (page.status_code, page.url.path) == (200, "/")
    assert "Asking as <b>Kim</b>" in page.text


def test_a_port_in_use_is_named_with_another_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(Failure, match=rf"Port {port} on 127\.0\.0\.1 is in use.*--port {port + 1}"):
            listening_socket("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(Failure, match=r"192\.0\.2\.1"):
        listening_socket("192.0.2.1", 0)
