"""Text that tries to be read as something else, and a clinic whose people wrote it."""

from __future__ import annotations

from datetime import date

from assuage.care import patient
from assuage.care.register import checks, stock, vial
from assuage.care.register import facts as f

from ...world import World
from .fortnight import VIAL, Clinic

WORDS = (
    "<script>alert(1)</script>",
    "<b onclick='x'>bold</b> &amp; {{ 7*7 }}",
    '#strong[*loud*] $x^2$ @ref \\ #panic("no") `raw` _em_ = Heading',
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    'a, "quoted"; text',
)
BACKWARDS = "right\u202eto left\u200b\u0000end"
LONG = "x" * 500
LONG_WORDS = "a rather long reason " * 24


def hostile(world: World, text: str) -> Clinic:
    """Return a clinic where one text was written wherever a text can be."""
    clinic = Clinic(world).open()
    patient.register(clinic.desk("nia"), "p1", text, date(1980, 1, 1), text)
    party = f.Party(name=text, address=text, authority=text)
    delivery = stock.Delivery(party, text, text, date(2030, 1, 1))
    stock.receive(clinic.desk("pia"), stock.Page(VIAL, "suite-1", 9), delivery)
    by = stock.Collection(text, False, False)
    stock.supply(clinic.desk("pia"), stock.Page(VIAL, "suite-1", 1), "main", by)
    consignment = stock.Consignment(party, text, by)
    stock.transfer(clinic.desk("pia", "pol"), stock.Page(VIAL, "suite-1", 1), consignment)
    clinic.session("s1", "p1")
    draw = clinic.draw("s1")
    vial.waste(clinic.desk("nia", "noa"), draw, 500_000, text)
    checks.correct(clinic.desk("pia", "pol"), 1, text, 10)
    return clinic
