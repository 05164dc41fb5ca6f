"""The network of SASRec: causal self-attention over the items that a user chose."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from recsys.arrays import FloatArray

WIDTH: Final = 64
N_LAYERS: Final = 2
N_ATTENTION_HEADS: Final = 2
INITIAL_SPREAD: Final = 0.02


class SelfAttentionNetwork(nn.Module):
    """Vectors of what a user chose so far, whose dot products with those of items are logits.

    Self-attention in causal order (Kang and McAuley, ICDM 2018), normalized before each part
    instead of after it, with the same item vectors where items come in and where they go out.
    """

    def __init__(self, n_items: int, max_length: int, dropout: float) -> None:
        """Draw the first weights from torch's own random numbers.

        Args:
            n_items: Number of items.
            max_length: Most items of a sequence.
            dropout: Share of the numbers that training sets to zero.
        """
        super().__init__()
        self.items = nn.Embedding(n_items, WIDTH)
        self.positions = nn.Embedding(max_length, WIDTH)
        for embedding in (self.items, self.positions):
            nn.init.normal_(embedding.weight, std=INITIAL_SPREAD)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(_Block(dropout) for _ in range(N_LAYERS))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, items: Tensor) -> Tensor:
        """Describe every beginning of sequences (m, l) int64: (m, l, width) float32."""
        positions = torch.arange(items.shape[1])
        hidden = self.dropout(self.items(items) + self.positions(positions))
        for block in self.blocks:
            hidden = block(hidden)
        described: Tensor = self.norm(hidden)
        return described

    def logits(self, described: Tensor) -> Tensor:
        """Score all items for descriptions (n, width): (n, n_items)."""
        return described @ self.items.weight.T

    @torch.inference_mode()
    def scores(self, items: NDArray[np.int64], lengths: NDArray[np.int64]) -> FloatArray:
        """Score all items as the next one.

        Args:
            items: (m, l) sequences, oldest first.
            lengths: (m,) how many items each sequence has; what follows them isn't read. After
                none at all, all items score 0.

        Returns:
            (m, n_items) float32.
        """
        newest = torch.from_numpy(np.maximum(lengths, 1) - 1)
        described = self(torch.from_numpy(items))[torch.arange(len(items)), newest]
        scores: FloatArray = self.logits(described).numpy()
        scores[lengths == 0] = 0.0
        return scores


class _Block(nn.Module):
    """Attention and a layer of hidden units, each added to what comes in."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.units = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        n, length, _ = hidden.shape
        heads = self.query_key_value(self.norms[0](hidden))
        heads = heads.view(n, length, 3, N_ATTENTION_HEADS, -1).permute(2, 0, 3, 1, 4)
        query, key, value = heads
        attention = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        joined = attention.transpose(1, 2).reshape(n, length, WIDTH)
        hidden = hidden + self.dropout(self.attended(joined))
        result: Tensor = hidden + self.dropout(self.units(self.norms[1](hidden)))
        return result
