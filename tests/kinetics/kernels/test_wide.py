"""Sums and copies said as vectors give what plain NumPy gives, and touch nothing else.

source: NumPy; tolerances are rounding.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.kinetics.kernels import apart, wide
from assuage.kinetics.kernels.compile import kernel

U = np.uint64


@kernel
def _spread(to, a, left, b, right, count, lines):  # type: ignore[no-untyped-def]
    t, x, y = U(to.ctypes.data), U(a.ctypes.data), U(b.ctypes.data)
    i, j = U(left.ctypes.data), U(right.ctypes.data)
    if lines == 1:
        wide.spread1(t, x, i, y, j, count)
    elif lines == 2:
        wide.spread2(t, x, i, y, j, count)
    elif lines == 4:
        wide.spread4(t, x, i, y, j, count)
    else:
        wide.spread8(t, x, i, y, j, count)


@kernel
def _lanes(to, a, left, b, right, count):  # type: ignore[no-untyped-def]
    wide.lanes8(
        U(to.ctypes.data), U(a.ctypes.data), U(left.ctypes.data), U(b.ctypes.data),
        U(right.ctypes.data), count,
    )  # fmt: skip


@kernel
def _turn(to, rows, width, source, line):  # type: ignore[no-untyped-def]
    wide.turn(
        U(to.ctypes.data), U(rows.ctypes.data), U(width) * U(8), U(source.ctypes.data),
        U(line) * U(8),
    )  # fmt: skip


@kernel
def _over(out, begin, line, steps, count, past):  # type: ignore[no-untyped-def]
    to, source = U(out.ctypes.data) + U(begin) * U(8), U(line.ctypes.data)
    first = min(apart.head(to, past), U(count))
    sent = first
    for n in range(steps.shape[0]):
        sent = apart.pass_on(to, source, sent, U(steps[n]), past)
    sent = apart.pass_on(to, source, sent, U(count), past)
    apart.bring_rest(out, U(begin), line, first, sent, U(count))
    apart.settle()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 2, 4, 8]), st.integers(1, 7), st.integers(0, 2**32), st.integers(0, 9))
def test_a_sum_of_rows_is_numpys(lines: int, count: int, seed: int, begin: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=400), rng.normal(size=50)
    left = rng.integers(0, 300, count).astype(np.uint64)
    right = rng.integers(0, 50, count).astype(np.uint64)
    out = np.full(begin + 8 * lines + 5, 7.0)
    _spread(out[begin:], a, left, b, right, U(count), lines)
    rows = a[left[:, None].astype(int) + np.arange(8 * lines)]
    want = (rows * b[right.astype(int)][:, None]).sum(axis=0)
    np.testing.assert_allclose(out[begin : begin + 8 * lines], want, rtol=0, atol=1e-13)
    assert (np.delete(out, np.s_[begin : begin + 8 * lines]) == 7.0).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(0, 2**32))
def test_a_sum_of_lanes_is_numpys(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(6, 64)), rng.normal(size=(6, 64))
    left, right = rng.integers(0, 6, count), rng.integers(0, 6, count)
    out = np.zeros(64)
    _lanes(out, a, (left * 64).astype(np.uint64), b, (right * 64).astype(np.uint64), U(count))
    np.testing.assert_allclose(out, (a[left] * b[right]).sum(axis=0), rtol=0, atol=1e-13)


def test_eight_by_eight_numbers_are_turned() -> None:
    source = np.arange(64.0 * 8).reshape(8, 64)
    rows = np.array([3, 0, 7, 1, 2, 9, 4, 5])
    out = np.full((10, 21), -1.0)
    _turn(out.reshape(-1)[2:], rows, 21, source.reshape(-1)[16:], 64)
    want = np.full((10, 21), -1.0)
    want[rows, 2:10] = source[:, 16:24].T
    np.testing.assert_array_equal(out, want)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 20), st.integers(0, 150), st.booleans(), st.data())
def test_a_line_goes_over_whole_and_nothing_else_does(
    begin: int, count: int, past: bool, data: st.DataObject
) -> None:
    steps = sorted(data.draw(st.lists(st.integers(0, count), max_size=6)))
    line, out = np.arange(1.0, 201.0), np.zeros(200)
    _over(out, begin, line, np.array(steps, dtype=np.int64), count, past)
    np.testing.assert_array_equal(out[begin : begin + count], line[:count])
    assert not out[:begin].any()
    assert not out[begin + count :].any()


@kernel
def _block(to, table, source):  # type: ignore[no-untyped-def]
    wide.set_3x4(U(to.ctypes.data), U(table.ctypes.data), U(source.ctypes.data))
    wide.add_4x1(U(to.ctypes.data) + U(3 * 64 * 8), U(table.ctypes.data), U(source.ctypes.data))


def test_a_block_of_rows_and_columns_is_numpys() -> None:
    rng = np.random.default_rng(3)
    table, places = rng.normal(size=(12, 64)), rng.normal(size=(4, 64))
    out = np.ones((8, 64))
    _block(out, table, places)
    # Entry (row, column) stands at column x rows + row.
    want = (table.reshape(4, 3, 64) * places[:, None]).sum(axis=0)
    np.testing.assert_allclose(out[:3], want, rtol=0, atol=1e-13)
    np.testing.assert_allclose(out[3:7], 1.0 + table[:4] * places[0], rtol=0, atol=1e-13)
    assert (out[7] == 1.0).all()
