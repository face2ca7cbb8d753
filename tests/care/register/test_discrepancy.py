"""A discrepancy is looked into in order, by others, and never balanced off.

source: amounts are the test's own; a vial holds 500 mg.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from functools import partial
from itertools import combinations

import pytest

from assuage.care.register import checks, discrepancy, stock, vial
from assuage.care.register import facts as f
from assuage.care.register.book import LOSS, SURPLUS
from assuage.care.register.discrepancy import Conclusion

from ..world import MG, VIAL, World, code, in_memory, only, refusal
from .checker import check
from .generator import rows


@pytest.fixture
def w() -> World:
    made = in_memory()
    made.ready()
    return made


def counted(w: World, units: int = 9) -> str:
    """A stock check by nia and noa that finds 10 - units missing."""
    told = checks.check(w.desk("nia", "noa"), VIAL, "ward", units)
    return str(only(told, f.DiscrepancyOpened).discrepancy)  # type: ignore[attr-defined]


def close(w: World, case: str, outcome: str, by: str = "ola", beside: str = "dia") -> str:
    told = Conclusion(outcome, "looked into")  # type: ignore[arg-type]
    return code(lambda: discrepancy.close(w.desk(by, beside), case, told))


def steps(w: World, case: str, units: int = 9, names: tuple[str, ...] = ("r", "c", "e")) -> None:
    if "r" in names:
        discrepancy.recount(w.desk("ned", "nyx"), case, units)
    if "c" in names:
        discrepancy.reconstruct(w.desk("pia"), case, None, 0, "the chart")
    if "e" in names:
        discrepancy.escalate(w.desk("ola"), case, "the officer", "1")


@pytest.mark.parametrize("names", [one for n in range(4) for one in combinations("rce", n)])
def test_every_step_is_needed_before_a_loss(w: World, names: tuple[str, ...]) -> None:
    case = counted(w)
    steps(w, case, names=names)
    assert (close(w, case, "loss") == "ok") == (set(names) == set("rce"))
    assert bool(w.book().frozen(VIAL.id, "ward")) == (set(names) != set("rce"))


# What the recount finds of ten, the outcome told, and what comes of it.
OUTCOMES = """
 9  loss             ok                  500    0
 9  theft-suspected  ok                  500    0
 9  found            OUTCOME_UNFITTING     0    0
 9  entry-error      OUTCOME_UNFITTING     0    0
 9  surplus          OUTCOME_UNFITTING     0    0
10  found            ok                    0    0
10  entry-error      ok                    0    0
10  loss             OUTCOME_UNFITTING     0    0
10  surplus          OUTCOME_UNFITTING     0    0
12  surplus          ok                    0 1000
12  found            OUTCOME_UNFITTING     0    0
 9  forgotten        VALUE_NOT_ALLOWED     0    0
"""


@pytest.mark.parametrize("row", OUTCOMES.strip().splitlines())
def test_the_outcome_says_what_is_so(w: World, row: str) -> None:
    units, outcome, told, lost, over = row.split()
    case = counted(w)
    steps(w, case, int(units))
    assert close(w, case, outcome) == told
    book = w.book()
    assert book.balance_ug[VIAL.id, LOSS] == int(lost) * MG
    assert -book.balance_ug[VIAL.id, SURPLUS] == int(over) * MG
    assert check(rows(w)).clean


def test_a_loss_and_a_surplus_are_never_netted(w: World) -> None:
    case = counted(w)
    steps(w, case)
    assert close(w, case, "loss") == "ok"
    case = counted(w, 10)
    steps(w, case, 10)
    assert close(w, case, "surplus") == "ok"
    book = w.book()
    assert (book.balance_ug[VIAL.id, LOSS], book.balance_ug[VIAL.id, SURPLUS]) == (
        500 * MG,
        -500 * MG,
    )


@pytest.mark.parametrize("pair", [("nia", "ned"), ("ned", "nia"), ("noa", "ned"), ("ned", "noa")])
def test_who_counted_first_doesnt_count_again_or_close(w: World, pair: tuple[str, str]) -> None:
    case = counted(w)
    told = code(lambda: discrepancy.recount(w.desk(*pair), case, 9))
    assert told == "DISCREPANCY_NOT_INDEPENDENT"
    steps(w, case)
    assert close(w, case, "loss", beside="nia") == "DISCREPANCY_NOT_INDEPENDENT"


def test_who_gave_or_wasted_of_a_unit_has_a_part_in_it(w: World) -> None:
    draw = w.draw(by="nia")
    w.give(draw, 100, by="noa")
    w.waste(draw, 100, by="ned", witness="nyx")
    vial.settle(w.desk("dia"), draw)
    (case,) = w.book().cases.values()
    assert case.involved == {"nia", "noa", "ned", "nyx", "dia"}
    steps(w, case.id, names=("c", "e"))
    for person in sorted(case.involved):
        assert close(w, case.id, "loss", beside=person) == "DISCREPANCY_NOT_INDEPENDENT"
    assert close(w, case.id, "loss", beside="dov") == "ok"


def test_a_draw_after_the_recount_doesnt_hide_what_is_missing(w: World) -> None:
    case = counted(w)
    steps(w, case)
    made = vial.draw(w.desk("nia", "noa"), "s1", VIAL, "ward", accepted="Dr Dia: can't wait")
    assert close(w, case, "found") == "DISCREPANCY_STEP_MISSING"
    discrepancy.recount(w.desk("ned", "nyx"), case, 8)
    assert close(w, case, "found") == "OUTCOME_UNFITTING"
    draw = only(made, f.VialDrawn).draw  # type: ignore[attr-defined]
    vial.put_back(w.desk("nia", "noa"), draw, "not needed")
    assert close(w, case, "loss") == "DISCREPANCY_STEP_MISSING"
    discrepancy.recount(w.desk("ned", "nyx"), case, 9)
    assert close(w, case, "loss") == "ok"
    assert check(rows(w)).clean


def test_a_count_after_the_recount_asks_for_another(w: World) -> None:
    case = counted(w)
    steps(w, case)
    checks.check(w.desk("nia", "noa"), VIAL, "ward", 7)
    assert close(w, case, "loss") == "DISCREPANCY_STEP_MISSING"
    discrepancy.recount(w.desk("ned", "nyx"), case, 7)
    assert close(w, case, "loss") == "ok"
    assert w.book().units(VIAL.id, "ward") == 7


def test_a_count_that_agrees_with_the_recount_asks_for_nothing(w: World) -> None:
    case = counted(w)
    steps(w, case)
    checks.check(w.desk("nia", "noa"), VIAL, "ward", w.book().cases[case].recounted_units or 0)
    assert close(w, case, "loss") == "ok"


def test_a_loss_never_takes_a_cabinet_below_zero(w: World) -> None:
    case = counted(w, 0)
    steps(w, case, 0)
    for _ in range(5):
        vial.draw(w.desk("nia", "noa"), "s1", VIAL, "ward", accepted="Dr Dia: can't wait")
    assert close(w, case, "loss") == "DISCREPANCY_STEP_MISSING"
    discrepancy.recount(w.desk("ned", "nyx"), case, 0)
    assert close(w, case, "loss") == "ok"
    assert w.book().units(VIAL.id, "ward") == 0


def test_a_dose_that_is_open_holds_its_discrepancy_open(w: World) -> None:
    draw = w.draw()
    vial.settle(w.desk("nia"), draw)
    (case,) = w.book().cases
    intent = w.intend(draw, 100)
    steps(w, case, names=("c", "e"))
    assert close(w, case, "loss") == "DOSE_UNRESOLVED"
    vial.confirm(w.desk("nia"), "s1", intent, 100 * MG)
    assert close(w, case, "loss") == "ok"
    assert w.book().balance_ug[VIAL.id, LOSS] == 400 * MG


def test_a_frozen_page_moves_nothing(w: World) -> None:
    w.stock(area="main")
    counted(w)
    page, back = stock.Page(VIAL, "ward", 1), stock.Page(VIAL, "main", 1)
    collected = stock.Collection("x", True, True)
    party = f.Party(name="T", address="B", authority="1")
    consignment = stock.Consignment(party, "r", collected)
    told = [
        code(lambda: w.stock()),
        code(lambda: stock.supply(w.desk("pia"), page, "main", collected)),
        code(lambda: stock.supply(w.desk("pia"), back, "ward", collected)),
        code(lambda: stock.transfer(w.desk("pia", "pol"), page, consignment)),
        code(lambda: stock.destroy(w.desk("pia", "pol"), page, stock.Destruction("r", "m"))),
        code(w.draw),
        code(lambda: discrepancy.report(w.desk("nia"), VIAL, "ward", 0, "again")),
    ]
    assert told == ["PAGE_FROZEN"] * 7
    checks.check(w.desk("nia", "noa"), VIAL, "ward", 8)
    assert len(w.book().cases) == 1
    w.stock(area="theatre")  # another page of the same drug goes on


def test_a_count_is_followed_up_though_a_unit_froze_the_page_first(w: World) -> None:
    vial.settle(w.desk("nia"), w.draw())
    counted(w, 7)
    assert [one.fact.cause for one in w.book().cases.values()] == ["draw-gap", "stock-check"]


def test_an_item_first_seen_as_a_surplus_is_counted_in_its_units(w: World) -> None:
    told = discrepancy.report(w.desk("nia"), VIAL, "theatre", -1, "one too many")
    case = only(told, f.DiscrepancyOpened).discrepancy  # type: ignore[attr-defined]
    steps(w, case, 1)
    assert close(w, case, "surplus") == "ok"
    assert w.book().units(VIAL.id, "theatre") == 1


@pytest.mark.parametrize("units", [-1, 10**6, 10**20])
def test_what_nobody_counts_is_refused(w: World, units: int) -> None:
    case = counted(w)
    two = w.desk("ned", "nyx")
    assert code(lambda: discrepancy.recount(two, case, units)) == "UNITS_INVALID"
    assert code(lambda: checks.check(two, VIAL, "ward", units)) == "UNITS_INVALID"
    told = code(lambda: discrepancy.report(w.desk("nia"), VIAL, "main", 10**6 + units, "x"))
    assert told in ("UNITS_INVALID", "ok")
    told = code(lambda: discrepancy.reconstruct(w.desk("pia"), case, -1, None, "x"))
    assert told == "QUANTITY_IMPLAUSIBLE"


def test_nothing_is_done_about_one_that_is_unknown_or_closed(w: World) -> None:
    case = counted(w)
    steps(w, case)
    assert close(w, case, "loss") == "ok"
    for name, told in (("x-0", "DISCREPANCY_UNKNOWN"), (case, "DISCREPANCY_CLOSED")):
        outcomes = [
            code(lambda name=name: discrepancy.recount(w.desk("ned", "nyx"), name, 9)),
            code(lambda name=name: discrepancy.reconstruct(w.desk("pia"), name, 0, 0, "x")),
            code(lambda name=name: discrepancy.escalate(w.desk("ola"), name, "x", "y")),
            close(w, name, "loss"),
        ]
        assert outcomes == [told] * 4


def test_a_page_is_free_when_the_last_is_closed(w: World) -> None:
    first, second = w.draw(), w.draw()
    vial.settle(w.desk("nia"), first)
    vial.settle(w.desk("nia"), second)
    for case in list(w.book().cases):
        assert code(w.draw) == "PAGE_FROZEN"
        steps(w, case, names=("c", "e"))
        assert close(w, case, "loss") == "ok"
    assert code(w.draw) == "ok"


# What is missing in micrograms, and the outcomes that fit it.
FITTING = {
    -1: {"surplus"},
    0: {"found", "entry-error"},
    1: {"loss", "theft-suspected"},
}


@pytest.mark.parametrize("missing", FITTING)
def test_one_microgram_decides_which_outcome_fits(w: World, missing: int) -> None:
    name = counted(w)
    case = w.book().cases[name]
    outcomes: tuple[f.Outcome, ...] = ("found", "entry-error", "loss", "theft-suspected", "surplus")
    calls = {one: lambda one=one: discrepancy._fitting(case, one, missing) for one in outcomes}
    assert {one for one, call in calls.items() if code(call) == "ok"} == FITTING[missing]


def test_an_outcome_that_doesnt_fit_is_answered_in_milligrams(w: World) -> None:
    case = counted(w)
    steps(w, case)
    told = Conclusion("found", "x")
    fields = refusal(lambda: discrepancy.close(w.desk("ola", "dia"), case, told)).fields
    assert fields == {"discrepancy": case, "outcome": "found", "mg": 500}


@pytest.mark.parametrize("outcome", ["found", "entry-error"])
def test_what_was_found_is_closed_without_an_escalation(w: World, outcome: str) -> None:
    case = counted(w)
    steps(w, case, 10, names=("r", "c"))
    assert close(w, case, outcome) == "ok"


def test_a_step_that_is_missing_is_named(w: World) -> None:
    case = counted(w)
    told = []
    for name in ("", "r", "c"):
        steps(w, case, names=(name,))
        call = partial(discrepancy.close, w.desk("ola", "dia"), case, Conclusion("loss", "x"))
        told.append(refusal(call).fields["step"])
    assert told == [
        "an independent recount",
        "a reconstruction from the pump's log and the chart",
        "its escalation",
    ]


def test_before_a_recount_what_was_counted_first_is_missing(w: World) -> None:
    case = counted(w)
    assert discrepancy.missing_ug(w.book(), w.book().cases[case]) == 500 * MG


# A command, and what its refusal tells.
TOLD: dict[str, tuple[Callable[[World, str], object], dict[str, object]]] = {
    "a recount": (lambda w, x: discrepancy.recount(w.desk("ned"), x, 9), {"act": "a recount"}),
    "a close": (
        lambda w, x: discrepancy.close(w.desk("ola"), x, Conclusion("loss", "x")),
        {"act": "the close of a discrepancy"},
    ),
    "an outcome": (
        lambda w, x: discrepancy.close(
            w.desk("ola", "dia"),
            x,
            Conclusion("lost", "x"),  # type: ignore[arg-type]
        ),
        {
            "text": "lost",
            "what": "outcome",
            "choices": "found, entry-error, loss, theft-suspected, surplus",
        },
    ),
    "the pump": (
        lambda w, x: discrepancy.reconstruct(w.desk("pia"), x, -1, 0, "x"),
        {"what": "what the pump says"},
    ),
    "the chart": (
        lambda w, x: discrepancy.reconstruct(w.desk("pia"), x, 0, -1, "x"),
        {"what": "what the chart says"},
    ),
    "an unknown one": (
        lambda w, _: discrepancy.escalate(w.desk("ola"), "x" * 61, "x", "y"),
        {"discrepancy": "x" * 60},
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_refusal_tells_what_it_is_about(w: World, name: str) -> None:
    act, told = TOLD[name]
    case = counted(w)
    fields = refusal(lambda: act(w, case)).fields
    assert {key: fields[key] for key in told} == told


def test_one_that_isnt_there_is_answered_by_those_that_are_open(w: World) -> None:
    def choices() -> object:
        call = lambda: discrepancy.escalate(w.desk("ola"), "x-0", "x", "y")  # noqa: E731
        return refusal(call).fields["choices"]

    assert choices() == "none is open"
    case = counted(w)
    steps(w, case)
    assert close(w, case, "loss") == "ok"
    assert choices() == "none is open"
    vial.settle(w.desk("nia"), w.draw())
    counted(w, 5)
    assert choices() == ", ".join(list(w.book().cases)[1:])


def test_an_item_that_changed_is_neither_reported_nor_recounted(
    w: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(VIAL, unit_ug=400 * MG)
    told = code(lambda: discrepancy.report(w.desk("nia"), other, "ward", 1, "x"))
    assert told == "ITEM_CHANGED"
    case = counted(w)
    assert case[:2] == "x-"
    monkeypatch.setattr(discrepancy, "item", lambda _: other)
    told = code(lambda: discrepancy.recount(w.desk("ned", "nyx"), case, 9))
    assert told == "ITEM_CHANGED"


def test_a_report_says_what_is_missing_and_a_conclusion_doesnt_change(w: World) -> None:
    fact = only(
        discrepancy.report(w.desk("nia"), VIAL, "ward", -2, "two too many"), f.DiscrepancyOpened
    )
    assert isinstance(fact, f.DiscrepancyOpened)
    assert (fact.cause, fact.missing_ug, fact.discrepancy[:2]) == ("reported", -1000 * MG, "x-")
    with pytest.raises(FrozenInstanceError):
        Conclusion("found", "x").text = "y"  # type: ignore[misc]
