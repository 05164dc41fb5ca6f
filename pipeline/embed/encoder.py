"""The sentence encoder: where its weights come from, and how it gets many texts done.

Encoding is by far the costliest part of the pipeline, so it wastes nothing: texts of
similar length share a batch (padding is work too), a batch holds a bounded number of
tokens (larger ones leave the processor's caches), and each core runs a process of its
own with one thread, which was measured faster and steadier than threads.
"""

from __future__ import annotations

import functools
import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.cores import usable_cores
from pipeline.embed.cache import text_keys
from pipeline.embed.text_groups import group_count, text_groups
from pipeline.embed.weights import weights_folder
from recsys.arrays import HalfArray

MAX_TOKENS: Final = 256
BATCH_TOKENS: Final = 4096
"""Padded tokens of a batch: 16 texts of full length; 8,192 were no faster, 2,048 slower."""

_FEW_TEXTS: Final = 512  # starting worker processes takes as long as encoding this many
_TOKENIZED_AT_ONCE: Final = 1024
_CPU_FACTS: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class SentenceEncoder:
    """A sentence-transformers model; called with texts, it returns their vectors.

    The object holds settings only and may be sent to other processes; the model is
    loaded by the first call in each.

    Attributes:
        folder: The model's files.
        dtype: "float32" or "bfloat16", the arithmetic inside the model.
        max_tokens: Texts are cut after this many.
        processes: How many may encode at once.
        n_groups: Groups of texts within which batches are formed; 0 for as many as the texts need.
    """

    folder: Path
    dtype: str = "float32"
    max_tokens: int = MAX_TOKENS
    processes: int = 1
    n_groups: int = 0

    def __call__(self, texts: Sequence[str]) -> HalfArray:
        """Encode one batch: (n, d) float16 of length 1."""
        vectors = _model(self.folder, self.dtype, self.max_tokens).encode(
            list(texts), batch_size=max(len(texts), 1), show_progress_bar=False
        )
        from sklearn.preprocessing import normalize  # absent where only the service is installed

        # Divided here: lengths divided in the model's bfloat16 are off by up to 4 in 1,000.

        units: HalfArray = normalize(np.asarray(vectors, dtype=np.float32)).astype(np.float16)
        return units

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of the model's files, the cut and the arithmetic, 16 hexadecimal digits."""
        arithmetic = f"{self.max_tokens} {self.dtype}, divided in float32"
        total = hashlib.sha256(arithmetic.encode())
        for path in sorted(self.folder.rglob("*")):
            if path.suffix in {".json", ".txt", ".safetensors", ".bin", ".model"}:
                total.update(str(path.relative_to(self.folder)).encode())
                with path.open("rb") as file:
                    total.update(hashlib.file_digest(file, "sha256").digest())
        return total.hexdigest()[:16]

    @property
    def dimension(self) -> int:
        """The width of the vectors."""
        return len(self(["width"])[0])

    def encode_many(
        self, texts: Sequence[str]
    ) -> Generator[tuple[NDArray[Any], HalfArray], None, None]:
        """Yield the vectors batch by batch, in any order, with their positions in `texts`.

        Many texts are spread over processes, unless the model runs on a GPU.
        """
        groups = text_groups(text_keys(texts), self.n_groups or group_count(len(texts)))
        batches = grouped_batches(self._token_counts(texts), groups, BATCH_TOKENS)
        if self.processes == 1 or len(texts) < _FEW_TEXTS or _device() != "cpu":
            for rows in batches:
                yield rows, self([texts[row] for row in rows])
            return
        pool = ProcessPoolExecutor(
            self.processes, multiprocessing.get_context("spawn"), _start_worker
        )
        try:
            rows_of = {pool.submit(self, [texts[row] for row in rows]): rows for rows in batches}
            for future in as_completed(rows_of):
                yield rows_of.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _token_counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Count the tokens of each text, at most `max_tokens`."""
        tokenizer = _model(self.folder, self.dtype, self.max_tokens).tokenizer
        counts: list[int] = []
        for start in range(0, len(texts), _TOKENIZED_AT_ONCE):
            some = list(texts[start : start + _TOKENIZED_AT_ONCE])
            tokens = tokenizer(some, truncation=True, max_length=self.max_tokens)["input_ids"]
            counts += map(len, tokens)
        return np.array(counts, dtype=np.int64)


def open_encoder(
    name_or_folder: str = "", *, allow_download: bool = False, processes: int = 0
) -> SentenceEncoder:
    """Prepare an encoder; its model is loaded when the first text is encoded.

    Args:
        name_or_folder: A model's folder or its name on the model hub; empty for
            all-MiniLM-L6-v2, with the weights of the installed package if there is one.
        allow_download: Whether the hub may be asked for what isn't on this machine.
        processes: How many may encode at once, 0 for one a core.

    Raises:
        PipelineError: A library or the weights are missing.
    """
    folder = weights_folder(name_or_folder, allow_download=allow_download)
    return SentenceEncoder(folder, native_dtype(_CPU_FACTS), processes=processes or usable_cores())


def grouped_batches(
    token_counts: NDArray[np.int64], groups: NDArray[np.int64], max_tokens: int
) -> list[NDArray[np.int64]]:
    """Group texts of similar length within groups (n,) that are given; see `padded_batches`."""
    batches = []
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        batches += [rows[batch] for batch in padded_batches(token_counts[rows], max_tokens)]
    if len(batches) and groups.max():
        return [batches[at] for at in np.random.default_rng(0).permutation(len(batches))]
    return batches


def padded_batches(token_counts: NDArray[np.int64], max_tokens: int) -> list[NDArray[np.int64]]:
    """Group texts of similar length, so that few tokens of a batch are padding.

    Args:
        token_counts: (n,) tokens of each text.
        max_tokens: Most tokens of a batch, its padding included; one text alone may have more.

    Returns:
        The rows of each batch, every row once. The batches are shuffled (always alike), so
        that the speed measured so far predicts the remaining time.
    """
    order = np.argsort(token_counts, kind="stable")
    lengths = token_counts[order]
    batches, start = [], 0
    for end in range(1, len(order) + 1):
        is_last = end == len(order)
        if is_last or (end + 1 - start) * lengths[end] > max_tokens:
            batches.append(order[start:end])
            start = end
    shuffled = np.random.default_rng(0).permutation(len(batches))
    return [batches[number] for number in shuffled]


def native_dtype(cpu_facts: Path) -> str:
    """Choose bfloat16 where the processor computes with it, else float32.

    Where native it is nearly twice as fast; a processor that has to emulate it was measured
    six times slower than in float32, and no more exact.
    """
    try:
        flags = set(cpu_facts.read_text(encoding="utf-8").split())
    except OSError:  # no Linux
        return "float32"
    return "bfloat16" if flags & {"avx512_bf16", "amx_bf16"} else "float32"


@functools.lru_cache(maxsize=1)
def _model(folder: Path, dtype: str, max_tokens: int) -> Any:
    """Load the model, once a process. Returns a SentenceTransformer."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the files are here: no question to the hub
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model = SentenceTransformer(
        str(folder),
        device=_device(),
        local_files_only=True,
        model_kwargs={"dtype": getattr(torch, dtype)},
    )
    model.max_seq_length = max_tokens
    return model


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when the parent ends, for whatever reason."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: Any) -> None:
    parent.join()
    os._exit(1)
