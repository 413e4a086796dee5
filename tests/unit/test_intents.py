from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intents import Intent, understand
from bot.messages import Attachment, Incoming, Person

KIM = Person("kim", "Kim")
YAML = "apiVersion: sheriff/v1\nkind: Kafka\ntopics:\n  - name: a\n"


def message(text: str, *attachments: Attachment) -> Incoming:
    return Incoming("1", "web", "c", KIM, text, attachments)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("How do I raise a Kafka quota?", Intent.ASK),
        ("quota", Intent.ASK),
        ("Question: how do I get a namespace?", Intent.ASK),
        ("thanks for the hint, but where is the quota set?", Intent.ASK),
        ("hi there", Intent.GREET),
        ("Hello!", Intent.GREET),
        ("Bonjour", Intent.GREET),
        ("thanks a lot", Intent.THANK),
        ("thx!", Intent.THANK),
        ("super merci 👍", Intent.THANK),
        ("👍", Intent.THANK),
        ("🙏🏽 ❤️!", Intent.THANK),
        ("🔥", Intent.REFUSE),
        ("how are you?", Intent.GREET),
        ("thanks, that worked!", Intent.SOLVED),
        ("that solved it", Intent.SOLVED),
        ("ça marche, merci", Intent.SOLVED),
        ("thanks, but it still fails", Intent.ASK),
        ("it worked yesterday but not today", Intent.ASK),
        ("it works on dev", Intent.ASK),
        ("does it work?", Intent.ASK),
        ("ask the sheriff: why?", Intent.TO_SHERIFF),
        ("feature request: GPU nodes", Intent.WISH),
        ("Request: GPU nodes", Intent.WISH),
        ("request GPU nodes", Intent.MAYBE_WISH),
        ("request GPU nodes, how?", Intent.ASK),
        ("help", Intent.HELP),
        ("?", Intent.HELP),
        ("who is on duty?", Intent.DUTY),
        ("who's on duty this week", Intent.DUTY),
        ("", Intent.REFUSE),
        ("  \n ", Intent.REFUSE),
        ("...", Intent.REFUSE),
        (YAML, Intent.CHECK),
        (f"is this ok?\n```yaml\n{YAML}```", Intent.CHECK),
        (f"is this ok?\n{YAML}", Intent.CHECK),
    ],
)
def test_what_a_message_wants(text: str, intent: Intent) -> None:
    assert understand(message(text)).intent is intent


def test_prose_beside_yaml_is_kept_apart() -> None:
    request = understand(message(f"why is my topic missing?\n```yaml kafka.yaml\n{YAML}```\nthanks"))

    assert [f.name for f in request.files] == ["kafka.yaml"]
    assert "topics" not in request.question
    assert "why is my topic missing?" in request.question


def test_bare_yaml_is_cut_out_of_the_prose_around_it() -> None:
    request = understand(message(f"hi, why is this refused by the pipeline?\n\n{YAML}\nthanks a lot"))

    assert request.intent is Intent.CHECK
    assert request.files[0].content.strip() == YAML.strip()  # type: ignore[arg-type]
    assert "why is this refused" in request.question


def test_several_blocks_become_several_files() -> None:
    request = understand(message(f"```yaml\n{YAML}```\nand\n```yaml\n{YAML}```"))

    assert [f.name for f in request.files] == ["pasted.yaml", "pasted-2.yaml"]


def test_a_code_block_of_another_language_is_part_of_the_question() -> None:
    request = understand(message("what does this mean?\n```console\n$ oc get pods\n```"))

    assert request.intent is Intent.ASK
    assert "oc get pods" in request.question


def test_an_attached_file_is_checked() -> None:
    request = understand(message("", Attachment("kafka.yaml", YAML.encode())))

    assert request.intent is Intent.CHECK
    assert request.files[0].content == YAML.encode()


@pytest.mark.parametrize(
    ("attachment", "remedy"),
    [
        (Attachment("shot.png", b"x", "image/png"), "Paste the text"),
        (Attachment("report.pdf", b"x"), "only .yaml"),
        (Attachment("big.yaml", b"x" * 1_000_001), "at most 1,000,000"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_remedy(attachment: Attachment, remedy: str) -> None:
    request = understand(message("", attachment))

    assert request.intent is Intent.REFUSE
    assert attachment.name in request.reason
    assert remedy in request.reason


def test_a_readable_file_is_checked_although_another_is_not_readable() -> None:
    request = understand(message("", Attachment("a.yaml", YAML.encode()), Attachment("shot.png", b"x")))

    assert request.intent is Intent.CHECK
    assert "shot.png" in request.reason


def test_a_message_of_200_kilobytes_is_refused_with_the_remedy() -> None:
    request = understand(message("a" * 200_000))

    assert request.intent is Intent.REFUSE
    assert "200,000 characters" in request.reason
    assert "attach the file" in request.reason


def test_binary_is_refused_as_such() -> None:
    assert "binary" in understand(message("\x00\x01\x02ELF")).reason
    assert "binary" in understand(message("\ufffd\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c" * 3)).reason


@given(st.text(max_size=400))
def test_any_text_is_understood_as_something(text: str) -> None:
    assert understand(message(text)).intent in Intent
