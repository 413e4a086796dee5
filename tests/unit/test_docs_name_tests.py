"""Pages that promise something name the test that shows it: each of those tests is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_THERE = {file.name for file in (REPOSITORY / "tests").glob("*/test_*.py")}


@pytest.mark.parametrize("page", ["SECURITY.md", "reliability.md"])
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", (REPOSITORY / "docs" / page).read_text("utf-8")))

    assert len(named) > 10
    assert sorted(named - _THERE) == []


def test_each_of_the_ten_risks_has_its_test() -> None:
    text = (REPOSITORY / "docs" / "SECURITY.md").read_text("utf-8")
    rows = re.findall(r"^\| (LLM\d\d) .*\| (.*) \|$", text, re.MULTILINE)

    assert [number for number, _ in rows] == [f"LLM{number:02}" for number in range(1, 11)]
    assert all("`test_" in tests for _, tests in rows)
