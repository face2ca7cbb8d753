"""A sketch: merged exactly in any grouping, and its quantiles as close as it says.

source: np.quantile's `inverted_cdf` is the definition that is compared with.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.kinetics import sketch
from assuage.kinetics.exact import Array
from assuage.kinetics.sketch import ERROR, FLOOR, LAST, Filling, Sketch, bins, lower_end

TOP = 2.0**sketch.MOST
LEVELS = (0.0, 0.001, 0.05, 0.1, 1 / 3, 0.5, 0.9, 0.95, 0.999, 1.0)
VALUES = st.one_of(
    st.floats(0.0, TOP, exclude_max=True),
    st.floats(0.0, 1.0),
    st.sampled_from([0.0, 5e-324, FLOOR, np.nextafter(FLOOR, 0.0), 1.0, np.nextafter(1.0, 0.0)]),
)
ROWS = 3
CHUNKS = st.lists(
    st.lists(st.tuples(*[VALUES] * ROWS), min_size=1, max_size=5), min_size=1, max_size=6
)


def sketched(*chunks: object) -> Sketch:
    filling = Filling(ROWS)
    for one in chunks:
        filling.add(np.array(one, dtype=float).reshape(-1, ROWS))
    return filling.done()


def raw(one: Sketch) -> bytes:
    arrays = (np.array([one.total]), one.low, one.width, one.counts)
    return b"|".join(array.tobytes() for array in arrays)


def column(values: Array) -> Sketch:
    filling = Filling(1)
    filling.add(values[:, None])
    return filling.done()


def check_quantiles(values: Array) -> None:
    told, error = column(values).quantiles(LEVELS)
    truth = np.quantile(values, LEVELS, method="inverted_cdf")
    small = truth < FLOOR
    assert (told[small, 0] == 0).all()
    assert (np.abs(told[~small, 0] - truth[~small]) <= error[~small, 0] * truth[~small]).all()
    assert (error <= ERROR).all()


@given(CHUNKS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_any_grouping_in_any_order_gives_the_same_bytes(
    chunks: list[list[tuple[float, ...]]], random: object
) -> None:
    whole = raw(sketched([row for chunk in chunks for row in chunk]))
    assert raw(sketched(*chunks)) == whole
    parts = [sketched(chunk) for chunk in chunks]
    assert raw(reduce(Sketch.merged, parts)) == whole
    assert raw(reduce(lambda a, b: b.merged(a), parts)) == whole
    random.shuffle(parts)  # type: ignore[attr-defined]
    middle = len(parts) // 2
    left, right = (
        reduce(Sketch.merged, half, sketch.empty(ROWS)) for half in (parts[:middle], parts[middle:])
    )
    assert raw(left.merged(right)) == whole


def test_one_value_more_gives_other_bytes() -> None:
    """The canary of the test above."""
    one = [(1.0, 2.0, 3.0)]
    assert raw(sketched(one)) != raw(sketched(one, one))
    assert raw(sketched(one)) != raw(sketched([(1.0, 2.0, 3.01)]))


@given(st.lists(VALUES, min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
def test_a_quantile_is_as_close_as_it_says(values: list[float]) -> None:
    check_quantiles(np.array(values))


EDGES = 2.0 ** np.arange(-30, 10, dtype=float)
ADVERSARIES = {
    "one value": np.full(7, 0.123),
    "edges of bins, and what is just below": np.r_[EDGES, np.nextafter(EDGES, 0.0)],
    "a value among zeros": np.r_[np.zeros(99), 1e-9],
    "two heaps far apart": np.r_[np.full(50, 1e-11), np.full(50, 1e5)],
    "all in one bin, at its far end": np.r_[1.0, np.full(999, 1.0 + 2.0**-9 - 2.0**-40)],
    "ten octaves": np.geomspace(1e-3, 1.0, 1000),
    "even": np.linspace(1e-3, 1.0, 1001),
}


@pytest.mark.parametrize("values", ADVERSARIES.values(), ids=ADVERSARIES.keys())
def test_adversaries_find_no_larger_error(values: Array) -> None:
    check_quantiles(values)
    check_quantiles(np.random.default_rng(1).permutation(values))


def test_a_larger_error_would_be_found() -> None:
    """The canary: a bin whose counts lie about one value's place."""
    one = column(np.array([1.0, 2.0, 3.0]))
    moved = Sketch(one.total, one.low + 1, one.width, one.counts)
    told, error = moved.quantiles((0.5,))
    assert abs(told[0, 0] - 2.0) > error[0, 0] * 2.0  # source: the middle value of the three


def test_a_bin_holds_what_lies_between_its_ends() -> None:
    values = np.r_[np.geomspace(FLOOR, TOP, 5000)[:-1], EDGES, np.nextafter(EDGES, 0.0)]
    place = bins(values.view(np.uint64))
    below, above = lower_end(place), lower_end(place + 1)
    assert ((below <= values) & (values < above)).all()
    assert ((above - below) / below <= ERROR).all()
    assert (place >= 2).all()
    assert (place < LAST).all()


@pytest.mark.parametrize("wrong", [-1e-300, -1.0, np.nan, np.inf, -np.inf])
def test_what_is_no_level_is_refused_and_nothing_is_counted(wrong: float) -> None:
    filling = Filling(ROWS)
    filling.add(np.ones((2, ROWS)))
    with pytest.raises(ValueError, match="negative, infinite or not a number"):
        filling.add(np.array([[1.0, 1.0, 1.0], [1.0, wrong, 1.0]]))
    assert raw(filling.done()) == raw(sketched([(1.0,) * ROWS] * 2))


def test_minus_zero_is_zero() -> None:
    assert raw(sketched([(-0.0, 1.0, 2.0)])) == raw(sketched([(0.0, 1.0, 2.0)]))


def test_nothing_is_told_from_above_the_range() -> None:
    high = column(np.array([1.0, 1.0, TOP]))
    assert high.quantiles((0.5,))[0][0, 0] == pytest.approx(1, rel=ERROR)
    with pytest.raises(ValueError, match="above the range"):
        high.quantiles((1.0,))


def test_what_makes_no_sense_is_refused() -> None:
    one = sketched([(1.0, 2.0, 3.0)])
    with pytest.raises(ValueError, match="different rows"):
        one.merged(sketch.empty(ROWS + 1))
    with pytest.raises(ValueError, match="no values"):
        sketch.empty(ROWS).quantiles((0.5,))
    for level in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="a level"):
            one.quantiles((level,))
    with pytest.raises(ValueError, match="rows of the sketch"):
        Filling(ROWS).add(np.ones((2, ROWS + 1)))


def test_a_count_that_would_not_fit_is_refused() -> None:
    place = np.zeros(1, dtype=np.int64)
    full = Sketch(sketch.MOST_VALUES, place, place + 1, np.array([2**32 - 1], dtype=np.uint32))
    assert full.merged(sketch.empty(1)).counts[0] == 2**32 - 1
    with pytest.raises(ValueError, match="too many values"):
        full.merged(column(np.zeros(1)))


def test_a_row_never_keeps_more_than_its_bins() -> None:
    wide = np.r_[0.0, 5e-324, np.geomspace(1e-14, 1e6, 40_000)]
    found = column(wide)
    assert found.width[0] <= LAST + 1
    assert found.counts.nbytes <= 4 * (LAST + 1)
    assert int(found.counts.sum()) == len(wide)
