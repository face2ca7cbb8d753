"""Blocks written from registers are NumPy's sums, wherever they lie, and nothing else is touched.

source: NumPy; tolerances are rounding.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from assuage.kinetics.kernels import apart, runs, wide
from assuage.kinetics.kernels.compile import kernel

U = np.uint64
CANARY = 7.5
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma"}


@kernel
def _run(  # type: ignore[no-untyped-def]
    to, table, column, before, state, places, further, width, blocks, rest, past
):
    byte = U(8)
    runs.run_on(
        U(to.ctypes.data), U(table.ctypes.data), U(column) * byte, U(before), U(state.ctypes.data),
        U(places.ctypes.data), U(further) * byte, U(width), U(blocks), U(rest.ctypes.data), past,
    )  # fmt: skip
    apart.settle()


@kernel
def _blocks(to, table, places, state, columns, width):  # type: ignore[no-untyped-def]
    for n in range(state.shape[0]):
        wide.spread8(
            U(to[n].ctypes.data), U(table.ctypes.data), U(places.ctypes.data),
            U(state[n].ctypes.data), U(columns.ctypes.data), U(width),
        )  # fmt: skip


def lined(count: int) -> np.ndarray:
    """Return canaries that begin at a cache line."""
    found = np.full(count + 8, CANARY)
    return found[-(found.ctypes.data // 8) % 8 :][:count]


def check(width: int, before: int, blocks: int, past: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    column = 72 + int(rng.integers(0, 5))
    table = rng.normal(size=8 + width * column)  # eight before it are read
    state = rng.normal(size=(blocks, 11))
    columns = rng.permutation(11)[:width].astype(np.uint64)
    want = np.empty((blocks, 64))
    _blocks(want, table[8:], np.arange(width, dtype=U) * U(column), state, columns, width)
    entries = table[8:].reshape(width, column)[:, :64]
    assert_allclose(want, state[:, columns.astype(int)] @ entries, rtol=0, atol=1e-13)
    lines = 64 * blocks - 8  # the last line isn't written but kept
    out, rest = lined(16 + lines + 16), np.full(24, CANARY)
    _run(out[16:], table[8:], column, before, state, columns, 11, width, blocks, rest[8:], past)
    left = 8 - before
    # The bits of a block's sum don't depend on where its lines lie.
    assert_array_equal(out[16 : 16 + lines], want.ravel()[before : before + lines])
    assert_array_equal(rest[8 : 8 + left], want.ravel()[-left:])
    for kept in (out[:16], out[16 + lines :], rest[:8], rest[16:]):
        assert (kept == CANARY).all()


@settings(max_examples=120, deadline=None)
@given(
    st.integers(1, runs.MOST_HELD),
    st.integers(0, 7),
    st.integers(1, 6),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_runs_are_numpys_sums_and_touch_nothing_else(
    width: int, before: int, blocks: int, past: bool, seed: int
) -> None:
    check(width, before, blocks, past, seed)


def test_a_processor_with_shorter_vectors_gives_the_same_bits_anywhere(tmp_path: Path) -> None:
    """There the compiler once fused another product of a sum of two in runs than in blocks."""
    has_avx2 = all(llvm.get_host_cpu_features().get(one) for one in ("avx2", "fma"))
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    given_too = {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": paths}
    script = (
        "import test_runs as t; [t.check(w, b, 3, False, w) for w in (1, 2, 3, 4) for b in (0, 5)]"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | given_too | (AVX2 if has_avx2 else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
