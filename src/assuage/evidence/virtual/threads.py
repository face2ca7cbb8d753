"""Keeps the linear algebra of small matrices to one thread, since processes share the cores."""

from __future__ import annotations

import os
import sys

# What the builds of linear algebra behind NumPy and SciPy read as they are loaded.
NAMES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def one_each() -> None:
    """Ask for one thread where nothing else was asked for, here and in processes started here.

    Threads cost more than these matrices take. How numbers are added up depends on how many there
    are, so where NumPy is loaded already nothing is changed: processes then do as this one does.
    """
    if "numpy" not in sys.modules:
        for name in NAMES:
            os.environ.setdefault(name, "1")
