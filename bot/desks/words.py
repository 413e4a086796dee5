"""What is written into tickets."""

from __future__ import annotations

from bot.support.cases import Case, EventKind, title

LABEL = "sheriff"  # on every ticket of Sheriff's; with the case id behind it, on the one of that case


def label_of(case_id: str) -> str:
    """The label, tag or correlation id by which a case's ticket is found."""
    return f"{LABEL}-{case_id}"


def headline(case: Case, *, width: int) -> str:
    return title(case, width=width)


def body(case: Case, *, sheriff: str, page: str) -> str:
    """What the person who opens the ticket reads first, as plain paragraphs. `page` is the address of the case."""
    link = f"\n\nThe case: {page}" if page else ""
    return f"{story(case)}\n\nOn duty: {sheriff}.{link}"


def story(case: Case) -> str:
    """What was asked, how urgent it is and for what, what Sheriff answered, and which pages it looked at."""
    about = [f"Severity: {case.severity.value}"]
    about += [f"Component: {case.component}"] if case.component else []
    about += [f"Application: {case.application}"] if case.application else []
    sent = next((event.text for event in case.events if event.kind == EventKind.OPENED and event.text), case.question)
    parts = [f"{case.asker.name} asked:\n{sent}", "\n".join(about)]
    parts += [f"Sheriff said ({case.outcome}): {case.answer}"] if case.answer else []
    places = list(dict.fromkeys(citation.place or citation.title for citation in case.citations))
    parts += ["Sheriff looked at:\n" + "\n".join(f"- {place}" for place in places)] if places else []
    return "\n\n".join(parts)


def shortened(text: str, most: int) -> str:
    """The text, cut with a note where the ticket system takes no more."""
    note = "\n\n… (the rest is in the case)"
    return text if len(text) <= most else text[: most - len(note)] + note
