"""Rules of Meridian's components that no schema can say; each is explained on a page of the documentation."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from knowledge.deployment.cells import Cell
from knowledge.deployment.rules import Finding, Leaf

PRODUCTION = "prod"
FEWEST_REPLICAS = 2  # at which an alert on production has to fire
COPIES = 3  # of a topic on production
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|Ti)?")
_UNITS = {"m": 0.001, "": 1.0, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}


def check(leaves: Sequence[Leaf], schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Everything that the leaves break together; `schemas` are the components' own, by component."""
    for leaf in leaves:
        yield from _late_alerts(leaf)
        yield from _few_copies(leaf)
        yield from _homeless_vaults(leaf)
    yield from _alerts_on_nothing(leaves)
    yield from _quotas(leaves, schemas.get("quotas", {}))
    yield from _records(leaves)


def _late_alerts(leaf: Leaf) -> Iterator[Finding]:
    for alert in _elements(leaf, "alerting", "alerts"):
        threshold = alert.get("threshold")
        low = threshold is not None and isinstance(threshold.value, int | float) and threshold.value < FEWEST_REPLICAS
        if threshold is not None and low and _value(alert, "metric") == "available_replicas" and _is_production(leaf):
            yield Finding(
                "CMP001",
                threshold.origin,
                f"alert “{_value(alert, 'name')}” fires at {threshold.value} replicas, "
                f"below the {FEWEST_REPLICAS} of production",
                "With one replica left, the next failure is an outage before anybody has read the alert.",
                f"threshold: {FEWEST_REPLICAS}",
                "alerting/overrides.md",
                leaf.path,
            )


def _few_copies(leaf: Leaf) -> Iterator[Finding]:
    for topic in _elements(leaf, "kafka", "topics"):
        replication = topic.get("replication")
        if replication is not None and replication.value != COPIES and _is_production(leaf):
            yield Finding(
                "CMP002",
                replication.origin,
                f"topic “{_value(topic, 'name')}” has replication {replication.value}, not the {COPIES} of production",
                "A write is confirmed when 2 brokers have it, so one broker may be down.",
                f"replication: {COPIES}",
                "kafka/topics.md#which-replication-is-allowed",
                leaf.path,
            )


def _homeless_vaults(leaf: Leaf) -> Iterator[Finding]:
    declared = {_value(group, "name") for group in _elements(leaf, "resource-groups", "resourceGroups")}
    for vault in _elements(leaf, "key-vaults", "vaults"):
        group = vault.get("resourceGroup")
        if group is not None and group.value not in declared:
            yield Finding(
                "CMP003",
                group.origin,
                f"resource group {group.value} is not declared",
                f"The vault “{_value(vault, 'name')}” lies in it. Declare it in resource-groups.yaml for this leaf.",
                doc="base/key-vault-troubleshooting.md",
                leaf=leaf.path,
            )


def _alerts_on_nothing(leaves: Sequence[Leaf]) -> Iterator[Finding]:
    known = {name for leaf in leaves for name in _namespaces(leaf)}
    for leaf in leaves:
        for alert in _elements(leaf, "alerting", "alerts"):
            namespace = alert.get("namespace")
            if namespace is not None and namespace.value not in known:
                yield Finding(
                    "CMP004",
                    namespace.origin,
                    f"no leaf has the namespace {namespace.value}",
                    f"The alert “{_value(alert, 'name')}” would watch nothing.",
                    doc="alerting/declare-alerts.md",
                )


def _quotas(leaves: Sequence[Leaf], schema: Mapping[str, Any]) -> Iterator[Finding]:
    limits = schema.get("x-limits", {}).get("perSubscription", {})
    sums: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    last: dict[tuple[str, str, str], Cell] = {}
    for leaf in leaves:
        group, subscription = leaf.names.get("group", ""), leaf.names.get("subscription", "")
        for quota in _elements(leaf, "quotas", "quotas"):
            for resource in limits.get(group, {}):
                if resource in quota:
                    key = (group, subscription, resource)
                    sums[key] += _amount(quota[resource].value)
                    last[key] = quota[resource]
    for (group, subscription, resource), total in sums.items():
        allowed = limits[group][resource]
        if total > _amount(allowed):
            yield Finding(
                "CMP005",
                last[group, subscription, resource].origin,
                f"quotas of {subscription} add up to {_shown(total, allowed)} {resource}, {allowed} allowed",
                "All quotas of a subscription count, over its regions, platforms and namespaces.",
                doc="base/quota-limits.md#get-more-than-the-limit-of-the-subscription",
            )


def _records(leaves: Sequence[Leaf]) -> Iterator[Finding]:
    first: dict[tuple[Any, Any], Cell] = {}
    for leaf in leaves:
        for record in _elements(leaf, "dns", "records"):
            name = record.get("name")
            if name is None:
                continue
            twin = first.setdefault((name.value, _value(record, "scope")), name)
            if twin.origin != name.origin:
                yield Finding(
                    "CMP006",
                    name.origin,
                    f"record “{name.value}” is declared twice, first in {twin.origin}",
                    "Declare it once, at or above the node that both places share.",
                    doc="dns/failover.md",
                )


def _elements(leaf: Leaf, component: str, name: str) -> list[Mapping[str, Cell]]:
    found = leaf.components.get(component)
    entries = found.value.get(name) if found is not None and isinstance(found.value, dict) else None
    listed = entries.value if entries is not None and isinstance(entries.value, list) else []
    return [cell.value for cell in listed if isinstance(cell.value, dict)]


def _value(element: Mapping[str, Cell], name: str) -> Any:
    return element[name].value if name in element else None


def _namespaces(leaf: Leaf) -> Sequence[Any]:
    bound = leaf.bindings.get("namespace")
    return bound.value if bound is not None and isinstance(bound.value, list) else []


def _is_production(leaf: Leaf) -> bool:
    return leaf.names.get("group") == PRODUCTION


def _amount(value: Any) -> float:
    """A number, or a quantity as Kubernetes writes it, in cores or bytes."""
    match = _AMOUNT.fullmatch(str(value))
    return float(match[1]) * _UNITS[match[2] or ""] if match else 0.0


def _shown(total: float, allowed: Any) -> str:
    """The total in the unit of what is allowed."""
    match = _AMOUNT.fullmatch(str(allowed))
    unit = (match[2] or "") if match else ""
    return f"{total / _UNITS[unit]:g}{unit}"
