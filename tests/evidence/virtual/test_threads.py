"""Linear algebra is asked to keep to one thread, unless it's too late or more was asked for."""

from __future__ import annotations

import os
import sys

import pytest

from assuage.evidence.virtual.threads import NAMES, one_each


def test_one_thread_is_asked_for_and_a_wish_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES[1:]:
        monkeypatch.setenv(name, "2")  # so that what the call sets is taken away again
        monkeypatch.delenv(name)
    monkeypatch.setenv(NAMES[0], "3")
    one_each()
    assert [os.environ.get(name) for name in NAMES] == ["3", None, None]  # NumPy is loaded
    monkeypatch.delitem(sys.modules, "numpy")
    one_each()
    assert [os.environ[name] for name in NAMES] == ["3", "1", "1"]
