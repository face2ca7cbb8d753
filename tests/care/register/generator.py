"""A service that lives at random: every command of care, mostly sensible, often hostile.

`Service.step` gives one command and keeps the model beside it. A refusal is an outcome; anything
else that is raised is a fault. The tests and `benchmarks/conservation.py` use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from random import Random
from typing import Any

from assuage.care import chair, patient
from assuage.care import session as sessions
from assuage.care.access import Desk
from assuage.care.register import checks, discrepancy, stock, vial
from assuage.care.register import facts as f
from assuage.care.register.book import Book, Case, Draw
from assuage.care.register.item import Item, item
from assuage.refusals import Refused

from ..world import STAFF, World
from .chooser import GIVERS, ITEMS, ROLES, WITNESSES, Chooser, Unit

Command = Callable[[Chooser], None]
COMMANDS: dict[str, Command] = {}
_WEIGHT: dict[str, float] = {}


def command(weight: float) -> Callable[[Command], Command]:
    def keep(one: Command) -> Command:
        COMMANDS[one.__name__], _WEIGHT[one.__name__] = one, weight
        return one

    return keep


@command(3)
def receive(one: Chooser) -> None:
    page = stock.Page(one.rng.choice(ITEMS), one.area(), one.units(12))
    expires = date(2020, 1, 1) if one.bad() else date(2099, 1, 1)
    delivery = stock.Delivery(f.Party(name="S", address="A"), one.text(), "lot", expires)
    told = stock.receive(one.desk((*ROLES["pharmacy"], "tec")), page, delivery, one.at())
    one.model.shelf[page.item.id, page.area] += page.units
    one.entered(told, "in", page, page.units)


@command(3)
def supply(one: Chooser) -> None:
    page = stock.Page(one.rng.choice(ITEMS), one.area(), one.units(3))
    to_area = one.area()
    collected = stock.Collection(one.text(), True, False)
    told = stock.supply(one.desk((*ROLES["pharmacy"], "tec")), page, to_area, collected, one.at())
    one.model.shelf[page.item.id, page.area] -= page.units
    one.model.shelf[page.item.id, to_area] += page.units
    one.entered(told, "move", (page, to_area), page.units)


@command(1.5)
def transfer(one: Chooser) -> None:
    page = stock.Page(one.rng.choice(ITEMS), one.area(), one.units(2))
    to = f.Party(name="T", address="B", authority="" if one.bad() else "GPhC 1")
    consignment = stock.Consignment(to, one.text(), stock.Collection("van", True, True))
    desk = one.desk((*ROLES["pharmacy"], "tec"), *WITNESSES)
    told = stock.transfer(desk, page, consignment, one.at())
    one.model.shelf[page.item.id, page.area] -= page.units
    one.entered(told, "out", page, page.units)


@command(1.5)
def destroy(one: Chooser) -> None:
    page = stock.Page(one.rng.choice(ITEMS), one.area(), one.units(2))
    other = one.world.sign(one.one_of(WITNESSES)) if one.bad() else None
    how = stock.Destruction(one.text(), "denatured", other)
    told = stock.destroy(one.desk(ROLES["pharmacy"], *WITNESSES), page, how, one.at())
    one.model.shelf[page.item.id, page.area] -= page.units
    one.entered(told, "out", page, page.units)


def _draw(one: Chooser, accepted: str, desk: Desk, of: Item, area: str) -> None:
    session = one.session_id()
    told = vial.draw(desk, session, of, area, accepted=accepted, at=one.at())
    made = told[0].fact.draw  # type: ignore[attr-defined]
    one.model.units[made] = Unit(of, area, session)
    one.model.shelf[of.id, area] -= 1
    one.entered(told, "draw", made, 1)


@command(9)
def draw(one: Chooser) -> None:
    _draw(one, "", one.desk(GIVERS), one.rng.choice(ITEMS), one.area())


@command(1)
def draw_accepted(one: Chooser) -> None:
    case = one.open_case()
    of, area = one.rng.choice(ITEMS), one.area()
    if case:
        of, area = item(case.fact.item), case.fact.area
    accepted = "Dr Dia: the patient can't wait" if not one.bad() else " "
    _draw(one, accepted, one.desk(GIVERS, *WITNESSES), of, area)


@command(10)
def intend(one: Chooser) -> None:
    free = [name for name, dose in one.running.items() if not dose]
    ready = [made for name in free for made in one.book.open_draws(name)]
    held = one.rng.choice(ready) if ready and not one.bad() else one.book.draws.get(one.draw_id())
    session = held.treatment.session if held and not one.bad() else one.session_id()
    of = item(held.item) if held else ITEMS[0]
    route = "oral" if one.bad() else "nasal" if of.strength_ug_per_ml is None else "iv"
    dosing = vial.Dosing(held.id if held else "d-0", one.amount(held), route)
    told = vial.intend(one.desk(GIVERS), session, dosing)
    one.running[session] = told[0].fact.intent  # type: ignore[attr-defined]


def _dose(one: Chooser) -> tuple[str, str, Draw | None]:
    opened = [(name, dose) for name, dose in one.running.items() if dose]
    if not opened or one.bad():
        return one.session_id(), one.rng.choice(("i-0", *one.running.values())), None
    session, intent = one.rng.choice(opened)
    view = one.world.record.view(sessions.Session, sessions.stream(session))
    return session, intent, one.book.draws[view.doses[intent].intended.draw]


def _confirm(one: Chooser, desk: Desk) -> None:
    session, intent, held = _dose(one)
    view = one.world.record.view(sessions.Session, sessions.stream(session))
    meant = view.doses[intent].intended.ug if intent in view.doses else 1
    ug = one.amount(held) if one.rng.random() < 0.3 else meant
    told = vial.confirm(desk, session, intent, ug, one.at())
    unit = one.model.units.get(view.doses[intent].intended.draw)
    if unit:
        unit.given += ug
        one.entered(told, "given", (unit, session, intent), ug)
    one.running[session] = ""


@command(8)
def confirm(one: Chooser) -> None:
    _confirm(one, one.desk(GIVERS))


@command(3)
def resolve(one: Chooser) -> None:
    _confirm(one, one.desk(GIVERS, *WITNESSES))


@command(3)
def not_given(one: Chooser) -> None:
    session, intent, _ = _dose(one)
    desk = one.desk(GIVERS, *WITNESSES) if one.rng.random() < 0.5 else one.desk(GIVERS)
    vial.not_given(desk, session, intent, one.text())
    one.running[session] = ""


@command(2)
def enter(one: Chooser) -> None:
    chair.enter(one.desk(GIVERS), one.session_id())


@command(8)
def waste(one: Chooser) -> None:
    held = one.book.draws.get(one.draw_id())
    ug = one.amount(held)
    desk = one.desk(GIVERS, *WITNESSES)
    told = vial.waste(desk, held.id if held else "d-0", ug, one.text(), one.at())
    if held and (unit := one.model.units.get(held.id)):
        unit.wasted += ug
        one.entered(told, "wasted", unit, ug)


@command(2)
def put_back(one: Chooser) -> None:
    made = one.draw_id()
    vial.put_back(one.desk(GIVERS, *WITNESSES), made, one.text(), one.at())
    if unit := one.model.units.get(made):
        unit.back = True
        one.model.shelf[unit.item.id, unit.area] += 1


@command(2)
def settle(one: Chooser) -> None:
    made = one.draw_id()
    vial.settle(one.desk(GIVERS), made)
    if unit := one.model.units.get(made):
        one.model.settle(unit)


def _check(one: Chooser, wrong: int) -> None:
    of, area = one.rng.choice(ITEMS), one.area()
    counted = one.units() if one.bad() else one.book.units(of.id, area) + wrong
    checks.check(one.desk((*ROLES["nurses"], *ROLES["pharmacy"]), *WITNESSES), of, area, counted)


@command(1)
def check(one: Chooser) -> None:
    _check(one, 0)


@command(0.4)
def check_wrong(one: Chooser) -> None:
    _check(one, one.rng.choice((-2, -1, 1)))


def _correct(one: Chooser, change: Callable[[Random, int], int | None], named: str = "") -> None:
    book = one.book
    number = one.rng.randint(0, len(book.lines) + 1)
    if not one.bad():
        kinds = (f.StockReceived, f.StockSupplied, f.StockTransferred, f.DrugAdministered)
        able = [
            one for one in book.lines[-80:] if isinstance(one.event.fact, (*kinds, f.DrugWasted))
        ]
        number = one.rng.choice(able).number if able else number
    line = book.line(number)
    right = change(one.rng, line.amount if line else 1)
    desk = one.desk((*GIVERS, *ROLES["pharmacy"]), *WITNESSES)
    told = checks.correct(desk, number, one.text(), right, named)
    held = one.model.entries.get(number)
    if right is None or held is None:
        return
    _corrected(one, held, right)
    one.model.entries[number] = (*held[:2], right)
    assert told


def _corrected(one: Chooser, held: tuple[str, Any, int], right: int) -> None:
    """Bring the model to what an entry should have said."""
    kind, about, amount = held
    more, shelf = right - amount, one.model.shelf
    match kind:
        case "in" | "out":
            shelf[about.item.id, about.area] += more if kind == "in" else -more
        case "move":
            page, to_area = about
            shelf[page.item.id, page.area] -= more
            shelf[page.item.id, to_area] += more
        case "draw":
            unit = one.model.units[about]
            unit.back = True
            shelf[unit.item.id, unit.area] += 1
        case "given" | "wasted":
            unit = about[0] if kind == "given" else about
            was_open = unit.left != 0
            unit.given += more if kind == "given" else 0
            unit.wasted += more if kind == "wasted" else 0
            dose = one.running.get(unit.session, "")
            if not was_open and unit.left and not (dose and _from(one, unit, dose)):
                one.model.settle(unit)


def _from(one: Chooser, unit: Unit, dose: str) -> bool:
    view = one.world.record.view(sessions.Session, sessions.stream(unit.session))
    return one.model.units.get(view.doses[dose].intended.draw) is unit


@command(2)
def correct_up(one: Chooser) -> None:
    _correct(one, lambda rng, now: now + rng.choice((1, 2, now // 50 + 1, 10**7, 10**20)))


@command(1.5)
def correct_down(one: Chooser) -> None:
    _correct(one, lambda rng, now: now - rng.choice((1, 1, now // 50 + 1, now // 2, 10**9)))


@command(1)
def correct_zero(one: Chooser) -> None:
    _correct(one, lambda _rng, _now: 0)


@command(1)
def footnote(one: Chooser) -> None:
    _correct(one, lambda _rng, _now: None, one.rng.choice(("", "", "x-0")))


@command(1)
def undo_draw(one: Chooser) -> None:
    whole = [held for held in one.book.draws.values() if held.open and not held.people - {held.by}]
    held = one.rng.choice(whole) if whole else None
    number = held.number if held and not one.bad() else one.rng.randint(0, 50)
    desk = one.desk(GIVERS, *WITNESSES)
    right = 1 if one.bad() else 0
    checks.correct(desk, number, one.text(), right)
    if told := one.model.entries.get(number):
        _corrected(one, told, right)
        one.model.entries[number] = (*told[:2], right)


@command(2)
def correct_in_case(one: Chooser) -> None:
    """Look for the wrong entry of a unit that doesn't add up, and correct it by the gap."""
    case = one.open_case()
    if case is None:
        _correct(one, lambda _rng, now: now + 1, "x-0")
        return
    book = one.book
    wrong = [
        line
        for line in book.lines[-400:]
        if isinstance(line.event.fact, f.DrugWasted | f.DrugAdministered)
        and line.event.fact.draw == case.fact.draw
    ] or [one.rng.choice(book.lines)]
    line = one.rng.choice(wrong)
    right = line.amount + discrepancy.missing_ug(book, case) - one.rng.choice((0, 0, 1000))
    checks.correct(one.desk(GIVERS, *WITNESSES), line.number, one.text(), right, case.id)
    if held := one.model.entries.get(line.number):
        _corrected(one, held, right)
        one.model.entries[line.number] = (*held[:2], right)


@command(0.7)
def report(one: Chooser) -> None:
    missing = one.units(2) - 1
    discrepancy.report(
        one.desk(tuple(STAFF)), one.rng.choice(ITEMS), one.area(), missing, one.text()
    )


def _case(one: Chooser) -> tuple[str, Case | None]:
    case = one.open_case()
    if case is None or one.bad():
        return one.rng.choice(("", "x-0", *list(one.book.cases)[-5:])), None
    return case.id, case


@command(6)
def recount(one: Chooser) -> None:
    name, case = _case(one)
    held = one.book.units(case.fact.item, case.fact.area) if case else 1
    counted = one.units() if one.bad() else held + one.rng.choice((0, 0, -1, 1))
    desk = one.desk(WITNESSES, *WITNESSES, never=case.involved if case else frozenset())
    discrepancy.recount(desk, name, counted)


@command(4)
def reconstruct(one: Chooser) -> None:
    name, _ = _case(one)
    pump, chart = one.rng.choice((None, 0, 5, -1)), one.rng.choice((None, 7, 7, 10**20))
    desk = one.desk((*ROLES["pharmacy"], *ROLES["officers"]))
    discrepancy.reconstruct(desk, name, pump, chart, one.text())


@command(4)
def escalate(one: Chooser) -> None:
    name, _ = _case(one)
    discrepancy.escalate(one.desk(ROLES["officers"]), name, "the officer", one.text())


@command(9)
def close(one: Chooser) -> None:
    name, case = _case(one)
    missing = discrepancy.missing_ug(one.book, case) if case else 0
    fitting = ("found", "entry-error") if not missing else ("loss", "theft-suspected")
    outcome = one.rng.choice(fitting if missing >= 0 else ("surplus",))
    if one.bad():
        outcome = one.rng.choice(("found", "loss", "surplus", "forgotten"))
    never = case.involved if case else frozenset()
    desk = one.desk(ROLES["officers"], *WITNESSES, never=never)
    told = discrepancy.Conclusion(outcome, one.text())  # type: ignore[arg-type]
    discrepancy.close(desk, name, told)
    if case is None:  # chosen at random, and closed all the same
        case = one.book.cases[name]
        missing = case.closed.fact.posted_ug if case.closed else 0  # type: ignore[attr-defined]
    if case.fact.draw:
        if unit := one.model.units.get(case.fact.draw):
            unit.posted += missing
    else:
        of = item(case.fact.item)
        one.model.shelf[of.id, case.fact.area] -= missing // of.unit_ug
    one.model.lost[case.fact.item] += missing if missing > 0 else 0
    one.model.surplus[case.fact.item] -= missing if missing < 0 else 0


@command(1)
def register_patient(one: Chooser) -> None:
    name = one.rng.choice(one.patients) if one.bad() and one.patients else one.name("p")
    desk = one.desk((*GIVERS, "max"))
    patient.register(desk, name, one.text(), date(1980, 1, 1), one.text())
    one.patients.append(name)


@command(0.5)
def erase(one: Chooser) -> None:
    name = one.rng.choice(one.patients) if one.patients and not one.bad() else "p-0"
    desk = one.desk(("max",), *WITNESSES)
    patient.erase(desk, name, one.text(), accepted=one.rng.choice(("", "by law")))
    one.patients.remove(name)
    one.erased.append(name)


@command(3)
def open_session(one: Chooser) -> None:
    who = one.rng.choice(one.patients) if one.patients and not one.bad() else "p-0"
    if one.erased and one.bad():
        who = one.rng.choice(one.erased)
    name = one.session_id() if one.bad() else one.name("s")
    doctor = "nia" if one.bad() else "dia"
    new = chair.NewSession(name, who, one.name("rx"), doctor, one.area())
    chair.open_session(one.desk(GIVERS), new)
    one.running[name] = ""


@command(2.5)
def end_session(one: Chooser) -> None:
    name = one.session_id()
    opened = [draw.id for draw in one.book.open_draws(name)]
    chair.end_session(one.desk(GIVERS), name, one.at())
    for made in opened:
        if unit := one.model.units.get(made):
            one.model.settle(unit)
    one.running.pop(name, None)
    one.ended.append(name)


@command(1.5)
def read_pump(one: Chooser) -> None:
    session, intent, _ = _dose(one)
    ug = one.rng.choice((-1, 10**20)) if one.bad() else one.rng.randint(0, 500_000)
    chair.read_pump(one.desk(GIVERS), session, intent, ug)


@command(1.5)
def note_effect(one: Chooser) -> None:
    session, intent, _ = _dose(one)
    chair.note_effect(one.desk(GIVERS), session, intent, one.bad())


KINDS = list(COMMANDS)
WEIGHTS = [_WEIGHT[one] for one in KINDS]


class Service(Chooser):
    """Gives commands at random."""

    def step(self, kind: str = "") -> str:
        """Give one command; return "ok" or the code of its refusal."""
        kind = kind or self.rng.choices(KINDS, WEIGHTS)[0]
        self.world.clock.go(minutes=self.rng.randint(0, 3))
        try:
            COMMANDS[kind](self)
        except Refused as refused:
            self.tally[kind, refused.code] += 1
            return refused.code
        self.tally[kind, "ok"] += 1
        return "ok"

    def run(self, commands: int) -> None:
        for _ in range(commands):
            self.step()


def balances(book: Book) -> dict[tuple[str, str], int]:
    """Return every account of a book that isn't empty."""
    return {key: ug for key, ug in book.balance_ug.items() if ug}


def rows(world: World) -> Iterator[tuple[int, str, int, bytes]]:
    """Yield the raw rows of a record."""
    for row in world.record.store.read_all():
        yield row[:4]
