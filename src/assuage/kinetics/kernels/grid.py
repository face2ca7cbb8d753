"""Many patients over a common timetable, compiled.

For each patient and spacing h, exp(A h) squared on gives the moves by 2, 4 ... 64 steps. A row
of outputs carried by them becomes a table of 64 rows: entry b says what one unit in a place will
show b steps later. A block of 64 outputs is then the state times that table, places outside and
time inside; the state moves on by 64 steps.

Everything is done for 64 patients side by side until a patient's table is doubled from its first
eight entries on; from there time runs along the vector.
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.apart import bring_rest, head, pass_on, settle
from assuage.kinetics.kernels.compile import kernel
from assuage.kinetics.kernels.tile import LANES, WORKS, exponential, multiply
from assuage.kinetics.kernels.wide import (
    BYTES,
    WIDE,
    lanes8,
    narrow,
    room,
    spread1,
    spread2,
    spread4,
    spread8,
)
from assuage.kinetics.timetable import BOLUS, FLOW, SPAN

BLOCK = 64  # outputs in a block
POWERS = 7  # moves by 1, 2, 4 ... 64 steps
SEEDS = 8  # first entries of a table, made for 64 patients at once
DOUBLED = 3  # the power that moves by SEEDS steps
U = np.uint64
B, L = np.uint64(BLOCK), np.uint64(LANES)


@kernel
def fill_rates(  # type: ignore[no-untyped-def]
    tile, matrix, first, lanes, rows_of, columns_of, slots_of, ones
):
    """Lay the rate matrices of patients first .. first + lanes - 1 into a tile."""
    tile[:] = 0.0
    size = matrix.shape[1]
    for n in range(slots_of.shape[0]):
        row, column = rows_of[n], columns_of[n]
        if column < size:
            d = slots_of[n] * LANES
            for x in range(lanes):
                tile[d + x] = matrix[row, column, first + x]
    for n in range(ones.shape[0]):
        d = ones[n] * LANES
        for x in range(LANES):
            tile[d + x] = 1.0


@kernel
def solve(  # type: ignore[no-untyped-def]
    begin, end, matrix, weights, initial, amounts, bolus_place, flows, span_h, table_h, moves,
    rows_of, columns_of, slots_of, ones, first, left, right, diagonal, jumps,
    row_first, row_slots, row_columns, still_first, still_slots, still_columns,
    output_first, output_columns, still_counts, term_first, terms, sources, slots, thin, places,
    blocks, out, apart,
):  # fmt: skip
    """Solve patients begin .. end - 1 into `out`, flat (patients, outputs, times).

    matrix (m, m, patients), weights (outputs, m, patients), initial (m, patients). With `apart`
    it is written past the cache.
    """
    size, outputs, patients = matrix.shape[0], weights.shape[0], matrix.shape[2]
    times = out.shape[0] // (patients * outputs)
    joined = size + flows.shape[1]
    spans, tables = span_h.shape[0], table_h.shape[0]
    powered = spans + tables * POWERS
    entries = (first.shape[0] - 1) * LANES
    tiles = room((powered + jumps.shape[0]) * entries).reshape(powered + jumps.shape[0], entries)
    work = room(WORKS * entries).reshape(WORKS, entries)
    state, into = room(joined * LANES), room(size * LANES)
    # A line more, or the states of a place would crowd into few of the cache's sets.
    states = room(blocks * (joined * LANES + WIDE)).reshape(blocks, joined * LANES + WIDE)
    stops = np.zeros((blocks, 4), dtype=np.int64)
    wide = output_columns.shape[0]
    seeds = room(max(1, tables) * SEEDS * wide * LANES).reshape(max(1, tables), -1)
    few = room(max(1, tables) * SEEDS * wide * WIDE)
    phi = room(max(1, tables) * POWERS * (first.shape[0] - 1) * WIDE)
    rows = room(max(1, tables) * wide * BLOCK)
    line = room(times + BLOCK)
    for base in range(begin, end, LANES):
        lanes = min(LANES, end - base)
        for one in range(spans + tables):
            step = span_h[one] if one < spans else table_h[one - spans]
            place = one if one < spans else spans + (one - spans) * POWERS
            fill_rates(tiles[place], matrix, base, lanes, rows_of, columns_of, slots_of, ones)
            exponential(tiles[place], np.full(LANES, step), work, first, left, right, diagonal)
            _hold(tiles[place], diagonal, size)
            if one >= spans:
                for power in range(place, place + POWERS - 1):
                    multiply(tiles[power + 1], tiles[power], tiles[power], first, left, right)
                    _hold(tiles[power + 1], diagonal, size)
        for one in range(jumps.shape[0]):
            place = spans + jumps[one, 0] * POWERS
            _jump(tiles, powered + one, place, jumps[one, 1], work, first, left, right)
        for place in range(size):
            for x in range(lanes):
                state[place * LANES + x] = initial[place, base + x]
        _course(base, lanes, size, amounts, bolus_place, flows, moves, spans, powered, tiles,
                row_first, row_slots, row_columns, still_first, still_slots, still_columns, state,
                into, states, stops)  # fmt: skip
        for table in range(max(1, tables)):
            _seed(seeds[table], tiles, spans + table * POWERS, table < tables, weights, base, lanes,
                  output_first, output_columns, term_first, terms, sources, slots)  # fmt: skip
        for x in range(lanes):
            for table in range(max(1, tables)):
                if x % WIDE == 0:
                    _bring(few, phi, seeds[table], tiles, table, spans + table * POWERS,
                           table < tables, x)  # fmt: skip
                _tabulate(rows, few, phi, table, table < tables, x % WIDE, output_first,
                          term_first, terms, sources, thin, first.shape[0] - 1)  # fmt: skip
            for output in range(outputs):
                begin_row = U(((base + x) * outputs + output) * times)
                _emit(out, begin_row, line, times, rows, wide, stops, blocks, states, x,
                      output_first[output], output_first[output + 1], still_counts[output],
                      output_columns, places, apart)  # fmt: skip
    settle()  # type: ignore[call-arg]


@kernel
def _hold(tile, diagonal, size):  # type: ignore[no-untyped-def]
    """Make what flows in go on exactly as it is."""
    for place in range(size, diagonal.shape[0]):
        d = diagonal[place]
        for x in range(L):
            tile[d + x] = 1.0


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
def _seed(  # type: ignore[no-untyped-def]
    seeds, tiles, place, grown, weights, base, lanes, output_first, output_columns, term_first,
    terms, sources, slots,
):  # fmt: skip
    """Make the first eight entries of 64 patients' tables: entry b, column c at 64 (b wide + c).

    The first are the outputs themselves. Row j takes entry slots[p] of a move times row
    sources[p], for p in terms[term + j] .. terms[term + j + 1] - 1.
    """
    wide = U(output_columns.shape[0])
    to = U(seeds.ctypes.data)
    lefts, rights = U(sources.ctypes.data), U(slots.ctypes.data)
    for output in range(weights.shape[0]):
        start = U(output_first[output])
        for c in range(start, U(output_first[output + 1])):
            column = output_columns[c] // L
            seen = column < U(weights.shape[1])
            for x in range(L):
                seeds[c * L + x] = 0.0
            for x in range(U(lanes) if seen else U(0)):
                seeds[c * L + x] = weights[output, column, U(base) + x]
        term = term_first[output]
        for power in range(DOUBLED if grown else 0):
            move = U(tiles[place + power].ctypes.data)
            for b in range(U(1) << U(power)):
                source = to + (b * wide + start) * L * BYTES
                into = to + (((U(1) << U(power)) + b) * wide + start) * L * BYTES
                for j in range(U(term_first[output + 1] - term - 1)):
                    p = terms[U(term) + j]
                    lanes8(
                        into + j * L * BYTES, source, lefts + p * BYTES, move, rights + p * BYTES,
                        terms[U(term) + j + U(1)] - p,
                    )  # fmt: skip


@kernel
def _bring(few, phi, seeds, tiles, table, place, grown, x):  # type: ignore[no-untyped-def]
    """Bring together what eight patients' tables start from and grow by.

    Lines 64 numbers apart crowd into few of the cache's sets and push each other out.
    """
    lines, entries = U(seeds.shape[0]) // L, U(tiles.shape[1]) // L
    lane = U(x) * BYTES
    to = U(few.ctypes.data) + U(table) * lines * U(WIDE) * BYTES
    narrow(to, U(seeds.ctypes.data) + lane, lines, L)
    for power in range(DOUBLED, POWERS - 1 if grown else DOUBLED):
        to = U(phi.ctypes.data) + U(table * POWERS + power) * entries * U(WIDE) * BYTES
        narrow(to, U(tiles[place + power].ctypes.data) + lane, entries, L)


@kernel
def _tabulate(  # type: ignore[no-untyped-def]
    rows, few, phi, table, grown, x, output_first, term_first, terms, sources, slots, entries
):
    """Fill one patient's table from its seeds, doubling it."""
    wide = U(output_first[output_first.shape[0] - 1])
    row, seed = U(table) * wide * B, U(table) * wide * U(SEEDS * WIDE) + U(x)
    for c in range(wide):
        for b in range(U(SEEDS) if grown else U(1)):
            rows[row + c * B + b] = few[seed + (b * wide + c) * U(WIDE)]
    lefts, rights = U(sources.ctypes.data), U(slots.ctypes.data)
    for power in range(DOUBLED, POWERS - 1 if grown else DOUBLED):
        width = U(1) << U(power)
        move = U(table * POWERS + power) * U(entries) * U(WIDE) + U(x)
        move = U(phi.ctypes.data) + move * BYTES
        for output in range(output_first.shape[0] - 1):
            term = term_first[output]
            source = U(rows.ctypes.data) + (row + U(output_first[output]) * B) * BYTES
            for j in range(U(term_first[output + 1] - term - 1)):
                p = terms[U(term) + j]
                count = terms[U(term) + j + U(1)] - p
                into = source + (j * B + width) * BYTES
                left, right = lefts + p * BYTES, rights + p * BYTES
                if power == DOUBLED:
                    spread1(into, source, left, move, right, count)
                elif power == DOUBLED + 1:
                    spread2(into, source, left, move, right, count)
                else:
                    spread4(into, source, left, move, right, count)


@kernel
def _emit(  # type: ignore[no-untyped-def]
    out, begin, line, times, rows, stride, stops, blocks, states, x, start, stop, still, columns,
    places, apart,
):  # fmt: skip
    """Write one output of one patient in the order of time, out[begin:begin + times].

    stops (blocks, 4): first output, outputs, table, whether something flows; a table has
    `stride` rows. Of the columns from `start` on the first `still` count when nothing flows, all
    when something does. A block that is not full writes past its end what the next overwrites.
    What is done goes out while the next block is worked on: memory is never waited for idly.
    """
    to, row = U(line.ctypes.data), U(rows.ctypes.data)
    left, right = U(places.ctypes.data), U(columns.ctypes.data) + U(start) * BYTES
    state, further = U(states.ctypes.data) + U(x) * BYTES, U(states.shape[1]) * BYTES
    place = U(out.ctypes.data) + begin * BYTES
    begun = min(head(place, apart), U(times))
    sent = begun
    for n in range(U(blocks)):
        first, count = U(stops[n, 0]), stops[n, 1]
        width = U(stop - start) if stops[n, 3] == 1 else U(still)
        table = row + U((stops[n, 2] * stride + start) * BLOCK) * BYTES
        here = to + first * BYTES
        if count > 32:
            spread8(here, table, left, state, right, width)
        elif count > 16:
            spread4(here, table, left, state, right, width)
        elif count > 8:
            spread2(here, table, left, state, right, width)
        else:
            spread1(here, table, left, state, right, width)
        state += further
        sent = pass_on(place, to, sent, first, apart)
    sent = pass_on(place, to, sent, U(times), apart)
    bring_rest(out, begin, line, begun, sent, U(times))


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
                for n in range(U(state.shape[0])):
                    states[blocks, n] = state[n]
                stops[blocks, 0] = moves[move, 3] + done
                stops[blocks, 1] = min(BLOCK, moves[move, 2] - done)
                stops[blocks, 2] = max(0, number)
                stops[blocks, 3] = 1 if flowing else 0
                blocks += 1
            if number >= 0 and moves[move, 4] >= 0:
                for n in range(U(state.shape[0])):
                    state[n] = states[begin, n]
                tile = powered + moves[move, 4]
        if tile >= 0:
            _move(state, into, tiles[tile], flowing, row_first, row_slots, row_columns,
                  still_first, still_slots, still_columns)  # fmt: skip
