"""`sheriff rota` as people call it: what it prints, where, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import Run, run

__all__ = ["run"]

ROTA = """\
timezone: Europe/Paris
handover: {weekday: monday, time: "09:00"}
start: 2026-01-05
members:
  - {id: ana, name: Ana}
  - {id: bo, name: Bo}
"""
# 1,000 weeks after the start, when Ana begins; far enough that these days are always still to come
ANAS, BOS = "2045-03-06", "2045-03-13"


@pytest.fixture(autouse=True)
def file(tmp_path: Path) -> Path:
    (tmp_path / "sheriff.yaml").write_text("rota: rota.yaml\n")
    (tmp_path / "rota.yaml").write_text(ROTA)
    return tmp_path / "rota.yaml"


def test_show_says_who_is_on_duty_and_what_comes(run: Run) -> None:
    done = run("rota", "show", "--weeks", "3")

    assert done.code == 0
    assert "is on duty until Mon" in done.out
    assert "Back-up:" in done.out
    assert sum(" turn" in line for line in done.out.splitlines()) == 3
    assert "Ana" in done.out
    assert "Duty in the last and the next 12 weeks" in done.out


def test_show_as_json_is_whole(run: Run) -> None:
    run("rota", "away", "bo", "--from", "2045-03-14", "--until", "2045-03-15")

    shown = json.loads(run("rota", "show", "--format", "json").out)

    assert (shown["version"], shown["timezone"], shown["alarms"]) == (1, "Europe/Paris", [])
    assert {shown["now"]["member"], shown["next"]["member"]} == {"ana", "bo"}
    assert shown["absences"] == [
        {"id": "e1", "member": "bo", "from": "2045-03-14T00:00:00+01:00", "until": "2045-03-16T00:00:00+01:00"}
    ]
    assert len(shown["shifts"]) == 8
    assert {share["member"] for share in shown["fairness"]} == {"ana", "bo"}


def test_next_names_one_member(run: Run) -> None:
    said = run("rota", "next").out
    shown = json.loads(run("rota", "next", "--format", "json").out)

    assert said.startswith(f"{shown['name']} has the duty from Mon")


def test_an_override_is_stored_shown_and_removed(run: Run) -> None:
    stored = run("rota", "cover", "bo", "--from", f"{ANAS}T13:00", "--until", "2045-03-07T09:00", "--as", "ana")
    shown = run("rota", "show").out
    removed = run("rota", "remove", "e1")
    again = run("rota", "remove", "e1")

    assert (stored.code, stored.out) == (
        0,
        f"Stored as e1: bo has the duty from {ANAS}T13:00 until 2045-03-07T09:00.\n",
    )
    assert "e1  Bo covers" in shown
    assert removed.out == "e1 is removed.\n"
    assert (again.code, again.err.startswith("sheriff: This is not there any more")) == (2, True)


def test_a_swap_goes_from_asked_to_accepted_and_only_the_other_one_accepts(run: Run) -> None:
    asked = run("rota", "swap", "ask", "--as", "ana", "--with", "bo", "--give", ANAS, "--take", BOS)
    refused = run("rota", "swap", "accept", "1", "--as", "ana")
    accepted = run("rota", "swap", "accept", "1", "--as", "bo")
    listed = json.loads(run("rota", "swap", "list", "--format", "json").out)

    assert asked.out == "Swap 1 is asked. bo accepts with: sheriff rota swap accept 1 --as bo\n"
    assert (refused.code, "Only Bo can answer this" in refused.err) == (2, True)
    assert accepted.out == "Swap 1 is accepted; the duty has moved.\n"
    assert [(s["asker"], s["other"], s["state"], s["gives"]["from"]) for s in listed] == [
        ("ana", "bo", "accepted", f"{ANAS}T09:00:00+01:00")
    ]


def test_days_are_given_without_return_declined_and_withdrawn(run: Run) -> None:
    run("rota", "swap", "ask", "--as", "ana", "--with", "bo", "--give", "2045-03-07/2045-03-08")
    declined = run("rota", "swap", "decline", "1", "--as", "Bo")
    run("rota", "swap", "ask", "--as", "ana", "--with", "bo", "--give", "2045-03-07/2045-03-08")
    withdrawn = run("rota", "swap", "withdraw", "3", "--as", "Ana")

    assert (declined.out, withdrawn.out) == ("Swap 1 is declined.\n", "Swap 3 is withdrawn.\n")
    assert "Ana asks Bo: declined" in run("rota", "swap", "list").out


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (("cover", "zoe", "--from", ANAS, "--until", BOS), "zoe is not in the rota. Choose one of: Ana, Bo, team."),
        (("cover", "bo", "--from", "soon", "--until", BOS), "the start: 'soon' is no time. Write it as"),
        (("away", "bo", "--from", BOS, "--until", ANAS), "The end is not after the start."),
        (("swap", "ask", "--as", "ana", "--with", "bo", "--give", BOS), "Ana does not have the duty"),
        (("swap", "accept", "7", "--as", "bo"), "There is no swap 7."),
        (("swap", "accept", "7", "--as", "zoe"), "--as zoe: nobody of that name is in the rota."),
        (("show", "--format", "xml"), "--format xml: choose text or json."),
    ],
)
def test_a_wrong_call_says_what_to_write(run: Run, call: tuple[str, ...], sentence: str) -> None:
    done = run("rota", *call)

    assert done.code == 2
    assert sentence in done.err


# ---- check ----


def test_check_is_content_with_a_right_file(run: Run) -> None:
    done = run("rota", "check")

    assert done.code == 0
    assert "1 file checked: no errors." in done.out


def test_check_names_every_fault_with_its_line_and_remedy(run: Run, file: Path) -> None:
    file.write_text(
        "timezone: Europe/Pari\nstart: 2026-01-06\nhandover: {weekday: monday}\nmembers:\n"
        "  - {id: ana, nam: Ana}\n  - {id: bo, name: Bo}\n  - {id: bo, name: Bob}\n"
        "overrides:\n  - {from: 2026-02-02, until: 2026-02-01, member: bo}\n  - {from: x, until: y, member: zoe}\n"
        "backup: zoe\nworking_hours: {from: '18:00', until: '09:00'}\nholidays: [{date: soon}]\n"
    )

    done = run("rota", "check")

    assert done.code == 1
    lines = [line.partition("rota.yaml:")[2].split(" ", 3) for line in done.out.splitlines()]
    told = {(place[0].partition(":")[0], place[2]) for place in lines if len(place) == 4 and place[1] == "error"}
    assert told == {
        ("1", "SCH003"),
        ("2", "SCH005"),
        ("5", "SCH001"),
        ("7", "SCH005"),
        ("9", "SCH005"),
        ("10", "SCH003"),
        ("11", "SCH003"),
        ("12", "SCH005"),
        ("13", "SCH002"),
    }
    assert "Did you mean name?" in done.out
    assert "Write one of the tz database, such as Europe/Paris." in done.out


def test_check_as_json_is_a_list_of_diagnostics(run: Run, file: Path) -> None:
    file.write_text(ROTA.replace("Paris", "Pari"))

    found = json.loads(run("rota", "check", "--format", "json").out)

    assert [(d["code"], d["line"]) for d in found] == [("SCH003", 1)]


def test_check_tells_of_a_time_without_anybody(run: Run, file: Path) -> None:
    file.write_text(
        f"{ROTA}absences:\n  - {{from: 2026-01-01, until: 2090-01-01, member: ana}}\n"
        "  - {from: 2026-01-01, until: 2090-01-01, member: bo}\n"
    )

    done = run("rota", "check")

    assert done.code == 1
    assert "sheriff: Nobody is on duty until" in done.err


def test_a_missing_file_is_named(run: Run, file: Path) -> None:
    file.unlink()

    assert run("rota", "check").code == 2
    shown = run("rota", "show")
    assert "the rota cannot be read (No such file or directory)" in shown.err
    assert "Nobody is on duty" in shown.out


@pytest.mark.parametrize(
    "call",
    [
        ("swap", "accept", "1", "--as", "ana"),
        ("swap", "ask", "--as", "ana", "--with", "bo", "--give", ANAS),
        ("away", "ana", "--from", ANAS, "--until", BOS),
    ],
)
def test_a_rota_without_members_is_the_reason_for_which_nobody_is_found(
    run: Run, file: Path, call: tuple[str, ...]
) -> None:
    file.write_text("start: 2026-01-05\nmembers: []\n")

    done = run("rota", *call)

    assert done.code == 2
    assert "in the rota. It has no members" in done.err


def test_of_an_empty_rota_programs_read_that_the_team_has_the_duty(run: Run, file: Path) -> None:
    file.write_text("")

    shown = json.loads(run("rota", "show", "--format", "json").out)

    assert {shown["now"]["member"], shown["next"]["member"], shown["backup"]["member"]} == {"team"}
    assert [share["member"] for share in shown["fairness"]] == ["team"]
    assert ["the file is empty" in alarm for alarm in shown["alarms"]] == [True]


@pytest.mark.parametrize("command", ["show", "next"])
def test_an_empty_rota_does_not_sound_as_if_somebody_came_later(run: Run, file: Path, command: str) -> None:
    file.write_text("")

    done = run("rota", command)

    assert done.out == "Nobody is on duty, now or later: the rota has no members. Cases go to the whole team.\n"
    assert "line 1: the file is empty. Write timezone, start and members." in done.err


def test_own_documentation_with_the_rota_of_the_example_is_told_until_there_is_another(
    run: Run, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "sheriff.yaml").write_text("sources: [{name: docs, path: docs}]\n")
    strange = "Name a YAML file of your own with `rota:` in sheriff.yaml."

    told = [strange in run("rota", *call).err for call in (("show",), ("next",), ("check",))]
    [finding] = [line for line in run("doctor").out.splitlines() if "  rota " in line]
    (tmp_path / "sheriff.yaml").write_text(f"sources: [{{name: docs, path: docs}}]\nrota: {file.name}\n")

    assert told == [True] * 3
    assert finding.startswith("warning")
    assert strange in finding
    assert strange not in run("rota", "show").err


# ---- doctor ----


@pytest.mark.parametrize("text", ["members: []\n", "start: [\n", "start: 2026-01-05\nmembers:\n"])
def test_doctor_says_that_a_rota_is_broken(run: Run, file: Path, text: str) -> None:
    file.write_text(text)

    done = run("doctor")

    assert done.code == 1
    [line] = [line for line in done.out.splitlines() if "  rota " in line]
    assert line.startswith("FAIL")
    assert "Until then cases go to the whole team." in line
