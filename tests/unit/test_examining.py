"""Checking what was sent, here or behind a fence: the same is found, and what takes too much is a sentence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.examining import Examiner, PlatformFiles, behind, fence, here
from bot.wording import of_values
from knowledge import bundled
from knowledge.adapters.fence import Limits, OverrunError
from knowledge.deployment.platform import Platform
from knowledge.errors import TooCostly
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import SourceFile

PLATFORM = Platform(SchemaCatalog.load(bundled.SCHEMAS))
ASKED = "what is the partitions quota?"
WRONG = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitons: 12\n"


@pytest.fixture(scope="module")
def fenced() -> Iterator[Examiner]:
    files = PlatformFiles(bundled.SCHEMAS, rules=())
    fenced = fence(files, Limits(seconds=60, processor=30), processes=1)
    yield behind(fenced, files, PLATFORM)
    fenced.close()


def zipped(**files: str) -> SourceFile:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.yaml", text)
    return SourceFile("repo.zip", target.getvalue())


def overrunning(_: Callable[..., Any], *__: Any) -> Any:
    raise OverrunError("takes longer than 3 s")


def test_a_fence_finds_what_is_found_here(fenced: Examiner) -> None:
    files = [SourceFile("kafka.yaml", WRONG), SourceFile("broken.yaml", b"a: [1\n")]

    told = fenced.examine(files, mended=True)

    assert told.report.diagnostics == here(PLATFORM).examine(files, mended=True).report.diagnostics
    assert [d.code for d in told.report.diagnostics if d.file == "kafka.yaml"]


def test_a_question_about_a_value_is_answered_from_behind_the_fence(fenced: Examiner) -> None:
    topology = "apiVersion: sheriff/v1\nkind: Topology\napplication: payments\nlevels: [group]\nnodes:\n- name: prod\n"
    kafka = "apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitions: 12\n"
    opened = fenced.opened([zipped(topology=topology, kafka=kafka)])

    assert not opened.refused
    told = [each.examine(opened.files, asked=ASKED).told for each in (fenced, here(PLATFORM))]
    assert of_values(told[0], ()) == of_values(told[1], ())
    assert "12" in of_values(told[0], ())


def test_a_zip_is_opened_behind_the_fence_and_a_bad_one_is_refused_with_its_reason(fenced: Examiner) -> None:
    found = fenced.opened([zipped(a="a: 1\n"), SourceFile("bad.zip", b"PK\x03\x04 none")])

    assert [file.name for file in found.files] == ["a.yaml"]
    assert [str(reason).partition(":")[0] for reason in found.refused] == ["bad.zip"]


def test_what_takes_too_much_is_named_with_a_remedy() -> None:
    examiner = Examiner(PLATFORM, overrunning)
    many = [SourceFile(f"f{number}.yaml", "a: 1\n") for number in range(5)]

    with pytest.raises(TooCostly, match=r"The check of f0\.yaml, f1\.yaml, f2\.yaml and 2 more was stopped: it takes"):
        examiner.examine(many)
    (refusal,) = examiner.opened([zipped(a="a: 1\n")]).refused
    assert str(refusal) == "repo.zip takes longer than 3 s, so it was not read. Pack a part of it."
