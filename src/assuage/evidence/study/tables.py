"""The tables of a study's report, as a paper prints them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import mean, stdev

from assuage.evidence.report import numbers
from assuage.evidence.report.blocks import Table
from assuage.evidence.report.numbers import DASH
from assuage.evidence.study import facts, harms
from assuage.evidence.study.answers import Answer, Level, Versus
from assuage.evidence.study.collected import Collected
from assuage.evidence.study.describe import Cell, people_with, values_of
from assuage.evidence.study.results import Results
from assuage.evidence.study.schema import Responders
from assuage.evidence.trial.estimands import Estimand

MARK = "†"
MARKED = f"{MARK} not pre-specified: no test, an interval that adjusts for nothing."
STANDARD = "No analysis in the protocol: the standard model, an interval and no test."
LATE = "added AFTER unblinding"

BESIDE = ("sensitivity", "supplementary")
BETTER = {"lower": "lower is better", "higher": "higher is better"}
FATES = {
    "observed": "as measured",
    "missing": "missing",
    "kept": "kept after an event",
    "set-missing": "set missing after an event",
    "failure": "counted as failure after an event",
    "left-out": "left out after an event",
}


def every_outcome(results: Results) -> Table:
    """Return the list of every outcome that was collected, and where it is reported."""
    rows = []
    for one in results.outcomes:
        data, outcome = results.data, one.outcome
        rows.append(
            (
                named(one),
                one.words,
                ", ".join(outcome.held_in),
                numbers.share(people_with(data, outcome), len(data.people)),
                str(values_of(data, outcome)),
                _where(results, one),
            )
        )
    people = len(results.data.people)
    return Table(
        ("outcome", "standing", "column", "people with data", "values", "reported as"),
        tuple(rows),
        "Every outcome that was collected",
        (
            f"{people} people. A column of the data is here unless every locked protocol says "
            "that it holds something other than an outcome.",
        ),
        "outcomes",
        ("standing", "column", "reported as"),
    )


def _where(results: Results, one: Collected) -> str:
    if all(results.data.empty(column) for column in one.outcome.held_in):
        return "nobody has a value"
    answers = results.answers_of(one.outcome.id)
    made = [found for found in answers if found.refused is None and not found.late]
    kinds = ["analysis as pre-specified" for found in made if found.kind == "main"]
    kinds += ["standard analysis" for found in made if found.kind == "standard"]
    kinds += ["table of harms"] if one.outcome.harm is not None else []
    kinds += ["description by arm" if one.outcome.timed else "description by visit"]
    return " and ".join(dict.fromkeys(kinds))


def named(one: Collected) -> str:
    """Return an outcome's name, marked when it isn't pre-specified."""
    return one.outcome.name if one.pre_specified else f"{one.outcome.name} {MARK}"


def results_table(
    results: Results, chosen: tuple[Collected, ...], name: str, *, late: bool = False
) -> Table:
    """Return the comparisons of some outcomes: each analysis and each treated arm a row.

    `late` asks for the analyses that were added after unblinding, and otherwise none is there.
    """
    p = results.study.protocol
    level = f"{100 * (1 - p.alpha):g} %"
    rows = []
    for one in chosen:
        for found in results.answers_of(one.outcome.id):
            if found.late != late or not (late or found.kind in ("main", "standard")):
                continue
            if found.refused is not None:
                rows.append(_unanswered(results, one, found))
            for versus in found.at_visit():
                rows.append(_row(results, one, found, versus))
    columns: tuple[str, ...] = ("outcome", "at", "n", "seen", "treated", "control")
    title = "Outcomes: estimates (SE) by arm, and treated less control"
    if len(p.treated) > 1:
        columns = ("outcome", "compared", *columns[1:])
    else:
        treated, control = p.treated[0].name, p.control.name
        columns = (*columns[:-2], treated, control)
        title = f"Outcomes: estimates (SE) by arm, and {treated} less {control}"
    return Table(
        (*columns, f"difference ({level} interval)", "df", "p"),
        tuple(rows),
        title,
        _notes(results, chosen, late=late),
        name,
        tuple(one for one in ("compared", "at") if one in columns),
    )


def _notes(results: Results, chosen: tuple[Collected, ...], *, late: bool) -> tuple[str, ...]:
    answers = [
        found
        for one in chosen
        for found in results.answers_of(one.outcome.id)
        if found.late == late and (late or found.kind in ("main", "standard"))
    ]
    kinds = {found.summary for found in answers}
    said = ["n: people analysed, treated / control; seen: values at that visit"]
    said[0] += "; of times, events." if "difference-in-restricted-mean-time" in kinds else "."
    if any(found.kind == "main" for found in answers) and not late:
        said.append("p: each by itself; the table of tests says what was rejected.")
    if any(found.kind == "standard" for found in answers):
        said.append(MARKED if not all(one.pre_specified for one in chosen) else STANDARD)
    if "risk-difference" in kinds:
        said.append(
            "Responders: people of all analysed, and the difference of shares in percentage points."
        )
    if "difference-in-restricted-mean-time" in kinds:
        said.append("Times: restricted means in days.")
    return tuple(said)


def _unanswered(results: Results, one: Collected, found: Answer) -> tuple[str, ...]:
    refused = found.refused
    why = f": no result, {refused.sentence}" if refused else ""
    compared = [DASH] if len(results.study.protocol.treated) > 1 else []
    return (f"{named(one)}{why}", *compared, _at(results, found), *([DASH] * 7))


def _row(results: Results, one: Collected, found: Answer, versus: Versus) -> tuple[str, ...]:
    p = results.study.protocol
    control = next(place for place, arm in enumerate(p.arm) if arm.control)
    sizes = f"{found.n[versus.arm]} / {found.n[control]}"
    cells, seen = [], []
    for arm in (versus.arm, control):
        level = found.level(arm)
        events = [str(each.events) for each in found.curves if each.arm == arm]
        seen += events or [DASH if level is None else str(level.n)]
        cells.append(DASH if level is None else estimate(level))
    return (
        asked(one, found),
        *([f"{p.arm[versus.arm].name} – {p.control.name}"] if len(p.treated) > 1 else []),
        _at(results, found),
        sizes,
        " / ".join(seen),
        *cells,
        difference(found, versus),
        DASH if math.isnan(versus.df) or math.isinf(versus.df) else numbers.degrees(versus.df),
        tested(found, versus),
    )


def asked(one: Collected, found: Answer) -> str:
    """Return an outcome with what is made of it, and which way it is better."""
    made = f", {found.measure.replace('-', ' ')}" if found.measure != "value" else ""
    # Of responses, more are better, whatever the scale's direction.
    better = "higher" if found.summary == "risk-difference" else one.outcome.better
    return f"{named(one)}{made} ({BETTER.get(better, 'direction not stated')})"


def tested(found: Answer, versus: Versus) -> str:
    """Return a p value; none for what isn't pre-specified, or where the method tests nothing."""
    if found.kind == "standard" or found.late or math.isnan(versus.p):
        return DASH
    return numbers.p_value(versus.p)


def estimate(level: Level) -> str:
    """Return one arm's estimate as its method writes it."""
    if level.count is not None:
        return numbers.share(level.count, level.n)
    return numbers.with_se(level.estimate, level.se)


def difference(found: Answer, versus: Versus) -> str:
    """Return a difference with its interval."""
    if found.summary == "risk-difference":
        middle, low, high = (100 * one for one in (versus.estimate, versus.low, versus.high))
        return numbers.with_interval(middle, low, high, 1)
    return numbers.with_interval(versus.estimate, versus.low, versus.high)


def sensitivity(results: Results) -> Table | None:
    """Return the analyses that stand beside main ones, under those that they question."""
    p = results.study.protocol
    asked = {one.estimand for one in results.answers if one.kind in BESIDE}
    rows = []
    for one in results.outcomes:
        for each in results.answers_of(one.outcome.id):
            if each.estimand not in asked:
                continue
            kind = f"{each.kind}, {LATE}" if each.late else each.kind
            start = (each.estimand, kind, each.method, p.visit[each.visit].name)
            if each.refused is not None:
                rows.append((*start, f"no result: {each.refused.sentence}", DASH))
            rows += [
                (*start, difference(each, versus), tested(each, versus))
                for versus in each.at_visit()
            ]
    if not rows:
        return None
    place = {id_: number for number, id_ in enumerate(results.study.estimands)}
    rows.sort(key=lambda row: place[row[0]])
    level = f"{100 * (1 - p.alpha):g} %"
    columns = ("estimand", "kind", "analysis", "at", f"difference ({level} interval)", "p")
    title = "Main analyses, and those that question what they assume"
    return Table(columns, tuple(rows), title, (), "sensitivity", ("kind", "analysis", "at"))


def decisions(results: Results) -> Table:
    """Return what was rejected, with which share of alpha at the start."""
    p = results.study.protocol
    rows = tuple(
        (
            one.hypothesis,
            _about(results, one.hypothesis),
            numbers.fixed(one.share, 3),
            "no result" if one.p is None else numbers.p_value(one.p),
            numbers.p_value(one.adjusted),
            "rejected" if one.rejected else "not rejected",
        )
        for one in results.decisions
    )
    note = (
        f"Graphical procedure at a two-sided familywise {p.alpha:g} (Bretz, Maurer, Brannath and "
        "Posch, Stat Med 2009;28:586). Adjusted p: the least alpha that would reject."
        if p.multiplicity is not None
        else f"One primary comparison, two-sided at {p.alpha:g}; nothing else was tested."
    )
    columns = ("null hypothesis of", "about", "share of alpha", "p", "adjusted p", "decision")
    return Table(columns, rows, "Tests", (note,), "tests", ("about", "decision"))


def _about(results: Results, hypothesis: str) -> str:
    """Return what a hypothesis says doesn't differ."""
    p = results.study.protocol
    for found in results.answers:
        for arm in p.treated:
            if hypothesis in (found.id, f"{found.id}-{arm.id}"):
                name = p.outcome_of(found.outcome).name
                against = f", {arm.name}" if len(p.treated) > 1 else ""
                return f"{name}, {found.measure.replace('-', ' ')}, {_at(results, found)}{against}"
    return DASH


def _at(results: Results, found: Answer) -> str:
    if found.summary == "difference-in-restricted-mean-time":
        return f"to day {found.until_day:g}"
    return results.study.protocol.visit[found.visit].name


def estimands(results: Results) -> Table:
    """Return each estimand's attributes, as ICH E9(R1) names them."""
    rows = []
    for one in results.study.estimands.values():
        for name, text in one.sentences():
            rows.append((one.id, name, _variable(results, one) if name == "Variable" else text))
        for found in results.answers:
            if found.estimand == one.id:
                kind = f"{found.kind}, {LATE}" if found.late else found.kind
                rows.append((one.id, f"Analysis {found.id} ({kind})", found.method))
            if found.estimand == one.id and found.kind == "main" and found.fates:
                told = "; ".join(f"{n} {FATES[fate]}" for fate, n in found.fates.items())
                rows.append((one.id, "Values after baseline", told))
            if found.estimand == one.id and found.left:
                rows.append((one.id, f"Left out or imputed ({found.id})", " ".join(found.left)))
    columns = ("estimand", "attribute", "as locked")
    return Table(columns, tuple(rows), "Estimands and their analyses", (), "estimands", columns)


def _variable(results: Results, one: Estimand) -> str:
    """Return what is measured, with what counts as a response."""
    p, variable = results.study.protocol, one.variable
    outcome = p.outcome_of(variable.outcome)
    made = "change from baseline" if variable.measure == "change" else variable.measure
    rules = {
        each.how.responding.words(outcome.better)
        for each in p.analysis
        if each.estimand == one.id and isinstance(each.how, Responders)
    }
    rule = f" ({' or '.join(sorted(rules))})" if rules else ""
    visit = next(each.name for each in p.visit if each.id == variable.visit)
    more = f": {variable.text}" if variable.text else ""
    return f"{outcome.name}: {made.replace('-', ' ')}{rule} at {visit}{more}"


def described(results: Results, one: Collected) -> Iterator[Table]:
    """Yield an outcome by visit and arm, with no model; one table for each of its columns."""
    if one.outcome.timed:
        yield harms.times(results, one.outcome, _file(results, one.outcome.held_in[0]))
        return
    for column in one.outcome.held_in:
        cells = results.cells[column]
        words = any(cell.counts for cell in cells)
        yield (_counted if words else _measured)(results, column, cells)


def unnamed(one: Collected, table: Table) -> Table:
    """Return a table that is shown a second time, away from its heading, and not as a file."""
    return replace(table, name="", caption=f"{named(one)}: {table.caption}")


def _measured(results: Results, column: str, cells: tuple[Cell, ...]) -> Table:
    rows = tuple(
        (
            *_place(results, cell),
            str(cell.n),
            DASH if not cell.n else numbers.fixed(cell.mean),
            DASH if cell.n < 2 else numbers.fixed(cell.sd),
            DASH if not cell.n else numbers.fixed(cell.median),
            DASH if not cell.n else f"{numbers.fixed(cell.low)} to {numbers.fixed(cell.high)}",
        )
        for cell in _held(cells)
    )
    columns = ("visit", "arm", "n", "mean", "SD", "median", "range")
    return _described(results, column, cells, columns, rows)


def _counted(results: Results, column: str, cells: tuple[Cell, ...]) -> Table:
    rows = []
    for cell in _held(cells):
        start = _place(results, cell)
        rows += [(*start, word, numbers.share(many, cell.n)) for word, many in cell.counts]
        rows += [] if cell.n else [(*start, DASH, DASH)]
    return _described(results, column, cells, ("visit", "arm", "value", "people"), tuple(rows))


def _held(cells: tuple[Cell, ...]) -> list[Cell]:
    """Return the cells of visits at which anybody has a value, visit by visit."""
    seen = {cell.visit for cell in cells if cell.n}
    return sorted((one for one in cells if one.visit in seen), key=lambda one: (one.visit, one.arm))


def _described(
    results: Results,
    column: str,
    cells: tuple[Cell, ...],
    columns: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
) -> Table:
    p = results.study.protocol
    empty = {cell.visit for cell in cells} - {cell.visit for cell in cells if cell.n}
    names = ", ".join(p.visit[visit].name for visit in sorted(empty))
    notes = (f"No values at: {names}.",) if empty and rows else ()
    if not rows:
        rows = (("nobody has a value", *([DASH] * (len(columns) - 1))),)
    words = tuple(one for one in columns if one in ("arm", "value"))
    title = f"{column}, by visit and arm"
    return Table(columns, rows, title, notes, _file(results, column), words)


def _place(results: Results, cell: Cell) -> tuple[str, str]:
    return results.study.protocol.visit[cell.visit].name, _arm(results, cell.arm)


def _arm(results: Results, arm: int) -> str:
    return results.arm_name(arm)


def _file(results: Results, column: str) -> str:
    """Return the file's name of a column's description; the number keeps names apart."""
    number = list(results.cells).index(column) + 1
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in column).strip("-")
    return f"described-{number:02}-{plain.lower()}".rstrip("-")


def at_start(results: Results) -> Table:
    """Return who the people were, by arm: covariates, and outcomes at baseline."""
    p, data = results.study.protocol, results.data
    arms = range(len(data.arms))
    many = [int((data.arm == arm).sum()) for arm in arms]
    rows: list[tuple[str, ...]] = []
    for name in p.columns.covariates:
        told = data.of_person(name)
        mine = [
            [one for one, place in zip(told, data.arm, strict=True) if place == arm and one]
            for arm in arms
        ]
        if not data.empty(name) and data.numeric(name):
            spread = [[float(one) for one in each] for each in mine]
            told_ = (_spread(one, of) for one, of in zip(spread, many, strict=True))
            rows.append((f"{name}, mean (SD)", *told_))
            continue
        for level in sorted({one for one in told if one is not None}):
            shares = (numbers.share(one.count(level), len(one)) for one in mine)
            rows.append((f"{name}: {level}", *shares))
    for one in results.outcomes:
        cells = results.cells[one.outcome.held_in[0]]
        first = [cell for cell in cells if cell.visit == 0 and cell.n]
        if p.baseline is not None and first and not first[0].counts and not one.outcome.timed:
            by_arm = {cell.arm: cell for cell in first}
            shown = [_seen(by_arm.get(arm), many[arm]) for arm in arms]
            rows.append((f"{named(one)} at {p.visit[0].name}, mean (SD)", *shown))
    heads = [f"{_arm(results, arm)} (n = {many[arm]})" for arm in arms]
    return Table(("characteristic", *heads), tuple(rows), "The people at baseline", (), "baseline")


def _seen(cell: Cell | None, people: int) -> str:
    if cell is None or math.isnan(cell.sd):
        return DASH
    return f"{numbers.fixed(cell.mean)} ({numbers.fixed(cell.sd)}){_of(cell.n, people)}"


def _spread(values: list[float], people: int) -> str:
    if len(values) < 2:
        return DASH
    told = f"{numbers.fixed(mean(values), 1)} ({numbers.fixed(stdev(values), 1)})"
    return told + _of(len(values), people)


def _of(known: int, people: int) -> str:
    """Say of how many a number is, where it isn't of all."""
    return "" if known == people else f", n = {known}"


def guessed(results: Results) -> Table:
    """Return what people thought that they were given, by arm, with Bang's index."""
    names = {one.id: one.name for one in results.study.protocol.arm}
    rows = tuple(
        (
            names[one.arm],
            str(one.right),
            str(one.wrong),
            str(one.unknown),
            str(one.unanswered),
            DASH if math.isnan(one.index) else numbers.with_interval(one.index, one.low, one.high),
        )
        for one in results.guesses
    )
    return Table(
        ("given", "guessed right", "guessed wrong", "didn't know", "no answer", "Bang's index"),
        rows,
        "What people thought that they were given",
        (
            "Bang's index: 1 everybody knows, 0 no better than chance, below 0 people believe "
            "the opposite; with a 95 % interval (Bang, Ni and Davis, Control Clin Trials "
            "2004;25:143)."
            + ("" if len(names) == 2 else f" A wrong guess counts 1/{len(names) - 1}."),
        ),
        "blinding",
    )


def history(results: Results) -> Table:
    """Return what the record says of the study, in order."""
    rows = []
    unblinded = False
    for one in results.view.events:
        fact = one.fact
        if isinstance(fact, facts.ProtocolLocked):
            what = "protocol amended" if fact.replaces else "protocol locked"
            when = " AFTER unblinding" if unblinded else " before unblinding"
            why = f": {fact.reason}" if fact.reason else ""
            told = f"{what}{when}{why}"
        else:
            unblinded = True
            told = f"unblinded, with {fact.rows} rows of {fact.file}"
        by = one.by if one.method == "passphrase" else f"{one.by} ({one.method})"
        time = one.at.isoformat(sep=" ", timespec="minutes")
        rows.append((str(one.position), time, told, fact.digest[:12], by))
    columns = ("event", "when", "what", "digest", "by")
    return Table(columns, tuple(rows), "The study in the record", (), "history", columns[1:])


def sources(told: tuple[tuple[str, str], ...]) -> Table:
    """Return what the report rests on."""
    return Table(("what", "which"), told, "What this report rests on", (), "sources", ("which",))
