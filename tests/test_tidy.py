"""Style is a test, and every check proves on a planted snippet that it can fail."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
TESTS = ROOT / "tests"

LONGEST_FUNCTION, LONGEST_FILE, LONGEST_LINE = 70, 500, 100
NO_CLAMP = {"assuage/safety/guardrail.py", "assuage/safety/limits.py"}
NOT_IMPORTED = {"assuage", "assuage.cli", "assuage.__main__"}
TESTS_WITHOUT_MODULE = {
    *("test_tidy", "test_architecture", "test_docs", "test_packaging", "test_conservation"),
    *("test_reproduction", "test_models", "test_regimens"),  # they test knowledge files
}
TEST_ROOMS_WITHOUT_MODULE = {
    *("end_to_end", "faults", "browser"),
    *("benchmarks", "validation"),
}
TOLERANCES = {"rel", "abs", "rtol", "atol"}


@dataclass(frozen=True)
class Source:
    """A file: its path below src or tests, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.AST, problem: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {problem}"


def read(root: Path) -> list[Source]:
    return [
        Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
    ]


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str, str]]:
    """Yield each call with the name it is called by and the name before that one's dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name):
                    yield node, name, ""
                case ast.Attribute(attr=name, value=ast.Name(id=base) | ast.Attribute(attr=base)):
                    yield node, name, base
                case ast.Attribute(attr=name):
                    yield node, name, ""


# Checks of one file.


def long_functions(source: Source) -> Iterator[str]:
    for node in functions(source.tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > LONGEST_FUNCTION:
            yield source.at(node, f"{node.name} has {lines} lines")


def long_files(source: Source) -> Iterator[str]:
    lines = len(source.text.splitlines())
    if lines > LONGEST_FILE:
        yield f"{source.path}: has {lines} lines"


def long_lines(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        if len(line) > LONGEST_LINE:
            yield f"{source.path}:{number}: has {len(line)} characters"


def other_clocks(source: Source) -> Iterator[str]:
    if source.path == "assuage/clock.py":
        return
    for node, name, base in calls(source.tree):
        wall = name in {"now", "utcnow"} or (name == "today" and not node.args)
        if wall or (base == "time" and name != "sleep"):
            yield source.at(node, f"{base}.{name}() is a second source of time")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield source.at(node, "a second source of time")


def broad_excepts(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = {one.id for one in ast.walk(node.type or node) if isinstance(one, ast.Name)}
            if node.type is None or caught & {"Exception", "BaseException"}:
                yield source.at(node, "catches everything")


def unfinished_work(source: Source) -> Iterator[str]:
    words = r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b"
    for number, line in enumerate(source.text.splitlines(), start=1):
        if found := re.search(words, line):
            yield f"{source.path}:{number}: {found[0]}"


def clamps(source: Source) -> Iterator[str]:
    clamping = {"min", "max", "clip", "clamp", "minimum", "maximum", "fmin", "fmax"}
    if source.path in NO_CLAMP:
        for node, name, _ in calls(source.tree):
            if name in clamping:
                yield source.at(node, f"{name}() changes a value silently: refuse, don't clamp")


def missing_docstrings(source: Source) -> Iterator[str]:
    if not ast.get_docstring(source.tree):
        yield f"{source.path}: has no docstring"


def omitted_tests(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "xfail"}:
            yield source.at(node, f"{node.attr} leaves a test out")
        if isinstance(node, ast.Attribute) and node.attr == "importorskip":
            yield source.at(node, "importorskip leaves a test out")


def floats_of(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the float literals under `node`, apart from tolerances given by keyword."""
    if isinstance(node, ast.keyword) and node.arg in TOLERANCES:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from floats_of(child)


def numbers_without_source(source: Source) -> Iterator[str]:
    """Say which tests compare with a number and don't say where it comes from."""
    if "source:" in (ast.get_docstring(source.tree) or ""):
        return
    for node in functions(source.tree):
        if not node.name.startswith("test_"):
            continue
        asserts = [one for one in ast.walk(node) if isinstance(one, ast.Assert)]
        asserts += [one for one, name, _ in calls(node) if name.startswith(("approx", "assert_"))]
        lines = source.text.splitlines()[node.lineno - 1 : node.end_lineno]
        if any(any(floats_of(one)) for one in asserts) and "source:" not in "\n".join(lines):
            yield source.at(node, f"{node.name} compares with a number of unknown source")


# Checks of many files.


def imported(source: Source) -> Iterator[str]:
    """Yield each module that `source` may import, by its full name."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = source.module.split(".") + (["_"] if source.path.endswith("__init__.py") else [])
            base = here[: -node.level] if node.level else []
            name = ".".join([*base, *filter(None, [node.module])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def dead_modules(sources: Iterable[Source]) -> list[str]:
    sources = list(sources)
    alive = {
        name for source in sources for name in imported(source) if name != source.module
    } | NOT_IMPORTED
    living = {".".join(one.split(".")[:n]) for one in alive for n in range(1, one.count(".") + 2)}
    return [f"{one.path}: nothing imports it" for one in sources if one.module not in living]


def homeless_tests(tests: Iterable[str], modules: set[str]) -> list[str]:
    """Return the test files that mirror no module; paths below tests, dotted module names."""
    homeless = []
    for path in tests:
        *rooms, name = path.removesuffix(".py").split("/")
        mirrored = ".".join(["assuage", *rooms, name.removeprefix("test_")])
        free = name in TESTS_WITHOUT_MODULE or set(rooms[:1]) & TEST_ROOMS_WITHOUT_MODULE
        if name.startswith("test_") and not free and mirrored not in modules:
            homeless.append(f"{path}: there is no {mirrored}")
    return homeless


Check = Callable[[Source], Iterator[str]]
OF_BOTH: list[Check] = [long_files, long_lines, broad_excepts]
OF_SRC: list[Check] = [
    *OF_BOTH,
    *(long_functions, other_clocks, unfinished_work, clamps, missing_docstrings),
]
OF_TESTS: list[Check] = [*OF_BOTH, omitted_tests, numbers_without_source]


@pytest.mark.parametrize("check", OF_SRC, ids=lambda one: one.__name__)
def test_the_source_is_tidy(check: Check) -> None:
    assert [problem for source in read(SRC) for problem in check(source)] == []


@pytest.mark.parametrize("check", OF_TESTS, ids=lambda one: one.__name__)
def test_the_tests_are_tidy(check: Check) -> None:
    assert [problem for source in read(TESTS) for problem in check(source)] == []


def test_no_module_is_dead() -> None:
    assert dead_modules(read(SRC)) == []


def test_every_test_mirrors_a_module() -> None:
    modules = {source.module for source in read(SRC)}
    assert homeless_tests((source.path for source in read(TESTS)), modules) == []


def test_there_is_something_to_check() -> None:
    assert {"assuage.units", "assuage.refusals"} <= {source.module for source in read(SRC)}
    assert {"test_units.py", "test_tidy.py"} <= {source.path for source in read(TESTS)}


LONG = "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION
NUMBER = "def test_a():\n    assert f() == {}\n"

# A check, a path, what it must refuse, and what it must let pass.
CANARIES: list[tuple[Check, str, str, str]] = [
    (long_functions, "a.py", LONG, LONG.removesuffix("    x = 1\n")),
    (long_functions, "a.py", "async " + LONG, "x = 1\n" * 80),
    (long_files, "a.py", "\n" * 501, "\n" * 500),
    (long_lines, "a.py", "#" * 101, "#" * 100),
    (other_clocks, "a.py", "datetime.now(UTC)", "clock.utc_now()"),
    (other_clocks, "a.py", "datetime.datetime.now()", "now = 1"),
    (other_clocks, "a.py", "datetime.utcnow()", "clock.today(zone)"),
    (other_clocks, "a.py", "date.today()", "clock.monotonic_s()"),
    (other_clocks, "a.py", "time.time()", "time.sleep(1)"),
    (other_clocks, "a.py", "time.monotonic()", "row.time"),
    (other_clocks, "a.py", "from time import time", "from datetime import date"),
    (broad_excepts, "a.py", "try: f()\nexcept: g()", "try: f()\nexcept KeyError: g()"),
    (broad_excepts, "a.py", "try: f()\nexcept Exception: g()", "raise Exception"),
    (broad_excepts, "a.py", "try: f()\nexcept (KeyError, BaseException): g()", "f()"),
    (unfinished_work, "a.py", "# TODO later", "# todos are words"),
    (unfinished_work, "a.py", "raise NotImplementedError", "# XXXL"),
    (clamps, "assuage/safety/limits.py", "x = min(x, 5)", "x = minimum_rate"),
    (clamps, "assuage/safety/guardrail.py", "x = np.clip(x, 0, 5)", "x.low <= 5"),
    (clamps, "assuage/safety/guardrail.py", "x = x.a.clip(0, 5)", "not (0 <= x <= 5)"),
    (missing_docstrings, "a.py", "x = 1", '"""Say."""'),
    (omitted_tests, "test_a.py", "@pytest.mark.skip\ndef test_a(): pass", "skip = 1"),
    (omitted_tests, "test_a.py", "pytest.xfail('later')", "pytest.raises(KeyError)"),
    (omitted_tests, "test_a.py", "pytest.importorskip('x')", "import x"),
    (numbers_without_source, "a.py", NUMBER.format("1.5"), NUMBER.format("15")),
    (numbers_without_source, "a.py", NUMBER.format("1.5"), NUMBER.format("1.5  # source: x")),
    (numbers_without_source, "a.py", NUMBER.format("-1.5"), '"""source: x."""\n' + NUMBER),
    (numbers_without_source, "a.py", NUMBER.format("approx(1.5)"), "def f(): assert 1.5"),
    (numbers_without_source, "a.py", NUMBER.format("[(1.5)]"), NUMBER.format("a(2, rel=1e-9)")),
    (numbers_without_source, "a.py", "def test_a(): assert_allclose(a, 1.5)", "x = 1.5"),
]


@pytest.mark.parametrize(
    ("check", "path", "bad", "good"),
    CANARIES,
    ids=[f"{canary[0].__name__}-{n}" for n, canary in enumerate(CANARIES)],
)
def test_each_check_can_fail(check: Check, path: str, bad: str, good: str) -> None:
    assert list(check(Source(path, bad)))
    assert list(check(Source(path, good))) == []


def test_every_check_has_a_canary() -> None:
    assert {canary[0] for canary in CANARIES} == {*OF_SRC, *OF_TESTS}


def test_only_the_clock_may_ask_the_machine_for_the_time() -> None:
    assert list(other_clocks(Source("assuage/clock.py", "datetime.now(UTC)"))) == []


def test_only_limits_are_kept_from_taking_the_least_or_greatest() -> None:
    assert list(clamps(Source("assuage/kinetics/exact.py", "min(1, 2)"))) == []


def test_a_dead_module_is_seen() -> None:
    cli = Source("assuage/cli.py", "from assuage.room import door\nimport assuage.wall as w")
    room = Source("assuage/room/__init__.py", "from .window import pane")
    window = Source("assuage/room/window.py", "from . import sill\nfrom ..roof import tile")
    others = [
        Source(f"assuage/{name}.py", "")
        for name in ("__init__", "wall", "roof", "room/door", "room/sill", "attic")
    ]
    assert dead_modules([cli, room, window, *others]) == ["assuage/attic.py: nothing imports it"]
    selfish = Source("assuage/attic.py", "import assuage.attic")
    assert dead_modules([cli, selfish]) == ["assuage/attic.py: nothing imports it"]


def test_a_test_of_nothing_is_seen() -> None:
    modules = {"assuage.units", "assuage.room.door", "assuage.room"}
    at_home = ["test_units.py", "room/test_door.py", "test_room.py", "conftest.py", "test_tidy.py"]
    at_home += ["faults/test_power.py", "end_to_end/test_plan.py", "room/__init__.py"]
    assert homeless_tests(at_home, modules) == []
    assert len(homeless_tests(["test_attic.py", "room/test_units.py"], modules)) == 2
