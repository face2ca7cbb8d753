"""The pictures of a study's report."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from assuage.evidence.report import charts
from assuage.evidence.report.blocks import Picture
from assuage.evidence.report.flow import Branch, flow, words_of
from assuage.evidence.study.answers import Answer
from assuage.evidence.study.collected import Collected
from assuage.evidence.study.results import Results
from assuage.evidence.study.tables import difference, named

MAIN = ("main", "standard")
NOTHING = (math.nan, math.nan, math.nan)


def participants(results: Results) -> Picture:
    """Return who was randomised, left, had data at each visit and was analysed."""
    p, data = results.study.protocol, results.data
    column = p.columns.drop_out
    reasons = data.of_person(column) if column else (None,) * len(data.people)
    held = [column for one in results.outcomes for column in one.outcome.held_in]
    seen = np.array(
        [
            [
                any(data.texts[column][person][visit] is not None for column in held)
                for visit in range(len(p.visit))
            ]
            for person in range(len(data.people))
        ]
    )
    primary = _primary(results)
    arms = []
    for arm, name in enumerate(data.arms):
        mine = data.arm == arm
        left = [one for one, own in zip(reasons, mine, strict=True) if own and one is not None]
        arms.append(
            Branch(
                name if results.blinded else p.arm[arm].name,
                int(mine.sum()),
                tuple((why, left.count(why)) for why in sorted(set(left))),
                tuple(
                    (one.name, int(seen[mine, visit].sum())) for visit, one in enumerate(p.visit)
                ),
                primary.n[arm] if primary is not None and primary.n else None,
            )
        )
    people = len(data.people)
    analysed = " Analysed: in the first primary analysis." if primary is not None else ""
    untold = "" if column else " Why people left was not in the data."
    return Picture(
        flow(arms, randomised=people),
        "Flow of participants." + analysed + untold,
        words_of(arms, people) + untold,
        "participants",
    )


def _primary(results: Results) -> Answer | None:
    for one in results.outcomes:
        if one.standing == "primary":
            found = results.answers_of(one.outcome.id)
            return next((each for each in found if each.kind == "main" and not each.late), None)
    return None


def means(results: Results, one: Collected, number: int) -> Picture | None:
    """Return an outcome's adjusted means by visit, or None when no analysis gives several."""
    p = results.study.protocol
    for found in results.answers_of(one.outcome.id):
        visits = sorted({each.visit for each in found.levels})
        if found.kind not in MAIN or found.late or len(visits) < 2:
            continue
        series = []
        for arm, held in enumerate(p.arm):
            mine = sorted(
                (each for each in found.levels if each.arm == arm), key=lambda each: each.visit
            )
            series.append(
                charts.Series(
                    held.name,
                    tuple(p.visit[each.visit].day for each in mine),
                    tuple(each.estimate for each in mine),
                    tuple(each.low for each in mine),
                    tuple(each.high for each in mine),
                    tuple(each.n for each in mine),
                )
            )
        change = found.measure == "change"
        label = f"{one.outcome.name}, change" if change else one.outcome.name
        level = f"{100 * (1 - p.alpha):g} %"
        drawn = charts.means_plot(
            series,
            x_label="day",
            y_label=_folded(label),
            ticks=[(p.visit[visit].day, p.visit[visit].name) for visit in visits],
            zero=change,
        )
        caption = f"{named(one)}: least-squares means with {level} intervals. n: values seen."
        told = "; ".join(
            f"{each.name}: "
            + ", ".join(f"{y:.2f} on day {x:g}" for x, y in zip(each.x, each.y, strict=True))
            for each in series
        )
        return Picture(drawn, caption, f"{label}. {told}.", f"means-{number:02}")
    return None


def _folded(label: str) -> str:
    """Break a long label of an axis in two."""
    if len(label) <= 34:
        return label
    middle = min(
        (place for place, one in enumerate(label) if one == " "),
        key=lambda place: abs(place - len(label) / 2),
        default=-1,
    )
    return label if middle < 0 else f"{label[:middle]}\n{label[middle + 1 :]}"


def survival(results: Results, one: Collected, number: int) -> Picture | None:
    """Return an outcome's survival curves, or None when it isn't a time to an event."""
    p = results.study.protocol
    for found in results.answers_of(one.outcome.id):
        if found.kind != "main" or found.late or not found.curves:
            continue
        courses = [
            charts.Course(
                p.arm[each.arm].name,
                *(each.times, each.surviving, each.low, each.high, each.censored, each.at_risk),
            )
            for each in found.curves
        ]
        told = "; ".join(
            f"{p.arm[each.arm].name}: {each.events} events in {each.n} people"
            for each in found.curves
        )
        drawn = charts.survival(
            courses, x_label="day", y_label="share without the event", until=found.until_day
        )
        caption = f"{named(one)}: Kaplan-Meier estimates with pointwise intervals; {told}."
        return Picture(drawn, caption, caption, f"survival-{number:02}")
    return None


def forest(results: Results) -> list[Picture]:
    """Return every outcome beside the others, in standard deviations, better to the right.

    One picture for each treated arm. An outcome counts in standard deviations of its own baseline
    values, or of all its values at that visit where there is no baseline or it's the same in all.
    """
    p = results.study.protocol
    pictures = []
    for arm, held in enumerate(p.arm):
        if held.control:
            continue
        rows = [row for one in results.outcomes for row in _forest_rows(results, one, arm)]
        if not any(math.isfinite(row.estimate) for row in rows):
            continue
        drawn = charts.forest(
            rows,
            x_label="difference in standard deviations",
            favours=(f"favours {p.control.name}", f"favours {held.name}"),
        )
        caption = (
            f"{held.name} against {p.control.name}: every outcome that was collected. Squares "
            "stand on the side of whom they favour; hollow ones have no analysis in the protocol. "
            "At the right, the difference as measured."
        )
        told = "; ".join(f"{row.label}: {row.said}" for row in rows)
        name = "forest" if len(p.treated) == 1 else f"forest-{arm}"
        pictures.append(Picture(drawn, caption, f"Forest plot. {told}.", name))
    return pictures


def _forest_rows(results: Results, one: Collected, arm: int) -> Iterator[charts.Row]:
    """Yield an outcome's lines, one for each main answer; one at least, with words for why not."""
    answers = results.answers_of(one.outcome.id)
    found = [each for each in answers if each.kind in MAIN and not each.late]
    for each in found:
        yield _forest_row(results, one, each, arm)
    if not found:
        said = "described only" if one.outcome.harm is None else "see harms"
        yield charts.Row(named(one), *NOTHING, said, open=True)


def _forest_row(results: Results, one: Collected, found: Answer, arm: int) -> charts.Row:
    """Return one answer's line; without a marker where it has no direction or no estimate."""
    visit = results.study.protocol.visit[found.visit].name
    label = f"{named(one)}, {visit}"
    versus = next((each for each in found.at_visit() if each.arm == arm), None)
    if found.refused is not None or versus is None:
        return charts.Row(label, *NOTHING, "no result", open=True)
    said = difference(found, versus)
    if found.summary != "difference-in-means":
        what = "shares" if found.summary == "risk-difference" else "times"
        unit = "%-points" if found.summary == "risk-difference" else "days"
        return charts.Row(f"{label}: {what}", *NOTHING, f"{said} {unit}", open=True)
    spread = _spread(results, one, found)
    if one.outcome.better == "unstated" or not spread > 0.0:
        return charts.Row(label, *NOTHING, f"{said}, no direction", open=True)
    sign = -1.0 if one.outcome.better == "lower" else 1.0
    low, high = sorted((sign * versus.low / spread, sign * versus.high / spread))
    middle = sign * versus.estimate / spread
    return charts.Row(label, middle, low, high, said, open=found.kind == "standard")


def _spread(results: Results, one: Collected, found: Answer) -> float:
    """Return the standard deviation that an outcome's difference is told in."""
    p = results.study.protocol
    values = results.data.numbers(one.outcome.held_in[0])
    for visit in (0 if p.baseline is not None else found.visit, found.visit):
        known = values[:, visit][~np.isnan(values[:, visit])]
        if len(known) > 1 and (spread := float(known.std(ddof=1))) > 0.0:
            return spread
    return math.nan
