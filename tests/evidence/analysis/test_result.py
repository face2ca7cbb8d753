"""The tree is the published shape of `--json`."""

from __future__ import annotations

import json
from typing import Any

from evidence.analysis.asking import asked, trial

# source: the keys that the issue asks for, no more of them and no less.
KEYS: dict[str, set[str]] = {
    "fixed": {"term", "estimate", "se", "df", "t", "p"},
    "tests": {"term", "df1", "df2", "F", "p"},
    "means": {"levels", "estimate", "se", "df", "t", "p", "low", "high", "rows"},
    "contrasts": {"contrast", "at", "estimate", "se", "df", "t", "p", "low", "high"},
}


def test_the_tree_has_the_keys_that_are_asked_for() -> None:
    whole: dict[str, Any]
    for more in ({"repeated": "visit | id"}, {"random": ("1 | id",)}, {}):
        whole = asked(
            trial(), "pain ~ arm * visit", means=("arm",), contrasts="pairwise", **more
        ).tree()
        assert {"reml_criterion", "covariance", *KEYS} <= set(whole)
        for part, keys in KEYS.items():
            assert whole[part]
            assert all(keys == set(one) for one in whole[part])
        assert json.loads(json.dumps(whole, allow_nan=False)) == whole


def test_what_was_not_asked_for_is_empty() -> None:
    whole = asked(trial(), "pain ~ arm").tree()
    assert whole["means"] == whole["contrasts"] == []
    assert whole["covariance"]["structure"] == "independent"
