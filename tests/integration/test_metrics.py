"""What Prometheus reads of a running Sheriff, and that the dashboard and the alerts ask for nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.messages import Person
from bot.store.opening import Store, open_store
from bot.store.standing import standing
from bot.store.tables import received
from bot.support import transitions
from bot.support.cases import Cause
from bot.support.clocks import Clocks
from bot.support.rota import Rota
from bot.telemetry import CaseMeter, Metrics, StandingCollector, TimedModel
from knowledge.errors import ModelUnavailable
from knowledge.ports import ChatMessage
from tests.conftest import REPOSITORY
from tests.fakes import ScriptedChat, a_case
from tests.serving import serving

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # a Wednesday
DASHBOARD = REPOSITORY / "deploy" / "grafana" / "sheriff.json"
ALERTS = REPOSITORY / "deploy" / "prometheus" / "alerts.yaml"
_SUFFIX = re.compile(r"_(bucket|count|sum)$")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


def metered(store: Store) -> Metrics:
    metrics = Metrics()
    rota = Rota(ZoneInfo("UTC"), AT.date())
    store.cases.observe(CaseMeter(metrics, Clocks(rota), components=["kafka"]))
    metrics.registry.register(StandingCollector(lambda: standing(store.engine), lambda: AT + timedelta(hours=3)))
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_questions_are_counted_once_with_bounded_labels(store: Store) -> None:
    metrics = metered(store)

    store.cases.save_new(a_case("c-1", opened=AT, component="kafka", channel="teams"))
    store.cases.save_new(a_case("c-2", opened=AT, component="<script>", channel="pigeon"))
    store.cases.save_new(a_case("c-3", opened=AT))

    name = "sheriff_questions_total"
    assert value(metrics, name, outcome="unanswered", channel="teams", component="kafka") == 1
    assert value(metrics, name, outcome="unanswered", channel="other", component="other") == 1
    assert value(metrics, name, outcome="unanswered", channel="web", component="none") == 1


def test_the_first_words_of_a_person_are_measured_once_in_working_time(store: Store) -> None:
    metrics = metered(store)
    store.cases.save_new(a_case("c-1", opened=AT, updated=AT))

    for hours, text in ((1, "Set callers."), (2, "And restart.")):
        at = AT + timedelta(hours=hours)
        store.cases.record("c-1", partial(transitions.reply, by="Ana", at=at, text=text))
    store.cases.record(
        "c-1",
        lambda c: transitions.resolve(
            c, by="Ana", at=AT + timedelta(hours=24), cause=Cause.MISSING, resolution="Set callers."
        ),
    )

    assert value(metrics, "sheriff_case_first_response_seconds_count") == 1
    assert value(metrics, "sheriff_case_first_response_seconds_sum") == 3600
    assert value(metrics, "sheriff_case_resolution_seconds_sum") == 9 * 3600  # a working day, not a day


def test_gauges_are_counted_in_the_database_so_that_replicas_agree(store: Store) -> None:
    one, other = metered(store), metered(store)
    store.cases.save_new(a_case("c-1", opened=AT, updated=AT))
    store.cases.save_new(a_case("c-2", opened=AT + timedelta(hours=1)))
    store.cases.record("c-2", lambda c: transitions.record_ticket(c, at=AT, ticket="SUP-1", url=""))
    store.cases.record("c-1", lambda c: transitions.refused(c, at=AT, number=1, reason="No such project."))
    with store.engine.execution_options(writes=True).begin() as connection:
        row = {"key": "k", "at": AT, "body": {}, "owner": "", "tries": 1}
        connection.execute(received.insert().values(row))

    for metrics in (one, other):
        assert value(metrics, "sheriff_open_cases", state="new") == 2
        assert value(metrics, "sheriff_open_cases", state="assigned") == 0
        assert value(metrics, "sheriff_oldest_open_case_age_seconds") == 3 * 3600
        assert value(metrics, "sheriff_tickets_pending") == 1
        assert value(metrics, "sheriff_dead_letters") == 1
        assert value(metrics, "sheriff_queue_length", queue="messages") == 1
        assert value(metrics, "sheriff_database_up") == 1


def test_without_the_database_the_other_figures_are_still_told(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    metrics = metered(store)
    store.close()
    (tmp_path / "sheriff.db").write_bytes(b"no database " * 1000)
    for rest in ("sheriff.db-wal", "sheriff.db-shm"):
        (tmp_path / rest).unlink(missing_ok=True)

    text = generate_latest(metrics.registry).decode()

    assert "sheriff_database_up 0.0" in text
    assert "sheriff_open_cases" not in text
    assert "sheriff_reply_seconds_count" in text


def test_calls_of_the_language_model_are_timed_by_how_they_ended() -> None:
    metrics = Metrics()
    said = [ChatMessage("user", "Why?")]

    list(TimedModel(ScriptedChat("Because."), metrics).stream(said))
    with pytest.raises(ModelUnavailable):
        list(TimedModel(ScriptedChat("Bec", fault="cut off"), metrics).stream(said))

    assert value(metrics, "sheriff_model_seconds_count", result="answered") == 1
    assert value(metrics, "sheriff_model_seconds_count", result="failed") == 1


def test_dashboard_and_alerts_ask_only_for_what_a_running_sheriff_exports(
    small_home: Path, small_docs: Path, model_dir: Path
) -> None:
    with serving(small_home, model_dir, "--config", str(small_docs.with_suffix(".yaml"))) as served:
        served.wait_until_ready()
        served.ask("How do I raise a quota?")
        served.ask("Who sells FortranGrid licences for Solaris?")
        exported = families(httpx.get(f"{served.url}/metrics", timeout=10).text)

    for expression in (*of_dashboard(), *of_alerts()):
        for name, labels in asked_for(expression):
            assert name in exported, f"{name} in: {expression}"
            missing = labels - exported[name] if exported[name] else set()
            assert missing == set(), f"{missing} of {name} in: {expression}"
    assert {name for e in of_dashboard() for name, _ in asked_for(e)} >= {
        "sheriff_questions_total",
        "sheriff_open_cases",
        "sheriff_case_first_response_seconds_bucket",
    }


def test_no_label_holds_a_person_or_what_was_said(store: Store) -> None:
    metrics = metered(store)
    store.cases.save_new(a_case("c-1", opened=AT, asker=Person("29:secret", "Zoë"), question="zanzibar"))

    text = generate_latest(metrics.registry).decode()

    assert "Zoë" not in text
    assert "29:secret" not in text
    assert "zanzibar" not in text


def families(text: str) -> Mapping[str, set[str]]:
    """Names of samples with the labels they have been seen with; none for those without a sample yet."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        found |= {f"{family.name}{ending}": set() for ending in endings}
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels, {"instance", "job"})
    return found


def asked_for(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric of an expression, with the labels that it is selected or grouped by."""
    grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
    for name, selector in re.findall(r"\b(sheriff_\w+)(?:\{([^}]*)\})?", expression):
        yield name, grouped | set(re.findall(r"(\w+)=", selector))


def of_dashboard() -> list[str]:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def of_alerts() -> list[str]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]
