"""What is wrong with files: each finding with its line, the token underlined, and the fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.addresses import doc_address
from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.channels.cards.words import PHONE, code, line_of, link, literal, name, shortened, spoken, tidy
from bot.messages import CaseSummary
from bot.wording import count_of
from knowledge.validation.codes import page_of
from knowledge.validation.diagnostics import Diagnostic, Severity, ValidationReport
from knowledge.validation.excerpts import corrected_excerpt
from knowledge.validation.text import BREAK

_FEW = 3  # files that are named in the title
_MOST_LINES = 16  # of corrected text, over all files
_WIDEST = 100  # characters of such a line
_MOST_DIAGNOSTICS = 8  # a longer list belongs on a page
_MOST_WORDS = 600  # characters of one message or reason
_AROUND = 40  # characters shown before and after a token
_WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.INFORMATION: "Remark"}
_COLOURS = {Severity.ERROR: "Attention", Severity.WARNING: "Warning", Severity.INFORMATION: "Default"}


def diagnostics_card(
    report: ValidationReport, case: CaseSummary | None, *, note: str = "", base_url: str = "", rest: str = ""
) -> Card:
    """What is wrong with the files: severity, place, the line with its token underlined, the fix.

    `rest` says where the findings are for which the card has no room: "follow as text"."""
    few = len(report.files) <= _FEW
    names = ", ".join(name(f.name) for f in report.files) if few else f"{len(report.files)} files"
    body = [parts.text(f"{count_of(report.diagnostics)} in {names}", weight="Bolder", size="Medium", style="heading")]
    body += [parts.note(spoken(note))] if note else []
    body += _remarks(report) if few or report.notes else []
    texts = {f.name: BREAK.split(f.text) for f in report.files}
    many = len(report.files) > 1
    shown = report.diagnostics[:_MOST_DIAGNOSTICS]
    body += [_finding(d, texts.get(d.file, []), named=many, base_url=base_url) for d in shown]
    left = len(report.diagnostics) - len(shown)
    where = rest or "are not shown here. `sheriff validate` lists them all."
    body += [parts.text(f"{left} more {spoken(where)}", size="Small", isSubtle=True)] if left else []
    body += _corrections(report)
    first = "; ".join(f"line {d.span.line}: {d.message}" for d in report.diagnostics[:3])
    plain_names = ", ".join(f.name for f in report.files) if few else names
    fallback = f"{plain_names}: {count_of(report.diagnostics)}. {first}".strip()
    return parts.card(body, _actions(report, case), fallback=fallback, rest=f"The rest {spoken(where)}")


def has_overflow(report: ValidationReport) -> bool:
    """Whether the card leaves findings out, so that `overflow_text` has more to say."""
    return len(report.diagnostics) > _MOST_DIAGNOSTICS


def overflow_text(report: ValidationReport) -> str:
    """The whole report as plain text, a line or two for each finding; send it as `textFormat: plain`, in `pieces`."""
    files = f"{len(report.files)} files" if len(report.files) > 1 else line_of("".join(f.name for f in report.files))
    return "\n".join([f"{count_of(report.diagnostics)} in {files}", *_lines(report)])


def _actions(report: ValidationReport, case: CaseSummary | None) -> list[Card]:
    if not case:
        return []
    mended = sum(bool(f.mended) for f in report.files)
    title = "Send corrected file" if mended == 1 else "Send corrected files"
    corrected = [parts.action(title, "corrected", {"case": case.id}, positive=True)] if mended else []
    return [*corrected, parts.action("Ask the sheriff", "ask_sheriff", {"case": case.id})]


def _lines(report: ValidationReport) -> Iterator[str]:
    for found in report.diagnostics:
        place = f"{line_of(found.file)}:{found.span.line}:{found.span.column}"
        yield f"\n{place}  {_WORDS[found.severity].lower()} {found.code}  {_ended(line_of(found.message))}"
        if found.why:
            yield f"    {line_of(found.why)}"
        if found.suggestion:
            yield "    Write: " + tidy(found.suggestion).strip().replace("\n", "\n           ")
    if report.notes:
        yield ""
        yield from (line_of(said) for said in report.notes)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _remarks(report: ValidationReport) -> list[Card]:
    few = len(report.files) <= _FEW
    how = [
        f"{name(f.name)}: checked as {name(f.schema)}, from {literal(f.chosen_by)}."
        for f in report.files
        if f.schema and few
    ]
    said = " ".join([*how, *(spoken(shortened(line_of(each), _MOST_WORDS)) for each in report.notes)])
    return [parts.text(said, size="Small", isSubtle=True, spacing="None")] if said else []


def _finding(diagnostic: Diagnostic, lines: Sequence[str], *, named: bool, base_url: str) -> Card:
    severity, colour = diagnostic.severity, _COLOURS[diagnostic.severity]
    file = f"{name(diagnostic.file)} · " if named else ""
    place = f"{file}line {diagnostic.span.line}, column {diagnostic.span.column} · {_code(diagnostic, base_url)}"
    why = f" · {_words(diagnostic.why)}" if diagnostic.why else ""
    items = [
        parts.text(f"**{_WORDS[severity]}** · {_words(diagnostic.message)}", color=colour, spacing="None"),
        parts.text(f"{place}{why}", size="Small", spacing="Small"),
    ]
    if 1 <= diagnostic.span.line <= len(lines):
        items.append(_offending(lines[diagnostic.span.line - 1], diagnostic, colour))
    if diagnostic.suggestion:
        arrow = {"text": "→ ", "color": "Good", "weight": "Bolder"}
        fix = {"text": code(shortened(diagnostic.suggestion, _MOST_WORDS)), "color": "Good"}
        items.append(parts.mono(arrow, fix, spacing="None"))
    return parts.section(items)


def _words(sentence: str) -> str:
    """A sentence about a file, with tokens of the file in it."""
    return spoken(shortened(line_of(sentence), _MOST_WORDS))


def _code(diagnostic: Diagnostic, base_url: str) -> str:
    """The code, as a link to the page about it where our pages can be opened from elsewhere."""
    address = doc_address(page_of(diagnostic.code) or diagnostic.doc) if base_url else ""
    return link(literal(diagnostic.code), f"{base_url}{address}" if address else "")


def _corrections(report: ValidationReport) -> list[Card]:
    """The corrected lines of each file, one under the other, as far as the card has room; long ones are shortened."""
    containers: list[Card] = []
    room = _MOST_LINES
    for file in report.files:
        lines = corrected_excerpt(file.text, file.mended, most=room).split("\n") if room > 0 else []
        if not any(lines):
            continue
        rows = [parts.mono({"text": code(line[:_WIDEST]) or "\u00a0"}, spacing="None") for line in lines]
        title = parts.text(f"Corrected lines of {name(file.name)}", weight="Bolder", size="Small")
        containers.append(parts.section([title, *rows]))
        room -= len(lines)
    return containers


def _offending(line: str, diagnostic: Diagnostic, colour: str) -> Card:
    """The line with the token underlined: a caret row would not survive Teams' fonts. Long lines are shortened."""
    span = diagnostic.span
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line)
    before, token, after = line[:start], line[start:end] or line[start : start + 1], line[end:]
    before = f"…{before[-_AROUND:]}" if len(before) > _AROUND + 1 else before
    after = f"{after[:_AROUND]}…" if len(after) > _AROUND + 1 else after
    token = f"{token[:_WIDEST]}…" if len(token) > _WIDEST + 1 else token
    number = f"{span.line}  "
    wide = len(number + before + token + after) > PHONE
    marked = {"text": code(token, wide=wide) or "·", "color": colour, "underline": True, "weight": "Bolder"}
    runs: list[Card] = [{"text": code(number) + code(before, wide=wide)}, marked]
    if after:
        runs.append({"text": code(after, wide=wide)})
    return parts.mono(*runs)
