"""Secrets that people tell in sentences: "login with bob / hunter2", "use hunter2 as the password", "password hunter2"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.redaction.keys import Hint, Trust
from bot.redaction.lines import is_odd_word
from bot.redaction.spans import Found
from bot.redaction.values import is_reference, looks_chosen, looks_random, names_a_secret
from bot.redaction.verdict import SENTENCE, holds

_PASSWORD = r"(?:pass[ -]?(?:word|phrase|code|wort)|passwd|pwd|pw|psw|kennwort|mdp|mots? de passe|contrasena)"
_TOKEN = r"(?:(?:api|access|auth|bearer|secret|private|account|client|license|signing|personal access)[ -]?(?:tokens?|keys?|secret)|token|jeton|secret|cle (?:api|secrete|d'acces)|pat|geheimnis|schlussel)"
_WORD = r"[\"'`(\[*]{0,3}(?P<value>[^\s\"'`]{4,200})"
_WORD_ALONE = r"[\"'`(\[*]{0,3}(?P<value>[^\s\"'`:/]{4,200})(?![^\s\"'`.,;)])"  # no part of an address or a path
_PUSHED = r"(?:(?:is|was|set to|changed to|reset to|now|still|again|as|of|to|should be|must be|would be|being|called|equals|reads|lautet|ist|war|auf|est|etait|c'est|namely|i\.e\.|:|=|->|=>|-|,)\s*){0,4}"
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("password", rf"(?<![\w./:-]){_PASSWORD}(?!\w)\s*(?:\([^()\n]{{1,60}}\)\s*)?{_PUSHED}{_WORD}"),
        ("token", rf"(?<![\w./:-]){_TOKEN}(?!\w)\s*(?:\([^()\n]{{1,60}}\)\s*)?{_PUSHED}{_WORD}"),
        ("password", rf"(?<![\w./:-]){_PASSWORD}(?!\w)\b[^\n:=\"'()\[\]{{}}|<>]{{1,60}}?\s(?:is|was|to|=|:|ist|lautet|est|auf)\s*:?\s*{_WORD}"),
        ("token", rf"(?<![\w./:-]){_TOKEN}(?!\w)\b[^\n:=\"'()\[\]{{}}|<>]{{1,60}}?(?:\s(?:is|was|to|=|ist|lautet|est)|:)\s*:?\s*{_WORD}"),
        ("password", rf"(?<!\S){_WORD}[\"'`)\]]{{0,2}}\s+(?:as|is|was|als|comme|est|ist|an?|ein|une?)\s+(?:the|my|our|your|its|a|das|mein|unser|mon|ma|notre|le|la|votre)?\s*(?:\w+\s){{0,3}}?(?:{_PASSWORD}|{_TOKEN})\b"),
        ("password", rf"\b(?:log(?:ged|ging)?[ -]?(?:in|on)|login|sign(?:ed|ing)?[ -]?in|connect(?:ed)?|credentials?|creds?|account|user(?:name)?|benutzer|zugangsdaten|identifiants?|anmelden)\b[^\n]{{0,50}}?[\s\"'`(][\w.@-]{{2,40}}\s*[/:]\s*{_WORD_ALONE}"),
        ("password", rf"\b(?:user|username|login|usr|benutzer|utilisateur)\s*(?:is|:|=)?\s*\S{{2,60}}?[\s,;]{{1,3}}(?:and|und|et|with|mit|avec|&|,|/)?\s*(?:the\s|das\s|le\s)?(?:{_PASSWORD}|pass)\s*(?:is|:|=|ist|est)?\s*{_WORD}"),
        ("password", rf"(?<![\w./:-]){_PASSWORD}(?!\w)\s+(?:{_PUSHED})[\"'`\u00ab]\s?(?P<value>[^\n\"'`\u00bb]{{3,60}})[\"'`\u00bb]"),
        ("password", rf"(?<![\w./:-]){_PASSWORD}(?!\w)\b[^\n:=\"'()\[\]{{}}|<>]{{0,60}}?\s(?:from|von|de|du)\s+{_WORD}(?=[\"'`)\]]{{0,2}}\s+(?:to|auf|zu|nach|in|a|vers)\s)"),
        ("token", rf"(?<![\w./:-]){_TOKEN}(?!\w)\s+(?:{_PUSHED})[\"'`\u00ab]\s?(?P<value>[^\s\"'`\u00bb]{{6,200}})[\"'`\u00bb]"),
    )
)  # fmt: skip
_PHRASE = re.compile(
    rf"(?<![\w./:-]){_PASSWORD}(?!\w)\b[^\n:=\"'()\[\]{{}}|<>]{{0,60}}?(?:\s(?:is|was|to|ist|lautet|est|auf|now)|\s?:|\s?=)\s*"
    r"(?:\u00ab(?P<value>[^\u00ab\u00bb\n]{4,80})\u00bb|[\"'`](?P<quoted>[^\"'`\n]{4,80})[\"'`])",
    re.IGNORECASE,
)
_DIGIT_OR_SIGN = re.compile(r"[\d!@#$%&*+?]")
_HINTS = {"password": Hint("password", Trust.SURE), "token": Hint("token", Trust.LIKELY)}


def by_prose(text: str) -> Iterator[Found]:
    """Places of what a sentence says to be a password or token, in a folded text."""
    for kind, pattern in _FORMS:
        for match in pattern.finditer(text):
            value = _bare(match["value"])
            quoted = text[match.start("value") - 1 : match.start("value")] in {'"', "'", "`", "\u00ab"}
            if _is_secret(value, kind, quoted=quoted, said=text[match.start() : match.start("value")]):
                yield Found(match.start("value"), match.start("value") + len(value), kind)
    yield from _in_quotes(text)


def _in_quotes(text: str) -> Iterator[Found]:
    """A password of several words: « Le Grand Bleu 12 »."""
    for match in _PHRASE.finditer(text):
        group = "value" if match["value"] else "quoted"
        value = match[group].strip()
        if " " in value and _DIGIT_OR_SIGN.search(value) and holds(value, _HINTS["password"], whole=True):
            start = match.start(group) + match[group].index(value)
            yield Found(start, start + len(value), "password")


def _bare(value: str) -> str:
    value = re.split(r"[\"'`<]|\\n|,(?=\w{3,}[:=])|;(?=\w)", value, maxsplit=1)[0]
    stripped = value.rstrip(".,;:)]}'?\u00bb") if not value.endswith("?!") else value.rstrip(",;:)")
    return stripped.rstrip("*") or value


def _is_secret(value: str, kind: str, *, quoted: bool, said: str) -> bool:
    if (
        len(value) < 3
        or value[0] in "}>)]|%$"
        or value.lower() in SENTENCE
        or is_reference(value)
        or names_a_secret(value)
    ):
        return False
    if re.search(r"://|[=(){}]\w*$|^\w+\(", value) or ("/" in value and not looks_random(value)):
        return False
    if looks_random(value):
        return True
    if kind == "token":
        return False
    if looks_chosen(value):
        return True
    return quoted and bool(re.search(r"(?:is|ist|est|lautet|:|=)\s*[\"'`\u00ab]\s?$", said)) and is_odd_word(value)
