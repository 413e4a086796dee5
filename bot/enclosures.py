"""Files that come for a case, in words: their names, what a check finds, and the beginning of their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import wording
from bot.examining import Examiner
from bot.intents import Intent, understand
from bot.messages import Attachment, Incoming, Person
from bot.redaction import masked, redact
from knowledge.errors import TooCostly

_SHOWN = 3  # files whose text is shown; of more, only what was found
_MOST = 4_000  # characters of each


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The same files for who sent them and for who works on the case; without their secrets."""

    findings: str
    text: str  # the findings, and what the files say
    secrets: Sequence[str] = ()  # that were taken out, by name only


def enclosed(attachments: Sequence[Attachment], examiner: Examiner) -> Enclosed:
    """What is written into a case about files that were sent for it; files that cannot be checked are named."""
    request = understand(Incoming("", "", "", Person("", ""), "", attachments), examiner.opened)
    if request.intent is not Intent.CHECK:
        named = ", ".join(attachment.name for attachment in attachments)
        said = redact(f"{named}: not checked. {request.reason}")
        return Enclosed(said.text, said.text, said.found)
    try:
        hidden = masked(examiner.examine(request.files).report)
    except TooCostly as refusal:
        said = redact(str(refusal))
        return Enclosed(said.text, said.text, said.found)
    report, refused = hidden.report, redact(request.reason).text
    findings = "\n\n".join(part for part in (wording.of_report(report), refused) if part)
    shown = [file for file in report.files if file.text] if len(report.files) <= _SHOWN else ()
    blocks = [f"````yaml {file.name}\n{file.text[:_MOST].rstrip()}\n````" for file in shown]
    return Enclosed(findings, "\n\n".join([findings, *blocks]), hidden.found)
