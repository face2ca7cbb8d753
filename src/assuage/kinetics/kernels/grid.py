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

from assuage.kinetics.kernels.ahead import (
    BLOCK,
    DOUBLED,
    POWERS,
    SEEDS,
    B,
    L,
    U,
    W,
    begin,
    piece,
    pieces,
)
from assuage.kinetics.kernels.apart import bring_rest, head, pass_on, settle
from assuage.kinetics.kernels.compile import inner, kernel
from assuage.kinetics.kernels.runs import MOST_HELD, run_on
from assuage.kinetics.kernels.tile import LANES, NOTES, WORKS
from assuage.kinetics.kernels.wide import (
    BYTES,
    WIDE,
    narrow,
    room,
    spread1,
    spread2,
    spread4,
    spread8,
    turn,
)

LONG = BLOCK + WIDE  # numbers from a table's column to the next: eight before it are read too


@kernel
def solve(  # type: ignore[no-untyped-def]
    begun, end, matrix, weights, initial, amounts, bolus_place, flows, span_h, table_h, moves,
    rows_of, columns_of, slots_of, ones, first, left, right, diagonal, jumps,
    row_first, row_slots, row_columns, still_first, still_slots, still_columns,
    output_first, output_columns, still_counts, term_first, terms, sources, slots, long_sources,
    thin, places, blocks, out, apart,
):  # fmt: skip
    """Solve patients begun .. end - 1 into `out`, flat (patients, outputs, times).

    matrix (m, m, patients), weights (outputs, m, patients), initial (m, patients). With `apart`
    it is written past the cache. Two tiles are in work: one is written, the next prepared.
    """
    outputs, patients = weights.shape[0], matrix.shape[2]
    times = out.shape[0] // (patients * outputs)
    joined, slot_count = matrix.shape[0] + flows.shape[1], first.shape[0] - 1
    spans, real = span_h.shape[0], table_h.shape[0]
    tables, every = max(1, real), spans + real * POWERS + jumps.shape[0]
    # A line more, or the states of a place would crowd into few of the cache's sets.
    length = joined * LANES + WIDE
    wide = output_columns.shape[0]
    tiles = room(2 * every * slot_count * LANES).reshape(2, every, slot_count * LANES)
    states = room(2 * blocks * length).reshape(2, blocks, length)
    seeds = room(2 * tables * SEEDS * wide * LANES).reshape(2, tables, SEEDS * wide * LANES)
    work = room(WORKS * slot_count * LANES).reshape(WORKS, slot_count * LANES)
    notes = room(NOTES * LANES).reshape(NOTES, LANES)
    state, spare = room(joined * LANES), room(joined * LANES)
    stops = np.zeros((blocks, 5), dtype=np.int64)
    phi = room(tables * POWERS * slot_count * WIDE)
    rows = room(WIDE + WIDE * tables * wide * LONG)[WIDE:]
    line = room(times + BLOCK)
    cursor, eight = np.zeros(5, dtype=np.int64), np.arange(WIDE)
    _tiles(
        begun, end, matrix, weights, initial, amounts, bolus_place, flows, span_h, table_h, moves,
        rows_of, columns_of, slots_of, ones, first, left, right, diagonal, jumps, row_first,
        row_slots, row_columns, still_first, still_slots, still_columns, output_first,
        output_columns, still_counts, term_first, terms, sources, slots, long_sources, thin,
        places, out, apart, tiles, states, seeds, work, notes, state, spare, stops, phi, rows,
        line, cursor, eight,
    )  # fmt: skip


@inner
def _tiles(  # type: ignore[no-untyped-def]
    begun, end, matrix, weights, initial, amounts, bolus_place, flows, span_h, table_h, moves,
    rows_of, columns_of, slots_of, ones, first, left, right, diagonal, jumps, row_first,
    row_slots, row_columns, still_first, still_slots, still_columns, output_first,
    output_columns, still_counts, term_first, terms, sources, slots, long_sources, thin,
    places, out, apart, tiles, states, seeds, work, notes, state, spare, stops, phi, rows,
    line, cursor, eight,
):  # fmt: skip
    """Do as `solve` does in the arrays given. To count who holds them would wait for memory."""
    outputs, spans, real = weights.shape[0], span_h.shape[0], table_h.shape[0]
    times = out.shape[0] // (matrix.shape[2] * outputs)
    share = pieces(spans, real, jumps.shape[0], moves.shape[0], stops.shape[0]) // LANES + 1
    for base in range(begun - LANES, end, LANES):
        here = ((base - begun) // LANES) & 1
        lanes = min(LANES, end - base) if base >= begun else 0
        after, there = base + LANES, 1 - here
        more, following = after < end, min(LANES, end - after)
        begin(cursor)
        for x in range(LANES):
            if x < lanes:
                _patient(
                    x, base, times, spans, real, out, apart, output_first, output_columns,
                    still_counts, term_first, terms, long_sources, thin, places, tiles[here],
                    seeds[here], states[here], stops, phi, rows, line, eight,
                )  # fmt: skip
            done = 0
            while more and (done < share or x == LANES - 1):
                more = piece(
                    cursor, after, following, matrix, weights, initial, amounts, bolus_place,
                    flows, span_h, table_h, moves, rows_of, columns_of, slots_of, ones, first,
                    left, right, diagonal, jumps, row_first, row_slots, row_columns, still_first,
                    still_slots, still_columns, output_first, output_columns, term_first, terms,
                    sources, slots, tiles[there], work, notes, state, spare, states[there],
                    stops, seeds[there],
                )  # fmt: skip
                done += 1
    settle()  # type: ignore[call-arg]


@inner
def _patient(  # type: ignore[no-untyped-def]
    x, base, times, spans, real, out, apart, output_first, output_columns, still_counts,
    term_first, terms, sources, slots, places, tiles, seeds, states, stops, phi, rows, line, eight,
):  # fmt: skip
    """Make the tables of one patient, x in its tile, and write the outputs."""
    tables, wide, outputs = max(1, real), output_columns.shape[0], output_first.shape[0] - 1
    mine = x % WIDE * tables * wide
    for table in range(tables):
        if x % WIDE == 0:
            _bring(rows, phi, seeds[table], tiles, table, tables, spans + table * POWERS,
                   table < real, x, eight)  # fmt: skip
        if table < real:
            _tabulate(rows, mine + table * wide, phi, table, x % WIDE, output_first, term_first,
                      terms, sources, slots, U(tiles.shape[1]) // L)  # fmt: skip
    for output in range(outputs):
        begin_row = U(((base + x) * outputs + output) * times)
        _emit(out, begin_row, line, times, rows, mine, wide, stops, stops.shape[0], states, x,
              output_first[output], output_first[output + 1], still_counts[output],
              output_columns, places, apart)  # fmt: skip


@inner
def _bring(  # type: ignore[no-untyped-def]
    rows, phi, seeds, tiles, table, tables, place, grown, x, eight
):
    """Begin eight patients' tables with their seeds, and bring together what those grow by.

    Lines 64 numbers apart crowd into few of the cache's sets and push each other out.
    """
    wide, entries = U(seeds.shape[0]) // (L * U(SEEDS)), U(tiles.shape[1]) // L
    lane = U(x) * BYTES
    patient = U(tables) * wide * U(LONG) * BYTES
    for c in range(wide):
        turn(  # type: ignore[call-arg]
            U(rows.ctypes.data) + (U(table) * wide + c) * U(LONG) * BYTES,
            U(eight.ctypes.data),
            patient,
            U(seeds.ctypes.data) + c * L * BYTES + lane,
            wide * L * BYTES,
        )
    for power in range(DOUBLED, POWERS - 1 if grown else DOUBLED):
        to = U(phi.ctypes.data) + U(table * POWERS + power) * entries * W * BYTES
        narrow(to, U(tiles[place + power].ctypes.data) + lane, entries, L)


@inner
def _tabulate(  # type: ignore[no-untyped-def]
    rows, mine, phi, table, x, output_first, term_first, terms, sources, slots, entries
):
    """Grow one patient's table, whose columns begin at row `mine`, by doubling."""
    lefts, rights = U(sources.ctypes.data), U(slots.ctypes.data)
    for power in range(DOUBLED, POWERS - 1):
        width = U(1) << U(power)
        move = U(table * POWERS + power) * U(entries) * W + U(x)
        move = U(phi.ctypes.data) + move * BYTES
        for output in range(output_first.shape[0] - 1):
            term = term_first[output]
            source = U(rows.ctypes.data) + U((mine + output_first[output]) * LONG) * BYTES
            for j in range(U(term_first[output + 1] - term - 1)):
                p = terms[U(term) + j]
                count = terms[U(term) + j + U(1)] - p
                into = source + (j * U(LONG) + width) * BYTES
                left, right = lefts + p * BYTES, rights + p * BYTES
                if power == DOUBLED:
                    spread1(into, source, left, move, right, count)
                elif power == DOUBLED + 1:
                    spread2(into, source, left, move, right, count)
                else:
                    spread4(into, source, left, move, right, count)


@inner
def _emit(  # type: ignore[no-untyped-def]
    out, begin, line, times, rows, mine, stride, stops, blocks, states, x, start, stop, still,
    columns, places, apart,
):  # fmt: skip
    """Write one output of one patient in the order of time, out[begin:begin + times].

    stops (blocks, 5): first output, outputs, table, whether something flows, outputs left in the
    run. The patient's tables begin at row `mine`, `stride` rows each. Of the columns from `start`
    on the first `still` count when nothing flows, all when something does. A block that is not
    full writes past its end what the next overwrites. What is done goes out while the next block
    is worked on: memory is never waited for idly.

    Full blocks of few columns go straight to memory, from the first whole line of `out` on.
    """
    to, row = U(line.ctypes.data), U(rows.ctypes.data)
    left, right = U(places.ctypes.data), U(columns.ctypes.data) + U(start) * BYTES
    state, further = U(states.ctypes.data) + U(x) * BYTES, U(states.shape[1]) * BYTES
    place = U(out.ctypes.data) + begin * BYTES
    begun = min(head(place, apart), U(times))
    sent = begun
    n = U(0)
    while n < U(blocks):
        first, count, rest = U(stops[n, 0]), stops[n, 1], U(stops[n, 4])
        width = U(stop - start) if stops[n, 3] == 1 else U(still)
        table = row + U((mine + stops[n, 2] * stride + start) * LONG) * BYTES
        here = to + first * BYTES
        before = (begun - first) & (W - U(1))
        many = (rest - before) // B if width <= MOST_HELD and rest >= B + before else U(0)
        if count > 32 and many == 0:
            spread8(here, table, left, state, right, width)
        elif count > 16 and many == 0:
            spread4(here, table, left, state, right, width)
        elif count > 8 and many == 0:
            spread2(here, table, left, state, right, width)
        else:
            spread1(here, table, left, state, right, width)
        sent = pass_on(place, to, sent, first + before if many > 0 else first, apart)
        if many > 0:
            last = first + before + many * B - W
            run_on(place + sent * BYTES, table, U(LONG) * BYTES, before, state, right, further,
                   width, many, to + last * BYTES, apart)  # fmt: skip
            sent = last
        n += max(U(1), many)
        state += further * max(U(1), many)
    sent = pass_on(place, to, sent, U(times), apart)
    bring_rest(out, begin, line, begun, sent, U(times))
