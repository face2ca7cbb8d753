"""How every kernel is compiled: cached on disk, without the interpreter's lock, contracted.

`contract` lets a multiplication and an addition share one rounding. Nothing may be reordered and
nothing is assumed finite, so a sum has one value whatever stands beside it in the array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile a function to machine code when it is first called, and keep the code on disk."""
    made = numba.njit(
        cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, boundscheck=False
    )
    return cast(Function, made(function))
