"""Named places on the way of a message, from its arrival to the sheriff's knowing of it, and of what the rota tells.

The code says when it passes one, and in production nobody listens. Tests put a listener there that kills the process:
whatever was promised has to hold wherever it dies.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Landmark(StrEnum):
    """In the order in which a message that nobody can answer passes them."""

    MESSAGE_KEPT = "message kept"  # of a channel that is told so before it is answered: Teams
    MESSAGE_RECEIVED = "message received"
    MESSAGE_CLAIMED = "message claimed"
    ANSWER_SOUGHT = "answer sought"  # there is none: a person is needed
    CASE_WRITTEN = "case written"  # with its hand-over, inside the transaction
    CASE_STORED = "case stored"
    DELIVERY_BEGUN = "delivery begun"
    SHERIFF_NAMED = "sheriff named"
    TICKET_WANTED = "ticket wanted"  # the desk has not been asked yet
    TICKET_OPENED = "ticket opened"  # by the desk; the case does not know its number yet
    TICKET_STORED = "ticket stored"
    SHERIFF_CALLED = "sheriff called"  # the channel has not been asked yet
    SHERIFF_NOTIFIED = "sheriff notified"  # by the channel; the case does not know yet
    NOTIFICATION_STORED = "notification stored"
    DELIVERY_DONE = "delivery done"  # all have heard; it is not written down yet
    REPLY_STORED = "reply stored"  # the asker has not got it yet


class RotaLandmark(StrEnum):
    """In the order in which what the rota tells by itself passes them, such as the hand-over of a week."""

    NEWS_DUE = "news due"  # and nobody has told it
    NEWS_CLAIMED = "news claimed"  # the channel has not been asked yet
    NEWS_SENT = "news sent"  # by the channel; the pages do not know yet
    NEWS_STORED = "news stored"


def _nobody(_: Landmark | RotaLandmark) -> None:
    """Production."""


_listener: Callable[[Landmark | RotaLandmark], None] = _nobody


def passed(landmark: Landmark | RotaLandmark) -> None:
    """Say that this place is reached."""
    _listener(landmark)


def listen(listener: Callable[[Landmark | RotaLandmark], None]) -> None:
    """Call `listener` at every landmark from now on, in the thread that passes it; for tests only."""
    global _listener  # noqa: PLW0603 - passing a listener through every layer would put tests into each signature
    _listener = listener
