"""Questions in words about values at leaves, and files that came together."""

from __future__ import annotations

import pytest

from bot import deployments
from bot.intents import Intent, understand
from bot.messages import Attachment, Incoming, Person
from knowledge import bundled
from knowledge.deployment.asking import ask
from knowledge.deployment.together import check_together
from knowledge.validation.diagnostics import SourceFile

PLATFORM = deployments.platform(bundled.SCHEMAS)
FILES = dict(deployments.read(bundled.DEPLOYMENT_REPOSITORY / "payments-deploy"))
_, LEAVES = deployments.with_leaves(FILES, PLATFORM, "payments-deploy")
BLUE, GREEN = (f"prod/sub-payments-prod/eu-west/p1/pf-{colour}" for colour in ("blue", "green"))
AMBER = "dev/sub-payments-dev/eu-west/p1/pf-amber"


@pytest.mark.parametrize(
    ("question", "leaves"),
    [
        ("what is the alert threshold on prod-eu?", [BLUE, GREEN]),
        ("alert threshold at pf-green", [GREEN]),
        ("what is the alert threshold on prod-eu-west-p1-pf-blue", [BLUE]),
        ("threshold in development", [AMBER]),
        ("which threshold do our alerts have?", [BLUE, GREEN, AMBER]),
    ],
)
def test_the_leaves_of_a_question_are_those_it_names(question: str, leaves: list[str]) -> None:
    assert [told.leaf.node_path for told in ask(LEAVES, question)] == leaves


def test_only_the_values_that_are_named_are_told_with_what_their_elements_are_called() -> None:
    [told] = ask(LEAVES, "how many partitions has the topic on pf-amber?")

    assert {(one.component, one.path[-1]) for one in told.found} == {("kafka", "partitions")}
    assert {one.path[-1] for one in told.shown} == {"name", "partitions"}


@pytest.mark.parametrize("question", ["hello", "is this right?", "please check my repository", ""])
def test_what_names_no_value_is_no_question_about_one(question: str) -> None:
    assert ask(LEAVES, question) == []


def sent(folder: str = "") -> list[SourceFile]:
    return [SourceFile(f"{folder}{path}", content) for path, content in FILES.items()]


@pytest.mark.parametrize("folder", ["", "payments-deploy/", "a\\b\\"])
def test_files_with_a_topology_are_checked_as_one_repository(folder: str) -> None:
    strange = SourceFile(f"{folder}prod/eu-wst/quotas.yaml", "apiVersion: sheriff/v1\nkind: Quotas\n")

    checked = check_together([*sent(folder), strange], PLATFORM)

    assert ("OVL001", strange.name) in {(d.code, d.file) for d in checked.report.diagnostics}
    assert checked.leaves is not None
    assert {file.name for file in checked.report.files} == {file.name for file in [*sent(folder), strange]}


def test_files_without_a_topology_and_those_beside_it_are_checked_by_themselves() -> None:
    wrong = SourceFile("other/kafka.yaml", "apiVersion: sheriff/v1\nkind: Kafka\ntopcs: []\n")

    assert check_together([wrong], PLATFORM).leaves is None
    assert [d.code for d in check_together([wrong], PLATFORM).report.diagnostics] == ["SCH001"]
    together = check_together([*sent("payments-deploy/"), wrong], PLATFORM).report
    assert [(d.code, d.file) for d in together.diagnostics] == [("SCH001", "other/kafka.yaml")]


def test_an_archive_in_a_chat_is_unpacked_and_a_bad_one_is_refused_with_the_reason() -> None:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("payments/topology.yaml", FILES["topology.yaml"])
        archive.writestr("payments/README.md", "no YAML")

    good, bad, empty = (
        understand(Incoming("m", "web", "c", Person("kim", "Kim"), "check", (Attachment("a.zip", content),)))
        for content in (packed.getvalue(), b"PK not an archive", b"")
    )

    assert (good.intent, [file.name for file in good.files]) == (Intent.CHECK, ["payments/topology.yaml"])
    assert bad.intent is empty.intent is Intent.REFUSE
    assert "a.zip: is no zip" in bad.reason
