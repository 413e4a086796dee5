"""Sentences that Sheriff says itself, in one place: what we found, where it is written, what happens next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.intents import Intent
from bot.messages import NoticeShown, Reply, ReplyKind
from bot.support.cases import Case
from bot.support.wishes import FeatureRequest, WishState
from knowledge.deployment.asking import MOST_LEAVES, Told
from knowledge.deployment.printing import as_yaml
from knowledge.model import Citation
from knowledge.validation.diagnostics import Diagnostic, Severity, ValidationReport
from knowledge.validation.excerpts import corrected_excerpt
from knowledge.validation.lints import CODES

_FEW = 3  # files that are named though nothing was found in them
TO_WISH = "If it is a wish for something new, write “feature request: …”."
ONLY_THE_QUESTION = "Only the question was answered; the rest of the message was left alone."
INDEX_BROKEN = "The documentation cannot be searched at the moment, so nothing was looked up."


def polite(intent: Intent, platform: str, docs: str) -> str:
    """The reply to a greeting, thanks or a call for help; no case is opened for these."""
    match intent:
        case Intent.THANK:
            return "Glad that helped. Ask whenever something else comes up."
        case Intent.GREET:
            return f"Hello. Ask about {platform}, or paste YAML to check it."
        case _:
            return (
                f"Ask a question about {platform} in your own words: the answer comes from {docs} and names the page. "
                "Paste or attach YAML to have it checked, with line, reason and fix. "
                "What is not written there goes to the duty sheriff, with a ticket."
            )


def off_topic(platform: str, docs: str) -> str:
    """A polite no; no case is opened, and the way to a person stays open."""
    return (
        f"That is outside what Sheriff knows: it answers questions about {platform} from {docs} and checks YAML. "
        "Nobody was told. If it does concern the platform, write “ask the sheriff:” and your question, "
        "and a person gets it."
    )


_MARKUP = re.compile(r"[\\`*_\[\]<>|~]")


def quoted(text: str, *, most: int = 120) -> str:
    """What a person wrote, in one line of Markdown that is nothing but these words."""
    line = " ".join(text.split())
    shown = line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + " …"
    return "“" + _MARKUP.sub(r"\\\g<0>", shown) + "”"


def of_votes(votes: int) -> str:
    return "nobody yet" if votes == 0 else "1 person" if votes == 1 else f"{votes:,} people"


def of_state(wish: FeatureRequest) -> str:
    """ "is planned", "was declined": with the reason that was given."""
    words = {
        WishState.OPEN: "is open",
        WishState.PLANNED: "is planned",
        WishState.STARTED: "is being worked on",
        WishState.DONE: "is done",
        WishState.DECLINED: "was declined",
        WishState.DUPLICATE: f"is counted with FR-{wish.master}",
    }
    return words[wish.state] + (f": {wish.reason.rstrip('.')}" if wish.reason else "")


def of_wish(own: FeatureRequest, kept: FeatureRequest) -> str:
    """What became of a wish; `kept` is the one that it is counted with, which may be itself."""
    wanted = f"{of_votes(kept.votes)} want{'s' if kept.votes == 1 else ''} it"
    if own.number == kept.number:
        return (
            f"Kept as {kept.label}: {quoted(kept.text)}. {wanted[0].upper()}{wanted[1:]}. "
            "You hear when something becomes of it. If it was a question, ask it again with a question mark."
        )
    return (
        f"That is very much like {kept.label}, {quoted(kept.text)}, so your vote counts there: {wanted}, "
        f"and it {of_state(kept)}. If yours is another wish, write “different {own.label}”."
    )


def of_vote(wish: FeatureRequest) -> str:
    return f"Your vote for {wish.label}, {quoted(wish.text)}, is counted: {of_votes(wish.votes)} in all."


def of_top(top: Sequence[FeatureRequest]) -> str:
    """The most wanted, as a list; how to vote and to wish."""
    if not top:
        return "Nobody has wished for anything yet. Write: request a page about Couchbase sizing"
    lines = [f"- {wish.label} {quoted(wish.text)}: {of_votes(wish.votes)}, {wish.state.value}" for wish in top]
    return "\n".join([*lines, "", f"Write “vote {top[0].label}” to vote, “request …” to wish for something else."])


def of_notices(notices: Sequence[NoticeShown]) -> str:
    """What is known, for channels that show only text; Markdown."""
    shown = []
    for notice in notices:
        title = _MARKUP.sub(r"\\\g<0>", notice.title)
        head = f"**Known: {title}** (pinned by {notice.by}, until {notice.until})"
        shown.append("\n\n".join(part for part in (head, notice.text) if part))
    return "\n\n".join(shown)


def as_ticket(case: Case) -> str:
    return f", with ticket {case.ticket}" if case.ticket else ""


def secrets_note(found: Sequence[str]) -> str:
    """Tells the asker that something secret was pasted; never repeats it."""
    if not found:
        return ""
    names = ", ".join(dict.fromkeys(found))
    return (
        f"The message held a secret ({names}). It was masked before it was stored. Rotate it: others may have seen it."
    )


def joined(*notes: str) -> str:
    return " ".join(note for note in notes if note)


_ASKS_FOR_A_CHECK = re.compile(
    r"\b(?:is|are|this|that|these|those|it|here|ok|okay|fine|good|valid|correct|right|check|checked|please|pls|can|could"
    r"|would|will|you|me|us|i|we|my|our|the|a|an|and|of|for|to|at|in|on|with|have|has|give|take|see|know|let|want|need"
    r"|yaml|yml|json|files?|config(?:uration)?|manifest|validate|review|look|looks|looking|quick|just|before|after"
    r"|merge|merging|hi|hello|hey|dear|team|all|sheriff|everyone|everybody|good|morning|afternoon|evening"
    r"|bonjour|salut|hallo)\b",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"\b(?:many thanks|thanks|thank you|thx|cheers|merci|danke|(?:kind |best )?regards|best wishes)\b[^?]*\Z",
    re.IGNORECASE,
)


def is_question(text: str) -> bool:
    """Whether prose beside YAML asks more than "is this ok?", greetings and a signature aside."""
    content = _ASKS_FOR_A_CHECK.sub("", _FAREWELL.sub("", text))
    return len(re.findall(r"\w{2,}", content)) >= 3


def rule_pages(told: Sequence[Told]) -> Sequence[str]:
    """The pages that state the rules of these values, the first few."""
    return list(dict.fromkeys(one.doc for each in told for one in each.found if one.doc))[:2]


def of_values(told: Sequence[Told], cited: Sequence[Citation] = ()) -> str:
    """What holds at the leaves that a question named, each as YAML with where it comes from.

    `cited` are the pages of the rules; without them the pages are named."""
    blocks = [f"At `{each.leaf.node_path}`:\n\n```yaml\n{as_yaml(each.shown)}\n```" for each in told[:MOST_LEAVES]]
    rest = len(told) - MOST_LEAVES
    more = [f"… and at {rest:,} more leaves. Name one to see it."] if rest > 0 else []
    pages = [f"{place.place} [{place.number}]" for place in cited] or [f"`{page}`" for page in rule_pages(told)]
    rule = [f"The rule is on {', '.join(pages)}."] if pages else []
    return "\n\n".join([*blocks, *more, *rule])


def is_clean(report: ValidationReport) -> bool:
    """Whether nothing has to be changed; remarks and style do not count."""
    return all(d.severity is Severity.INFORMATION or d.code in CODES for d in report.diagnostics)


def count_of(diagnostics: Sequence[Diagnostic]) -> str:
    """ "2 errors, 1 warning"."""
    parts = []
    for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFORMATION, "remark")):
        number = sum(d.severity is severity for d in diagnostics)
        if number:
            parts.append(f"{number} {word}{'s' if number > 1 else ''}")
    return ", ".join(parts) or "No errors"


def of_report(report: ValidationReport) -> str:
    """A check in words, for channels that show only text; with the corrected lines where a fix is mechanical."""
    parts = []
    many = len(report.files) > _FEW
    if many:
        parts.append(f"**{count_of(report.diagnostics)}** in {len(report.files)} files.")
    for checked in report.files:
        found = [d for d in report.diagnostics if d.file == checked.name]
        if many and not found:
            continue
        how = f", checked as {checked.schema} from {checked.chosen_by}" if checked.schema else ""
        lines = [f"**{count_of(found)}** in {checked.name}{how}.", *(_line(d) for d in found[:20])]
        if len(found) > 20:
            lines.append(f"- and {len(found) - 20} more")
        parts.append("\n".join(lines))
        if excerpt := corrected_excerpt(checked.text, checked.mended):
            parts.append(f"Corrected:\n\n{_fenced(excerpt)}")
    notes = [" ".join(report.notes)] if report.notes else []
    return "\n\n".join([*parts, *notes])  # a note right under a list would read as its last line


def _fenced(code: str) -> str:
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}yaml\n{code}\n{fence}"


def _line(diagnostic: Diagnostic) -> str:
    place = f"line {diagnostic.span.line}, column {diagnostic.span.column}"
    fix = f" Write `{diagnostic.suggestion}`." if diagnostic.suggestion else ""
    why = f" {diagnostic.why}" if diagnostic.why else ""
    return f"- {place}: {diagnostic.message} ({diagnostic.code}).{why}{fix}".replace("..", ".")


def not_known(docs: str, reply: Reply) -> str:
    """That there is no answer, and how near the documentation comes to one."""
    if reply.looked_at:
        return f"I don’t know: the nearest pages of {docs} do not answer this."
    if reply.note:
        return "I don’t know."
    return f"I don’t know: {docs} has nothing close to this."


def of_handover(case: Case, docs: str, reply: Reply) -> str:
    """Why a person has the question, if Sheriff did not know; who, and which ticket, as far as it really happened."""
    head = "" if reply.outcome is ReplyKind.FORWARDED else f"{not_known(docs, reply)} "
    if case.ticket and case.sheriff:
        return f"{head}{case.sheriff} has your question now, as ticket {case.ticket}."
    if case.ticket:
        team = "nobody is on duty right now, so it goes to the whole team"
        return f"{head}Your question is ticket {case.ticket}; {team}."
    return f"{head}Your case {case.id} is saved. No ticket yet; you will see its number here."
