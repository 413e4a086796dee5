"""Drafts of sections: quoted from resolutions, or written and checked against them."""

from __future__ import annotations

import pytest

from bot.gap_writing import SectionWriter
from bot.support.cases import Case
from bot.support.gap_draft import Where, clean, patch, quoted, sources
from knowledge.tokens import STANDARD
from tests.fakes import ScriptedChat, a_case

CALLERS = "The owner lists your application under `callers` in `jor.yaml`."


def resolved(number: int, resolution: str) -> Case:
    return a_case(f"c-{number:08}", ticket=f"SUP-{number}", resolution=resolution)


def test_resolutions_are_quoted_once_each_under_the_gaps_name() -> None:
    section = quoted("Can JOR start a job elsewhere??", [resolved(97, CALLERS), resolved(61, CALLERS)])

    assert section == f"### Can JOR start a job elsewhere\n\n{CALLERS}"


def test_without_a_resolution_there_is_no_draft() -> None:
    assert quoted("Why?", []) == ""
    assert quoted("Why?", [resolved(1, "  ")]) == ""


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "[click](https://evil.test)", "![x](https://evil.test)"]
)
def test_what_somebody_pasted_is_no_markup_in_a_draft(hostile: str) -> None:
    section = quoted(f"Why {hostile}", [resolved(1, f"Set `a`. {hostile}")])

    assert "<script" not in section
    assert "evil.test" not in section
    assert "Set `a`." in section


def test_a_heading_in_a_resolution_does_not_cut_the_page_in_two() -> None:
    assert clean("# Big\n\ntext") == "\\# Big\n\ntext"


def test_a_patch_adds_after_what_stands_there_or_makes_a_page() -> None:
    known = patch("### New\n\nText.", Where("jor/jobs.md", "Namespaces", "A job runs in its own."))
    new = patch("### New", Where("", "", ""))

    assert known.splitlines() == [
        "--- a/jor/jobs.md",
        "+++ b/jor/jobs.md",
        "@@ Namespaces @@",
        " A job runs in its own.",
        "+",
        "+### New",
        "+",
        "+Text.",
    ]
    assert new.splitlines() == ["--- /dev/null", "+++ b/new-page.md", "@@ -0,0 +1,1 @@", "+### New"]


def test_sources_are_named_as_people_call_them() -> None:
    assert sources([resolved(97, "a"), resolved(61, "b")]) == "SUP-97 and SUP-61"
    assert sources([resolved(97, "a")]) == "SUP-97"


def test_a_section_is_written_when_the_resolutions_back_it() -> None:
    model = ScriptedChat("The owner lists your application under `callers` in `jor.yaml`. [1]")

    section = SectionWriter(model, STANDARD)("Can JOR start a job elsewhere?", [resolved(97, CALLERS)])

    assert section == f"### Can JOR start a job elsewhere\n\n{CALLERS}"


def test_what_the_resolutions_do_not_say_is_not_written() -> None:
    model = ScriptedChat("Set `namespaces.foreign: true` in the `cluster.yaml` of the region. [1]")

    assert SectionWriter(model, STANDARD)("Can JOR?", [resolved(97, CALLERS)]) == ""


def test_a_silent_or_declining_model_leaves_it_to_the_quotation() -> None:
    for model in (ScriptedChat(fault="down"), ScriptedChat("NO_ANSWER")):
        assert SectionWriter(model, STANDARD)("Can JOR?", [resolved(97, CALLERS)]) == ""
