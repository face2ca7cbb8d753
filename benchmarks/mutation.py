"""How much the tests of the most critical modules notice: small faults are planted, one by one.

    python benchmarks/mutation.py [MODULE ...] [--jobs N] [--sample N]

Each mutant is the module with one fault in it. It is built in memory, and a forked process runs
the module's tests against it; a mutant is killed when a test fails, or when the tests run on far
beyond their usual time. The score is the share of mutants that are killed. A mutant that can't
change what the module does stands in EQUIVALENT with the reason, is counted apart, and is no
longer accepted there once it is killed or gone. The exit status is 1 when a score is under 95 %.

The faults are listed in `planting`. A test that starts another process doesn't meet the mutant.
With --sample, only N mutants of each module are judged, drawn by SEED, and the table says so: a
score for a day's work, and none for a release.

A target is a row of TARGETS: a module below src/assuage, or a pattern such as `care/register/*`,
and the files or folders of its tests.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from hypothesis import Phase, settings
from planting import Mutant, compiled, mutants_of

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "assuage"
LEAST_SCORE = 95.0
EXAMPLES = 30  # of each property
SEED = 20260304  # of a sample
MEMORY_BYTES = 4 * 2**30

_BOOK, _VIAL, _CHECKS = "register/test_book", "register/test_vial", "register/test_checks"
_CASES = "register/test_discrepancy"
TARGETS: dict[str, tuple[str, ...]] = {
    "units": ("tests/test_units.py",),
    "safety/guardrail": ("tests/safety/test_guardrail.py",),
    "record/chain": ("tests/record/test_chain.py",),
    # Of the register, every module that decides. `facts` only declares, and `pages` has tests of
    # its own that add every column up again. Who may do what is asked in test_access. The million
    # commands of test_conservation would kill more, at ten seconds a mutant.
    **{
        f"care/register/{name}": tuple(f"tests/care/{one}.py" for one in tests)
        for name, tests in {
            "book": (_BOOK, _VIAL, _CHECKS, _CASES),
            "checks": (_CHECKS, _VIAL, _CASES, "test_access"),
            "discrepancy": (_CASES, _VIAL, "test_access"),
            "duties": ("register/test_duties",),
            "item": ("register/test_item",),
            "shared": ("register/test_shared", _VIAL, _CASES),
            "stock": ("register/test_stock", _CASES, "test_access"),
            "vial": (_VIAL, _CHECKS, _CASES, "test_access"),
        }.items()
    },
}

_QUANTUM = "exact.quantize(Decimal({}).scaleb(-decimals), context=wide)"
_EXPONENT = "quantize looks at the exponent of its argument alone"
_PRECISION = "no double needs more than 309 digits here"

_NO_ZERO = "a position is 1 or more by then"
_TYPES = "only a type checker reads it"
_NARROWED = "it was asked before; only a type checker needs it again"
_STOCK_HAS = "an entry of stock has an area and an item, and no cabinet is called XX"
_NO_VOLUME = "without a strength there is no volume to multiply"
_ONE_OPEN = "a session has one open dose at most: a second is refused"
_OPEN = "book.mark(draw, draw.open or draw.left_ug != 0)"
_LOSS = "signed(item, account, LOSS if ug > 0 else SURPLUS, ug)"
_AREAS = "{getattr(entry, 'area', ''), getattr(entry, 'to_area', '')}"
_PAGES = "{(str(getattr(entry, 'item', '')), area) for area in areas}"
_MICROGRAMS = "Fraction(str(given.magnitude)) * int(per_unit or 0)"
_BEFORE = "draw.open or left == 0 or dose_open(desk, draw)"
_LAST = "(today - last).days if last < today else 0"

# (module, function or name) -> (before, after, why no test could tell them apart)
# fmt: off
_ALIKE: dict[tuple[str, str], list[tuple[str, str, str]]] = {
    ("units", "parse"): [("found[0]", "found[-1]", "one is found: none and several were refused")],
    ("units", "format_quantity"): [
        *(("400", n, _PRECISION) for n in ("401", "399")),
        *((_QUANTUM.format(1), _QUANTUM.format(n), _EXPONENT) for n in (-1, 0, 2)),
    ],
    ("record/chain", "verify"): [
        ("against.position if against else 0", "against.position if against else -1", _NO_ZERO),
        ("position == wanted and against and (stored != against.hash)",
         "position == wanted and True and (stored != against.hash)", _NO_ZERO),
        ("not body or (known == 0 and (not nameable(stream)))",
         "not body or (True and (not nameable(stream)))", "the first event's name was asked"),
    ],
    ("care/register/book", "E"): [
        ("TypeVar('E', bound=f.Entry)", "TypeVar('E')", _TYPES),
        ("TypeVar('E', bound=f.Entry)", "TypeVar('XX', bound=f.Entry)", _TYPES),
    ],
    ("care/register/book", "Draw"): [("True", "False", "its posting marks each unit as open")],
    ("care/register/book", "Book.units"): [
        ("self.unit_ug.get(item, 1)", f"self.unit_ug.get(item, {n})", "nothing is held of it")
        for n in (2, -1)
    ],
    ("care/register/book", "Book.mark"): [
        ("self._open_draws.pop(draw.id, None)", "self._open_draws.pop(draw.id, 'XX')",
         "what pop returns isn't used"),
    ],
    ("care/register/book", "Book.seen"): [
        ("day if day > known else known", "day if day >= known else known", "they are one day"),
    ],
    ("care/register/book", "_posts.keep"): [("post", "None", "a posting is found by its kind")],
    ("care/register/book", "_administered"): [
        (_OPEN, _OPEN.replace("draw.open", "False"), "where nothing is left, its close comes next"),
        (_OPEN, _OPEN.replace("0", "1"), "of a closed unit less than nothing is left"),
    ],
    ("care/register/book", "_case_closed"): [
        (_LOSS, _LOSS.replace("> 0", by), "zero moves nothing") for by in (">= 0", "> -1")
    ],
    ("care/register/checks", "_draw_may_change"): [
        ("not isinstance(entry, f.DrugAdministered | f.DrugWasted)", "False", _NARROWED),
        ("right > line.amount", "right >= line.amount", "the same amount was refused before"),
    ],
    ("care/register/checks", "_may_change"): [
        ("move.source.startswith('stock:') and (not left >= 0)",
         "move.source.startswith('stock:') and (not left >= -1)", "stock is whole units"),
    ],
    ("care/register/checks", "_closed_again"): [
        (_BEFORE, _BEFORE.replace("left == 0", "False"), "of a closed unit a change leaves some"),
    ],
    ("care/register/checks", "_pages"): [
        ("book.draws.get(getattr(entry, 'draw', ''))",
         "book.draws.get(getattr(entry, 'draw', 'XX'))", "no unit is called so"),
        (_AREAS, _AREAS.replace("'area', ''", "'area'"), _STOCK_HAS),
        (_AREAS, _AREAS.replace("'area', ''", "'area', 'XX'"), _STOCK_HAS),
        (_AREAS, _AREAS.replace("'to_area', ''", "'to_area', 'XX'"), _STOCK_HAS),
        ("{''}", "{'XX'}", _STOCK_HAS),
        (_PAGES, _PAGES.replace("'item', ''", "'item'"), _STOCK_HAS),
        (_PAGES, _PAGES.replace("'item', ''", "'item', 'XX'"), _STOCK_HAS),
    ],
    ("care/register/checks", "_in_session"): [("{}", "None", "a decision takes either as none")],
    ("care/register/duties", "duty"): [
        ("found[0] if found else None", "found[-1] if found else None",
         "no place has two duties of a kind that is asked for"),
    ],
    ("care/register/duties", "timing"): [(_LAST, _LAST.replace("<", "<="), "0 days are 0 days")],
    ("care/register/duties", "after"): [
        ("held.number or 0", "held.number or False", "False counts as 0"),
    ],
    ("care/register/duties", "tolerance_ug"): [
        ("int(share if share > floor else floor)", "int(share if share >= floor else floor)",
         "the two are one number"),
    ],
    ("care/register/item", "item"): [("packs[0]", "packs[-1]", "there is one")],
    ("care/register/item", "amount_ug"): [
        (_MICROGRAMS, _MICROGRAMS.replace("0)", f"{n})"), _NO_VOLUME) for n in (False, 1, -1)
    ],
    ("care/register/item", "_whole"): [
        ("Fraction(str(value)) if isinstance(value, float) else value",
         "Fraction(str(value)) if True else value", "the text of a fraction is exact"),
    ],
    ("care/register/shared", "patient_of"): [
        ("getattr(case.fact if case else fact, 'draw', '')",
         "getattr(case.fact if case else fact, 'draw', 'XX')", "no unit is called so"),
        ("book.cases.get(getattr(fact, 'discrepancy', ''))",
         "book.cases.get(getattr(fact, 'discrepancy', 'XX'))", "none is called so"),
    ],
    ("care/register/vial", "intend.decide"): [
        ("view.open_doses[0]", "view.open_doses[-1]", _ONE_OPEN),
    ],
    ("care/register/vial", "_open_dose"): [
        ("', '.join((one.intended.intent for one in view.open_doses))",
         "'XX'.join((one.intended.intent for one in view.open_doses))", _ONE_OPEN),
    ],
}
# fmt: on
EQUIVALENT: dict[tuple[str, str, str, str], str] = {
    (*place, before, after): why for place, rows in _ALIKE.items() for before, after, why in rows
}


# One run of the tests.

PASSED, FAILED, NO_TESTS = 0, 1, 5  # of pytest's exit statuses


class Planted(importlib.machinery.SourceFileLoader):
    """Finds one module, and loads it from text that is on no disk."""

    def __init__(self, module: str, text: str) -> None:
        name = "assuage." + module.replace("/", ".").removesuffix(".__init__")
        super().__init__(name, f"{PACKAGE}/{module}.py")
        self.code = compiled(text, module)

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Find the one module."""
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType | None:  # noqa: ARG002
        """Return the mutant instead of what the file holds."""
        return self.code


def run_tests(mutant: Mutant, tests: Sequence[str], report: int | None) -> int:
    """Run the tests against the mutant, here; return pytest's exit status."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)
    profile = settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    settings.register_profile("mutation", profile)
    settings.load_profile("mutation")
    planted = Planted(mutant.module, mutant.text)
    sys.meta_path.insert(0, planted)
    os.chdir(ROOT)
    options = ["-x", "-q", "--assert=plain", "--tb=no"]
    status = int(pytest.main([*options, *tests]))
    if report is not None:
        os.write(report, json.dumps(outside_modules()).encode())
        return status if planted.name in sys.modules else FAILED
    return status


def outside_modules() -> list[str]:
    """Return the modules loaded by now that aren't part of this project."""

    def outside(module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        return bool(file) and not Path(str(file)).is_relative_to(ROOT)

    return [name for name, module in list(sys.modules.items()) if outside(module)]


def start(mutant: Mutant, tests: Sequence[str], report: int | None = None) -> int:
    """Return the process id of a fork that runs the tests against the mutant."""
    pid = os.fork()
    if pid:
        return pid
    status = FAILED
    try:
        os.setsid()
        status = run_tests(mutant, tests, report)
    finally:
        os._exit(status)


def judged(
    mutants: Sequence[Mutant], tests: Sequence[str], limit_s: float, jobs: int = 1
) -> list[str]:
    """Return "killed", "survived" or "timed out" for each mutant."""
    verdicts = ["" for _ in mutants]
    waiting = list(range(len(mutants)))[::-1]
    running: dict[int, tuple[int, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                n = waiting.pop()
                running[start(mutants[n], tests)] = n, time.monotonic() + limit_s
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                n, _ = running.pop(pid)
                lived = os.waitstatus_to_exitcode(status) in (PASSED, NO_TESTS)
                verdicts[n] = "survived" if lived else "killed"
                progress(len(mutants) - len(waiting), len(mutants))
                continue
            for late in [one for one, (_, end) in running.items() if time.monotonic() > end]:
                os.killpg(late, signal.SIGKILL)
                os.waitpid(late, 0)
                verdicts[running.pop(late)[0]] = "timed out"
            time.sleep(0.005)
    finally:
        for pid in running:
            with suppress(ProcessLookupError):  # it ended just now
                os.killpg(pid, signal.SIGKILL)
    return verdicts


def progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {of} ", end="\r" if done == of else "", file=sys.stderr, flush=True)


# A target.


@dataclass(frozen=True)
class Result:
    """What became of a module's mutants."""

    module: str
    planted: int  # every mutant, judged or left out of a sample
    verdicts: Counter[str]
    survivors: list[Mutant]
    equivalent: list[Mutant]
    stale: list[tuple[str, str, str, str]]
    seconds: float

    @property
    def score(self) -> float:
        """The share of mutants that are killed, in percent; an equivalent one isn't counted."""
        judged = sum(self.verdicts.values()) - len(self.equivalent)
        return 100 * (self.verdicts["killed"] + self.verdicts["timed out"]) / (judged or 1)

    @property
    def good(self) -> bool:
        """Whether the score is high enough and no row of EQUIVALENT is out of date."""
        return not self.stale and (not self.verdicts or self.score >= LEAST_SCORE)


def test_files(module: str, tests: Sequence[str]) -> list[str]:
    """Return the test files, the module's own mirror first since it kills most."""
    found = [
        file.relative_to(ROOT).as_posix()
        for one in tests
        for file in ([ROOT / one] if one.endswith(".py") else sorted((ROOT / one).rglob("test_*")))
    ]
    own = f"test_{module.rpartition('/')[2]}.py"
    return sorted(found, key=lambda one: not one.endswith(own))


def baseline_s(whole: Mutant, tests: Sequence[str]) -> float:
    """Return how long the tests take on the module as it is; raise SystemExit when they fail.

    The libraries that they load are loaded here too, so that no fork has to do it again.
    """
    taken_s = []
    for _ in range(2):  # the second time, the libraries are loaded
        begun = time.monotonic()
        reader, writer = os.pipe()
        pid = start(whole, tests, writer)
        os.close(writer)
        with os.fdopen(reader) as file:
            loaded = file.read()
        _, status = os.waitpid(pid, 0)
        if os.waitstatus_to_exitcode(status) != PASSED:
            raise SystemExit(f"the tests of {whole.module} fail with no fault, or never load it")
        for name in json.loads(loaded):
            with suppress(ImportError):  # then every fork loads it anew
                importlib.import_module(name)
        taken_s.append(time.monotonic() - begun)
    gc.collect()
    gc.freeze()
    return taken_s[-1]


def sample(mutants: list[Mutant], count: int | None) -> list[Mutant]:
    """Return so many of the mutants, in their order, drawn by SEED; all of them for None."""
    if count is None or count >= len(mutants):
        return mutants
    drawn = random.Random(SEED).sample(range(len(mutants)), count)  # noqa: S311  no secret
    return [mutants[n] for n in sorted(drawn)]


def measured(module: str, tests: Sequence[str], jobs: int, count: int | None) -> Result:
    text = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    begun = time.monotonic()
    planted = mutants_of(module, text)
    mutants = sample(planted, count)
    verdicts: list[str] = []
    if mutants:
        whole = Mutant(module, 0, "", "", "", ast.unparse(ast.parse(text)))
        verdicts = judged(mutants, tests, 10 + 5 * baseline_s(whole, tests), jobs)
    lived = [one for one, verdict in zip(mutants, verdicts, strict=True) if verdict == "survived"]
    equivalent = [one for one in lived if one.key in EQUIVALENT]
    excused = {one.key for one in equivalent}
    excused |= {one.key for one in planted} - {one.key for one in mutants}  # not judged
    return Result(
        module,
        len(planted),
        Counter(verdicts),
        [one for one in lived if one.key not in EQUIVALENT],
        equivalent,
        [key for key in EQUIVALENT if key[0] == module and key not in excused],
        time.monotonic() - begun,
    )


def modules(wanted: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each wanted module with its tests; raise SystemExit for a name that has no row."""
    unknown = set(wanted)
    for row, tests in TARGETS.items():
        files = sorted(PACKAGE.glob(f"{row}.py"))
        if not files:
            raise SystemExit(f"{row} in TARGETS is no module of src/assuage")
        for file in files:
            module = file.relative_to(PACKAGE).with_suffix("").as_posix()
            names = {module, row, row.removesuffix("/*")}
            unknown -= names
            if not wanted or names & set(wanted):
                yield module, tests
    if unknown:
        raise SystemExit(f"{', '.join(unknown)}: no such target; TARGETS has {', '.join(TARGETS)}")


# Canaries: a judge that can't see a survivor, a kill or an endless loop is no judge.

CANARY = "units", "MICROGRAM_PER_MG = 1000"
CANARY_TESTS = {
    "survived": "import assuage.units\ndef test_nothing(): assert True\n",
    "killed": "import assuage.units as u\ndef test_it(): assert u.MICROGRAM_PER_MG == 1000\n",
    "timed out": "def test_it():\n    while True: pass\n",
}


def canaries() -> None:
    """Raise SystemExit unless tests that assert nothing score nothing, and real ones kill."""
    module, line = CANARY
    mutants = mutants_of(module, line)
    with tempfile.TemporaryDirectory() as folder:
        for expected, text in CANARY_TESTS.items():
            file = Path(folder) / f"test_{expected.replace(' ', '_')}.py"
            file.write_text(text, encoding="utf-8")
            options = [str(file), f"--rootdir={folder}", "-c", os.devnull]
            verdicts = judged(mutants, options, 3 if expected == "timed out" else 60)
            if set(verdicts) != {expected}:
                raise SystemExit(f"the canary that must have {expected} was {verdicts}")


def report(results: Sequence[Result]) -> None:
    head = ("mutants", "killed", "timed out", "survived", "equivalent", "score", "seconds")
    print(f"{'module':<24}" + "".join(f"{one:>11}" for one in head))
    for one in results:
        judged = sum(one.verdicts.values())
        mutants = str(judged) if judged == one.planted else f"{judged} of {one.planted}"
        counts = [one.verdicts["killed"], one.verdicts["timed out"]]
        counts += [len(one.survivors), len(one.equivalent)]
        cells = [mutants, *map(str, counts), f"{one.score:.1f} %", f"{one.seconds:.0f}"]
        print(f"{one.module:<24}" + "".join(f"{cell:>11}" for cell in cells))
    if any(sum(one.verdicts.values()) < one.planted for one in results):
        print(f"\nSampled with seed {SEED}: the other mutants weren't judged.")
    for title, of in (("Survived:", "survivors"), ("Equivalent:", "equivalent")):
        listed = [mutant for one in results for mutant in getattr(one, of)]
        if listed:
            print(f"\n{title}")
        for mutant in listed:
            why = EQUIVALENT.get(mutant.key)
            print(f"  {mutant}" + (f"\n    {why}" if why else ""))
    for key in (key for one in results for key in one.stale):
        print(f"\nEQUIVALENT names a mutant that is killed or gone: {key}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Score the tests of the most critical modules.")
    parser.add_argument("module", nargs="*", help=f"of {', '.join(TARGETS)}; all when left out")
    parser.add_argument("--jobs", type=int, default=1, help="mutants judged at once")
    parser.add_argument("--sample", type=int, help="mutants of a module to judge; all if left out")
    given = parser.parse_args()
    sys.path.insert(0, str(PACKAGE.parent))
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    wanted = list(modules(given.module))
    canaries()
    results = [
        measured(name, test_files(name, tests), given.jobs, given.sample) for name, tests in wanted
    ]
    report(results)
    return 0 if all(one.good for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
