"""Sums of products over neighbouring numbers, written as vector instructions.

Numba's vectoriser sees some of these loops and not others, and guards each with checks that cost
as much as the sum. Here the vectors are said outright, eight numbers each; LLVM maps them to what
the processor has. `count` products are summed in their order, each multiplication and addition
with one rounding where the processor can, so a sum's value doesn't depend on what stands beside.

Addresses are bytes, offsets count numbers. Nothing is checked: callers pass lists made for their
arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from assuage.kinetics.kernels.compile import kernel

WIDE = 8  # numbers in a vector: a cache line
LINES = 8  # vectors in 64 lanes
BYTES = np.uint64(8)  # in a number
U = np.uint64
DOUBLE = ir.DoubleType()
LONG = ir.IntType(64)
VECTOR = ir.VectorType(DOUBLE, WIDE)


def _at(builder: Any, address: Any, kind: Any) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


def _offset(builder: Any, address: Any, offsets: Any, place: Any) -> Any:
    """Return address + 8 x offsets[place]."""
    number = builder.load(builder.gep(offsets, [place]))
    return builder.add(address, builder.shl(number, LONG(3)))


def _spread(builder: Any, number: Any) -> Any:
    """Return a vector of one number."""
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), number, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDE), [0] * WIDE)
    return builder.shuffle_vector(one, one, mask)


def _load(builder: Any, address: Any, line: int) -> Any:
    where = builder.add(address, LONG(8 * WIDE * line))
    return builder.load(_at(builder, where, VECTOR), align=8)


def _summing(lines: int, spread: bool) -> Callable[..., None]:
    """Return an intrinsic that sums `count` >= 1 products over 8 x `lines` numbers.

    to[n] = sum over p of a[left[p] + n] x b[right[p] + n], or, with `spread`, x b[right[p]].
    """

    def summed(_, to, a, left, b, right, count):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Sum products of vectors; the arguments are addresses and a count."""

        def made(context, builder, _signature, given):  # type: ignore[no-untyped-def]
            to, a, left, b, right, count = given
            left = builder.inttoptr(left, LONG.as_pointer())
            right = builder.inttoptr(right, LONG.as_pointer())
            sums = [cgutils.alloca_once(builder, VECTOR) for _ in range(lines)]

            def products(place: Any, add: bool) -> None:
                x = _offset(builder, a, left, place)
                y = _offset(builder, b, right, place)
                factor = None
                if spread:
                    factor = _spread(builder, builder.load(_at(builder, y, DOUBLE)))
                for line in range(lines):
                    by = _load(builder, y, line) if factor is None else factor
                    found = builder.fmul(_load(builder, x, line), by, flags=["contract"])
                    if add:
                        found = builder.fadd(builder.load(sums[line]), found, flags=["contract"])
                    builder.store(found, sums[line])

            products(LONG(0), add=False)
            with cgutils.for_range(builder, count, start=LONG(1), intp=LONG) as loop:
                products(loop.index, add=True)
            for line in range(lines):
                where = builder.add(to, LONG(8 * WIDE * line))
                builder.store(builder.load(sums[line]), _at(builder, where, VECTOR), align=8)
            return context.get_dummy_value()

        return types.void(*[types.uint64] * 6), made

    return intrinsic(summed)


def _blocking(rows: int, columns: int, add: bool) -> Callable[..., None]:
    """Return an intrinsic for rows x columns of a table times a column of places, 64 lanes each.

    Entry (row, column) of the table stands at (column x rows + row) x 64 numbers.
    """

    def blocked(_, to, table, source):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Write, or add, the products; the arguments are addresses."""

        def made(context, builder, _signature, given):  # type: ignore[no-untyped-def]
            with cgutils.for_range(builder, LONG(LINES), intp=LONG) as loop:
                here = builder.shl(loop.index, LONG(6))
                to, table, source = (builder.add(one, here) for one in given)
                places = [_load(builder, source, LINES * column) for column in range(columns)]
                for row in range(rows):
                    total = _load(builder, to, LINES * row) if add else None
                    for column, place in enumerate(places):
                        entry = _load(builder, table, LINES * (column * rows + row))
                        found = builder.fmul(entry, place, flags=["contract"])
                        if total is not None:
                            found = builder.fadd(total, found, flags=["contract"])
                        total = found
                    where = builder.add(to, LONG(8 * WIDE * LINES * row))
                    builder.store(total, _at(builder, where, VECTOR), align=8)
            return context.get_dummy_value()

        return types.void(*[types.uint64] * 3), made

    return intrinsic(blocked)


@intrinsic
def copy_line(_, to, source):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Copy eight numbers between two addresses."""

    def made(context, builder, _signature, given):  # type: ignore[no-untyped-def]
        to, source = given
        builder.store(_load(builder, source, 0), _at(builder, to, VECTOR), align=8)
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), made


@intrinsic
def turn(_, to, rows, width, source, line):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Copy 8 x 8 numbers, turned: column x, of rows `line` bytes apart, to row rows[x] from `to`.

    A row of `to` is `width` bytes.
    """

    def made(context, builder, _signature, given):  # type: ignore[no-untyped-def]
        to, places, width, source, line = given
        lanes = range(WIDE)
        rows = [_load(builder, builder.add(source, builder.mul(line, LONG(n))), 0) for n in lanes]
        for half in (1, 2, 4):
            # Numbers whose places differ in this bit change places between rows that do.
            turned = list(rows)
            for n in lanes:
                if not n & half:
                    low, high = rows[n], rows[n + half]
                    picks = [[], []]  # type: list[list[int]]
                    for k in lanes:
                        picks[0].append(k if not k & half else WIDE + k - half)
                        picks[1].append(k + half if not k & half else WIDE + k)
                    masks = [ir.Constant(ir.VectorType(ir.IntType(32), WIDE), p) for p in picks]
                    turned[n] = builder.shuffle_vector(low, high, masks[0])
                    turned[n + half] = builder.shuffle_vector(low, high, masks[1])
            rows = turned
        for n in lanes:
            place = builder.load(_at(builder, builder.add(places, LONG(8 * n)), LONG))
            where = builder.add(to, builder.mul(place, width))
            builder.store(rows[n], _at(builder, where, VECTOR), align=8)
        return context.get_dummy_value()

    return types.void(*[types.uint64] * 5), made


spread1 = _summing(1, spread=True)
spread2 = _summing(2, spread=True)
spread4 = _summing(4, spread=True)
spread8 = _summing(8, spread=True)
lanes8 = _summing(LINES, spread=False)
set_3x4 = _blocking(3, 4, add=False)
add_3x4 = _blocking(3, 4, add=True)
add_3x1 = _blocking(3, 1, add=True)
set_4x4 = _blocking(4, 4, add=False)
add_4x4 = _blocking(4, 4, add=True)
add_4x1 = _blocking(4, 1, add=True)
set_1x4 = _blocking(1, 4, add=False)
add_1x4 = _blocking(1, 4, add=True)
add_1x1 = _blocking(1, 1, add=True)


@kernel
def narrow(to, source, lines, stride):  # type: ignore[no-untyped-def]
    """Bring lines that lie `stride` numbers apart together; addresses and counts are unsigned."""
    for n in range(lines):
        copy_line(to + n * U(WIDE) * BYTES, source + n * stride * BYTES)  # type: ignore[call-arg]


@kernel
def room(count):  # type: ignore[no-untyped-def]
    """Return `count` zeros that begin at a cache line: a vector across two lines is read twice."""
    found = np.zeros(count + WIDE)
    skip = (64 - found.ctypes.data % 64) % 64 // 8
    return found[skip : skip + count]
