"""The rules of the example platform's components."""

from __future__ import annotations

import pytest

from bot import deployments
from knowledge import bundled
from knowledge.deployment.analysis import analyse
from knowledge.validation.diagnostics import Severity

PLATFORM = deployments.platform(bundled.SCHEMAS)
REPOSITORY = bundled.DEPLOYMENT_REPOSITORY / "payments-deploy"


def told(**changed: str) -> list[tuple[str, str, str]]:
    """Code, place and message of the errors when files of the example repository are changed ("__" is a slash)."""
    files = dict(deployments.read(REPOSITORY))
    for name, text in changed.items():
        path = name.replace("__", "/").replace("_", "-") + ".yaml"
        files[path] = f"apiVersion: sheriff/v1\n{text}".encode()
    found = analyse(files, PLATFORM).report.diagnostics
    return [
        (d.code, f"{d.file}:{d.span.line}:{d.span.column}", d.message) for d in found if d.severity is Severity.ERROR
    ]


def test_the_example_repository_breaks_no_rule() -> None:
    assert told() == []


def test_an_alert_on_production_that_fires_too_late_is_told_at_its_threshold() -> None:
    alerts = "kind: Alerting\nalerts:\n  - name: replicas-low\n    threshold: 1\n    for: 1m\n"

    [(code, place, message)] = told(prod__alerting=alerts)

    assert (code, place) == ("CMP001", "prod/alerting.yaml:5:16")
    assert "fires at 1 replicas, below the 2 of production at 2 leaves" in message
    assert told(dev__alerting=alerts) == []


def test_a_topic_on_production_has_all_its_copies() -> None:
    topics = "kind: Kafka\ntopics:\n  - name: payments.new\n    partitions: 3\n    replication: 1\n"

    assert [(code, place) for code, place, _ in told(prod__kafka=topics)] == [("CMP002", "prod/kafka.yaml:6:18")]
    assert told(dev__kafka=topics) == []


def test_a_vault_lies_in_a_resource_group_of_its_leaf() -> None:
    vaults = "kind: KeyVaults\nvaults:\n  - name: kv-payments-new\n    resourceGroup: rg-nowhere\n    sku: standard\n"

    [(code, place, message)] = told(prod__key_vaults=vaults)

    assert (code, place) == ("CMP003", "prod/key-vaults.yaml:5:20")
    assert "rg-nowhere is not declared at 2 leaves" in message


def test_an_alert_watches_a_namespace_that_some_leaf_has() -> None:
    alerts = (
        "kind: Alerting\nalerts:\n  - name: odd\n    namespace: payments-gone\n    metric: app_x\n    threshold: 3\n"
    )

    assert told(dev__alerting=alerts) == [
        ("CMP004", "dev/alerting.yaml:5:16", "no leaf has the namespace payments-gone"),
    ]


@pytest.mark.parametrize(
    ("quota", "message"),
    [
        ("cpu: 40", "quotas of sub-payments-dev add up to 80 cpu, 64 allowed"),
        ("memory: 200Gi", "quotas of sub-payments-dev add up to 400Gi memory, 256Gi allowed"),
    ],
)
def test_the_quotas_of_a_subscription_are_added_up(quota: str, message: str) -> None:
    quotas = f'kind: Quotas\nquotas:\n  - namespace: "%namespace%"\n    {quota}\n'

    assert [(code, text) for code, _, text in told(dev__quotas=quotas)] == [("CMP005", message)]


def test_a_record_is_declared_once() -> None:
    record = "kind: Dns\nrecords:\n  - name: payments-new\n    type: CNAME\n    target: a.meridian.example\n"
    places = {f"prod__sub_payments_prod__eu_west__p1__pf_{colour}__dns": record for colour in ("blue", "green")}

    [(code, place, message)] = told(**places)

    assert (code, place) == ("CMP006", "prod/sub-payments-prod/eu-west/p1/pf-green/dns.yaml:4:11")
    assert message.endswith("first in prod/sub-payments-prod/eu-west/p1/pf-blue/dns.yaml:4")
