"""The committed rates of false alarms are what honest clinics give, and a broken signal shows.

source: the rates are committed in knowledge/signals.toml; Wilson's interval of 5 in 50 is by
hand, (0.1 + 0.038415) / 1.076829 -/+ 0.093.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from random import Random

import pytest
import validation.__main__ as command
from validation.clinics import BASE, DIVERTERS, KINDS, honest, session_mg
from validation.diversion import ClinicTally, Tally, clustered, per_person, rules, tally, wilson

from assuage.care.register.item import items
from assuage.knowledge import library
from assuage.knowledge.schema.signals import Rule, SignalFile
from validation import clinics, diversion

CLINICS = 120
OTHER_SEED = 7
Z999 = 3.2905  # the normal distribution's 99.95 % point
RULES = rules()
HELD = library.signals()


@pytest.fixture(scope="module")
def small() -> list[ClinicTally]:
    return [tally(OTHER_SEED, one, RULES, plant=one < 60) for one in range(CLINICS)]


def of(small: list[ClinicTally], id_: str) -> list[Tally]:
    return [one.signals[id_] for one in small]


@pytest.mark.parametrize("id_", list(RULES))
def test_the_committed_rate_lies_in_the_interval_of_a_smaller_run(
    small: list[ClinicTally], id_: str
) -> None:
    committed = HELD.rate(id_)
    assert committed is not None
    rate = per_person(of(small, id_), Z999)
    assert rate.low <= committed.per_person.value <= rate.high
    fates = [one.planted for one in of(small, id_) if one.planted is not None]
    told = sum(one[0] for one in fates)
    found = wilson(sum(one[1] for one in fates), told, Z999)
    assert found.low <= committed.detected.value <= found.high


def test_all_signals_together_lie_in_it_too(small: list[ClinicTally]) -> None:
    committed = HELD.together
    assert committed is not None
    raised = sum(any(one.raised for one in clinic.signals.values()) for clinic in small)
    rate = wilson(raised, CLINICS, Z999)
    assert rate.low <= committed.any_per_clinic.value <= rate.high


@pytest.mark.parametrize("id_", list(RULES))
def test_a_signal_with_no_threshold_is_far_outside_the_committed_interval(id_: str) -> None:
    """The canary: what fires at any chance, or at any mean above the usual, can't pass."""
    rule = RULES[id_]
    change = {"threshold": 1.0 if rule.statistic == "tail" else 0.0, "count_least": 0}
    broken: dict[str, Rule] = {id_: rule.model_copy(update=change)}
    found = [tally(OTHER_SEED, one, broken, plant=False).signals[id_] for one in range(10)]
    committed = HELD.rate(id_)
    assert committed is not None
    assert per_person(found, Z999).low > 10 * committed.per_person.high


def test_what_is_committed_was_measured_as_the_command_would() -> None:
    for one in HELD.measured:
        assert (one.seed, one.days) == (diversion.SEED, clinics.DAYS)
        assert (one.clinics, one.planted) == (diversion.CLINICS, diversion.PLANTED)
        assert one.diverter == DIVERTERS[one.id][0]


def test_the_page_has_every_rate_and_every_assumption() -> None:
    page = diversion.PAGE.read_text(encoding="utf-8")
    for one in HELD.signal:
        measured = HELD.rate(one.id)
        assert measured is not None
        rates = (
            f"{diversion.percent(measured.per_person)} | {diversion.percent(measured.per_clinic)}"
        )
        assert f"| {one.name} | " in page
        assert rates in page
        assert diversion.percent(measured.detected) in page
        assert measured.diverter in page
    for name, (value, text) in clinics.ASSUMED.items():
        assert f"| {name} | {value:g} | {text} |" in page


def test_the_facts_are_written_back_as_they_were_by_hand(small: list[ClinicTally]) -> None:
    results = [diversion.result(one, small) for one in HELD.signal]
    text = diversion.facts(results, small)
    read = SignalFile.model_validate(tomllib.loads(text))
    assert read.signal == HELD.signal
    assert [one.clinics for one in read.measured] == [CLINICS] * len(HELD.signal)
    assert text.startswith(diversion.FACTS.read_text(encoding="utf-8").partition("[[measured]]")[0])


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Measure a few clinics, in this process, into other files."""

    def simulate(_: int, __: int, changed: clinics.Assumed) -> list[ClinicTally]:
        assumed = {**BASE, **changed}
        return [tally(1, one, RULES, plant=one < 9, assumed=assumed) for one in range(9)]

    facts = tmp_path / "signals.toml"
    facts.write_bytes(diversion.FACTS.read_bytes())
    for name, value in (("simulate", simulate), ("FACTS", facts), ("ROOT", tmp_path)):
        monkeypatch.setattr(diversion, name, value)
    monkeypatch.setattr(diversion, "PAGE", tmp_path / "diversion.md")


def test_the_command_finds_what_it_would_change(tiny: None) -> None:
    assert command.main(["diversion", "--check"]) == 1
    assert command.main(["diversion"]) == 0
    assert command.main(["diversion", "--check"]) == 0
    text = diversion.FACTS.read_text(encoding="utf-8")
    diversion.FACTS.write_text(text.replace("clinics = 9", "clinics = 8", 1), encoding="utf-8")
    assert command.main(["diversion", "--check"]) == 1


def test_a_part_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["diversions"]) == 2
    assert "diversion" in capsys.readouterr().out


def test_a_clinic_is_the_same_whatever_else_is_made() -> None:
    assert honest(3, 4) == honest(3, 4)
    assert honest(3, 4) != honest(3, 5)
    assert honest(3, 4) != honest(4, 4)


def test_a_clinic_is_in_the_bounds_that_were_assumed() -> None:
    for number in range(30):
        seen = honest(5, number)
        sessions = {one.session for one in seen.drawn}
        assert len(seen.given) == len(sessions)
        assert 1 <= len(seen.people) <= 12
        for one in seen.drawn:
            assert one.given_ug + one.wasted_ug + (one.missing_ug or 0) == one.unit_ug
            assert abs(one.missing_ug or 0) <= one.tolerance_ug
        for waste in seen.wasted:
            assert waste.witness != waste.by
            assert waste.witness in seen.at_work[waste.at.date()]


def test_doses_and_vials_are_those_of_the_library() -> None:
    # source: regimens depression-iv (0.5 mg/kg) and crps-outpatient-10d (25 mg/h for 4 h at most)
    assert session_mg("depression-iv", 80.0) == pytest.approx(40.0)
    assert session_mg("crps-outpatient-10d", 90.0) == pytest.approx(100.0)
    assert session_mg("chronic-pain-iv", 60.0) == pytest.approx(80.0)
    assert {name for _, names, _ in KINDS for name in names} <= set(items())


@pytest.mark.parametrize("id_", list(DIVERTERS))
def test_each_diverter_changes_something_and_only_their_own_rows(id_: str) -> None:
    changed_any = False
    for number in range(8):
        seen = honest(5, number)
        who = seen.people[0]
        changed = DIVERTERS[id_][1](seen, who, Random(1))
        changed_any |= changed != seen
        for name in ("drawn", "given", "wasted"):
            before = [one for one in getattr(seen, name) if one.by != who]
            assert [one for one in getattr(changed, name) if one.by != who] == before
    assert changed_any


def test_intervals_by_hand() -> None:
    five = wilson(5, 50)
    assert (five.value, five.low, five.high) == (0.1, 0.0435, 0.2136)
    none, every = wilson(0, 50), wilson(50, 50)
    assert (none.value, none.low) == (0.0, 0.0)
    assert (every.value, every.high) == (1.0, 1.0)
    alike = clustered([(1, 2)] * 50)
    assert alike == wilson(50, 100)
    apart = clustered([(2, 2), (0, 2)] * 25)
    assert apart.high - apart.low > alike.high - alike.low


def test_the_rule_that_is_given_is_the_one_that_is_used() -> None:
    strict = {"undone": RULES["undone"].model_copy(update={"own_least": 10_000})}
    assert tally(5, 3, RULES, plant=False).signals["undone"].told > 0
    assert tally(5, 3, strict, plant=False).signals["undone"].told == 0
