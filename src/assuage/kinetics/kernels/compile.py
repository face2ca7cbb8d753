"""How every kernel is compiled: kept on disk, without the interpreter's lock, contracted or plain.

`contract` lets a multiplication and an addition share one rounding. Nothing may be reordered and
nothing is assumed finite, so a sum has one value whatever stands beside it in the array.

Numba takes machine code as fresh while the file of the outermost kernel is unchanged, though what
it calls may have changed in other files. So the code is kept in a folder named by a digest of all
the kernels and of what they import. Where no folder can be written (a read-only installation
without a home) everything is compiled anew in each process; `is_kept` tells.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])
HERE = Path(__file__).parent
BESIDE = ("timetable.py", "turnover.py")  # of kinetics, whose numbers kernels take in


def digest() -> str:
    """Return a name for exactly this source of all kernels."""
    files = [*sorted(HERE.glob("*.py")), *(HERE.parent / name for name in BESIDE)]
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


@cache
def folder() -> Path | None:
    """Return where machine code is kept, or None where nothing can be written."""
    try:
        given = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
        base = Path(given) if given else Path.home() / ".cache"
        found = base / "assuage" / f"kernels-{digest()}"
        found.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=found):
            return found
    except (OSError, RuntimeError):  # RuntimeError: nobody knows where home is
        return None


def is_kept() -> bool:
    """Whether what is compiled here will be there next time."""
    return folder() is not None


def _compiled(function: Function, contract: bool, counts: bool = True) -> Function:
    config = cast(Any, numba.config)
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder() or "")
    try:
        made = cast(Any, numba).njit(
            cache=is_kept(),
            nogil=True,
            _nrt=counts,
            forceinline=not counts,
            error_model="numpy",
            fastmath={"contract"} if contract else False,
        )(function)
    finally:
        config.CACHE_DIR = before
    return cast(Function, made)


def kernel(function: Function) -> Function:
    """Compile a function to machine code when it is first called, and keep the code."""
    return _compiled(function, contract=True)


def plain(function: Function) -> Function:
    """Compile as `kernel` does, each operation with a rounding of its own, as NumPy has it."""
    return _compiled(function, contract=False)


def inner(function: Function) -> Function:
    """Compile what only other kernels call, and what makes no array.

    It doesn't count who holds the arrays it is given: for a small piece of work with many of them
    that takes longer than the work.
    """
    return _compiled(function, contract=True, counts=False)
