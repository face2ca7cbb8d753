"""Predicted against published: `python -m validation` regenerates the table and its figures."""

from assuage.evidence.virtual import threads

threads.one_each()  # before anything loads NumPy
