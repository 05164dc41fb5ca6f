"""The fewer lists taught a head, the more of it is that of the bundled sample."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.train.ranker.head import RankerHead
from pipeline.train.ranker.prior import LARGEST_SHARE, MOST_LISTS, PRIOR_LISTS, prior_share

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def some_head(seed: int, n_inputs: int = 18, n_hidden: int = 6) -> RankerHead:
    sizes = (n_inputs, (n_inputs, n_hidden), n_hidden, n_hidden)
    random = np.random.default_rng(seed)
    return RankerHead(*(random.normal(size=size).astype("f4") for size in sizes))


def test_the_share_of_the_prior_falls_with_the_lists_and_ends() -> None:
    assert prior_share(0) == LARGEST_SHARE
    assert prior_share(PRIOR_LISTS) == 0.5
    assert prior_share(3 * PRIOR_LISTS) == 0.25
    assert prior_share(MOST_LISTS + 1) == 0


def test_averaged_heads_score_as_the_average_of_both() -> None:
    one, other = some_head(1), some_head(2)
    pairs = np.random.default_rng(3).normal(size=(20, 18)).astype("f4")
    found = one.averaged_with(other, 0.25).score(pairs)
    assert found == pytest.approx(0.75 * one.score(pairs) + 0.25 * other.score(pairs), abs=1e-4)


def test_a_head_is_read_back_from_the_network_made_of_it() -> None:
    from pipeline.train.ranker.network import build_ranker, head_of

    head = some_head(4)
    found = head_of(build_ranker(head, (2, 2, 2), (9, 6, 4)))
    for name in ("linear", "hidden", "bias", "output"):
        assert getattr(found, name).tolist() == getattr(head, name).tolist()


def test_the_sample_s_head_reads_what_rankers_read_and_joins_a_small_one() -> None:
    from pipeline.train.ranker.prior import prior_head, with_prior

    prior, own = prior_head(), some_head(5)
    assert prior.linear.shape == own.linear.shape
    joined = with_prior(own, PRIOR_LISTS)
    pairs = np.random.default_rng(6).random((20, 18)).astype("f4")
    mean = (own.score(pairs) + prior.score(pairs)) / 2
    assert joined.score(pairs) == pytest.approx(mean, rel=1e-4, abs=1e-3)


def test_enough_lists_leave_a_head_as_it_is() -> None:
    from pipeline.train.ranker.prior import with_prior

    head = some_head(7)
    assert with_prior(head, MOST_LISTS + 1) is head
