"""Zips that people send: what is read, and every way to be refused."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import stat
import struct
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.deployment.archives import CHECKED, MOST_ENTRIES, MOST_PACKED, MOST_UNPACKED, YAML, Parcel, is_zip
from knowledge.deployment.archives import unpacked as read_zip
from knowledge.errors import Misuse, TooLarge
from knowledge.validation.diagnostics import SourceFile


def packed(files: Mapping[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def packed_pairs(*pairs: tuple[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in pairs:
            archive.writestr(name, content)
    return target.getvalue()


def with_info(info: zipfile.ZipInfo, content: str = "a: 1\n") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("ok.yaml", "a: 1\n")
        archive.writestr(info, content)
    return target.getvalue()


def unpacked(content: bytes, *, suffixes: tuple[str, ...] = CHECKED) -> Mapping[str, bytes]:
    return read_zip(content, "repo.zip", suffixes=suffixes)


def refusal(content: bytes, kind: type[Misuse] = Misuse) -> str:
    with pytest.raises(Misuse) as caught:
        unpacked(content)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("repo.zip: ")
    return str(caught.value)


def test_the_yaml_and_json_files_of_a_zip_are_read_with_their_paths() -> None:
    content = packed({"a/kafka.yaml": "a: 1\n", "b.json": "{}", "c.yml": "é: 1", "README.md": "#", ".git/x.yaml": "x"})

    assert unpacked(content) == {"a/kafka.yaml": b"a: 1\n", "b.json": b"{}", "c.yml": "é: 1".encode()}
    assert list(unpacked(content, suffixes=YAML)) == ["a/kafka.yaml", "c.yml"]


def test_what_a_mac_adds_to_a_zip_is_left_out() -> None:
    content = packed({"r/kafka.yaml": "a: 1\n", "__MACOSX/r/._kafka.yaml": b"\x00\x05", "r/.DS_Store": b"\x00"})

    assert list(unpacked(content)) == ["r/kafka.yaml"]


def test_a_path_is_told_as_it_is_meant_and_without_control_characters() -> None:
    assert list(unpacked(packed({"./a.yaml": "", "b\x1b[2J.yaml": ""}))) == ["a.yaml", "b\ufffd[2J.yaml"]


@pytest.mark.parametrize(
    "name",
    [
        "../x.yaml",
        "a/../../x.yaml",
        "/etc/x.yaml",
        "C:/x.yaml",
        "C:x.yaml",
        "a\\..\\x.yaml",
        "..\\x.md",
        "\\\\server\\x.yaml",
        "//server/x.yaml",
    ],
)
def test_a_path_that_leads_out_is_refused(name: str) -> None:
    assert "leads out of the zip" in refusal(packed({"ok.yaml": "a: 1", name: "a: 1"}))


def test_a_path_that_is_cut_off_by_a_nul_is_refused() -> None:
    content = packed({"kafka.yaml+.txt": "a: 1"}).replace(b"kafka.yaml+.txt", b"kafka.yaml\0.txt")

    assert "leads out of the zip" in refusal(content)


def test_a_path_with_backslashes_is_refused_with_its_own_reason() -> None:
    assert "backslash" in refusal(packed({"prod\\kafka.yaml": "a: 1"}))


def test_a_symlink_is_refused() -> None:
    link = zipfile.ZipInfo("kafka.yaml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    assert "symbolic link" in refusal(with_info(link, "/etc/passwd"))


@pytest.mark.parametrize("name", ["inner.zip", "inner.tar.gz", "x/INNER.ZIP"])
def test_an_archive_inside_is_refused(name: str) -> None:
    assert "archive inside" in refusal(packed({"ok.yaml": "a: 1", name: packed({"x.yaml": "a"})}))


def test_an_archive_under_the_name_of_a_yaml_file_is_refused() -> None:
    assert "archive inside" in refusal(packed({"x.yaml": packed({"y.yaml": "a: 1"})}))


def test_a_bomb_is_refused_wherever_it_grows() -> None:
    too_large = "more than 10 MB when unpacked"

    assert too_large in refusal(packed({"a.yaml": b"0" * 30_000_000}), TooLarge)
    assert too_large in refusal(packed({f"{n}.yaml": os.urandom(9_000) * 100 for n in range(12)}), TooLarge)
    assert "“a.yaml” unpacks to more than 200 times" in refusal(packed({"a.yaml": b"0" * (MOST_UNPACKED - 1)}))
    assert "“1.yaml” unpacks to more than 200 times" in refusal(packed({f"{n}.yaml": b"0" * 900_000 for n in range(3)}))


def test_a_bomb_that_nobody_asked_for_is_left_packed() -> None:
    assert unpacked(packed({"a.yaml": "a", "bomb.bin": b"0" * 20_000_000})) == {"a.yaml": b"a"}


def test_many_equal_lines_are_no_bomb() -> None:
    lines = b"# a line of a comment that is repeated\n" * 20_000

    assert unpacked(packed({"a.yaml": lines})) == {"a.yaml": lines}


def test_the_stated_size_of_an_entry_is_not_believed() -> None:
    content = bytearray(packed({"a.yaml": b"0" * (MOST_UNPACKED * 2)}))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 10)

    with pytest.raises(Misuse):
        unpacked(bytes(content))


def test_too_many_entries_are_refused() -> None:
    content = packed({f"{n}.md": "" for n in range(MOST_ENTRIES + 1)})

    assert f"5,001 entries; at most {MOST_ENTRIES:,}" in refusal(content, TooLarge)


def test_a_zip_that_is_too_large_itself_is_refused() -> None:
    assert "larger than 10 MB" in refusal(b"PK\x03\x04" + b"0" * MOST_PACKED, TooLarge)


@pytest.mark.parametrize("names", [("a.yaml", "A.YAML"), ("a.yaml", "./a.yaml"), ("a\x01.yaml", "a\x02.yaml")])
def test_two_files_of_one_name_are_refused(names: tuple[str, str]) -> None:
    assert "name of another file" in refusal(packed(dict.fromkeys(names, "a: 1")))


def test_one_name_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = packed_pairs(("a.yaml", "a: 1"), ("a.yaml", "a: 2"))

    assert "name of another file" in refusal(content)


def test_an_encrypted_file_is_refused() -> None:
    content = bytearray(packed({"a.yaml": "a: 1"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1

    assert "without a password" in refusal(bytes(content))


def test_an_unusual_compression_is_refused() -> None:
    assert "ordinary .zip" in refusal(packed({"a.yaml": "a: 1"}, method=zipfile.ZIP_LZMA))


def test_a_zip_without_yaml_says_so() -> None:
    assert "holds no .yaml, .yml or .json" in refusal(packed({"README.md": "#"}))


@pytest.mark.parametrize("cut", [4, 30, 60, -1, -22])
def test_a_broken_zip_is_refused(cut: int) -> None:
    assert "repo.zip: " in refusal(packed({"a.yaml": "a: 1\n" * 100})[:cut])


@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_a_zip_with_a_changed_byte_is_read_or_refused(flip: int) -> None:
    whole = packed({"a.yaml": "a: 1\n" * 20, "b/c.json": "{}"})
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= flip
        with contextlib.suppress(Misuse):
            assert unpacked(bytes(content))


WHOLE = packed({"topology.yaml": "kind: Topology\n" * 9, "prod/kafka.yaml": "kind: Kafka\n" * 9, "ü.yaml": "x"})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 40))
def test_a_damaged_zip_is_read_or_refused_and_nothing_else(damage: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(WHOLE[: len(WHOLE) - cut])
    for place, byte in damage:
        if place < len(content):
            content[place] = byte

    try:
        found = unpacked(bytes(content))
    except Misuse as refused:
        assert str(refused).startswith("repo.zip: ")  # noqa: PT017 - either outcome is right
    else:
        assert not any(".." in path.split("/") or path.startswith("/") for path in found)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "is empty"),
        (b"kind: Kafka\n", "is no zip"),
        (gzip.compress(b"a: 1"), "is a gzip archive"),
        (bz2.compress(b"a: 1"), "is a bzip2 archive"),
        (lzma.compress(b"a: 1"), "is an xz archive"),
        (b"7z\xbc\xaf\x27\x1c....", "is a 7z archive"),
        (b"\0" * 257 + b"ustar\0", "is a tar archive"),
        (b"#!/bin/sh\n" + packed({"a.yaml": "a: 1"}), "is no zip"),
    ],
    ids=["nothing", "text", "gzip", "bzip2", "xz", "7z", "tar", "a program with a zip behind it"],
)
def test_what_is_only_called_a_zip_is_refused_with_what_it_is(content: bytes, kind: str) -> None:
    assert f": {kind}" in refusal(content)


def test_a_zip_is_known_by_its_name_or_its_bytes() -> None:
    assert is_zip("repo", packed({"a.yaml": ""}))
    assert is_zip("REPO.ZIP")
    assert is_zip("repo.zip", b"a: 1\n"), "what else it is, is told when it is read"
    assert not is_zip("a.yaml", packed({"a.yaml": ""})), "told as what it is by the check itself"


# ---- what came together ----


def test_zips_that_come_together_share_one_limit() -> None:
    content = packed({"a.yaml": "".join(f"k{n}: {n * 7919}\n" for n in range(400_000))})
    parcel = Parcel()
    parcel.add(SourceFile("1.zip", content))

    with pytest.raises(TooLarge, match=r"^2\.zip: more than 10 MB when unpacked"):
        parcel.add(SourceFile("2.zip", content))


def test_files_of_one_name_in_two_zips_are_told_apart() -> None:
    parcel = Parcel()
    parcel.add(SourceFile("a.yaml", "a: 0"))
    parcel.add(SourceFile("1.zip", packed({"a.yaml": "a: 1", "b.yaml": "b: 1"})))
    parcel.add(SourceFile("2.zip", packed({"b.yaml": "b: 2"})))

    assert [file.name for file in parcel.files] == ["a.yaml", "1.zip/a.yaml", "b.yaml", "2.zip/b.yaml"]


def test_too_many_files_in_all_are_refused() -> None:
    content = packed({f"{n}.yaml": "" for n in range(MOST_ENTRIES)})
    parcel = Parcel()
    parcel.add(SourceFile("1.zip", content))

    with pytest.raises(TooLarge, match="more than 5,000 files"):
        parcel.add(SourceFile("a.yaml", "a: 1"))
