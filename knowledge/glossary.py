"""The platform's abbreviations and synonyms, and words of other languages, so that a question finds what it means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final

import yaml

from knowledge.wording import STOPWORDS, words

# Inside kafka.topic.partitions, KV_NAME or ns-1 a term is part of a name and means nothing by itself.
_BEFORE: Final = r"(?<![\w./:@%-])"
_AFTER: Final = r"(?![\w/@%]|[.:-]\w)"
_SHORT: Final = 2  # letters; "IT" and "OR" are words, so capitals are what tells the abbreviation
_FRENCH_SHARE: Final = 0.3  # of a message's words, from which on it counts as French


@dataclass(frozen=True, slots=True)
class Term:
    """Names for one thing. Whoever asks with one of `also` searches with `name`, whoever asks with any with `means`."""

    name: str
    also: tuple[str, ...] = ()
    means: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.also)


@dataclass(frozen=True)
class Language:
    """Words of another language: in English, and those that say nothing to a search."""

    name: str
    words: Mapping[str, str] = field(repr=False)
    shared: frozenset[str] = field(repr=False)  # also English: translated only in a message of this language

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.words, key=len, reverse=True)
        known = "|".join(re.escape(word).replace(r"\ ", r"\s+").replace("'", "['\u2019]") for word in longest_first)
        return re.compile(rf"(?<![\w./:@%])({known})s?(?:['\u2019](?=\w)|(?![\w/@%]|[.:]\w))", re.IGNORECASE)

    def in_english(self, text: str) -> str:
        """The text with the words of this language put into English; a text that is English stays as it is."""
        plain = _without_accents(text)
        found = list(self._pattern.finditer(plain))
        speaks = self._is_meant(plain, found)
        pieces, end = [], 0
        for match in found:
            word = self._entry(match[1])
            if not speaks and (word in self.shared or not self.words[word]):
                continue
            pieces += [text[end : match.start()], self.words[word]]
            end = match.end()
        if not pieces:
            return text
        return re.sub(r"[ \t]{2,}", " ", "".join([*pieces, text[end:]])).strip()

    def _entry(self, said: str) -> str:
        return re.sub(r"\s+", " ", said.lower().replace("\u2019", "'"))

    def _is_meant(self, plain: str, found: Sequence[re.Match[str]]) -> bool:
        """Whether the message is in this language, not an English one that shares a word with it."""
        own = [match for match in found if len(match[1]) > 1 and self._entry(match[1]) not in self.shared]
        total = len(re.findall(r"[^\W_]+", plain))
        said = sum(len(re.findall(r"[^\W_]+", match[0])) for match in found)
        return bool(own) and said >= _FRENCH_SHARE * total


@dataclass(frozen=True)
class Glossary:
    """What a platform calls things. Expanding and translating never look into names such as `kv.prod.example`."""

    terms: tuple[Term, ...] = ()
    components: Mapping[str, str] = field(default_factory=dict)  # how people call a component
    languages: tuple[Language, ...] = ()

    def expanded(self, question: str) -> str:
        """The question, its own words first, followed by what else the things it names are called."""
        held = set(words(question))
        shouted = question.isupper() and len(question.split()) > 2
        added: list[str] = []
        for term, patterns in self._patterns:
            if not any(pattern.search(question) for name, pattern in patterns if not (shouted and _is_capitals(name))):
                continue
            for said in (term.name, term.means):
                if not set(words(said)) <= held:
                    added.append(said)
                    held.update(words(said))
        return f"{question} {' '.join(added)}" if added else question

    def in_english(self, question: str) -> str:
        """The question in the words of English pages."""
        for language in self.languages:
            question = language.in_english(question)
        return question

    def label(self, component: str) -> str:
        """How people call a component: "key vaults" for key-vaults."""
        return self.components.get(component) or component.replace("-", " ").replace("_", " ")

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word that the glossary knows, in lower case."""
        said = [name for term in self.terms for name in (*term.names, term.means)]
        return frozenset(words(" ".join([*said, *self.components, *self.components.values()])))

    def names_of(self, component: str) -> tuple[str, ...]:
        """Every name by which a component may be picked."""
        own = (component, self.label(component))
        named = {word for name in own for word in words(name)}
        return (*own, *(n for term in self.terms if named & set(words(term.name)) for n in term.names))

    @cached_property
    def _patterns(self) -> Sequence[tuple[Term, Sequence[tuple[str, re.Pattern[str]]]]]:
        return [(term, [(name, _pattern(name)) for name in term.names]) for term in self.terms]


NO_GLOSSARY: Final = Glossary()


def glossary_of(values: Mapping[str, Any], *, languages: Iterable[str] = ()) -> Glossary:
    """The glossary in the values of a checked file; `languages` are names of bundled ones, such as "french"."""
    terms = tuple(Term(t["term"], tuple(t.get("also", ())), t.get("means", "")) for t in values.get("terms", ()))
    return Glossary(terms, dict(values.get("components", {})), tuple(language(name) for name in languages))


@cache
def language(name: str) -> Language:
    """A bundled language; read once."""
    text = resources.files("knowledge").joinpath("languages", f"{name}.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    said = {_without_accents(str(word)).lower(): str(english) for word, english in values["words"].items()}
    empty = {_without_accents(str(word)).lower(): "" for word in values["empty"]}
    known = {word: english for word, english in (empty | said).items() if word != english}
    return Language(name, known, frozenset(str(word) for word in values["shared"]))


def _pattern(name: str) -> re.Pattern[str]:
    body = re.escape(name).replace(r"\ ", r"[\s-]+")
    return re.compile(rf"{_BEFORE}{body}s?{_AFTER}", 0 if _is_capitals(name) else re.IGNORECASE)


def _is_capitals(name: str) -> bool:
    """Whether only capitals tell the name from an ordinary word."""
    return name.isupper() and (len(name) <= _SHORT or name.lower() in STOPWORDS)


def _without_accents(text: str) -> str:
    """The same number of characters, without accents: places in one are places in the other."""
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in text)
