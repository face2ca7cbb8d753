"""The command: look at the signals of a site. Every look is recorded before anything is shown."""

from __future__ import annotations

from dataclasses import replace

from assuage.care import site as sites
from assuage.care.access import Desk
from assuage.care.signals.gather import gather
from assuage.care.signals.report import Asked, Report, report
from assuage.care.signals.seen import Period
from assuage.care.site import RecordLookedAt
from assuage.record.events import Recorded
from assuage.record.record import Decision
from assuage.refusals import Refusal, Refused

SHOWN, REFUSED = "signals", "signals-refused"
LONGEST = 400  # characters of a reason


def look(desk: Desk, period: Period, why: str) -> Report:
    """Return the signals of the desk's site in a period.

    The look is an event of the site's stream before anything is read. So is a look that was
    refused for want of the role: who tried to see signals about colleagues is itself something
    that a reviewer must be able to see. Raises Refused: ROLE_NOT_PERMITTED, FIELD_INVALID without
    a reason, TIME_IN_FUTURE for a period that isn't over, SITE_UNKNOWN, and what storing raises;
    then nothing was read.
    """
    try:
        desk.allow("view-signals")
    except Refused:
        _note(desk, REFUSED, _reason(why) or "no reason given")
        raise
    reason = _reason(why)
    if not reason:
        field = {"field": "the reason", "what": "the look", "why": "it is empty"}
        raise Refused(Refusal.FIELD_INVALID, **field)
    desk.happened(period.end)
    noted = _note(desk, SHOWN, reason)
    seen = gather(desk.record, desk.site_id, period)
    people = {one.id: one.name for one in desk.site.people.values()}
    head = desk.record.head()
    asked = Asked(
        site=desk.site_id,
        start=period.start.isoformat(),
        end=period.end.isoformat(),
        days=period.days,
        by=desk.by.person,
        why=reason,
        at=noted.at.isoformat(timespec="seconds"),
        head=str(head),
    )
    return report(asked, seen, people)


def _reason(why: str) -> str:
    return " ".join(why.split())[:LONGEST]


def _note(desk: Desk, what: str, why: str) -> Recorded:
    """Store that somebody looked, or tried to, and return that. Each look is its own command."""

    def decide() -> Decision:
        sites.of(desk.record, desk.site_id)
        fact = RecordLookedAt(what=what, why=why)
        return Decision({sites.stream(desk.site_id): (fact,)})

    # A command told twice is stored once; a second look under the same id would leave no trace.
    (noted,) = replace(desk, command="", witness=None).commit(decide)
    return noted
