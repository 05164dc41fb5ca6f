"""The charts draw what was measured, also of models that were measured at one cutoff only."""

from __future__ import annotations

import json

import numpy as np
import pytest

from config import PROJECT_ROOT

pytestmark = pytest.mark.pipeline


def test_a_model_that_only_one_cutoff_has_keeps_its_row_and_is_drawn_there_alone() -> None:
    from pipeline.report import model_charts

    numbers = json.loads((PROJECT_ROOT / "report" / "metrics.json").read_text(encoding="utf-8"))
    stale, fresh = (numbers["ranking"][mode]["models"] for mode in ("stale", "fresh"))
    assert set(fresh) - set(stale) == {"ranker, histories reloaded only"}
    left, right = model_charts.ranking(numbers).axes
    assert len(left.get_yticks()) == len(right.get_yticks()) == len(fresh)
    drawn = [
        sum(np.isfinite(line.get_xdata()[0]) for line in axis.lines if line.get_marker() == "o")
        for axis in (left, right)
    ]
    assert drawn == [len(stale), len(fresh)]
