"""A session as a person sees it on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from assuage.care import session as sessions
from assuage.cli import output
from assuage.cli.tables import show_table
from assuage.cli.told import folded, mg, moment

if TYPE_CHECKING:
    from assuage.care.session import Dose
    from assuage.cli.desk import Here

_STATES = {"intended": "INTENDED", "unknown": "UNKNOWN", "not-given": "not given"}


def show(here: Here, session: str) -> None:
    """Print a session."""
    view = sessions.of(here.record, session)
    opened, zone = sessions.opening(view, session), here.site.zone
    began = moment(view.opened_at, zone) if view.opened_at else ""
    ended = f"ended {moment(view.ended_at, zone)}" if view.ended_at else "running"
    output.say(f"Session {session}, opened {began}, {ended}")
    what = f"Patient {opened.patient}, order {opened.order} of {opened.prescriber}"
    output.say(folded(f"{what}, in {opened.area}"))
    doses(here, list(view.doses.values()), "Doses")
    drawn = here.book.open_draws(session)
    if drawn:
        rows = [
            (
                one.id,
                one.item,
                mg(one.unit_ug),
                mg(one.given_ug),
                mg(one.wasted_ug),
                mg(one.left_ug),
            )
            for one in drawn
        ]
        heads = ("drawn", "item", "held", "given", "wasted", "left")
        show_table("Drawn, not accounted for", heads, rows, right=heads[2:])
    _open_words(view.open_doses, session)
    output.say(f"\nHead {here.record.head()}")


def entered(here: Here, session: str, found: Sequence[Dose]) -> None:
    """Print what a person who comes to a session must know first."""
    view = sessions.of(here.record, session)
    opened = sessions.opening(view, session)
    output.say(f"Session {session} of {opened.patient} in {opened.area}")
    if not found:
        output.say("No dose is open in it.")
        return
    doses(here, found, "Nobody has said what became of")
    _open_words(found, session)


def doses(here: Here, found: Sequence[Dose], title: str) -> None:
    """Print doses as a table."""
    zone = here.site.zone
    day = moment(here.clock.utc_now(), zone)[:10]
    rows = []
    for one in found:
        rows.append(
            (
                one.intended.intent,
                _STATES.get(one.state, one.state),
                f"{mg(one.intended.ug)} {one.intended.route}",
                mg(one.given_ug) if one.state == "confirmed" else "",
                "" if one.pump_ug is None else mg(one.pump_ug),
                {None: "", True: "seen", False: "none"}[one.effect],
                _when(one.given_at, zone, day),
                one.confirmed_by or one.by,
            )
        )
    heads = ("dose", "state", "intended", "given", "pump", "effect", "at", "by")
    used = [n for n, head in enumerate(heads) if n < 3 or any(row[n] for row in rows)]
    if not rows:
        output.say("No dose was intended.")
        return
    kept = [heads[n] for n in used]
    whole = set(kept) - {"effect", "by"}
    show_table(title, kept, [[row[n] for n in used] for row in rows], whole=whole)


def _when(at: datetime | None, zone: tzinfo, today: str) -> str:
    """Return a time by the site's clock, without the day if that is today."""
    if at is None:
        return ""
    told = moment(at, zone)
    return told.removeprefix(f"{today} ")


def _open_words(found: Sequence[Dose], session: str) -> None:
    for one in found:
        intent, amount = one.intended.intent, mg(one.intended.ug)
        output.say("")
        output.say(folded(f"Give nothing before somebody says what became of {intent}:"))
        output.say(f"  assuage session confirm {session} {intent} --amount '{amount}' --as ...")
        output.say(f"  assuage session not-given {session} {intent} --reason ... --as ...")
        if one.state == "unknown":
            output.say("  either with --witness: it was found open")


def as_json(here: Here, session: str) -> dict[str, Any]:
    """Return a session for a machine."""
    view = sessions.of(here.record, session)
    opened = sessions.opening(view, session)
    return {
        "session": session,
        **opened.model_dump(mode="json"),
        "opened_at": view.opened_at.isoformat() if view.opened_at else None,
        "ended_at": view.ended_at.isoformat() if view.ended_at else None,
        "doses": [
            {
                "dose": one.intended.intent,
                "state": one.state,
                "draw": one.intended.draw,
                "item": one.intended.item,
                "route": one.intended.route,
                "intended_ug": one.intended.ug,
                "intended_by": one.by,
                "given_ug": one.given_ug if one.state == "confirmed" else None,
                "given_at": one.given_at.isoformat() if one.given_at else None,
                "confirmed_by": one.confirmed_by or None,
                "pump_ug": one.pump_ug,
                "effect": one.effect,
            }
            for one in view.doses.values()
        ],
        "open": [one.intended.intent for one in view.open_doses],
        "drawn": [
            {"draw": one.id, "item": one.item, "left_ug": one.left_ug}
            for one in here.book.open_draws(session)
        ],
        "head": str(here.record.head()),
    }
