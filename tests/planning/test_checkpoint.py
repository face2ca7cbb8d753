"""What a long run keeps is whole or refused, and the older stays where the newer can't be."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from assuage.planning.checkpoint import Keeper, Kind, load, store
from assuage.refusals import Refusal, Refused

KIND = Kind(b"assuage example ", "an example", Refusal.TRIAL_FILE_DAMAGED)
BODY = bytes(range(256)) * 40


def code(path: Path, kind: Kind = KIND) -> Refusal:
    with pytest.raises(Refused) as refused:
        load(path, kind)
    return refused.value.refusal


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    assert load(path, KIND) is None
    store(path, KIND, zlib.compress(BODY))
    assert load(path, KIND) == BODY
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]


def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    store(path, KIND, zlib.compress(BODY))
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert code(path) is Refusal.TRIAL_FILE_DAMAGED
        path.write_bytes(whole[:place])
        assert code(path) is Refusal.TRIAL_FILE_DAMAGED


def test_another_kind_and_a_device_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    store(path, KIND, zlib.compress(BODY))
    other = Kind(b"assuage other ", "another", Refusal.POPULATION_FILE_DAMAGED)
    assert code(path, other) is Refusal.POPULATION_FILE_DAMAGED
    assert code(Path("/dev/zero")) is Refusal.FILE_UNREADABLE
    assert code(tmp_path) is Refusal.FILE_UNREADABLE


def test_the_older_stays_where_the_newer_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    store(path, KIND, zlib.compress(b"older"))
    long = tmp_path / "none" / "kept"
    with pytest.raises(Refused) as refused:
        store(long, KIND, zlib.compress(BODY))
    assert refused.value.refusal is Refusal.FILE_UNWRITABLE
    assert load(path, KIND) == b"older"


def test_the_newest_is_written_once_and_at_the_end() -> None:
    written: list[int] = []
    keeper = Keeper[int](written.append)
    keeper.take(lambda: 1)
    keeper.take(lambda: 2)
    assert written == []
    keeper.keep()
    keeper.keep()
    assert written == [2]
