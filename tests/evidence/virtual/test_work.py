"""A design becomes results in one call; the analysis keeps its level and finds its effect.

source: a test at 0.05 rejects a true hypothesis in 5 of 100 trials; the interval of the count is
the binomial's.
"""

from __future__ import annotations

from math import comb
from pathlib import Path

import pytest

from assuage.evidence import extra
from assuage.evidence.virtual.work import Wish, work_out
from assuage.refusals import Refused
from evidence.virtual.designs import ASSUMED, MOOD, design

TRIALS = 150
LEAVING = {"depends_on": "observed", "outcome": "mood", "per_point": 0.05, "at_score": 25.0}


def tail(count: int, of: int, share: float) -> float:
    """Return the chance of a count as far out as this one, on its side."""
    chance = [comb(of, k) * share**k * (1.0 - share) ** (of - k) for k in range(of + 1)]
    return min(sum(chance[: count + 1]), sum(chance[count:]))


def test_without_effect_five_in_a_hundred_reject_and_with_it_many_do() -> None:
    made = design(MOOD, dropout={**LEAVING, "per_visit": 0.05, **ASSUMED})
    _, _, found = work_out(made, Wish(trials=TRIALS, seed=1))
    effect, none = (next(one for one in found.worth if one.null == null) for null in (False, True))
    assert (none.fitted, effect.fitted) == (TRIALS, TRIALS)
    assert tail(round(none.rejected.share * TRIALS), TRIALS, 0.05) > 0.001
    assert none.coverage is not None
    assert tail(round(none.coverage.share * TRIALS), TRIALS, 0.95) > 0.001
    assert effect.rejected.share > 0.5
    for one in (effect, none):
        assert one.bias is not None
        assert abs(one.bias.value) < 4.0 * one.bias.error
        assert one.se == pytest.approx(one.sd, rel=0.15)


def test_the_canary_an_effect_taken_for_none_rejects_too_often() -> None:
    made = design(MOOD)
    _, _, found = work_out(made, Wish(trials=60, seed=1))
    effect = next(one for one in found.worth if not one.null)
    assert tail(round(effect.rejected.share * 60), 60, 0.05) < 0.001


def test_told_hears_every_trial_and_a_file_goes_on(tmp_path: Path) -> None:
    heard: list[int] = []
    wish = Wish(trials=10, resume=str(tmp_path / "t"))
    work_out(design(MOOD), wish, heard.append)
    assert heard[-1] == 20
    again: list[int] = []
    work_out(design(MOOD), wish, again.append)
    assert again == [20]


def test_without_the_extra_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    with pytest.raises(Refused, match="EXTRA_MISSING"):
        work_out(design(MOOD), Wish(trials=1))
