"""Regimens side by side: nothing dropped, nothing blank, nothing made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assuage.knowledge import library
from assuage.planning.comparison import Comparison, Wish, compare
from assuage.planning.comparison.document import Row
from assuage.planning.comparison.prices import prices_in
from assuage.refusals import Refused
from planning.asking import CLOCK, PLANNABLE, adult, ask
from planning.comparison.comparing import CRPS, made, wish


def row(found: Comparison, id_: str) -> Row:
    return next(one for one in found.rows if one.id == id_)


def code(asked: Wish) -> str:
    with pytest.raises(Refused) as caught:
        compare(asked, CLOCK)
    return caught.value.code


def test_a_refused_regimen_stands_in_the_table_with_its_code() -> None:
    found = made()
    assert [one.regimen for one in found.columns] == list(CRPS)
    locked = found.columns[2]
    assert locked.status == "refused"
    assert locked.refusal is not None
    assert locked.refusal.code == "RESEARCH_LOCK"
    assert "research technique" in locked.refusal.sentence
    for one in found.rows:
        assert (one.cells[2].status, one.cells[2].value) == ("refused", None)
        assert one.cells[2].why == "RESEARCH_LOCK"
        assert one.differences[2].value is None


def test_the_coma_is_refused_whatever_is_said() -> None:
    asked = wish(
        "crps-outpatient-10d", "crps-coma", settings=("monitored-clinic", "intensive-care")
    )
    refused = compare(asked, CLOCK).columns[1].refusal
    assert refused is not None
    assert refused.code == "RESEARCH_LOCK"


def test_nothing_is_blank() -> None:
    found = compare(wish(*CRPS[:2], "depression-iv", "crps-inpatient-5d"), CLOCK)
    for one in found.rows:
        assert len(one.cells) == len(one.differences) == len(found.columns)
        for cell in one.cells:
            assert cell.value is not None or cell.why
            assert (cell.low is None) == (cell.high is None)
            if cell.low is not None and cell.high is not None and cell.value is not None:
                assert cell.low <= cell.value <= cell.high
            if cell.status == "predicted":
                assert cell.reads
                assert set(cell.sources) <= set(library.sources())
                assert cell.band
        for less in one.differences:
            assert less.value is not None or less.why
    assert row(found, "mood").cells[2].value is not None
    assert "empirical, group level" in row(found, "mood").title
    assert "may not be read above" in row(found, "pressure").cells[3].why


def test_every_number_of_a_difference_is_of_the_same_patients() -> None:
    """source: both cells of the same row; zeros stand for a number that is missing."""
    found = compare(
        wish("crps-outpatient-goldberg-2005:forty", "crps-outpatient-goldberg-2005:eighty"), CLOCK
    )
    for id_, sign in (("relief", 1), ("relief-days", 1), ("no-relief", -1), ("dissociation", 1)):
        one = row(found, id_)
        low, high = (cell.value for cell in one.cells)
        less = one.differences[1]
        assert less.value is not None
        assert less.value == pytest.approx((high or 0.0) - (low or 0.0), abs=1e-3)
        assert less.low is not None
        assert less.high is not None
        assert less.low <= less.value <= less.high
        assert less.value * sign > 0
    relief = row(found, "relief")
    width = sum(
        (cell.high or 0.0) - (cell.low or 0.0) for cell in relief.cells
    )  # of two crowds, the differences would spread as widely as both together
    paired = (relief.differences[1].high or 0.0) - (relief.differences[1].low or 0.0)
    assert paired < width / 2


def test_racemate_beside_esketamine_is_said_to_cross() -> None:
    found = made()
    assert row(found, "pressure").crosses.startswith("crosses models")
    crossed = row(found, "pressure").crosses
    assert "crosses drugs" in crossed
    assert "esketamine on a curve built on racemic-ketamine" in crossed
    assert "nothing converted" in crossed
    assert "curve built on" not in row(found, "dissociation").crosses
    assert row(found, "relief").crosses.startswith("crosses drugs")
    assert any("not interchangeable" in one for one in found.notes)
    assert row(found, "pressure").differences[1].low is None
    alike = compare(wish("crps-outpatient-10d", "crps-outpatient-goldberg-2005"), CLOCK)
    assert not any(one.crosses for one in alike.rows)
    assert row(alike, "pressure").differences[1].band.startswith("between models")


def test_costs_that_nobody_stated_stay_unknown() -> None:
    bare = compare(wish(*CRPS[:2]), CLOCK)
    for id_ in ("drug-cost", "chair-cost"):
        for cell in row(bare, id_).cells:
            assert (cell.status, cell.value, cell.currency) == ("unknown", None, "")
            assert cell.why
    found = made()
    drug, chair = row(found, "drug-cost"), row(found, "chair-cost")
    assert drug.cells[0].text == "45.00 EUR"  # 10 vials of 4.50
    assert drug.cells[1].value is None
    assert "esketamine-5" in drug.cells[1].why
    assert chair.cells[1].text == "6000.00 EUR"  # 100 h of 60


def test_two_currencies_are_not_subtracted() -> None:
    prices = prices_in(
        ["ketamine-10: 4.50 EUR per container", "esketamine-5 5 mL: 9 CHF per container"]
    )
    found = compare(wish(*CRPS[:2], prices=prices), CLOCK)
    assert row(found, "drug-cost").differences[1].value is None


def test_an_open_question_is_shown() -> None:
    asked = wish(*CRPS[:2])
    unknown = replace(asked.request, patient=adult(conditions={}))
    found = compare(replace(asked, request=unknown), CLOCK)
    assert all(one.status == "open questions" and one.open for one in found.columns)


def test_the_evidence_of_each_regimen_is_whole() -> None:
    for one in made().columns:
        claims = library.regimen(one.regimen).claim
        assert [each.strength for each in one.evidence] == [each.strength for each in claims]
        assert {"for", "against"} <= {each.direction for each in one.evidence} or len(claims) < 2


def test_the_same_wish_gives_the_same_answer() -> None:
    asked = wish("crps-outpatient-10d", "crps-outpatient-10d:stepped")
    assert compare(asked, CLOCK) == compare(asked, CLOCK)


def test_a_place_in_the_table_changes_no_number() -> None:
    one = compare(wish("crps-outpatient-10d", "crps-outpatient-goldberg-2005"), CLOCK)
    other = compare(wish("crps-outpatient-goldberg-2005", "crps-outpatient-10d"), CLOCK)
    for left, right in zip(one.rows, other.rows, strict=True):
        assert left.cells == right.cells[::-1]


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (wish("crps-outpatient-10d"), "OPTION_MISSING"),
        (wish(*PLANNABLE[:7]), "OPTION_MISSING"),
        (wish("crps-outpatient-10d", "crps-outpatient-10d"), "OPTION_CONFLICT"),
        (wish("crps-outpatient-10d", "crps-nobody"), "VALUE_NOT_ALLOWED"),
        (wish("crps-outpatient-10d", "crps-outpatient-10d:nothing"), "VALUE_NOT_ALLOWED"),
        (wish("crps-coma", "crps-paediatric-starship"), "RESEARCH_LOCK"),
        (wish(request=ask("crps-outpatient-10d", adult(age_years=None))), "RESEARCH_LOCK"),
        (
            wish(
                *CRPS[:2],
                request=ask("crps-outpatient-10d", adult(age_years=None), place="NL"),
            ),
            "AGE_UNKNOWN",
        ),
        (wish(*CRPS[:2], request=ask("crps-outpatient-10d", place="XX")), "PLACE_UNKNOWN"),
        (wish(*CRPS[:2], products=()), "PRODUCT_MISSING"),
    ],
)
def test_what_is_refused_whole(asked: Wish, refusal: str) -> None:
    assert code(asked) == refusal


def test_a_product_of_the_other_drug_alone_refuses_one_column() -> None:
    found = compare(wish(*CRPS[:2], products=("ketamine-10",)), CLOCK)
    refused = found.columns[1].refusal
    assert refused is not None
    assert refused.code == "PRODUCT_DRUG_MISMATCH"


def test_without_pain_or_low_mood_nothing_is_relieved() -> None:
    well = ask("crps-outpatient-10d", adult(pain_nrs=0.0, madrs=0.0), place="NL")
    found = compare(wish("crps-outpatient-10d", "depression-iv", request=well), CLOCK)
    assert [cell.value for cell in row(found, "relief").cells] == [None, None]
    assert "nothing to relieve" in row(found, "relief").cells[0].why
    assert "nothing can fall" in row(found, "mood").cells[1].why
    assert found.weeks == ()


def test_a_child_is_sedated_by_the_one_curve_for_children() -> None:
    child = adult(id="child-1", weight_kg=24.0, age_years=7.0)
    asked = wish(
        "procedural-sedation-child-iv",
        "procedural-sedation-child-im",
        request=ask("procedural-sedation-child-iv", child),
        products=("ketamine-50",),
        settings=("emergency-department",),
    )
    cells = row(compare(asked, CLOCK), "sedation").cells
    assert cells[0].status == "predicted"
    assert cells[0].low is not None
    assert cells[1].value is None
