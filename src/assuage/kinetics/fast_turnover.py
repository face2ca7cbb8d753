"""`turnover.solve` for whole populations: compiled, in threads, into a buffer of the caller's.

The same scheme on the same mesh as the oracle. Patients are grouped by what decides the steps
and the sums: the mesh, whether gamma is a small whole number, and which rates are zero. Within
a group they go in tiles of 64, so that a patient's answer depends on nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics import turnover as oracle
from assuage.kinetics.exact import TIME_DECIMALS, Array, Push, check
from assuage.kinetics.fast import share
from assuage.kinetics.pattern import Counts, Pattern, pattern_of
from assuage.kinetics.points import has_kernels
from assuage.kinetics.timetable import SAME_H, even
from assuage.kinetics.turnover import TurnoverRates

if TYPE_CHECKING:
    from assuage.kinetics.kernels.turnover import People, Plan, Shape

LANES = 64  # as in kernels.tile, which takes a third of a second to import
HIGH = 1e300  # in place of an infinite bound: times nothing it is nothing


def solve(
    matrix: Array,
    pushes: Sequence[Push],
    times_h: Array,
    drive_weights: Array,
    turnover: TurnoverRates,
    *,
    halvings: int = 0,
    workers: int = 1,
    out: Array | None = None,
) -> Array:
    """Solve as `turnover.solve` does and return R (patients, times).

    out, a buffer of the result's shape, is written and returned; `workers` threads share the
    patients. Raises ValueError as `turnover.solve` does, and on a buffer that can't be used.
    """
    check(pushes, times_h, matrix.shape[1])
    oracle.check_rates(drive_weights, turnover)
    _check_matrix(matrix)
    shape = (len(matrix), len(times_h))
    if out is None:
        out = np.empty(shape)
    if out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise ValueError(f"the buffer must be a contiguous float64 array of {shape}")
    if not has_kernels():
        out[:] = oracle.solve(matrix, pushes, times_h, drive_weights, turnover, halvings=halvings)
        return out
    if out.size:
        _compiled(matrix, pushes, times_h, drive_weights, turnover, halvings, workers, out)
    return out


def _check_matrix(matrix: Array) -> None:
    """Raise ValueError where a matrix moves drug at no rate that can be."""
    low = matrix.min(axis=0, initial=0.0)
    between = ~np.eye(matrix.shape[1], dtype=bool)
    finite = np.isfinite(low).all() and np.isfinite(matrix.max(axis=0, initial=0.0)).all()
    if not (finite and (low[between] >= 0.0).all()):  # a NaN comes through both
        raise ValueError("not a compartment matrix")


def _compiled(
    matrix: Array,
    pushes: Sequence[Push],
    times_h: Array,
    weights: Array,
    turnover: TurnoverRates,
    halvings: int,
    workers: int,
    out: Array,
) -> None:
    from assuage.kinetics.kernels import turnover as kernels

    fine, bound = fineness(matrix, pushes, weights, turnover, workers)
    kind = np.where((turnover.gamma <= 5.0) & (turnover.gamma % 1.0 == 0.0), turnover.gamma, 0.0)
    matrix, weights, bound = _widened(matrix, weights, bound)
    reaching = _reaching(matrix, weights)
    jobs = []
    for some in _groups([*fine.T, kind], [matrix != 0.0, weights > 0.0]):
        one = some[0]
        first, longest, octave = fine[one]
        mesh = (2.0 ** (first - halvings), 2.0 ** (longest - halvings), int(octave) << halvings)
        places = _places(reaching[one])
        given = [push for push in pushes if push.state in places]
        edges = _edges(pushes, float(times_h[-1]))
        flowing = [one for one in given if one.end_h is not None]
        targets = sorted({push.state for push in flowing})
        where = {int(place): n for n, place in enumerate(places)}
        pattern = pattern_of(
            matrix[one][np.ix_(places, places)] != 0.0, [where[one] for one in targets]
        )
        shape = _shape(pattern, tuple(np.flatnonzero(weights[one, places] > 0.0)))
        padded = np.append(some, np.repeat(some[-1], -len(some) % LANES))
        stretches = _stretches(given, edges, where)
        plan = _plan(mesh, edges, stretches, times_h)
        people = _people(
            matrix,
            weights,
            bound,
            turnover,
            padded,
            places,
            given,
            stretches,
            targets,
            int(kind[one]),
        )
        rows = np.where(np.arange(len(padded)) < len(some), padded, -1)
        jobs.append((len(padded) // LANES, plan, shape, people, rows))
    parts = [
        (begin, end, *rest)
        for tiles, *rest in jobs
        for begin, end in pairwise([tiles * n // workers for n in range(workers + 1)])
        if end > begin
    ]
    kernel: Callable[..., None] = kernels.solve
    if workers == 1:
        for part in parts:
            kernel(*part, len(times_h), out.reshape(-1))
        return
    with ThreadPoolExecutor(workers) as pool:
        runs = [pool.submit(kernel, *part, len(times_h), out.reshape(-1)) for part in parts]
        for run in runs:
            run.result()


def fineness(
    matrix: Array,
    pushes: Sequence[Push],
    weights: Array,
    turnover: TurnoverRates,
    workers: int = 1,
) -> tuple[Array, Array]:
    """Return what `turnover.fineness` and `turnover.falling_bound` do, compiled."""
    from assuage.kinetics.kernels import fineness as kernels

    fastest = np.abs(np.diagonal(matrix, axis1=1, axis2=2) - oracle.LEAK_PER_H).max(axis=1)
    loss = turnover.loss_per_h * (1.0 + np.maximum(turnover.loss_change, 0.0))
    first = oracle.FASTEST_FIRST / (fastest * np.maximum(turnover.gamma, 1.0))
    rough = turnover.gamma != np.round(turnover.gamma)
    change = np.maximum(turnover.gain_change, turnover.loss_change)
    quickest = turnover.loss_per_h * (1.0 + np.maximum(change, 0.0))
    first = np.where(rough, np.minimum(first, oracle.POWER_FIRST / quickest), first)
    rise = 2.0 ** np.floor(np.log2(first))
    peak, bound = np.empty(len(matrix)), np.empty(weights.shape)
    ends = [kernels.AT_ONCE if one.end_h is None else one.end_h for one in pushes]
    amounts = np.array([one.amount_mg for one in pushes], dtype=np.float64)
    rest = (
        np.ascontiguousarray(matrix),
        np.ascontiguousarray(weights),
        turnover.c50,
        np.array([one.state for one in pushes], dtype=np.int64),
        np.array([one.start_h for one in pushes], dtype=np.float64),
        np.array(ends, dtype=np.float64),
        amounts.reshape(len(pushes), len(matrix)),
        rise,
        peak,
        bound,
    )
    share(kernels.measure, len(matrix), workers, rest)
    steep = turnover.gamma * (1.5 + np.log1p(peak / turnover.c50))
    octave = 2.0 ** np.ceil(np.log2(np.maximum(oracle.FEWEST, steep / oracle.SHARPNESS)))
    longest = np.floor(np.log2(oracle.LARGEST_LOSS / loss))
    return np.column_stack([np.log2(rise), longest, octave]), bound


def _groups(values: Sequence[Array], masks: Sequence[NDArray[np.bool_]]) -> list[Counts]:
    """Return the patients of each group: alike in every value and every mask."""
    patients = len(values[0])
    columns: list[NDArray[np.generic]] = list(values)
    for mask in masks:
        flat = mask.reshape(patients, -1)
        columns += [one for one in flat.T if one.min() != one.max()]
    group = np.zeros(patients, dtype=np.int64)
    for column in columns:
        if (column == column[0]).all():
            continue
        _, number = np.unique(column, return_inverse=True)
        _, group = np.unique(group * (number.max() + 1) + number, return_inverse=True)
    order = np.argsort(group, kind="stable")
    ends = np.flatnonzero(np.diff(group[order])) + 1
    return [np.asarray(one) for one in np.split(order, ends)]


def _reaching(matrix: Array, weights: Array) -> NDArray[np.bool_]:
    """Return (patients, m): the places from which drug can reach the drive, at least one."""
    seen, moves = weights > 0.0, matrix > 0.0
    alike = bool((seen == seen[:1]).all() and (moves == moves[:1]).all())
    found: NDArray[np.bool_] = seen[:1] if alike else seen
    moves = moves[:1] if alike else moves
    for _ in range(matrix.shape[-1]):
        found = found | (moves & found[:, :, None]).any(axis=1)
    found[~found.any(axis=1), 0] = True
    return np.broadcast_to(found, weights.shape)


def _widened(matrix: Array, weights: Array, bound: Array) -> tuple[Array, Array, Array]:
    """Add empty places up to four, the least that the kernel takes."""
    more = max(0, 4 - matrix.shape[-1])
    if not more:
        return matrix, weights, bound
    wide = np.pad(matrix, ((0, 0), (0, more), (0, more)))
    return wide, np.pad(weights, ((0, 0), (0, more))), np.pad(bound, ((0, 0), (0, more)))


def _places(reaching: NDArray[np.bool_]) -> Counts:
    """Return the places that matter, and others that make them four."""
    found = np.flatnonzero(reaching)
    return np.sort(np.append(found, np.flatnonzero(~reaching)[: max(0, 4 - len(found))]))


def _edges(pushes: Sequence[Push], last_h: float) -> list[float]:
    edges = {0.0, last_h, *(one.start_h for one in pushes)}
    edges |= {one.end_h for one in pushes if one.end_h is not None}
    return sorted(edge for edge in edges if edge <= last_h)


@dataclass(frozen=True)
class _Stretches:
    """What enters between edges: boluses at the start and a pattern of pushes that flow."""

    bolus_first: list[int]
    boluses: list[Push]
    bolus_place: list[int]
    flow: list[int]
    patterns: list[tuple[int, ...]]


def _stretches(pushes: Sequence[Push], edges: Sequence[float], where: dict[int, int]) -> _Stretches:
    boluses: list[Push] = []
    first, flow = [0], []
    patterns: dict[tuple[int, ...], int] = {}
    for start, end in pairwise(edges):
        boluses += [one for one in pushes if one.end_h is None and one.start_h == start]
        first.append(len(boluses))
        middle = (start + end) / 2.0
        flowing = tuple(
            n
            for n, one in enumerate(pushes)
            if one.end_h is not None and one.start_h <= middle < one.end_h
        )
        flow.append(patterns.setdefault(flowing, len(patterns)) if flowing else -1)
    return _Stretches(first, boluses, [where[one.state] for one in boluses], flow, list(patterns))


def _people(
    matrix: Array,
    weights: Array,
    bound: Array,
    turnover: TurnoverRates,
    padded: Counts,
    places: Counts,
    pushes: Sequence[Push],
    stretches: _Stretches,
    targets: Sequence[int],
    kind: int,
) -> People:
    from assuage.kinetics.kernels.turnover import People

    flows = np.zeros((len(stretches.patterns), len(targets), len(padded)))
    for row, pattern in enumerate(stretches.patterns):
        for number in pattern:
            one = pushes[number]
            assert one.end_h is not None
            rate = one.amount_mg[padded] / (one.end_h - one.start_h)
            flows[row, targets.index(one.state)] += rate
    amounts = np.zeros((len(stretches.boluses), len(padded)))
    for row, one in enumerate(stretches.boluses):
        amounts[row] = one.amount_mg[padded]
    rates = turnover.of(padded)
    change = np.maximum(np.abs(rates.gain_change), np.abs(rates.loss_change))
    with np.errstate(divide="ignore"):
        below = rates.c50 * (oracle.QUIET / change) ** (1.0 / rates.gamma)
    seen = weights[np.ix_(padded, places)] / rates.c50[:, None]
    return People(
        np.ascontiguousarray(matrix[padded].transpose(1, 2, 0)[np.ix_(places, places)]),
        np.ascontiguousarray(seen.T),
        np.ascontiguousarray(np.minimum(bound[np.ix_(padded, places)].T, HIGH)),
        below,
        amounts,
        flows,
        kind,
        rates.gamma,
        rates.gain,
        rates.gain_change,
        rates.loss_per_h,
        rates.loss_change,
        rates.baseline,
    )


def _shape(pattern: Pattern, seen: tuple[int, ...]) -> Shape:
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


def _plan(
    steps: tuple[float, float, int],
    edges: Sequence[float],
    stretches: _Stretches,
    times_h: Array,
) -> Plan:
    from assuage.kinetics.kernels.turnover import Plan
    from assuage.kinetics.kernels.turnover_step import SHORT

    keys: dict[float, int] = {}
    meshes: list[oracle.Mesh] = []
    length, length_h = [], []
    output_first = [int(np.searchsorted(times_h, 0.0, side="right"))]
    step, at_end = np.zeros(len(times_h), dtype=np.int64), np.zeros(len(times_h), dtype=np.int64)
    place, since = np.zeros(len(times_h)), np.zeros(len(times_h))
    runs, run_first = [], [0]
    for start, end in pairwise(edges):
        key = round(end - start, TIME_DECIMALS)
        if key not in keys:
            keys[key] = len(meshes)
            meshes.append(oracle.mesh(end - start, *steps))
        found = meshes[keys[key]]
        length.append(keys[key])
        length_h.append(end - start)
        some = slice(output_first[-1], int(np.searchsorted(times_h, end, side="right")))
        since[some] = times_h[some] - start
        place[some] = _outputs(found, since[some], step[some], at_end[some])
        output_first.append(some.stop)
        runs += _runs(times_h, some)
        run_first.append(len(runs))
    powers = [np.array(one.powers) for one in meshes]
    highest = np.array([one.max() for one in powers])
    run_start, run_end, run_h = zip(*runs, strict=True) if runs else ((), (), ())
    return Plan(
        np.array([one.unit_h for one in meshes]),
        _whole([(1 << one).sum() for one in powers]),
        _whole([0, *np.cumsum([len(one) for one in powers])]),
        _whole(np.concatenate(powers)) if powers else _whole([]),
        _whole([0, *np.cumsum(highest + 3)]),
        _whole([np.floor(np.log2(steps[1] / SHORT / one.unit_h)) for one in meshes]),
        _whole(length),
        np.array(length_h),
        _whole(stretches.flow),
        _whole(output_first),
        _whole(stretches.bolus_first),
        _whole(stretches.bolus_place),
        _whole(run_first),
        _whole(run_start),
        _whole(run_end),
        np.array(run_h, dtype=np.float64),
        step,
        at_end,
        np.concatenate(oracle.between(place), axis=1),
        since,
    )


def _whole(values: object) -> Counts:
    return np.array(values, dtype=np.int64)


def _outputs(found: oracle.Mesh, since: Array, step: Counts, at_end: Counts) -> Array:
    """Fill in which step each output falls in; return its place there, 0 to 1."""
    units = np.array([0, *np.cumsum([1 << power for power in found.powers])])
    edges_h = units * found.unit_h
    step[:] = np.searchsorted(edges_h[1:-1], since, side="left")
    at_end[:] = np.abs(edges_h[step + 1] - since) <= SAME_H
    where: Array = (since - edges_h[step]) / (edges_h[step + 1] - edges_h[step])
    return where


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
