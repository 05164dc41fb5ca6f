"""The head of the bundled sample, with which the head of a small shop is averaged.

The inputs of a head mean the same in every shop, but a few hundred choices teach it little about how much
each one matters. So the fewer there are, the more weight a head gets that learned elsewhere: shrinkage
toward a prior. The sample is made up and comes with the project, so nobody's reviews are in it.
"""

from __future__ import annotations

from typing import Final

from config import BUNDLED_SAMPLE
from pipeline.train.ranker.head import RankerHead
from scoring.keras_file import MODEL_FILE, load_network

PRIOR_LISTS: Final = 700
LARGEST_SHARE: Final = 0.75
"""How many lists the prior is worth, and its share where there are none.

Chosen on the validation days of 29 shops of 100, 300 and 1,000 electronics users, where 48, 306 and 1,778
lists had taught: of 0, .25, .5, .75 and 1 the best shares were .75, .75 and .25. In other shops the gain was
smaller (docs/decisions/0016-prior.md).
"""

MOST_LISTS: Final = 4_000
"""More lists, the sample's own among them, need no prior."""


def prior_share(n_lists: int) -> float:
    """Share of the prior in a head that so many lists taught, 0 to 1."""
    if n_lists > MOST_LISTS:
        return 0.0
    return min(PRIOR_LISTS / (PRIOR_LISTS + n_lists), LARGEST_SHARE)


def with_prior(head: RankerHead, n_lists: int) -> RankerHead:
    """Average a head with the prior, by how many lists taught it."""
    share = prior_share(n_lists)
    return head.averaged_with(prior_head(), share) if share else head


def prior_head() -> RankerHead:
    """Read the head of the bundled sample's model.

    Raises:
        storage.artifacts.ArtifactError: The file is missing or bad.
    """
    from pipeline.train.ranker.network import head_of

    return head_of(load_network(BUNDLED_SAMPLE / "models" / MODEL_FILE))
