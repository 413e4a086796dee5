"""Tickets as issues in Jira Cloud (REST API v3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.desks.calling import Manner, Names
from bot.desks.once import Access, surely
from bot.desks.words import LABEL, body, headline, label_of, shortened
from bot.support.cases import Case
from bot.support.handoff import Found, Ticket, TicketState, unexpected
from knowledge.errors import DeskRefused

Issue = Mapping[str, Any]
_API = "/rest/api/3"
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[1-9][0-9]{0,17}")
_DONE = "done"  # the category of statuses in which nothing is left to do
_LONGEST = 30_000  # characters of a text; Jira takes 32,767 with all that is around it
_NEEDED = ("BROWSE_PROJECTS", "CREATE_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES")
_MARK = re.compile(r"\[sheriff [^\]\n]+\]$")


@dataclass(frozen=True, slots=True)
class JiraPlace:
    """Where issues are opened, and what every one of them carries."""

    url: str  # https://example.atlassian.net, or https://api.atlassian.com/ex/jira/CLOUD_ID
    project: str  # its key
    issue_type: str = "Task"
    labels: Sequence[str] = ()
    assignees: Mapping[str, str] = field(default_factory=dict)  # account id by the name that the rota has
    fields: Mapping[str, Any] = field(default_factory=dict)  # further ones of each new issue
    close_transition: str = ""  # empty: the first that leads to a status of the category “done”
    reopen_transition: str = ""  # empty: the first that leads out of it
    search_path: str = f"{_API}/search/jql"
    site: str = ""  # where people see issues; empty: the url
    page: str = ""  # address of a case, with {case} in it


class JiraDesk:
    """A Desk. Each issue has the label `sheriff-CASE`, by which it is found again, and the case in its properties."""

    def __init__(self, place: JiraPlace, access: Access) -> None:
        self._place = place
        self._pace = access.pace
        self._once = access.once()
        self._names = access.names
        self._client = access.client(place.url, _manner(place.project, access.names))

    def hang_up(self) -> None:
        """Close the connections; the next call fails."""
        self._client.close()

    def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
        issue = self._issue(case.ticket) or self._once.open(
            case.id, find=partial(self._find, case.id), create=partial(self._create, case, earlier, assignee)
        )
        key = str(issue["key"])
        if "fields" in issue and _is_done(issue):
            self._move(key, self._place.reopen_transition, lambda category: category != _DONE)
            account = self._place.assignees.get(assignee)
            if account:
                self._client.write("PUT", f"{_API}/issue/{key}/assignee", {"accountId": account})
        return Ticket(key, f"{(self._place.site or self._place.url).rstrip('/')}/browse/{key}")

    def comment(self, ticket: str, text: str, *, author: str, key: str) -> None:
        issue = self._issue(ticket)
        mark = f"[sheriff note {key}]"
        if issue is not None:
            self._say(
                issue["key"], f"{author}: {shortened(text, _LONGEST)}\n\n{mark}", lambda said: said.endswith(mark)
            )

    def close(self, ticket: str, *, resolution: str) -> None:
        issue = self._issue(ticket)
        if issue is None or _is_done(issue):
            return
        words = shortened(resolution, _LONGEST)
        text = f"{words}\n\n[sheriff resolution]"
        self._say(issue["key"], text, lambda said: " ".join(words.split()) in " ".join(said.split()))
        self._move(issue["key"], self._place.close_transition, lambda category: category == _DONE)

    def state(self, ticket: str) -> TicketState:
        issue = self._issue(ticket)
        if issue is None:
            return TicketState.UNKNOWN
        return TicketState.CLOSED if _is_done(issue) else TicketState.OPEN

    def changed_among(self, *, opened: Sequence[str], closed: Sequence[str]) -> Mapping[str, Found]:
        """One search for what is open; only what it shows as it should not be is looked at by itself."""
        if not (opened or closed):
            return {}
        listed = {issue["key"] for issue in self._search(f'labels = "{LABEL}" AND statusCategory != Done')}
        odd = [*(t for t in opened if t not in listed), *(t for t in closed if t in listed)]
        found = {ticket: self._found(ticket) for ticket in odd if _KEY.fullmatch(ticket)}
        return unexpected(found, opened=opened, closed=closed)

    def check(self) -> str:
        project = self._place.project
        params = {"projectKey": project, "permissions": ",".join(_NEEDED)}
        permissions = self._client.read(f"{_API}/mypermissions", params, needs=("permissions",)).content["permissions"]
        lacking = [name for name in _NEEDED if not permissions.get(name, {}).get("havePermission")]
        if lacking:
            names = ", ".join(name.replace("_", " ").capitalize() for name in lacking)
            raise DeskRefused(
                f"The account of {self._names.token} lacks permissions in the project {project}: {names}."
            )
        list(self._search(f'labels = "{label_of("none")}"'))
        return f"Jira, project {project}; this account may create issues, comment and move them."

    def _issue(self, ticket: str) -> Issue | None:
        if not _KEY.fullmatch(ticket):
            return None
        params = {"fields": "status,labels"}
        answer = self._client.read(f"{_API}/issue/{ticket}", params, allow={404}, needs=("key", "fields"))
        if answer.status == 404:
            self._client.read(f"{_API}/project/{self._place.project}")  # 404 may also mean that rights were lost
            return None
        issue: Issue = answer.content
        return issue

    def _found(self, ticket: str) -> Found:
        state = self.state(ticket)
        return Found(state, self._last_words(ticket) if state is TicketState.CLOSED else "")

    def _find(self, case_id: str) -> Issue | None:
        label = label_of(case_id)
        found = [i for i in self._search(f'labels = "{label}"') if label in i["fields"].get("labels", ())]
        return min(found, key=lambda issue: int(issue["id"]), default=None)

    def _search(self, jql: str) -> Iterator[Issue]:
        """All issues of a search; the older address counts them, the newer gives a token for the next page."""
        more: dict[str, Any] = {}
        for _ in range(100):
            params = {"jql": jql, "fields": "status,labels", "maxResults": 100, **more}
            page = self._client.read(self._place.search_path, params, needs=("issues",)).content
            yield from page["issues"]
            end = page.get("startAt", 0) + len(page["issues"])
            if page.get("nextPageToken"):
                more = {"nextPageToken": page["nextPageToken"]}
            elif page["issues"] and end < page.get("total", 0):
                more = {"startAt": end}
            else:
                return

    def _create(self, case: Case, earlier: Sequence[Case], sheriff: str) -> Issue:
        place = self._place
        text = body(case, earlier, sheriff=sheriff, page=place.page, most=_LONGEST)
        account = place.assignees.get(sheriff)
        fields = {
            **place.fields,
            "project": {"key": place.project},
            "issuetype": {"name": place.issue_type},
            "summary": headline(case, width=200),
            "description": _document(text),
            "labels": [LABEL, label_of(case.id), *place.labels],
            **({"assignee": {"id": account}} if account else {}),
        }
        content = {"fields": fields, "properties": [{"key": LABEL, "value": {"case": case.id}}]}
        issue: Issue = self._client.write("POST", f"{_API}/issue", content, needs=("key",)).content
        return issue

    def _move(self, key: str, name: str, suits: Callable[[str], bool]) -> None:
        """Through the transition of this name, or the first to a status that suits."""
        path = f"{_API}/issue/{key}/transitions"
        offered = self._client.read(path, needs=("transitions",)).content["transitions"]
        fitting = [t for t in offered if (t["name"] == name if name else suits(t["to"]["statusCategory"]["key"]))]
        if not fitting:
            way = f"named “{name}”" if name else "that fits"
            raise DeskRefused(
                f"Jira offers no transition {way} for {key}. Give the account “Transition issues”, or name one in "
                "desk.close_transition and desk.reopen_transition."
            )
        self._client.write("POST", path, {"transition": {"id": fitting[0]["id"]}})

    def _say(self, key: str, text: str, is_it: Callable[[str], bool]) -> None:
        def is_there() -> bool:
            return any(is_it(said) for said in self._comments(key))

        if not is_there():
            content = {"body": _document(text)}
            surely(lambda: self._client.write("POST", f"{_API}/issue/{key}/comment", content), is_there, self._pace)

    def _comments(self, key: str) -> Iterator[str]:
        start = 0
        for _ in range(100):
            params = {"startAt": start, "maxResults": 100}
            page = self._client.read(f"{_API}/issue/{key}/comment", params, needs=("comments",)).content
            yield from (_plain(said["body"]) for said in page["comments"])
            start += len(page["comments"])
            if not page["comments"] or start >= page.get("total", 0):
                return

    def _last_words(self, key: str) -> str:
        """What was written last before it was closed, unless Sheriff wrote it."""
        said = list(self._comments(key))
        return said[-1] if said and not _MARK.search(said[-1]) else ""


def _manner(project: str, names: Names) -> Manner:
    desk = names.section
    return Manner(
        "Jira",
        remedies={
            400: f"Check {desk}.project, {desk}.issue_type, {desk}.fields, and that the create screen has Labels.",
            401: f"Check {names.user} (an e-mail address) and {names.token}, which may have ended.",
            403: f"Give the account of {names.token} the right to create and edit issues in {project}.",
            404: f"Check {desk}.url, {desk}.project and {desk}.search_path, and that the account sees {project}.",
            410: f"Jira has removed this address: set {desk}.search_path to /rest/api/3/search/jql.",
        },
        told=_told,
        names=names,
    )


def _told(content: Any) -> str:
    if not isinstance(content, dict):
        return ""
    said = content.get("errorMessages")
    fields = content.get("errors")
    listed = [str(message) for message in said] if isinstance(said, list) else []
    named = [f"{name}: {why}" for name, why in fields.items()] if isinstance(fields, dict) else []
    return "; ".join([*listed, *named]) or str(content.get("message", ""))


def _is_done(issue: Issue) -> bool:
    return bool(issue["fields"]["status"]["statusCategory"]["key"] == _DONE)


def _document(text: str) -> dict[str, Any]:
    """Plain text in Atlassian's document format: paragraphs where lines are blank, breaks between lines."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return {"type": "doc", "version": 1, "content": [_paragraph(lines) for lines in paragraphs if lines.strip()]}


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for line in text.splitlines():
        if line.strip():
            content += [{"type": "text", "text": line}, {"type": "hardBreak"}]
    return {"type": "paragraph", "content": content[:-1]}


def _plain(node: Any) -> str:
    """The text of a document, a line for each line and paragraph."""
    if not isinstance(node, dict):
        return str(node or "")
    if node.get("type") == "text":
        return str(node.get("text", ""))
    if node.get("type") == "hardBreak":
        return "\n"
    separator = "\n" if node.get("type") == "doc" else ""
    return separator.join(_plain(part) for part in node.get("content", ()))
