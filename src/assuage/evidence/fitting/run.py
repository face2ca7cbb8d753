"""What `assuage fit` works out: a file and a wish become estimates with their worth.

Nothing is printed or written here, so that another face can use it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from assuage.evidence.fitting.asked import Wish, meaning_of, plan_of, started
from assuage.evidence.fitting.data import Data, Meaning, read_data
from assuage.evidence.fitting.model_file import load_model
from assuage.evidence.fitting.study import Plan, problem_of
from assuage.evidence.fitting.table import read_table
from assuage.kinetics.saem import Fit, Settings, fit
from assuage.kinetics.saem.checks import Checks, check
from assuage.kinetics.saem.estimate import Progress, unseen
from assuage.kinetics.saem.fit import FEWEST_EFFECTIVE, NEAR
from assuage.knowledge.schema.model import Model
from assuage.refusals import Refusal, Refused

NEEDED = ("scipy", "matplotlib")


@dataclass(frozen=True)
class Outcome:
    """A fit with everything it came from."""

    model: Model
    meaning: Meaning
    data: Data
    plan: Plan
    fit: Fit
    checks: Checks


def work_out(
    path: Path,
    wish: Wish,
    settings: Settings,
    progress: Progress = unseen,
) -> Outcome:
    """Read, fit and check. Raises Refused, FIT_NOT_CONVERGED among others."""
    missing = [one for one in NEEDED if find_spec(one) is None]
    if missing:
        raise Refused(
            Refusal.OPTION_MISSING,
            what=f"the package {missing[0]}",
            remedy="install 'assuage[evidence]'",
        )
    model = started(load_model(wish.model), wish)
    meaning = meaning_of(wish, model)
    data = read_data(read_table(path), meaning)
    measured = [one.name for one in model.analyte]
    seen = {name for person in data.people for name in person.analytes}
    plan = plan_of(model, wish, [name for name in measured if name in seen])
    found = fit(problem_of(model, data, plan), settings, progress)
    if not found.converged:
        raise _not_converged(found)
    return Outcome(model, meaning, data, plan, found, check(found))


def _not_converged(found: Fit) -> Refused:
    loose = [name for name, one in zip(found.names, found.error, strict=True) if np.isnan(one)]
    if loose:
        why = f"the data don't bound {', '.join(loose)}"
        omegas = [name.removeprefix("omega ") for name in loose if name.startswith("omega ")]
        if omegas:
            remedy = f"leave {', '.join(omegas)} out of what varies, with --random"
        else:
            remedy = f"hold what isn't known, such as --fix {loose[0]}, or start nearer"
        return Refused(Refusal.FIT_NOT_CONVERGED, why=why, remedy=remedy)
    if found.level.effective < FEWEST_EFFECTIVE:
        why = f"one person's likelihood rests on {found.level.effective:.1f} draws"
        remedy = "look for a sample or a dose that can't be right in somebody's rows"
        return Refused(Refusal.FIT_NOT_CONVERGED, why=why, remedy=remedy)
    worst = int(np.abs(found.away).argmax())
    why = (
        f"after {len(found.path.rounds)} rounds {found.names[worst]} is still "
        f"{abs(found.away[worst]):.2f} standard errors away, and {NEAR} is near enough"
    )
    remedy = "add --rounds, start nearer with --start, or fit a smaller model with --fix"
    return Refused(Refusal.FIT_NOT_CONVERGED, why=why, remedy=remedy)
