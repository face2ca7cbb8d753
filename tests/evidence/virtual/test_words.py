"""A design is told in words, with the mood model's label and the source of every number."""

from __future__ import annotations

from assuage.evidence.virtual import words
from assuage.evidence.virtual.people import pain_effect
from assuage.evidence.virtual.scores import mood_effect, world_of
from evidence.virtual.designs import ASSUMED, BOTH, DISSOCIATION, PAIN, TITRATION, design


def test_the_label_of_the_mood_model_is_carried_and_only_with_mood() -> None:
    assert words.labels(design(BOTH)) == (mood_effect().label,)
    assert words.labels(design(PAIN)) == ()
    cautions = words.cautions(design(BOTH, dissociation=DISSOCIATION))
    assert {one.text for one in mood_effect().caution} <= set(cautions)


def test_variability_and_uncertainty_are_told_apart() -> None:
    for made, word in (
        (design(PAIN), "left out"),
        (design(PAIN, uncertainty="published"), "taken in"),
        (design(PAIN, pain__c50_cv={"value": 0.3, **ASSUMED}), "CV 30 %"),
    ):
        said = " ".join(words.differs(world_of(made, 1, 1024)))
        assert word in said
        assert "no spread between patients" in said


def test_everything_stated_is_listed_with_its_source() -> None:
    made = design(BOTH, arm__0__titration=TITRATION, dissociation=DISSOCIATION)
    rows = {what: (value, source) for what, value, source, _ in words.stated(made)}
    assert rows["population.pain"] == ("mean 7, SD 1.5 points", "assumed")
    assert {"population.weight", "mood.borrows", "mood.share", "arm drug.titration"} <= set(rows)
    published = design(BOTH, pain__source="dahan-2011", pain__where="abstract")
    cited = {what: source for what, _, source, _ in words.stated(published)}
    assert "Eur J Pain" in cited["pain"]


def test_what_is_stated_has_its_unit() -> None:
    made = design(BOTH, arm__0__titration=TITRATION, dissociation=DISSOCIATION)
    told = {what: value for what, value, _, _ in words.stated(made)}
    assert told["population.weight"].endswith(" kg")
    assert told["population.age"].endswith(" y")
    assert "step 5 mg/h" in told["arm drug.titration"]
    assert "dose 0.5 mg/kg" in told["mood.borrows"]


def test_what_the_models_give_is_listed_with_how_it_was_read() -> None:
    found = {what: row for what, *row in words.taken(design(BOTH, dissociation=DISSOCIATION))}
    c50 = pain_effect().c50
    assert found["pain: c50"][0] == f"{c50.value:g} ng/mL"
    assert found["pain: c50"][-1] == c50.read
    pain, mood = words.forms(design(BOTH))
    assert pain_effect().form.text in pain
    assert "design: assumed form" in pain
    assert mood_effect().form.text in mood
    assert "mood, racemic-ketamine iv: amplitude" in found
    assert "dissociation: gamma" in found
    assert not any("baseline" in what for what in found if not what.startswith("diss"))
    number = {"value": 0.4, **ASSUMED}
    replaced = words.taken(design(BOTH, pain__placebo_share=number, mood__control=number))
    gone = set(found) - {what for what, *_ in replaced}
    assert {"pain: placebo responders", "mood, racemic-ketamine iv: control"} <= gone


def test_arms_leaving_and_analysis_are_told() -> None:
    leaving = {"per_visit": 0.05, **ASSUMED}
    made = design(PAIN, arm__0__titration=TITRATION, dissociation=DISSOCIATION)
    assert "stepped" in words.given(made.arm[0])
    assert "soft limit" in words.titration(made.arm[0])
    assert words.titration(made.arm[1]) == ""
    assert "placebo" in words.given(made.arm[1])
    for depends_on, word in (
        ("nothing", "completely at random"),
        ("observed", "missing at random"),
        ("unobserved", "not at random"),
    ):
        on = {} if depends_on == "nothing" else {"outcome": "pain", "per_point": 0.2}
        one = design(PAIN, dropout={**leaving, "depends_on": depends_on, **on})
        assert word in words.leaving(one)
    assert "Nobody leaves" in words.leaving(made)
    assert "kenward-roger" in words.analysed(made)
    assert "without any effect" in words.given(design(PAIN, arm__0__effect="none").arm[0])
    written = design(PAIN, arm__0__give=["5 mg/h for 10 h"])
    assert "5 mg/h for 10 h" in words.given(written.arm[0])
