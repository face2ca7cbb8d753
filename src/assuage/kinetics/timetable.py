"""Doses and times as the few moves that every patient of a population makes alike.

Between two events the state only has to be moved by exp(A d); where outputs lie evenly, 64 of
them are one block. Which moves those are is the same for all patients and worked out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array, Push

BOLUS, FLOW, SPAN, RUN = 0, 1, 2, 3
NO_FLOW = -1
ONE_POINT = -1  # a run of a single output needs no table
SHORTEST_RUN = 12  # fewer even outputs are cheaper one by one
MOST_STEPS = 2**16  # at once: each step adds a rounding, and beyond this a span of its own is quick
SAME_H = 1e-12  # times this close are one time; beyond 500 h, four units in the last place
ULPS = 4.0 * np.finfo(float).eps

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Timetable:
    """Moves (n, 5): kind, then what it needs.

    BOLUS number; FLOW pattern or NO_FLOW; SPAN number; RUN table or ONE_POINT, outputs, first
    output, steps to go on to (-1: nothing follows).

    targets   places that infusions enter
    flows     for each pattern, the pushes that flow
    boluses   pushes given at once
    span_h    (spans,) lengths; table_h (tables,) spacings
    """

    moves: Counts
    targets: tuple[int, ...]
    flows: tuple[tuple[int, ...], ...]
    boluses: tuple[int, ...]
    span_h: Array
    table_h: Array


@dataclass
class _Draft:
    moves: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    flows: dict[tuple[int, ...], int] = field(default_factory=dict)
    boluses: list[int] = field(default_factory=list)
    spans: list[float] = field(default_factory=list)
    tables: list[float] = field(default_factory=list)

    def span(self, length_h: float) -> None:
        if length_h <= SAME_H:
            return
        known = [n for n, one in enumerate(self.spans) if abs(one - length_h) <= SAME_H]
        if not known:
            self.spans.append(length_h)
        self.moves.append((SPAN, known[0] if known else len(self.spans) - 1, 0, 0, 0))

    def table(self, step_h: float, count: int) -> int:
        for number, one in enumerate(self.tables):
            if abs(one - step_h) * count <= SAME_H:
                return number
        self.tables.append(step_h)
        return len(self.tables) - 1


def timetable(pushes: Sequence[Push], times_h: Array) -> Timetable:
    """Return the moves for these pushes and times; both are taken as checked."""
    last = float(times_h[-1]) if len(times_h) else 0.0
    edges = {0.0, *(one.start_h for one in pushes)}
    edges |= {one.end_h for one in pushes if one.end_h is not None}
    grid = [*sorted(edge for edge in edges if edge <= last), np.inf]
    places = np.searchsorted(times_h, grid)
    draft = _Draft()
    for number, start in enumerate(grid[:-1]):
        end = grid[number + 1]
        for place, push in enumerate(pushes):
            if push.end_h is None and push.start_h == start:
                draft.moves.append((BOLUS, len(draft.boluses), 0, 0, 0))
                draft.boluses.append(place)
        flowing = tuple(
            place
            for place, one in enumerate(pushes)
            if one.end_h is not None and one.start_h <= start < one.end_h
        )
        pattern = draft.flows.setdefault(flowing, len(draft.flows)) if flowing else NO_FLOW
        draft.moves.append((FLOW, pattern, 0, 0, 0))
        first, after = int(places[number]), int(places[number + 1])
        _segment(draft, start, end, times_h[first:after], first)
    return Timetable(
        np.array(draft.moves, dtype=np.int64).reshape(-1, 5),
        tuple(sorted({one.state for one in pushes if one.end_h is not None})),
        tuple(draft.flows),
        tuple(draft.boluses),
        np.array(draft.spans),
        np.array(draft.tables),
    )


def _segment(draft: _Draft, start: float, end: float, times_h: Array, first: int) -> None:
    """Lay out one stretch between events: outputs in even runs, then on to its end."""
    here, done = start, 0
    while done < len(times_h):
        draft.span(float(times_h[done]) - here)
        here = float(times_h[done])
        count = even(times_h[done:])
        step = (float(times_h[done + count - 1]) - here) / (count - 1) if count > 1 else 0.0
        if count < SHORTEST_RUN:
            draft.moves.append((RUN, ONE_POINT, 1, first + done, 0))
            done += 1
            continue
        final = done + count == len(times_h)
        steps = _steps_on(here, step, count, end) if final else count - 1
        table = draft.table(step, max(count, steps))
        draft.moves.append((RUN, table, count, first + done, steps))
        done += count
        here = end if steps == -1 else here + step * steps
        if steps >= count:
            here = end
    if np.isfinite(end):
        draft.span(end - here)


def _steps_on(here: float, step: float, count: int, end: float) -> int:
    """Return how many steps lead to the end of the stretch, or to the run's last output."""
    if not np.isfinite(end):
        return -1
    steps = round((end - here) / step)
    on_grid = abs(here + steps * step - end) <= max(SAME_H, ULPS * end)
    return steps if on_grid and steps <= max(MOST_STEPS, count) else count - 1


def even(times_h: Array) -> int:
    """Return how many of the first times lie evenly."""
    if len(times_h) < SHORTEST_RUN:
        return 1
    close = max(SAME_H, ULPS * float(times_h[-1]))
    gaps = np.diff(times_h)
    uneven = np.nonzero(np.abs(gaps - gaps[0]) > 2.0 * close)[0]
    count = int(uneven[0]) + 1 if len(uneven) else len(times_h)
    while count >= SHORTEST_RUN:
        part = times_h[:count]
        line = part[0] + (part[-1] - part[0]) / (count - 1) * np.arange(count)
        if (np.abs(part - line) <= close).all():
            return count
        count //= 2
    return 1


def with_jumps(table: Timetable) -> tuple[Counts, Counts]:
    """Return the moves with each run's steps replaced by the number of a jump, and the jumps.

    Jumps (n, 2): table, steps. -1: nothing follows, or nothing moves.
    """
    moves, jumps = table.moves.copy(), dict[tuple[int, int], int]()
    for move in moves[moves[:, 0] == RUN]:
        if move[1] != ONE_POINT and move[4] > 0:
            jumps.setdefault((int(move[1]), int(move[4])), len(jumps))
    for number in np.nonzero(moves[:, 0] == RUN)[0]:
        key = (int(moves[number, 1]), int(moves[number, 4]))
        moves[number, 4] = jumps.get(key, -1)
    return moves, np.array(list(jumps), dtype=np.int64).reshape(-1, 2)
