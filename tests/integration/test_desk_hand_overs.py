"""Hand-overs on real workflows to a ticket system that loses answers, lags, throttles and fails."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

from bot.desks.github import GitHubDesk, GitHubPlace
from bot.store.attempts import CaseAttempts
from bot.store.opening import open_store
from bot.store.turn_log import utc_now
from bot.support.handoff import Role
from bot.workflows import Plan, Workflows
from tests.desk_double import GitHubDouble, Time
from tests.desks import access
from tests.fakes import RecordingNotifier
from tests.integration.test_workflows import ROTA, eventually, fresh


def test_sixty_cases_in_random_trouble_get_sixty_tickets_through_the_workflows(tmp_path: Path) -> None:
    store, notifier, time = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}"), RecordingNotifier(), Time(tick=0.5)
    double = GitHubDouble(time)
    double.lag = 4.0
    double.chance = random.Random(7)  # noqa: S311 - trouble, not a secret
    attempts = CaseAttempts(store.cases, clock=time)
    desk = GitHubDesk(GitHubPlace("acme/platform", url=double.url), access(double, attempts))
    workflows = Workflows(
        store.cases,
        desk=desk,
        notifier=notifier,
        rota=ROTA,
        clock=utc_now,
        url=f"sqlite:///{tmp_path / 'workflows.db'}",
        plan=Plan(retry_after=(0.05,), sweep_every=0.2, sweep_older_than=timedelta()),
    )
    workflows.start()
    try:
        assert workflows.wait_until_ready(20)
        for number in range(60):
            store.cases.save_new(fresh(f"c-{number:08}"))
            workflows.push(f"c-{number:08}")
        eventually(lambda: not store.cases.unheard(), within=240)
    finally:
        workflows.stop()
    tickets = [case.ticket for case in store.cases.list(limit=100)]
    store.close()

    assert len(double.tickets) == 60
    assert len(set(tickets)) == 60
    assert "" not in tickets
    assert notifier.texts(Role.SHERIFF) != []
