"""A file of trials is read whole or refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from assuage.evidence.virtual.keeping import Kept, load, store
from assuage.refusals import Refused

KEPT = Kept("d", {"a": np.arange(6.0).reshape(3, 2), "b": np.array([np.nan, 1.0, 2.0])}, {})


def test_what_is_stored_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "t"
    assert load(path) is None
    store(path, KEPT)
    found = load(path)
    assert found is not None
    assert (found.digest, dict(found.null)) == ("d", {})
    for name, values in KEPT.main.items():
        assert found.main[name].tobytes() == values.tobytes()
        assert found.main[name].shape == values.shape
    assert [one.name for one in tmp_path.iterdir()] == ["t"]


def test_a_file_cut_short_or_flipped_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t"
    store(path, KEPT)
    good = path.read_bytes()
    assert load(path) is not None  # the canary: whole, it is read
    for place in range(len(good)):
        flipped = bytearray(good)
        flipped[place] ^= 1 << (place % 8)
        for content in (good[:place], bytes(flipped)):
            path.write_bytes(content)
            with pytest.raises(Refused, match="TRIAL_FILE_DAMAGED"):
                load(path)
            assert path.read_bytes() == content
    path.write_bytes(good.replace(b"trials 1\n", b"trials 2\n", 1))
    with pytest.raises(Refused, match="another version of assuage wrote it"):
        load(path)


def test_where_nothing_can_be_written_or_read_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FILE_UNWRITABLE"):
        store(tmp_path / "none" / "t", KEPT)
    for path in (tmp_path, Path(os.devnull)):  # a device such as /dev/zero would never end
        with pytest.raises(Refused, match=r"FILE_UNREADABLE.*plain file"):
            load(path)
