"""One way to open a record, whatever holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assuage.record.opening import open_store
from assuage.record.postgres import PostgresStore
from assuage.record.sqlite import SqliteStore
from assuage.refusals import Refusal, Refused


def test_a_path_is_a_file(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "record"), create=True)
    assert isinstance(store, SqliteStore)
    store.close()
    open_store(str(tmp_path / "record")).close()
    with pytest.raises(Refused) as caught:
        open_store(str(tmp_path / "other"))
    assert caught.value.refusal is Refusal.RECORD_MISSING


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_an_address_is_a_server(url: str, scheme: str) -> None:
    address = url.replace("postgresql", scheme, 1)
    store = open_store(address, create=True)
    assert isinstance(store, PostgresStore)
    store.close()
    open_store(address).close()


def test_an_address_in_capitals_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would make folders that are named after the password."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused) as caught:
        open_store("PostgreSQL://me:hush@localhost/x", create=True)
    assert caught.value.refusal is Refusal.RECORD_UNREADABLE
    assert "hush" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
