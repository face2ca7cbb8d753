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

from assuage.kinetics.kernels.compile import inner, kernel

WIDE = 8  # numbers in a vector: a cache line
LINES = 8  # vectors in 64 lanes
BYTES = np.uint64(8)  # in a number
U = np.uint64
DOUBLE = ir.DoubleType()
LONG = ir.IntType(64)
VECTOR = ir.VectorType(DOUBLE, WIDE)


def at(builder: Any, address: Any, kind: Any) -> Any:
    """Return an address as a pointer to a kind of number."""
    return builder.inttoptr(address, kind.as_pointer())


def _offset(builder: Any, address: Any, offsets: Any, place: Any) -> Any:
    """Return address + 8 x offsets[place]."""
    number = builder.load(builder.gep(offsets, [place]))
    return builder.add(address, builder.shl(number, LONG(3)))


def repeated(builder: Any, number: Any) -> Any:
    """Return a vector of one number."""
    kind = ir.VectorType(number.type, WIDE)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDE), [0] * WIDE)
    return builder.shuffle_vector(one, one, mask)


def load(builder: Any, address: Any, line: int) -> Any:
    """Return the eight numbers `line` lines after an address."""
    where = builder.add(address, LONG(8 * WIDE * line))
    return builder.load(at(builder, where, VECTOR), align=8)


def first_lanes(builder: Any, count: Any) -> Any:
    """Return a mask of the first `count` of eight lanes."""
    lanes = ir.Constant(ir.VectorType(LONG, WIDE), list(range(WIDE)))
    return builder.icmp_unsigned("<", lanes, repeated(builder, count))


def with_product(builder: Any, total: Any, one: Any, other: Any) -> Any:
    """Return total + one x other, with one rounding where the processor can.

    Left to choose, the compiler may fuse either product of a sum of two, here this and there that.
    """
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    name = f"llvm.fmuladd.v{WIDE}f64"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, [one, other, total])


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
                    factor = repeated(builder, builder.load(at(builder, y, DOUBLE)))
                for line in range(lines):
                    by = load(builder, y, line) if factor is None else factor
                    entry = load(builder, x, line)
                    if add:
                        found = with_product(builder, builder.load(sums[line]), entry, by)
                    else:
                        found = builder.fmul(entry, by)
                    builder.store(found, sums[line])

            products(LONG(0), add=False)
            with cgutils.for_range(builder, count, start=LONG(1), intp=LONG) as loop:
                products(loop.index, add=True)
            for line in range(lines):
                where = builder.add(to, LONG(8 * WIDE * line))
                builder.store(builder.load(sums[line]), at(builder, where, VECTOR), align=8)
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
                places = [load(builder, source, LINES * column) for column in range(columns)]
                for row in range(rows):
                    total = load(builder, to, LINES * row) if add else None
                    for column, place in enumerate(places):
                        entry = load(builder, table, LINES * (column * rows + row))
                        if total is None:
                            total = builder.fmul(entry, place)
                        else:
                            total = with_product(builder, total, entry, place)
                    where = builder.add(to, LONG(8 * WIDE * LINES * row))
                    builder.store(total, at(builder, where, VECTOR), align=8)
            return context.get_dummy_value()

        return types.void(*[types.uint64] * 3), made

    return intrinsic(blocked)


@intrinsic
def copy_line(_, to, source):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Copy eight numbers between two addresses."""

    def made(context, builder, _signature, given):  # type: ignore[no-untyped-def]
        to, source = given
        builder.store(load(builder, source, 0), at(builder, to, VECTOR), align=8)
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
        rows = [load(builder, builder.add(source, builder.mul(line, LONG(n))), 0) for n in lanes]
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
            place = builder.load(at(builder, builder.add(places, LONG(8 * n)), LONG))
            where = builder.add(to, builder.mul(place, width))
            builder.store(rows[n], at(builder, where, VECTOR), align=8)
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


@inner
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
