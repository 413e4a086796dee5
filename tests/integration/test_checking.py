"""`sheriff validate` in hooks, pipelines and editors: formats, one schema for all, fixes, exported schemas."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pre_commit.clientlib import load_manifest

from bot.cli import main
from knowledge import bundled

ROOT = Path(__file__).resolve().parents[2]
GOOD = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitions: 12   # as agreed\ntopics: []\n"
BAD = GOOD.replace("partitions", "partitons")
Run = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sheriff", *arguments])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def sheriff(*arguments: str, given: bytes = b"", cwd: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "bot.cli", "validate", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, input=given, cwd=cwd, env=environment, capture_output=True, check=False)


def write(name: str, text: str | bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# ---- formats and schemas ----


def test_one_schema_checks_every_file_whatever_it_is_called(run: Run) -> None:
    write("any.json", json.dumps({"required": ["size"], "properties": {"size": {"type": "integer"}}}))
    write("a.yaml", "size: 1\n")
    write("b.txt", "size: big\n")
    write("c.json", "{}")

    code, out, _ = run("validate", "--schema", "any.json", "--format", "json", "a.yaml", "b.txt", "c.json")

    assert code == 1
    assert [(d["file"], d["code"], d["line"]) for d in json.loads(out)] == [
        ("b.txt", "SCH002", 1),
        ("c.json", "SCH004", 1),
    ]


@pytest.mark.parametrize(
    "dialect", ["https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#"]
)
def test_both_dialects_of_json_schema_are_understood(run: Run, dialect: str) -> None:
    write("any.json", json.dumps({"$schema": dialect, "additionalProperties": False, "properties": {"size": {}}}))
    write("a.yaml", "szie: 1\n")

    code, out, _ = run("validate", "--schema", "any.json", "--format", "json", "a.yaml")

    assert (code, json.loads(out)[0]["suggestion"]) == (1, "size")


@pytest.mark.parametrize("options", [(), ("--fix",), ("--diff",), ("--schema", "any.schema.json")])
def test_of_a_file_that_is_too_large_its_size_is_told_and_nothing_is_changed(
    run: Run, options: tuple[str, ...]
) -> None:
    Path("any.schema.json").write_text("{}")
    Path("huge.yaml").write_text("a: " + "x" * 5_000_000)

    code, out, _ = run("validate", *options, "huge.yaml")

    assert code == 1
    assert "YAML006 The file has 5,000,003 bytes, more than the 1,000,000 characters that are checked" in out
    assert len(out) < 1000, "the line is not copied"
    assert Path("huge.yaml").stat().st_size == 5_000_003


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_a_pipe_that_is_too_large_is_read_to_its_end_for_its_size(run: Run) -> None:
    os.mkfifo("pipe.yaml")
    writer = threading.Thread(target=Path("pipe.yaml").resolve().write_bytes, args=(b"x" * 7_000_000,))
    writer.start()

    _, out, _ = run("validate", "pipe.yaml")
    writer.join()

    assert "The file has 7,000,000 bytes" in out


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_what_never_ends_is_not_waited_for(run: Run) -> None:
    code, _, err = run("validate", "/dev/zero")

    assert code == 2
    assert "/dev/zero: larger than 100 MB, so it is not read" in err


def test_the_json_list_stands_alone_on_standard_output(run: Run) -> None:
    write("kafka.yaml", GOOD)

    code, out, err = run("validate", "--format", "json", "kafka.yaml", "nowhere.yaml")

    assert (code, json.loads(out)) == (2, [])
    assert "nowhere.yaml: no such file" in err
    assert "Placement and overrides were not checked" in err


@pytest.mark.parametrize(
    ("output", "begins"),
    [("text", "kafka.yaml:4:3 error"), ("sarif", "{"), ("github", "::error file=kafka.yaml,"), ("junit", "<?xml")],
)
def test_each_format_is_printed_and_errors_give_exit_code_1(run: Run, output: str, begins: str) -> None:
    write("kafka.yaml", BAD)

    code, out, _ = run("validate", "--format", output, "kafka.yaml")

    assert code == 1
    assert out.startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ((), "Name the files"),
        (("--schema", "nowhere.json", "a.yaml"), "nowhere.json: not a readable JSON Schema"),
        (("--schema", "a", "--schemas", "b", "a.yaml"), "not allowed with"),
        (("--dance", "a.yaml"), "--dance"),
        (("--stdin-protocol", "a.yaml"), "Leave FILE… out"),
        (("no\udcffsuch.yaml",), "no such file"),
    ],
)
def test_a_wrong_call_is_exit_code_2_with_the_remedy(run: Run, arguments: tuple[str, ...], remedy: str) -> None:
    code, _, err = run("validate", *arguments)

    assert code == 2
    assert remedy in err


def test_a_schema_that_is_no_schema_is_a_wrong_call(run: Run) -> None:
    write("broken.json", '{"type": "nothing"}')
    write("a.yaml", "a: 1\n")

    code, _, err = run("validate", "--schema", "broken.json", "a.yaml")

    assert code == 2
    assert "broken.json: not a usable JSON Schema" in err


def test_help_names_formats_and_exit_codes(run: Run) -> None:
    code, out, _ = run("validate", "--help")

    assert code == 0
    assert all(word in out for word in ("sarif", "--stdin-protocol", "exit codes: 0 no errors, 1 errors, 2"))


def test_pages_of_the_configured_server_become_links_in_sarif(run: Run) -> None:
    write("sheriff.yaml", 'server: {public_url: "https://sheriff.example"}\n')
    write("kafka.yaml", BAD)

    _, out, _ = run("validate", "--format", "sarif", "kafka.yaml")

    rule = json.loads(out)["runs"][0]["tool"]["driver"]["rules"][0]
    assert rule["helpUri"].startswith("https://sheriff.example/pages/docs/kafka/")


def test_requests_are_answered_while_the_process_stays(tmp_path: Path) -> None:
    (tmp_path / "kafka.yaml").write_text(BAD)
    command = [sys.executable, "-m", "bot.cli", "validate", "--stdin-protocol"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for request, codes in (({"warm": True}, []), ({"file": "kafka.yaml"}, ["SCH001"]), ({}, ["USE001"])):
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            assert [d["code"] for d in json.loads(process.stdout.readline())] == codes
        process.stdin.close()
        assert process.wait(10) == 0


def test_the_check_starts_without_what_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "kafka.yaml").write_text(GOOD)
    code = (
        "import sys; sys.argv = ['sheriff', 'validate', 'kafka.yaml']\n"
        "from bot.cli import main\n"
        "try: main()\n"
        "finally: print([m for m in ('typer', 'click', 'pydantic', 'rich', 'numpy', 'fastapi') if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_cold_check_is_over_before_anybody_waits(tmp_path: Path) -> None:
    (tmp_path / "kafka.yaml").write_text(GOOD)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        assert sheriff("kafka.yaml", cwd=tmp_path).returncode == 0
        times.append(time.perf_counter() - start)

    assert min(times) < 1, "0.2 s on an idle machine; more on one that is busy with other tests"


# ---- fixes ----


def test_fix_mends_the_file_and_says_what_was_done_and_what_remains(run: Run) -> None:
    path = write("kafka.yaml", BAD.replace("[]", "7"))

    code, out, _ = run("validate", "--fix", "kafka.yaml")

    assert code == 1
    assert path.read_text() == GOOD.replace("[]", "7")
    assert "-  partitons: 12   # as agreed\n+  partitions: 12   # as agreed\n" in out
    assert "fixed kafka.yaml:4:3 SCH001" in out
    assert "kafka.yaml:5:9 error SCH002" in out
    assert out.rstrip().endswith("1 file checked: 1 error.")


def test_a_file_that_is_whole_after_its_fixes_gives_exit_code_0(run: Run) -> None:
    write("kafka.yaml", BAD)

    assert run("validate", "--fix", "kafka.yaml")[0] == 0
    assert run("validate", "--fix", "kafka.yaml")[1].startswith("kafka.yaml: no errors")


def test_style_is_a_warning_that_fix_mends_and_the_configuration_switches_off(run: Run) -> None:
    path = write("kafka.yaml", GOOD.replace("12 ", "12\t").replace("[]", "[] "))

    code, out, _ = run("validate", "kafka.yaml")
    assert (code, "kafka.yaml:5:11 warning LNT003" in out) == (0, True)
    write("off.yaml", "platform: {lints: [LNT001]}\n")
    assert "LNT003" not in run("validate", "kafka.yaml", "--config", "off.yaml")[1]
    assert "LNT003" not in run("validate", "kafka.yaml", "--schema", str(bundled.SCHEMAS / "kafka.schema.json"))[1]
    code, out, _ = run("validate", "--fix", "kafka.yaml")
    assert (code, "fixed kafka.yaml:5:11 LNT003" in out) == (0, True)
    assert path.read_text() == GOOD.replace("12 ", "12\t")


def test_a_repository_is_told_its_style_unless_the_configuration_switches_it_off(run: Run) -> None:
    shutil.copytree(bundled.DEPLOYMENT_REPOSITORY / "payments-deploy", "deploy")
    path = Path("deploy/kafka.yaml")
    path.write_text(f"{path.read_text()}# the end \n")
    write("off.yaml", "platform: {lints: []}\n")

    assert "deploy/kafka.yaml:19:10 warning LNT003" in run("validate", "deploy")[1]
    assert "LNT" not in run("validate", "deploy", "--config", "off.yaml")[1]


def test_diff_writes_nothing_and_git_applies_what_it_prints(run: Run) -> None:
    path = write("a/kafka.yaml", BAD.rstrip("\n").replace("\n", "\r\n"))

    code, out, _ = run("validate", "--diff", "a/kafka.yaml")

    assert code == 1
    assert "would fix a/kafka.yaml:4:3 SCH001" in out
    assert path.read_bytes() == BAD.rstrip("\n").replace("\n", "\r\n").encode()
    patch = out.encode()[: out.encode().index(b"would fix")]
    subprocess.run(["git", "apply", "--unsafe-paths", "-"], input=patch, check=True)
    assert path.read_bytes() == GOOD.rstrip("\n").replace("\n", "\r\n").encode()


def test_mode_line_ends_and_byte_order_mark_stay(run: Run) -> None:
    path = write("kafka.yaml", ("\ufeff" + BAD.replace("\n", "\r\n")).encode())
    path.chmod(0o640)

    run("validate", "--fix", "kafka.yaml")

    assert path.read_bytes() == ("\ufeff" + GOOD.replace("\n", "\r\n")).encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in Path().iterdir()] == ["kafka.yaml"]


def test_standard_input_is_mended_to_standard_output(tmp_path: Path) -> None:
    done = sheriff("--fix", "-", given=BAD.encode(), cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, GOOD.encode())
    assert b"fixed <stdin>:4:3 SCH001" in done.stderr


def test_standard_input_without_faults_passes_through(tmp_path: Path) -> None:
    assert sheriff("--fix", "-", given=b"\xff\x00", cwd=tmp_path).stdout == b"\xff\x00"
    assert sheriff("--fix", "-", given=GOOD.encode(), cwd=tmp_path).stdout == GOOD.encode()


def test_a_link_inside_stays_a_link_and_its_target_is_mended(run: Run) -> None:
    target = write("real/kafka.yaml", BAD)
    Path("kafka.yaml").symlink_to(target)

    code, _, _ = run("validate", "--fix", "kafka.yaml")

    assert (code, target.read_text(), Path("kafka.yaml").is_symlink()) == (0, GOOD, True)


def test_a_link_that_leads_outside_is_not_followed(run: Run) -> None:
    outside = write("../outside.yaml", BAD)
    Path("kafka.yaml").symlink_to(outside.resolve())
    write("deploy/other.yaml", GOOD)
    Path("deploy/kafka.yaml").symlink_to(outside.resolve())

    for name in ("kafka.yaml", "deploy"):
        code, out, err = run("validate", "--fix", name)

        assert code == 1
        assert outside.read_text() == BAD
        assert "is a link to" in err
        assert "fixed" not in out


def test_a_file_named_twice_is_mended_once(run: Run) -> None:
    path = write("kafka.yaml", BAD)

    code, out, err = run("validate", "--fix", "kafka.yaml", "kafka.yaml")

    assert (code, path.read_text(), out.count("fixed kafka.yaml:4:3"), err) == (0, GOOD, 1, "")


def test_with_another_format_the_report_has_standard_output_to_itself(run: Run) -> None:
    write("kafka.yaml", BAD)

    code, out, err = run("validate", "--fix", "--format", "json", "kafka.yaml")

    assert (code, json.loads(out)) == (0, [])
    assert "fixed kafka.yaml:4:3 SCH001" in err


# ---- editors ----


def test_exported_schemas_come_with_modelines_and_settings(run: Run) -> None:
    code, out, _ = run("schema", "export", "editor")

    settings = json.loads(out[out.index("{") :])["yaml.schemas"]
    assert code == 0
    assert "# yaml-language-server: $schema=editor/kafka.schema.json" in out
    assert settings["./editor/kafka.schema.json"] == ["**/kafka.yaml", "**/kafka.yml"]
    assert sorted(p.name for p in Path("editor").iterdir()) == sorted(p.name for p in bundled.SCHEMAS.iterdir())


def test_files_of_the_example_repository_satisfy_the_exported_copies(run: Run) -> None:
    run("schema", "export", "editor")

    for file in sorted(bundled.DEPLOYMENT_REPOSITORY.rglob("*.yaml")):
        schema = Path("editor") / f"{file.name.removesuffix('.yaml').replace('.', '-')}.schema.json"
        code, out, _ = run("validate", "--schema", str(schema), "--format", "json", str(file))

        assert (code, [d for d in json.loads(out) if d["severity"] == "error"]) == (0, []), file


def test_one_kind_can_be_exported_and_an_unknown_one_names_the_nearest(run: Run) -> None:
    assert run("schema", "export", "--kind", "Kafka")[0] == 0
    assert [path.name for path in Path("editor-schemas").iterdir()] == ["kafka.schema.json"]

    code, _, err = run("schema", "export", "--kind", "Kafak")

    assert code == 2
    assert "Did you mean Kafka?" in err


def test_the_platforms_own_schemas_are_never_overwritten(run: Run) -> None:
    write("sheriff.yaml", "platform: {schemas: schemas}\n")
    original = write("schemas/a.schema.json", '{"x-file": "a.yaml", "properties": {"b": {"type": "integer"}}}')

    code, _, err = run("schema", "export", "schemas")

    assert code == 2
    assert "own schemas" in err
    assert "anyOf" not in original.read_text()


# ---- hooks ----


def test_the_hooks_are_what_pre_commit_expects() -> None:
    hooks = {hook["id"]: hook for hook in load_manifest(ROOT / ".pre-commit-hooks.yaml")}

    assert set(hooks) == {"sheriff-validate", "sheriff-fix"}
    assert all(hook["types_or"] == ["yaml", "json"] for hook in hooks.values())


@pytest.mark.parametrize("number", [0, 1])
def test_the_entry_of_a_hook_runs_as_it_stands(number: int, tmp_path: Path) -> None:
    entry = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))[number]["entry"]
    program, *arguments = shlex.split(entry)
    (tmp_path / "kafka.yaml").write_text(GOOD)
    (tmp_path / "quotas.yaml").write_text(BAD.replace("Kafka", "Kafak"))

    command = [str(Path(sys.executable).with_name(program)), *arguments, "kafka.yaml", "quotas.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stderr
    assert "2 files checked" in done.stdout
