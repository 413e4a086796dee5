"""The `sheriff` command as people call it: what it prints, where, and its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge import bundled
from tests.commands import Run, run

__all__ = ["run"]

KAFKA = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitions: 72\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "quotas.md").write_text("# Quotas\n\n## Raise a quota\n\nSet `quota.partitions` in kafka.yaml.\n")
    (folder / "vaults.md").write_text("# Key vaults\n\n## Name a vault\n\nA name has at most 24 characters.\n")
    return folder


def test_help_lists_the_commands(run: Run) -> None:
    done = run("--help")

    assert done.code == 0
    assert all(command in done.out for command in ("serve", "ingest", "ask", "validate", "gaps", "doctor"))


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    assert run("dance").code == 2


# ---- ingest ----


def test_a_second_ingest_does_only_what_changed(run: Run, docs: Path, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    first = run("ingest", "--home", home, str(docs))
    (docs / "quotas.md").write_text("# Quotas\n\n## Lower a quota\n\nIt cannot be lowered.\n")
    (docs / "vaults.md").unlink()

    dry = run("ingest", "--home", home, "--dry-run", str(docs))
    second = run("ingest", "--home", home, str(docs))
    third = run("ingest", "--home", home)

    assert (first.code, dry.code, second.code, third.code) == (0, 0, 0, 0)
    assert "2 added" in first.out
    assert "Dry run" in dry.out
    assert "1 changed, 1 removed" in second.out
    assert "up to date" in third.out, "the home remembers which folder it was built from"


def test_an_unreadable_file_is_named_and_the_rest_is_indexed(run: Run, docs: Path, tmp_path: Path) -> None:
    (docs / "binary.md").write_bytes(b"\x00\x01\x02\x03" * 100)
    (docs / "dangling.md").symlink_to(tmp_path / "nowhere.md")

    done = run("ingest", "--home", str(tmp_path / "home"), str(docs))

    assert done.code == 0
    assert "2 added" in done.out
    assert "binary.md" in done.out
    assert "dangling.md" in done.out


def test_a_missing_folder_is_named_with_exit_code_2(run: Run, tmp_path: Path) -> None:
    done = run("ingest", "--home", str(tmp_path / "home"), str(tmp_path / "nowhere"))

    assert done.code == 2
    assert "nowhere: no such folder" in done.err


def test_an_empty_folder_indexes_nothing_and_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    done = run("ingest", "--home", str(tmp_path / "home"), str(tmp_path / "empty"))

    assert done.code == 1
    assert "Nothing was indexed" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a path below a file")
def test_a_home_that_cannot_be_written_is_named(run: Run, docs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = run("ingest", "--home", str(tmp_path / "file" / "home"), str(docs))

    assert done.code in {1, 2}
    assert str(tmp_path / "file") in done.err


def test_faq_and_schemas_in_a_folder_are_found(run: Run, docs: Path, tmp_path: Path) -> None:
    (docs / "faq.yaml").write_text(
        "component: kafka\nentries:\n  - id: more\n    question: How do I get more partitions?\n"
        "    answer: Ask the Kafka team.\n"
    )
    schema = (bundled.SCHEMAS / "kafka.schema.json").read_text()
    (docs / "kafka.schema.json").write_text(schema)

    done = run("ingest", "--home", str(tmp_path / "home"), str(docs))

    assert done.code == 0
    assert "4 added" in done.out


# ---- ask ----


def test_a_question_is_answered_with_page_and_heading(run: Run, platform_home: Path) -> None:
    done = run("ask", "--home", str(platform_home), "what does ORA-01017 mean?")

    assert done.code == 0
    assert "[1]" in done.out
    assert "ORA-01017" in done.out


def test_as_json_the_reply_has_the_fields_of_the_api(run: Run, platform_home: Path) -> None:
    done = run("ask", "--home", str(platform_home), "--json", "what does ORA-01017 mean?")

    reply = json.loads(done.out)
    assert reply["outcome"] in {"answered", "hinted"}
    assert set(reply["citations"][0]) == {"title", "url", "path", "heading"}


def test_a_question_back_lists_its_choices_by_number(run: Run, platform_home: Path) -> None:
    done = run("ask", "--home", str(platform_home), "How do I set the quota?")

    assert done.code == 0
    asked, _, choices = done.out.partition("?\n")
    named = asked.removeprefix("Which one do you mean: ").split(" or ")
    assert sorted(named) == ["Kafka", "OpenShift quotas"]
    assert choices.startswith(f"  1. {named[0]}\n  2. {named[1]}\n")
    assert "Name it in the question" in done.out


def test_an_unknown_question_opens_no_case_unless_told(run: Run, platform_home: Path) -> None:
    done = run("ask", "--home", str(platform_home), "FortranGrid licence for Solaris?")

    assert done.code == 0
    assert "I don’t know" in done.out
    assert "--hand-over" in done.out
    assert not (platform_home / "sheriff.db").exists()


def test_with_hand_over_the_duty_sheriff_gets_it_with_a_ticket(run: Run, own_home: Path) -> None:
    done = run("ask", "--home", str(own_home), "--hand-over", "FortranGrid licence for Solaris?")

    assert done.code == 0
    assert "SUP-1" in done.out


@pytest.mark.parametrize("question", ["", "   "])
def test_an_empty_question_is_a_usage_error(run: Run, platform_home: Path, question: str) -> None:
    done = run("ask", "--home", str(platform_home), question)

    assert done.code == 2
    assert "empty" in done.err


def test_a_question_of_200_kilobytes_is_refused_with_the_remedy(run: Run, platform_home: Path) -> None:
    done = run("ask", "--home", str(platform_home), "why " * 50_000)

    assert done.code == 2
    assert "at most 20,000" in done.err


def test_asking_without_an_index_names_the_remedy(run: Run, tmp_path: Path) -> None:
    done = run("ask", "--home", str(tmp_path / "empty"), "how do I raise a quota?")

    assert done.code == 1
    assert "sheriff ingest" in done.err


def test_asking_a_broken_index_names_it(run: Run, own_home: Path) -> None:
    for file in (own_home / "index").rglob("*.sqlite3"):
        file.write_bytes(b"not a database" * 100)

    done = run("ask", "--home", str(own_home), "how do I raise a quota?")

    assert done.code == 1
    assert str(own_home) in done.err
    assert "ingest" in done.err


# ---- validate ----


def test_valid_files_give_exit_code_0(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kafka.yaml").write_text(KAFKA)

    done = run("validate", "kafka.yaml")

    assert done.code == 0
    assert "1 file checked" in done.out


def test_the_example_repository_is_valid(run: Run) -> None:
    done = run("validate", str(bundled.DEPLOYMENT_REPOSITORY))

    assert done.code == 0, done.out


def test_a_fault_is_shown_with_line_column_code_and_fix(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kafka.yaml").write_text(KAFKA.replace("partitions", "partitons"))

    done = run("validate", "kafka.yaml")

    assert done.code == 1
    assert "kafka.yaml:4:3" in done.out
    assert "SCH001" in done.out
    assert "partitions" in done.out


def test_a_missing_file_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kafka.yaml").write_text(KAFKA)

    done = run("validate", "nowhere.yaml", "kafka.yaml")

    assert done.code == 2
    assert "nowhere.yaml: no such file" in done.err
    assert "1 file checked" in done.out


def test_json_output_is_json(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kafka.yaml").write_bytes(bytes(range(256)))

    done = run("validate", "--format", "json", "kafka.yaml")

    assert done.code == 1
    assert json.loads(done.out)[0]["line"] >= 1


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("--format", "xml", "a.yaml"), "'text', 'json', 'sarif', 'github', 'junit'"),
        (("--schemas", "nowhere", "a.yaml"), "no such folder"),
        (("--config", "nowhere.yaml", "a.yaml"), "nowhere.yaml: no such file"),
    ],
)
def test_a_wrong_option_names_the_remedy(run: Run, arguments: tuple[str, ...], remedy: str) -> None:
    done = run("validate", *arguments)

    assert done.code == 2
    assert remedy in done.err


# ---- configuration, gaps, doctor ----


def test_a_wrong_configuration_key_is_reported_like_user_yaml(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sheriff.yaml").write_text("polcy:\n  answer_at: 0.5\n")

    done = run("doctor")

    assert done.code == 2
    assert "sheriff.yaml:1:1" in done.err
    assert "policy" in done.err


def test_gaps_of_a_home_without_cases_say_that_there_are_none(run: Run, platform_home: Path, tmp_path: Path) -> None:
    done = run("gaps", "--home", str(tmp_path / "fresh"))

    assert done.code == 0
    assert done.out.strip()


def test_gaps_list_what_was_handed_over(run: Run, own_home: Path, tmp_path: Path) -> None:
    run("ask", "--home", str(own_home), "--hand-over", "how do I rent a GPU for training?")
    run("ask", "--home", str(own_home), "--hand-over", "can I rent a GPU for model training?")

    markdown = run("gaps", "--home", str(own_home))
    page = run("gaps", "--home", str(own_home), "--format", "html", "-o", str(tmp_path / "gaps.html"))

    assert "GPU" in markdown.out
    assert page.code == 0
    assert "GPU" in (tmp_path / "gaps.html").read_text()


def test_an_unknown_report_format_names_the_known_ones(run: Run) -> None:
    done = run("gaps", "--format", "pdf")

    assert done.code == 2
    assert "md, html or json" in done.err


def test_the_doctor_finds_a_good_home_good(run: Run, own_home: Path) -> None:
    done = run("doctor", "--home", str(own_home))

    assert done.code == 0, done.out
    assert "FAIL" not in done.out
    assert "index" in done.out


def test_the_doctor_names_a_broken_part_and_goes_on(run: Run, own_home: Path, tmp_path: Path) -> None:
    (tmp_path / "sheriff.yaml").write_text("rota: rota.yaml\n")
    (tmp_path / "rota.yaml").write_text("timezone: Europe/Nowhere\nmembers: []\n")

    done = run("doctor", "--home", str(own_home))

    assert done.code == 1
    assert "FAIL  rota" in done.out
    assert "exposure" in done.out


def test_the_model_can_be_prepared_in_a_folder(run: Run, tmp_path: Path) -> None:
    done = run("model", "prepare", "--dir", str(tmp_path / "models"))

    assert done.code == 0
    assert any((tmp_path / "models").rglob("*.onnx"))


def test_serving_beyond_loopback_needs_a_token(run: Run, tmp_path: Path) -> None:
    done = run("serve", "--home", str(tmp_path / "home"), "--host", "0.0.0.0")

    assert done.code == 2
    assert "SHERIFF_ACCESS_TOKEN" in done.err


def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path) -> None:
    command = f"{sys.executable} -m bot.cli --help | head -1"

    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)

    assert "Traceback" not in done.stderr
