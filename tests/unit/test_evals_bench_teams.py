"""What `bench teams` prints, and how its connector counts answers."""

from __future__ import annotations

import asyncio
import json

import httpx

from evals.bench.clock import Timing
from evals.bench.connector import Client, Connector, Rate, listening
from evals.bench.teams import Found, Repeated, lines


def _rate(clients: int, per_second: float, seconds: float) -> Rate:
    return Rate(clients, 100, per_second, Timing(seconds, seconds * 2))


def test_ratios_stand_beside_the_figures() -> None:
    echo = {"stock": [_rate(1, 50, 0.02), _rate(16, 60, 0.2)], "sheriff": [_rate(1, 150, 0.005), _rate(16, 180, 0.1)]}

    printed = "\n".join(lines(Found(echo, _rate(1, 20, 0.05), Repeated(1000, 0, 2))))

    assert "clients 1: turns/s ours / stock 3.00, p95 stock / ours 4.00" in printed
    assert "clients 16: turns/s ours / stock 3.00, p95 stock / ours 2.00" in printed
    assert "1,000 messages sent 3 times at once and again after a restart: 0 answered twice, 2 not at all" in printed


def test_the_connector_counts_answers_and_not_typing() -> None:
    connector = Connector()

    connector.take("/v3/conversations/c/activities/a-1", {"type": "typing", "replyToId": "a-1"})
    connector.take("/v3/conversations/c/activities/a-1", {"type": "message", "replyToId": "a-1"})
    connector.take("/v3/conversations/c/activities/a-1", {"type": "message"})
    connector.take("/v3/conversations/c/activities/sent-1", {"type": "message", "replyToId": "a-1"}, new=False)

    assert connector.answers == {"a-1": 2}


def test_a_turn_ends_when_the_answer_is_at_the_connector() -> None:
    async def turn() -> tuple[Rate, int]:
        async with listening() as connector, httpx.AsyncClient(trust_env=False) as back:

            async def bot(request: httpx.Request) -> httpx.Response:
                asked = json.loads(request.content)["id"]
                answer = {"type": "message", "replyToId": asked}
                await back.post(f"{connector.url}/v3/conversations/c/activities/{asked}", json=answer)
                return httpx.Response(202)

            async with httpx.AsyncClient(transport=httpx.MockTransport(bot)) as http:
                rate = await Client(connector, "http://bot", http, {}).turns(["a", "b", "c"], clients=2)
            return rate, sum(connector.answers.values())

    rate, answers = asyncio.run(turn())
    assert (rate.turns, rate.clients, answers) == (3, 2, 3)
    assert rate.timing.p50 > 0
