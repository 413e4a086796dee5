from __future__ import annotations

import pytest

from knowledge.addresses import LEFT_OUT, only_known

HOSTS = frozenset({"known.example"})


@pytest.mark.parametrize(
    "text",
    [
        "Open `https://known.example/quotas`.",
        "Open https://grafana.known.example/d/1 first.",
        "Write to team@known.example.",
        "It listens on http://localhost:8080 and http://kafka:9092.",
        "Run `curl https://other.example/x`.",
        "```\ncurl https://other.example/x\n```",
        "Store it in s3://bucket/path, oci://registry/image.",
    ],
)
def test_addresses_of_known_hosts_and_of_commands_stay(text: str) -> None:
    assert only_known(text, HOSTS) == text


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/login",
        "`https://evil.example/login`",
        "https://known.example.evil.example/",
        "https://known.example@evil.example/",
        "www.evil.example",
        "mailto:ops@evil.example",
        "ops@evil.example",
        "javascript:alert(1)",
        "data:text/html;base64,PGI+",
        "https://xn--knwn-0ra.example",
    ],
)
def test_other_addresses_give_way_to_the_citation(address: str) -> None:
    assert only_known(f"Log in at {address} now.", HOSTS) == f"Log in at {LEFT_OUT} now."
