"""Times `assuage plan` from command to finished plan: the first run, and later runs.

One command: python benchmarks/plan_time.py

The first run starts with no compiled Python, as after an installation. The
limit beside it, in the same run, is the time that Python takes to import the libraries alone.
Targets: under 10 s on the first run and under 1.5 s after it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 9
PLAN = [
    *("plan", "--patient", str(ROOT / "examples/crps-inpatient.toml")),
    *("--regimen", "crps-inpatient-esketamine-100h", "--product", "esketamine-5"),
    *("--place", "NL", "--date", "2026-11-22"),
]
LIBRARIES = "import numpy, pint, pydantic, typer, rich.console, jinja2, typst"


def seconds(arguments: list[str], environment: dict[str, str]) -> float:
    """Return how long a command takes. Raises CalledProcessError when it fails."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def main() -> None:
    """Print the times and whether the targets are met."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user has no such setting
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "PYTHONPYCACHEPREFIX": f"{folder}/pycache",
            "XDG_CACHE_HOME": f"{folder}/cache",
        }
        plan = ["-m", "assuage", *PLAN, "--out", f"{folder}/out"]
        first = seconds(plan, environment)
        later = [seconds(plan, environment) for _ in range(RUNS)]
        seconds(["-c", LIBRARIES], environment)
        bare = [seconds(["-c", LIBRARIES], environment) for _ in range(RUNS)]
    middle, limit = statistics.median(later), statistics.median(bare)
    print(f"first run            {first:6.2f} s   (target under 10 s)")
    print(f"later runs, median   {middle:6.2f} s   (target under 1.5 s; worst {max(later):.2f} s)")
    print(f"imports alone        {limit:6.2f} s   (the limit; ratio {middle / limit:.2f})")
    if not (first < 10.0 and middle < 1.5):
        sys.exit("a target is missed")


if __name__ == "__main__":
    main()
