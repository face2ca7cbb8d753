"""How the drug is made up: milligrams and millilitres for the product that is in the hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from assuage.knowledge import library
from assuage.knowledge.schema.facts import Number, Range
from assuage.knowledge.schema.regimen import Product
from assuage.planning.document import Cited, Syringe
from assuage.planning.regimen import Administration, clean, sessions
from assuage.refusals import Refusal, Refused
from assuage.units import Dimension, format_quantity, parse

# Assuage's own rules of preparation, shown as such on every plan.
CONCENTRATIONS_MG_PER_ML = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0)
LEAST_PUSHED_ML = 1.0
TALL_MAN = {"racemic-ketamine": "ketAMINE", "esketamine": "esketamine"}


def choose(regimen: str, drug: str, route: str, product_id: str | None) -> Product:
    """Return the product. Raises Refused: missing, unknown, of the other drug or route."""
    fitting = [p.id for p in library.products().values() if p.drug == drug and route in p.routes]
    choices = ", ".join(fitting) or "none that assuage holds"
    if product_id is None:
        raise Refused(Refusal.PRODUCT_MISSING, choices=choices)
    product = library.products().get(product_id)
    if product is None:
        raise Refused(Refusal.PRODUCT_STRENGTH_UNKNOWN, text=product_id, choices=choices)
    if product.drug != drug:
        raise Refused(
            Refusal.PRODUCT_DRUG_MISMATCH,
            regimen=regimen,
            wanted=drug,
            product=product.id,
            given=product.drug,
        )
    if route not in product.routes:
        raise Refused(
            Refusal.ROUTE_MISMATCH,
            what=f"product {product.id}",
            wanted=" or ".join(product.routes),
            given=route,
        )
    return product


def infusion_concentration(
    product: Product, given: Sequence[Administration], asked: str | None
) -> float | None:
    """Return the concentration to infuse at in mg/mL, or None when nothing is infused.

    Raises Refused for one asked for that can't be read or is above the product's strength.
    """
    infusions = [one for one in given if one.kind == "infusion"]
    strength = product.strength_mg_per_ml
    if not infusions or strength is None:
        return None
    if asked is not None:
        return asked_concentration(asked, product)
    size_ml, long_h = library.assumed("syringe"), library.assumed("syringe-lasts")
    rate = max(one.rate_mg_per_h or 0.0 for one in infusions)
    totals = [
        (sum(one.dose_mg for one in rows), sum(one.duration_h or 0.0 for one in rows))
        for rows in sessions(infusions).values()
    ]
    for concentration in (*(c for c in CONCENTRATIONS_MG_PER_ML if c <= strength), strength):
        lasts = size_ml * concentration / rate >= long_h
        fits = all(
            lasts if hours > long_h else mg <= size_ml * concentration for mg, hours in totals
        )
        if fits:
            return concentration
    return strength


def asked_concentration(asked: str, product: Product | None) -> float:
    """Return a concentration that was asked for, in mg/mL.

    Raises Refused for one that can't be read or is above the product's strength.
    """
    wanted = parse(asked, Dimension.STRENGTH, what="a concentration").magnitude
    strength = None if product is None else product.strength_mg_per_ml
    if product is None or strength is None or wanted <= strength:
        return wanted
    raise Refused(
        Refusal.OPTION_CONFLICT,
        what=f"a concentration of {asked} and the product {product.id}",
        remedy="dilution only lowers a concentration; choose a lower one or a stronger product",
    )


def bolus_concentration(product: Product, route: str) -> float | None:
    """Return the concentration that a bolus is drawn at: the product's, or diluted for a vein."""
    strength = product.strength_mg_per_ml
    if strength is None:
        return None
    most = library.assumed("strongest-iv-bolus")
    return most if route == "iv" and not strength <= most else strength


def check_pump(
    given: Sequence[Administration], concentration_mg_per_ml: float | None
) -> Refused | None:
    """Return the refusal of the first rate outside what a pump can run at."""
    infusions = [one for one in given if one.kind == "infusion"]
    if not infusions or concentration_mg_per_ml is None:
        return None
    limit = library.limits().get("pump-rate")
    missing = Refused(Refusal.LIMIT_MISSING, quantity="pump-rate")
    if limit is None or not isinstance(limit.hard, Range) or limit.hard.unit != "mL/h":
        return missing
    low, high = limit.hard.low, limit.hard.high
    if low is None or high is None:
        return missing
    for one in infusions:
        rate = clean((one.rate_mg_per_h or 0.0) / concentration_mg_per_ml)
        if not low <= rate <= high:
            return Refused(
                Refusal.PUMP_RANGE,
                rate=format_quantity(rate, "mL/h"),
                low=format_quantity(low, "mL/h"),
                high=format_quantity(high, "mL/h"),
            )
    return None


def second_check(product: Product, given: Sequence[Administration]) -> Refused | None:
    """Return the refusal of one bolus that takes more than one vial."""
    boluses = [one for one in given if one.kind == "bolus"]
    strength = product.strength_mg_per_ml
    if not boluses or strength is None:
        return None
    limit = library.limits().get("volume-one-vial")
    if limit is None or not isinstance(limit.hard, Number) or not product.vial_ml:
        return Refused(Refusal.LIMIT_MISSING, quantity=f"the vial of {product.id}")
    most = limit.hard.value * max(product.vial_ml)
    volume = clean(max(one.dose_mg for one in boluses) / strength)
    if volume <= most:
        return None
    return Refused(Refusal.SECOND_CHECK, volume=format_quantity(volume, "mL"))


def prepare(
    product: Product,
    given: Sequence[Administration],
    infusion_mg_per_ml: float | None,
    bolus_mg_per_ml: float | None,
) -> tuple[Syringe, ...]:
    """Return each preparation: devices, bolus syringes, infusion syringes."""
    found: list[Syringe] = []
    devices = [one for one in given if one.kind == "device"]
    by_number: dict[int, list[Administration]] = {}
    for rows in sessions(devices).values():
        by_number.setdefault(len(rows), []).extend(rows)
    found += [_devices(product, same) for same in by_number.values()]
    boluses = [one for one in given if one.kind == "bolus"]
    if boluses and bolus_mg_per_ml is not None:
        # One preparation for each dose: a syringe never holds more than it is to give.
        for dose in dict.fromkeys(one.dose_mg for one in boluses):
            same = [one for one in boluses if one.dose_mg == dose]
            found.append(_boluses(product, same, bolus_mg_per_ml))
    infusions = [one for one in given if one.kind == "infusion"]
    if infusions and infusion_mg_per_ml is not None:
        found += _infusions(product, infusions, infusion_mg_per_ml)
    return tuple(found)


def _facts(product: Product) -> tuple[Cited, ...]:
    text = product.handling or f"{product.name}: strength as base."
    return (
        Cited(
            text=text,
            source=product.source,
            where=product.where,
            read=product.read,
            note=product.note,
        ),
    )


def _label(product: Product, *rest: str) -> tuple[str, ...]:
    return (TALL_MAN[product.drug], *rest)


def _devices(product: Product, given: Sequence[Administration]) -> Syringe:
    unit = product.unit_mg or 0.0
    per_session = max(len(rows) for rows in sessions(given).values())
    return Syringe(
        product=product.id,
        product_name=product.name,
        strength_mg_per_ml=None,
        container="device",
        concentration_mg_per_ml=None,
        drug_mg_each=unit,
        drug_ml_each=None,
        diluent_ml_each=None,
        containers_per_session=per_session,
        sessions=f"{len(sessions(given))}",
        label=_label(product, format_quantity(unit, "mg"), "one device"),
        checks=("Count the devices with a second person before the first and after the last.",),
        facts=_facts(product),
    )


def _boluses(product: Product, given: Sequence[Administration], at: float) -> Syringe:
    """Return the syringe of one dose; `given` holds what is given at that dose."""
    strength = product.strength_mg_per_ml or at
    dose = given[0].dose_mg
    total_ml, drug_ml = dose / at, dose / strength
    fixed = [one for one in given if not one.as_needed]
    number = max((len(rows) for rows in sessions(fixed or given).values()), default=1)
    checks = [
        f"Draw {format_quantity(clean(drug_ml), 'mL')} of {product.name} for "
        f"{format_quantity(dose, 'mg')}; a second person reads the vial's strength aloud.",
    ]
    if fixed and len(fixed) < len(given):
        checks.append("Repeats as needed are drawn one at a time, when they are decided on.")
    if given[0].route == "iv" and total_ml < LEAST_PUSHED_ML:
        checks.append(
            f"{format_quantity(clean(total_ml), 'mL')} is too little to push slowly and evenly: "
            "choose a weaker product if there is one."
        )
    if at < strength:
        checks.append(
            f"Dilute to {format_quantity(at, 'mg/mL')} with "
            f"{format_quantity(clean(total_ml - drug_ml), 'mL')} of diluent before it goes into a "
            "vein."
        )
    container = "bolus syringe" if fixed else "bolus syringe, only if needed"
    return _filled(product, at, dose, container, number, len(sessions(given)), checks)


def _filled(
    product: Product,
    at: float,
    each_mg: float,
    container: str,
    number: int,
    number_of_sessions: int,
    checks: Sequence[str],
) -> Syringe:
    """Return a syringe that holds `each_mg` at a concentration in mg/mL."""
    strength = product.strength_mg_per_ml or at
    total_ml, drug_ml = each_mg / at, each_mg / strength
    return Syringe(
        product=product.id,
        product_name=product.name,
        strength_mg_per_ml=strength,
        container=container,
        concentration_mg_per_ml=at,
        drug_mg_each=each_mg,
        drug_ml_each=clean(drug_ml),
        diluent_ml_each=clean(total_ml - drug_ml),
        containers_per_session=number,
        sessions=f"{number_of_sessions}",
        label=_label(
            product,
            format_quantity(at, "mg/mL"),
            f"{format_quantity(each_mg, 'mg')} in {format_quantity(clean(total_ml), 'mL')}",
        ),
        checks=tuple(checks),
        facts=_facts(product),
    )


def _infusions(product: Product, given: Sequence[Administration], at: float) -> Iterator[Syringe]:
    """Yield one preparation for each session dose: what fits one syringe fills it exactly.

    Drug that is left over in a pump's syringe can still be given by mistake, so a session that
    fits is made up to its own dose. A longer one takes full syringes, and the last is cut short.
    """
    full_mg = library.assumed("syringe") * at
    by_dose: dict[float, list[list[Administration]]] = {}
    for rows in sessions(given).values():
        by_dose.setdefault(clean(sum(one.dose_mg for one in rows)), []).append(rows)
    for dose_mg, alike in by_dose.items():
        each_mg = dose_mg if dose_mg <= full_mg else full_mg
        yield _infusion(product, alike, at, each_mg, dose_mg)


def _infusion(
    product: Product, alike: list[list[Administration]], at: float, each_mg: float, dose_mg: float
) -> Syringe:
    strength = product.strength_mg_per_ml or at
    each_ml, drug_ml = clean(each_mg / at), clean(each_mg / strength)
    number = ceil(clean(dose_mg / each_mg))
    hours = each_ml * at / max(one.rate_mg_per_h or 0.0 for rows in alike for one in rows)
    diluted = f" and {format_quantity(clean(each_ml - drug_ml), 'mL')} of 0.9 % saline"
    undiluted = not each_ml > drug_ml
    checks = [
        f"Each syringe holds {format_quantity(each_mg, 'mg')} in {format_quantity(each_ml, 'mL')}: "
        f"{format_quantity(drug_ml, 'mL')} of {product.name}"
        f"{', undiluted' if undiluted else diluted}.",
        f"At the highest rate a syringe lasts {format_quantity(float(f'{hours:.3g}'), 'h')}.",
        "Key in mL/h to the pump's own step, rounded down; a second person checks it, the strength "
        "and the volumes.",
    ]
    if number > 1:
        rest = clean(dose_mg - (number - 1) * each_mg)
        checks.append(f"The last of {number} gives {format_quantity(rest, 'mg')} and is stopped.")
    if product.vial_ml and drug_ml > max(product.vial_ml):
        checks.append("One syringe takes more than one vial: count the vials together.")
    container = f"{library.assumed('syringe'):g} mL syringe"
    return _filled(product, at, each_mg, container, number, len(alike), checks)
