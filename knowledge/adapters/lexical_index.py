"""The words side of the index: tantivy in a folder, derived from Chroma and rebuilt whenever it is in doubt."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from itertools import islice
from math import log1p
from pathlib import Path
from typing import Any, Final

from knowledge.adapters import chunk_codec
from knowledge.errors import IndexBroken
from knowledge.model import Chunk
from knowledge.ports import Faint, Field, Hit
from knowledge.wording import STOPWORDS, identifiers, letters

FORMAT: Final = 2  # raise it when a field or an analyser changes: folders of another format are rebuilt
GRAM: Final = 4
LONGEST_WORD: Final = 64
LONGEST_QUERY: Final = 4_000  # characters; what comes after adds time and no direction
MOST_TERMS: Final = 64
NAME_WEIGHT: Final = 2.0  # a code or key found whole says more than its parts: ORA-01017 is not ORA-12170
WRITER_MEMORY: Final = 50_000_000
CACHED_CHUNKS: Final = 50_000
STAMP_FILE: Final = "stamp.json"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a folder was derived from; a folder with another stamp is rebuilt."""

    collection: str
    revision: int
    count: int
    make: str = f"{FORMAT}:{','.join(chunk_codec.FIELDS)}"


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """One committed state: searches under way keep theirs while the next is being written."""

    searcher: Any
    ids: dict[int, str]  # fast-field row to chunk id: reading ids from the document store costs far more
    sizes: dict[str, int]  # chunks by document
    cache: dict[str, Chunk] = field(default_factory=dict)
    spelled: list[frozenset[str]] = field(default_factory=list)  # the vocabulary, once it was asked for


class LexicalIndex:
    """BM25 over the fields of ports.Field, and the chunks as they were stored."""

    def __init__(self, folder: Path, index: Any) -> None:
        import tantivy

        self._folder = folder
        self._index = index
        self._tantivy = tantivy
        self._words = _word_analyser()
        self._telling = _word_analyser(without=sorted(STOPWORDS))
        self._grams = _gram_analyser()
        index.register_tokenizer("words", self._words)
        index.register_tokenizer("grams", self._grams)
        index.register_tokenizer("names", _name_analyser())
        index.register_tokenizer("spelled", _spelled_analyser())
        self._writing = threading.Lock()
        self._snapshot = self._look()

    @classmethod
    def open(cls, folder: Path, stamp: Stamp) -> LexicalIndex | None:
        """The index in folder, or None when it is missing, damaged or was derived from something else."""
        import tantivy

        try:
            stored = json.loads((folder / STAMP_FILE).read_text(encoding="utf-8"))
            if stored != asdict(stamp):
                return None
            opened = cls(folder, tantivy.Index.open(str(folder)))
        except (OSError, ValueError):  # tantivy raises ValueError for every damage
            return None
        return opened if opened.count() == stamp.count else None

    @classmethod
    def create(cls, folder: Path) -> LexicalIndex:
        """An empty index in folder; what was there is gone."""
        import tantivy

        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, tantivy.Index(_schema(), path=str(folder)))

    def seal(self, stamp: Stamp) -> None:
        """Note what the index was derived from; a folder without this is rebuilt when opened."""
        draft = self._folder / f".{STAMP_FILE}"
        draft.write_text(json.dumps(asdict(stamp)), encoding="utf-8")
        draft.replace(self._folder / STAMP_FILE)

    def count(self) -> int:
        return len(self._snapshot.ids)

    def matching(self, words: str, *, field: Field, limit: int, faint: Faint = ()) -> list[Hit]:
        """Best BM25 first; chunks that share no term with the words are left out."""
        query = self._any_of(self._weighted(words, field, faint))
        if query is None or limit < 1:
            return []
        snapshot = self._snapshot
        hits = snapshot.searcher.search(query, limit=limit, count=False).hits
        rows = snapshot.searcher.fast_field_values("row", [address for _, address in hits])
        return [Hit(snapshot.ids[row], score) for (score, _), row in zip(hits, rows, strict=True)]

    def rarity(self, words: str, *, faint: Faint = ()) -> float:
        """Sum of the inverse document frequencies of the words in the text field."""
        snapshot = self._snapshot
        count = len(snapshot.ids)
        rarity = 0.0
        for (name, term), weight in self._weighted(words, Field.TEXT, faint).items():
            if name == Field.TEXT:
                frequency = min(count, snapshot.searcher.doc_freq("text", term))
                rarity += weight * log1p((count - frequency + 0.5) / (frequency + 0.5))
        return rarity

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks in the order asked for; unknown ids are left out."""
        snapshot = self._snapshot
        known = {id_: snapshot.cache[id_] for id_ in ids if id_ in snapshot.cache}
        known |= {chunk.id: chunk for chunk in self._read(snapshot, "id", [id_ for id_ in ids if id_ not in known])}
        return [known[id_] for id_ in ids if id_ in known]

    def documents(self, document_ids: Sequence[str]) -> list[Chunk]:
        """All chunks of the documents, document by document in the order of their text."""
        chunks = self._read(self._snapshot, "document", document_ids)
        return sorted(chunks, key=lambda chunk: (chunk.document_id, chunk.order))

    def document_ids(self) -> list[str]:
        return sorted(self._snapshot.sizes)

    def size(self, document_id: str) -> int:
        return self._snapshot.sizes.get(document_id, 0)

    def vocabulary(self) -> frozenset[str]:
        """Every word of the pages and entries as they spell it, in lower case; the same object until a write."""
        snapshot = self._snapshot
        if not snapshot.spelled:
            snapshot.spelled.append(frozenset(word for word, _ in self._live_terms(snapshot.searcher, "spelled")))
        return snapshot.spelled[0]

    def add(self, chunks: Sequence[Chunk]) -> None:
        def write(writer: Any) -> None:
            for chunk in chunks:
                writer.add_document(self._document(chunk))

        self._write(write)

    def remove(self, document_ids: Sequence[str]) -> None:
        def write(writer: Any) -> None:
            for id_ in document_ids:
                writer.delete_documents_by_term("document", id_)

        self._write(write)

    def _write(self, work: Callable[[Any], None]) -> None:
        with self._writing:
            try:
                writer = self._index.writer(WRITER_MEMORY, 1)
                work(writer)
                writer.commit()
                writer.wait_merging_threads()
            except (ValueError, OSError) as error:
                raise IndexBroken(
                    f"The word index in {self._folder} cannot be written: {error}. "
                    "End any other process that works on it, then run `sheriff ingest`."
                ) from error
            self._snapshot = self._look()

    def _look(self) -> _Snapshot:
        self._index.reload()
        searcher = self._index.searcher()
        ids = {_row(id_): id_ for id_, _ in self._live_terms(searcher, "id")}
        return _Snapshot(searcher, ids, dict(self._live_terms(searcher, "document")))

    def _live_terms(self, searcher: Any, field: str) -> list[tuple[str, int]]:
        # Without the filter, terms of removed chunks are listed until the next merge.
        terms: list[tuple[str, int]] = searcher.terms_with_prefix(field, "", self._tantivy.Query.all_query())
        return terms

    def _read(self, snapshot: _Snapshot, field: str, values: Sequence[str]) -> list[Chunk]:
        if not values or not snapshot.ids:
            return []
        query = self._tantivy.Query.term_set_query(self._index.schema, field, list(values))
        hits = snapshot.searcher.search(query, limit=len(snapshot.ids), count=False).hits
        addresses = [address for _, address in hits]
        rows = snapshot.searcher.fast_field_values("row", addresses)
        return [self._chunk(snapshot, snapshot.ids[row], address) for row, address in zip(rows, addresses, strict=True)]

    def _chunk(self, snapshot: _Snapshot, id_: str, address: Any) -> Chunk:
        chunk = snapshot.cache.get(id_)
        if chunk is None:
            chunk = chunk_codec.decode(bytes(snapshot.searcher.doc(address).get_first("chunk")))
            if len(snapshot.cache) < CACHED_CHUNKS:
                snapshot.cache[id_] = chunk
        return chunk

    def _terms(self, words: str, field: Field) -> list[tuple[str, str]]:
        """Pairs of an index field and a term of it."""
        if field is Field.GRAMS:
            terms = [("grams", gram) for gram in self._grams.analyze(letters(words))]
        else:
            telling = self._telling.analyze(words) or self._words.analyze(words)
            terms = [(field.value, word) for word in telling]
        if field is Field.TEXT:
            terms += [("names", name) for name in identifiers(words)]
        return list(dict.fromkeys(terms))[:MOST_TERMS]

    def _weighted(self, words: str, field: Field, faint: Faint) -> dict[tuple[str, str], float]:
        """Terms with their weights: 1 for those of the words, less for those of fainter texts only."""
        weighted: dict[tuple[str, str], float] = {}
        for text, weight in ((words, 1.0), *faint):
            for term in self._terms(text[:LONGEST_QUERY], field):
                weighted.setdefault(term, weight)
        return dict(islice(weighted.items(), MOST_TERMS))

    def _any_of(self, terms: Mapping[tuple[str, str], float]) -> Any | None:
        query, should = self._tantivy.Query, self._tantivy.Occur.Should
        schema = self._index.schema
        clauses = [
            (
                should,
                query.boost_query(
                    query.term_query(schema, name, term, "freq"), weight * (NAME_WEIGHT if name == "names" else 1.0)
                ),
            )
            for (name, term), weight in terms.items()
        ]
        return query.boolean_query(clauses) if clauses else None

    def _document(self, chunk: Chunk) -> Any:
        place = chunk.phrasing or f"{chunk.path} {chunk.place}"
        document = self._tantivy.Document()
        document.add_unsigned("row", _row(chunk.id))
        document.add_text("id", chunk.id)
        document.add_text("document", chunk.document_id)
        document.add_bytes("chunk", chunk_codec.encode(chunk).encode("utf-8", "replace"))
        for name, text in {
            "text": chunk.indexed_text,
            "place": place,
            "grams": letters(chunk.indexed_text),
            "names": " ".join(identifiers(chunk.indexed_text)),
            "spelled": "" if chunk.phrasing else chunk.indexed_text,  # ways of asking are misspelt on purpose
        }.items():
            document.add_text(name, text.encode("utf-8", "replace").decode("utf-8"))
        return document


def _row(chunk_id: str) -> int:
    return int.from_bytes(blake2b(chunk_id.encode(), digest_size=8).digest())


def _schema() -> Any:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_unsigned_field("row", fast=True)
    builder.add_bytes_field("chunk", stored=True, indexed=False)
    for name in ("id", "document"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    analysers = {"text": "words", "place": "words", "grams": "grams", "names": "names"}
    for name, analyser in analysers.items():
        builder.add_text_field(name, tokenizer_name=analyser, index_option="freq")
    builder.add_text_field("spelled", tokenizer_name="spelled", index_option="basic")
    return builder.build()


def _word_analyser(without: Sequence[str] = ()) -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    folded = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(LONGEST_WORD)).filter(Filter.lowercase())
    kept = folded.filter(Filter.ascii_fold()).filter(Filter.custom_stopword(list(without)))
    return kept.filter(Filter.stemmer("english")).build()


def _gram_analyser() -> Any:
    from tantivy import TextAnalyzerBuilder, Tokenizer

    return TextAnalyzerBuilder(Tokenizer.ngram(GRAM, GRAM)).build()


def _name_analyser() -> Any:
    from tantivy import TextAnalyzerBuilder, Tokenizer

    return TextAnalyzerBuilder(Tokenizer.whitespace()).build()


def _spelled_analyser() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    words = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(LONGEST_WORD))
    return words.filter(Filter.lowercase()).filter(Filter.ascii_fold()).build()
