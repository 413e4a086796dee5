"""Adaptive Cards 1.5 for Teams, as plain dictionaries: pure functions, which get all they say as arguments.

Colours by name, every card with a text that says the same, none larger than Teams takes."""

from bot.channels.cards.answers import (
    absolute_address,
    answer_card,
    case_state_card,
    choice_card,
    handover_card,
    pressed_card,
    reply_card,
)
from bot.channels.cards.cases import CaseFacts, case_card, cases_card, status_card
from bot.channels.cards.checking import diagnostics_card, has_overflow, overflow_text
from bot.channels.cards.finding import faq_form, page_card
from bot.channels.cards.notices import help_card, notice_card, pinned_card, proposal_card, welcome_card
from bot.channels.cards.requests import RequestRow, request_card, requests_card
from bot.channels.cards.roster import duty_card, roster_card, weekly_card
from bot.channels.cards.size import Card, fitted, pieces, size_of

__all__ = [
    "Card",
    "CaseFacts",
    "RequestRow",
    "absolute_address",
    "answer_card",
    "case_card",
    "case_state_card",
    "cases_card",
    "choice_card",
    "diagnostics_card",
    "duty_card",
    "faq_form",
    "fitted",
    "handover_card",
    "has_overflow",
    "help_card",
    "notice_card",
    "overflow_text",
    "page_card",
    "pieces",
    "pinned_card",
    "pressed_card",
    "proposal_card",
    "reply_card",
    "request_card",
    "requests_card",
    "roster_card",
    "size_of",
    "status_card",
    "weekly_card",
    "welcome_card",
]
