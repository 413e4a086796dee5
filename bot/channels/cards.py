"""Adaptive Cards 1.5 for Teams, as plain dictionaries. Colours by name, every card with a text that says the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.addresses import citation_address, doc_address
from bot.messages import CaseSummary, Reply, ReplyKind
from bot.wording import count_of, not_known
from knowledge.model import Citation
from knowledge.validation.codes import page_of
from knowledge.validation.diagnostics import Diagnostic, Severity, ValidationReport
from knowledge.validation.excerpts import corrected_excerpt

Card = dict[str, Any]
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_FEW = 3  # files that are named in the title
_MOST_LINES = 16  # of corrected text, over all files
_WIDEST = 100  # characters of such a line
_MOST_DIAGNOSTICS = 8  # a longer list belongs on a page; Teams refuses messages above 100 KB
_MOST_TEXT = 6_000  # characters of one reply
_CODE_FENCE = re.compile(r"(?m)^```[^\n]*\n(.*?)^```\s*$", re.DOTALL)
_WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.INFORMATION: "Remark"}
_COLOURS = {Severity.ERROR: "Attention", Severity.WARNING: "Warning", Severity.INFORMATION: "Default"}


def reply_card(reply: Reply, *, docs: str = "", base_url: str = "") -> Card | None:
    """The card of a reply; None when a line of text says it all."""
    match reply.outcome:
        case ReplyKind.ANSWERED | ReplyKind.HINTED:
            return answer_card(reply, base_url=base_url)
        case ReplyKind.UNANSWERED:
            return handover_card(reply, docs=docs)
        case ReplyKind.CLARIFY:
            return choice_card(reply)
        case ReplyKind.CHECKED if reply.report:
            return diagnostics_card(reply.report, reply.case, note=reply.note, base_url=base_url)
        case _:
            return None


def answer_card(reply: Reply, *, base_url: str = "") -> Card:
    """An answer or a hint with its sources and what can be done about it."""
    pages = len({c.path for c in reply.citations})
    count = {0: "", 1: " from one page"}.get(pages, f" from {pages} pages")
    head = f"Answer{count}" if reply.outcome is ReplyKind.ANSWERED else "Hint · the likely place, not a sure answer"
    body = [_text(head, size="Small", isSubtle=True)]
    if reply.note:
        body.append(_text(reply.note, size="Small", color="Warning"))
    body += _markdown(reply.text)
    if reply.citations:
        sources = [_source(c, base_url) for c in reply.citations]
        body.append({"type": "Container", "separator": True, "spacing": "Medium", "items": sources})
    actions = []
    if reply.case:
        actions = [_action("That solved it", "solved", reply.case, positive=True)]
        actions.append(_action("Ask the sheriff", "ask_sheriff", reply.case))
    return _card(body, actions, fallback=_plain(reply.text))


def choice_card(reply: Reply) -> Card:
    """A question back: each choice is said by its button, as if the asker had typed it."""
    body = [_text(reply.text, weight="Bolder", size="Medium", style="heading")]
    body += [_text(reply.note, size="Small", color="Warning")] if reply.note else []
    actions = [_saying(choice) for choice in reply.choices]
    actions += [_action("Ask the sheriff", "ask_sheriff", reply.case)] if reply.case else []
    return _card(body, actions, fallback=reply.text)


def handover_card(reply: Reply, *, docs: str = "") -> Card:
    """I don't know: who has it, what has happened so far, and the way back."""
    case = reply.case
    title = f"I don’t know. {case.sheriff} has your question now." if case and case.sheriff else "I don’t know."
    body = [_text(title, weight="Bolder", size="Medium", style="heading")]
    body.append(_text(_standing(reply, case, docs or "the documentation"), spacing="Small"))
    if reply.note:
        body.append(_text(reply.note, size="Small", color="Warning"))
    if reply.looked_at:
        places = ", ".join(dict.fromkeys(c.place or c.title for c in reply.looked_at[:3]))
        body.append(_text(f"Looked at in {docs or 'the documentation'}: {places}.", size="Small", isSubtle=True))
    actions = [_action("No need, withdraw it", "withdraw", case)] if case else []
    return _card(body, actions, fallback=_plain(reply.text))


def _standing(reply: Reply, case: CaseSummary | None, docs: str) -> str:
    """What the title leaves open: why there is no answer, and which ticket."""
    why = not_known(docs, reply).removeprefix("I don’t know").strip(":. ")
    parts = [f"{why[:1].upper()}{why[1:]}."] if why else []
    if case:
        parts.append(f"Ticket {case.ticket}." if case.ticket else f"Case {case.id} is saved. No ticket yet.")
    return " ".join(parts) or reply.text


def diagnostics_card(report: ValidationReport, case: CaseSummary | None, *, note: str = "", base_url: str = "") -> Card:
    """What is wrong with the files: severity, place, the line with its token underlined, the fix."""
    few = len(report.files) <= _FEW
    names = ", ".join(f.name for f in report.files) if few else f"{len(report.files)} files"
    body = [_text(f"{count_of(report.diagnostics)} in {names}", weight="Bolder", size="Medium", style="heading")]
    how = [f"{f.name}: checked as {f.schema}, from {f.chosen_by}." for f in report.files if f.schema and few]
    remarks = " ".join([*how, *report.notes])
    body += [_text(note, size="Small", color="Warning")] if note else []
    body += [_text(remarks, size="Small", isSubtle=True, spacing="None")] if remarks else []
    texts = {f.name: f.text.splitlines() for f in report.files}
    many = len(report.files) > 1
    shown = report.diagnostics[:_MOST_DIAGNOSTICS]
    body += [_finding(d, texts.get(d.file, []), named=many, base_url=base_url) for d in shown]
    left = len(report.diagnostics) - _MOST_DIAGNOSTICS
    if left > 0:
        body.append(_text(f"{left} more are not shown here.", size="Small", isSubtle=True))
    body += _corrections(report)
    actions = [_action("Ask the sheriff", "ask_sheriff", case)] if case else []
    first = "; ".join(f"line {d.span.line}: {d.message}" for d in report.diagnostics[:3])
    return _card(body, actions, fallback=f"{names}: {count_of(report.diagnostics)}. {first}".strip())


def case_state_card(title: str, sentence: str) -> Card:
    """What is left of a card after its action was taken."""
    body = [_text(title, weight="Bolder", size="Medium", style="heading"), _text(sentence, spacing="Small")]
    return _card(body, [], fallback=f"{title} {sentence}")


def _card(body: Sequence[Card], actions: Sequence[Card], *, fallback: str) -> Card:
    card: Card = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": fallback[:1000],
        "body": list(body),
        "msteams": {"width": "Full"},
    }
    if actions:
        card["actions"] = list(actions)
    return card


def _text(text: str, **look: Any) -> Card:
    return {"type": "TextBlock", "text": text, "wrap": True, **look}


def _mono(*runs: Card, spacing: str = "Small") -> Card:
    inlines = [{"type": "TextRun", "fontType": "Monospace", "size": "Small", **run} for run in runs]
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": inlines}


def _markdown(text: str) -> list[Card]:
    """Prose as text blocks, fenced code in a monospace block: Teams' text knows no code fence inside a card."""
    if len(text) > _MOST_TEXT:
        text = text[:_MOST_TEXT].rsplit("\n", 1)[0] + "\n\n…"
    parts = _CODE_FENCE.split(text)
    blocks: list[Card] = []
    for number, part in enumerate(parts):
        if not part.strip():
            continue
        code = number % 2 == 1
        blocks.append(_mono({"text": _spaces(part.rstrip())}) if code else _text(_flat(part), spacing="Small"))
    return blocks


def _flat(markdown: str) -> str:
    """Card text has bold, links and lists; headings become bold lines, quotes lose their mark, code its backticks."""
    lines = []
    for line in markdown.strip().splitlines():
        plain = re.sub(r"^#{1,6}\s+(.*)$", r"**\1**", line)
        plain = re.sub(r"^>\s?", "", plain)
        lines.append(re.sub(r"`([^`]+)`", r"**\1**", plain) if "**" not in plain else plain.replace("`", ""))
    return "\n".join(lines)


def _plain(markdown: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[`*#>]", "", markdown)).strip()


def absolute_address(citation: Citation, base_url: str) -> str:
    """A link that works outside our pages; "" when there is none."""
    address = citation_address(citation)
    if address.startswith("/"):
        return f"{base_url}{address}" if base_url else ""
    return address


def _source(citation: Citation, base_url: str) -> Card:
    place = citation.place or citation.title
    url = absolute_address(citation, base_url)
    linked = f"[{place}]({url})" if url else place
    words = [_text(linked, size="Small")]
    if citation.updated:
        words.append(_text(f"Updated {citation.updated}", size="Small", isSubtle=True, spacing="None"))
    number = _text(f"**{citation.number}**", color="Accent", size="Small")
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            {"type": "Column", "width": "auto", "items": [number]},
            {"type": "Column", "width": "stretch", "items": words},
        ],
    }


def _finding(diagnostic: Diagnostic, lines: Sequence[str], *, named: bool, base_url: str) -> Card:
    severity, colour = diagnostic.severity, _COLOURS[diagnostic.severity]
    file = f"{diagnostic.file} · " if named else ""
    place = f"{file}line {diagnostic.span.line}, column {diagnostic.span.column} · {_code(diagnostic, base_url)}"
    items = [
        _text(_flat(f"**{_WORDS[severity]}** · {diagnostic.message}"), color=colour, spacing="None"),
        _text(_flat(f"{place} · {diagnostic.why}") if diagnostic.why else place, size="Small", spacing="Small"),
    ]
    if 1 <= diagnostic.span.line <= len(lines):
        items.append(_offending(lines[diagnostic.span.line - 1], diagnostic, colour))
    if diagnostic.suggestion:
        arrow = {"text": "→ ", "color": "Good", "weight": "Bolder"}
        items.append(_mono(arrow, {"text": _spaces(diagnostic.suggestion), "color": "Good"}, spacing="None"))
    return {"type": "Container", "separator": True, "spacing": "Medium", "items": items}


def _code(diagnostic: Diagnostic, base_url: str) -> str:
    """The code, as a link to the page about it where our pages can be opened from elsewhere."""
    address = doc_address(page_of(diagnostic.code) or diagnostic.doc) if base_url else ""
    return f"[{diagnostic.code}]({base_url}{address})" if address else diagnostic.code


def _corrections(report: ValidationReport) -> list[Card]:
    """The corrected lines of each file, one under the other, as far as the card has room; long ones are shortened."""
    containers: list[Card] = []
    room = _MOST_LINES
    for file in report.files:
        lines = corrected_excerpt(file.text, file.mended, most=room).split("\n") if room > 0 else []
        if not any(lines):
            continue
        rows = [_mono({"text": _spaces(line[:_WIDEST]) or "\u00a0"}, spacing="None") for line in lines]
        title = _text(_flat(f"Corrected lines of {file.name}"), weight="Bolder", size="Small")
        containers.append({"type": "Container", "separator": True, "spacing": "Medium", "items": [title, *rows]})
        room -= len(lines)
    return containers


def _offending(line: str, diagnostic: Diagnostic, colour: str) -> Card:
    """The line with the token underlined: a caret row would not survive Teams' fonts. Long lines are shortened."""
    span = diagnostic.span
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line)
    before, token, after = line[:start], line[start:end] or line[start : start + 1], line[end:]
    before = f"…{before[-40:]}" if len(before) > 41 else before
    after = f"{after[:40]}…" if len(after) > 41 else after
    marked = {"text": _spaces(token) or "·", "color": colour, "underline": True, "weight": "Bolder"}
    runs: list[Card] = [{"text": f"{span.line}  {_spaces(before)}"}, marked]
    if after:
        runs.append({"text": _spaces(after)})
    return _mono(*runs)


def _spaces(code: str) -> str:
    """Spaces that a card does not fold."""
    return code.replace(" ", "\u00a0")


def _saying(words: str) -> Card:
    said = {"type": "messageBack", "displayText": words, "text": words}
    return {"type": "Action.Submit", "title": words, "data": {"msteams": said}}


def _action(title: str, verb: str, case: CaseSummary, *, positive: bool = False) -> Card:
    data = {"verb": verb, "case": case.id, "v": 1}
    style = {"style": "positive"} if positive else {}
    return {
        "type": "Action.Execute",
        "title": title,
        "verb": verb,
        "data": data,
        "fallback": {"type": "Action.Submit", "title": title, "data": data},
        **style,
    }
