"""From an evaluation to the nested numbers of `metrics.json`.

Every number of a model comes with its base rate: what a model without any knowledge would
get on the same pairs.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.results.cold_start_users import cold_start_user_numbers
from pipeline.evaluate.results.diversity import diversity_numbers
from pipeline.evaluate.results.modes import mode_numbers
from pipeline.evaluate.results.ranking import ranking_numbers
from pipeline.evaluate.results.rating import rating_numbers
from pipeline.evaluate.timeline import LEAVE_ONE_OUT, TEMPORAL
from recsys.split import TEST, TRAIN, VALIDATION

SPLITS: Final = {
    TEMPORAL: "by whole days: 80 % of the reviews train, the next 10 % validate, the last 10 % test",
    LEAVE_ONE_OUT: "the last item of each user is the test, the one before validates, the others "
    "train; users with fewer than three items only train",
}

FROM_CARD: Final = ("model", "plan", "lists", "validation", "instead_of")
"""What the card of the model in service says of how it was made."""

PROTOCOL: Final = {
    "stale": "models, histories and user vectors know the training part only",
    "fresh": "histories and factors are rebuilt on training and validation, hyper-parameters and "
    "the weights of the network unchanged: what a service does that refreshes its data",
    "modes": "the model in service on cases of both cutoffs, all items ranked. refreshed: fresh; "
    "histories only: fresh histories, similarities and item columns of the training part, as after "
    "a reload without a refresh; stale: all of the training part",
    "cases": "test reviews of a user with history and an item of the catalog, the first review "
    "of the pair, whatever its rating; the same for every model of a mode",
    "catalog": "items with a review before the cutoff, and the cases that ask for one; under "
    "whole_catalog all items of the file, also those that came later",
    "ranking": "all items of the catalog but those in the user's history; ties by mid-rank; "
    "metrics are means over users, of all cases of a user together; those named case_* are means "
    "over cases, each the only item sought",
    "served": "the shipped model is scored by the classes of the service, on artifacts that hold "
    "nothing later than the mode allows",
    "tuning": "each baseline tries at most eight settings, trained on the training part, and keeps "
    "the one with the best NDCG@10 on validation; each trial is a step from the best so far. at_end: "
    "settings whose best value ends what may be tried; untried: those of which a neighboring value "
    "was left for want of trials",
    "oracle": "the items reviewed most in the part that is asked about, the same for everybody, which "
    "nobody can know beforehand",
    "diversity": "fresh, whole_catalog; lists that the service shows with `diversity`; changes are from those without",
    "intervals": "95 %, bootstrap over users; differences between models on the same draws",
    "rating": "stale; is the rating 5, among the same cases; thresholds maximise true minus false "
    "positive rate on validation pairs",
    "cold_start_users": "fresh; named customers first seen in the test period; HitRate@5 chooses on "
    "validation",
}


def results(evaluation: Evaluation) -> dict[str, Any]:
    """Compute all numbers of an evaluation."""
    return {
        "protocol": {"split": SPLITS[evaluation.options.split], **PROTOCOL},
        "data": _data(evaluation),
        "served": {
            "model_hash": evaluation.model_hash,
            **{name: evaluation.card[name] for name in FROM_CARD if name in evaluation.card},
        },
        "ranking": {
            comparison.cutoff.name: ranking_numbers(comparison, evaluation.timeline)
            for comparison in (evaluation.stale, evaluation.fresh)
        },
        "modes": mode_numbers(evaluation),
        "diversity": diversity_numbers(evaluation.varied, evaluation.fresh.cutoff),
        "tuning": {
            each.baseline.name: {
                "seconds": each.seconds,
                "at_end": each.at_end,
                "untried": each.untried,
                "trials": [
                    {**tried.settings, "validation_ndcg@10": tried.ndcg} for tried in each.trials
                ],
            }
            for each in evaluation.tuned
            if len(each.trials) > 1
        },
        "left_out": dict(evaluation.refused),
        "rating": rating_numbers(evaluation),
        "cold_start_users": cold_start_user_numbers(evaluation),
        "seconds": evaluation.seconds,
    }


def _data(evaluation: Evaluation) -> dict[str, Any]:
    rows, parts = evaluation.timeline.rows, evaluation.timeline.parts
    return {
        "fingerprint": evaluation.fingerprint,
        "split": evaluation.options.split,
        "reviews": len(rows),
        "reviews_by_part": {
            name: int((parts == part).sum())
            for name, part in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST))
        },
        "first_day": str(np.datetime64(int(rows.days.min()), "D")),
        "validation_from": str(np.datetime64(int(rows.days[parts == VALIDATION].min()), "D")),
        "test_from": str(np.datetime64(int(rows.days[parts == TEST].min()), "D")),
        "last_day": str(np.datetime64(int(rows.days.max()), "D")),
        "users": evaluation.timeline.n_users,
        "items": evaluation.timeline.n_items,
    }
