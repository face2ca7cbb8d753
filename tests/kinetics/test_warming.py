import subprocess
import sys

CODE = """
import numba
from numba.core.dispatcher import Dispatcher
import importlib, pkgutil
import assuage.kinetics.kernels as kernels
from assuage.kinetics.warming import warm
told = []
warm(told.append)
cold = []
for found in pkgutil.iter_modules(kernels.__path__):
    module = importlib.import_module(f"assuage.kinetics.kernels.{found.name}")
    for name, value in vars(module).items():
        if isinstance(value, Dispatcher) and value.__module__ == module.__name__:
            if name in ENTRIES and not value.signatures:
                cold.append(f"{found.name}.{name}")
print(len(told), cold)
"""
ENTRIES = {
    *("solve", "predict", "_predict", "run_all", "count", "ends", "follow"),
    *("score", "steps", "cost_sums"),
}


def test_every_kernel_that_is_called_gets_compiled() -> None:
    """In a process of its own: here others may have called them before."""
    done = subprocess.run(
        [sys.executable, "-c", f"ENTRIES = {ENTRIES!r}\n{CODE}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told, cold = done.stdout.split(maxsplit=1)
    assert int(told) > 0
    assert cold.strip() == "[]"
