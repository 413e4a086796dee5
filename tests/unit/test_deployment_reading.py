"""Where the files of a repository come from: folders, archives, Git. All of them real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from knowledge.deployment.reading import of_folder, of_git, of_zip
from knowledge.errors import Misuse

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX links and permissions")


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


# ---- a folder ----


def test_the_yaml_files_of_a_folder_are_read_by_their_paths(tmp_path: Path) -> None:
    write(tmp_path, {"topology.yaml": "a", "prod/kafka.yml": "b", "README.md": "c", "prod/notes.txt": "d"})

    assert of_folder(tmp_path) == {"topology.yaml": b"a", "prod/kafka.yml": b"b"}


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "a", ".b.yaml": "b", ".git/c.yaml": "c", "prod/.d/e.yaml": "e"})

    assert list(of_folder(tmp_path)) == ["a.yaml"]


def test_a_folder_inside_of_a_hidden_one_is_read_when_it_is_named(tmp_path: Path) -> None:
    write(tmp_path, {".work/repo/a.yaml": "a"})

    assert list(of_folder(tmp_path / ".work/repo")) == ["a.yaml"]


@posix
def test_links_that_lead_out_of_the_folder_are_left_out_and_others_followed(tmp_path: Path) -> None:
    repo = write(tmp_path / "repo", {"a.yaml": "a", "prod/x.txt": ""})
    write(tmp_path, {"secret.yaml": "secret", "outside/b.yaml": "b"})
    (repo / "out.yaml").symlink_to("../secret.yaml")
    (repo / "far").symlink_to(tmp_path / "outside", target_is_directory=True)
    (repo / "prod" / "a.yaml").symlink_to("../a.yaml")

    assert of_folder(repo) == {"a.yaml": b"a", "prod/a.yaml": b"a"}


@posix
def test_links_to_themselves_and_to_nothing_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "a"})
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "gone.yaml").symlink_to("gone-too.yaml")
    (tmp_path / "round").symlink_to(".", target_is_directory=True)

    assert list(of_folder(tmp_path)) == ["a.yaml"]


@posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")

    assert of_folder(tmp_path) == {}


@pytest.fixture
def without_rights() -> Iterator[Path]:
    """A folder that the test, even when run by root, may list but not use beyond its permissions."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        shutil.rmtree(folder)


@posix
@pytest.mark.parametrize("locked", ["prod/kafka.yaml", "prod"])
def test_a_file_or_folder_that_may_not_be_read_is_named(without_rights: Path, locked: str) -> None:
    if os.getuid() == 0:
        os.seteuid(0)
    write(without_rights, {"topology.yaml": "a", "prod/kafka.yaml": "b"})
    (without_rights / locked).chmod(0)
    if os.getuid() == 0:
        os.seteuid(65534)

    with pytest.raises(Misuse, match=rf"{locked}: cannot be read \(Permission denied\)"):
        of_folder(without_rights)


def test_a_folder_with_more_than_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    line = b"# " + b"x" * 997 + b"\n"
    write(tmp_path, {f"{number}.yaml": line * 22_000 for number in range(3)})

    with pytest.raises(Misuse, match="more than 64 MB of YAML"):
        of_folder(tmp_path)


# ---- a zip ----


def packed(target: Path, files: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target


def test_the_yaml_files_of_a_zip_are_read_by_their_paths(tmp_path: Path) -> None:
    content = {"topology.yaml": "a", "prod/kafka.yml": "b", "README.md": "c", ".x/d.yaml": "d", "e.json": "{}"}

    assert of_zip(packed(tmp_path / "r.zip", content)) == {"topology.yaml": b"a", "prod/kafka.yml": b"b"}


def test_the_one_folder_that_holds_everything_is_the_top(tmp_path: Path) -> None:
    assert of_zip(packed(tmp_path / "r.zip", {"repo/topology.yaml": "a", "repo/prod/k.yaml": "b"})) == {
        "topology.yaml": b"a",
        "prod/k.yaml": b"b",
    }


def test_a_folder_beside_the_topology_stays(tmp_path: Path) -> None:
    content = {"topology.yaml": "a", "prod/k.yaml": "b"}

    assert set(of_zip(packed(tmp_path / "r.zip", content))) == set(content)


# ---- Git ----


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with two commits: kafka.yaml was changed, dns.yaml removed, a name has an umlaut."""
    folder = write(
        tmp_path / "checkout",
        {"topology.yaml": "1", "kafka.yaml": "old", "prod/dns.yaml": "gone", "prod/ü ö.yaml": "name", "x.md": "no"},
    )
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    git(folder, "branch", "before")
    (folder / "kafka.yaml").write_text("new")
    (folder / "prod/dns.yaml").unlink()
    commit(folder)
    (folder / "kafka.yaml").write_text("not committed")
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change")


def test_a_commit_has_the_files_of_its_time(checkout: Path) -> None:
    expected = {"topology.yaml": b"1", "kafka.yaml": b"old", "prod/dns.yaml": b"gone", "prod/ü ö.yaml": b"name"}

    for reference in (
        "HEAD~1",
        "before",
        git(checkout, "rev-parse", "before"),
        git(checkout, "rev-parse", "HEAD~1")[:9],
    ):
        assert of_git(checkout, reference) == expected


def test_what_was_removed_since_is_not_there_at_head(checkout: Path) -> None:
    assert of_git(checkout, "HEAD") == {"topology.yaml": b"1", "kafka.yaml": b"new", "prod/ü ö.yaml": b"name"}


def test_a_folder_below_the_top_has_its_own_files_only(checkout: Path) -> None:
    assert of_git(checkout / "prod", "before") == {"dns.yaml": b"gone", "ü ö.yaml": b"name"}


@pytest.mark.parametrize("name", ["déploiement", "with spaces ", "star*[x]"])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    git(tmp_path, "init", "-q")
    folder = write(tmp_path / name, {"topology.yaml": "1", "prod/a.yaml": "2"})
    commit(tmp_path)

    assert of_git(folder, "HEAD") == {"topology.yaml": b"1", "prod/a.yaml": b"2"}


def test_links_and_hidden_files_of_a_commit_are_left_out(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {"a.yaml": "a", ".hidden/b.yaml": "b"})
    (tmp_path / "link.yaml").symlink_to("/etc/passwd")
    commit(tmp_path)

    assert list(of_git(tmp_path, "HEAD")) == ["a.yaml"]


def test_a_commit_without_yaml_has_no_files(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {"README.md": "a"})
    commit(tmp_path)

    assert of_git(tmp_path, "HEAD") == {}


@pytest.mark.parametrize("reference", ["nowhere", "HEAD~9", "main..before", "a b", "ü"])
def test_an_unknown_reference_is_told_in_one_sentence_with_the_remedy(checkout: Path, reference: str) -> None:
    with pytest.raises(Misuse, match=r"git says: .*Name a branch, a tag or a commit") as refused:
        of_git(checkout, reference)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("reference", ["--output=x", "-h", "", "  ", "a\0b"])
def test_a_reference_that_git_would_take_for_an_option_is_refused(checkout: Path, reference: str) -> None:
    with pytest.raises(Misuse, match="is no Git reference"):
        of_git(checkout, reference)

    assert not (checkout / "x").exists()


def test_a_folder_outside_of_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(Misuse, match="not a git repository"):
        of_git(tmp_path, "HEAD")


def test_a_repository_without_a_commit_is_told(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    with pytest.raises(Misuse, match="git says"):
        of_git(tmp_path, "HEAD")


def test_a_missing_git_is_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(Misuse, match="git is not installed"):
        of_git(checkout, "HEAD")
