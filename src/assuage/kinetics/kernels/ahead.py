"""What 64 patients' tables and states need, worked out ahead and piece by piece.

While one tile's outputs go to memory, the next tile is prepared, a piece after each patient: the
processor has time for it while what it wrote drains. A cursor holds how far that has come.

    exponentials    exp(A h) of each spacing h, and for a table its squares, for 2, 4 ... 64 steps
    jumps           moves by so many steps, products of those
    course          the states at which blocks of outputs start
    seeds           the first entries of the tables
"""

from __future__ import annotations

import numpy as np

from assuage.kinetics.kernels.compile import inner
from assuage.kinetics.kernels.tile import FINISHED, LANES, exponential_piece, multiply
from assuage.kinetics.kernels.wide import BYTES, WIDE, lanes8, narrow
from assuage.kinetics.timetable import BOLUS, FLOW, SPAN

BLOCK = 64  # outputs in a block
POWERS = 7  # moves by 1, 2, 4 ... 64 steps
SEEDS = 8  # first entries of a table, made for 64 patients at once
DOUBLED = 3  # the power that moves by SEEDS steps
U = np.uint64
B, L, W = np.uint64(BLOCK), np.uint64(LANES), np.uint64(WIDE)
EXPONENTIALS, JUMPS, COURSE, TABLES, READY = range(5)
PHASE, ONE, STAGE, BLOCKS, FLOWING = range(5)  # places in a cursor
# Stages of a table's exponential from here on are its squares. From the largest number that can be
# written to the least takes 2,098 halvings, so no exponential comes this far.
SQUARES = 4096


@inner
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


@inner
def begin(cursor):  # type: ignore[no-untyped-def]
    """Set a cursor to where nothing is done."""
    cursor[:] = 0


@inner
def piece(  # type: ignore[no-untyped-def]
    cursor, base, lanes, matrix, weights, initial, amounts, bolus_place, flows, span_h, table_h,
    moves, rows_of, columns_of, slots_of, ones, first, left, right, diagonal, jumps, row_first,
    row_slots, row_columns, still_first, still_slots, still_columns, output_first, output_columns,
    term_first, terms, sources, slots, tiles, work, notes, state, spare, states, stops, seeds,
):  # fmt: skip
    """Do the next piece for patients base .. base + lanes - 1; return whether any is left."""
    spans, tables = span_h.shape[0], table_h.shape[0]
    phase, one = cursor[PHASE], cursor[ONE]
    if phase == EXPONENTIALS and one < spans + tables:
        _exponentials(
            cursor, base, lanes, matrix, span_h, table_h, rows_of, columns_of, slots_of, ones,
            first, left, right, diagonal, tiles, work, notes,
        )  # fmt: skip
    elif phase == JUMPS and one < jumps.shape[0]:
        powered, place = spans + tables * POWERS, spans + jumps[one, 0] * POWERS
        _jump(tiles, powered + one, place, jumps[one, 1], work, first, left, right)
        cursor[ONE] += 1
    elif phase == COURSE and one < moves.shape[0]:
        if one == 0 and cursor[STAGE] == 0:
            _enter(state, initial, base, lanes)
        _course(
            cursor, base, lanes, initial.shape[0], amounts, bolus_place, flows, moves, spans,
            spans + tables * POWERS, tiles, row_first, row_slots, row_columns, still_first,
            still_slots, still_columns, state, spare, states, stops,
        )  # fmt: skip
    elif phase == TABLES and one < max(1, tables):
        _seed(
            cursor[STAGE], seeds[one], tiles, spans + one * POWERS, weights, base, lanes,
            output_first, output_columns, term_first, terms, sources, slots,
        )  # fmt: skip
        cursor[STAGE] += 1
        if cursor[STAGE] > (DOUBLED if one < tables else 0):
            cursor[ONE], cursor[STAGE] = one + 1, 0
    else:
        cursor[PHASE], cursor[ONE], cursor[STAGE] = phase + 1, 0, 0
    return cursor[PHASE] < READY


@inner
def pieces(spans, tables, jumps, moves, blocks):  # type: ignore[no-untyped-def]
    """Return about how many pieces a tile takes."""
    return (spans + tables) * 11 + tables * (POWERS + DOUBLED) + jumps + moves + blocks + 5


@inner
def _exponentials(  # type: ignore[no-untyped-def]
    cursor, base, lanes, matrix, span_h, table_h, rows_of, columns_of, slots_of, ones, first,
    left, right, diagonal, tiles, work, notes,
):  # fmt: skip
    """Do a piece of one exponential, or square it on."""
    one, stage, spans = cursor[ONE], cursor[STAGE], span_h.shape[0]
    place = one if one < spans else spans + (one - spans) * POWERS
    size = matrix.shape[0]
    if stage < SQUARES:
        if stage == 0:
            step = span_h[one] if one < spans else table_h[one - spans]
            fill_rates(tiles[place], matrix, base, lanes, rows_of, columns_of, slots_of, ones)
            notes[0, :] = step
        stage = exponential_piece(
            stage, tiles[place], notes, work, first, left, right, diagonal
        )  # fmt: skip
        if stage == FINISHED:
            _hold(tiles[place], diagonal, size)
            stage = SQUARES
    else:
        power = place + stage - SQUARES
        multiply(tiles[power + 1], tiles[power], tiles[power], first, left, right)
        _hold(tiles[power + 1], diagonal, size)
        stage += 1
    cursor[STAGE] = stage
    if stage == (SQUARES if one < spans else SQUARES + POWERS - 1):
        cursor[ONE], cursor[STAGE] = one + 1, 0


@inner
def _hold(tile, diagonal, size):  # type: ignore[no-untyped-def]
    """Make what flows in go on exactly as it is."""
    for place in range(size, diagonal.shape[0]):
        d = diagonal[place]
        for x in range(L):
            tile[d + x] = 1.0


@inner
def _copy(to, source):  # type: ignore[no-untyped-def]
    lines = U(to.shape[0]) // W
    narrow(U(to.ctypes.data), U(source.ctypes.data), lines, W)


@inner
def _jump(tiles, into, place, steps, work, first, left, right):  # type: ignore[no-untyped-def]
    """Write the move by `steps` steps as a product of the powers at `place` on."""
    begun = False
    for power in range(POWERS):
        times = steps >> power if power == POWERS - 1 else (steps >> power) & 1
        for _ in range(times):
            if begun:
                multiply(work[0], tiles[into], tiles[place + power], first, left, right)
                _copy(tiles[into], work[0])
            else:
                _copy(tiles[into], tiles[place + power])
                begun = True


@inner
def _seed(  # type: ignore[no-untyped-def]
    stage, seeds, tiles, place, weights, base, lanes, output_first, output_columns, term_first,
    terms, sources, slots,
):  # fmt: skip
    """Make the first eight entries of 64 patients' tables: entry b, column c at 64 (b wide + c).

    At stage 0 the first, which are the outputs themselves; then those a move further. Row j takes
    entry slots[p] of a move times row sources[p], for p in terms[term + j] .. terms[term + j + 1]
    - 1.
    """
    wide = U(output_columns.shape[0])
    to = U(seeds.ctypes.data)
    lefts, rights = U(sources.ctypes.data), U(slots.ctypes.data)
    for output in range(weights.shape[0]):
        start = U(output_first[output])
        if stage == 0:
            for c in range(start, U(output_first[output + 1])):
                column = output_columns[c] // L
                seen = column < U(weights.shape[1])
                for x in range(L):
                    seeds[c * L + x] = 0.0
                for x in range(U(lanes) if seen else U(0)):
                    seeds[c * L + x] = weights[output, column, U(base) + x]
            continue
        term, power = term_first[output], U(stage - 1)
        move = U(tiles[place + stage - 1].ctypes.data)
        for b in range(U(1) << power):
            source = to + (b * wide + start) * L * BYTES
            into = to + (((U(1) << power) + b) * wide + start) * L * BYTES
            for j in range(U(term_first[output + 1] - term - 1)):
                p = terms[U(term) + j]
                lanes8(
                    into + j * L * BYTES, source, lefts + p * BYTES, move, rights + p * BYTES,
                    terms[U(term) + j + U(1)] - p,
                )  # fmt: skip


@inner
def _enter(state, initial, base, lanes):  # type: ignore[no-untyped-def]
    """Begin with the initial states, and nothing flowing in."""
    state[:] = 0.0
    for place in range(initial.shape[0]):
        for x in range(lanes):
            state[place * LANES + x] = initial[place, base + x]


@inner
def _carry(to, tile, source, joined, first, slots, columns):  # type: ignore[no-untyped-def]
    """Write the states of 64 patients a move later; what flows in stays as it is."""
    rows = U(first.shape[0] - 1)
    entries, places = U(slots.ctypes.data), U(columns.ctypes.data)
    for row in range(rows):
        p = first[row]
        lanes8(
            to + row * L * BYTES, tile, entries + p * BYTES, source, places + p * BYTES,
            first[row + U(1)] - p,
        )  # fmt: skip
    constant = rows * L * BYTES
    narrow(to + constant, source + constant, (joined - rows) * (L // W), W)


@inner
def _move(  # type: ignore[no-untyped-def]
    to, tile, source, joined, flowing, row_first, row_slots, row_columns, still_first,
    still_slots, still_columns,
):  # fmt: skip
    """Move states between two addresses by a tile; sums leave out inflow where nothing flows."""
    if flowing:
        _carry(to, tile, source, joined, row_first, row_slots, row_columns)
    else:
        _carry(to, tile, source, joined, still_first, still_slots, still_columns)


@inner
def _course(  # type: ignore[no-untyped-def]
    cursor, base, lanes, size, amounts, bolus_place, flows, moves, spans, powered, tiles,
    row_first, row_slots, row_columns, still_first, still_slots, still_columns, state, spare,
    states, stops,
):  # fmt: skip
    """Take 64 patients through one move, or on to a run's next block of outputs.

    Writes down their states where the block starts, and what `grid` asks of a block.
    """
    move, done, blocks = cursor[ONE], cursor[STAGE], cursor[BLOCKS]
    kind, number, flowing = moves[move, 0], moves[move, 1], cursor[FLOWING] != 0
    joined = U(size + flows.shape[1])
    entries, here = U(tiles.shape[1]) * BYTES, U(state.ctypes.data)
    further, kept = U(states.shape[1]) * BYTES, U(states.ctypes.data)
    all_tiles, lines = U(tiles.ctypes.data), joined * (L // W)
    ended = True
    if kind == BOLUS:
        for x in range(lanes):
            state[bolus_place[number] * LANES + x] += amounts[number, base + x]
    elif kind == FLOW:
        cursor[FLOWING] = 1 if number >= 0 else 0
        for column in range(flows.shape[1]):
            for x in range(lanes):
                rate = flows[number, column, base + x] if number >= 0 else 0.0
                state[(size + column) * LANES + x] = rate
    elif kind == SPAN:
        narrow(U(spare.ctypes.data), here, lines, W)
        _move(here, all_tiles + U(number) * entries, U(spare.ctypes.data), joined, flowing,
              row_first, row_slots, row_columns, still_first, still_slots,
              still_columns)  # fmt: skip
    else:
        now = kept + U(blocks) * further
        if done == 0:
            narrow(now, here, lines, W)
        else:
            by_block = all_tiles + U(spans + number * POWERS + POWERS - 1) * entries
            _move(now, by_block, now - further, joined, flowing, row_first, row_slots,
                  row_columns, still_first, still_slots, still_columns)  # fmt: skip
        left = moves[move, 2] - done
        stops[blocks, 0], stops[blocks, 1] = moves[move, 3] + done, min(BLOCK, left)
        stops[blocks, 2], stops[blocks, 3] = max(0, number), 1 if flowing else 0
        stops[blocks, 4] = left
        cursor[BLOCKS] += 1
        ended = left <= BLOCK
        if ended and number >= 0 and moves[move, 4] >= 0:
            begun = now - U(done // BLOCK) * further
            _move(here, all_tiles + U(powered + moves[move, 4]) * entries, begun, joined,
                  flowing, row_first, row_slots, row_columns, still_first, still_slots,
                  still_columns)  # fmt: skip
    if ended:
        cursor[ONE], cursor[STAGE] = move + 1, 0
    else:
        cursor[STAGE] = done + BLOCK
