"""Personal data opens with the right keys alone, and never again once its key is destroyed."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assuage.record import keyring as keys
from assuage.record.keyring import PATIENT_KEY, Keyring, Sealed, new_site_key, site_key
from assuage.record.store import Secret, Store
from assuage.refusals import Refusal, Refused
from record.helpers import Place, write

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
TEXT = base64.b64encode(KEY).decode()
texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def store(sqlite_place: Place) -> Store:
    return sqlite_place.open(create=True)


@pytest.fixture
def ring(store: Store) -> Keyring:
    """The keyring of a record with one patient."""
    ring = Keyring(store, KEY)
    store.append([write("patient/a", 0, "x")], [ring.founding(), ring.make("a")])
    return ring


def refusal(code: Refusal, use: object, *arguments: object) -> None:
    assert callable(use)
    with pytest.raises(Refused) as caught:
        use(*arguments)
    assert caught.value.refusal is code


# The site key.


def key_file(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "site.key"
    path.write_bytes(text.encode("latin-1"))
    path.chmod(mode)
    return path


def test_a_new_site_key_is_read_wherever_it_stands(tmp_path: Path) -> None:
    text = new_site_key()
    path = key_file(tmp_path, f"{text}\n")
    key = base64.b64decode(text)
    assert len(key) == 32
    assert site_key({"ASSUAGE_SITE_KEY": text}) == key
    assert site_key({"ASSUAGE_SITE_KEY_FILE": str(path)}) == key
    assert site_key({}, path) == key
    assert site_key({"ASSUAGE_SITE_KEY": "", "ASSUAGE_SITE_KEY_FILE": ""}, path) == key
    assert new_site_key() != text


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    one, two, three = (new_site_key() for _ in range(3))
    default = key_file(tmp_path, three)
    named = default.rename(tmp_path / "named")
    named.write_text(two, encoding="ascii")
    default = key_file(tmp_path, three)
    both = {"ASSUAGE_SITE_KEY": one, "ASSUAGE_SITE_KEY_FILE": str(named)}
    assert site_key(both, default) == base64.b64decode(one)
    del both["ASSUAGE_SITE_KEY"]
    assert site_key(both, default) == base64.b64decode(two)


def test_no_site_key_is_missing(tmp_path: Path) -> None:
    refusal(Refusal.SITE_KEY_MISSING, site_key, {})
    refusal(Refusal.SITE_KEY_MISSING, site_key, {}, tmp_path / "nowhere")
    named = {"ASSUAGE_SITE_KEY_FILE": str(tmp_path / "nowhere")}
    refusal(Refusal.SITE_KEY_UNSAFE, site_key, named)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700, 0o500])
def test_a_file_of_its_owner_alone_is_used(tmp_path: Path, mode: int) -> None:
    assert len(site_key({}, key_file(tmp_path, new_site_key(), mode))) == 32


@pytest.mark.parametrize("bit", [0o001, 0o002, 0o004, 0o010, 0o020, 0o040, 0o077, 0o044])
def test_a_file_that_others_can_touch_is_unsafe(tmp_path: Path, bit: int) -> None:
    path = key_file(tmp_path, new_site_key(), 0o600 | bit)
    refusal(Refusal.SITE_KEY_UNSAFE, site_key, {}, path)


def test_a_file_of_somebody_else_is_unsafe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = key_file(tmp_path, new_site_key())
    monkeypatch.setattr(keys.os, "geteuid", lambda: path.stat().st_uid + 1)
    refusal(Refusal.SITE_KEY_UNSAFE, site_key, {}, path)


def test_a_link_does_not_hide_the_file_s_own_mode(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(key_file(tmp_path, new_site_key(), 0o644))
    refusal(Refusal.SITE_KEY_UNSAFE, site_key, {}, link)


@pytest.mark.parametrize(
    "text",
    [
        *(" ", "x", "AAAA", "é" * 44, "\x00" * 44, "=" * 44, "A" * 44, "-" * 43 + "="),
        *(base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode()),
        *(bytes(32).hex(), TEXT * 2, f"{TEXT}\n{TEXT}"),
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_what_holds_no_key_is_unsafe_and_not_shown(tmp_path: Path, text: str) -> None:
    for environment, path in (({"ASSUAGE_SITE_KEY": text}, None), ({}, key_file(tmp_path, text))):
        with pytest.raises(Refused) as caught:
            site_key(environment, path)
        assert caught.value.refusal is Refusal.SITE_KEY_UNSAFE
        assert len(text) < 5 or text not in str(caught.value)


def test_a_folder_is_no_key(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    refusal(Refusal.SITE_KEY_UNSAFE, site_key, {"ASSUAGE_SITE_KEY_FILE": str(tmp_path)})


def test_the_record_knows_its_site_key(ring: Keyring, store: Store) -> None:
    ring.check()
    refusal(Refusal.SITE_KEY_WRONG, Keyring(store, OTHER).check)
    refusal(Refusal.SITE_KEY_MISSING, Keyring(store, None).check)


def test_a_record_without_keys_has_nothing_to_check(store: Store) -> None:
    Keyring(store, None).check()


def test_a_record_that_lost_what_its_key_is_known_by_is_refused(
    ring: Keyring, store: Store
) -> None:
    store.append([], [Secret(keys.CHECK.kind, keys.CHECK.owner, None)])
    refusal(Refusal.SITE_KEY_WRONG, ring.check)
    refusal(Refusal.SITE_KEY_WRONG, Keyring(store, OTHER).check)


# Sealing and opening.


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts)
def test_what_is_sealed_opens_and_shows_nothing(ring: Keyring, text: str) -> None:
    sealed = ring.seal("a", text)
    assert ring.open(sealed) == Keyring(ring.store, KEY).open(sealed) == text
    assert ring.open(Sealed.model_validate_json(sealed.model_dump_json())) == text
    assert len(text) < 3 or text.encode() not in base64.b64decode(sealed.box)


def test_the_same_text_is_never_sealed_the_same(ring: Keyring) -> None:
    assert len({ring.seal("a", "Ada").box for _ in range(200)}) == 200
    assert len({ring.seal("a", "Ada").box[:16] for _ in range(200)}) == 200


def test_a_site_key_opens_only_its_own_record(ring: Keyring, store: Store) -> None:
    sealed = ring.seal("a", "Ada")
    refusal(Refusal.SITE_KEY_WRONG, Keyring(store, OTHER).open, sealed)
    refusal(Refusal.SITE_KEY_WRONG, Keyring(store, OTHER).seal, "a", "Ada")
    refusal(Refusal.SITE_KEY_MISSING, Keyring(store, None).open, sealed)
    refusal(Refusal.SITE_KEY_MISSING, Keyring(store, None).make, "b")


def test_a_box_belongs_to_its_owner(ring: Keyring, store: Store) -> None:
    store.append([], [ring.make("b")])
    sealed = ring.seal("a", "Ada")
    refusal(Refusal.SITE_KEY_WRONG, ring.open, sealed.model_copy(update={"owner": "b"}))
    key = store.secret(PATIENT_KEY, "a")
    store.append([], [Secret(PATIENT_KEY, "b", key)])  # nor does the key move with it
    refusal(Refusal.SITE_KEY_WRONG, ring.open, sealed.model_copy(update={"owner": "b"}))


def test_any_changed_bit_of_a_box_is_refused(ring: Keyring) -> None:
    sealed = ring.seal("a", "Ada")
    box = base64.b64decode(sealed.box)
    for at in range(len(box) * 8):
        hurt = bytearray(box)
        hurt[at // 8] ^= 1 << at % 8
        changed = Sealed(owner="a", box=base64.b64encode(bytes(hurt)).decode())
        refusal(Refusal.SITE_KEY_WRONG, ring.open, changed)


@pytest.mark.parametrize(
    "box", ["", "x", "AAAA", "AAA", "é", "\0", "=", "A" * 16, "A" * 37, "A" * 40, "A B C D", "AA=="]
)
def test_what_is_no_box_is_refused(ring: Keyring, box: str) -> None:
    refusal(Refusal.SITE_KEY_WRONG, ring.open, Sealed(owner="a", box=box))


def test_a_box_with_a_stray_sign_is_refused(ring: Keyring) -> None:
    sealed = ring.seal("a", "Ada")
    refusal(Refusal.SITE_KEY_WRONG, ring.open, Sealed(owner="a", box=f"{sealed.box}\n"))


@pytest.mark.parametrize("stored", [b"", b"x", bytes(12), bytes(60)])
def test_a_damaged_key_is_refused(ring: Keyring, store: Store, stored: bytes) -> None:
    sealed = ring.seal("a", "Ada")
    store.append([], [Secret(PATIENT_KEY, "a", stored)])
    refusal(Refusal.SITE_KEY_WRONG, ring.open, sealed)


# Erasing.


def test_nobody_opens_what_was_erased(ring: Keyring, store: Store) -> None:
    sealed, other = ring.seal("a", "Ada"), Keyring(store, KEY)
    assert other.open(sealed) == "Ada"
    rows = list(store.read_all())
    store.append([], [Secret(PATIENT_KEY, "a", None)])
    for one in (ring, other, Keyring(store, KEY)):
        assert one.open(sealed) is None
        refusal(Refusal.PATIENT_ERASED, one.seal, "a", "Ada")
    assert list(store.read_all()) == rows


def test_a_new_key_opens_nothing_old(ring: Keyring, store: Store) -> None:
    sealed = ring.seal("a", "Ada")
    store.append([], [Secret(PATIENT_KEY, "a", None)])
    store.append([], [ring.make("a")])
    refusal(Refusal.SITE_KEY_WRONG, ring.open, sealed)
    assert ring.open(ring.seal("a", "Bo")) == "Bo"


def test_nothing_is_sealed_for_the_unknown(ring: Keyring) -> None:
    refusal(Refusal.PATIENT_ERASED, ring.seal, "nobody", "x")
    assert ring.open(Sealed(owner="nobody", box="")) is None


def test_a_key_is_of_use_before_it_is_stored(store: Store) -> None:
    ring = Keyring(store, KEY)
    secret = ring.make("a")
    sealed = ring.seal("a", "Ada")
    assert ring.open(sealed) == "Ada"
    assert Keyring(store, KEY).open(sealed) is None
    store.append([], [secret])
    assert Keyring(store, KEY).open(sealed) == "Ada"


def test_a_key_that_was_never_stored_can_be_forgotten(store: Store) -> None:
    ring = Keyring(store, KEY)
    ring.make("a")
    sealed = ring.seal("a", "Ada")
    ring.forget()
    assert ring.open(sealed) is None
    refusal(Refusal.PATIENT_ERASED, ring.seal, "a", "Ada")


def test_the_stored_key_counts_when_another_made_one_too(store: Store) -> None:
    one, other = Keyring(store, KEY), Keyring(store, KEY)
    kept, lost = one.make("a"), other.make("a")
    assert kept.body != lost.body
    store.append([], [kept])
    assert one.open(other.seal("a", "Ada")) == "Ada"


def test_no_key_stands_in_the_record_in_the_open(ring: Keyring, store: Store) -> None:
    key = ring._key("a")
    assert key is not None
    for secret in store.secrets():
        assert key not in (secret.body or b"")
        assert KEY not in (secret.body or b"")
    assert key not in os.fsencode(repr(ring.seal("a", "Ada")))


def test_a_pseudonym_needs_the_key_and_dies_with_it(store: Store, ring: Keyring) -> None:
    ring.make("b")  # another key
    first = ring.pseudonym("a", "registry")
    assert first is not None
    assert (
        first == ring.pseudonym("a", "registry") == Keyring(store, KEY).pseudonym("a", "registry")
    )
    assert len({first, ring.pseudonym("a", "research"), ring.pseudonym("b", "registry")}) == 3
    refusal(Refusal.SITE_KEY_WRONG, Keyring(store, OTHER).pseudonym, "a", "registry")
    store.append([], [Secret(PATIENT_KEY, "a", None)])
    assert ring.pseudonym("a", "registry") is None
