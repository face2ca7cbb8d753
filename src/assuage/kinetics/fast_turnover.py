"""`turnover.solve` for whole populations: compiled, in threads, into a buffer of the caller's.

The same scheme on the same mesh as the oracle. Patients are grouped by what decides the steps
and the sums: the mesh, whether gamma is a small whole number, and which rates are zero. Within
a group they go in tiles of 64, so that a patient's answer depends on nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics import turnover as oracle
from assuage.kinetics import turnover_plan as planning
from assuage.kinetics.exact import Array, Push, check
from assuage.kinetics.fast import CACHED_BYTES, in_threads, least_and_largest
from assuage.kinetics.pattern import Counts, pattern_of
from assuage.kinetics.points import has_kernels
from assuage.kinetics.turnover import TurnoverRates
from assuage.kinetics.turnover_plan import LANES, Stretches, whole

if TYPE_CHECKING:
    from assuage.kinetics.kernels.turnover import People

HIGH = 1e300  # in place of an infinite bound: times nothing it is nothing
FEW = 1 << 15  # groups that a short whole number still tells apart: those are sorted fastest


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
    least_and_largest(matrix, patients=0)
    shape = (len(matrix), len(times_h))
    if out is None:
        out = np.empty(shape)
    if out.shape != shape or out.dtype != np.float64 or not out.flags.carray:
        raise ValueError(f"the buffer must be a contiguous float64 array of {shape}")
    if not has_kernels():
        out[:] = oracle.solve(matrix, pushes, times_h, drive_weights, turnover, halvings=halvings)
        return out
    if out.size:

        def some(begin: int, end: int) -> None:
            mine = slice(begin, end)
            given = [replace(one, amount_mg=one.amount_mg[mine]) for one in pushes]
            _compiled(
                matrix[mine], given, times_h, drive_weights[mine], turnover.of(mine), halvings,
                out[mine],
            )  # fmt: skip

        in_threads(some, len(matrix), workers)
    return out


def _compiled(
    matrix: Array,
    pushes: Sequence[Push],
    times_h: Array,
    weights: Array,
    turnover: TurnoverRates,
    halvings: int,
    out: Array,
) -> None:
    from assuage.kinetics.kernels import turnover as kernels

    fine, bound = fineness(matrix, pushes, weights, turnover)
    kind = np.where((turnover.gamma <= 5.0) & (turnover.gamma % 1.0 == 0.0), turnover.gamma, 0.0)
    matrix, weights, bound = _widened(matrix, weights, bound)
    moves, seen = matrix != 0.0, weights > 0.0
    differing = [*_differing(moves), *_differing(seen)]
    reaching = _reaching(moves, seen, alike=not differing)
    course = planning.course(pushes, times_h)
    for some in _groups([*fine.T, kind, turnover.gain_change == 0.0, *differing]):
        one = some[0]
        first, longest, octave = fine[one]
        mesh = (2.0 ** (first - halvings), 2.0 ** (longest - halvings), int(octave) << halvings)
        places = _places(reaching[one])
        given = [push for push in pushes if push.state in places]
        flowing = [push for push in given if push.end_h is not None]
        targets = sorted({push.state for push in flowing})
        where = {int(place): n for n, place in enumerate(places)}
        pattern = pattern_of(
            moves[one][np.ix_(places, places)], [where[target] for target in targets]
        )
        shape = planning.shape(pattern, tuple(np.flatnonzero(seen[one, places])))
        padded = np.append(some, np.repeat(some[-1], -len(some) % LANES))
        stretches = planning.stretches(given, course.edges_h, where)
        plan = planning.plan(mesh, course, stretches)
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
        kernels.solve(
            0, len(padded) // LANES, plan, shape, people, rows, len(times_h), out.reshape(-1),
            out.nbytes > CACHED_BYTES,
        )  # fmt: skip


def fineness(
    matrix: Array,
    pushes: Sequence[Push],
    weights: Array,
    turnover: TurnoverRates,
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
    lasting = [kernels.AT_ONCE if one.end_h is None else one.end_h - one.start_h for one in pushes]
    acting = _acting(pushes)
    amounts = np.array([one.amount_mg for one in pushes], dtype=np.float64)
    kernels.measure(
        np.ascontiguousarray(matrix),
        np.ascontiguousarray(weights),
        turnover.c50,
        whole(sorted({one.state for one in pushes})),
        whole([one.state for one in pushes]),
        np.array(lasting, dtype=np.float64),
        whole([0, *np.cumsum([len(some) for some in acting])]),
        whole([number for some in acting for number in some]),
        amounts.reshape(len(pushes), len(matrix)),
        rise,
        peak,
        bound,
    )
    steep = turnover.gamma * (1.5 + np.log1p(peak / turnover.c50))
    longest = np.floor(np.log2(oracle.LARGEST_LOSS / loss))
    return np.column_stack([np.log2(rise), longest, oracle.per_octave(steep)]), bound


def _acting(pushes: Sequence[Push]) -> list[list[int]]:
    """Return, for each start, the pushes that act from then on: boluses, and what flows."""
    return [
        [
            n
            for n, one in enumerate(pushes)
            if (one.start_h == start if one.end_h is None else one.start_h <= start < one.end_h)
        ]
        for start in sorted({one.start_h for one in pushes})
    ]


def _differing(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the entries of a mask (patients, any ...) in which patients differ."""
    flat = mask.reshape(len(mask), -1)
    return [flat[:, n] for n in np.flatnonzero(flat.any(axis=0) & ~flat.all(axis=0))]


def _groups(columns: Sequence[Array | NDArray[np.bool_]]) -> list[Counts]:
    """Return the patients of each group: alike in every column of whole numbers."""
    key, kinds = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        low, high = int(column.min()), int(column.max())
        if low == high:
            continue
        if kinds * (high - low + 1) > FEW:
            held, key = np.unique(key, return_inverse=True)
            kinds = len(held)
        key = key * (high - low + 1) + (column.astype(np.int64) - low)
        kinds *= high - low + 1
    order = np.argsort(key.astype(np.int16) if kinds <= FEW else key, kind="stable")
    ends = np.flatnonzero(np.diff(key[order])) + 1
    return [np.asarray(one) for one in np.split(order, ends)]


def _reaching(
    moves: NDArray[np.bool_], seen: NDArray[np.bool_], *, alike: bool
) -> NDArray[np.bool_]:
    """Return (patients, m): the places from which drug can reach the drive, at least one."""
    found = seen[:1] if alike else seen
    ways = moves[:1] if alike else moves
    for _ in range(seen.shape[1]):
        found = found | (ways & found[:, :, None]).any(axis=1)
    found[~found.any(axis=1), 0] = True
    return np.broadcast_to(found, seen.shape)


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


def _people(
    matrix: Array,
    weights: Array,
    bound: Array,
    turnover: TurnoverRates,
    padded: Counts,
    places: Counts,
    pushes: Sequence[Push],
    stretches: Stretches,
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
    planes = np.empty((len(places), len(places), len(padded)))
    seen, bounds = (np.empty((len(places), len(padded))) for _ in range(2))
    for row, place in enumerate(places):
        np.divide(weights[:, place][padded], rates.c50, out=seen[row])
        np.minimum(bound[:, place][padded], HIGH, out=bounds[row])
        for column, source in enumerate(places):
            planes[row, column] = matrix[:, place, source][padded]
    return People(
        planes,
        seen,
        bounds,
        below,
        amounts,
        flows,
        kind,
        not rates.gain_change.any(),
        rates.gamma,
        rates.gain,
        rates.gain_change,
        rates.loss_per_h,
        rates.loss_change,
        rates.baseline,
    )
