"""Every prediction carries a band or says why not, its sources, and what it is worth."""

from __future__ import annotations

from math import isfinite

import pytest

from assuage.knowledge import library
from assuage.planning.document import Line, Plan, Prediction
from assuage.planning.prediction.course import field_weights_kg
from planning.asking import PLANNABLE, adult, ask, default_plan, plan

FIELD = [one for one in library.regimen_ids() if library.regimen(one).field_weight]
PREDICTED = [one for one in PLANNABLE if library.regimen(one).predicts]
DUST = 1.0001  # lines are held to five digits
SAMPLINGS = {"arterial", "venous", "not-stated", "none", "mixed"}


def named(made: Plan, id_: str) -> Prediction | None:
    return next((one for one in made.predictions if one.id == id_), None)


def check_line(prediction: Prediction, one: Line) -> None:
    assert len(one.values) == len(prediction.time)
    assert all(isfinite(value) for value in one.values)
    assert len(one.low) == len(one.high) in (0, len(prediction.time))
    for low, high in zip(one.low, one.high, strict=True):
        assert low <= high
    assert bool(one.low) == bool(one.band)
    assert one.sampling in SAMPLINGS


@pytest.mark.parametrize("id_", PREDICTED)
def test_a_prediction_is_whole(id_: str) -> None:
    made = default_plan(id_)
    assert made.predictions or made.not_predicted
    for one in made.predictions:
        assert list(one.time) == sorted(one.time)
        assert one.headline
        assert one.worth
        assert one.sources
        assert one.reads
        assert set(one.sources) <= set(library.sources())
        for line in one.lines:
            check_line(one, line)
        banded = any(line.low for line in one.lines)
        assert banded or any(text.startswith("No band") for text in one.worth)


@pytest.mark.parametrize("id_", PREDICTED)
def test_a_concentration_is_never_negative_and_falls_at_the_end(id_: str) -> None:
    for one in default_plan(id_).predictions:
        if one.endpoint.endswith("concentration"):
            for line in one.lines:
                assert min(line.values) >= 0
            parent = one.lines[0].values
            if one.id in {"ketamine", "esketamine"}:
                assert parent[-1] < max(parent)


@pytest.mark.parametrize("id_", PREDICTED)
def test_what_was_promised_is_predicted_or_said_not_to_be(id_: str) -> None:
    made, wanted = default_plan(id_), library.regimen(id_).predicts
    said = " ".join(made.not_predicted)
    words = {"dissociation": "Dissociation", "pressure": "Pressure", "crps-pain": "Pain over weeks"}
    for name in set(wanted) & set(words):
        assert named(made, name.removeprefix("crps-")) or words[name] in said, name
    if "mood" in wanted:
        assert named(made, "mood") or "Mood" in said


def test_a_level_after_a_bolus_is_read_at_five_minutes_and_not_called_a_peak() -> None:
    made = named(plan(ask("acute-subanaesthetic", variant="bolus")), "ketamine")
    assert made is not None
    # source: assumptions.toml, mixing: 5 min
    assert made.time[0] == pytest.approx(5 / 60, rel=1e-3)
    assert "is near" in made.headline
    assert "at 5 min" in made.headline


def test_pressure_after_the_nose_is_not_called_flat() -> None:
    """source: points.csv, spravato-map: 7 to 9 mmHg systolic, where the curve says 1."""
    made = default_plan("depression-nasal-esketamine")
    assert named(made, "pressure") is None
    assert any("falls far short" in one for one in made.not_predicted)


def test_twice_the_dose_is_twice_the_level() -> None:
    """The models are linear: 0.1 and 0.2 mg/kg over the same 40 minutes."""
    one = named(plan(ask("depression-iv", variant="dose-0-1")), "ketamine")
    two = named(plan(ask("depression-iv", variant="dose-0-2")), "ketamine")
    assert one is not None
    assert two is not None
    for low, high in zip(one.lines[0].values, two.lines[0].values, strict=True):
        # a plan holds five digits of a curve's largest value
        assert high == pytest.approx(2 * low, abs=2e-4 * max(two.lines[0].values))


@pytest.mark.parametrize("id_", FIELD)
def test_an_unknown_weight_in_the_field_is_a_band_and_a_warning_of_shock(id_: str) -> None:
    made = plan(ask(id_, adult(weight_kg=None), field_mode=True))
    assert made.field_mode
    shock = [one for one in made.findings if one.kind == "field"]
    assert [one.name for one in shock] == ["Shock"]
    assert "0.58" in shock[0].text  # heart rate 70 over systolic 120
    for one in made.predictions:
        first = one.lines[0]
        assert "weight unknown: 40 to 120 kg" in first.band
        assert any(low < high for low, high in zip(first.low, first.high, strict=True))
        assert "70 kg" in first.label
    assert made.patient.weight_kg is None
    assert all(one.rate_mg_per_kg_per_h is None for s in made.sessions for one in s.steps)


@pytest.mark.parametrize("weight", field_weights_kg())
def test_the_field_band_holds_each_weight_it_spans(weight: float) -> None:
    band = named(
        plan(ask("field-analgesia-iv", adult(weight_kg=None), field_mode=True)), "ketamine"
    )
    known = named(plan(ask("field-analgesia-iv", adult(weight_kg=weight))), "ketamine")
    assert band is not None
    assert known is not None
    first, line = band.lines[0], known.lines[0].values
    for low, value, high in zip(first.low, line, first.high, strict=True):
        assert low <= value * DUST
        assert value <= high * DUST


def test_a_lighter_patient_has_the_higher_level_from_the_same_dose() -> None:
    peaks = []
    for weight in field_weights_kg():
        made = named(plan(ask("field-analgesia-iv", adult(weight_kg=weight))), "ketamine")
        assert made is not None
        peaks.append(max(made.lines[0].values))
    assert peaks == sorted(peaks, reverse=True)


def test_pain_comes_back_and_some_have_no_relief() -> None:
    """source: Sigtermans 2009: pain lowest at week 1, significance lost at week 12."""
    pain = named(default_plan("crps-inpatient-esketamine-100h"), "pain")
    assert pain is not None
    typical = next(one for one in pain.lines if one.role == "typical")
    placebo = next(one for one in pain.lines if one.role == "comparison")
    start, lowest, end = typical.values[0], min(typical.values), typical.values[-1]
    assert lowest < start
    assert end > lowest + 0.5 * (start - lowest)
    assert 4 <= pain.time[typical.values.index(lowest)] <= 14
    assert all(a <= b + 1e-9 for a, b in zip(typical.values, placebo.values, strict=True))
    assert max(typical.high) == pytest.approx(start, rel=1e-3)  # some have no relief
    assert "no relief" in pain.headline
    assert all(low >= 0 and high <= 10 for low, high in zip(typical.low, typical.high, strict=True))


def test_mood_gets_better_not_worse_and_is_called_empirical() -> None:
    for id_ in ("depression-iv", "depression-nasal-esketamine"):
        mood = named(default_plan(id_), "mood")
        assert mood is not None
        line, control = mood.lines
        assert min(line.values) < line.values[0]
        # A point of the scale: scores are drawn and held to the scale, the control's mean is not.
        assert all(a <= b + 1 for a, b in zip(line.values, control.values, strict=True))
        assert all(low >= 0 and high <= 60 for low, high in zip(line.low, line.high, strict=True))
        assert "mpirical" in mood.headline


def test_the_patients_own_scores_are_where_the_lines_begin() -> None:
    pain = named(plan(ask("crps-outpatient-10d", adult(pain_nrs=9.0))), "pain")
    mood = named(plan(ask("depression-iv", adult(madrs=44.0))), "mood")
    assert pain is not None
    assert mood is not None
    assert pain.lines[0].values[0] == pytest.approx(9, rel=1e-3)
    assert mood.lines[1].values[0] == pytest.approx(44, rel=1e-3)


def test_long_and_outlying_courses_are_marked_twofold_or_outside() -> None:
    long = named(default_plan("crps-inpatient-5d"), "ketamine")
    assert long is not None
    assert any("twofold" in text for text in long.worth)
    heavy = named(plan(ask("depression-iv", adult(weight_kg=180.0))), "ketamine")
    assert heavy is not None
    assert any("180 kg lies outside" in text for text in heavy.worth)


@pytest.mark.parametrize("medicine", ["morphine", "Oxycodone 10 mg", "FENTANYL patch"])
def test_an_opioid_marks_the_level_where_it_doubles(medicine: str) -> None:
    """Jonkman 2018 is a threshold of esketamine; without an opioid it is no matter."""
    id_ = "crps-inpatient-esketamine-100h"
    with_one = named(plan(ask(id_, adult(medicines=(medicine,)))), "esketamine")
    without = named(default_plan(id_), "esketamine")
    assert with_one is not None
    assert without is not None
    assert any("breathing" in text for _, text in with_one.marks)
    assert not any("breathing" in text for _, text in without.marks)


def test_nothing_is_predicted_where_no_model_was_built() -> None:
    made = default_plan("depression-sc")
    assert named(made, "ketamine") is None
    assert any("not predicted" in text for text in made.not_predicted)
