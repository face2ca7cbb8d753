"""Puts regimens side by side for one patient. It ranks nothing: a physician weighs the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assuage import __version__
from assuage.clock import Clock
from assuage.kinetics.engine import LEVELS
from assuage.kinetics.population import quantiles
from assuage.knowledge import library
from assuage.knowledge.schema.regimen import Regimen
from assuage.planning import parts
from assuage.planning.comparison import measures as m
from assuage.planning.comparison.document import (
    Better,
    Cell,
    Cited,
    Column,
    Comparison,
    Difference,
    RefusedPart,
    Row,
    Weeks,
)
from assuage.planning.comparison.prices import Money, Price
from assuage.planning.comparison.supply import ChairTime, DrugUsed, chair_time, drug_used
from assuage.planning.plan import Checked, check, check_lock, patient_summary
from assuage.planning.prediction.course import numbers
from assuage.planning.regimen import sessions, variant_of
from assuage.planning.request import PlanRequest
from assuage.refusals import Refusal, Refused, first
from assuage.units import format_quantity

FEWEST, MOST = 2, 6
LETTERS = "ABCDEF"
SCOPE = (
    "Decision support for a physician. Regimens side by side; nothing here chooses between them, "
    "and a prediction is no promise to one person."
)
PAIRED = "5 to 95 % of the differences within the same virtual patients"
MODELS_PAIRED = "between models, lowest to highest difference"


@dataclass(frozen=True)
class Wish:
    """What is to be compared. Products and settings are tried in the order given."""

    request: PlanRequest  # its regimen, variant, product and setting are set for each column
    regimens: tuple[str, ...]  # id or id:variant
    products: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    chair_cost: Money | None = None
    observe_h: float | None = None


@dataclass(frozen=True)
class _Side:
    """One regimen of the comparison: checked, or refused."""

    letter: str
    request: PlanRequest
    regimen: Regimen
    found: Checked | Refused
    made: m.Subjected | None = None
    drug: DrugUsed | str = ""
    chair: ChairTime | None = None
    measured: dict[str, m.Measure | str] = field(default_factory=dict)


Predict = Callable[[m.Subjected], "m.Measure | str"]
# id, title (with numbers from the library), unit, which way is better, how it is predicted
PREDICTED: tuple[tuple[str, str, str, Better, Predict], ...] = (
    ("relief", "Pain relief, mean of 12 weeks", "points of 10", "higher", m.relief_over_weeks),
    ("best-relief", "Pain relief at its best", "points of 10", "higher", m.greatest_relief),
    (
        "relief-days",
        "Days of {worthwhile:g} % relief or more",
        "days of 84",
        "higher",
        m.days_of_relief,
    ),
    ("no-relief", "Chance of no such relief", "%", "lower", m.no_relief),
    ("mood", f"Mood, fall of MADRS ({m.EMPIRICAL})", "points of 60", "higher", m.mood_change),
    ("dissociation", "Dissociation at its peak", "of 100", "lower", m.peak_dissociation),
    (
        "marked-dissociation",
        "Chance of dissociation over {marked:g}",
        "%",
        "lower",
        m.marked_dissociation,
    ),
    ("pressure", "Rise of mean pressure, peak", "mmHg", "lower", m.pressure_rise),
    ("sedation", "Sedation at its deepest", "of 5", "", m.lowest_sedation),
)
PAIN = ("relief", "best-relief", "relief-days", "no-relief")
NOTES = {
    "relief": "The form of the pain model is assumed; it was built on one trial of esketamine.",
    "mood": "Empirical, group level: never driven by a level, and no forecast for one person.",
    "dissociation": "The band holds the spread of levels only, not of how people react to a level.",
    "marked-dissociation": "From the spread of levels only: the true chance is less certain.",
    "pressure": "Larger over 50 years, with hypertension or dissociation; the model knows neither.",
}


def compare(wish: Wish, clock: Clock) -> Comparison:
    """Compare regimens; one that is refused for this patient stands beside the others as such.

    Raises Refused for a wish that can't be read, and when every regimen is refused.
    """
    sides = [_side(wish, clock, n, text) for n, text in enumerate(_told_apart(wish.regimens))]
    refused = first(one.found for one in sides if isinstance(one.found, Refused))
    if refused is not None and all(isinstance(one.found, Refused) for one in sides):
        raise refused
    rows = [*_predicted_rows(sides), *_counted_rows(wish, sides)]
    return Comparison(
        assuage_version=__version__,
        knowledge_sha256=library.digest(),
        scope=SCOPE,
        place=wish.request.place,
        date=wish.request.on.isoformat(),
        patient=patient_summary(wish.request.patient),
        columns=tuple(_column(one) for one in sides),
        rows=tuple(rows),
        weeks=tuple(_weeks(one) for one in sides if _has_pain(one)),
        notes=_notes(sides),
        references=_references(rows, sides),
    )


def _told_apart(texts: Sequence[str]) -> Sequence[str]:
    if not FEWEST <= len(texts) <= MOST:
        raise Refused(
            Refusal.OPTION_MISSING,
            what=f"a choice of {FEWEST} to {MOST} regimens",
            remedy="name them one after the other; 'assuage regimens' lists them",
        )
    twice = [one for one in texts if texts.count(one) > 1]
    if twice:
        raise Refused(
            Refusal.OPTION_CONFLICT,
            what=f"{twice[0]} and {twice[0]}",
            remedy="name each regimen once; 'id:variant' tells two variants apart",
        )
    return texts


def _side(wish: Wish, clock: Clock, number: int, text: str) -> _Side:
    regimen_id, _, variant = text.partition(":")
    regimen = library.regimen(regimen_id)
    if regimen.variant and regimen.lock is None:
        variant_of(regimen, variant or None)  # a variant that isn't one is a slip of the pen
    request = replace(
        wish.request,
        regimen=regimen_id,
        variant=variant or None,
        product=_product(regimen, wish.products),
        setting=_setting(regimen, wish.settings),
    )
    letter = LETTERS[number]
    try:
        check_lock(regimen)  # before anything that the request may lack besides
        found = check(request, clock)
    except Refused as refused:
        return _Side(letter, request, regimen, refused)
    made = m.Subjected(found.course)
    return _Side(
        letter,
        request,
        regimen,
        found,
        made,
        drug_used(found.product, found.given, found.infusion_at, found.bolus_at, wish.prices),
        chair_time(regimen, found.given, wish.observe_h),
        {id_: predict(made) for id_, _, _, _, predict in PREDICTED},
    )


def _product(regimen: Regimen, names: Sequence[str]) -> str | None:
    """Return the first product of the regimen's drug and route, or the first for its refusal."""
    held = library.products()
    for name in names:
        one = held.get(name)
        if one is None or (one.drug == regimen.drug and regimen.routes[0] in one.routes):
            return name
    return names[0] if names else None


def _setting(regimen: Regimen, names: Sequence[str]) -> str | None:
    for name in names:
        if name in regimen.settings:
            return name
    return names[0] if names else None


def _has_pain(side: _Side) -> bool:
    return isinstance(side.measured.get("relief"), m.Measure)


def _predicted_rows(sides: Sequence[_Side]) -> list[Row]:
    rows = []
    known = {
        "worthwhile": library.assumed("worthwhile-relief"),
        "marked": library.assumed("marked-dissociation"),
    }
    for id_, title, unit, better, _ in PREDICTED:
        held = [one.measured[id_] for one in sides if one.measured]
        anything = any(isinstance(one, m.Measure) for one in held)
        if not anything and (id_ in PAIN[1:] or id_ in ("marked-dissociation", "sedation")):
            continue  # its reason stands in the row before, or nobody is sedated
        cells = tuple(_predicted(one, id_) for one in sides)
        rows.append(
            Row(
                id=id_,
                title=title.format_map(known),
                unit=unit,
                better=better,
                note=NOTES.get(id_, "") if anything else "",
                crosses=_crossing(sides, id_),
                cells=cells,
                differences=_differences(sides, id_),
            )
        )
    return rows


def _predicted(side: _Side, id_: str) -> Cell:
    if isinstance(side.found, Refused):
        return _refused(side.found)
    one = side.measured[id_]
    if isinstance(one, str):
        return Cell(status="not predicted", why=one)
    ends = numbers(np.array([one.value, one.low or 0.0, one.high or 0.0]))
    return Cell(
        status="predicted",
        value=ends[0],
        low=None if one.low is None else ends[1],
        high=None if one.high is None else ends[2],
        band=one.band,
        text=one.text,
        models=one.models,
        reads=one.reads,
        sources=one.sources,
    )


def _refused(refused: Refused) -> Cell:
    return Cell(status="refused", why=refused.code)


def _differences(sides: Sequence[_Side], id_: str) -> tuple[Difference, ...]:
    base = sides[0].measured.get(id_)
    found = [Difference(value=None, why="the first, which the others are held against")]
    for one in sides[1:]:
        found.append(_difference(base, one.measured.get(id_)))
    return tuple(found)


def _difference(base: m.Measure | str | None, other: m.Measure | str | None) -> Difference:
    """Return other less base, patient by patient where they are the same patients."""
    if not (isinstance(base, m.Measure) and isinstance(other, m.Measure)):
        return Difference(value=None, why="one of the two is not predicted")
    value = other.value - base.value
    if base.draws is None or other.draws is None or base.crowd != other.crowd:
        why = "no band: predicted by different models, so no patient is in both"
        if base.draws is None and other.draws is None:
            why = "no band: no spread is published"
        return Difference(value=_short(value), why=why)
    each = other.draws - base.draws
    if base.crowd.startswith("models"):
        low, high, band = float(each.min()), float(each.max()), MODELS_PAIRED
    elif base.is_share:
        error = m.WIDE * float(each.std(ddof=1)) / len(each) ** 0.5
        low, high, band = value - error, value + error, f"{m.SHARE_ERROR}, same patients"
    else:
        low, high = (float(one) for one in np.quantile(each, (0.05, 0.95)))
        band = PAIRED
    return Difference(value=_short(value), low=_short(low), high=_short(high), band=band)


def _short(value: float) -> float:
    """Return a difference to five digits, without a negative zero."""
    return float(f"{value:.5g}") + 0.0


def _crossing(sides: Sequence[_Side], id_: str) -> str:
    """Say where the regimens of a row are predicted by different models or from another drug."""
    held = [(one, one.measured.get(id_)) for one in sides]
    used = [(side, one) for side, one in held if isinstance(one, m.Measure)]
    return "; ".join(one for one in (_models_crossed(used, id_), _unconverted(used)) if one)


def _unconverted(used: Sequence[tuple[_Side, m.Measure]]) -> str:
    """Say where levels of one drug are read off a curve that was built on another."""
    found: dict[tuple[str, str], list[str]] = {}
    for side, one in used:
        crossed = m.another_driver(one)
        if crossed is not None:
            found.setdefault(crossed, []).append(side.letter)
    return "; ".join(
        f"crosses drugs: {', '.join(letters)} by levels of {drug} on a curve built on {driver}, "
        "ng/mL for ng/mL, nothing converted"
        for (drug, driver), letters in found.items()
    )


def _models_crossed(used: Sequence[tuple[_Side, m.Measure]], id_: str) -> str:
    if len({one.models for _, one in used}) > 1:
        by: dict[str, list[str]] = {}
        for side, one in used:
            by.setdefault(one.models[-1], []).append(side.letter)
        return "crosses models: " + "; ".join(
            f"{', '.join(letters)} {model}" for model, letters in by.items()
        )
    if len({side.regimen.drug for side, _ in used}) > 1 and id_ != "mood":
        half = [side.letter for side, _ in used if side.regimen.drug == "racemic-ketamine"]
        return f"crosses drugs: {', '.join(half)} by the esketamine half of the racemate"
    return ""


def _counted_rows(wish: Wish, sides: Sequence[_Side]) -> list[Row]:
    rows = [
        _counted("chair", "Chair or bed time", "h", "lower", sides, _chair_cell),
        _counted("sessions", "Sessions", "", "", sides, _session_cell),
        _counted("drug-given", "Drug given", "mg", "", sides, _given_cell),
        _counted("drug-drawn", "Drug opened, waste included", "mg", "lower", sides, _drawn_cell),
        _counted("drug-cost", "Cost of the drug", "", "lower", sides, _drug_cost_cell),
    ]
    chair = _counted(
        "chair-cost", "Cost of the chair", "", "lower", sides, lambda one: _chair_cost(wish, one)
    )
    return [*rows, chair]


def _counted(
    id_: str,
    title: str,
    unit: str,
    better: Better,
    sides: Sequence[_Side],
    cell: Callable[[_Side], Cell],
) -> Row:
    cells = tuple(
        _refused(one.found) if isinstance(one.found, Refused) else cell(one) for one in sides
    )
    found = [Difference(value=None, why="the first, which the others are held against")]
    for one in cells[1:]:
        pair = (cells[0], one)
        if any(each.value is None for each in pair) or one.currency != cells[0].currency:
            found.append(Difference(value=None, why="one of the two is not known"))
        else:
            value = (one.value or 0.0) - (cells[0].value or 0.0)
            found.append(Difference(value=_short(value), why="counted, so without a band"))
    return Row(id=id_, title=title, unit=unit, better=better, cells=cells, differences=tuple(found))


def _chair_cell(side: _Side) -> Cell:
    assert side.chair is not None
    each = side.chair.by_session_h
    per = "; ".join(f"{format_quantity(one, 'h')} a session" for one in dict.fromkeys(each))
    return Cell(status="counted", value=side.chair.total_h, text=per, why=side.chair.watched)


def _session_cell(side: _Side) -> Cell:
    assert isinstance(side.found, Checked)
    groups = sessions([one for one in side.found.given if not one.as_needed])
    last = max(one.start_h + (one.duration_h or 0.0) for one in side.found.given)
    days = max(int(np.ceil(last / 24.0 - 1e-9)), 1)
    over = "on 1 day" if days == 1 else f"over {days} days"
    return Cell(status="counted", value=float(len(groups)), text=over)


def _given_cell(side: _Side) -> Cell:
    assert isinstance(side.found, Checked)
    given = side.found.given
    total = sum(one.dose_mg for one in given if not one.as_needed)
    more = sum(one.dose_mg for one in given if one.as_needed)
    text = f"up to {format_quantity(more, 'mg')} more as needed" if more else ""
    return Cell(status="counted", value=float(f"{total:.12g}"), text=text)


def _drawn_cell(side: _Side) -> Cell:
    used = side.drug
    if isinstance(used, str):
        return Cell(status="unknown", why=used)
    sizes = list(dict.fromkeys(used.by_session))
    size = "" if used.size_ml is None else f" of {format_quantity(used.size_ml, 'mL')}"
    per = " or ".join(str(one) for one in sizes)
    text = f"{used.containers} x {used.product}{size}, {per} a session"
    if used.wasted_mg:
        text += f"; {format_quantity(used.wasted_mg, 'mg')} wasted"
    return Cell(status="counted", value=used.drawn_mg, text=text)


def _drug_cost_cell(side: _Side) -> Cell:
    used = side.drug
    if isinstance(used, str):
        return Cell(status="unknown", why=used)
    if used.cost is None:
        return Cell(status="unknown", why=f"No price was given for {used.product}")
    return _cost_cell(used.cost)


def _chair_cost(wish: Wish, side: _Side) -> Cell:
    assert side.chair is not None
    if wish.chair_cost is None:
        return Cell(status="unknown", why="No cost of a chair was given")
    return _cost_cell(side.chair.cost(wish.chair_cost))


def _cost_cell(cost: Money) -> Cell:
    return Cell(status="counted", value=float(cost.amount), currency=cost.currency, text=str(cost))


def _column(side: _Side) -> Column:
    refused = side.found if isinstance(side.found, Refused) else None
    verdict = None if isinstance(side.found, Refused) else parts.verdict(side.found.findings)
    part = None
    if refused is not None:
        part = RefusedPart(code=refused.code, sentence=refused.sentence, remedy=refused.remedy)
    held = side.found if isinstance(side.found, Checked) else None
    return Column(
        letter=side.letter,
        regimen=side.regimen.id,
        variant=held.variant.id if held else side.request.variant or "",
        name=side.regimen.name,
        drug=side.regimen.drug,
        setting=held.setting if held else side.request.setting or "",
        product=held.product.id if held else side.request.product or "",
        status="refused" if verdict is None else verdict.status,
        open=() if verdict is None else verdict.open,
        refusal=part,
        evidence=parts.evidence(side.regimen),
    )


def _weeks(side: _Side) -> Weeks:
    assert side.made is not None
    drawn = side.made.pain
    assert not isinstance(drawn, str)
    mean = drawn.scores.mean(axis=0)
    low, _, high = quantiles(drawn.scores, LEVELS)
    return Weeks(
        letter=side.letter,
        day=numbers(drawn.times_d),
        mean=numbers(mean),
        low=numbers(low, mean),
        high=numbers(high, mean),
    )


def _notes(sides: Sequence[_Side]) -> tuple[str, ...]:
    found = []
    if len({one.regimen.drug for one in sides}) > 1:
        found.append(
            "Racemate and esketamine are not interchangeable dose for dose: milligrams of the one "
            "are no milligrams of the other, and rows that cross models say so."
        )
    if len({one.regimen.indication for one in sides}) > 1:
        found.append("These regimens are for different conditions.")
    if any(_has_pain(one) for one in sides):
        effect = library.effect("dahan-2011-crps-pain").pain
        assert effect is not None
        found += [effect.form.text, *(one.text for one in effect.caution)]
        if any(one.request.patient.pain_nrs is None for one in sides):
            found.append("No baseline score was given; the trial's is used, and it is unverified.")
    found.append("Differences are the regimen less the first, within the same virtual patients.")
    return tuple(found)


def _references(rows: Sequence[Row], sides: Sequence[_Side]) -> tuple[Cited, ...]:
    used = [source for row in rows for cell in row.cells for source in cell.sources]
    used += [claim.source for side in sides for claim in side.regimen.claim]
    held = library.sources()
    return tuple(
        Cited(id=one, citation=held[one].citation, doi=held[one].doi) for one in dict.fromkeys(used)
    )
