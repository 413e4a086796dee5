"""Answers without a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.citing import one_per_place
from knowledge.extractive import quote
from knowledge.model import Kind, Outcome, Passage
from knowledge.sections import widen
from tests.fakes import HashEmbedder, MemoryIndex, a_chunk

FILLER = "Nothing in this sentence is about that at all, it only fills the page with other matters. " * 8
QUOTA_STEPS = """\
1. See what you use on the [dashboard](https://grafana.example/d/1).
2. Set `quota.partitions` in the `kafka.yaml` of the region:

```yaml
quota:
  partitions: 72
```

3. Merge to `main`.

Ask before the topic needs it."""


def found(text: str, **given_: object) -> Passage:
    fields: dict[str, object] = {"headings": ("Raise a partition quota",), "anchor": "raise"}
    return Passage(a_chunk(text, **(fields | given_)), 0.9)  # type: ignore[arg-type]


def answered(question: str, *passages: Passage) -> str:
    return quote(question, passages, outcome=Outcome.ANSWERED).text


def test_a_short_section_is_quoted_whole_with_its_mark() -> None:
    text = answered("raise the partition quota", found("Set it in `kafka.yaml`. It is counted per region."))

    assert text == "Set it in `kafka.yaml`. It is counted per region. [1]"


def test_a_procedure_comes_whole_with_its_example_and_its_heading() -> None:
    text = answered("How do I raise the partition quota?", found(QUOTA_STEPS))

    assert text.startswith("**Raise a partition quota**\n\n1. See what you use on the dashboard.\n2. Set")
    assert "partitions: 72" in text
    assert "3. Merge" in text
    assert text.endswith("Ask before the topic needs it. [1]")


def test_of_a_long_paragraph_the_best_sentence_and_its_neighbours_remain() -> None:
    page = FILLER + "Up to 96 partitions are granted automatically. " + FILLER

    text = answered("how many partitions are granted automatically", found(page))

    assert "Up to 96 partitions are granted automatically." in text
    assert len(text) < 600


def test_of_a_long_page_the_block_that_answers_remains() -> None:
    page = f"{FILLER}\n\n{FILLER}\n\nCompaction keeps the last record of each key.\n\n{FILLER}"

    text = answered("what does compaction keep", found(page, headings=("Clean-up",)))

    assert "Compaction keeps the last record of each key." in text
    assert len(text) <= 1000


def test_a_table_keeps_its_header_and_the_rows_that_matter() -> None:
    rows = "\n".join(f"| class{n} | {n * 7} days of retention for it | someone |" for n in range(40))
    page = f"{FILLER}\n\n| Class | Retention | Owner |\n|---|---|---|\n{rows}\n| gold | 400 days | storage |"

    text = answered("retention of gold", found(page, headings=("Retention classes",)))

    assert "| Class | Retention | Owner |\n|---|---|---|\n" in text
    assert "| gold | 400 days | storage |" in text
    assert text.count("\n|") < 15


def test_at_most_one_example_is_quoted_and_the_one_that_fits() -> None:
    page = "Topics:\n\n```yaml\ntopics: []\n```\n\nQuota:\n\n```yaml\nquota: {partitions: 72}\n```"

    text = answered("example of a partitions quota", found(page))

    assert text.count("```") == 2
    assert "partitions: 72" in text


def test_an_example_longer_than_a_screen_is_left_to_the_page() -> None:
    code = "\n".join(f"line{n}: quota" for n in range(100))

    text = answered("quota", found(f"Set the quota like this:\n\n```yaml\n{code}\n```"))

    assert "```" not in text


def test_only_an_example_is_an_answer_too() -> None:
    text = answered("quota yaml", found("```yaml\nquota: 1\n```"))

    assert text == "**Raise a partition quota** [1]\n\n```yaml\nquota: 1\n```"


def test_a_list_of_many_points_keeps_those_that_matter() -> None:
    points = "\n".join(f"- Point {n} about something else entirely, at length" for n in range(30))
    page = f"{points}\n- The broker limit is 3 per region"

    text = answered("broker limit", found(page, headings=("Limits",)))

    assert "- The broker limit is 3 per region" in text
    assert text.count("\n- ") < 12


def test_an_faq_answer_is_quoted_whole_without_its_pointer() -> None:
    answer = f"No. {FILLER}\n\n1. Ask\n2. Wait\n\nSee also: [kafka/quotas](x)."
    entry = found(answer, kind=Kind.FAQ, title="Can I lower it?", headings=(), anchor="lower")

    text = answered("may the quota be lowered", entry)

    assert text.startswith("**Can I lower it?**\n\nNo. ")
    assert "1. Ask\n2. Wait" in text
    assert "See also" not in text


def test_a_heading_that_asks_the_same_is_not_repeated() -> None:
    entry = found("Yes, in the console.", kind=Kind.FAQ, title="Can I lower the quota?", headings=())

    assert answered("Can I lower the quota?", entry) == "Yes, in the console. [1]"


def test_a_property_of_a_schema_says_type_default_and_meaning() -> None:
    text = (
        "`vaults[].softDeleteDays`: integer.\nDays until a vault is gone.\nDefault: `90`.\nSee also: base/key-vaults."
    )
    entry = found(text, kind=Kind.SCHEMA, title="Key vaults", headings=("vaults", "softDeleteDays"))

    shown = answered("default of softDeleteDays", entry)

    assert shown == "`vaults[].softDeleteDays`: integer.\nDays until a vault is gone.\nDefault: `90`. [1]"


def test_a_second_place_is_added_for_what_the_first_leaves_out() -> None:
    first = found("Silence it in `alerting.yaml`.", headings=("Silence an alert",), document="docs:alerting.md")
    second = found("Windows are on Sunday.", headings=("Maintenance windows of databases",), document="docs:herm.md")

    result = quote("silence an alert in a maintenance window", [first, second], outcome=Outcome.ANSWERED)

    assert "Silence it in `alerting.yaml`. [1]" in result.text
    assert "Windows are on Sunday. [2]" in result.text
    assert [citation.number for citation in result.citations] == [1, 2]


def test_a_second_place_that_says_the_same_is_left_out() -> None:
    first = found("Set the quota in `kafka.yaml`.", document="docs:a.md")
    second = found("The quota is set in `kafka.yaml`.", document="docs:b.md")

    assert "[2]" not in answered("set the quota", first, second)


def test_another_product_is_never_mixed_in() -> None:
    first = found("Silence it in `alerting.yaml`.", headings=("Silence an alert",), document="docs:alerting/a.md")
    second = found("Windows are on Sunday.", headings=("Maintenance windows of databases",), document="docs:herm/b.md")
    named = found("Windows are on Sunday.", headings=("Maintenance windows",), document="docs:c.md", component="herm")

    for other in (second, named):
        assert "Sunday" not in answered("silence an alert in a maintenance window", first, other)


def test_a_place_without_text_does_not_give_way_to_another_product() -> None:
    empty = found("<!-- nothing -->", document="docs:kafka/empty.md")
    other = found("The quota of buckets is 96.", document="docs:couchbase/quota.md")

    text = answered("quota", empty, other)

    assert text == "The likely place is **Empty › Raise a partition quota**. [1]"


@pytest.mark.parametrize("pointer", ["See also: a › b c d, e › f g h " * 6, "**See also:** the page"])
def test_pointers_to_other_pages_are_left_out(pointer: str) -> None:
    assert answered("set it", found(f"Set it in the file.\n\n{pointer}")) == "Set it in the file. [1]"


def test_the_name_of_a_file_asks_for_no_example() -> None:
    page = "```yaml\nretention: wrong\n```\n\n" + FILLER + "\n\nThe retention is 30 days if left out. " + FILLER

    assert "```" not in answered("what is the default retention in splunk.yaml", found(page, headings=("Limits",)))


def test_the_product_that_the_question_names_is_quoted_rather_than_one_that_does_not_know_it() -> None:
    first = found("Set `rotationPolicy`.", document="docs:cert-manager/rotation.md", headings=("Rotation",))
    named = found("Renew the CA of the cluster.", document="docs:strimzi/ca.md", headings=("Renew a CA",))
    knows = found("With Strimzi set it in the CA.", document="docs:cert-manager/strimzi.md", headings=("Strimzi",))

    assert "Renew the CA" in answered("rotate the CA of Strimzi", first, named)
    assert "With Strimzi" in answered("rotate the CA of Strimzi", knows, named)


def test_a_sentence_that_promises_an_example_which_the_page_lost_goes() -> None:
    page = "Templates may be in a secret. Consider the following example:\n\nThey may target labels.\n\nEnd."

    assert "following" not in answered("templates in a secret", found(page))


def test_a_wrapped_sentence_loses_no_line_that_begins_like_a_pointer() -> None:
    page = "The rules are explained. See\nthe best practices for naming before you choose, it is worth the time of all."

    assert "\nthe best" not in answered("which rules are there", found(page))
    text = answered("which rules", found("Rules come first,\nmore of them when needed, and\nat last the names."))
    assert text == "Rules come first,\nmore of them when needed, and\nat last the names. [1]"


def test_points_lose_lines_that_only_refer_elsewhere() -> None:
    page = (
        "It needs:\n\n- a certificate\n- names.\n  For more information, see the reference.\n- See also: the reference"
    )

    assert answered("what does it need", found(page)).endswith("- a certificate\n- names.")


@pytest.mark.parametrize(
    "said",
    [
        "1. See which pods fail.\n2. More than 3 replicas are refused.",
        "- More than 3 replicas are refused.\n- See to it.",
    ],
)
def test_steps_that_begin_like_pointers_stay(said: str) -> None:
    assert said in answered("pods", found(said))


def test_a_sentence_about_more_is_no_pointer() -> None:
    text = answered("replicas", found("Three replicas are enough. More than 5 replicas are refused."))

    assert text == "Three replicas are enough. More than 5 replicas are refused. [1]"


def test_what_starts_in_the_middle_of_a_section_has_its_heading_before_it() -> None:
    page = f"{FILLER}\n\n{FILLER}\n\nCompaction keeps the last record of each key.\n\n{FILLER}"

    text = answered("what does compaction keep", found(page, headings=("Clean-up",)))

    assert text == "**Clean-up**\n\nCompaction keeps the last record of each key. [1]"


def test_a_list_that_is_cut_says_so() -> None:
    points = "\n".join(f"  * Point {n} about something else entirely, at length" for n in range(30))

    text = answered("broker limit", found(f"{points}\n  * The broker limit is 3", headings=("Limits",)))

    assert "\n* The broker limit is 3\n\n…" in text


def test_a_hint_is_a_short_quotation() -> None:
    page = FILLER + "Approval takes one working day. " + FILLER

    result = quote("how long does approval take", [found(page)], outcome=Outcome.HINTED)

    assert all(line.startswith(">") for line in result.text.splitlines())
    assert "Approval takes one working day." in result.text
    assert len(result.text) < 500


def test_a_hint_shows_what_its_sentence_announces() -> None:
    page = "To see whether it is synced, run:\n\n```sh\nkubectl get pushsecret\n```\n\n" + FILLER

    assert "> kubectl get pushsecret" in quote("is it synced", [found(page)], outcome=Outcome.HINTED).text


def test_a_hint_at_how_to_do_it_shows_the_example_below_the_sentence() -> None:
    page = "Alert rules are set in the same way as recording rules.\n\n```yaml\nalert: High\n```\n\n" + FILLER

    text = quote("how do I define alert rules", [found(page)], outcome=Outcome.HINTED).text

    assert "> alert: High" in text


def test_a_hint_at_an_example_says_what_it_is() -> None:
    page = f"{FILLER} To check it, run:\n\n```sh\noc get kafkatopic\n```\n\n{FILLER}"

    text = quote("oc get kafkatopic", [found(page)], outcome=Outcome.HINTED).text

    assert text == "> To check it, run: [1]\n>\n> ```sh\n> oc get kafkatopic\n> ```"


def test_who_asks_for_an_example_gets_the_place_that_shows_one() -> None:
    told = found("Declare the alert in `alerting.yaml`.", headings=("Declare an alert",))
    shown = found("Like this:\n\n```yaml\nalerts: []\n```", headings=("Alerts",), anchor="alerts")

    assert "alerts: []" in answered("example of an alerting.yaml", told, shown)
    assert "alerts: []" not in answered("where do I declare the alert", told, shown)


def test_no_answer_ends_in_an_announcement_of_what_is_left_out() -> None:
    code = "```yaml\n" + "a: 1\n" * 80 + "```"
    page = f"Quotas are granted by the team. {FILLER}\n\nPartitions are counted per region. For example:\n\n{code}"

    text = answered("how are partitions counted in a region", found(page))

    assert "counted per region. [1]" in text
    assert "For example" not in text


def test_a_sentence_that_goes_on_after_an_example_is_not_quoted_without_it() -> None:
    page = (
        "Plugins are run by name. For example, to run the demo plugin:\n\n```sh\nargocd demo-plugin\n```\n\n"
        "The following command:\n\n```sh\nargocd other\n```\nwill run the plugin named other."
    )

    text = answered("how is the demo plugin run", found(page))

    assert "argocd demo-plugin" in text
    assert "will run" not in text


def test_pointers_to_other_pages_go_from_wrapped_paragraphs_too() -> None:
    text = answered(
        "how are alerts sent", found("Alerts are grouped and\nsent to receivers. See High\nAvailability for details.")
    )

    assert text == "Alerts are grouped and\nsent to receivers. [1]"


def test_a_hint_at_a_long_procedure_shows_whole_first_steps() -> None:
    steps = "\n".join(f"{n}. Do the thing number {n} with great care and attention to the quota" for n in range(1, 30))

    result = quote("how do I do the quota thing", [found(steps)], outcome=Outcome.HINTED)

    assert "> 1. Do the thing number 1" in result.text
    assert result.text.endswith("> …")
    assert len(result.text) < 900


def test_a_hint_at_a_long_example_quotes_the_sentence_before_it() -> None:
    code = "\n".join(f"quota: {n}" for n in range(80))

    result = quote("quota", [found(f"Declare it:\n\n```yaml\n{code}\n```")], outcome=Outcome.HINTED)

    assert result.text == "> Declare it: [1]"


def test_a_place_that_announces_more_than_can_be_shown_gives_way_to_the_next() -> None:
    long = "The following are all its fields:\n\n```yaml\n" + "a: 1\n" * 80 + "```"

    text = answered("what is a set", found(long), found("A set is a template.", headings=("Set",), anchor="set"))

    assert text == "A set is a template. [1]"


def test_a_place_without_text_gives_way_to_the_next() -> None:
    empty = found("<!-- nothing -->", document="docs:empty.md")

    result = quote("quota", [empty, found("The quota is 96.")], outcome=Outcome.ANSWERED)

    assert result.text == "The quota is 96. [1]"
    assert result.citations[0].heading == "Raise a partition quota"


def test_places_without_any_text_are_still_named() -> None:
    result = quote("quota", [found("<!-- -->")], outcome=Outcome.ANSWERED)

    assert result.text == "The likely place is **Page › Raise a partition quota**. [1]"


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.HINTED])
def test_nothing_found_gives_nothing(outcome: Outcome) -> None:
    assert quote("quota", [], outcome=outcome).text == ""


def test_a_citation_opens_the_heading_and_carries_the_passage() -> None:
    passage = found("Set [it](x).", url="https://d.example/kafka", updated="2026-10-12", owner="Kafka team")

    [citation] = quote("set it", [passage], outcome=Outcome.ANSWERED).citations

    assert (citation.url, citation.heading) == ("https://d.example/kafka#raise", "Raise a partition quota")
    assert (citation.quote, citation.updated, citation.owner) == ("Set it.", "2026-10-12", "Kafka team")


@given(st.text(max_size=200), st.text(alphabet=st.sampled_from("ab 1.\n`-|>#[]()<"), max_size=300))
def test_any_question_and_page_give_balanced_fences(question: str, page: str) -> None:
    for outcome in (Outcome.ANSWERED, Outcome.HINTED):
        result = quote(question, [found(page)], outcome=outcome)
        assert "[1]" in result.text


# ---- widening: from a piece to its section ----


def test_a_found_piece_gets_the_text_of_its_section() -> None:
    place = {"headings": ("Steps",), "anchor": "steps"}
    pieces = [a_chunk("1. One", order=0, **place), a_chunk("2. Two", order=1, **place), a_chunk("Other", order=2)]
    index = MemoryIndex(HashEmbedder(), pieces)

    [widened] = widen([Passage(pieces[1], 0.9)], index=index, count=1)

    assert widened.body == "1. One\n\n2. Two"
    assert widened.chunk.text == "2. Two"


def test_a_section_that_only_announces_the_ones_below_brings_them() -> None:
    chunks = [
        a_chunk("We use these words:", order=0, headings=("Words",), anchor="words"),
        a_chunk("Signs itself.", order=1, headings=("Words", "Root"), anchor="root"),
        a_chunk("Signs nothing.", order=2, headings=("Words", "Leaf"), anchor="leaf"),
        a_chunk("Another matter.", order=3, headings=("Other",), anchor="other"),
    ]
    [passage] = widen([Passage(chunks[0], 0.9)], index=MemoryIndex(HashEmbedder(), chunks), count=1)

    assert passage.body == "We use these words:\n\n**Root**\n\nSigns itself.\n\n**Leaf**\n\nSigns nothing."


def test_a_table_cut_in_two_is_one_again() -> None:
    head = "| a | b |\n|---|---|\n"
    pieces = [a_chunk(f"Limits:\n\n{head}| 1 | 2 |", order=0), a_chunk(f"{head}| 3 | 4 |", order=1)]

    [widened] = widen([Passage(pieces[0], 0.9)], index=MemoryIndex(HashEmbedder(), pieces), count=1)

    assert widened.body == f"Limits:\n\n{head}| 1 | 2 |\n| 3 | 4 |"


def test_an_example_cut_in_two_is_one_again_and_two_short_ones_stay_two() -> None:
    long_half, short = "\n".join(f"key{n}: value" for n in range(60)), "a: 1"
    for half, fences in ((long_half, 2), (short, 4)):
        pieces = [a_chunk(f"```yaml\n{half}\n```", order=n) for n in range(2)]
        [widened] = widen([Passage(pieces[0], 0.9)], index=MemoryIndex(HashEmbedder(), pieces), count=1)
        assert widened.body.count("```") == fences


def test_of_a_section_as_long_as_a_book_what_is_around_the_piece_is_read() -> None:
    pieces = [a_chunk(f"number{n} " + "word " * 200, order=n) for n in range(10)]
    index = MemoryIndex(HashEmbedder(), pieces)

    [first, inside] = (widen([Passage(pieces[n], 0.9)], index=index, count=1)[0].body for n in (0, 5))

    assert [f"number{n} " in first for n in range(3)] == [True, True, False]
    assert [f"number{n} " in inside for n in range(3, 8)] == [False, False, True, True, False]


COMMANDS = "\n\n".join(
    f"{number}. Run step {word} of the upgrade:\n\n```sh\nsheriffctl {word}\n```\n\n"
    "Example output\n\n```text\nfine\n```"
    for number, word in enumerate(("drain", "upgrade", "uncordon", "verify"), start=1)
)


def test_each_step_has_its_command_and_no_step_between_is_missing() -> None:
    text = answered("how do I drain and verify an upgrade", found(FILLER + "\n\n" + COMMANDS + "\n\n" + FILLER))

    assert [f"{n}. Run step" in text for n in range(1, 5)] == [True] * 4
    assert [f"sheriffctl {word}" in text for word in ("drain", "upgrade", "uncordon", "verify")] == [True] * 4
    assert "Example output" not in text, "its listing is not quoted"


def test_a_procedure_too_long_to_quote_ends_at_a_gap_rather_than_jumping_over_it() -> None:
    between = "\n\n```sh\nrun\n```\n\nExample output\n\n```text\nfine\n```\n\n"
    long = " ".join(f"Then look at part {n} of the page." for n in range(60))
    steps = f"1. Drain the node:{between}2. Wait. {long}{between}3. Drain the other node."

    text = answered("drain the node", found(steps))

    assert "1. Drain" in text
    assert "3. Drain" not in text


def test_a_step_whose_example_is_too_long_to_show_is_not_announced() -> None:
    listing = "\n".join(f"key{n}: value" for n in range(80))
    page = f"{FILLER}\n\n1. Open the editor.\n2. Write the quota file:\n\n```yaml\n{listing}\n```\n\n{FILLER}"

    text = answered("how do I write the quota file in the editor", found(page))

    assert "1. Open the editor." in text
    assert not text.endswith(":")
    assert "Write the quota file" not in text


def test_a_short_list_in_order_is_not_cut() -> None:
    items = [f"- The {thing} of the set is deleted, with all that belongs to it" for thing in ("app", "pod", "map") * 3]
    page = f"{FILLER}\n\nThis happens in order:\n\n" + "\n".join(items)

    text = answered("what happens when the pod of the set is deleted", found(page))

    assert text.count("\n- ") == len(items)
    assert "…" not in text


def test_what_a_long_listing_says_in_its_comments_is_quoted() -> None:
    keys = "\n".join(f"key{n}: value" for n in range(80))
    comment = "# The repeat interval is rounded up to the\n# next multiple of the group interval.\n#\n# Default."
    listing = f"{keys}\n{comment}\n{keys}"

    text = quote("repeat interval and group interval", [found(f"```yaml\n{listing}\n```")], outcome=Outcome.HINTED).text

    assert "> The repeat interval is rounded up to the next multiple of the group interval. [1]" in text
    assert "Default" not in text


def test_a_section_of_links_is_quoted_last() -> None:
    links = found("* Partition quota of the region\n* Quota of partitions", headings=("Quota", "Additional resources"))
    said = found("The partition quota counts per region.", anchor="b", headings=("Quota",))

    assert "counts per region" in answered("partition quota of the region", links, said)
    assert "Partition quota" in answered("partition quota of the region", links), "better than nothing"


def test_where_an_error_was_reported_is_no_answer() -> None:
    page = "> This error was reported in GitHub issue ([2602](https://git.example/2602))\n\nThe certificate is unknown."

    text = quote("certificate unknown", [found(page)], outcome=Outcome.HINTED).text

    assert "reported" not in text
    assert "The certificate is unknown." in text


def test_a_thin_hint_takes_the_next_sentence_along() -> None:
    text = quote(
        "status of the logging parts",
        [found("You see the status of logging.\n\nRun the check in the console to see each part.")],
        outcome=Outcome.HINTED,
    ).text

    assert "Run the check" in text


def test_a_phrasing_of_an_faq_entry_brings_its_answer() -> None:
    entry = {"kind": Kind.FAQ, "document": "faq:kafka.yaml#lower"}
    pieces = [a_chunk("No.", order=0, **entry), a_chunk("can i lower", order=1, phrasing="can i lower", **entry)]

    [widened] = widen([Passage(pieces[1], 0.9)], index=MemoryIndex(HashEmbedder(), pieces), count=1)

    assert widened.body == "No."


def test_each_place_is_shown_once() -> None:
    first, second = a_chunk("a", order=0, anchor="x"), a_chunk("b", order=1, anchor="x")

    assert one_per_place([Passage(first, 0.9), Passage(second, 0.8)]) == [Passage(first, 0.9)]


def test_a_hint_points_to_the_next_places_once_each() -> None:
    first = found("Quota is granted within a day.", path="a.md", document_id="docs:a.md", title="Quotas")
    others = [
        found("Approval is by owners.", path="b.md", document_id="docs:b.md", title="Approvals"),
        found("More on approval.", path="b.md", document_id="docs:b.md", title="Approvals"),
        found("Limits.", path="c.md", document_id="docs:c.md", title="Limits"),
        found("Far away.", path="d.md", document_id="docs:d.md", title="Elsewhere"),
    ]

    result = quote("how long does approval take", [first, *others], outcome=Outcome.HINTED)

    assert result.text.endswith("\n\nNext likely: [2] [3]")
    assert [c.path for c in result.citations] == ["a.md", "b.md", "c.md"]
