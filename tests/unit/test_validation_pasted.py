"""YAML in chat messages: fenced, bare, or not there at all."""

from __future__ import annotations

import pytest

from knowledge.validation.source import fenced_blocks, looks_like_yaml, split_bare


def test_fenced_blocks_come_with_info_text_and_first_line() -> None:
    markdown = "Text\n\n```yaml fragment=Kafka\ntopics: []\n```\nmore\n~~~\nplain\n~~~\n"

    assert fenced_blocks(markdown) == [("yaml fragment=Kafka", "topics: []\n", 4), ("", "plain\n", 8)]


def test_a_fence_that_is_not_closed_runs_to_the_end() -> None:
    assert fenced_blocks("see\n```yaml\na: 1\nb: 2") == [("yaml", "a: 1\nb: 2\n", 3)]


def test_a_longer_fence_holds_a_shorter_one() -> None:
    assert fenced_blocks("````md\n```yaml\na: 1\n```\n````\n") == [("md", "```yaml\na: 1\n```\n", 2)]


def test_the_indentation_of_a_block_in_a_list_is_taken_off() -> None:
    assert fenced_blocks("1. Write\n\n   ```yaml\n   a:\n     b: 1\n\n     c: 2\n   ```\n") == [
        ("yaml", "a:\n  b: 1\n\n  c: 2\n", 4)
    ]


def test_inline_code_is_no_block() -> None:
    assert fenced_blocks("use ```a: 1``` here\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: sheriff/v1\nkind: Kafka",
        "kind: Alerting\nalerts:\n  - name: x\n    treshold 2\n",
        "alerts:\n  - name: x\n    threshold: 2",
        "# comment\nquota:\n  partitions: 12\n",
        "topics:\n- name: a\n  partitions 3\n",
        '{"apiVersion": "sheriff/v1", "kind": "Kafka"}',
        '[{"name": "x"}]',
        "a: 1\nb: 2\nc: 3",
    ],
)
def test_bare_yaml_is_recognised(text: str) -> None:
    assert looks_like_yaml(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "Question: how do I raise my quota?",
        "Question: how do I raise it?\nContext: kafka in prod\nThanks",
        "threshold: 2",
        "kind: of urgent\nplease help",
        "Steps:\n- open the page\n- click save\nResult: error 500",
        "Error: connection refused\nHost: broker-1\nPort: 9092",
        "ORA-01017: invalid username/password; logon denied",
        "2026-01-01 10:00:00 ERROR foo: bar\n2026-01-01 10:00:01 WARN foo: baz",
        "Problem: kafka lag is growing since noon today.\nImpact: high\nWhat I tried: restarting",
        "java.lang.RuntimeException: boom\n  at com.foo.Bar: 12\nCaused by: x",
        "- one thing\n- another thing\n- what about this?",
        "How do I do this: first a, then b?",
    ],
)
def test_prose_and_logs_are_no_yaml(text: str) -> None:
    assert not looks_like_yaml(text)


@pytest.mark.parametrize(
    ("text", "yaml", "prose"),
    [
        (
            "is this ok?\n\nkind: Kafka\ntopics:\n  - name: x\n\nThanks, Kim",
            "kind: Kafka\ntopics:\n  - name: x\n",
            "Kim",
        ),
        ("alerts:\n  - name: x\n    threshold 2\n", "alerts:\n  - name: x\n    threshold 2\n", ""),
        ("Dear team,\nsubject: quota\nbody: raise it\nregards: Kim", "", "Dear team,"),
        ("how do I raise a quota?", "", "how do I"),
    ],
)
def test_yaml_is_cut_out_of_the_prose_around_it(text: str, yaml: str, prose: str) -> None:
    found, rest = split_bare(text)

    assert found == yaml
    assert prose in rest
