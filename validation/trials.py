"""Virtual trials in the shape of published ones: what was published beside what they come to.

    python -m validation trials            writes trials.csv and its page
    python -m validation trials --check    writes nothing; returns 1 when either would change

The published numbers stand in points.csv with their sources and how each was read. Predicted is
the mean over replicate trials with where 95 % of them lie: what one trial of that size would show
if the model were right. A point that the model was built on, or that is a number of the model
itself, is marked so and validates nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assuage.evidence.report import numbers
from assuage.evidence.virtual import words
from assuage.evidence.virtual.design import Design
from assuage.evidence.virtual.reading import read
from assuage.evidence.virtual.report import KINDS, label, mean_words, share_words
from assuage.evidence.virtual.scores import World, world_of
from assuage.evidence.virtual.summary import Summary, Visit, summary_of
from assuage.evidence.virtual.trials import Results, run, task_of
from assuage.evidence.virtual.truth import truth_of
from assuage.kinetics.executors import Processes
from validation.points import Point, load
from validation.report import table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "validation" / "trials.csv"
PAGE = ROOT / "docs" / "evidence" / "trials.md"
CRPS = ROOT / "examples" / "trials" / "crps-sigtermans.toml"
MOOD = ROOT / "examples" / "trials" / "depression-six-infusions.toml"
SEED = 2009
TRIALS = 1000
PROCESSES = 2
NEAR = 0.5  # points: a mean that is nearer isn't named
COLUMNS = ("point", "design", "what", "source", "read", "published", "unit", "low", "predicted",
           "high", "use", "verdict", "note")  # fmt: skip
INPUT = "a number of the model"
CHOSEN = "assumed in the design"
BUILT = "built on it"
OTHER = "another design"
EXTERNAL = "external"

HEAD = f"""# Virtual trials against published ones

Every number here comes from `python -m validation trials`; none is written by hand. Published
points stand in `validation/points.csv` with their sources. Predicted is the mean over {TRIALS}
virtual trials of the published size, with where 95 % of those trials lie: what a single trial
would show if the model were right. Inside means that the published value lies there: a weak
test, since trials of this size scatter widely.

What a point is worth:

* **{BUILT}**: the model was fitted to it, or to the same patients. It shows that the code
  reproduces the model, and validates nothing.
* **{INPUT}**: the model's own parameter, put in and read out again.
* **{CHOSEN}**: follows from what the design assumes; not judged.
* **{OTHER}**: published of something else, shown because nothing nearer was read; not judged.
* **{EXTERNAL}**: nothing here was tuned to it.
* An unverified point was never read in a source, and is not judged.

Designs: `sigtermans` is `examples/trials/crps-sigtermans.toml`, stepped by its assumed rule;
`sigtermans, ladder` gives the library's fixed steps instead; `six infusions` is
`examples/trials/depression-six-infusions.toml`; `one infusion` is the same with a single one, 47
and 25 people and nobody leaving, as in Murrough 2013. Bodies, baselines, the error of a visit and
who leaves are assumptions, listed in the designs.
"""


@dataclass(frozen=True)
class Row:
    """A published point beside what virtual trials come to."""

    point: Point
    design: str
    what: str
    low: float
    predicted: float
    high: float
    use: str
    note: str = ""

    @property
    def published(self) -> float:
        """Return the published number, as a size where it is a change."""
        return float(self.point.observed)

    @property
    def verdict(self) -> str:
        """Say where the published number lies, or that it isn't judged."""
        if self.point.read == "unverified" or self.use in (CHOSEN, OTHER):
            return "not judged"
        if self.low <= self.published <= self.high:
            return "inside"
        return "above" if self.published > self.high else "below"

    def cells(self) -> tuple[str, ...]:
        """Return the row as text."""
        point = self.point
        low, predicted, high = (f"{one + 0.0:.3g}" for one in (self.low, self.predicted, self.high))
        return (
            point.id, self.design, self.what, point.source, point.read, f"{self.published:g}",
            point.unit, low, predicted, high, self.use, self.verdict, self.note,
        )  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """A design that was run."""

    design: Design
    world: World
    results: Results
    summary: Summary

    def visit(self, outcome: str, arm: str, day: float) -> Visit:
        """Return one arm at one visit."""
        wanted = (outcome, arm, day)
        return next(one for one in self.summary.visits if (one.outcome, one.arm, one.day) == wanted)


def ran(design: Design, trials: int) -> Ran:
    """Run a design."""
    world = world_of(design, SEED)
    results = run(task_of(world), trials, Processes(PROCESSES))
    return Ran(design, world, results, summary_of(world, truth_of(world), results))


def designs() -> dict[str, Design]:
    """Return the designs by the name that the table gives them."""
    crps, six = read(CRPS), read(MOOD)
    quiet = {"analysis": crps.analysis.model_copy(update={"null": False})}
    drug, control = crps.arm
    ladder = drug.model_copy(update={"titration": None, "variant": "titrated"})
    infusion, midazolam = six.arm
    one = {
        "arm": (
            infusion.model_copy(update={"variant": "single", "n": 47}),
            midazolam.model_copy(update={"n": 25}),
        ),
        "visits_d": (1.0, 3.0, 7.0),
        "dropout": None,
        "analysis": six.analysis.model_copy(update={"at_d": (1.0,), "null": False}),
    }
    return {
        "sigtermans": crps,
        "sigtermans, ladder": crps.model_copy(update={"arm": (ladder, control), **quiet}),
        "one infusion": six.model_copy(update=one),
        "six infusions": six,
    }


def rows(found: dict[str, Ran]) -> list[Row]:
    """Return every published point beside its prediction."""
    points = {one.id: one for one in load()}
    return [
        *_crps(points, found["sigtermans"], "sigtermans"),
        *_crps(points, found["sigtermans, ladder"], "sigtermans, ladder"),
        *_one(points, found["one infusion"]),
        *_six(points, found["six infusions"]),
    ]


def _crps(points: dict[str, Point], one: Ran, name: str) -> list[Row]:
    def row(id_: str, what: str, at: Sequence[float], use: str, note: str = "") -> Row:
        low, predicted, high = at
        return Row(points[id_], name, what, low, predicted, high, use, note)

    def percent(at: Sequence[float] | None) -> list[float]:
        assert at is not None
        return [100.0 * value for value in at]

    drug, placebo = (one.visit("pain", arm.id, 7.0) for arm in one.design.arm)
    late = next(w for w in one.summary.worth if (w.outcome, w.day, w.null) == ("pain", 84.0, False))
    facts, none = one.summary.arms
    counted = one.design.dissociation
    assert counted is not None
    assert facts.end_mg_per_h is not None
    mean, sd = facts.end_mg_per_h
    half = 1.96 * sd / facts.n**0.5
    rate = (mean - half, mean, mean + half)
    told = f"loss of external perception over {counted.over_percent:g} % stands for psychomimetic"
    fixed = "the steps are the library's own" if "ladder" in name else "the rule is assumed"
    relief = "the share of a mixture; predicted: 30 % relief in week 1"
    return [
        row("crps-week1-ketamine", "mean pain, week 1, esketamine", drug.mean, BUILT),
        row("crps-week1-placebo", "mean pain, week 1, placebo", placebo.mean, BUILT),
        row("crps-week12-p", "p of the difference, week 12", late.p, BUILT,
            f"below 0.05 in {100.0 * late.rejected.share:.1f} % of trials"),
        row("dahan-responders", "responders, esketamine", percent(drug.responders), INPUT, relief),
        row("dahan-placebo", "responders, placebo", percent(placebo.responders), INPUT, relief),
        row("crps-psychomimetic", "psychomimetic effects, esketamine", percent(facts.dissociated),
            EXTERNAL, told),
        row("crps-psychomimetic-placebo", "psychomimetic effects, placebo",
            percent(none.dissociated), EXTERNAL, "the model has none without the drug"),
        row("crps-rate", "mean last rate, per 70 kg", rate, CHOSEN, fixed),
    ]  # fmt: skip


def _one(points: dict[str, Point], one: Ran) -> list[Row]:
    found = []
    for id_, day in (("han-response-1d", 1.0), ("han-response-3d", 3.0), ("han-response-7d", 7.0)):
        at = [100.0 * value for value in one.visit("mood", "ketamine", day).responders]
        what = f"responders, day {day:g}, ketamine"
        found.append(Row(points[id_], "one infusion", what, at[0], at[1], at[2], BUILT,
                         "published of nine trials together, predicted of one of 47"))  # fmt: skip
    for id_, place in (("murrough-24h-ketamine", 0), ("murrough-24h-midazolam", 1)):
        arm = one.design.arm[place]
        low, mean, high = one.visit("mood", arm.id, 1.0).mean
        before = one.design.baseline("mood").mean
        what = f"change, 24 h, {arm.id}"
        at = [low - before, mean - before, high - before]
        note = "from the stated mean baseline"
        found.append(Row(points[id_], "one infusion", what, at[0], at[1], at[2], BUILT, note))
    for id_, place in (("murrough-paper-ketamine", 0), ("murrough-paper-midazolam", 1)):
        arm = one.design.arm[place]
        at = [100.0 * value for value in one.visit("mood", arm.id, 1.0).responders]
        what = f"responders, day 1, {arm.id}"
        found.append(Row(points[id_], "one infusion", what, at[0], at[1], at[2], EXTERNAL))
    return found


def _six(points: dict[str, Point], one: Ran) -> list[Row]:
    found = []
    for first, last, id_ in (
        (1.0, 12.0, "han-response-1d"),
        (3.0, 14.0, "han-response-3d"),
        (7.0, 18.0, "han-response-7d"),
    ):
        for day, after in ((first, "the first"), (last, "the last")):
            at = [100.0 * value for value in one.visit("mood", "ketamine", day).responders]
            what = f"responders, {first:g} d after {after} infusion"
            found.append(Row(points[id_], "six infusions", what, at[0], at[1], at[2], OTHER,
                             "published after one infusion, of those who stayed"))  # fmt: skip
    before = one.design.baseline("mood").mean
    for id_, place in (("singh-3x-ketamine", 0), ("singh-3x-control", 1)):
        arm = one.design.arm[place]
        low, mean, high = one.visit("mood", arm.id, 14.0).mean
        what = f"change, day 14, {arm.id}"
        at = [low - before, mean - before, high - before]
        note = "published at day 15"
        found.append(Row(points[id_], "six infusions", what, at[0], at[1], at[2], EXTERNAL, note))
    worth = next(w for w in one.summary.worth if not w.null)
    assert worth.estimate is not None
    reach = 1.96 * worth.sd
    middle = worth.estimate.value
    found.append(Row(points["karma-difference"], "six infusions", "difference, day 14",
                     middle - reach, middle, middle + reach, EXTERNAL,
                     "published at the end of up to eight infusions, in inpatients"))  # fmt: skip
    return found


def csv_text(found: Sequence[Row]) -> str:
    """Return trials.csv."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(one.cells() for one in found)
    return out.getvalue()


def comparison(lines: Sequence[dict[str, str]]) -> str:
    """Return the table of the page, from the lines of trials.csv."""
    head = ["design", "what", "published", "predicted", "95 % of trials", "worth", "verdict",
            "source", "note"]  # fmt: skip
    body = []
    for one in lines:
        read_ = "" if one["read"] == "primary" else f" ({one['read']})"
        unit = "" if one["unit"] == "1" else f" {one['unit']}"
        body.append([
            one["design"], one["what"], one["published"] + unit, one["predicted"],
            f"{one['low']} to {one['high']}", one["use"], one["verdict"], one["source"] + read_,
            one["note"],
        ])  # fmt: skip
    return table(head, body)


def misses(lines: Sequence[dict[str, str]]) -> str:
    """Say where the published value lies outside, by what the point is worth."""
    judged = [one for one in lines if one["verdict"] != "not judged"]
    said = []
    for use in (EXTERNAL, BUILT, INPUT):
        mine = [one for one in judged if one["use"] == use]
        out = [one for one in mine if one["verdict"] != "inside"]
        told = "; ".join(
            f"{one['what']} ({one['design']}): published {one['published']}, predicted "
            f"{one['predicted']}" for one in out
        )  # fmt: skip
        said.append(f"* **{use}**: {len(out)} of {len(mine)} outside. {told or 'None'}.")
    apart = [
        f"{one['what']} ({one['design']}) by {_apart(one):+.2g}"
        for one in judged
        if one["verdict"] == "inside" and one["unit"] == "point" and abs(_apart(one)) >= NEAR
    ]
    said.append(
        f"* Inside, and yet {NEAR:g} points or more from what was published: {'; '.join(apart)}."
    )
    return "\n".join(said) + "\n"


def _apart(line: dict[str, str]) -> float:
    """Return predicted less published."""
    return float(line["predicted"]) - float(line["published"])


def markdown(lines: Sequence[dict[str, str]], crps: Ran) -> str:
    """Return docs/evidence/trials.md."""
    summary = crps.summary
    power = [
        [label(one), KINDS[one.null], share_words(one.rejected), numbers.fixed(one.truth),
         mean_words(one.bias), share_words(one.coverage), f"{one.fitted} of {one.trials}"]
        for one in summary.worth
    ]  # fmt: skip
    seen = [
        [label(one), KINDS[one.null], one.way, numbers.share(one.trials, one.of),
         mean_words(one.mean), mean_words(one.bias)]
        for one in summary.reported
    ]  # fmt: skip
    parts = [
        HEAD,
        "## Published beside predicted\n",
        comparison(lines),
        "## Where it misses\n",
        misses(lines),
        "## What the design of the CRPS trial could tell\n",
        f"{words.SIMULATED} Pain is the published model's; mood, which that trial never reported, "
        "is an assumption from end to end, and is here to show what leaving it out does.\n",
        table(["difference", "trials", "rejected, %", "true", "bias", "coverage, %",
               "with an estimate"], power),
        "## When its mood scores go unreported\n",
        table(["difference", "trials", "reported", "trials that report it", "mean reported",
               "bias"], seen),
        "## Cautions that come with the models\n",
        "\n".join(f"* {one}" for one in (*words.labels(crps.design),
                                         *words.cautions(crps.design))) + "\n",
    ]  # fmt: skip
    return "\n".join(parts)


def lines_of(text: str) -> list[dict[str, str]]:
    """Return the lines of trials.csv."""
    return list(csv.DictReader(io.StringIO(text)))


def main(arguments: Sequence[str]) -> int:
    """Write or check the table and the page, and print the comparison."""
    found = {name: ran(one, TRIALS) for name, one in designs().items()}
    made = rows(found)
    text = csv_text(made)
    texts = {RESULTS: text, PAGE: markdown(lines_of(text), found["sigtermans"])}
    if "--check" in arguments:
        old = [
            path
            for path, new in texts.items()
            if not path.exists() or path.read_text(encoding="utf-8") != new
        ]
        for path in old:
            print(f"{path.relative_to(ROOT)} is not what the command makes")
        return int(bool(old))
    for path, new in texts.items():
        path.write_text(new, encoding="utf-8", newline="\n")
    print(f"{'design':20}{'what':44}{'published':>10}{'predicted':>26}  worth, verdict")
    for one in made:
        cells = dict(zip(COLUMNS, one.cells(), strict=True))
        range_ = f"{cells['predicted']} ({cells['low']} to {cells['high']})"
        print(f"{one.design:20}{one.what:44}{cells['published']:>10}{range_:>26}  "
              f"{one.use}, {one.verdict}")  # fmt: skip
    return 0
