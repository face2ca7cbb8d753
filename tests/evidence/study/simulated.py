"""The simulated trial of examples/studies, from a seed.

Made-up numbers: pain falls at once under ketamine and comes back by week 12; mood follows the
drug and not the pain; the arms can be told apart by half of those who had the drug. People leave
more often while their pain is bad.

`python tests/evidence/study/simulated.py` writes examples/studies/crps-mood.csv.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[3]
FILE = ROOT / "examples" / "studies" / "crps-mood.csv"
PROTOCOL = ROOT / "examples" / "studies" / "crps-mood.toml"
VISITS = ("baseline", "week 1", "week 4", "week 12")
DAYS = (0, 7, 28, 84)
COLUMNS = (
    *("id", "arm", "visit", "age", "sex", "pain", "peg", "phq9", "cadss6", "nausea", "guess"),
    *("rescue_day", "relapse_day", "relapsed", "left_because"),
)
EFFECT = {"pain": (0.0, -2.4, -1.6, -0.3), "peg": (0.0, -1.3, -1.1, -0.2), "phq9": (0, -4, -3, -1)}


def trial(people: int = 60, seed: int = 20090) -> list[dict[str, str]]:
    """Return the rows of a trial."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(people):
        rows += _person(random, f"P{number + 1:03}", number % 2 == 1)
    return rows


def _person(random: np.random.Generator, name: str, treated: bool) -> list[dict[str, str]]:
    level = random.normal(0.0, 1.0)
    pain = 7.0 + 0.9 * level
    mood = 11.0 + 3.0 * random.normal() + 1.2 * level
    age, sex = random.integers(22, 67), "woman" if random.random() < 0.78 else "man"
    sure = random.random() < (0.6 if treated else 0.25)
    right = "ketamine" if treated else "placebo"
    guess = right if sure else str(random.choice(["unknown", "ketamine", "placebo"]))
    relapse = random.exponential(45.0 if treated else 20.0)
    rescue = 28 + int(random.exponential(30)) if random.random() < 0.12 else None
    rows, left = [], ""
    for place, visit in enumerate(VISITS):
        shift = {one: effect[place] * treated for one, effect in EFFECT.items()}
        now = pain + shift["pain"] - (0.4 if place else 0.0) + random.normal(0.0, 0.9)
        peg = 0.8 * pain + 0.6 + shift["peg"] + random.normal(0.0, 0.9)
        phq = mood + shift["phq9"] - (1.0 if place else 0.0) + random.normal(0.0, 2.0)
        felt = random.poisson(7.0 if treated else 0.6) if place == 1 else 0
        row = dict.fromkeys(COLUMNS, "") | {
            "id": name,
            "arm": right,
            "visit": visit,
            "age": str(age),
            "sex": sex,
            "pain": f"{min(max(now, 0.0), 10.0):.1f}",
            "peg": f"{min(max(peg, 0.0), 10.0):.1f}",
            "phq9": str(round(min(max(phq, 0.0), 27.0))),
        }
        if place <= 1:
            row["cadss6"] = str(min(felt, 24))
        if place:
            row["nausea"] = (
                "yes" if random.random() < (0.4 if treated and place == 1 else 0.1) else "no"
            )
        if place == 1:
            row["guess"] = guess
        rows.append(row)
        if place in (1, 2) and random.random() < 0.05 + 0.02 * max(now - 5.0, 0.0):
            left = str(random.choice(["no effect", "adverse event", "moved away"]))
            break
    seen = DAYS[len(rows) - 1] if left else 84
    came = relapse < seen
    rows[0] |= {"relapse_day": f"{relapse if came else seen:.0f}", "relapsed": str(int(came))}
    rows[0]["left_because"] = left
    if rescue is not None and rescue < seen:
        rows[0]["rescue_day"] = str(rescue)
    return rows


def text_of(rows: list[dict[str, str]]) -> str:
    """Return rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


if __name__ == "__main__":
    FILE.write_text(text_of(trial()))
