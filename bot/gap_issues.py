"""A gap as an issue in the repository of the documentation, or wherever its maintainers work; closed once it is
verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.desks.words import DOCS
from bot.messages import Person
from bot.store.gap_issues import GapIssues, Issue
from bot.store.gap_store import SHERIFF, GapStore
from bot.support import gap_report
from bot.support.cases import Case, CaseState
from bot.support.gap_report import Entry
from bot.support.handoff import Desk
from bot.support.ledger import UNSOLVED, Gap, GapState
from knowledge.errors import DeskRefused, DeskUnavailable, Misuse

log = structlog.get_logger(__name__)
EVERY = 300.0  # seconds between two looks for issues to close
_UNDRAFTED = (GapState.OPEN, GapState.REGRESSED)


@dataclass(frozen=True, slots=True)
class DocsDesk:
    """Safe in several processes: a gap gets one issue, however often it is asked for."""

    gaps: GapStore
    issues: GapIssues
    desk: Desk
    entry: Callable[[Gap], Entry]
    address: str = ""  # of the page of gaps; "" when nobody elsewhere could open it

    def open(self, number: int, by: Person, *, version: int) -> Issue:
        """The gap's issue, open; the gap counts as drafted then. Raises DeskUnavailable (try again), DeskRefused, and
        as `GapStore.act` does."""
        gap = self.gaps.seen(number, version=version)
        if gap.state not in UNSOLVED:
            raise Misuse(f"{gap.label} needs no issue: nothing about it is to be done.")
        issue = self.issues.begun(number)
        ticket = self.desk.open(self._as_case(gap, issue), assignee="")
        if (ticket.number, ticket.url) != (issue.ticket, issue.url):
            self.gaps.note(number, "issue", by, f"{ticket.number} {ticket.url}".strip())
        self.issues.opened(number, ticket.number, ticket.url)
        if gap.state in _UNDRAFTED:
            self.gaps.act(number, GapState.DRAFTED, by, version=version, text=f"As {ticket.number}.")
        return Issue(number, issue.key, ticket.number, ticket.url)

    def close_verified(self) -> bool:
        """Close the issues of gaps that are verified, saying why; True when there was one."""
        done = False
        for issue in self.issues.to_close():
            done |= self._close(issue)
        return done

    def _close(self, issue: Issue) -> bool:
        verified = [event for event in self.gaps.history(issue.gap) if event.kind == GapState.VERIFIED]
        said = verified[-1].text if verified else ""
        try:
            self.desk.close(issue.ticket, resolution=f"Verified by Sheriff. {said}".strip())
        except DeskUnavailable:
            return False  # the next look tries again
        except DeskRefused as error:
            log.warning("gap_issue_not_closed", ticket=issue.ticket, reason=str(error))
            self.gaps.note(issue.gap, "issue", SHERIFF, f"{issue.ticket} was not closed: {error}")
        else:
            self.gaps.note(issue.gap, "issue", SHERIFF, f"{issue.ticket} was closed.")
        self.issues.closed(issue.gap)
        return True

    def _as_case(self, gap: Gap, issue: Issue) -> Case:
        page = f"{self.address}/{gap.label}" if self.address else ""
        return Case(
            id=issue.key,
            state=CaseState.NEW,
            question=f"Docs: {gap.name or gap.label}",
            asker=SHERIFF,
            channel=DOCS,
            conversation="",
            opened=gap.opened,
            updated=gap.updated,
            outcome="gap",
            answer=gap_report.as_issue(self.entry(gap), page),
            component=gap.component,
            ticket=issue.ticket,
        )
