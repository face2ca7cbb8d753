"""`assuage session administer` and `enter`: where a person is asked what became of a dose.

A dose is stored as intended before anybody is asked. Whatever ends the program from there on, a
kill or a power cut, the dose stays open and becomes Unknown for the next who enters the session.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assuage.cli import output, signing
from assuage.cli.desk import Call, Here, command_id, writes
from assuage.cli.doses import Amount, Draw, Route, Session, item_of_draw
from assuage.refusals import Refused

if TYPE_CHECKING:
    from assuage.care.access import Desk
    from assuage.care.session import Dose
    from assuage.record.events import Recorded

HELP = """Intend a dose, give it, and say what became of it, in one go.

The dose is stored and shown before you act. Then type the amount that was given, such as '35 mg',
'no' when it wasn't given ('no: the vein was lost' says why), or press Enter to leave it open.
Without a terminal one line is read from standard input. If anything ends the command before that,
the dose stays open and is Unknown to the next who enters the session. With --json each step is
one line of JSON.

\b
Examples:
  assuage session administer s-1 --draw d-4f0c2a91be --amount "35 mg" --route iv --as ana
  echo "35 mg" | assuage session administer s-1 --draw d-4f0c2a91be --amount "35 mg" \\
    --route iv --as ana --once order-77-dose-1
"""
QUESTION = """Given? Type the amount given such as '{mg}', or 'no' when it was not given,
or press Enter to leave it open.
"""
NO_REASON = "no reason was given"
_OUTCOME = ".outcome"  # what the id of the second step of `administer` ends in


@writes("session administer")
def administer(
    call: Call,
    session: Session,
    draw: Draw,
    amount: Amount,
    route: Route,
) -> None:
    """Intend a dose, ask what became of it, and store that."""
    from assuage.record.record import new_command

    # Both steps go by one id, so that a refusal of either names one that is safe to give again.
    call = replace(call, once=call.once.removesuffix(_OUTCOME) or new_command())
    with call.here() as here:
        from assuage.care import session as sessions
        from assuage.care.register import vial
        from assuage.care.register.item import amount_ug

        of = item_of_draw(here, draw)
        dosing = vial.Dosing(draw, amount_ug(amount, of), route)
        desk = here.desk()
        events = vial.intend(desk, session, dosing)
        intent = _intent_of(events)
        _acknowledge(here, events)
        dose = sessions.of(here.record, session).doses[intent]
        if dose.state in ("confirmed", "not-given"):
            _note(here, f"{intent} is {dose.state} already; nothing is asked.")
            return
        _Bedside(here, desk, session).ask(dose)


@writes("session enter")
def enter(call: Call, session: Session) -> None:
    """Come to a session."""
    with call.here() as here:
        from assuage.care import chair
        from assuage.cli import session_view

        desk = here.desk()
        doses = chair.enter(desk, session)
        if call.as_json:
            output.print_json(session_view.as_json(here, session))
        else:
            session_view.entered(here, session, doses)
        if signing.on_terminal() and not call.as_json:
            for dose in doses:
                _Bedside(here, desk, session).ask(dose)


def _intent_of(events: Sequence[Recorded]) -> str:
    from assuage.care.session import AdministrationIntended

    (intent,) = (one.fact.intent for one in events if isinstance(one.fact, AdministrationIntended))
    return intent


@dataclass
class _Bedside:
    """Where one person is asked what became of a dose."""

    here: Here
    desk: Desk
    session: str

    def ask(self, dose: Dose) -> None:
        """Ask until it is answered or left open. Off a terminal, a wrong answer is refused."""
        while True:
            said = _answer(dose)
            if not said:
                _note(self.here, f"{dose.intended.intent} stays open until somebody answers this.")
                return
            try:
                self._store(dose, said)
            except Refused as refused:
                if not signing.on_terminal():
                    raise
                output.say_error(str(refused))
            else:
                return

    def _store(self, dose: Dose, said: str) -> None:
        from assuage.care.register import vial
        from assuage.care.register.item import amount_ug, item

        intent = dose.intended.intent
        no, _, reason = said.partition(":")
        denied = no.strip().casefold() == "no"
        ug = 0 if denied else amount_ug(said, item(dose.intended.item))
        desk = self._answering(dose)
        if denied:
            why = reason.strip() or _why_not()
            events = vial.not_given(desk, self.session, intent, why)
        else:
            events = vial.confirm(desk, self.session, intent, ug)
        _acknowledge(self.here, events)

    def _answering(self, dose: Dose) -> Desk:
        """Return the desk at which an answer is given: a dose found Unknown takes a witness."""
        if dose.state == "unknown" and self.desk.witness is None and signing.on_terminal():
            witness = _line("A dose found open takes a witness. Who? ")
            self.desk = self.desk.beside(self.here.witness(witness))
        call = self.here.call
        whose = "" if call.name == "session administer" else f".{dose.intended.intent}"
        step = command_id(call.name, call.once)
        return replace(self.desk, command=f"{step}{whose}{_OUTCOME}" if step else "")


def _answer(dose: Dose) -> str:
    from assuage.cli.told import mg

    amount = mg(dose.intended.ug)
    question = QUESTION.format(mg=amount)
    return _line(f"{question}{dose.intended.intent}, {amount} {dose.intended.route}: ")


def _why_not() -> str:
    return (_line("Why not? ") if signing.on_terminal() else "") or NO_REASON


def _line(prompt: str) -> str:
    """Return one line that was typed, "" at the end of what there is."""
    if signing.on_terminal():
        sys.stderr.write(prompt)
        sys.stderr.flush()
    # Once only: after the first line was read it can't be set any more.
    if isinstance(sys.stdin, io.TextIOWrapper) and sys.stdin.errors != "replace":
        sys.stdin.reconfigure(errors="replace")
    return sys.stdin.readline().strip() if sys.stdin else ""


def _acknowledge(here: Here, events: Sequence[Recorded]) -> None:
    """Print what was stored, and see it out of this process before anything else happens."""
    if here.call.as_json:
        import json

        from assuage.cli import told

        output.say(json.dumps(told.as_json(events, here)))
    else:
        here.tell(events)
    output.flush()


def _note(here: Here, text: str) -> None:
    if not here.call.as_json:
        output.say(text)
