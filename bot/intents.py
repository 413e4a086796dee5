"""What a message wants: a check of YAML, an answer, or nothing but politeness. Plain rules; no model decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.messages import Attachment, Incoming
from knowledge.deployment.archives import MOST_PACKED, Opened, opened
from knowledge.validation.diagnostics import SourceFile
from knowledge.validation.source import fenced_blocks, looks_like_yaml, split_bare

MAX_CHARACTERS = 20_000
MAX_FILE_BYTES = 1_000_000
_LONGEST_POLITENESS = 120  # characters
_CHECKABLE = (".yaml", ".yml", ".json")
_ARCHIVE = ".zip"
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".heic")
_YAML_FENCES = frozenset({"yaml", "yml", "json"})

_TO_WHOM = r"(?:\s*,?\s*(?:sheriff|there|all|team|everyone|everybody|again|folks|guys|à tous|a tous|l'équipe))*"
_GREETING = (
    r"(?:hi|hiya|hello|hey|yo|good (?:morning|afternoon|evening|day)|bonjour|bonsoir|salut|coucou|hallo|guten tag"
    r"|bonne journée|have a (?:nice|good) (?:day|weekend|evening)|good ?bye|bye(?: bye)?|see you|à bientôt|au revoir)"
)
_SMALL_TALK = (
    r"(?:how are you(?: doing)?(?: today)?|how(?:'s| is) it going|what'?s up|nice to meet you|ça va|comment (?:ça va"
    r"|vas[- ]tu|allez[- ]vous)|are you (?:a bot|human|there|real)|who made you)"
)
_THANKS = (
    r"(?:(?:ok(?:ay)?|super|great|perfect|cool|nice|ah|many|merci|thanks?|thank you|thx|ty|cheers|danke)[\s,!.]+)*"
    r"(?:(?:many )?thanks?(?: you)?|thx|ty|cheers|(?:mille )?merci|danke|perfect|parfait|great|super|awesome|nice one"
    r"|good job|well done|ok(?:ay)?|got it|noted|understood|compris|d'accord)"
    r"(?:\s+(?:so much|a lot|very much|beaucoup|bien|indeed|for (?:the|your) (?:quick )?(?:help|answer|reply|hint)"
    r"|pour (?:votre|ton|l')\s?(?:aide|réponse)))*"
)
_WORKED = (
    r"(?:(?:that|it|this)(?:'s| has| is)? (?:now )?(?:solved|fixed|worked|works|did it|helped)"
    r"(?: it| this| that| my \w+)?"
    r"|(?:it )?(?:works|worked|solved|fixed)(?: now| it)?|problem (?:is )?(?:solved|fixed|gone)|all good(?: now)?"
    r"|(?:ça|cela) (?:marche|fonctionne)(?: maintenant)?|c'est (?:bon|réglé|résolu)|problème (?:résolu|réglé))"
)
_POLITE = re.compile(
    rf"^\W*(?:(?P<greeting>{_GREETING}{_TO_WHOM}(?:\W+{_SMALL_TALK})?|{_SMALL_TALK}{_TO_WHOM})"
    rf"|(?P<solved>(?:{_THANKS}{_TO_WHOM}\W+)?{_WORKED}(?:\s+(?:perfectly|fine|great|now|nickel))*(?:\W+{_THANKS})?)"
    rf"|(?P<thanks>{_THANKS}))(?:{_TO_WHOM})\W*$",
    re.IGNORECASE,
)
# Thumbs up, hands, hearts, smiles, party, tick: alone they are thanks. Skin tones and joiners may follow.
_PLEASED = re.compile(
    "[\\s!.\U0001f3fb-\U0001f3ff\ufe0f\u200d]*(?:[\U0001f44d\U0001f64f\U0001f44f\U0001f44c\U0001f64c\U0001f4af\U0001f389\u2705\u2714\u2764"
    "\U0001f60a\U0001f600-\U0001f607\U0001f642\U0001f60d\U0001f929\U0001f973][\\s!.\U0001f3fb-\U0001f3ff\ufe0f\u200d]*)+$"
)
_TO_SHERIFF = re.compile(r"^\W*ask the (?:duty )?sheriff\s*[:,]\s*(\S.*)", re.IGNORECASE | re.DOTALL)
_NUMBER = r"(FR[- ]?\d{1,9})"  # of a feature request
_WISH = re.compile(r"^\W*(?:feature )?request\b\s*:?\s*(.*?)\s*$", re.IGNORECASE | re.DOTALL)
_SURELY_WISH = re.compile(r"^\W*(?:feature\s+request\b|request\s*:)", re.IGNORECASE)
_VOTE = re.compile(rf"^\W*vote\s+(?:for\s+)?{_NUMBER}\W*$", re.IGNORECASE)
_TOP = re.compile(r"^\W*top (?:feature )?requests\W*$", re.IGNORECASE)
_DIFFERENT = re.compile(rf"^\W*(?:no\b\W*)?(?:mine is\s+)?different\b(?:\s*:?\s*{_NUMBER})?\W*$", re.IGNORECASE)
_NOT_QUITE = re.compile(r"\?|\b(?:but|still|not|mais|toujours|pas)\b|n't\b", re.IGNORECASE)
_HELP = re.compile(r"^\W*(?:help|\?|what can you do|who are you|how do(?:es)? (?:you|this) work)\W*$", re.IGNORECASE)
_DUTY = re.compile(
    r"^\W*who(?:'s| is|s)? (?:is )?(?:on duty|the (?:duty )?sheriff)(?: (?:today|now|this week))?\W*$", re.IGNORECASE
)


class Intent(StrEnum):
    ASK = "ask"
    CHECK = "check"
    GREET = "greet"
    THANK = "thank"
    SOLVED = "solved"  # "thanks, that worked"
    TO_SHERIFF = "to_sheriff"  # "ask the sheriff: …"
    HELP = "help"
    DUTY = "duty"
    WISH = "wish"  # "feature request: a page on Couchbase sizing"
    MAYBE_WISH = "maybe_wish"  # "request a Kafka topic": what the pages may say how to get
    VOTE = "vote"  # "vote FR-1"
    TOP = "top"  # "top requests"
    DIFFERENT = "different"  # "different FR-2": the own wish is not the one that it was counted with
    STEER = "steer"  # wants to command the assistant; `question` is what it asks besides
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Request:
    """A message understood: the intent, the files to check, the prose beside them, or why it is refused."""

    intent: Intent
    question: str = ""
    files: Sequence[SourceFile] = ()
    reason: str = ""


def understand(message: Incoming, unpack: Callable[[Sequence[SourceFile]], Opened] = opened) -> Request:
    """The one thing a message asks for; attachments and pasted YAML come before prose.

    `unpack` takes the attachments in, and what is in zips among them."""
    text = message.text.strip()
    if len(text) > MAX_CHARACTERS:
        return _refusal(
            f"The message has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read. "
            "Shorten the question, or attach the file instead of pasting it."
        )
    if "\x00" in text or _mostly_unprintable(text):
        return _refusal("This looks like binary data, not text. Paste the text, or attach the YAML file itself.")
    reasons = [_why_unreadable(attachment) for attachment in message.attachments]
    readable = [a for a, reason in zip(message.attachments, reasons, strict=True) if not reason]
    taken = unpack([SourceFile(a.name, a.content) for a in readable]) if readable else Opened()
    refused = [*filter(None, reasons), *map(str, taken.refused)]
    pasted, prose = _split(text)
    files = [*taken.files, *pasted]
    if files:
        return Request(Intent.CHECK, prose, tuple(files), " ".join(refused))
    if refused:
        return _refusal(" ".join(refused))
    return _of_prose(text)


def _of_prose(text: str) -> Request:
    if not re.search(r"\w", text):
        if text and set(text) <= set("? "):
            return Request(Intent.HELP, text)
        if _PLEASED.match(text):
            return Request(Intent.THANK, text)
        return _refusal("Nothing was asked yet. Write a question, or paste the YAML to check.")
    for pattern, intent in ((_HELP, Intent.HELP), (_DUTY, Intent.DUTY)):
        if pattern.match(text):
            return Request(intent, text)
    asked = _TO_SHERIFF.match(text)
    if asked:
        return Request(Intent.TO_SHERIFF, asked[1])
    return wishing(text) or Request(_of_politeness(text), text)


def wishing(text: str) -> Request | None:
    """What a message says about feature requests: `question` is the wish or the number; None when it says nothing.

    "Request a quota increase, how?" asks: what ends in a question mark is no wish."""
    for pattern, intent in ((_TOP, Intent.TOP), (_VOTE, Intent.VOTE), (_DIFFERENT, Intent.DIFFERENT)):
        if said := pattern.match(text):
            return Request(intent, next((part for part in said.groups() if part), ""))
    wish = _WISH.match(text)
    if wish is None or wish[1].endswith("?"):
        return None
    return Request(Intent.WISH if _SURELY_WISH.match(text) or not wish[1] else Intent.MAYBE_WISH, wish[1])


def _of_politeness(text: str) -> Intent:
    """A greeting, thanks, or the news that it works; a question for anything that says more."""
    polite = _POLITE.match(text.replace("\u2019", "'")) if len(text) <= _LONGEST_POLITENESS else None
    if polite is None:
        return Intent.ASK
    if polite["greeting"]:
        return Intent.GREET
    if _NOT_QUITE.search(text):
        return Intent.ASK
    return Intent.SOLVED if polite["solved"] else Intent.THANK


def _split(text: str) -> tuple[list[SourceFile], str]:
    """Pasted YAML and the prose around it."""
    blocks = [(info, block) for info, block, _ in fenced_blocks(text) if _is_yaml_block(info, block)]
    if blocks:
        prose = text
        for _, block in blocks:
            prose = prose.replace(block.rstrip("\n"), "")
        prose = re.sub(r"(?m)^\s*(?:```|~~~).*$", "", prose).strip()
        return [SourceFile(_name(info, n), block) for n, (info, block) in enumerate(blocks, start=1)], prose
    bare, around = split_bare(text)
    return ([SourceFile("pasted.yaml", bare)], around.strip()) if bare else ([], text)


def _is_yaml_block(info: str, text: str) -> bool:
    language = info.split(maxsplit=1)[0].lower() if info.split() else ""
    return language in _YAML_FENCES or (not language and looks_like_yaml(text))


def _name(info: str, number: int) -> str:
    """A file name given after the language ("```yaml kafka.yaml") helps to recognise the schema."""
    for word in info.split()[1:]:
        if word.endswith(_CHECKABLE):
            return word
    return "pasted.yaml" if number == 1 else f"pasted-{number}.yaml"


def _why_unreadable(attachment: Attachment) -> str:
    name = attachment.name.lower()
    if name.endswith(_PICTURES) or attachment.content_type.startswith("image/"):
        return f"{attachment.name}: pictures cannot be read yet. Paste the text that it shows."
    if not name.endswith((*_CHECKABLE, _ARCHIVE)):
        return f"{attachment.name}: only .yaml, .yml, .json and .zip files are checked. Paste the part you ask about."
    most = MOST_PACKED if name.endswith(_ARCHIVE) else MAX_FILE_BYTES
    if len(attachment.content) > most:
        return f"{attachment.name}: {len(attachment.content):,} bytes; at most {most:,} are read."
    return ""


def _mostly_unprintable(text: str) -> bool:
    odd = sum(1 for c in text if not c.isprintable() and c not in "\n\r\t")
    return odd > 8 and odd > len(text) / 20


def _refusal(reason: str) -> Request:
    return Request(Intent.REFUSE, reason=reason)
