"""One zip sent to the API, attached in the chat and named on the command line: all three say the same of it."""

from __future__ import annotations

import bz2
import io
import json
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from bot import deployments
from bot.messages import Attachment
from knowledge import bundled
from knowledge.adapters.local_embedder import LocalEmbedder
from knowledge.deployment.archives import MOST_ENTRIES
from knowledge.deployment.together import check_together
from knowledge.validation.outputs.records import as_list
from tests import web_office
from tests.commands import Run, run
from tests.integration import test_turn

__all__ = ["run"]


@dataclass
class Ways:
    """The three ways into Sheriff, over one platform."""

    turns: test_turn.Office
    client: TestClient
    run: Run


@pytest.fixture
def ways(platform_home: Path, local_embedder: LocalEmbedder, tmp_path: Path, run: Run) -> Iterator[Ways]:
    platform = deployments.platform(bundled.SCHEMAS)
    turns = test_turn.office_of(platform_home, local_embedder, tmp_path, platform=platform)
    (tmp_path / "web").mkdir()
    web = web_office.Office(tmp_path / "web")
    app = web.app(sheriff=turns.sheriff, validate=lambda files: check_together(files, platform).report)
    with TestClient(app, base_url="http://127.0.0.1:3978") as client:
        yield Ways(turns, client, run)
    web.close()
    turns.library.close()
    turns.store.close()


def packed(files: Mapping[str, str | bytes], *links: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for name in links:
            link = zipfile.ZipInfo(name)
            link.create_system = 3
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
    return target.getvalue()


def encrypted() -> bytes:
    content = bytearray(packed({"kafka.yaml": "a: 1"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


HOSTILE: Mapping[str, tuple[bytes, int, str]] = {
    "out": (packed({"../kafka.yaml": "a: 1"}), 422, "leads out"),
    "link": (packed({"topology.yaml": "a: 1"}, "kafka.yaml"), 422, "symbolic link"),
    "bomb": (packed({"kafka.yaml": b"0" * 20_000_000}), 413, "more than 10 MB"),
    "ratio": (packed({"kafka.yaml": b"0" * 2_000_000}), 422, "200 times"),
    "entries": (packed({f"{n}.txt": "" for n in range(MOST_ENTRIES + 1)}), 413, "5,001 entries"),
    "nested": (packed({"kafka.yaml": "a: 1", "b.zip": packed({"a.yaml": ""})}), 422, "archive inside"),
    "twice": (packed({"kafka.yaml": "a: 1", "Kafka.yaml": "a: 1"}), 422, "name of another file"),
    "password": (encrypted(), 422, "without a password"),
    "lzma": (packed({"kafka.yaml": "a: 1"}, method=zipfile.ZIP_LZMA), 422, "ordinary .zip"),
    "bzip2": (bz2.compress(b"a: 1"), 422, "bzip2 archive"),
    "cut": (packed({"kafka.yaml": "a: 1"})[:-30], 422, "cannot be unpacked"),
    "nothing": (packed({"README.md": "#"}), 422, "holds no .yaml, .yml or .json"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_zip_that_is_refused_is_refused_everywhere_in_the_same_words(ways: Ways, tmp_path: Path, name: str) -> None:
    content, status, words = HOSTILE[name]
    (tmp_path / "sent.zip").write_bytes(content)

    api = ways.client.post("/api/v1/validate", files={"files": ("sent.zip", content, "application/zip")})
    page = ways.client.post(
        "/chat",
        data={"text": ""},
        files={"files": ("sent.zip", content, "application/zip")},
        headers={"accept": "text/html"},
    )
    command = ways.run("validate", "sent.zip")

    assert (api.status_code, command.code) == (status, 2)
    said = api.json()["error"]
    assert said.startswith("sent.zip: ")
    assert words in said
    assert command.err == f"sheriff: {said}\n"
    shown = LexborHTMLParser(page.text).css_first(".reply.refused").text(separator=" ")
    assert said in " ".join(shown.split())


def test_what_is_wrong_in_a_repository_is_told_alike(ways: Ways, tmp_path: Path) -> None:
    repo = Path(shutil.copytree(bundled.DEPLOYMENT_REPOSITORY / "payments-deploy", tmp_path / "r" / "payments-deploy"))
    (repo / "kafkaa.yaml").write_text("kind: Kafka\n")
    (repo / "prod" / "package.json").write_text('{"name": 1,}')
    (repo / ".git").mkdir()
    (repo / ".git" / "x.yaml").write_text("a: [")
    (repo / "OLD.YAML").write_text("a: [")
    content = Path(shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path / "r")).read_bytes()

    api = ways.client.post("/api/v1/validate", content=content).json()
    chat = ways.turns.say("", Attachment("sent.zip", content)).report
    command = ways.run("validate", "--format", "json", "sent.zip")

    assert chat
    assert _told(api["diagnostics"]) == _told(json.loads(as_list(chat.diagnostics)))
    assert _told(json.loads(command.out)) == [
        (f"sent.zip/{file}", line, code, message) for file, line, code, message in _told(api["diagnostics"])
    ]
    assert {"payments-deploy/kafkaa.yaml", "payments-deploy/prod/package.json", "payments-deploy/OLD.YAML"} == {
        d["file"] for d in api["diagnostics"]
    }


def _told(diagnostics: list[dict[str, Any]]) -> list[tuple[str, int, str, str]]:
    return [(d["file"], d["line"], d["code"], d["message"]) for d in diagnostics]


def test_a_zip_that_is_refused_does_not_keep_the_other_names_from_being_checked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("apiVersion: sheriff/v1\nkind: Kafka\ntopcs: []\n")
    (tmp_path / "out.zip").write_bytes(HOSTILE["out"][0])
    (tmp_path / "good.zip").write_bytes(packed({"kafka.yaml": "apiVersion: sheriff/v1\nkind: Kafka\nquoto: 1\n"}))

    done = run("validate", "--format", "json", "nowhere.zip", "out.zip", "wrong.yaml", "good.zip")

    assert done.code == 2
    assert {d["file"] for d in json.loads(done.out)} == {"wrong.yaml", "good.zip/kafka.yaml"}
    assert "sheriff: nowhere.zip: no such file" in done.err
    assert "sheriff: out.zip: “../kafka.yaml” is a path that leads out" in done.err


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_files_in_a_zip_are_not_mended(run: Run, tmp_path: Path, option: str) -> None:
    (tmp_path / "sent.zip").write_bytes(packed({"kafka.yaml": "a: 1"}))

    done = run("validate", option, "sent.zip")

    assert (done.code, done.out) == (2, "")
    assert "Unpack it, and name the folder" in done.err
