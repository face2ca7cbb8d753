"""What is left of a stretch once the drive is over, in the lanes where it is, and writing out."""

from __future__ import annotations

import math

import numpy as np

from assuage.kinetics.kernels.apart import head, stream_line
from assuage.kinetics.kernels.compile import inner
from assuage.kinetics.kernels.sums import advance
from assuage.kinetics.kernels.tile import LANES, most, multiply
from assuage.kinetics.kernels.turnover_step import LEVEL, TOTAL
from assuage.kinetics.kernels.wide import BYTES, WIDE, turn

U = np.uint64
L = np.uint64(LANES)
BLOCK = 64
B = np.uint64(BLOCK)
W = np.uint64(WIDE)
NONE = -1


@inner
def write_rows(out, times, rows, base, buffer, place, count):  # type: ignore[no-untyped-def]
    """Write `count` outputs of each lane from the buffer (64, 64) to its row from `place` on."""
    to, source, numbers = U(out.ctypes.data), U(buffer.ctypes.data), U(rows.ctypes.data)
    for x in range(U(0), L, W):
        # Lanes without a row fill up the last tile, so the last of eight tells for all.
        begun = count // W * W if rows[base + x + W - U(1)] >= 0 else U(0)
        for n in range(U(0), begun, W):
            turn(  # type: ignore[call-arg]
                to + (place + n) * BYTES,
                numbers + (base + x) * BYTES,
                times * BYTES,
                source + (n * L + x) * BYTES,
                L * BYTES,
            )
        for lane in range(x, x + W):
            if rows[base + lane] >= 0:
                o = U(rows[base + lane]) * times + place
                for n in range(begun, count):
                    out[o + n] = buffer[n * L + lane]


@inner
def newly_over(s, below, base, still, over, n):  # type: ignore[no-untyped-def]
    """Set `over` to step n where the drive is over and wasn't; return how many those are."""
    found = np.int64(0)
    for x in range(L):
        found += np.int64(s[TOTAL + x] <= below[base + x])
    if found == 0:
        return found
    found = np.int64(0)
    for x in range(L):
        new = still[x] & (over[x] == NONE) & (s[TOTAL + x] <= below[base + x])
        over[x] = n if new else over[x]
        found += np.int64(new)
    return found


@inner
def mark(units, late, left, kept, s, here, size, over, n, done, o):  # type: ignore[no-untyped-def]
    """Note where lanes stood when they were over: units gone, next output, R and the state."""
    for x in range(L):
        if over[x] == n:
            units[x], late[x], left[x] = done, o, s[LEVEL + x]
            for i in range(size):
                kept[i * L + x] = s[here + i * L + x]


@inner
def _merge(kept, there, here, quarters, power, size):  # type: ignore[no-untyped-def]
    """Keep the moved state in the lanes that this power moves."""
    for i in range(size):
        for x in range(L):
            moved = (quarters[x] >> power) & 1 != 0
            kept[there + i * L + x] = kept[there + i * L + x] if moved else kept[here + i * L + x]


@inner
def move_far(  # type: ignore[no-untyped-def]
    kept, here, there, quarters, tables, first, last, spare, shape, size
):  # fmt: skip
    """Move each lane's state by its own quarters of a unit; return where it then stands."""
    far, power, flat, more = most(quarters), 0, tables.reshape(-1), spare.reshape(-1)
    width = U(tables.shape[1])
    while far >> power:
        if first + power < last:
            source, base = flat, U(first + power) * width
        else:
            a, b = power % 2, (power + 1) % 2
            before = tables[last - 1] if first + power == last else spare[b]
            multiply(spare[a], before, before, shape.first, shape.left, shape.right)
            source, base = more, U(a) * width
        advance(kept, there, here, source, base, shape.move_first, shape.move_columns,
                 shape.move_slots, size)  # fmt: skip
        _merge(kept, there, here, quarters, power, size)
        here, there = there, here
        power += 1
    return here


@inner
def _power_table(table, factor):  # type: ignore[no-untyped-def]
    """Write factor**b for b in 0 .. 63 and return factor**64."""
    two = factor * factor
    four = two * two
    table[0], table[1], table[2], table[3] = 1.0, factor, two, two * factor
    for b in range(U(4)):
        table[U(4) + b] = table[b] * four
    eight = four * four
    for b in range(U(8)):
        table[U(8) + b] = table[b] * eight
    sixteen = eight * eight
    for b in range(U(16)):
        table[U(16) + b] = table[b] * sixteen
    half = sixteen * sixteen
    for b in range(U(32)):
        table[U(32) + b] = table[b] * half
    return half * half


@inner
def _fall_block(t, d, steady, away, table):  # type: ignore[no-untyped-def]
    for b in range(B):
        t[d + b] = steady + away * table[b]


@inner
def _tail(  # type: ignore[no-untyped-def]
    out, row, n, end, step, since_h, steady, away, loss, since, table, last, apart
):  # fmt: skip
    """Write outputs n .. end - 1 of one run: steady + away e^(-loss t).

    Going on by whole blocks rounds once a block, which a thousand blocks don't show at 1e-9. Blocks
    begin at n wherever that lies, and lines past the cache where a line does: a number's bits
    don't depend on its address.
    """
    if not step > 0.0 or end < n + B // U(4):
        while n < end:
            out[row + n] = steady + away * math.exp(-loss * (since_h[n] - since))
            n += U(1)
        return
    by_block = _power_table(table, math.exp(-loss * step))
    here = away * math.exp(-loss * (since_h[n] - since))
    to, powers = U(out.ctypes.data), U(table.ctypes.data)
    begun = head(to + (row + n) * BYTES, apart)
    for b in range(begun):
        out[row + n + b] = steady + here * table[b]
        table[B + b] = table[b]  # for the line across two blocks
    while apart and n + begun + B <= end:
        place, entries = to + (row + n + begun) * BYTES, powers + begun * BYTES
        final, after = (B - W) * BYTES, here * by_block
        for line in range(U(0), final, W * BYTES):
            stream_line(  # type: ignore[call-arg]
                place + line, entries + line, steady, here, W, here
            )
        stream_line(  # type: ignore[call-arg]
            place + final, entries + final, steady, here, W - begun, after
        )
        here = after
        n += B
    while n < end:
        if begun == 0 and n + B <= end:
            _fall_block(out, row + n, steady, here, table)
        else:
            _fall_block(last, U(0), steady, here, table)
            for b in range(begun, min(B, end - n)):
                out[row + n + b] = last[b]
        begun = U(0)
        here *= by_block
        n += B


@inner
def finish_calm(  # type: ignore[no-untyped-def]
    out, times, rows, base, stretch, plan, people, over, units, late, left, s, table, last,
    apart,
):  # fmt: skip
    """Finish a stretch in the lanes whose drive is over: what is left of outputs, and R."""
    unit_h, length_h = plan.unit_h[plan.length[stretch]], plan.length_h[stretch]
    first, beyond = plan.run_first[stretch], plan.run_first[stretch + 1]
    run_start, run_end, run_h, since_h = plan.run_start, plan.run_end, plan.run_h, plan.since_h
    for x in range(L):
        if over[x] == NONE:
            continue
        loss, since = people.loss[base + x], unit_h * units[x]
        steady = people.gain[base + x] / loss
        away = left[x] - steady
        if rows[base + x] >= 0:
            row = U(rows[base + x]) * times
            for run in range(first, beyond):
                n, end = U(max(late[x], run_start[run])), U(run_end[run])
                _tail(out, row, n, end, run_h[run], since_h, steady, away, loss, since, table,
                      last, apart)  # fmt: skip
        s[LEVEL + x] = steady + away * math.exp(-loss * (length_h - since))
