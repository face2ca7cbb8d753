"""Blocks of 64 outputs straight to where they belong, a table of few columns kept in registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic

from assuage.kinetics.kernels.apart import write_line
from assuage.kinetics.kernels.compile import inner
from assuage.kinetics.kernels.wide import (
    DOUBLE,
    LINES,
    LONG,
    VECTOR,
    WIDE,
    at,
    first_lanes,
    load,
    repeated,
    with_product,
)

MOST_HELD = 4  # columns of a table that registers hold


def _sum(builder: Any, entries: Any, numbers: Any) -> Any:
    """Return the sum of vectors times vectors, in their order, each with one rounding."""
    total = None
    for entry, number in zip(entries, numbers, strict=True):
        if total is None:
            total = builder.fmul(entry, number)
        else:
            total = with_product(builder, total, entry, number)
    return total


def _write(builder: Any, what: Any, block: Any, line: int, apart: bool) -> None:
    where = builder.add(block, LONG(8 * WIDE * line))
    if apart:
        write_line(builder, what, where)
    else:
        builder.store(what, at(builder, where, VECTOR), align=8)


def _running(width: int, apart: bool) -> Callable[..., None]:
    """Return an intrinsic that writes whole lines of blocks of 64: a table times the states.

    The table's `width` columns, `column` bytes long, stay in registers. A block's states stand
    `further` bytes after the last one's, places[n] numbers on for column n. The first line begins
    at entry `before`, below eight, of the first block; a line across two blocks takes from each
    what is its own, so that a number doesn't depend on where the lines lie. The last line is not
    written but kept at address `rest`: what is left of the last block, and then anything.
    """

    def run(  # type: ignore[no-untyped-def]
        _, to, table, column, before, state, places, further, blocks, rest,  # noqa: ARG001
    ):  # fmt: skip
        """Write the blocks; the arguments are addresses, bytes and counts."""

        def made(context, builder, _signature, given):  # type: ignore[no-untyped-def]
            to, table, column, before, state, places, further, blocks, rest = given
            places = builder.inttoptr(places, LONG.as_pointer())
            table = builder.add(table, builder.shl(before, LONG(3)))
            offsets, columns = [], []
            for n in range(width):
                place = builder.load(builder.gep(places, [LONG(n)]))
                offsets.append(builder.shl(place, LONG(3)))
                here = builder.add(table, builder.mul(column, LONG(n)))
                columns.append([load(builder, here, line) for line in range(-1, LINES)])
            lines = list(zip(*columns, strict=True))  # the first reaches back before the table
            earlier = first_lanes(builder, builder.sub(LONG(WIDE), before))
            kept = cgutils.alloca_once(builder, VECTOR)
            with cgutils.for_range(builder, blocks, intp=LONG) as loop:
                here = builder.add(state, builder.mul(loop.index, further))
                numbers = [
                    repeated(builder, builder.load(at(builder, builder.add(here, one), DOUBLE)))
                    for one in offsets
                ]
                block = builder.add(to, builder.shl(loop.index, LONG(9)))
                with builder.if_then(builder.icmp_unsigned("!=", loop.index, LONG(0))):
                    mine = _sum(builder, lines[0], numbers)
                    across = builder.select(earlier, builder.load(kept), mine)
                    _write(builder, across, block, -1, apart)
                for line in range(LINES - 1):
                    _write(builder, _sum(builder, lines[line + 1], numbers), block, line, apart)
                builder.store(_sum(builder, lines[LINES], numbers), kept)
            builder.store(builder.load(kept), at(builder, rest, VECTOR), align=8)
            return context.get_dummy_value()

        return types.void(*[types.uint64] * 9), made

    return intrinsic(run)


_run1, _run2, _run3, _run4 = (_running(width, apart=False) for width in (1, 2, 3, 4))
_away1, _away2, _away3, _away4 = (_running(width, apart=True) for width in (1, 2, 3, 4))


@inner
def run_on(  # type: ignore[no-untyped-def]
    to, table, column, before, state, places, further, width, blocks, rest, apart
):
    """Write `blocks` >= 1 blocks of 64 but for their last line; at most MOST_HELD columns.

    See `_running`. With `apart` past the cache, and `to` is a multiple of 64.
    """
    if apart:
        if width == 1:
            _away1(to, table, column, before, state, places, further, blocks, rest)
        elif width == 2:
            _away2(to, table, column, before, state, places, further, blocks, rest)
        elif width == 3:
            _away3(to, table, column, before, state, places, further, blocks, rest)
        else:
            _away4(to, table, column, before, state, places, further, blocks, rest)
    elif width == 1:
        _run1(to, table, column, before, state, places, further, blocks, rest)
    elif width == 2:
        _run2(to, table, column, before, state, places, further, blocks, rest)
    elif width == 3:
        _run3(to, table, column, before, state, places, further, blocks, rest)
    else:
        _run4(to, table, column, before, state, places, further, blocks, rest)
