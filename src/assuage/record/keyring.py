"""Personal data, locked under a key per patient.

A name, a birth date, an address and free text are stored as AES-256-GCM ciphertext under the
patient's own key. That key is stored wrapped by the site key, which is never stored with the
record: it comes from the environment or from a file that only its owner can read. Destroying a
patient's key erases the person and leaves every event, hash and milligram where it was.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict

from assuage.record.store import Secret, Store
from assuage.refusals import Refusal, Refused

KEY_BYTES = 32
NONCE_BYTES = 12  # source: NIST SP 800-38D, 5.2.1.1, the length it recommends
PATIENT_KEY = "patient-key"
CHECK = Secret("site-key", "check", b"assuage")


class Sealed(BaseModel):
    """Text that only the key of `owner` opens; `box` is base64 of nonce and ciphertext."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str
    box: str


def new_site_key() -> str:
    """Return a fresh site key as it is written in a file or the environment."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def site_key(environment: Mapping[str, str], default: Path | None = None) -> bytes:
    """Return the site key from ASSUAGE_SITE_KEY, ASSUAGE_SITE_KEY_FILE or the file `default`.

    Raises Refused: SITE_KEY_MISSING when there is none, SITE_KEY_UNSAFE for a file that others
    can read, that isn't the reader's own, or that holds no key.
    """
    if text := environment.get("ASSUAGE_SITE_KEY"):
        return _parse(text, "in ASSUAGE_SITE_KEY")
    named = environment.get("ASSUAGE_SITE_KEY_FILE")
    path = Path(named) if named else default
    if path is None or not (named or path.exists()):
        raise Refused(Refusal.SITE_KEY_MISSING)
    held = read_private(path, Refusal.SITE_KEY_UNSAFE)
    return _parse(held.decode("ascii", "replace"), path)


def read_private(path: Path, unsafe: Refusal) -> bytes:
    """Return what a file holds that is one's own and that nobody else can read.

    Raises Refused (`unsafe`) for any other file.
    """
    try:
        with path.open("rb") as file:
            held = os.fstat(file.fileno())
            if held.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Refused(unsafe, path=path, why="others can read it")
            if held.st_uid != os.geteuid():
                raise Refused(unsafe, path=path, why="it belongs to another user")
            return file.read()
    except OSError as error:
        raise Refused(unsafe, path=path, why=error.strerror) from error


def _parse(text: str, path: object) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:  # not base64, or not even ASCII
        key = b""
    if len(key) != KEY_BYTES:
        raise Refused(Refusal.SITE_KEY_UNSAFE, path=path, why="it holds no 32-byte key in base64")
    return key


@dataclass
class Keyring:
    """The keys of one record.

    Raises Refused (SITE_KEY_WRONG) when the record was locked with another site key, and
    (SITE_KEY_MISSING) when `site_key` is None and a key is needed.
    """

    store: Store
    site_key: bytes | None
    _fresh: dict[str, bytes] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse a site key that isn't this record's own, or can't be known for it any more."""
        stored = self.store.secret(CHECK.kind, CHECK.owner)
        if stored is not None:
            self._unwrap(CHECK.owner, stored)
        elif self.store.head().position > 0:
            raise Refused(Refusal.SITE_KEY_WRONG)

    def founding(self) -> Secret:
        """Return the secret by which the site key will be known again."""
        return Secret(CHECK.kind, CHECK.owner, self._wrap(CHECK.owner, CHECK.body or b""))

    def make(self, owner: str) -> Secret:
        """Make the key of a new owner; store what is returned together with the first event.

        The first event of a stream is stored once, so two writers can't make two keys. Until
        it is stored or forgotten, the key can be used in this keyring.
        """
        self._fresh[owner] = secrets.token_bytes(KEY_BYTES)
        return Secret(PATIENT_KEY, owner, self._wrap(owner, self._fresh[owner]))

    def forget(self) -> None:
        """Forget the keys just made; from here on only what is stored counts.

        A key that stayed here could still open what was sealed once the stored one is destroyed.
        """
        self._fresh.clear()

    def missing(self, owner: str) -> bool:
        """Whether no key of an owner is stored: there never was one, or it was destroyed."""
        return self.store.secret(PATIENT_KEY, owner) is None

    def seal(self, owner: str, text: str) -> Sealed:
        """Lock `text` under the owner's key. Raises Refused (PATIENT_ERASED) when there is none."""
        key = self._key(owner)
        if key is None:
            raise Refused(Refusal.PATIENT_ERASED, patient=owner)
        nonce = secrets.token_bytes(NONCE_BYTES)
        box = nonce + AESGCM(key).encrypt(nonce, text.encode("utf-8"), owner.encode("utf-8"))
        return Sealed(owner=owner, box=base64.b64encode(box).decode("ascii"))

    def open(self, sealed: Sealed) -> str | None:
        """Return the text, or None when the owner's key was destroyed.

        Raises Refused (SITE_KEY_WRONG) when the box doesn't open with the key that is there.
        """
        key = self._key(sealed.owner)
        if key is None:
            return None
        try:
            box = base64.b64decode(sealed.box, validate=True)
            nonce, locked = box[:NONCE_BYTES], box[NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, locked, sealed.owner.encode("utf-8")).decode("utf-8")
        except (InvalidTag, ValueError) as error:  # ValueError: it is no box at all
            raise Refused(Refusal.SITE_KEY_WRONG) from error

    def pseudonym(self, owner: str, purpose: str) -> str | None:
        """Return a name for an owner that leads back only through the owner's key.

        HMAC-SHA256 under that key, which the site key locks; 96 bits of it. Each purpose gives
        another name, so two who got data for different purposes can't join them. None once the
        key is destroyed: an erasure cuts this way back too.
        """
        key = self._key(owner)
        if key is None:
            return None
        made = hmac.new(key, f"pseudonym:{purpose}:{owner}".encode(), hashlib.sha256)
        return made.hexdigest()[:24]

    def _key(self, owner: str) -> bytes | None:
        wrapped = self.store.secret(PATIENT_KEY, owner)
        if wrapped is None:
            return self._fresh.get(owner)
        self._fresh.pop(owner, None)
        return self._unwrap(owner, wrapped)

    def _wrap(self, owner: str, key: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._site_key()).encrypt(nonce, key, owner.encode("utf-8"))

    def _unwrap(self, owner: str, wrapped: bytes) -> bytes:
        nonce, locked = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return AESGCM(self._site_key()).decrypt(nonce, locked, owner.encode("utf-8"))
        except (InvalidTag, ValueError) as error:
            raise Refused(Refusal.SITE_KEY_WRONG) from error

    def _site_key(self) -> bytes:
        if self.site_key is None:
            raise Refused(Refusal.SITE_KEY_MISSING)
        return self.site_key
