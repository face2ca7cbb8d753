"""What a page is made from: the book, the site, the law on a day, open text, and the head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from assuage.care import patient as patients
from assuage.care import site as sites
from assuage.care.patient import ERASED, Patient
from assuage.care.register import book as books
from assuage.care.register import duties
from assuage.care.register.book import Book
from assuage.care.register.item import Item, items
from assuage.care.site import Site
from assuage.knowledge import library
from assuage.knowledge.schema.law import Duty
from assuage.knowledge.schema.safety import Control
from assuage.record.chain import Head
from assuage.record.keyring import Sealed
from assuage.record.record import Record


@dataclass(frozen=True)
class Named:
    """A patient as a page names one; `[erased]` where the key was destroyed."""

    name: str
    address: str

    @property
    def erased(self) -> bool:
        """Whether the personal data is gone."""
        return self.name == ERASED


@dataclass(frozen=True)
class Basis:
    """All that a page depends on. The same basis gives the same page, to the byte.

    `opened` returns sealed text, or `[erased]`; `patient` names a patient. `printed_at` is aware,
    and the law of its day at the site is what counts.
    """

    book: Book
    site_id: str
    site: Site
    head: Head
    printed_at: datetime
    opened: Callable[[Sealed | str], str]
    patient: Callable[[str], Named]

    @property
    def today(self) -> date:
        """The day of printing at the site."""
        return self.printed_at.astimezone(self.site.zone).date()

    def duty(self, kind: str, on: date | None = None) -> Duty | None:
        """Return what the law of the place asks on a day, or None where it isn't recorded."""
        return duties.duty(self.site.place, kind, on or self.today)

    def item(self, id_: str) -> Item:
        """Return an item; one that the product list no longer holds is shown by its id."""
        unit_ug = self.book.unit_ug.get(id_, 0)
        return _items().get(id_) or Item(id_, id_, id_, "", unit_ug, None)

    def area(self, id_: str) -> str:
        """Return the name of a cabinet with its id."""
        name = self.site.areas.get(id_, id_)
        return name if name == id_ else f"{name} ({id_})"

    def schedule(self, drug: str) -> Control | None:
        """Return the schedule that a drug is in today, by the nearest place that says so."""
        for place in library.places(self.site.place):
            for one in place.control:
                started = one.valid_from is None or one.valid_from <= self.today
                ended = one.valid_to is not None and one.valid_to < self.today
                fits = one.kind == "schedule" and (not one.drugs or drug in one.drugs)
                if fits and started and not ended:
                    return one
        return None


@cache
def _items() -> Mapping[str, Item]:
    return items()


def gather(record: Record, site_id: str, printed_at: datetime) -> Basis:
    """Read what pages of a site are made from, all as of one head.

    Sealed text is opened when a page needs it. Raises Refused: SITE_UNKNOWN, RECORD_UNREADABLE.
    """
    site, book, head = _as_of_one_head(record, site_id)

    def opened(told: Sealed | str) -> str:
        return told if isinstance(told, str) else patients.shown(record.keyring, told)

    @cache
    def named(patient: str) -> Named:
        fact = record.view(Patient, patients.stream(patient)).registered
        if fact is None:
            return Named("", "")
        name = opened(fact.name)
        return Named(name, "" if name == ERASED else opened(fact.address))

    return Basis(book, site_id, site, head, printed_at, opened, named)


def _as_of_one_head(record: Record, site_id: str) -> tuple[Site, Book, Head]:
    while True:
        head = record.head()
        site = sites.of(record, site_id)
        book = books.of(record, site_id)
        if record.head() == head:
            return site, book, head
