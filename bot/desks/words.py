"""What is written into tickets."""

from __future__ import annotations

from collections.abc import Sequence

from bot.support.cases import Case, EventKind, title

DOCS = "docs"  # the channel of a case that is a gap of the documentation: nobody asked it, all of it is in its text
LABEL = "sheriff"  # on every ticket of Sheriff's; with the case id behind it, on the one of that case
_ASKED, _ANSWERED = 160, 300  # characters of what was said before
_CUT = "\n\n… (the rest is in the case)"


def label_of(case_id: str) -> str:
    """The label, tag or correlation id by which a case's ticket is found."""
    return f"{LABEL}-{case_id}"


def headline(case: Case, *, width: int) -> str:
    return title(case, width=width)


def body(case: Case, earlier: Sequence[Case] = (), *, sheriff: str, page: str, most: int) -> str:
    """What the person who opens the ticket reads first, as plain paragraphs of at most so many characters. `earlier` is
    what the asker asked before in the same conversation, newest first; `page` is the address of the case."""
    address = page.format(case=case.id)
    end = (f"\n\nOn duty: {sheriff}." if sheriff else "") + (f"\n\nThe case: {address}" if address else "")
    return shortened(story(case, earlier), most - len(end)) + end


def story(case: Case, earlier: Sequence[Case] = ()) -> str:
    """What was asked, how urgent it is and for what, what Sheriff answered, which pages it looked at, and what was said
    before."""
    if case.channel == DOCS:
        return case.answer
    about = [f"Severity: {case.severity.value}"]
    about += [f"Component: {case.component}"] if case.component else []
    about += [f"Application: {case.application}"] if case.application else []
    sent = next((event.text for event in case.events if event.kind == EventKind.OPENED and event.text), case.question)
    parts = [f"{case.asker.name} asked:\n{sent}", "\n".join(about)]
    parts += [f"Sheriff said ({case.outcome}): {case.answer}"] if case.answer else []
    places = list(dict.fromkeys(citation.place or citation.title for citation in case.citations))
    parts += ["Sheriff looked at:\n" + "\n".join(f"- {place}" for place in places)] if places else []
    before = "\n".join(f"- {asked}\n  {answered}" for asked, answered in map(turn, reversed(earlier)))
    parts += [f"Before that, in the same conversation:\n{before}"] if before else []
    return "\n\n".join(parts)


def turn(case: Case) -> tuple[str, str]:
    """An earlier question and what came of it, each in a line."""
    answer = _in_a_line(case.answer, _ANSWERED)
    resolution = _in_a_line(case.resolution, _ANSWERED)
    said = f"Sheriff ({case.outcome}): {answer}" if answer else f"Sheriff: {case.outcome}."
    return title(case, width=_ASKED), f"{said} Resolution: {resolution}" if resolution else said


def shortened(text: str, most: int) -> str:
    """The text, cut with a note where the ticket system takes no more."""
    return text if len(text) <= most else text[: max(0, most - len(_CUT))] + _CUT


def _in_a_line(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 2].rsplit(" ", 1)[0] + " …"
