"""What the register looks like to people who read it: pages, logs, an inventory and form data.

    basis = gather(record, site_id, printed_at)
    sheet = register(basis)
    render(sheet, "pdf")

Each renderer is loaded when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from assuage.care.register.pages.basis import Basis, gather
from assuage.care.register.pages.forms import destruction_form, loss_form, losses
from assuage.care.register.pages.inventory import inventory
from assuage.care.register.pages.ledger import PageOf, pages
from assuage.care.register.pages.logs import Wanted, dispensing_log, receipt_log, waste_log
from assuage.care.register.pages.register import register

if TYPE_CHECKING:
    from assuage.care.register.pages.sheet import Sheet

__all__ = [
    "Basis",
    "Form",
    "PageOf",
    "Wanted",
    "destruction_form",
    "dispensing_log",
    "gather",
    "inventory",
    "loss_form",
    "losses",
    "pages",
    "receipt_log",
    "register",
    "render",
    "waste_log",
]
Form = Literal["html", "pdf", "csv"]


def render(sheet: Sheet, form: Form) -> bytes:
    """Return a printed view as a file. The same sheet gives the same bytes."""
    match form:
        case "html":
            from assuage.care.register.pages import html

            return html.render(sheet)
        case "pdf":
            from assuage.care.register.pages import pdf

            return pdf.render(sheet)
        case "csv":
            from assuage.care.register.pages import table

            return table.render(sheet)
