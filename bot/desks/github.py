"""Tickets as GitHub issues. A ticket is called GH-142, which GitHub itself links to the issue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import httpx

from bot.desks.calling import Manner, Names, retry_after
from bot.desks.once import Access, surely
from bot.desks.words import LABEL, body, headline, label_of, shortened
from bot.support.cases import Case
from bot.support.handoff import Found, Ticket, TicketState, unexpected
from knowledge.errors import DeskRefused

Issue = Mapping[str, Any]
_LONGEST = 60_000  # characters of a text; GitHub takes 65,536 with all that is around it
_PAGE = 100  # the most that GitHub lists at once
_SHAPE = ("number", "html_url", "state")  # of an issue, as far as it is needed
_GONE = frozenset({301, 404, 410})  # moved to another repository, or deleted
_LIVE = re.compile(  # what means something, unless a gap stands behind it
    r"@|!(?=\[)|\](?=[(\[])|(?<!\\)(?:\\\\)*<(?=[A-Za-z/!?])|^[ >]{0,12}\[[^\]\n]{1,200}\](?=:)", re.MULTILINE
)
_NUMBER = re.compile(r"GH-([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class GitHubPlace:
    """Where issues are opened, and what every one of them carries."""

    repository: str  # owner/name
    url: str = "https://api.github.com"
    labels: Sequence[str] = ()
    assignees: Mapping[str, str] = field(default_factory=dict)  # login by the name that the rota has
    page: str = ""  # address of a case, with {case} in it


class GitHubDesk:
    """A Desk. Each issue has the label `sheriff-CASE` and begins with a hidden mark: by these it is found again."""

    def __init__(self, place: GitHubPlace, access: Access) -> None:
        self._place = place
        self._pace = access.pace
        self._names = access.names
        self._once = access.once()
        self._issues = f"/repos/{place.repository}/issues"
        headers = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
        self._client = access.client(place.url, _manner(place.repository, access.names), headers=headers)

    def hang_up(self) -> None:
        """Close the connections; the next call fails."""
        self._client.close()

    def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
        issue = self._issue(case.ticket) or self._once.open(
            case.id, find=partial(self._find, case.id), create=partial(self._create, case, earlier, assignee)
        )
        if issue["state"] == "closed":
            self._change(issue["number"], {"state": "open", **self._assigned(assignee)})
        return Ticket(f"GH-{issue['number']}", issue["html_url"])

    def comment(self, ticket: str, text: str, *, author: str, key: str) -> None:
        issue = self._issue(ticket)
        mark = f"<!-- sheriff note={key} -->"
        if issue is not None:
            self._say(
                issue["number"], f"{mark}\n**{_inert(author)}:** {_inert(text)}", lambda said: said.startswith(mark)
            )

    def close(self, ticket: str, *, resolution: str) -> None:
        issue = self._issue(ticket)
        if issue is None or issue["state"] == "closed":
            return
        words = _inert(resolution)
        self._say(issue["number"], f"<!-- sheriff resolution -->\n{words}", lambda said: words in said)
        self._change(issue["number"], {"state": "closed", "state_reason": "completed"})

    def state(self, ticket: str) -> TicketState:
        issue = self._issue(ticket)
        return TicketState(issue["state"]) if issue else TicketState.UNKNOWN

    def changed_among(self, *, opened: Sequence[str], closed: Sequence[str]) -> Mapping[str, Found]:
        """One list of what is open; only what it shows as it should not be is looked at by itself."""
        if not (opened or closed):
            return {}
        listed = {f"GH-{issue['number']}" for issue in self._list(labels=LABEL, state="open")}
        odd = [*(t for t in opened if t not in listed), *(t for t in closed if t in listed)]
        found = {ticket: self._found(ticket) for ticket in odd if _NUMBER.fullmatch(ticket)}
        return unexpected(found, opened=opened, closed=closed)

    def check(self) -> str:
        repository = self._client.read(f"/repos/{self._place.repository}")
        if not repository.content.get("has_issues"):
            raise DeskRefused(
                f"{self._place.repository} has no issues. Switch them on in its settings, or name another."
            )
        may = repository.content.get("permissions") or {}
        if not (may.get("triage") or may.get("push")):
            raise DeskRefused(
                f"The owner of {self._names.token} may not label issues of {self._place.repository}. Give that account "
                "the role Triage or Write."
            )
        scopes = repository.headers.get("x-oauth-scopes")
        if scopes is not None and not {"repo", "public_repo"} & {scope.strip() for scope in scopes.split(",")}:
            raise DeskRefused(f"{self._names.token} is a classic token without the scope “repo”. Make one that has it.")
        self._client.read(self._issues, {"per_page": 1}, kind=list)
        return f"GitHub, issues of {self._place.repository}; the token reads them, its owner may label."

    def _issue(self, ticket: str) -> Issue | None:
        """The issue of a ticket; None when there is none, or the ticket is no issue's."""
        number = _NUMBER.fullmatch(ticket)
        if number is None:
            return None
        answer = self._client.read(f"{self._issues}/{number[1]}", allow=_GONE, needs=_SHAPE)
        if answer.status in _GONE:
            self._client.read(
                f"/repos/{self._place.repository}"
            )  # 404 may also mean that the token lost its rights, 301 that the repository moved
            return None
        issue: Issue = answer.content
        return None if "pull_request" in issue else issue

    def _found(self, ticket: str) -> Found:
        issue = self._issue(ticket)
        if issue is None:
            return Found(TicketState.UNKNOWN)
        state = TicketState(issue["state"])
        return Found(state, self._last_words(issue) if state is TicketState.CLOSED else "")

    def _find(self, case_id: str) -> Issue | None:
        """By the label; where labels were not allowed or have been removed, by the mark in the newest issues."""
        labelled = list(self._list(labels=label_of(case_id), state="all"))
        newest = () if labelled else self._newest()
        found = labelled or [issue for issue in newest if _begins(issue, _mark(case_id))]
        return min(found, key=lambda issue: int(issue["number"]), default=None)

    def _newest(self) -> Sequence[Issue]:
        params = {"state": "all", "sort": "created", "direction": "desc", "per_page": _PAGE}
        newest: Sequence[Issue] = self._client.read(self._issues, params, kind=list).content
        return newest

    def _list(self, *, labels: str, state: str) -> Iterator[Issue]:
        for number in range(1, 101):
            params = {"labels": labels, "state": state, "per_page": _PAGE, "page": number}
            page = self._client.read(self._issues, params, kind=list).content
            yield from (issue for issue in page if "pull_request" not in issue)
            if len(page) < _PAGE:
                return

    def _create(self, case: Case, earlier: Sequence[Case], sheriff: str) -> Issue:
        place = self._place
        text = _inert(body(case, earlier, sheriff=sheriff, page=place.page, most=_LONGEST))
        content = {
            "title": headline(case, width=200),
            "body": f"{_mark(case.id)}\n{text}",
            "labels": [LABEL, label_of(case.id), *place.labels],
            **self._assigned(sheriff),
        }
        issue: Issue = self._client.write("POST", self._issues, content, needs=_SHAPE).content
        return issue

    def _assigned(self, sheriff: str) -> Mapping[str, Any]:
        login = self._place.assignees.get(sheriff)
        return {"assignees": [login]} if login else {}

    def _change(self, number: int, content: Mapping[str, Any]) -> None:
        self._client.write("PATCH", f"{self._issues}/{number}", content)

    def _comments(self, number: int) -> Iterator[Issue]:
        for page in range(1, 101):
            params = {"per_page": _PAGE, "page": page}
            said = self._client.read(f"{self._issues}/{number}/comments", params, kind=list).content
            yield from said
            if len(said) < _PAGE:
                return

    def _say(self, number: int, text: str, is_it: Callable[[str], bool]) -> None:
        def is_there() -> bool:
            return any(is_it(said["body"] or "") for said in self._comments(number))

        if not is_there():
            path = f"{self._issues}/{number}/comments"
            surely(lambda: self._client.write("POST", path, {"body": text}), is_there, self._pace)

    def _last_words(self, issue: Issue) -> str:
        """What was written last before it was closed, unless Sheriff wrote it."""
        said = list(self._comments(issue["number"])) if issue.get("comments") else []
        last = said[-1]["body"] or "" if said else ""
        if last and not last.startswith("<!-- sheriff"):
            return last.strip()
        return "Closed as not planned." if issue.get("state_reason") == "not_planned" else ""


def _manner(repository: str, names: Names) -> Manner:
    rights = f"“Issues: read and write” for {repository}"
    return Manner(
        "GitHub",
        remedies={
            301: f"{repository} has moved: correct {names.section}.repository.",
            401: f"{names.token} is wrong or has ended: make a new one with {rights}.",
            403: f"{names.token} needs {rights}.",
            404: f"Check {names.section}.repository, and that {names.token} has {rights}.",
            410: f"Switch the issues of {repository} on in its settings.",
            422: f"Check {names.section}.labels and {names.section}.assignees.",
        },
        told=_told,
        wait=_throttled,
        names=names,
    )


def _told(content: Any) -> str:
    if not isinstance(content, dict):
        return ""
    errors = content.get("errors")
    listed = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    details = [" ".join(str(e[k]) for k in ("field", "code", "message") if e.get(k)) for e in listed]
    return "; ".join([str(content.get("message", "")), *details])


def _throttled(response: httpx.Response, now: datetime) -> float | None:
    """GitHub's limits answer 403 as well: with Retry-After, or with nothing remaining until a moment."""
    if response.status_code != 403:
        return None
    asked = retry_after(response, now)
    if asked is not None:
        return asked
    reset = response.headers.get("x-ratelimit-reset", "")
    if response.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(0.0, int(reset) - now.timestamp())
    return None


def _mark(case_id: str) -> str:
    return f"<!-- sheriff case={case_id} -->"


def _begins(written: Issue, mark: str) -> bool:
    return str(written["body"] or "").startswith(mark)


def _inert(text: str) -> str:
    """The text as it was written: an @ in a question is no mention on GitHub, and nothing there hides an address behind
    words, shows a picture from elsewhere, or is HTML."""
    return shortened(_LIVE.sub(lambda found: f"{found[0]}\u200b", text), _LONGEST)
