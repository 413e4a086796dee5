"""Zips that people send: what is read, and every way to be refused."""

from __future__ import annotations

import contextlib
import io
import stat
import struct
import time
import zipfile
from collections.abc import Mapping

import pytest

from bot.channels.archives import MAX_ENTRIES, MAX_FILES, MAX_UNPACKED, is_zip, unpacked
from bot.channels.problems import Problem


def packed(files: Mapping[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_info(info: zipfile.ZipInfo, content: str = "a: 1\n") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("ok.yaml", "a: 1\n")
        archive.writestr(info, content)
    return target.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(Problem) as caught:
        unpacked("repo.zip", content)
    assert caught.value.status in {413, 422}
    assert str(caught.value).startswith("repo.zip")
    return str(caught.value)


def test_the_yaml_and_json_files_of_a_zip_are_read_with_their_paths() -> None:
    content = packed({"a/kafka.yaml": "a: 1\n", "b.json": "{}", "c.yml": "é: 1", "README.md": "#", ".git/x.yaml": "x"})

    assert [(f.name, f.content) for f in unpacked("repo.zip", content)] == [
        ("a/kafka.yaml", b"a: 1\n"),
        ("b.json", b"{}"),
        ("c.yml", "é: 1".encode()),
    ]


@pytest.mark.parametrize(
    "name", ["../x.yaml", "a/../../x.yaml", "/etc/x.yaml", "C:/x.yaml", "a\\..\\x.yaml", "..\\x.md"]
)
def test_a_path_that_leads_out_is_refused(name: str) -> None:
    assert "leads out of the zip" in refusal(packed({"ok.yaml": "a: 1", name: "a: 1"}))


def test_a_symlink_is_refused() -> None:
    link = zipfile.ZipInfo("kafka.yaml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    assert "symbolic link" in refusal(with_info(link, "/etc/passwd"))


@pytest.mark.parametrize("name", ["inner.zip", "inner.tar.gz", "x/INNER.ZIP"])
def test_an_archive_inside_is_refused(name: str) -> None:
    assert "archive inside" in refusal(packed({"ok.yaml": "a: 1", name: packed({"x.yaml": "a"})}))


def test_an_archive_under_the_name_of_a_yaml_file_is_refused() -> None:
    assert "archive inside" in refusal(packed({"x.yaml": packed({"y.yaml": "a: 1"})}))


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    begun = time.perf_counter()

    assert "larger than 10 MB when unpacked" in refusal(packed({"a.yaml": b"0" * 300_000_000}))
    assert "more than 200 times" in refusal(packed({"a.yaml": b"0" * (MAX_UNPACKED - 1)}))
    assert "larger than 10 MB" in refusal(packed({f"{n}.yaml": bytes([n]) * 900_000 for n in range(20)}))
    assert time.perf_counter() - begun < 10


def test_the_stated_size_of_an_entry_is_not_believed() -> None:
    content = bytearray(packed({"a.yaml": b"0" * (MAX_UNPACKED * 2)}))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 10)

    assert refusal(bytes(content))


def test_too_many_entries_or_files_are_refused() -> None:
    assert f"at most {MAX_ENTRIES:,}" in refusal(packed({f"{n}.md": "" for n in range(MAX_ENTRIES + 1)}))
    assert f"at most {MAX_FILES}" in refusal(packed({f"{n}.yaml": "a" for n in range(MAX_FILES + 1)}))


def test_two_files_of_one_name_are_refused() -> None:
    assert "two files of one name" in refusal(packed({"a.yaml": "a: 1", "A.YAML": "a: 2"}))


def test_an_encrypted_file_is_refused() -> None:
    content = bytearray(packed({"a.yaml": "a: 1"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1

    assert "without a password" in refusal(bytes(content))


def test_an_unusual_compression_is_refused() -> None:
    assert "ordinary zip" in refusal(packed({"a.yaml": "a: 1"}, method=zipfile.ZIP_LZMA))


def test_a_zip_without_yaml_says_so() -> None:
    assert "holds no .yaml, .yml or .json" in refusal(packed({"README.md": "#"}))


@pytest.mark.parametrize("cut", [4, 30, 60, -1, -22])
def test_a_broken_zip_is_refused(cut: int) -> None:
    assert refusal(packed({"a.yaml": "a: 1\n" * 100})[:cut])


@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_a_zip_with_a_changed_byte_is_read_or_refused(flip: int) -> None:
    whole = packed({"a.yaml": "a: 1\n" * 20, "b/c.json": "{}"})
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= flip
        with contextlib.suppress(Problem):
            assert unpacked("repo.zip", bytes(content))


def test_a_zip_is_known_by_its_bytes() -> None:
    assert is_zip("repo", packed({"a.yaml": ""}))
    assert not is_zip("repo.zip", b"a: 1\n")
    assert not is_zip("a.yaml", packed({"a.yaml": ""})), "told as what it is by the check itself"
