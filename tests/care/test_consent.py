"""Consent is said by somebody, is never taken for granted, and what left before is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assuage.care import consent
from assuage.evidence.registry import export as exports

from .outcomes.treated import erase, meanwhile, opened, ready, treated
from .world import SOUTH, World, code


@pytest.fixture
def w() -> World:
    made = ready()
    treated(made)
    return made


def give(w: World, *purposes: str, form: str = "v1", who: str = "p1", **more: str) -> str:
    desk = w.desk("nia")
    return code(lambda: consent.give(desk, who, purposes, form, **more))  # type: ignore[arg-type]


def test_nobody_has_agreed_before_it_is_said(w: World) -> None:
    assert consent.of(w.record, "p1").purposes == ()
    assert code(lambda: consent.of(w.record, "p9")) == "PATIENT_UNKNOWN"
    assert give(w, "registry") == "ok"
    assert consent.of(w.record, "p1").purposes == ("registry",)
    assert consent.of(w.record, "p1").by == "nia"


@pytest.mark.parametrize(
    ("purposes", "form", "by", "told"),
    [
        ((), "v1", "patient", "VALUE_NOT_ALLOWED"),
        (("all",), "v1", "patient", "VALUE_NOT_ALLOWED"),
        (("registry", "all"), "v1", "patient", "VALUE_NOT_ALLOWED"),
        (("registry",), "", "patient", "ID_INVALID"),
        (("registry",), "v2, signed by Jane Doe", "patient", "ID_INVALID"),
        (("registry",), "v1", "a friend", "VALUE_NOT_ALLOWED"),
        (("registry", "registry"), "v1", "parent", "ok"),
        (("research", "registry"), "v2", "representative", "ok"),
    ],
)
def test_what_consent_can_be(
    w: World, purposes: tuple[str, ...], form: str, by: str, told: str
) -> None:
    assert give(w, *purposes, form=form, given_by=by) == told


def test_what_was_said_last_stands_alone(w: World) -> None:
    assert give(w, "registry", "research") == "ok"
    assert give(w, "registry", "research") == "CONSENT_UNCHANGED"
    assert give(w, "registry") == "ok"
    assert consent.of(w.record, "p1").purposes == ("registry",)
    assert give(w, "registry", form="v2") == "ok"  # another form is another consent


def test_a_form_that_is_entered_late_undoes_no_withdrawal(w: World) -> None:
    signed = w.clock.instant
    w.clock.go(days=2)
    desk = w.desk("nia")
    give(w, "registry")
    w.clock.go(days=2)
    consent.withdraw(w.desk("nia"), "p1")
    w.clock.go(days=1)

    def late() -> None:
        consent.give(desk, "p1", ("registry", "research"), "v1", at=signed)

    assert code(late) == "CONSENT_UNCHANGED"
    assert consent.of(w.record, "p1").purposes == ()
    assert give(w, "registry") == "ok"  # who agrees anew, agrees
    assert code(late) == "CONSENT_UNCHANGED"


def test_withdrawing_ends_it_and_names_what_had_left(w: World) -> None:
    desk = w.desk("nia")
    assert code(lambda: consent.withdraw(desk, "p1")) == "CONSENT_UNCHANGED"
    give(w, "registry")
    first = exports.export(w.desk("max"), "registry").fact.export
    second = exports.export(w.desk("max"), "registry").fact.export
    (told,) = consent.withdraw(desk, "p1")
    assert isinstance(told.fact, consent.ConsentWithdrawn)
    assert told.fact.exports == (first, second)
    assert consent.held_by(w.record, "p1") == (first, second)
    assert code(lambda: consent.withdraw(desk, "p1")) == "CONSENT_UNCHANGED"
    assert code(lambda: exports.export(w.desk("max"), "registry")) == "EXPORT_EMPTY"
    assert give(w, "registry") == "ok"


def test_an_export_at_the_moment_of_a_withdrawal_is_named_in_it(w: World) -> None:
    """It is the first export of the site, so there was no log to look at before."""
    give(w, "registry")
    meanwhile(w, lambda: exports.export(w.desk("max"), "registry"))
    (told,) = consent.withdraw(w.desk("nia"), "p1")
    assert isinstance(told.fact, consent.ConsentWithdrawn)
    assert len(told.fact.exports) == 1


def test_a_withdrawal_at_the_moment_of_an_export_is_not_in_it(w: World) -> None:
    w.patient("p2")
    opened(w, "c2", "p2")
    treated(w, "s2", of="c2", who="p2")
    give(w, "registry")
    give(w, "registry", who="p2")
    meanwhile(w, lambda: consent.withdraw(w.desk("noa"), "p1"))
    made = exports.export(w.desk("max"), "registry")
    assert made.fact.patients == ("p2",)
    assert len(made.files["people.csv"].splitlines()) == 2


def test_exports_of_every_site_are_named(w: World) -> None:
    w.found(SOUTH)
    opened(w, "c2", site=SOUTH)
    treated(w, "s2", of="c2", site=SOUTH)
    give(w, "registry")
    told = [exports.export(w.desk("max", site=one), "registry").fact for one in ("north", SOUTH)]
    assert set(consent.held_by(w.record, "p1")) == {one.export for one in told}


def test_consent_isnt_given_in_the_future_nor_for_the_erased(w: World) -> None:
    later = w.clock.instant + timedelta(minutes=6)
    desk = w.desk("nia")
    assert code(lambda: consent.give(desk, "p1", ("registry",), "v1", at=later)) == "TIME_IN_FUTURE"
    give(w, "registry")
    erase(w)
    assert give(w, "research") == "PATIENT_ERASED"
    assert code(lambda: consent.withdraw(desk, "p1")) == "ok"
