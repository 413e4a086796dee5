"""Whole deployment repositories on the command line: `validate`, `explain` and `diff` as people call them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from knowledge import bundled
from tests.commands import Run, run

__all__ = ["run"]

BLUE = "prod/sub-payments-prod/eu-west/p1/pf-blue"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A copy of the example repository in the working folder; its lock file is old, whatever day it is."""
    copy = Path(shutil.copytree(bundled.DEPLOYMENT_REPOSITORY / "payments-deploy", tmp_path / "payments-deploy"))
    change(copy / "topology.lock.yaml", "2026-11-16", "2024-11-16")
    return copy


@pytest.fixture
def checkout(repo: Path) -> Path:
    """The example repository in Git: committed, then with a threshold of its own at pf-blue."""
    git(repo, "init", "-q")
    commit(repo)
    change(repo / BLUE / "alerting.yaml", "severity: critical", "threshold: 4\n    severity: critical")
    commit(repo)
    return repo


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


# ---- validate ----


def test_a_good_repository_is_checked_as_a_whole(run: Run, repo: Path) -> None:
    done = run("validate", "payments-deploy")

    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("files checked: no errors.\n")
    assert "not checked" not in done.out, "placement and overrides were"


def test_when_the_lock_file_was_taken_is_said_once_and_not_in_the_list_for_programs(run: Run, repo: Path) -> None:
    said = re.compile(
        r"^dev was discovered [\d,]+ days ago \(2024-11-16 01:04 UTC, topology\.lock\.yaml\)\.$", re.MULTILINE
    )

    assert len(said.findall(run("validate", "payments-deploy").out)) == 1
    assert json.loads(run("validate", "--format", "json", "payments-deploy").out) == []
    assert "discovered" not in run("validate", "payments-deploy/kafka.yaml").out, "a hook checks files, not the lock"
    assert run("explain", "payments-deploy", "pf-blue").err == ""


def test_a_lock_file_from_the_future_is_a_warning_and_no_error(run: Run, repo: Path) -> None:
    change(repo / "topology.lock.yaml", "2024-11-16", "2999-11-16")

    done = run("validate", "payments-deploy")

    assert done.code == 0
    assert "topology.lock.yaml:4:10 warning TOP007 the lock file was taken at 2999-11-16 01:04 UTC" in done.out


def test_a_file_named_by_itself_is_checked_with_its_repository_and_only_it_is_told(run: Run, repo: Path) -> None:
    change(repo / "prod" / "alerting.yaml", "threshold: 2", "threshold: 1")
    change(repo / "quotas.yaml", "cpu: 2", "cpu: 60")

    done = run("validate", "payments-deploy/prod/alerting.yaml", "--format", "json")

    found = json.loads(done.out)
    assert done.code == 1
    assert {(d["code"], d["file"]) for d in found} == {
        ("CMP001", "payments-deploy/prod/alerting.yaml"),
        ("OVL006", "payments-deploy/prod/alerting.yaml"),
    }


def test_a_hidden_file_of_a_repository_is_checked_by_itself(run: Run, repo: Path) -> None:
    (repo / ".drafts").mkdir()
    (repo / ".drafts" / "kafka.yaml").write_text("apiVersion: sheriff/v1\nkind: Kafka\ntopcs: []\n", "utf-8")

    assert "SCH001" in run("validate", "payments-deploy/.drafts/kafka.yaml").out


def test_an_archive_of_it_is_checked_alike(run: Run, repo: Path) -> None:
    (repo / "kafkaa.yaml").write_text("kind: Kafka\n")
    shutil.make_archive("packed", "zip", repo.parent, repo.name)

    of_folder, of_zip = (
        run("validate", "--format", "json", "payments-deploy"),
        run("validate", "--format", "json", "packed.zip"),
    )

    assert (of_folder.code, of_zip.code) == (1, 1)
    assert of_zip.out == of_folder.out.replace("payments-deploy/", "packed.zip/payments-deploy/")


def test_what_only_the_whole_shows_is_told_at_the_file_as_seen_from_here(run: Run, repo: Path) -> None:
    (repo / "prod" / "eu-wst").mkdir()
    shutil.move(repo / "prod/splunk.yaml", repo / "prod/eu-wst/splunk.yaml")

    done = run("validate", "payments-deploy")

    assert done.code == 1
    assert "payments-deploy/prod/eu-wst/splunk.yaml:1:1" in done.out
    assert "OVL001" in done.out
    assert "prod/sub-payments-prod/eu-west" in done.out


def test_as_json_paths_are_as_seen_from_the_working_folder(run: Run, repo: Path) -> None:
    change(repo / "prod/alerting.yaml", "threshold: 2", "threshold: two")

    done = run("validate", "--format", "json", "./payments-deploy")

    [told] = json.loads(done.out)
    assert (told["code"], told["file"]) == ("SCH002", "payments-deploy/prod/alerting.yaml")
    assert "alerting was not merged" in done.err


def test_as_sarif_paths_are_relative_to_the_working_folder_also_when_named_in_full(run: Run, repo: Path) -> None:
    change(repo / "prod/alerting.yaml", "threshold: 2", "threshold: two")

    log = json.loads(run("validate", "--format", "sarif", str(repo)).out)

    [result] = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "payments-deploy/prod/alerting.yaml"


def test_inside_of_the_repository_its_paths_need_no_prefix(
    run: Run, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(repo / "prod/alerting.yaml", "threshold: 2", "threshold: two")
    monkeypatch.chdir(repo)

    [told] = json.loads(run("validate", "--format", "json", ".").out)

    assert told["file"] == "prod/alerting.yaml"


def test_a_folder_of_repositories_and_other_files_is_checked_each_by_its_kind(
    run: Run, repo: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(repo, tmp_path / "all" / "claims-deploy")
    shutil.copytree(repo, tmp_path / "all" / "payments-deploy")
    (tmp_path / "all" / "kafka.yaml").write_text("apiVersion: sheriff/v1\nkind: Kafka\nquota: {partitions: many}\n")
    change(Path(other) / "topology.yaml", "eu-west", "eu-east")

    found = json.loads(run("validate", "--format", "json", "all").out)

    assert {(each["file"], each["code"]) for each in found if each["severity"] == "error"} >= {
        ("all/kafka.yaml", "SCH002"),
        ("all/claims-deploy/prod/sub-payments-prod/eu-west/dns.yaml", "OVL001"),
    }
    assert not [each for each in found if each["file"].startswith("all/payments-deploy/")]


def test_a_json_file_below_a_repository_is_still_checked(run: Run, repo: Path) -> None:
    (repo / "broken.json").write_text('{"a": ')

    done = run("validate", "--format", "json", "payments-deploy")

    assert (done.code, [each["file"] for each in json.loads(done.out)]) == (1, ["payments-deploy/broken.json"])


@pytest.mark.parametrize("name", ["nowhere.zip", "text.zip"])
def test_an_archive_that_cannot_be_read_is_named(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.zip").write_text("no archive")

    done = run("validate", name)

    assert done.code == 2
    assert done.err.startswith(f"sheriff: {name}: ")


def test_an_archive_without_a_topology_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "kafka.yaml").write_text("apiVersion: sheriff/v1\nkind: Kafka\n")
    shutil.make_archive("packed", "zip", tmp_path / "x")

    done = run("validate", "packed.zip")

    assert done.code == 0
    assert "they need the whole deployment repository" in done.out


# ---- explain ----


def test_explain_prints_a_leaf_as_yaml_with_where_each_value_comes_from(run: Run, repo: Path) -> None:
    done = run("explain", "payments-deploy", "pf-blue")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"# {BLUE}\n")
    alerts = yaml.safe_load(done.out)["alerting"]["alerts"]
    assert [(a["name"], a["namespace"]) for a in alerts[:2]] == [
        ("replicas-low", "payments-api"),
        ("replicas-low", "payments-batch"),
    ]


def test_explain_says_of_one_key_what_it_hides_and_which_page_tells_more(run: Run, repo: Path) -> None:
    done = run("explain", "payments-deploy", "p1/pf-green", "alerting.replicas-low.threshold")

    assert done.code == 0
    assert "threshold: 2" in done.out
    assert "prod/alerting.yaml:5, hides 1 from alerting.yaml:7" in done.out
    assert "# see alerting/overrides.md" in done.out


def test_explain_as_json_has_the_leaf_and_each_value(run: Run, repo: Path) -> None:
    found = json.loads(run("explain", "payments-deploy", "pf-green", "replicas-low.threshold", "--format", "json").out)

    assert found["leaf"] == "prod/sub-payments-prod/eu-west/p1/pf-green"
    [value] = found["values"]
    assert (value["component"], value["value"], value["origin"]) == ("alerting", 2, "prod/alerting.yaml:5")
    assert value["hides"] == [{"value": 1, "origin": "alerting.yaml:7"}]


@pytest.mark.parametrize(
    ("leaf", "key", "says"),
    [
        ("pf-bleu", "", "Did you mean pf-blue?"),
        ("prod", "", f"prod is no leaf: values hold at leaves only. Below it: {BLUE}"),
        ("pf-blue", "alerting.treshold", "Did you mean alerting."),
        ("pf-amber", "splunks-of-old", "nothing of this name holds at dev/"),
        ("", "", "no such leaf"),
    ],
)
def test_explain_of_a_wrong_leaf_or_key_names_the_nearest(run: Run, repo: Path, leaf: str, key: str, says: str) -> None:
    done = run("explain", "payments-deploy", leaf, *([key] if key else []))

    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_explain_of_an_ambiguous_leaf_lists_what_it_fits(run: Run, repo: Path) -> None:
    change(repo / "topology.lock.yaml", "pf-amber", "pf-blue")

    done = run("explain", "payments-deploy", "pf-blue")

    assert done.code == 2
    assert "pf-blue fits 2 leaves" in done.err


def test_explain_reads_an_archive(run: Run, repo: Path) -> None:
    shutil.make_archive("packed", "zip", repo.parent, repo.name)

    assert run("explain", "packed.zip", "pf-blue").out == run("explain", "payments-deploy", "pf-blue").out


def test_explain_says_which_component_was_not_merged(run: Run, repo: Path) -> None:
    (repo / "kafka.yaml").write_text("kind: [")

    done = run("explain", "payments-deploy", "pf-blue", "alerting.replicas-low.threshold")

    assert done.code == 0
    assert "threshold: 2" in done.out
    assert done.err == "sheriff: payments-deploy: kafka was not merged at and below the root: errors in kafka.yaml.\n"


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("nowhere", "no such folder or archive"),
        ("payments-deploy/kafka.yaml", "not a folder or a .zip"),
        ("payments-deploy/prod", "there is no topology.yaml at the top"),
    ],
)
def test_explain_of_what_is_no_repository_names_the_remedy(run: Run, repo: Path, place: str, says: str) -> None:
    done = run("explain", place, "pf-blue")

    assert done.code == 2
    assert says in done.err


def test_explain_of_a_repository_with_a_broken_topology_sends_to_validate(run: Run, repo: Path) -> None:
    change(repo / "topology.yaml", "name: pf-blue", "name: PF_blue")

    done = run("explain", "payments-deploy", "pf-green")

    assert done.code == 2
    assert "topology.yaml has errors. Run `sheriff validate payments-deploy` first." in done.err


@pytest.mark.parametrize("command", [("explain", "payments-deploy", "pf-blue"), ("diff", "payments-deploy")])
def test_an_unknown_format_names_the_known_ones(run: Run, repo: Path, command: tuple[str, ...]) -> None:
    done = run(*command, "--format", "xml")

    assert done.code == 2
    assert "choose text or json" in done.err


def test_a_terminal_that_knows_ascii_only_gets_escapes(repo: Path) -> None:
    change(repo / "alerting.yaml", "Payments Alerts", "Störungen")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "bot.cli", "explain", str(repo), "pf-blue", "default.target"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    assert rb"target: St\xf6rungen" in done.stdout


# ---- diff ----


def test_diff_names_each_effective_value_before_and_after(run: Run, checkout: Path) -> None:
    done = run("diff", "payments-deploy", "--base", "HEAD~1")

    assert (done.code, done.err) == (0, "")
    assert done.out.count("~ ") == 2, "one alert for each namespace of the leaf"
    assert f"~ alerting.alerts[payments-api replicas-low].threshold at {BLUE}\n" in done.out
    assert "    - 2  # " in done.out
    assert f"    + 4  # {BLUE}/alerting.yaml:5, hides 2 from prod/alerting.yaml:5" in done.out


def test_diff_compares_what_lies_in_the_folder_with_head_by_default(run: Run, checkout: Path) -> None:
    assert run("diff", "payments-deploy").out == "No effective value changes at any leaf.\n"

    change(checkout / "topology.yaml", "pf-green", "pf-red")

    assert run("diff", "payments-deploy").out.startswith("+ leaf prod/sub-payments-prod/eu-west/p1/pf-red\n- leaf ")


def test_diff_as_json_has_leaves_and_changes(run: Run, checkout: Path) -> None:
    found = json.loads(run("diff", "payments-deploy", "--base", "HEAD~1", "--format", "json").out)

    assert (found["added"], found["removed"]) == ([], [])
    assert [(c["before"]["value"], c["after"]["value"], c["leaves"]) for c in found["changes"]] == [(2, 4, [BLUE])] * 2


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ("nowhere", "git says"),
        ("--help-me", "is no Git reference"),
        ("", "--base is empty"),
    ],
)
def test_diff_with_a_wrong_base_names_the_remedy(run: Run, checkout: Path, base: str, says: str) -> None:
    done = run("diff", "payments-deploy", f"--base={base}")

    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert "Name a branch, a tag or a commit" in done.err


def test_diff_against_a_state_that_was_no_repository_yet_says_so(run: Run, repo: Path) -> None:
    git(repo, "init", "-q")
    git(repo, "commit", "-q", "--allow-empty", "-m", "nothing")

    done = run("diff", "payments-deploy")

    assert done.code == 2
    assert "payments-deploy at HEAD: " in done.err
    assert "there is no topology.yaml at the top. Choose another reference." in done.err


def test_diff_says_what_was_not_merged_and_when(run: Run, checkout: Path) -> None:
    (checkout / "kafka.yaml").write_text("kind: [")
    commit(checkout)
    git(checkout, "checkout", "-q", "HEAD~1", "--", "kafka.yaml")

    done = run("diff", "payments-deploy")

    assert done.code == 0
    assert (
        done.err
        == "sheriff: payments-deploy at HEAD: kafka was not merged at and below the root: errors in kafka.yaml.\n"
    )


def test_diff_outside_of_git_and_of_an_archive_is_refused(
    run: Run, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    shutil.make_archive("packed", "zip", repo.parent, repo.name)

    assert "not a git repository" in run("diff", "payments-deploy").err
    assert "an archive has no Git history" in run("diff", "packed.zip").err


# ---- an earlier state ----


def test_an_earlier_state_is_checked_and_explained_whatever_lies_in_the_folder_now(run: Run, checkout: Path) -> None:
    (checkout / "topology.yaml").write_text("nodes: [", "utf-8")

    before = run("explain", "payments-deploy", "pf-blue", "replicas-low.threshold", "--at", "HEAD~1")

    assert "threshold: 2 " in before.out
    assert "threshold: 4 " in run("explain", "payments-deploy", "pf-blue", "threshold", "--at", "HEAD").out
    assert run("validate", "payments-deploy").code == 1
    assert run("validate", "payments-deploy", "--at", "HEAD").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--at", ""), "--at is empty"),
        (("--at", "nowhere"), "Name a branch, a tag or a commit"),
        (("--at", "HEAD", "--fix"), "Leave --schema, --fix and --diff out"),
    ],
)
def test_a_wrong_earlier_state_is_named_with_the_remedy(
    run: Run, checkout: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = run("validate", "payments-deploy", *arguments)

    assert done.code == 2
    assert says in done.err


# ---- codes ----


@pytest.mark.parametrize("code", ["YAML002", "ovl001"])
def test_explain_prints_the_page_of_a_code(run: Run, code: str) -> None:
    done = run("explain", code)

    assert done.code == 0
    assert done.out.startswith(f"# {code.upper()} ")
    assert "Wrong:" in done.out
    assert "Right:" in done.out


@pytest.mark.parametrize(
    ("word", "says"),
    [("YAML02", "Did you mean YAML002?"), ("nonsense", "The codes begin with"), ("payments-deploy", "name a leaf")],
)
def test_explain_of_one_word_that_is_no_code_says_what_to_write(run: Run, repo: Path, word: str, says: str) -> None:
    done = run("explain", word)

    assert (done.code, done.out) == (2, "")
    assert says in done.err
