"""Files that come for a case, in words."""

from __future__ import annotations

import pytest

from bot.enclosures import enclosed
from bot.examining import here
from bot.messages import Attachment
from tests.teams_bot import PLATFORM

WRONG = b"apiVersion: sheriff/v1\nkind: Kafka\nquota:\n  partitons: 12\n"


def test_a_file_is_told_with_its_name_its_findings_and_its_text() -> None:
    told = enclosed([Attachment("kafka.yaml", WRONG)], here(PLATFORM))

    assert "in kafka.yaml" in told.findings
    assert "partitons" in told.findings
    assert told.text.startswith(told.findings)
    assert f"````yaml kafka.yaml\n{WRONG.decode().rstrip()}\n````" in told.text


def test_of_many_files_only_what_was_found_is_told() -> None:
    told = enclosed([Attachment(f"kafka-{n}.yaml", WRONG) for n in range(5)], here(PLATFORM))

    assert "kafka-4.yaml" in told.findings
    assert told.text == told.findings


@pytest.mark.parametrize("name", ["trace.log", "thread.pdf"])
def test_what_cannot_be_checked_is_named_with_the_reason(name: str) -> None:
    told = enclosed([Attachment(name, b"x")], here(PLATFORM))

    assert told.findings.startswith(f"{name}: not checked. ")
    assert "only .yaml, .yml, .json and .zip" in told.text


def test_what_can_be_checked_is_checked_beside_what_cannot() -> None:
    told = enclosed([Attachment("kafka.yaml", WRONG), Attachment("trace.log", b"x")], here(PLATFORM))

    assert "partitons" in told.findings
    assert "trace.log" in told.findings
