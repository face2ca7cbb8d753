"""Who is asking: signing in, what a person may do, and who stands beside.

Denied unless a role allows it. A witness signs in with a passphrase of their own, minutes before
and not from memory, and is never the person who acts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import ValidationError

from assuage.care import site as sites
from assuage.care.site import PassphraseSet, Person, SignInFailed
from assuage.clock import FUTURE_TOLERANCE, Clock
from assuage.knowledge import library
from assuage.record.events import Envelope, Recorded, Signature
from assuage.record.record import Decision, Record, new_command
from assuage.record.store import Secret
from assuage.refusals import Refusal, Refused

PASSPHRASE = "passphrase"  # noqa: S105
SHORTEST = 12  # characters
HASHER = PasswordHasher()
ASSUAGE = "assuage"  # who signs what no person did, such as a failed sign-in


@dataclass(frozen=True)
class Desk:
    """Where a command is given: which site, by whom, beside whom, and by which clock."""

    record: Record
    clock: Clock
    site_id: str
    by: Signature
    witness: Signature | None = None
    command: str = ""
    _acts: list[str] = field(default_factory=list, compare=False, repr=False)

    @property
    def site(self) -> sites.Site:
        """The site as it is now. Raises Refused (SITE_UNKNOWN)."""
        return sites.of(self.record, self.site_id)

    def local_now(self) -> datetime:
        """Return the present time with the offset of the site."""
        return self.clock.utc_now().astimezone(self.site.zone)

    def happened(self, at: datetime | None) -> datetime:
        """Return when something happened: `at`, or now. Raises Refused (TIME_IN_FUTURE)."""
        if at is None:
            return self.local_now()
        # In UTC, because two times of one zone are compared by their wall clocks.
        if not at.astimezone(UTC) <= self.clock.utc_now() + FUTURE_TOLERANCE:
            raise Refused(Refusal.TIME_IN_FUTURE, time=at.isoformat(timespec="minutes"))
        return at.astimezone(self.site.zone)

    def allow(self, act: str) -> None:
        """Raise Refused (ROLE_NOT_PERMITTED) unless a role of the person allows the act.

        The role must be one that the person signed in with and still has at this site.
        """
        _allow(self.site, self.by, act)
        self._acts.append(act)

    def witnessed(self, act: str) -> Signature:
        """Return the witness of an act that needs one.

        Raises Refused: WITNESS_MISSING, WITNESS_IS_ACTOR, ROLE_NOT_PERMITTED, WITNESS_NOT_OWN,
        WITNESS_STALE.
        """
        if self.witness is None:
            raise Refused(Refusal.WITNESS_MISSING, act=act)
        self.check_witness()
        return self.witness

    def check_witness(self) -> None:
        """Check the witness if there is one; see `witnessed`."""
        if self.witness is None:
            return
        if self.witness.person == self.by.person:
            raise Refused(Refusal.WITNESS_IS_ACTOR, person=self.by.person)
        _allow(self.site, self.witness, "witness")
        if self.site.people[self.witness.person].set_by == self.by.person:
            raise Refused(Refusal.WITNESS_NOT_OWN, person=self.witness.person, by=self.by.person)
        fresh = timedelta(minutes=library.assumed("register-witness-fresh-minutes"))
        if not timedelta(0) <= self.clock.utc_now() - self.witness.at <= fresh:
            minutes = round(fresh.total_seconds() / 60)
            raise Refused(Refusal.WITNESS_STALE, person=self.witness.person, minutes=minutes)

    def commit(self, decide: Callable[[], Decision]) -> tuple[Recorded, ...]:
        """Store what `decide` decides, signed by who stands here; see Record.commit.

        Raises Refused (FIELD_INVALID) for what no fact can hold, such as an empty reason.
        """
        acts = tuple(self._acts)
        self._acts.clear()

        def still_allowed() -> Decision:
            """Ask again each time: a role may have been taken away since it was asked first."""
            for act in acts:
                _allow(self.site, self.by, act)
            self.check_witness()
            return decide()

        self.check_witness()
        envelope = Envelope(self.local_now(), self.command or new_command(), self.by, self.witness)
        with holdable():
            return self.record.commit(envelope, still_allowed)

    def beside(self, witness: Signature | None) -> Desk:
        """Return the same desk with a witness."""
        return replace(self, witness=witness, _acts=[])


@contextmanager
def holdable() -> Iterator[None]:
    """Refuse what no fact can hold. Raises Refused (FIELD_INVALID)."""
    try:
        yield
    except ValidationError as error:
        wrong = error.errors()[0]
        field = ".".join(map(str, wrong["loc"])) or "a field"
        raise Refused(
            Refusal.FIELD_INVALID, field=field, what=error.title, why=wrong["msg"]
        ) from error
    except UnicodeEncodeError as error:
        why = f"it holds {error.object[error.start : error.end]!a}, which can't be stored"
        raise Refused(Refusal.FIELD_INVALID, field="a text", what="the command", why=why) from error


def said(text: str) -> str:
    """Return text that says something. Raises Refused (FIELD_INVALID)."""
    if not text.strip():
        empty = {"field": "a text", "what": "the command", "why": "it is empty"}
        raise Refused(Refusal.FIELD_INVALID, **empty)
    return text


def _allow(site: sites.Site, signature: Signature, act: str) -> None:
    known = library.roles()
    person = site.people.get(signature.person)
    still = person.roles if person else ()
    if not any(act in known.get(role, ()) for role in signature.roles if role in still):
        able = ", ".join(sorted(role for role, acts in known.items() if act in acts))
        raise Refused(Refusal.ROLE_NOT_PERMITTED, person=signature.person, act=act, roles=able)


def new_passphrase(person: str, site: str, passphrase: str) -> tuple[PassphraseSet, Secret]:
    """Return the fact and the secret of a new passphrase. Raises Refused (PASSPHRASE_WEAK)."""
    if len(passphrase) < SHORTEST or len(set(passphrase)) < SHORTEST // 2:
        raise Refused(Refusal.PASSPHRASE_WEAK, shortest=SHORTEST)
    verifier = HASHER.hash(passphrase)
    fact = PassphraseSet(person=person, digest=_digest(verifier))
    return fact, Secret(PASSPHRASE, f"{site}/{person}", verifier.encode("ascii"))


def sign_in(
    record: Record,
    clock: Clock,
    site_id: str,
    person_id: str,
    passphrase: str,
    *,
    method: str = PASSPHRASE,
) -> Signature:
    """Return the signature of a person who proves to be who they say.

    `method` says how the passphrase was given, and every page shows it. A failure is recorded,
    and several lock the person out for a while. Raises Refused:
    SITE_UNKNOWN, SIGN_IN_LOCKED, SIGN_IN_FAILED (the same for a wrong name and a wrong
    passphrase).
    """
    now = clock.utc_now()
    _not_locked(sites.of(record, site_id), person_id, now)
    person = sites.of(record, site_id).people.get(person_id)
    if person is None or not person.roles or not _proves(record, site_id, person, passphrase):
        _note_failure(record, site_id, person_id, now)
        raise Refused(Refusal.SIGN_IN_FAILED, person=person_id)
    # Others may have tried, and failed, while this was being proved.
    _not_locked(sites.of(record, site_id), person_id, now)
    return Signature(person=person.id, roles=person.roles, method=method, at=now)


def _not_locked(site: sites.Site, person: str, now: datetime) -> None:
    """Raise Refused (SIGN_IN_LOCKED) when too many tries failed in the last minutes."""
    window = timedelta(minutes=library.assumed("register-lockout-minutes"))
    tries = round(library.assumed("register-lockout"))
    recent = [one for one in site.failures.get(person, []) if now - one < window]
    if len(recent) >= tries:
        until = (recent[-tries] + window).astimezone(site.zone).strftime("%H:%M")
        raise Refused(Refusal.SIGN_IN_LOCKED, person=person, tries=tries, until=until)


def _proves(record: Record, site_id: str, person: Person, passphrase: str) -> bool:
    stored = record.store.secret(PASSPHRASE, f"{site_id}/{person.id}")
    if stored is None:
        return False
    verifier = stored.decode("ascii")
    if _digest(verifier) != person.digest:  # somebody put another verifier in its place
        return False
    try:
        return HASHER.verify(verifier, passphrase)
    except (VerificationError, InvalidHashError):
        return False


def _note_failure(record: Record, site_id: str, person_id: str, now: datetime) -> None:
    def decide() -> Decision:
        # What was typed for a name may be a passphrase, and what is stored stays.
        known = person_id in sites.of(record, site_id).people
        failed = SignInFailed(person=person_id if known else "nobody")
        return Decision({sites.stream(site_id): (failed,)})

    at = now.astimezone(sites.of(record, site_id).zone)
    by = Signature(person=ASSUAGE, method="system", at=at)
    record.commit(Envelope(at, new_command(), by), decide)


def _digest(verifier: str) -> str:
    return hashlib.sha256(verifier.encode("ascii")).hexdigest()
