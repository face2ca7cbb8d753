"""Writing what won't be read again soon: past the cache, straight to memory.

A plain store first fetches the line that it overwrites, so filling a large array moves every byte
twice. A non-temporal store doesn't. Where the processor has none, the hint is ignored.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from assuage.kinetics.kernels.compile import inner
from assuage.kinetics.kernels.wide import (
    BYTES,
    VECTOR,
    WIDE,
    U,
    at,
    copy_line,
    first_lanes,
    load,
    repeated,
    with_product,
)

W = U(WIDE)


def write_line(builder: Any, what: Any, address: Any) -> None:
    """Write eight numbers past the cache; the address is a multiple of 64."""
    store = builder.store(what, at(builder, address, VECTOR), align=64)
    store.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))


@intrinsic
def _stream(_, to, source):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Copy 64 bytes between two addresses, the first a multiple of 64, past the cache."""

    def made(context, builder, _, values):  # type: ignore[no-untyped-def]
        write_line(builder, load(builder, values[1], 0), values[0])
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), made


@intrinsic
def stream_line(  # type: ignore[no-untyped-def]
    _, to, table, steady, away, own, after,  # noqa: ARG001
):  # fmt: skip
    """Write steady + away x eight numbers of a table past the cache, to a multiple of 64.

    From number `own` on it is `after` in place of `away`.
    """

    def made(context, builder, _, values):  # type: ignore[no-untyped-def]
        steady, away, after = (repeated(builder, values[n]) for n in (2, 3, 5))
        factor = builder.select(first_lanes(builder, values[4]), away, after)
        found = with_product(builder, steady, load(builder, values[1], 0), factor)
        write_line(builder, found, values[0])
        return context.get_dummy_value()

    number = types.float64
    return types.void(types.uint64, types.uint64, number, number, types.uint64, number), made


@intrinsic
def settle(_):  # type: ignore[no-untyped-def]
    """Wait until what was written past the cache can be seen by other threads."""

    def made(context, builder, _signature, _values):  # type: ignore[no-untyped-def]
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), made


@inner
def head(to, apart):  # type: ignore[no-untyped-def]
    """Return how many numbers lie before the first whole cache line from address `to` on."""
    return ((U(64) - (to & U(63))) & U(63)) >> U(3) if apart else U(0)


@inner
def pass_on(to, source, sent, upto, apart):  # type: ignore[no-untyped-def]
    """Copy whole lines of eight between two addresses, and return how many numbers are over.

    Of `upto` numbers `sent` are over already; counts are unsigned. With `apart` the lines go past
    the cache, and to + 8 sent is a multiple of 64.
    """
    if apart:
        while sent + W <= upto:
            _stream(to + sent * BYTES, source + sent * BYTES)  # type: ignore[call-arg]
            sent += W
    else:
        while sent + W <= upto:
            copy_line(to + sent * BYTES, source + sent * BYTES)  # type: ignore[call-arg]
            sent += W
    return sent


@inner
def bring_rest(out, begin, line, first, sent, count):  # type: ignore[no-untyped-def]
    """Copy line[:first] and line[sent:count], what `pass_on` left."""
    for n in range(first):
        out[begin + n] = line[n]
    for n in range(sent, count):
        out[begin + n] = line[n]
