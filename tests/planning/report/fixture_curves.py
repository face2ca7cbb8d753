"""The curves of the fixture: simple formulas, not a model."""

import math
from typing import Any

from assuage.planning.document import Line, Prediction

HOURS = tuple(round(0.5 * n, 2) for n in range(361))
DAYS = tuple(float(n) for n in range(85))
BETWEEN = "90 % of patients lie inside (between patients)"


def rates() -> list[tuple[float, float, float]]:
    return [(0.0, 12.0, 5.2), (12.0, 12.0, 10.4), (24.0, 12.0, 15.6), (36.0, 64.0, 20.8)]


def _curve(peak: float, tau: float) -> tuple[float, ...]:
    values = []
    level = 0.0
    for hour in HOURS:
        rate = next((r for s, d, r in rates() if s <= hour < s + d), 0.0)
        level += (rate / 20.8 * peak - level) * (1 - math.exp(-0.5 / tau))
        values.append(round(level, 3))
    return tuple(values)


def _scaled(values: tuple[float, ...], by: float, plus: float = 0.0) -> tuple[float, ...]:
    return tuple(round(value * by + plus, 4) for value in values)


def _line(
    label: str,
    role: Any,
    values: tuple[float, ...],
    model: str = "kamp-2020",
    **more: Any,
) -> Line:
    more = {"sampling": "arterial", **more}
    return Line(label=label, role=role, model=model, values=values, **more)


def concentration() -> Prediction:
    typical = _curve(238, 3.1)
    members = (("sigtermans-2009", 0.82, 4.2), ("otto-2021", 1.14, 2.5), ("abuhelwa-2022", 1.31, 5))
    return Prediction(
        id="concentration",
        title="Esketamine in plasma",
        endpoint="plasma esketamine, free base",
        unit="ng/mL",
        time_unit="h",
        time=HOURS,
        lines=(
            _line(
                "Kamp 2020, typical patient",
                "typical",
                typical,
                low=_scaled(typical, 0.61),
                high=_scaled(typical, 1.55),
                band=BETWEEN,
            ),
            *(
                _line(
                    f"{model.replace('-', ' ').capitalize()}, typical patient",
                    "ensemble-member",
                    _curve(238 * by, tau),
                    model,
                    sampling="venous",
                )
                for model, by, tau in members
            ),
        ),
        marks=(
            (150.0, "half of people notice psychotomimetic effects"),
            (160.0, "goal of the trial's titration"),
            (1200.0, "loss of consciousness"),
        ),
        headline="Esketamine reaches 238 ng/mL near 72 h (90 % of patients: 145.2 to 368.9).",
        worth=(
            "Built from 14 data sets of mostly healthy adults, 40 to 120 kg, up to 48 h.",
            "100 h lies beyond the 48 h that were studied: read the band as twice as wide.",
            "Arterial; venous blood lies lower while the rate rises.",
        ),
        sources=("kamp-2020-anesthesiology", "otto-2021", "abuhelwa-2022"),
        reads=("secondary", "primary", "unverified"),
    )


def _over_hours(
    pid: str, title: str, unit: str, base: float, by: float, headline: str, **more: Any
) -> Prediction:
    values = _scaled(_curve(1.0, 3.1), by, base)
    band = {
        "low": tuple(value - abs(by) * 0.45 for value in values),
        "high": tuple(value + abs(by) * 0.6 for value in values),
    }
    return Prediction(
        id=pid,
        title=title,
        endpoint=title.lower(),
        unit=unit,
        time_unit="h",
        time=HOURS,
        lines=(
            _line("Typical patient", "typical", values, f"{pid}-model", band=BETWEEN, **band),
            *more.get("extra", ()),
        ),
        marks=more.get("marks", ()),
        headline=headline,
        worth=("Fitted to volunteers at rest. Pain and other drugs change it.",),
        sources=("abuhelwa-2022",),
        reads=("primary",),
    )


def pain() -> Prediction:
    given = tuple(
        round(7.4 - 4.1 * math.exp(-day / 50) * (1 - math.exp(-day / 2)), 4) for day in DAYS
    )
    half = tuple(
        round(7.4 - 2.9 * math.exp(-day / 50) * (1 - math.exp(-day / 2)), 4) for day in DAYS
    )
    placebo = tuple(round(7.4 - 1.9 * math.exp(-day / 40), 4) for day in DAYS)
    low, high = _scaled(given, 0.6), tuple(min(10.0, v * 1.35) for v in given)
    return Prediction(
        id="pain",
        title="Pain score in CRPS",
        endpoint="numerical rating, 0 to 10",
        unit="point",
        time_unit="day",
        time=DAYS,
        lines=(
            _line(
                "Whole course given",
                "both-cases",
                given,
                "dahan-2011",
                low=low,
                high=high,
                band=BETWEEN,
            ),
            _line("Stopped at half the dose", "both-cases", half, "dahan-2011"),
            _line("Placebo arm of the trial", "comparison", placebo, "dahan-2011"),
        ),
        marks=((3.7, "half of the first score"),),
        headline="Pain falls from 7.4 to 3.943 points on day 7; by day 84 it is back at 6.636.",
        worth=(
            "From one trial of 60 people. By week 12 it didn't differ from placebo (p=0.07).",
            "The chance of any effect is 67 %, and 23 % with placebo.",
        ),
        sources=("dahan-2011", "sigtermans-2009-pain"),
        reads=("primary", "primary"),
    )


def predictions() -> tuple[Prediction, ...]:
    slow = _scaled(_curve(310, 9.0), 0.9)
    norketamine = Prediction(
        id="norketamine",
        title="Norketamine in plasma",
        endpoint="plasma S-norketamine",
        unit="ng/mL",
        time_unit="h",
        time=HOURS,
        lines=(
            _line(
                "Typical patient",
                "typical",
                slow,
                low=_scaled(slow, 0.5),
                high=_scaled(slow, 1.7),
                band=BETWEEN,
            ),
            _line(
                "Spread of three models",
                "ensemble-member",
                _scaled(slow, 1.05),
                "ensemble",
                low=_scaled(slow, 0.7),
                high=_scaled(slow, 1.4),
                band="between models",
            ),
        ),
        headline="Norketamine reaches 277.7 ng/mL near 100 h and falls more slowly.",
        worth=("Secondary transcription of the model.",),
        sources=("kamp-2020-anesthesiology",),
        reads=("secondary",),
    )
    pulse = _line("With a beta blocker", "comparison", _scaled(_curve(1.0, 3.1), 6, 64), "case")
    return (
        concentration(),
        norketamine,
        _over_hours(
            "dissociation",
            "Dissociation",
            "point",
            1,
            24,
            "Dissociation reaches 25 points of 76 on the CADSS.",
            marks=((4.0, "absent or not felt below this"),),
        ),
        _over_hours(
            "pressure",
            "Systolic pressure",
            "mmHg",
            128,
            17.5,
            "Systolic pressure rises by 17.5 mmHg to 145.4 mmHg.",
            marks=((180.0, "stop and treat"), (160.0, "check every 5 min")),
        ),
        _over_hours(
            "heart-rate",
            "Heart rate",
            "1/min",
            71,
            11,
            "Heart rate rises to 82/min.",
            extra=(pulse,),
        ),
        pain(),
    )
