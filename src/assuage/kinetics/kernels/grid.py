"""Many patients over a common timetable, compiled.

For each patient and spacing h, exp(A h) squared on gives the moves by 2, 4 ... 64 steps. A row
of outputs carried by them becomes a table of 64 rows: entry b says what one unit in a place will
show b steps later. A block of 64 outputs is then the state times that table, places outside and
time inside, which the compiler turns into vector instructions; the state moves on by 64 steps.
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.apart import put, settle
from assuage.kinetics.kernels.compile import kernel
from assuage.kinetics.kernels.emit import BLOCK, emit
from assuage.kinetics.kernels.tile import LANES, WORKS, exponential, multiply
from assuage.kinetics.timetable import BOLUS, FLOW, SPAN

POWERS = 7  # moves by 1, 2, 4 ... 64 steps
U = np.uint64
B = np.uint64(BLOCK)


@kernel
def _grow(  # type: ignore[no-untyped-def]
    table, start, phi, base, terms, term, last, sources, slots, width
):
    """Double a table: each row from `width` on is the rows before it, moved by `width` steps.

    Row j takes phi[slots[p]] x row sources[p] for p in terms[term + j] .. terms[term + j + 1] - 1.
    """
    for j in range(last - term - 1):
        t = start + U(j) * B + width
        p, end = terms[term + j], terms[term + j + 1]
        x, a = phi[base + slots[p]], start + U(sources[p]) * B
        if end - p >= 3:
            y, b = phi[base + slots[p + 1]], start + U(sources[p + 1]) * B
            z, c = phi[base + slots[p + 2]], start + U(sources[p + 2]) * B
            for n in range(width):
                table[t + n] = table[a + n] * x + table[b + n] * y + table[c + n] * z
            p += 3
        elif end - p == 2:
            y, b = phi[base + slots[p + 1]], start + U(sources[p + 1]) * B
            for n in range(width):
                table[t + n] = table[a + n] * x + table[b + n] * y
            p += 2
        else:
            for n in range(width):
                table[t + n] = table[a + n] * x
            p += 1
        while p < end:
            x, a = phi[base + slots[p]], start + U(sources[p]) * B
            for n in range(width):
                table[t + n] += table[a + n] * x
            p += 1


@kernel
def fill_rates(  # type: ignore[no-untyped-def]
    tile, matrix, first, lanes, rows_of, columns_of, slots_of, ones
):
    """Lay the rate matrices of patients first .. first + lanes - 1 into a tile."""
    tile[:] = 0.0
    size = matrix.shape[1]
    for n in range(slots_of.shape[0]):
        if columns_of[n] < size:
            d = slots_of[n] * LANES
            for x in range(lanes):
                tile[d + x] = matrix[first + x, rows_of[n], columns_of[n]]
    for n in range(ones.shape[0]):
        d = ones[n] * LANES
        for x in range(LANES):
            tile[d + x] = 1.0


@kernel
def solve(  # type: ignore[no-untyped-def]
    begin, end, matrix, weights, initial, amounts, bolus_place, flows, span_h, table_h, moves,
    rows_of, columns_of, slots_of, ones, first, left, right, diagonal, jumps,
    row_first, row_slots, row_columns, still_first, still_slots, still_columns,
    output_first, output_columns, term_first, terms, sources, slots, blocks, out,
    apart,
):  # fmt: skip
    """Solve patients begin .. end - 1 into `out`, flat (patients, outputs, times).

    With `apart` it is written past the cache.
    """
    size, outputs = matrix.shape[1], weights.shape[1]
    times = out.shape[0] // (matrix.shape[0] * outputs)
    joined = size + flows.shape[1]
    used = slots_of.shape[0]
    spans, tables = span_h.shape[0], table_h.shape[0]
    powered = spans + tables * POWERS
    tiles = np.zeros((powered + jumps.shape[0], (first.shape[0] - 1) * LANES))
    work = np.zeros((WORKS, tiles.shape[1]))
    state, into = np.zeros(joined * LANES), np.zeros(size * LANES)
    states = np.zeros((blocks, joined * LANES))
    stops = np.zeros((blocks, 4), dtype=np.int64)
    # Beside the entries a last one: an infusion goes on as it is, and that is 1 for everyone.
    phi = np.ones(tables * POWERS * (used + 1))
    rows = np.zeros(max(1, tables) * output_columns.shape[0] * BLOCK)
    mine, last = np.zeros((blocks, joined)), np.zeros(BLOCK)
    room = times + BLOCK if apart else times
    line = np.zeros(room)
    for base in range(begin, end, LANES):
        lanes = min(LANES, end - base)
        for one in range(spans + tables):
            step = span_h[one] if one < spans else table_h[one - spans]
            place = one if one < spans else spans + (one - spans) * POWERS
            fill_rates(tiles[place], matrix, base, lanes, rows_of, columns_of, slots_of, ones)
            exponential(tiles[place], np.full(LANES, step), work, first, left, right, diagonal)
            if one >= spans:
                for power in range(place, place + POWERS - 1):
                    multiply(tiles[power + 1], tiles[power], tiles[power], first, left, right)
        for one in range(jumps.shape[0]):
            place = spans + jumps[one, 0] * POWERS
            _jump(tiles, powered + one, place, jumps[one, 1], work, first, left, right)
        for place in range(size):
            for x in range(lanes):
                state[place * LANES + x] = initial[base + x, place]
        _course(base, lanes, size, amounts, bolus_place, flows, moves, spans, powered, tiles,
                row_first, row_slots, row_columns, still_first, still_slots, still_columns, state,
                into, states, stops)  # fmt: skip
        for x in range(lanes):
            for one in range(tables * POWERS):
                for n in range(used):
                    phi[one * (used + 1) + n] = tiles[spans + one, slots_of[n] * LANES + x]
            for n in range(blocks):
                for place in range(joined):
                    mine[n, place] = states[n, place * LANES + x]
            for table in range(max(1, tables)):
                _tabulate(rows, table, tables, base + x, weights, phi, used, output_first,
                          output_columns, term_first, terms, sources, slots, size)  # fmt: skip
            for output in range(outputs):
                start, width = output_first[output], output_first[output + 1]
                width -= start
                still = width
                while still > 1 and output_columns[start + still - 1] >= size:
                    still -= 1
                begin_row = ((base + x) * outputs + output) * times
                to = line if apart else out
                emit(to, 0 if apart else begin_row, room, rows, output_columns.shape[0], stops,
                     blocks, mine, output_columns, start, still, width, last)  # fmt: skip
                if apart:
                    put(out, U(begin_row), line, U(times))
    settle()  # type: ignore[call-arg]


@kernel
def _jump(tiles, into, place, steps, work, first, left, right):  # type: ignore[no-untyped-def]
    """Write the move by `steps` steps as a product of the powers at `place` on."""
    begun = False
    for power in range(POWERS):
        times = steps >> power if power == POWERS - 1 else (steps >> power) & 1
        for _ in range(times):
            if begun:
                multiply(work[0], tiles[into], tiles[place + power], first, left, right)
                tiles[into][:] = work[0]
            else:
                tiles[into][:] = tiles[place + power]
                begun = True


@kernel
def _tabulate(  # type: ignore[no-untyped-def]
    rows, table, tables, patient, weights, phi, used, output_first, output_columns, term_first,
    terms, sources, slots, size,
):  # fmt: skip
    """Fill a patient's table; its first entries are the outputs themselves, and need no table."""
    row = table * output_columns.shape[0]
    base = table * POWERS * (used + 1)
    for output in range(weights.shape[1]):
        start = output_first[output]
        for c in range(start, output_first[output + 1]):
            column = output_columns[c]
            weight = weights[patient, output, column] if column < size else 0.0
            rows[(row + c) * BLOCK] = weight
        width = U(1)
        for power in range(POWERS - 1 if table < tables else 0):
            _grow(rows, U(row + start) * B, phi, base + power * (used + 1), terms,
                  term_first[output], term_first[output + 1], sources, slots, width)  # fmt: skip
            width += width


@kernel
def _move(  # type: ignore[no-untyped-def]
    state, into, tile, flowing, row_first, row_slots, row_columns, still_first, still_slots,
    still_columns,
):  # fmt: skip
    """Move the states of 64 patients by one exponential; what flows in stays as it is."""
    if flowing:
        multiply(into, tile, state, row_first, row_slots, row_columns)
    else:
        multiply(into, tile, state, still_first, still_slots, still_columns)
    for n in range(U(into.shape[0])):
        state[n] = into[n]


@kernel
def _course(  # type: ignore[no-untyped-def]
    base, lanes, size, amounts, bolus_place, flows, moves, spans, powered, tiles,
    row_first, row_slots, row_columns, still_first, still_slots, still_columns, state, into,
    states, stops,
):  # fmt: skip
    """Take 64 patients through the moves, noting their states where a block of outputs starts."""
    flowing = False
    blocks = 0
    state[size * LANES :] = 0.0
    for move in range(moves.shape[0]):
        kind, number = moves[move, 0], moves[move, 1]
        tile = -1
        if kind == BOLUS:
            for x in range(lanes):
                state[bolus_place[number] * LANES + x] += amounts[number, base + x]
        elif kind == FLOW:
            flowing = number >= 0
            for column in range(flows.shape[1]):
                for x in range(lanes):
                    rate = flows[number, column, base + x] if flowing else 0.0
                    state[(size + column) * LANES + x] = rate
        elif kind == SPAN:
            tile = number
        else:
            begin = blocks
            for done in range(0, moves[move, 2], BLOCK):
                if done > 0:
                    by_block = tiles[spans + number * POWERS + POWERS - 1]
                    _move(state, into, by_block, flowing, row_first, row_slots, row_columns,
                          still_first, still_slots, still_columns)  # fmt: skip
                states[blocks][:] = state
                stops[blocks, 0] = moves[move, 3] + done
                stops[blocks, 1] = min(BLOCK, moves[move, 2] - done)
                stops[blocks, 2] = max(0, number)
                stops[blocks, 3] = 1 if flowing else 0
                blocks += 1
            if number >= 0 and moves[move, 4] >= 0:
                state[:] = states[begin]
                tile = powered + moves[move, 4]
        if tile >= 0:
            _move(state, into, tiles[tile], flowing, row_first, row_slots, row_columns,
                  still_first, still_slots, still_columns)  # fmt: skip
