"""Compiled kernels (Numba). Imported late: reading them costs a third of a second."""
