"""What trials are held against: every patient of a large draw in every arm, and nobody leaves.

The same people, with the same errors, are put into each arm in turn, so that a difference between
arms carries little of the chance of who was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.evidence.virtual.checks import SCALES
from assuage.evidence.virtual.design import OutcomeName
from assuage.evidence.virtual.scores import Flags, World, people, responded, scores_in
from assuage.kinetics.exact import Array
from assuage.kinetics.population import normals

DRAWN = 65_536  # patients, shared out among the worlds
ROW = 512
TRUTH = "truth "


@dataclass(frozen=True, eq=False)
class Truth:
    """Means without drop-out, by outcome.

    means        (worlds, arms, visits)
    differences  (worlds, arms, visits) from the reference arm
    errors       (arms, visits) standard errors of the differences over all worlds
    responders   (worlds, arms, visits) shares
    """

    means: dict[OutcomeName, Array]
    differences: dict[OutcomeName, Array]
    errors: dict[OutcomeName, Array]
    responders: dict[OutcomeName, Array]


def truth_of(world: World, drawn: int = DRAWN) -> Truth:
    """Work out the truth of a design's pool."""
    design, worlds = world.design, world.pool.worlds
    per_world = max(drawn // (worlds * ROW), 1)
    rows = worlds * per_world
    in_world = np.repeat(np.arange(worlds), per_world)
    who = people(world, TRUTH, (rows, ROW), 0, in_world)
    reference = design.place(design.analysis.reference)
    truth = Truth({}, {}, {}, {})
    for name in design.outcomes:
        errors = np.stack(
            [
                normals(world.seed, f"{TRUTH}error {name}", rows * ROW, 0, 1 + visit)
                for visit in range(len(design.visits_d))
            ],
            axis=-1,
        ).reshape(rows, ROW, -1)
        errors *= design.outcome(name).visit_sd

        def scores_of(place: int, errors: Array = errors, name: OutcomeName = name) -> Array:
            scores = scores_in(world, name, who, np.full(ROW, place), null=False)
            scores += errors
            return np.clip(scores, *SCALES[name], out=scores)

        base = scores_of(reference)
        means, shares, spread = [], [], []
        for place in range(len(design.arm)):  # one at a time, since each takes much memory
            scores = scores_of(place)
            means.append(_by_world(scores, worlds))
            shares.append(_by_world(responded(design, name, who.measured[name], scores), worlds))
            scores -= base
            spread.append(scores.std(axis=(0, 1)) / np.sqrt(rows * ROW))
        truth.means[name] = np.stack(means, axis=1)
        truth.responders[name] = np.stack(shares, axis=1)
        truth.differences[name] = truth.means[name] - truth.means[name][:, [reference]]
        truth.errors[name] = np.stack(spread)
    return truth


def _by_world(values: Array | Flags, worlds: int) -> Array:
    """Return (worlds, visits) means of (rows, people, visits)."""
    found: Array = values.reshape(worlds, -1, values.shape[-1]).mean(axis=1)
    return found
