"""Makes pain-trial.csv and pain-trial-wide.csv: a trial that never happened.

    python examples/data/pain_trial.py

60 people in three arms are asked for their pain from 0 to 10 at baseline and after 1, 4, 8 and 12
weeks. Everything is drawn here, effects included; no patient and no paper stands behind a number.
People leave the trial with a chance that grows with their last pain, so that what is missing
depends on what was seen.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

SEED = 2026
WEEKS = (1, 4, 8, 12)
ARMS = ("placebo", "low", "high")
EFFECTS = {"placebo": (-0.6, -0.8, -0.9, -0.9), "low": (-1.4, -1.3, -1.2, -1.0)}
EFFECTS["high"] = (-2.6, -2.3, -1.9, -1.3)
PEOPLE = 60
HERE = Path(__file__).parent


def people() -> list[tuple[str, str, str, str, list[str]]]:
    """Return id, arm, site, baseline and pain at each week ("" when missing) of everybody."""
    draw = Random(SEED)  # noqa: S311  not a secret
    found = []
    for number in range(PEOPLE):
        arm, site = ARMS[number % len(ARMS)], ("A", "B")[number // len(ARMS) % 2]
        own = draw.gauss(0.0, 1.1)
        baseline = _held(6.8 + 0.7 * own + draw.gauss(0.0, 0.8))
        seen, left = [], False
        for effect in EFFECTS[arm]:
            pain = _held(6.5 + effect + own + draw.gauss(0.0, 1.0))
            left = left or draw.random() < 0.02 * pain - 0.04
            seen.append("" if left or draw.random() < 0.03 else f"{pain:.1f}")
        found.append((f"P{number + 1:02d}", arm, site, f"{baseline:.1f}", seen))
    return found


def _held(pain: float) -> float:
    """Return a pain that the scale has: a patient can't say more than 10 or less than 0."""
    return min(max(pain, 0.0), 10.0)


def texts() -> dict[str, str]:
    """Return the text of each file by its name."""
    long, wide = (
        ["id,arm,site,visit,baseline,pain"],
        [",".join(("id,arm,site,baseline", *(f"pain_w{week}" for week in WEEKS)))],
    )
    for id_, arm, site, baseline, seen in people():
        wide.append(",".join((id_, arm, site, baseline, *seen)))
        long += [
            f"{id_},{arm},{site},{week},{baseline},{pain}"
            for week, pain in zip(WEEKS, seen, strict=True)
        ]
    return {
        "pain-trial.csv": "\n".join([*long, ""]),
        "pain-trial-wide.csv": "\n".join([*wide, ""]),
    }


if __name__ == "__main__":
    for name, text in texts().items():
        (HERE / name).write_text(text, encoding="utf-8", newline="\n")
