"""Secrets after a key and a sign, wherever they stand: properties, shell, code, connection strings, broken YAML, prose.

Each place is found by the word for a secret; the key is read to its left, the value to its right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.redaction.keys import Hint, Trust, hint_of
from bot.redaction.spans import Found
from bot.redaction.values import DEFAULT, is_reference, looks_chosen, looks_random, names_a_secret
from bot.redaction.verdict import SENTENCE, holds

_STEM = (
    r"pass(?:word|wd|phrase|wort|code|e)?|paswor[dt]|pwd|psw|pw|kennwort|mdp|secret|geheim|geheimnis|token|jeton|key|cle|schl(?:ue|u)ssel"
    r"|credential|creds|zugangsdaten|anmeldedaten|authorization|contrasena|bearer|cookie|connectionstring|(?<=[_.-])(?:pat|sas)(?![a-z])"
)
_ASSIGNED = re.compile(
    rf"(?:{_STEM})[\w.\-]{{0,40}}(?:[ ](?!is |ist |est |was |lautet )[^\W\d_][\w'-]{{0,20}}){{0,5}}"
    r"(?:[\"'\])`*}]{0,4}|\\[\"'])(?:\[[\w\"'-]{0,20}\])?[ \t]{0,12}"
    r"(?P<sign>:=|=>|->|={1,3}|:{1,2}|\b(?:is|was|lautet|ist|est|are|says)\b[ \t]*:?)(?:\*{2,3}(?=[ \t]))?[ \t]{0,12}",
    re.IGNORECASE,
)
_KEY_LEFT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$/@")
_BEFORE = re.compile(r"(?:[A-Za-z]{1,20}[ ']){1,3}$")
_OPENS = {'"': '"', "'": "'", "`": "`", "\u00ab": "\u00bb"}
_AT_LINE_START = re.compile(
    r"[ \t]*(?:[-*>+?|]+[ \t]+|#+[ \t]*|//+[ \t]*|;[ \t]*|export[ \t]+|set[ \t]+|ENV[ \t]+|[\"'])*$"
)
_BLOCK = re.compile(r"(?:![^\s]+[ \t]+)?[|>][-+0-9]{0,3}[ \t]*(?:#[^\n]*)?\n")
_WORD_SIGN = re.compile(r"is|was|lautet|ist|est|are|says", re.IGNORECASE)
_POINTING = re.compile(
    r"!(?:secret|env|ref|getatt|sub|importvalue|reference|include|keyvault)\b|[*&][A-Za-z]", re.IGNORECASE
)
_PAIR = re.compile(
    r"(?P<quote>[\"']?)\b(?:name|key|Name|Key|var|variable|property)(?P=quote)[ \t]{0,8}[:=][ \t]{0,8}[\"']?(?P<name>[\w.\-]{2,80})[\"']?[ \t]*"
    r"(?:,[ \t]*)?(?:\r?\n[ \t]*(?:- )?)?[ \t]*[\"']?\b(?:value|val|Value|content|default)[\"']?[ \t]{0,8}[:=][ \t]{0,8}"
)
_PAIR_TURNED = re.compile(
    r"\b(?:value|val|Value)[\"']?[ \t]{0,8}[:=][ \t]{0,8}(?P<value>\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s,]{1,500})[ \t]*,?[ \t]*"
    r"(?:\r?\n[ \t]*)?[\"']?(?:name|key|Name|Key)[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?(?P<name>[\w.\-]{2,80})"
)
_XML = re.compile(r"<(?P<name>[\w:.\-]{2,60})(?:\s[^<>\n]{0,200})?>(?P<value>[^<>\n]{2,500})</(?P=name)>")
_XML_NAMED = re.compile(
    r"<\w{2,40}\s[^<>\n]{0,80}?(?:name|key)=[\"'](?P<name>[\w.\-]{2,80})[\"'][^<>\n]{0,80}>(?P<value>[^<>\n]{2,500})</"
)
_BUILD = re.compile(  # of a Dockerfile, with a space in place of the sign
    r"^[ \t]*(?:ENV|ARG|setx)[ \t]+(?P<name>[A-Za-z_]\w{1,80})[ \t]+(?P<value>[^\s=][^\n]{2,300}?)[ \t]*$", re.MULTILINE
)
_URL = re.compile(
    r"(?<![A-Za-z0-9+.-])[a-z][a-z0-9+.\-]{1,30}://(?P<user>[^\s:/@\"'<>?#]{0,200}):(?P<value>[^\s\"'<>]{1,300})",
    re.IGNORECASE,
)
_URL_USER_ONLY = re.compile(r"(?<![A-Za-z0-9+.-])(?:https?|ssh|git)://(?P<value>[^\s:/@\"'<>]{16,200})@", re.IGNORECASE)
_ORACLE = re.compile(
    r"(?:jdbc:oracle:(?:thin|oci\d?):|\b(?:sqlplus|sqlldr|expdp|impdp|exp|imp|rman target|conn(?:ect)?|sql)\b(?:\s+-[\w]+(?:\s+\d)?){0,4}\s+)[\"']?"
    r"(?P<user>[\w$#\[\].\-]{1,60})/(?P<value>\"[^\"\n]{1,100}\"|[^\s@\"'/]{1,100})(?=@|[\"']?\s+as\s|[\"']?$|[\"'\s])",
    re.IGNORECASE | re.MULTILINE,
)
_USER_SLASH = re.compile(
    r"(?<![\w/.:@-])(?P<user>[A-Za-z_][\w$]{1,40})/(?P<value>[^\s@/\"']{4,60})@(?://)?[\w.\-]{2,80}(?::\d+)?(?:[/:][\w.$]+)?"
)
_COMMANDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for kind, pattern in (
        ("password", r"\b(?:curl|wget|http|https|xh|hurl)\b[^\n|]{0,400}?\s(?:-u|--user|-a|--auth|-U|--proxy-user)[ =]?[\"']?[^\s:\"']{0,80}:(?P<value>[^\s\"']{2,200})"),
        ("password", r"(?<![\w-])(?:--user|--proxy-user|--basic-auth|--auth|--creds|--credentials)[ =][\"']?[^\s:\"'/]{1,80}:(?!//)(?P<value>[^\s\"']{3,200})"),
        ("password", r"(?<![\w-])(?:--?|/)[a-z-]{0,30}(?:password|passwd|passphrase|pwd|storepass|keypass|pass|srcstorepass|deststorepass|kennwort)(?:[ :=]|\s{1,4})[\"']?(?P<value>(?!-)[^\s\"'<>|]{2,200})"),
        ("token", r"(?<![\w-])--?(?!(?:[a-z]{1,20}-){0,3}(?:idempotency|change|next|page|pagination|lock|continuation|starting|sync)-)[a-z-]{0,30}(?:token|secret|api-?key|access-?key|secret-?key|account-?key|client-?secret|sas-?token)[ =]\s{0,4}[\"']?(?P<value>(?!-)[^\s\"'<>|]{6,500})"),
        ("password", r"\b(?:mysql|mysqldump|mysqladmin|mariadb|mycli)\b[^\n|]{0,200}?\s-p(?P<value>[^\s\"'-][^\s\"']{2,100})"),
        ("password", r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|]{0,200}?\s-p[\"'](?P<value>[^\"'\n]{3,100})"),
        ("password", r"\b(?:docker|podman|nerdctl|helm registry|oras|skopeo|crane|az acr|az|oc|mongo(?:sh|dump)?|sqlcmd|bcp|cbq|cbc|couchbase-cli|redis-cli|kcadm\.sh|smbclient|ldap\w+|kinit|rabbitmqadmin|influx|isql|tsql|db2|vault login|argocd login)\b[^\n|]{0,250}?\s-(?:p|P|w|a|pw)[ =]?[\"']?(?P<value>(?!-)[^\s\"'<>|:/]{4,200})(?=[\s\"']|$)"),
        ("password", r"(?<![\w-])(?:-u|--user|-a|--auth|-U|--proxy-user|--creds)[ =]?(?P<quote>[\"'])[^:\"'\n]{0,80}:(?P<value>[^\"'\n]{2,200})(?P=quote)"),
        ("secret", r"\b(?:secrets?|kv|variable|parameter)\s+(?:set|put|create|add|update)(?:-\w+)?\b[^\n]{0,300}?\s(?:--value|--secret-string|--body|-b)[ =](?P<quote>[\"'])(?P<value>[^\"'\n]{3,400})(?P=quote)"),
        ("secret", r"\b(?:secrets?|kv)\s+(?:set|put|create|add|update)\b[^\n]{0,300}?\s(?:--value|--secret-string|--body|-b)[ =](?P<value>[^\s\"'-][^\s\"']{3,400})"),
        ("password", r"\bsshpass\s+-p\s*[\"']?(?P<value>[^\s\"']{2,100})"),
        ("password", r"\bhtpasswd\s+-[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+\S+\s+[\"']?(?P<value>[^\s\"']{2,100})"),
        ("password", r"\bmachine\s+\S+\s+login\s+\S+\s+password\s+(?P<value>\S{2,200})"),
        ("password", r"\blogin\s+\S+\s+password\s+(?P<value>\S{2,200})"),
        ("password", r"\bpass(?:in|out)?\s+pass:(?P<value>[^\s\"']{2,200})"),
        ("password", r"\bpass:(?P<value>[^\s\"':,]{4,200})(?=\s|[\"']|$)"),
        ("password", r"(?:\b(?:create|alter|grant|set|user|role)\b[^\n;]{0,120}?\bidentified\s+(?:with\s+\S+\s+)?by\s+(?:values\s+)?[\"']?|\bidentified\s+by\s+[\"'])(?P<value>[^\s\"';]{2,200})"),
        ("password", r"\b(?:with\s+)?(?:encrypted\s+)?password\s*=?\s*[nN]?'(?P<value>[^'\n]{2,200})'"),
        ("password", r"\bnet\s+use\b[^\n]{0,120}?/user:\S+\s+[\"']?(?P<value>[^\s\"'/]{2,100})"),
        ("password", r"\becho\s+(?:-n\s+)?[\"']?(?P<value>[^\s\"'|]{4,200})[\"']?\s*\|\s*[^\n]{0,80}(?:password-stdin|--stdin|sudo\s+-S|chpasswd|passwd)"),
        ("password", r"\becho\s+[\"']?[\w.-]{1,40}:(?P<value>[^\s\"'|]{4,200})[\"']?\s*\|\s*(?:sudo\s+)?chpasswd"),
        ("password", r"\bConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<value>[^\"'\n]{2,200})"),
        ("token", r"(?:token|secret|api[_-]?key|passw(?:or)?d)\s{1,4}[\"'](?P<value>[^\"'\s]{8,200})[\"']"),
        ("secret", r"--from-literal[ =][\"']?[\w.-]{1,60}=(?P<value>[^\s\"']{2,500})"),
        ("password", r"\b(?:requirepass|masterauth|ldap_bind_pw|bindpw|rootpw|auth-pass)\s+[\"']?(?P<value>[^\s\"']{3,200})"),
        ("password", r"(?<!<)<<<(?!<)\s*[\"']?(?P<value>[^\s\"']{4,200})[\"']?\s*$"),
    )
)  # fmt: skip


def by_line(text: str) -> Iterator[Found]:
    """Places of secrets told by the key or command before them, in a folded text."""
    yield from _assigned(text)
    yield from _named(text)
    yield from _in_addresses(text)
    yield from _in_tables(text)
    low = text.lower()
    for kind, pattern in _COMMANDS if any(part in low for part in _COMMAND_PARTS) else ():
        for match in pattern.finditer(text):
            hint = Hint(kind, Trust.SURE if kind != "token" else Trust.LIKELY)
            if holds(match["value"].rstrip(".,;)"), hint, whole="quote" in pattern.groupindex):
                yield Found(match.start("value"), match.start("value") + len(match["value"].rstrip(".,;)")), kind)


_COMMAND_PARTS = (
    "-u", "-a", "-p", "-w", "/user", "pass", "pwd", "token", "secret", "key", "identified", "login", "bindpw", "<<<",
    "masterauth", "auth", "creds", "kennwort", "rootpw", "literal", "securestring",
)  # fmt: skip


def _assigned(text: str) -> Iterator[Found]:
    for match in _ASSIGNED.finditer(text):
        key, begins = _key_of(text, match.start(), match.start("sign"))
        hint = hint_of(key)
        if hint is None or (
            begins and match["sign"] == ":" and text[begins - 1] == ":" and match.end() == match.end("sign")
        ):
            continue  # the latter is a part of a name with colons
        if text[max(0, begins - 2) : begins] in {"${", "#{"}:
            yield from _default_of(text, match.end("sign"), hint)
            continue
        yield from _value_after(text, match.end(), hint, sign=match["sign"].strip(), begins=begins)


def _key_of(text: str, stem: int, sign: int) -> tuple[str, int]:
    """The key that ends at the sign, read to the left of its stem; and where it begins."""
    begins = stem
    while begins > 0 and stem - begins < 60 and text[begins - 1] in _KEY_LEFT:
        begins -= 1
    if begins == stem or not text[begins].isalnum():
        pass
    before = _BEFORE.search(text, max(0, begins - 45), begins) if begins > 0 and text[begins - 1] in " '" else None
    return text[before.start() if before else begins : sign].strip(" \t\"'`*[](){}\\"), begins


def _value_after(text: str, place: int, hint: Hint, *, sign: str, begins: int) -> Iterator[Found]:
    line_start = text.rfind("\n", 0, begins) + 1
    at_start = bool(_AT_LINE_START.match(text, line_start, begins))
    if _POINTING.match(text, place):
        return
    block = _BLOCK.match(text, place) if sign == ":" else None
    if block:
        yield from _block_after(text, block.end(), hint, line_start)
        return
    for prefix in ('\\"', "\\'", '@"', 'b"', "b'", 'r"', "r'", 'u"', '$"', "N'", 'f"'):
        if text.startswith(prefix, place):
            place += len(prefix) - 1
            break
    escaped = text[max(0, place - 1) : place] == "\\"
    if place >= len(text) or text[place] == "\n":
        return
    closer = _OPENS.get(text[place])
    if closer:
        yield from _quoted(text, place, f"\\{closer}" if escaped else closer, hint)
        return
    end = text.find("\n", place)
    yield from _bare(text, place, end if end >= 0 else len(text), replace(hint), sign=sign, at_start=at_start)


def _quoted(text: str, place: int, closer: str, hint: Hint) -> Iterator[Found]:
    start, end = place + 1, place + 1
    while end < len(text) and end - start < 4000 and not text.startswith(closer, end):
        if text[end] == "\n" and end - start > 300:
            return
        end += 2 if text[end] == "\\" and closer in {'"', "`"} else 1
    end = min(end, len(text))
    value = text[start:end].rstrip("\\")
    if "\n" in value:
        value = value.split("\n", 1)[0]
    if holds(value, hint, whole=True):
        yield Found(start, start + len(value), hint.kind)
    else:
        yield from _default_in(value, start, hint)


def _bare(text: str, place: int, end: int, hint: Hint, *, sign: str, at_start: bool) -> Iterator[Found]:
    rest = text[place : min(end, place + 2000)]
    comment = re.search(r"\s#(?:\s|$)", rest)
    rest = rest[: comment.start()] if comment else rest
    first = _cut(rest.split(maxsplit=1)[0] if rest.split() else "", sign, joined=hint.kind == "credentials")
    if not first:
        return
    words = rest.split()
    alone = len(words) == 1 or rest.strip().rstrip(".,;)}]\"'`") == first
    if _WORD_SIGN.match(sign):
        if _is_told(first, hint, alone=alone):
            yield Found(place, place + len(first), hint.kind)
    elif (
        at_start
        and not alone
        and sign != "="
        and hint.trust is Trust.SURE
        and holds(rest, hint, whole=True)
        and _is_phrase(words)
    ):
        yield Found(place, place + len(rest.rstrip()), hint.kind)
    elif (alone and first.lower() not in SENTENCE) or sign.startswith("=") or _is_flow(rest, first):
        if holds(first, hint) or (hint.kind == "token" and first.lower() in {"basic", "bearer"}):
            yield Found(place, place + len(first), hint.kind)
        else:
            yield from _default_in(first, place, hint)
    elif first.lower() not in SENTENCE and holds(first, hint) and (looks_chosen(first) or looks_random(first)):
        yield Found(place, place + len(first), hint.kind)


def _is_phrase(words: list[str]) -> bool:
    """Words that somebody took for a passphrase, not a remark."""
    return 2 <= len(words) <= 10 and all(re.fullmatch(r"[\w.!?#$%&*+@~-]{1,24}", word) for word in words)


def _is_flow(rest: str, first: str) -> bool:
    """`hunter2, user: bob}`, `hunter2} …`, `hunter2; …`: more follows, but the value ends here."""
    return rest[len(first) : len(first) + 1] in {",", "}", "]", ";", "|", ")", '"', "'", "&", "<", "`"}


def _is_told(value: str, hint: Hint, *, alone: bool) -> bool:
    """In prose ("the token is expired") a value must look like one; a word at the end only after "password is"."""
    if value.lower() in SENTENCE or is_reference(value) or names_a_secret(value):
        return False
    if looks_random(value) or (hint.trust is Trust.SURE and looks_chosen(value)):
        return True
    if not hint.trust:
        return False
    return alone and hint.trust is Trust.SURE and is_odd_word(value)


_DESCRIBING = re.compile(
    r"(?:\w{2,}(?:ed|ing|able|ible|less|ful|ous|ive|ic|ical|ly|ant|ent|en|al|ary|ory|isch|lich|bar|ig|tion|te|ee|es|er))"
    r"|bad|ok|okay|fine|good|old|new|same|short|long|weak|strong|right|safe|secure|secret|unsafe|insecure|gone|lost|known"
    r"|unknown|stale|null|none|empty|blank|visible|unique|unset|default|mine|yours|ours|theirs|public|late|soon|now|today"
    r"|ready|done|set|out|up|down|off|on|dead|alive|live|plain|clear|case|sensitive|everything|nothing|something|anything"
    r"|somewhere|nowhere|elsewhere|there|here|what|which|who|why|how|when|where|so|such|still|already|just|really|yet|once"
    r"|twice|again|both|it|this|that|these|those|mandatory|obvious|complex|simple|easy|hard|difficult|different|unchanged"
    r"|fausse?|faux|bon|bonne|vide|correcte?|valide|inconnue?|perdue?|falsch|richtig|leer|weg|neu|alt|kaputt|gut|sicher"
    r"|enough|required|optional|important|needed|vault|broken|kafka|url|text|value|string|base|mandated|rotate|rotation",
    re.IGNORECASE,
)


def is_odd_word(value: str) -> bool:
    """A word that describes nothing: what is said to be the password is the password."""
    return bool(re.fullmatch(r"[A-Za-z]{5,40}", value)) and not _DESCRIBING.fullmatch(value)


def _cut(word: str, sign: str, *, joined: bool = False) -> str:
    """The value in an unquoted word: without what closes the sentence, the bracket, the query or, unless it is one that
    is `joined` from parts, the connection string."""
    for closer in ('"', "`", "</", "\\n", '\\"', "<"):
        if not word.startswith(closer):
            word = word.split(closer, 1)[0]
    if sign.startswith("=") or sign == ":":
        ends = (_ENDS_JOINED if joined else _ENDS).search(word)
        word = word[: ends.start()] if ends else word
    stripped = word.rstrip(".,;:)'")
    if stripped.endswith(("}", "]")) and not re.search(r"[{\[]", stripped):
        stripped = stripped.rstrip("}]")
    return stripped or word


_ENDS_JOINED = re.compile(r",(?=[\w.\"' -]+[:=])|'(?=$|[,;)\s])")
_ENDS = re.compile(rf";|&(?=[\w.%-]+=)|{_ENDS_JOINED.pattern}")


def _default_in(value: str, place: int, hint: Hint) -> Iterator[Found]:
    """`${DB_PASSWORD:-hunter2}`: what is taken where the variable is not set."""
    for match in DEFAULT.finditer(value):
        if holds(match["value"], hint) and not re.match(r"/", match["value"]):
            yield Found(place + match.start("value"), place + match.end("value"), hint.kind)


def _default_of(text: str, place: int, hint: Hint) -> Iterator[Found]:
    """The same where the name of the variable alone tells that it is a secret."""
    match = re.compile(r"[-=]?(?P<value>[^{}$\s?+-][^{}$\n]{0,200})\}").match(text, place)
    if match and holds(match["value"], hint):
        yield Found(match.start("value"), match.end("value"), hint.kind)


def _block_after(text: str, place: int, hint: Hint, line_start: int) -> Iterator[Found]:
    """The lines of a block scalar: those that stand deeper than its key."""
    depth = len(text[line_start:place]) - len(text[line_start:place].lstrip(" -"))
    start, end = place, place
    while end < len(text) and end - place < 20_000:
        stop = text.find("\n", end)
        line = text[end : stop if stop >= 0 else len(text)]
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        end = stop + 1 if stop >= 0 else len(text)
        if stop < 0:
            break
    body = text[start:end]
    value = body.strip()
    if value and holds(value, hint, whole=True):
        start += body.index(value)
        yield Found(start, start + len(value), hint.kind)


def _named(text: str) -> Iterator[Found]:
    """Pairs of a name and a value: in lists of variables, and as elements and attributes of XML."""
    for match in _PAIR.finditer(text):
        if hint := hint_of(match["name"]):
            yield from _value_after(text, match.end(), hint, sign=":", begins=match.start())
    named = (_PAIR_TURNED, _XML, _XML_NAMED, _BUILD)
    for match in (found for pattern in named for found in pattern.finditer(text)):
        hint = hint_of(match["name"])
        value = match["value"].strip("\"'")
        if hint and holds(value, hint, whole=True):
            start = match.start("value") + match["value"].index(value)
            yield Found(start, start + len(value), hint.kind)


def _in_tables(text: str) -> Iterator[Found]:
    """Cells of a Markdown table under the name of a secret."""
    hints: list[Hint | None] = []
    place = 0
    for line in text.split("\n"):
        if not line.lstrip().startswith("|"):
            hints = []
        elif not hints:
            hints = [hint_of(cell.strip(" *`")) for cell in line.split("|")]
        else:
            begins = place
            for cell, hint in zip(line.split("|"), hints, strict=False):
                value = cell.strip(" *`\t")
                if hint and holds(value, hint, whole=True):
                    start = begins + cell.index(value)
                    yield Found(start, start + len(value), hint.kind)
                begins += len(cell) + 1
        place += len(line) + 1


def _in_addresses(text: str) -> Iterator[Found]:
    """Passwords in URLs of any scheme, in Oracle's `user/password@host`, tokens as the user of a URL."""
    for match in _URL.finditer(text):
        value = match["value"]
        last = value.rfind("@", 0, _authority(value))
        if last > 0 and not is_reference(value[:last]):
            yield Found(match.start("value"), match.start("value") + last, "password")
    for match in _URL_USER_ONLY.finditer(text):
        if looks_random(match["value"]):
            yield Found(match.start("value"), match.end("value"), "token")
    for pattern in (_ORACLE, _USER_SLASH):
        for match in pattern.finditer(text):
            value = match["value"].strip('"')
            sure = pattern is _ORACLE or looks_chosen(value)
            if sure and not is_reference(value):
                start = match.start("value") + match["value"].index(value)
                yield Found(start, start + len(value), "password")


def _authority(value: str) -> int:
    """Where the host part may end: a password with a slash in it is one when an @ follows before a space."""
    slash = re.search(r"[/?#]", value)
    if slash is None or "@" in value[: slash.start()]:
        return slash.start() if slash else len(value)
    return len(value) if re.match(r"\d+[/?#]", value) is None else slash.start()
