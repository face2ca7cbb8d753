"""Replicate trials as a report: what they rest on, what they came to, and what goes unreported."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from assuage.evidence.report import charts, files, numbers
from assuage.evidence.report.blocks import Block, Heading, Note, Paragraph, Picture, Table
from assuage.evidence.virtual import pictures, words
from assuage.evidence.virtual.analysis import ENDS, FIGURES, FITTED
from assuage.evidence.virtual.design import Design, OutcomeName
from assuage.evidence.virtual.scores import World, draw
from assuage.evidence.virtual.summary import Mean, Reported, Summary, Worth
from assuage.evidence.virtual.trials import Results
from assuage.kinetics.tally import Share

DIGITS = 2
KINDS = {False: "with the effect", True: "without any effect"}
UNREPORTED = (
    "A secondary outcome that is written up only when it is significant leaves readers with the "
    "trials in which chance favoured it. Each row is the mean of what they see; the bias is its "
    "distance from the truth."
)


def report_files(world: World, summary: Summary, results: Results) -> dict[str, bytes]:
    """Return every file of the report by name; the same results give the same bytes."""
    design = world.design
    under = f"{summary.trials} virtual trials of {design.people} people, seed {world.seed}" + (
        f"; {summary.null_trials} without any effect" if summary.null_trials else ""
    )
    found = files.files(design.title, blocks_of(world, summary), under=under)
    tree = tree_of(world, summary)
    found["trial.json"] = (json.dumps(tree, indent=2, allow_nan=False) + "\n").encode()
    found["trials.csv"] = _each_trial(design, results)
    found["first-trial.csv"] = first_trial(world)
    return found


def blocks_of(world: World, summary: Summary) -> list[Block]:
    """Return the report."""
    design = world.design
    return [
        Note(words.SIMULATED, loud=True),
        *(Note(one) for one in words.labels(design)),
        *_design(world),
        *_worth(world, summary),
        *_unreported(summary),
        *_arms(design, summary),
        Heading("What the models warn of"),
        *(Paragraph(one) for one in words.cautions(design)),
        Heading("What this rests on"),
        *(Paragraph(one) for one in words.differs(world)),
        *(Paragraph(one) for one in words.forms(design)),
        *(Paragraph(one) for one in notes_of(world)),
        Table(
            ("stated", "value", "source", "where"),
            words.stated(design),
            caption="Everything that the design states, and where it comes from",
            left=("value", "source", "where"),
            name="stated",
        ),
        Table(
            ("number", "value", "source", "where", "read"),
            words.taken(design),
            caption="What is taken from the effect models, and how it was read",
            left=("value", "source", "where", "read"),
            notes=("Design: assuage's own number, calibrated or held; no publication's.",),
            name="taken",
        ),
    ]


def notes_of(world: World) -> tuple[str, ...]:
    """Return what is said of the arms' courses, each once."""
    return tuple(dict.fromkeys(one for course in world.courses for one in course.notes))


def _design(world: World) -> list[Block]:
    design = world.design
    rows = tuple((words.arm_name(one), str(one.n), words.given(one)) for one in design.arm)
    days = ", ".join(f"{day:g}" for day in design.visits_d)
    rules = (words.titration(one) for one in design.arm if one.titration)
    return [
        Heading("The design"),
        Table(("arm", "n", "given"), rows, caption="Arms", left=("given",), name="arms"),
        *(Paragraph(one) for one in rules),
        Paragraph(f"Visits on day {days} after the first dose. {words.leaving(design)}"),
        Paragraph(words.analysed(design)),
    ]


def share_words(one: Share | None) -> str:
    """Return a share in per cent with its interval, or a dash."""
    if one is None:
        return numbers.DASH
    return numbers.with_interval(100.0 * one.share, 100.0 * one.low, 100.0 * one.high, 1)


def mean_words(one: Mean | None) -> str:
    """Return a mean with its interval, or a dash."""
    if one is None:
        return numbers.DASH
    if not math.isfinite(one.error):
        return numbers.fixed(one.value, DIGITS)
    return numbers.with_interval(one.value, one.low, one.high, DIGITS)


def _number(value: float, digits: int = DIGITS) -> str:
    return numbers.fixed(value, digits) if math.isfinite(value) else numbers.DASH


def label(one: Worth | Reported) -> str:
    """Return what a difference is of."""
    return f"{one.outcome}, {one.arm}, day {one.day:g}"


def _worth(world: World, summary: Summary) -> list[Block]:
    design = world.design
    head = ("difference", "trials", "with an estimate", "{}, %", "for the drug, %", "true",
            "estimate", "bias", "mean SE", "SD", "coverage, %", "p: 2.5, 50, 97.5 %")  # fmt: skip
    found: list[Block] = [Heading("Power and error")]
    for null, name, caption in (
        (False, "power", "Power, bias and coverage"),
        (True, "type-one-error", "Type I error: no drug has any effect"),
    ):
        mine = [one for one in summary.worth if one.null == null]
        if not mine:
            continue
        what = "type I error" if null else "power"
        columns = tuple(one.format(what) for one in head)
        rows = tuple(_worth_row(one) for one in mine)
        found.append(Table(columns, rows, caption=caption, name=name, notes=_notes(world)))
    return [*found, _ends(summary), _power(design, summary), _bias(summary)]


def _notes(world: World) -> tuple[str, ...]:
    design, worlds = world.design, world.pool.worlds
    among = f" and among the {worlds} worlds they happen in" if worlds > 1 else ""
    return (
        f"In brackets the 95 % Monte Carlo interval: what chance among these trials{among} leaves "
        "open.",
        "A trial without an estimate counts as one that does not reject.",
        f"Rejected: two-sided p below {design.analysis.alpha:g}. The true difference is that of "
        "the whole population if nobody left.",
    )


def _worth_row(one: Worth) -> tuple[str, ...]:
    middle = "–" if not np.isfinite(one.p).all() else ", ".join(numbers.p_value(p) for p in one.p)
    return (
        label(one), str(one.trials), str(one.fitted), share_words(one.rejected),
        share_words(one.for_drug), _number(one.truth), mean_words(one.estimate),
        mean_words(one.bias), _number(one.se), _number(one.sd), share_words(one.coverage), middle,
    )  # fmt: skip


def _ends(summary: Summary) -> Table:
    rows = tuple(
        (outcome, KINDS[null], how.lower().replace("_", " "), str(many))
        for outcome, null, how, many in summary.ends
    )
    return Table(
        ("outcome", "trials", "analysis", "how many"),
        rows,
        caption="How each analysis ended; nothing was tried in place of one that failed",
        left=("trials", "analysis"),
        name="analyses",
    )


def _power(design: Design, summary: Summary) -> Picture:
    level = 100.0 * design.analysis.alpha
    rows = []
    for one in summary.worth:
        share = one.rejected
        low, middle, high = (100.0 * value for value in (share.low, share.share, share.high))
        name = f"{label(one)}, {KINDS[one.null]}"
        rows.append(charts.Row(name, middle, low, high, share_words(share), open=one.null))
    told = "; ".join(f"{one.label}: {one.said}" for one in rows)
    caption = (
        "Trials that reject, with the 95 % Monte Carlo interval; hollow: without any effect, where "
        f"it should be {level:g} % (dashed)"
    )
    svg = pictures.shares(rows, x_label="trials that reject, %", level=level)
    return Picture(svg, caption, f"Trials that reject, in per cent. {told}.", "power")


def _bias(summary: Summary) -> Picture:
    rows = [
        charts.Row(f"{label(one)}, {KINDS[one.null]}", one.bias.value, one.bias.low, one.bias.high,
                   mean_words(one.bias))
        for one in summary.worth if one.bias is not None
    ]  # fmt: skip
    told = "; ".join(f"{one.label}: {one.said}" for one in rows) or "no estimate at all"
    svg = charts.forest(rows or [_no_row()], x_label="bias of the estimate, points")
    return Picture(svg, "Bias with its 95 % Monte Carlo interval", f"Bias. {told}.", "bias")


def _no_row() -> charts.Row:
    return charts.Row("none", math.nan, math.nan, math.nan, "no estimate")


def _unreported(summary: Summary) -> list[Block]:
    if not summary.reported:
        return []
    rows = tuple(
        (label(one), KINDS[one.null], one.way, numbers.share(one.trials, one.of),
         _number(one.truth), mean_words(one.mean), mean_words(one.bias))
        for one in summary.reported
    )  # fmt: skip
    shown = [one for one in summary.reported if one.mean is not None]
    lines = [
        charts.Row(f"{label(one)}, {one.way}{', no effect' if one.null else ''}", one.mean.value,
                   one.mean.low, one.mean.high, mean_words(one.mean), open=one.way != "always")
        for one in shown if one.mean is not None
    ]  # fmt: skip
    told = "; ".join(f"{one.label}: {one.said}" for one in lines) or "nothing is reported"
    return [
        Heading("When the secondary outcome goes unreported"),
        Paragraph(UNREPORTED),
        Table(
            ("difference", "trials", "reported", "trials that report it", "true", "mean reported",
             "bias"),
            rows,
            caption="What readers see when an outcome is reported always, or only when significant",
            left=("trials", "reported"),
            name="unreported",
        ),
        Picture(
            charts.forest(lines or [_no_row()], x_label="mean of what is reported, points"),
            "Mean of what is reported; hollow: reported only when significant",
            f"What is reported. {told}.",
            "unreported",
        ),
    ]  # fmt: skip


def _arms(design: Design, summary: Summary) -> list[Block]:
    found: list[Block] = [Heading("The arms over time"), _facts(summary)]
    for name in design.outcomes:
        found += [_visits(summary, name), _course(design, summary, name)]
    return found


def _range(values: Sequence[float] | None, scale: float = 1.0, digits: int = DIGITS) -> str:
    if values is None or not np.isfinite(values).all():
        return numbers.DASH
    low, middle, high = (scale * one for one in values)
    return numbers.with_interval(middle, low, high, digits)


def _facts(summary: Summary) -> Table:
    rows = tuple(
        (
            one.arm, str(one.n), _range(one.left, 100.0, 1),
            # nothing tells how often a control dissociates: that isn't none
            numbers.DASH if one.total_mg_per_kg is None else _range(one.dissociated, 100.0, 1),
            numbers.DASH if one.total_mg_per_kg is None else numbers.with_se(*one.total_mg_per_kg),
            numbers.DASH if one.end_mg_per_h is None else numbers.with_se(*one.end_mg_per_h, 1),
        )
        for one in summary.arms
    )  # fmt: skip
    return Table(
        ("arm", "n", "left, %", "dissociated, %", "mg/kg in all (SD)",
         "last rate, mg/h per 70 kg (SD)"),
        rows,
        caption="What the arms were given and how many left or dissociated",
        notes=("In brackets where 95 % of trials lie, or the SD between people.",),
        name="given",
    )  # fmt: skip


def _visits(summary: Summary, name: OutcomeName) -> Table:
    rows = tuple(
        (one.arm, f"{one.day:g}", _number(one.n, 1), _range(one.mean), _number(one.truth),
         _range(one.responders, 100.0, 1), _number(100.0 * one.true_responders, 1))
        for one in summary.visits if one.outcome == name
    )  # fmt: skip
    return Table(
        ("arm", "day", "still there", "mean", "true mean", "responders, %", "true responders, %"),
        rows,
        caption=f"{words.SCALE_WORDS[name]} by visit",
        notes=(
            "Mean over trials of the mean of those still there, and where 95 % of trials lie. "
            "True: if nobody left. Who left counts as no responder.",
        ),
        name=f"{name}-visits",
    )


def _course(design: Design, summary: Summary, name: OutcomeName) -> Picture:
    series = []
    for arm in design.arm:
        mine = [one for one in summary.visits if one.outcome == name and one.arm == arm.id]
        low, middle, high = zip(*(one.mean for one in mine), strict=True)
        days = tuple(one.day for one in mine)
        series.append(charts.Series(words.arm_name(arm), days, middle, low, high))
    told = "; ".join(
        f"{one.name} from {_number(one.y[0])} to {_number(one.y[-1])}" for one in series
    )
    svg = charts.means_plot(series, x_label="day", y_label=words.SCALE_WORDS[name])
    caption = f"{words.SCALE_WORDS[name]}: means over trials, with where 95 % of trials lie"
    return Picture(svg, caption, f"{caption}. {told}.", f"{name}-course")


def tree_of(world: World, summary: Summary) -> dict[str, Any]:
    """Return everything as a tree for JSON; what is not a number is null."""
    design = world.design
    tree: dict[str, Any] = {
        "title": design.title,
        "seed": world.seed,
        "worlds": world.pool.worlds,
        "cautions": [words.SIMULATED, *words.labels(design), *words.cautions(design)],
        "variability": list(words.differs(world)),
        "forms": list(words.forms(design)),
        "notes": list(notes_of(world)),
        "design": design.model_dump(mode="json", exclude_none=True),
        "stated": [
            dict(zip(("what", "value", "source", "where"), one, strict=True))
            for one in words.stated(design)
        ],
        "taken": [
            dict(zip(("what", "value", "source", "where", "read"), one, strict=True))
            for one in words.taken(design)
        ],
        **asdict(summary),
    }
    tree["ends"] = [
        {"outcome": outcome, "null": null, "analysis": how, "trials": many}
        for outcome, null, how, many in summary.ends
    ]
    plain: dict[str, Any] = _plain(tree)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _each_trial(design: Design, results: Results) -> bytes:
    """Return one row for each analysis of each trial and day."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("effect", "trial", "outcome", "arm", "day", "analysis", *FIGURES))
    reference = design.analysis.reference
    others = [one.id for one in design.arm if one.id != reference]
    for null, found in ((False, results.main), (True, results.null)):
        for name in design.outcomes if found else ():
            tests, ends = found[f"{name}.tests"], found[f"{name}.end"].astype(int)
            for trial, end in enumerate(ends):
                for row, arm in enumerate(others):
                    for column, day in enumerate(design.analysis.at_d):
                        cells = [f"{one:.6g}" for one in tests[trial, row, column]]
                        if ENDS[end] != FITTED:
                            cells = [""] * len(FIGURES)
                        kind = "none" if null else "model"
                        start = (kind, trial + 1, name, arm, f"{day:g}", ENDS[end].lower())
                        writer.writerow((*start, *cells))
    return out.getvalue().encode()


def first_trial(world: World) -> bytes:
    """Return the first trial's data as a study's: one row for each person and visit attended."""
    design = world.design
    drawn, arm = draw(world, 0, 1), world.arm_of()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = design.outcomes
    befores = [f"{name}_baseline" for name in names]
    writer.writerow(("participant", "arm", "visit", "day", *names, *befores))
    for person in range(design.people):
        before = [f"{drawn.baseline[name][0, person]:.4g}" for name in names]
        for column, day in enumerate(design.visits_d):
            if drawn.seen[0, person, column]:
                scores = [
                    f"{drawn.scores[name][0, person, column]:.4g}" if day in design.days(name)
                    else ""
                    for name in names
                ]  # fmt: skip
                start = (f"v-{person + 1:03d}", design.arm[arm[person]].id, column + 1, f"{day:g}")
                writer.writerow((*start, *scores, *before))
    return out.getvalue().encode()
