"""A module imports only from floors below its own; pyproject.toml says which floors there are."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "assuage"
RUN = "from importlinter.cli import lint_imports as run; import sys; " + (
    "sys.exit(run(config_filename=sys.argv[1], no_cache=True, no_logo=True))"
)


def lint(config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, str(config)],
        cwd=config.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def contract(*layers: str) -> str:
    listed = ", ".join(f'"{layer}"' for layer in layers)
    return (
        '[tool.importlinter]\nroot_package = "assuage"\n'
        '[[tool.importlinter.contracts]]\nname = "planted"\ntype = "layers"\n'
        f"layers = [{listed}]\n"
    )


def floors_named() -> set[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    layers = [layer for one in contracts for layer in one.get("layers", [])]
    return {name for layer in layers for name in re.findall(r"assuage\.(\w+)", layer)}


def rooms_built() -> set[str]:
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    return modules | {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}


def test_every_contract_of_the_project_is_kept() -> None:
    done = lint(ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("layers", "kept"),
    [
        (("assuage.units", "assuage.refusals"), True),
        (("assuage.refusals", "assuage.units"), False),
    ],
)
def test_a_broken_floor_is_seen(tmp_path: Path, layers: tuple[str, str], kept: bool) -> None:
    """The canary: units knows refusals, so a contract that forbids it must fail."""
    config = tmp_path / "pyproject.toml"
    config.write_text(contract(*layers), encoding="utf-8")
    done = lint(config)
    assert (done.returncode == 0) is kept, done.stdout + done.stderr
    assert f" {int(not kept)} broken" in done.stdout


def test_every_room_stands_on_a_floor() -> None:
    assert rooms_built() == floors_named()


def test_safety_is_forbidden_to_know_who_asks() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    (forbidden,) = [one for one in contracts if one["type"] == "forbidden"]
    assert forbidden["source_modules"] == ["assuage.safety"]
    assert {"assuage.planning", "assuage.cli"} <= set(forbidden["forbidden_modules"])
