"""What a chatty message asks: without greetings, apologies, thanks and signature, and question by question.

Only phrases of courtesy are taken away, and only whole: code, error lines and names are never among them.
"""

from __future__ import annotations

import re
from typing import Final

from knowledge.conversation import points
from knowledge.wording import content_words, words

MOST: Final = 3  # questions of one message that are answered
MOST_COURTESIES: Final = 8  # that are looked for one behind the other

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`|https?://\S+", re.DOTALL)
_HELD: Final = re.compile("\ue000(\\d+)\ue001")  # stands for a piece of code while the prose around it is read
_GROUP: Final = (
    r"(?:there|all|team|everyone|everybody|folks|guys|again|sheriff|support|(?:the )?(?:platform|support|devops) team"
    r"|à tous|a tous|tout le monde|l'équipe|<at>[^<]*</at>|@[\w-]+)"
)
_GREETING: Final = re.compile(
    rf"\A[\s\W]*?(?:hi|hiya|hello|helo|hey|dear|good (?:morning|afternoon|evening|day)|greetings|bonjour|bonsoir|salut"
    rf"|coucou|hallo)(?!,? world\b)(?:,?\s+{_GROUP})*(?:[ ]+(?-i:[A-Z])[\w-]*(?=\s*(?:[,!\n]|-\s)))?"
    r"(?:\s*[:;]-?\)\s*|\s*[,!]+\s*|\s*[.:;…–-]+(?:\s+|\Z)|\s+(?=\S)|\Z)",
    re.IGNORECASE,
)
_ASKING: Final = (
    r"(?:how|what|where|when|why|who|which|whose|can|could|i|we|my|our|hi|hello|hey"
    r"|comment|où|pourquoi|quand|qui|quel(?:le)?s?)\b"
)
_MENTION: Final = re.compile(
    rf"\A\s*(?:<at>[^<]*</at>|@(?:sheriff|here|channel|all|team|everyone)\b|@[\w-]+(?=\s*[,:]\s|\s+{_ASKING}))[\s,:]*",
    re.IGNORECASE,
)
_TAGS: Final = re.compile(r"<at>[^<]*</at>|(?<!\S)@(?:sheriff|here|channel|everyone)\b(?!/)", re.IGNORECASE)
_THANKS: Final = r"(?:many thanks|thanks?(?: you)?|thx|tnx|cheers|merci(?: beaucoup| bien)?|danke|ty)"
_SORRY: Final = r"(?:so |very |really )?(?:sorry|apologies|excuse me|pardon|désolée?)"
_BOTHERED: Final = r"(?:bother|disturb|ping|spam|ask)(?:ing)?|the (?:noise|ping|disturbance|inconvenience)"
_SIMPLE: Final = r"(?:very )?(?:quick|small|little|stupid|silly|dumb|basic|newbie|noob|short)"
_COURTESIES: Final = (
    rf"{_SORRY}(?: (?:to|for|about) (?:{_BOTHERED})(?: (?:you|all|everyone|again|guys|so late))*)?",
    rf"{_SORRY},? (?:for|about|if this is) (?:the|my|this|an?) (?:\w+ )?question",
    rf"{_SORRY} de vous déranger",
    rf"(?:i (?:have|had|'ve got|got) |just |one |another )*(?:an? )?{_SIMPLE} question(?: for (?:you|the team))?",
    (
        r"(?:i )?hope (?:you|everyone|everybody|all|this)(?:'re| are| is)?(?: all)?(?: doing| having| finds you)?"
        r"(?: well| fine| good| great| ok| a (?:good|nice|great) (?:day|week|weekend))"
    ),
    r"how are you(?: doing)?(?: today)?|how(?:'s| is) it going|ça va",
    rf"{_THANKS}(?: (?:so much|a lot|in advance|very much|d'avance|par avance|all|team|everyone|guys|again))*",
    rf"{_THANKS} for (?:your|the|any) (?:help|time|support|answer|patience)(?: in advance)?",
    (
        r"(?:any|your) (?:help|hint|pointer|advice|support)s? (?:is|are|would be|will be) (?:\w+ly |much )?"
        r"(?:appreciated|welcome|great|nice)"
    ),
    r"(?:can|could|would) (?:anyone|someone|somebody|you)(?: please| maybe)? help(?: me| us)?(?: here| with this)*",
    r"(?:please|pls|kindly) help(?: me| us)?|help(?: me)? please",
    r"have a (?:nice|good|great|lovely) (?:day|evening|weekend|week|one)(?: (?:all|everyone))?|bonne journée",
    r"(?:just )?let me know",
)
_COURTESY: Final = re.compile(
    r"(?P<before>\A|\n|[.!?;,…)]\s|\s[–-]\s)[ \t]*(?:(?:and|but|so|ok|please|et)[ ,]+)?"
    rf"(?:{'|'.join(f'(?:{pattern})' for pattern in _COURTESIES)})"
    r"(?:\s*[.!?…,;:]+(?=\s|\Z)(?:\s*[:;]-?[)D])?|(?=\s*(?:\n|\Z))|\s+(?:but\s+|[-–]\s))",
    re.IGNORECASE,
)
_SIGN_OFF: Final = re.compile(
    r"(?:\n|\A|(?<=[.!?])\s)[ \t]*(?:--[ \t]*|—|(?:(?:best|kind|warm|with (?:best|kind)) )?(?:regards|wishes)|br|best"
    rf"|{_THANKS}|cordialement|bien à vous|sincerely|yours)[ \t]*[,.!]*[ \t]*(?:\n\s*|(?-i:(?=[A-Z])))"
    r"(?P<who>(?:[^\n?]{1,60}(?:\n+|\Z)){1,5})\Z",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(  # a name with a title, a telephone number, an address
    r"(?:(?:[^\W\d_a-z][^\W\d_.'’-]*[.]?|of|the|and|de|du|van|von|der)(?:[ &|,/'’-]+|\Z)){1,6}"
    r"|[+()\d][\d ()./-]{6,}|[\w.+-]+@[\w-]+(?:\.\w+)+"
)
_ITEM: Final = re.compile(r"^[ \t]*(?:[-*•]|\(?\d{1,2}[.):])[ \t]+(?=\S)", re.MULTILINE)
_INLINE_ITEM: Final = re.compile(r"(?:(?<=\s)|(?<=\A)|(?<=[:;.?]))\(?([1-9])[.)][ \t]+(?=[A-Za-z])")
_SENTENCE_END: Final = re.compile(r"(?<=[?!.…])[\"')\]]*\s+|\n\s*\n\s*|\n(?=[A-Z])")
_ALSO: Final = re.compile(
    r"\W*(?:and|also|plus|then|second(?:ly)?|third(?:ly)?|finally|another (?:thing|question)|et|aussi)\b",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(  # "and for production?" asks the same of something else
    r"\W*(?:(?:and|also|et)[\s,]+)+(?:what about|how about|for|in|on|with|pour|en|dans)\b|\W*(?:what|how) about\b",
    re.IGNORECASE,
)
_OR: Final = re.compile(r"\W*(?:or|ou|because|since|like)\b", re.IGNORECASE)
_ASKS: Final = re.compile(
    r"\W*(?:(?:and|also|plus|then|second(?:ly)?|third(?:ly)?|finally|et|aussi)[\s,]+)*"
    r"(?:how|what|where|when|why|who|which|whose|can|could|is|are|do|does|did|should|would|will|may|am"
    r"|comment|où|pourquoi|quand|qui|quel(?:le)?s?|est-ce)\b",
    re.IGNORECASE,
)
_OPEN: Final = re.compile(  # asks for something, where "is the quota too small?" offers an explanation
    r"\W*(?:how|what|where|when|why|who|which|whose|comment|où|pourquoi|quand|qui|quel(?:le)?s?"
    r"|(?:can|could|may|do|should|must) (?:i|we)|(?:is|are) there)\b",
    re.IGNORECASE,
)
# Words that make a question only together with another: "any idea what is wrong?" asks nothing new.
_EMPTY: Final = frozenset(
    content
    for word in re.findall(
        r"\w+",
        """anyone someone somebody anybody help idea ideas issue issues wrong know known normal possible right correct
        problem problems happen happening happens missing fix solve solution thoughts advice suggestion suggestions else
        explain tell mean sense thing things expected bug see seen here there doing going reason cause anything
        something ever maybe please pls make""",
    )
    for content in content_words(word)
)


def gist(message: str) -> str:
    """What the message asks, without mentions, greeting, apology, thanks and signature.

    The message itself when nothing else is in it. Code and links come back as they were.
    """
    held: list[str] = []

    def hold(code: re.Match[str]) -> str:
        held.append(code[0])
        return f"\ue000{len(held) - 1}\ue001"

    prose = _without_courtesies(_CODE.sub(hold, re.sub("[\ue000\ue001]", "", message)))
    text = _HELD.sub(lambda place: held[int(place[1])], prose).strip()
    return text if re.search(r"\w{2,}", text) else message


def _without_courtesies(prose: str) -> str:
    prose = _without_signature(prose.replace("\u2019", "'"))
    for _ in range(MOST_COURTESIES):  # "@sheriff hi all, sorry to bother you": one behind the other
        before = prose
        for opening in (_MENTION, _GREETING):
            prose = opening.sub("", prose, count=1)
        prose = _COURTESY.sub(lambda found: found["before"] if found["before"].strip(" -–,;:") else " ", prose).strip()
        if prose == before:
            break
    return re.sub(r"[ \t]{2,}(?=\S)", " ", _TAGS.sub("", prose)) if _TAGS.search(prose) else prose


def _without_signature(prose: str) -> str:
    found = _SIGN_OFF.search(prose)
    if found is None:
        return prose
    lines = [line.strip() for line in found["who"].splitlines() if line.strip()]
    return prose[: found.start()] if all(_NAMES.fullmatch(line) for line in lines) else prose


def questions(message: str) -> list[str]:
    """The questions of a message in order, at most MOST; what introduces one stays with it.

    Several are a list of them, or sentences that each ask for something of their own. A question with sentences that
    explain it, two clauses of one sentence, and "any idea?" behind a question are one: then the message comes back.
    """
    return every_question(message)[:MOST]


def every_question(message: str) -> list[str]:
    """As `questions`, however many."""
    if any("\n" in code[0] for code in _CODE.finditer(message)):
        return [message]  # what was pasted belongs to all that is said around it
    return next((found for found in (_listed(message), _asked(message)) if len(found) > 1), [message])


def _listed(message: str) -> list[str]:
    """The items of a list of questions, the words before it with the first, those behind it with the last."""
    starts = list(_ITEM.finditer(message))
    if len(starts) < 2:
        starts = list(_INLINE_ITEM.finditer(message))
        if [start[1] for start in starts] != [str(number) for number in range(1, len(starts) + 1)]:
            return []
    if len(starts) < 2:
        return []
    ends = [*(start.start() for start in starts[1:]), len(message)]
    items = [message[start.end() : end].strip(" \n\t;,") for start, end in zip(starts, ends, strict=True)]
    if not all(_is_question(item) and _telling(item) for item in items):
        return []
    introduction = message[: starts[0].start()].strip()
    return [f"{introduction} {items[0]}".strip(), *items[1:]]


def _asked(message: str) -> list[str]:
    """The sentences that ask for something of their own, each with the sentences before it."""
    found: list[str] = []
    waiting: list[str] = []  # sentences that tell, until the question that they introduce
    for sentence in filter(None, map(str.strip, _SENTENCE_END.split(message))):
        waiting.append(sentence)
        if not sentence.rstrip("\"')]").endswith("?"):
            continue
        if found and not _begins_another(sentence):
            found[-1] = " ".join([found[-1], *waiting])
        else:
            found.append(" ".join(waiting))
        waiting = []
    if found and waiting:
        found[-1] = " ".join([found[-1], *waiting])
    return found


def _begins_another(sentence: str) -> bool:
    """Whether a question behind another asks for something of its own."""
    if _ELSEWHERE.match(sentence):
        return bool(_telling(sentence))
    if _OR.match(sentence) or not _ASKS.match(sentence):
        return False
    if _ALSO.match(sentence):
        return bool(_telling(sentence)) or len(words(sentence)) > 4
    if points(sentence):
        return len(_telling(sentence)) > 2
    return len(_telling(sentence)) >= (1 if _OPEN.match(sentence) else 3)


def _is_question(text: str) -> bool:
    return text.rstrip("\"')]").endswith("?") or bool(_ASKS.match(text))


def _telling(text: str) -> list[str]:
    return [word for word in content_words(text) if word not in _EMPTY]
