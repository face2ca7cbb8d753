"""Nothing acknowledged is lost and nothing is given twice, whenever the command line is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import assuage

TESTS = Path(__file__).parents[1]
# kind, how many loops beside each other, and kills in each.
FORKED, WHOLE, CANARY = (2, 100), (2, 6), (1, 8)


def started(folder: Path, kills: int, seed: int, kind: str) -> subprocess.Popen[str]:
    source = Path(assuage.__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-m", "faults.kill", str(folder), str(kills), str(seed), kind],
        env=os.environ | {"PYTHONPATH": f"{source}{os.pathsep}{TESTS}"},
        stdout=subprocess.PIPE,
        text=True,
    )


def looped(folder: Path, loops: int, kills: int, kind: str) -> list[dict[str, Any]]:
    """Kill so many commands in so many clinics at once, and return what came of each loop."""
    running = [started(folder / f"{seed}", kills, seed, kind) for seed in range(1, loops + 1)]
    printed = [one.communicate(timeout=300)[0] for one in running]
    assert [one.returncode for one in running] == [0] * loops
    return [json.loads(one) for one in printed]


def total(scores: list[dict[str, Any]], name: str) -> int:
    return sum(one[name] for one in scores)


def landed(scores: list[dict[str, Any]]) -> Counter[str]:
    return sum((Counter(one["landed"]) for one in scores), Counter())


def test_two_hundred_kills_lose_nothing_and_give_nothing_twice(tmp_path: Path) -> None:
    scores = looped(tmp_path, *FORKED, "forked")
    assert [fault for one in scores for fault in one["faults"]] == []
    assert total(scores, "kills") == FORKED[0] * FORKED[1]
    assert total(scores, "verified") >= total(scores, "kills")
    # The kills fell where they matter: before, between and after the two acknowledgements.
    assert min(landed(scores)[one] for one in ("nothing is stored", "told that it was given")) > 9
    assert landed(scores)["told that it was intended"] > 9
    assert total(scores, "unknown") > 9
    assert total(scores, "repeated") > 20


def test_a_whole_interpreter_is_killed_no_worse(tmp_path: Path) -> None:
    scores = looped(tmp_path, *WHOLE, "whole")
    assert [fault for one in scores for fault in one["faults"]] == []
    assert total(scores, "kills") == WHOLE[0] * WHOLE[1]


@pytest.mark.parametrize(
    ("kind", "fault"), [("acknowledges-early", "lost"), ("forgets-once", "duplicated")]
)
def test_the_judge_finds_a_command_line_that_does_worse(
    tmp_path: Path, kind: str, fault: str
) -> None:
    scores = looped(tmp_path, *CANARY, kind)
    assert scores[0][fault]
