"""Joint heads score as their formula says, in tiles of any size, and survive the disk."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.head import activations, joint
from scoring.head import program as joint_program
from scoring.head.head_file import load_head, save_head
from scoring.head.joint import Head, HeadError, describe, outputs, score
from scoring.head.program import Program, Step
from storage.array_archive import ArchiveError

WEIGHTS = np.array([2, -1], np.float32)
ADDITIVE = Head(2, 1, WEIGHTS, 0.5, "sigmoid")
"""score = 2 relu(a0 + h0) - relu(a1 + h1) + p·q + c + e + 0.5"""

USERS = np.array([[1, -1, 2, 10], [0, 0, 0, 0]], np.float32)  # a0 a1 p c
ITEMS = np.array([[1, 3, 5, 100], [-4, 0, 1, 0], [0, 0, 0, 0]], np.float32)  # h0 h1 q e

TWO_LAYERS = Head(
    0,
    0,
    np.zeros(0, np.float32),
    0.0,
    program=Program(
        (
            Step("linear", 2, user=(0, 2), item=(0, 2)),
            Step("activate", 2, inputs=(0,), name="relu", parameters=(0.0, math.inf)),
            Step("dot", 1, user=(2, 4), item=(2, 4)),
            Step("linear", 1, user=(4, 5), inputs=(1, 2), arrays=(0, 1)),
        ),
        user_width=5,
        item_width=4,
        arrays=(np.array([[1], [-2]], np.float32), np.array([[10]], np.float32)),
    ),
)
"""score = relu(u0 + i0) - 2 relu(u1 + i1) + 10 (u2 i2 + u3 i3) + u4"""


def test_an_additive_head_follows_its_formula_by_hand() -> None:
    assert score(ADDITIVE, USERS, ITEMS).tolist() == [
        [2 * 2 - 2 + 10 + 10 + 100 + 0.5, 0 - 0 + 2 + 10 + 0.5, 2 * 1 - 0 + 10 + 0.5],
        [2 * 1 - 3 + 100 + 0.5, 0.5, 0.5],
    ]


def test_a_program_follows_its_steps_by_hand() -> None:
    users = np.array([[1, 1, 2, 3, 0.25]], np.float32)
    items = np.array([[-3, 4, 1, 1], [1, -5, 0, 2]], np.float32)
    assert score(TWO_LAYERS, users, items).tolist() == [[0 - 10 + 50 + 0.25, 2 + 60 + 0.25]]


def test_multiply_repeats_a_single_column() -> None:
    steps = (
        Step("linear", 2, user=(0, 2), item=(0, 2)),
        Step("linear", 1, user=(2, 3), item=(2, 3)),
        Step("multiply", 2, inputs=(0, 1)),
        Step("product", 2, user=(0, 2), item=(0, 2)),
        Step("linear", 1, inputs=(2, 3), arrays=(0, 0)),
    )
    program = Program(steps, 3, 3, (np.ones((2, 1), np.float32),))
    head = replace(TWO_LAYERS, program=program)
    row = score(head, np.float32([[1, 2, 3]]), np.float32([[10, 20, 30]]))
    assert row.tolist() == [[(11 + 22) * 33 + 10 + 40]]


@settings(max_examples=25, deadline=None)
@given(
    n_users=st.integers(1, 20),
    n_items=st.integers(1, 40),
    tile_items=st.integers(1, 50),
    tile_bytes=st.integers(1, 5_000),
)
def test_tiles_of_any_size_give_the_same_scores(
    n_users: int, n_items: int, tile_items: int, tile_bytes: int
) -> None:
    draw = np.random.default_rng(n_users * 100 + n_items)
    for head in (ADDITIVE, TWO_LAYERS):
        users = draw.integers(-5, 5, (n_users, head.user_width)).astype(np.float32)
        items = draw.integers(-5, 5, (n_items, head.item_width)).astype(np.float32)
        one_by_one = [[float(score(head, u[None], i[None])[0, 0]) for i in items] for u in users]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(joint, "TILE_ITEMS", tile_items)
            patch.setattr(joint_program, "TILE_BYTES", tile_bytes)
            assert score(head, users, items).tolist() == one_by_one


def test_outputs_are_what_the_network_puts_out() -> None:
    rating = replace(ADDITIVE, output_scale=4.0, output_shift=1.0)
    scores = np.array([0, math.log(3), 90], np.float32)
    np.testing.assert_allclose(outputs(rating, scores), [3, 4, 5], rtol=1e-6)
    assert (
        outputs(replace(ADDITIVE, output_activation="linear"), scores).tolist() == scores.tolist()
    )


def test_heads_say_what_they_are() -> None:
    assert describe(ADDITIVE) == "2 relu units + 1 products, exact split"
    assert repr(TWO_LAYERS).startswith("<Head 4 joint steps over tiles")
    assert "a user and one an item" in describe(Head(0, 0, np.zeros(0, np.float32), 0.0))


def test_no_user_or_no_item_gives_an_empty_matrix() -> None:
    for head, width in ((ADDITIVE, 4), (TWO_LAYERS, 5)):
        assert score(
            head, np.zeros((0, width), np.float32), np.zeros((3, 4), np.float32)
        ).shape == (0, 3)
        assert score(
            head, np.zeros((2, width), np.float32), np.zeros((0, 4), np.float32)
        ).shape == (2, 0)


@pytest.mark.parametrize("head", [ADDITIVE, TWO_LAYERS], ids=["additive", "program"])
def test_a_head_read_back_scores_the_same(head: Head, tmp_path: Path) -> None:
    save_head(head, tmp_path / "head.npz")
    back = load_head(tmp_path / "head.npz")
    draw = np.random.default_rng(1)
    users = draw.standard_normal((3, head.user_width)).astype(np.float32)
    items = draw.standard_normal((7, head.item_width)).astype(np.float32)
    assert np.array_equal(score(back, users, items), score(head, users, items))
    assert (back.output_activation, describe(back)) == (head.output_activation, describe(head))


def test_a_head_file_that_is_cut_off_missing_or_of_another_version_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "head.npz"
    with pytest.raises(ArchiveError, match=r"head\.npz is not a readable archive"):
        load_head(path)
    save_head(ADDITIVE, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArchiveError, match="not a readable archive"):
        load_head(path)
    np.savez(path, about=np.array(json.dumps({"version": 99})))
    with pytest.raises(ArchiveError, match="version 99; expected 2"):
        load_head(path)
    np.savez(path, about=np.array(json.dumps({"version": 2})))
    with pytest.raises(HeadError, match="lacks a part"):
        load_head(path)


def test_rows_of_another_model_are_refused_with_both_widths() -> None:
    with pytest.raises(HeadError, match=r"item half: shape \(3, 3\); expected \(rows, 4\)"):
        score(ADDITIVE, USERS, ITEMS[:, :3])


def test_weights_that_are_not_finite_or_too_few_are_refused() -> None:
    with pytest.raises(HeadError, match="NaN"):
        replace(ADDITIVE, relu_weights=np.array([1, np.nan], np.float32))
    with pytest.raises(HeadError, match=r"expected \(3,\)"):
        replace(ADDITIVE, n_relu=3)


@pytest.mark.parametrize(
    ("name", "at", "value", "parameters"),
    [
        ("relu", -2.0, -0.5, (0.25, math.inf)),
        ("relu", 9.0, 6.0, (0.0, 6.0)),
        ("relu", -2.0, 2.0, (-1.0, math.inf)),
        ("sigmoid", math.log(3), 0.75, ()),
        ("sigmoid", -200.0, 0.0, ()),
        ("softplus", 0.0, math.log(2), ()),
        ("softplus", 200.0, 200.0, ()),
        ("elu", -1.0, 0.5 * (math.exp(-1) - 1), (0.5,)),
        ("celu", -1.0, 2 * (math.exp(-0.5) - 1), (2.0,)),
        ("gelu", 1.3, 0.5 * 1.3 * (1 + math.erf(1.3 / math.sqrt(2))), (0.0,)),
        ("gelu", -0.7, -0.35 * (1 + math.erf(-0.7 / math.sqrt(2))), (0.0,)),
        ("silu", 2.0, 2 / (1 + math.exp(-2)), ()),
        ("hard_silu", 1.0, 4 / 6, ()),
        ("softsign", -3.0, -0.75, ()),
        ("log_sigmoid", 0.0, -math.log(2), ()),
    ],
)
def test_functions_have_the_values_of_their_formulas(
    name: str, at: float, value: float, parameters: tuple[float, ...]
) -> None:
    got = activations.apply(name, np.full((1, 2), at, np.float32), parameters)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, value, rtol=2e-6, atol=3e-7)


@pytest.mark.parametrize("name", sorted(activations.ELEMENTWISE))
def test_every_function_of_one_number_keeps_float32_and_shape(name: str) -> None:
    x = np.linspace(0.1, 3, 6, dtype=np.float32).reshape(2, 3)
    got = activations.apply(name, x)
    assert (got.dtype, got.shape) == (np.float32, x.shape)
    if name in activations.INCREASING:
        assert (np.diff(got.ravel()) > 0).all()


def test_functions_of_a_row_by_hand() -> None:
    row = np.array([[3, 4]], np.float32)
    np.testing.assert_allclose(activations.apply("unit_norm", row, (1e-7,)), [[0.6, 0.8]])
    np.testing.assert_allclose(activations.apply("standardize", row, (0.75,)), [[-0.5, 0.5]])
    np.testing.assert_allclose(
        activations.apply("softmax", np.log(row)), [[3 / 7, 4 / 7]], rtol=1e-6
    )
