"""Says in words what a fit is worth: whether data contradict the model, or say little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assuage.kinetics.individual.belief import Belief, Oddness
from assuage.knowledge.library import assumed
from assuage.knowledge.schema.model import Model
from assuage.units import format_quantity

TENFOLD = (5.0, 20.0)
THOUSANDFOLD = (300.0, 3000.0)
TWOFOLD = (1.6, 3.0)
CONTRADICT = "DATA_CONTRADICT_MODEL"
WITHHELD = "withheld"
NEARLY = 0.99
ALL = 0.995  # of a prior SD: what is left is all of it, as a percentage is shown


@dataclass(frozen=True)
class Reading:
    """One measurement beside what was foretold: 5, 50 and 95 % before any data, error included.

    p is the share of patients, of those that the model knows, whose reading lies further out.
    """

    words: str
    value: float
    foretold: tuple[float, float, float]
    p: float


@dataclass(frozen=True)
class Said:
    """What is to be put into words."""

    model: Model
    readings: tuple[Reading, ...]
    odd: Oddness
    belief: Belief
    kept: tuple[float, ...]


def fit_warnings(said: Said) -> list[str]:
    """Return the named warnings of a fit, the gravest first."""
    return [
        *contradictions(said.readings, said.odd, said.model.id),
        *little(said.kept),
        *quality(said.belief),
    ]


def contradictions(readings: tuple[Reading, ...], odd: Oddness, whose: str) -> list[str]:
    """Return DATA_CONTRADICT_MODEL with the misfit and the reading that is furthest out."""
    if not readings or not odd.p < assumed("data-contradict"):
        return []
    worst = min(readings, key=lambda one: (one.p, -_ratio(one)))
    low, middle, high = (_short(one) for one in worst.foretold)
    return [
        f"{CONTRADICT}: at most {odd.p:.2%} of the patients that {whose} describes would "
        f"give data that fit as badly (misfit {odd.misfit:.3g}). Furthest out: {worst.words}, "
        f"where {low} to {high} was foretold, {middle} in the middle. {_hint(worst)}"
        "Nothing was changed; don't act on the bands until this is explained."
    ]


def contradicted(warnings: Sequence[str]) -> bool:
    """Whether the data contradict the model, so that no number with them is to be acted on."""
    return any(one.startswith(CONTRADICT) for one in warnings)


def chance(value: float) -> str:
    """Return a probability in words that never say certain: draws can't show that."""
    if value > NEARLY:
        return f"over {NEARLY * 100:.0f} %"
    if value < 1.0 - NEARLY:
        return f"under {(1.0 - NEARLY) * 100:.0f} %"
    return f"of {value * 100:.0f} %"


def left(kept: float) -> str:
    """Return how much of the uncertainty before is left; draws scatter it to just over all."""
    return "all" if kept >= ALL else f"{kept * 100:.0f} %"


def _ratio(one: Reading) -> float:
    middle = one.foretold[1]
    if not (middle > 0.0 and one.value > 0.0):
        return 1.0
    return max(one.value / middle, middle / one.value)


def _hint(one: Reading) -> str:
    ratio = _ratio(one)
    if THOUSANDFOLD[0] <= ratio <= THOUSANDFOLD[1]:
        return "About a thousandfold off: check the unit (ng/mL or microgram/mL). "
    if TENFOLD[0] <= ratio <= TENFOLD[1]:
        return "About tenfold off: check the decimal point, the dose given and the dilution. "
    if TWOFOLD[0] <= ratio <= TWOFOLD[1]:
        return "About twofold off: check the sampling site, the line drawn from and the times. "
    return "Check doses, times, units, sampling site and whose sample it was. "


def _short(value: float) -> str:
    return format_quantity(float(f"{value:.3g}"), "")


def little(kept: Sequence[float]) -> list[str]:
    """Return DATA_SAY_LITTLE when every number keeps most of its prior SD."""
    if not kept or not min(kept) >= assumed("data-say-little"):
        return []
    more = "" if min(kept) >= ALL else " or more"
    return [
        f"DATA_SAY_LITTLE: every number keeps {left(min(kept))}{more} of its uncertainty, so "
        "the band is nearly that of any patient"
    ]


def quality(belief: Belief) -> list[str]:
    """Return what is to be said of the draws themselves."""
    found = []
    if not all(belief.sound):
        found.append(
            "HESSIAN_NOT_DEFINITE: the posterior is flat or bent at its mode; the draws were "
            "weighted from a wider proposal"
        )
    if belief.rounds > 1:
        found.append(
            "PROPOSAL_WIDENED: the first draws fitted the posterior badly, and "
            f"wider ones were tried (rounds: {belief.rounds - 1})"
        )
    if not belief.size >= assumed("few-draws"):
        found.append(
            f"FEW_EFFECTIVE_DRAWS: the bands rest on {belief.size:.0f} effective draws: rough"
        )
    return found
