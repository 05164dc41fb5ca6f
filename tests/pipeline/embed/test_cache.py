"""Texts are encoded once, whatever happens in between."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from config import PROJECT_ROOT
from pipeline.embed import cache as embedding_cache
from pipeline.embed.cache import EmbeddingCache, encode_texts, text_keys
from tests.support.counting_encoder import CountingEncoder, letter_vectors

TEXTS = ["cab", "a", "bed", "face", "deaf", "gem", "b"]


def test_vectors_come_in_the_order_of_the_texts(tmp_path: Path) -> None:
    vectors = encode_texts(TEXTS, CountingEncoder(), EmbeddingCache(tmp_path, "letters"))
    np.testing.assert_array_equal(vectors, letter_vectors(TEXTS))


def test_second_run_encodes_nothing(tmp_path: Path) -> None:
    encode_texts(TEXTS, CountingEncoder(), EmbeddingCache(tmp_path, "letters"))
    second = CountingEncoder()
    vectors = encode_texts(TEXTS[::-1], second, EmbeddingCache(tmp_path, "letters"))
    assert second.encoded == []
    np.testing.assert_array_equal(vectors, letter_vectors(TEXTS[::-1]))


def test_only_new_texts_are_encoded(tmp_path: Path) -> None:
    encode_texts(TEXTS, CountingEncoder(), EmbeddingCache(tmp_path, "letters"))
    second = CountingEncoder()
    vectors = encode_texts(["cage", *TEXTS], second, EmbeddingCache(tmp_path, "letters"))
    assert second.encoded == ["cage"]
    np.testing.assert_array_equal(vectors, letter_vectors(["cage", *TEXTS]))


def test_equal_texts_are_encoded_once_and_empty_ones_never() -> None:
    encoder = CountingEncoder()
    vectors = encode_texts(["a", "", "a", "a", ""], encoder)
    assert encoder.encoded == ["a"]
    assert vectors.any(axis=1).tolist() == [True, False, True, True, False]


def test_nothing_to_encode_keeps_the_width() -> None:
    assert encode_texts([], CountingEncoder()).shape == (0, 16)
    assert encode_texts(["", ""], CountingEncoder()).tolist() == [[0] * 16] * 2


def test_another_encoder_does_not_use_the_vectors_of_the_first(tmp_path: Path) -> None:
    encode_texts(TEXTS, CountingEncoder(), EmbeddingCache(tmp_path, "letters"))
    other = CountingEncoder("other weights")
    encode_texts(TEXTS, other, EmbeddingCache(tmp_path, other.fingerprint))
    assert sorted(other.encoded) == sorted(TEXTS)


def test_without_a_cache_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    encode_texts(TEXTS, CountingEncoder())
    assert list(tmp_path.iterdir()) == []


def test_interrupted_run_keeps_what_it_had_encoded(tmp_path: Path) -> None:
    def interrupt(n_done: int, _n_missing: int, _n_distinct: int) -> None:
        if n_done >= 4:
            raise KeyboardInterrupt

    first = CountingEncoder()
    with pytest.raises(KeyboardInterrupt):
        encode_texts(TEXTS, first, EmbeddingCache(tmp_path, "letters"), interrupt)
    second = CountingEncoder()
    vectors = encode_texts(TEXTS, second, EmbeddingCache(tmp_path, "letters"))
    assert sorted(first.encoded + second.encoded) == sorted(TEXTS)
    assert len(second.encoded) == 3
    np.testing.assert_array_equal(vectors, letter_vectors(TEXTS))


def test_killed_run_is_resumed_from_its_last_shard(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from pipeline.embed import cache\n"
        "from tests.support.counting_encoder import CountingEncoder\n"
        "cache.SHARD_ROWS = 4\n"
        "texts = ['a' * n + 'b' for n in range(200)]\n"
        "encoder = CountingEncoder(seconds_a_batch=0.05)\n"
        "cache.encode_texts(texts, encoder, cache.EmbeddingCache(Path(sys.argv[1]), 'letters'))\n"
    )
    run = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=PROJECT_ROOT)
    deadline = time.monotonic() + 30
    while len(list(tmp_path.rglob("shard-*.npy"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    texts = ["a" * n + "b" for n in range(200)]
    kept = len(EmbeddingCache(tmp_path, "letters"))
    second = CountingEncoder()
    vectors = encode_texts(texts, second, EmbeddingCache(tmp_path, "letters"))
    assert 12 <= kept < 200
    assert len(second.encoded) == 200 - kept
    np.testing.assert_array_equal(vectors, letter_vectors(texts))


def test_shards_have_a_bounded_number_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_cache, "SHARD_ROWS", 4)
    encode_texts(TEXTS, CountingEncoder(), EmbeddingCache(tmp_path, "letters"))
    sizes = [len(np.load(path)) for path in tmp_path.rglob("shard-*.npy")]
    assert sorted(sizes) == [3, 4]
    second = CountingEncoder()
    vectors = encode_texts(TEXTS, second, EmbeddingCache(tmp_path, "letters"))
    assert second.encoded == []
    np.testing.assert_array_equal(vectors, letter_vectors(TEXTS))


@pytest.mark.parametrize("spoiled", [b"", b"\x93NUMPY\x01\x00", b"no array"])
def test_spoiled_shard_is_encoded_again(tmp_path: Path, spoiled: bytes) -> None:
    encode_texts(TEXTS, CountingEncoder(), EmbeddingCache(tmp_path, "letters"))
    next(tmp_path.rglob("shard-*.npy")).write_bytes(spoiled)
    second = CountingEncoder()
    vectors = encode_texts(TEXTS, second, EmbeddingCache(tmp_path, "letters"))
    assert sorted(second.encoded) == sorted(TEXTS)
    np.testing.assert_array_equal(vectors, letter_vectors(TEXTS))


def test_truncated_shard_is_encoded_again(tmp_path: Path) -> None:
    encode_texts(TEXTS, CountingEncoder(), EmbeddingCache(tmp_path, "letters"))
    shard = next(tmp_path.rglob("shard-*.npy"))
    shard.write_bytes(shard.read_bytes()[:-10])
    assert len(EmbeddingCache(tmp_path, "letters")) == 0


def test_keys_are_the_sha256_of_the_text() -> None:
    # sha256 of the empty text, as the standard's test vectors give it.
    assert text_keys([""])[0] == (
        b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_progress_counts_only_what_had_to_be_encoded(tmp_path: Path) -> None:
    encode_texts(TEXTS[:3], CountingEncoder(), EmbeddingCache(tmp_path, "letters"))
    calls: list[tuple[int, ...]] = []
    cache = EmbeddingCache(tmp_path, "letters")
    encode_texts(TEXTS, CountingEncoder(), cache, lambda *counts: calls.append(counts))
    assert calls[0] == (0, 4, 7)
    assert calls[-1] == (4, 4, 7)
