import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assuage.kinetics.kernels import compile as compiling

TINY = """
from assuage.kinetics.kernels.compile import folder, is_kept, kernel

@kernel
def twice(x):
    return 2.0 * x

assert twice(2.0) == 4.0
print(is_kept(), len(list(folder().rglob("*.nbi"))) if is_kept() else 0)
"""


def run(tmp_path: Path, **environment: str) -> str:
    script = tmp_path / "tiny.py"
    script.write_text(TINY, encoding="utf-8")
    gone = {"NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"}
    kept = {name: value for name, value in os.environ.items() if name not in gone}
    done = subprocess.run(
        [sys.executable, script],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"])
def test_code_is_kept_where_the_user_says(tmp_path: Path, name: str) -> None:
    assert run(tmp_path, **{name: str(tmp_path / "here")}) == "True 1"


def test_without_a_folder_it_still_compiles(tmp_path: Path) -> None:
    """No home, or one that is a file: nothing can be written, and nothing has to be."""
    (tmp_path / "file").touch()
    assert run(tmp_path, HOME=str(tmp_path / "file")) == "False 0"
    assert run(tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "file" / "x")) == "False 0"


def test_a_change_in_any_kernel_has_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "kinetics" / "kernels"
    copies.mkdir(parents=True)
    files = [*sorted(compiling.HERE.glob("*.py"))]
    for file in files:
        (copies / file.name).write_bytes(file.read_bytes())
    for name in compiling.BESIDE:
        (copies.parent / name).write_bytes((compiling.HERE.parent / name).read_bytes())
    same = compiling.digest()
    monkeypatch.setattr(compiling, "HERE", copies)
    assert compiling.digest() == same
    for file in [*(copies / one.name for one in files), *(copies.parent.glob("*.py"))]:
        before = file.read_bytes()
        file.write_bytes(before + b"\n# changed\n")
        assert compiling.digest() != same, file.name
        file.write_bytes(before)


def test_whatever_kernels_take_in_is_part_of_the_digest() -> None:
    """A number of another module is compiled in: its file has to count."""
    outside = set()
    for file in compiling.HERE.glob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            module = str(node.module) if isinstance(node, ast.ImportFrom) else ""
            beside = module.startswith("assuage.") and ".kernels." not in module
            if beside and any(one.name.isupper() for one in node.names):
                outside.add(module)
    assert outside == {f"assuage.kinetics.{name.removesuffix('.py')}" for name in compiling.BESIDE}
