"""Writing what won't be read again soon: past the cache, straight to memory.

A plain store first fetches the line that it overwrites, so filling a large array moves every byte
twice. A non-temporal store doesn't. Where the processor has none, the hint is ignored.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from assuage.kinetics.kernels.compile import kernel

U = np.uint64
WIDE = U(8)  # numbers in a cache line
BYTES = U(8)


@intrinsic
def _stream(_, to, source):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Copy 64 bytes between two addresses, the first a multiple of 64, past the cache."""

    def made(context, builder, _, values):  # type: ignore[no-untyped-def]
        wide = ir.VectorType(ir.DoubleType(), 8).as_pointer()
        read = builder.load(builder.inttoptr(values[1], wide), align=8)
        store = builder.store(read, builder.inttoptr(values[0], wide), align=64)
        hint = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        store.set_metadata("nontemporal", hint)
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), made


@intrinsic
def settle(_):  # type: ignore[no-untyped-def]
    """Wait until what was written past the cache can be seen by other threads."""

    def made(context, builder, _signature, _values):  # type: ignore[no-untyped-def]
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), made


@kernel
def put(out, begin, line, count):  # type: ignore[no-untyped-def]
    """Copy line[:count] to out[begin:]; `begin` and `count` are unsigned."""
    to, source = U(out.ctypes.data) + begin * BYTES, U(line.ctypes.data)
    head = ((U(64) - (to & U(63))) & U(63)) >> U(3)
    if head > count:
        head = count
    for n in range(head):
        out[begin + n] = line[n]
    lines = (count - head) // WIDE
    for n in range(lines):
        here = (head + n * WIDE) * BYTES
        _stream(to + here, source + here)  # type: ignore[call-arg]
    for n in range(head + lines * WIDE, count):
        out[begin + n] = line[n]
