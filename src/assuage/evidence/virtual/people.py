"""The people that trials draw from: bodies, kinetics and what the drug does to them, drawn once.

A pool of some thousand people stands for the population. Its kinetics are solved once, in bulk,
and every trial draws its patients from it, so that the truth that trials are held against is known
for exactly these people. Where the published numbers themselves are uncertain, the pool falls into
worlds: in each, the numbers are one draw by their standard errors, and a trial happens in one.

What varies between people: body, kinetics, whether they respond, scores before the course, and
what the design assumes. What is uncertain about the published numbers varies between worlds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.evidence.virtual.design import Design, Spread
from assuage.kinetics import portable
from assuage.kinetics.exact import Array
from assuage.kinetics.population import log_sd, normals, uniforms
from assuage.kinetics.structure import Cohort, base_factor
from assuage.knowledge import library
from assuage.knowledge.schema.effect import PainEffect
from assuage.knowledge.schema.facts import Number

POOL = 4096
WORLDS = 32  # where published numbers are uncertain; a pool is shared out among them


@dataclass(frozen=True, eq=False)
class Pool:
    """People of all worlds, world after world; shapes (people,) unless said otherwise.

    responds, responds_to_placebo  exact shares of each world, of one order: where fewer respond
                                   to placebo than to the drug, they respond to both
    c50_ng_per_ml, rate_per_h      of the slow effect on pain
    """

    worlds: int
    cohort: Cohort
    responds: Array
    responds_to_placebo: Array
    c50_ng_per_ml: Array
    rate_per_h: Array

    @property
    def weight_kg(self) -> Array:
        """Body weights."""
        assert self.cohort.weight_kg is not None
        return self.cohort.weight_kg

    @property
    def size(self) -> int:
        """How many people there are."""
        return len(self.responds)

    @property
    def of_a_world(self) -> int:
        """How many people a world has."""
        return self.size // self.worlds


def between(spread: Spread, numbers: Array) -> Array:
    """Return a cut-off normal's quantiles at uniforms inside (0, 1), any shape."""
    if spread.low is None and spread.high is None:
        return spread.mean + spread.sd * portable.normal_quantile(numbers)
    from scipy.special import ndtr

    low, high = (
        default if end is None else float(ndtr((end - spread.mean) / spread.sd))
        for end, default in ((spread.low, 0.0), (spread.high, 1.0))
    )
    inside = low + (high - low) * numbers
    return spread.mean + spread.sd * portable.normal_quantile(inside)


def pain_effect() -> PainEffect:
    """Return the effect on pain that this library has."""
    found = library.effect("dahan-2011-crps-pain").pain
    assert found is not None
    return found


def pool_of(design: Design, seed: int, size: int = POOL) -> Pool:
    """Draw the people of a design; the same seed gives the same people."""
    worlds = WORLDS if design.uncertainty == "published" else 1
    if size % worlds:
        raise ValueError(f"{size} people can't be shared out among {worlds} worlds")
    effect = pain_effect()
    cohort = Cohort(  # weighed to 0.1 kg, so that few weights need a schedule
        between(design.population.weight, uniforms(seed, "virtual weight", size)).round(1),
        between(design.population.age, uniforms(seed, "virtual age", size)),
    )
    half_life = _world(effect.half_life.value, effect.half_life_se.value, seed, "half-life", worlds)
    c50 = _world(effect.c50.value, effect.c50_se.value, seed, "c50", worlds)
    share = _share(effect.responders, effect.responders_se, seed, "responders", worlds)
    placebo = _share(
        effect.placebo_responders, effect.placebo_responders_se, seed, "placebo", worlds
    )
    cv = {"c50": 0.0, "half-life": 0.0}
    if design.pain is not None:
        if design.pain.placebo_share is not None:
            placebo[:] = design.pain.placebo_share.value
        for name, one in (("c50", design.pain.c50_cv), ("half-life", design.pain.half_life_cv)):
            cv[name] = 0.0 if one is None else one.value
    of_a_world = size // worlds
    # Ranks within a world make each share exact, so that no world has more luck than another.
    chance = uniforms(seed, "virtual responds", size).reshape(worlds, of_a_world)
    rank = (chance.argsort(axis=1).argsort(axis=1) + 0.5) / of_a_world
    half_lives = _own(half_life, cv["half-life"], seed, "half-life", size)
    return Pool(
        worlds,
        cohort,
        (rank < share[:, None]).astype(float).reshape(-1),
        (rank < placebo[:, None]).astype(float).reshape(-1),
        _own(c50, cv["c50"], seed, "c50", size),
        np.log(2.0) / (half_lives * base_factor(effect.half_life.unit)),
    )


def _world(mean: float, se: float, seed: int, name: str, worlds: int) -> Array:
    """Return (worlds,) values: the published one, or draws by its standard error."""
    if worlds == 1:
        return np.array([mean])
    return mean * np.exp(log_sd(mean, se) * normals(seed, f"world {name}", worlds))


def _share(published: Number, se: Number, seed: int, name: str, worlds: int) -> Array:
    """Return (worlds,) shares; drawn on the scale of log odds, so that they stay shares."""
    mean = published.value
    if worlds == 1:
        return np.array([mean])
    size = se.value / (mean * (1.0 - mean))
    odds = np.log(mean / (1.0 - mean)) + size * normals(seed, f"world {name}", worlds)
    share: Array = 1.0 / (1.0 + np.exp(-odds))
    return share


def _own(of_world: Array, cv: float, seed: int, name: str, size: int) -> Array:
    """Return (size,) values of people around their world's."""
    values = np.repeat(of_world, size // len(of_world))
    if cv == 0.0:
        return values
    return values * np.exp(log_sd(1.0, cv) * normals(seed, f"virtual {name}", size))
