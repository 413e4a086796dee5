"""An answer without a language model: the sentences, steps, rows or code of the page itself, in their order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from knowledge import blocks
from knowledge.blocks import Block, Form
from knowledge.citing import Cited, cite_all
from knowledge.model import Kind, Outcome, Passage
from knowledge.overlap import coverage, rarity, terms
from knowledge.pointers import only_refers, without_references
from knowledge.products import product_asked, product_of
from knowledge.shortening import Weights, shortened

PROSE = 780  # characters of an answer beside one code block
WHOLE = 480  # a section this short is quoted whole
BESIDE = 350  # characters from a second place
HINT = 320
NEXT_PLACES = 2  # named after a hint
LONG_CODE = 60  # lines: a longer example is for the page, and so are several that have more together
ROOMY = 2  # times the room that a procedure may take which would have gaps otherwise
THIN = 100  # characters: a hint so short says hardly anything alone
_NEAR = 4  # places among which an example is looked for
ADDS = 0.25  # share of the question that a second place must bring in
_HOW = re.compile(
    r"\b(?:how|steps?|set ?up|guide|procedure|walk)\b|^(?:create|add|change|raise|request|get)\b", re.IGNORECASE
)
_SHOW = re.compile(
    r"(?<![.\w])(?:example|yaml|snippet|sample|look like|syntax|config\w*|declare|define|file)\b", re.IGNORECASE
)
_EXAMPLE = re.compile(r"\b(?:examples?|samples?|snippets?|show me|template for|look like)\b", re.IGNORECASE)
_LEANING = re.compile(
    r"(?:it|its|this|that|these|those|they|both|then|such|the (?:same|former|latter))\b", re.IGNORECASE
)
_PROMISE = re.compile(r"\b(?:following|below|examples?|as follows|like (?:this|so))\b[^.!?]*:$", re.IGNORECASE)
_FENCED = re.compile(r"^ *(`{3,})[^`]*?\n.*?^ *\1 *$", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(
    r"\*\*[^*\n]+\*\*|(?:example|sample) (?:\w+ ){0,2}(?:output|file|configuration|command|cr|yaml)\.?", re.IGNORECASE
)
_GOING_ON = re.compile(  # a sentence that began before the example above it
    r"(?:will|would|which|where|that|and|or|but|is|are|was|means|leads?|results?|to|with|when|if|in|on|as|so|then|from|can"
    r"|should|may|must|returns?|produces?|gives?)\b|- <1> "
)


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """What is taken from one passage; `blocks` in the order of the page."""

    passage: Passage
    blocks: tuple[Block, ...]
    is_midway: bool = False  # the section says something before it

    @property
    def text(self) -> str:
        return "\n\n".join(block.text for block in self.blocks)


def quote(question: str, passages: Sequence[Passage], *, outcome: Outcome) -> Cited:
    """The part of the best passage that answers, with [n] marks; a second place only if it covers what is missing.

    For a hint: one short quotation, and marks for the next places: the right page is among the first three far more
    often than it is the first. Only pages about one product are quoted: the one that the question names, else that of
    the best passage. No passages give an empty text.
    """
    passages = sorted(passages, key=lambda passage: only_refers(passage.chunk.headings))
    weights = _weights(question, passages)
    product = product_asked(question, passages)
    passages = _with_example_first(question, passages, product)
    for place, passage in enumerate(passages):
        if product_of(passage) != product:
            continue
        if outcome is Outcome.HINTED:
            found = [_hint(passage, weights, question)]
        else:
            first = _excerpt(passage, weights, question, PROSE)
            found = [first, *_beside(first, passages[place + 1 :], weights, question)]
        if not found[0].blocks:
            found = [_comment(passage, weights)]
        if found[0].blocks and outcome is Outcome.HINTED:
            return _with_next_places(_written(found, question, quoted=True), passage, passages)
        if found[0].blocks:
            return _written(found, question, quoted=False)
    if not passages:
        return Cited("")
    return Cited(f"The likely place is **{passages[0].chunk.place}**. [1]", cite_all(passages[:1]))


def _weights(question: str, passages: Sequence[Passage]) -> Weights:
    return rarity(terms(question), [f"{passage.chunk.place} {passage.body}" for passage in passages])


def _with_example_first(question: str, passages: Sequence[Passage], product: str) -> Sequence[Passage]:
    """Who asks for an example gets the first place of the product that shows one, if it is near the top."""
    if not _EXAMPLE.search(question):
        return passages
    for place, passage in enumerate(passages[:_NEAR]):
        shows = any(block.form is Form.CODE for block in blocks.blocks(passage.body))
        if shows and product_of(passage) == product:
            return [passage, *passages[:place], *passages[place + 1 :]]
    return passages


# ---- choosing ----


def _excerpt(passage: Passage, weights: Weights, question: str, room: int) -> _Excerpt:
    found = _readable(passage)
    prose = [block for block in found if block.form is not Form.CODE]
    if passage.chunk.kind is Kind.FAQ:
        return _Excerpt(passage, tuple(found))
    if sum(len(block.text) for block in prose) <= min(WHOLE, room):
        chosen = set(range(len(found)))
    else:
        chosen = _chosen(found, _scores(found, passage, weights, question), room)
        chosen = _without_gaps(found, chosen, ROOMY * room, from_start=bool(_HOW.search(question)))
    chosen = _with_examples(found, chosen, weights, asked=bool(_SHOW.search(question)))
    kept = _closed(found, chosen, weights)
    return _Excerpt(passage, kept, bool(kept) and kept[0].text[:40] not in found[0].text)


def _closed(found: Sequence[Block], chosen: Collection[int], weights: Weights) -> tuple[Block, ...]:
    """The chosen blocks, shortened, without sentences whose beginning or end stayed behind."""
    kept: list[Block] = []
    for i in sorted(chosen):
        block = shortened(found[i], weights)
        if i > 0 and i - 1 not in chosen and _GOING_ON.match(block.text):
            continue
        if i + 1 not in chosen or _promises(block, found[i + 1]):
            rest = _without_announcement(block)
            told = rest.text or i + 1 < len(found) or _TITLE.fullmatch(block.text)
            block = rest if told else block  # nothing follows: it is all the page says
        if block.text:
            kept.append(block)
    return tuple(kept)


def _without_announcement(block: Block) -> Block:
    """Less the last sentence or step if it only announces what is not quoted."""
    if not _announces(block):
        return block
    if block.form is Form.PARAGRAPH:
        return Block(block.form, " ".join(blocks.sentences(block.text)[:-1]))
    kept = block.items[:-1]
    return Block(block.form, "\n".join(kept), kept)


def _promises(block: Block, following: Block) -> bool:
    """It announces an example or a list that the page lost: another paragraph follows."""
    return following.form is Form.PARAGRAPH and bool(_PROMISE.search(block.text))


def _announces(block: Block) -> bool:
    return block.text.endswith(":") or bool(_TITLE.fullmatch(block.text))


def _readable(passage: Passage) -> list[Block]:
    """The blocks without headings and without sentences that only refer elsewhere: their links are gone."""
    found = (without_references(block) for block in blocks.blocks(passage.body) if block.form is not Form.HEADING)
    return [block for block in found if block.text]


def _scores(found: Sequence[Block], passage: Passage, weights: Weights, question: str) -> list[float]:
    """How well each block answers: words of the question, the piece that the search found, the form asked for.

    Under a heading that says what was asked, the text begins with the answer and need not repeat the words.
    """
    steps_wanted = bool(_HOW.search(question))
    piece = _run_together(blocks.clean(passage.chunk.text)) if passage.section else ""
    first = 0.1 + 0.5 * coverage(" ".join(passage.chunk.headings) or passage.chunk.title, weights)
    scores = []
    for place, block in enumerate(found):
        score = coverage(block.text, weights) + (first if place == 0 else 0.0)
        score += 0.2 if _run_together(block.text)[:60] in piece else 0.0
        score += 0.6 if steps_wanted and block.form is Form.STEPS else 0.0
        scores.append(score)
    return scores


def _run_together(text: str) -> str:
    """Without indentation, line breaks and padding, which depend on where a page was cut."""
    return "".join(text.split())


def _chosen(found: Sequence[Block], scores: Sequence[float], room: int) -> set[int]:
    """The best block with what introduces or completes it, then the next best while there is room."""
    ranked = sorted((i for i in range(len(found)) if found[i].form is not Form.CODE), key=lambda i: -scores[i])
    chosen: set[int] = set()
    used = 0
    for i in ranked:
        group = set(_together(found, i)) - chosen
        size = sum(_length(found[k]) for k in group if found[k].form is not Form.CODE)
        if chosen and (scores[i] < scores[ranked[0]] / 2 or used + size > room):
            continue
        chosen |= group
        used += size
    return chosen


def _together(found: Sequence[Block], i: int) -> Iterator[int]:
    """A list, table or example with the sentence that announces it."""
    yield i
    if i > 0 and _announces(found[i - 1]) and (found[i].form is not Form.PARAGRAPH or _TITLE.match(found[i - 1].text)):
        yield i - 1
    if i + 1 < len(found) and _announces(found[i]):
        yield i + 1


def _length(block: Block) -> int:
    """Characters to read; the examples inside of steps are looked at."""
    return len(_FENCED.sub("", block.text)) if block.form is Form.STEPS else min(len(block.text), 450)


def _without_gaps(found: Sequence[Block], chosen: set[int], room: int, *, from_start: bool) -> set[int]:
    """The chosen blocks with the steps between them and, `from_start`, before them; cut at the gap if that is too much.

    A page may show an example after each step: each step is a block then.
    """
    steps = [i for i, block in enumerate(found) if block.form is Form.STEPS]
    wanted = [i for i in steps if i in chosen]
    if not wanted:
        return chosen
    begin = max((i for i in steps if i <= wanted[0] and blocks.number(found[i]) == 1), default=wanted[0])
    whole = {i for i in steps if (begin if from_start else wanted[0]) <= i <= wanted[-1]}
    if sum(_length(found[i]) for i in chosen | whole if found[i].form is not Form.CODE) <= room:
        return chosen | whole
    gap = min((i for i in steps if wanted[0] < i < wanted[-1] and i not in chosen), default=len(found))
    return {i for i in chosen if i < gap or found[i].form is not Form.STEPS}


def _with_examples(found: Sequence[Block], chosen: set[int], weights: Weights, *, asked: bool) -> set[int]:
    """The prose with the example of each step that announces one, or else one next to it; any if one is asked for."""
    prose = {i for i in chosen if found[i].form is not Form.CODE}
    examples = [i for i, block in enumerate(found) if block.form is Form.CODE and _lines(block) <= LONG_CODE]
    of_steps = [i for i in examples if i - 1 in prose and found[i - 1].items and _announces(found[i - 1])]
    near = [i for i in examples if i in chosen or i - 1 in prose or (asked and not prose)]
    ranked = sorted(of_steps or near or (examples if asked or not prose else []), key=_by_coverage(found, weights))
    kept: set[int] = set()
    for i in ranked if of_steps else ranked[:1]:
        if sum(_lines(found[k]) for k in (*kept, i)) <= LONG_CODE:
            kept.add(i)
    return prose | kept


def _by_coverage(found: Sequence[Block], weights: Weights) -> Callable[[int], tuple[float, int]]:
    return lambda i: (-coverage(found[i].text, weights), i)


def _lines(block: Block) -> int:
    return block.text.count("\n")


def _beside(first: _Excerpt, others: Sequence[Passage], weights: Weights, question: str) -> tuple[_Excerpt, ...]:
    """The next place, if its very heading names what the first leaves out of the question."""
    said = terms(f"{first.passage.chunk.place} {first.text}")
    missing = {term: weight for term, weight in weights.items() if term not in said}
    for passage in others[:4]:
        text = f"{passage.chunk.place} {passage.body}"
        present = terms(text)
        brought = sum(weight for term, weight in missing.items() if term in present)
        named = terms(passage.chunk.place) & missing.keys() and product_of(passage) == product_of(first.passage)
        if named and brought >= ADDS * sum(weights.values()) and coverage(text, weights) >= 0.5:
            excerpt = _excerpt(passage, {**weights, **{t: 2 * w for t, w in missing.items()}}, question, BESIDE)
            prose = _without_code(excerpt.blocks)
            return (_Excerpt(passage, prose),) if prose and len(excerpt.text) <= PROSE else ()
    return ()


def _without_code(excerpt: Sequence[Block]) -> tuple[Block, ...]:
    kept: list[Block] = []
    for block, following in zip(excerpt, [*excerpt[1:], None], strict=True):
        is_left_alone = following is not None and following.form is Form.CODE
        kept.append(_without_announcement(block) if is_left_alone else block)
    return tuple(block for block in kept if block.form is not Form.CODE and block.text)


def _hint(passage: Passage, weights: Weights, question: str) -> _Excerpt:
    """One short block: the sentences round the best one, or a short list, table or example whole."""
    found = _readable(passage)
    if not found:
        return _Excerpt(passage, ())
    scores = _scores(found, passage, weights, question)
    best = max(range(len(found)), key=lambda i: scores[i])
    short = shortened(found[best], weights, HINT)
    if len(short.text) > 2 * HINT:
        short = _first_steps(short) if short.form is Form.STEPS else _first_paragraph(found, weights)
    if short.form is not Form.CODE and _wants_next(short, found, best, question):
        following = _without_announcement(shortened(found[best + 1], weights, HINT))
        if 0 < len(following.text) <= 2 * HINT:
            return _Excerpt(passage, (*_announcement(found, best, short), short, following))
    rest = _without_announcement(short)
    short = rest if rest.text else short
    return _Excerpt(passage, (*_announcement(found, best, short), short) if short.text else ())


def _comment(passage: Passage, weights: Weights) -> _Excerpt:
    """What the comments in a listing say that is too long to be shown."""
    listings = [block.text for block in blocks.blocks(passage.body) if block.form is Form.CODE]
    said = [text for listing in listings for text in blocks.comments(listing)]
    best = max(said, key=lambda text: coverage(text, weights), default="")
    kept = (shortened(Block(Form.PARAGRAPH, best), weights, HINT),) if coverage(best, weights) >= ADDS else ()
    return _Excerpt(passage, kept, is_midway=True)


def _wants_next(short: Block, found: Sequence[Block], place: int, question: str) -> bool:
    """The block after this one is what its end announces, or the example that the question asks for."""
    if place + 1 == len(found) or not short.text.endswith(found[place].text[-20:]):
        return False
    if len(short.text) < THIN and not _announces(short):
        return True
    shown = found[place + 1].form is Form.CODE and bool(_HOW.search(question) or _SHOW.search(question))
    return shown or (_announces(short) and not _promises(short, found[place + 1]))


def _announcement(found: Sequence[Block], place: int, short: Block) -> Sequence[Block]:
    """The sentence that says what the example, list or table is, if it is a short one."""
    before = found[place - 1] if place else None
    if before is None or before.form is not Form.PARAGRAPH or short.form is Form.PARAGRAPH:
        return ()
    if not before.text.endswith(":") or _TITLE.fullmatch(before.text):
        return ()
    sentence = blocks.sentences(before.text)[-1]
    return (Block(Form.PARAGRAPH, sentence),) if len(sentence) <= HINT else ()


def _first_steps(steps: Block) -> Block:
    kept = [steps.items[0]]
    for item in steps.items[1:]:
        if sum(map(len, kept)) + len(item) > 2 * HINT:
            break
        kept.append(item)
    return Block(Form.STEPS, "\n".join([*kept, "", "…"]))


def _first_paragraph(found: Sequence[Block], weights: Weights) -> Block:
    prose = [block for block in found if block.form is Form.PARAGRAPH]
    return shortened(prose[0], weights, HINT) if prose else Block(Form.PARAGRAPH, "")


# ---- writing ----


def _written(excerpts: Sequence[_Excerpt], question: str, *, quoted: bool) -> Cited:
    asked = terms(question)
    text = "\n\n".join(_marked(excerpt, number, asked) for number, excerpt in enumerate(excerpts, start=1))
    if quoted:
        text = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    return Cited(text, cite_all(excerpt.passage for excerpt in excerpts))


def _with_next_places(hint: Cited, quoted: Passage, passages: Sequence[Passage]) -> Cited:
    others: dict[str, Passage] = {}
    for passage in passages:
        if passage.chunk.document_id != quoted.chunk.document_id:
            others.setdefault(passage.chunk.document_id, passage)
    if not others:
        return hint
    near = list(others.values())[:NEXT_PLACES]
    marks = " ".join(f"[{number}]" for number in range(2, len(near) + 2))
    return Cited(f"{hint.text}\n\nNext likely: {marks}", cite_all([quoted, *near]))


def _marked(excerpt: _Excerpt, number: int, asked: Collection[str]) -> str:
    """The excerpt with its mark after the last sentence, or after the heading when there is no sentence."""
    mark = f"[{number}]"
    parts = [block.text for block in excerpt.blocks]
    lead = _lead(excerpt, asked)
    prose = [i for i, block in enumerate(excerpt.blocks) if block.form is Form.PARAGRAPH]
    ends = [i for i in prose if not parts[i].endswith(":")] or prose
    if ends:
        parts[ends[-1]] += f" {mark}"
    else:
        lead = f"{lead or _heading(excerpt.passage)} {mark}"
    return "\n\n".join(part for part in (lead, *parts) if part)


def _lead(excerpt: _Excerpt, asked: Collection[str]) -> str:
    """The heading, when the excerpt does not stand alone.

    That is when it begins with "It …", a title, a list, a table or code, in the middle of its section, or answers a
    heading that asks something else. A heading that the question repeats says nothing new in front of a sentence.
    """
    first = excerpt.blocks[0]
    heading = _heading(excerpt.passage)
    leans = first.form is not Form.PARAGRAPH or bool(_LEANING.match(first.text) or _TITLE.fullmatch(first.text))
    other = heading.endswith("?**") and not terms(heading) <= set(asked)
    midway = excerpt.is_midway and not terms(heading) <= set(asked)
    return heading if leans or other or midway else ""


def _heading(passage: Passage) -> str:
    headings = passage.chunk.headings
    return f"**{blocks.clean(headings[-1] if headings else passage.chunk.title)}**"
