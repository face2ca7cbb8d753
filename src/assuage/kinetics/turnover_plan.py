"""What `fast_turnover` tells its kernel: stretches between edges, steps, outputs, sums of products.

Nothing here depends on a patient's numbers, only on the schedule, the mesh and which rates are
zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics import turnover as oracle
from assuage.kinetics.exact import TIME_DECIMALS, Array, Push
from assuage.kinetics.pattern import Counts, Pattern
from assuage.kinetics.timetable import SAME_H, even

if TYPE_CHECKING:
    from assuage.kinetics.kernels.turnover import Plan, Shape

LANES = 64  # as in kernels.tile, which takes a third of a second to import


@dataclass(frozen=True)
class Course:
    """Edges and outputs, whatever the mesh.

    edges_h; length (stretches,): the place of a stretch's length in lengths_h; output_first
    (stretches + 1,); since_h (times,) after the edge before; stretch (times,), -1 at time zero;
    runs of outputs, and run_first (stretches + 1,), where each stretch's begin.
    """

    edges_h: tuple[float, ...]
    lengths_h: tuple[float, ...]
    length: Counts
    output_first: Counts
    since_h: Array
    stretch: Counts
    runs: tuple[tuple[int, int, float], ...]
    run_first: Counts


def course(pushes: Sequence[Push], times_h: Array) -> Course:
    """Return the edges, where something starts or ends, and the outputs between them."""
    last_h = float(times_h[-1])
    edges = {0.0, last_h, *(one.start_h for one in pushes)}
    edges |= {one.end_h for one in pushes if one.end_h is not None}
    edges_h = sorted(edge for edge in edges if edge <= last_h)
    keys: dict[float, int] = {}
    lengths_h: list[float] = []
    length = []
    for start, end in pairwise(edges_h):
        key = round(end - start, TIME_DECIMALS)
        if key not in keys:
            keys[key] = len(lengths_h)
            lengths_h.append(end - start)
        length.append(keys[key])
    output_first = np.searchsorted(times_h, edges_h, side="right")
    stretch = np.repeat(np.arange(-1, len(length)), np.diff(output_first, prepend=0))
    since_h = times_h - np.array([0.0, *edges_h])[stretch + 1]
    runs: list[tuple[int, int, float]] = []
    run_first = [0]
    for begin, end in pairwise(output_first.tolist()):
        runs += _runs(times_h, slice(begin, end))
        run_first.append(len(runs))
    return Course(
        tuple(edges_h),
        tuple(lengths_h),
        whole(length),
        whole(output_first),
        since_h,
        stretch,
        tuple(runs),
        whole(run_first),
    )


@dataclass(frozen=True)
class Stretches:
    """What enters between edges: boluses at the start and a pattern of pushes that flow."""

    bolus_first: list[int]
    boluses: list[Push]
    bolus_place: list[int]
    flow: list[int]
    patterns: list[tuple[int, ...]]


def stretches(pushes: Sequence[Push], edges_h: Sequence[float], where: dict[int, int]) -> Stretches:
    """Return what enters between edges, state where[n] being the n-th state's place."""
    boluses: list[Push] = []
    first, flow = [0], []
    patterns: dict[tuple[int, ...], int] = {}
    for start, end in pairwise(edges_h):
        boluses += [one for one in pushes if one.end_h is None and one.start_h == start]
        first.append(len(boluses))
        middle = (start + end) / 2.0
        flowing = tuple(
            n
            for n, one in enumerate(pushes)
            if one.end_h is not None and one.start_h <= middle < one.end_h
        )
        flow.append(patterns.setdefault(flowing, len(patterns)) if flowing else -1)
    return Stretches(first, boluses, [where[one.state] for one in boluses], flow, list(patterns))


def plan(steps: tuple[float, float, int], course: Course, entering: Stretches) -> Plan:
    """Return the steps of a mesh (see `turnover.mesh`) along a course, and its outputs."""
    from assuage.kinetics.kernels.turnover import Plan
    from assuage.kinetics.kernels.turnover_step import SHORT

    meshes = [oracle.mesh(length_h, *steps) for length_h in course.lengths_h]
    powers = [np.array(one.powers) for one in meshes]
    highest = np.array([one.max() for one in powers])
    edges_h = np.array(course.edges_h)
    since, place = course.since_h, np.zeros(len(course.since_h))
    step, at_end = whole(np.zeros(len(since))), whole(np.zeros(len(since)))
    of_length = course.length[course.stretch] if len(course.length) else course.stretch
    for number, found in enumerate(meshes):
        some = np.flatnonzero((of_length == number) & (course.stretch >= 0))
        step[some], at_end[some], place[some] = _outputs(found, powers[number], since[some])
    run_start, run_end, run_h = zip(*course.runs, strict=True) if course.runs else ((), (), ())
    return Plan(
        np.array([one.unit_h for one in meshes]),
        whole([(1 << one).sum() for one in powers]),
        whole([0, *np.cumsum([len(one) for one in powers])]),
        whole(np.concatenate(powers)) if powers else whole([]),
        whole([0, *np.cumsum(highest + 3)]),
        whole([np.floor(np.log2(steps[1] / SHORT / one.unit_h)) for one in meshes]),
        course.length,
        np.diff(edges_h),
        whole(entering.flow),
        course.output_first,
        whole(entering.bolus_first),
        whole(entering.bolus_place),
        course.run_first,
        whole(run_start),
        whole(run_end),
        np.array(run_h, dtype=np.float64),
        step,
        at_end,
        np.concatenate(oracle.between(place), axis=1),
        since,
    )


def whole(values: object) -> Counts:
    """Return an array of whole numbers."""
    return np.array(values, dtype=np.int64)


def _outputs(
    found: oracle.Mesh, powers: Counts, since: Array
) -> tuple[Counts, NDArray[np.bool_], Array]:
    """Return which step each output falls in, whether at its end, and its place there, 0 to 1."""
    edges_h = np.append(0, np.cumsum(1 << powers)) * found.unit_h
    step = np.searchsorted(edges_h[1:-1], since, side="left")
    end_h = edges_h[step + 1]
    return (
        step,
        np.abs(end_h - since) <= SAME_H,
        (since - edges_h[step]) / (end_h - edges_h[step]),
    )


def _runs(times_h: Array, some: slice) -> list[tuple[int, int, float]]:
    """Return runs of outputs: first, end and spacing, 0 where they lie unevenly."""
    found: list[tuple[int, int, float]] = []
    here = some.start
    while here < some.stop:
        count = even(times_h[here : some.stop])
        step = float(times_h[here + count - 1] - times_h[here]) / (count - 1) if count > 1 else 0.0
        if count == 1 and found and found[-1][2] == 0.0:
            found[-1] = (found[-1][0], here + 1, 0.0)
        else:
            found.append((here, here + count, step))
        here += count
    return found


def shape(pattern: Pattern, seen: tuple[int, ...]) -> Shape:
    """Return what the kernel sums, by a pattern of rates and the places that drive."""
    from assuage.kinetics.kernels.turnover import Shape

    size, every = pattern.size, len(pattern.slot)
    rows, columns = np.nonzero(pattern.slot[:size] >= 0)
    move_first, move_terms = _terms(pattern.slot[:size, :size], 1)
    row_first, row_terms = _terms(pattern.slot.T, 3)
    drives = list(seen or (0,))
    seen_first, seen_terms = _terms(pattern.slot[drives].T, 1)
    seen_terms = [(slot, drives[place]) for slot, place in seen_terms]
    program, still = _program(pattern)
    pack = [
        (_dense(size, every, int(r), int(c)), int(pattern.slot[r, c]))
        for r, c in zip(rows, columns, strict=True)
    ]
    numbers = [np.array(one, dtype=np.uint64) for one in (pack, move_terms, row_terms, seen_terms)]
    packed, moved, carried, drawn = (one.reshape(-1, 2) * np.uint64(LANES) for one in numbers)
    lanes = np.uint64(LANES)
    return Shape(
        pattern.first.astype(np.uint64),
        pattern.left.astype(np.uint64) * lanes,
        pattern.right.astype(np.uint64) * lanes,
        pattern.diagonal.astype(np.uint64) * lanes,
        rows,
        columns,
        pattern.slot[rows, columns],
        np.array([pattern.slot[n, size + k] for k, n in enumerate(pattern.entering)], dtype=int),
        move_first,
        np.ascontiguousarray(moved[:, 1]),
        np.ascontiguousarray(moved[:, 0]),
        program,
        still,
        np.ascontiguousarray(packed[:, 0]),
        np.ascontiguousarray(packed[:, 1]),
        row_first,
        np.ascontiguousarray(carried[:, 1]),
        np.ascontiguousarray(carried[:, 0]),
        seen_first,
        np.ascontiguousarray(drawn[:, 1]),
        np.ascontiguousarray(drawn[:, 0]),
        np.array(drives, dtype=np.uint64),
        np.arange(size, dtype=np.uint64),
    )


def _terms(slots: Counts, times: int) -> tuple[NDArray[np.uint64], list[tuple[int, int]]]:
    """Return where each row's terms begin, and the terms: slot, and place times `times`."""
    first, terms = [0], []
    for row in slots:
        terms += [(int(slot), times * place) for place, slot in enumerate(row) if slot >= 0]
        first.append(len(terms))
    return np.array(first, dtype=np.uint64), terms


def _dense(size: int, every: int, row: int, column: int) -> int:
    """Return where an entry stands in a step's table: after the drive, rows go by four."""
    fours = size // 4 * 4
    if row < fours:
        return every * (3 + row // 4 * 4) + column * 4 + row % 4
    return every * (3 + row) + column


def _program(pattern: Pattern) -> tuple[NDArray[np.uint64], int]:
    """Return the blocks of a step, first without and then with infusions, and the first's length.

    Columns go by four as far as places go, then one by one; a block of zeros is left out.
    """
    from assuage.kinetics.kernels import sums as kernels

    size, every = pattern.size, len(pattern.slot)
    fours = size // 4 * 4
    groups = [(0, 3, 0, kernels.SET_DRIVE)]
    groups += [(row, 4, row, kernels.SET_FOUR) for row in range(0, fours, 4)]
    groups += [(row, 1, row, kernels.SET_ONE) for row in range(fours, size)]
    program, lengths = [], []
    for most in (size, every):
        for row, height, target, what in groups:
            drive = what == kernels.SET_DRIVE
            base = 0 if drive else _dense(size, every, row, 0)
            widths = [*((column, 4) for column in range(0, fours, 4))]
            widths += [(column, 1) for column in range(fours, most)]
            for number, (column, width) in enumerate(widths):
                block = pattern.slot[row : row + height, column : column + width]
                if number and not drive and (block < 0).all():
                    continue
                kind = what + (2 if width == 1 else 1 if number else 0)
                program.append(
                    (kind, target * LANES, (base + column * height) * LANES, column * LANES)
                )
        lengths.append(len(program))
    return np.array(program, dtype=np.uint64), lengths[0]
