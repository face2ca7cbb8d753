"""A design in words: what each arm is given, what was stated or assumed, and what differs how."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from assuage.evidence.virtual.courses import mood_row
from assuage.evidence.virtual.design import (
    ASSUMED,
    Ages,
    Arm,
    Design,
    OutcomeName,
    Sourced,
    Spread,
    Weights,
)
from assuage.evidence.virtual.people import pain_effect
from assuage.evidence.virtual.scores import World, mood_effect, spread_of
from assuage.knowledge import library
from assuage.knowledge.schema.facts import Fact, Number
from assuage.planning.regimen import variant_of
from assuage.units import format_quantity

SCALE_WORDS: dict[OutcomeName, str] = {"pain": "pain (NRS, 0 to 10)", "mood": "MADRS (0 to 60)"}
Row = tuple[str, str, str, str, str]
UNITS = {
    "every": " h",
    "step": " mg/h",
    "start": " mg/h",
    "most": " mg/h",
    "per_weight": " kg",
    "visit_sd": " points",
}
SIMULATED = (
    "These trials are drawn from models. They tell how a design would do if the models and the "
    "assumptions below held, and nothing about whether the treatment works."
)


def arm_name(arm: Arm) -> str:
    """Return what an arm is called."""
    return arm.name or arm.id


def given(arm: Arm) -> str:
    """Return what an arm is given, in words."""
    if arm.regimen is None:
        return f"{arm.control}, beside the course of {arm.like}"
    regimen = library.regimen(arm.regimen)
    parts = [f"{regimen.name} ({regimen.id})", regimen.drug, " or ".join(regimen.routes)]
    if arm.give:
        parts.append("; ".join(arm.give))
    else:
        variant = variant_of(regimen, arm.variant)
        parts.append("stepped by the rule below" if arm.titration else variant.name)
    if arm.product is not None:
        parts.append(library.products()[arm.product].name)
    if arm.effect == "none":
        parts.append("without any effect on outcomes")
    return ", ".join(parts)


def titration(arm: Arm) -> str:
    """Return an arm's titration in words, or nothing."""
    rule = arm.titration
    if rule is None:
        return ""
    per = "" if rule.per_weight is None else f" per {format_quantity(rule.per_weight, 'kg')}"
    return (
        f"{arm_name(arm)}: from {rule.start:g} mg/h{per}, every {rule.every:g} h up by "
        f"{rule.step:g} mg/h while relief is under {rule.until_relief_percent:g} % and "
        f"dissociation under {rule.intolerable_percent:g} %; down by as much at or above it, not "
        f"below the start; at most {rule.most:g} mg/h, and no step that passes the regimen's "
        f"{rule.limit} limit."
    )


def leaving(design: Design) -> str:
    """Return the drop-out rule in words."""
    one = design.dropout
    if one is None:
        return "Nobody leaves."
    share = f"{100.0 * one.per_visit:g} % leave before each visit"
    if one.outcome is None:
        return f"{share}, whoever they are: missing completely at random."
    which = {
        "observed": "the last score that was observed: missing at random",
        "unobserved": "the very score that is then missed: missing not at random",
    }[one.depends_on]
    return (
        f"{share} at {one.outcome} {one.at_score:g}, with odds times "
        f"exp({one.per_point:g}) a point; it depends on {which}."
    )


def analysed(design: Design) -> str:
    """Return the analysis in words."""
    asked = design.analysis
    slope = "a slope of its own at each visit" if asked.baseline == "by-visit" else "one slope"
    days = ", ".join(f"{day:g}" for day in asked.at_d)
    return (
        f"Mixed model for repeated measures by REML: visit, arm by visit and the baseline with "
        f"{slope}; {asked.covariance} covariance; {asked.df}; two-sided at {asked.alpha:g}; "
        f"difference from {asked.reference} at day {days}."
    )


def differs(world: World) -> tuple[str, ...]:
    """Say what is variability between patients and what is uncertainty about a number."""
    design = world.design
    found = [
        "Between patients vary: body, kinetics as the kinetic model publishes it, scores before "
        "the course, the error of each visit"
        + (", who responds in pain" if design.pain else "")
        + (", and normal factors on drug and control effect in mood." if design.mood else "."),
    ]
    if design.pain is not None:
        effect, stated = pain_effect(), design.pain.placebo_share is not None
        spread = [
            f"{name} (CV {100.0 * one.value:g} %, {one.source})"
            for name, one in (
                ("C50", design.pain.c50_cv), ("half-life", design.pain.half_life_cv)
            ) if one is not None
        ]  # fmt: skip
        found.append(
            f"{effect.name}: its file gives standard errors of C50 ({effect.c50_se.value:g}), "
            f"half-life ({effect.half_life_se.value:g}) and the shares of responders to the drug "
            f"({effect.responders_se.value:g}) and to placebo "
            f"({effect.placebo_responders_se.value:g}). They are uncertainty about one number "
            "and no spread between patients, which isn't published. "
            + (f"Assumed to vary: {', '.join(spread)}." if spread else "None is assumed here.")
        )
        found.append(
            "Uncertainty is left out: the published numbers are taken as they are."
            if design.uncertainty == "none"
            else f"Uncertainty is taken in: {world.pool.worlds} worlds have numbers drawn by those "
            "standard errors, and each trial happens in one. Power is then an average over what "
            "may be true, and its interval tells of the worlds' scatter too."
            + (" The stated share of responses to placebo is held." if stated else "")
        )
    if design.mood is not None:
        found.append(
            "Mood: its model has no standard errors, so that its numbers are held as they are and "
            "the answers on mood are surer than they should be."
        )
    found.append(
        "Assumed here: the errors of visits and of outcomes are independent; scores are not "
        "rounded, and are held to the ends of their scale."
        + (
            " A response to placebo follows the course of relief that the arm's doses would give "
            "a responder; without any effect, that of the reference in every arm."
            if design.pain
            else ""
        )
        + (
            " What pain and mood share beyond the scores before the course is nothing: who "
            "responds in one is no likelier to in the other."
            if len(design.outcomes) > 1
            else ""
        )
    )
    return tuple(found)


def taken(design: Design) -> tuple[Row, ...]:
    """Return (what, value, source, where, how it was read) of what the effect models give.

    A number that the design states in place of the model's is left out, and so are the models'
    own baselines, which no trial uses.
    """
    found: list[Row] = []
    unused = {"baseline", "baseline_sd"}
    if design.pain is not None:
        placebo = {"placebo_responders", "placebo_responders_se"}
        replaced = placebo if design.pain.placebo_share is not None else set()
        found += _of_model("pain", pain_effect(), unused | replaced)
    if design.mood is not None:
        found += _of_model("mood", mood_effect(), unused)
        regimens = [library.regimen(one.regimen) for one in design.arm if one.regimen]
        rows = {(one.drug, one.route): one for one in (mood_row(design.mood, r) for r in regimens)}
        replaced = {"control"} if design.mood.control is not None else set()
        for (drug, route), row in rows.items():
            found += _of_model(f"mood, {drug} {route}", row, replaced)
    if design.dissociation is not None:
        effect = library.effect(design.dissociation.effect).effect
        assert effect is not None
        found += _of_model("dissociation", effect.equilibration, set())
        found += _of_model("dissociation", effect.curve, set())
    return tuple(found)


def _of_model(what: str, part: BaseModel, left_out: set[str]) -> list[Row]:
    found: list[Row] = []
    for name in type(part).model_fields:
        one = getattr(part, name)
        if isinstance(one, Number) and name not in left_out:
            value = f"{one.value:g}" if one.unit == "1" else f"{one.value:g} {one.unit}"
            own = one.source == "assuage-design"
            cited = "assuage" if own else library.sources()[one.source].citation
            found.append((f"{what}: {name.replace('_', ' ')}", value, cited, one.where, one.read))
    return found


def forms(design: Design) -> tuple[str, ...]:
    """Return each effect model's form in words, and whether it was read or assumed."""
    held: list[tuple[str, Fact]] = []
    if design.pain is not None:
        held.append((pain_effect().name, pain_effect().form))
    if design.mood is not None:
        held.append((mood_effect().name, mood_effect().form))
    return tuple(f"{name}: {one.text} ({one.read}: {one.where})" for name, one in held)


def labels(design: Design) -> tuple[str, ...]:
    """Return what stands before every number: the label that the mood model carries."""
    return () if design.mood is None else (mood_effect().label,)


def cautions(design: Design) -> tuple[str, ...]:
    """Return what must be read beside the numbers: the effect models' own cautions."""
    found: list[str] = []
    if design.mood is not None:
        found += [one.text for one in mood_effect().caution]
    if design.pain is not None:
        found += [one.text for one in pain_effect().caution]
    if design.dissociation is not None:
        effect = library.effect(design.dissociation.effect).effect
        assert effect is not None
        found += [one.text for one in effect.caution]
        found.append("Control arms have no dissociation here, since no model of it was read.")
    return tuple(found)


def stated(design: Design) -> tuple[tuple[str, str, str, str], ...]:
    """Return (what, value, source, where) of everything that the design states."""
    return tuple(_stated(design, ""))


def _stated(part: BaseModel, path: str) -> Iterator[tuple[str, str, str, str]]:
    if isinstance(part, Sourced):
        source = part.source if part.source == ASSUMED else library.sources()[part.source].citation
        yield path, _value(part), source, part.where or ""
    for name in type(part).model_fields:
        held = getattr(part, name)
        inside = held if isinstance(held, tuple) else (held,)
        for one in inside:
            if isinstance(one, BaseModel):
                label = f"{name} {one.id}" if isinstance(one, Arm) else name
                yield from _stated(one, f"{path}.{label}" if path else label)


def _value(part: Sourced) -> str:
    if isinstance(part, Spread):
        units = {Weights: "kg", Ages: "y"}
        return f"{spread_of(part)} {units.get(type(part), 'points')}"
    plain = {
        name: getattr(part, name)
        for name in type(part).model_fields
        if name not in ("source", "where")
    }
    told = [
        f"{name.replace('_', ' ')} {value:g}{UNITS.get(name, '')}"
        if isinstance(value, float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in plain.items()
        if isinstance(value, float | str)
    ]
    return ", ".join(told).removeprefix("value ")
